"""The boxes and edges of open, collapsed and folded groups."""

import numpy as np
import pytest
from support.traces import STEPS, three_steps

import autograd_tools as ag
from viewer.graph import Graph
from viewer.groups import Group


@pytest.fixture
def trace():
    return three_steps()


def boxes(graph):
    return {key: box.nodes for key, box in graph.boxes.items()}


def edges(graph):
    return [(e.tail, e.head, e.argument, e.carried, e.count) for e in graph.edges]


def test_without_groups_every_node_is_a_box(trace):
    graph = Graph(trace, Group("", tuple(range(1, 10))))
    assert boxes(graph) == {f"n{id}": (id,) for id in range(1, 10)}
    assert edges(graph)[:3] == [
        ("n1", "n3", 1, False, 1),
        ("n2", "n3", 2, False, 1),
        ("n3", "n4", 1, False, 1),
    ]


def test_a_collapsed_group_is_a_box_without_inner_edges(trace):
    graph = Graph(trace, Group("", (1, 2, Group("step", (3, 4), collapsed=True), *range(5, 10))))
    assert boxes(graph)["g1"] == (3, 4)
    assert edges(graph)[:3] == [
        ("n1", "g1", 0, False, 1),
        ("n2", "g1", 0, False, 1),
        ("g1", "n5", 1, False, 1),
    ]


def test_a_folded_group_shows_its_first_copy_and_carried_edges(trace):
    graph = Graph(trace, Group("", (1, 2, Group("step", (3, 4), copies=STEPS), 9)))
    assert boxes(graph) == {"n1": (1,), "n2": (2,), "n3": (3, 5, 7), "n4": (4, 6, 8), "n9": (9,)}
    assert edges(graph) == [
        ("n1", "n3", 1, False, 1),
        ("n2", "n3", 2, False, 3),
        ("n3", "n4", 1, False, 3),
        ("n4", "n3", 1, True, 2),
        ("n4", "n9", 1, False, 1),
    ]


def test_a_folded_and_collapsed_group_is_one_box(trace):
    graph = Graph(trace, Group("", (1, 2, Group("step", (3, 4), collapsed=True, copies=STEPS), 9)))
    assert boxes(graph) == {"n1": (1,), "n2": (2,), "g1": (3, 4, 5, 6, 7, 8), "n9": (9,)}
    assert edges(graph) == [
        ("n1", "g1", 0, False, 1),
        ("n2", "g1", 0, False, 3),
        ("g1", "g1", 0, True, 2),
        ("g1", "n9", 1, False, 1),
    ]


def test_folds_nest(trace):
    inner = Group("step", (3, 4), copies=STEPS[:2])
    graph = Graph(
        trace, Group("", (1, 2, Group("outer", (inner,), copies=((3, 4, 5, 6),)), 7, 8, 9))
    )
    assert boxes(graph)["n3"] == (3, 5)
    assert ("n4", "n3", 1, True, 1) in edges(graph)
    assert ("n4", "n7", 1, False, 1) in edges(graph)


def test_edges_go_through_hidden_nodes(trace):
    graph = Graph(trace, Group("", tuple(range(1, 10))), hidden=frozenset({3, 5}))
    assert edges(graph)[:4] == [
        ("n1", "n4", 1, False, 1),
        ("n2", "n4", 1, False, 1),
        ("n2", "n6", 1, False, 1),
        ("n4", "n6", 1, False, 1),
    ]


def test_equal_edges_into_a_list_argument_are_one():
    def f(x):
        return np.sum(np.concatenate([x, x * 2, x * 3]))

    graph = Graph(
        ag.trace(f, np.ones(2)), Group("", (1, Group("products", (2, 3), collapsed=True), 4, 5))
    )
    assert edges(graph) == [
        ("n1", "g1", 0, False, 2),
        ("n1", "n4", 1, False, 1),
        ("g1", "n4", 1, False, 2),
        ("n4", "n5", 1, False, 1),
    ]
