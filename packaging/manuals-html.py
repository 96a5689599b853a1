#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""manuals-html.py OUT: each manual as a page of OUT by scdoc and mandoc, with links from one to the other, and an index."""
import html
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
MAN = HERE.parent / "man"
PAGES = (HERE / "manuals").read_text().split()
STYLE = """
body { max-width: 50em; margin: auto; padding: 1em; font-family: sans-serif; line-height: 1.45; color: #1a1a1a; }
h1 { font-size: 1.15em; margin: 1.8em 0 .4em; border-bottom: 1px solid #bbb; }
h2 { font-size: 1em; margin: 1.6em 0 .3em; }
p { margin: .6em 0 .2em; }
p:empty { display: none; }
a { color: #0550ae; }
a.permalink { color: inherit; text-decoration: none; }
i { font-style: normal; color: #8a3b00; }
pre { background: #f3f3f3; padding: .6em .8em; overflow-x: auto; }
.Bd-indent, .item { margin-left: 2em; }
.item { margin: .3em 0 .3em 3.5em; text-indent: -1.5em; }
.item span { display: inline-block; width: 1.2em; text-indent: 0; }
table.tbl { border-spacing: 0; margin: .4em 0 .4em; }
table.tbl td { vertical-align: baseline; padding: .15em 1.2em .15em 0; }
table.tbl td:first-child { white-space: nowrap; }
table.head, table.foot { width: 100%; color: #666; }
td.head-vol, td.foot-date { text-align: center; }
td.head-rtitle, td.foot-os { text-align: right; }
"""


def document(title, body):
    return (f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"/>\n<title>{html.escape(title)}</title>\n'
            f"<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n")


def linked(match, page):
    other = f"{match[1]}.{match[2]}"
    return f'<a href="{other}.html">{match[0]}</a>' if other in PAGES and other != page else match[0]


def body_of(page):
    roff = subprocess.run(["scdoc"], input=(MAN / f"{page}.scd").read_bytes(), capture_output=True, check=True).stdout
    body = subprocess.run(["mandoc", "-Thtml", "-O", "fragment"], input=roff, capture_output=True, check=True).stdout.decode()
    body = re.sub(r"<b>([\w.-]+)</b>\((\d)\)", lambda m: linked(m, page), body)
    # scdoc draws the marks of lists itself: they are text to mandoc.
    return re.sub(r'<div class="Bd-indent">(&#x2022;|\d+\.)', r'<div class="item"><span>\1</span> ', body)


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    rows = ""
    for page in PAGES:
        name, section = page.rsplit(".", 1)
        source = (MAN / f"{page}.scd").read_text()
        purpose = re.search(r"^# NAME\n\n\S+ - (.*)$", source, re.M)[1]
        title = f"{name}({section})"
        rows += f'<tr><td><a href="{page}.html">{title}</a></td><td>{html.escape(purpose)}</td></tr>\n'
        home = '<p><a href="index.html">All manuals</a></p>\n'
        (out / f"{page}.html").write_text(document(title, home + body_of(page)))
    (out / "index.html").write_text(document("kf: manuals", f'<h1>kf: manuals</h1>\n<table class="tbl">\n{rows}</table>\n'))


main()
