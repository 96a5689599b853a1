// SPDX-License-Identifier: MIT
#pragma once
/// G28 of the simulated printer, with what a printer.cfg may put around it: [homing_override] runs a script of its own
/// instead, [safe_z_home] lifts Z first, whether it is homed or not, and homes it at one place only. Both move where
/// nobody asked; on a machine whose pen is down at a great Z the hop goes towards the paper. Figures: recordings.

#include <kf/io/ascii.hpp>
#include <kf/sim/gcode_host.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace kf::sim {

class homing {
  public:
    homing(toolhead& t, gcode_host& g, const printer_config& c)
      : toolhead_(t)
      , gcode_(g)
      , config_(c) {
        g.add("G28", [this](const planner::gcode_line& l) { return home(l); });
    }

  private:
    task<gcode_answer> home(const planner::gcode_line& line);
    task<gcode_answer> home_axes(std::string axes);
    task<gcode_answer> home_safely(std::string axes);
    task<gcode_answer> run_override();
    task<> hop();

    toolhead& toolhead_;
    gcode_host& gcode_;
    const printer_config& config_;
    bool in_override_ = false;
};

inline task<gcode_answer> homing::home(const planner::gcode_line& line) {
    std::string named;
    for (const char axis : std::string_view("xyz"))
        if (line.has(io::to_upper(axis))) named += axis;
    if (const auto& o = config_.homing_override; o && !in_override_)
        if (named.empty() || named.find_first_of(o->axes) != std::string::npos) co_return co_await run_override();
    std::string axes = named.empty() ? "xyz" : std::move(named);
    if (config_.safe_z) co_return co_await home_safely(std::move(axes));
    co_return co_await home_axes(std::move(axes));
}

inline task<gcode_answer> homing::home_axes(std::string axes) {
    for (const char axis : axes) {
        const auto done = co_await toolhead_.home(static_cast<std::size_t>(axis - 'x'));
        if (done) continue;
        if (!toolhead_.queue.is_shut_down()) co_await toolhead_.motors_off();
        co_return refuse(done.error());
    }
    co_return gcode_answer{};
}

inline task<> homing::hop() {
    planner::xyz up = toolhead_.position();
    if (config_.safe_z->z_hop == 0 || up.z >= config_.safe_z->z_hop) co_return;
    up.z = config_.safe_z->z_hop;
    co_await toolhead_.move_machine(up, config_.safe_z->z_hop_speed);
}

inline task<gcode_answer> homing::home_safely(std::string axes) {
    const safe_z_config& safe = *config_.safe_z;
    if (!toolhead_.is_homed(2) && safe.z_hop != 0) { // it takes itself to be at 0, wherever it is
        co_await toolhead_.queue.flush_steps();
        planner::xyz here = toolhead_.position();
        here.z = 0;
        toolhead_.declare_position(here);
        co_await hop();
    } else {
        co_await hop();
    }
    std::string flat = axes;
    std::erase(flat, 'z');
    if (!flat.empty())
        if (gcode_answer a = co_await home_axes(std::move(flat)); !a) co_return a;
    if (axes.find('z') == std::string::npos) co_return gcode_answer{};
    if (!toolhead_.is_homed(0) || !toolhead_.is_homed(1)) co_return refuse("Must home X and Y axes first");
    const planner::xyz before = toolhead_.position();
    co_await toolhead_.move_machine({safe.at.x, safe.at.y, before.z}, safe.speed);
    std::string z = "z";
    if (gcode_answer a = co_await home_axes(std::move(z)); !a) co_return a;
    co_await hop();
    if (safe.move_to_previous)
        co_await toolhead_.move_machine({before.x, before.y, toolhead_.position().z}, safe.speed);
    co_return gcode_answer{};
}

inline task<gcode_answer> homing::run_override() {
    const homing_override_config& o = *config_.homing_override;
    planner::xyz here = toolhead_.position();
    std::string known;
    for (std::size_t i = 0; i < 3; ++i)
        if (o.position[i]) {
            (i == 0 ? here.x : i == 1 ? here.y : here.z) = *o.position[i];
            known += "xyz"[i];
        }
    co_await toolhead_.queue.flush_steps();
    toolhead_.declare_position(here);
    toolhead_.set_homed(known, true);
    in_override_ = true;
    gcode_answer a = co_await gcode_.run_template(o.gcode, gcode_.template_context());
    in_override_ = false;
    co_return a;
}

} // namespace kf::sim
