"""The search in all views: properties, comparisons, text, errors, the first NaN."""

import numpy as np
import pytest

import autograd_tools as ag
import viewer
from viewer.facts.search import PROPERTIES, find

SOURCE = """
import numpy as np

def encoder(x, w):
    return np.tanh(x * w)

def loss(x, w, unused):
    return np.sum(encoder(x, w) * 0 + unused * 0.0)
"""


@pytest.fixture(scope="module")
def trace():
    names = {}
    exec(compile(SOURCE, "/models/train.py", "exec", dont_inherit=True), names)
    return ag.trace(names["loss"], np.ones(1000), np.ones(1000), 3.0)


def ids(trace, where):
    return [int(i) + 1 for i in np.flatnonzero(find(trace, where))]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("op=multiply", [4, 6, 7]),
        ("op=mul*", [4, 6, 7]),
        ("op!=multiply result", [5, 8, 9]),
        ("name=w", [2]),
        ("input", [1, 2, 3]),
        ("kind=input", [1, 2, 3]),
        ("scope=encoder", [1, 2, 4, 5]),
        ("scope=enc", []),
        ("scope=enc* result", [4, 5]),
        ("file=train.py", [4, 5, 6, 7, 8, 9]),
        ("file=/models/train.py line=5", [4, 5]),
        ("source=train.py:8", [6, 7, 8, 9]),
        ("line>=8", [6, 7, 8, 9]),
        ("bytes>1e3 op=tanh", [5]),
        ("bytes<=8", [3, 7, 9]),
        ("bytes>1KB op=tanh", [5]),
        ("∇>=1000", [7]),
        ("grad>=1000", [7]),
        ("time>1ms", []),
        ("∇norm>=1000", [7]),
        ("grad-norm>=1000", [7]),
        ("shape=1000 input", [1, 2]),
        ("shape=() result", [7, 9]),
        ("zeros=1", [6, 7, 8, 9]),
        ("zero-gradient", [1, 2, 3, 4, 5]),
        ("id=3", [3]),
        ("TANH", [5]),
        ("enc", [1, 2, 4, 5]),
        ("train.py:5", [4, 5]),
        ("'op=multiply' id>4", [6, 7]),
        ("nan", []),
        ("freed", []),
    ],
)
def test_a_search_finds_nodes_that_match_all_words(trace, where, found):
    assert ids(trace, where) == found


def test_the_first_properties_are_those_of_the_documentation():
    assert list(PROPERTIES)[:8] == [
        "nan",
        "inf",
        "zero-gradient",
        "no-gradient",
        "freed",
        "param",
        "input",
        "result",
    ]


@pytest.mark.parametrize("view", ["list", "tree", "table"])
def test_each_view_says_how_many_were_found(trace, view):
    assert viewer.to_text(trace, view, where="op=tanh").splitlines()[0] == "1 of 9 nodes: op=tanh"


def test_a_list_shows_the_nodes_found(trace):
    assert viewer.to_text(trace, where="op=tanh").splitlines()[1:] == ["v5 = tanh(v4)  [1000]  ∇ 0"]


def test_a_search_that_finds_nothing_says_so(trace):
    assert viewer.to_text(trace, where="op=exp") == (
        f"no match for 'op=exp' in 9 nodes; properties: {', '.join(PROPERTIES)}"
    )


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("bite>3", "unknown column 'bite'; choose id, operation, op, name, kind, value,"),
        (
            "bytes>many",
            "'bytes>many': expected a number after >, got 'many'; write one such as 1e6",
        ),
        (
            "op<z",
            "'op<z': expected = or != for a text, got <; numeric columns: id, line, forward, "
            "backward, time, allocated, saved, bytes, min,",
        ),
        ("it's", 'where="it\'s" has an unclosed quotation mark'),
        ("  ", "where='  ' is empty; write a property (nan, inf, zero-gradient,"),
    ],
)
def test_a_wrong_search_says_what_to_write(trace, where, message):
    with pytest.raises(ValueError) as error:
        viewer.to_text(trace, where=where)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    "name", ["[bold]", "layers[0].w", "a\nb", "🙂日本", "x" * 10_000, "<lambda>", "a*b"]
)
@pytest.mark.parametrize("view", ["list", "tree", "table"])
def test_a_hostile_name_is_found(name, view):
    w = ag.Param(2.0, name=name)
    found = viewer.to_text(ag.diff(lambda: w * 2), view, where=f"name='{name}'")
    assert found.splitlines()[0].startswith("1 of 2 nodes: ")


# The first NaN ------------------------------------------------------------------------------------


def first_line(f, *args):
    with np.errstate(all="ignore"):
        return viewer.to_text(ag.trace(f, *args), where="nan").splitlines()[0]


def in_train(code):
    """A function compiled from a source in train.py."""
    names = {"np": np}
    exec(compile(code, "/models/train.py", "exec", dont_inherit=True), names)
    return names["f"]


def test_the_operation_that_produced_the_first_nan_is_named():
    f = in_train("def f(x):\n    y = x - 1\n    return np.sum(np.log(y) * 2)")
    assert (
        first_line(f, np.array([0.5, 3.0]))
        == "first NaN: produced by log (node 3, train.py:3); log[1] is -0.5 to 2"
    )


def test_an_argument_that_is_nan_itself_is_named():
    assert first_line(in_train("def f(x):\n    return x * np.nan"), 2.0) == (
        "first NaN: given to multiply (node 2, train.py:2); multiply[2] is nan, multiply[1] is 2"
    )


def test_an_inf_in_a_list_of_constants_is_named():
    f = in_train("def f(x):\n    return np.sum(np.concatenate([x, [np.inf]]))")
    assert first_line(f, np.array([2.0])) == (
        "first Inf: given to concatenate (node 2, train.py:2); concatenate[1] is inf, "
        "concatenate[1] is 2 to 2"
    )


def test_a_constant_array_may_hold_the_first_nan():
    f = in_train("def f(x):\n    return np.sum(x + np.array([1.0, np.nan]))")
    assert first_line(f, np.array([2.0, 3.0])) == (
        "first NaN: produced by add (node 2, train.py:2); add[1] is 2 to 3, "
        "add[2] is the constant float64[2], whose elements are not known"
    )


def test_a_rule_whose_operation_has_an_infinite_constant_says_so():
    assert first_line(in_train("def f(x):\n    return x**np.inf"), 0.5) == (
        "first NaN: produced by the VJP rule of power[1] (node 2, train.py:2), which is 0.5; "
        "power[2] is inf, all other values are finite"
    )


def test_an_input_that_holds_a_nan_is_named():
    assert first_line(in_train("def f(x):\n    return np.sum(x)"), np.array([1.0, np.nan])) == (
        "first NaN: already in the input x (node 1)"
    )


def test_the_rule_that_produced_the_first_infinite_gradient_is_named():
    f = in_train("def f(x):\n    y = x * 1\n    return np.sum(np.sqrt(y))")
    assert first_line(f, np.array([0.0, 4.0])) == (
        "first Inf: produced by the VJP rule of sqrt[1] (node 3, train.py:3), which is 0 to 4; "
        "all values are finite"
    )


def test_a_gradient_of_two_uses_names_both_rules():
    f = in_train("def f(x):\n    return np.sum(np.sqrt(x) + np.cos(x))")
    assert first_line(f, np.array([0.0, 4.0])) == (
        "first Inf: produced by the VJP rule of sqrt[1] (node 2, train.py:2) or "
        "cos[1] (node 3, train.py:2), "
        "which is 0 to 4; all values are finite"
    )


def test_the_first_nan_is_named_outside_of_the_searched_scope():
    f = in_train("def f(x):\n    return np.log(x)")
    with np.errstate(all="ignore"):
        text = viewer.to_text(ag.trace(f, -1.0), where="nan op=sqrt")
    assert text.splitlines()[0] == "first NaN: produced by log (node 2, train.py:2); log[1] is -1"


def test_a_trace_without_nan_says_so(trace):
    assert viewer.to_text(trace, where="nan") == "no NaN or Inf in 9 nodes"
