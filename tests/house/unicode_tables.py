#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""unicode_tables.py ROOT [--write]: the tables that are made from the data of Unicode, as Python has it: how wide a
character is (include/kf/sink/width_table.hpp), and which letter is left of one with marks (include/kf/board/slug.hpp).
Without --write it fails when they are not what it would write; where this Python has another version of Unicode than
the tables, it compares nothing and says so."""
import pathlib
import re
import sys
import unicodedata

LAST = 0x10FFFF
# Signs in front of a number, which are seen although they are formats.
SEEN = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, 0xAD}
# Wide whatever will be assigned there (UAX 11).
IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2FFFD), (0x30000, 0x3FFFD))


def width(c):
    """In columns; nothing for what nobody has assigned."""
    kind = unicodedata.category(chr(c))
    if kind in ("Mn", "Me", "Cf") and c not in SEEN or 0x1160 <= c <= 0x11FF or 0xD7B0 <= c <= 0xD7FF:
        return 0
    if any(a <= c <= b for a, b in IDEOGRAPHS):
        return 2
    if kind in ("Cn", "Cs", "Co"):  # of these Python says "F"
        return None
    return 2 if unicodedata.east_asian_width(chr(c)) in "WF" else 1


def ranges(wanted):
    """Of the characters of that width; what is not assigned between two of them goes with them."""
    found, gap = [], True
    for c in range(0x300, LAST + 1):
        now = width(c)
        if now == wanted:
            if gap or not found:
                found.append([c, c])
            found[-1][1], gap = c, False
        elif now is not None:
            gap = True
    return found


def array(name, wanted):
    cells = [f"{{{a:#x}, {b:#x}}}" for a, b in ranges(wanted)]
    lines, line = [], ""
    for cell in cells:
        if len(line) + len(cell) > 110:
            lines.append(line)
            line = ""
        line += (" " if line else "    ") + cell + ","
    return [f"inline constexpr code_range {name}[] = {{", *lines, line, "};"]


def widths():
    return "\n".join([
        "// SPDX-License-Identifier: MIT", "#pragma once",
        "/// The characters from U+0300 on that take no column of a terminal, and those that take two (UAX 11). Written by",
        f"/// tests/house/unicode_tables.py from the data of Unicode {unicodedata.unidata_version}.", "",
        "namespace kf::detail {", "", "struct code_range {", "    char32_t first, last;", "};", "",
        "// clang-format off", *array("no_width", 0), "", *array("two_wide", 2), "// clang-format on", "",
        "} // namespace kf::detail", ""])


def letter(c):
    """The one letter of ASCII that its decomposition has; a blank when it has none, or more than one."""
    bare = "".join(x for x in unicodedata.normalize("NFKD", chr(c)) if ord(x) < 0x80)
    return bare if len(bare) == 1 and bare.isalpha() else " "


def unmarked():
    lines = []
    for name, first, end in (("latin", 0xC0, 0x250), ("latin_additional", 0x1E00, 0x1F00)):
        text = "".join(map(letter, range(first, end)))
        rows = [text[i:i + 64] for i in range(0, len(text), 64)]
        lines += [f"inline constexpr char32_t {name}_begin = {first:#x};",
                  f"inline constexpr std::string_view {name} =", *(f'    "{row}"' for row in rows)]
        lines[-1] += ";"
    return "\n".join([f"// Written by tests/house/unicode_tables.py: Unicode {unicodedata.unidata_version}",
                      "// clang-format off", *lines, "// clang-format on", ""])


def main():
    root = pathlib.Path(sys.argv[1])
    table, slug = root / "include/kf/sink/width_table.hpp", root / "include/kf/board/slug.hpp"
    made = re.compile(r"// Written by tests/house/unicode_tables.py.*?// clang-format on\n", re.S)
    if "--write" in sys.argv:
        table.write_text(widths())
        slug.write_text(made.sub(lambda _: unmarked(), slug.read_text(), count=1))
    stands = made.search(slug.read_text())
    versions = {re.search(r"Unicode (\d+\.\d+\.\d+)", text).group(1) for text in (table.read_text(), stands.group())}
    if versions != {unicodedata.unidata_version}:
        print(f"not compared: the tables are of Unicode {versions}, this Python has {unicodedata.unidata_version}")
        return
    wrong = [str(file) for file, is_so in ((table, table.read_text() == widths()), (slug, stands.group() == unmarked()))
             if not is_so]
    if wrong:
        sys.exit(f"{', '.join(wrong)}: not as Unicode has it. Try: python3 tests/house/unicode_tables.py . --write")
    print(f"the tables are those of Unicode {unicodedata.unidata_version}")


if __name__ == "__main__":
    main()
