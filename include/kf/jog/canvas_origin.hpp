// SPDX-License-Identifier: MIT
#pragma once
/// "The canvas begins here": two numbers of machine.yaml from where the tool stands, shown as a change before anything
/// is written. The lower left corner is meant, from which machine.yaml counts (canvas.offset_x_mm, offset_y_mm).

#include <kf/error.hpp>
#include <kf/io/decimal.hpp>
#include <kf/jog/panel.hpp>
#include <kf/machine/machine_difference.hpp>
#include <kf/machine/machine_edit.hpp>
#include <kf/machine/machine_file.hpp>
#include <kf/machine/write_machine.hpp>

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kf::jog {

struct origin_change {
    origin_proposal shown;
    std::string before;       ///< the whole file as it was
    std::string text;         ///< the whole file as it will be
    machine::machine machine; ///< what it says then
};

/// `text` is the file as it is. errc::out_of_bounds, errc::malformed: the canvas would not fit there any more.
[[nodiscard]] inline result<origin_change> origin_here(std::string_view text, const std::string& name,
                                                       const machine::machine& m, const machine::tool& t,
                                                       machine::xy place) {
    origin_change c{.before = std::string(text)};
    const auto tenth_of_a_step = [](mm v) { return std::round(v * 1e3) / 1e3; };
    c.shown.offset_x = tenth_of_a_step(place.x - t.xy_offset_mm.x);
    c.shown.offset_y = tenth_of_a_step(place.y - t.xy_offset_mm.y);
    KF_TRY(const std::string half, machine::with_value(text, "canvas.offset_x_mm", c.shown.offset_x));
    KF_TRY(c.text, machine::with_value(half, "canvas.offset_y_mm", c.shown.offset_y));
    const std::string difference = machine::difference(text, c.text, name);
    constexpr std::size_t heading = 2;
    const auto lines = machine::lines_of(difference);
    for (std::size_t i = heading; i < lines.size(); ++i)
        if (lines[i].starts_with('-') || lines[i].starts_with('+')) c.shown.diff.emplace_back(lines[i]);
    if (c.shown.diff.empty())
        return kf::fail(errc::failed,
                        fmt::format("the canvas begins at X{} Y{} already", io::to_decimal(m.canvas.offset_x_mm, 3),
                                    io::to_decimal(m.canvas.offset_y_mm, 3)));
    machine::reading read = machine::read_machine(c.text);
    if (machine::has_errors(read.problems)) {
        error e = machine::to_error(read.problems, name);
        e.what = fmt::format("the canvas cannot begin at X{} Y{}", io::to_decimal(c.shown.offset_x, 3),
                             io::to_decimal(c.shown.offset_y, 3));
        return kf::fail(std::move(e));
    }
    c.machine = std::move(read.value);
    return c;
}

/// Where the file of before is kept.
[[nodiscard]] inline std::filesystem::path kept_beside(std::filesystem::path file) {
    file += ".bak";
    return file;
}

/// errc::refused when the file is not as it was any more: somebody else wrote it meanwhile.
[[nodiscard]] inline result<void> write_origin(const std::filesystem::path& file, const origin_change& c) {
    auto written = machine::write_machine(file, c.before, c.text, kept_beside(file));
    if (written || written.error().code != errc::refused) return written;
    error e = std::move(written).error();
    e.steps = {"O  again"};
    return kf::fail(std::move(e));
}

/// The change as it waits for a yes.
class origin_draft {
  public:
    /// The machine.yaml; empty: a simulated machine, and nothing is written.
    explicit origin_draft(std::filesystem::path file)
      : file_(std::move(file)) {}

    /// From where the tool stands; nothing: nobody knows.
    [[nodiscard]] result<void> propose(const machine::machine& m, const machine::tool& t,
                                       const std::optional<machine::xy>& place) {
        if (!place) return kf::fail({errc::refused, "X and Y are not homed: H first", "", {}, {"H  home"}});
        if (file_.empty()) return kf::fail(errc::refused, "a simulated machine has no machine.yaml to write to");
        const std::string name = file_.string();
        KF_TRY(const std::string text, machine::read_text(name));
        KF_TRY(change_, origin_here(text, name, m, t, *place));
        return {};
    }
    /// What was proposed, into the file and into `canvas`; afterwards nothing is proposed any more.
    [[nodiscard]] result<void> write(machine::canvas& canvas) {
        const auto change = std::exchange(change_, std::nullopt);
        if (!change) return {};
        KF_CHECK(write_origin(file_, *change));
        canvas = change->machine.canvas;
        return {};
    }
    [[nodiscard]] std::string what_was_written(const machine::canvas& canvas) const {
        return fmt::format("the canvas begins at X{} Y{}; the file before it is {}",
                           io::to_decimal(canvas.offset_x_mm, 3), io::to_decimal(canvas.offset_y_mm, 3),
                           kept_beside(file_).string());
    }
    void forget() noexcept { change_.reset(); }
    [[nodiscard]] std::optional<origin_proposal> shown() const {
        return change_ ? std::optional(change_->shown) : std::nullopt;
    }

  private:
    std::filesystem::path file_;
    std::optional<origin_change> change_;
};

} // namespace kf::jog
