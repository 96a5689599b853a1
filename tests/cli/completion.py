#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What bash, zsh and fish offer, asked of the shells themselves with the scripts that the tools print."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import world
from terminal import Terminal
from world import DEADLINE

TOOLS = ("kcal", "kflash", "kjog", "kplot", "ksim")

# What is typed, and the word that stands at its end after Tab: one that is the only one with this beginning.
CASES = {
    "kflash ide": "identify",
    "kflash completion fi": "fish",
    "kflash flash oct": "octopus",
    "kflash show -d oct": "octopus",
    "kflash -d oct": "octopus",
    "kflash flash --skip-m": "--skip-menuconfig",
    "kflash flash octopus --dry": "--dry-run",
    "kflash flash --method make": "make_flash",
    "kflash edit octopus --method def": "default",
    "kflash settings --fallback of": "off",
    "kflash config octopus --import my": "my drawing.svg",
    "kflash config octopus --share-with pi": "pico",
    "kflash import a": "a folder",
    "kflash settings --klipper-dir a": "a folder",
    "kjog con": "console",
    "kjog --machine my": "my drawing.svg",
    "kplot run x.svg --mode int": "interactive",
    "kplot machine che": "check",
    "kplot gcode my": "my drawing.svg",
    "kplot gcode x.svg -o my": "my drawing.svg",
    "kcal pattern rev": "reversal",
    "ksim prin": "printer",
    "ksim host --root a": "a folder",
}
FOLDERS = {"a folder"}


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="kf-test.")
        cls.folder = pathlib.Path(cls.temporary.name)
        registry = cls.folder / ".config/kflash/devices.json"
        registry.parent.mkdir(parents=True)
        board = {"name": "N", "mcu": "rp2040", "serial_pattern": "usb-x*", "flash_method": None, "flashable": True}
        registry.write_text(json.dumps({"global": {}, "devices": {"octopus": board, "pico": board}}))
        (cls.folder / "my drawing.svg").write_text("")
        (cls.folder / "$(touch gone).svg").write_text("")
        (cls.folder / "a folder").mkdir()
        tools = str(pathlib.Path(world.KFLASH).parent)
        cls.env = {"HOME": cls.temporary.name, "PATH": tools + ":" + os.environ["PATH"], "LC_ALL": "C.UTF-8",
                   "ZDOTDIR": cls.temporary.name}
        for tool in TOOLS:
            for shell, name in (("bash", f"{tool}.bash"), ("zsh", f"_{tool}"), ("fish", f"{tool}.fish")):
                script = subprocess.run([tool, "completion", shell], env=cls.env, check=True, capture_output=True)
                (cls.folder / name).write_bytes(script.stdout)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def need(self, shell):
        if not shutil.which(shell):
            self.skipTest(f"there is no {shell}")

    def run_shell(self, *command):
        r = subprocess.run(command, env=self.env, cwd=self.folder, capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        return r.stdout.splitlines()

    def of_bash(self, *words):
        """COMPREPLY of the function, as the shell would call it."""
        ask = 'source "$0.bash"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); "_$0"; printf "%s\\n" "${COMPREPLY[@]}"'
        return self.run_shell("bash", "--norc", "--noprofile", "-c", ask, *words[:1], *words)

    def typed(self, shell, prepare):
        """An interactive shell that has read the scripts."""
        t = Terminal(shell, self.env, cwd=self.folder, columns=200)
        self.addCleanup(t.close)
        t.type(prepare.encode() + b"echo rea''dy\n")
        t.expect("ready\r\n")
        return t

    def check_typed(self, t, line, want, ending):
        mark = len(t.seen)
        t.type(line.encode() + b"\t")
        quoted = want.replace(" ", "\\ ") + ("/" if want in FOLDERS else "")

        def told():
            t.read()
            return (line.rsplit(" ", 1)[0] + " " + quoted) in t.lines()

        world.wait_for(f"{line}<Tab> to become {quoted}: {t.seen[mark:]!r}", told, 60)
        t.type(ending)

    def test_bash_completes_in_a_terminal(self):
        self.need("bash")
        t = self.typed(["bash", "--norc", "--noprofile", "-i"],
                       "".join(f"source ./{tool}.bash\n" for tool in TOOLS) + "PS1='$ '; bind 'set bell-style none'\n")
        for line, want in CASES.items():
            with self.subTest(line):
                self.check_typed(t, line, want, b"\x15")

    def test_bash_offers_the_words_of_the_table_short_options_too(self):
        self.need("bash")
        self.assertLessEqual({"--method", "-s", "--skip-menuconfig", "-n", "-j", "-d", "--sim", "-q", "--json"},
                             set(self.of_bash("kflash", "flash", "-")))
        self.assertNotIn("--sim-root", self.of_bash("kflash", "flash", "--"))
        self.assertEqual(self.of_bash("kflash", "flash", ""), ["octopus", "pico"])
        self.assertEqual(self.of_bash("kflash", "flash", "--method", "="), ["katapult", "katapult_script", "make_flash"])
        self.assertEqual(self.of_bash("kflash", "flash", "--method", "=", "kat"), ["katapult", "katapult_script"])
        self.assertEqual(self.of_bash("kplot", "machine", ""), ["init", "check", "show", "macros"])
        self.assertEqual(self.of_bash("kflash", "flash", "octopus", ""), ["octopus", "pico"])
        self.assertEqual(self.of_bash("kflash", "flash-a"), ["flash-all"])
        self.assertEqual(self.of_bash("kflash", "show", "octopus", ""), [""])  # one board is all there is
        self.assertIn("list", self.of_bash("kflash", ""))
        self.assertNotIn("guardian", self.of_bash("kflash", ""))

    def test_bash_takes_a_name_for_a_name_and_runs_nothing_of_it(self):
        self.need("bash")
        self.assertEqual(self.of_bash("kplot", "gcode", "my"), ["my drawing.svg"])
        self.assertEqual(self.of_bash("kplot", "gcode", "my\\ dr"), ["my drawing.svg"])
        self.assertEqual(self.of_bash("kplot", "gcode", "'my dr"), ["my drawing.svg"])
        self.assertEqual(self.of_bash("kplot", "gcode", "$"), ["$(touch gone).svg"])
        self.assertFalse((self.folder / "gone").exists())

    def test_zsh_completes_in_a_terminal_without_an_error(self):
        self.need("zsh")
        t = self.typed(["zsh", "-f", "-i"],
                       "PS1='$ '; unsetopt prompt_sp beep zle_bracketed_paste 2>/dev/null; fpath=($PWD $fpath);"
                       " autoload -Uz compinit; compinit -u -D\n")
        for line, want in CASES.items():
            with self.subTest(line):
                self.check_typed(t, line, want, b"\x15")
        self.assertNotIn("_arguments:", t.seen)
        self.assertNotIn("not found", t.seen)

    def test_fish_completes(self):
        self.need("fish")
        load = "".join(f"source ./{tool}.fish; " for tool in TOOLS)
        for line, want in CASES.items():
            with self.subTest(line):
                said = [row.split("\t")[0] for row in self.run_shell("fish", "--no-config", "-c",
                                                                     load + f'complete -C "{line}"')]
                self.assertEqual(said, [want + ("/" if want in FOLDERS else "")])
        said = {row.split("\t")[0] for row in self.run_shell("fish", "--no-config", "-c", load + 'complete -C "kflash flash -"')}
        self.assertLessEqual({"--method", "-s", "--sim"}, said)

    def test_asking_for_names_makes_and_says_nothing(self):
        with tempfile.TemporaryDirectory(prefix="kf-test.") as home:
            r = subprocess.run(["kflash", "complete", "boards"], env={**self.env, "HOME": home}, capture_output=True)
            self.assertEqual((r.returncode, r.stdout, r.stderr), (0, b"", b""))
            self.assertEqual(os.listdir(home), [])


if __name__ == "__main__":
    world.main()
