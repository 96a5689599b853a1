// SPDX-License-Identifier: MIT
#pragma once
/// What a routine found, written into machine.yaml: planned as two texts, shown as the lines that change, and written
/// as a whole file or not at all, with the file before it kept. Comments, order and layout stay. What Klipper reads
/// (printer.cfg) is only shown: it is the person's file.

#include <kf/cal/routine_step.hpp>
#include <kf/io/decimal.hpp>
#include <kf/machine/machine_edit.hpp>
#include <kf/machine/machine_file.hpp>
#include <kf/machine/write_machine.hpp>

#include <fmt/format.h>

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

/// As machine::write_machine; errc::refused when somebody changed the file since it was read.
[[nodiscard]] inline result<void> write(const write_back& w, const std::filesystem::path& file,
                                        const std::filesystem::path& kept) {
    auto written = machine::write_machine(file, w.before, w.after, kept);
    if (written || written.error().code != errc::refused) return written;
    error e = std::move(written).error();
    e.steps = {"run the same command again: it goes on from here"};
    return kf::fail(std::move(e));
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
