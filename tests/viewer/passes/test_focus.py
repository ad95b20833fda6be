"""A part of a graph: a path, a neighbourhood, a scope, a source line."""

import numpy as np
import pytest
from support.traces import Building, outline

import autograd_tools as ag
from viewer.groups import Group
from viewer.passes.focusing import focus
from viewer.passes.folding import fold
from viewer.passes.grouping import group


@pytest.fixture
def b():
    """1 x, 2 w, in net/encoder 3 dot and 4 tanh, 5 beside them, 6 the sum of both, 7 unused."""
    b = Building()
    x, w = b.leaf("input", name="x"), b.leaf(name="w")
    with b.place("function", "net"):
        with b.place("scope", "encoder"):
            h = b.op("tanh", b.op("dot", x, w, line=1), line=2)
        side = b.op("sin", x, line=3)
        total = b.op("add", h, side, line=4)
    b.op("cos", h, line=5)
    b.__dict__["result"] = total
    return b


def ids(graph):
    graph.check()
    return sorted(graph.root.all_ids())


def test_the_path_from_a_node_to_the_result(b):
    assert ids(focus(b, 3)) == [3, 4, 6]


def test_a_node_by_its_name(b):
    assert ids(focus(b, "w")) == [2, 3, 4, 6]


def test_the_path_of_a_node_beside_the_result(b):
    assert ids(focus(b, 7)) == [7]


def test_the_neighbourhood_of_a_node(b):
    assert ids(focus(b, 5, steps=0)) == [5]
    assert ids(focus(b, 5, steps=1)) == [1, 5, 6]
    assert ids(focus(b, 5, steps=2)) == [1, 3, 4, 5, 6]
    assert ids(focus(b, 5, steps=1000)) == [1, 2, 3, 4, 5, 6, 7]


def test_no_edge_passes_through_omitted_nodes(b):
    assert [(e.tail, e.head) for e in focus(b, 1, steps=1).edges] == [("n1", "n3"), ("n1", "n5")]


def test_the_nodes_in_a_scope(b):
    assert ids(focus(b, scope="encoder")) == [2, 3, 4]
    assert ids(focus(b, scope="net/encoder")) == [2, 3, 4]
    assert ids(focus(b, scope="net")) == [1, 2, 3, 4, 5, 6]


def test_the_nodes_of_a_source_line(b):
    assert ids(focus(b, line=3)) == [5]
    assert ids(focus(b, line="f.py:4")) == [6]


def test_several_conditions_all_hold(b):
    assert ids(focus(b, "w", scope="encoder")) == [2, 3, 4]


def test_the_number_of_kept_nodes_is_noted(b):
    assert focus(b, 3).notes == ("3 of 7 nodes",)


def test_groups_stay_and_folds_are_opened():
    b = Building()
    x = b.leaf("input", name="x")
    for _ in b.steps(3):
        x = b.op("add", b.op("tanh", x), b.op("sin", x))
    assert outline(focus(fold(group(b.graph)), 6).root) == [["for i in r", 6, 7, 8, 9, 10]]


def recurrent():
    """Return a tape of 100 equal steps, of which U enters each and W only leads through them."""
    W, U = ag.Param(np.full((2, 2), 0.3), name="W"), ag.Param(np.ones((2, 2)), name="U")

    def cell(h, x):
        return np.tanh(W @ h + U @ x)

    def loss():
        h = np.zeros(2)
        for x in np.ones((100, 2)):
            h = cell(h, x)
        return np.sum(h**2)

    return ag.diff(loss)


@pytest.mark.parametrize("name", ["W", "U"])
def test_the_paths_through_equal_steps_are_folded(name):
    tape = recurrent()
    for graph in (focus(tape, name), fold(focus(group(tape), name))):
        assert len(graph.boxes) < 15
        assert "×99" in str(outline(graph.root)) or "×100" in str(outline(graph.root))
    assert len(focus(group(tape), name).boxes) > 250  # a graph of yours stays as it is


def test_equal_operations_with_different_ones_left_out_do_not_fold():
    b = Building()
    x = b.leaf("input", name="x")
    y = x
    for n in range(4):
        beside = b.op("sin" if n % 2 else "cos", b.leaf("input"), line=9)
        y = b.op("add", y, beside, line=1)
    kept = focus(group(b.graph), "x")
    assert all(not part.copies for part in kept.root.members if isinstance(part, Group))
    assert len(fold(kept).boxes) == len(kept.boxes)


def test_a_scope_is_named_where_a_node_was_meant(b):
    with pytest.raises(ValueError, match="scope='encoder' is a function or scope"):
        focus(b, "encoder")


ERRORS = {
    "a node by id": ({"node": 8}, "unknown node 8; ids go from 1 to 7"),
    "a node by name": ({"node": "ww"}, "unknown node 'ww'; choose w"),
    "a scope": ({"scope": "encode"}, "unknown scope 'encode'; choose encoder"),
    "a path of scopes": ({"scope": "q/z"}, "unknown scope 'q/z'; choose net, encoder"),
    "a line": ({"line": 77}, "unknown line '77'; choose f.py:1, f.py:2, f.py:3, f.py:4, f.py:5"),
    "a file": ({"line": "g.py:1"}, "unknown line 'g.py:1'; choose f.py:1"),
    "nothing": ({}, r"focus\(\) needs node=, scope= or line="),
    "steps around nothing": (
        {"scope": "net", "steps": 1},
        "steps= needs node= and must be 0 or more, got 1",
    ),
    "less than no steps": (
        {"node": 1, "steps": -1},
        "steps= needs node= and must be 0 or more, got -1",
    ),
}


@pytest.mark.parametrize("what", ERRORS)
def test_an_unknown_target_is_an_error(what, b):
    options, message = ERRORS[what]
    with pytest.raises(ValueError, match=message):
        focus(b, **options)
