"""The comparison of a map: marks and numbers by line."""

import linecache

import numpy as np
import pytest
from support.maps import decoded

import autograd_tools as ag
import viewer
from autograd_tools.timing import Record, Timer
from autograd_tools.tracing.columns import Argument, TraceNode


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


def test_an_operation_that_replaces_another_has_the_formula_of_the_new_one(traces, tmp_path):
    found = decoded(viewer.draw_compared(*traces, tmp_path / "c.html").read_text("utf-8"))
    forward, _, rules = found.header["equations"][found["equation"][1]]
    assert (found.text("label")[1], forward) == ("sin → cos", [0, " = cos(", 1, ")"])
    assert rules == [[1, ["∇", 1], ["-∇", 0, " * sin(", 1, ")"], []]]


SHORT, LONG = "y = np.exp(x)\n", "y = np.exp(np.sin(x) * x)\n"


def traced(tmp_path, name, line, x=2.0):
    """Save the trace of a program of one file, which has a line more before it each time."""
    file, code = tmp_path / "program.py", f"def f(x):\n    {line}    return y * 2\n"
    file.write_text(code)
    linecache.checkcache(str(file))
    space = {"np": np}
    exec(compile(code, str(file), "exec"), space)
    ag.trace(space["f"], x).save(tmp_path / name)
    return tmp_path / name


def compared(tmp_path, *args, **options):
    page = viewer.draw_compared(*args, tmp_path / "c.html", **options).read_text("utf-8")
    return decoded(page)


def test_added_and_removed_nodes_keep_the_formulas_of_their_runs(tmp_path):
    traces = (traced(tmp_path, f"{n}.json", line) for n, line in enumerate((SHORT, LONG)))
    found = compared(tmp_path, *list(traces)[::-1])
    forward = [found.header["equations"][number][0] for number in found["equation"] if number >= 0]
    assert forward == [
        [0, " = sin(", 1, ")"],
        [0, " = ", 1, " * ", 2],
        [0, " = exp(", 1, ")"],
        [0, " = ", 1, " * 2"],
    ]
    assert found.text("label")[1:4] == ["sin", "multiply", "exp(x)"]


def test_lines_of_both_runs_have_their_own_code_and_counts(tmp_path):
    old, new = (traced(tmp_path, f"{n}.json", line) for n, line in enumerate((LONG, SHORT)))
    lines = compared(tmp_path, old, new).header["changes"]["lines"]
    assert [(line["code"], line["removed"], line["changed"]) for line in lines] == [
        (LONG.strip(), 2, 0)
    ]


def test_removed_lines_hide_no_source_of_the_run_after(tmp_path):
    old, new = (traced(tmp_path, f"{n}.json", line) for n, line in enumerate((LONG, SHORT)))
    (file,) = compared(tmp_path, old, new).header["files"]
    assert (SHORT.strip() in file["parts"][0][1], file["note"]) == (True, "")


def test_words_have_the_symbols_of_the_picture(tmp_path):
    old, new = (traced(tmp_path, f"{n}.json", line) for n, line in enumerate((LONG, SHORT)))
    words = compared(tmp_path, old, new).header["changes"]["text"].splitlines()
    assert [line[:10] for line in words[1:3]] == ["- v2  0.90", "- v3  1.81"]


def test_a_swapped_input_is_named_by_the_symbols_of_the_picture(tmp_path):
    a, b = (ag.trace(lambda x, y, f=f: f(x * 2, y * 3), 1.0, 1.5) for f in (pair, riap))
    text = compared(tmp_path, a, b).header["changes"]["text"]
    assert "changed: 2" not in text
    assert "input from v3 → v4; input from v4 → v3" in text


def pair(x, y):
    return x - y


def riap(x, y):
    return y - x


def test_other_numbers_are_no_changed_operation(tmp_path):
    old, new = (traced(tmp_path, f"{x}.json", SHORT, x) for x in (1.0, 2.0))
    found = compared(tmp_path, old, new)
    assert found["mark"].tolist() == [4, 0, 0]
    assert found.header["notes"][1].startswith(
        "+ 0 added, − 0 removed, ≠ 0 changed, ± 1 with different numbers; 2 more differ"
    )


def test_times_before_are_those_of_the_paired_nodes(tmp_path):
    lines = {}
    for name, line, ns in (("a", 3, 100), ("b", 7, 400)):
        node = {"kind": "result", "op": "sin", "file": "/t.py", "code": "sin(x)", "parents": (1,)}
        timed = TraceNode(2, **node, line=line, forward_ns=ns, args=(Argument("P(None)", (1,)),))
        lines[name] = ag.Trace((TraceNode(1, "param", children=(2,)), timed))
    (line,) = compared(tmp_path, lines["a"], lines["b"]).header["changes"]["lines"]
    assert (line["line"], line["before_ns"], line["after_ns"]) == (7, 100, 400)


def test_lines_of_profiles_that_are_gone_are_listed(ask, tmp_path):
    for name, numbers in (("a", (3, 5)), ("b", (3,))):
        timer = Timer(clock=lambda: 0)
        for step in range(1, 4):
            for n in numbers:
                code = (f"op{n}", 0, "/train.py", n, "loss", ("loss",))
                timer.add(Record(*code), 1000 + step, 8)
        timer.save(tmp_path / f"{name}.json")
    ask("compare", "a.json", "b.json", "-o", "c.html")
    lines = decoded((tmp_path / "c.html").read_text("utf-8")).header["changes"]["lines"]
    assert [(line["line"], line["is_gone"], line["after_ns"]) for line in lines] == [
        (5, True, 0),
        (3, False, 3006),
    ]


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
        "autograd-tools: --output of two profiles must end in .html, got c.svg\n",
        2,
    )
