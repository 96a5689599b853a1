// SPDX-License-Identifier: MIT
#pragma once
/// That the gantry was set square by moving its second X motor alone, one small file for each printer beside the record
/// of the pen. The motors hold it: it is forgotten as soon as the machine is seen without all its references, which
/// Klipper drops when the motors go off (M84, idle_timeout), when it restarts and after a stop.

#include <kf/io/atomic_file.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/printable.hpp>
#include <kf/klippy/socket_lock.hpp>
#include <kf/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace kf::run {

class square_record {
    std::filesystem::path file_;
    std::optional<mm> went_; ///< the second X motor alone, since the motors are on; none beside a text: not known
    std::string text_;

  public:
    /// Of the printer behind `socket`, in `folder`. A file that cannot be read says nothing: then it is not known.
    /// One of an older version has a sentence instead of a distance, which is kept: that the motor went is known.
    square_record(const std::filesystem::path& folder, const std::filesystem::path& socket) {
        file_ = folder / ("square" + klippy::socket_in_a_name(socket));
        const auto text = io::read_file(file_, 4096);
        if (!text) return;
        const std::string_view line = std::string_view(*text).substr(0, text->find('\n'));
        const auto space = std::min(line.find(' '), line.size());
        if (const auto distance = io::parse_decimal(line.substr(0, space)))
            hold(*distance, line.substr(std::min(space + 1, line.size())));
        else
            text_ = io::printable(line, 200);
    }

    /// What was done, and when; empty when nothing holds.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    /// The second X motor goes `distance` alone, on top of what it went before. `who` has no line's end.
    [[nodiscard]] result<void> add(mm distance, std::string_view who) {
        if (!went_ && !text_.empty()) {
            text_ += fmt::format(", and {} mm more ({})", io::to_decimal(distance, 3), who);
            return io::write_file(file_, text_ + '\n');
        }
        hold(went_.value_or(0) + distance, who);
        return io::write_file(file_, fmt::format("{} {}\n", io::to_decimal(*went_, 4), who));
    }
    /// As far as `homed_axes` of now say that the motors went off since.
    [[nodiscard]] result<void> hold_against(std::string_view homed_axes) {
        for (const char axis : {'x', 'y', 'z'})
            if (homed_axes.find(axis) == std::string_view::npos) return forget();
        return {};
    }
    [[nodiscard]] result<void> forget() {
        if (text_.empty()) return {};
        text_.clear();
        went_.reset();
        return io::remove_file(file_);
    }

  private:
    void hold(mm distance, std::string_view who) {
        went_ = distance;
        text_ = fmt::format("the second X motor went {} mm alone ({})", io::to_decimal(distance, 3), who);
    }
};

} // namespace kf::run
