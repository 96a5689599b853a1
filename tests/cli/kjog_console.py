#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kjog on real terminals: in tmux for what is seen, on a bare pseudo terminal for when bytes come and what becomes of the
terminal. What happened is asked of the simulated printer."""
import fcntl
import os
import pathlib
import signal
import socket
import struct
import termios
import time

import plotter
from plotter import PlotterTest
from terminal import Terminal
from tmux_screen import Tmux
from world import wait_for

UP, DOWN, RIGHT, LEFT, ESC = b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\x1b"


def program():
    return str(pathlib.Path(plotter.KPLOT).with_name("kjog"))


def kjog(p, *words):
    own = ["--machine", str(p.machine_file)] if p.machine_file else ["--sim"]
    return [program(), "console", "--socket", str(p.socket), *own, *words]


class Bare(Terminal):
    """kjog on a pseudo terminal of its own."""

    def __init__(self, p, *words, term="xterm-256color", env=None):
        super().__init__(kjog(p, *words), dict(p.env(), LC_ALL="C.UTF-8", **(env or {})), term=term,
                         preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.expect("E-STOP")
        wait_for("keys come one by one", lambda: not self.local_flags() & termios.ICANON)

    def local_flags(self):
        return termios.tcgetattr(self.mine)[3]


    def leave(self):
        """By Q, which does nothing while the last step is not done."""
        def left():
            if self.child.poll() is None:
                self.type(b"q")
            self.read()
            return self.child.poll() is not None

        wait_for("kjog leaves", left)
        return self.end()


class Window(Tmux):
    """kjog in tmux, as a person sees it."""

    def __init__(self, p, *words, **options):
        super().__init__(kjog(p, *words), p.env(), p.root / "tmux", **options)
        self.until("E-STOP")


class Pad:
    """A gamepad's events, through a named pipe: struct input_event of linux/input.h."""
    KEY, ABS, HAT_X, B, START = 1, 3, 0x10, 0x131, 0x13b

    def __init__(self, path):
        self.path, self.pipe = path, None
        os.mkfifo(path)

    def begin(self):
        self.pipe = os.open(self.path, os.O_WRONLY)  # as soon as kjog reads

    def sets(self, kind, code, value):
        os.write(self.pipe, struct.pack("llHHi", 0, 0, kind, code, value) + struct.pack("llHHi", 0, 0, 0, 0, 0))

    def end(self):
        if self.pipe is not None:
            os.close(self.pipe)
            self.pipe = None


class Console(PlotterTest):
    def homed(self, **options):
        p = self.plotter(**{"speed": 10, **options})
        p.gcode("G28\nG1 X100 Y100 Z10 F6000\nM400")
        return p

    def bare(self, p, *words, **options):
        t = Bare(p, *words, **options)
        self.addCleanup(t.close)
        return t

    def in_tmux(self, p, *words, **options):
        t = Window(p, *words, **options)
        self.addCleanup(t.end)
        return t

    def xy(self, p):
        return [round(v, 3) for v in p.status(toolhead=["position"])["toolhead"]["position"][:2]]

    def rests_at(self, p, *place):
        wait_for(f"it stands at {place}, not at {self.xy(p)}", lambda: self.xy(p) == list(place), 60)

    def stands(self, p):
        wait_for("it stands", lambda: p.status(motion_report=["live_velocity"])["motion_report"]["live_velocity"] == 0, 15)

    def stops(self, p):
        wait_for("the emergency stop", lambda: p.state() == "shutdown", 60)

    def test_four_sizes_and_one_that_is_too_small_keep_the_stop(self):
        p = self.homed()
        t = self.in_tmux(p)
        t.until("ready", "Goes to    X")
        for columns, rows in ((120, 40), (60, 20), (40, 20), (80, 24)):
            t.resize(columns, rows)
            seen = wait_for("the page fits", lambda: (lambda s: s if len(s.splitlines()) == rows and "─" * columns in s
                                                     and "Q quit" in s and "X 100.000" in s else None)(t.seen()), 60)
            self.assertIn("E-STOP", seen)
            self.assertLessEqual(max(map(len, seen.splitlines())), columns)
            self.assertIn("X 100.000 Y 100.000 Z  10.000", seen)
        t.resize(30, 5)
        t.until("too small: 30×5")
        t.keys("!")
        self.stops(p)
        t.resize(80, 24)
        t.until("R restarts Klipper")
        t.keys("R")
        t.until("H homes")

    def test_arrows_move_and_neither_a_paste_nor_the_way_back_does_anything(self):
        p = self.homed()
        t = self.in_tmux(p)
        t.until("ready", "Goes to    X")
        t.keys("Right")
        t.until("X 101.000")
        t.keys("Up")
        t.until("Y 101.000")
        t.tmux("set-buffer", "hd!\x1b+u G28\r!")
        t.tmux("paste-buffer", "-p")  # in brackets, as for every program that asks for them
        t.keys("?")
        t.until("emergency stop; ! at once")
        t.keys("Escape")
        t.until("State")
        t.keys(":")
        t.until("Enter sends")
        t.keys("M", "1", "1", "7", "!", "Escape")
        t.until("Q quit")
        t.keys("Left")
        t.until("X 100.000")
        self.assertEqual(p.state(), "ready")
        self.rests_at(p, 100.0, 101.0)
        t.keys("Escape")
        self.stops(p)

    def test_bytes_of_an_arrow_a_tenth_of_a_second_apart_are_an_arrow(self):
        p = self.homed()
        t = self.bare(p)
        for key in (RIGHT, UP, b"\x1bOC"):
            for byte in key:
                t.type(bytes([byte]))
                time.sleep(0.1)  # the slow link
        self.rests_at(p, 102.0, 101.0)
        self.assertEqual(p.state(), "ready")
        t.type(ESC)
        self.stops(p)

    def test_an_escape_delay_that_is_set_is_respected(self):
        p = self.homed()
        t = self.bare(p, env={"ESCDELAY": "2000"})
        t.type(ESC)
        time.sleep(0.5)  # the slow link: longer than the usual delay
        t.type(b"[C")
        self.rests_at(p, 101.0, 100.0)
        self.assertEqual(p.state(), "ready")

    def test_a8_keys_that_were_struck_while_a_question_was_on_its_way_are_no_answer_and_a_stop_is_one(self):
        p = self.homed()
        t = self.bare(p)
        t.expect("Goes to")
        t.read()
        t.answers = False  # from here on nothing arrives at the person
        t.type(b"t")
        t.expect("Does the pen touch the paper now")
        for _ in range(5):
            t.type(b"y")
        drawn = len(t.seen)
        t.type(b"\x0c")

        def drawn_anew():
            t.read()
            return "Does the pen touch the paper now" in t.seen[drawn:]

        wait_for("all that was typed is read, and it still asks", drawn_anew)
        t.type(b"!")
        self.stops(p)

    def test_ctrl_z_gives_the_terminal_back_and_fg_takes_it_again(self):
        p = self.homed()
        t = Window(p, shell=True)  # only a shell's child can be stopped
        self.addCleanup(t.end)
        t.until("ready", "Goes to    X")  # it has looked where the machine is
        t.keys("C-z")
        t.until("Stopped")
        t.keys("stty", "Space", "-a", "Space", "|", "Space", "grep", "Space", "-o", "Space", "'.icanon'", "Enter")
        t.until("\n icanon")
        t.keys("fg", "Enter")
        t.until("Limits", "Goes to    X")
        t.keys("Right")
        self.rests_at(p, 101.0, 100.0)
        t.until("Goes to    X 101.000", "State      ready")  # the step is done, and q leaves
        t.keys("q")
        wait_for("the shell is back", lambda: "Limits" not in t.seen())
        t.keys("stty", "Space", "-a", "Space", "|", "Space", "grep", "Space", "-o", "Space", "'.icanon'", "Enter")
        t.until("\n icanon")

    def test_ctrl_z_waits_for_what_moves_by_itself_and_the_stop_stays_in_reach(self):
        p = self.plotter(speed=1)
        t = Window(p, shell=True)
        self.addCleanup(t.end)
        t.until("ready", "H homes")
        t.keys("h")
        t.until("State      homing")
        t.keys("C-z")
        t.until("homing is not done: Ctrl+Z when it is")
        t.keys("!")
        self.stops(p)
        t.until("R restarts Klipper")
        t.keys("C-z")
        t.until("Stopped")

    def test_ctrl_c_leaves_the_stop_in_reach_until_what_runs_by_itself_is_done(self):
        p = self.homed()
        t = self.in_tmux(p)
        t.until("ready", "Goes to    X")
        t.keys(":")
        t.until("G-code:")
        t.paste("G1 X240 F60", bracketed=True)  # an Enter right behind letters in one read would be pasted, too
        t.until("G-code: G1 X240 F60")
        t.keys("Enter")
        t.until("State      console")
        t.keys("C-c")
        t.until("console is not done")
        t.keys("C-c")
        t.until("goes on by itself")
        t.keys("!")
        self.stops(p)
        wait_for("kjog leaves", t.is_over)

    def test_a_long_step_is_not_left_behind_and_enter_takes_no_key_from_the_stop(self):
        p = self.homed(speed=4)
        t = self.bare(p)
        t.expect("ready")
        t.type(b"++")  # 50 mm
        t.expect("[50]")
        t.type(RIGHT + b"q")  # before anybody has seen that it moves
        t.expect("is not done: Q when it is, ! stops it")
        self.assertIsNone(t.child.poll())
        t.type(b"\r")
        t.type(b"!")
        self.stops(p)
        t.expect("R restarts Klipper")
        self.assertEqual(t.leave(), 0)

    def test_a_burst_that_looks_pasted_moves_nothing_but_stops(self):
        p = self.homed()
        t = self.bare(p)
        t.expect("ready")
        t.type(b"hdtpaguq")
        t.expect("are a paste")
        self.assertEqual(p.state(), "ready")
        t.type(b"\x1b[200~hdt!aguq\x1b[201~")
        t.type(RIGHT * 2 + UP * 2 + LEFT)  # a slow link brings them together
        self.rests_at(p, 101.0, 102.0)
        self.assertEqual(p.state(), "ready")
        t.type(b"hdtp!guq")
        self.stops(p)

    def test_a_terminal_that_goes_away_ends_a_held_key(self):
        p = self.homed(speed=1)
        t = self.bare(p)
        for _ in range(40):
            t.type(RIGHT)
            time.sleep(0.033)  # the keyboard
        os.close(t.mine)
        self.assertEqual(t.child.wait(60), 130)
        t.mine = os.open("/dev/null", os.O_RDONLY)
        self.stands(p)
        x = self.xy(p)[0]
        self.assertGreater(x, 104)
        self.assertLess(x, 100 + 20 * 40 * 0.033 + 15 + 1)
        self.assertEqual(p.state(), "ready")

    def test_a_terminal_that_takes_nothing_holds_up_no_stop(self):
        p = self.homed(speed=1)
        t = self.bare(p)
        for _ in range(20):
            t.type(RIGHT)
            time.sleep(0.033)
        t.type(b"\x0c" * 400)  # drawn anew each time, and nobody reads it
        lies_there = [0]

        def is_full():
            before, lies_there[0] = lies_there[0], fcntl.ioctl(t.mine, termios.FIONREAD, bytes(4))
            return before == lies_there[0] != bytes(4)

        wait_for("the terminal takes no more", is_full)
        t.type(b"!")
        self.stops(p)

    def test_a_crash_and_a_signal_put_the_terminal_back(self):
        for number, code in ((signal.SIGTERM, 130), (signal.SIGSEGV, -signal.SIGSEGV)):
            p = self.homed()
            t = self.bare(p)
            os.kill(t.child.pid, number)
            self.assertEqual(t.end(), code)
            self.assertTrue(t.local_flags() & termios.ICANON)
            self.assertIn("\x1b[?2004l", t.seen)

    def test_a_terminal_that_nobody_knows_and_one_that_cannot_place_text(self):
        p = self.homed()
        t = self.bare(p, term="no-such-terminal")
        t.expect("ready")  # what is struck before it has looked is forgotten
        t.type(RIGHT)
        self.rests_at(p, 101.0, 100.0)
        self.assertEqual(t.leave(), 0)
        linux = self.bare(p, term="linux")  # its description has no size, and it has no second screen
        linux.type(b"q")
        self.assertEqual(linux.end(), 0)
        self.assertNotIn("\x1b[?1049h", linux.seen)
        self.assertNotIn("\x1b[?u", linux.seen)
        plain = self.bare(p, "--plain", term="dumb")
        plain.expect("State, ready")
        plain.type(LEFT)
        self.rests_at(p, 100.0, 100.0)
        self.assertEqual(plain.leave(), 0)
        self.assertIn("\r\nTool, pen, up\r\n", plain.seen)
        self.assertNotIn("\x1b", plain.seen)
        bad = Terminal(kjog(p), p.env(), term="dumb", preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.addCleanup(bad.close)
        self.assertEqual(bad.end(), 5)
        self.assertIn("--plain", bad.seen)

    def test_one_console_for_one_printer(self):
        p = self.homed()
        t = self.bare(p)
        second = Terminal(kjog(p), p.env(), preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.addCleanup(second.close)
        self.assertEqual(second.end(), 3)
        self.assertIn("kjog", second.seen)
        t.type(b"q")
        self.assertEqual(t.end(), 0)

    def pad(self, p):
        pad = Pad(p.root / "pad")
        self.addCleanup(pad.end)
        return pad

    def test_a_gamepad_moves_as_keys_do_and_one_that_is_gone_holds_nothing(self):
        p = self.homed(speed=1)
        pad = self.pad(p)
        t = self.bare(p, "--gamepad", str(pad.path))
        pad.begin()
        t.expect("ready")
        pad.sets(pad.ABS, pad.HAT_X, 1)
        pad.sets(pad.ABS, pad.HAT_X, 0)
        self.rests_at(p, 101.0, 100.0)
        pad.sets(pad.ABS, pad.HAT_X, 1)
        wait_for("it moves on", lambda: self.xy(p)[0] > 108, 15)
        pad.end()
        t.expect("gamepad is gone")
        at_the_end = self.xy(p)[0]
        pad.begin()
        t.expect("gamepad is there")
        pad.sets(pad.ABS, pad.HAT_X, -1)
        pad.sets(pad.ABS, pad.HAT_X, 0)
        self.stands(p)
        self.assertLess(self.xy(p)[0], at_the_end + 15 + 1)
        t.type(b":G28")
        t.expect("G-code:")
        pad.sets(pad.KEY, pad.B, 1)
        self.stops(p)

    def test_a_gamepad_beside_a_script_and_what_is_none(self):
        p = self.homed()
        pad = self.pad(p)
        script = p.write("keys", "until State      ready\nRight\nuntil STOPPED 120000\n")
        run = p.start_command(kjog(p, "--script", str(script), "--gamepad", str(pad.path)))
        pad.begin()
        self.rests_at(p, 101.0, 100.0)
        pad.sets(pad.ABS, pad.HAT_X, 1)
        pad.sets(pad.ABS, pad.HAT_X, 0)
        self.rests_at(p, 102.0, 100.0)
        pad.sets(pad.KEY, pad.B, 1)
        r = p.finish(run)
        self.assertEqual(r.code, 0, r)
        for path, code, text in ((script, 3, "is no input device"), ("/dev/input/by-id/none", 1, "No such file")):
            r = p.finish(p.start_command(kjog(p, "--script", str(script), "--gamepad", str(path))))
            self.assertEqual(r.code, code, r)
            self.assertIn(text, r.err)

    def test_a_socket_that_is_not_there_is_refused_and_one_without_a_klipper_is_waited_for(self):
        p = self.plotter(machine=plotter.template())
        none = p.root / "mistyped"
        command = [program(), "--machine", str(p.machine_file), "--socket"]
        r = Terminal([*command, str(none)], p.env())
        self.addCleanup(r.close)
        self.assertEqual(r.end(), 4)
        self.assertIn("systemctl status klipper", r.seen)
        self.assertEqual(list(p.root.glob("mistyped*")), [])  # no lock of it either
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(str(none))  # nobody listens any more
        t = Terminal([*command, str(none)], p.env())
        self.addCleanup(t.close)
        t.expect("no Klipper")
        t.type(b"q")
        self.assertEqual(t.end(), 0)

    def test_wrong_use_is_known_before_anything_is_read_or_begun(self):
        p = self.plotter()
        good, bad = p.write("good", "q\n"), p.write("bad", "Rigth\n")
        for words, code, text in ((("--script", bad), 1, "Rigth"), (("--script", good, "--gamepad", good), 3, "no input device"),
                                  (("--script", good, "--sim-speed", "0"), 2, "--sim-speed")):
            r = p.finish(p.start_command([program(), "--sim", "--machine", "/nowhere", "--job", "/nowhere", *map(str, words)]))
            self.assertEqual(r.code, code, r)
            self.assertIn(text, r.err)

    def test_a_script_of_keys_needs_no_terminal_and_no_machine(self):
        p = self.homed()
        script = p.write("keys", "until State      ready\nRight x 3\nuntil X 103.000\nsize 60x20\nframe\nq\n")
        r = p.finish(p.start_command(kjog(p, "--script", str(script))))
        self.assertEqual(r.code, 0, r)
        self.assertIn(" Goes to    X 103.000 Y 100.000 Z  10.000\n", r.out)
        self.assertEqual(len(r.out.rstrip("\n").splitlines()), 20)
        job = p.write("two.job", plotter.line_job(2))
        script = p.write("keys", "until State      ready\nuntil stroke 1 of 2\nSpace\nuntil stroke 2 of 2, 10 mm; 1 drawn\n"
                                 "r\nwait 3000\nSpace\nuntil 2 of 2 drawn\n")
        r = p.finish(p.start_command(kjog(p, "--job", str(job), "--script", str(script))))
        self.assertEqual(r.code, 0, r)
        bad = p.write("bad", "until Nowhere 50\n")
        r = p.finish(p.start_command(kjog(p, "--script", str(bad))))
        self.assertEqual(r.code, 1, r)
        self.assertIn("Nowhere", r.err)
        r = p.finish(p.start_command(kjog(p)))
        self.assertEqual(r.code, 5, r)
        x, y = plotter.LEFT, plotter.TOP
        lines = [[(x + 5, y - 10 - 2 * n), (x + 15, y - 10 - 2 * n)] for n in (0, 0, 1)]
        self.assert_ink(p.ink(), lines)


if __name__ == "__main__":
    plotter.main()
