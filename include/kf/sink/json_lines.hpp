// SPDX-License-Identifier: MIT
#pragma once
/// The sink of a program: one JSON object a line on stdout, each with "event". kf-json(5) documents them.

#include <kf/sink.hpp>
#include <kf/sink/result_stream.hpp>
#include <kf/sink/scrub.hpp>

#include <boost/json.hpp>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

namespace kf {

namespace detail {

/// Text from outside (a compiler, a device) may hold any bytes, JSON holds UTF-8 only: what is none becomes U+FFFD.
[[nodiscard]] inline std::string utf8(std::string_view text) {
    std::string out;
    for (; !text.empty(); text.remove_prefix(first_character(text).bytes)) {
        const auto c = first_character(text);
        out += c.valid ? text.substr(0, c.bytes) : "\xEF\xBF\xBD";
    }
    return out;
}

} // namespace detail

[[nodiscard]] inline boost::json::object to_json(const error& e) {
    boost::json::object o{
        {"event", "error"}, {"errc", name(e.code)}, {"exit", exit_status(e.code)}, {"what", detail::utf8(e.what)}};
    if (!e.cause.empty()) o["cause"] = detail::utf8(e.cause);
    if (!e.command.empty()) o["command"] = detail::utf8(e.command);
    const auto list = [&](const char* key, const std::vector<std::string>& texts) {
        if (texts.empty()) return;
        boost::json::array array;
        for (const auto& t : texts) array.emplace_back(detail::utf8(t));
        o[key] = std::move(array);
    };
    if (!e.board.empty()) o["board"] = detail::utf8(e.board);
    list("output", e.output);
    list("steps", e.steps);
    return o;
}

class json_lines_sink {
  public:
    explicit json_lines_sink(result_stream out = stdout)
      : out_(std::move(out)) {}

    /// Of which board the next events are; empty: of none, or of all.
    void whose(std::string_view board) { board_ = board; }

    void step(phase p, std::string_view text) {
        line({{"event", "step"}, {"phase", label(p)}, {"text", detail::utf8(text)}});
    }
    void progress(const kf::progress& p) {
        // Every percent at most: a reader wants to see the run move, not each of its blocks.
        const auto percent = p.total == 0 ? 0 : p.done * 100 / p.total;
        if (percent == last_percent_ && p.in == last_phase_) return;
        last_percent_ = percent;
        last_phase_ = p.in;
        line({{"event", "progress"},
              {"phase", label(p.in)},
              {"done", p.done},
              {"total", p.total},
              {"unit", p.unit},
              {"elapsed_s", p.elapsed}});
    }
    void note(std::string_view text) { line({{"event", "note"}, {"text", detail::utf8(text)}}); }
    void warn(std::string_view text) { line({{"event", "warning"}, {"text", detail::utf8(text)}}); }
    void detail(std::string_view) const noexcept {}
    void frame(std::string_view) const noexcept {}
    void fail(const error& e) { line(to_json(e)); }
    void result(const record& r) {
        boost::json::object o{{"event", "result"}, {"kind", r.kind}};
        for (const auto& f : r.fields) {
            if (const auto* text = std::get_if<std::string>(&f.value))
                o[f.name] = detail::utf8(*text);
            else
                std::visit([&](const auto& v) { o[f.name] = v; }, f.value);
        }
        put(o);
    }

  private:
    /// The serializer escapes C0 and leaves the other control characters, which a terminal obeys too.
    [[nodiscard]] static std::string escaped(std::string_view text) {
        std::string out;
        for (; !text.empty(); text.remove_prefix(first_character(text).bytes)) {
            const auto c = first_character(text);
            if (is_control(c.code))
                fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c.code));
            else
                out += text.substr(0, c.bytes);
        }
        return out;
    }
    void put(const boost::json::object& o) { out_.put(escaped(boost::json::serialize(o)) + "\n"); }
    void line(boost::json::object o) {
        if (!board_.empty()) o["board"] = detail::utf8(board_);
        put(o);
    }
    result_stream out_;
    std::string board_;
    std::uint64_t last_percent_ = ~std::uint64_t{0};
    phase last_phase_ = phase::discovery;
};
static_assert(sink<json_lines_sink>);

} // namespace kf
