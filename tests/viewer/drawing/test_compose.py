"""The picture of a graph: frames, shapes and arrows with their texts."""

from dataclasses import replace

import numpy as np
import pytest
from support.traces import STEPS, Building, three_steps

import autograd_tools as ag
from autograd_tools.location.call_tree import ScopeNode
from viewer.drawing.compose import compose_picture, ranks
from viewer.drawing.looks import ARROWS
from viewer.drawing.picture import Style
from viewer.graph import Graph
from viewer.groups import Group, in_order
from viewer.labels import carried_back
from viewer.passes import fit, fold, group


@pytest.fixture(scope="module")
def trace():
    return three_steps()


def folded(trace, **options):
    step = Group("1-3", (3, 4), "step", "model.py", 7, copies=STEPS, **options)
    return Graph(trace, Group("", (1, 2, Group("for t in range(3)", (step,), "loop"), 9)))


def frames(cluster):
    """The kind, title and names of shapes of each frame, outer ones first."""
    yield cluster.kind, cluster.title, [shape.name for shape in cluster.shapes]
    for inner in cluster.clusters:
        yield from frames(inner)


def shapes(cluster):
    found = {shape.name: shape for shape in cluster.shapes}
    for inner in cluster.clusters:
        found |= shapes(inner)
    return found


def arrows(drawn):
    """The ends, kind and texts of each arrow: the number of the argument and the label."""
    return [
        (arrow.tail, arrow.head, arrow.kind, f"{arrow.argument} {arrow.label}".strip())
        for arrow in drawn.arrows
    ]


def test_a_closed_box_of_equal_steps_has_the_first_and_the_last_value():
    def double(y):
        return y * 1.5 + 0.1

    def loss(x):
        for _ in range(6):
            x = double(x)
        return np.sin(x)

    graph = fold(ag.trace(loss, 1.0))
    for by in ("line", "function"):
        boxes = shapes(compose_picture(fit(graph, by=by), Style(gradients=False)).root)
        assert any("1.6 → 13.4688" in shape.lines for shape in boxes.values())


def test_a_closed_box_has_the_params_of_all_its_copies():
    params = [ag.Param(float(n), name=f"layers[{n}].w") for n in range(1, 4)]

    def layer(x, w):
        return np.sin(x * w)

    def loss():
        x = 1.0
        for w in params:
            x = layer(x, w)
        return x

    boxes = shapes(compose_picture(fit(ag.trace(loss), by="function"), Style()).root)
    found = [line for shape in boxes.values() for line in shape.lines]
    assert [line for line in found if "layers" in line] == [
        "layers[1].w … layers[3].w  ∇ 0.358 → -0.981"
    ]


def test_a_row_of_params_looks_like_params_with_all_gradients():
    params = [ag.Param(float(n), name=f"w{n}") for n in range(1, 4)]

    def loss():
        total = 0.0
        for w in params:
            total = total + np.sin(w) * 2
        return total

    trace = ag.trace(loss)
    ids = [id for id, kind in enumerate(trace.columns.kind, 1) if kind == "param"]
    ids = [ids[1], ids[0], ids[2]]
    row = Group("w2 … w3", (ids[0],), "leaves", copies=tuple((id,) for id in ids), collapsed=True)
    rest = [id for id in range(1, len(trace) + 1) if id not in ids]
    graph = Graph(trace, Group("", in_order([row, *rest])))
    shape = shapes(compose_picture(graph, Style()).root)["g1"]
    assert (shape.kind, shape.lines[:2]) == ("param", ("w2 … w3  ×3", "2 → 3  ∇ -0.832 → -1.98"))


def test_an_open_folded_group_has_a_frame_behind_it(trace):
    root, *inner = frames(compose_picture(folded(trace), Style()).root)
    assert root == (
        "scope",
        "Graph of a gradient: 7 operations, 2 inputs, in 5 boxes; the result is 1.13254.",
        ["n1", "n2", "n9"],
    )
    assert inner == [
        ("behind", "", []),
        ("folded", "for t in range(3) › steps 1-3  ×3", ["n3", "n4"]),
    ]


def test_a_carried_arrow_leads_to_the_next_step(trace):
    assert arrows(compose_picture(folded(trace), Style(edges="shape"))) == [
        ("n1", "n3", "value", ""),
        ("n2", "n3", "value", ""),
        ("n4", "n3", "carried", "to the next step"),
        ("n3", "n4", "value", "[2]"),
        ("n4", "n9", "value", "[2]"),
    ]


def test_a_collapsed_folded_group_is_a_stack_with_its_operations(trace):
    drawn = compose_picture(folded(trace, collapsed=True), Style())
    stack = shapes(drawn.root)["g2"]
    assert (stack.kind, stack.lines) == (
        "stack",
        ("steps 1-3  ×3", "2 operations  32.0B each", "[2]  ∇ 0.565 → 1.41", "▅▇█"),
    )
    assert ("g2", "g2", "carried", "to the next step") in arrows(drawn)


def test_a_collapsed_group_is_a_box_with_its_operations(trace):
    drawn = compose_picture(
        Graph(
            trace, Group("", (1, Group("model", tuple(range(2, 9)), "function", collapsed=True), 9))
        ),
        Style(),
    )
    box = shapes(drawn.root)["g1"]
    assert (box.kind, box.lines) == (
        "group",
        ("model", "6 operations  96.0B", "[2]  ∇ 1.41", "w  ∇ 1.28"),
    )


def test_a_collapsed_group_without_a_name_names_its_four_most_frequent_operations():
    trace = ag.trace(
        lambda x: np.sum(np.exp(np.sin(np.cos(np.sin(np.tanh(np.sqrt(x))))))), np.ones(2)
    )
    drawn = compose_picture(
        Graph(trace, Group("", (1, Group("f", tuple(range(2, 9)), collapsed=True)))), Style()
    )
    assert shapes(drawn.root)["g1"].lines[2] == "sin, sqrt, tanh, cos …"


def test_the_tooltip_of_a_collapsed_group_has_nodes_and_source(trace):
    tooltip = shapes(compose_picture(folded(trace, collapsed=True), Style()).root)["g2"].tooltip
    assert tooltip.splitlines() == [
        "steps 1-3  ×3",
        "6 nodes: 3, 4, 5, 6, 7, 8",
        "96.0B of values",
        "3 × multiply, 3 × tanh",
        "norms of gradients: least 0.565 (node 4), greatest 1.41 (node 8)",
        "model.py:7",
    ]


def test_a_folded_box_shows_the_first_and_last_gradient(trace):
    assert shapes(compose_picture(folded(trace), Style()).root)["n3"].lines == (
        "multiply",
        "[2]  ∇ 0.237 → 0.961",
        "▄▆█",
    )


def test_the_tooltip_of_a_folded_box_has_its_count(trace):
    assert (
        "the first of 3 equal nodes: 3, 5, 7"
        in shapes(compose_picture(folded(trace), Style()).root)["n3"].tooltip.splitlines()
    )


def test_a_group_around_only_another_shares_its_frame(trace):
    inner = Group("inner", (3, Group("innermost", (4,))))
    graph = Graph(trace, Group("", (1, 2, Group("outer", (Group("middle", (inner,)),)), 5)))
    assert list(frames(compose_picture(graph, Style()).root))[1:] == [
        ("scope", "outer › middle › inner", ["n3"]),
        ("scope", "innermost", ["n4"]),
    ]


def test_a_frame_without_boxes_is_not_drawn(trace):
    graph = replace(folded(trace), hidden=frozenset(range(3, 9)))
    assert all(inner.is_empty() for inner in compose_picture(graph, Style()).root.clusters)


def test_shapes_are_on_arrows_or_in_boxes(trace):
    drawn = compose_picture(folded(trace), Style())
    assert shapes(drawn.root)["n4"].lines == ("tanh", "[2]  ∇ 0.565 → 1.41", "▅▇█")
    assert ("n4", "n9", "value", "") in arrows(drawn)
    drawn = compose_picture(folded(trace), Style(edges="shape"))
    assert shapes(drawn.root)["n4"].lines == ("tanh", "∇ 0.565 → 1.41", "▅▇█")
    assert ("n4", "n9", "value", "[2]") in arrows(drawn)


def test_an_arrow_names_a_dtype_other_than_float64():
    trace = ag.trace(lambda x: np.sum(np.sin(x)), np.ones((2, 3), np.float32))
    style = Style(edges="shape")
    assert arrows(compose_picture(Graph(trace, Group("", (1, 2, 3))), style))[-1] == (
        "n2",
        "n3",
        "value",
        "2×3 float32",
    )


def test_arrows_of_a_plain_picture_have_no_labels(trace):
    style = Style(edges="shape", plain=True)
    assert {label for *_, label in arrows(compose_picture(folded(trace), style))} == {""}


def test_duplicate_leaves_are_beside_their_uses(trace):
    graph = Graph(
        trace, Group("", (1, 2, Group("first", (3, 4)), *range(5, 10))), leaves_apart=True
    )
    found = list(frames(compose_picture(graph, Style()).root))
    assert found[1] == ("scope", "first", ["n1_for_n3", "n2_for_n3", "n3", "n4"])


@pytest.mark.parametrize(("constants", "label"), [(True, "x / float64[2]"), (False, "divide")])
def test_constant_arrays_can_be_omitted(constants, label):
    trace = ag.trace(lambda x: np.sum(x / np.ones(2)), np.ones(2))
    graph = Graph(trace, Group("", (1, 2, 3)), constants=constants)
    assert shapes(compose_picture(graph, Style()).root)["n2"].lines[0] == label


LISTS = {
    "in order": (lambda x, y: np.stack([x * 1, y * 2]), ["1", "2"]),
    "reversed": (lambda x, y: np.stack([y * 2, x * 1]), ["2", "1"]),
    "twice": (lambda x, y: np.stack([z := x * 1, y * 2, z]), ["1, 3", "2"]),
    "neighbours": (lambda x, y: np.stack([z := x * 1, z, y * 2]), ["1-2", "3"]),
}


@pytest.mark.parametrize("case", LISTS)
def test_arrows_into_a_list_tell_the_order(case):
    joined, numbers = LISTS[case]
    trace = ag.trace(lambda x, y: np.sum(joined(x, y)), np.ones(2), np.ones(2))
    graph = Graph(trace, Group("", tuple(range(1, len(trace) + 1))))
    drawn = compose_picture(graph, Style())
    stack = trace.columns.op.index("stack") + 1
    into = [arrow for arrow in drawn.arrows if arrow.head == f"n{stack}"]
    made = {f"n{trace.columns.children[0][0]}": numbers[0]}  # x * 1
    made[f"n{trace.columns.children[1][0]}"] = numbers[1]  # y * 2
    assert {arrow.tail: arrow.argument for arrow in into} == made


def test_a_list_with_a_named_item_tells_the_order():
    def label(joined):
        trace = ag.trace(joined, np.ones((2, 2)), np.ones((2, 2)))
        graph = Graph(trace, Group("", tuple(range(1, len(trace) + 1))))
        return shapes(compose_picture(graph, Style()).root)[f"n{len(trace)}"].lines[0]

    assert label(lambda x, y: np.concatenate([x, y * 2], 1)) == "concatenate([x, ·], 1)"
    assert label(lambda x, y: np.concatenate([y * 2, x], 1)) == "concatenate([·, x], 1)"
    assert label(lambda x, y: np.stack([x * 2, y, x, x, x, x])) == "stack([·, y, x, x, x, …])"


def test_a_long_number_in_a_label_has_six_digits():
    trace = ag.trace(lambda x: x / np.sqrt(8), 1.0)
    assert (
        shapes(compose_picture(Graph(trace, Group("", (1, 2))), Style()).root)["n2"].lines[0]
        == "x / 2.82843"
    )


OPERATIONS = {
    "1 / x": lambda x: 1 / x,
    "x / 4": lambda x: x / 4,
    "1 - x": lambda x: 1 - x,
    "x - 5": lambda x: x - 5,
    "2 ** x": lambda x: 2**x,
    "x ** -3": lambda x: x**-3,
    "(-2) ** x": lambda x: (-2) ** x,
    "3 * x": lambda x: 3 * x,
    "x[:, 0:2]": lambda x: x[:, 0:2],
    "x[(0, 1), 1]": lambda x: x[(0, 1), 1],
    "x[int64[2]]": lambda x: x[np.array([0, 1])],
    "maximum(x, 0)": lambda x: np.maximum(x, 0),
    "where(bool[2,3], 0, x)": lambda x: np.where(np.eye(2, 3) > 0, 0, x),
    "reshape(x, (3, 2))": lambda x: np.reshape(x, (3, 2)),
    "sum(axis=1)": lambda x: np.sum(x, axis=1),
    "x * float64[3]": lambda x: x * np.ones(3),
    "float64[3] / x": lambda x: np.ones(3) / x,
    "float64[3] ** x": lambda x: np.ones(3) ** x,
    "float64[4,2] @ x": lambda x: np.ones((4, 2)) @ x,
    "arctan2(x, float64[3])": lambda x: np.arctan2(x, np.ones(3)),
    "linalg.solve(float64[2,2], x)": lambda x: np.linalg.solve(np.eye(2), x),
    "repeat(x, 2, axis=1)": lambda x: np.repeat(x, 2, axis=1),
    "roll(x, 1, axis=0)": lambda x: np.roll(x, 1, axis=0),
    "linalg.norm(x, 1, axis=1)": lambda x: np.linalg.norm(x, 1, axis=1),
    "concatenate([float64[2,1], x], 1)": lambda x: np.hstack([np.ones((2, 1)), x]),
    "x[int64[]]": lambda x: np.take(x, 1, axis=0),
    "x[1:]": lambda x: x[1:,],
    "negative": lambda x: -x,
}


@pytest.mark.parametrize("label", OPERATIONS)
def test_a_label_is_a_formula(label):
    trace = ag.trace(OPERATIONS[label], np.ones((2, 3)))
    found = shapes(compose_picture(Graph(trace, Group("", (1, 2))), Style()).root)["n2"].lines[0]
    assert found == label


def test_a_dot_stands_for_an_operand_without_a_name():
    trace = ag.trace(lambda x: 1 / np.exp(x), 1.0)
    root = compose_picture(Graph(trace, Group("", (1, 2, 3))), Style()).root
    assert shapes(root)["n3"].lines[0] == "1 / ·"


def test_the_sentence_describes_the_shown_boxes(trace):
    assert compose_picture(Graph(trace, Group("", (2, 3, 4))), Style()).root.title.startswith(
        "Graph of a gradient: 2 operations, 1 input, in 3 boxes;"
    )


def test_the_span_of_a_picture_sums_its_arrows(trace):
    assert compose_picture(Graph(trace, Group("", tuple(range(1, 10)))), Style()).span == 16


def test_unknown_edges_are_an_error_that_lists_the_known(trace):
    with pytest.raises(ValueError, match="unknown edges 'size'; choose none, shape"):
        compose_picture(folded(trace), Style(edges="size"))


# Marks --------------------------------------------------------------------------------------------


def marked(trace, marks, **options):
    return shapes(compose_picture(folded(trace, **options), Style(marks=marks)).root)


def test_a_mark_is_a_colour_and_a_sign(trace):
    found = marked(trace, {1: "added", 2: "removed", 9: "changed"})
    assert [(found[name].mark, found[name].lines[0]) for name in ("n1", "n2", "n9")] == [
        ("added", "+ x"),
        ("removed", "− w"),
        ("changed", "≠ sum"),
    ]


def test_a_box_of_many_nodes_counts_its_marks(trace):
    box = marked(trace, {3: "added", 4: "added", 5: "changed"}, collapsed=True)["g2"]
    assert (box.mark, box.lines[0]) == ("changed", "+2 ≠1 steps 1-3  ×3")


def test_a_box_of_nodes_that_are_all_added_is_added(trace):
    assert marked(trace, dict.fromkeys(range(3, 9), "added"), collapsed=True)["g2"].mark == "added"


def test_an_unknown_mark_is_an_error_that_lists_the_known(trace):
    with pytest.raises(ValueError, match="unknown mark 'gone'; choose added, removed, changed"):
        marked(trace, {1: "gone"})


def test_a_box_with_arrows_into_it_is_always_drawn():
    trace = Building()
    w = trace.leaf()
    far = trace.op("sin", w)
    last = trace.leaf()
    for _ in range(15):
        last = trace.op("tanh", last)
    trace.op("add", last, far)
    found = compose_picture(trace.graph, Style())
    names = {shape.name for shape in found.root.shapes}
    assert {arrow.head for arrow in found.arrows} <= names


# Long arrows --------------------------------------------------------------------------------------


def long_chain(trace, first, length=20):
    for _ in range(length):
        first = trace.op("sin", first)
    return first


def test_a_box_whose_arrows_are_all_too_long_is_drawn():
    trace = Building()
    w = trace.leaf()
    early = trace.op("multiply", trace.op("abs", w), trace.op("exp", w))
    trace.op("add", long_chain(trace, w), early)
    drawn = compose_picture(trace.graph, Style())
    ends = {end for arrow in drawn.arrows for end in (arrow.tail, arrow.head)}
    assert shapes(drawn.root).keys() == ends
    assert {"n4", "n4_for_25"} <= ends


def test_a_value_with_one_late_use_is_above_it():
    trace = Building()
    w, v = trace.leaf(), trace.leaf()
    side = trace.op("sum", trace.op("cos", v))
    trace.op("add", long_chain(trace, w), side)
    assert {
        key: rank
        for key, rank in ranks(trace.graph).items()
        if key in ("n2", "n3", "n4", "n24", "n25")
    } == {"n2": 18, "n3": 19, "n4": 20, "n24": 20, "n25": 21}
    assert all(
        shape.kind != "elsewhere"
        for shape in shapes(compose_picture(trace.graph, Style()).root).values()
    )


def test_the_tooltip_of_an_arrow_names_both_ends(trace):
    assert [
        arrow.tooltip for arrow in compose_picture(folded(trace, collapsed=True), Style()).arrows
    ] == [
        "x (node 1) → steps 1-3  ×3 · [2]",
        "w (node 2) → steps 1-3  ×3 · [2]",
        "steps 1-3  ×3 → steps 1-3  ×3 · [2] · to the next step",
        "steps 1-3  ×3 → sum (node 9) · argument 1 · [2]",
    ]


def test_arrows_show_how_many_steps_a_value_is_carried():
    b = Building()
    x = [b.leaf(), b.leaf()]
    for _ in b.steps(6):
        x.append(b.op("subtract", x[-1], x[-2]))
    drawn = compose_picture(fold(group(b.graph)), Style())
    assert [arrow[2:] for arrow in arrows(drawn) if arrow[2] == "carried"] == [
        ("carried", "1 to the next step"),
        ("carried", "2 2 steps on"),
    ]


def test_a_recursion_is_a_frame_with_its_levels():
    b = Building()
    x = b.leaf()
    for depth in range(4):
        b.places.append(ScopeNode(b.here[-1], "function", "f"))
        b.here.append(depth + 1)
        x = b.op("sin" if depth < 3 else "cos", x)
    for _ in range(3):
        b.here.pop()
        x = b.op("tanh", x, line=2)
    b.here.pop()
    b.op("sum", x)
    drawn = compose_picture(fold(group(b.graph)), Style())
    assert [cluster.title for cluster in drawn.root.clusters] == ["f, calling itself"]
    assert ("n8", "n8", "carried", "back to the level above") in arrows(drawn)


def test_gradients_are_on_the_arrows_of_their_values(trace):
    drawn = compose_picture(folded(trace), Style(backward=True))
    assert arrows(drawn) == [
        ("n1", "n3", "backward", "∇ 0.237"),
        ("n2", "n3", "backward", "∇ 1.28"),
        ("n4", "n3", "back", "to the next step ∇ 0.565 → 0.961"),
        ("n3", "n4", "backward", "∇ 0.237 → 0.961"),
        ("n4", "n9", "backward", "∇ 1.41"),
    ]
    widths = [arrow.width for arrow in drawn.arrows]
    assert max(widths) == widths[-1] == 4.0
    assert widths[0] < widths[2] == widths[3] < widths[1]
    assert "to the step before" in drawn.arrows[2].tooltip


def test_no_gradient_is_faint():
    trace = ag.trace(lambda x: (np.exp(x), np.sum(x))[1], np.ones(2))
    drawn = compose_picture(Graph(trace, Group("", (1, 2, 3))), Style())
    assert [shape.name for shape in shapes(drawn.root).values() if shape.faint] == ["n2"]


@pytest.mark.parametrize("backward", [False, True])
def test_arrows_from_and_among_faint_boxes_are_faint(backward):
    def loss(a, b):
        far = np.sin(a)
        for _ in range(3):
            far = np.exp(far * b)
        return far * a

    graph = fold(ag.trace(loss, 0.5, 0.5))
    drawn = compose_picture(graph, Style(path=frozenset({1, 3, 10}), backward=backward, longest=1))
    faint = {shape.name for shape in shapes(drawn.root).values() if shape.faint}
    assert {name.partition("_")[0] for name in faint} == {"n2", "n4", "n5"}
    for arrow in drawn.arrows:
        assert arrow.faint == (not faint.isdisjoint((arrow.tail, arrow.head)))
        if arrow.faint:
            assert (arrow.width, "∇" in arrow.label, arrow.kind in ARROWS) == (0.0, False, True)


def test_a_path_leaves_the_rest_faint(trace):
    drawn = compose_picture(folded(trace), Style(path=frozenset({1, 3, 9})))
    assert [shape.name for shape in shapes(drawn.root).values() if shape.faint] == ["n2", "n4"]


def test_the_frame_of_a_method_names_its_object():
    b = Building()
    x = b.leaf()
    for n in (1, 2):
        with b.place("function", "Net"), b.place("function", "Layer"):
            x = b.op(f"f{n}", x, b.leaf("param", name=f"net.l{n}.w"))
        x = b.op(f"g{n}", x)
    titles = [title for _, title, _ in frames(compose_picture(group(b.graph), Style()).root)][1:]
    assert titles == ["Net net.l1 › Layer", "Net net.l2 › Layer"]


def test_values_flow_right_where_that_is_larger():
    wide, tall = Building(), Building()
    x = wide.leaf()
    for n in range(12):
        wide.op(f"regularized_incomplete_gamma_{n}", wide.op("cos", x))
    x = tall.leaf()
    for n in range(12):
        x = tall.op("multiply", x, tall.leaf(name=f"network.layers[{n}].attention.weight"))
    found = [compose_picture(b.graph, Style()).direction for b in (wide, tall)]
    assert found == ["right", "down"]
    assert compose_picture(tall.graph, Style(direction="right")).direction == "right"
    with pytest.raises(ValueError, match="unknown direction 'up'; choose down, right"):
        compose_picture(tall.graph, Style(direction="up"))


def test_without_a_gradient_there_is_no_backward_arrow():
    drawn = compose_picture(
        group(ag.trace(lambda x: np.tanh(x * x), np.ones(2))), Style(backward=True)
    )
    assert [arrow.kind for arrow in drawn.arrows] == ["value"] * 3


def test_a_gradient_carried_back_shows_how_far():
    assert [carried_back(copies) for copies in (1, 2, -1)] == [
        "to the step before",
        "2 steps back",
        "to the level inside",
    ]
