"""Two traces drawn as one: nodes, marks and legend."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.traces import Building

import autograd_tools as ag
import viewer
from viewer.comparing.differences import differences
from viewer.comparing.tolerance import Tolerance
from viewer.comparing.union import union
from viewer.passes import fold


def united(a, b):
    found = union(differences(a, b, Tolerance(1e-5, 1e-12)))
    return found.trace, found.marks


def chain(*ops):
    """A program of operations in a row; cos has another shape, so that it replaces none."""
    trace = Building()
    last = trace.leaf(name="x")
    for op in ops:
        last = trace.op(op, last, shape=(3,) if op == "cos" else (2,))
    return trace


def test_removed_nodes_stand_beside_what_took_their_place():
    trace, marks = united(chain("sin", "exp"), chain("cos", "exp"))
    assert [(node.op, node.parents) for node in trace] == [
        ("", ()),
        ("sin", (1,)),
        ("cos", (1,)),
        ("exp", (3, 2)),
    ]
    assert marks == {2: "removed", 3: "added"}


def test_a_removed_node_leads_into_the_argument_that_it_was():
    trace, _ = united(chain("sin", "exp"), chain("cos", "exp"))
    assert [arg.nodes for arg in trace[4].args] == [(3, 2)]


def test_the_result_is_that_of_the_second():
    a, b = (ag.trace(f, 2.0) for f in (np.exp, lambda x: np.exp(np.sin(x))))
    trace, _ = united(a, b)
    assert (trace.result, trace[3].op) == (3, "exp")


def test_only_what_changed_by_itself_is_marked():
    a, b = (ag.trace(lambda x, n=n: np.sin(x * n), 2.0) for n in (1.0, 3.0))
    assert united(a, b)[1] == {2: "changed"}


def test_moved_nodes_and_removed_ones_fit_together():
    a, b = Building(), Building()
    x, y = a.leaf(name="x"), a.leaf(name="y")
    a.op("add", a.op("tan", a.op("sin", x)), a.op("cos", y))
    x, y = b.leaf(name="x"), b.leaf(name="y")
    cosine = b.op("cos", y)
    b.op("add", b.op("sin", x), cosine)
    trace, marks = united(a, b)
    trace.check()
    assert [trace[id].op for id in marks] == ["tan"]


programs = st.lists(
    st.tuples(st.sampled_from(["sin", "cos", "add"]), st.integers(0, 3)), max_size=20
)


def run(program):
    trace = Building()
    made = [trace.leaf(name="x")]
    with trace.place("function", "f"):
        for op, back in program:
            made.append(
                trace.op(
                    op, made[-1], *([made[max(0, len(made) - 1 - back)]] if op == "add" else [])
                )
            )
    return trace


@given(programs, programs)
def test_any_two_programs_make_a_whole_trace_and_graph(one, two):
    trace, marks = united(run(one), run(two))
    trace.check()
    fold(trace).check()
    kinds = [*marks.values()]
    assert len(trace) - kinds.count("removed") == len(two) + 1
    assert len(trace) - kinds.count("added") == len(one) + 1


def test_loops_keep_their_steps():
    def loop(steps):
        def f(x):
            for _ in range(steps):
                x = np.tanh(x)
            return x

        return ag.trace(f, 2.0)

    trace, marks = united(loop(5), loop(3))
    assert ([place.name for place in trace.places if place.kind == "step"], list(marks)) == (
        ["1", "2", "3", "4", "5"],
        [5, 6],
    )


def test_a_drawing_explains_its_marks(tmp_path):
    path = viewer.draw_compared(chain("sin", "exp"), chain("cos", "exp"), tmp_path / "c.svg")
    assert "+ 1 added, − 1 removed, ≠ 0 changed" in path.read_text()


def test_signs_stand_before_names(tmp_path):
    text = viewer.draw_compared(
        chain("sin", "exp"), chain("cos", "exp"), tmp_path / "c.dot"
    ).read_text()
    assert "− sin" in text
    assert "+ cos" in text


def test_many_marks_are_folded_with_their_steps(tmp_path):
    def loop(act):
        def f(x):
            for _ in range(50):
                x = act(x + 0.5)
            return x

        return ag.trace(f, 2.0)

    text = viewer.draw_compared(loop(np.tanh), loop(np.sin), tmp_path / "c.dot").read_text()
    assert "≠49 tanh → sin" in text or "≠50 tanh → sin" in text


def test_a_replaced_operation_is_named_with_its_replacement(tmp_path):
    text = viewer.draw_compared(chain("sin"), chain("tan"), tmp_path / "c.dot").read_text()
    assert "≠ sin → tan" in text


def test_the_legend_has_a_box_for_each_mark(tmp_path):
    text = viewer.draw_compared(
        chain("sin", "exp"), chain("cos", "exp"), tmp_path / "c.dot"
    ).read_text()
    boxes = [line.strip() for line in text.splitlines() if line.strip().startswith("legend_")]
    assert [
        (box.split()[0], 'fillcolor="#c9e8cf"' in box, 'fillcolor="#f6d0cd"' in box)
        for box in boxes
    ] == [("legend_added", True, False), ("legend_removed", False, True)]


def test_equal_traces_are_drawn_without_marks(tmp_path):
    text = viewer.draw_compared(chain("sin"), chain("sin"), tmp_path / "c.dot").read_text()
    assert "no difference in 2 nodes" in text


def test_an_unknown_format_is_an_error_before_anything_is_drawn(tmp_path):
    with pytest.raises(ValueError, match=r"cannot draw '\.gif'"):
        viewer.draw_compared(chain("sin"), chain("sin"), tmp_path / "c.gif")


def test_mermaid_has_the_legend_too(tmp_path):
    text = viewer.draw_compared(
        chain("sin", "exp"), chain("cos", "exp"), tmp_path / "c.mmd"
    ).read_text()
    assert '  legend_added("+ added"):::added\n  legend_removed("− removed"):::removed\n' in text


def calls_of_layers(changed):
    """Four calls of one function, each of three operations on lines of their own; one differs."""
    b = Building()
    x = b.leaf("input", name="x")
    for n in range(4):
        with b.place("function", f"layer{n}"):
            for line in range(3):
                op = "cos" if (n, line) == (changed, 1) else f"op{line}"
                x = b.op(op, x, line=line)
    return b


def test_what_changed_is_open_and_the_rest_collapsed(tmp_path):
    path = viewer.draw_compared(
        calls_of_layers(-1), calls_of_layers(2), tmp_path / "c.dot", max_nodes=10
    )
    dot = path.read_text(encoding="utf-8")
    assert [f'label="layer{n}\n' in dot for n in range(4)] == [True, True, False, True]
    assert "cos" in dot


def recurrent(extra, steps=12):
    """A loop of equal steps: each calls a function of seven lines with its own Params."""

    def cell(x, h, params):
        for _ in range(1):
            a = np.exp(x * params[0] + params[1])
        b = np.exp(h * params[2] + params[3])
        c = np.tanh(a * params[4] + b)
        d = np.cos(c * params[5] + a)
        e = np.sqrt(d * d + 1)
        c = np.sin(c) if extra else c
        return (1 - e) * h + e * c

    params = [ag.Param(0.1 * n, name=f"cell.w{n}") for n in range(6)]
    start = ag.Param(0.5, name="start")

    def loss():
        h = start
        for step in range(steps):
            h = cell(0.1 * step, h, params)
        return h * 2

    return ag.trace(loss)


def test_a_change_in_a_loop_is_open_in_one_frame_of_equal_steps(tmp_path):
    path = viewer.draw_compared(recurrent(False), recurrent(True), tmp_path / "c.dot")
    dot = path.read_text(encoding="utf-8")
    assert "×12" in dot
    assert dot.count('label="+12 sin\n') == 1
    boxes = re.findall(r"^\t+([ng]\d+) \[label", dot, re.MULTILINE)
    assert f"shown as {len(boxes)} boxes" in dot
    assert not re.findall(r"^\t+n\d+_for_\S+ \[label", dot, re.MULTILINE)  # copies of Params


def test_steps_that_differ_in_their_marks_stay_apart(tmp_path):
    def loop(changed):
        def f(x):
            for step in range(9):
                y = np.sin(x) if step == changed else x
                x = np.tanh(y * 2)
            return x

        return ag.trace(f, 2.0)

    path = viewer.draw_compared(loop(-1), loop(4), tmp_path / "c.dot")
    dot = path.read_text(encoding="utf-8")
    assert re.findall(r'label="(steps? [\d-]+)', dot) == ["steps 1-4", "step 5", "steps 6-9"]
    assert 'label="+ sin\n' in dot


def test_a_comparison_may_show_lines_or_functions(tmp_path):
    one, two = calls_of_layers(-1), calls_of_layers(2)
    lines = viewer.draw_compared(one, two, tmp_path / "c.dot", by="line").read_text(
        encoding="utf-8"
    )
    assert 'label="≠ f.py:1' in lines or "≠1 f.py:1" in lines
    functions = viewer.draw_compared(one, two, tmp_path / "c.dot", by="function")
    assert "f.py:1" not in functions.read_text(encoding="utf-8").split("tooltip")[0]
