"""Hotspots: the tables by operation, line and scope, from timers, tapes, traces and files."""

import dataclasses
import json
import os
import subprocess
import sys

import pytest
from rich.cells import cell_len

import autograd_tools as ag
import viewer
from autograd_tools.timing import Record, Timer

GROUPINGS = ["op", "line", "scope"]


def timer_of(*rows):
    """A timer with records of (operation, argument number, line, scope, nanoseconds)."""
    timer = Timer(clock=lambda: 0)
    for op, argument, line, scope, ns in rows:
        timer.add(Record(op, argument, "/models/model.py", line, "loss", scope, "backward" if argument else "forward"), ns, 0)
    return timer


LAYER = ("loss", "layer")
ROWS = [
    ("matmul", 0, 10, LAYER, 4_000_000),
    ("matmul", 0, 10, LAYER, 4_000_000),
    ("matmul", 1, 10, LAYER, 6_000_000),
    ("matmul", 1, 10, LAYER, 6_000_000),
    ("matmul", 2, 10, LAYER, 1_000_000),
    ("matmul", 2, 10, LAYER, 1_000_000),
    ("add", 0, 10, LAYER, 500_000),
    ("add", 1, 10, LAYER, 1_000),
    ("sum", 0, 12, ("loss",), 250_000),
    ("sum", 1, 12, ("loss",), 750_000),
    ("tanh", 0, 13, (), 1),
]


@pytest.fixture(scope="module")
def timer():
    return timer_of(*ROWS)


def test_by_operation(timer):
    assert viewer.hotspots(timer).splitlines() == [
        "Hotspots by operation",
        "operation  calls  forward  backward   total      %  backward by argument",
        "matmul         2   8.00ms    14.0ms  22.0ms  93.6%  [1] 12.0ms  [2] 2.00ms",
        "sum            1    250μs     750μs  1.00ms   4.3%  [1] 750μs",
        "add            1    500μs    1.00μs   501μs   2.1%  [1] 1.00μs",
        "tanh           1   1.00ns    0.00ns  1.00ns   0.0%",
    ]


def test_by_line(timer):
    assert viewer.hotspots(timer, "line").splitlines() == [
        "Hotspots by line",
        "line         calls  forward  backward   total      %  backward by argument  code",
        "model.py:10      3   8.50ms    14.0ms  22.5ms  95.7%  matmul[1] 12.0ms …",
        "model.py:12      1    250μs     750μs  1.00ms   4.3%  sum[1] 750μs",
        "model.py:13      1   1.00ns    0.00ns  1.00ns   0.0%",
    ]


def test_by_scope(timer):
    assert viewer.hotspots(timer, "scope").splitlines() == [
        "Hotspots by scope",
        "scope                   calls  forward  backward   total      %  backward by argument",
        "loss / layer                3   8.50ms    14.0ms  22.5ms  95.7%  matmul[1] 12.0ms …",
        "loss                        1    250μs     750μs  1.00ms   4.3%  sum[1] 750μs",
        "(outside any function)      1   1.00ns    0.00ns  1.00ns   0.0%",
    ]


def test_rows_beyond_the_limit_are_added_up_in_one(timer):
    assert viewer.hotspots(timer, limit=1).splitlines() == [
        "Hotspots by operation",
        "operation  calls  forward  backward   total      %  backward by argument",
        "matmul         2   8.00ms    14.0ms  22.0ms  93.6%  [1] 12.0ms  [2] 2.00ms",
        "3 more         3    750μs     751μs  1.50ms   6.4%",
    ]


def test_as_many_rows_as_the_limit_are_shown_whole(timer):
    assert viewer.hotspots(timer, limit=4) == viewer.hotspots(timer)


@pytest.mark.parametrize("by", GROUPINGS)
def test_totals_of_all_groupings_agree_to_the_nanosecond(by):
    timer = timer_of(
        ("a", 0, 1, ("f",), 100), ("a", 1, 1, ("f",), 200), ("a", 0, 2, (), 23), ("b", 0, 1, ("f",), 14), ("b", 2, 1, ("g",), 7)
    )
    assert viewer.hotspots(timer, by, limit=0).splitlines()[2].split()[2:] == ["3", "137ns", "207ns", "344ns", "100.0%"]


def test_a_share_is_of_all_forward_and_backward_time():
    timer = timer_of(("a", 0, 1, (), 1), ("a", 1, 1, (), 1), ("b", 0, 1, (), 2))
    assert [line.split()[5] for line in viewer.hotspots(timer).splitlines()[2:]] == ["50.0%", "50.0%"]


def test_rows_of_equal_time_stay_in_the_order_of_their_first_call():
    timer = timer_of(*[(op, 0, 1, (), 5) for op in ("tan", "add", "sin")])
    assert [line.split()[0] for line in viewer.hotspots(timer).splitlines()[2:]] == ["tan", "add", "sin"]


def test_at_most_four_arguments_are_listed_the_most_expensive_first():
    timer = timer_of(*[("einsum", n, 1, (), n * 1000) for n in range(1, 7)])
    assert viewer.hotspots(timer).splitlines()[2].endswith("[6] 6.00μs  [5] 5.00μs  [4] 4.00μs  [3] 3.00μs …")


def test_one_operation_on_two_lines_is_two_rows_by_line_and_one_by_operation():
    timer = timer_of(("sum", 0, 1, (), 3), ("sum", 0, 2, (), 4))
    assert [len(viewer.hotspots(timer, by).splitlines()) for by in GROUPINGS] == [3, 4, 3]


@pytest.mark.parametrize("by", GROUPINGS)
def test_an_empty_timer_has_no_rows(by):
    assert len(viewer.hotspots(Timer(clock=lambda: 0), by).splitlines()) == 2


def test_by_line_shows_the_code_where_the_file_is_there(tmp_path):
    path = tmp_path / "model.py"
    path.write_text("import numpy\n    loss = np.sum(w)  # [bold]\n", encoding="utf-8")
    timer = Timer(clock=lambda: 0)
    timer.add(Record("sum", 0, str(path), 2, "loss", ()), 5, 0)
    assert viewer.hotspots(timer, "line").splitlines()[2].endswith("loss = np.sum(w)  # [bold]")


def test_by_line_names_a_file_below_the_current_folder_by_its_path_from_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    timer = Timer(clock=lambda: 0)
    timer.add(Record("sum", 0, str(tmp_path / "models" / "a.py"), 2, "loss", ()), 5, 0)
    timer.add(Record("sum", 0, str(tmp_path.parent / "b.py"), 3, "loss", ()), 4, 0)
    timer.add(Record("sum", 0, "", 0, "", ()), 3, 0)
    names = [line.split("  ")[0] for line in viewer.hotspots(timer, "line").splitlines()[2:]]
    assert names == [f"models{os.sep}a.py:2", "b.py:3", "(unknown):0"]


def test_an_unknown_grouping_is_an_error_that_lists_the_groupings(timer):
    with pytest.raises(ValueError, match="no hotspots by 'colour'; there are: op, line, scope"):
        viewer.hotspots(timer, "colour")


# What hotspots are taken from ---------------------------------------------------------------------------------------


def timed_trace(forward=(5, 7)):
    """The trace of `x * 2 + 3` with times."""
    leaf, *nodes = ag.trace(lambda x: x * 2 + 3, 1.0)
    times = zip(nodes, forward, strict=True)
    return ag.Trace((leaf, *(dataclasses.replace(node, forward_ns=ns, backward_ns={1: 10 * ns + 1}) for node, ns in times)))


def test_of_a_trace_with_times():
    assert viewer.hotspots(timed_trace()).splitlines() == [
        "Hotspots by operation",
        "operation  calls  forward  backward   total      %  backward by argument",
        "add            1   7.00ns    71.0ns  78.0ns  58.2%  [1] 71.0ns",
        "multiply       1   5.00ns    51.0ns  56.0ns  41.8%  [1] 51.0ns",
    ]


@pytest.mark.parametrize("forward", [(5, 7), (0, 7)])
def test_a_saved_trace_has_the_same_hotspots(tmp_path, forward):
    trace = timed_trace(forward)
    trace.save(tmp_path / "trace.json")
    assert viewer.hotspots(tmp_path / "trace.json") == viewer.hotspots(trace)


@pytest.mark.parametrize("as_given", [str, lambda path: path], ids=["string", "path"])
@pytest.mark.parametrize("by", GROUPINGS)
def test_a_saved_timer_has_the_same_hotspots(timer, tmp_path, by, as_given):
    timer.save(tmp_path / "run.json")
    assert viewer.hotspots(as_given(tmp_path / "run.json"), by) == viewer.hotspots(timer, by)


@pytest.mark.parametrize("by", GROUPINGS)
def test_a_trace_without_times_is_an_error_that_says_how_to_get_them(by):
    with pytest.raises(ValueError) as error:
        viewer.hotspots(ag.trace(lambda x: x * 2, 1.0), by)
    assert str(error.value) == (
        "this trace has no times: set AUTOGRAD_TIMER=1 before autograd_tools is imported, or run `autograd-tools profile`"
    )


@pytest.mark.parametrize("given", [14.0, None, [1]], ids=["float", "None", "list"])
def test_what_is_no_timer_and_no_trace_is_an_error_that_says_what_is_needed(given):
    with pytest.raises(TypeError, match="a Timer or the path of a saved one is needed, and got "):
        viewer.hotspots(given)


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "not a whole JSON file"), ("{}", "it says None"), ('{"format": "autograd_tools.timer", "version": 9}', "upgrade")],
)
def test_a_file_that_is_neither_is_refused_with_the_reason(tmp_path, content, message):
    (tmp_path / "run.json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        viewer.hotspots(tmp_path / "run.json")


def test_a_missing_file_is_an_error_that_names_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"run\.json"):
        viewer.hotspots(tmp_path / "run.json")


PROGRAM = """
import json
import numpy as np, autograd_tools as ag, viewer
w, b = ag.Param(np.ones((2, 3))), ag.Param(np.ones((2, 1)))

def layer(x):
    return w @ x + b

def loss():
    with ag.scope("error"):
        e = layer(np.ones((3, 4))) - 1
    return np.sum(e ** 2)

J = ag.diff(loss)
print(json.dumps([[viewer.hotspots(x, by) for x in (J, J.trace(), ag.timer)] for by in ("op", "line", "scope")]))
"""


@pytest.fixture(scope="module")
def hotspots_of_a_run():
    """By grouping, the hotspots of a tape, of its trace and of the timer, from a program with the timer on."""
    process = subprocess.run(
        [sys.executable, "-W", "error", "-X", "utf8", "-c", PROGRAM],
        env={**os.environ, "AUTOGRAD_TIMER": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=True,
    )
    return dict(zip(GROUPINGS, json.loads(process.stdout), strict=True))


@pytest.mark.parametrize("by", GROUPINGS)
def test_hotspots_of_a_tape_of_its_trace_and_of_the_timer_are_the_same(hotspots_of_a_run, by):
    tape, trace, timer = hotspots_of_a_run[by]
    assert tape == trace == timer


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("op", {"matmul": "1", "add": "1", "subtract": "1", "power": "1", "sum": "1"}),
        ("line", {"<string>:7": "2", "<string>:11": "1", "<string>:12": "2"}),
        ("scope", {"loss / error / layer": "2", "loss / error": "1", "loss": "2"}),
    ],
)
def test_rows_of_a_run_count_its_operations(hotspots_of_a_run, by, rows):
    cells = [line.split("  ") for line in hotspots_of_a_run[by][0].splitlines()[2:]]
    assert {row[0]: next(cell.strip() for cell in row[1:] if cell.strip()) for row in cells} == rows


# Width and names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("by", GROUPINGS)
def test_no_line_is_wider_than_the_width(timer, by, width):
    assert max(cell_len(line) for line in viewer.hotspots(timer, by, width=width).splitlines()) <= width


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize(
    ("by", "names"),
    [("op", ["matmul", "sum", "add", "tanh"]), ("line", ["model.py:10", "model.py:12", "model.py:13"]), ("scope", ["loss/layer"])],
)
def test_names_and_totals_are_not_lost_in_a_narrow_terminal(timer, by, names, width):
    shown = viewer.hotspots(timer, by, width=width)
    column = "".join(line[: line.find("  ")].strip() for line in shown.splitlines()[2:]).replace(" ", "")
    assert [name for name in names if name not in column] == []
    assert ("22.0ms" if by == "op" else "22.5ms") in shown


# A name, and how a line of text shows it.
HOSTILE = {
    "tag": ("</script>", "</script>"),
    "lambda": ("<lambda>", "<lambda>"),
    "colon": ("np:sum", "np:sum"),
    "quotes": ("\"'`", "\"'`"),
    "newline": ("a\nb", r"a\nb"),
    "markup": ("[bold]x[/bold]", "[bold]x[/bold]"),
    "closing": ("[/]", "[/]"),
    "emoji": ("🙂", "🙂"),
    "emoji-code": (":smile:", ":smile:"),
    "escape": ("\x1b[31m", r"\x1b[31m"),
    "long": ("x" * 10_000, "x" * 10_000),
}


@pytest.mark.parametrize(("name", "shown"), list(HOSTILE.values()), ids=list(HOSTILE))
@pytest.mark.parametrize("by", GROUPINGS)
def test_a_hostile_name_survives(by, name, shown):
    timer = Timer(clock=lambda: 0)
    timer.add(Record(name, 0, f"/models/{name}", 7, name, (name, name)), 5, 0)
    timer.add(Record(name, 1, f"/models/{name}", 7, name, (name, name), "backward"), 5, 0)
    expected = {"op": shown, "line": f"{shown.rpartition('/')[2]}:7", "scope": f"{shown} / {shown}"}
    lines = viewer.hotspots(timer, by).splitlines()
    assert len(lines) == 3
    assert lines[2].startswith(f"{expected[by]}  ")
