"""Nodes in groups by the places that computed them."""

import numpy as np
from support.traces import Building, outline

import autograd_tools as ag
from autograd_tools.tracing.columns import ScopeNode
from viewer.graph import Graph, Group
from viewer.passes.grouping import group


def layer(x, w):
    return np.tanh(x @ w)


def net(x, w1, w2):
    x = layer(layer(x, w1), w2)
    return np.sum(x * w2)


def test_calls_are_groups_and_leaves_are_at_their_uses():
    t = ag.trace(net, np.ones(2), np.eye(2), np.eye(2))
    graph = group(t)
    graph.check()
    assert outline(graph.root) == [["layer", 1, 2, 4, 5], 3, ["layer", 6, 7], 8, 9]
    assert [member.kind for member in graph.root.members if not isinstance(member, int)] == [
        "function",
        "function",
    ]


def test_a_scope_around_everything_is_no_group():
    b = Building()
    x = b.leaf()
    with b.place("function", "main"), b.place("function", "loss"):
        b.op("sum", b.op("tanh", x))
    assert outline(group(b.graph).root) == [1, 2, 3]


def test_a_loop_around_everything_is_a_group():
    b = Building()
    x = b.leaf()
    with b.place("function", "main"):
        for _ in b.steps(2):
            x = b.op("tanh", x)
    assert outline(group(b.graph).root) == [["for i in r", ["1", 1, 2], ["2", 3]]]


def test_a_leaf_that_all_steps_share_is_outside_of_them():
    b = Building()
    x, w = b.leaf(), b.leaf()
    for _ in b.steps(2):
        x = b.op("dot", x, w)
    b.op("sum", x)
    assert outline(group(b.graph).root) == [["for i in r", ["1", 1, 3], 2, ["2", 4]], 5]


def test_an_unused_leaf_is_outermost():
    b = Building()
    b.leaf()
    with b.place("function", "f"):
        b.op("tanh", b.leaf())
    assert outline(group(b.graph).root) == [1, 2, 3]


def test_a_place_left_and_entered_again_is_one_group():
    b = Building()
    x = b.leaf()
    with b.place("function", "f"):
        y = b.op("tanh", x)
    b.op("sin", y)
    b.here.append(1)
    b.op("cos", y)
    b.here.pop()
    assert outline(group(b.graph).root) == [["f", 1, 2, 4], 3]


def test_nodes_omitted_from_a_graph_stay_omitted():
    b = Building()
    x = b.leaf()
    with b.place("function", "f"):
        b.op("tanh", x)
    with b.place("function", "g"):
        b.op("tanh", x)
    assert outline(group(Graph(b, Group("", (1, 3)))).root) == [1, 3]


def test_places_a_thousand_deep():
    b = Building()
    x = w = b.leaf()
    for n in range(3000):
        b.made.append(ScopeNode(n, "function", "f"))
        b.here.append(n + 1)
        x = b.op("dot", x, w)
    graph = group(b.graph)
    assert len(list(graph.root.inner())) == 3001
    assert len(graph.boxes) == 3001
