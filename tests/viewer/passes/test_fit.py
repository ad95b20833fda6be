"""Groups are collapsed until few enough boxes are left."""

import pytest
from support.traces import Building, outline

import autograd_tools as ag
from viewer.graph import Graph
from viewer.passes.fitting import fit
from viewer.passes.folding import fold
from viewer.passes.grouping import group
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
        (12, ["h"]),
        (10, ["h"]),
        (9, ["h"]),
        (8, ["h", "g"]),
        (7, ["h", "g"]),
        (6, ["h", "g"]),
        (5, ["h", "g"]),
        (4, ["f", "g"]),
        (3, ["f", "g"]),
    ],
)
def test_the_deepest_and_the_biggest_are_collapsed_first(max_nodes, names):
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
    assert collapsed(graph) == [f"nodes {n * 500 + 1:,}-{n * 500 + 500:,}" for n in range(10)]
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
    assert [*graph.boxes] == ["n1", "n2", "n3", "n4", "n5", "g2"]


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


def test_a_graph_that_fits_is_folded_only_on_request():
    b = Building()
    x = b.leaf()
    for _ in b.steps(3):
        x = b.op("tanh", x)
    assert outline(prepare(b).root) == outline(group(b).root)
    assert (
        outline(prepare(b, fold=True).root)
        == outline(prepare(b, max_nodes=3).root)
        == outline(fold(b).root)
    )


def test_a_graph_taller_than_a_screen_is_folded():
    b = Building()
    x = b.leaf()
    for _ in b.steps(40):
        x = b.op("tanh", x)
    assert outline(prepare(b).root) == outline(fold(b).root)
    assert outline(prepare(b, max_nodes=200).root) == outline(group(b).root)


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
    assert outline(fit(b.graph, 3).root) == [["nodes 1-3", 1, 2, 3], ["nodes 4-6", 4, 5, 6], 7]
