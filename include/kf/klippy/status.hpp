// SPDX-License-Identifier: MIT
#pragma once
/// What may be believed of what Klipper says about itself, kept up to date by merging the partial objects of a
/// subscription. Klipper samples every 250 ms, and some fields say what is not so: a position after a shutdown, one
/// live position of zero after a quiet spell, axes that count as homed while they are being homed, a job that is
/// complete before the pen stops. Unknown is never taken for idle.

#include <kf/error.hpp>
#include <kf/klippy/objects.hpp>
#include <kf/klippy/rpc.hpp>
#include <kf/units.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace kf::klippy {

/// A job of virtual_sdcard as a person would see it.
enum class job_state {
    unknown,
    none,
    printing,
    paused,
    stalled,   ///< Klipper stopped reading (a byte that is not UTF-8, a shutdown) and calls that a pause
    finishing, ///< the file is read to its end, the pen still moves
    done,
    cancelled,
    failed
};

[[nodiscard]] constexpr const char* name(job_state s) noexcept {
    switch (s) {
    case job_state::unknown: return "unknown";
    case job_state::none: return "none";
    case job_state::printing: return "printing";
    case job_state::paused: return "paused";
    case job_state::stalled: return "stalled";
    case job_state::finishing: return "finishing";
    case job_state::done: return "done";
    case job_state::cancelled: return "cancelled";
    case job_state::failed: return "failed";
    }
    return "unknown";
}

struct printer_status {
    seconds eventtime = 0; ///< Klipper's clock
    webhooks_status webhooks;
    // Empty: not asked for, or not in this printer's configuration (then its name is in `absent`).
    std::optional<toolhead_status> toolhead = std::nullopt;
    std::optional<motion_status> motion_report = std::nullopt;
    std::optional<gcode_move_status> gcode_move = std::nullopt;
    std::optional<virtual_sdcard_status> virtual_sdcard = std::nullopt;
    std::optional<print_stats_status> print_stats = std::nullopt;
    std::optional<pause_resume_status> pause_resume = std::nullopt;
    std::optional<idle_timeout_status> idle_timeout = std::nullopt;
    std::set<std::string> absent = {}; ///< asked for, and Klipper has no such object

    /// Takes the "status" of a query, of the answer to a subscription (all fields) or of a push (those that changed).
    /// errc::protocol: a field has another type than Klipper documents.
    [[nodiscard]] result<void> merge(const json::object& status, seconds at);

    [[nodiscard]] bool ready() const noexcept { return webhooks.state == printer_state::ready; }
    /// Where the last accepted move ends. Empty when unknown, which it is from a shutdown on.
    [[nodiscard]] std::optional<xyz> position() const;
    /// Where the pen is now, to one tick. Empty when unknown.
    [[nodiscard]] std::optional<xyz> live_position() const;
    /// What Klipper added to every coordinate when it was last seen; nothing when it did not say.
    [[nodiscard]] xyz base() const noexcept { return gcode_move ? gcode_move->base() : xyz{}; }
    /// The last live position from before Klipper stopped: history, not the present.
    [[nodiscard]] std::optional<xyz> last_seen() const noexcept { return trusted_live_; }
    /// Whether all of `axes` ("xyz") are homed. Empty when unknown: not ready, or a homing of ours is under way.
    [[nodiscard]] std::optional<bool> homed(std::string_view axes) const;
    /// Between sending G28 and its answer homed() knows nothing: Klipper counts an axis from the start of its homing.
    void homing_begins() noexcept { homing_ = true; }
    void homing_ended() noexcept { homing_ = false; }
    [[nodiscard]] job_state job() const;

  private:
    bool homing_ = false;
    std::optional<xyz> trusted_live_;
    seconds last_motion_ = -std::numeric_limits<double>::infinity(); // eventtime

    void trust_live_position(seconds at);
};

/// The objects that heat, out of objects/list. A temperature_fan also has a target, but only cools.
[[nodiscard]] inline bool is_heater(std::string_view object) noexcept {
    return object == "heater_bed" || object.starts_with("heater_generic ") ||
           (object.starts_with("extruder") && object.find_first_not_of("0123456789", 8) == std::string_view::npos);
}

/// What position displays, job progress and guards look at. Fields are listed, because "all of toolhead" would
/// change, and be sent, every 250 ms for ever.
[[nodiscard]] inline json::object state_objects() {
    return {{"webhooks", json::array{"state", "state_message"}},
            {"toolhead", json::array{"homed_axes", "position"}},
            {"motion_report", json::array{"live_position", "live_velocity"}},
            {"gcode_move",
             json::array{"speed_factor", "absolute_coordinates", "homing_origin", "position", "gcode_position"}},
            {"virtual_sdcard", json::array{"file_path", "progress", "is_active", "file_position", "file_size"}},
            {"print_stats", json::array{"state", "filename", "message", "total_duration"}},
            {"pause_resume", json::array{"is_paused"}},
            {"idle_timeout", json::array{"state", "idle_timeout"}}};
}

inline result<void> printer_status::merge(const json::object& status, seconds at) {
    eventtime = at;
    for (const auto& [object_name, fields] : status) {
        const std::string object(object_name);
        if (!fields.is_object())
            return kf::fail(errc::protocol, fmt::format("Klipper's object {} is not an object", object));
        const json::object& changed = fields.get_object();
        if (changed.empty()) {
            absent.insert(object); // this is how Klipper answers for an object that it does not have
            continue;
        }
        absent.erase(object);
        io::json_fields f(changed);
        const auto into = [&](auto& s) { detail::read(f, detail::value_of(s)); };
        if (object == "webhooks")
            into(webhooks);
        else if (object == "toolhead")
            into(toolhead);
        else if (object == "motion_report")
            into(motion_report);
        else if (object == "gcode_move")
            into(gcode_move);
        else if (object == "print_stats")
            into(print_stats);
        else if (object == "pause_resume")
            into(pause_resume);
        else if (object == "idle_timeout")
            into(idle_timeout);
        else if (object == "virtual_sdcard") {
            into(virtual_sdcard);
            // Here null is a value: the file was closed.
            if (const json::value* path = changed.if_contains("file_path"); path != nullptr && path->is_null())
                virtual_sdcard->file_path.clear();
        }
        if (f.fault()) return kf::fail(detail::unknown_form(object, *f.fault()));
    }
    if (status.contains("motion_report") || status.contains("toolhead")) trust_live_position(at);
    return {};
}

/// After more than 30 s without motion the first sample of a new move is once [0,0,0] at rest, as Klipper's history has
/// run out. Such a zero is believed only when motion was seen lately or when a move to zero was asked for.
inline void printer_status::trust_live_position(seconds at) {
    if (!motion_report || !ready()) return; // from a shutdown on it goes on through the plan that was cancelled
    if (motion_report->moves()) last_motion_ = at;
    const auto all_zero = [](const xyz& p) { return std::ranges::all_of(p, [](mm v) { return v == 0; }); };
    const bool history_ran_out = all_zero(motion_report->live_position) && !motion_report->moves() && trusted_live_ &&
                                 !all_zero(*trusted_live_) && at - last_motion_ > 25.0;
    if (history_ran_out && !(toolhead && all_zero(toolhead->position))) return;
    trusted_live_ = motion_report->live_position;
}

inline std::optional<xyz> printer_status::position() const {
    if (!ready() || !toolhead) return std::nullopt;
    return toolhead->position;
}

inline std::optional<xyz> printer_status::live_position() const {
    if (!ready()) return std::nullopt;
    return trusted_live_;
}

inline std::optional<bool> printer_status::homed(std::string_view axes) const {
    if (!ready() || !toolhead || homing_) return std::nullopt;
    return std::ranges::all_of(axes, [&](char a) { return toolhead->homed_axes.find(a) != std::string::npos; });
}

inline job_state printer_status::job() const {
    if (!print_stats) return absent.contains("print_stats") ? job_state::none : job_state::unknown;
    const bool stopped = webhooks.state == printer_state::shutdown || webhooks.state == printer_state::error;
    switch (print_stats->state) {
    case print_state::unknown: return job_state::unknown;
    case print_state::standby: return job_state::none;
    case print_state::printing: return stopped ? job_state::stalled : job_state::printing;
    case print_state::paused:
        if (stopped) return job_state::stalled;
        return pause_resume && !pause_resume->is_paused ? job_state::stalled : job_state::paused;
    case print_state::complete: {
        // Complete means read to the end: up to 2 s of motion may be left, unless the file ends in M400.
        const bool moving = (idle_timeout && idle_timeout->state == motion_state::printing) ||
                            (motion_report && motion_report->moves());
        return moving ? job_state::finishing : job_state::done;
    }
    case print_state::cancelled: return job_state::cancelled;
    case print_state::error: return job_state::failed;
    }
    return job_state::unknown;
}

} // namespace kf::klippy
