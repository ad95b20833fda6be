"""The tree: branches, folds, cuts, and the copies that a search shows."""

import numpy as np
import pytest
from support.traces import STEPS, three_steps

import autograd_tools as ag
import viewer
from viewer.graph import Graph
from viewer.groups import Group


@pytest.fixture(scope="module")
def trace():
    return three_steps()


def shown(x, **options):
    """The lines of a tree up to the first double blank or bracket: names and counts."""
    return viewer.to_text(x, "tree", **options).splitlines()


def folded(trace, **more):
    step = Group("for _ in range(3)", (3, 4), "loop", copies=STEPS, **more)
    return Graph(trace, Group("", (1, 2, step, 9)))


def test_a_folded_group_shows_its_first_copy_and_all_totals(trace):
    assert shown(folded(trace)) == [
        "9 nodes in three_steps.f",
        "├── input x  [2]  ∇ 0.237",
        "├── input w  [2]  ∇ 1.28",
        "├── for _ in range(3)  ×3  6 nodes  96.0B",
        "│   ├── v3 = x * w  [2]  ∇ 0.237",
        "│   └── v4 = tanh(v3)  [2]  ∇ 0.565",
        "└── v9 = sum(v8)  1.13254  ∇ 1",
    ]


def test_a_collapsed_group_is_one_line(trace):
    assert shown(folded(trace, collapsed=True))[3:] == [
        "├── for _ in range(3)  ×3  6 nodes  96.0B  …",
        "└── v9 = sum(v8)  1.13254  ∇ 1",
        "… 6 of 9 nodes omitted; raise the limit or depth to see them, or search",
    ]


def test_a_search_in_a_fold_shows_the_first_match(trace):
    assert shown(folded(trace), where="id>=6 op=tanh") == [
        "2 of 9 nodes: id>=6 op=tanh",
        "└── for _ in range(3)  ×3  2 nodes  32.0B",
        "    └── v6 = tanh(v5)  [2]  ∇ 0.961",
    ]


def test_a_search_finds_later_copies_in_nested_folds(trace):
    inner = Group("inner", (3,), copies=((3,), (4,)))
    outer = Group("outer", (inner,), copies=((3, 4), (5, 6), (7, 8)))
    assert shown(Graph(trace, Group("", (1, 2, outer, 9))), where="id=8") == [
        "1 of 9 nodes: id=8",
        "└── outer  ×3  1 node  16.0B",
        "    └── inner  ×2  1 node  16.0B",
        "        └── v8 = tanh(v7)  [2]  ∇ 1.41",
    ]


def test_hidden_nodes_are_not_shown(trace):
    graph = Graph(trace, Group("", tuple(range(1, 10))), hidden=frozenset(range(2, 9)))
    assert [line.split("  ")[0] for line in shown(graph)] == [
        "2 nodes in three_steps.f",
        "├── input x",
        "└── v9 = sum(v8)",
    ]


def test_notes_of_a_graph_are_at_the_end(trace):
    assert (
        shown(Graph(trace, Group("", (9,)), notes=("1 of 9 nodes: those on line 7",)))[-1]
        == "1 of 9 nodes: those on line 7"
    )


def test_a_branch_shows_the_time_of_its_nodes(trace):
    from dataclasses import replace

    nodes = [
        replace(node, forward_ns=1000, backward_ns={1: 500}) if node.kind == "result" else node
        for node in trace
    ]
    graph = Graph(
        ag.Trace(tuple(nodes), 9), Group("", (1, 2, Group("step", (3, 4), "step"), *range(5, 10)))
    )
    assert shown(graph)[3] == "├── step step  2 nodes  3.00μs  32.0B"


def test_equal_steps_are_folded_automatically():
    def f(x, w):
        for _ in range(100):
            x = np.tanh(x * w)
        return x

    lines = shown(ag.trace(f, 0.5, 1.0))
    assert len(lines) < 10
    assert sum("×" in line for line in lines) == 1


@pytest.fixture(scope="module")
def wide():
    """A graph of 3,000 nodes and one group."""

    def inner(x):
        return np.sin(x)

    def f(x):
        for n in range(1, 1000):
            x = np.reshape(np.concatenate([np.ravel(x), [1.0]]), (1, n + 1))
        return np.sum(inner(x))

    trace = ag.trace(f, 0.5)
    return Graph(trace, Group("", (*range(1, 2999), Group("inner", (2999,)), 3000)))


def test_a_big_tree_is_cut_and_says_so(wide):
    lines = shown(wide)
    assert len(lines) <= 205
    assert lines[-1].startswith("… 2,")
    assert lines[-1].endswith(" nodes omitted; raise the limit or depth to see them, or search")


def test_a_cut_branch_shows_its_first_and_last_members(wide):
    assert [line.split("(")[0] for line in shown(wide, limit=7)] == [
        "3,000 nodes in wide.f",
        "├── input x  0.5  ∇ 0.878",
        "├── v2 = ravel",
        "├── … 2,996 nodes",
        "├── inner  1 node  7.81KiB",
        "│   └── v2999 = sin",
        "└── v3000 = sum",
        "… 2,996 of 3,000 nodes omitted; raise the limit or depth to see them, or search",
    ]


def test_a_higher_limit_shows_all(wide):
    lines = shown(wide, limit=10_000)
    assert len(lines) == 3002
    assert "omitted" not in lines[-1]


@pytest.mark.parametrize(
    ("depth", "lines"),
    [
        (
            1,
            [
                "├── input x",
                "└── a  3 nodes  48.0B  …",
                "… 3 of 4 nodes omitted; raise the limit or depth to see them, or search",
            ],
        ),
        (
            2,
            [
                "├── input x",
                "└── a  3 nodes  48.0B",
                "    ├── input w",
                "    └── b  2 nodes  32.0B  …",
                "… 2 of 4 nodes omitted; raise the limit or depth to see them, or search",
            ],
        ),
        (
            3,
            [
                "├── input x",
                "└── a  3 nodes  48.0B",
                "    ├── input w",
                "    └── b  2 nodes  32.0B",
                "        ├── v3",
                "        └── v4",
            ],
        ),
    ],
)
def test_max_depth_limits_the_levels_that_are_opened(trace, depth, lines):
    graph = Graph(trace, Group("", (1, Group("a", (2, Group("b", (3, 4)))))))
    found = shown(graph, max_depth=depth)[1:]
    assert [line.split(" = ")[0].partition("  [2]")[0] for line in found] == lines


def test_calls_nested_deeper_than_python_allows_are_shown(trace):
    group = Group("f", (4,))
    for _ in range(3000):
        group = Group("f", (group,))
    assert len(shown(Graph(trace, Group("", (group,))), limit=5000)) == 3003


def lines_of_model():
    w = ag.Param(np.eye(2), name="w")

    def layer(x):
        return np.tanh(w @ x)

    def loss():
        x = np.ones(2)
        for _ in range(3):
            x = layer(x)
        return np.sum(x) / 2

    return ag.diff(loss)


def test_the_smallest_branches_are_lines():
    found = viewer.to_text(lines_of_model(), "tree", by="line").splitlines()
    assert [line.lstrip("│├└─ ").partition("  ")[2].partition("  ")[0] for line in found[1:]] == [
        "2×2",
        "×3",
        "2 nodes",
        "return np.tanh(w @ x)",
        "return np.sum(x) / 2",
    ]
    assert "…" not in "".join(found)


def test_the_smallest_branches_are_functions():
    found = viewer.to_text(lines_of_model(), "tree", by="function").splitlines()
    assert not any("tanh" in line for line in found)
    with pytest.raises(ValueError, match="unknown by 'step'; choose op, line, function"):
        viewer.to_text(lines_of_model(), "tree", by="step")
