#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kflash's registry, settings, configurations and command line, from outside. D numbers are defects of the program
that kflash follows (docs/DEFECTS.md).

One simulated host serves all cases: each begins with the home folder as it was, and no case flashes."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import unittest

import world
from terminal import Dialogue
from world import World

EMPTY = {"NO_COLOR": "", "FORCE_COLOR": "", "TERM": "xterm"}
HOST = None


def setUpModule():
    global HOST
    HOST = World()
    shutil.copytree(HOST.home, HOST.root / "home.first")


def tearDownModule():
    HOST.close()


class Case(unittest.TestCase):
    def setUp(self):
        shutil.rmtree(HOST.home)
        shutil.copytree(HOST.root / "home.first", HOST.home)
        self.file = HOST.home / ".config/kflash/devices.json"
        self.backup = self.file.with_name("devices.json.bak")
        self.configs = HOST.home / ".config/kflash/configs"
        self.before = self.file.read_text()

    def run_ok(self, *words, **options):
        r = HOST.run(*words, **options)
        self.assertEqual(r.code, 0, r)
        return r

    def refuses(self, code, *words, **options):
        """It ends with that status, says so in at most 80 columns, and the registry is as it was."""
        r = HOST.run(*words, **options)
        self.assertEqual(r.code, code, r)
        self.assertTrue(r.err.startswith("error: "), r)
        self.assertEqual(r.out, "", r)
        self.assertEqual(self.file.read_text(), self.before, r)
        return r

    def plug_in(self, name):
        link = pathlib.Path(HOST.at["by_id"]) / name
        link.symlink_to("/dev/null")
        self.addCleanup(link.unlink)

    def device(self, key):
        return json.loads(self.file.read_text())["devices"][key]


class Listing(Case):
    def test_list_is_a_table_of_registered_new_blocked_and_disconnected_boards(self):
        self.plug_in("usb-katapult_stm32f446xx_AA11-if00")
        self.plug_in("usb-Beacon_Beacon_RevH_BB22-if00")
        self.plug_in("usb-FTDI_FT232R_CC33-if00-port0")
        self.run_ok("add", "Far Away", "--mcu", "rp2040", "--pattern", "usb-Klipper_rp2040_DD44*")
        self.run_ok("edit", "pico", "--exclude")
        table = self.run_ok("list").out.splitlines()
        rows = {key: next(line for line in table if name in line.split("  "))
                for key, name in (("octopus", "Octopus Pro (octopus)"), ("pico", "pico"), ("far-away", "Far Away (far-away)"))}
        self.assertIn("registered", rows["octopus"])
        self.assertIn(HOST.device("octopus"), rows["octopus"])
        self.assertIn("excluded", rows["pico"])
        self.assertIn("disconnected", rows["far-away"])
        text = self.run_ok("list").out
        for state, name in (("new", "usb-katapult_stm32f446xx_AA11-if00"), ("blocked", "usb-Beacon_Beacon_RevH_BB22-if00"),
                            ("blocked", "usb-FTDI_FT232R_CC33-if00-port0")):
            line = next(x for x in text.splitlines() if name in x)
            self.assertTrue(line.startswith(state), line)
        self.assertIn("Beacon probe is not a Klipper MCU", text)

    def test_list_as_json_is_one_object_a_device(self):
        self.plug_in("usb-katapult_stm32f446xx_AA11-if00")
        events = self.run_ok("list", "--json").events("result")
        self.assertEqual([set(e) for e in events], [{"event", "kind", "state", "key", "name", "mcu", "port", "device",
                                                     "runs", "flashable", "reason", "version", "relation", "host_version",
                                                     "needed", "need_reason"}] * 3)
        by_device = {e["device"]: e for e in events}
        octopus = by_device[HOST.device("octopus")]
        self.assertEqual((octopus["kind"], octopus["state"], octopus["key"], octopus["mcu"], octopus["flashable"]),
                         ("device", "registered", "octopus", "stm32h723", True))
        new = by_device["usb-katapult_stm32f446xx_AA11-if00"]
        self.assertEqual((new["state"], new["key"], new["mcu"]), ("new", "", "stm32f446xx"))
        self.assertEqual({octopus["runs"].lower(), new["runs"].lower()}, {"klipper", "katapult"})

    def test_a_link_to_nothing_is_told_and_is_no_device(self):
        link = pathlib.Path(HOST.at["by_id"]) / "usb-Klipper_rp2040_EE55-if00"
        link.symlink_to("/nonexistent")
        self.addCleanup(link.unlink)
        r = self.run_ok("list")
        self.assertIn("usb-Klipper_rp2040_EE55-if00", r.err)
        self.assertNotIn("usb-Klipper_rp2040_EE55-if00", r.out)

    def test_show_tells_all_of_one_board(self):
        r = self.run_ok("show", "octopus", "--json").events("result")[0]
        self.assertEqual((r["key"], r["mcu"], r["method"], r["flashable"], r["connected"], r["has_config"],
                          r["application_start"]), ("octopus", "stm32h723", "katapult", True, True, True, "0x8020000"))
        self.assertTrue(r["device"].endswith(HOST.device("octopus")))
        text = self.run_ok("show", "octopus").out
        for part in ("octopus", "stm32h723", "katapult (default)", "0x8020000"):
            self.assertIn(part, text)

    def test_a_board_is_found_by_its_name_whatever_its_case(self):
        self.run_ok("edit", "pico", "--name", "Tool Head")
        self.assertEqual(self.run_ok("show", "tool head", "--json").events("result")[0]["key"], "pico")

    def test_looking_changes_nothing(self):
        for words in (["list"], ["show", "octopus"], ["settings"], ["config", "octopus", "--check"]):
            self.run_ok(*words)
        self.assertEqual(self.file.read_text(), self.before)
        self.assertFalse(self.backup.exists())

    def test_no_registry_is_an_empty_one(self):
        self.file.unlink()
        r = self.run_ok("list", "--json")
        self.assertEqual({e["state"] for e in r.events("result")}, {"new"})
        self.assertFalse(self.file.exists())


class Adding(Case):
    def test_adds_what_is_named_without_asking(self):
        self.plug_in("usb-katapult_stm32f446xx_AA11-if00")
        r = self.run_ok("add", "Öl Pumpe_2", "--usb", "usb-katapult_stm32f446xx_AA11-if00", "--json").events("result")[0]
        self.assertEqual((r["kind"], r["key"], r["mcu"]), ("added", "ol-pumpe-2", "stm32f446"))
        entry = self.device("ol-pumpe-2")
        self.assertEqual(entry["name"], "Öl Pumpe_2")
        self.assertEqual(entry["serial_pattern"], "usb-katapult_stm32f446xx_AA11-if*")
        self.assertRegex(entry["seen_as_katapult"], r"^\d{4}-\d\d-\d\d$")
        self.assertEqual(self.backup.read_text(), self.before)

    def test_d21_two_names_never_share_a_key(self):
        for name, key in (("Twin", "twin"), ("Twin!", "twin-2"), ("tw.in", "tw-in"), ("TWIN?", "twin-3")):
            r = self.run_ok("add", name, "--mcu", "rp2040", "--pattern", f"usb-Klipper_rp2040_{key}*", "--json")
            self.assertEqual(r.events("result")[0]["key"], key)

    def test_a_name_that_is_taken_is_refused(self):
        name = self.device("pico")["name"].upper()
        self.refuses(2, "add", name, "--mcu", "rp2040", "--pattern", "usb-Klipper_x*")

    def test_d21_the_key_of_a_renamed_board_is_nobody_elses_name(self):
        self.run_ok("edit", "pico", "--name", "Nozzle")
        self.before = self.file.read_text()
        for words in (["add", "Pico", "--mcu", "rp2040", "--pattern", "usb-Klipper_x*"],
                      ["edit", "octopus", "--name", "PICO"], ["edit", "octopus", "--name", "nozzle"]):
            self.assertIn("there is already a board called", self.refuses(2, *words).err)
        row = next(x for x in self.run_ok("list").out.splitlines() if "Nozzle" in x)
        self.assertIn("Nozzle (pico)", row)
        self.run_ok("edit", "nozzle", "--name", "Pico")  # its own key is free for it

    def test_a_word_that_two_boards_answer_to_flashes_neither_and_a_rename_resolves_it(self):
        boards = json.loads(self.before)
        boards["devices"]["pico"]["name"], boards["devices"]["octopus"]["name"] = "Nozzle", "Pico"
        self.before = json.dumps(boards)
        self.file.write_text(self.before)
        for word in ("pico", "Pico"):
            for words in (["flash", word, "--dry-run", "--skip-menuconfig"], ["show", word], ["exclude", word],
                          ["remove", word, "--yes"], ["config", "nozzle", "--share-with", word], ["build", word]):
                r = self.refuses(2, *words)
                for part in (f'2 boards are called "{word}"', "Nozzle (key pico)", "Pico (key octopus)",
                             "kflash edit octopus --name ANOTHER"):
                    self.assertIn(part, r.err)
        self.assertIn("Nozzle", self.run_ok("flash", "nozzle", "-n", "-s").out)
        self.assertEqual(self.run_ok("show", "octopus", "--json").result()["name"], "Pico")
        self.run_ok("edit", "pico", "--name", "Pico 2")  # with --name a key is a key
        self.run_ok("edit", "octopus", "--name", "Octopus")
        self.assertEqual(self.run_ok("show", "pico", "--json").result()["name"], "Pico 2")

    def test_d21_no_name_becomes_a_path(self):
        for name, key in (("../../etc", "etc"), ("a/b", "ab"), ("...", "board"), ("--x y", "x-y")):
            r = self.run_ok("add", "--name=" + name, "--mcu", "rp2040", "--pattern", f"usb-Klipper_{key}*", "--json")
            self.assertEqual(r.events("result")[0]["key"], key)
            self.assertEqual(self.device(key)["name"], name)

    def test_d21_fields_out_of_bounds_are_wrong_use(self):
        good = {"--name": "x", "--mcu": "rp2040", "--pattern": "usb-Klipper_x*"}
        for option, bad in (("--name", ""), ("--name", "a\nb"), ("--name", "x" * 81), ("--mcu", "rp 2040"),
                            ("--mcu", "../x"), ("--mcu", "x" * 65), ("--pattern", "/dev/ttyACM0"), ("--pattern", ""),
                            ("--pattern", "x" * 256), ("--method", "dfu")):
            with self.subTest(option=option, bad=bad[:10]):
                words = [f"{o}={v}" for o, v in dict(good, **{option: bad}).items()]
                self.refuses(2, "add", *words)

    def test_a_registered_or_blocked_device_is_not_added_again(self):
        self.plug_in("usb-Beacon_Beacon_RevH_BB22-if00")
        self.refuses(2, "add", "x", "--usb", HOST.device("octopus"))
        self.refuses(3, "add", "x", "--usb", "usb-Beacon_Beacon_RevH_BB22-if00")
        self.refuses(4, "add", "x", "--usb", "usb-Klipper_rp2040_NOBODY-if00")
        self.refuses(4, "add", "x")

    def test_a_config_comes_with_the_board_or_neither_does(self):
        words = ["add", "x", "--mcu", "rp2040", "--pattern", "usb-Klipper_x*", "--import"]
        self.refuses(4, *words, str(HOST.root / "nowhere"))
        self.refuses(3, *words, str(HOST.tree / "sample_configs/stm32f446.config"))
        self.run_ok(*words, str(HOST.tree / "sample_configs/rp2040.config"))
        self.assertEqual((self.configs / "x/.config").read_text(),
                         (HOST.tree / "sample_configs/rp2040.config").read_text())


class Editing(Case):
    def test_changes_the_given_fields_and_keeps_the_key_and_what_it_does_not_know(self):
        whole = json.loads(self.before)
        whole["devices"]["pico"]["note"] = "mine"
        whole["future"] = [1, 2]
        self.file.write_text(json.dumps(whole))
        self.run_ok("edit", "pico", "--name", "Nozzle", "--mcu", "rp2350", "--pattern", "usb-Klipper_n*", "--method",
                    "make_flash", "--exclude")
        pico = self.device("pico")
        self.assertEqual(pico, {"name": "Nozzle", "mcu": "rp2350", "serial_pattern": "usb-Klipper_n*",
                                "flash_method": "make_flash", "flashable": False, "note": "mine"})
        self.assertEqual(json.loads(self.file.read_text())["future"], [1, 2])
        self.assertEqual(json.loads(self.file.read_text())["devices"]["octopus"], whole["devices"]["octopus"])
        self.run_ok("edit", "pico", "--method", "default", "--include")
        self.assertEqual((self.device("pico")["flash_method"], self.device("pico")["flashable"]), (None, True))

    def test_wrong_fields_change_nothing(self):
        self.refuses(2, "edit", "pico", "--method", "dfu")
        self.refuses(2, "edit", "pico", "--exclude", "--include")
        self.refuses(2, "edit", "pico", "--name=")
        self.refuses(4, "edit", "nobody", "--name", "x")
        self.refuses(2, "edit")

    def test_the_version_before_is_kept_as_bak(self):
        self.assertFalse(self.backup.exists())
        self.run_ok("edit", "pico", "--name", "One")
        self.assertEqual(self.backup.read_text(), self.before)
        second = self.file.read_text()
        self.run_ok("edit", "pico", "--name", "Two")
        self.assertEqual(self.backup.read_text(), second)
        self.run_ok("edit", "pico", "--name", "Two")  # nothing to change: the version before stays
        self.assertEqual(self.backup.read_text(), second)
        self.file.write_text(second[:-20])
        self.assertIn("devices.json.bak", HOST.run("list").err)

    def test_the_file_is_as_the_original_writes_it(self):
        self.run_ok("edit", "pico", "--name", "One")
        text = self.file.read_text()
        self.assertEqual(text, json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n")

    def test_removes_a_board_and_keeps_its_config_unless_told(self):
        self.run_ok("remove", "pico", "--yes")
        self.assertNotIn("pico", json.loads(self.file.read_text())["devices"])
        self.assertTrue((self.configs / "pico/.config").exists())
        self.run_ok("remove", "octopus", "--yes", "--with-config")
        self.assertFalse((self.configs / "octopus").exists())
        self.assertEqual(HOST.run("remove", "octopus", "--yes").code, 4)

    def test_d21_a_malformed_registry_is_told_with_its_line_and_left_untouched(self):
        good = json.loads(self.before)

        def with_board(**fields):
            return json.dumps(dict(good, devices={"b": dict(good["devices"]["pico"], **fields)}), indent=2)

        def with_setting(**fields):
            return json.dumps(dict(good, **{"global": fields}), indent=2)

        cases = {"{\n  \"global\": {},\n  oops\n}": 3, "": 1, "[]": 1, "{\"devices\":\n[]}": 2,
                 with_board(mcu=7): "mcu", with_board(name=""): "name", with_board(flash_method="dfu"): "flash_method",
                 with_board(flashable="yes"): "flashable", with_setting(stagger_delay="x"): "stagger_delay",
                 with_setting(stagger_delay=31): "stagger_delay", with_setting(return_delay=-1): "return_delay",
                 with_setting(allow_flash_fallback=1): "allow_flash_fallback", with_setting(moonraker_url=""): "moonraker_url",
                 with_setting(moonraker_api_key="a\r\nHost: b"): "moonraker_api_key",
                 "{\n\"global\":\n{\"return_delay\": NaN}}": 3}
        for text, place in cases.items():
            with self.subTest(text=text[:60], place=place):
                line = place if isinstance(place, int) else \
                    1 + next(i for i, x in enumerate(text.splitlines()) if f'"{place}"' in x)
                self.file.write_text(text)
                for words in (["list"], ["edit", "pico", "--name", "x"], ["settings", "--fallback", "off"],
                              ["remove", "pico", "--yes"])[:1 if len(text) > 40 else 4]:
                    r = HOST.run(*words)
                    self.assertEqual(r.code, 1, r)
                    self.assertRegex(r.err.replace("\n       ", " "), rf"devices\.json:{line}\b|line {line}\b", r)
                    self.assertEqual(self.file.read_text(), text)
                    self.assertFalse(self.backup.exists())
                    self.assertNotIn(".bak", r.err)

    def test_edits_at_the_same_time_are_all_kept(self):
        children = [HOST.start("add", f"many {i}", "--mcu", "rp2040", "--pattern", f"usb-Klipper_m{i}_*")
                    for i in range(8)]
        for c in children:
            out, err = c.communicate(timeout=world.DEADLINE)
            self.assertEqual(c.returncode, 0, out + err)
        self.assertEqual(sorted(json.loads(self.file.read_text())["devices"]),
                         sorted(["octopus", "pico"] + [f"many-{i}" for i in range(8)]))


class Settings(Case):
    def test_d7_every_setting_can_be_seen_and_set(self):
        first = self.run_ok("settings", "--json").events("result")[0]
        self.assertEqual((first["default_flash_method"], first["allow_flash_fallback"], first["skip_menuconfig"],
                          first["stagger_delay"], first["return_delay"]), ("katapult", True, False, 2, 5))
        (HOST.home / "kat/scripts").mkdir(parents=True)
        (HOST.home / "kat/scripts/flashtool.py").write_text("")
        (HOST.home / "kali").mkdir()
        (HOST.home / "kali/Makefile").write_text("")
        self.run_ok("settings", "--default-method", "make_flash", "--fallback", "off", "--skip-menuconfig-always", "on",
                    "--stagger-delay", "30", "--return-delay", "0.5", "--klipper-dir", "~/kali", "--katapult-dir",
                    "~/kat", "--build-timeout", "900", "--git-timeout", "20.5")
        self.assertEqual(json.loads(self.file.read_text())["global"],
                         {"default_flash_method": "make_flash", "allow_flash_fallback": False, "skip_menuconfig": True,
                          "stagger_delay": 30.0, "return_delay": 0.5, "klipper_dir": "~/kali", "katapult_dir": "~/kat",
                          "build_timeout": 900.0, "git_timeout": 20.5})
        text = self.run_ok("settings").out
        for part in ("make_flash", "~/kali", "~/kat", "30 s", "0.5 s", "900 s", "20.5 s"):
            self.assertIn(part, text)
        self.assertEqual(self.run_ok("show", "pico", "--json").events("result")[0]["method"], "make_flash")
        self.run_ok("settings", "--build-timeout", "300", "--git-timeout", "5")  # as the Python program would write it
        self.assertNotIn("timeout", self.file.read_text())

    def test_d7_an_unknown_setting_or_a_value_out_of_bounds_is_wrong_use(self):
        for words in (["--colour", "on"], ["6"], ["--fallback", "maybe"], ["--fallback"], ["--default-method", "dfu"],
                      ["--stagger-delay", "x"], ["--stagger-delay", "31"], ["--stagger-delay=-1"],
                      ["--stagger-delay", "nan"], ["--return-delay", "inf"], ["--return-delay", "61"],
                      ["--return-delay", "1s"], ["--return-delay="], ["--build-timeout", "0.5"],
                      ["--build-timeout", "86401"], ["--git-timeout", "inf"], ["--git-timeout", "601"]):
            with self.subTest(words):
                self.refuses(2, "settings", *words)

    def test_a_folder_that_is_no_source_tree_is_not_found(self):
        (HOST.home / "empty").mkdir()
        self.refuses(4, "settings", "--klipper-dir", "~/nowhere")
        self.refuses(4, "settings", "--klipper-dir", "~/empty")
        self.refuses(4, "settings", "--katapult-dir", "~/empty")


class Configs(Case):
    def test_imports_and_checks_a_config(self):
        file = HOST.home / "mine.config"
        file.write_text((HOST.tree / "sample_configs/rp2040.config").read_text() + "CONFIG_OLD_OPTION=y\n")
        r = self.run_ok("config", "pico", "--import", str(file), "--json").events("result")[0]
        self.assertEqual((r["key"], r["application_start"], r["drift"]), ("pico", "0x10004000", 1))
        self.assertEqual((self.configs / "pico/.config").read_text(), file.read_text())
        r = self.run_ok("config", "pico", "--check")
        self.assertIn("OLD_OPTION", r.err)
        self.assertEqual(r.out.strip(), str(self.configs / "pico/.config"))

    def test_a_diff_tells_what_the_tree_a_file_or_another_board_would_change_and_keeps_nothing(self):
        mine = self.configs / "pico/.config"
        mine.write_text((HOST.tree / "sample_configs/rp2040.config").read_text() + "CONFIG_OLD_OPTION=y\n")
        before = mine.read_text()
        self.assertEqual(self.run_ok("config", "pico", "--diff").out, "-CONFIG_OLD_OPTION=y\n")
        file = HOST.home / "other.config"
        file.write_text((HOST.tree / "sample_configs/rp2040.config").read_text())
        r = self.run_ok("config", "pico", "--diff", "--import", str(file))
        self.assertEqual((r.out, "nothing differs" in r.err), ("", True))  # of what the tree makes of them
        r = self.run_ok("config", "pico", "--diff", "--share-with", "octopus", "--json")
        changes = {e["symbol"]: (e["before"], e["after"]) for e in r.events("result")}
        self.assertEqual(changes["MCU"], ('"rp2040"', '"stm32h723xx"'))
        r = self.run_ok("config", "pico", "--diff", "--share-with", "octopus")
        self.assertIn('-CONFIG_MCU="rp2040"\n+CONFIG_MCU="stm32h723xx"\n', r.out)
        self.assertEqual(mine.read_text(), before)
        self.assertFalse(mine.is_symlink())

    def test_two_boards_share_a_configuration_until_one_gets_its_own(self):
        self.run_ok("add", "twin", "--mcu", "rp2040", "--pattern", "usb-Klipper_rp2040_T2*")
        r = self.run_ok("config", "twin", "--share-with", "Pico", "--json").events("result")[0]
        self.assertEqual((r["shared_with"], r["application_start"]), ("pico", "0x10004000"))
        more = (HOST.tree / "sample_configs/rp2040.config").read_text() + "CONFIG_KF_EXTRA=y\n"
        file = HOST.home / "mine.config"
        file.write_text(more)
        self.run_ok("config", "pico", "--import", str(file))
        self.assertEqual((self.configs / "twin/.config").read_text(), more)
        self.assertIn("that of pico", self.run_ok("show", "twin").out)
        self.assertEqual(HOST.run("config", "twin", "--share-with", "octopus").code, 3)
        self.assertEqual(HOST.run("config", "pico", "--share-with", "twin").code, 2)
        # Nor does it follow the next board of that key, for which the configuration is kept.
        self.run_ok("remove", "pico", "--yes")
        self.assertEqual((self.configs / "pico/.config").read_text(), more)
        self.assertFalse((self.configs / "twin/.config").is_symlink())
        self.assertEqual((self.configs / "twin/.config").read_text(), more)

    def test_takes_over_what_kalico_flash_and_klipper_have_and_replaces_nothing(self):
        sample = lambda chip: (HOST.tree / f"sample_configs/{chip}.config").read_text()
        (self.configs / "pico/.config").unlink()
        mine = (self.configs / "octopus/.config").read_text()
        package = HOST.home / "kalico-flash/kflash"
        package.mkdir(parents=True)
        board = {"name": "EBB", "mcu": "stm32f446", "serial_pattern": "usb-Klipper_stm32f446xx_5A*", "flash_method": None,
                 "flashable": True}
        (package / "devices.json").write_text(json.dumps({
            "global": {"return_delay": 9.0}, "blocked_devices": ["usb-x*"],
            "devices": {"My EBB": board, "octopus": dict(board, name="Else")}}))
        for key, text in (("My EBB", sample("stm32f446")), ("octopus", sample("stm32h723") + "CONFIG_X=y\n"),
                          ("gone", sample("rp2040"))):
            (HOST.home / ".config/kalico-flash/configs" / key).mkdir(parents=True)
            (HOST.home / ".config/kalico-flash/configs" / key / ".config").write_text(text)
        own = HOST.tree / ".config"
        had = own.read_text() if own.exists() else None
        self.addCleanup(lambda: own.write_text(had) if had is not None else own.unlink())
        own.write_text(sample("rp2040"))
        want = [("board", "My EBB", True), ("board", "octopus", False), ("pattern", "usb-x*", True),
                ("setting", "return_delay", True), ("config", "My EBB", True), ("config", "gone", False),
                ("config", "octopus", False), ("config", "pico", True)]
        told = lambda r: [(e["part"], e["name"], e["taken"]) for e in r.events("result")]
        r = self.run_ok("import", "--dry-run", "--json")
        self.assertEqual(told(r)[:4], want[:4], r)
        self.assertEqual(self.file.read_text(), self.before)
        self.assertEqual(told(r), want, r)
        self.assertFalse((self.configs / "My EBB").exists())
        r = self.run_ok("import", "--json")
        self.assertEqual(told(r), want, r)
        self.assertEqual(self.device("My EBB")["name"], "EBB")
        self.assertEqual((self.configs / "My EBB/.config").read_text(), sample("stm32f446"))
        self.assertEqual((self.configs / "pico/.config").read_text(), sample("rp2040"))
        self.assertEqual((self.configs / "octopus/.config").read_text(), mine)
        now = self.file.read_text()
        r = self.run_ok("import", str(HOST.home / "kalico-flash"))
        self.assertNotIn("taken", r.out)
        self.assertIn("left  config My EBB: it is the same as here", r.out)
        self.assertEqual(self.file.read_text(), now)
        self.assertEqual(HOST.run("import", str(HOST.home)).code, 4)

    def test_a_rename_keeps_the_configuration(self):
        old = (self.configs / "pico/.config").read_text()
        self.run_ok("edit", "pico", "--name", "Nozzle")
        r = self.run_ok("show", "nozzle", "--json").events("result")[0]
        self.assertEqual((r["key"], r["has_config"]), ("pico", True))
        self.assertEqual((self.configs / "pico/.config").read_text(), old)

    def test_the_config_of_another_chip_is_refused_and_the_old_one_kept(self):
        old = (self.configs / "pico/.config").read_text()
        r = self.refuses(3, "config", "pico", "--import", str(HOST.tree / "sample_configs/stm32h723.config"))
        self.assertIn("kflash edit pico --mcu", r.err)
        self.refuses(4, "config", "pico", "--import", "/nonexistent")
        self.assertEqual((self.configs / "pico/.config").read_text(), old)

    def test_checking_what_is_not_there_is_not_found(self):
        (self.configs / "pico/.config").unlink()
        self.refuses(4, "config", "pico", "--check")

    def test_menuconfig_on_a_terminal_saves_for_this_board_only(self):
        other = (self.configs / "octopus/.config").read_text()
        t = Dialogue(HOST, "config", "octopus")
        t.say("s saves and ends", "1\n")
        t.say("s saves and ends", "s\n")
        self.assertEqual(t.end(), 0, t.text)
        self.assertIn("saved as", t.text)
        sample = (HOST.tree / "sample_configs/stm32h723.config").read_text()
        self.assertEqual((self.configs / "octopus/.config").read_text(), sample)
        self.assertNotEqual(other, sample)
        self.assertFalse((HOST.tree / ".config").exists())
        self.assertFalse((HOST.tree / "out").exists())

    def test_menuconfig_of_a_board_without_a_configuration_begins_with_its_chip(self):
        for key, chip, sample in (("octopus", "1  STM32H723", "stm32h723"), ("pico", "3  RP2040", "rp2040")):
            with self.subTest(key):
                (self.configs / key / ".config").unlink()
                t = Dialogue(HOST, "config", key)
                t.pass_by(" * " + chip)
                t.say("s saves and ends", "q\n")  # nothing is cached that nobody saved
                self.assertEqual(t.end(), 4, t.text)
                self.assertFalse((self.configs / key / ".config").exists())
                t = Dialogue(HOST, "config", key)
                t.say("s saves and ends", "s\n")
                self.assertEqual(t.end(), 0, t.text)
                self.assertEqual((self.configs / key / ".config").read_text(),
                                 (HOST.tree / f"sample_configs/{sample}.config").read_text())

    def test_menuconfig_that_is_left_without_saving_changes_nothing(self):
        old = (self.configs / "octopus/.config").read_text()
        t = Dialogue(HOST, "config", "octopus")
        t.say("s saves and ends", "1\n")
        t.say("s saves and ends", "q\n")
        self.assertEqual(t.end(), 0, t.text)
        self.assertIn("nothing was changed", t.text)
        self.assertEqual((self.configs / "octopus/.config").read_text(), old)

    def test_menuconfig_for_the_wrong_chip_is_refused_and_not_kept(self):
        old = (self.configs / "octopus/.config").read_text()
        t = Dialogue(HOST, "config", "octopus")
        t.say("s saves and ends", "3\n")
        t.say("s saves and ends", "s\n")
        self.assertEqual(t.end(), 3, t.text)
        self.assertEqual((self.configs / "octopus/.config").read_text(), old)


class NoTerminal(Case):
    def test_a_needed_question_is_exit_5_with_the_flag_that_answers_it(self):
        self.plug_in("usb-katapult_stm32f446xx_AA11-if00")
        self.plug_in("usb-katapult_stm32f446xx_AA12-if00")
        for words, flag in ((["add"], "--usb"), (["add", "--usb", "usb-katapult_stm32f446xx_AA11-if00"], "--name"),
                            (["add", "x", "--pattern", "usb-Klipper_x*"], "--mcu"), (["edit", "pico"], "--name"),
                            (["remove", "pico"], "--yes"), (["config", "pico"], "--import"), (["show"], "BOARD"),
                            (["flash"], "BOARD")):
            with self.subTest(words):
                self.assertIn(flag, self.refuses(5, *words).err)

    def test_json_never_asks_although_there_is_a_terminal(self):
        t = Dialogue(HOST, "remove", "pico", "--json")
        self.assertEqual(t.end(), 5, t.text)
        self.assertEqual(json.loads(t.text)["errc"], "needs_person")


class Questions(Case):
    def test_add_asks_what_it_needs_to_know(self):
        self.plug_in("usb-katapult_stm32f446xx_AA11-if00")
        self.plug_in("usb-Klipper_rp2040_BB12-if00")
        t = Dialogue(HOST, "add")
        t.say("Which device", "7\n")
        t.say("Please give a number from 1 to 2", "")
        t.say("Which device", "1\n")
        t.say("Name of the board", "Mill\n")
        t.say("Its MCU", "\n")
        t.say("Exclude it", "perhaps\n")
        t.say("Please answer y or n", "")
        t.say("Exclude it", "n\n")
        t.say("Its configuration", "9\n")
        t.say("from 1 to 2, or a file", "")
        t.say("Its configuration", "/nonexistent\n")
        t.say("warning: ", "")
        t.say("Its configuration", "2\n")
        t.say("Katapult bootloader?", "n\n")  # a board that runs Klipper does not tell
        t.pass_by("method:        make_flash")
        t.pass_by("configuration: later")
        t.say("Register it? [Y/n]", "\n")
        self.assertEqual(t.end(), 0, t.text)
        board = self.device("mill")
        self.assertTrue(board["flashable"])
        self.assertEqual((board["mcu"], board["serial_pattern"], board["flash_method"]),
                         ("rp2040", "usb-Klipper_rp2040_BB12-if*", "make_flash"))

    def test_add_writes_nothing_until_its_summary_is_agreed_to(self):
        self.plug_in("usb-Klipper_rp2040_BB12-if00")
        for last in ("n\n", "\x03"):
            t = Dialogue(HOST, "add", "mill")
            for question in ("Its MCU", "Exclude it"):
                t.say(question, "\n")
            t.say("Its configuration", "2\n")
            t.say("Katapult bootloader?", "\n")
            self.assertEqual(self.file.read_text(), self.before)
            t.say("Register it?", last)
            self.assertIn(t.end(), (130, -signal.SIGINT), t.text)
            self.assertEqual(self.file.read_text(), self.before)

    def test_menuconfig_of_a_new_board_opens_on_its_chip_and_is_kept_with_the_board(self):
        self.plug_in("usb-Klipper_stm32f446xx_BB13-if00")
        t = Dialogue(HOST, "add", "mill")
        for question in ("Its MCU [stm32f446]", "Exclude it"):
            t.say(question, "\n")
        t.say("menuconfig, which opens on stm32f446", "")
        t.say("Its configuration", "1\n")
        t.say("Register it?", "\n")
        t.pass_by(" * ")
        t.say("s saves and ends", "s\n")
        self.assertEqual(t.end(), 0, t.text)
        self.assertIn("stm32f446", (self.configs / "mill/.config").read_text())
        self.assertIsNone(self.device("mill")["flash_method"])  # its offset leaves room for Katapult

    def test_menuconfig_for_another_chip_registers_nothing(self):
        self.plug_in("usb-Klipper_stm32f446xx_BB13-if00")
        t = Dialogue(HOST, "add", "mill", "--menuconfig", "--yes")
        t.say("s saves and ends", "3\n")
        t.say("s saves and ends", "s\n")
        self.assertEqual(t.end(), 3, t.text)
        self.assertEqual(self.file.read_text(), self.before)
        self.assertFalse((self.configs / "mill").exists())

    def test_an_avr_board_opens_menuconfig_on_its_chip(self):
        t = Dialogue(HOST, "add", "mega", "--pattern", "usb-1a86_USB_Serial-if*", "--mcu", "atmega2560", "--menuconfig",
                     "--yes")
        t.say("s saves and ends", "s\n")
        self.assertEqual(t.end(), 0, t.text)
        self.assertIn('CONFIG_MCU="atmega2560"', (self.configs / "mega/.config").read_text())
        self.assertEqual(self.device("mega")["flash_method"], "make_flash")

    def test_edit_offers_what_is_there(self):
        t = Dialogue(HOST, "edit", "pico")
        t.say("Name [", "\n")
        t.say("MCU [rp2040]", "\n")
        t.say("Pattern [", "\n")
        t.say("default)", "make_flash\n")
        t.say("May it be flashed?", "\n")
        self.assertEqual(t.end(), 0, t.text)
        self.assertEqual(self.device("pico"), dict(json.loads(self.before)["devices"]["pico"], flash_method="make_flash"))

    def test_remove_takes_no_for_its_answer(self):
        t = Dialogue(HOST, "remove", "pico")
        t.say("Remove", "\n")
        self.assertEqual(t.end(), 130, t.text)
        self.assertEqual(self.file.read_text(), self.before)
        t = Dialogue(HOST, "remove", "pico")
        t.say("Remove", "y\n")
        t.say("configuration too?", "y\n")
        self.assertEqual(t.end(), 0, t.text)
        self.assertFalse((self.configs / "pico").exists())

    def test_three_answers_that_nobody_understands_end_it(self):
        t = Dialogue(HOST, "remove", "pico")
        for _ in range(3):
            t.say("Remove", "x\n")
        self.assertEqual(t.end(), 2, t.text)
        self.assertEqual(self.file.read_text(), self.before)

    def test_the_end_of_input_and_ctrl_c_cancel(self):
        for key in ("\x04", "\x03"):
            t = Dialogue(HOST, "remove", "pico")
            t.say("Remove", key)
            self.assertIn(t.end(), (130, -signal.SIGINT), t.text)
            self.assertEqual(self.file.read_text(), self.before)

    def test_a_board_can_be_chosen_by_number(self):
        t = Dialogue(HOST, "show")
        t.say("Which board", "2\n")
        self.assertEqual(t.end(), 0, t.text)
        self.assertIn("key         pico", t.text)

    def test_list_asks_nothing_on_a_terminal(self):
        t = Dialogue(HOST, "list")
        self.assertEqual(t.end(), 0, t.text)
        self.assertIn(HOST.device("octopus"), t.text)


class CommandLine(Case):
    def test_the_originals_flags_still_work(self):
        self.assertEqual(self.run_ok("--list-devices").out, self.run_ok("list").out)
        self.run_ok("--add-device", "--name", "x", "--mcu", "rp2040", "--pattern", "usb-Klipper_x*")
        self.assertEqual(self.device("x")["mcu"], "rp2040")
        self.run_ok("--remove-device", "x", "--yes")
        self.assertNotIn("x", json.loads(self.file.read_text())["devices"])
        for words in (["-s", "--device", "octopus", "--dry-run"], ["-s", "-d", "octopus", "--dry-run"],
                      ["-n", "--skip-menuconfig", "--device=octopus"]):
            r = self.run_ok(*words)
            self.assertIn("CONNECT", r.out)
        self.assertEqual(self.run_ok("show", "-d", "pico", "--json").events("result")[0]["key"], "pico")
        self.assertEqual(HOST.run("-s", "--device", "nobody").code, 4)
        self.assertEqual(HOST.jobs(), [])

    def test_wrong_use_is_exit_2(self):
        for words in (["burn"], ["list", "octopus"], ["list", "--burn"], ["edit"], ["edit", "a", "b", "--name", "x"],
                      ["show", "--device"], ["list", "--json=1"], ["completion", "tcsh"], ["--remove-device"],
                      ["config", "octopus", "--impor", "x"]):
            with self.subTest(words):
                self.refuses(2, *words)

    def bare(self, *words, env=None):
        full = {**os.environ, "HOME": str(HOST.home), "NO_COLOR": "1", **(env or {})}
        return subprocess.run([world.KFLASH, *words], env=full, stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def test_no_command_is_wrong_use_that_shows_what_there_is(self):
        r = self.bare()
        self.assertEqual((r.returncode, r.stdout), (2, ""))
        self.assertIn("usage: kflash COMMAND", r.stderr)

    def test_help_and_version_answer_on_stdout(self):
        for words in (["--help"], ["-h"], ["help"], ["help", "flash"], ["flash", "--help"], ["settings", "-h"]):
            r = self.bare(*words)
            self.assertEqual((r.returncode, r.stderr), (0, ""), words)
            self.assertTrue(r.stdout.startswith("usage: kflash"), words)
        self.assertRegex(self.bare("--version").stdout, r"^kflash \d+\.\d+\.\d+\n$")
        self.assertEqual(self.bare("list", "--version").stdout, self.bare("--version").stdout)

    def test_files_are_where_xdg_says(self):
        at = HOST.root / "xdg"
        env = {"XDG_CONFIG_HOME": str(at / "c"), "XDG_STATE_HOME": str(at / "s")}
        r = self.bare("add", "x", "--mcu", "rp2040", "--pattern", "usb-Klipper_x*", env=env)
        self.assertEqual(r.returncode, 0, r)
        self.assertIn("x", json.loads((at / "c/kflash/devices.json").read_text())["devices"])
        self.assertTrue((at / "s/kflash/kflash.log").exists())
        self.assertEqual(self.file.read_text(), self.before)
        relative = self.bare("list", env={"XDG_CONFIG_HOME": "relative", "XDG_STATE_HOME": str(at / "s")})
        self.assertEqual(relative.returncode, 0)
        refused = self.bare("settings", "--fallback", "off", env={"XDG_CONFIG_HOME": "/sys/fs", "XDG_STATE_HOME": str(at / "s")})
        self.assertEqual(refused.returncode, 1)
        self.assertRegex(refused.stderr, r"cannot make the directory|cannot open the lock")
        self.assertRegex(refused.stderr, r"1\. (see whose it is|that file system)")
        at_home = self.bare("settings", env={"HOME": "relative", "XDG_STATE_HOME": str(at / "s")})
        self.assertEqual(at_home.returncode, 0)
        self.assertRegex(at_home.stdout, r"(?m)^registry +/")
        self.assertFalse(pathlib.Path("relative").exists())

    def test_json_errors_are_one_object(self):
        r = HOST.run("show", "octopsu", "--json")
        self.assertEqual((r.code, r.err), (4, ""))
        e = r.events("error")[0]
        self.assertEqual((e["errc"], e["exit"]), ("not_found", 4))
        self.assertIn("octopus", e["cause"])

    def test_quiet_leaves_results_and_errors(self):
        r = HOST.run("config", "octopus", "--check", "-q")
        self.assertEqual((r.code, r.err), (0, ""))
        self.assertNotEqual(r.out, "")

    def test_completion_is_a_script_that_its_shell_reads(self):
        for shell, checks in (("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "--no-execute"])):
            r = self.bare("completion", shell)
            self.assertEqual((r.returncode, r.stderr), (0, ""))
            self.assertIn("settings", r.stdout)
            self.assertNotIn("guardian", r.stdout)
            self.assertNotIn("sim-root", r.stdout)
            if shutil.which(checks[0]):
                file = HOST.root / f"completion.{shell}"
                file.write_text(r.stdout)
                done = subprocess.run([*checks, str(file)], capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""), shell)

    def test_bash_completes_commands_and_options(self):
        (HOST.root / "completion.sh").write_text(self.bare("completion", "bash").stdout)

        def completed(*words):
            script = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kflash; echo "${COMPREPLY[@]}"'
            r = subprocess.run(["bash", "-c", script, str(HOST.root / "completion.sh"), *words], capture_output=True,
                               text=True)
            self.assertEqual(r.stderr, "")
            return r.stdout.split()
        self.assertEqual(completed("kflash", "se"), ["settings"])
        self.assertEqual(completed("kflash", "--remove"), ["--remove-device"])
        self.assertEqual(completed("kflash", "flash", "--skip"), ["--skip-menuconfig", "--skip-unready"])
        self.assertEqual(completed("kflash", "list", "--skip"), [])


class Colour(Case):
    def coloured(self, *words, **env):
        r = HOST.run("show", "nobody", *words, env=dict(EMPTY, **env))
        self.assertEqual(r.code, 4, r)
        return "\x1b[" in r.err

    def coloured_on_a_terminal(self, *words, **env):
        t = Dialogue(HOST, "show", "nobody", *words, env=dict(EMPTY, **env))
        self.assertEqual(t.end(), 4, t.text)
        return "\x1b[31merror:" in t.text

    def test_only_a_terminal_is_coloured_unless_forced(self):
        self.assertFalse(self.coloured())
        self.assertTrue(self.coloured(FORCE_COLOR="1"))
        self.assertFalse(self.coloured(FORCE_COLOR="0"))
        self.assertTrue(self.coloured_on_a_terminal())

    def test_no_color_wins_over_all(self):
        self.assertFalse(self.coloured(FORCE_COLOR="1", NO_COLOR="1"))
        self.assertFalse(self.coloured("--no-color", FORCE_COLOR="1"))
        self.assertFalse(self.coloured_on_a_terminal(NO_COLOR="1"))
        self.assertFalse(self.coloured_on_a_terminal("--no-color"))

    def test_a_dumb_terminal_is_not_coloured(self):
        self.assertFalse(self.coloured_on_a_terminal(TERM="dumb"))
        self.assertFalse(self.coloured_on_a_terminal(TERM=""))


class Log(Case):
    def test_d22_every_run_is_logged_with_its_command_and_exit_status_keys_masked(self):
        file = HOST.root / "one.log"
        r = HOST.run("show", "token=s3cret", "--log", str(file))
        self.assertEqual(r.code, 4)
        text = file.read_text()
        self.assertIn("argv: ", text)
        self.assertIn("token=***", text)
        self.assertNotIn("s3cret", text)
        self.assertTrue(text.endswith("exit status 4\n"), text)
        self.assertRegex(text.splitlines()[0], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")

    def test_the_log_is_under_the_state_folder_and_rotated(self):
        log = HOST.root / "logs/kflash/kflash.log"
        self.run_ok("list")
        self.assertIn("exit status 0", log.read_text())
        log.write_text("x" * (1 << 20) + "\n")
        self.run_ok("list")
        self.assertEqual(log.with_name("kflash.log.1").stat().st_size, (1 << 20) + 1)
        self.assertLess(log.stat().st_size, 4096)

    def test_a_log_that_cannot_be_written_is_said_once_and_stops_nothing(self):
        r = HOST.run("list", "--log", "/nonexistent/x.log")
        self.assertEqual(r.code, 0, r)
        self.assertEqual(r.err.count("/nonexistent/x.log"), 1)


if __name__ == "__main__":
    world.main()
