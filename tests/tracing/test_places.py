"""The call tree of a trace: functions, scopes, loops and their steps."""

import itertools
import sys
import weakref

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.location.call_tree import read_tree
from autograd_tools.location.loops import flow_of

W = np.array([0.5, 0.25])


def places(f):
    """Return the places of `f(w)` with their operations: `for t in xs / 1: multiply tanh`."""
    return of_trace(ag.diff(f, ag.Param(W)).trace())


def of_trace(trace):
    columns, paths = trace.columns, [""]
    for place in trace.places[1:]:
        name = place.name.rpartition(".")[2] if place.kind == "function" else place.name
        paths.append(f"{paths[place.parent]} / {name}".removeprefix(" / "))
    ops = {number: [] for number in range(len(paths))}
    for op, place, kind in zip(columns.op, columns.place, columns.kind, strict=True):
        if kind == "result":
            ops[place].append(op)
    return [f"{path}: {' '.join(ops[number])}" for number, path in enumerate(paths) if ops[number]]


def cell(h):
    return np.tanh(h * 2)


def test_each_step_of_a_loop_is_a_place():
    def f(w):
        for _ in range(2):
            w = np.tanh(w * 2)
        return np.sum(w)

    assert places(f) == [
        "f: sum",
        "f / for _ in range(2) / 1: multiply tanh",
        "f / for _ in range(2) / 2: multiply tanh",
    ]


def test_the_kinds_and_lines_of_places():
    def f(w):
        for _ in range(1):
            w = cell(w)
        return np.sum(w)

    trace = ag.diff(f, ag.Param(W)).trace()
    first = f.__code__.co_firstlineno
    assert [(p.parent, p.kind, p.line - first if p.file else None) for p in trace.places] == [
        (0, "", None),
        (0, "function", None),
        (1, "loop", 1),
        (2, "step", 1),
        (3, "function", 2),
    ]
    assert {place.file for place in trace.places} == {"", __file__}


def test_a_long_loop_has_its_name(tmp_path):
    file = tmp_path / "long.py"
    file.write_text(
        f"def f(w):\n    for t in range(2):\n        {'w = w * 2; ' * 200}\n    return w.sum()\n"
    )
    space = {}
    exec(compile(file.read_text(), str(file), "exec"), space)

    assert [loop.name for loop in flow_of(space["f"].__code__).loops] == ["for t in range(2)"]


def test_a_step_of_one_operation_is_a_step():
    def f(w):
        for _ in range(3):
            w = w * 2
        return np.sum(w)

    assert places(f)[1:] == [f"f / for _ in range(3) / {n}: multiply" for n in (1, 2, 3)]


def test_a_call_of_several_operations_is_in_one_step():
    def f(w):
        for _ in range(2):
            w = w * np.var(w)
        return np.sum(w)

    assert [line.partition(": ")[0] for line in places(f)] == [
        "f",
        "f / for _ in range(2) / 1",
        "f / for _ in range(2) / 2",
    ]


def test_the_sum_of_a_list_is_in_one_step():
    def f(w):
        for _ in range(2):
            w = np.sin(sum([w, w]))
        return np.sum(w)

    assert places(f)[1:] == [f"f / for _ in range(2) / {n}: add add sin" for n in (1, 2)]


def test_a_function_called_in_a_loop_is_in_the_step():
    def f(w):
        for _ in range(2):
            w = cell(w)
        return np.sum(w)

    assert places(f)[1:] == [f"f / for _ in range(2) / {n} / cell: multiply tanh" for n in (1, 2)]


def test_loops_nest():
    def f(w):
        for _ in range(2):
            w = w + 1
            for _ in range(2):
                w = w * 2
        return np.sum(w)

    outer, inner = "f / for _ in range(2)", "for _ in range(2)"
    assert places(f) == [
        "f: sum",
        f"{outer} / 1: add",
        f"{outer} / 1 / {inner} / 1: multiply",
        f"{outer} / 1 / {inner} / 2: multiply",
        f"{outer} / 2: add",
        f"{outer} / 2 / {inner} / 1: multiply",
        f"{outer} / 2 / {inner} / 2: multiply",
    ]


def steps_of(*loops):
    """Return the paths of nested loops `for _i in range(n)`: one for each step of the innermost."""
    names = "ijk"
    for counts in itertools.product(*[range(1, n + 1) for n in loops]):
        parts = zip(names, loops, counts, strict=False)
        yield " / ".join(f"for _{name} in range({n}) / {count}" for name, n, count in parts)


def double(x):
    return x * 2


def nested(w):
    for _i in range(3):
        for _j in range(4):
            w = w * 2
    return w


def nested_with_one_inner_step(w):
    for _i in range(3):
        for _j in range(1):
            w = w * 2
    return w


def nested_three_times(w):
    for _i in range(2):
        for _j in range(3):
            for _k in range(2):
                w = w * 2
    return w


def nested_in_a_comprehension(w):
    return sum([w * 2 for _i in range(2) for _j in range(3)])


def nested_around_a_call(w):
    for _i in range(2):
        for _j in range(2):
            w = double(w)
    return w


def nested_with_an_item_before(w):
    for _i in range(2):
        np.tanh(w)
        for _j in range(2):
            w = w * 2
    return w


def nested_with_breaks(w):
    for _i in range(3):
        for _j in range(9):
            if _j == 2:
                break
            w = w * 2
    return w


@pytest.mark.parametrize(
    ("f", "loops"),
    [
        (nested, (3, 4)),
        (nested_with_one_inner_step, (3, 1)),
        (nested_three_times, (2, 3, 2)),
        pytest.param(
            nested_in_a_comprehension,
            (2, 3),
            marks=pytest.mark.skipif(
                sys.version_info >= (3, 12), reason="frames hide the variables of comprehensions"
            ),
        ),
        (nested_around_a_call, (2, 2)),
    ],
)
def test_an_outer_loop_without_operations_counts_its_steps(f, loops):
    inner = " / double" if f is nested_around_a_call else ""
    expected = [f"{f.__name__} / {path}{inner}: multiply" for path in steps_of(*loops)]
    assert [path for path in of_trace(ag.trace(f, 0.5)) if "for" in path] == expected


def test_steps_of_nested_loops_with_other_operations_and_breaks():
    assert [
        path
        for path in of_trace(ag.trace(nested_with_an_item_before, 0.5))
        if path.endswith("multiply")
    ] == [f"nested_with_an_item_before / {path}: multiply" for path in steps_of(2, 2)]
    assert of_trace(ag.trace(nested_with_breaks, 0.5)) == [
        f"nested_with_breaks / for _i in range(3) / {i} / for _j in range(9) / {j}: multiply"
        for i in (1, 2, 3)
        for j in (1, 2)
    ]


def test_a_variable_that_other_code_changes_tells_no_step():
    def f(w):
        for _i in range(2):
            w = w * 2
            _i = _i + 10
            for _ in range(2):
                w = np.tanh(w)
        return w

    assert [path.partition(" / ")[2] for path in of_trace(ag.trace(f, 0.5))] == [
        "for _i in range(2) / 1: multiply",
        "for _i in range(2) / 1 / for _ in range(2) / 1: tanh",
        "for _i in range(2) / 1 / for _ in range(2) / 2: tanh",
        "for _i in range(2) / 2: multiply",
        "for _i in range(2) / 2 / for _ in range(2) / 1: tanh",
        "for _i in range(2) / 2 / for _ in range(2) / 2: tanh",
    ]


def test_recording_in_nested_loops_keeps_no_variable_alive():
    alive = []

    def f(w):
        for _i in range(2):
            for _j in range(2):
                buffer = np.ones(3)
                w = w * 2
                alive.append(weakref.ref(buffer))
                del buffer
                assert alive[-1]() is None
        return w

    ag.trace(f, 0.5)
    assert len(alive) == 4


def test_loops_one_after_the_other_are_two():
    def f(w):
        for _ in range(1):
            w = w * 2
        for _ in range(1):
            w = w * 2
        return np.sum(w)

    assert places(f)[1:] == ["f / for _ in range(1) / 1: multiply"] * 2


def test_a_while_loop_with_continue_is_one_loop():
    def f(w):
        n = 0
        while n < 3:
            n += 1
            w = w * 2
            if n == 2:
                continue
            w = np.sin(w)
        return np.sum(w)

    assert places(f)[1:] == [
        "f / while n < 3 / 1: multiply sin",
        "f / while n < 3 / 2: multiply",
        "f / while n < 3 / 3: multiply sin",
    ]


def test_a_value_computed_on_leaving_is_in_the_last_step():
    def f(w):
        for n in range(3):
            w = w * 2
            if n == 1:
                w = -w
                break
        else:
            w = np.sin(w)
        while True:
            w = w / 2
            return np.sum(w)

    assert places(f)[:2] == ["f: divide sum", "f / for n in range(3) / 1: multiply"]
    assert places(f)[2:] == ["f / for n in range(3) / 2: multiply negative"]


def test_a_handler_in_a_loop_is_in_the_step():
    def f(w):
        for n in range(2):
            try:
                w = w * 2
                [][n]
            except IndexError:
                w = np.sin(w)
            w = w + 1
        return np.sum(w)

    assert places(f)[1:] == [f"f / for n in range(2) / {n}: multiply sin add" for n in (1, 2)]


def test_a_comprehension_is_a_loop():
    def f(w):
        return sum([np.sum(w * n) for n in (1, 2)])

    assert places(f) == [
        "f: add add",
        "f / for n in (1, 2) / 1: multiply sum",
        "f / for n in (1, 2) / 2: multiply sum",
    ]


def test_a_generator_expression_is_one_loop_with_a_computing_consumer():
    def f(w):
        return np.sum(sum(w * n for n in (1, 2)))

    assert places(f) == [
        "f: add add sum",
        "f / for n in (1, 2) / 1: multiply",
        "f / for n in (1, 2) / 2: multiply",
    ]


def test_a_generator_is_in_the_step_that_resumes_it():
    def pieces(w):
        for n in range(2):
            yield w * n

    def f(w):
        total = 0
        for piece in pieces(w):
            total = np.sin(piece) + total
        return np.sum(total)

    step = "f / for piece in pieces(w)"
    assert [line for line in places(f)[1:] if "multiply" not in line] == [
        f"{step} / 1: sin add",
        f"{step} / 2: sin add",
    ]
    assert [line for line in places(f) if "multiply" in line] == [
        f"{step} / {n} / pieces / for n in range(2) / {n}: multiply" for n in (1, 2)
    ]


def test_recursion_deepens_the_path():
    def down(w, n):
        for _ in range(1):
            w = w * 2
        return np.sum(w) if n == 0 else down(w, n - 1)

    assert places(lambda w: down(w, 1)) == [
        "down / for _ in range(1) / 1: multiply",
        "down / down: sum",
        "down / down / for _ in range(1) / 1: multiply",
    ]


def test_a_scope_nests_between_inner_and_outer_loops():
    def f(w):
        for _ in range(2):
            with ag.scope("block"):
                for _ in range(2):
                    w = w * 2
        return np.sum(w)

    step = "f / for _ in range(2) / {} / block / for _ in range(2) / {}: multiply"
    assert places(f)[1:] == [step.format(a, b) for a in (1, 2) for b in (1, 2)]


def test_the_loop_around_a_recording_is_no_place():
    w = ag.Param(W)
    for _ in range(2):
        with ag.record() as J:
            y = w
            for _ in range(2):
                y = y * 2
    assert of_trace(J.trace()) == [f"for _ in range(2) / {n}: multiply" for n in (1, 2)]


def test_an_inner_gradient_is_in_the_step_that_calls_it():
    def f(w):
        total = 0
        for _ in range(2):
            total = total + np.sum(ag.grad(lambda x: np.sum(x * x * w))(W))
        return total

    assert [path.rpartition(": ")[0] for path in places(f)] == [
        "f / for _ in range(2) / 1",
        "f / for _ in range(2) / 1 / <lambda>",
        "f / for _ in range(2) / 2",
        "f / for _ in range(2) / 2 / <lambda>",
    ]


def test_a_loop_without_source_is_called_loop():
    space = {}
    exec("def f(w):\n for _ in range(2):\n  w = w * 2\n return w.sum()", space)
    assert places(space["f"]) == ["f: sum", "f / loop / 1: multiply", "f / loop / 2: multiply"]


def test_the_head_of_a_loop_is_named_on_one_line():
    def f(xs):
        for a, (b, c) in zip(  # over two lines
            xs, xs, strict=True
        ):
            print(a, b, c)

    (loop,) = flow_of(f.__code__).loops
    assert loop.name == "for a, (b, c) in zip( # over two lines xs, xs, strict=True )"


@pytest.mark.parametrize("n", [1, 5])
def test_places_are_saved_and_read_back(tmp_path, n):
    def f(w):
        for _ in range(n):
            w = cell(w)
        return np.sum(w)

    trace = ag.diff(f, ag.Param(W)).trace()
    trace.save(tmp_path / "trace.json")
    read = ag.load_trace(tmp_path / "trace.json")
    assert (read.places, read.columns.place) == (trace.places, trace.columns.place)


def test_steps_without_operations_are_saved_and_read_back(tmp_path):
    def f(w):
        for i in range(9):
            if i in (3, 4, 8):
                w = w * 2
        for x in (0, 1, 1):
            if x:
                w = w * 2
        return np.sum(w)

    trace = ag.diff(f, ag.Param(W)).trace()
    trace.save(tmp_path / "trace.json")
    read = ag.load_trace(tmp_path / "trace.json")
    assert read.places == trace.places
    assert [p.name for p in read.places if p.kind == "step"] == ["4", "5", "9", "≥1", "≥2"]


@pytest.mark.parametrize("name", ["0", "-1", "x", "≥x", "9" * 30, "2-3"])
def test_a_step_of_a_file_without_a_number_is_an_error(name):
    data = {"parent": [0, 1], "kind": [0, 1], "kinds": [["loop", "", "", 0], ["step", name, "", 0]]}
    with pytest.raises(ValueError, match="expected the number of a step, got"):
        read_tree(data)


def test_scopes_and_calls_of_nodes_leave_loops_out():
    def f(w):
        for _ in range(2):
            w = cell(w)
        return w

    nodes = ag.diff(lambda w: np.sum(f(w)), ag.Param(W)).trace().nodes
    assert [node.scope[-1:] for node in nodes[1:4]] == [("cell",)] * 3
    assert [node.calls for node in nodes] == [(), (1, 2), (1, 2), (1, 3), (1, 3), ()]
