// SPDX-License-Identifier: MIT
#pragma once
/// The sink of a program: one JSON object a line on stdout, each with "event". kf-json(5) documents them.

#include <kf/sink.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

namespace kf {

namespace detail {

/// Text from outside (a compiler, a device) may hold any bytes, JSON holds UTF-8 only: what is none becomes U+FFFD.
[[nodiscard]] inline std::string utf8(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t length = lead < 0x80   ? 1
                                   : lead < 0xC2 ? 0
                                   : lead < 0xE0 ? 2
                                   : lead < 0xF0 ? 3
                                   : lead < 0xF5 ? 4
                                                 : 0;
        std::size_t good = length == 0 ? 0 : 1;
        while (good != 0 && good < length && i + good < text.size()) {
            const auto next = static_cast<unsigned char>(text[i + good]);
            // The second byte also rules out long forms, surrogates and what is beyond U+10FFFF.
            const unsigned low = good > 1 ? 0x80U : lead == 0xE0 ? 0xA0U : lead == 0xF0 ? 0x90U : 0x80U;
            const unsigned high = good > 1 ? 0xBFU : lead == 0xED ? 0x9FU : lead == 0xF4 ? 0x8FU : 0xBFU;
            if (next < low || next > high) break;
            ++good;
        }
        if (good == length && length != 0)
            out += text.substr(i, length);
        else
            out += "\xEF\xBF\xBD";
        i += std::max<std::size_t>(good, 1);
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
    list("output", e.output);
    list("steps", e.steps);
    return o;
}

class json_lines_sink {
  public:
    explicit json_lines_sink(std::FILE* out = stdout)
      : out_(out) {}

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
    void fail(const error& e) { line(to_json(e)); }
    void result(const record& r) {
        boost::json::object o{{"event", "result"}, {"kind", r.kind}};
        for (const auto& f : r.fields) {
            if (const auto* text = std::get_if<std::string>(&f.value))
                o[f.name] = detail::utf8(*text);
            else
                std::visit([&](const auto& v) { o[f.name] = v; }, f.value);
        }
        line(o);
    }

  private:
    void line(const boost::json::object& o) {
        const std::string text = boost::json::serialize(o) + "\n";
        std::fwrite(text.data(), 1, text.size(), out_);
        std::fflush(out_);
    }
    std::FILE* out_;
    std::uint64_t last_percent_ = ~std::uint64_t{0};
    phase last_phase_ = phase::discovery;
};
static_assert(sink<json_lines_sink>);

} // namespace kf
