"""Strings of saved files cannot write to a terminal, break a page or a picture, or add markup.

A trace, profile or history may come from somebody else. Each of its strings is replaced in turn.
"""

import io
import json
import re
import sys
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest

import autograd_tools as ag
import viewer
from autograd_tools import History, Timer, Trace
from viewer.command.cli import main
from viewer.command.profile_page import to_html
from viewer.command.profile_report import Report
from viewer.facts.columns import COLUMNS
from viewer.profiles.groupings import GROUPINGS as HOTSPOTS
from viewer.terminal.grouped import GROUPINGS
from viewer.terminal.text import VIEWS

HOSTILE = "\x1b[2J\x1b]0;title\x07\r\x00\x9b31m\u202e\u2028\ud800\ufffe<i>&x;]]>\"'`|\n"
DATA = Path(__file__).parent / "data" / "complete"
TRACE, PROFILE = DATA / "trace.json", DATA / "profile.json"
COLOURS_AND_LINKS = re.compile(r"\x1b\[[\d;]*m|\x1b\]8;;[!-~]*\x1b\\")


def places(x, path=()):
    """Yield the paths of the strings in plain data: the keys, and the places in lists."""
    if isinstance(x, str):
        yield path
    elif isinstance(x, (dict, list)):
        for key, item in x.items() if isinstance(x, dict) else enumerate(x):
            yield from places(item, (*path, key))


def with_text(x, path, text):
    """Return a copy of plain data with a text at a path."""
    copy = json.loads(json.dumps(x))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = text
    return copy


def kinds():
    """Yield each file with the paths of its strings, of equal ones in equal lists the first."""
    for name in TEXTS:
        data = json.loads((DATA / f"{name}.json").read_text())
        found = {}
        for path in places(data):
            kind = tuple(key if isinstance(key, str) else "[]" for key in path[:-1]) + path[-1:]
            found.setdefault(kind, path)
        for kind, path in found.items():
            yield pytest.param(name, data, path, id=f"{name}-{'.'.join(map(str, kind))}")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def check_lines(text):
    """Fail if a text holds anything but printable characters, line ends and tabs."""
    assert {c for c in text if not c.isprintable()} <= {"\n", "\t"}, ascii(text)


def check_markup(text):
    """Fail if a page is no XML, where it has pictures, or has an element of the hostile text."""
    for picture in re.findall("<svg.*?</svg>", text, re.DOTALL):
        ElementTree.fromstring(picture)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800\ufffe]", text)
    assert "<i>" not in text


def in_terminal(view, *args):
    """Return what a view writes to a terminal, without colours and links."""
    view(*args, file=(terminal := Terminal()))
    return COLOURS_AND_LINKS.sub("", terminal.getvalue())


TEXTS = {
    "trace": [
        str,
        repr,
        viewer.explain,
        viewer.to_dot,
        viewer.to_mermaid,
        lambda x: viewer.compare(x, TRACE),
        *(partial(viewer.to_text, view=view) for view in VIEWS),
        *(partial(viewer.to_text, view="table", columns=[name]) for name in COLUMNS),
        *(partial(viewer.to_text, view="table", by=by) for by in GROUPINGS),
        *(lambda x, view=view: in_terminal(viewer.show, x, view) for view in VIEWS),
    ],
    "profile": [
        str,
        repr,
        ag.Timer.to_markdown,
        viewer.tips,
        viewer.arithmetic,
        lambda x: viewer.annotate(x, whole=True),
        lambda x: viewer.compare(x, PROFILE),
        *(partial(viewer.hotspots, by=by) for by in HOTSPOTS),
    ],
    "history": [str, repr],
}
PAGES = {
    "trace": [viewer.to_svg, Trace._repr_html_],
    "profile": [Timer._repr_html_, lambda x: to_html(Report(x), "a page")],
    "history": [History._repr_html_],
}
LOAD = {"trace": ag.load_trace, "profile": Timer.load, "history": History.load}
COMMANDS = {
    "trace": ["show", "show --by scope", "explain", "compare {other}"],
    "profile": [
        "profile",
        "profile --by op,line,shape,scope,tree,argument --arithmetic --annotate",
        "profile --format markdown",
        "compare {other}",
        "merge -o {new}",
    ],
    "history": ["profile", "profile --history={new}"],
}


@pytest.mark.parametrize(("name", "data", "path"), [*kinds()])
def test_no_string_of_a_file_gets_through(name, data, path, tmp_path, monkeypatch, capsys):
    old = data
    for key in path:
        old = old[key]
    file = tmp_path / f"{name}.json"
    file.write_text(json.dumps(with_text(data, path, old + HOSTILE)))
    for command in COMMANDS[name]:
        words = command.format(other=DATA / f"{name}.json", new=tmp_path / "new.json").split()
        main([words[0], *words[1:], str(file)])
        out, err = capsys.readouterr()
        check_lines(out + err)
        monkeypatch.setattr(sys, "stdout", Terminal())
        main([words[0], *words[1:], str(file)])
        check_lines(COLOURS_AND_LINKS.sub("", sys.stdout.getvalue()))
        monkeypatch.undo()
    try:
        x = LOAD[name](file)
    except ValueError as error:
        check_lines(str(error))
        return
    for check, views in ((check_lines, TEXTS[name]), (check_markup, PAGES[name])):
        for view in views:
            try:
                shown = view(x)
            except ValueError as error:
                check_lines(str(error))
            else:
                check(shown)
