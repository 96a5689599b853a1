// SPDX-License-Identifier: MIT
#pragma once
/// A gamepad as one more keyboard: its events become the keys of the page, so that what they do, and what they may not,
/// is decided where it is for keys. It tells when a direction is let go; as long as one is not, its key is repeated
/// from here, so that nothing goes on when nobody reads the pad any more.
///
/// - cross or left stick: the arrow of the larger way, at the jog speed; a diagonal keeps to the way that it has
/// - shoulders, or the right stick up and down: a step of Z for each push
/// - B (the right one of the four): the emergency stop, whatever lies over the panel; Start: homes; all others: nothing

#include <kf/io/clock.hpp>
#include <kf/io/input_device.hpp>
#include <kf/tui/key.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

namespace kf::jog {

class gamepad {
  public:
    /// As keyboards do it.
    static constexpr io::duration first_repeat = std::chrono::milliseconds(250), repeat = std::chrono::milliseconds(33);
    /// A radio that is out of reach says nothing of it for a long time: a way that is held is let go, and asked for
    /// anew.
    static constexpr io::duration longest_silence = std::chrono::seconds(10);
    /// Of the way from the middle to the end of a stick: where it begins to count, and where it ends.
    static constexpr double begins = 0.5, ends = 0.35;
    /// Pads without names for their buttons count them: the second one.
    static constexpr std::array<std::uint16_t, 2> stop_buttons{BTN_EAST, BTN_THUMB};

    /// The axes as the device has them now; those that are not known have 16 bits. A stick that is not in its middle
    /// counts when it has been there.
    explicit gamepad(const std::vector<io::device_axis>& axes = {}) {
        // Where there is no RY the second stick is Z and RZ; beside it RZ is a trigger.
        const auto has = [&](std::uint16_t code) {
            return std::ranges::find(axes, code, &io::device_axis::code) != axes.end();
        };
        if (has(ABS_RZ) && !has(ABS_RY)) sticks_[height].code = ABS_RZ;
        for (const io::device_axis& a : axes)
            if (stick* s = stick_of(a.code); s != nullptr && a.high > a.low) {
                s->middle = (static_cast<double>(a.low) + a.high) / 2;
                s->half = (static_cast<double>(a.high) - a.low) / 2;
                s->was_in_the_middle = std::fabs(s->part_of(a.now)) < ends;
            }
    }

    void take(const io::device_event& e, io::time_point now, std::vector<tui::key>& out) {
        heard_ = now;
        if (e.type == EV_SYN && e.code == SYN_DROPPED) {
            // What came between is lost: nothing is held until it is said anew.
            skips_ = true;
            let_go(out);
        } else if (e.type == EV_SYN && e.code == SYN_REPORT) {
            if (!std::exchange(skips_, false)) settle(now, out);
        } else if (skips_ && !(e.type == EV_KEY && is_stop_button(e.code))) // a stop is never skipped
            return;
        else if (e.type == EV_ABS)
            axis(e.code, e.value);
        else if (e.type == EV_KEY && e.value != 2) // 2: the kernel's own repeat
            button(e.code, e.value != 0, out);
    }
    [[nodiscard]] static constexpr bool is_stop(const io::device_event& e) noexcept {
        return e.type == EV_KEY && e.value == 1 && is_stop_button(e.code);
    }
    /// Of all its keys the one that is a stop in a line of text, too.
    [[nodiscard]] static tui::key stop_key() { return {.text = U'x', .modifiers = tui::modifier::ctrl}; }
    /// Time has passed: what is held is repeated.
    void wait_over(io::time_point now, std::vector<tui::key>& out) {
        if (!held_) return;
        if (now - heard_ > longest_silence) return let_go(out);
        if (now < again_) return;
        out.push_back({.code = *held_, .action = tui::key_action::repeat});
        again_ = now + repeat;
    }
    [[nodiscard]] std::optional<io::time_point> deadline() const noexcept {
        return held_ ? std::optional(again_) : std::nullopt;
    }
    /// Nothing is held, whatever the pad said last.
    void let_go(std::vector<tui::key>& out) {
        if (held_) out.push_back({.code = *held_, .action = tui::key_action::release});
        if (step_) out.push_back({.code = *step_, .action = tui::key_action::release});
        held_.reset();
        step_.reset();
        cross_ = {};
        lift_ = {};
        for (stick& s : sticks_) s.way = 0, s.was_in_the_middle = false;
    }

  private:
    using key_code = tui::key_code;

    struct stick {
        std::uint16_t code;
        double middle = 0, half = 32768;
        double at = 0; ///< -1 to 1
        int way = 0;
        bool was_in_the_middle = true;

        [[nodiscard]] double part_of(std::int32_t v) const noexcept {
            return std::clamp((v - middle) / half, -1.0, 1.0);
        }
        void moved(std::int32_t v) noexcept {
            at = part_of(v);
            if (std::fabs(at) < ends) was_in_the_middle = true;
            const bool counts = was_in_the_middle && std::fabs(at) >= (way == 0 ? begins : ends);
            way = !counts ? 0 : at < 0 ? -1 : 1;
        }
    };
    enum axis_name : std::size_t { across, along, height };

    [[nodiscard]] stick* stick_of(std::uint16_t code) noexcept {
        for (stick& s : sticks_)
            if (s.code == code) return &s;
        return nullptr;
    }
    void axis(std::uint16_t code, std::int32_t value) noexcept {
        const int sign = value < 0 ? -1 : value > 0 ? 1 : 0;
        if (code == ABS_HAT0X) cross_[0] = sign;
        if (code == ABS_HAT0Y) cross_[1] = sign;
        if (stick* s = stick_of(code)) s->moved(value);
    }
    [[nodiscard]] static constexpr bool is_stop_button(std::uint16_t code) noexcept {
        return std::ranges::find(stop_buttons, code) != stop_buttons.end();
    }
    void button(std::uint16_t code, bool down, std::vector<tui::key>& out) {
        // Not at its report: a stop does not wait.
        if (is_stop_button(code) && down) out.push_back(stop_key());
        switch (code) {
        case BTN_DPAD_LEFT: cross_[0] = down ? -1 : 0; return;
        case BTN_DPAD_RIGHT: cross_[0] = down ? 1 : 0; return;
        case BTN_DPAD_UP: cross_[1] = down ? -1 : 0; return;
        case BTN_DPAD_DOWN: cross_[1] = down ? 1 : 0; return;
        case BTN_TL:
        case BTN_TOP2: lift_[0] = down; return;
        case BTN_TR:
        case BTN_PINKIE: lift_[1] = down; return;
        case BTN_START:
        case BTN_BASE4: // the tenth of those without names
            if (down) out.push_back({.text = U'h'});
            return;
        default: return;
        }
    }
    /// The way that the pad shows now. The cross goes before the stick; a diagonal of the cross, and one of the stick
    /// until the other way is clearly the larger one, keeps to what is held.
    [[nodiscard]] std::optional<key_code> way() const noexcept {
        const bool by_cross = cross_ != std::array<int, 2>{};
        const int x = by_cross ? cross_[0] : sticks_[across].way, y = by_cross ? cross_[1] : sticks_[along].way;
        const auto horizontal = x < 0 ? key_code::left : key_code::right;
        const auto vertical = y < 0 ? key_code::up : key_code::down;
        if (x == 0 && y == 0) return std::nullopt;
        if (x == 0) return vertical;
        if (y == 0) return horizontal;
        const double larger = std::fabs(sticks_[across].at) - std::fabs(sticks_[along].at);
        if (by_cross || std::fabs(larger) < 0.15)
            if (held_ == horizontal || held_ == vertical) return held_;
        return by_cross || larger >= 0 ? horizontal : vertical;
    }
    [[nodiscard]] std::optional<key_code> step() const noexcept {
        if (lift_[0] != lift_[1]) return lift_[0] ? key_code::page_up : key_code::page_down;
        if (sticks_[height].way == 0 || lift_[0]) return std::nullopt;
        return sticks_[height].way < 0 ? key_code::page_up : key_code::page_down;
    }
    void settle(io::time_point now, std::vector<tui::key>& out) {
        const auto change = [&](std::optional<key_code>& from, std::optional<key_code> to) {
            if (from == to) return;
            if (from) out.push_back({.code = *from, .action = tui::key_action::release});
            if (to) out.push_back({.code = *to});
            from = to;
            if (to) again_ = now + first_repeat;
        };
        change(step_, step());
        change(held_, way());
    }

    std::array<stick, 3> sticks_{stick{ABS_X}, stick{ABS_Y}, stick{ABS_RY}};
    std::array<int, 2> cross_{};
    std::array<bool, 2> lift_{}; ///< shoulders: up, down
    std::optional<key_code> held_, step_;
    io::time_point again_{}, heard_{};
    bool skips_ = false;
};

/// Whether it is one: it has a pad's buttons, and something that shows a way.
[[nodiscard]] inline result<void> demand_gamepad(const io::input_device& d) {
    if (!d.is_real()) return {};
    bool has_buttons = false;
    for (unsigned code = BTN_JOYSTICK; code < BTN_DIGI; ++code) has_buttons = has_buttons || d.has(EV_KEY, code);
    const bool shows_ways = d.has(EV_KEY, BTN_DPAD_UP) || d.has(EV_ABS, ABS_HAT0X) || d.has(EV_ABS, ABS_X);
    if (has_buttons && shows_ways) return {};
    return kf::fail({errc::refused,
                     (d.name().empty() ? "the device" : d.name()) + " is no gamepad",
                     has_buttons ? "it has no cross and no stick" : "it has no button of a gamepad",
                     {},
                     {"ls -l /dev/input/by-id/*-event-joystick"}});
}

/// A stop that is held, as the device has it where its events do not tell: it was found, or some were lost. It may not
/// be asked before all was read.
template<class Device>
void ask_for_a_stop(const Device& d, std::vector<tui::key>& out) {
    if (std::ranges::any_of(gamepad::stop_buttons, [&](auto code) { return d.is_down(code); }))
        out.push_back(gamepad::stop_key());
}

/// Of what was struck before anybody heard a device, nothing is done but a stop. Of a pipe all is heard.
template<class Device>
void stop_before_it_is_heard(Device& d, std::vector<tui::key>& out) {
    if (!d.is_real()) return;
    bool stops = false;
    for (auto events = d.read(); events && !events->empty(); events = d.read())
        stops = stops || std::ranges::any_of(*events, gamepad::is_stop);
    if (stops)
        out.push_back(gamepad::stop_key());
    else
        ask_for_a_stop(d, out);
}

/// What there is to read of the pad. Where events were lost, a press of the stop may be one of them.
template<class Device>
[[nodiscard]] result<void> hear(Device& d, gamepad& pad, io::time_point now, std::vector<tui::key>& out) {
    for (bool were_lost = false;;) {
        KF_TRY(const auto events, d.read());
        for (const io::device_event& e : events) {
            were_lost = were_lost || (e.type == EV_SYN && e.code == SYN_DROPPED);
            pad.take(e, now, out);
        }
        if (!were_lost) return {};
        if (!events.empty()) continue;
        ask_for_a_stop(d, out);
        return {};
    }
}

/// Its sticks as they are now.
[[nodiscard]] inline std::vector<io::device_axis> sticks_of(const io::input_device& d) {
    std::vector<io::device_axis> out;
    if (!d.is_real()) return out;
    for (const unsigned code : std::initializer_list<unsigned>{ABS_X, ABS_Y, ABS_RY, ABS_RZ})
        if (const auto a = d.axis(code)) out.push_back(*a);
    return out;
}

} // namespace kf::jog
