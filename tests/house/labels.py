#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""labels.py ROOT [--write]: docs/DEFECTS.md and docs/LEVELS.md, from tests/labels.txt and the names of the tests. Without
--write it fails when they are not what it would write, when a label has neither a test nor a reason, when the name of a
test begins with a label that is not in the list, and when docs/REQUIREMENTS.md cites a test that is not there."""
import pathlib
import re
import sys

CASE = re.compile(r"BOOST_(?:AUTO|FIXTURE|DATA)_TEST_CASE\(\s*(\w+)|^ +def (test_\w+)\(", re.M)


def declared(root):
    """[(file, title, [section])], a section being (title, introduction, [(label, text, why it has no test)])."""
    papers = []
    for line in (root / "tests/labels.txt").read_text().splitlines():
        if new := re.fullmatch(r"> (\S+) (.*)", line):
            papers.append((*new.groups(), [("", [], [])]))
        elif new := re.fullmatch(r"== (.*)", line):
            papers[-1][2].append((new.group(1), [], []))
        elif new := re.fullmatch(r"([A-Z_]+\d*): ([^|]*?)(?: \| (.*))?", line):
            papers[-1][2][-1][2].append(new.groups())
        elif papers and line:
            papers[-1][2][-1][1].append(line)
    return papers


def labels_of(name, known):
    """The labels at the beginning of a test's name."""
    found, rest = [], name.removeprefix("test_")
    while own := next((k for k in known if rest.startswith(k.lower() + "_")), None):
        found.append(own)
        rest = rest[len(own) + 1:]
    return found, rest


def tests(root, known):
    """{label: [(file below tests/, name)]}, and the names that begin with a label of nobody."""
    by_label, stray = {k: [] for k in known}, []
    for file in sorted((root / "tests").rglob("*")):
        if file.suffix not in (".cpp", ".py"):
            continue
        for cpp, python in CASE.findall(file.read_text()):
            name = cpp or python
            found, rest = labels_of(name, known)
            where = file.relative_to(root / "tests").as_posix()
            for label in found:
                by_label[label].append((where, name))
            if re.match(r"([dpab]\d+[a-z]?|level\d|row_[a-z]|guard)_", rest):
                stray.append(f"tests/{where}: {name} begins with a label that tests/labels.txt has not")
    return by_label, stray


def names_of_tests(root):
    """As a paper cites them: the cases without test_ in front, and `area/file` of each file of tests."""
    names = set()
    for file in (root / "tests").rglob("*"):
        if file.suffix in (".cpp", ".py"):
            names.add(file.relative_to(root / "tests").with_suffix("").as_posix())
            names |= {(cpp or python).removeprefix("test_") for cpp, python in CASE.findall(file.read_text())}
    return names


def cited(text):
    """What stands in brackets, links apart: names of cases, and of files in `backticks`."""
    for said in re.findall(r"\[([^\[\]]+)\](?!\()", text):
        for file in re.findall(r"`([^`]+)`", said):
            yield file
        yield from re.findall(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b", re.sub(r'`[^`]+`|"[^"]+"', "", said))


def stale(text, names):
    return [name for name in cited(text) if name.removeprefix("tests/").removesuffix(".py") not in names]


def title(label):
    return label.removeprefix("ROW_") if label.startswith("ROW_") else label.capitalize().replace("Level", "Level ")


def paper(head, sections, by_label):
    lines = [f"# {head}", "", "<!-- Written by tests/house/labels.py from tests/labels.txt and the names of the tests. -->", ""]
    lines += ["A name without a folder is below `tests/cli`.", ""]
    for section, said, rows in sections:
        lines += ([f"## {section}", ""] if section else []) + said + ([""] if said else [])
        if rows:
            lines += ["| label | what | held by |", "|---|---|---|"]
        for label, text, why in rows:
            files = {}
            for file, name in by_label[label]:
                files.setdefault(file.removeprefix("cli/"), []).append(f"`{name}`")
            held = "; ".join(f"`{file}` {', '.join(names)}" for file, names in files.items()) or why
            lines.append(f"| {title(label)} | {text} | {held} |")
        lines += [""] if rows else []
    return "\n".join(lines)


def main():
    root = pathlib.Path(sys.argv[1])
    papers = declared(root)
    rows = [row for _, _, sections in papers for _, _, rows in sections for row in rows]
    known = [label for label, _, _ in rows]
    by_label, wrong = tests(root, known)
    wrong += [f"{label} is in tests/labels.txt twice" for label in set(known) if known.count(label) > 1]
    for label, _, why in rows:
        if bool(why) == bool(by_label[label]):
            wrong.append(f"{label} has " + ("tests, and a reason to have none" if why else "no test, and no reason to have none"))
    for file, head, sections in papers:
        text = paper(head, sections, by_label)
        if "--write" in sys.argv:
            (root / file).write_text(text)
        elif (root / file).read_text() != text:
            wrong.append(f"{file} is out of date. Try: python3 tests/house/labels.py . --write")
    names, paper_of_all = names_of_tests(root), "docs/REQUIREMENTS.md"
    made_up = "| X-01 | [no_test_has_this_name, `no/file`] [a link](x_y.md) [labels_are_read: `house/labels`] |"
    assert stale(made_up, names | {"labels_are_read"}) == ["no/file", "no_test_has_this_name"]
    wrong += [f"{paper_of_all} cites {name}, and no test has that name"
              for name in stale((root / paper_of_all).read_text(), names)]
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(known)} labels, {sum(map(len, by_label.values()))} places of tests")


if __name__ == "__main__":
    main()
