// SPDX-License-Identifier: MIT
#pragma once
/// A conversation with Klipper over one connection: several requests in flight, each with its own deadline, answers in
/// any order, news in between. One thread and no lock: whoever waits reads, and hands news to the handlers meanwhile.
/// Klipper cuts off a client that does not read for about 5 s, so an owner that draws or sleeps calls pump() at least
/// once a second. The emergency stop has a connection of its own, estop_line.hpp.

#include <kf/error.hpp>
#include <kf/io/clock.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/io/transport.hpp>
#include <kf/klippy/api_error.hpp>
#include <kf/klippy/objects.hpp>
#include <kf/klippy/rpc.hpp>
#include <kf/klippy/script.hpp>
#include <kf/units.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::klippy {

struct server_info {
    printer_state state = printer_state::unknown;
    std::string message; ///< state_message, all lines
    std::string software_version;
    std::string config_file;
    std::int64_t process_id = 0; ///< the same after RESTART
};

/// Objects as they were at one moment of Klipper's clock.
struct snapshot {
    seconds eventtime = 0;
    json::object status;
};

template<io::transport Transport, io::clock Clock = io::steady_clock>
class client {
  public:
    using status_handler = std::function<void(const json::object& status, seconds eventtime)>;
    using output_handler = std::function<void(std::string_view text)>;
    using push_handler = std::function<void(const push&)>;

    explicit client(Transport transport, Clock clock = {})
      : transport_(std::move(transport))
      , clock_(std::move(clock)) {}

    /// Sends a request and comes back; its answer is for wait() or take(). errc::connection_lost, errc::usage.
    [[nodiscard]] result<request_id> send(std::string_view method, const json::object& params, io::time_point until);
    /// The answer if it is in, or if it never will be (errc::timeout, errc::connection_lost). Empty while in flight.
    [[nodiscard]] std::optional<result<json::value>> take(request_id id);
    /// Reads until the answer is in or the request's deadline has passed. A late answer is dropped.
    [[nodiscard]] result<json::value> wait(request_id id);
    [[nodiscard]] result<json::value> call(std::string_view method, const json::object& params, io::time_point until) {
        KF_TRY(const request_id id, send(method, params, until));
        return wait(id);
    }
    /// Reads what is there and what comes until `until`. An error means that the connection is of no more use.
    [[nodiscard]] result<void> pump(io::time_point until);

    /// Answered in 0.3 ms in every state and whatever else goes on: the ping.
    [[nodiscard]] result<server_info> info(io::time_point until);
    /// One query for all objects; up to 250 ms when anyone has a subscription. {"toolhead": ["position"]}, null = all.
    [[nodiscard]] result<snapshot> query(const json::object& objects, io::time_point until);
    /// The same, handed over in order with the news around it: what was pushed behind the answer comes after it.
    [[nodiscard]] result<void> query(const json::object& objects, status_handler handler, io::time_point until);
    [[nodiscard]] result<std::vector<std::string>> list_objects(io::time_point until);
    /// One subscription for each connection: the next one replaces it, {} ends it. The handler gets all fields at once
    /// and then, every 250 ms at most, those that changed.
    [[nodiscard]] result<void> subscribe(json::object objects, status_handler handler, io::time_point until);
    [[nodiscard]] result<void> unsubscribe(io::time_point until) { return subscribe({}, nullptr, until); }
    /// Terminal output of every client, to show to a person. Nothing may depend on it.
    [[nodiscard]] result<void> subscribe_output(output_handler handler, io::time_point until);
    /// News that belong to neither subscription.
    void on_push(push_handler handler) { other_handler_ = std::move(handler); }

    /// errc::failed: a G-code error, lines before it were executed. errc::connection_lost: it was sent, and how much of
    /// it was executed is not known; it must not be sent again before the machine is homed.
    [[nodiscard]] result<void> send_gcode(std::string_view script, barrier b, io::time_point until) {
        KF_TRY(const request_id id, send_script(script, b, until));
        KF_CHECK(wait(id));
        return {};
    }
    [[nodiscard]] result<request_id> send_script(std::string_view script, barrier b, io::time_point until);

    [[nodiscard]] bool connected() const noexcept { return !lost_; }
    [[nodiscard]] std::size_t in_flight() const noexcept { return pending_.size(); }
    [[nodiscard]] const Clock& clock() const noexcept { return clock_; }
    [[nodiscard]] Transport& transport() noexcept { return transport_; }

  private:
    struct exchange {
        io::time_point until;
        std::string command;
        std::optional<response> answer = std::nullopt;
        std::function<void(const response&)> on_answer = nullptr; // runs in order with the pushes around it
    };

    [[nodiscard]] result<void> read_once(io::time_point until);
    [[nodiscard]] result<void> drain();
    void dispatch(push p);
    error lose(error why);
    [[nodiscard]] result<json::value> call_with(std::string_view method, const json::object& params,
                                                std::function<void(const response&)> on_answer, io::time_point until) {
        KF_TRY(const request_id id, send(method, params, until));
        if (const auto p = pending_.find(id); p != pending_.end()) p->second.on_answer = std::move(on_answer);
        return wait(id);
    }

    Transport transport_;
    Clock clock_;
    message_decoder decoder_;
    std::map<request_id, exchange> pending_;
    request_id last_id_ = 0;
    std::optional<error> lost_;
    status_handler status_handler_;
    output_handler output_handler_;
    push_handler other_handler_;
};

namespace detail {

[[nodiscard]] inline result<snapshot> snapshot_from(const json::value& value) {
    const json::object& o = io::as_object(value);
    const auto at = io::value_at<double>(o, "eventtime");
    const auto status = io::value_at<const json::object*>(o, "status");
    if (at && status) return snapshot{*at, **status};
    return kf::fail(errc::protocol, "Klipper's status is not a status");
}

/// A request that takes longer than this to hand over will not get through at all: Klipper reads when it can.
inline constexpr std::chrono::seconds write_limit{5};

} // namespace detail

template<io::transport T, io::clock C>
error client<T, C>::lose(error why) {
    // A peer that breaks its protocol is as lost as one that is gone, but the reason stays what it was.
    if (why.code == errc::io) why.code = errc::connection_lost;
    if (why.code == errc::connection_lost) why.what = "the connection to Klipper was lost: " + why.what;
    if (!lost_) lost_ = why;
    return *lost_;
}

template<io::transport T, io::clock C>
result<request_id> client<T, C>::send(std::string_view method, const json::object& params, io::time_point until) {
    if (lost_) return kf::fail(*lost_);
    KF_TRY(const io::bytes out, request(last_id_ + 1, method, params));
    const request_id id = ++last_id_;
    const auto write_until = std::max(std::min(until, clock_.now() + detail::write_limit), clock_.now());
    if (auto sent = transport_.write_all(out, write_until); !sent) {
        // Half a request may be out: nothing readable can follow it on this connection. What came in before stays.
        while (read_once(clock_.now())) {}
        error e = std::move(sent).error();
        if (e.code == errc::timeout)
            e = error{errc::connection_lost, "Klipper does not read", "it hangs, or the machine is overloaded"};
        return kf::fail(lose(std::move(e)));
    }
    std::string command(method);
    if (const auto script = io::value_at<std::string_view>(params, "script")) command = shown_command(*script);
    pending_.emplace(id, exchange{until, std::move(command)});
    return id;
}

template<io::transport T, io::clock C>
std::optional<result<json::value>> client<T, C>::take(request_id id) {
    const auto p = pending_.find(id);
    if (p == pending_.end()) return kf::fail(errc::usage, "no such request is in flight");
    exchange& x = p->second;
    std::optional<result<json::value>> out;
    if (x.answer && x.answer->error_text)
        out = kf::fail(api_error(*x.answer->error_text, x.command));
    else if (x.answer)
        out = std::move(x.answer->value);
    else if (lost_) {
        error e = *lost_;
        e.command = x.command;
        if (e.cause.empty()) e.cause = "it was sent; how much of it Klipper has done is not known";
        out = kf::fail(std::move(e));
    } else if (clock_.now() >= x.until)
        out = kf::fail({errc::timeout, "Klipper did not answer in time", "it may still do what was asked", x.command});
    if (out) pending_.erase(p);
    return out;
}

template<io::transport T, io::clock C>
result<json::value> client<T, C>::wait(request_id id) {
    for (;;) {
        // Read before the clock is asked: an answer that lies there since before the deadline is an answer.
        // How reading failed is told by take(), together with the command that it hit.
        if (const auto p = pending_.find(id); p != pending_.end() && !p->second.answer)
            (void)read_once(p->second.until);
        if (auto answer = take(id)) return std::move(*answer);
    }
}

template<io::transport T, io::clock C>
result<void> client<T, C>::pump(io::time_point until) {
    // What came in before the end is read to its end, but a peer that never stops sending does not keep us.
    for (int late_reads = 0; late_reads < 64; late_reads += clock_.now() >= until ? 1 : 0)
        if (auto read = read_once(until); !read) {
            if (read.error().code != errc::timeout || lost_) return read;
            return {};
        }
    return {};
}

template<io::transport T, io::clock C>
result<void> client<T, C>::read_once(io::time_point until) {
    if (lost_) return kf::fail(*lost_);
    std::array<std::uint8_t, 16384> buffer;
    auto n = transport_.read_some(buffer, until);
    if (!n) {
        if (n.error().code == errc::timeout) return kf::fail(std::move(n).error());
        return kf::fail(lose(std::move(n).error()));
    }
    decoder_.feed(io::byte_view(buffer.data(), *n));
    return drain();
}

template<io::transport T, io::clock C>
result<void> client<T, C>::drain() {
    while (auto m = decoder_.next()) {
        if (!*m) return kf::fail(lose(std::move(*m).error()));
        if (auto* news = std::get_if<push>(&**m)) {
            dispatch(std::move(*news));
            continue;
        }
        response& r = std::get<response>(**m);
        if (r.id < 1 || r.id > last_id_)
            return kf::fail(lose({errc::protocol, fmt::format("Klipper answered request {}, never made", r.id)}));
        const auto p = pending_.find(r.id);
        if (p == pending_.end() || p->second.answer) continue; // nobody waits for it any more
        p->second.answer = std::move(r);
        if (const auto hook = p->second.on_answer) hook(*p->second.answer);
    }
    return {};
}

template<io::transport T, io::clock C>
void client<T, C>::dispatch(push p) {
    // By form, not by key: templates are the business of who subscribed, and replaced ones may still be under way.
    if (p.params.contains("status")) {
        if (auto s = detail::snapshot_from(p.params); s && status_handler_) {
            const auto handler = status_handler_; // it may subscribe anew
            handler(s->status, s->eventtime);
            return;
        }
    }
    if (const auto text = io::value_at<std::string_view>(p.params, "response"); text && output_handler_) {
        const auto handler = output_handler_;
        handler(*text);
        return;
    }
    if (other_handler_) other_handler_(p);
}

template<io::transport T, io::clock C>
result<server_info> client<T, C>::info(io::time_point until) {
    KF_TRY(const json::value v, call("info", {}, until));
    const json::object* o = v.if_object();
    if (o == nullptr) return kf::fail(errc::protocol, "Klipper's info is not an object");
    server_info out;
    std::string state;
    io::json_fields f(*o);
    f.read("state", state);
    f.read("state_message", out.message);
    f.read("software_version", out.software_version);
    f.read("config_file", out.config_file);
    f.read("process_id", out.process_id);
    if (f.fault()) return kf::fail(detail::unknown_form("info", *f.fault()));
    out.state = printer_state_from(state);
    return out;
}

template<io::transport T, io::clock C>
result<snapshot> client<T, C>::query(const json::object& objects, io::time_point until) {
    KF_TRY(const json::value v, call("objects/query", {{"objects", objects}}, until));
    return detail::snapshot_from(v);
}

template<io::transport T, io::clock C>
result<void> client<T, C>::query(const json::object& objects, status_handler handler, io::time_point until) {
    result<void> handed;
    const auto hand_over = [&](const response& r) {
        if (r.error_text) return;
        if (auto now = detail::snapshot_from(r.value))
            handler(now->status, now->eventtime);
        else
            handed = kf::fail(std::move(now).error());
    };
    KF_CHECK(call_with("objects/query", {{"objects", objects}}, hand_over, until));
    return handed;
}

template<io::transport T, io::clock C>
result<std::vector<std::string>> client<T, C>::list_objects(io::time_point until) {
    KF_TRY(const json::value v, call("objects/list", {}, until));
    std::vector<std::string> out;
    const auto list = io::value_at<const json::array*>(io::as_object(v), "objects");
    if (!list) return kf::fail(errc::protocol, "Klipper's list of objects is not a list");
    for (const json::value& entry : **list)
        if (auto name = io::value_as<std::string>(entry)) out.push_back(*std::move(name));
    return out;
}

template<io::transport T, io::clock C>
result<void> client<T, C>::subscribe(json::object objects, status_handler handler, io::time_point until) {
    // The handler changes exactly at the answer: news before it belong to the subscription that is replaced.
    const auto take_over = [this, &handler](const response& r) {
        if (r.error_text) return;
        status_handler_ = handler;
        if (auto first = detail::snapshot_from(r.value); first && handler) handler(first->status, first->eventtime);
    };
    KF_TRY(const json::value v,
           call_with("objects/subscribe",
                     {{"objects", std::move(objects)}, {"response_template", json::object{{"kf", "status"}}}},
                     take_over, until));
    if (auto first = detail::snapshot_from(v); !first) return kf::fail(std::move(first).error());
    return {};
}

template<io::transport T, io::clock C>
result<void> client<T, C>::subscribe_output(output_handler handler, io::time_point until) {
    const auto take_over = [this, &handler](const response& r) {
        if (!r.error_text) output_handler_ = handler;
    };
    KF_CHECK(
        call_with("gcode/subscribe_output", {{"response_template", json::object{{"kf", "output"}}}}, take_over, until));
    return {};
}

template<io::transport T, io::clock C>
result<request_id> client<T, C>::send_script(std::string_view script, barrier b, io::time_point until) {
    KF_CHECK(check_script(script));
    return send("gcode/script", {{"script", with_barrier(script, b)}}, until);
}

} // namespace kf::klippy
