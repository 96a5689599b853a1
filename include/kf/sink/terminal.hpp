// SPDX-License-Identifier: MIT
#pragma once
/// The sink of a person at a terminal, or of a log that reads like one: phase labels, colour, a progress bar with the
/// time left on a TTY, plain lines at every quarter elsewhere.

#include <kf/sink.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace kf {

enum class verbosity { quiet, normal, verbose };

struct terminal_options {
    std::FILE* out = stdout; ///< results
    std::FILE* err = stderr; ///< everything else
    bool colour = false;
    bool tty = false;     ///< err is a terminal: bars are redrawn in place
    bool unicode = false; ///< the locale is UTF-8
    verbosity level = verbosity::normal;
};

class terminal_sink {
  public:
    explicit terminal_sink(terminal_options options)
      : o_(options) {}

    void step(phase p, std::string_view text) {
        if (o_.level == verbosity::quiet) return;
        clear_bar();
        put(o_.err, "{} {}\n", paint("36", fmt::format("[{}]", label(p))), text);
        std::fflush(o_.err);
    }

    void progress(const kf::progress& p) {
        if (o_.level == verbosity::quiet || p.total == 0) return;
        const auto done = std::min(p.done, p.total);
        if (o_.tty) return draw_bar(p, done);
        const auto quarter = static_cast<int>(done * 4 / p.total);
        if (p.in != last_phase_ || quarter < last_quarter_) last_quarter_ = 0;
        last_phase_ = p.in;
        if (quarter == last_quarter_) return;
        last_quarter_ = quarter;
        put(o_.err, "[{}] {} % ({} of {} {})\n", label(p.in), quarter * 25, done, p.total, p.unit);
        std::fflush(o_.err);
    }

    void note(std::string_view text) {
        if (o_.level == verbosity::quiet) return;
        clear_bar();
        put(o_.err, "  {}\n", text);
    }

    void warn(std::string_view text) {
        clear_bar();
        bool first = true;
        for (const auto& line : wrap(text, 71, "")) {
            put(o_.err, "{} {}\n", first ? paint("33", "warning:") : std::string("        "), line);
            first = false;
        }
        std::fflush(o_.err);
    }

    void detail(std::string_view text) {
        if (o_.level != verbosity::verbose) return;
        clear_bar();
        put(o_.err, "{}\n", paint("2", fmt::format("  . {}", text)));
    }

    void fail(const error& e) {
        clear_bar();
        bool first = true;
        for (const auto& line : wrap(e.what, 73, "")) {
            put(o_.err, "{} {}\n", first ? paint("31", "error:") : std::string("      "), line);
            first = false;
        }
        first = true;
        if (!e.command.empty())
            for (const auto& line : wrap_command(e.command, 69)) {
                put(o_.err, "  {} {}\n", first ? "command:" : "        ", line);
                first = false;
            }
        first = true;
        for (const auto& line : wrap(e.cause, 68, "")) {
            put(o_.err, "  {} {}\n", first ? "cause:" : "      ", line);
            first = false;
        }
        if (!e.output.empty()) put(o_.err, "  its last lines:\n");
        for (const auto& line : e.output) put(o_.err, "    {}\n", line);
        if (!e.steps.empty()) put(o_.err, "  what to try:\n");
        int number = 0;
        for (const auto& step : e.steps) {
            ++number;
            first = true;
            for (const auto& line : wrap(step, 72, "")) {
                put(o_.err, "    {} {}\n", first ? fmt::format("{}.", number) : std::string("  "), line);
                first = false;
            }
        }
        std::fflush(o_.err);
    }

    void result(const record& r) {
        clear_bar();
        if (r.text.empty()) return;
        std::fflush(o_.err); // so that a reader of both sees them in order
        put(o_.out, "{}\n", r.text);
        std::fflush(o_.out);
    }

  private:
    /// fmt::print throws when the terminal is gone; a sink drops its words instead.
    template<class... Args>
    static void put(std::FILE* to, fmt::format_string<Args...> format, Args&&... args) {
        const std::string text = fmt::format(format, std::forward<Args>(args)...);
        (void)!std::fwrite(text.data(), 1, text.size(), to);
    }

    [[nodiscard]] std::string paint(std::string_view code, std::string_view text) const {
        return o_.colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
    }

    void clear_bar() {
        if (!bar_shown_) return;
        bar_shown_ = false;
        put(o_.err, "\r\x1b[K");
    }

    void draw_bar(const kf::progress& p, std::uint64_t done) {
        constexpr std::size_t width = 30;
        const auto filled = static_cast<std::size_t>(done * width / p.total);
        std::string bar;
        for (std::size_t i = 0; i < width; ++i) bar += o_.unicode ? (i < filled ? "█" : "░") : (i < filled ? "#" : "-");
        std::string left;
        if (done > 0 && done < p.total && p.elapsed > 0.5)
            left = fmt::format("  {:.0f} s left",
                               p.elapsed * static_cast<double>(p.total - done) / static_cast<double>(done));
        put(o_.err, "\r{} {} {:3} %  {}/{} {}{}\x1b[K", paint("36", fmt::format("[{}]", label(p.in))), bar,
            done * 100 / p.total, done, p.total, p.unit, left);
        std::fflush(o_.err);
        bar_shown_ = true;
        if (done == p.total) {
            put(o_.err, "\n");
            bar_shown_ = false;
        }
    }

    terminal_options o_;
    bool bar_shown_ = false;
    phase last_phase_ = phase::discovery;
    int last_quarter_ = 0;
};
static_assert(sink<terminal_sink>);

} // namespace kf
