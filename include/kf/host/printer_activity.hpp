// SPDX-License-Identifier: MIT
#pragma once
/// What each printer does at one instant: asked of klippy itself, and of Moonraker where that may speak of it. What was
/// not said stays unsaid; host/print_guard.hpp says what that means.

#include <kf/host/klippy_survey.hpp>
#include <kf/host/mcu_facts.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/io/unix_socket.hpp>
#include <kf/klippy/client.hpp>
#include <kf/klippy/socket_lock.hpp>
#include <kf/klippy/status.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::host {

/// What one klippy is doing, as far as it said. An empty string was not said.
struct printer_activity {
    std::string state, state_message; ///< ready, startup, shutdown, error
    bool has_print_stats = false;
    std::string print_state, filename;   ///< print_stats
    std::optional<double> progress = {}; ///< virtual_sdcard, 0 to 1
    bool sd_active = false, paused = false, moving = false;
    std::string unreadable = {};        ///< a field in another form than Klipper documents, as a sentence
    std::string idle_state;             ///< idle_timeout: "Printing" means any motion
    std::vector<std::string> hot = {};  ///< heaters that have a target: "extruder (210 C)"
    std::vector<std::string> mute = {}; ///< heaters that did not say their target
    std::vector<mcu_facts> mcus = {};
    int listener = 0;         ///< the process that answered; 0 when it is not known
    std::int64_t process = 0; ///< klippy's, by its own word
};

namespace detail {

namespace json = boost::json;

inline constexpr std::array activity_objects{"webhooks",     "print_stats",  "virtual_sdcard",
                                             "pause_resume", "idle_timeout", "motion_report"};

inline void take_status(printer_activity& a, const json::object& status, const std::vector<std::string>& heaters) {
    // Between info and here the state may have changed; webhooks came with the rest.
    if (const auto state = io::text_at(io::object_at(status, "webhooks"), "state"); !state.empty())
        a.state = state;
    else if (a.state == "ready")
        a.state.clear();
    // Klipper's objects have one reader, klippy/status; only the words that it does not know are kept as they are.
    klippy::printer_status now;
    json::object known;
    for (const char* name : activity_objects)
        if (const auto* o = status.if_contains(name)) known[name] = *o;
    if (const auto read = now.merge(known, 0); !read) a.unreadable = read.error().what;
    a.print_state = io::text_at(io::object_at(status, "print_stats"), "state");
    a.idle_state = io::text_at(io::object_at(status, "idle_timeout"), "state");
    if (now.print_stats) a.filename = now.print_stats->filename;
    if (now.virtual_sdcard) a.sd_active = now.virtual_sdcard->is_active;
    a.progress = io::value_at<double>(io::object_at(status, "virtual_sdcard"), "progress");
    if (now.pause_resume) a.paused = now.pause_resume->is_paused;
    if (now.motion_report) a.moving = now.motion_report->moves();
    for (const auto& name : heaters) {
        const auto target = io::value_at<double>(io::object_at(status, name), "target");
        if (!target)
            a.mute.push_back(name);
        else if (*target > 0)
            a.hot.push_back(fmt::format("{} ({:.0f} C)", name, *target));
    }
    a.mcus = read_mcus(status);
}

} // namespace detail

/// Asks over an open connection. `call(method, params) -> result<json::value>`.
template<class Call>
[[nodiscard]] result<printer_activity> read_activity(Call&& call) {
    using namespace detail;
    printer_activity a;
    KF_TRY(const json::value info, call("info", json::object{}));
    if (!info.is_object()) return kf::fail(errc::protocol, "klippy's info is not an object");
    a.state = io::text_at(info.as_object(), "state");
    a.state_message = io::text_at(info.as_object(), "state_message");
    a.process = io::value_at<std::int64_t>(info.as_object(), "process_id").value_or(0);
    KF_TRY(const json::value list, call("objects/list", json::object{}));
    json::object wanted;
    std::vector<std::string> heaters;
    const auto names = io::value_at<const json::array*>(io::as_object(list), "objects");
    if (!names) return kf::fail(errc::protocol, "klippy's list of objects is not a list");
    for (const auto& n : **names) {
        const auto name = io::value_as<std::string_view>(n).value_or("");
        if (name == "print_stats") a.has_print_stats = true;
        if (is_mcu(name)) wanted[name] = mcu_fields();
        if (!klippy::is_heater(name)) continue;
        wanted[name] = json::array{"target"};
        heaters.emplace_back(name);
    }
    for (const char* name : activity_objects) wanted[name] = nullptr;
    wanted["motion_report"] = json::array{"live_velocity"};
    wanted["configfile"] = config_fields();
    KF_TRY(const json::value answer, call("objects/query", json::object{{"objects", wanted}}));
    if (!answer.is_object()) return kf::fail(errc::protocol, "klippy's status is not an object");
    detail::take_status(a, io::object_at(answer.as_object(), "status"), heaters);
    return a;
}

/// Over klippy's socket, within `patience`.
[[nodiscard]] inline result<printer_activity> ask_printer(const std::string& socket, io::duration patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    KF_TRY(auto connection, io::unix_socket::connect(socket, until));
    const auto peer = connection.peer();
    klippy::client<io::unix_socket> client(std::move(connection));
    KF_TRY(auto activity, read_activity([&](std::string_view method, const boost::json::object& params) {
               return client.call(method, params, until);
           }));
    activity.listener = peer ? peer->pid : 0;
    follow_ports(activity.mcus);
    return activity;
}

/// Somebody else who asks klippy for us: Moonraker. Empty: there is none to ask.
using second_source = std::function<result<printer_activity>(io::duration patience)>;

/// One printer as it was met: what it said, and who plots on it.
struct printer_sight {
    klippy_instance instance;
    result<printer_activity> activity = kf::fail(errc::not_connected, "was not asked"); ///< never, without a socket
    result<std::string> plot = std::string{};                                           ///< empty: nobody
    fs::path plot_lock = {};                                                            ///< where that is looked for
    /// What Moonraker said, if it may speak of this printer.
    result<printer_activity> by_moonraker = kf::fail(errc::not_connected, "was not asked");

    /// What is known of it: its own word, or else Moonraker's. Null: nobody's.
    [[nodiscard]] const printer_activity* word() const {
        return activity ? &*activity : by_moonraker ? &*by_moonraker : nullptr;
    }
    /// Its klippy is this process, and not only perhaps.
    [[nodiscard]] bool moonraker_means_it() const {
        return by_moonraker && instance.process.pid != 0 && by_moonraker->process == instance.process.pid;
    }
};

/// A Moonraker whose klippy is none of these processes (it may be in a container) may speak of each of them.
inline void ask_moonraker(std::vector<printer_sight>& sights, const second_source& moonraker, io::duration patience) {
    if (!moonraker || sights.empty()) return;
    const auto word = moonraker(patience);
    const bool known = word && std::ranges::any_of(sights, [&](const printer_sight& s) {
                           return s.instance.process.pid != 0 && s.instance.process.pid == word->process;
                       });
    for (auto& s : sights)
        if (!known || s.instance.process.pid == word->process) s.by_moonraker = word;
}

[[nodiscard]] inline std::vector<printer_sight> look_at_printers(const std::vector<klippy_instance>& instances,
                                                                 io::duration patience = std::chrono::seconds(5),
                                                                 const second_source& moonraker = {}) {
    std::vector<printer_sight> sights;
    for (const auto& k : instances) {
        sights.push_back({k});
        if (k.socket.empty()) continue;
        sights.back().activity = ask_printer(k.socket, patience);
        sights.back().plot = klippy::printer_lock_holder(k.socket);
        sights.back().plot_lock = klippy::lock_path(k.socket);
    }
    ask_moonraker(sights, moonraker, patience);
    return sights;
}

} // namespace kf::host
