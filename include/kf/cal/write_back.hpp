// SPDX-License-Identifier: MIT
#pragma once
/// What a routine found, written into machine.yaml: planned as two texts, shown as the lines that change, and written
/// as a whole file or not at all, with the file before it kept. Comments, order and layout stay. What Klipper reads
/// (printer.cfg) is only shown: it is the person's file.

#include <kf/cal/routine_step.hpp>
#include <kf/io/atomic_file.hpp>
#include <kf/io/decimal.hpp>
#include <kf/machine/machine_edit.hpp>
#include <kf/machine/machine_file.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::cal {

/// One value that becomes another one.
struct written_value {
    std::string path;
    std::optional<double> was; ///< none: null, or no such line
    std::optional<double> becomes;
    bool operator==(const written_value&) const = default;
};

struct write_back {
    std::string before, after; ///< the whole file
    std::vector<written_value> values;

    [[nodiscard]] bool changes() const noexcept { return before != after; }
};

/// Without their ends.
[[nodiscard]] inline std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

/// The lines that differ, as diff -U1 would show them. Lines are changed or added, never moved.
[[nodiscard]] inline std::string difference(std::string_view before, std::string_view after, std::string_view name) {
    const auto old_lines = lines_of(before), new_lines = lines_of(after);
    std::string out = fmt::format("--- {}\n+++ {}\n", name, name);
    std::size_t i = 0, j = 0, shown = 0;
    std::optional<std::size_t> changed; // the line behind the last one that differs
    const auto context = [&](std::size_t line) {
        if (line < old_lines.size() && line >= shown) out += fmt::format(" {}\n", old_lines[line]), shown = line + 1;
    };
    while (i < old_lines.size() || j < new_lines.size()) {
        if (i < old_lines.size() && j < new_lines.size() && old_lines[i] == new_lines[j]) {
            ++i, ++j;
            continue;
        }
        if (i != changed) {
            out += fmt::format("@@ line {} @@\n", i + 1);
            if (i > 0) context(i - 1);
        }
        // A line was added when the old one comes right behind it.
        std::size_t added = 0;
        while (j + added < new_lines.size() && (i >= old_lines.size() || new_lines[j + added] != old_lines[i])) ++added;
        if (i >= old_lines.size() || (j + added < new_lines.size() && new_lines.size() - j > old_lines.size() - i)) {
            for (std::size_t n = 0; n < added; ++n) out += fmt::format("+{}\n", new_lines[j++]);
        } else {
            out += fmt::format("-{}\n", old_lines[i]);
            shown = ++i;
            if (j < new_lines.size()) out += fmt::format("+{}\n", new_lines[j++]);
        }
        changed = i;
        // What comes next is told as unchanged only when it is.
        if (i < old_lines.size() && j < new_lines.size() && old_lines[i] == new_lines[j]) context(i);
    }
    return out;
}

/// The file with these values in it, read again and found right. errc::malformed when the machine would have a fault;
/// errc::failed when a value has no place in the text.
[[nodiscard]] inline result<write_back> plan_write_back(std::string text, const std::vector<machine_change>& changes,
                                                        std::string_view name) {
    write_back out{text, std::move(text), {}};
    for (const machine_change& c : changes) {
        const auto was = machine::value_at(out.after, c.path);
        if (was && io::to_decimal(*was) == io::to_decimal(c.value)) continue;
        KF_TRY(out.after, machine::with_value(out.after, c.path, c.value, c.beside));
        out.values.push_back({c.path, was, c.value});
    }
    const auto read = machine::read_machine(out.after);
    if (machine::has_errors(read.problems)) {
        error e = machine::to_error(read.problems, name);
        e.what = "what was found does not fit into " + std::string(name);
        e.steps = {"correct what is named above, by hand or by its own calibration", "run the same command again"};
        return kf::fail(std::move(e));
    }
    return out;
}

/// Writes it, unless somebody changed the file since it was read: errc::refused then. The file of before is written to
/// `kept` first; both are whole files at every moment.
[[nodiscard]] inline result<void> write(const write_back& w, const std::filesystem::path& file,
                                        const std::filesystem::path& kept) {
    KF_TRY(const std::string now, machine::read_text(file.string()));
    if (now == w.after) return {};
    if (now != w.before)
        return kf::fail({errc::refused,
                         fmt::format("{} was changed by somebody else meanwhile", file.string()),
                         {},
                         file.string(),
                         {"run the same command again: it goes on from here"}});
    KF_CHECK(io::write_file(kept, w.before));
    // What a link points to is the file, and its mode stays.
    std::error_code ec;
    auto target = std::filesystem::canonical(file, ec);
    if (ec) target = file;
    const auto mode = std::filesystem::status(target, ec).permissions();
    return io::write_file(target, w.after, ec ? 0644 : static_cast<mode_t>(mode) & 0777U);
}

/// What a person writes into printer.cfg, section by section, as lines of a diff. A section whose first line is new is
/// new itself.
[[nodiscard]] inline std::string difference(const std::vector<printer_change>& changes) {
    std::string out = "--- printer.cfg\n+++ printer.cfg\n", section;
    for (const printer_change& c : changes) {
        if (c.section != section) {
            out += fmt::format("{}[{}]\n", c.was.empty() ? "+" : " ", c.section);
        }
        section = c.section;
        if (c.option.empty()) continue;
        if (!c.was.empty()) out += fmt::format("-{}: {}\n", c.option, c.was);
        out += fmt::format("+{}: {}\n", c.option, c.becomes);
    }
    return out;
}

} // namespace kf::cal
