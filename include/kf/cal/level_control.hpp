// SPDX-License-Identifier: MIT
#pragma once
/// Level 5: whether a machine that draws can be held, let go on, ended, stopped and brought back. Nobody is asked: the
/// orders are given from inside, and each is judged by where the machine stands then. The emergency stop comes during a
/// travel, so that no pen is left on the paper by it.

#include <kf/cal/level_drawing.hpp>
#include <kf/cal/level_stand.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/interrupt.hpp>
#include <kf/io/json_fields.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::cal {

/// Orders for a file run: one in its second third, and what is to follow once the file is paused. Ctrl+C ends it.
class rehearsed_orders {
    run::order first_;
    std::function<run::order()> paused_;
    bool given_ = false, looked_ = false, settled_ = false;

  public:
    explicit rehearsed_orders(run::order first, std::function<run::order()> paused = {})
      : first_(first)
      , paused_(std::move(paused)) {}

    template<class Status>
    [[nodiscard]] run::order next(Status&& status) {
        if (io::interrupt::pending() != 0) return run::order::cancel;
        const json::object now = status();
        const auto done = io::value_at<double>(now, "moving_s").value_or(0);
        const auto all = io::value_at<double>(now, "planned_s").value_or(0);
        const std::string state = io::text_at(now, "state");
        if (!given_ && state == "drawing" && done > all / 3) {
            given_ = true;
            return first_;
        }
        if (given_ && settled_ && !looked_ && state == "paused" && paused_) {
            looked_ = true;
            return paused_();
        }
        return run::order::none;
    }
    void settle(const std::string&) noexcept { settled_ = true; }
    void refuse(const error&) const noexcept {}
    [[nodiscard]] result<run::order> stepped(std::size_t) const { return run::order::resume; }

    [[nodiscard]] bool was_given() const noexcept { return given_; }
};
static_assert(run::steering<rehearsed_orders>);

template<class Session, sink Sink>
class control_level {
    level_stand<Session, Sink>& stand_;
    std::optional<verdict> resumed_;

    static constexpr std::size_t strokes_of_file = 6;
    static constexpr mm stroke_length = 40, stroke_spacing = 4;

    [[nodiscard]] Session& k() { return stand_.session(); }
    [[nodiscard]] io::time_point within(seconds s) { return k().link().clock().now() + to_nanoseconds(s); }
    /// Each of several pieces: a pause between two of them is none between two strokes.
    [[nodiscard]] strokes lines() const {
        constexpr int pieces = 8;
        strokes out;
        for (std::size_t s = 0; s < strokes_of_file; ++s) {
            polyline line;
            for (int i = 0; i <= pieces; ++i)
                line.push_back({stroke_length * i / pieces, stroke_spacing * static_cast<double>(s) + i % 2});
            out.push_back(std::move(line));
        }
        const auto& canvas = stand_.machine().canvas;
        return moved(std::move(out), {(canvas.width_mm - stroke_length) / 2, canvas.height_mm / 2});
    }
    [[nodiscard]] std::vector<job::operation> drawing() const {
        return operations_of(lines(), {0, 0}, stand_.machine());
    }
    [[nodiscard]] std::string file_name() const { return "kcal-level5.gcode"; }

    /// Tool up, at the end of a stroke.
    [[nodiscard]] verdict paused_right() {
        const auto at = stand_.stands();
        if (!at) return verdict_of(false, at.error().what);
        const auto where = job::place(stand_.machine(), stand_.machine().tools.front());
        mm nearest = 1e9;
        for (const polyline& line : lines()) {
            const auto end = where.to_machine(line.back());
            nearest = std::min(nearest, std::hypot(at->commanded[0] - end.x, at->commanded[1] - end.y));
        }
        const mm travel = stand_.machine().z_states.travel_mm;
        const bool up = std::fabs(at->commanded[2] - travel) <= machine::up_tolerance(stand_.machine());
        std::string seen = place_text(at->commanded);
        if (nearest > level_stand<Session, Sink>::close_enough)
            seen += fmt::format(", {:.2f} mm from the end of a stroke{}", nearest,
                                stand_.facts().commands.boundary ? "" : ": the printer has no KPLOT_BOUNDARY macro");
        return verdict_of(up && nearest <= level_stand<Session, Sink>::close_enough, seen);
    }
    result<verdict> pauses() {
        KF_CHECK(stand_.prepare_with_z());
        std::optional<verdict> paused;
        rehearsed_orders orders(run::order::pause, [&] {
            paused = paused_right();
            return run::order::resume;
        });
        KF_TRY(const auto drawn, to_its_end(stand_.draw_file(drawing(), file_name(), orders)));
        resumed_ = verdict_of(paused.has_value(), fmt::format("the file came to its end, {:.1f} s", drawn.duration));
        return paused.value_or(verdict_of(false, "the file came to its end before it was paused"));
    }
    result<verdict> goes_on() {
        if (!resumed_) KF_CHECK(pauses());
        return *resumed_;
    }
    result<verdict> is_cancelled() {
        KF_CHECK(stand_.prepare_with_z());
        rehearsed_orders orders(run::order::cancel);
        KF_TRY(const auto drawn, stand_.draw_file(drawing(), file_name(), orders));
        KF_CHECK(io::interrupt::check());
        if (drawn.how != run::file_outcome::end::cancelled)
            return verdict_of(false, "the file came to its end before it was cancelled");
        KF_CHECK(k().refresh(klippy::state_objects()));
        const auto& s = k().status();
        const bool clear = s.print_stats && s.print_stats->state != klippy::print_state::printing &&
                           s.print_stats->state != klippy::print_state::paused && s.virtual_sdcard &&
                           !s.virtual_sdcard->is_active && s.pause_resume && !s.pause_resume->is_paused;
        const machine::xy park = stand_.machine().park_mm;
        KF_CHECK(stand_.travel(park));
        KF_TRY(verdict there, stand_.arrived(park.x, park.y, stand_.machine().z_states.travel_mm));
        if (!clear) return verdict_of(false, "Klipper still prints, or is in a pause");
        return there;
    }
    result<verdict> is_stopped() {
        KF_CHECK(stand_.make_ready());
        const auto area = stand_.machine().work_area();
        constexpr mm inside = 10;
        constexpr seconds way = 8;
        const machine::xy from{area.min.x + inside, area.min.y + inside}, to{area.max.x - inside, area.min.y + inside};
        KF_CHECK(stand_.travel(from));
        const mm_per_s speed = std::min((to.x - from.x) / way, stand_.machine().motion.max_velocity_mm_s);
        KF_CHECK(k().send_gcode(job::travel_script(to, speed), klippy::barrier::processed, within(10)));
        // On its way, but not near its end.
        const auto patience = within(way);
        while (!(k().status().live_position() && (*k().status().live_position())[0] > from.x + 2)) {
            if (k().link().clock().now() >= patience) return verdict_of(false, "the travel did not begin");
            KF_CHECK(k().pump(k().link().clock().now() + std::chrono::milliseconds(20)));
        }
        const auto pressed = k().link().clock().now();
        KF_CHECK(k().estop().press(within(5)));
        KF_CHECK(k().estop().confirm(within(5)));
        const auto confirmed = k().link().clock().now() - pressed;
        klippy::printer_state state = klippy::printer_state::unknown;
        const auto until = pressed + std::chrono::seconds(1);
        do {
            KF_TRY(const auto info, k().link().info(within(5)));
            state = info.state;
        } while (state != klippy::printer_state::shutdown && k().link().clock().now() < until);
        const mm last = k().status().last_seen() ? (*k().status().last_seen())[0] : from.x;
        const double ms = std::chrono::duration<double, std::milli>(confirmed).count();
        return verdict_of(
            state == klippy::printer_state::shutdown && last < to.x - 1,
            fmt::format("confirmed after {:.0f} ms, Klipper is in {}, last seen at X{:.1f} on the way to X{:.1f}", ms,
                        klippy::name(state), last, to.x));
    }
    /// The tool was up when the machine was stopped, and nothing lowers it since: Z by touch-off is lost all the same.
    result<verdict> comes_back() {
        KF_TRY(const auto info, k().link().info(within(5)));
        if (info.state == klippy::printer_state::ready)
            return verdict{verdict_is::left_out, "the machine was not stopped"};
        KF_CHECK(k().recover());
        KF_TRY(stand_.facts(), run::preflight(k().link(), stand_.machine(), within(10)));
        KF_CHECK(stand_.prepare_after_stop());
        const auto area = stand_.machine().work_area();
        const machine::xy to{(area.min.x + area.max.x) / 2, (area.min.y + area.max.y) / 2};
        KF_CHECK(stand_.travel(to));
        KF_TRY(verdict there, stand_.arrived(to.x, to.y, std::nullopt));
        there.seen += stand_.knows_z() ? "" : "; Z has no reference now: kplot touch-off before the next drawing";
        return there;
    }

  public:
    explicit control_level(level_stand<Session, Sink>& stand)
      : stand_(stand) {}

    [[nodiscard]] result<verdict> operator()(const level_row& row) {
        switch (row.check) {
        case level_check::pause_file: return pauses();
        case level_check::resume_file: return goes_on();
        case level_check::cancel_file: return is_cancelled();
        case level_check::emergency_stop: return is_stopped();
        default: return comes_back();
        }
    }
};

} // namespace kf::cal
