"""The HTML page and the Markdown of a profile."""

import re
from html.parser import HTMLParser

import numpy as np
from support.hostile import each_hostile_name
from support.samples import frame, session_of

import autograd_tools as ag
import viewer
from autograd_tools.timing import Record, Timer
from viewer.command.profile_page import to_html
from viewer.command.profile_report import Report, columns_of, to_markdown


def report_of(*names, session=None):
    """A report of operations that took 1 ms forward and 2 ms backward each."""
    timer = Timer.from_dict(
        {"total_ns": 10_000_000, "section_cost_ns": 0, "sections": {}, "records": []}
    )
    for name in names:
        timer.add(Record(name, 0, f"/models/{name}.py", 3, name, (name,)), 1_000_000, 8)
        timer.add(Record(name, 1, f"/models/{name}.py", 3, name, (name,), "backward"), 2_000_000, 8)
    return Report(timer, session=session)


class Tags(HTMLParser):
    """The tags of a page in order, checked for pairs, and its text."""

    def __init__(self, page):
        super().__init__()
        self.open, self.seen, self.attributes, self.text = [], [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        self.attributes += [name for name, _ in attributes]
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@each_hostile_name
def test_a_page_has_the_same_tags_whatever_names_there_are(name):
    page, plain = (
        Tags(to_html(report_of(x, session=session_of((frame(x, f"/{x}.py"), 0.1))), x))
        for x in (name.replace("\0", ""), "plain")  # frames of pyinstrument end their names with \0
    )
    assert (page.open, page.seen, page.attributes) == ([], plain.seen, plain.attributes)


def test_a_page_asks_nothing_of_the_network_and_runs_nothing():
    page = to_html(report_of("matmul", session=session_of((frame("train"), 0.1))), "train.py")
    assert (
        re.findall(
            r"https?:|//|src=|href=|url\(|@import|<script|<link| on\w+=",
            page.replace("<!doctype", ""),
        )
        == []
    )
    assert "default-src 'none'; style-src 'unsafe-inline'" in page


def test_a_page_shows_the_share_of_each_part():
    page = to_html(report_of("matmul"), "train.py")
    assert re.findall(r"</i>([^<]*)<", page) == [
        "forward 10.0%",
        "backward 20.0%",
        "tracing and accumulating 0.0%",
        "your own code and call overhead 70.0%",
    ]


def test_a_page_has_a_bar_as_long_as_each_share():
    page = to_html(report_of("matmul", "sin"), "train.py")
    assert re.findall(r'style="--part:([^"]*)"', page)[:3] == ["50.0%", "50.0%", "100.0%"]


def test_the_tree_of_a_page_nests_like_the_calls():
    page = to_html(
        report_of(
            "f", session=session_of((frame("a"), frame("b"), 0.3), (frame("a"), frame("c"), 0.1))
        ),
        "train.py",
    )
    tree = re.sub(
        r'<span class="(spent bar|dim)"[^>]*>[^<]*</span>',
        "",
        page.split("samples of pyinstrument</p>\n")[1].split("<h2>")[0],
    )
    leaves = '<div class="leaf"><b>b</b> </div>\n<div class="leaf"><b>c</b> </div></details>\n'
    assert tree == f"<details open><summary><b>a</b> </summary>\n{leaves}"


def test_a_page_is_the_same_for_the_same_profile():
    assert to_html(report_of("matmul"), "a.py") == to_html(report_of("matmul"), "a.py")


@each_hostile_name
def test_hostile_names_keep_the_cells_of_markdown(name):
    def cells(text):
        return [len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines()]

    assert cells(to_markdown(report_of(name))) == cells(to_markdown(report_of("plain")))


def test_markdown_calls_nobody():
    assert "@\u200bme" in to_markdown(report_of("@me")).replace("\\", "")


def test_a_long_scope_keeps_its_first_and_last_parts():
    timer = Timer.from_dict({"total_ns": 10, "section_cost_ns": 0, "sections": {}, "records": []})
    timer.add(Record("sin", 0, "/a.py", 3, "f", ("main", *["f"] * 200, "leaf")), 1, 8)
    name = columns_of(Report(timer), "scope")[0].texts[0]
    assert (name[:12], name[-8:], len(name)) == ("main / f / f", "f / leaf", 123)


def test_a_page_and_markdown_show_the_memory_that_was_asked_for():
    timer = Timer(clock=lambda: 0)
    timer.add(Record("sum", 0, "train.py", 3, "loss", ("loss",)), 500, 8)
    use = viewer.memory(ag.trace(lambda x: np.sum(np.exp(x)), np.ones(100)))
    report = Report(timer, memory=use)
    assert "<h2>Memory</h2>\n<pre>Memory of a gradient\nAt most " in to_html(report, "train.py")
    assert "### Memory\n\n```text\nMemory of a gradient\n" in to_markdown(report)
