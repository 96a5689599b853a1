#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The menu of kflash on real terminals: in tmux for what is seen, on a bare pseudo terminal for what becomes of it when
the terminal goes. What happened is asked of the simulated host. D numbers are in docs/DEFECTS.md."""
import fcntl
import itertools
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import termios

import world
from terminal import Dialogue, Terminal
from tmux_screen import Tmux
from world import World, WorldTest, wait_for


class Spoken:
    """The menu in lines: a terminal to type on, a pipe to hear it from. `heard` is what was not passed by yet."""

    def __init__(self, w, env):
        self.mine, its = pty.openpty()
        self.child = subprocess.Popen([world.KFLASH, "menu", "--plain", "--sim-root", str(w.root / "w")], stdin=its,
                                      stdout=subprocess.PIPE, stderr=its, env=dict(env, TERM="xterm-256color"),
                                      start_new_session=True,
                                      preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(its)
        self.bytes = b""
        self.heard = ""

    def hear(self):
        while select.select([self.child.stdout], [], [], 0)[0] and (piece := os.read(self.child.stdout.fileno(), 4096)):
            self.bytes += piece
            self.heard += piece.decode()

    def passes(self, text):
        """What was heard up to `text`, which is passed by."""
        def said():
            self.hear()
            return text in self.heard

        try:
            wait_for(repr(text), said, 30)
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.bytes.decode()}") from None
        before, self.heard = self.heard.split(text, 1)
        return before

    def say(self, line):
        os.write(self.mine, line.encode() + b"\n")

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        self.child.stdout.close()
        os.close(self.mine)


class Menu(WorldTest):
    """All cases of a process have one host with two boards and one that nobody has registered. Each begins without a
    record of flashes or jobs, and leaves the registry and the configurations as they were."""
    host = None
    windows = itertools.count()  # a server of tmux that ends still has its socket for a moment

    @classmethod
    def tearDownClass(cls):
        if cls.host:
            cls.host.close()

    def shared(self):
        if Menu.host is None:
            Menu.host = World(options=("--spare",))
        w = Menu.host
        config, kept = w.home / ".config", w.root / "config-before"
        shutil.copytree(config, kept)
        for file in (w.home / ".local/state/kflash/ledger.jsonl", w.root / "w/systemd.json.log"):
            file.unlink(missing_ok=True)

        def as_before():
            told = self._outcome.result
            if any(case is self for case, _ in told.failures + told.errors):  # who knows what is left of it
                Menu.host = None
                return w.close()
            shutil.rmtree(config)
            kept.rename(config)

        self.addCleanup(as_before)
        return w

    def env(self, w):
        full = dict(os.environ, HOME=str(w.home), XDG_STATE_HOME=str(w.root / "logs"), NO_COLOR="")
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "SUDO_UID", "SUDO_GID"):
            full.pop(name, None)
        return full

    def menu(self, w, before=(), program=None, **options):
        t = Tmux([*before, program or world.KFLASH, "menu", "--sim-root", str(w.root / "w")], self.env(w), w.root / f"tmux{next(self.windows)}", **options)
        self.addCleanup(t.end)
        t.until("1 REG", "2 REG", "klippy: ready")
        return t

    def settings(self, w, *words):
        r = w.run("settings", *words)
        self.assertEqual(r.code, 0, r)

    def unplug(self, w, key):
        w.unplug(key)
        # Klipper has lost it, and stays down until somebody starts it again.
        def restart():
            for verb, state in (("stop", ""), ("start", "ready")):
                subprocess.run([*w.at["systemctl"], verb, "klipper.service"], check=True)
                wait_for(f"klippy after {verb}", lambda: w.klippy_state() == state)

        self.addCleanup(restart)

    def flashed(self, w):
        return sorted(e["board"] for e in w.ledger() if "board" in e)

    def untouched(self, w, before):
        self.assertEqual(w.jobs(), [])
        self.assertEqual([w.flash(key) for key in ("octopus", "pico")], before)

    def test_each_size_shows_the_boards_and_the_way_out_and_each_page_leads_back(self):
        w = self.shared()
        t = self.menu(w)
        for columns, rows in ((60, 20), (40, 20), (120, 40), (30, 6), (80, 24)):
            t.resize(columns, rows)
            t.until("Q quit", "too small" if columns == 30 else "3 NEW")
        for key, text in (("c", "stagger-delay"), ("e", "default (katapult)"), ("?", "a letter is an action"),
                          ("v", "pattern "), ("h", "flashed to pico"), ("o", "space for builds")):
            t.keys(key)
            t.until(text)
            t.keys("Escape")
            t.until("Q quit", "Registered")
        coloured = "\x1b[33m"  # what wants attention is yellow
        seen = t.tmux("capture-pane", "-p", "-e")
        self.assertIn(coloured, seen)
        # The sixteen colours of the terminal, whose owner chose them, and no others.
        self.assertEqual(re.findall("\x1b\\[[0-9;:]*[34]8[;:][0-9;:]*m", seen), [])
        t.end()
        # Where the locale has no more than ASCII, nor has the menu; nor colours, where somebody wants none.
        t = self.menu(w, before=("env", "LC_ALL=C", "NO_COLOR=1"))
        self.assertTrue(t.until("----------", ">  1 REG").isascii())
        self.assertNotIn(coloured, t.tmux("capture-pane", "-p", "-e"))
        t.end()
        # A terminal without colours has all of the text.
        t = self.menu(w, before=("env", "TERM=vt100"))
        t.until("Registered", "1 REG Pico", "2 REG Octopus Pro", "3 NEW", "Moonraker", "Q quit")
        self.assertEqual(re.findall("\x1b\\[[0-9;]*[349][0-7][0-9;]*m", t.tmux("capture-pane", "-p", "-e")), [])
        self.assertEqual(w.jobs(), [])

    def test_d6_neither_arrows_nor_a_paste_start_anything_and_flash_all_is_no_unless_told(self):
        w = self.shared()
        before = [w.flash(key) for key in ("octopus", "pico")]
        t = self.menu(w)
        t.keys("Down", "Up", "Left", "Right", "PageUp", "PageDown", "Home", "End", "Escape", "BSpace", "Tab")
        t.paste("bfrqace\ny\ny\n", bracketed=False)
        t.paste("bfrq\ny\ny\n", bracketed=True)
        t.keys("1")
        t.until("▸  1 REG", "Q quit")
        # Keys that come with the B are no answer to its question.
        t.type("by\ry\r")
        t.until("Flash 2 of 2 boards in one stop? [y/N]:")
        t.paste("y\ny\n", bracketed=True)  # fills the line, answers nothing
        t.until("[y/N]: y")
        t.keys("BSpace", "Enter")
        t.until("nothing was flashed")
        t.keys("Escape")
        t.until("Q quit")
        self.untouched(w, before)

    def test_flash_all_is_a_table_of_its_boards_and_the_menu_comes_back_by_itself(self):
        w = self.shared()
        self.settings(w, "--return-delay", "1")
        t = self.menu(w)
        t.keys("b")
        t.until("[y/N]:")
        t.keys("y", "Enter")
        t.until("Verify")
        t.until("✓ Octopus Pro", "✓ Pico", "back in 1 s")
        t.until("Q quit", "1 REG Pico                 v0.13.0-100-g0123456   current")
        self.assertEqual(w.jobs(), ["stop", "start"])
        self.assertEqual(self.flashed(w), ["octopus", "pico"])

    def test_one_board_is_configured_on_the_whole_terminal_and_the_screen_comes_back(self):
        w = self.shared()
        self.settings(w, "--return-delay", "60")
        t = self.menu(w)
        t.keys("1", "f")
        t.until("A number chooses a board, s saves and ends, q ends:")
        t.keys("q", "Enter")
        t.until("kflash: flash Pico", "Flash Pico? [Y/n]:")
        t.keys("Enter")
        t.until("✓ Pico", "back in ")
        t.keys("x")  # somebody reads
        wait_for("no return", lambda: "back in" not in t.seen())
        t.keys("Escape")
        t.until("Q quit", "Pico                 v0.13.0-100-g0123456")
        self.assertEqual(self.flashed(w), ["pico"])
        t.keys("e")
        t.until("default (katapult)")
        configs = w.home / ".config/kflash/configs"
        before = {key: (configs / key / ".config").read_text() for key in ("octopus", "pico")}
        t.keys("m")
        t.until("A number chooses a board, s saves and ends, q ends:")
        t.keys("3", "Enter")
        t.until("A number chooses a board, s saves and ends, q ends:")
        t.keys("s", "Enter")
        t.until("menuconfig has ended", "M menuconfig")
        now = {key: (configs / key / ".config").read_text() for key in before}
        self.assertEqual(now["octopus"], before["octopus"])
        self.assertNotEqual(now["pico"], before["pico"])
        self.assertFalse((w.tree / ".config").exists())

    def test_a_board_that_vanishes_and_comes_again_is_seen_by_itself(self):
        w = self.shared()
        t = self.menu(w)
        self.unplug(w, "pico")
        t.until("Pico ", "not connected")
        t.type("1f")  # it keeps its number
        t.until("is not connected")
        w.power_cycle("pico")
        t.keys("d")  # what was said is forgotten
        wait_for("it is back", lambda: "not connected" not in t.seen(), 30)

    def test_d_looks_again_at_what_the_menu_cannot_see_by_itself(self):
        w = self.shared()
        t = self.menu(w)
        self.assertEqual(w.run("edit", "pico", "--name", "Nozzle").code, 0)
        t.keys("2")
        t.until("▸  2 REG")
        self.assertNotIn("Nozzle", t.seen())
        t.keys("d")
        t.until("REG Nozzle")
        t.type("1x")
        t.until("is saved", "excluded")
        t.type("x")
        wait_for("it is included again", lambda: w.registry()["devices"]["pico"]["flashable"])

    def wizard(self, w, **options):
        """The menu at the first question for the third board."""
        t = self.menu(w, **options)
        t.keys("3", "a")
        t.until("Name of the board [board]:")
        return t

    def leave_wizard(self, t):
        t.keys("C-c")
        t.until("Leave without registering it? [y/N]")
        t.keys("y")
        t.until("Q quit")

    def test_the_wizard_registers_the_board_in_one_write_and_a_wrong_answer_is_asked_again(self):
        w = self.shared()
        before = w.registry()
        t = self.wizard(w)
        t.type("pico\r")
        t.until('there is already a board called "pico"')
        t.keys("C-u")
        wait_for("the field is empty", lambda: "[board]: pico" not in t.seen(), 30)
        t.type("Feeder\r")
        t.until("Its MCU [stm32f446]:")
        t.keys("Escape")  # back to the name, and on again
        t.until("Name of the board")
        t.type("Mill\r")
        t.until("Its MCU [stm32f446]:")
        t.keys("Enter")
        t.until("Exclude it")
        t.keys("Enter")
        t.until("1. menuconfig, which opens on stm32f446")
        t.keys("1", "Enter")
        t.until("menuconfig, which opens now", "Register it? [Y/n]:")
        self.assertEqual(w.registry(), before)
        t.keys("Enter")
        t.until(" * 2  STM32F446", "s saves and ends")
        t.keys("s", "Enter")
        t.until("Mill is registered", "REG Mill")
        entry = w.registry()["devices"]["mill"]
        self.assertEqual((entry["name"], entry["mcu"], entry["flash_method"]), ("Mill", "stm32f446", None))
        self.assertIn("stm32f446", (w.home / ".config/kflash/configs/mill/.config").read_text())

    def test_a_board_that_vanishes_during_the_questions_costs_no_answer(self):
        w = self.shared()
        before = w.registry()
        t = self.wizard(w)
        t.type("Mill\r")
        for question, answer in (("Its MCU", ""), ("Exclude it", ""), ("Its configuration", "2"), ("Katapult", "n")):
            t.until(question)
            t.type(answer + "\r")
        t.until("Register it? [Y/n]:")
        self.unplug(w, "spare")
        t.keys("Enter")
        t.until("there is no device usb-Klipper_stm32f446xx", "Esc back")
        self.assertEqual(w.registry(), before)
        t.keys("Escape")
        t.until("Mill", "make_flash", "Register it? [Y/n]:", "there is no device")
        w.power_cycle("spare")
        wait_for("it is plugged in", lambda: any("stm32f446xx" in name for name in w.by_id()))
        t.keys("Enter")
        t.until("Mill is registered")
        entry = w.registry()["devices"]["mill"]
        self.assertEqual((entry["name"], entry["flash_method"]), ("Mill", "make_flash"))

    def test_a_command_that_cannot_be_started_loses_no_answer_and_no_change(self):
        w = self.shared()
        before = w.registry()
        copy = w.root / "kflash"
        shutil.copy(world.KFLASH, copy)
        t = self.wizard(w, program=str(copy))
        for question, answer in (("Name of", "Mill"), ("Its MCU", ""), ("Exclude it", ""), ("Its configuration", "2"),
                                 ("Katapult", "n")):
            t.until(question)
            t.type(answer + "\r")
        t.until("Register it? [Y/n]:")
        copy.unlink()  # as an update does it
        t.keys("Enter")
        t.until("Mill", "make_flash", "Register it? [Y/n]:", "there is no program")
        self.assertNotIn("registering", t.seen())
        self.leave_wizard(t)
        t.keys("1", "e")
        t.until("default (katapult)")
        t.keys("4", "Enter")
        t.until("never: it is excluded")
        t.keys("s")
        t.until("there is no program", "never: it is excluded", "not saved", "S save")
        self.assertEqual(w.registry(), before)

    def test_a_registration_that_failed_and_was_left_is_no_matter_of_what_runs_next(self):
        w = self.shared()
        t = self.wizard(w)
        t.type("Mill\r")
        t.until("Its MCU")
        t.keys("C-c")
        t.until("Leave without registering it? [y/N]")
        t.keys("n")
        t.until("Its MCU")
        fifo = w.home / "fifo"
        os.mkfifo(fifo)
        self.addCleanup(fifo.unlink)
        for question in ("Its MCU", "Exclude it"):
            t.until(question)
            t.keys("Enter")
        t.until("Its configuration")
        t.type("~/fifo")
        t.until(": ~/fifo")
        t.keys("Enter")
        t.until("fifo is no regular file")  # nor is it waited for
        t.keys("C-u")
        wait_for("the field is empty", lambda: ": ~/fifo" not in t.seen())
        t.type("2\r")
        t.until("Katapult")
        t.type("n\r")
        t.until("Register it? [Y/n]:")
        self.unplug(w, "spare")
        t.keys("Enter")
        t.until("there is no device usb-Klipper_stm32f446xx", "Esc back")
        t.keys("C-c")
        t.until("Mill", "Register it? [Y/n]:", "there is no device")  # as Esc does
        self.leave_wizard(t)
        t.type("1r")
        t.until("Remove Pico from the registry? [y/N]:")
        t.keys("y", "Enter")
        t.until("cached configuration too?")
        t.keys("n", "Enter")
        t.until("kflash: remove Pico", "removed pico", "Esc back")
        self.assertNotIn("Mill is registered", t.seen())
        w.power_cycle("spare")
        wait_for("it is plugged in", lambda: any("stm32f446xx" in name for name in w.by_id()))

    def test_settings_and_a_board_are_saved_each_by_one_command(self):
        w = self.shared()
        t = self.menu(w)
        t.keys("c", "6", "Enter")
        t.type("31\r")
        t.until("a number from 0 to 30")
        t.keys("C-u")
        t.type("7\r")
        t.until("stagger-delay          7 s", "saved")
        t.type("1")
        t.keys("Enter")
        t.until("klipper-dir, now")  # what comes in one piece is a paste
        t.paste("/nowhere", bracketed=True)
        t.until(": /nowhere")
        t.keys("Enter")
        t.until("there is no folder /nowhere")
        before = w.registry()
        t.keys("C-u")
        (w.home / "empty").mkdir()
        self.addCleanup((w.home / "empty").rmdir)
        t.type("~/empty")
        t.until(": ~/empty")
        t.keys("Enter")
        t.until("empty has no Makefile", ": ~/empty")  # the line stays open
        t.keys("Escape")
        t.until("klipper-dir", "Enter change")
        self.assertNotIn("saved", t.seen())
        self.assertEqual(w.registry(), before)
        t.keys("Escape")
        t.until("Q quit")
        t.type("1e")
        t.until("default (katapult)")
        t.keys("Enter")
        t.until("now Pico")
        t.type("Mill\r")
        t.until("Mill")
        t.keys("4", "Enter")
        t.until("not saved", "never: it is excluded")
        self.assertEqual(w.registry()["devices"]["pico"]["name"], "Pico")
        t.keys("s")
        t.until("Mill is saved", "excluded")
        entry = w.registry()["devices"]["pico"]
        self.assertEqual((entry["name"], entry["flashable"], w.registry()["global"]["stagger_delay"]), ("Mill", False, 7))
        t.type("1r")
        t.until("Remove Mill from the registry? [y/N]:")
        t.keys("Enter")
        t.until("nothing was removed")
        self.assertIn("pico", w.registry()["devices"])

    def test_a_save_that_fails_says_why_and_nothing_that_was_changed_is_lost_without_a_question(self):
        w = self.shared()
        before = w.registry()
        t = self.menu(w)
        t.keys("1", "e")
        t.until("default (katapult)")
        t.keys("3", "Enter")
        t.until("method   katapult")
        t.keys("2", "Enter")
        t.until("MCU, now rp2040")
        t.paste("atmega2560", bracketed=True)  # typed so fast an Enter right behind it would be pasted, too
        t.until(": atmega2560")
        t.keys("Enter")
        t.until("MCU      atmega2560")
        t.keys("m")
        t.until("S saves the new MCU first")
        t.keys("s")
        t.until("katapult needs Katapult, which is not there for atmega2560", "1. kflash edit pico --method",
                "kflash: Pico", "not saved")
        self.assertIn("\x1b[31mkatapult needs", t.tmux("capture-pane", "-p", "-e"))
        self.assertEqual(w.registry(), before)
        t.keys("C-c")
        t.until("Leave without saving? [y/N]", "Y leave")
        t.keys("n")
        t.until("not saved", "S save")
        t.keys("C-c")
        t.until("Leave without saving? [y/N]")
        t.keys("y")
        t.until("Q quit")
        self.assertEqual(w.registry(), before)

    def children(self, t, state="", word=""):
        """Of the menu, the processes in that state, or with that word in their command."""
        menu, found = t.tmux("list-panes", "-F", "#{pane_pid}").strip(), []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                is_now, parent = stat.read_text().rpartition(") ")[2].split()[:2]
                if parent == menu and state in is_now and word.encode() in (stat.parent / "cmdline").read_bytes():
                    found.append(int(stat.parent.name))
            except (FileNotFoundError, ProcessLookupError):
                pass
        return found

    def test_a_save_that_takes_long_takes_no_keys_and_closes_no_other_page(self):
        w = self.shared()
        t = self.menu(w)
        with open(w.home / ".config/kflash/devices.json.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            t.keys("1", "e")
            t.until("default (katapult)")
            t.keys("Enter")
            t.until("now Pico")
            t.type("Mill\r")
            t.until("name     Mill", "not saved")
            t.keys("s")
            t.until("saving…", "Ctrl+C menu")
            child = wait_for("the save waits for the lock", lambda: self.children(t, word="--name=Mill"))[0]
            os.kill(child, signal.SIGSTOP)  # or it would not wait for ever
            self.addCleanup(lambda: child in self.children(t, "T") and os.kill(child, signal.SIGKILL))
            t.keys("4", "Enter", "Escape", "C-c")
            t.until("Q quit")
            t.keys("1", "e")
            t.until("Pico is still being saved")
            t.keys("c", "6", "Enter")
            t.until("stagger-delay, now")
            t.type("7\r")
            t.until("the change before is still being saved", ": 7")
            t.keys("Escape")
            t.until("Enter change")
            t.keys("Escape")
            t.until("Q quit")
            t.keys("2", "e")
            t.until("kflash: Octopus Pro", "default (katapult)")
            t.keys("4", "Enter")
            t.until("not saved", "never: it is excluded")
        os.kill(child, signal.SIGCONT)
        wait_for("it is saved", lambda: w.registry()["devices"]["pico"]["name"] == "Mill")
        wait_for("its end was heard", lambda: not self.children(t, word="--name=Mill"))
        t.until("kflash: Octopus Pro", "not saved")
        t.keys("Escape")
        t.until("Leave without saving? [y/N]")
        t.keys("y")
        t.until("Mill is saved", "REG Mill")
        self.assertTrue(w.registry()["devices"]["pico"]["flashable"])  # what was typed meanwhile changed nothing
        self.assertNotEqual(w.registry()["global"]["stagger_delay"], 7)

    def test_a_command_that_is_left_leaves_no_child_behind(self):
        w = self.shared()
        slow = w.tree / "faults/slow"
        slow.parent.mkdir(exist_ok=True)
        slow.write_text("0.2")
        self.addCleanup(slow.unlink)
        t = self.menu(w)
        t.type("1u")
        t.until("kflash: build Pico", "running")
        child = wait_for("it builds", lambda: self.children(t, word="build"))[0]
        t.keys("Escape")
        t.until("Q quit")
        wait_for("its end was heard", lambda: child not in self.children(t))
        wait_for("no look is left either", lambda: not self.children(t, "Z"))

    def bare(self, w, *words):
        t = Dialogue(w, *(words or ("menu",)), columns=100, env={"LC_ALL": "C.UTF-8", "TERM": "xterm-256color"})
        self.addCleanup(lambda: t.child.poll() is not None or t.child.kill())
        t.pass_by("ready")
        return t

    def test_ctrl_z_gives_the_terminal_back_and_fg_draws_it_anew(self):
        w = self.shared()
        t = self.menu(w, shell=True, first="echo before-it")
        self.assertNotIn("before-it", t.seen())
        t.keys("C-z")
        t.until("Stopped", "before-it")
        t.type("fg\n")
        t.until("Moonraker", "Q quit")
        self.assertNotIn("before-it", t.seen())
        t.keys("q")
        t.until("before-it")  # the screen before comes back
        wait_for("the shell is back", lambda: "Moonraker" not in t.seen(), 30)

    def test_a_terminal_that_goes_away_ends_the_menu_and_not_the_write(self):
        w = self.shared()
        t = self.bare(w)
        t.type(b"b")
        t.sees("[y/N]")
        t.type(b"y\r")
        wait_for("the service is stopped", lambda: "stop" in w.jobs())
        os.close(t.mine)
        t.mine = os.open("/dev/null", os.O_RDWR)  # for the end of the test
        wait_for("the menu ends", lambda: t.child.poll() is not None)
        wait_for("the service is back", w.service_is_up)
        wait_for("each board is told of", lambda: self.flashed(w) == ["octopus", "pico"])
        for entry in (e for e in w.ledger() if "board" in e):
            # What was begun is whole; what was not is untouched.
            self.assertEqual((entry["result"] == "done", entry["wrote"] == "nothing"),
                             (entry["wrote"] == "all", entry["result"] != "done"), entry)

    def test_a8_keys_that_were_struck_while_the_question_was_on_its_way_are_no_answer_to_it(self):
        w = self.shared()
        before = [w.flash(key) for key in ("octopus", "pico")]
        t = self.bare(w)
        t.answers = False  # from here on nothing arrives at the person
        t.type(b"b")
        t.sees("[y/N]")
        for _ in range(5):
            t.type(b"y\r")
        t.type(b"\x0c")
        t.pass_by("[y/N]")  # drawn anew: all that was typed is read
        t.answers = True
        t.answer()
        t.type(b"\r")  # the hammering goes on
        t.type(b"n\r")
        t.pass_by("nothing was flashed")
        t.type(b"\x1b")
        t.pass_by("quit")
        t.type(b"q")
        self.assertEqual(t.end(), 0)
        self.untouched(w, before)

    def test_the_menu_in_lines_is_the_whole_menu_without_a_byte_that_steers_a_terminal(self):
        w = self.shared()
        self.settings(w, "--return-delay", "1", "--skip-menuconfig-always", "on")
        t = Spoken(w, dict(self.env(w), LC_ALL="C.UTF-8"))
        self.addCleanup(t.close)
        t.passes("Esc, then Enter, leads back. ? and Enter: all letters.\n")
        t.passes("in hand: 1 REG Pico, v0.1")
        t.say("2")
        t.passes("in hand: 2 REG Octopus Pro")
        t.say("flash")
        t.passes("one letter or one number, then Enter")
        t.say("b\ny")
        t.passes("several lines at once start nothing")
        t.say("c")
        t.passes("kflash: settings")
        t.say("6")
        t.passes("in hand: 6 stagger-delay, 2 s\n")
        t.say("")
        t.passes("stagger-delay, now 2 s:")
        t.say("31")
        t.passes("a number from 0 to 30")
        t.say("7")
        t.passes("in hand: 6 stagger-delay, 7 s\n")
        t.say("\x1b")
        t.passes("3 NEW")
        t.say("b")
        t.passes("Flash 2 of 2 boards in one stop? [y/N]:")
        t.say("y")  # nobody can have heard it
        t.passes("> ")
        t.say("")
        t.passes("nothing was flashed")
        t.say("\x1b")
        t.passes("3 NEW")
        t.say("f")
        t.passes("Flash Octopus Pro? [Y/n]:")
        t.passes("> ")
        slow = w.tree / "faults/slow"  # the page is told once a second
        slow.parent.mkdir(exist_ok=True)
        slow.write_text("0.5")
        t.say("")
        self.assertIn("at work: Octopus Pro, ", t.passes("kflash: flash Octopus Pro, back in 1 s"))
        t.passes("done: Octopus Pro, runs v0.13.0-100-g0123456")
        slow.unlink()
        t.passes("in hand: 2 REG Octopus Pro, v0.13.0-100-g0123456, current")
        t.say("3")
        t.passes("in hand: 3 NEW")
        t.say("a")
        for question, answer in (("Name of the board [board]:", "Mill"), ("Its MCU", ""), ("Exclude it", ""),
                                 ("Its configuration", "2"), ("Katapult", "n"), ("Register it? [Y/n]:", "")):
            t.passes(question)
            t.passes("> ")
            t.say(answer)
        t.passes("Mill is registered")
        t.say("q")
        self.assertEqual(t.child.wait(30), 0)
        t.hear()
        self.assertEqual({b for b in t.bytes if b < 0x20}, {ord("\n")})
        self.assertNotIn("─", t.bytes.decode())
        self.assertEqual(w.jobs(), ["stop", "start"])
        self.assertEqual(w.registry()["devices"]["mill"]["name"], "Mill")

    def test_ctrl_c_ends_the_flash_as_it_does_on_the_command_line_and_then_the_menu(self):
        w = self.shared()
        before = [w.flash(key) for key in ("octopus", "pico")]
        t = self.bare(w)
        t.type(b"b")
        t.pass_by("[y/N]")
        t.type(b"\x03")
        t.pass_by("interrupted by Ctrl+C")
        t.type(b"\x1b")
        t.pass_by("quit")
        t.type(b"\x03")
        self.assertEqual(t.end(), 0)
        self.untouched(w, before)

    def test_kflash_alone_is_the_menu_on_a_terminal_and_help_without_one(self):
        w = self.shared()
        env = dict(self.env(w), LC_ALL="C.UTF-8")
        on_it = {"preexec_fn": lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)}
        t = Terminal([world.KFLASH], env, term="xterm-256color", **on_it)
        self.addCleanup(t.close)
        t.expect("Last flash")
        t.type(b"q")
        self.assertEqual(t.end(), 0)
        # With options that the menu knows, too; what is of a flash alone begins one.
        for more, shown, key in (((), "Last flash", b"q"), (("--no-color", "--plain"), "Last flash", b"q\n"),
                                 (("--device", "pico", "-s", "-n"), "Pico is usb-Klipper", b"")):
            t = Terminal([world.KFLASH, "--sim-root", str(w.root / "w"), *more], env, term="xterm-256color", **on_it)
            self.addCleanup(t.close)
            t.expect(shown)
            t.type(key)
            t.end()
            self.assertTrue("--plain" not in more or "\x1b" not in t.seen, t.seen)
        self.assertEqual(w.jobs(), [])
        t = Terminal([world.KFLASH], env, term="dumb", **on_it)  # no screen can be shown there
        self.addCleanup(t.close)
        self.assertEqual(t.end(), 2)
        self.assertIn("usage: kflash", t.lines())
        r = w.run("menu")
        self.assertEqual(r.code, 5, r)
        self.assertIn("kflash --help", r.err)

    def test_status_tells_what_the_panel_shows(self):
        w = self.shared()
        r = w.run("status", "--json")
        self.assertEqual(r.code, 0, r)
        told = r.result()
        self.assertEqual((told["kind"], told["service"], told["klippy"], told["last_flash"]),
                         ("host_status", "klipper.service runs", "ready", "nothing was flashed yet"))
        at_rest = json.loads(pathlib.Path(w.at["scenario"]).read_text()).get("print_stats")
        self.addCleanup(lambda: w.scenario(print_stats=at_rest))
        w.scenario(print_stats={"state": "printing", "filename": "benchy.gcode"})
        wait_for("the print is seen",
                 lambda: "benchy.gcode is being printed" in json.loads(w.run("status", "--json").out)["klippy"])


if __name__ == "__main__":
    world.main()
