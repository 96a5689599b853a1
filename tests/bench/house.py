#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""house.py ROOT [ROOT...]: how large the house is, as tables with one column a root (`git worktree add` gives an older
one): lines by area, headers that are long, headers of ours that each command's source reaches, what of ours the compiler
reads, how much of it a change of a header compiles again, and where stands what should stand in one place. Read from the
sources; nothing is built."""
import collections
import functools
import pathlib
import re
import statistics
import sys

LONG = 350
PLACES = {  # what should stand in one place -> how a line tells it, and in which files, when not in all
    "a dry run tells the plan by itself": (r"\bprint_plan\(", "tools/kflash/"),
    "an option is asked for in the flow of a flash": (r"""\bin\.(?:has|get|value|all)\("|in, "[a-z-]+",""", "tools/kflash/flash.cpp"),
    "a flash looks for its printer's guard": (r"\b(?:guard_printer|judge_idle|demand_idle)\(", "(?:tools/kflash|flash|host)/"),
    "a flash looks for its board": (r"\b(?:find_target|survey_of|survey_again|look_at_devices)\(", "tools/kflash/flash"),
    "a write knows USB by its members": (r"\bjob\.(?:by_id|usb)\b", "flash/"),
    "a drawing is spooled as lines for ourselves": (r"\bspool_drawing\(", "tools/kplot/"),
    "a method of flashing by its name": r'"[^"]*\b(?:katapult_script|make_flash)\b[^"]*"',
    "Katapult, told by the method": r"[!=]= *[\w:]*make_flash\b",
    "who may follow a method": r"\bmay_fall_back\(",
    "a method made from its name": r"\bmake_method\(",
    "F is written": (r"""F\{\w*:?\w*\}|"F"|'F', *[\w:]*f_word""", "(?!tui/)"),
    "a printer's session gets its record": r"\bpen_record \w+[({]|\bpen_record\(\w+\.|\brecord_\(\w+\.records",
    "a member of JSON is read by hand": r"!= nullptr &&\s+!?[\w>-]+->is_(?:string|number|bool|object|array)\(\)",
    "bytes of UTF-8 are told apart": r"& 0x[cC]0[uU]?\)* *[!=]= *0x80",
    "the detail of another area": r"\b(\w+)::detail::",
}


class House:
    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.files = {p: p.read_text().splitlines() for top in ("include", "tools", "tests", "packaging")
                      for p in sorted((self.root / top).rglob("*")) if p.suffix in (".hpp", ".cpp", ".py", ".sh")}
        self.commands = [p for p in self.files if p.suffix == ".cpp" and self.name(p).startswith("tools/")]

    def units(self):
        """[(tool, sources that are compiled in one go)]: of a unity build several."""
        said = (self.root / "meson.build").read_text()
        size = int(m.group(1)) if "unity=on" in said and (m := re.search(r"unity_size=(\d+)", said)) else 1
        for files in re.findall(r"files\(([^)]*)\)", (self.root / "tools/meson.build").read_text()):
            sources = [self.root / "tools" / s for s in re.findall(r"'([^']+)'", files)]
            for i in range(0, len(sources), size):
                yield sources[i].parent.name, sources[i:i + size]

    def name(self, path):
        return path.relative_to(self.root).as_posix()

    @functools.cache
    def reached(self, path):
        """The headers of ours that a file includes, and those that they include."""
        seen, todo = set(), [path]
        while todo:
            at = todo.pop()
            for line in self.files[at]:
                if m := re.match(r'\s*#\s*include\s*[<"]([^>"]+)', line):
                    for folder in (at.parent, self.root / "tools", self.root / "include"):
                        there = (folder / m.group(1)).resolve()
                        if there in self.files:
                            if there not in seen:
                                seen.add(there)
                                todo.append(there)
                            break
        return frozenset(seen)

    def areas(self):
        sums = collections.OrderedDict()
        for p, lines in self.files.items():
            parts = self.name(p).split("/")
            area = {"include": "/".join(parts[1:3]), "tools": "/".join(parts[:2])}.get(parts[0], parts[0])
            if parts[0] == "tests":
                area = f"tests ({'Python' if p.suffix == '.py' else 'C++'})" if p.suffix != ".sh" else "tests (shell)"
            sums.setdefault(area.removesuffix(".hpp"), []).append(len(lines))
        return {area: f"{sum(n)} in {len(n)}" for area, n in sums.items()}

    def long(self):
        return {self.name(p).removeprefix("include/"): str(len(lines)) for p, lines in self.files.items()
                if p.suffix == ".hpp" and len(lines) > LONG and not self.name(p).startswith("tests")}

    def headers(self):
        by_tool = collections.defaultdict(list)
        for p in self.commands:
            by_tool[self.name(p).split("/")[1]].append(len(self.reached(p)))
        return {tool: f"{min(n)} / {statistics.median(n):.0f} / {max(n)} in {len(n)}" for tool, n in sorted(by_tool.items())}

    def read(self):
        by_tool = collections.defaultdict(list)
        for tool, sources in self.units():
            read = set(sources).union(*(self.reached(s) for s in sources))
            by_tool[tool].append(sum(len(self.files[p]) for p in read))
        return {tool: f"{sum(n)} in {len(n)}" for tool, n in sorted(by_tool.items())}

    def each(self):
        return {self.name(p): str(len(self.reached(p))) for p in self.commands}

    def places(self):
        """Of the product, not the tests; the simulator counts where it reaches into others."""
        areas = {p.name for p in (self.root / "include/kf").iterdir() if p.is_dir()}
        found = collections.OrderedDict()
        for what, pattern in PLACES.items():
            at = []
            pattern, where = pattern if isinstance(pattern, tuple) else (pattern, "")
            for p, lines in self.files.items():
                name = self.name(p).removeprefix("include/kf/")
                simulator = name.startswith(("sim/", "tools/ksim/")) and "detail" not in what
                if p.suffix not in (".hpp", ".cpp") or name.startswith("tests/") or simulator or not re.match(where, name):
                    continue
                for n, line in enumerate(lines, 1):
                    m = re.search(pattern, line)
                    own = m and m.groups() and m.group(1) not in areas - {name.split("/")[0]}
                    if m and not own and not line.lstrip().startswith("//"):
                        at.append(f"`{name}:{n}`")
            found[what] = f"{len(at)}: {', '.join(at)}" if at else "0"
        return found

    def again(self):
        count = collections.Counter(h for _, sources in self.units() for h in set().union(*map(self.reached, sources)))
        return {self.name(h).removeprefix("include/"): str(n) for h, n in count.most_common()}


def table(title, what, houses, measure, most=None):
    columns = [measure(h) for h in houses]
    rows = list(dict.fromkeys(row for column in columns for row in column))
    print(f"### {title}\n\n| {what} | " + " | ".join(h.root.name for h in houses) + " |\n|---|" + "---|" * len(houses))
    for row in rows[:most]:
        print(f"| {row} | " + " | ".join(column.get(row, "") for column in columns) + " |")
    print()


def main():
    houses = [House(root) for root in sys.argv[1:]] or sys.exit(__doc__)
    table("Lines by area", "area: lines in files", houses, House.areas)
    table(f"Headers of more than {LONG} lines", "header", houses, House.long)
    table("Headers of ours that a source of a tool reaches", "tool: least / median / most, in sources", houses, House.headers)
    table("Lines of ours that the compiler reads for a tool", "tool: lines, in units", houses, House.read)
    table("Headers of ours, source by source", "source", houses, House.each)
    table("What should stand in one place", "what", houses, House.places)
    table("Units of the tools that a changed header compiles again", "header", houses, House.again, 40)


if __name__ == "__main__":
    main()
