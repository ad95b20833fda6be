"""A node that a picture is about is drawn itself, in as few boxes as before."""

from itertools import pairwise

import numpy as np
import pytest

import autograd_tools as ag
import viewer
from viewer.passes.focusing import focus, reduced
from viewer.passes.grouping import group
from viewer.passes.preparing import prepare


class Dense:
    def __init__(self, n, m):
        self.w, self.b = ag.Param(np.ones((n, m)) / n), ag.Param(np.zeros(m))

    def forward(self, x):
        return np.tanh(x @ self.w + self.b)


class Block:
    def __init__(self, n, m):
        self.first, self.second = Dense(n, m), Dense(m, m)

    def forward(self, x):
        return np.sin(self.second.forward(np.cos(self.first.forward(x))))


class Net:
    def __init__(self, sizes):
        self.blocks = [Block(n, m) for n, m in pairwise(sizes)]

    def __call__(self, x):
        for block in self.blocks:
            x = block.forward(x) * 2
        return x


def trace_of(sizes):
    net = Net(sizes)
    return ag.diff(lambda: np.sum(net(np.ones((2, sizes[0]))))).trace()


TRACES = {"unequal": trace_of(range(2, 12)), "equal": trace_of([4] * 8)}


def id_of(trace, ending):
    return next(n for n, name in enumerate(trace.columns.name, 1) if name.endswith(ending))


@pytest.mark.parametrize("by", ["op", "line", "function"])
@pytest.mark.parametrize("name", TRACES)
def test_every_param_is_shown_alone(name, by):
    trace = TRACES[name]
    for id, kind in enumerate(trace.columns.kind, 1):
        if kind == "param":
            graph = prepare(trace, by=by, show=id)
            graph.check()
            assert graph.boxes[f"n{id}"].nodes == (id,)
            assert len(graph.boxes) <= 25


@pytest.mark.parametrize("by", ["op", "line", "function"])
@pytest.mark.parametrize("name", TRACES)
def test_every_operation_has_a_box_of_its_own_kind(name, by):
    trace = TRACES[name]
    for id, op in enumerate(trace.columns.op, 1):
        if op:
            graph = prepare(trace, by=by, show=id)
            (box,) = (box for box in graph.boxes.values() if id in box.nodes)
            assert box.node is not None
            assert {trace.columns.op[n - 1] for n in box.nodes} == {op}


def test_groups_beside_the_node_stay_collapsed():
    graph = prepare(TRACES["unequal"], show=id_of(TRACES["unequal"], "blocks[4].first.w"))
    closed = {box.group.name for box in graph.boxes.values() if box.group}
    assert {"steps 1-4", "steps 6-9"} <= closed


def test_a_shared_param_leaves_the_steps_folded():
    w = ag.Param(0.5, name="w")

    def loss():
        x = 1.0
        for _ in range(9):
            x = np.sin(x * w)
        return x

    trace = ag.diff(loss).trace()
    assert prepare(trace, show=1).root == prepare(trace).root


@pytest.mark.parametrize("write", [viewer.to_dot, viewer.to_svg])
def test_a_drawing_shows_the_param_of_its_focus(write):
    name = next(n for n in TRACES["equal"].columns.name if n.endswith("blocks[5].second.b"))
    assert name not in write(TRACES["equal"])
    assert name in write(TRACES["equal"], focus=name)


def test_a_flowchart_shows_the_param_of_its_focus():
    trace = TRACES["equal"]
    id = id_of(trace, "blocks[5].second.b")
    assert f"n{id}[[" in viewer.to_mermaid(trace, focus=id)


def test_focus_shows_its_node():
    trace = TRACES["unequal"]
    id = id_of(trace, "blocks[0].first.w")
    assert f"n{id}" in focus(trace, id).boxes


def test_a_node_that_is_left_out_is_not_shown():
    trace = TRACES["unequal"]
    part = focus(group(trace), id_of(trace, "blocks[7].first.w"))
    assert len(reduced(part, show=1).boxes) == len(reduced(part).boxes)


def test_one_of_many_neighbours_is_shown():
    def loss():
        x = ag.Param(0.3, name="x")
        for n in range(400):
            x = (np.sin, np.tanh, np.cos, np.exp)[n * n % 7 % 4](x) * 0.5
        return x

    trace = ag.diff(loss).trace()
    for id in (2, 333, 801):
        graph = prepare(trace, show=id)
        (box,) = (box for box in graph.boxes.values() if id in box.nodes)
        assert box.node is not None
        assert len(graph.boxes) <= 25
