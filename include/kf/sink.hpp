// SPDX-License-Identifier: MIT
#pragma once
/// The sink policy: where words go. Results on stdout, everything else on stderr; the core never prints.
///
/// | expression          | meaning                                                         |
/// | ------------------- | --------------------------------------------------------------- |
/// | s.step(phase, text) | the run enters or goes on with a phase                          |
/// | s.progress(p)       | done of total in a phase; called often, shown as often as fits  |
/// | s.note(text)        | worth knowing                                                   |
/// | s.warn(text)        | may need the person's attention                                 |
/// | s.detail(text)      | commands, exit codes: for -v and the log                        |
/// | s.frame(text)       | bytes on a wire, "> 7e..": for -v; a log keeps the last of them |
/// | s.fail(error)       | the run ends badly                                              |
/// | s.result(record)    | what was asked for                                              |
///
/// A sink never fails: words that cannot be written (the terminal went away) are dropped, the work goes on.
/// Models: terminal, json_lines, log_file, recording, silent_sink, tee, any_sink (sink/).

#include <kf/error.hpp>
#include <kf/sink/utf8.hpp>
#include <kf/units.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kf {

enum class phase { discovery, safety, config, build, plan, service, flash, verify, run, simulation };

[[nodiscard]] constexpr std::string_view label(phase p) noexcept {
    switch (p) {
    case phase::discovery: return "Discovery";
    case phase::safety: return "Safety";
    case phase::config: return "Config";
    case phase::build: return "Build";
    case phase::plan: return "Plan";
    case phase::service: return "Service";
    case phase::flash: return "Flash";
    case phase::verify: return "Verify";
    case phase::run: return "Run";
    case phase::simulation: return "Simulation";
    }
    return "?";
}

struct progress {
    phase in = phase::build;
    std::uint64_t done = 0, total = 0; ///< in `unit`s; total 0: unknown
    std::string_view unit = {};        ///< "files", "blocks"
    seconds elapsed = 0;               ///< since the first of them
};

struct field {
    std::string name;
    std::variant<std::string, std::int64_t, double, bool> value;
};

/// A result: `text` is what a person reads (no trailing newline), `fields` are what a program reads.
struct record {
    std::string kind;
    std::string text;
    std::vector<field> fields = {};
    bool exact = false; ///< the text is data, as a path for $(...): to a pipe or a file it goes byte for byte
};

template<class S>
concept sink = requires(S& s, phase p, const progress& pr, std::string_view text, const error& e, const record& r) {
    s.step(p, text);
    s.progress(pr);
    s.note(text);
    s.warn(text);
    s.detail(text);
    s.frame(text);
    s.fail(e);
    s.result(r);
};

struct silent_sink {
    void step(phase, std::string_view) const noexcept {}
    void progress(const kf::progress&) const noexcept {}
    void note(std::string_view) const noexcept {}
    void warn(std::string_view) const noexcept {}
    void detail(std::string_view) const noexcept {}
    void frame(std::string_view) const noexcept {}
    void fail(const error&) const noexcept {}
    void result(const record&) const noexcept {}
};
static_assert(sink<silent_sink>);

/// Text in lines of at most `width` columns, broken between words; a longer word stays whole.
[[nodiscard]] inline std::vector<std::string> wrap(std::string_view text, std::size_t width, std::string_view indent) {
    std::vector<std::string> lines;
    std::string line;
    const auto flush = [&] {
        if (!line.empty()) lines.push_back(std::exchange(line, {}));
    };
    while (!text.empty()) {
        const std::size_t newline = text.find('\n');
        std::string_view paragraph = text.substr(0, newline);
        while (!paragraph.empty()) {
            const std::size_t space = paragraph.find(' ');
            const std::string_view word = paragraph.substr(0, space);
            if (!line.empty() && columns_of(line) + 1 + columns_of(word) > width) flush();
            if (!word.empty()) {
                line += line.empty() ? (lines.empty() ? std::string{} : std::string(indent)) : " ";
                line += word;
            }
            paragraph.remove_prefix(space == std::string_view::npos ? paragraph.size() : space + 1);
        }
        flush();
        text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    }
    return lines;
}

/// A command in lines of at most `width` columns that can still be pasted: each but the last ends in a backslash. It is
/// broken between words only, never inside of quotes.
[[nodiscard]] inline std::vector<std::string> wrap_command(std::string_view text, std::size_t width) {
    std::vector<std::string> words{""};
    bool quoted = false;
    for (const char c : text) {
        quoted = quoted != (c == '\'');
        if (c == ' ' && !quoted)
            words.emplace_back();
        else
            words.back() += c;
    }
    std::vector<std::string> lines;
    for (auto& word : words) {
        const bool last = &word == &words.back();
        if (lines.empty() || lines.back().size() + 1 + word.size() + (last ? 0 : 2) > width) {
            if (!lines.empty()) lines.back() += " \\";
            lines.push_back(std::move(word));
        } else {
            lines.back() += " " + word;
        }
    }
    return lines;
}

/// Lines of a result no wider than `width`: what is too long goes on under the second column of its table.
[[nodiscard]] inline std::string fold_table(std::string_view text, std::size_t width) {
    std::string folded;
    for (bool more = true; more;) {
        const std::size_t newline = text.find('\n');
        const std::string_view line = text.substr(0, newline);
        more = newline != std::string_view::npos;
        text.remove_prefix(more ? newline + 1 : text.size());
        if (columns_of(line) > width) {
            const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
            const std::size_t second = line.find_first_not_of(' ', line.find("  ", begin));
            const bool is_table = second < line.size() && columns_of(line.substr(0, second)) <= width / 2;
            const auto head = line.substr(0, is_table ? second : begin);
            const std::size_t hang = is_table ? columns_of(head) : begin + 2;
            bool first = true;
            for (const auto& part : wrap(line.substr(head.size()), width - hang, "")) {
                folded += first ? std::string(head) : "\n" + std::string(hang, ' ');
                folded += part;
                first = false;
            }
        } else {
            folded += line;
        }
        folded += '\n';
    }
    return folded;
}

} // namespace kf
