// SPDX-License-Identifier: MIT
#pragma once
/// How it stands with Klipper: it is looked for and found again, its state is followed, the emergency stop is kept
/// armed, and a restart is waited for. What that means for motion, and what a person is told of it, is the console's.

#include <kf/error.hpp>
#include <kf/io/clock.hpp>
#include <kf/jog/panel.hpp>
#include <kf/jog/stop_button.hpp>
#include <kf/klippy/objects.hpp>
#include <kf/klippy/session.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace kf::jog {

/// What has become of the contact since it was last looked at.
enum class contact_news : std::uint8_t {
    same,
    absent, ///< it was looked for, and is not there
    found,
    lost, ///< printer_contact::loss() says why
    ready,
    stopped
};

template<klippy::connector Connect, io::clock Clock>
class printer_contact {
  public:
    using session_type = klippy::session<Connect, Clock>;

    /// Both outlive it. `watched` is kept up to date in the session's status.
    printer_contact(session_type& k, stop_button<Connect>& stop, Clock clock, boost::json::object watched)
      : k_(k)
      , stop_(stop)
      , clock_(clock)
      , watched_(std::move(watched)) {}

    /// Takes what Klipper has sent; without a connection it looks for one, twice a second: absent, found, lost, same.
    [[nodiscard]] contact_news read(io::time_point t);
    /// Its state, as far as it was read: ready, stopped, same.
    [[nodiscard]] contact_news follow();
    /// Whether the emergency stop has a connection of its own; looked at each second.
    void arm(io::time_point t) {
        if (t < arm_again_) return;
        armed_ = stop_.arm(t);
        arm_again_ = t + std::chrono::seconds(1);
    }
    [[nodiscard]] bool armed() const noexcept { return armed_; }

    [[nodiscard]] contact state() const noexcept { return state_; }
    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
    [[nodiscard]] const error& loss() const noexcept { return loss_; }

    /// Why nothing may move, as far as the contact goes; "" for nothing.
    [[nodiscard]] std::string obstacle() const {
        return state_ != contact::ready ? fmt::format("Klipper is not ready ({})", name(state_))
               : stop_due_              ? "the emergency stop is not confirmed yet"
               : !armed_                ? "the emergency stop has no connection"
                                        : "";
    }

    /// A stop got out: Klipper has a second to obey.
    void expect_stop(io::time_point pressed) {
        if (state_ == contact::ready) stop_due_ = pressed + std::chrono::seconds(1);
    }
    [[nodiscard]] bool awaits_stop() const noexcept { return stop_due_.has_value(); }
    /// True once, when that second is over and Klipper is ready still.
    [[nodiscard]] bool has_missed_stop(io::time_point t) noexcept {
        return stop_due_ && t >= *stop_due_ && (stop_due_.reset(), true);
    }

    /// Before restart(), which takes its time: it is shown meanwhile.
    void is_recovering() noexcept { state_ = contact::recovering; }
    /// Back to ready, with FIRMWARE_RESTART. errc::interrupted when the stop is pressed after `asked`.
    [[nodiscard]] result<void> restart(io::time_point asked);
    /// The micro-controller is lost, and since the printer was last looked at nobody has restarted for it or pressed
    /// the stop: its motors are without power, a restart moves nothing, and is what a person would do. True once.
    [[nodiscard]] bool asks_for_restart() noexcept {
        return reason_.starts_with("Lost communication with MCU") && !stop_.was_pressed_since(well_at_) &&
               !std::exchange(restarted_, true);
    }
    void is_well() noexcept {
        restarted_ = false;
        well_at_ = clock_.now();
    }

    /// When read(), arm() or has_missed_stop() has something to do.
    [[nodiscard]] io::time_point wake(io::time_point t) const {
        if (!k_.connected()) return find_again_;
        if (stop_due_) return *stop_due_;
        return state_ == contact::ready ? arm_again_ : t + std::chrono::seconds(1);
    }

  private:
    void begin_anew() noexcept {
        armed_ = false;
        arm_again_ = {};
        stop_due_.reset();
    }

    session_type& k_;
    stop_button<Connect>& stop_;
    Clock clock_;
    boost::json::object watched_;
    contact state_ = contact::away;
    std::string reason_;
    error loss_;
    bool armed_ = false;
    bool restarted_ = false; ///< by ourselves, after the micro-controller was lost
    io::time_point well_at_{}, find_again_{}, arm_again_{};
    std::optional<io::time_point> stop_due_; ///< when Klipper should have obeyed it
};

template<klippy::connector N, io::clock C>
contact_news printer_contact<N, C>::read(io::time_point t) {
    if (k_.connected()) {
        auto heard = k_.pump(t);
        if (heard || k_.connected()) return contact_news::same;
        begin_anew();
        state_ = contact::away;
        loss_ = std::move(heard).error();
        reason_ = loss_.what;
        return contact_news::lost;
    }
    if (clock_.now() < find_again_) return contact_news::same;
    auto opened = k_.open(klippy::need::contact);
    if (opened) opened = k_.subscribe(watched_);
    find_again_ = clock_.now() + std::chrono::milliseconds(500);
    begin_anew();
    if (opened) return contact_news::found;
    state_ = contact::away;
    reason_ = opened.error().what;
    return contact_news::absent;
}

template<klippy::connector N, io::clock C>
contact_news printer_contact<N, C>::follow() {
    if (!k_.connected()) return contact_news::same;
    const auto& at = k_.status().webhooks;
    const contact before = state_;
    state_ = at.state == klippy::printer_state::ready      ? contact::ready
             : at.state == klippy::printer_state::shutdown ? contact::stopped
             : at.state == klippy::printer_state::error    ? contact::stopped
                                                           : contact::starting;
    reason_ = state_ == contact::ready ? std::string() : klippy::first_line(at.message);
    if (state_ != contact::ready) stop_due_.reset();
    if (state_ == before) return contact_news::same;
    return state_ == contact::ready     ? contact_news::ready
           : state_ == contact::stopped ? contact_news::stopped
                                        : contact_news::same;
}

template<klippy::connector N, io::clock C>
result<void> printer_contact<N, C>::restart(io::time_point asked) {
    const int before = k_.generation();
    auto back = k_.recover([&]() -> result<void> {
        if (!stop_.was_pressed_since(asked)) return {};
        return kf::fail({errc::interrupted,
                         "Klipper is not restarted any further",
                         "the emergency stop was pressed",
                         {},
                         {"R  restarts Klipper"}});
    });
    begin_anew();
    // What becomes of it is seen, however far it came.
    if (!back && k_.connected() && k_.generation() != before) (void)k_.subscribe(watched_);
    if (!k_.connected()) state_ = contact::away;
    return back;
}

} // namespace kf::jog
