#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What holds for every tool: its questions, its streams, its output files, its words on a terminal, its end."""
import json
import os
import pathlib
import re
import signal
import stat
import subprocess
import tempfile
import unittest

import plotter
import world
from plotter import PlotterTest, line_job, svg
from terminal import Terminal
from world import DEADLINE, WorldTest

DRAWING = svg('<path d="M10 10H60V30" fill="none" stroke="#000"/>')


def binary(tool):
    """They lie side by side."""
    return str(pathlib.Path(world.KFLASH).with_name(tool))


class Questions(WorldTest):
    def terminal(self, w, *words, **options):
        env = dict(os.environ, HOME=str(w.home), XDG_STATE_HOME=str(w.root / "logs"), NO_COLOR="1")
        t = Terminal([world.KFLASH, words[0], "--sim-root", str(w.root / "w"), *words[1:]], env, **options)
        self.addCleanup(t.close)
        return t

    def test_a8_keys_that_were_typed_ahead_choose_and_confirm_nothing(self):
        w = self.world()
        before = {key: w.flash(key) for key in w.boards}
        t = self.terminal(w, "flash", "-s", typed=b"1\n\n\n")
        t.expect("Which board")
        t.type(b"2\n\n")  # the answer, and one too many: it is no answer to what is asked next
        t.expect("Flash Pico? [Y/n]: ")
        t.type(b"n\n")
        self.assertEqual(t.end(), 130, t.seen)
        self.assertEqual({key: w.flash(key) for key in w.boards}, before)

    def test_a8_typed_ahead_keys_remove_no_board(self):
        w = self.world()
        t = self.terminal(w, "remove", "octopus", typed=b"y\ny\n")
        t.expect("Remove Octopus Pro from the registry? [y/N]: ")
        t.type(b"n\n")
        self.assertEqual(t.end(), 130, t.seen)
        self.assertIn("octopus", w.registry()["devices"])

    def test_a_signal_at_a_question_ends_in_good_order_on_a_line_of_its_own(self):
        w = self.world()
        for number, name in ((signal.SIGINT, "Ctrl+C"), (signal.SIGTERM, "SIGTERM")):
            with self.subTest(name):
                t = self.terminal(w, "remove", "octopus")
                t.expect("[y/N]: ")
                t.child.send_signal(number)
                self.assertEqual(t.end(), 130, t.seen)
                self.assertRegex(t.seen, rf"\[y/N\]: (\^C)?\r\nerror: interrupted by {re.escape(name)}")


class KplotTest(PlotterTest):
    @classmethod
    def setUpClass(cls):
        plotter.KPLOT, plotter.KSIM = binary("kplot"), world.KSIM


class Steps(KplotTest):
    def test_a8_three_enters_during_homing_draw_nothing_and_stroke_1_is_asked_for(self):
        p = self.plotter(speed=20)
        t = Terminal(p.command("run", p.write("a.jsonl", line_job(3, 60.0)), "--step"), p.env(), typed=b"\n\n\n")
        self.addCleanup(t.close)
        t.expect("stroke 1")
        t.child.send_signal(signal.SIGTERM)
        self.assertEqual(t.end(), 130, t.seen)
        self.assertNotIn("stroke 2", t.seen)
        self.assertEqual(p.ink(), [])


class Streams(unittest.TestCase):
    """Standard streams that are full, closed or not there."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="kf-test.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "a.svg").write_text(DRAWING)
        self.env = {"HOME": folder.name, "PATH": os.environ["PATH"], "TMPDIR": folder.name}

    RESULTS = (["kflash", "--help"], ["kflash", "--version"], ["kflash", "flash", "--help"], ["kflash", "help", "flash"],
               ["kflash", "settings"], ["kflash", "settings", "--json"], ["kflash", "list"],
               ["kflash", "completion", "bash"], ["kplot", "completion", "zsh"], ["ksim", "completion", "fish"],
               ["ksim", "--version"], ["kplot", "stats", "a.svg"], ["kplot", "stats", "a.svg", "--json"],
               ["kplot", "machine", "macros", "--sim"], ["kplot", "gcode", "a.svg", "--sim"], ["kplot", "import", "a.svg"],
               ["kplot", "gcode", "a.svg", "--sim", "-o", "/proc/self/fd/1"], ["kplot", "--selftest"])

    def run_tool(self, words, **options):
        return subprocess.run([binary(words[0]), *words[1:]], env=self.env, cwd=self.folder, text=True,
                              timeout=DEADLINE, **options)

    def test_b12_a_result_that_does_not_fit_on_the_disk_is_exit_1_and_said(self):
        for words in self.RESULTS:
            with self.subTest(" ".join(words)), open("/dev/full", "w") as full:
                r = self.run_tool(words, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE)
                self.assertEqual(r.returncode, 1, r.stderr)
                self.assertIn("No space left on device", r.stderr)

    def test_b12_a_reader_that_went_away_is_exit_1_without_a_word(self):
        for words in self.RESULTS[:-2]:
            with self.subTest(" ".join(words)):
                read, write = os.pipe()
                os.close(read)
                r = self.run_tool(words, stdin=subprocess.DEVNULL, stdout=write, stderr=subprocess.PIPE)
                os.close(write)
                self.assertEqual(r.returncode, 1, r.stderr)
                self.assertNotIn("error", r.stderr)

    def test_b28_streams_that_are_not_there_put_nothing_into_our_files(self):
        want = self.run_tool(["kplot", "gcode", "a.svg", "--sim"], capture_output=True).stdout
        self.assertIn("G1", want)
        for closed in ("0<&-", "1>&-", "2>&-", "0<&- 2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"):
            with self.subTest(closed):
                out = self.folder / "out.gcode"
                out.unlink(missing_ok=True)
                command = f'exec "$0" gcode a.svg --sim -v -o out.gcode {closed}'
                subprocess.run(["sh", "-c", command, binary("kplot")], env=self.env, cwd=self.folder, check=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=DEADLINE)
                self.assertEqual(out.read_text(), want)

    def test_a_log_that_is_a_pipe_nobody_reads_or_cannot_be_written_stops_nothing(self):
        os.mkfifo(self.folder / "pipe")
        for log in ("pipe", "none/log", "/dev/full"):
            with self.subTest(log):
                r = self.run_tool(["kplot", "stats", "a.svg", "--log", log], capture_output=True)
                self.assertEqual(r.returncode, 0, r.stderr)
                self.assertFalse((self.folder / "none").exists())
        r = self.run_tool(["kplot", "stats", "a.svg", "--machine", "pipe"], capture_output=True)
        self.assertEqual(r.returncode, 1, r.stderr)
        self.assertIn("nobody writes into it", " ".join(r.stderr.split()))

    def test_b11_an_output_file_is_what_it_was(self):
        want = self.run_tool(["kplot", "gcode", "a.svg", "--sim"], capture_output=True).stdout
        file, link, other = (self.folder / name for name in ("out", "link", "other"))
        file.write_text("old")
        file.chmod(0o600)
        link.symlink_to("out")
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        write = ["kplot", "gcode", "a.svg", "--sim", "-q", "-o"]
        self.assertEqual(self.run_tool([*write, "link"]).returncode, 0)
        self.assertEqual((file.read_text(), stat.S_IMODE(file.stat().st_mode)), (want, 0o600))
        self.assertTrue(link.is_symlink())
        os.link(file, other)
        self.assertEqual(self.run_tool([*write, "other"]).returncode, 0)
        self.assertEqual((other.stat().st_nlink, file.read_text()), (2, want))
        with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
            self.assertEqual(self.run_tool([*write, "pipe"]).returncode, 0)
            self.assertEqual(reader.communicate(timeout=DEADLINE)[0], want)
        self.assertTrue(stat.S_ISFIFO(pipe.stat().st_mode))
        (self.folder / "stdout").symlink_to("/proc/self/fd/1")
        self.assertEqual(self.run_tool([*write, "stdout"], capture_output=True).stdout, want)
        if os.geteuid() == 0:  # a node of our own: a mistake must not cost the machine its /dev/null
            device = self.folder / "null"
            os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
            self.assertEqual(self.run_tool([*write, "null"]).returncode, 0)
            self.assertTrue(stat.S_ISCHR(device.stat().st_mode))

    def test_b19_nothing_is_made_after_a_typo(self):
        before = sorted(self.folder.iterdir())
        log = tempfile.NamedTemporaryFile(prefix="kf-test.")
        self.addCleanup(log.close)
        for words, code in ((["kplot", "run", "a.svg", "--socket", str(self.folder / "typo.sock"), "--sim"], 4),
                            (["kplot", "home", "--socket", str(self.folder / "no/typo.sock"), "--sim"], 4),
                            (["kplot", "pause", "--socket", str(self.folder / "typo.sock"), "--sim"], 4),
                            (["kplot", "gcode", "a.svg", "--sim", "-o", "no/x"], 4),
                            (["kplot", "import", "a.svg", "-o", "no/x"], 4),
                            (["kplot", "run", "a.svg", "--sim", "--ink", "no/x.svg"], 4),
                            (["kplot", "machine", "init", "--machine", "no/m.yaml"], 4)):
            with self.subTest(" ".join(words)):
                r = self.run_tool([*words, "--log", log.name], capture_output=True)
                self.assertEqual(r.returncode, code, r.stderr)
                self.assertEqual(sorted(self.folder.iterdir()), before)


class Words(unittest.TestCase):
    """What is said, and how wide."""

    def say(self, tool, *words, **env):
        with tempfile.TemporaryDirectory(prefix="kf-test.") as folder:
            full = {"HOME": folder, "PATH": os.environ["PATH"], **env}
            return subprocess.run([binary(tool), *words], env=full, cwd=folder, capture_output=True, text=True,
                                  timeout=DEADLINE)

    def test_a_mistyped_command_option_or_word_is_wrong_use_and_the_near_one_is_named(self):
        for words, wrong, near in ((("kflash", "flsh"), '"flsh"', "flash"),
                                   (("kflash", "help", "lsit"), '"lsit"', "list"),
                                   (("kplot", "guardian"), '"guardian"', None),
                                   (("kflash", "flash", "octopus", "--metod", "katapult"), "--metod", "--method"),
                                   (("kflash", "flash", "x", "--method", "katpult"), '"katpult"', "katapult"),
                                   (("kflash", "edit", "x", "--method", "defualt"), '"defualt"', "default"),
                                   (("kplot", "run", "a.svg", "--mode", "interactiv"), '"interactiv"', "interactive"),
                                   (("kplot", "machine", "chek"), '"chek"', "check"),
                                   (("kplot", "completion", "bsh"), '"bsh"', "bash"),
                                   (("ksim", "prnter"), '"prnter"', "printer")):
            with self.subTest(" ".join(words)):
                r = self.say(*words)
                self.assertEqual(r.returncode, 2, r.stderr)
                self.assertIn(wrong, r.stderr)
                if near:
                    self.assertIn(f"did you mean {near}?", r.stderr)
                else:
                    self.assertNotIn("did you mean", r.stderr)

    def test_an_empty_word_is_wrong_use(self):
        for words in (("kflash", "flash", ""), ("kflash", "show", "-d", ""), ("kplot", "gcode", "a.svg", "-o", "")):
            r = self.say(*words)
            self.assertEqual(r.returncode, 2, r.stderr)
            self.assertIn("empty", r.stderr)

    def test_help_and_errors_fold_to_the_width_of_the_terminal(self):
        for columns in (40, 60):
            for words in (("kflash", "--help"), ("kflash", "flash", "--help"), ("kplot", "run", "--help"),
                          ("ksim", "board", "--help"), ("kflash", "show", "nosuchboard"), ("kplot", "home")):
                with self.subTest(f"{words} at {columns}"):
                    r = self.say(*words, COLUMNS=str(columns))
                    for line in (r.stdout + r.stderr).splitlines():
                        # A single word that is longer stays whole.
                        self.assertTrue(len(line) <= columns or len(line.split()[-1]) > columns - 14, line)
        with tempfile.TemporaryDirectory(prefix="kf-test.") as folder:
            t = Terminal([binary("kflash"), "flash", "--help"], {"HOME": folder, "PATH": "/bin"}, columns=52)
            self.addCleanup(t.close)
            self.assertEqual(t.end(), 0)
            self.assertGreater(len(t.seen.splitlines()), 20)
            self.assertLessEqual(max(map(len, t.seen.splitlines())), 52)

    def test_b29_what_a_file_says_cannot_steer_the_terminal(self):
        evil = "a\x1b[2J\x07\x9b31m\x7fb"
        with tempfile.TemporaryDirectory(prefix="kf-test.") as folder:
            registry = pathlib.Path(folder) / ".config/kflash/devices.json"
            registry.parent.mkdir(parents=True)
            registry.write_text(json.dumps({"global": {"klipper_dir": evil}, "devices": {
                "x": {"name": evil, "mcu": "rp2040", "serial_pattern": "usb-*", "flashable": True}}}))
            (pathlib.Path(folder) / "a.svg").write_text(svg(f'<{"x"} a="&#27;"/><g id="{evil[6:]}"/>', 10, 10))
            for words in (["kflash", "settings"], ["kflash", "list"], ["kflash", "show", "x"], ["kflash", "show", evil],
                          ["kflash", evil], ["kflash", "show", "--" + evil], ["kplot", "stats", evil],
                          ["kplot", "stats", "a.svg", "-v"], ["kflash", "settings", "--json"]):
                with self.subTest(words):
                    r = subprocess.run([binary(words[0]), *words[1:]], env={"HOME": folder, "PATH": "/bin"}, cwd=folder,
                                       capture_output=True, timeout=DEADLINE)
                    said = (r.stdout + r.stderr).decode()
                    self.assertNotEqual(said, "")
                    self.assertNotRegex(said, r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
            log = (pathlib.Path(folder) / ".local/state/kflash/kflash.log").read_text()
            self.assertNotRegex(log, r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Printer(KplotTest):
    def test_b29_what_a_printer_says_cannot_steer_the_terminal(self):
        evil = "x\x1b]0;owned\x07\n\x9b2J.gcode"
        p = self.plotter(state={"print_stats": {"state": "printing", "filename": evil, "message": evil}})
        for words in (("status",), ("home",), ("status", "--json")):
            r = p.run(*words)
            self.assertNotRegex(r.out + r.err, r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", words)


def children_of_home(folder):
    """The command lines of all that was started with this HOME: other tests have simulations of their own meanwhile."""
    found = []
    for p in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if f"HOME={folder}\0".encode() in (p / "environ").read_bytes():
                found.append((p / "cmdline").read_bytes())
        except OSError:
            pass  # it has ended
    return found


class Simulation(unittest.TestCase):
    def test_b36_a_printer_with_endless_input_ends_at_the_first_signal(self):
        for words in (("--until-eof",), ("--stdin",)):
            with self.subTest(words), tempfile.TemporaryDirectory(prefix="kf-test.") as folder:
                with open("/dev/zero", "rb") as zero:
                    child = subprocess.Popen([world.KSIM, "printer", "--socket", folder + "/s", *words], stdin=zero,
                                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                             env={"HOME": folder, "PATH": "/bin"})
                try:
                    self.assertTrue(child.stdout.readline())
                    for _ in range(3):  # each in a turn of its own, between two looks at the input
                        self.assertIn("result", plotter.ask(folder + "/s", "info"))
                    child.send_signal(signal.SIGTERM)
                    self.assertEqual(child.wait(60), 0)
                finally:
                    child.kill()
                    child.communicate()

    def test_b36_a_drawing_without_end_ends_at_the_first_signal(self):
        with tempfile.TemporaryDirectory(prefix="kf-test.") as folder, open("/dev/zero", "rb") as zero:
            for words in (("stats", "-"), ("run", "-", "--sim"), ("estimate", "-")):
                with self.subTest(words):
                    child = subprocess.Popen([binary("kplot"), *words], stdin=zero, stdout=subprocess.DEVNULL,
                                             stderr=subprocess.PIPE, text=True,
                                             env={"HOME": folder, "PATH": "/bin", "TMPDIR": folder})
                    try:
                        err = child.communicate(timeout=60)[1]
                    finally:
                        child.kill()
                    self.assertEqual(child.returncode, 1, err)

    @unittest.skipUnless(os.geteuid() == 0, "only root can hide /dev/pts")
    def test_b23_a_simulation_whose_boards_cannot_come_up_ends_with_the_cause_and_leaves_nothing(self):
        before = set(pathlib.Path("/tmp").glob("kf-sim.*"))
        hide = 'mount -t tmpfs none /dev/pts && exec "$@"'
        with tempfile.TemporaryDirectory(prefix="kf-test.") as folder:
            r = subprocess.run(["unshare", "-m", "sh", "-c", hide, "x", world.KFLASH, "flash", "octopus", "--sim", "-s"],
                               env={"HOME": folder, "PATH": os.environ["PATH"]}, capture_output=True, text=True,
                               timeout=50)
            if "unshare:" in r.stderr or "mount:" in r.stderr:
                self.skipTest(r.stderr)
            self.assertEqual(r.returncode, 1, r.stderr)
            said = " ".join(r.stderr.split())
            self.assertIn("error: the simulation did not start", said)
            self.assertIn("cannot make a PTY", said)
        new = set(pathlib.Path("/tmp").glob("kf-sim.*")) - before  # those of other tests go with their simulations
        world.wait_for(f"{new} to be gone", lambda: not any(p.exists() for p in new))
        self.assertEqual(children_of_home(folder), [])

    def test_each_tool_proves_what_it_links_and_names_what_it_has_not(self):
        has = {"kflash": ("http", "terminfo", "menu and commands"), "kplot": (), "kcal": (), "kjog": ("terminfo",),
               "ksim": ("http", "png")}
        for tool, checks in has.items():
            r = subprocess.run([binary(tool), "--selftest"], capture_output=True, text=True, timeout=world.DEADLINE)
            self.assertEqual(r.returncode, 0, r)
            for name in ("http", "terminfo", *checks):
                self.assertIn("ok      " + name if name in checks else f"absent  {name}: {tool} ", r.stdout)

    def test_quiet_says_nothing_of_what_its_children_say(self):
        with tempfile.TemporaryDirectory(prefix="kf-test.") as folder:
            r = subprocess.run([world.KFLASH, "flash", "octopus", "--sim", "-s", "-q", "--sim-speed", "100"],
                               env={"HOME": folder, "PATH": os.environ["PATH"]}, capture_output=True, text=True,
                               timeout=DEADLINE)
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        self.assertRegex(r.stdout, r"\AOctopus Pro runs .*\n\Z")


if __name__ == "__main__":
    world.main()
