"""Repetition folds only if operations and wiring are equal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.traces import Building, outline

import autograd_tools as ag
from autograd_tools.location.call_tree import ScopeNode
from viewer.groups import Group
from viewer.passes.fitting import fit
from viewer.passes.focusing import focus
from viewer.passes.folding import fold
from viewer.passes.grouping import group
from viewer.passes.pruning import leaves_apart


def folded(b, **options):
    graph = fold(group(b.graph), **options)
    graph.check()
    check_copies(graph)
    return graph


def check_copies(graph):
    """Check that each copy has the operations and the wiring of the one before it."""
    columns = graph.trace.columns
    like = [None, *zip(columns.kind, columns.op, columns.value.shape, strict=True)]
    for folded in graph.root.inner():
        places = {
            id: (n, position)
            for n, copy in enumerate(folded.copies)
            for position, id in enumerate(copy)
        }
        for position in range(len(folded.copies[0]) if folded.copies else 0):
            ids = [copy[position] for copy in folded.copies]
            assert len({(like[id], columns.line[id - 1]) for id in ids}) == 1
            for slot in range(len(columns.parents[ids[0] - 1])):
                check_slot([columns.parents[id - 1][slot] for id in ids], places, like)


def check_slot(values, places, like):
    """Check that copies take a value from their own, from one fixed distance, or from outside."""
    inside = {(n - places[id][0], places[id][1]) for n, id in enumerate(values) if id in places}
    assert len(inside) <= 1
    distance = next((distance for distance, _ in inside), 0)
    if inside:  # only those without such a copy come from outside
        assert all(
            (id in places) == (0 <= n - distance < len(values)) for n, id in enumerate(values)
        )
    else:
        assert len({like[id] for id in values[1:]}) == 1
        assert len(set(values[1:])) in (1, len(values) - 1)


def rnn(steps, h0=True):
    b = Building()
    w, u, x = b.leaf(), b.leaf(), b.leaf("input")
    h = b.leaf("input") if h0 else None
    for n in b.steps(steps):
        inside = [b.op("matmul", u, b.op("getitem", x, constants=[str(n)]))]
        if h is not None:
            inside.append(b.op("matmul", w, h))
        h = b.op("tanh", *inside)
    b.op("sum", h)
    return b


def test_a_loop_of_equal_steps_is_folded_as_a_whole():
    graph = folded(rnn(100))
    assert outline(graph.root) == [1, 2, 3, 4, ["for i in r ×100", 5, 6, 7, 8], 405]
    assert graph.root.members[4].copies[1] == (9, 10, 11, 12)


def test_a_carried_value_is_an_edge_to_the_next_copy():
    graph = folded(rnn(100))
    assert [(e.tail, e.head, e.count) for e in graph.edges if e.carried] == [("n8", "n7", 99)]


def test_a_first_step_that_differs_stays_apart():
    assert outline(folded(rnn(100, h0=False)).root) == [
        ["for i in r", 1, 2, 3, ["1", 4, 5, 6], ["2-100 ×99", 7, 8, 9, 10]],
        403,
    ]


def test_an_opened_step_stays_apart():
    graph = folded(rnn(100), open=205)
    assert outline(graph.root)[0][5:] == [
        ["1-50 ×50", 5, 6, 7, 8],
        ["51", 205, 206, 207, 208],
        ["52-100 ×49", 209, 210, 211, 212],
    ]


def test_opened_groups_are_not_folded():
    b = Building()
    x = b.leaf()
    for _ in range(3):
        with b.place("function", "layer"):
            x = b.op("tanh", x)
    b.op("sum", x)
    assert outline(folded(b, open="layer").root) == [["layer", 1, 2], ["layer", 3], ["layer", 4], 5]


def test_an_unknown_group_or_node_to_open_is_an_error():
    with pytest.raises(ValueError, match=r"unknown group 'for i in s'; choose for i in r"):
        fold(group(rnn(2).graph), open=["for i in s"])
    with pytest.raises(ValueError, match=r"unknown node 99 in open=; ids go from 1 to 13"):
        fold(group(rnn(2).graph), open=[99])


def test_a_leaf_of_the_first_copy_alone_is_moved_out():
    b = Building()
    x = b.leaf("input")
    for _ in range(3):
        with b.place("function", "layer"):
            x = b.op("dot", x, b.leaf())
    b.op("sum", x)
    assert outline(folded(b).root) == [1, ["layer ×3", 2, 3], 8]


def test_layers_whose_leaves_have_other_uses_fold_with_a_row():
    b = Building()
    x, *ws = b.leaf("input"), *(b.leaf(name=f"w{n}") for n in range(3))
    for n in b.steps(3):
        x = b.op("dot", x, ws[n])
    losses = [b.op("sum", b.op("square", ws[n])) for n in b.steps(3, name="for w in ws")]
    total = x
    for n in b.steps(3, name="for l in losses"):
        total = b.op("add", total, losses[n])
    graph = folded(b)
    assert outline(graph.root) == [
        1,
        ["w0 … w2 ×3", 2],
        ["for i in r ×3", 5],
        ["for w in ws ×3", 8, 9],
        ["for l in losses ×3", 14],
    ]
    assert [(e.tail, e.head, e.carried, e.count) for e in graph.edges][1:3] == [
        ("n2", "n5", False, 3),
        ("n5", "n5", True, 2),
    ]


def test_nested_loops_fold_from_the_inside():
    b = Building()
    x, w = b.leaf(), b.leaf()
    for _ in b.steps(3, 1, "for i"):
        for _ in b.steps(4, 2, "for j"):
            x = b.op("multiply", x, w, line=3)
        x = b.op("tanh", x, line=4)
    graph = folded(b)
    assert outline(graph.root) == [1, 2, ["for i ×3", ["for j ×4", 3], 7]]
    assert [(e.tail, e.head, e.carried, e.count) for e in graph.edges] == [
        ("n1", "n3", False, 1),
        ("n2", "n3", False, 12),
        ("n3", "n3", True, 9),
        ("n3", "n7", False, 3),
        ("n7", "n3", True, 2),
    ]


def test_calls_fold_despite_constants_and_leaves_between_them():
    b = Building()
    x = b.leaf("input")
    for _ in range(3):
        w = b.leaf()
        with b.place("function", "layer"):
            x = b.op("dot", x, w)
    b.op("sum", x)
    assert outline(folded(b).root) == [1, ["layer ×3", 2, 3], 8]


DIFFERENT = {
    "operation": [("tanh", {}), ("sin", {})],
    "shape": [("tanh", {"shape": (2,)}), ("tanh", {"shape": (3,)})],
    "line": [("tanh", {"line": 1}), ("tanh", {"line": 2})],
    "type of a number": [("power", {"constants": ["2"]}), ("power", {"constants": ["2.0"]})],
    "string": [("einsum", {"constants": ["'a1'"]}), ("einsum", {"constants": ["'a2'"]})],
    "array": [("add", {"constants": ["float64[2]"]}), ("add", {"constants": ["float64[3]"]})],
    "keyword argument": [("sum", {"axis": "0"}), ("sum", {"axis": "1"})],
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_steps_stay_apart_that_differ_in(what):
    b = Building()
    x = b.leaf()
    for n in b.steps(2):
        op, options = DIFFERENT[what][n]
        x = b.op(op, x, **options)
    b.op("sum", x)
    assert outline(folded(b).root) == [["for i in r", ["1", 1, 2], ["2", 3]], 4]


@pytest.mark.parametrize("constants", [["1"], ["(1, :2)"], ["0.5"], ["-1"], ["1e-05"]])
def test_numbers_among_the_arguments_may_differ(constants):
    b = Building()
    x = b.leaf()
    for n in b.steps(2):
        x = b.op("getitem", x, constants=[c.replace("1", str(n + 1)) for c in constants])
    b.op("sum", x)
    assert outline(folded(b).root) == [1, ["for i in r ×2", 2], 4]


def test_steps_stay_apart_that_are_wired_otherwise():
    b = Building()
    x = b.leaf()
    for n in b.steps(3):
        y = b.op("sin", x)
        z = b.op("sin", y)
        x = b.op("add", *((y, z) if n != 1 else (z, y)))
    b.op("sum", x)
    assert outline(folded(b).root)[0][1:] == [["1", 1, 2, 3, 4], ["2", 5, 6, 7], ["3", 8, 9, 10]]


def test_steps_that_use_values_from_two_steps_before_fold():
    b = Building()
    x = [b.leaf(), b.leaf()]
    for _ in b.steps(6):
        x.append(b.op("add", x[-1], x[-2]))
    graph = folded(b)
    assert outline(graph.root) == [1, 2, ["for i in r ×6", 3]]
    assert [(e.tail, e.argument, e.carried, e.count) for e in graph.edges] == [
        ("n2", 1, 0, 1),
        ("n1", 2, 0, 1),
        ("n3", 1, 1, 5),
        ("n2", 2, 0, 1),
        ("n3", 2, 2, 4),
    ]


def test_steps_that_reach_back_irregularly_stay_apart():
    b = Building()
    x = [b.leaf(), b.leaf()]
    for n in b.steps(6):
        x.append(b.op("add", x[-1], x[-2 if n % 3 else -1]))
    assert "×6" not in str(outline(folded(b).root))


def test_a_value_shared_by_all_later_steps_is_not_carried():
    b = Building()
    x = [b.leaf()]
    for _ in b.steps(5):
        x.append(b.op("add", x[-1], x[min(1, len(x) - 1)]))
    assert outline(folded(b).root) == [["for i in r", ["1", 1, 2], ["2-5 ×4", 3]]]


def test_values_from_two_and_three_steps_before_are_carried():
    b = Building()
    x = [b.leaf() for _ in range(3)]
    for _ in b.steps(9):
        y = b.op("multiply", x[-3], x[-2])
        x.append(b.op("add", y, x[-1]))
    graph = folded(b)
    assert outline(graph.root)[-1] == ["for i in r ×9", 4, 5]
    assert [(e.tail, e.head, e.carried, e.count) for e in graph.edges if e.carried] == [
        ("n5", "n5", 1, 8),
        ("n5", "n4", 2, 7),
        ("n5", "n4", 3, 6),
    ]


def test_leaves_that_only_the_first_steps_use_are_moved_out():
    b = Building()
    x = []
    for n in b.steps(6):
        if n == 0:
            x += [b.leaf(), b.leaf()]
        x.append(b.op("add", x[-1], x[-2]))
    b.op("sum", x[-1])
    assert outline(folded(b).root) == [1, 2, ["for i in r ×6", 3], 9]


def call_deep(b, depth, before, after, name="f"):
    """A recursive function: operations before the inner call, that call, operations after it."""
    with b.place("function", name, line=9 if depth else 7):
        for op in before(depth):
            b.value = b.op(op, b.value, line=1)
        own = b.value
        if depth + 1 < b.depths:
            call_deep(b, depth + 1, before, after, name)
        for op in after(depth):
            b.value = b.op(op, b.value, own, line=2)


def recursion(depths, before=lambda depth: ["sin"], after=lambda depth: ["add"]):
    b = Building()
    b.__dict__["depths"] = depths
    b.__dict__["value"] = b.leaf()
    call_deep(b, 0, before, after)
    b.op("sum", b.value)
    return b


def test_equal_nested_calls_fold_into_one():
    graph = folded(recursion(50, after=lambda depth: []))
    assert outline(graph.root) == [1, ["f ×50", 2], 52]
    assert [(e.tail, e.head, e.carried, e.count) for e in graph.edges] == [
        ("n1", "n2", 0, 1),
        ("n2", "n2", 1, 49),
        ("n2", "n52", 0, 1),
    ]


def test_the_value_that_a_call_returns_is_carried_back():
    graph = folded(recursion(4, after=lambda depth: ["add"] if depth < 3 else []))
    assert outline(graph.root) == [["f", 1, ["1-3 ×3", 2, 8], ["4", 5]], 9]
    assert [
        (e.tail, e.head, e.argument, e.carried, e.count) for e in graph.edges if e.tail == "n8"
    ] == [("n8", "n8", 1, -1, 2), ("n8", "n9", 1, 0, 1)]


def test_nested_calls_that_differ_stay_nested():
    b = recursion(4, before=lambda depth: ["sin", "cos"][: 1 + depth % 2], after=lambda depth: [])
    assert outline(folded(b).root) == [["f", 1, 2, ["f", 3, 4, ["f", 5, ["f", 6, 7]]]], 8]


def test_shared_leaves_stay_in_place_if_the_calls_differ():
    b = Building()
    x, w = b.leaf(), b.leaf()
    with b.place("function", "f"):
        x = b.op("sin", x)
        with b.place("function", "f"):
            x = b.op("dot", x, w, line=2)
            with b.place("function", "f"):
                x = b.op("add", x, w, line=3)
    b.op("sum", x)
    before = group(b.graph)
    assert folded(b) == before
    assert outline(before.root) == [["f", 1, ["f", 2, 4, ["f", 5]], 3], 6]


def test_opened_recursion_is_unchanged():
    b = recursion(4, after=lambda depth: [])
    assert folded(b, open="f") == group(b.graph)


def test_a_function_that_calls_itself_twice_is_unchanged():
    b = Building()
    x = b.leaf()
    with b.place("function", "f"):
        x = b.op("sin", x)
        for _ in range(2):
            with b.place("function", "f"):
                x = b.op("cos", x)
    b.op("sum", x)
    assert outline(folded(b).root) == [["f", 1, 2, ["f ×2", 3]], 5]


def power(x, w, n):
    return x if n == 0 else np.tanh(w @ power(x * 1.5, w, n - 1))


def test_a_recorded_recursion_folds():
    w, x = ag.Param(np.eye(2), name="w"), ag.Param(np.ones(2), name="x")
    graph = fold(ag.diff(lambda: np.sum(power(x, w, 30))))
    graph.check()
    check_copies(graph)
    assert [(g.kind, g.name, g.times) for g in graph.root.inner()][1:] == [
        ("recursion", "power", 1),
        ("level", "1-29", 29),
        ("level", "30", 1),  # whose `w @` takes its own value
    ]


def test_a_recursion_around_everything_folds():
    w, x = ag.Param(np.eye(2), name="w"), ag.Param(np.ones(2), name="x")

    def all_of_it(n):
        return np.sum(x) if n == 0 else np.sum(w * all_of_it(n - 1))

    graph = fold(ag.diff(lambda: all_of_it(9)))
    assert [(g.kind, g.name, g.times) for g in graph.root.inner()][1:] == [
        ("recursion", "test_a_recursion_around_everything_folds.all_of_it", 1),
        ("level", "10", 1),
        ("level", "1-9", 9),
    ]


def test_steps_that_use_two_weights_in_turn_stay_apart():
    b = Building()
    x, ws = b.leaf(), [b.leaf(), b.leaf()]
    for n in b.steps(4):
        x = b.op("dot", x, ws[n % 2])
    assert "×4" not in str(outline(folded(b).root))


def test_branches_that_alternate_fold_by_two():
    b = Building()
    x = b.leaf()
    for n in b.steps(8):
        x = b.op(["sin", "cos"][n % 2], x)
    b.op("sum", x)
    assert outline(folded(b).root) == [
        ["for i in r", 1, ["steps 1-8 ×4", ["1, 3, … 7", 2], ["2, 4, … 8", 3]]],
        10,
    ]


def test_folded_steps_with_unsure_numbers_say_so_once():
    def f(w):
        for x in (0, 1, 1, 1):
            if x:
                w = np.sin(w)
        return w

    (folded,) = [g for g in fold(ag.trace(f, 1.0), open=[2]).root.inner() if g.copies]
    assert (folded.name, folded.times) == ("≥2-3", 2)


@pytest.mark.parametrize(
    ("f", "times"),
    [
        (lambda x: sum(x[i * 4 + j] ** 2 for i in range(3) for j in range(4)), 12),
        (lambda x: sum(x[i + j] ** 2 for i in range(2) for j in range(3) for _ in range(2)), 12),
        (lambda x: sum([np.sin(x[i]) * x[j] for i in range(3) for j in range(2)]), 6),
    ],
    ids=["two loops", "three loops", "list"],
)
def test_a_sum_over_nested_loops_folds(f, times):
    graph = fold(ag.trace(f, np.arange(12.0)))
    graph.check()
    assert [(g.kind, g.times) for g in graph.root.members if isinstance(g, Group)][-1] == (
        "repeat",
        times,
    )
    assert {e.count for e in graph.edges if e.head == f"n{graph.root.members[-1].first}"} >= {times}


def test_a_sum_over_nested_loops_in_another_order_stays_apart():
    def f(x):
        rows = [x[i * 4 + j] ** 2 for i in range(3) for j in range(4)]
        return sum(rows[j * 4 + i] for i in range(4) for j in range(3))

    graph = fold(ag.trace(f, np.arange(12.0)))
    assert max(g.times for g in graph.root.inner() if g.kind == "repeat") == 3  # a column each


def test_the_names_in_an_error_are_on_one_line():
    b = Building()
    with b.place("scope", "a\nb"):
        b.op("tanh", b.leaf())
    b.op("sin", b.leaf())
    with pytest.raises(ValueError, match=r"choose a\\nb$"):
        fold(group(b.graph), open="c")


def test_repetition_without_a_known_loop_folds():
    b = Building()
    x, w = b.leaf(), b.leaf()
    for _ in range(10):
        x = b.op("tanh", b.op("multiply", x, w))
    b.op("sum", x)
    assert outline(folded(b).root) == [1, 2, [" ×10", 3, 4], 23]


def test_items_of_one_value_are_no_loop():
    b = Building()
    x = b.leaf()
    parts = [b.op("getitem", x, constants=[str(n)]) for n in range(5)]
    b.op("concatenate", *parts)
    assert outline(folded(b).root) == [1, 2, 3, 4, 5, 6, 7]


def layer(x, w, b):
    return np.tanh(x @ w + b)


def test_the_layers_of_a_network_fold():
    parameters = [(ag.Param(np.eye(2)), ag.Param(np.ones(2))) for _ in range(4)]

    def loss(x):
        for w, b in parameters:
            x = layer(x, w, b)
        return np.sum(x**2)

    graph = fold(ag.trace(loss, np.ones(2)))
    graph.check()
    check_copies(graph)
    assert [box.nodes for box in graph.boxes.values()][:2] == [(1,), (2, 7, 12, 17)]


def test_calls_a_thousand_deep():
    b = Building()
    x = w = b.leaf()
    for depth in range(1000):
        b.places.append(ScopeNode(depth, "function", "f"))
        b.here.append(depth + 1)
        x = b.op("dot", x, w)
    for _ in range(1000):
        x = b.op("tanh", x)
        b.here.pop()
    folded(b)


STATEMENTS = st.recursive(
    st.tuples(
        st.just("op"),
        st.sampled_from("fg"),
        st.sampled_from("xyzw"),
        st.sampled_from("xyzw"),
        st.sampled_from("xyz"),
    ),
    lambda inner: st.tuples(
        st.sampled_from(["loop", "call", "new", "self"]),
        st.integers(1, 4),
        st.lists(inner, min_size=1, max_size=4),
    ),
    max_leaves=12,
)


def run(b, statements, values, line=1):
    """Run a program, given as statements; the line after the last one."""
    for what, *rest in statements:
        start = line
        if what == "op":
            op, p, q, target = rest
            values[target] = b.op(op, values[p], values[q], line=start)
            line += 1
        elif what == "loop":
            for _ in b.steps(rest[0], start, f"loop {start}"):
                line = run(b, rest[1], values, start + 1)
        elif what == "self":
            line = deeper(b, rest[0], rest[1], values, start)
        elif what == "new":
            values["w"] = b.leaf()
            line = run(b, rest[1], values, start + 1)
        else:
            for _ in range(rest[0]):
                with b.place("function", f"f{start}", start):
                    line = run(b, rest[1], values, start + 1)
    return line


def deeper(b, depths, statements, values, start):
    """A recursive function, with the statements before and after the call."""
    with b.place("function", f"r{start}", start):
        line = run(b, statements, values, start + 1)
        if depths > 1:
            deeper(b, depths - 1, statements, values, start)
        return run(b, statements[::-1], values, line)


@settings(max_examples=100)
@given(st.lists(STATEMENTS, min_size=1, max_size=5))
def test_random_programs(statements):
    b = Building()
    run(b, statements, {name: b.leaf() for name in "xyzw"})
    if b.result is not None:
        graph = folded(b)
        assert sorted(graph.root.all_ids()) == list(range(1, len(b) + 1))
        for budget in (1, 2, 5, 9):
            for shown in (graph, leaves_apart(graph)):
                fitted = fit(shown, budget)
                fitted.check()
                assert len(fitted.boxes) <= budget or (shown.leaves_apart and budget == 1)
        focus(graph, 1, steps=2).check()


def scan(steps):
    w = ag.Param(np.eye(2), name="w")

    def f():
        h = np.ones(2)
        for _ in range(steps):
            h = layer(h, w, 1.0)
        return np.sum(h)

    return ag.diff(f)


def test_a_first_step_from_a_constant_folds_with_the_others():
    graph = fold(scan(50))
    graph.check()
    check_copies(graph)
    assert [(g.kind, g.name, g.times) for g in graph.root.inner()][1:] == [
        ("loop", "for _ in range(steps)", 50),
        ("function", "layer", 1),
    ]


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"line": 2}, ["1", "2-6"]),
        ({"shape": (3,)}, ["1", "2-6"]),
        ({"constants": ("float64[2]", "2.0")}, ["1", "2-6"]),
        ({"axis": "0"}, ["1", "2-6"]),
        ({}, []),
    ],
)
def test_a_first_step_that_differs_in_more_than_a_constant_stays_apart(change, names):
    b = Building()
    w, x = b.leaf("param"), None
    for n in b.steps(6):
        first = b.op("dot", w, **{"constants": ("float64[2]",), **change}) if not n else None
        x = b.op("tanh", first or b.op("dot", w, x))
    graph = fold(group(b))
    graph.check()
    assert [g.name for g in graph.root.inner() if g.kind == "step"] == names
    if not names:
        assert graph.edges[-1].carried or any(edge.carried for edge in graph.edges)
        assert {(edge.tail, edge.argument) for edge in graph.edges if edge.head == "n2"} == {
            ("n1", 1),
            ("n3", 2),
        }


@pytest.mark.parametrize(
    ("joined", "uses"),
    [
        (lambda x, h: np.concatenate([x, h]), 1),
        (lambda x, h: np.concatenate([h, x]), 1),
        (lambda x, h: np.stack([h, x, x * 2, h]).sum(0).repeat(2), 2),
    ],
    ids=["last", "first", "twice"],
)
def test_a_first_step_from_a_constant_in_a_list_folds_with_the_others(joined, uses):
    w, xs = ag.Param(np.ones((4, 2)), name="w"), ag.Param(np.ones((5, 2)), name="xs")

    def f():
        h = np.zeros(2)
        for t in range(5):
            h = np.tanh(joined(xs[t], h) @ w)
        return np.sum(h)

    graph = fold(ag.diff(f))
    graph.check()
    loop = list(graph.root.inner())[1]
    assert (loop.kind, loop.times) == ("loop", 5)
    carried = {(e.tail, e.count) for e in graph.edges if e.carried}
    assert carried == {(f"n{loop.copies[0][-1]}", 4 * uses)}


def test_a_first_step_from_another_place_in_a_list_stays_apart():
    w, xs = ag.Param(np.ones((4, 2)), name="w"), ag.Param(np.ones((5, 2)), name="xs")

    def f():
        h = np.zeros(2)
        for t in range(5):
            h = np.tanh(np.concatenate([xs[t], h] if t else [h, xs[t]]) @ w)
        return np.sum(h)

    names = [g.name for g in fold(ag.diff(f)).root.inner() if g.kind == "step"]
    assert names == ["1", "2-5"]


def test_the_first_step_that_is_opened_stays_apart():
    graph = fold(scan(50), 2)
    assert [g.name for g in graph.root.inner() if g.kind == "step"] == ["1", "2-50"]


def test_steps_with_tuples_of_different_numbers_fold():
    x = ag.Param(np.eye(2), name="x")

    def f():
        total = x[0, 0]
        for k in range(4):
            total = total + np.linalg.slogdet(x * (0.5 + k))[1]
        return total

    assert [(g.name, g.times) for g in fold(ag.diff(f)).root.inner()][1:] == [
        ("for k in range(4)", 4)
    ]


def test_steps_with_a_constant_of_the_other_sign_fold():
    b = Building()
    x = b.leaf()
    for n in b.steps(3):
        x = b.op("multiply", x, constants=[str((-0.5) ** n)])
    assert outline(folded(b).root) == [1, ["for i in r ×3", 2]]
