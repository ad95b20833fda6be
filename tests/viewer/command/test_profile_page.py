"""The HTML page and the Markdown of a profile."""

import re

import numpy as np
from support.hostile import each_hostile_name
from support.maps import decoded
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


def profile_of(report):
    return decoded(to_html(report, "train.py")).header["profile"]


def test_a_page_opens_at_the_hotspots():
    assert decoded(to_html(report_of("matmul"), "train.py")).header["view"] == "hotspots"


def test_a_page_has_the_time_of_each_part():
    assert profile_of(report_of("matmul"))["parts"] == [
        ["forward", 1_000_000],
        ["backward", 2_000_000],
        ["tracing and accumulating", 0],
        ["your own code and call overhead", 7_000_000],
    ]


def test_a_page_has_tables_with_numbers_to_sort_by():
    table = profile_of(report_of("matmul", "sin"))["tables"][1]
    assert table["title"] == "Hotspots by operation"
    assert [column["name"] for column in table["columns"]][:5] == [
        "operation",
        "calls",
        "forward",
        "backward",
        "total",
    ]
    assert table["rows"][0]["cells"][:5] == ["matmul", "1", "1.00ms", "2.00ms", "3.00ms"]
    assert table["rows"][0]["values"][:5] == [None, 1, 1_000_000, 2_000_000, 3_000_000]
    assert table["rows"][-1]["cells"][0] == "total"


def test_a_row_of_a_line_leads_to_its_file():
    page = decoded(to_html(report_of("matmul"), "train.py"))
    row = page.header["profile"]["tables"][0]["rows"][0]
    assert (page.header["files"][row["file"]]["name"], row["line"]) == ("matmul.py", 3)


def test_the_time_of_each_argument_is_that_of_its_line():
    assert profile_of(report_of("matmul"))["arguments"] == [[0, 3, "matmul", 1, 2_000_000]]


def test_the_samples_of_a_page_nest_like_the_calls():
    session = session_of((frame("a"), frame("b"), 0.3), (frame("a"), frame("c"), 0.1))
    samples = profile_of(report_of("f", session=session))["samples"]
    (a,) = samples["inner"]
    assert (a["name"], [inner["name"] for inner in a["inner"]]) == ("a", ["b", "c"])
    assert [round(inner["seconds"], 6) for inner in a["inner"]] == [0.3, 0.1]


def test_a_sample_leads_to_its_own_file_of_two_names():
    timer = report_of("matmul").timer
    timer.add(Record("exp", 0, "/other/matmul.py", 3, "f", ("f",)), 1_000_000, 8)
    frames = (frame("a", "/other/matmul.py", 2), frame("b", "/models/matmul.py", 1))
    report = Report(timer, session=session_of((*frames, frame("c", "/else/matmul.py"), 0.3)))
    header = decoded(to_html(report, "train.py")).header
    (a,) = header["profile"]["samples"]["inner"]
    (b,) = a["inner"]
    (c,) = b["inner"]
    names = [header["files"][found["file"]]["name"] for found in (a, b)]
    assert names == ["other/matmul.py", "models/matmul.py"]
    assert (a["line"], b["line"], c["file"]) == (2, 1, -1)


def test_a_page_is_the_same_for_the_same_profile():
    assert to_html(report_of("matmul"), "a.py") == to_html(report_of("matmul"), "a.py")


def test_a_page_has_the_charts_of_a_history():
    page = to_html(Report(report_of("sin").timer, history=ag.History()), "train.py")
    assert '<template id="map-more">' in page
    assert '<div class="history">' in page


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
    block = profile_of(report)["blocks"][0]
    assert (block["title"], block["text"].splitlines()[0]) == ("Memory", "Memory of a gradient")
    assert "### Memory\n\n```text\nMemory of a gradient\n" in to_markdown(report)
