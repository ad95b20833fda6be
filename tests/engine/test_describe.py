"""How values are named in text."""

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.engine.describe import describe

NAMED = [
    (np.zeros((2, 3)), "float64[2,3]"),
    (np.zeros(()), "float64[]"),
    (np.zeros((0, 4), dtype=np.float32), "float32[0,4]"),
    (np.array([True]), "bool[1]"),
    (np.array(["ab"]), "<U2[1]"),
    (1.5, "1.5"),
    (3, "3"),
    (True, "True"),
    (None, "None"),
    (2 + 1j, "(2+1j)"),
    (np.float64(1.5), "1.5"),
    (np.float32(0.5), "0.5"),
    (np.int64(3), "3"),
    (np.bool_(True), "True"),
    (float("nan"), "nan"),
    (np.float64("inf"), "inf"),
    ("text", "'text'"),
    ((), "()"),
    ((1,), "(1,)"),
    ((1, 2.5), "(1, 2.5)"),
    ([1, np.zeros(3)], "[1, float64[3]]"),
    (list(range(20)), "[0, 1, 2, 3, 4, 5, 6, 7, ...]"),
    ({"a": 1, "b": np.zeros(3)}, "{'a': 1, 'b': float64[3]}"),
    ({}, "{}"),
    (slice(None), ":"),
    (slice(1, None), "1:"),
    (slice(None, None, -1), "::-1"),
    (slice(0, 5, 2), "0:5:2"),
    ((slice(1, 3), ..., None), "(1:3, ..., None)"),
    (np.float32, "float32"),
    (np.dtype("float32"), "float32"),
    (float, "float"),
    (len, "len"),
    (ag.Param(2.0), "P(2.0)"),
    (ag.Param(np.zeros((2, 3))), "P(float64[2,3])"),
    (ag.Param([1.0, (2.0, np.zeros(3))]), "P([1.0, (2.0, float64[3])])"),
    ([ag.Param(2.0)], "[P(2.0)]"),
]


@pytest.mark.parametrize(
    ("x", "text"), NAMED, ids=[f"{n}. {text}" for n, (_, text) in enumerate(NAMED)]
)
def test_a_value_is_described_in_a_few_characters(x, text):
    assert describe(x) == text


def test_a_result_is_described_by_its_value():
    w = ag.Param(2.0)
    with ag.record():
        assert describe(w * 2) == "R(4.0)"
        assert describe([w * np.zeros(3)]) == "[R(float64[3])]"


def test_a_nested_result_is_described_by_its_plain_value():
    texts = []
    ag.grad(lambda x: ag.grad(lambda y: texts.append(repr(x * y)) or x * y)(3.0))(2.0)
    assert texts == ["R(6.0)"]


def test_a_tape_is_described_by_its_scalar():
    w = ag.Param(2.0)
    assert describe(ag.diff(lambda: w * 2)) == "T(4.0)"


def test_containers_are_shown_to_a_depth_of_ten():
    deep = {"a": 1.0}
    for _ in range(400):
        deep = {"k": deep}
    assert describe(ag.Param(deep)) == "P(" + "{'k': " * 10 + "..." + "}" * 10 + ")"
