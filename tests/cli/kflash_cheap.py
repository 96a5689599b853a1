#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What can be refused without a build is refused without one, by a dry run in the same words; what a configuration says is
what its source tree makes of it."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import world
from world import WorldTest


class WrongUse(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="kf-test.")
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)

    def refused(self, code, *words):
        env = dict(os.environ, HOME=str(self.home), NO_COLOR="1")
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "SUDO_USER"):
            env.pop(name, None)
        r = subprocess.run([world.KFLASH, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env,
                           timeout=world.DEADLINE)
        with self.subTest(words):
            self.assertEqual(r.returncode, code, r.stderr)
            self.assertNotIn("[Simulation]", r.stderr)  # none was started for it
            self.assertEqual(r.stdout, "")
        return r.stderr

    def test_b14_wrong_use_is_told_before_a_simulation_is_started(self):
        flash = ("flash", "octopus", "-s", "--sim")
        self.assertRegex(self.refused(2, *flash, "--method", "nonsense"), "katapult, katapult_script(,| or) make_flash")
        self.assertIn("--jobs takes a whole number from 0 to 1024", self.refused(2, *flash, "--jobs", "x"))
        for words in (("--method", ""), ("--method", "Katapult"), ("-j", "1.5"), ("-j", "-1"), ("-j", "99999999999"),
                      ("--sim-speed", "fast"), ("--sim-speed", "0"), ("--service-timeout", "x"), ("-d", "pico"),
                      ("--build-timeout", "0"), ("--build-timeout", "1e9"), ("--git-timeout", "nan"),
                      ("--git-timeout", "601")):
            self.refused(2, *flash, *words)
            self.refused(2, *flash, "--dry-run", *words)
        self.refused(2, "build", "octopus", "--sim", "--jobs", "x")
        self.refused(2, "build", "octopus", "--sim", "--build-timeout", "soon")
        for words in (("edit", "octopus", "--method", "nonsense"), ("edit", "octopus", "--exclude", "--include"),
                      ("add", "x", "--method", "dfu"), ("add", "x", "--usb", "a", "--pattern", "b"),
                      ("settings", "--default-method", "default"), ("settings", "--git-timeout", "0.5"),
                      ("settings", "--build-timeout", "1d"), ("settings", "--fallback", "perhaps"),
                      ("show", "octopus", "-d", "pico"), ("identify", "octopus", "-d", "pico")):
            self.refused(2, *words, "--sim")
        for words in (("config", "octopus", "--import", "/nonexistent"), ("add", "x", "--import", "/nonexistent")):
            self.refused(4, *words, "--sim")
        self.refused(1, "config", "octopus", "--sim", "--import", "/usr/bin/env")


class Cheap(WorldTest):
    def setUp(self):
        self.w = self.world()
        self.configs = self.w.home / ".config/kflash/configs"
        self.effects = self.w.root / "effects"

    def sample(self, name):
        return (self.w.tree / "sample_configs" / f"{name}.config").read_text()

    def run_logged(self, *words, env=None):
        self.effects.unlink(missing_ok=True)
        return self.w.run(*words, env={"KF_FAULT_LOG": str(self.effects), **(env or {})})

    def builds(self):
        """The makes that build, or count what they would build."""
        log = self.effects.read_text() if self.effects.exists() else ""
        return [line for line in log.splitlines() if re.search(r" spawn .*\bmake -[nj]", line)]

    def refuses_alike(self, board, words, code, part):
        """A dry run and a run give the same answer, and neither builds."""
        with self.subTest((board, words, part)):
            errors = []
            for more in (["--dry-run"], []):
                r = self.run_logged("flash", board, "-s", "--json", *words, *more)
                self.assertEqual(r.code, code, r)
                self.assertEqual(self.builds(), [])
                errors.append(r.events("error")[-1])
            self.assertEqual(errors[0], errors[1])
            self.assertIn(part, errors[0]["what"] + errors[0].get("cause", ""))
        self.assertEqual(self.w.jobs(), [])

    def test_b13_b14_what_cannot_be_flashed_is_refused_before_a_build(self):
        # octopus is a stm32h723 with a bootloader, pico a rp2040 with one; the simulated source tree builds every chip
        pico, octopus = self.configs / "pico/.config", self.configs / "octopus/.config"
        good = octopus.read_text()
        pico.write_text(self.sample("rp2040-noboot"))
        self.refuses_alike("pico", [], 3, "katapult writes klipper.bin, this configuration builds klipper.uf2")
        self.refuses_alike("pico", ["--method", "katapult_script"], 3, "katapult_script writes klipper.bin")
        pico.write_text(self.sample("linux"))
        self.refuses_alike("pico", ["--method", "make_flash"], 3, "is registered as rp2040")
        self.refuses_alike("octopus", ["--method", "katapult_script"], 4, "flashtool.py")
        octopus.write_text(good.replace("CONFIG_USBSERIAL=y", "CONFIG_SERIAL=y"))
        self.refuses_alike("octopus", [], 3, "the image would talk over a UART")
        octopus.write_text(self.sample("stm32f446"))
        self.refuses_alike("octopus", [], 3, "the configuration is for stm32f446xx")
        octopus.write_text(good.replace("0x8020000", "0x8000000"))
        self.refuses_alike("octopus", [], 3, "the image would overwrite it at 0x8000000")
        octopus.write_text("CONFIG_CC_IS_GCC=y\nCONFIG_MACH_SUN8I=y\n")  # of Linux
        self.refuses_alike("octopus", [], 3, "it drops CONFIG_MACH_SUN8I")
        octopus.write_text("# nothing\n")
        self.refuses_alike("octopus", [], 1, "there is no option in it")
        octopus.write_text(good)
        (self.w.tree / ".git").write_text("gitdir: /nowhere\n")
        self.refuses_alike("octopus", [], 3, "git does not say which version")
        r = self.run_logged("build", "octopus", "-s")
        self.assertEqual((r.code, self.builds()), (3, []), r)
        self.assertIn("\n    fatal: not a git repository: /nowhere\n", r.err)  # git's own words, as they are
        (self.w.tree / ".git").unlink()
        (self.w.tree / "Makefile").unlink()
        self.refuses_alike("octopus", [], 4, "there is no firmware source")

    def test_a_board_for_whose_chip_there_is_no_katapult_is_told_at_once(self):
        mega = ("add", "mega", "--pattern", "usb-1a86_USB_Serial-if*", "--mcu", "atmega2560")
        r = self.run_logged(*mega, "--method", "katapult")
        self.assertEqual(r.code, 3, r)
        self.assertIn("katapult needs Katapult, which is not there for atmega2560", r.err)
        self.assertNotIn("mega", self.w.registry()["devices"])
        r = self.run_logged(*mega, "--import", str(self.w.tree / "sample_configs/atmega2560.config"))
        self.assertEqual(r.code, 0, r)
        self.assertEqual(self.w.registry()["devices"]["mega"]["flash_method"], "make_flash")
        r = self.run_logged("edit", "mega", "--method", "katapult_script")
        self.assertEqual(r.code, 3, r)
        self.assertIn("kflash edit mega --method make_flash", r.err)
        r = self.run_logged("edit", "mega", "--method", "default")  # the default of the settings may change
        self.assertEqual(r.code, 0, r)
        self.assertIn("warning: katapult needs Katapult", r.err)
        r = self.run_logged("build", "mega", "-s")
        self.assertEqual((r.code, self.builds()), (3, []), r)
        # A configuration can still be changed: that is a warning.
        (self.configs / "pico/.config").write_text(self.sample("rp2040-noboot"))
        r = self.run_logged("edit", "pico", "--method", "katapult")
        self.assertEqual(r.code, 0, r)
        self.assertIn("this configuration builds klipper.uf2", r.err)

    def test_the_plan_has_the_fallback_that_the_run_would_have(self):
        r = self.run_logged("flash", "octopus", "-s", "-n")
        self.assertEqual((r.code, self.builds()), (0, []), r)
        self.assertIn("only if nothing was written, another method may try", r.out)
        self.assertIn("FLASH_DEVICE=", r.out)
        for words in (["--no-fallback"], ["--method", "katapult"]):
            self.assertNotIn("FLASH_DEVICE=", self.run_logged("flash", "octopus", "-s", "-n", *words).out)
        (self.w.tree / "scripts").mkdir()
        (self.w.tree / "scripts/flash_usb.py").write_text("")  # with this, make flash needs dfu-util
        path = {"PATH": str(self.tools_without("dfu-util"))}
        r = self.run_logged("flash", "octopus", "-s", "-n", env=path)
        self.assertEqual(r.code, 0, r)
        self.assertIn("no fallback to make_flash: dfu-util is not there", r.out)
        self.assertNotIn("FLASH_DEVICE=", r.out)
        r = self.run_logged("flash", "octopus", "-s", "-n", "--method", "make_flash", env=path)
        self.assertEqual(r.code, 4, r)

    def tools_without(self, *names):
        """A PATH with all that is in the real one but these."""
        folder = self.w.root / "path"
        folder.mkdir()
        for place in os.environ["PATH"].split(":"):
            for program in pathlib.Path(place).glob("*"):
                if program.name not in names and not (folder / program.name).is_symlink():
                    (folder / program.name).symlink_to(program)
        return folder

    def test_a_config_of_two_lines_is_completed_by_the_source_tree(self):
        file = self.w.root / "two.config"
        file.write_text("CONFIG_MACH_STM32=y\r\nCONFIG_MACH_STM32H723=y\r\n")
        r = self.w.run("config", "octopus", "--import", str(file), "--json")
        self.assertEqual(r.code, 0, r)
        self.assertEqual((r.result()["mcu"], r.result()["application_start"]), ("stm32h723xx", "0x8020000"))
        self.assertIn('CONFIG_MCU="stm32h723xx"\n', (self.configs / "octopus/.config").read_text())
        r = self.w.run("config", "pico", "--import", str(file))
        self.assertEqual(r.code, 3, r)
        self.assertIn("the configuration is for stm32h723xx", r.err)
        # By hand in the cache, too; and a dry run leaves it as it is.
        (self.configs / "octopus/.config").write_text(file.read_text())
        r = self.w.run("flash", "octopus", "-s", "-n")
        self.assertEqual(r.code, 0, r)
        self.assertIn("MCU stm32h723xx", r.out)
        self.assertEqual((self.configs / "octopus/.config").read_text(), file.read_text())
        self.assertEqual(self.w.run("build", "octopus", "-s").code, 0)
        # Without a source tree nobody can tell what follows from two lines.
        (self.w.tree / "Makefile").unlink()
        r = self.w.run("config", "octopus", "--import", str(file))
        self.assertEqual(r.code, 1, r)
        self.assertIn("this configuration names no MCU", r.err)
        r = self.w.run("config", "octopus", "--import", str(self.w.tree / "sample_configs/stm32h723.config"))
        self.assertEqual(r.code, 0, r)
        self.assertIn("nothing but its own text is known", r.err)

    def test_the_time_for_a_build_and_for_git_can_be_set(self):
        (self.w.tree / "faults").mkdir()
        (self.w.tree / "faults/hang").write_text("")
        self.assertEqual(self.w.run("settings", "--build-timeout", "2").code, 0)
        r = self.w.run("flash", "octopus", "-s", "--json")
        self.assertEqual((r.code, r.events("error")[-1]["errc"]), (1, "timeout"), r)
        self.assertIn("hanging, as was asked for", r.events("error")[-1]["output"])
        self.assertEqual(self.w.jobs(), [])
        (self.w.tree / "faults/hang").unlink()
        (self.w.tree / ".git").write_text("")
        bin_ = self.w.root / "bin"
        bin_.mkdir()
        (bin_ / "git").write_text("#!/bin/sh\nsleep 1.5\necho v0.13.0-7-gabcdef0\n")
        (bin_ / "git").chmod(0o755)
        path = {"PATH": f"{bin_}:{os.environ['PATH']}"}
        r = self.w.run("build", "octopus", "-s", "--git-timeout", "1", "--build-timeout", "100", "--json", env=path)
        self.assertEqual(r.code, 0, r)
        self.assertIn("git did not say within 1 s", " ".join(e["text"] for e in r.events("warning")))
        self.assertEqual(r.result()["version"], "v0.13.0-7-gabcdef0")  # of the image itself


if __name__ == "__main__":
    world.main()
