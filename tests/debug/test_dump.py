"""dump: one node, field by field."""

import numpy as np
import pytest

import autograd_tools as ag


@pytest.fixture
def tape():
    w = ag.Param(np.array([0.0, 1.0, 2.0]))
    return ag.diff(lambda: np.sum(w * w))


def test_a_leaf_is_dumped_without_a_function(tape):
    assert ag.dump(tape.nodes[0]) == "\n".join(
        [
            "Node 1",
            "  value: float64[3] [0. 1. 2.]",
            "  parents:",
            "  children: 2",
            "  outgrad: float64[3] [0. 2. 4.]",
            "  cdr: None",
        ]
    )


def test_a_result_is_dumped_with_its_call(tape):
    assert ag.dump(tape.nodes[1]) == "\n".join(
        [
            "Node 2",
            "  value: float64[3] [0. 1. 4.]",
            "  func: multiply",
            "  args: (P(float64[3]), P(float64[3]))",
            "  kwargs: {}",
            "  parents: 1, 1",
            "  children: 3",
            "  outgrad: float64[3] [1. 1. 1.]",
            "  cdr: Node 1",
        ]
    )


def test_dump_shows_one_argument_as_a_tuple(tape):
    assert "  args: (R(float64[3]),)" in ag.dump(tape.nodes[2]).splitlines()


def test_a_depth_of_two_dumps_the_neighbours_and_the_source(tape):
    lines = ag.dump(tape.nodes[2], maxdepth=2).splitlines()
    assert lines[:-2] == [
        "Node 3",
        "  value: 5.0",
        "  func: sum",
        "  args: (R(float64[3]),)",
        "  kwargs: {}",
        "  parents: 2",
        "    Node 2",
        "      value: float64[3] [0. 1. 4.]",
        "      func: multiply",
        "      args: (P(float64[3]), P(float64[3]))",
        "      kwargs: {}",
        "      parents: 1, 1",
        "      children: 3",
        "      outgrad: float64[3] [1. 1. 1.]",
        "      cdr: Node 1",
        "  children:",
        "  outgrad: 1.0",
        "  cdr: Node 2",
    ]
    assert lines[-2].startswith(f"  source: {__file__}:")
    assert lines[-2].endswith(" in tape.<locals>.<lambda>")
    assert lines[-1] == "  scope:"


def test_a_long_array_is_dumped_by_its_ends():
    w = ag.Param(np.arange(100.0))
    J = ag.diff(lambda: np.sum(w))
    assert ag.dump(J.nodes[0]).splitlines()[1] == "  value: float64[100] [ 0. 1. ... 98. 99.]"


def test_a_node_without_a_gradient_is_dumped_with_none():
    w = ag.Param(2.0)
    with ag.record() as J:
        w * w
    assert "  outgrad: None" in ag.dump(J.nodes[1]).splitlines()


def test_keywords_are_dumped():
    w = ag.Param(np.ones((2, 3)))
    J = ag.diff(lambda: np.sum(np.sum(w, axis=0)))
    assert "  kwargs: {'axis': 0}" in ag.dump(J.nodes[1]).splitlines()


def test_a_container_is_dumped():
    w = ag.Param([2.0, 3.0])
    J = ag.diff(lambda: w[0] * w[1])
    assert ag.dump(J.nodes[0]).splitlines()[1] == "  value: [2.0, 3.0]"
    assert ag.dump(J.nodes[0]).splitlines()[-2] == "  outgrad: [3.0, 2.0]"


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (ag.Param(2.0), "P(2.0)"),
        (2.0, "2.0"),
        (np.array([1.0, 2.0]), "float64[2] [1. 2.]"),
        (None, "None"),
    ],
    ids=["Param", "number", "array", "None"],
)
def test_dump_shows_a_plain_value_as_itself(x, text):
    assert ag.dump(x) == text


def test_a_dump_shows_itself_in_a_session(tape):
    assert repr(ag.dump(tape.nodes[0])).startswith("Node 1\n")


@pytest.mark.parametrize("maxdepth", [0, -1, 1.5, None, "2"])
def test_a_depth_below_one_is_an_error(tape, maxdepth):
    with pytest.raises(ValueError, match="maxdepth must be an int of 1 or more"):
        ag.dump(tape.nodes[0], maxdepth)


def test_dump_shows_neighbours_in_a_chain_of_20_000():
    w = ag.Param(0.0)

    def chain():
        x = w
        for _ in range(20_000):
            x = x + 1.0
        return x

    text = ag.dump(ag.diff(chain).nodes[10_000], maxdepth=3)
    assert text.splitlines()[0] == "Node 10001"
    assert "Node 9999" in text
    assert "Node 10003" in text
