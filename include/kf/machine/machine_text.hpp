// SPDX-License-Identifier: MIT
#pragma once
/// The commented machine.yaml that `kplot machine init` writes, with the numbers of the machine this suite was made
/// for; the same text is what --sim reads. Spec: machine.yaml(5).

#include <algorithm>
#include <string_view>
#include <vector>

namespace kf::machine {

inline constexpr std::string_view template_text =
    R"yaml(# machine.yaml - the plotter: dimensions, heights, speeds, motors.
# The single source of every dimension. Lengths in mm, speeds in mm/s, times in
# seconds. Check it after each change:  kplot machine check

# Klipper's API socket (klippy.py -a PATH)
connection:
  socket_path: "/tmp/klippy_uds"
  timeout_s: 5.0
  reconnect_attempts: 5          # tries when the board was power-cycled
  reconnect_interval_s: 2.0      # seconds between them
  auto_reconnect: true           # restart the firmware when the board was reset

# Physical work area: measure your machine. The same as position_min and
# position_max in printer.cfg.
machine:
  work_area_mm:
    x: 250.0                     # CHANGE to the X travel
    y: 350.0                     # CHANGE to the Y travel
    z: 40.0                      # CHANGE to the Z travel
  work_area_min_mm:
    x: 0.0
    y: 0.0
    z: 0.0
  park_mm: [0.0, 0.0]            # where the head waits when all is done
  pen_change_mm: null            # [x, y] where pens are changed; null: park_mm

# The canvas inside the work area
canvas:
  offset_x_mm: 25.0              # X home to the left edge
  offset_y_mm: 25.0              # Y home to the bottom edge
  width_mm: 210.0                # A4
  height_mm: 297.0
  margin_mm: 0.0                 # no ink closer to the edge than this
  flip_y: true                   # drawings count Y down, the machine up

# Where the head must not go (clips, magnets), machine coordinates. Travel goes
# round it, or passes when the tool travels at height_mm or farther up.
keep_outs: []
#  - {name: left clip, x: [20.0, 30.0], y: [150.0, 170.0], when: always}
#  - {name: tape, x: [25.0, 60.0], y: [310.0, 322.0], when: tool_down}
#  - {name: magnet, x: 40.0, y: 40.0, radius: 8.0, height_mm: 12.0}

# Z heights. Up is travel_mm. Here +Z presses the pen and -Z the airbrush; on a
# machine whose pen is down at a low Z, pen_work_mm is below travel_mm.
z_states:
  travel_mm: 10.0                # both tools clear of the paper
  pen_work_mm: 20.0              # the pen touches the paper
  airbrush_work_mm: 0.0          # the airbrush at spray height
  pen_floor_mm: null             # no pen of --pens goes farther; null: work

# How Z learns where it is: auto, endstop, touch_off
z_reference:
  method: auto                   # the endstop that axes.z names, or touch-off
  touch_off_mm: null             # Z when the pen touches; null: pen_work_mm

tools:
  pen:
    xy_offset_mm: [0.0, 0.0]     # calibrate with the crosshair test
    feed_mm_s: 25.0              # drawing
    travel_feed_mm_s: 80.0       # travel with the tool up
    plunge_feed_mm_s: 5.0        # lowering
    lift_feed_mm_s: null         # lifting; null: as plunge_feed_mm_s

  airbrush:
    xy_offset_mm: [0.0, 0.0]
    feed_mm_s: 50.0
    travel_feed_mm_s: 80.0
    plunge_feed_mm_s: 5.0
    lift_feed_mm_s: null
    spray_height_mm: 3.0         # height above the canvas when spraying

# Motors and drivers. X and Y share motor, driver, belt and pulley.
steppers:
  motor_type: "0.9deg"           # 400 full steps a turn (1.8deg: 200)
  driver: "DM542TE"
  driver_pulses_per_rev: 1600    # DIP switches of the driver
  wiring: "common_anode"
  enable_pin_inverted: false     # common anode: not inverted
  step_pulse_duration_s: 0.000005
  direction_reversal_pause_s: 0.5  # dwell when turning back fast
  klipper_microsteps: 4          # x full steps = driver_pulses_per_rev
  xy_rotation_distance: 32.0     # belt pitch x teeth
  x_rotation_distance: null      # as kcal steps x found it; null: as xy
  y_rotation_distance: null
  z_rotation_distance: null      # fill in when Z is wired
  belt_type: "GT2"
  belt_pitch_mm: 2.0
  pulley_teeth: 16
  pulley_bore_mm: 5.0

# Which slot drives which axis; the pins themselves are in printer.cfg
axes:
  y:
    octopus_slot: "Motor 0"
    motors: 1
    endstop_pin: "DIAG0 (PG6)"
    endstop_type: "NO_to_GND"
    homing_side: "min"
  x:
    octopus_slot: "Motor 2_1 + Motor 2_2"
    motors: 2
    endstop_pin: "DIAG1 (PG9)"
    endstop_type: "NO_to_GND"
    homing_side: "min"
  z:
    octopus_slot: "TBD"
    motors: 1
    endstop_pin: null
    endstop_type: null
    homing_side: null

# Limits. Lower than Klipper's is fine, higher is refused before motion.
motion:
  max_velocity_mm_s: 80.0
  max_accel_mm_s2: 3000.0
  homing_speed_mm_s: 30.0
  max_z_velocity_mm_s: null      # null: as printer.cfg says
  max_z_accel_mm_s2: null
  square_corner_velocity_mm_s: null

interactive:
  jog_increments_mm: [0.1, 1.0, 10.0, 50.0]
  default_jog_increment_mm: 1.0

# Where Klipper's [virtual_sdcard] looks for files
file_execution:
  gcode_directory: "/home/klipper/gcode_files"

# Not driven by this version; spray operations are refused.
pumps:
  enabled: false
servos:
  enabled: false
)yaml";

/// The lines of `text`, from 1, that are still as the template has them where it says CHANGE.
[[nodiscard]] inline std::vector<int> untouched_lines(std::string_view text) {
    std::vector<int> out;
    for (int number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.find("# CHANGE") != std::string_view::npos && template_text.find(line) != std::string_view::npos)
            out.push_back(number);
    }
    return out;
}

} // namespace kf::machine
