"""DOT source: ids, labels, clusters, copies beside distant uses, and notes."""

import re

import numpy as np
import pytest
from support.hostile import hostile

import autograd_tools as ag
import viewer
from viewer.inputs import as_graph


def nodes_of(dot):
    """The names of the boxes, in their order."""
    return re.findall(r"^\t+(n\d\w*) \[", dot, flags=re.MULTILINE)


def edges_of(dot):
    """Tail, head and attributes of the arrows, in their order."""
    return re.findall(r"^\t+(n\d\w*) -> (n\d\w*)(?: \[(.*)\])?$", dot, flags=re.MULTILINE)


def labels_of(dot):
    """The label of each box, by its name."""
    quoted = re.findall(
        r'^\t+(n\d\w*) \[label="((?:[^"\\]|\\.)*)"', dot, flags=re.MULTILINE | re.DOTALL
    )
    return {
        **dict(re.findall(r'^\t+(n\d\w*) \[label=([^" ]+) ', dot, flags=re.MULTILINE)),
        **dict(quoted),
    }


def clusters_of(dot):
    """The label and the boxes right inside each scope, by the name of the cluster."""
    found, open_ones = {}, []
    for line in dot.splitlines():
        if match := re.match(r"\t+subgraph (cluster_\d+) {", line):
            open_ones.append(match[1])
            found[match[1]] = [None]
        elif re.match(r"\t+}$", line):
            open_ones.pop()
        elif open_ones and "class=scope" in line:
            found[open_ones[-1]][0] = re.search(r' label="?(.*?)"? labeljust', line)[1]
        elif open_ones and (match := re.match(r"\t+(n\d\w*) \[", line)):
            found[open_ones[-1]].append(match[1])
    return found


def chain(n):
    """The tape of `w` times one, n times over, times `w`."""
    w = ag.Param(3.0, name="w")

    def loss():
        y = w
        for _ in range(n):
            y = y * 1
        return y * w

    return ag.diff(loss)


def test_the_source_of_a_trace_of_two_nodes():
    names = {}
    exec(compile("def double(w):\n    return w * 2", "/models/model.py", "exec"), names)
    assert viewer.to_dot(ag.trace(names["double"], 3.0)).splitlines() == [
        "digraph trace {",
        '\tgraph [bgcolor=transparent fontname="DejaVu Sans" fontsize=12 nodesep=0.2 pad=0.2 '
        "rankdir=TB ranksep=0.26]",
        '\tnode [color="#5b6b7f" fontname="DejaVu Sans" fontsize=11 height=0.3 margin="0.1,0.05" '
        'shape=box style="rounded,filled"]',
        '\tedge [arrowsize=0.6 color="#7a8797" fontcolor="#56657a" fontname="DejaVu Sans" '
        "fontsize=9]",
        '\tfontcolor="#56657a" fontsize=12 label="1 operation · 1 input of 1 element · 16.0B of '
        'values · result 6\\l" labeljust=l labelloc=t',
        '\tn1 [label="w',
        '3  ∇ 2" class=input color="#6a5a9a" fillcolor="#e8e3f4" id=n1 margin="0,0.02" '
        'shape=hexagon style=filled tooltip="1. P(3.0) ∇=2.0',
        "value: min 3, mean 3, max 3, norm 3",
        'gradient: min 2, mean 2, max 2, norm 2"]',
        '\tn2 [label="w * 2',
        '6  ∇ 1" class=final color="#b3731d" fillcolor="#fbe6c9" id=n2 margin="0.06,0.02" '
        'shape=ellipse style="filled,bold" '
        'tooltip="2. 6.0 = multiply(P(3.0), 2) ∇=1.0',
        "value: min 6, mean 6, max 6, norm 6",
        "gradient: min 1, mean 1, max 1, norm 1",
        "model.py:2 in double",
        'scope double"]',
        "\tn1 -> n2",
        "}",
    ]


def test_an_empty_trace_is_an_empty_graph():
    dot = viewer.to_dot(ag.Trace(()))
    assert (dot.splitlines()[0], nodes_of(dot), dot.splitlines()[-1]) == (
        "digraph trace {",
        [],
        "}",
    )


def test_nodes_are_named_by_their_ids():
    dot = viewer.to_dot(as_graph(chain(3)))
    assert nodes_of(dot) == ["n1", "n2", "n3", "n4", "n5"]
    assert edges_of(dot) == [
        ("n1", "n2", ""),
        ("n2", "n3", ""),
        ("n3", "n4", ""),
        ("n4", "n5", ""),
        ("n1", "n5", ""),
    ]


def test_the_id_of_every_box_is_its_name():
    dot = viewer.to_dot(as_graph(chain(20)))
    assert re.findall(r" id=(n\d\w*) ", dot) == nodes_of(dot)


def test_arrows_into_two_arguments_are_numbered_from_1():
    w = ag.Param(3.0)
    dot = viewer.to_dot(ag.diff(lambda: w / w))
    assert edges_of(dot) == [("n1", "n2", "headlabel=1"), ("n1", "n2", "headlabel=2")]
    dot = viewer.to_dot(ag.diff(lambda: w * w))  # whose order does not matter
    assert edges_of(dot) == [("n1", "n2", ""), ("n1", "n2", "")]


def test_constant_arrays_and_numbers_are_in_labels():
    w = ag.Param(np.ones(2))
    dot = viewer.to_dot(ag.diff(lambda: np.sum(w * np.ones(2) * 3)))
    assert labels_of(dot) == {
        "n1": "w\n[2]  ∇ 4.24",
        "n2": "w * float64[2]\n[2]  ∇ 4.24",
        "n3": "· * 3\n[2]  ∇ 1.41",
        "n4": "sum\n6  ∇ 1",
    }


def test_keyword_arguments_are_in_the_label():
    w = ag.Param(np.ones((2, 2)))
    assert (
        labels_of(viewer.to_dot(ag.diff(lambda: np.sum(np.sum(w, axis=0)))))["n2"]
        == "sum(axis=0)\n[2]  ∇ 1.41"
    )


def test_gradients_can_be_left_out_of_the_labels():
    assert labels_of(viewer.to_dot(chain(0), gradients=False)) == {
        "n1": "w\n3",
        "n2": "multiply\n9",
    }


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.0, "1"),
        (1 / 3, "0.333333"),
        (1e-9, "1e-09"),
        (123_456_789.0, "1.23457e+08"),
        (-0.5, "-0.5"),
    ],
)
def test_a_number_is_shown_in_six_digits(value, shown):
    w = ag.Param(value)
    assert labels_of(viewer.to_dot(ag.diff(lambda: w * 1), gradients=False))["n1"] == f"w\n{shown}"


def test_a_gradient_with_nan_and_inf_says_so():
    w = ag.Param(np.array([1.0, 0.0, 4.0]))
    with np.errstate(all="ignore"):
        tape = ag.diff(lambda: np.sum(np.array([1.0, np.nan, np.inf]) * w))
    assert labels_of(viewer.to_dot(tape))["n1"] == "w\n[3]  ∇ 1 1 NaN 1 Inf"


@pytest.mark.parametrize(("gradient", "shown"), [(np.nan, "NaN"), (np.inf, "Inf")])
def test_a_scalar_gradient_that_is_not_finite_says_so(gradient, shown):
    w = ag.Param(1.0)
    with np.errstate(all="ignore"):
        tape = ag.diff(lambda: w * gradient)
    assert shown.lower() in labels_of(viewer.to_dot(tape))["n1"].lower().split("∇")[1]


def test_kinds_of_nodes_differ_in_class_and_shape():
    w = ag.Param(np.ones(2))
    dot = viewer.to_dot(ag.trace(lambda x: np.sum(w * x * np.ones(2)), np.ones(2)))
    found = re.findall(r"^.* class=(\w+).*? shape=(\w+)", dot, flags=re.MULTILINE)
    assert set(found) == {("param", "box"), ("input", "hexagon"), ("final", "ellipse")}


# Scopes -------------------------------------------------------------------------------------------


def test_two_calls_of_one_function_are_two_clusters():
    w = ag.Param(3.0)
    names = {}
    exec(compile("def layer(x):\n    return x * 2", "model.py", "exec"), names)
    layer = names["layer"]
    dot = viewer.to_dot(viewer.group(ag.diff(lambda: layer(layer(w)))))
    assert clusters_of(dot) == {"cluster_1": ["layer", "n1", "n2"], "cluster_2": ["layer", "n3"]}


def test_scopes_nest():
    w = ag.Param(3.0)
    with ag.record() as tape:
        x = w * 1
        with ag.scope("outer"):
            x = x * 2
            with ag.scope("inner"):
                x = x * 3
        x * 4
    tape.backward()
    assert clusters_of(viewer.to_dot(tape)) == {
        "cluster_1": ["outer", "n3"],
        "cluster_2": ["inner", "n4"],
    }


def test_scopes_around_everything_are_not_drawn():
    w = ag.Param(3.0)
    with ag.record() as tape, ag.scope("all"), ag.scope("of it"):
        w * 2 * 3
    tape.backward()
    assert clusters_of(viewer.to_dot(tape)) == {}


def test_a_param_is_in_the_innermost_scope_around_its_uses():
    w, b = ag.Param(3.0), ag.Param(1.0)
    with ag.record() as tape:
        with ag.scope("first"):
            x = w * 2
        with ag.scope("second"):
            x + b + w
    tape.backward()
    assert clusters_of(viewer.to_dot(tape)) == {
        "cluster_1": ["first", "n2"],
        "cluster_2": ["second", "n3", "n4", "n5"],
    }


def test_scopes_deeper_than_twelve_are_drawn_as_one():
    w = ag.Param(3.0)

    def down(x, n):
        return down(x * 1, n - 1) if n else x

    dot = viewer.to_dot(viewer.group(ag.diff(lambda: down(w, 100) * 2)))
    assert (len(clusters_of(dot)), len(nodes_of(dot))) == (12, 102)


# Long edges and omitted boxes ---------------------------------------------------------------------


def test_a_param_is_copied_beside_a_distant_use():
    dot = viewer.to_dot(as_graph(chain(15)))
    assert nodes_of(dot)[-2:] == ["n17", "n1_for_17"]
    assert edges_of(dot)[-2:] == [("n16", "n17", ""), ("n1_for_17", "n17", "")]
    assert labels_of(dot)["n1_for_17"] == labels_of(dot)["n1"] == "w\n3  ∇ 6"


def test_a_param_is_not_copied_beside_a_near_use():
    assert nodes_of(viewer.to_dot(as_graph(chain(11)))) == [f"n{i}" for i in range(1, 14)]


def test_an_arrow_from_a_distant_result_starts_at_a_note():
    w = ag.Param(3.0)

    def loss():
        first = y = w * 2
        for _ in range(15):
            y = y * 1
        return y * first

    dot = viewer.to_dot(as_graph(ag.diff(loss)))
    assert labels_of(dot)["n2_for_18"] == "multiply (node 2)"
    assert edges_of(dot)[-1] == ("n2_for_18", "n18", "")


def test_a_result_with_only_distant_uses_is_drawn_in_place():
    w = ag.Param(3.0)

    def loss():
        early, y = np.arctan2(np.sin(w), np.cos(w)), w
        for _ in range(15):
            y = y * 1
        return y * early

    dot = viewer.to_dot(as_graph(ag.diff(loss)))
    assert labels_of(dot)["n4"].startswith("arctan2")
    assert labels_of(dot)["n4_for_20"] == "arctan2 (node 4)"
    assert ("n2", "n4", "headlabel=1") in edges_of(dot)


def test_a_result_of_leaves_is_above_its_first_use():
    w = ag.Param(3.0, name="w")

    def loss():
        early, y = np.sin(w), w
        for _ in range(15):
            y = y * 1
        return y * early

    dot = viewer.to_dot(as_graph(ag.diff(loss)))
    assert ("n2", "n18", "") in edges_of(dot)
    assert ("n1_for_2", "n2", "") in edges_of(dot)
    assert labels_of(dot)["n1_for_2"].startswith("w")


def steep(n):
    """The tape of functions of `w`, each on a line of its own, so that nothing repeats."""
    w = ag.Param(3.0, name="w")
    body = "\n".join(
        f"    x = x * {n}.0 + w" if n % 2 else f"    x = np.sin(x - {n}.0)" for n in range(n)
    )
    names = {"np": np, "w": w}
    exec(compile(f"def loss():\n    x = w\n{body}\n    return x * 1", "steep.py", "exec"), names)
    return ag.diff(names["loss"])


def test_the_picture_counts_nodes_and_boxes():
    dot = viewer.to_dot(steep(40), max_nodes=10)
    boxes = len(re.findall(r"^\t+[ng]\d+ \[", dot, flags=re.MULTILINE))
    assert 5 < boxes <= 10
    assert f"82 nodes, shown as {boxes} boxes\\l" in dot


def test_a_collapsed_line_without_code_is_named_by_its_place():
    assert 'label="steep.py:4\n3.14112  ∇ 0.876"' in viewer.to_dot(steep(10), max_nodes=12)


@pytest.mark.parametrize("max_nodes", [82, 83, 1000, None])
def test_a_trace_of_few_nodes_is_drawn_whole(max_nodes):
    dot = viewer.to_dot(steep(40), max_nodes=max_nodes)
    assert sum(1 for name in nodes_of(dot) if "_" not in name) == 82


@pytest.mark.parametrize("max_nodes", [0, -1, 2.5, "3"])
def test_max_nodes_must_be_1_or_more(max_nodes):
    with pytest.raises(
        ValueError, match=re.escape(f"max_nodes= must be 1 or more, got {max_nodes!r}")
    ):
        viewer.to_dot(chain(1), max_nodes=max_nodes)


def test_20_000_equal_operations_are_folded():
    dot = viewer.to_dot(chain(20_000))
    assert "20,002 nodes, shown as 3 boxes" in dot
    assert 'label="for _ in range(n)  ×20,000"' in dot


def test_list_items_from_a_folded_box_are_one_arrow():
    w = ag.Param(np.ones(2))

    def loss():
        x, kept = w, []
        for _ in range(9):
            x = np.tanh(x)
            kept.append(x)
        return np.sum(np.stack(kept))

    arrows = [
        attributes
        for tail, head, attributes in edges_of(viewer.to_dot(viewer.fold(ag.diff(loss))))
        if (tail, head) == ("n2", "n11")
    ]
    assert arrows == ['label=" ×9 "']


def test_every_arrow_joins_boxes_that_exist():
    for n in (0, 1, 11, 12, 13, 40):
        for max_nodes in (1, 2, 13, 1000):
            for x in (chain(n), as_graph(chain(n)), steep(n), as_graph(steep(n))):
                dot = viewer.to_dot(x, max_nodes=max_nodes)
                boxes = re.findall(r"^\t+([ng]\d\w*) \[", dot, flags=re.MULTILINE)
                ends = re.findall(r"^\t+([ng]\d\w*) -> ([ng]\d\w*)", dot, flags=re.MULTILINE)
                assert {name for arrow in ends for name in arrow} <= set(boxes)
                assert len(boxes) == len(set(boxes))


# Hostile names ------------------------------------------------------------------------------------

each_name = hostile(  # as the text between the quotes of DOT
    quotes="\\\"'`,",
    brackets=r"\"]; n9 [",
    newline=r"a\\nb\\r\\nc",
    separator=r"a\\u2028b\\x85c\\x0cd",
    escape=r"\\x1b[31mred\\x00",
    bidirectional=r"a\\u202eb",
    surrogate=r"\\ud800",
    ampersand="a &amp; b",
    entity="&amp;lt;b&amp;gt; &amp;amp; &amp;#38; #quot;",
    unknown_entity="&amp;nosuch;",
    backslash="\\\\N\\\\G\\\\l\\\\",
    long="x" * 59 + "…",
)


def tape_named(name):
    """The tape of a Param, an operation and a scope, all of one name."""
    w = ag.Param(3.0, name=name)

    def double(x):
        return x * 2

    double.__name__ = name
    named = ag.primitive(lambda dy, y, x: dy * 2)(double)
    with ag.record() as tape:
        with ag.scope(name):
            y = named(w)
        y * 1
    tape.backward()
    return tape


@each_name
def test_a_hostile_name_is_only_a_label(name, shown):
    dot = viewer.to_dot(tape_named(name), gradients=False)
    assert [(tail, head) for tail, head, _ in edges_of(dot)] == [("n1", "n2"), ("n2", "n3")]
    assert (nodes_of(dot), labels_of(dot)) == (
        ["n3", "n1", "n2"],
        {"n1": f"{shown}\n3", "n2": f"{shown}\n6", "n3": "· * 1\n6"},
    )


@each_name
def test_a_hostile_name_of_a_scope_is_only_a_label(name, shown):
    assert clusters_of(viewer.to_dot(tape_named(name))) == {"cluster_1": [shown, "n1", "n2"]}


# Determinism --------------------------------------------------------------------------------------

PROGRAM = """
import sys
import numpy as np, autograd_tools as ag, viewer

model = {name: ag.Param(np.ones(2), name=name) for name in ("w", "b", "c")}

def layer(x):
    return x * model["w"] + model["b"]

def loss():
    with ag.scope("head"):
        y = layer(layer(np.ones(2)))
    return np.sum(np.stack([y, model["c"]]) ** 2)

sys.stdout.buffer.write((viewer.to_dot(ag.diff(loss)) + viewer.to_svg(ag.diff(loss))).encode())
"""


def test_two_renderings_are_the_same():
    w = ag.Param(3.0)
    assert viewer.to_dot(ag.diff(lambda: w * 2)) == viewer.to_dot(ag.diff(lambda: w * 2))


def test_renderings_are_the_same_for_any_hash_seed(python):
    rendered = {python("-c", PROGRAM, PYTHONHASHSEED=seed) for seed in ("0", "1", "2")}
    assert len(rendered) == 1
    assert "cluster_2" in rendered.pop()


def test_a_rendering_is_the_same_after_saving_and_loading(tmp_path):
    tape = chain(15)
    tape.trace().save(tmp_path / "trace.json")
    assert viewer.to_dot(tmp_path / "trace.json") == viewer.to_dot(tape)


@pytest.mark.parametrize(
    "given", [14.0, 3, None, np.ones(3)], ids=["float", "int", "None", "array"]
)
def test_another_type_is_an_error_that_says_what_is_expected(given):
    with pytest.raises(
        TypeError, match=r"expected a Tape, a Trace or the path of a saved trace, got "
    ):
        viewer.to_dot(given)


@pytest.mark.parametrize("draw", [viewer.to_svg, viewer.to_mermaid])
def test_an_unknown_option_is_an_error_that_lists_the_known(draw):
    with pytest.raises(
        TypeError,
        match="unknown drawing option 'color'; choose gradients, edges, heat, links, "
        "backward, direction, marks, max_nodes, by, focus, where",
    ):
        draw(ag.Trace(()), color="red")
