// SPDX-License-Identifier: MIT
#pragma once
/// What is known of the printer before it is moved: the look that every tool has before motion, where the machine is,
/// whether somebody else moves it, and the view that all that makes for a jogger.

#include <kf/error.hpp>
#include <kf/io/clock.hpp>
#include <kf/jog/foreign_watch.hpp>
#include <kf/jog/machine_view.hpp>
#include <kf/jog/panel.hpp>
#include <kf/klippy/objects.hpp>
#include <kf/klippy/settings.hpp>
#include <kf/klippy/status.hpp>
#include <kf/machine/machine.hpp>
#include <kf/run/preflight.hpp>

#include <boost/json.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace kf::jog {

/// What a console has to see: the state of everybody, and the limits with which a move is planned.
[[nodiscard]] inline boost::json::object watched_objects() {
    boost::json::object o = klippy::state_objects();
    o["toolhead"] = boost::json::array{"homed_axes", "position", "max_velocity", "max_accel", "minimum_cruise_ratio"};
    return o;
}

template<class Session, io::clock Clock>
class printer_look {
  public:
    /// Both outlive it.
    printer_look(Session& k, const machine::machine& m, Clock clock)
      : k_(k)
      , machine_(m)
      , clock_(clock) {}

    /// May take seconds. Its error is why the printer must not be moved though it is ready; then it is due again soon.
    [[nodiscard]] result<void> before_motion();
    /// Where the machine is now; nothing when Klipper does not know. It is placed then.
    [[nodiscard]] result<std::optional<klippy::xyz>> where_it_is();
    /// Brings the view up to now. `obstacle` is what stands against motion besides what is known here, "" for nothing.
    const machine_view& renew(std::string obstacle);

    /// Of another contact, or another run of Klipper, nothing is known.
    void forget() noexcept {
        looked_ = placed_ = false;
        again_ = {};
    }
    void is_displaced() noexcept { placed_ = false; }

    [[nodiscard]] bool has_looked() const noexcept { return looked_; }
    [[nodiscard]] bool is_placed() const noexcept { return placed_; }
    [[nodiscard]] bool is_due(io::time_point t) const noexcept { return !looked_ && t >= again_; }
    /// When it is due; nothing when the look was had.
    [[nodiscard]] std::optional<io::time_point> wake() const noexcept {
        return looked_ ? std::nullopt : std::optional(again_);
    }
    [[nodiscard]] run::printer_facts& facts() noexcept { return facts_; }
    [[nodiscard]] const machine_view& view() const noexcept { return view_; }
    [[nodiscard]] foreign_watch& foreign() noexcept { return foreign_; }
    [[nodiscard]] const foreign_watch& foreign() const noexcept { return foreign_; }

  private:
    Session& k_;
    const machine::machine& machine_;
    Clock clock_;
    run::printer_facts facts_;
    machine_view view_;
    foreign_watch foreign_;
    std::string fault_;   ///< why the printer must not be moved though it is ready
    bool looked_ = false; ///< the look before motion was had, since this contact
    bool placed_ = false; ///< and it is known where the machine is
    io::time_point again_{};
};

template<class S, io::clock C>
result<void> printer_look<S, C>::before_motion() {
    const auto until = clock_.now() + std::chrono::seconds(5);
    auto seen = [&]() -> result<void> {
        KF_TRY(facts_, run::preflight(k_.link(), machine_, until));
        KF_CHECK(run::refuse_skew(facts_.skew, "kjog"));
        KF_TRY(const auto all, k_.link().query({{"configfile", boost::json::array{"settings"}}}, until));
        KF_TRY(const auto settings, klippy::settings::from_status(all.status));
        view_.has(settings, facts_.force_move);
        return {};
    }();
    looked_ = seen.has_value();
    fault_ = looked_ ? std::string() : seen.error().what;
    if (!looked_) again_ = clock_.now() + std::chrono::seconds(2);
    return seen;
}

template<class S, io::clock C>
result<std::optional<klippy::xyz>> printer_look<S, C>::where_it_is() {
    KF_CHECK(k_.refresh(watched_objects()));
    foreign_.settled();
    const auto at = k_.status().position();
    placed_ = at.has_value();
    if (placed_) facts_.homed_axes = k_.status().toolhead->homed_axes;
    return at;
}

template<class S, io::clock C>
const machine_view& printer_look<S, C>::renew(std::string obstacle) {
    view_.obstacle = !obstacle.empty() ? std::move(obstacle)
                     : !fault_.empty() ? fault_
                     : !looked_        ? "the printer is being looked at"
                                       : foreign_.text();
    view_.follow(k_.status(), machine_);
    return view_;
}

} // namespace kf::jog
