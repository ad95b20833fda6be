"""The comparison of a map: marks and numbers by line."""

import numpy as np
import pytest
from support.maps import decoded

import autograd_tools as ag
import viewer
from autograd_tools.timing import Record, Timer


def before(x):
    return np.sum(np.sin(x) * 2)


def after(x):
    return np.sum(np.cos(x) * 2)


@pytest.fixture
def traces(tmp_path):
    for name, f in (("old", before), ("new", after)):
        ag.trace(f, np.ones(3)).save(tmp_path / f"{name}.json")
    return tmp_path / "old.json", tmp_path / "new.json"


def timer_of(name, ns):
    """A profile of three gradients in which one line takes `ns` each time."""
    timer = Timer(clock=lambda: 0)
    for step in range(1, 4):
        timer.add(Record("sin", 0, f"/{name}.py", 3, "loss", ("loss",)), ns + step, 8)
    return timer


def test_a_compared_drawing_as_a_page_lists_the_lines_that_changed(traces, tmp_path):
    page = viewer.draw_compared(*traces, tmp_path / "c.html").read_text("utf-8")
    changes = decoded(page).header["changes"]
    assert changes["names"] == ["old", "new"]
    assert [(line["code"], line["changed"]) for line in changes["lines"]] == [
        ("return np.sum(np.cos(x) * 2)", 1)
    ]
    assert changes["text"].startswith("4 → 4 nodes: 0 added, 0 removed, 1 changed")


def test_a_compared_page_marks_its_nodes(traces, tmp_path):
    found = decoded(viewer.draw_compared(*traces, tmp_path / "c.html").read_text("utf-8"))
    assert found["mark"].tolist() == [0, 3, 0, 0]
    assert found.header["notes"][1].startswith("+ 0 added, − 0 removed, ≠ 1 changed")


def test_two_profiles_are_compared_by_line_on_a_page(ask, tmp_path):
    timer_of("train", 1000).save(tmp_path / "a.json")
    timer_of("train", 9000).save(tmp_path / "b.json")
    output, errors, status = ask("compare", "a.json", "b.json", "-o", "c.html")
    assert (output, errors, status) == ("mapped the changes: c.html\n", "", 0)
    header = decoded((tmp_path / "c.html").read_text("utf-8")).header
    (line,) = header["changes"]["lines"]
    assert (header["view"], header["files"][line["file"]]["name"]) == ("changes", "train.py")
    assert line["after_ns"] > 5 * line["before_ns"]


def test_a_page_of_two_profiles_takes_no_other_ending(ask, tmp_path):
    timer_of("train", 1000).save(tmp_path / "a.json")
    _, errors, status = ask("compare", "a.json", "a.json", "-o", "c.svg")
    assert (errors, status) == (
        "autograd-tools: --output of two profiles is a page, .html, got c.svg\n",
        2,
    )
