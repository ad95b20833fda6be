"""Groups are collapsed until few enough boxes are left."""

import numpy as np
import pytest
from support.traces import Building, outline

import autograd_tools as ag
from viewer.graph import Graph
from viewer.passes.fitting import fit, opened_as
from viewer.passes.folding import fold
from viewer.passes.grouping import group
from viewer.passes.lines import by_lines
from viewer.passes.paging import paged
from viewer.passes.preparing import prepare
from viewer.passes.pruning import leaves_apart


def nested():
    """Functions f and g with 3 and 5 operations; in f another, h, with 4."""
    b = Building()
    x = b.leaf("input")
    with b.place("function", "f"):
        with b.place("function", "h"):
            for n in range(4):
                x = b.op(f"h{n}", x)
        for n in range(2):
            x = b.op(f"f{n}", x)
    with b.place("function", "g"):
        for n in range(5):
            x = b.op(f"g{n}", x)
    b.op("sum", x)
    return b


def collapsed(graph):
    graph.check()
    return [group.name for group in graph.root.inner() if group.collapsed]


def test_a_graph_that_fits_is_not_collapsed():
    graph = fit(group(nested()), 13)
    assert (collapsed(graph), len(graph.boxes), graph.notes) == ([], 13, ())


@pytest.mark.parametrize(
    ("max_nodes", "names"),
    [
        (12, ["f.py:1"]),
        (10, ["h"]),
        (9, ["h"]),
        (8, ["h", "f.py:1"]),
        (7, ["h", "g"]),
        (6, ["h", "g"]),
        (5, ["h", "g"]),
        (4, ["h", "f.py:1", "g"]),
        (3, ["f", "g"]),
    ],
)
def test_the_deepest_and_the_smallest_are_collapsed_first(max_nodes, names):
    graph = fit(group(nested()), max_nodes)
    assert len(graph.boxes) <= max_nodes
    assert collapsed(graph) == names


def test_the_number_of_nodes_in_boxes_is_noted():
    assert fit(group(nested()), 7).notes == ("13 nodes, shown as 5 boxes",)


def many(count, line):
    b = Building()
    x = b.leaf("input")
    for n in range(count):
        x = b.op(f"op{n}", x, line=line(n))
    return b


def test_a_graph_without_groups_is_cut_by_lines():
    graph = fit(many(5000, lambda n: n // 1000).graph, 10)
    assert collapsed(graph) == ["f.py:0", "f.py:1", "f.py:2", "f.py:3", "f.py:4"]
    assert graph.root.members[1].kind == "line"


def test_too_many_lines_are_cut_into_stretches():
    graph = fit(many(4999, lambda n: n).graph, 10)
    assert collapsed(graph)[:2] == ["lines 0-499", "lines 500-999"]
    assert len(collapsed(graph)) == 10
    assert graph.notes == ("5,000 nodes, shown as 10 boxes",)


def test_steps_that_differ_are_cut_into_stretches():
    b = Building()
    x = b.leaf("input")
    with b.place("function", "f"):
        for n in b.steps(100):
            x = b.op("concatenate", x, x, shape=(2 + n,))
    b.op("sum", x)
    assert collapsed(fit(fold(group(b)), 6)) == [
        "steps 1-20",
        "steps 21-40",
        "steps 41-60",
        "steps 61-80",
        "steps 81-100",
    ]


def test_lines_that_fit_are_open():
    graph = fit(many(30, lambda n: 0 if n < 4 else 1).graph, 10)
    assert [*graph.boxes] == ["n1", "n2", "n3", "n4", "n5", "g1"]


def test_a_line_is_named_with_its_code(tmp_path):
    source = tmp_path / "train.py"
    source.write_text("import math\n    x = sum(x)  # </script>\n")
    b = Building()
    x = b.leaf()
    for n in range(9):
        x = b.op(f"op{n}", x, line=2, file=str(source))
    b.op("cos", x)
    assert collapsed(fit(b.graph, 3)) == ["train.py:2  x = sum(x)  # </script>"]


def test_many_leaves_are_one_box():
    b = Building()
    leaves = [b.leaf() for _ in range(100)]
    for n in range(3):
        b.op("stack", *leaves, line=n)
    graph = fit(b.graph, 10)
    assert collapsed(graph) == ["100 leaves"]
    assert [*graph.boxes] == ["g1", "n101", "n102", "n103"]


def test_one_box_is_the_least():
    assert [*fit(many(50, lambda n: n).graph, 1).boxes] == ["g1"]
    with pytest.raises(ValueError, match="max_nodes= must be 1 or more, got 0"):
        fit(nested(), 0)


def test_leaves_at_each_use_count():
    b = Building()
    w, x = b.leaf(), b.leaf()
    for part in range(4):
        with b.place("function", f"f{part}"):
            for n in range(8):
                x = b.op(f"op{n}", x, w)
    graph = fit(leaves_apart(group(b)), 40)
    graph.check()
    assert len(graph.boxes) <= 40


def test_hidden_nodes_do_not_count():
    b = nested()
    graph = group(b)
    graph = fit(Graph(b, graph.root, hidden=frozenset(range(2, 8))), 7)
    assert (collapsed(graph), len(graph.boxes)) == ([], 7)


def test_collapsed_groups_stay_collapsed():
    graph = fit(fit(group(nested()), 7), 1000)
    assert collapsed(graph) == ["h", "g"]


def test_folded_groups_are_opened_if_there_is_room():
    b = Building()
    x = b.leaf()
    for _ in b.steps(100):
        x = b.op("sin", b.op("tanh", x))
    assert outline(fit(b).root) == [1, ["for i in r ×100", 2, 3]]
    assert collapsed(fit(b)) == []
    assert collapsed(fit(b, 2)) == ["for i in r"]


def test_views_group_fold_and_fit_a_trace():
    b = nested()
    assert collapsed(prepare(b, max_nodes=7)) == ["h", "g"]
    assert collapsed(prepare(b, max_nodes=None)) == []
    assert outline(prepare(b, group=False).root) == [*range(1, 14)]


def test_views_show_a_graph_unchanged():
    graph = fold(group(nested()))
    assert prepare(graph, max_nodes=1) is graph


@pytest.mark.parametrize("steps", [3, 40])
def test_equal_steps_are_folded_however_few(steps):
    b = Building()
    x = b.leaf()
    for _ in b.steps(steps):
        x = b.op("tanh", x)
    for found in (prepare(b), prepare(b, max_nodes=3), prepare(b, max_nodes=None)):
        assert outline(found.root) == outline(fold(b).root)
    assert outline(prepare(b, fold=False, max_nodes=None).root) == outline(group(b).root)


def power(x, n):
    return x if n == 1 else x * power(x, n - 1)


def test_a_recursion_that_does_not_fit_opens_a_few_calls():
    graph = fit(group(ag.diff(power, ag.Param(1.5), 30)), 20)
    assert [(call.name, call.collapsed) for call in graph.root.inner()][1:6] == [
        ("power", False)
    ] * 4 + [("power", True)]
    assert graph.notes == ("30 nodes, shown as 6 boxes",)


def test_a_recursion_of_equal_calls_is_folded_and_fits():
    graph = fit(ag.diff(power, ag.Param(1.5), 30), 20)
    assert [(call.kind, call.name, call.times, call.collapsed) for call in graph.root.inner()][
        1:
    ] == [("recursion", "power", 29, False)]


def test_a_recursion_that_fits_is_opened():
    assert collapsed(fit(group(ag.diff(power, ag.Param(1.5), 30)), 30)) == []


def test_a_stretch_of_one_node_is_that_node():
    b = Building()
    x = b.leaf("input")
    for line in range(6):
        x = b.op(f"o{line}", x, line=line)
    found = outline(fit(b.graph, 3).root)
    assert found == [["lines 0-1", ["f.py:0", 1, 2], 3], ["lines 2-3", 4, 5], ["lines 4-5", 6, 7]]


def layers(count, width):
    """Calls of one function, each of so many operations on lines of their own, and of another."""
    b = Building()
    x = b.leaf("input")
    for n in range(count):
        with b.place("function", "layer"):
            for line in range(width):
                b.op(f"layer{line}", x, line=line)
        b.op(f"between{n}", x, line=50 + n)
    with b.place("function", "head"):
        for line in range(width + 1):
            b.op(f"head{line}", x, line=100 + line)
    return b


@pytest.mark.parametrize(("max_nodes", "names"), [(16, []), (14, ["head"]), (11, ["layer"])])
def test_calls_of_one_function_are_open_or_collapsed_together(max_nodes, names):
    graph = fit(group(layers(2, 4)), max_nodes)
    assert set(collapsed(graph)) == set(names)


def test_the_smallest_boxes_are_lines():
    b = Building()
    x = b.leaf("input")
    with b.place("function", "f"):
        for line in (1, 1, 2, 3, 3):
            x = b.op("sin", x, b.leaf(name=f"w{line}"), line=line)
    graph = fit(group(b), by="line")
    graph.check()
    assert collapsed(graph) == ["f.py:1", "f.py:2", "f.py:3"]
    assert len(graph.boxes) == 3


def test_the_smallest_boxes_are_functions():
    graph = fit(group(nested()), by="function")
    assert [box.group.name for box in graph.boxes.values()][:3] == ["h", "f.py:1", "g"]
    with pytest.raises(ValueError, match="unknown by 'loop'; choose op, line, function"):
        fit(group(nested()), by="loop")


def test_a_comprehension_belongs_to_its_line():
    w = ag.Param([1.0, 2.0, 3.0], name="w")

    def f():
        return sum([w[i] * 2 for i in range(3)])

    graph = fit(ag.diff(f), by="line")
    graph.check()
    assert [box.group.name.partition("  ")[2] for box in graph.boxes.values()] == [
        "return sum([w[i] * 2 for i in range(3)])"
    ]


def test_a_loop_is_no_part_of_its_first_line():
    w = ag.Param([1.0, 2.0, 3.0], name="w")

    def f():
        total = 0.0
        for x in w * 2:
            total = total + np.sin(x) * x
        return total

    graph = fit(ag.diff(f), by="line")
    graph.check()
    assert [box.group.name.partition("  ")[2] for box in graph.boxes.values() if box.group] == [
        "for x in w * 2:",
        "for x in w * 2:",  # each item
        "total = total + np.sin(x) * x",
    ]


def test_a_picture_is_no_taller_than_can_be_read():
    b = Building()
    x = b.leaf("input")
    for n in range(25):
        with b.place("function", f"f{n}"):
            for line in range(2):
                x = b.op(f"op{n}{line}", x, line=line)
    assert len(fit(group(b)).boxes) < 20
    assert len(fit(group(b), 50).boxes) > 25


def test_groups_of_no_weight_stay_collapsed():
    b = nested()
    weights = [float(node.op.startswith("g")) for node in b.nodes]
    assert collapsed(fit(group(b), 9, heat=weights)) == ["f"]


def open_ones(graph, kind):
    """Whether the visible groups of a kind are open: no, yes or both."""
    found, todo = set(), [graph.root]
    while todo:
        for member in todo.pop().members:
            if not isinstance(member, int):
                found |= {not member.collapsed} if member.kind == kind else set()
                todo += [] if member.collapsed else [member]
    return found


def test_a_lopsided_recursion_that_fits_is_open_to_its_leaves():
    leaves = ag.Param(np.arange(30.0).reshape(6, 5) / 30)
    w = ag.Param(np.arange(50.0).reshape(10, 5) / 50)

    def compose(tree):
        if isinstance(tree, int):
            return leaves[tree]
        return np.tanh(np.concatenate([compose(tree[0]), compose(tree[1])]) @ w)

    graph = prepare(ag.diff(lambda: np.sum(compose(((0, (1, 2)), ((3, 4), (5, (0, 1))))) ** 2)))
    assert open_ones(graph, "function") == {True}
    assert len(graph.boxes) <= 25


@pytest.mark.parametrize("max_nodes", range(3, 26))
def test_unequal_steps_of_a_loop_are_open_or_collapsed_together(max_nodes):
    b = Building()
    x = b.leaf("input")
    for step in b.steps(4):
        for n in range(step + 2):
            x = b.op(f"op{n}", x, line=n)
    assert len(open_ones(fit(fold(group(b)), max_nodes), "step")) <= 1


def test_groups_that_a_fitted_picture_shows_in_parts_are_open():
    x = ag.Param(0.5, name="x")

    def inner(y):
        return np.sin(y) * x

    def loss():
        y = inner(x) + 1
        for _ in range(5):
            y = np.cos(inner(y))
        return y

    folded = fold(ag.diff(loss))
    graph = by_lines(folded, alone=True)
    kinds = [[g.kind for g in opened_as(graph, fit(folded, n))] for n in (2, 5, 25)]
    lines = ["line", "function", "line"]
    assert kinds == [[""], ["", "loop", "line", "line"], ["", "loop", *lines, *lines]]


def test_pages_stay_closed_where_a_fitted_picture_is_cut():
    x = ag.Param(0.5, name="x")

    def loss():
        y = x
        for is_sine in np.random.default_rng(0).integers(0, 2, 700):
            y = np.sin(y) if is_sine else np.cos(y) * 0.5
        return y

    folded = fold(ag.diff(loss))
    kinds = [group.kind for group in opened_as(paged(by_lines(folded, alone=True)), fit(folded))]
    assert kinds == ["", "loop"]
