#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kplot shows a drawing and says where its time goes, from outside."""
import json
import os
import re
import struct
import subprocess
import xml.etree.ElementTree as ET
import zlib

import plotter
from plotter import HEADER, DrawingTest, svg

SVG = "{http://www.w3.org/2000/svg}"
TWO = svg('<g id="a" inkscape:groupmode="layer" inkscape:label="1-red" stroke="#c00000"><path d="M10 20h50"/></g>'
          '<g id="b" inkscape:groupmode="layer" inkscape:label="2-blue" stroke="#0000c0"><path d="M10 200h100M10 210h100"/></g>'
          ).replace("<svg ", '<svg xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" ')


def unfiltered(how, row, before):
    """A row of a PNG, from its differences to what is left of it and above it."""
    if how == 0:
        return row
    if how == 2:
        return bytes((a + b) & 255 for a, b in zip(row, before)) if any(row) else before
    out = bytearray(row)
    for i, up in enumerate(before):
        left, corner = (out[i - 3], before[i - 3]) if i >= 3 else (0, 0)
        if how == 1:
            guess = left
        elif how == 3:
            guess = (left + up) // 2
        else:
            whole = left + up - corner
            guess = min((left, up, corner), key=lambda near: abs(whole - near))
        out[i] = (out[i] + guess) & 255
    return bytes(out)


def png_pixels(data):
    """width, height, and a function (x, y) -> (red, green, blue)."""
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    assert (depth, kind) == (8, 2)
    at, packed = 8, b""
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at:at + 8])
        if name == b"IDAT":
            packed += data[at + 8:at + 8 + length]
        at += 12 + length
    raw, stride, rows, before = zlib.decompress(packed), width * 3, [], bytes(width * 3)
    for y in range(height):
        begin = y * (stride + 1)
        before = unfiltered(raw[begin], raw[begin + 1:begin + 1 + stride], before)
        rows.append(before)
    return width, height, lambda x, y: tuple(rows[y][3 * x:3 * x + 3])


class Preview(DrawingTest):
    def test_an_svg_has_the_strokes_in_groups_of_their_layers(self):
        out = self.root / "p.svg"
        r = self.kplot("preview", self.draw(TWO), "--sim", "--color", "layer", "-o", out, "--json")
        self.assertEqual(r.code, 0, r)
        told = r.result()
        self.assertEqual((told["kind"], told["strokes"]), ("preview", 3))
        self.assertAlmostEqual(told["pen_down_mm"], 250, places=6)
        root = ET.parse(out).getroot()
        groups = root.findall(f".//{SVG}g[@class]")
        self.assertEqual([g.get("class") for g in groups], ["layer-1 pen-1", "layer-2 pen-1"])
        self.assertEqual([g.find(f"{SVG}path").get("stroke") for g in groups], ["#c00000", "#0000c0"])
        self.assertEqual(groups[0].find(f"{SVG}path").get("d"), "M1000 2000l5000 0")
        ids = [e.get("id") for e in root.iter() if e.get("id")]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertLessEqual({"canvas", "work-area", "travel", "strokes", "start", "end", "legend", "keep-outs"}, set(ids))

    def test_a_png_has_ink_where_the_drawing_has(self):
        out = self.root / "p.png"
        r = self.kplot("preview", self.draw(svg('<path d="M0 100h210"/>')), "--sim", "-o", out, "--pixels", "400",
                       "--no-travel", "--pen-width", "3")
        self.assertEqual(r.code, 0, r)
        width, height, at = png_pixels(out.read_bytes())
        self.assertEqual(height, 400)
        scale = 400 / (350 + 14 + 7 + 2 * 11.2)  # the work area, an edge of 2 %, two lines of a legend
        self.assertEqual(width, round(264 * scale))
        x, y = int((7 + 25 + 105) * scale), int((7 + 28 + 100) * scale)
        self.assertEqual(at(x, y), (30, 60, 180))
        self.assertEqual(at(x, y + 20), (255, 255, 255))

    def test_the_terminal_gets_braille_or_plain_characters_that_fit_it(self):
        file = self.draw(svg('<path d="M10 10h190v277z"/>'))
        env = {"PATH": os.environ["PATH"], "HOME": str(self.root), "COLUMNS": "60", "LINES": "20"}
        for lang, words, letters in (("C.UTF-8", [], "\u2800-\u28ff "), ("C.UTF-8", ["--ascii"], r"-|.':x "),
                                     ("C", [], r"-|.':x ")):
            with self.subTest(lang=lang, words=words):
                r = subprocess.run([plotter.KPLOT, "preview", str(file), "--sim", *words], env={**env, "LANG": lang},
                                   capture_output=True, text=True, check=True)
                lines = r.stdout.splitlines()
                self.assertLessEqual(len(lines), 19)
                self.assertLessEqual(max(map(len, lines)), 60)
                self.assertIn("1 stroke, ink", lines[-1])
                self.assertGreater(len(lines), 15)
                for line in lines[:-1]:
                    self.assertRegex(line, f"^[{letters}]*$")

    def test_gcode_and_a_job_from_a_pipe_look_as_the_drawing_does(self):
        def path_of(*words):
            out = self.root / "p.svg"
            r = self.kplot("preview", *words, "--sim", "--no-travel", "-o", out)
            self.assertEqual(r.code, 0, r)
            return re.findall(r'<path stroke="[^"]*" d="([^"]*)"', out.read_text())

        drawing = self.draw(svg('<path d="M10 20h50v30"/><path d="M100 20h50"/>'))
        wanted = path_of(drawing)
        self.assertEqual(len(wanted), 2)
        self.assertEqual(self.kplot("gcode", drawing, "--sim", "-o", self.root / "a.gcode").code, 0)
        self.assertEqual(path_of(self.root / "a.gcode"), wanted)
        self.assertEqual(self.kplot("import", drawing, "--sim", "-o", self.root / "a.jsonl").code, 0)
        self.assertEqual(path_of(self.root / "a.jsonl"), wanted)

    def test_keep_outs_are_shown_and_travel_goes_round_them(self):
        machine = self.root / "m.yaml"
        machine.write_text(plotter.template().replace("keep_outs: []", "keep_outs:\n  - {name: clip, x: [100, 120], y: "
                                                      "[205, 250]}\n  - {name: pin, x: 200, y: 300, radius: 4}"))
        job = self.root / "a.jsonl"
        job.write_text(HEADER + '{"op":"rapid_xy","x":10,"y":112}\n{"op":"tool_down"}\n{"op":"tool_up"}\n'
                       '{"op":"rapid_xy","x":%d,"y":112}\n{"op":"tool_down"}\n{"op":"tool_up"}\n' % 210)
        out = self.root / "p.svg"
        self.assertEqual(self.kplot("preview", job, "--machine", machine, "-o", out).code, 0)
        text = out.read_text()
        self.assertIn('<rect x="7500" y="7200" width="2000" height="4500"><title>clip</title>', text)
        self.assertIn('<circle cx="17500" cy="2200" r="400"><title>pin</title>', text)
        self.assertIn("M1000 11200l6450 550 2100 0 11450-550", text)
        r = self.kplot("gcode", job, "--machine", machine)
        self.assertIn("G0 X99.5 Y204.5 F4800\nG0 X120.5 Y204.5\nG0 X235 Y210\n", r.out)
        # Where a line is refused, the preview tells it and still shows it.
        job.write_text(job.read_text().replace('"x":210,"y":112', '"x":85,"y":112'))
        r = self.kplot("preview", job, "--machine", machine, "-o", out)
        self.assertEqual(r.code, 0, r)
        self.assertIn("finds no way round a keep-out", r.err)
        self.assertEqual(self.kplot("gcode", job, "--machine", machine).code, 3)

    def test_a_name_may_end_in_capitals_and_gcode_needs_a_name(self):
        file = self.draw(svg('<path d="M0 0h9"/>'))
        for name, begin in (("a.PNG", b"\x89PNG"), ("a.Svg", b"<")):
            out = file.parent / name
            self.assertEqual(self.kplot("preview", file, "--sim", "-o", out).code, 0)
            self.assertTrue(out.read_bytes().startswith(begin), name)
        pipe = file.parent / "pipe.txt"
        pipe.write_text("G90\nG1 X10\n")
        r = self.kplot("preview", pipe, "--sim")
        self.assertEqual(r.code, 1, r)
        self.assertIn("takes G-code by a file's name", r.err)

    def test_what_argv_shows_to_be_wrong_is_wrong_use(self):
        file = self.draw(svg('<path d="M0 0h9"/>'))
        for words in (["-o", "a.gif"], ["--pixels", "200"], ["--color", "mood"], ["-o", "a.png", "--pixels", "5"],
                      ["--json"], ["-o", "a.svg", "--ascii"], ["--pen-width", "0"]):
            with self.subTest(words):
                self.assertEqual(self.kplot("preview", file, "--sim", *words).code, 2)


class Stats(DrawingTest):
    def records(self, *words, machine=None):
        """{kind: [record]}"""
        r = self.kplot("stats", *words, *(["--machine", machine] if machine else ["--sim"]), "--json")
        self.assertEqual(r.code, 0, r)
        kinds = {}
        for event in map(json.loads, r.out.splitlines()):
            kinds.setdefault(event.get("kind"), []).append(event)
        return kinds

    def test_the_seconds_by_kind_add_up_to_the_estimate_of_the_file(self):
        file, machine = self.draw(TWO), self.root / "m.yaml"
        machine.write_text(plotter.template())
        all_ = self.records(file, "--machine", machine)["stats"][0]
        kinds = [all_[k] for k in ("draw_seconds", "travel_seconds", "lift_seconds", "dwell_seconds")]
        self.assertAlmostEqual(sum(kinds), all_["seconds"], places=9)
        self.assertTrue(min(kinds[:3]) > 0)
        self.assertEqual(all_["lifts"], 6)
        gcode = self.root / "a.gcode"
        self.assertEqual(self.kplot("gcode", file, "--machine", machine, "-o", gcode).code, 0)
        text, lifted = re.subn(r"(G1 Z10 F\d+)\n(G28 X Y)", r"SET_KINEMATIC_POSITION X=0 Y=0 Z=10\n\1\n\2",
                               gcode.read_text())
        self.assertEqual(lifted, 1)
        gcode.write_text(text)
        r = self.kplot("estimate", gcode, "--machine", machine, "--json")
        self.assertAlmostEqual(r.result()["seconds"], all_["seconds"], places=6)

    def test_each_layer_has_its_row(self):
        told = self.records(self.draw(TWO))
        parts, first = told["stats_part"], told["stats"][0]
        self.assertEqual([(p["layer"], p["strokes"]) for p in parts], [("1-red", 1), ("2-blue", 2)])
        for key in ("seconds", "draw_seconds", "pen_down_mm", "travel_mm", "lifts"):
            self.assertAlmostEqual(sum(p[key] for p in parts), first[key], places=6)
        r = self.kplot("stats", self.draw(TWO), "--sim")
        self.assertRegex(r.out, r"1-red, pen +1 +50\.0")
        self.assertLessEqual(max(map(len, r.out.splitlines())), 100)

    def test_why_slow_names_what_takes_the_time_and_what_would_really_save_it(self):
        strewn = [(x, y) for x in range(10, 200, 20) for y in range(10, 280, 30)]
        strewn = strewn[::7] + strewn[1::7] + strewn[2::7] + strewn[3::7] + strewn[4::7] + strewn[5::7] + strewn[6::7]
        file = self.draw(svg("".join(f'<path d="M{x} {y}h2"/>' for x, y in strewn)))
        before = self.records(file)["stats"][0]["seconds"]
        told = self.records(file, "--why-slow")
        saved = {r["name"]: r["seconds"] for r in told["would_save"]}
        after = self.records(file, "--order")["stats"][0]["seconds"]
        self.assertAlmostEqual(saved["--order"], before - after, delta=0.01)
        self.assertTrue(any("lifts" in r["text"] for r in told["why_slow"]))
        plain, harder = self.root / "plain.yaml", self.root / "harder.yaml"
        self.kplot("machine", "init", "--machine", plain)
        text = re.sub("direction_reversal_pause_s: .*", "direction_reversal_pause_s: 0", plain.read_text())
        plain.write_text(text.replace("max_accel_mm_s2: 3000.0", "max_accel_mm_s2: 100"))
        harder.write_text(text.replace("max_accel_mm_s2: 3000.0", "max_accel_mm_s2: 200"))
        saved = {r["name"]: r["seconds"] for r in self.records(file, "--why-slow", machine=plain)["would_save"]}
        before, after = (self.records(file, machine=m)["stats"][0]["seconds"] for m in (plain, harder))
        self.assertAlmostEqual(saved["twice the acceleration (motion.max_accel_mm_s2: 200)"], before - after, delta=0.01)
        r = self.kplot("stats", file, "--sim", "--why-slow")
        self.assertRegex(r.out, r"--order would save \d")


if __name__ == "__main__":
    plotter.main()
