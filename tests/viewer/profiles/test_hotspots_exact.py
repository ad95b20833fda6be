"""Hotspots of programs whose operations take known times, on a clock that they move."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import viewer
from autograd_tools.base.formats import time_text
from autograd_tools.timing import Operand, Record, Timer

BYS = ["op", "argument", "line", "shape", "scope", "tree"]

# `op` takes 100 ns forward, 10 for its gradient [1] and 1 for [2]; all else takes none.
MODEL = """\
import json
import threading
import time

now = [0]
ticks = [0]  # nanoseconds that pass at each look at the clock


def clock():
    now[0] += ticks[0]
    return now[0]


time.perf_counter_ns = clock

import numpy as np
import autograd_tools as ag
import viewer


def spend(ns):
    now[0] += ns


def first(dy, y, x, z):
    spend(10)
    return dy * z


def second(dy, y, x, z):
    spend(1)
    return dy * x


@ag.primitive(first, second)
def op(x, z):
    spend(100)
    return np.multiply(x, z)


w = ag.Param(np.array([1.0, 2.0]))
one = np.ones(2)


def layer(x):
    return op(w, x)  # layer


def recursive(x, n):
    return x if n == 0 else recursive(layer(x), n - 1)


def loop(x):
    for _ in range(3):
        x = op(x, one)  # loop
    return np.sum(x * w)


def generated(x):
    for _ in range(2):
        yield op(x, w)  # generator


def consumed():
    return sum(np.sum(y) for y in generated(one * w))


def scoped():
    with ag.scope("encoder"):
        x = layer(one)
    with ag.scope("decoder"):
        x = layer(x)
    return np.sum(op(x, w))  # outside


def cube(x):
    return op(x, op(x, x))  # cube


def twice():
    return ag.grad(ag.grad(cube))(2.0)  # twice


def threads():
    started = [threading.Thread(target=lambda: ag.diff(lambda: loop(one * w))) for _ in range(3)]
    for thread in started:
        thread.start()
        thread.join()


def raises():
    def fails():
        op(w, one)  # before
        raise KeyError

    try:
        ag.diff(fails)
    except KeyError:
        pass


PROGRAMS = {
    "recursive": lambda: ag.diff(lambda: np.sum(recursive(one, 4))),
    "loop": lambda: ag.diff(lambda: loop(one * w)),
    "consumed": lambda: ag.diff(consumed),
    "scoped": lambda: ag.diff(scoped),
    "twice": twice,
    "threads": threads,
    "raises": raises,
}
found = {}
for step in (0, 7):
    ticks[0] = step
    for name, program in PROGRAMS.items():
        ag.reset_timer()
        program()
        rows = {by: viewer.hotspot_rows(ag.timer, by) for by in %r}
        measured = ag.timer.measured
        found[f"{name} {step}"] = {"rows": rows, "measured": measured.ns, "nbytes": measured.nbytes}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(python, tmp_path_factory):
    """The rows by grouping, and the time of sections, by program and step of the clock."""
    path = tmp_path_factory.mktemp("exact") / "model.py"
    path.write_text(MODEL % BYS, encoding="utf-8")
    return json.loads(python(path, AUTOGRAD_TIMER="shapes"))


def costs(found, program, by="line"):
    """Return the rows that took time: the comment of a line, calls, and times."""
    lines = [line.partition("# ")[2] for line in ["", *(MODEL % BYS).splitlines()]]
    return {
        lines[row["line"]] if by == "line" else " / ".join(row["scope"]): (
            row["calls"],
            row["forward_ns"],
            row["backward_ns"],
            {name: ns for name, ns in row["arguments_ns"].items() if ns},
        )
        for row in found[f"{program} 0"]["rows"][by]
        if row["total_ns"]
    }


def test_a_loop_costs_its_steps(found):
    assert costs(found, "loop") == {"loop": (3, 300, 30, {"op[1]": 30})}


def test_a_recursion_counts_on_the_innermost_line(found):
    assert costs(found, "recursive") == {"layer": (4, 400, 43, {"op[1]": 40, "op[2]": 3})}


def test_a_recursion_is_one_branch_of_a_tree(found):
    assert costs(found, "recursive", "tree") == {
        "recursive": (4, 400, 43, {"op[1]": 40, "op[2]": 3}),
        "recursive / layer": (4, 400, 43, {"op[1]": 40, "op[2]": 3}),
    }


def test_a_generator_computes_on_its_line(found):
    assert costs(found, "consumed") == {"generator": (2, 200, 22, {"op[1]": 20, "op[2]": 2})}


def test_a_function_called_in_two_scopes_is_two_rows(found):
    assert costs(found, "scoped", "tree") == {
        "scoped": (4, 300, 32, {"op[1]": 30, "op[2]": 2}),
        "scoped / encoder": (1, 100, 10, {"op[1]": 10}),
        "scoped / encoder / layer": (1, 100, 10, {"op[1]": 10}),
        "scoped / decoder": (1, 100, 11, {"op[1]": 10, "op[2]": 1}),
        "scoped / decoder / layer": (1, 100, 11, {"op[1]": 10, "op[2]": 1}),
    }


def test_rules_of_a_second_derivative_count_on_their_operations_lines(found):
    # Two operations have two rules each; the second derivative runs the inner operation once more.
    # The six operations that the inner rules record count on the line that they differentiate.
    assert costs(found, "twice") == {"cube": (8, 200, 33, {"op[1]": 30, "op[2]": 3})}


def test_threads_add_up(found):
    assert costs(found, "threads") == {"loop": (9, 900, 90, {"op[1]": 90})}


def test_operations_before_an_exception_count(found):
    assert costs(found, "raises") == {"before": (1, 100, 0, {})}


PROGRAMS = ["recursive", "loop", "consumed", "scoped", "twice", "threads", "raises"]


def sums(rows, by, field):
    """The sum over rows; in a tree those of the outermost scopes are with all that is inside."""
    return sum(row[field] for row in rows if by != "tree" or len(row["scope"]) < 2)


@pytest.mark.parametrize("step", [0, 7])
@pytest.mark.parametrize("by", BYS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_the_times_of_all_rows_are_those_of_all_sections(found, program, by, step):
    run = found[f"{program} {step}"]
    assert (
        sums(run["rows"][by], by, "total_ns") + sums(run["rows"][by], by, "record_ns")
        == run["measured"]
        > 0
    )


@pytest.mark.parametrize("by", BYS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_every_grouping_has_the_same_sum_of_each_phase(found, program, by):
    rows = found[f"{program} 7"]["rows"]
    for field in ("forward_ns", "record_ns", "backward_ns", "sum_outgrads_ns", "nbytes"):
        assert sums(rows[by], by, field) == sums(rows["op"], "op", field)


@pytest.mark.parametrize("program", PROGRAMS)
def test_self_times_of_scopes_sum_to_the_outermost_total(found, program):
    rows = found[f"{program} 7"]["rows"]
    assert sum(row["self_ns"] for row in rows["tree"]) == sums(rows["tree"], "tree", "total_ns")
    assert sum(row["cumulative_ns"] for row in rows["scope"] if len(row["scope"]) < 2) == sums(
        rows["scope"], "scope", "total_ns"
    )


# Records of any kind ------------------------------------------------------------------------------

names = st.sampled_from(["a", "b", "</script>", ""])
wheres = st.tuples(names, st.integers(0, 3), names, st.lists(names, max_size=4).map(tuple))
phases = st.sampled_from(
    [(0, "forward"), (0, "record"), (1, "backward"), (2, "backward"), (1, "sum_outgrads")]
)
operands = st.sampled_from([(), (Operand("float64", (2, 3), "C"), Operand("float64"))])
records = st.builds(
    lambda op, where, phase, of: Record(op, phase[0], *where, phase[1], of),
    names,
    wheres,
    phases,
    operands,
)


@given(
    st.lists(st.tuples(records, st.integers(0, 2**62), st.integers(0, 2**40)), max_size=30),
    st.integers(0, 5),
)
def test_all_groupings_of_any_records_have_the_same_sums(found, limit):
    timer = Timer(clock=lambda: 0)
    for record, ns, nbytes in found:
        timer.add(record, ns, nbytes)
    bys = (
        BYS
        if any(record.operands for record, _, _ in found)
        else [by for by in BYS if by != "shape"]
    )
    for by in bys:
        rows = viewer.hotspot_rows(timer, by)
        assert sums(rows, by, "total_ns") + sums(rows, by, "record_ns") == sum(
            ns for _, ns, _ in found
        )
        assert sums(rows, by, "nbytes") == sum(nbytes for _, _, nbytes in found)
        total = time_text(sum(ns for record, ns, _ in found if record.phase != "record"))
        assert not rows or total in viewer.hotspots(timer, by, limit=limit).splitlines()[-1].split()
