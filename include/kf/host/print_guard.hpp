// SPDX-License-Identifier: MIT
#pragma once
/// May the printer be stopped now? Asked at the start of a flash and again right before the stop, of klippy itself and
/// of Moonraker: the stricter wins. A print, a move, a pause, a hot heater, a plot's lock: no. Cannot be known, be it
/// because nobody answers or because it cannot be seen: no, unless the person said --assume-idle. look_at_printers()
/// asks, demand_idle() is pure.

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
#include <initializer_list>
#include <string>
#include <tuple>
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

/// The reason why this printer must not be stopped; nothing when it is idle. `unknown` tells a refusal because
/// something could not be read from one because something is going on.
struct objection {
    std::string reason;
    bool unknown = false;
};

namespace detail {
[[nodiscard]] inline bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}
} // namespace detail

[[nodiscard]] inline std::optional<objection> objection_to_stop(const printer_activity& a) {
    if (a.state.empty()) return objection{"klippy does not say in which state it is", true};
    // In startup, shutdown and error no move and no heater can be on: klippy has no running MCU to command.
    if (a.state == "startup" || a.state == "shutdown" || a.state == "error") return std::nullopt;
    if (a.state != "ready") return objection{"klippy is in a state that kflash does not know: " + a.state, true};
    if (!a.unreadable.empty()) return objection{a.unreadable, true};
    if (a.print_state == "printing" || a.print_state == "paused") {
        const std::string percent =
            a.progress ? fmt::format(", {} % done", static_cast<int>(*a.progress * 100)) : std::string{};
        return objection{fmt::format("{} is {}{}", a.filename.empty() ? "a print" : a.filename,
                                     a.print_state == "paused" ? "paused" : "being printed", percent)};
    }
    if (a.has_print_stats && a.print_state.empty()) return objection{"klippy does not say whether it prints", true};
    if (!detail::is_one_of(a.print_state, {"", "standby", "complete", "cancelled", "error"}))
        return objection{"print_stats is in a state that kflash does not know: " + a.print_state, true};
    if (a.sd_active) return objection{"a file is being printed"};
    if (a.paused) return objection{"a print is paused"};
    if (a.idle_state.empty()) return objection{"klippy does not say whether something moves", true};
    if (a.idle_state == "Printing" || a.moving) return objection{"the printer is moving or running a macro"};
    if (!detail::is_one_of(a.idle_state, {"Idle", "Ready"}))
        return objection{"idle_timeout is in a state that kflash does not know: " + a.idle_state, true};
    if (!a.hot.empty()) {
        std::string list;
        for (const auto& h : a.hot) list += (list.empty() ? "" : ", ") + h;
        return objection{"heaters are on: " + list};
    }
    if (!a.mute.empty()) return objection{"klippy does not say whether " + a.mute.front() + " is heated", true};
    return std::nullopt;
}

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

struct guard_options {
    bool assume_idle = false;           ///< the person takes "cannot be known" upon himself
    std::string said = "--assume-idle"; ///< by this word
    io::duration patience = std::chrono::seconds(5);
    /// Whether a printer has anything to do with the board; empty: every printer has. One that could not be asked has.
    std::function<bool(const printer_activity&)> concerns = {};
    /// Not only look at the plot lock of each printer but hold it, under this name, as long as the proof lives: no plot
    /// can start between the question and the stop. Empty: only look.
    std::string hold_as = {};
    second_source moonraker = {};
};

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

/// A printer that has to do with the board, and is idle.
struct idle_printer {
    klippy_instance instance;
    std::string state; ///< as klippy said it; empty when it could not be asked
    fs::path plot_lock = {};
};
/// What a person took upon himself with --assume-idle.
struct assumption {
    enum class kind {
        no_socket,     ///< nobody can ask it
        silent,        ///< it does not answer
        unclear,       ///< its answer does not say whether it is idle
        other_process, ///< somebody else answers in its place
    };
    std::string whose; ///< the unit of that klippy, or its socket
    kind why = kind::no_socket;
    std::string text; ///< with what was seen just now: a process, an error
};
struct idle_printers {
    std::vector<idle_printer> printers;
    std::vector<assumption> assumptions;
};

/// The printers that have to do with the board; errc::refused when one of them is not idle.
[[nodiscard]] inline result<idle_printers> demand_idle(const std::vector<printer_sight>& sights,
                                                       const guard_options& options) {
    idle_printers idle;
    const auto refuse = [](const std::string& what, std::vector<std::string> steps) {
        return kf::fail(
            error{errc::refused, what, "flashing stops Klipper, whatever it is doing", {}, std::move(steps)});
    };
    using enum assumption::kind;
    const auto unknown = [&](const printer_sight& s, assumption::kind kind, const std::string& why) -> result<void> {
        const klippy_instance& k = s.instance;
        const std::string what = k.seen() ? fmt::format("klippy runs (process {}) but {}", k.process.pid, why)
                                          : fmt::format("{}; klippy {}", k.evidence, why);
        if (options.assume_idle) {
            idle.assumptions.push_back(
                {k.process.unit.empty() ? k.socket : k.process.unit, kind, what + "; you said " + options.said});
            return {};
        }
        std::vector<std::string> steps{"look at the printer: if it is idle, run again with --assume-idle",
                                       k.seen() ? "klippy needs its API socket: start it with -a /tmp/klippy_uds"
                                                : "to see every process, run it as root: sudo kflash ..."};
        // Moonraker could have told, and says why it did not.
        if (!s.by_moonraker && s.by_moonraker.error().code != errc::not_connected)
            steps.push_back(fmt::format("or ask Moonraker: {}", s.by_moonraker.error().what));
        return refuse(what, std::move(steps));
    };
    const std::vector<std::string> wait{"wait until it is done, or cancel it and turn the heaters off",
                                        "then run this again"};
    for (const auto& s : sights) {
        const auto& k = s.instance;
        const auto& [activity, plot, plot_lock] = std::tie(s.activity, s.plot, s.plot_lock);
        const auto not_concerned = [&](const printer_activity& a) { return options.concerns && !options.concerns(a); };
        const bool moonraker_knows = s.moonraker_means_it() && !objection_to_stop(*s.by_moonraker);
        if (s.moonraker_means_it() && !activity && not_concerned(*s.by_moonraker)) continue;
        // A stranger's answer is good enough for a no, never for a yes: it has to come from the process that the
        // service manager names, or no process is named at all.
        const bool its_own_word = k.seen() || k.process.pid == 0 || (activity && activity->listener == k.process.pid);
        if (activity && its_own_word && not_concerned(*activity)) continue;
        // Moonraker's no counts, whoever's klippy it speaks of; its yes only for this very process.
        if (s.by_moonraker && !not_concerned(*s.by_moonraker))
            if (const auto v = objection_to_stop(*s.by_moonraker); v && !v->unknown)
                return refuse(v->reason + " (by Moonraker)", wait);
        if (k.socket.empty()) {
            if (!moonraker_knows)
                KF_CHECK(unknown(s, no_socket, "has no API socket, so nobody can ask it what it does"));
            idle.printers.push_back({k, moonraker_knows ? s.by_moonraker->state : std::string()});
            continue;
        }
        // A lock that cannot be looked at is not waived: a plot that moves is what it stands for.
        if (!plot) return refuse(plot.error().what, {"end what plots on " + k.socket, "then run this again"});
        if (!plot->empty()) return refuse("a plot is running: " + *plot, {"wait for it to end, or cancel it"});
        if (!activity) {
            if (!moonraker_knows) KF_CHECK(unknown(s, silent, "does not answer: " + activity.error().what));
            idle.printers.push_back({k, moonraker_knows ? s.by_moonraker->state : std::string(), plot_lock});
            continue;
        }
        if (const auto v = objection_to_stop(*activity)) {
            if (!v->unknown) return refuse(v->reason, wait);
            KF_CHECK(unknown(s, unclear, v->reason));
        } else if (!its_own_word && !moonraker_knows)
            KF_CHECK(
                unknown(s, other_process, fmt::format("cannot be asked: {} is answered by another process", k.socket)));
        idle.printers.push_back({k, activity->state, plot_lock});
    }
    return idle;
}

/// The proof that nothing would be disturbed: only check_idle() makes one.
class idle_proof {
  public:
    /// The printers that have to do with the board, all idle.
    [[nodiscard]] const std::vector<idle_printer>& printers() const { return idle_.printers; }
    [[nodiscard]] const std::vector<assumption>& assumptions() const { return idle_.assumptions; }

  private:
    friend result<idle_proof> check_idle(const std::vector<klippy_instance>&, const guard_options&);
    idle_printers idle_;
    std::vector<io::file_lock> held_;
};

[[nodiscard]] inline result<idle_proof> check_idle(const std::vector<klippy_instance>& instances,
                                                   const guard_options& options) {
    idle_proof proof;
    KF_TRY(proof.idle_, demand_idle(look_at_printers(instances, options.patience, options.moonraker), options));
    if (options.hold_as.empty()) return proof;
    for (const auto& p : proof.idle_.printers) {
        if (p.instance.socket.empty()) continue;
        auto lock = klippy::lock_printer(p.instance.socket, options.hold_as);
        if (!lock) return kf::fail(std::move(lock).error()); // one began just now, or the folder cannot be written
        proof.held_.push_back(std::move(*lock));
    }
    return proof;
}

} // namespace kf::host
