#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a tool says of itself: --help, man page, completion and README name the same commands and options, and kf-json(5)
names the events and members that are really printed."""
import functools
import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import plotter
import world
from plotter import PlotterTest, line_job, svg
from world import WorldTest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAN = ROOT / "man"


def squeeze(text):
    return " ".join(text.split()).casefold()


# -- what --help says

class Option:
    def __init__(self, short, name, value, purpose):
        self.short, self.name, self.value, self.purpose = short, name, value, purpose

    def __eq__(self, other):
        return (self.short, self.name, self.value) == (other.short, other.name, other.value)

    def __repr__(self):
        return f"-{self.short}/--{self.name} {self.value}"


def binary(tool):
    """They lie side by side."""
    return str(pathlib.Path(world.KFLASH).with_name(tool))


@functools.cache
def output(tool, *words):
    return subprocess.run([binary(tool), *words], check=True, capture_output=True, text=True).stdout


class Help:
    """`tool COMMAND --help`, or `tool --help` when no command is given."""

    def __init__(self, tool, *command):
        self.text = output(tool, *command, "--help")
        self.sections = {"": []}
        name = ""
        for line in self.text.splitlines():
            if line and line[0] not in " " and line.endswith(":"):
                name = line[:-1]
                self.sections[name] = []
            else:
                self.sections[name].append(line)

    def options(self, section):
        rows = []
        for line in self.sections.get(section, []):
            m = re.match(r"  (?:-(\w), |    )--([a-z][a-z-]*)(?: (\S+))?(?:  +(\S.*))?$", line)
            if m:
                rows.append([*m.groups()])
            elif line.startswith(" " * 28) and rows:
                rows[-1][3] = f"{rows[-1][3] or ''} {line.strip()}"
        return [Option(short or "", name, value or "", purpose or "") for short, name, value, purpose in rows]

    def groups(self):
        """The headings of options that several commands take."""
        return [s for s in self.sections if s.startswith("options for ")]

    def own_options(self):
        return [o for section in ("options", *self.groups()) for o in self.options(section)]

    def commands(self):
        """[(name, operands, purpose)]"""
        rows = [re.match(r"  (\S+) ?(\S*) +(\S.*)$", line) for line in unfolded(self.sections["commands"])]
        return [m.groups() for m in rows]

    def aliases(self):
        return sorted(line.split()[0] for line in unfolded(self.sections.get("aliases", [])))


def unfolded(lines):
    """A row of help with the lines that go on with it as one."""
    rows = []
    for line in filter(str.strip, lines):
        if line.startswith(" " * 4):
            rows[-1] += " " + line.strip()
        else:
            rows.append(line)
    return rows


def every_option(*tools):
    names = set()
    for tool in tools:
        top = Help(tool)
        names |= {o.name for o in top.options("options of every command")} | {a.removeprefix("--") for a in top.aliases()}
        for command, _, _ in top.commands():
            names |= {o.name for o in Help(tool, command).own_options()}
    return names


# -- what the man page says

class Page:
    """A page in scdoc: its headings, its definitions and rows of tables, and its words."""

    def __init__(self, name):
        self.source = (MAN / f"{name}.scd").read_text()
        self.sections, section, literal = {}, "top", False
        for line in self.source.splitlines():
            literal ^= line.strip() == "```"
            m = None if literal else re.match(r"##? (.*)", line)
            if m:
                section = m.group(1)
                assert section not in self.sections, f"{name} has {section} twice"
            self.sections.setdefault(section, []).extend([] if m else [line])

    @staticmethod
    def plain(text):
        """Without * and _, as scdoc reads them: _ counts at the border of a word only."""
        out, last, bold, underlined, i = [], "", False, False, 0
        while i < len(text):
            c, after = text[i], text[i + 1:i + 2]
            if c == "\\":
                out.append(after)
                i += 1
            elif c == "*":
                bold = not bold
            elif c == "_" and (not last.isalnum() or underlined and not after.isalnum()):
                underlined = not underlined
            else:
                out.append(c)
            last, i = text[i], i + 1
        assert not bold and not underlined, text
        return "".join(out)

    @classmethod
    def text_of(cls, lines):
        return squeeze(cls.plain("\n".join(re.sub(r"^([|:][\[<]? +|- |\. |; .*)", "", line) for line in lines)))

    def items(self, section):
        """[(term, lines below)]: definitions, and tables of two columns. A term has its * and _ yet."""
        rows, before, table, literal = [], [], False, False
        for line in self.sections[section]:
            literal ^= line.strip() == "```"
            if literal:
                continue
            if row := re.match(r"\|[\[ ] (.*)", line):
                rows.append((row.group(1), []))
                table = True
            elif cell := table and re.match(r"(?::[< ]|  ) (.*)", line):
                rows[-1][1].append(cell.group(1))
            elif line.startswith("\t"):
                if before:
                    rows.append((" ".join(before), []))
                rows[-1][1].append(line.strip())
                before = []
            else:
                before, table = before + [line.removesuffix("++")] if line else [], False
        return rows

    def terms(self, section):
        return [self.plain(term) for term, _ in self.items(section)]

    def options(self, section):
        found = []
        for term, below in self.items(section):
            if not term.startswith(("*-", "-", "_-", "\\-")):
                continue
            m = re.fullmatch(r"(?:\*-(\w)\*, )?\*--([a-z][a-z-]*)\*(?: _(\S+)_)?", term)
            assert m, f"{section}: {term} is not written as an option is"
            found.append(Option(m.group(1) or "", m.group(2), m.group(3) or "", self.text_of(below)))
        return found

    def mentions(self):
        """Every long option that the page names anywhere, in examples too."""
        return set(re.findall(r"(?<![\w-])--([a-z][a-z-]+)", re.sub(r"[*_\\]", "", self.source)))


# -- what completion says

def completion(tool, *words):
    """What bash offers for the last of the words."""
    ask = ('source /dev/stdin; COMP_WORDS=("$0" "$@"); COMP_CWORD=$#; "_$0"; '
           '(( ${#COMPREPLY[@]} )) && printf "%s\\n" "${COMPREPLY[@]}"')
    r = subprocess.run(["bash", "--norc", "-c", ask, tool, *words], input=output(tool, "completion", "bash"),
                       capture_output=True, text=True)
    assert not r.stderr, r.stderr
    return set(r.stdout.split())


class Manuals(unittest.TestCase):
    tools = (ROOT / "packaging" / "tools").read_text().split()

    def each(self):
        for tool in self.tools:
            yield tool, Help(tool), Page(f"{tool}.1")

    def test_d24_every_command_of_the_help_is_in_the_manual_and_the_other_way_round(self):
        for tool, top, page in self.each():
            said = {f"{tool} {name} {operands}".strip() for name, operands, _ in top.commands()}
            self.assertTrue(said)
            self.assertEqual({s for s in page.sections if s.startswith(tool + " ")}, said)
            for name, operands, purpose in top.commands():
                text = page.text_of(page.sections[f"{tool} {name} {operands}".strip()])
                self.assertIn(squeeze(purpose), text)

    def test_no_manual_says_of_a_command_that_it_is_not_there(self):
        for tool, top, page in self.each():
            missing = re.findall(r"there is no (\w+)|(\w+) is not there yet", page.text_of(page.source.splitlines()))
            self.assertEqual({a or b for a, b in missing} & {name for name, _, _ in top.commands()}, set(), tool)

    def test_d24_every_option_of_the_help_is_in_the_manual_and_the_other_way_round(self):
        for tool, top, page in self.each():
            for name, operands, _ in top.commands():
                section = f"{tool} {name} {operands}".strip()
                told = Help(tool, name)
                self.compare(f"{tool} {name}", told.options("options"), page.options(section))
                # What several commands take stands once, and each of them refers to it.
                for group in told.groups():
                    self.compare(f"{tool} {name}: {group}", told.options(group), page.options(group[0].upper() + group[1:]))
                    self.assertIn(squeeze(group), page.text_of(page.sections[section]))
            common = top.options("options of every command")
            self.assertIn("json", [o.name for o in common])
            self.compare(f"{tool} (every command)", common, page.options("OPTIONS"))
            if top.aliases():
                flags = [a for a in top.aliases() if a.startswith("--")]
                self.assertEqual(sorted("--" + o.name for o in page.options("Aliases")), flags)
                for word in set(top.aliases()) - set(flags):  # beside the command that it stands for
                    self.assertTrue(any(f"{tool} {word}" in page.text_of(page.sections[s]) for s in page.sections), word)

    def compare(self, what, helped, manual):
        by_name = lambda rows: sorted(rows, key=lambda o: o.name)
        self.assertEqual(by_name(manual), by_name(helped), what)
        for h, m in zip(by_name(helped), by_name(manual)):
            self.assertIn(squeeze(h.purpose), m.purpose, f"{what} --{h.name}")

    def test_d24_no_manual_names_an_option_that_is_not_there(self):
        known = every_option(*self.tools)
        for tool, _, page in self.each():
            self.assertIn("json", page.mentions())
            self.assertLessEqual(page.mentions(), known)

    def test_every_manual_names_the_flash_methods_of_the_help(self):
        option = next(o for o in Help("kflash", "settings").options("options") if o.name == "default-method")
        methods = re.findall(r"[a-z_]+", option.purpose.replace(" or ", " "))
        self.assertGreater(len(methods), 2)
        self.assertEqual([term.strip("*") for term, _ in Page("kflash.1").items("METHODS")], methods)
        for page in ("kf-json.5", "devices.json.5"):
            text = (MAN / f"{page}.scd").read_text()
            self.assertEqual([m for m in methods if not re.search(rf'[*"]{m}[*"]', text)], [], page)
        # The page of each method: a section in the order of the help, each with the same five parts.
        page = (ROOT / "include/kf/flash/methods/README.md").read_text()
        sections = re.split(r"^## ", page, flags=re.M)[1:]
        self.assertEqual([s.split("\n", 1)[0] for s in sections], methods)
        for section in sections:
            self.assertEqual(re.findall(r"^\*\*([^*]+)\.\*\*", section, flags=re.M),
                             ["What", "Needs", "Proves", "Quirks", "How tried"], section)

    @unittest.skipUnless(shutil.which("bash"), "there is no bash")
    def test_completion_offers_the_commands_and_options_of_the_help(self):
        for tool, top, _ in self.each():
            commands = {name for name, _, _ in top.commands()}
            self.assertEqual(completion(tool, ""), commands | set(top.aliases()))
            common = {"--" + o.name for o in top.options("options of every command")}
            for name in commands:
                own = Help(tool, name).own_options()
                self.assertEqual(completion(tool, name, "--"), {"--" + o.name for o in own} | common, name)
                self.assertLessEqual({"-" + o.short for o in own if o.short}, completion(tool, name, "-"))

    def test_the_exit_statuses_of_the_help_are_those_of_every_manual(self):
        for tool, top, page in self.each():
            footer = top.text[top.text.index("Exit status:"):]
            said = re.findall(r"\b(\d+) ([a-z])", footer)
            self.assertEqual([n for n, _ in said], ["0", "1", "2", "3", "4", "5", "130"])
            self.assertEqual(page.terms("EXIT STATUS"), [n for n, _ in said])
        self.assertEqual(Page("kf-json.5").terms("EXIT STATUS"), [n for n, _ in said])

    def test_d24_the_readme_promises_no_option_or_command_that_is_not_there(self):
        papers = ["README.md", "docs/first-hour.md", "docs/SAFETY.md", "docs/TROUBLESHOOTING.md", "docs/COMPARISON.md"]
        text = "\n".join((ROOT / paper).read_text() for paper in papers)
        known = every_option(*self.tools)
        code = "\n".join(re.findall(r"```(.*?)```", text, re.S) + re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text))
        used = set()
        for line in code.splitlines():
            # Not those of another program that is given one of these names, as groupadd is.
            for words in re.findall(r"(?:^|[(|&] ?|\$ |sudo |do )(?:kcal|kflash|kjog|ksim|kplot)( [^|&;)]*)", line):
                used |= set(re.findall(r"(?<![\w-])--([a-z][a-z-]+)", words))
        self.assertIn("sim", used)
        self.assertLessEqual(used, known)
        for tool in self.tools:
            commands = {name for name, _, _ in Help(tool).commands()}
            said = set(re.findall(rf"(?:^|[(|] ?|\$ |sudo |do ){tool} ([a-z][a-z-]*)\b", code, re.M))
            self.assertLessEqual(said, commands, tool)
            self.assertLessEqual(commands - {"completion"}, said, "the README leaves commands out")

    def test_every_page_is_made_by_the_build_and_bears_its_own_name(self):
        listed = (ROOT / "packaging/manuals").read_text().split()
        self.assertEqual(sorted(listed), sorted(p.name.removesuffix(".scd") for p in MAN.iterdir()))
        self.assertLessEqual({f"{tool}.1" for tool in self.tools} | {"kf-job.5", "kf-json.5", "machine.yaml.5",
                                                                    "devices.json.5", "kf.7"}, set(listed))
        for page in listed:
            name, section = page.rsplit(".", 1)
            source = Page(page).source
            self.assertTrue(source.startswith(f'{name}({section}) "kf"\n'), page)
            self.assertIn(f"\n# NAME\n\n{name} - ", source)
            named = set(re.findall(r"\*([\w.-]+)\*\((\d)\)", source)) - {("glob", "7")}
            self.assertLessEqual({".".join(n) for n in named}, set(listed), page)

    def test_the_manuals_are_well_formed(self):
        with tempfile.TemporaryDirectory(prefix="kf-test.") as folder:
            pages = []
            for source in sorted(MAN.glob("*.scd")):
                r = subprocess.run(["scdoc"], input=source.read_text(), capture_output=True, text=True)
                self.assertEqual((r.returncode, r.stderr), (0, ""), source.name)
                pages.append(pathlib.Path(folder) / source.stem)
                pages[-1].write_text(r.stdout)
            self.assertIn("kflash.1", [p.name for p in pages])
            if not shutil.which("mandoc"):
                self.skipTest("mandoc is not installed")
            r = subprocess.run(["mandoc", "-Tlint", *map(str, pages)], capture_output=True, text=True)
        # What scdoc writes on every page: a .P too many at headings and lists, the name as it is, paragraphs unwrapped.
        said = [line for line in (r.stdout + r.stderr).splitlines()
                if not re.search(r"skipping paragraph macro: PP (empty|after S[HS])|lower case character in document title"
                                 r"|input text line longer than 80 bytes", line)]
        self.assertEqual(said, [])


    def test_the_pages_for_a_browser_have_every_term_and_no_dead_link(self):
        if not shutil.which("mandoc"):
            self.skipTest("mandoc is not installed")
        with tempfile.TemporaryDirectory(prefix="kf-test.") as folder:
            subprocess.run([sys.executable, "-B", str(ROOT / "packaging/manuals-html.py"), folder], check=True)
            made = {p.name: p.read_text() for p in pathlib.Path(folder).iterdir()}
        listed = (ROOT / "packaging/manuals").read_text().split()
        self.assertEqual(set(made), {"index.html"} | {f"{page}.html" for page in listed})
        for file, text in made.items():
            for target, anchor in re.findall(r'href="([^"#]*)(?:#([^"]*))?"', text):
                self.assertIn(target or file, made)
                if anchor:
                    self.assertIn(f'id="{anchor}"', made[target or file])
        for page in listed:
            self.assertIn(f'href="{page}.html"', made["index.html"])
            text, source = made[f"{page}.html"], Page(page)
            terms = [re.sub("<[^>]*>", "", html.unescape(t)) for t in re.findall(
                r'<p class="Pp">((?:(?!</p>)[^\0])+)</p>\n<div class="Bd-indent">(?!\n<pre>)|<tr>\n +<td>((?:(?!</td>)[^\0])+)',
                text)
                     for t in t if t]
            self.assertEqual([squeeze(t) for t in terms],
                             [squeeze(t) for section in source.sections for t in source.terms(section)], page)


class Events:
    """kf-json(5) against what the tools print."""

    def members(self, section):
        return self.named(term for term, _ in Page("kf-json.5").items(section))

    def optional(self, section):
        rows = Page("kf-json.5").items(section)
        return self.named(term for term, below in rows if "Left out" in " ".join(below))

    @staticmethod
    def named(terms):
        """*x*, *y* names two."""
        return {word for term in terms for word in re.findall(r"\*(\w+)\*", term)}

    def check(self, events):
        page = Page("kf-json.5")
        for e in events:
            kind = e["event"]
            self.assertIn(kind, page.sections, e)
            wanted = {"event"} | self.members(kind)
            if kind == "result":
                self.assertIn(e["kind"], page.sections, e)
                wanted |= self.members(e["kind"])
            if kind == "error":  # three of its members may be left out
                self.assertLessEqual({"event", "errc", "exit", "what"}, set(e))
                self.assertLessEqual(set(e), wanted, e)
                self.assertIn(f"{e['errc']} ({e['exit']})", page.terms("ERROR NAMES"))
            elif kind == "result":
                self.assertLessEqual(set(e), wanted, e)
                self.assertLessEqual(wanted - self.optional(e["kind"]), set(e), e)
            else:
                self.assertLessEqual(set(e), wanted, e)
                self.assertLessEqual(wanted - self.optional(kind), set(e), e)
            if kind in ("step", "progress"):
                self.assertIn(e["phase"], page.text_of(page.sections[kind]).title())


class JsonLines(Events, WorldTest):
    def test_every_event_has_the_members_that_the_manual_names(self):
        w = self.world()
        config = str(w.tree / "sample_configs/stm32h723.config")
        (w.tree / ".config").write_text((w.tree / "sample_configs/stm32f446.config").read_text())
        seen = set()
        for words, code in ((["list"], 0), (["show", "octopus"], 0), (["settings"], 0), (["identify", "octopus"], 3),
                            (["show", "octupus"], 4), (["flash"], 5), (["flash", "octopus", "--dry-run"], 0),
                            (["config", "octopus", "--import", config], 0), (["build", "octopus"], 0),
                            (["add", "x", "--mcu", "stm32f446", "--pattern", "usb-Klipper_x*"], 0),
                            (["edit", "x", "--exclude"], 0), (["list"], 0), (["config", "octopus", "--diff", "--share-with", "pico"], 0),
                            (["exclude", "--pattern", "usb-x*"], 0), (["import", "-n"], 0), (["remove", "x", "--yes"], 0),
                            (["flash", "octopus"], 0), (["flash", "octopus", "--if-needed"], 0), (["history"], 0),
                            (["rollback", "octopus"], 4), (["doctor"], 0), (["report", "octopus"], 0)):
            with self.subTest(" ".join(words)):
                r = w.run(*words, "--json")
                self.assertEqual(r.code, code, r)
                events = [json.loads(line) for line in r.out.splitlines()]
                self.check(events)
                seen |= {e.get("kind", e["event"]) for e in events}
                if code:
                    self.assertEqual(events[-1]["exit"], code)
        w.stop_klipper()
        world.wait_for("the port is free", lambda: not w.processes())
        r = w.run("identify", "octopus", "--json")
        self.assertEqual(r.code, 0, r)
        self.check(r.events("result"))
        seen.add(r.events("result")[0]["kind"])
        self.assertEqual(seen - {"step", "progress", "note", "warning", "error"},
                         {"device", "board", "settings", "plan", "config", "image", "added", "edited", "removed",
                          "flashed", "firmware", "need", "history", "check", "report", "change", "pattern", "import"})

    def test_an_empty_registry_without_devices_lists_nothing(self):
        with tempfile.TemporaryDirectory(prefix="kf-test.") as folder:
            root = pathlib.Path(folder)
            (root / "sim.json").write_text(json.dumps(
                {"home": folder, "by_id": folder + "/by-id", "proc": folder + "/proc", "systemctl": ["false"]}))
            r = subprocess.run([world.KFLASH, "list", "--json", "--sim-root", folder], capture_output=True, text=True,
                               env={"HOME": folder, "PATH": "/usr/bin:/bin"})
            self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(r.stdout, "")

    def test_the_manual_names_every_kind_of_error_with_its_status(self):
        # The names are those of kf/error.hpp, written out: a change of the set is a change of the interface.
        statuses = {"failed": 1, "io": 1, "timeout": 1, "malformed": 1, "protocol": 1, "build_failed": 1,
                    "flash_failed": 1, "half_written": 1, "verify_failed": 1, "service_down": 1, "connection_lost": 1,
                    "usage": 2, "refused": 3, "busy": 3, "mismatch": 3, "out_of_bounds": 3, "not_found": 4,
                    "not_connected": 4, "needs_person": 5, "interrupted": 130}
        self.assertEqual(Page("kf-json.5").terms("ERROR NAMES"),
                         [f"{name} ({status})" for name, status in statuses.items()])
        header = (ROOT / "include/kf/error.hpp").read_text()
        self.assertEqual(set(re.findall(r'case errc::\w+: return "(\w+)"', header)), set(statuses))


class PlotterJsonLines(Events, PlotterTest):
    @classmethod
    def setUpClass(cls):
        plotter.KPLOT, plotter.KSIM = binary("kplot"), world.KSIM

    def test_every_result_of_kplot_has_the_members_that_the_manual_names(self):
        p = self.plotter(speed=20)
        drawing = p.write("a.svg", svg('<line x1="10" y1="10" x2="30" y2="10"/>'))
        long = p.write("long.jsonl", line_job(40, 60.0))
        gcode = p.write("a.gcode", "G90\nG1 X10 F3000\n")
        seen = set()

        def does(words, code=0):
            with self.subTest(" ".join(map(str, words))):
                r = p.run(*words, "--json")
                self.assertEqual(r.code, code, r)
                events = [json.loads(line) for line in r.out.splitlines()]
                self.check(events)
                seen.update(e.get("kind", e["event"]) for e in events)

        does(["status"])
        does(["stats", drawing])
        does(["estimate", gcode])
        does(["machine", "init", "--machine", p.root / "m.yaml"])
        does(["machine", "check", "--machine", p.root / "m.yaml"])
        does(["machine", "macros"])
        does(["home"])
        does(["touch-off", "--touching", "--machine", p.root / "m.yaml"])
        does(["run", drawing, "--mode", "interactive"])
        does(["run", drawing])
        does(["run", p.root / "none.svg"], 4)
        does(["run", long, "--detach"])
        does(["status"])
        does(["pause"])
        does(["resume"])
        does(["cancel"])
        child = p.start("run", long, "--json")
        plotter.wait_for("the pen to draw", lambda: p.job_state() == "printing" and p.pen_is_down())
        does(["status"])
        does(["estop"])
        self.check([json.loads(line) for line in p.finish(child).out.splitlines()])
        does(["status"])
        does(["recover"])
        self.assertEqual(seen - {"step", "progress", "note", "warning", "error"},
                         {"status", "stats", "estimate", "machine", "macros", "homed", "touch_off", "plotted", "started",
                          "pause", "resume", "cancel", "estop", "recovered"})


class Jobs(unittest.TestCase):
    """kf-job(5) against the reader."""

    def operations(self):
        """{operation: (fields that must be there, fields that may)}, as the page says."""
        page = Page("kf-job.5")
        sections = list(page.sections)
        sections = sections[sections.index("OPERATIONS"):sections.index("STROKES")]
        found = {}
        for term in (term for section in sections for term in page.terms(section)):
            if "spray_on" in term:
                found |= {"spray_on": (set(), set()), "spray_off": (set(), set())}
                continue
            name = re.match(r"\w+", term).group()
            must, _, may = term.removeprefix(name).partition("[")
            words = lambda part: set(re.findall(r"[a-z_]+", part))
            found[name] = (words(must), words(may))
        return found

    SAMPLES = {"tool": "pen", "x": 9.0, "y": 9.0, "feed": 10, "points": [[1, 1], [2, 2]], "i": -1, "j": 0, "cw": True,
               "volume_ml": 1, "pump": "cyan", "layer": 1, "pen": {"name": "fine"}, "text": "the red one", "name": "SWAP"}
    HEADER = '{"format":"kf-job","version":2,"layers":[{"number":1}]}\n'

    def read(self, operation):
        lines = self.HEADER + json.dumps(operation) + "\n"
        return subprocess.run([binary("kplot"), "stats", "-", "--sim"], input=lines, capture_output=True, text=True)

    def test_the_manual_names_the_operations_and_fields_that_are_read(self):
        code = (ROOT / "include/kf/job/operation.hpp").read_text()
        names = re.search(r"operation_names\b[^{]*\{(.*?)\}", code, re.S).group(1)
        said = self.operations()
        self.assertEqual(set(said), set(re.findall(r'"(\w+)"', names)))
        for name, (must, may) in said.items():
            sample = {f: 0.5 if name == "set_ink_mix" else self.SAMPLES[f] for f in must | may}
            full = {"op": name, **sample}
            with self.subTest(name):
                self.assertNotIn("line 2", self.read(full).stderr)
                for field in must:
                    r = self.read({k: v for k, v in full.items() if k != field})
                    self.assertEqual(r.returncode, 1, r)
                    self.assertIn("line 2", r.stderr)
                    self.assertIn(field, r.stderr)
                for field in may:
                    self.assertNotIn("line 2", self.read({k: v for k, v in full.items() if k != field}).stderr)
                self.assertIn("line 2", self.read({**full, "colour": 1}).stderr)


if __name__ == "__main__":
    world.main()
