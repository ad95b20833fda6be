"""Constants and shape-only operations are hidden; leaves are drawn at each use."""

from support.traces import Building

from viewer.passes.folding import fold
from viewer.passes.grouping import group
from viewer.passes.pruning import leaves_apart, prune


def building():
    b = Building()
    x = b.leaf(name="x")
    b.op("reshape", b.op("tanh", b.op("transpose", b.op("reshape", x))))
    return b


def test_edges_go_through_operations_that_only_change_shapes():
    graph = prune(building())
    graph.check()
    assert [(e.tail, e.head) for e in graph.edges] == [("n1", "n4"), ("n4", "n5")]


def test_the_last_operation_is_always_shown():
    assert sorted(prune(building()).hidden) == [2, 3]


def test_hidden_nodes_are_noted():
    assert prune(building()).notes == ("2 shape-only operations hidden", "constants hidden")


def test_constants_alone():
    graph = prune(building(), shapes=False)
    assert (graph.constants, graph.hidden) == (False, frozenset())


def test_shapes_alone():
    graph = prune(building(), constants=False)
    assert (graph.constants, len(graph.hidden)) == (True, 2)


def test_leaves_are_drawn_at_each_use():
    b = Building()
    w = b.leaf()
    b.op("add", b.op("tanh", w), w)
    graph = leaves_apart(b)
    graph.check()
    assert {box.key: (box.nodes, box.node, box.head) for box in graph.boxes.values()} == {
        "n1_for_n2": ((1,), 1, "n2"),
        "n1_for_n3": ((1,), 1, "n3"),
        "n2": ((2,), 2, ""),
        "n3": ((3,), 3, ""),
    }
    assert [(e.tail, e.head, e.argument) for e in graph.edges] == [
        ("n1_for_n2", "n2", 1),
        ("n2", "n3", 1),
        ("n1_for_n3", "n3", 2),
    ]


def test_leaves_at_each_use_of_folded_copies():
    b = Building()
    w, x = b.leaf(), b.leaf()
    for _ in b.steps(3):
        x = b.op("dot", x, w)
    graph = leaves_apart(fold(group(b)))
    graph.check()
    assert [*graph.boxes] == ["n1_for_n3", "n2_for_n3", "n3"]


def test_a_leaf_that_nothing_uses_is_drawn_once():
    b = Building()
    b.leaf()
    b.op("tanh", b.leaf())
    assert [*leaves_apart(b).boxes] == ["n1", "n2_for_n3", "n3"]
