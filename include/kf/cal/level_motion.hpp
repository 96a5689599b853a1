// SPDX-License-Identifier: MIT
#pragma once
/// Level 2: whether the axes go where they are sent. Nobody is asked: what counts is what Klipper says afterwards.

#include <kf/cal/level_stand.hpp>
#include <kf/io/ascii.hpp>
#include <kf/io/decimal.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace kf::cal {

template<class Session, sink Sink>
class motion_level {
    level_stand<Session, Sink>& stand_;

    [[nodiscard]] const machine::machine& machine() const { return stand_.machine(); }
    [[nodiscard]] std::pair<mm, mm> ends(char axis) const {
        const auto area = machine().work_area();
        return axis == 'x' ? std::pair(area.min.x, area.max.x) : std::pair(area.min.y, area.max.y);
    }
    [[nodiscard]] result<machine::xy> here() {
        KF_TRY(const auto at, stand_.stands());
        return machine::xy{at.commanded[0], at.commanded[1]};
    }
    [[nodiscard]] static machine::xy shifted(machine::xy p, char axis, mm to) {
        (axis == 'x' ? p.x : p.y) = to;
        return p;
    }

    result<verdict> homes(char axis) {
        KF_CHECK(stand_.make_ready());
        const machine::xy home = machine::home_position(machine());
        const auto [low, high] = ends(axis);
        const mm endstop = axis == 'x' ? home.x : home.y;
        constexpr mm away = 20;
        KF_CHECK(run::refuse_hidden_homing(stand_.facts().inside_g28));
        KF_TRY(const machine::xy from, here());
        // With the pen at an unknown height it homes from where it stands, as kplot home does.
        if (stand_.may_travel())
            KF_CHECK(stand_.travel(
                shifted(from, axis, endstop == low ? std::min(low + away, high) : std::max(high - away, low))));
        auto& k = stand_.session();
        constexpr mm_per_s slow = 5; // Klipper's own homing speed may be far below ours
        KF_CHECK(k.home(fmt::format("G28 {}", io::to_upper(axis)),
                        k.link().clock().now() + klippy::motion_allowance((high - low) / slow)));
        KF_TRY(const auto now, run::look_at(k));
        stand_.facts().homed_axes = now.toolhead->homed_axes;
        const auto& at = now.toolhead->position;
        return verdict_of(now.toolhead->homed_axes.find(axis) != std::string::npos,
                          fmt::format("homed \"{}\", at {}", now.toolhead->homed_axes, place_text(at)));
    }
    result<verdict> moves(char axis) {
        KF_CHECK(stand_.make_ready());
        KF_TRY(const machine::xy from, here());
        const auto [low, high] = ends(axis);
        const mm at = axis == 'x' ? from.x : from.y;
        constexpr mm way = 50;
        if (high - low < way) return kf::fail(errc::refused, fmt::format("{} is shorter than 50 mm", axis));
        const machine::xy to = shifted(from, axis, at + way <= high ? at + way : at - way);
        KF_CHECK(stand_.travel(to));
        return stand_.arrived(to.x, to.y, std::nullopt);
    }
    result<verdict> reaches_heights() {
        KF_CHECK(stand_.prepare_with_z());
        std::string seen;
        bool all = true;
        for (const machine::tool& t : machine().tools) {
            KF_CHECK(stand_.travel(stand_.middle(t)));
            KF_CHECK(stand_.down(t));
            auto there = stand_.arrived(std::nullopt, std::nullopt, t.work_mm);
            KF_CHECK(stand_.up());
            KF_CHECK(there);
            all = all && there->is == verdict_is::passed;
            seen += fmt::format("{} {}, ", t.name, there->seen.substr(there->seen.find('Z')));
        }
        KF_TRY(const verdict last, stand_.arrived(std::nullopt, std::nullopt, machine().z_states.travel_mm));
        return verdict_of(all && last.is == verdict_is::passed,
                          fmt::format("{}travel {}", seen, last.seen.substr(last.seen.find('Z'))));
    }
    result<verdict> rushes() {
        KF_CHECK(stand_.make_ready());
        machine::machine fast = machine();
        for (machine::tool& t : fast.tools) t.travel_feed_mm_s = fast.motion.max_velocity_mm_s;
        const auto area = fast.work_area();
        constexpr mm inside = 5;
        const machine::xy far{area.max.x - inside, area.max.y - inside}, near{area.min.x + inside, area.min.y + inside};
        for (const machine::xy to : {near, far, near}) {
            KF_CHECK(stand_.up());
            KF_CHECK(run::travel_to(stand_.session(), fast, fast.tools.front(), stand_.facts().skew, to));
            KF_TRY(const verdict there, stand_.arrived(to.x, to.y, std::nullopt));
            if (there.is != verdict_is::passed) return there;
        }
        return verdict_of(true,
                          fmt::format("there and back at {} mm/s", io::to_decimal(fast.motion.max_velocity_mm_s)));
    }
    result<verdict> is_limited() {
        KF_CHECK(stand_.make_ready());
        KF_CHECK(stand_.up());
        KF_TRY(const auto before, stand_.stands());
        const machine::xy at{before.commanded[0], before.commanded[1]};
        std::vector<std::pair<std::string, std::string>> beyond;
        for (const char axis : {'x', 'y'})
            for (const mm to : {ends(axis).second + 1, ends(axis).first - 1})
                beyond.emplace_back(fmt::format("{}{}", io::to_upper(axis), io::to_decimal(to)),
                                    job::travel_script(shifted(at, axis, to), 1));
        if (const mm high = machine().work_area_mm.z + 1; stand_.knows_z())
            beyond.emplace_back("Z" + io::to_decimal(high), job::height_script(high, 1));
        auto& k = stand_.session();
        for (const auto& [move, script] : beyond) {
            const auto sent =
                k.send_gcode(script, klippy::barrier::motion_end, k.link().clock().now() + klippy::motion_allowance(2));
            if (sent) return verdict_of(false, fmt::format("Klipper drove {}", move));
            if (sent.error().code != errc::failed) return kf::fail(sent.error());
            if (sent.error().what.find("out of range") == std::string::npos)
                return verdict_of(false, fmt::format("{}: {}", move, sent.error().what));
        }
        KF_TRY(const auto after, stand_.stands());
        const bool still = std::equal(before.commanded.begin(), before.commanded.end(), after.commanded.begin(),
                                      [](mm a, mm b) { return std::fabs(a - b) < 1e-3; });
        return verdict_of(still, still ? fmt::format("{} moves refused", beyond.size()) : "the machine moved");
    }

  public:
    explicit motion_level(level_stand<Session, Sink>& stand)
      : stand_(stand) {}

    [[nodiscard]] result<verdict> operator()(const level_row& row) {
        switch (row.check) {
        case level_check::home_x: return homes('x');
        case level_check::home_y: return homes('y');
        case level_check::move_x: return moves('x');
        case level_check::move_y: return moves('y');
        case level_check::move_z: return reaches_heights();
        case level_check::rapid: return rushes();
        default: return is_limited();
        }
    }
};

} // namespace kf::cal
