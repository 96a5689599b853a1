// SPDX-License-Identifier: MIT
#pragma once
/// May the printer be stopped now? Asked at the start of a flash and again right before the stop, of klippy itself and
/// of Moonraker: the stricter wins. A print, a move, a pause, a hot heater, a plot's lock: no. Cannot be known, be it
/// because nobody answers or because it cannot be seen: no, unless the person said --assume-idle.
/// host/printer_activity.hpp asks, demand_idle() is pure.

#include <kf/host/printer_activity.hpp>
#include <kf/klippy/socket_lock.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace kf::host {

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
    const auto refuse = [&](const printer_sight& s, const std::string& what, std::vector<std::string> steps) {
        const std::string whose = sights.size() < 2 || s.instance.name().empty() ? "" : s.instance.name() + ": ";
        return kf::fail(
            error{errc::refused, whose + what, "flashing stops Klipper, whatever it is doing", {}, std::move(steps)});
    };
    using enum assumption::kind;
    const auto unknown = [&](const printer_sight& s, assumption::kind kind, const std::string& why) -> result<void> {
        const klippy_instance& k = s.instance;
        const std::string what = k.seen() ? fmt::format("klippy runs (process {}) but {}", k.process.pid, why)
                                          : fmt::format("{}; klippy {}", k.evidence, why);
        if (options.assume_idle) {
            idle.assumptions.push_back({k.name(), kind, what + "; you said " + options.said});
            return {};
        }
        std::vector<std::string> steps{"look at the printer: if it is idle, run again with --assume-idle",
                                       k.seen() ? "klippy needs its API socket: start it with -a /tmp/klippy_uds"
                                                : "to see every process, run it as root: sudo kflash ..."};
        // Moonraker could have told, and says why it did not.
        if (!s.by_moonraker && s.by_moonraker.error().code != errc::not_connected)
            steps.push_back(fmt::format("or ask Moonraker: {}", s.by_moonraker.error().what));
        return refuse(s, what, std::move(steps));
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
                return refuse(s, v->reason + " (by Moonraker)", wait);
        if (k.socket.empty()) {
            if (!moonraker_knows)
                KF_CHECK(unknown(s, no_socket, "has no API socket, so nobody can ask it what it does"));
            idle.printers.push_back({k, moonraker_knows ? s.by_moonraker->state : std::string()});
            continue;
        }
        // A lock that cannot be looked at is not waived: a plot that moves is what it stands for.
        if (!plot) return refuse(s, plot.error().what, {"end what plots on " + k.socket, "then run this again"});
        if (!plot->empty()) return refuse(s, "a plot is running: " + *plot, {"wait for it to end, or cancel it"});
        if (!activity) {
            if (!moonraker_knows) KF_CHECK(unknown(s, silent, "does not answer: " + activity.error().what));
            idle.printers.push_back({k, moonraker_knows ? s.by_moonraker->state : std::string(), plot_lock});
            continue;
        }
        if (const auto v = objection_to_stop(*activity)) {
            if (!v->unknown) return refuse(s, v->reason, wait);
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
