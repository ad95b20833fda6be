"""Nodes in groups by the places that computed them."""

import numpy as np
from support.traces import Building, outline

import autograd_tools as ag
from autograd_tools.location.call_tree import ScopeNode
from viewer.graph import Graph
from viewer.groups import Group
from viewer.passes import fold, group


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


# Gradients of gradients ---------------------------------------------------------------------------


def energy(x):
    for _ in range(3):
        x = np.tanh(x * x)
    return np.sum(x)


def asks(w):
    return np.sum(ag.grad(energy)(w) ** 2)


def only_asks(w):
    return ag.grad(energy)(w)


def test_an_inner_backward_pass_has_groups_of_its_own():
    graph = group(ag.diff(asks, ag.Param(np.ones(2), name="w")))
    graph.check()
    forward, backward = [g for g in graph.root.members if isinstance(g, Group)]
    assert (forward.name, backward.name) == ("energy", "\N{NABLA} energy")
    nodes = (graph.trace[id] for id in backward.ids())
    found = {node.gradient for node in nodes if node.kind == "result"}
    assert found == {"tanh", "multiply"}
    loop = next(g for g in backward.members if isinstance(g, Group))
    assert [g.name for g in loop.members if isinstance(g, Group)] == ["3", "2", "1"]
    folded = fold(graph)
    folded.check()
    assert [g.times for g in folded.root.inner() if g.kind == "loop"] == [3, 1]  # step 3 starts


def test_an_inner_gradient_that_is_all_has_groups_too():
    graph = group(ag.diff(lambda: np.sum(only_asks(ag.Param(np.ones(2), name="w")))))
    names = [g.name.rpartition(".")[2] for g in graph.root.inner() if g.kind == "function"]
    assert names == ["only_asks", "energy", "\N{NABLA} energy"]


def test_each_of_two_inner_gradients_belongs_to_its_function():
    def other(x):
        return np.sum(np.exp(x))

    w = ag.Param(np.ones(2), name="w")
    graph = group(ag.diff(lambda: np.sum(ag.grad(energy)(w) + ag.grad(other)(w))))
    graph.check()
    names = [g.name for g in graph.root.inner() if g.kind == "function"]
    assert names[:2] == ["energy", "\N{NABLA} energy"]
    assert names[2].endswith("other")
    assert names[3:] == [f"\N{NABLA} {names[2]}"]


def test_groups_of_gradients_are_the_same_after_saving(tmp_path):
    trace = ag.diff(asks, ag.Param(np.ones(2), name="w")).trace()
    trace.save(tmp_path / "trace.json.gz")
    assert group(tmp_path / "trace.json.gz").root == group(trace).root


def test_an_inner_gradient_of_a_lambda_has_frames():
    x = ag.Param(np.ones(3), name="x")

    def loss():
        gradient = ag.grad(lambda y: np.sum(np.exp(y) * y))(x)
        return np.sum(gradient**2)

    root = group(ag.diff(loss)).root
    name = "test_an_inner_gradient_of_a_lambda_has_frames.loss.<lambda>"
    assert outline(root) == [1, [name, 2, 3, 4], [f"∇ {name}", 5, 6, 7, 8], 9, 10]


def test_the_lambda_of_a_recording_has_no_frame():
    x = ag.Param(np.ones(3), name="x")
    assert outline(group(ag.diff(lambda: np.sum(np.tanh(x)))).root) == [1, 2, 3]
