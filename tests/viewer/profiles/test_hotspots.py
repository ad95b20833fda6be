"""Tables of hotspots, from timers, tapes, traces and files."""

import dataclasses
import json
import os

import pytest
from rich.cells import cell_len
from support.hostile import hostile

import autograd_tools as ag
import viewer
from autograd_tools.timing import Counts, Operand, Record, Timer
from viewer.profiles.groupings import rows_of

GROUPINGS = ["op", "argument", "line", "scope", "tree"]  # and "shape", of what has shapes


def timer_of(*rows):
    """A timer with records of (operation, argument number, line, scope, nanoseconds)."""
    timer = Timer(clock=lambda: 0)
    for op, argument, line, scope, ns in rows:
        timer.add(
            Record(
                op,
                argument,
                "/models/model.py",
                line,
                "loss",
                scope,
                "backward" if argument else "forward",
            ),
            ns,
            0,
        )
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
        "operation  calls  forward  backward   total       %  backward by argument",
        "matmul         2   8.00ms    14.0ms  22.0ms   93.6%  [1] 12.0ms  [2] 2.00ms",
        "sum            1    250μs     750μs  1.00ms    4.3%  [1] 750μs",
        "add            1    500μs    1.00μs   501μs    2.1%  [1] 1.00μs",
        "tanh           1   1.00ns    0.00ns  1.00ns    0.0%",
        "total          5   8.75ms    14.8ms  23.5ms  100.0%",
    ]


def test_by_argument(timer):
    assert viewer.hotspots(timer, "argument", limit=4).splitlines() == [
        "Hotspots by argument",
        "argument   calls  forward  backward   total       %",
        "matmul[1]      2   0.00ns    12.0ms  12.0ms   51.1%",
        "matmul         2   8.00ms    0.00ns  8.00ms   34.0%",
        "matmul[2]      2   0.00ns    2.00ms  2.00ms    8.5%",
        "sum[1]         1   0.00ns     750μs   750μs    3.2%",
        "4 more         4    750μs    1.00μs   751μs    3.2%",
        "total         11   8.75ms    14.8ms  23.5ms  100.0%",
    ]


def test_by_line(timer):
    assert viewer.hotspots(timer, "line").splitlines() == [
        "Hotspots by line",
        "line         calls  forward  backward   total       %  backward by argument",
        "model.py:10      3   8.50ms    14.0ms  22.5ms   95.7%  matmul[1] 12.0ms …",
        "model.py:12      1    250μs     750μs  1.00ms    4.3%  sum[1] 750μs",
        "model.py:13      1   1.00ns    0.00ns  1.00ns    0.0%",
        "total            5   8.75ms    14.8ms  23.5ms  100.0%",
    ]


def test_by_scope_rows_show_self_and_total_times(timer):
    assert viewer.hotspots(timer, "scope").splitlines() == [
        "Hotspots by scope",
        "scope                   calls  forward  backward   total    self       %"
        "  backward by argument",
        "loss / layer                3   8.50ms    14.0ms  22.5ms  22.5ms   95.7%"
        "  matmul[1] 12.0ms …",
        "loss                        1    250μs     750μs  23.5ms  1.00ms    4.3%  sum[1] 750μs",
        "(outside any function)      1   1.00ns    0.00ns  1.00ns  1.00ns    0.0%",
        "total                       5   8.75ms    14.8ms  23.5ms  23.5ms  100.0%",
    ]


def test_rows_of_a_tree_show_total_and_self_times(timer):
    assert viewer.hotspots(timer, "tree").splitlines() == [
        "Hotspots by scope, as a tree",
        "scope                   calls  forward  backward   total    self       %"
        "  backward by argument",
        "loss                        4   8.75ms    14.8ms  23.5ms  1.00ms  100.0%"
        "  matmul[1] 12.0ms …",
        "  layer                     3   8.50ms    14.0ms  22.5ms  22.5ms   95.7%"
        "  matmul[1] 12.0ms …",
        "(outside any function)      1   1.00ns    0.00ns  1.00ns  1.00ns    0.0%",
        "total                       5   8.75ms    14.8ms  23.5ms  23.5ms  100.0%",
    ]


def test_a_scope_without_self_time_has_a_total():
    timer = timer_of(
        ("a", 0, 1, ("fit", "encoder", "layer"), 30), ("a", 0, 1, ("fit", "decoder"), 40)
    )
    assert [
        (row["scope"], row["total_ns"], row["cumulative_ns"])
        for row in viewer.hotspot_rows(timer, "scope")
    ] == [
        (["fit", "decoder"], 40, 40),
        (["fit", "encoder", "layer"], 30, 30),
        (["fit"], 0, 70),
        (["fit", "encoder"], 0, 30),
    ]


def test_siblings_in_a_tree_are_ranked_with_what_is_inside():
    timer = timer_of(
        ("a", 0, 1, ("f", "slow"), 5),
        ("a", 0, 1, ("f", "slow", "g"), 50),
        ("a", 0, 1, ("f", "fast"), 40),
    )
    assert [
        line.split("  ")[0].strip() or line.split()[0]
        for line in viewer.hotspots(timer, "tree").splitlines()[2:]
    ] == ["f", "slow", "g", "fast", "total"]


def test_direct_recursion_is_one_row_of_a_tree():
    timer = timer_of(
        ("a", 0, 1, ("f", "rec"), 1),
        ("a", 0, 1, ("f", "rec", "rec"), 2),
        ("b", 0, 2, ("f", "rec", "rec", "rec", "g"), 4),
    )
    assert [
        (row["scope"], row["total_ns"], row["self_ns"])
        for row in viewer.hotspot_rows(timer, "tree")
    ] == [(["f"], 7, 0), (["f", "rec"], 7, 3), (["f", "rec", "g"], 4, 4)]


def test_a_tree_of_a_thousand_levels_is_shown():
    scope = ("even", "odd") * 500
    lines = viewer.hotspots(timer_of(("a", 0, 1, scope, 5)), "tree", width=80).splitlines()
    assert lines[2].split() == ["even", "1", "5.00ns", "0.00ns", "5.00ns", "0.00ns", "100.0%"]


def test_rows_beyond_the_limit_are_added_up_in_one(timer):
    assert viewer.hotspots(timer, limit=1).splitlines() == [
        "Hotspots by operation",
        "operation  calls  forward  backward   total       %  backward by argument",
        "matmul         2   8.00ms    14.0ms  22.0ms   93.6%  [1] 12.0ms  [2] 2.00ms",
        "3 more         3    750μs     751μs  1.50ms    6.4%",
        "total          5   8.75ms    14.8ms  23.5ms  100.0%",
    ]


def test_rows_of_a_tree_keep_their_parents():
    timer = timer_of(("a", 0, 1, ("f", "g", "h"), 5), ("a", 0, 1, ("f", "i"), 4))
    lines = viewer.hotspots(timer, "tree", limit=3).splitlines()[2:]
    assert [(line[:10].strip(), line.split()[-2]) for line in lines] == [
        ("f", "0.00ns"),
        ("g", "0.00ns"),
        ("h", "5.00ns"),
        ("1 more", "4.00ns"),
        ("total", "9.00ns"),
    ]


def test_as_many_rows_as_the_limit_are_shown_whole(timer):
    assert viewer.hotspots(timer, limit=4) == viewer.hotspots(timer)


@pytest.mark.parametrize("by", GROUPINGS)
def test_totals_of_all_groupings_agree_to_the_nanosecond(by):
    timer = timer_of(
        ("a", 0, 1, ("f",), 100),
        ("a", 1, 1, ("f",), 200),
        ("a", 0, 2, (), 23),
        ("b", 0, 1, ("f",), 14),
        ("b", 2, 1, ("g",), 7),
    )
    calls = "5" if by == "argument" else "3"  # where those of rules count as well
    for line in viewer.hotspots(timer, by, limit=0).splitlines()[2:4]:
        assert line.split("344ns")[0].split()[-3:] == [calls, "137ns", "207ns"]


def test_a_share_is_of_all_forward_and_backward_time():
    timer = timer_of(("a", 0, 1, (), 1), ("a", 1, 1, (), 1), ("b", 0, 1, (), 2))
    assert [line.split()[5] for line in viewer.hotspots(timer).splitlines()[2:]] == [
        "50.0%",
        "50.0%",
        "100.0%",
    ]


def test_rows_of_equal_time_keep_their_order():
    timer = timer_of(*[(op, 0, 1, (), 5) for op in ("tan", "add", "sin")])
    assert [line.split()[0] for line in viewer.hotspots(timer).splitlines()[2:]] == [
        "tan",
        "add",
        "sin",
        "total",
    ]


def test_at_most_four_arguments_are_listed_the_most_expensive_first():
    timer = timer_of(*[("einsum", n, 1, (), n * 1000) for n in range(1, 7)])
    assert (
        viewer.hotspots(timer)
        .splitlines()[2]
        .endswith("[6] 6.00μs  [5] 5.00μs  [4] 4.00μs  [3] 3.00μs …")
    )


def test_one_operation_on_two_lines_is_two_rows_by_line():
    timer = timer_of(("sum", 0, 1, (), 3), ("sum", 0, 2, (), 4))
    assert [len(viewer.hotspots(timer, by).splitlines()) for by in ("op", "line", "scope")] == [
        4,
        5,
        4,
    ]


@pytest.mark.parametrize("by", GROUPINGS)
def test_an_empty_timer_has_no_rows(by):
    assert len(viewer.hotspots(Timer(clock=lambda: 0), by).splitlines()) == 2


def test_by_line_shows_the_code_where_the_file_is_there(tmp_path):
    path = tmp_path / "model.py"
    path.write_text("import numpy\n    loss = np.sum(w)  # [bold]\n", encoding="utf-8")
    timer = Timer(clock=lambda: 0)
    timer.add(Record("sum", 0, str(path), 2, "loss", ()), 5, 0)
    assert viewer.hotspots(timer, "line").splitlines()[2].endswith("loss = np.sum(w)  # [bold]")


def test_files_are_named_relative_to_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    timer = Timer(clock=lambda: 0)
    timer.add(Record("sum", 0, str(tmp_path / "models" / "a.py"), 2, "loss", ()), 5, 0)
    timer.add(Record("sum", 0, str(tmp_path.parent / "b.py"), 3, "loss", ()), 4, 0)
    timer.add(Record("sum", 0, "", 0, "", ()), 3, 0)
    names = [line.split("  ")[0] for line in viewer.hotspots(timer, "line").splitlines()[2:]]
    assert names == [f"models{os.sep}a.py:2", "b.py:3", "(no line)", "total"]


def test_an_unknown_grouping_is_an_error_that_lists_the_groupings(timer):
    with pytest.raises(
        ValueError, match="unknown grouping 'colour'; choose op, argument, line, shape, scope, tree"
    ):
        viewer.hotspots(timer, "colour")


# Columns and rows ---------------------------------------------------------------------------------


def test_columns_without_figures_are_left_out():
    timer = Timer(clock=lambda: 0)
    where = ("model.py", 10, "loss", ("loss",))
    for argument, phase, ns, nbytes in (
        (0, "forward", 1000, 800),
        (0, "record", 20, 0),
        (2, "backward", 300, 800),
        (2, "sum_outgrads", 4, 0),
    ):
        timer.add(Record("matmul", argument, *where, phase), ns, nbytes)
    assert viewer.hotspots(timer).splitlines()[1:] == [
        "operation  calls  forward  backward  accumulate   total       %  tracing  allocated"
        "  backward by argument",
        "matmul         1   1.00μs     300ns      4.00ns  1.30μs  100.0%   20.0ns    1.56KiB"
        "  [2] 300ns",
        "total          1   1.00μs     300ns      4.00ns  1.30μs  100.0%   20.0ns    1.56KiB",
    ]


def test_bytes_kept_add_up_over_the_operations_of_a_line():
    where = ("model.py", 3, "loss", ("loss",))
    records = {
        Record("exp", 0, *where): Counts(1, 10, 64, kept=64),
        Record("tanh", 0, *where): Counts(1, 10, 64, kept=32),
    }
    assert [row["kept_nbytes"] for row in rows_of(records, "line")] == [96]


def shaped(*operands):
    timer = Timer(clock=lambda: 0)
    timer.add(Record("matmul", 0, "model.py", 3, "loss", (), "forward", operands), 5, 0)
    return viewer.hotspots(timer, "shape").splitlines()[2].split("  ")[0]


@pytest.mark.parametrize(
    ("operands", "text"),
    [
        (
            (
                Operand("float64", (2, 3), "C"),
                Operand("float32", (3,), "C"),
                Operand("float64", (2,), "C"),
            ),
            "float64[2,3], float32[3]) → float64[2]",
        ),
        (
            (Operand("float64", (2, 3), "F"), Operand("float64", (), "")),
            "float64[2,3] F) → float64",
        ),
        (
            (Operand("float64", (2, 3), "strided"), Operand("float64", (), "C")),
            "float64[2,3] strided) → float64[]",
        ),
        (
            (Operand("str", (), "", "ij->i\n"), Operand("int"), Operand("float64")),
            r"'ij->i\n', int) → float64",
        ),
        ((Operand("float64"),), ") → float64"),
    ],
    ids=["arrays", "by columns", "strided", "text", "no arguments"],
)
def test_a_shape_is_the_operands_and_the_output(operands, text):
    assert shaped(*operands) == f"matmul({text}"


def test_a_profile_without_shapes_is_an_error(timer):
    with pytest.raises(
        ValueError,
        match="this profile has no shapes: set AUTOGRAD_TIMER=shapes before autograd_tools is "
        "imported",
    ):
        viewer.hotspots(timer, "shape")


def test_rows_for_programs_are_numbers_by_name(timer):
    assert viewer.hotspot_rows(timer, "argument")[0] == {
        "op": "matmul",
        "argument": 1,
        "calls": 2,
        "forward_ns": 0,
        "record_ns": 0,
        "backward_ns": 12_000_000,
        "sum_outgrads_ns": 0,
        "engine_ns": 0,
        "total_ns": 12_000_000,
        "percent": 100 * 12_000_000 / 23_501_001,
        "nbytes": 0,
        "kept_nbytes": 0,
        "arguments_ns": {"matmul[1]": 12_000_000},
    }


def test_hidden_columns_are_named(timer):
    assert (
        viewer.hotspots(timer, "scope", width=60).splitlines()[-1]
        == "hidden (terminal too narrow): total, backward by argument"
    )


def test_profiles_of_version_2_have_hotspots(tmp_path):
    data = {**Timer(clock=lambda: 0).to_dict(), "version": 2, "records": []}
    for argument, ns in ((0, 3), (2, 4)):
        data["records"].append(
            ["matmul", argument, "/models/model.py", 10, "loss", ["loss"], 1, ns, 8]
        )
    (tmp_path / "run.json").write_text(json.dumps(data), encoding="utf-8")
    assert viewer.hotspots(tmp_path / "run.json", "line").splitlines()[2:] == [
        "model.py:10      1   3.00ns    4.00ns  7.00ns  100.0%      16.0B  matmul[2] 4.00ns",
        "total            1   3.00ns    4.00ns  7.00ns  100.0%      16.0B",
    ]


# Sources ------------------------------------------------------------------------------------------


def timed_trace(forward=(5, 7)):
    """The trace of `x * 2 + 3` with times."""
    leaf, *nodes = ag.trace(lambda x: x * 2 + 3, 1.0)
    times = zip(nodes, forward, strict=True)
    return ag.Trace(
        (
            leaf,
            *(
                dataclasses.replace(node, forward_ns=ns, backward_ns={1: 10 * ns + 1})
                for node, ns in times
            ),
        )
    )


def test_a_trace_with_times_has_hotspots():
    assert viewer.hotspots(timed_trace()).splitlines() == [
        "Hotspots by operation",
        "operation  calls  forward  backward   total       %  backward by argument",
        "add            1   7.00ns    71.0ns  78.0ns   58.2%  [1] 71.0ns",
        "multiply       1   5.00ns    51.0ns  56.0ns   41.8%  [1] 51.0ns",
        "total          2   12.0ns     122ns   134ns  100.0%",
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
def test_a_trace_without_times_is_an_error(by):
    with pytest.raises(ValueError) as error:
        viewer.hotspots(ag.trace(lambda x: x * 2, 1.0), by)
    assert str(error.value) == (
        "this trace has no times: set AUTOGRAD_TIMER=1 before autograd_tools is imported, or "
        "run `autograd-tools profile`"
    )


@pytest.mark.parametrize("given", [14.0, None, [1]], ids=["float", "None", "list"])
def test_another_object_is_an_error(given):
    with pytest.raises(TypeError, match="expected a Timer or the path of a saved profile, got "):
        viewer.hotspots(given)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not complete JSON"),
        ("{}", "has no format, expected a saved trace"),
        ('{"format": "autograd_tools.timer", "version": 9}', "upgrade"),
    ],
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
bys = ("op", "argument", "line", "scope", "tree", "shape")
print(json.dumps([[viewer.hotspot_rows(x, by) for x in (J, J.trace(), ag.timer)] for by in bys]))
"""


@pytest.fixture(scope="module")
def rows_of_a_run(python):
    """The rows of a tape, its trace and the timer by grouping, from a program with the timer on."""
    rows = json.loads(python("-c", PROGRAM, AUTOGRAD_TIMER="shapes"))
    return dict(zip([*GROUPINGS, "shape"], rows, strict=True))


def times(rows):
    """Forward and backward by group; a trace does not know tracing, nor layouts."""
    names = ("op", "argument", "file", "line", "scope")
    keys = [
        [
            *(row.get(name) for name in names),
            *([o["dtype"], o["shape"]] for o in row.get("operands", ())),
        ]
        for row in rows
    ]
    return {
        str(key): (row["forward_ns"], row["backward_ns"])
        for key, row in zip(keys, rows, strict=True)
    }


@pytest.mark.parametrize("by", [*GROUPINGS, "shape"])
def test_tape_trace_and_timer_have_the_same_times(rows_of_a_run, by):
    tape, trace, timer = rows_of_a_run[by]
    assert tape == trace
    assert times(tape) == times(timer)


@pytest.mark.parametrize("by", [*GROUPINGS, "shape"])
def test_only_a_timer_knows_the_times_of_the_engine(rows_of_a_run, by):
    tape, _, timer = rows_of_a_run[by]
    assert sum(row["record_ns"] for row in tape) == 0 < sum(row["record_ns"] for row in timer)


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("op", {"matmul": 1, "add": 1, "subtract": 1, "power": 1, "sum": 1}),
        ("line", {7: 2, 11: 1, 12: 2}),
        ("scope", {"loss / error / layer": 2, "loss / error": 1, "loss": 2}),
        ("tree", {"loss / error / layer": 2, "loss / error": 3, "loss": 5}),
    ],
)
def test_rows_of_a_run_count_its_operations(rows_of_a_run, by, rows):
    found = rows_of_a_run[by][0]
    assert {
        " / ".join(row["scope"]) if "scope" in row else row[by]: row["calls"] for row in found
    } == rows


# Width and names ----------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("by", GROUPINGS)
def test_no_line_is_wider_than_the_width(timer, by, width):
    assert (
        max(cell_len(line) for line in viewer.hotspots(timer, by, width=width).splitlines())
        <= width
    )


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("op", ["matmul", "sum", "add", "tanh"]),
        ("line", ["model.py:10", "model.py:12", "model.py:13"]),
        ("scope", ["loss/layer"]),
    ],
)
def test_names_and_totals_are_not_lost_in_a_narrow_terminal(timer, by, names, width):
    shown = viewer.hotspots(timer, by, width=width)
    column = "".join(line[: line.find("  ")].strip() for line in shown.splitlines()[2:]).replace(
        " ", ""
    )
    assert [name for name in names if name not in column] == []
    assert ("22.0ms" if by == "op" else "22.5ms") in shown


@hostile()
@pytest.mark.parametrize("by", GROUPINGS)
def test_a_hostile_name_survives(by, name, shown):
    timer = Timer(clock=lambda: 0)
    timer.add(Record(name, 0, f"/models/{name}", 7, name, (name, name)), 5, 0)
    timer.add(Record(name, 1, f"/models/{name}", 7, name, (name, name), "backward"), 5, 0)
    scope = f"{shown} / {shown}"
    expected = {
        "op": shown,
        "argument": shown,
        "line": f"{shown.rpartition('/')[2]}:7",
        "scope": scope,
        "tree": shown,
    }
    lines = viewer.hotspots(timer, by).splitlines()
    assert len(lines) == (5 if by in ("argument", "scope") else 4)
    assert lines[2].startswith(f"{expected[by]}  ")
