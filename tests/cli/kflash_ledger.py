#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What was on each board and the way back: the ledger, its kept images, kflash history and kflash rollback."""
import hashlib
import json
import unittest

import world
from world import WorldTest


class Ledger(WorldTest):
    def state(self, w):
        return w.home / ".local/state/kflash"

    def entries(self, w):
        return [json.loads(x) for x in (self.state(w) / "ledger.jsonl").read_text().splitlines()]

    def version(self, w, text):
        (w.tree / "VERSION").write_text(text + "\n")

    def flash(self, w, text, key="octopus"):
        self.version(w, text)
        r = w.run("flash", key, "-s", "--json")
        self.assertEqual(r.code, 0, r)
        return w.flash(key)

    def test_a_rollback_writes_the_image_before_this_one_and_once_more_leads_forward(self):
        w = self.world()
        r = w.run("rollback", "octopus", "--json")
        self.assertEqual(r.code, 4, r)
        self.assertIn("no earlier verified flash", r.out)
        first = self.flash(w, "v0.13.0-1-gaaaaaaa")
        second = self.flash(w, "v0.13.0-2-gbbbbbbb")
        self.assertNotEqual(first, second)
        self.flash(w, "v0.13.0-2-gbbbbbbb", "pico")
        # Nothing of the tree is needed, and nothing of it is built.
        (w.tree / "faults").mkdir(exist_ok=True)
        (w.tree / "faults/fail-compile").write_text("")
        plan = w.run("rollback", "octopus", "--dry-run", "--json")
        self.assertEqual(plan.code, 0, plan)
        text = " ".join(e["text"] for e in plan.events("result"))
        self.assertIn("v0.13.0-1-gaaaaaaa, as it was flashed and verified on", text)
        self.assertNotIn("make -j", text)
        self.assertEqual(w.flash("octopus"), second)
        r = w.run("rollback", "octopus", "--json")
        self.assertEqual(r.code, 0, r)
        self.assertEqual(r.result()["version"], "v0.13.0-1-gaaaaaaa")
        self.assertEqual(w.flash("octopus"), first)
        self.assertTrue(w.service_is_up())
        was, now = self.entries(w)[0], self.entries(w)[-1]
        self.assertEqual([now[x] for x in ("action", "result", "sha256", "inputs", "image", "protocol")],
                         ["rollback", "done", was["sha256"], was["inputs"], was["image"], was["protocol"]])
        self.assertEqual(len(now["inputs"]), 64)
        r = w.run("rollback", "octopus")
        self.assertEqual(r.code, 0, r)
        self.assertEqual(w.flash("octopus"), second)

    def test_history_tells_each_flash_and_which_image_is_kept(self):
        w = self.world()
        r = w.run("history")
        self.assertEqual((r.code, r.out), (0, "nothing was flashed yet\n"), r)
        self.assertEqual(w.run("settings", "--keep-images", "1").code, 0)
        self.flash(w, "v0.13.0-1-gaaaaaaa")
        self.flash(w, "v0.13.0-2-gbbbbbbb")
        with open(self.state(w) / "ledger.jsonl", "a") as f:
            f.write('{"board": "octopus", "resu')
        r = w.run("history", "octopus", "--json")
        self.assertEqual(r.code, 0, r)
        seen = r.events("result")
        self.assertEqual([(e["version"], e["result"], e["kept"]) for e in seen],
                         [("v0.13.0-1-gaaaaaaa", "done", False), ("v0.13.0-2-gbbbbbbb", "done", True)])
        self.assertIn("line 3", r.events("warning")[0]["text"])
        files = sorted((self.state(w) / "images").iterdir())
        self.assertEqual([f.suffix for f in files], [".bin", ".config"])
        self.assertEqual(hashlib.sha256(files[0].read_bytes()).hexdigest(), seen[1]["sha256"])
        r = w.run("history")
        self.assertIn("verified", r.out)
        self.assertEqual(w.run("history", "nobody").code, 4)
        # The first one is gone: a rollback says so and stops nothing.
        stops = len(w.jobs())
        r = w.run("rollback", "octopus")
        self.assertEqual(r.code, 4, r)
        self.assertIn("not kept any more", " ".join(r.err.split()))
        self.assertEqual(len(w.jobs()), stops)

    def test_a_kept_image_that_was_changed_is_not_written(self):
        w = self.world()
        self.flash(w, "v0.13.0-1-gaaaaaaa")
        second = self.flash(w, "v0.13.0-2-gbbbbbbb")
        image = self.state(w) / "images" / self.entries(w)[0]["image"]
        data = bytearray(image.read_bytes())
        data[700] ^= 1
        image.write_bytes(bytes(data))
        stops = len(w.jobs())
        r = w.run("rollback", "octopus")
        self.assertEqual(r.code, 3, r)
        self.assertIn("not the one that was flashed then", " ".join(r.err.split()))
        self.assertEqual(len(w.jobs()), stops)
        self.assertEqual(w.flash("octopus"), second)


if __name__ == "__main__":
    world.main()
