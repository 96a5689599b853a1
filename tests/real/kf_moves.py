# SPDX-License-Identifier: MIT
"""An extra for the Klipper of the rig: writes down each move as the tool head hands it to the step generator.

motion_report/dump_trapq hides every move that begins before the end time of a homing move that was planned and not
driven, so that strokes after G28 are missing from it. This sees what is planned, before anything is hidden.

    [kf_moves]
    path: FILE

A line of FILE is one of
    ["move", print_time, accel_t, cruise_t, decel_t, [x, y, z], [rx, ry, rz], start_v, cruise_v, accel]
    ["drip", true | false]          a homing move begins or is over: what was planned in it is not what was driven"""
import json


class Moves:
    def __init__(self, config):
        self.printer = config.get_printer()
        self.file = open(config.get("path"), "a", buffering=1)
        self.printer.register_event_handler("klippy:connect", self.connect)

    def note(self, *words):
        self.file.write(json.dumps(words) + "\n")

    def connect(self):
        head = self.printer.lookup_object("toolhead")
        append, drip = head.trapq_append, head.drip_move

        def noted_append(trapq, print_time, accel_t, cruise_t, decel_t, x, y, z, rx, ry, rz, start_v, cruise_v, accel):
            if trapq is head.get_trapq():
                self.note("move", print_time, accel_t, cruise_t, decel_t, [x, y, z], [rx, ry, rz], start_v, cruise_v,
                          accel)
            return append(trapq, print_time, accel_t, cruise_t, decel_t, x, y, z, rx, ry, rz, start_v, cruise_v, accel)

        def noted_drip(*words, **named):
            self.note("drip", True)
            try:
                return drip(*words, **named)
            finally:
                self.note("drip", False)

        head.trapq_append, head.drip_move = noted_append, noted_drip


def load_config(config):
    return Moves(config)
