// SPDX-License-Identifier: MIT
#pragma once
/// The sink of a person at a terminal, or of a log that reads like one: phase labels, colour, a progress bar with the
/// time left on a TTY, plain lines at every quarter elsewhere. Texts are folded to the terminal's width. All of them
/// pass the scrub here: what a printer, a device or a compiler says cannot steer the terminal.

#include <kf/sink.hpp>
#include <kf/sink/result_stream.hpp>
#include <kf/sink/scrub.hpp>

#include <fmt/format.h>

#include <sys/ioctl.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace kf {

enum class verbosity { quiet, normal, verbose };

/// All zero where there is no terminal.
[[nodiscard]] inline winsize terminal_size(std::FILE* file) {
    winsize size{};
    const int fd = ::fileno(file);
    if (fd < 0 || ::ioctl(fd, TIOCGWINSZ, &size) != 0) return {};
    return size;
}

/// The columns of the terminal behind `file`, else `otherwise`; never less than 40.
[[nodiscard]] inline std::size_t terminal_columns(std::FILE* file, std::size_t otherwise = 80) {
    const std::size_t columns = terminal_size(file).ws_col;
    return std::max<std::size_t>(columns > 0 ? columns : otherwise, 40);
}

/// Its rows; never less than 10.
[[nodiscard]] inline std::size_t terminal_rows(std::FILE* file, std::size_t otherwise = 24) {
    const std::size_t rows = terminal_size(file).ws_row;
    return std::max<std::size_t>(rows > 0 ? rows : otherwise, 10);
}

struct terminal_options {
    result_stream out = stdout; ///< results
    std::FILE* err = stderr;    ///< everything else
    bool colour = false;
    bool tty = false;     ///< err is a terminal: bars are redrawn in place, lines are folded
    bool out_tty = false; ///< so is out
    bool unicode = false; ///< the locale is UTF-8
    verbosity level = verbosity::normal;
    std::size_t columns = 80; ///< where the terminal does not say how wide it is
};

class terminal_sink {
  public:
    explicit terminal_sink(terminal_options options)
      : o_(std::move(options)) {}

    void step(phase p, std::string_view text) {
        if (o_.level == verbosity::quiet) return;
        clear_bar();
        line(fmt::format("[{}] ", label(p)), "36", text, 2);
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
        put(fmt::format("[{}] {} % ({} of {} {})\n", label(p.in), quarter * 25, done, p.total, p.unit));
        std::fflush(o_.err);
    }

    void note(std::string_view text) {
        if (o_.level == verbosity::quiet) return;
        clear_bar();
        line("  ", "", text, 2);
    }

    void warn(std::string_view text) {
        clear_bar();
        paragraph("warning: ", "33", wrapped(text, 9));
        std::fflush(o_.err);
    }

    void detail(std::string_view text) {
        if (o_.level != verbosity::verbose) return;
        clear_bar();
        put(paint("2", "  . " + one_line(scrubbed(text), 4)) + "\n");
    }

    void frame(std::string_view text) { detail(text); }

    void fail(const error& e) {
        clear_bar();
        paragraph("error: ", "31", wrapped(e.what, 7));
        if (!e.command.empty()) {
            const std::string name = subject(e.command);
            paragraph(fmt::format("  {}: ", name), "",
                      name == "command" ? wrap_command(scrubbed(e.command, ""), prose() - 11)
                                        : wrapped(e.command, name.size() + 4));
        }
        paragraph("  cause: ", "", wrapped(e.cause, 12));
        if (!e.output.empty()) put("  its last lines:\n");
        for (const auto& l : e.output) put("    " + scrubbed(l, "\t") + "\n"); // as they are, neither cut nor folded
        if (!e.steps.empty()) put("  what to try:\n");
        int number = 0;
        for (const auto& step : e.steps) paragraph(fmt::format("    {}. ", ++number), "", wrapped(step, 8));
        std::fflush(o_.err);
    }

    void result(const record& r) {
        clear_bar();
        if (r.text.empty()) return;
        std::fflush(o_.err); // so that a reader of both sees them in order
        if (r.exact && !o_.out_tty)
            o_.out.put(r.text + "\n");
        else if (const std::string text = scrubbed(r.text); o_.out_tty)
            o_.out.put(fold_table(text, terminal_columns(o_.out.file(), o_.columns)));
        else
            o_.out.put(text + "\n");
    }

  private:
    /// A terminal that is gone loses its words; the work goes on.
    void put(std::string_view text) { (void)!std::fwrite(text.data(), 1, text.size(), o_.err); }

    [[nodiscard]] std::string paint(std::string_view code, std::string_view text) const {
        return o_.colour && !code.empty() ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
    }
    [[nodiscard]] std::size_t width() const {
        return o_.tty ? terminal_columns(o_.err, o_.columns) : std::max<std::size_t>(o_.columns, 40);
    }
    /// What is to be read as sentences is no wider than 80 columns on any terminal.
    [[nodiscard]] std::size_t prose() const { return std::min<std::size_t>(width(), 80); }

    [[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t beside) const {
        std::string clean = scrubbed(text);
        std::replace(clean.begin(), clean.end(), '\t', ' ');
        return wrap(clean, prose() - beside, "");
    }

    /// Further lines stand under the text of the first.
    void paragraph(const std::string& before, std::string_view code, const std::vector<std::string>& lines) {
        // The blank behind a label is not painted.
        const std::size_t end = before.find_last_not_of(' ') + 1;
        std::string head = paint(code, std::string_view(before).substr(0, end)) + before.substr(end);
        for (const auto& line : lines) {
            put(head + line + "\n");
            head.assign(before.size(), ' ');
        }
    }

    /// A further line of foreign text is indented: it cannot pass for one of ours.
    [[nodiscard]] static std::string one_line(std::string text, std::size_t indent) {
        for (std::size_t i = 0; (i = text.find('\n', i)) != std::string::npos; i += indent + 1)
            text.insert(i + 1, indent, ' ');
        return text;
    }

    void line(const std::string& before, std::string_view code, std::string_view text, std::size_t hang) {
        const std::size_t end = before.find_last_not_of(' ') + 1;
        const std::string head = paint(code, std::string_view(before).substr(0, end)) + before.substr(end);
        const std::string clean = scrubbed(text);
        if (!o_.tty || columns_of(before) + columns_of(clean) <= width()) {
            put(head + one_line(clean, hang) + "\n");
            return;
        }
        std::string lines;
        for (const auto& l : wrap(std::string(before.size(), 'x') + clean, width() - hang, std::string(hang, ' ')))
            lines += l + "\n";
        put(head + lines.substr(before.size()));
    }

    /// What an error is about: a command that can be typed, a file, an option.
    [[nodiscard]] static std::string subject(std::string_view text) {
        if (text.starts_with("--")) return "option";
        if (text == "standard input") return "file";
        const auto name = text.substr(text.rfind('/') + 1); // of all of it when there is no slash
        const bool words = text.find(' ') != std::string_view::npos;
        if (!words && (name.size() != text.size() || name.find('.') != std::string_view::npos)) return "file";
        if (words && text.starts_with('/') && text.find(" -") == std::string_view::npos &&
            name.find('.') != std::string_view::npos)
            return "file";
        return "command";
    }

    void clear_bar() {
        if (!bar_shown_) return;
        bar_shown_ = false;
        put("\r\x1b[K");
    }

    void draw_bar(const kf::progress& p, std::uint64_t done) {
        const std::string head = fmt::format("[{}]", label(p.in));
        const std::string percent = fmt::format(" {:3} %", done * 100 / p.total);
        std::string count = fmt::format("  {}/{} {}", done, p.total, p.unit);
        std::string left;
        if (done > 0 && done < p.total && p.elapsed > 0.5)
            left = fmt::format("  {:.0f} s left",
                               p.elapsed * static_cast<double>(p.total - done) / static_cast<double>(done));
        // On a narrow terminal the bar shrinks first, then the rest goes: a line that wraps could not be redrawn.
        const std::size_t room = width() - 1;
        std::size_t used = head.size() + percent.size();
        for (std::string* part : {&left, &count}) {
            if (used + part->size() > room) part->clear();
            used += part->size();
        }
        const std::size_t bars = std::min<std::size_t>(30, room > used + 1 ? room - used - 1 : 0);
        std::string bar;
        if (bars >= 5) {
            const auto filled = static_cast<std::size_t>(done * bars / p.total);
            bar = " ";
            for (std::size_t i = 0; i < bars; ++i)
                bar += o_.unicode ? (i < filled ? "█" : "░") : (i < filled ? "#" : "-");
        }
        put(fmt::format("\r{}{}{}{}\x1b[K", paint("36", head), bar, percent, count + left));
        std::fflush(o_.err);
        bar_shown_ = true;
        if (done == p.total) {
            put("\n");
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
