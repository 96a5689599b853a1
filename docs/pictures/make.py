#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The pictures of README.md and of first-hour.md, taken from the tools as they are: a flash and the menu in a
real terminal (tmux), the ink of a drawing, a preview of it, and the font.

make.py TOOLS [FOLDER]

TOOLS is the folder with kflash, kplot and kcal, FOLDER where the pictures go (beside this script). Both are simulated
and need no board. Nothing of this machine gets into them: the tools run in a home that is thrown away."""
import html
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
COLUMNS, ROWS = 102, 26
CELL_X, CELL_Y, EDGE = 8.4, 18, 14
PAPER, INK = "#16191f", "#d6dae0"
# The eight colours that the tools use, as the SGR codes 30 to 37; the terminal's own choice is not asked.
COLOURS = ["#5b6270", "#f0717a", "#7fd18b", "#e5c07b", "#6cb0f5", "#c792ea", "#56c7d6", "#d6dae0"]
DEADLINE_S = 60
SPECIMEN = """\
ABCDEFGHIJKLMNOPQRSTUVWXYZ ÆØŒÞ
abcdefghijklmnopqrstuvwxyz æøœþß
0123456789 ½ ¼ ¾ .,:;!?¿¡ „“ «» ‘’ – — … & @ # § %
Zwölf Boxkämpfer jagen Viktor über den Deich. Ça va ? ¡Niño!
Žluťoučký kůň úpěl ďábelské ódy. Zażółć gęślą jaźń.
25.4 mm ± 0.05   90°   Ø 12 µm²   R ≤ 10 kΩ   π ≈ 3.14   √2   ∞
← ↑ → ↓ ↔ ↕ ↖ ↗ ↘ ↙   € £ ¥ $   © ® ™   × ÷ ≠   ✓
"""


class Terminal:
    """A shell in tmux with a server of its own."""

    def __init__(self, tools, home):
        self.command = ["tmux", "-L", f"kf-picture-{os.getpid()}", "-f", "/dev/null"]
        env = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": home, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        subprocess.run([*self.command, "-u", "new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS),
                        "env -i " + " ".join(f"{k}='{v}'" for k, v in env.items()) +
                        " PS1='$ ' bash --norc --noprofile"], check=True, env={**os.environ, **env})

    def type(self, line):
        subprocess.run([*self.command, "send-keys", line, "Enter"], check=True)

    def screen(self):
        r = subprocess.run([*self.command, "capture-pane", "-e", "-p"], check=True, capture_output=True)
        return r.stdout.decode().rstrip("\n")

    def wait(self, pattern, give_up):
        """The first screen with `pattern`; nothing when `give_up` is there first."""
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            seen = self.screen()
            bare = re.sub(r"\x1b\[[\d;]*m", "", seen)
            if re.search(pattern, bare, re.M):
                return seen
            if give_up and re.search(give_up, bare, re.M):
                return None
            time.sleep(0.02)
        raise SystemExit(f"the terminal never showed {pattern!r}; it shows:\n{bare}")

    def close(self):
        subprocess.run([*self.command, "kill-server"], check=False)


def cells(line):
    """[(character, colour, bold, background)]"""
    row, colour, bold, turned = [], INK, False, False
    for code, text in re.findall(r"\x1b\[([\d;]*)m|([^\x1b])", line):
        if text:
            row.append((text, PAPER, bold, colour) if turned else (text, colour, bold, None))
            continue
        for n in (int(n or 0) for n in code.split(";")):
            if n in (0, 39):
                colour = INK
            elif 30 <= n <= 37:
                colour = COLOURS[n - 30]
            elif n == 2:
                colour = COLOURS[0]
            elif n not in (1, 7, 22, 27, 49):
                raise SystemExit(f"SGR {n} is not drawn yet")
            turned = n == 7 or (turned and n not in (0, 27))
            bold = n == 1 or (bold and n not in (0, 22))
    return row


def terminal_svg(screen):
    lines = [cells(line) for line in screen.split("\n")]
    width, height = COLUMNS * CELL_X + 2 * EDGE, len(lines) * CELL_Y + 2 * EDGE
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" font-size="14" '
           "font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\">",
           f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>']
    for y, row in enumerate(lines):
        x = 0
        while x < len(row):
            text, style = row[x][0], row[x][1:]
            block = text in "█░"
            while x + len(text) < len(row) and row[x + len(text)][1:] == style and \
                    (row[x + len(text)][0] == text[0] if block else row[x + len(text)][0] not in "█░"):
                text += row[x + len(text)][0]
            left, length = EDGE + x * CELL_X, len(text) * CELL_X
            if style[2]:
                out.append(f'<rect x="{left:.1f}" y="{EDGE + y * CELL_Y}" width="{length:.1f}" height="{CELL_Y}" '
                           f'fill="{style[2]}"/>')
            if block:  # a bar without seams, whatever the font
                out.append(f'<rect x="{left:.1f}" y="{EDGE + y * CELL_Y + 3}" width="{length:.1f}" height="{CELL_Y - 6}" '
                           f'fill="{style[0]}"' + (' opacity="0.25"/>' if text[0] == "░" else "/>"))
            elif text.strip():
                lead = len(text) - len(text.lstrip())
                shown = text.strip()
                out.append(f'<text x="{left + lead * CELL_X:.1f}" y="{EDGE + y * CELL_Y + 13.5}" fill="{style[0]}" '
                           f'textLength="{len(shown) * CELL_X:.1f}" xml:space="preserve"'
                           + (' font-weight="bold"' if style[1] else "") + f">{html.escape(shown)}</text>")
            x += len(text)
    return "\n".join([*out, "</svg>"]) + "\n"


def flash(tools, home):
    """A flash while it writes. A fast machine may be past it before it is seen: then again."""
    terminal = Terminal(tools, home)
    try:
        for _ in range(10):
            terminal.type("clear")
            terminal.wait(r"\A\$ *\Z", None)
            terminal.type("kflash flash octopus --sim -s")
            seen = terminal.wait(r"^\[Flash\] .* [5-8]\d %", r"^\[Verify\]")
            terminal.wait(r"^Octopus Pro runs .*\n\$", None)
            if seen:
                return terminal_svg(seen)
        raise SystemExit("the write was never seen in its middle")
    finally:
        terminal.close()


def menu(tools, home):
    """The menu of kflash, with a board that nobody has registered yet."""
    terminal = Terminal(tools, home)
    try:
        terminal.type("clear; kflash --sim")
        seen = terminal.wait(r"3 NEW stm32f446xx", None)
        terminal.type("q")
        return terminal_svg(seen)
    finally:
        terminal.close()


def ink(tools, home):
    """What the simulated pen drew, cut to where there is ink."""
    file = pathlib.Path(home, "ink.svg")
    subprocess.run([f"{tools}/kplot", "run", str(HERE.parents[1] / "examples/sample.svg"), "--sim", "--sim-speed", "20",
                    "--ink", str(file)], check=True, env={"PATH": os.environ["PATH"], "HOME": home})
    lines = re.findall(r'<polyline points="([^"]*)"', file.read_text())
    strokes = [[tuple(map(float, point.split(","))) for point in line.split()] for line in lines]
    return paper_svg([[(x, -y) for x, y in s] for s in strokes])


def font(tools, home):
    """A specimen of the font, as the job of `kplot text` has it."""
    job = subprocess.run([f"{tools}/kplot", "text", "-", "--height", "5", "--tolerance", "0.05"], check=True, text=True,
                         input=SPECIMEN, capture_output=True, env={"PATH": os.environ["PATH"], "HOME": home}).stdout
    return paper_svg([op["points"] for op in map(json.loads, job.splitlines()) if op.get("op") == "draw_polyline"])


def paper_svg(strokes):
    """Strokes, Y down, on paper that is a little larger than they are."""
    if not strokes:
        raise SystemExit("there is no ink")
    xs, ys = [x for s in strokes for x, _ in s], [y for s in strokes for _, y in s]
    left, top, width, height = min(xs) - 6, min(ys) - 6, max(xs) - min(xs) + 12, max(ys) - min(ys) + 12
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1f} {height:.1f}">',
           '<rect width="100%" height="100%" rx="2" fill="#fbfaf6"/>',
           '<g fill="none" stroke="#1c2a4a" stroke-width="0.5" stroke-linecap="round" stroke-linejoin="round">']
    out += ['<polyline points="' + " ".join(f"{x - left:.2f},{y - top:.2f}" for x, y in s) + '"/>' for s in strokes]
    return "\n".join([*out, "</g>", "</svg>"]) + "\n"


def preview(tools, home):
    """What kplot shows before it draws."""
    file = pathlib.Path(home, "preview.svg")
    subprocess.run([f"{tools}/kplot", "preview", str(HERE.parents[1] / "examples/sample.svg"), "--fit", "--margin", "10",
                    "--order", "-o", str(file)], check=True, env={"PATH": os.environ["PATH"], "HOME": home})
    return file.read_text()


def small_machine(tools, home):
    """A machine.yaml with a canvas of 60 x 20 mm: a picture of it shows a vernier well."""
    file = pathlib.Path(home, "small.yaml")
    env = {"PATH": os.environ["PATH"], "HOME": home}
    subprocess.run([f"{tools}/kplot", "machine", "init", "--force", "--machine", str(file)], check=True, capture_output=True, env=env)
    text = file.read_text()
    for name, value in {"x": 64, "y": 24, "offset_x_mm": 2, "offset_y_mm": 2, "width_mm": 60, "height_mm": 20}.items():
        text = re.sub(rf"(?m)^( +{name}:) \S+", rf"\1 {value}.0", text, count=1)
    file.write_text(text)
    return file


def kcal_picture(pattern, pixels):
    """A pattern as kplot preview shows it."""
    def picture(tools, home):
        file = pathlib.Path(home, "picture.png")
        env = {"PATH": os.environ["PATH"], "HOME": home}
        job = subprocess.run([f"{tools}/kcal", "pattern", pattern, "--sim"], check=True, capture_output=True, env=env).stdout
        subprocess.run([f"{tools}/kplot", "preview", "-", "--sim", "--no-travel", "--pixels", str(pixels), "-o", str(file)],
                       check=True, input=job, env=env)
        return file.read_bytes()
    return picture


def vernier(tools, home):
    """A comb, and its vernier 3.35 mm beside it: the sheet slipped between the two."""
    machine, file = ["--machine", str(small_machine(tools, home))], pathlib.Path(home, "vernier.png")
    env = {"PATH": os.environ["PATH"], "HOME": home}

    def run(*words, given=None):
        return subprocess.run([f"{tools}/{words[0]}", *words[1:], *machine], check=True, capture_output=True, text=True,
                              input=given, env=env).stdout

    whole = run("kcal", "pattern", "vernier-x")
    second = run("kplot", "page", "-", "--move=3.35,0", given=run("kplot", "filter", "-", "--layer", "vernier*", given=whole))
    strokes = [line for line in second.splitlines(True)
               if json.loads(line).get("op") in ("rapid_xy", "tool_down", "draw_polyline", "tool_up")]
    run("kplot", "preview", "-", "--no-travel", "--pen-width", "0.3", "--pixels", "900", "-o", str(file),
        given=run("kplot", "filter", "-", "--layer", "scale*", given=whole) + "".join(strokes))
    return file.read_bytes()


def main():
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    tools = os.path.abspath(sys.argv[1])
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else HERE
    with tempfile.TemporaryDirectory(prefix="kf-picture.") as home:
        for name, picture in (("flash.svg", flash), ("menu.svg", menu), ("ink.svg", ink), ("preview.svg", preview), ("font.svg", font),
                              ("kcal-sheet.png", kcal_picture("sheet", 1000)), ("kcal-vernier.png", vernier),
                              ("kcal-squareness.png", kcal_picture("squareness", 500))):
            data = picture(tools, home)
            (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
            print(f"{folder / name}: {len(data)} bytes")


if __name__ == "__main__":
    main()
