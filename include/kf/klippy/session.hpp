// SPDX-License-Identifier: MIT
#pragma once
/// A client that outlives its connection: it holds the status, the one subscription and the emergency stop line, and
/// brings them all back after Klipper or the micro-controller went away. A script is never sent again: after an outage
/// the machine is un-homed, so the caller gets connection_lost with what is known and decides. recover() is called by
/// the caller too, with nothing locked and nothing in flight.

#include <kf/error.hpp>
#include <kf/io/clock.hpp>
#include <kf/io/interrupt.hpp>
#include <kf/io/transport.hpp>
#include <kf/klippy/client.hpp>
#include <kf/klippy/estop_line.hpp>
#include <kf/klippy/reconnect.hpp>
#include <kf/klippy/status.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace kf::klippy {

/// Opens one connection to Klipper: [path](io::time_point until) { return io::unix_socket::connect(path, until); }
template<class C>
concept connector = requires(C& connect, io::time_point until) {
    { *connect(until) };
    requires io::transport<std::remove_cvref_t<decltype(*connect(until))>>;
};

enum class need {
    contact, ///< any state will do: to look, to stop, to recover
    ready    ///< Klipper's start is waited for; shutdown and error are errors
};

template<connector Connect, io::clock Clock = io::steady_clock>
class session {
  public:
    using transport_type = std::remove_cvref_t<decltype(*std::declval<Connect&>()(io::time_point{}))>;
    using client_type = client<transport_type, Clock>;

    explicit session(Connect connect, reconnect_policy policy = {}, Clock clock = {})
      : connect_(std::move(connect))
      , policy_(policy)
      , clock_(std::move(clock)) {}

    /// The first contact: one attempt to connect, never a restart. errc::not_found, errc::not_connected, errc::refused
    /// (need::ready, and Klipper is in shutdown or error).
    [[nodiscard]] result<void> open(need n);
    /// After connection_lost: back to ready, the subscription and the stop line renewed, all state known so far
    /// dropped. `may_go_on` is asked before each step; its error ends the way, and nothing is restarted any more.
    [[nodiscard]] result<void> recover(const std::function<result<void>()>& may_go_on = {});
    /// The same without any restart, for what Klipper may be doing still. errc::refused when it has stopped.
    [[nodiscard]] result<void> reattach();
    /// Keeps `objects` (of objects/subscribe) up to date in status(), also after recover().
    [[nodiscard]] result<void> subscribe(json::object objects);
    /// Brings `objects` up to now in status(), which news may be late to do.
    [[nodiscard]] result<void> refresh(const json::object& objects);
    /// From the next connection on, errors on Klipper's terminal are kept: for a reason that no object tells.
    void keep_complaints() {
        output_ = [this](std::string_view text) {
            if (!text.starts_with("!! ")) return;
            complaint_ = std::string(text.substr(3, text.find('\n') - 3));
            complained_at_ = status_.eventtime;
        };
    }
    /// The last of them, "" when there was none in the last `within` seconds of Klipper's clock.
    [[nodiscard]] std::string complaint(seconds within) const {
        return status_.eventtime - complained_at_ <= within ? complaint_ : std::string();
    }
    void forget_complaint() noexcept { complaint_.clear(); }
    /// Called when status() has changed, whatever call it was that read; it may look, and call nothing of the session.
    std::function<void()> on_status = [] {};

    /// Reads until `until`. errc::connection_lost also when Klipper says over a live connection that it has stopped.
    [[nodiscard]] result<void> pump(io::time_point until);
    /// As client::send_gcode; connection_lost says where the pen was last seen.
    [[nodiscard]] result<void> send_gcode(std::string_view script, barrier b, io::time_point until);
    /// G28 and what goes with it: homed() is believed only from its answer on.
    [[nodiscard]] result<void> home(std::string_view script, io::time_point until);

    [[nodiscard]] client_type& link() { return *client_; }
    [[nodiscard]] estop_line<transport_type>& estop() { return *estop_; }
    [[nodiscard]] printer_status& status() noexcept { return status_; }
    [[nodiscard]] const printer_status& status() const noexcept { return status_; }
    [[nodiscard]] bool connected() const noexcept { return client_ && client_->connected(); }
    /// Grows with each new connection: what was known of an older one (homing, the Z reference) holds no more.
    [[nodiscard]] int generation() const noexcept { return generation_; }

  private:
    [[nodiscard]] io::time_point soon() const { return clock_.now() + std::chrono::seconds(5); }
    [[nodiscard]] result<void> make_connections();
    [[nodiscard]] result<void> renew_subscription();
    [[nodiscard]] result<void> run(recovery& way_back, const std::function<result<void>()>& may_go_on = {});
    [[nodiscard]] error with_last_seen(error e) const;

    Connect connect_;
    reconnect_policy policy_;
    Clock clock_;
    std::optional<client_type> client_;
    std::optional<estop_line<transport_type>> estop_;
    json::object objects_;
    typename client_type::output_handler output_;
    std::string complaint_;
    seconds complained_at_ = 0;
    printer_status status_;
    std::optional<error> bad_status_;
    int generation_ = 0;
};

template<connector K, io::clock C>
result<void> session<K, C>::make_connections() {
    client_.reset();
    estop_.reset();
    status_ = {};
    bad_status_.reset();
    KF_TRY(auto first, connect_(soon()));
    KF_TRY(auto second, connect_(soon()));
    client_.emplace(std::move(first), clock_);
    estop_.emplace(std::move(second));
    ++generation_;
    return {};
}

template<connector K, io::clock C>
result<void> session<K, C>::open(need n) {
    KF_CHECK(make_connections());
    reconnect_policy looking = policy_;
    looking.restarts = 0;
    if (n == need::ready) {
        recovery way_in(looking, true, clock_.now());
        KF_CHECK(run(way_in));
    } else {
        KF_TRY(const server_info info, client_->info(soon()));
        status_.webhooks = {info.state, info.message};
    }
    return renew_subscription();
}

template<connector K, io::clock C>
result<void> session<K, C>::recover(const std::function<result<void>()>& may_go_on) {
    for (bool again = false;; again = true) {
        recovery way_back(policy_, connected(), clock_.now());
        KF_CHECK(run(way_back, may_go_on));
        auto renewed = renew_subscription();
        // Klipper may go away once more between its being ready and the subscription.
        if (renewed || again || renewed.error().code != errc::connection_lost) return renewed;
    }
}

template<connector K, io::clock C>
result<void> session<K, C>::reattach() {
    reconnect_policy looking = policy_;
    looking.restarts = 0;
    recovery way_back(looking, connected(), clock_.now());
    KF_CHECK(run(way_back));
    return renew_subscription();
}

template<connector K, io::clock C>
result<void> session<K, C>::run(recovery& way_back, const std::function<result<void>()>& may_go_on) {
    for (;;) {
        KF_CHECK(io::interrupt::check());
        if (may_go_on) KF_CHECK(may_go_on());
        const auto step = way_back.next(clock_.now());
        switch (step.what) {
        case recovery::act::done: return {};
        case recovery::act::give_up: return kf::fail(way_back.problem());
        case recovery::act::wait:
            if (!connected())
                clock_.sleep_until(step.until);
            else if (!client_->pump(step.until))
                way_back.lost(clock_.now());
            break;
        case recovery::act::connect:
            if (auto made = make_connections(); made)
                way_back.connected(clock_.now());
            else
                way_back.connect_failed(std::move(made).error(), clock_.now());
            break;
        case recovery::act::ask_state:
            if (const auto info = client_->info(soon()); info) {
                status_.webhooks = {info->state, info->message};
                way_back.state_is(info->state, info->message, clock_.now());
            } else
                way_back.lost(clock_.now());
            break;
        case recovery::act::restart:
            // It is answered first; the end of the connection is the proof that the restart has begun.
            if (client_->call("gcode/firmware_restart", {}, soon()))
                if (client_->pump(soon())) client_.reset();
            way_back.restarted(clock_.now());
            break;
        }
    }
}

template<connector K, io::clock C>
result<void> session<K, C>::subscribe(json::object objects) {
    objects_ = std::move(objects);
    return renew_subscription();
}

template<connector K, io::clock C>
result<void> session<K, C>::renew_subscription() {
    if (output_) KF_CHECK(client_->subscribe_output(output_, soon()));
    if (objects_.empty()) return {};
    const auto merge = [this](const json::object& status, seconds at) {
        if (auto merged = status_.merge(status, at); !merged && !bad_status_) bad_status_ = std::move(merged).error();
        on_status();
    };
    KF_CHECK(client_->subscribe(objects_, merge, soon()));
    if (bad_status_) return kf::fail(*bad_status_);
    return {};
}

template<connector K, io::clock C>
result<void> session<K, C>::refresh(const json::object& objects) {
    result<void> merged;
    const auto merge = [&](const json::object& status, seconds at) { merged = status_.merge(status, at); };
    KF_CHECK(client_->query(objects, merge, soon()));
    return merged;
}

template<connector K, io::clock C>
result<void> session<K, C>::pump(io::time_point until) {
    if (!client_) return kf::fail(errc::connection_lost, "there is no connection to Klipper");
    if (auto read = client_->pump(until); !read) return kf::fail(with_last_seen(std::move(read).error()));
    if (bad_status_) return kf::fail(*bad_status_);
    if (status_.webhooks.state == printer_state::shutdown || status_.webhooks.state == printer_state::error)
        return kf::fail(with_last_seen(
            {errc::connection_lost, "Klipper has stopped the printer: " + first_line(status_.webhooks.message)}));
    return {};
}

template<connector K, io::clock C>
result<void> session<K, C>::send_gcode(std::string_view script, barrier b, io::time_point until) {
    if (!client_) return kf::fail(errc::connection_lost, "there is no connection to Klipper");
    auto sent = client_->send_gcode(script, b, until);
    if (!sent && sent.error().code == errc::failed) {
        // "Homing failed due to printer shutdown" and its like read as G-code errors: the state tells what they are.
        if (const auto info = client_->info(soon()); info && info->state != printer_state::ready) {
            status_.webhooks = {info->state, info->message};
            error stopped = api_error(info->message, script);
            stopped.cause += "; " + sent.error().what;
            return kf::fail(with_last_seen(std::move(stopped)));
        }
    }
    if (!sent) return kf::fail(with_last_seen(std::move(sent).error()));
    return pump(clock_.now()); // an answer of success counts only while Klipper is not shut down
}

template<connector K, io::clock C>
result<void> session<K, C>::home(std::string_view script, io::time_point until) {
    status_.homing_begins();
    auto homed = send_gcode(script, barrier::motion_end, until);
    status_.homing_ended();
    return homed;
}

template<connector K, io::clock C>
error session<K, C>::with_last_seen(error e) const {
    if (e.code != errc::connection_lost) return e;
    // The last believed position, also when the state is not ready any more: it is told as history, not as the present.
    if (const auto seen = status_.last_seen())
        e.cause += fmt::format("{}the pen was last seen at X{:.2f} Y{:.2f} Z{:.2f}", e.cause.empty() ? "" : "; ",
                               (*seen)[0], (*seen)[1], (*seen)[2]);
    return e;
}

} // namespace kf::klippy
