#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which board is which, from outside: names that change with the firmware, serial numbers that are not a board's own,
twins, and patterns that take too much. A board that is mistaken for another one is written with the wrong firmware, so
every case that must not flash also looks at the flash of the board that would have been hit."""
import json
import os
import signal

import world
from terminal import Dialogue
from world import WorldTest, wait_for


class Boards(WorldTest):
    def boards(self, *boards, **options):
        """A host with further boards, as `ksim host --board` takes them; only these are there, their names known."""
        words = [w for b in boards for w in ("--board", b)]
        return self.world(options=words + list(options.pop("more", ())), **options)

    def ok(self, w, *words):
        r = w.run(*words)
        self.assertEqual(r.code, 0, r)
        return r

    def rows(self, w):
        return {e["port"]: e for e in self.ok(w, "list", "--json").events("result")}

    def change_config(self, w, key, text):
        config = w.home / f".config/kflash/configs/{key}/.config"
        config.write_text(config.read_text() + text)

    def entry(self, w, key):
        return w.registry()["devices"][key]


class Borders(Boards):
    def test_d18_a_board_is_not_taken_for_one_whose_serial_number_begins_alike(self):
        w = self.boards("one:serial=T1", "ten:serial=T10,new")
        self.assertEqual(self.entry(w, "one")["serial_pattern"], "usb-Klipper_rp2040_T1*")  # as it always was
        rows = self.rows(w)
        self.assertEqual((rows["1-1.3"]["state"], rows["1-1.3"]["key"]), ("registered", "one"))
        self.assertEqual((rows["1-1.4"]["state"], rows["1-1.4"]["key"]), ("new", ""))
        self.assertEqual(len(rows), 4)
        before = w.flash("ten")
        w.unplug("one")
        r = w.run("flash", "one", "-s")
        self.assertEqual(r.code, 4, r)
        self.assertIn("one is not connected", r.err)
        self.assertEqual(w.flash("ten"), before)
        self.assertEqual(w.jobs(), [])

    def test_a_pattern_that_takes_more_than_one_board_is_not_saved(self):
        w = self.boards()
        before = w.registry()
        for pattern, part in (("*", "several kinds"), ("usb-Klipper_*", "several kinds"), ("usb-*_*-if00", "several"),
                              ("usb-Klipper_rp2040_*", "pico"), ("usb-katapult_rp2040_E661*2D2F*", "pico"),
                              (before["devices"]["octopus"]["serial_pattern"], "octopus")):
            for words in (("add", "x", "--mcu", "rp2040"), ("edit", "octopus" if part == "pico" else "pico")):
                with self.subTest(pattern=pattern, words=words):
                    r = w.run(*words, "--pattern", pattern)
                    self.assertEqual(r.code, 3, r)
                    self.assertIn(part, r.err.replace("\n", " "))
        self.assertEqual(w.registry(), before)

    def test_d18_an_old_pattern_without_a_serial_number_is_no_proof(self):
        w = self.boards()
        registry = w.registry()
        registry["devices"]["pico"]["serial_pattern"] = "usb-Klipper_rp2040_*"
        (w.home / ".config/kflash/devices.json").write_text(json.dumps(registry))
        before = w.flash("pico")
        r = w.run("flash", "pico", "-s")
        self.assertEqual(r.code, 3, r)
        self.assertIn(f"kflash edit pico --usb {w.device('pico')}", " ".join(r.err.split()))
        self.assertEqual(w.flash("pico"), before)
        self.ok(w, "edit", "pico", "--usb", w.device("pico"))
        self.ok(w, "flash", "pico", "-s")


class Following(Boards):
    def test_d18_a_board_whose_two_firmwares_have_nothing_in_common_is_followed_by_its_port(self):
        w = self.boards("odd:serial=E6614103E7450099,klipper-serial=momentOS,manufacturer=Kalico,product=Tool Head")
        name = "usb-Kalico_Tool_Head_momentOS-if00"
        self.assertEqual(self.rows(w)["1-1.3"]["device"], name)
        r = self.ok(w, "flash", "odd", "-s", "--json").result()
        self.assertEqual((r["method"], r["device"]), ("katapult", name))
        entry = self.entry(w, "odd")
        self.assertEqual((entry["usb_port"], entry["klipper_usb"]["name"], entry["katapult_usb"]["name"]),
                         ("1-1.3", name, "usb-katapult_rp2040_E6614103E7450099-if00"))
        self.assertEqual(w.jobs(), ["stop", "start"])
        self.ok(w, "flash", "odd", "-s", "--method", "make_flash")  # and again, by another way

    def test_new_usb_strings_of_a_configuration_are_expected_and_known_afterwards(self):
        w = self.boards()
        self.change_config(w, "pico", 'CONFIG_USB_MANUFACTURER="Kalico"\nCONFIG_USB_PRODUCT="nozzle"\n'
                                      'CONFIG_USB_SERIAL_NUMBER="N0"\n')
        r = self.ok(w, "flash", "pico", "-s", "--json")
        self.assertEqual(r.result()["device"], "usb-Kalico_nozzle_N0-if00")
        self.assertIn("comes back as usb-Kalico_nozzle_N0-if00", r.out)
        row = self.rows(w)["1-1.2"]
        self.assertEqual((row["state"], row["key"], row["runs"]), ("registered", "pico", "klipper"))
        self.ok(w, "flash", "pico", "-s")
        # A name that the registry never saw, at the same port, is not believed.
        w.unplug("pico")
        registry = w.registry()
        registry["devices"]["pico"]["klipper_usb"]["serial"] = "N1"
        (w.home / ".config/kflash/devices.json").write_text(json.dumps(registry))
        w.power_cycle("pico")
        wait_for("pico is back", lambda: "usb-Kalico_nozzle_N0-if00" in w.by_id())
        r = w.run("flash", "pico", "-s")
        self.assertEqual(r.code, 4, r)
        self.assertIn("its serial number is N0, not N1", r.err.replace("\n", " "))

    def test_everybodys_serial_number_from_a_configuration_is_told_and_the_port_is_kept(self):
        w = self.boards()
        self.change_config(w, "pico", 'CONFIG_USB_SERIAL_NUMBER="12345"\n')
        r = self.ok(w, "flash", "pico", "-s")
        self.assertIn("many boards have the serial number 12345", r.err)
        self.assertEqual(self.rows(w)["1-1.2"]["key"], "pico")
        self.ok(w, "flash", "pico", "-s")

    def test_d18_a_write_that_was_cut_short_is_taken_up_although_the_bootloader_has_another_name(self):
        w = self.boards("odd:serial=E6614103E7450099,klipper-serial=momentOS",
                        more=("--fault", "odd:die-at-block=60"))
        r = w.run("flash", "odd", "-s")
        self.assertEqual(r.code, 1, r)
        blank = w.root / "w/flash/odd"
        os.kill(w.boards["odd"]["pid"], signal.SIGKILL)
        blank.write_bytes(b"\xff" * len(blank.read_bytes()))  # it wakes up in Katapult
        w.power_cycle("odd")
        wait_for("it waits in Katapult", lambda: "usb-katapult_rp2040_E6614103E7450099-if00" in w.by_id())
        row = self.rows(w)["1-1.3"]
        self.assertEqual((row["state"], row["key"], row["runs"]), ("registered", "odd", "katapult"))
        self.ok(w, "flash", "odd", "-s")

    def test_canboot_is_katapults_old_name(self):
        w = self.boards("old:serial=E6614103E7450098,katapult-maker=CanBoot")
        self.ok(w, "flash", "old", "-s")
        self.assertEqual(self.entry(w, "old")["katapult_usb"]["name"], "usb-CanBoot_rp2040_E6614103E7450098-if00")


class Twins(Boards):
    TWINS = ("left:serial=E6614103E7450001", "right:serial=E6614103E7450001")

    def test_two_boards_of_one_serial_number_are_flashed_each_at_its_port(self):
        w = self.boards(*self.TWINS)
        rows = self.rows(w)
        self.assertEqual([(rows[p]["state"], rows[p]["key"]) for p in ("1-1.3", "1-1.4")],
                         [("registered", "left"), ("registered", "right")])
        right = w.flash("right")
        self.ok(w, "flash", "left", "-s")
        self.assertEqual(w.flash("right"), right)
        left = w.flash("left")
        self.assertNotEqual(left, right)
        self.ok(w, "flash", "right", "-s", "--method", "make_flash")
        self.assertEqual(w.flash("left"), left)

    def test_d18_a_twin_that_is_left_alone_is_not_taken_for_the_other_one(self):
        w = self.boards(*self.TWINS)
        self.ok(w, "flash", "left", "-s")
        before = w.flash("right")
        w.unplug("left")
        r = w.run("flash", "left", "-s")
        self.assertEqual(r.code, 4, r)
        self.assertEqual(w.flash("right"), before)
        wait_for("klippy has noticed", lambda: w.klippy_state() == "shutdown")
        self.ok(w, "flash", "right", "-s")

    def test_boards_without_a_number_of_their_own_are_added_by_their_port(self):
        w = self.boards("a:mcu=stm32f446,serial=12345,new", "b:mcu=stm32f446,serial=12345,new",
                        "c:mcu=stm32h723,serial=none,new")
        r = w.run("add", "a", "--usb", "usb-Klipper_stm32f446xx_12345-if00")
        self.assertEqual(r.code, 4, r)
        self.assertIn("name one by its port", r.err)
        config = str(w.tree / "sample_configs/stm32f446.config")
        for name, port in (("a", "1-1.3"), ("b", "1-1.4")):
            r = self.ok(w, "add", name, "--usb", port, "--import", config)
            self.assertIn(f"known by its USB port {port}", r.err.replace("\n", " "))
            self.assertEqual(self.entry(w, name)["serial_pattern"], f"platform-kf-usb-0:{port[2:]}:1.0")
        self.ok(w, "add", "c", "--usb", "usb-Klipper_stm32h723xx-if00")
        self.assertEqual(self.entry(w, "c")["usb_port"], "1-1.5")
        before = w.flash("b")
        self.ok(w, "flash", "a", "-s")
        self.assertEqual(w.flash("b"), before)
        self.assertEqual([r["key"] for p, r in sorted(self.rows(w).items())], ["octopus", "pico", "a", "b", "c"])


class Wizard(Boards):
    def test_the_spare_board_is_registered_and_flashed_with_the_wizards_answers_only(self):
        w = self.boards(more=["--spare"])
        (w.tree / ".config").write_text((w.tree / "sample_configs/stm32f446.config").read_text())
        t = Dialogue(w, "add")
        t.pass_by("the new device is usb-Klipper_stm32f446xx_1D0039000F47393438343535-if00")
        t.say("Name of the board [board]", "pico\n")  # another one's: asked again, nothing else is lost
        t.say("Name of the board", "Feeder\n")
        t.say("Its MCU [stm32f446]", "stm32 f446\n")
        t.say("Its MCU", "rp2040\n")  # the device itself says otherwise
        t.say("Its MCU", "\n")
        t.say("Exclude it", "n\n")
        t.pass_by(f"3. {w.tree}/.config")
        t.say("Its configuration", "\n")
        t.say("Register it?", "\n")
        self.assertEqual(t.end(), 0, t.text)
        self.assertNotIn("Katapult bootloader?", t.text)  # its configuration leaves room for one
        self.assertEqual(self.entry(w, "feeder")["usb_port"], "1-1.3")
        self.ok(w, "flash", "feeder", "-s")

    def test_a_board_whose_configuration_takes_the_bootloaders_place_has_none(self):
        w = self.boards("plain:serial=E6614103E7450097,new")
        (w.tree / ".config").write_text((w.tree / "sample_configs/rp2040-noboot.config").read_text())
        t = Dialogue(w, "add", "plain")
        t.say("Its MCU [rp2040]", "\n")
        t.say("Exclude it", "\n")
        t.say("Its configuration", "\n")
        t.say("Register it?", "\n")
        self.assertEqual(t.end(), 0, t.text)
        self.assertEqual(self.entry(w, "plain")["flash_method"], "make_flash")

    def test_list_fits_the_terminal_and_is_whole_in_a_pipe(self):
        w = self.boards("toolhead:serial=E6614103E7450096,manufacturer=Kalico")
        names = self.ok(w, "list").out
        for name in w.by_id():
            self.assertIn(name, names)
        for columns in (60, 80):
            t = Dialogue(w, "list", columns=columns)
            self.assertEqual(t.end(), 0, t.text)
            for line in t.text.splitlines():
                self.assertLessEqual(len(line), columns, line)
            for part in ("octopus", "1-1.1", "toolhead", "1-1.3"):
                self.assertIn(part, t.text)
        shown = self.ok(w, "show", "toolhead").out
        self.assertIn("port        1-1.3", shown)


if __name__ == "__main__":
    world.main()
