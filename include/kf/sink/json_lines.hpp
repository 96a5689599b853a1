// SPDX-License-Identifier: MIT
#pragma once
/// The sink of a program: one JSON object a line on stdout, each with "event". man/kf-json documents them.

#include <kf/sink.hpp>

#include <boost/json.hpp>

#include <cstdio>

namespace kf {

[[nodiscard]] inline boost::json::object to_json(const error& e) {
    boost::json::object o{{"event", "error"}, {"errc", name(e.code)}, {"exit", exit_status(e.code)}, {"what", e.what}};
    if (!e.cause.empty()) o["cause"] = e.cause;
    if (!e.command.empty()) o["command"] = e.command;
    if (!e.steps.empty()) {
        boost::json::array steps;
        for (const auto& s : e.steps) steps.emplace_back(s);
        o["steps"] = std::move(steps);
    }
    return o;
}

class json_lines_sink {
  public:
    explicit json_lines_sink(std::FILE* out = stdout)
      : out_(out) {}

    void step(phase p, std::string_view text) { line({{"event", "step"}, {"phase", label(p)}, {"text", text}}); }
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
    void note(std::string_view text) { line({{"event", "note"}, {"text", text}}); }
    void warn(std::string_view text) { line({{"event", "warning"}, {"text", text}}); }
    void detail(std::string_view) const noexcept {}
    void fail(const error& e) { line(to_json(e)); }
    void result(const record& r) {
        boost::json::object o{{"event", "result"}, {"kind", r.kind}};
        for (const auto& f : r.fields) std::visit([&](const auto& v) { o[f.name] = v; }, f.value);
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
