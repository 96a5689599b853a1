#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kflash flash on hosts that do not show everything, and under hostile limits: a klippy that /proc hides, holders that
nobody can see, signals of every kind, too few descriptors, a second flash."""
import fcntl
import json
import os
import pathlib
import resource
import signal
import subprocess
import unittest

import world
from world import WorldTest, wait_for


def to_mid_write(child):
    """Reads the events of a --json flash until blocks are being written."""
    for line in child.stdout:
        event = json.loads(line)
        if event["event"] == "progress" and event["phase"] == "Flash":
            return
    raise AssertionError("it never wrote: " + child.stderr.read())


def flat(text):
    """A message as it was before it was wrapped."""
    return " ".join(text.split())


class Hosts(WorldTest):
    def change_unit(self, w, **members):
        w.stop_klipper()
        units = w.services()["units"]
        units["klipper.service"].update(members)
        w.change_services(units=units)
        subprocess.run([*w.at["systemctl"], "start", "klipper.service"], check=True)
        wait_for("klippy is ready", lambda: w.klippy_state() == "ready")

    # -- A10: not seen is not "not there"
    def test_a10_d10_a_hidden_klippy_that_prints_is_not_stopped_whatever_the_method(self):
        w = self.world()
        self.change_unit(w, hidden=True)
        self.assertEqual(w.processes(), [])
        w.scenario(print_stats={"state": "printing", "filename": "benchy.gcode"})
        done = len(w.jobs())
        for words in (["--method", "make_flash"], ["--assume-idle"], []):
            r = w.run("flash", "octopus", "-s", *words)
            self.assertEqual(r.code, 3, r)
            self.assertIn("benchy.gcode", r.err)
        self.assertEqual(w.jobs()[done:], [])

    def test_a10_a_hidden_klippy_is_unknown_until_the_person_says_otherwise(self):
        w = self.world()
        self.change_unit(w, hidden=True)
        done = len(w.jobs())
        r = w.run("flash", "octopus", "-s", "--method", "make_flash")
        self.assertEqual(r.code, 3, r)
        self.assertIn("/proc does not show its process", flat(r.err))
        self.assertIn("--assume-idle", r.err)
        self.assertEqual(w.jobs()[done:], [])
        self.assertEqual(w.run("flash", "octopus", "-s", "--override-print-guard", " ").code, 2)
        r = w.run("flash", "octopus", "-s", "--override-print-guard", "I stand beside it")
        self.assertEqual(r.code, 0, r)
        self.assertEqual(w.ledger()[-1]["assumed"], "I stand beside it")
        self.assertEqual(w.jobs()[done:], ["stop", "start"])
        self.assertTrue(w.service_is_up())

    def test_a10_a_klippy_of_which_only_the_socket_is_seen_is_asked(self):
        w = self.world()
        # What runs it is no klippy by its settings: a container.
        self.change_unit(w, hidden=True, argv=["/usr/bin/docker", "start", "-a", "printer"])
        done = len(w.jobs())
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 3, r)
        self.assertIn("no service is seen to run it", flat(r.err))
        w.scenario(idle_timeout={"state": "Printing"})
        r = w.run("flash", "octopus", "-s", "--assume-idle")
        self.assertEqual(r.code, 3, r)
        self.assertIn("moving", r.err)
        self.assertEqual(w.jobs()[done:], [])

    def moonraker(self, w, *words):
        """Where a Moonraker of this world listens."""
        return self.start_moonraker(w, *words)[0]

    def start_moonraker(self, w, *words):
        child = subprocess.Popen([world.KSIM, "moonraker", "--until-eof", *words], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(child.wait)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.stdin.close)
        return json.loads(child.stdout.readline())["url"], child

    def test_d10_moonraker_is_asked_too_and_the_stricter_answer_counts(self):
        w = self.world()
        gone = str(w.root / "nobody.sock")
        for key, url in (("none", self.moonraker(w, "--socket", gone)),  # it has no klippy behind it
                         ("right", self.moonraker(w, "--socket", w.at["socket"], "--api-key", "right"))):
            self.assertEqual(w.run("settings", "--moonraker-url", url, "--moonraker-api-key", key).code, 0)
            r = w.run("flash", "octopus", "-s", "--dry-run")
            self.assertEqual(r.code, 0, r)
        # klippy says idle, and then Moonraker that it prints: what it speaks of may be this one.
        printing = w.root / "printing.json"
        same_boards = json.loads(pathlib.Path(w.at["scenario"]).read_text())
        printing.write_text(json.dumps({**same_boards,
                                        "print_stats": {"state": "printing", "filename": "benchy.gcode"}}))
        other = str(w.root / "other.sock")
        klippy = subprocess.Popen([world.KSIM, "printer", "--socket", other, "--state", str(printing), "--until-eof"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(klippy.wait)
        self.addCleanup(klippy.stdout.close)
        self.addCleanup(klippy.stdin.close)
        klippy.stdout.readline()
        url = self.moonraker(w, "--socket", other)
        self.assertEqual(w.run("settings", "--moonraker-url", url).code, 0)
        done = len(w.jobs())
        r = w.run("flash", "octopus", "-s", "--assume-idle")
        self.assertEqual(r.code, 3, r)
        self.assertIn("benchy.gcode is being printed", flat(r.err))
        self.assertIn("by Moonraker", flat(r.err))
        self.assertEqual(w.jobs()[done:], [])

    def guardian_of(self, child):
        """The process that starts the services when `child` is gone."""
        def found():
            for p in pathlib.Path("/proc").iterdir():
                try:
                    words = (p / "cmdline").read_bytes().split(b"\0") if p.name.isdigit() else []
                    parent = (p / "stat").read_text().rpartition(")")[2].split()[1] if b"guardian" in words else ""
                except OSError:
                    continue
                if parent == str(child.pid):
                    return int(p.name)
        return wait_for("the guardian", found)

    def without_right(self, *options):
        """A world whose person may not manage services, and a Moonraker that may."""
        w = self.world(options=("--no-right", *options), speed=4)
        url, w.moonraker = self.start_moonraker(w, "--socket", w.at["socket"], "--state", w.at["state"])
        self.assertEqual(w.run("flash", "octopus", "-s").code, 3)
        self.assertEqual(w.run("settings", "--moonraker-url", url, "--stagger-delay", "0").code, 0)
        return w

    def leave_owed(self, w):
        """Everything of kflash is killed while the service is down."""
        self.assertTrue(w.service_is_up())
        child = w.start("flash", "octopus", "-s")
        wait_for("the service is down", lambda: not w.service_is_up())
        child.send_signal(signal.SIGSTOP)  # it must not see its guardian go
        os.kill(self.guardian_of(child), signal.SIGKILL)
        child.kill()
        child.communicate()
        self.assertFalse(w.service_is_up())
        # A job that was under way ends first: until then it holds the lock of a live run.
        wait_for("it is told", lambda: "was stopped by an earlier kflash" in flat(w.run("list").err))

    def test_d2_a_start_that_is_owed_is_paid_through_moonraker(self):
        w = self.without_right()
        r = w.run("flash", "octopus", "-s", "-v")
        self.assertEqual(r.code, 0, r)
        self.assertIn("right to stop and start services: Moonraker", r.err)
        self.assertTrue(w.service_is_up())
        with self.subTest("whatever becomes of devices.json meanwhile"):
            file = w.home / ".config/kflash/devices.json"
            good = file.read_text()
            child = w.start("flash", "octopus", "-s", "--json")
            to_mid_write(child)
            file.write_text('{"devices": ')
            out, err = child.communicate(timeout=world.DEADLINE)
            self.assertEqual(child.returncode, 0, out + err)
            self.assertTrue(w.service_is_up())
            self.assertEqual(file.read_text(), '{"devices": ')
            file.write_text(good)
        with self.subTest("by the next flash"):
            self.leave_owed(w)
            r = w.run("flash", "octopus", "-s")
            self.assertEqual(r.code, 0, r)
            self.assertTrue(w.service_is_up())
        with self.subTest("by doctor --fix"):
            self.leave_owed(w)
            r = w.run("doctor", "--fix")
            self.assertTrue(w.service_is_up(), r)
            self.assertNotIn("was stopped by", w.run("list").err)
        with self.subTest("by a flash that is refused"):
            self.leave_owed(w)
            config = w.home / ".config/kflash/configs/octopus/.config"
            config.rename(config.with_name("gone"))
            r = w.run("flash", "octopus", "-s")
            self.assertEqual(r.code, 5, r)
            self.assertTrue(w.service_is_up(), r)
        with self.subTest("a Moonraker that is gone brings nothing back, and is told"):
            config.with_name("gone").rename(config)
            self.leave_owed(w)
            self.assertEqual(w.run("settings", "--moonraker-url", "http://127.0.0.1:1").code, 0)
            r = w.run("flash", "octopus", "-s")
            self.assertEqual(r.code, 3, r)
            self.assertIn("no right to stop and start", flat(r.err))
            self.assertFalse(w.service_is_up())

    def batch_without_moonraker(self, w, gone):
        """A batch of three boards; Moonraker ends when gone(event of --json) says so."""
        child = w.start("flash", "--all", "--yes", "--force", "--json", "--service-timeout", "2")
        said = []
        for line in child.stdout:
            said.append(line)
            if w.moonraker.poll() is None and gone(json.loads(line)):
                w.moonraker.kill()
                w.moonraker.wait()
        child.wait(world.DEADLINE)
        r = world.Result(child.returncode, "".join(said), child.stderr.read())
        child.stderr.close()
        child.stdout.close()
        return r, {e["key"]: (e["build"], e["flash"], e["verify"]) for e in r.events("result") if e["kind"] == "outcome"}

    def test_d20_a_moonraker_that_goes_before_the_stop_of_a_batch_refuses_it_whole(self):
        w = self.without_right("--board", "toolhead:mcu=rp2040,serial=E66141040000AA")
        before = {k: w.flash(k) for k in w.boards}
        r, rows = self.batch_without_moonraker(w, lambda e: e.get("phase") == "Build" and e["event"] == "progress")
        self.assertEqual(r.code, 3, r)
        self.assertEqual(rows, {k: ("PASS", "FAIL", "SKIP") for k in ("octopus", "pico", "toolhead")}, r)
        self.assertEqual(({k: w.flash(k) for k in w.boards}, w.jobs().count("stop"), w.service_is_up()), (before, 0, True))
        self.assertFalse(w.ledger())

    def test_d2_a_moonraker_that_goes_while_a_batch_is_written_is_waited_for_by_the_guardian(self):
        w = self.without_right("--board", "toolhead:mcu=rp2040,serial=E66141040000AA")
        r, rows = self.batch_without_moonraker(w, lambda e: e.get("phase") == "Flash" and e["event"] == "progress")
        self.assertNotEqual(r.code, 0, r)
        self.assertEqual(rows, {k: ("PASS",) * 3 for k in ("octopus", "pico", "toolhead")}, r)
        self.assertTrue(any(e["errc"] == "service_down" for e in r.events("error")), r)
        self.assertFalse(w.service_is_up())
        port = w.registry()["global"]["moonraker_url"].rpartition(":")[2]
        self.start_moonraker(w, "--socket", w.at["socket"], "--state", w.at["state"], "--port", port)
        wait_for("the guardian brings it back", w.service_is_up, 60)
        self.assertEqual([(e["board"], e["result"]) for e in w.ledger() if "board" in e],
                         [(k, "done") for k in ("octopus", "pico", "toolhead")])

    def test_a10_d10_a_port_that_somebody_unseen_holds_is_not_written(self):
        w = self.world()
        before = w.flash("octopus")
        w.stop_klipper()
        done = len(w.jobs())
        for method in ("make_flash", "katapult"):
            # Never our controlling terminal: its end would be a SIGHUP to these tests.
            port = os.open(pathlib.Path(w.at["by_id"]) / w.device("octopus"), os.O_RDWR | os.O_NOCTTY)
            fcntl.flock(port, fcntl.LOCK_EX)
            r = w.run("flash", "octopus", "-s", "--method", method)
            os.close(port)
            self.assertEqual(r.code, 3, r)
            self.assertIn("held by a process that cannot be seen", flat(r.err))
        self.assertEqual(w.jobs()[done:], [])
        self.assertEqual(w.flash("octopus"), before)

    # -- A3: klippy by more than a file's name
    def test_a3_kalicos_module_of_another_user_is_asked_and_stopped(self):
        w = self.world()
        self.change_unit(w, foreign=True, argv=["/opt/env/bin/python", "-um", "klippy", "printer.cfg", "-a",
                                                w.at["socket"]])
        w.scenario(print_stats={"state": "printing", "filename": "benchy.gcode"})
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 3, r)
        w.scenario(print_stats=None)
        done = len(w.jobs())
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 0, r)
        self.assertEqual(w.jobs()[done:], ["stop", "start"])

    def test_a3_b17_a_batch_of_klippy_refuses_nothing_and_nothing_was_stopped(self):
        w = self.world()
        w.stop_klipper()
        batch = pathlib.Path(w.at["proc"]) / "77"
        batch.mkdir()
        (batch / "cmdline").write_bytes(b"python3\0/k/klippy/klippy.py\0p.cfg\0-i\0in.gcode\0-o\0out\0-d\0k.dict\0")
        (batch / "cgroup").write_text("0::/user.slice/user-1000.slice/session-3.scope\n")
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 0, r)
        self.assertIn("nothing was stopped", r.out)
        self.assertNotIn("printer down", r.out)
        self.assertEqual([(e["result"], e["service"]) for e in w.ledger()], [("done", "not stopped")])

    # -- A11: every signal but SIGKILL and SIGSTOP
    def test_a11_d2_no_signal_ends_the_write(self):
        w = self.world(speed=5)
        child = w.start("flash", "octopus", "-s", "--json")
        to_mid_write(child)
        for number in sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}):
            child.send_signal(number)
        out, err = child.communicate(timeout=world.DEADLINE)
        ends = "\n".join(x for x in out.splitlines() if '"progress"' not in x) + err
        self.assertEqual(child.returncode, 130, ends)
        self.assertIn('"flashed"', ends)
        self.assertIn("came while the board was written", ends)
        self.assertTrue(w.service_is_up())

    def test_a11_a_log_that_may_not_grow_does_not_matter(self):
        w = self.world()
        log = w.root / "big.log"
        log.write_text("x" * 200_000)
        child = w.start("flash", "octopus", "-s", "--log", str(log),
                        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (102_400, 102_400)))
        out, err = child.communicate(timeout=world.DEADLINE)
        self.assertEqual(child.returncode, 0, out + err)
        self.assertTrue(w.service_is_up())

    # -- B31: what the restart needs is there before the stop
    def test_b31_with_few_descriptors_it_is_done_or_nothing_is_stopped(self):
        w = self.world()
        self.assertEqual(w.run("build", "octopus", "-s").code, 0)
        refused = 0
        for limit in (14, 24, 32, 40):
            child = w.start("flash", "octopus", "-s",
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
            done = len(w.jobs())
            out, err = child.communicate(timeout=world.DEADLINE)
            with self.subTest(limit):
                self.assertTrue(w.service_is_up(), out + err)
                if child.returncode != 0:
                    refused += 1
                    self.assertEqual(w.jobs()[done:], [], out + err)
        self.assertGreater(refused, 0)
        self.assertEqual(child.returncode, 0, out + err)

    def test_b31_a_fifo_in_the_place_of_the_ledger_is_not_waited_for(self):
        w = self.world()
        state = w.home / ".local/state/kflash"
        state.mkdir(parents=True, exist_ok=True)
        os.mkfifo(state / "ledger.jsonl")
        r = w.run("flash", "octopus", "-s")
        self.assertEqual(r.code, 0, r)
        self.assertIn("ledger.jsonl", r.err)
        self.assertTrue(w.service_is_up())

    # -- what an earlier run left stopped
    def test_a_service_that_is_owed_is_told_by_each_command_and_started_by_a_flash_that_fails(self):
        w = self.world()
        w.stop_klipper()
        state = w.home / ".local/state/kflash"
        state.mkdir(parents=True, exist_ok=True)
        (state / "stopped-units").write_text("klipper.service\n")
        for words in (["list"], ["settings"], ["show", "octopus"]):
            r = w.run(*words)
            self.assertEqual(r.code, 0, r)
            self.assertIn("sudo systemctl start klipper.service", flat(r.err))
        done = len(w.jobs())
        with open(state / "flash.lock", "w") as live:  # a run at work: down because of that
            fcntl.flock(live, fcntl.LOCK_EX)
            self.assertNotIn("systemctl start", flat(w.run("list").err))
            self.assertEqual(w.run("flash", "no-such-board", "-s").code, 4)
            self.assertEqual(w.jobs()[done:], [])
        r = w.run("flash", "no-such-board", "-s")
        self.assertEqual(r.code, 4, r)
        self.assertEqual(w.jobs()[done:], ["start"])
        self.assertTrue(w.service_is_up())
        self.assertFalse((state / "stopped-units").exists())
        (state / "stopped-units").write_text("klipper.service\n")  # a list of what runs is none
        self.assertNotIn("systemctl start", flat(w.run("list").err))

    def test_a_flash_that_had_nothing_to_do_starts_what_is_owed(self):
        w = self.world()
        for board in ("octopus", "pico"):
            self.assertEqual(w.run("exclude", board).code, 0)
        w.stop_klipper()
        state = w.home / ".local/state/kflash"
        state.mkdir(parents=True, exist_ok=True)
        (state / "stopped-units").write_text("klipper.service\n")
        done = len(w.jobs())
        self.assertEqual(w.run("flash", "--all", "--dry-run").code, 0)
        self.assertEqual(w.jobs()[done:], [])
        r = w.run("flash", "--all", "--yes")
        self.assertEqual(r.code, 0, r)
        self.assertIn("SKIP", r.out + r.err)
        self.assertEqual(w.jobs()[done:], ["start"])
        self.assertTrue(w.service_is_up())

    # -- B32: two boards from two shells
    def test_b32_a_second_flash_is_told_who_works_and_may_wait_for_its_turn(self):
        w = self.world(speed=5)
        first = w.start("flash", "octopus", "-s", "--json")
        to_mid_write(first)
        r = w.run("flash", "pico", "-s")
        self.assertEqual(r.code, 3, r)
        self.assertIn(f"kflash flash octopus, process {first.pid}, for ", flat(r.err))
        self.assertIn("--wait", r.err)
        second = w.start("flash", "pico", "-s", "--wait")
        out, err = first.communicate(timeout=world.DEADLINE)
        self.assertEqual(first.returncode, 0, out + err)
        out, err = second.communicate(timeout=world.DEADLINE)
        self.assertEqual(second.returncode, 0, out + err)
        self.assertIn("waiting for another flash", err)
        self.assertEqual(w.jobs(), ["stop", "start"] * 2)


if __name__ == "__main__":
    world.main()
