// SPDX-License-Identifier: MIT
#pragma once
/// [delayed_gcode NAME] of the simulated printer: a script that runs by itself, between the lines of whatever else
/// runs. It may move the machine in the middle of a drawing. UPDATE_DELAYED_GCODE sets when; in the script itself it
/// makes the next time.

#include <kf/sim/gcode_host.hpp>

#include <fmt/format.h>

#include <list>
#include <optional>
#include <string>
#include <utility>

namespace kf::sim {

class delayed_gcodes {
  public:
    delayed_gcodes(reactor& r, gcode_host& g, const printer_config& c)
      : reactor_(r)
      , gcode_(g)
      , config_(c) {
        for (const auto& d : c.delayed) all_.push_back({d, d.initial_duration});
        if (!all_.empty())
            g.add_simple("UPDATE_DELAYED_GCODE", [this](const planner::gcode_line& l) { return update(l); });
    }

    /// The printer is ready.
    void start() {
        for (one& d : all_)
            if (d.duration > 0) run_at(d, reactor_.now() + d.duration);
    }

  private:
    struct one {
        const delayed_gcode_config& config;
        seconds duration;
        std::optional<reactor::timer> timer = {};
        bool runs = false;
        bool again = false; ///< its own script asked for a next time
    };

    void run_at(one& d, seconds at) {
        d.timer = reactor_.call_at(at, [this, &d] {
            d.timer.reset();
            reactor_.spawn(run(d));
        });
    }
    task<> run(one& d) {
        const seconds began = reactor_.now();
        d.runs = true;
        (void)co_await gcode_.run_section(d.config.gcode); // what goes wrong is told as output only
        d.runs = false;
        if (std::exchange(d.again, false)) run_at(d, began + d.duration);
    }
    gcode_answer update(const planner::gcode_line& line);

    reactor& reactor_;
    gcode_host& gcode_;
    const printer_config& config_;
    std::list<one> all_;
};

inline gcode_answer delayed_gcodes::update(const planner::gcode_line& line) {
    const auto words = line.extended();
    if (!words) return refuse(fmt::format("Malformed command '{}'", line.text()));
    const auto id = words->find("ID");
    const auto text = words->find("DURATION");
    if (!id || !text) return refuse(fmt::format("Error on '{}': missing {}", line.text(), id ? "DURATION" : "ID"));
    std::string known;
    for (one& d : all_) {
        known += fmt::format("{}'{}'", known.empty() ? "" : ", ", d.config.name);
        if (*id != d.config.name) continue;
        double duration = 0;
        if (planner::read_number(*text, duration) != planner::word::number)
            return refuse(fmt::format("Error on '{}': unable to parse {}", line.text(), *text));
        if (duration < 0) return refuse(fmt::format("Error on '{}': DURATION must have minimum of 0.0", line.text()));
        d.duration = duration;
        if (d.runs) {
            d.again = duration > 0;
            return {};
        }
        if (d.timer) reactor_.cancel(*d.timer);
        d.timer.reset();
        if (duration > 0) run_at(d, reactor_.now() + duration);
        return {};
    }
    const bool tells = config_.program == host_program::klipper;
    return refuse(fmt::format("The value '{}' is not valid for ID{}", *id, tells ? ". Options: " + known : ""));
}

} // namespace kf::sim
