"""The symbols of formulas: each means one thing."""

import numpy as np
import pytest

import autograd_tools as ag
import viewer
from viewer.terminal.symbols import Names, Places, pieces, words_of


def lesson(f, **params):
    """The equations of a lesson about `f` of Params of these names, with single spaces."""
    tape = ag.diff(f, *(ag.Param(x, name=name) for name, x in params.items()))
    lines = str(viewer.explain(tape)).splitlines()
    return [" ".join(line.split()) for line in lines if line[:1].isdigit() or "∇" in line[:4]]


def named(*names):
    """The trace of a sum of Params of these names."""
    params = [ag.Param(1.0, name=name) for name in names]
    return ag.diff(lambda: sum(params, 0.0)).trace()


def symbols(trace):
    names = Names(trace)
    return [names[node.id] for node in trace if node.kind == "param"]


@pytest.mark.parametrize(
    "name", ["w", "net.layers[0].w", "p['w']", "layer 1", "λ", "mean", "pi", "axis"]
)
def test_a_plain_name_is_the_symbol_of_its_param(name):
    assert symbols(named(name)) == [name]


@pytest.mark.parametrize("name", ["a + b", "sin(x)", "2x", "x, y", "-x", "a.b + c", "f(", "[x]"])
def test_a_name_that_is_no_plain_one_is_no_symbol(name):
    assert symbols(named(name)) == ["v1"]


def test_two_params_of_one_name_have_numbers():
    trace = named("w", "b", "w")
    assert symbols(trace) == ["v1", "b", "v5"]


def test_long_names_that_are_cut_to_the_same_have_numbers():
    trace = named(*(f"encoder.layers.attention.{end}" for end in ("query", "key")))
    assert symbols(trace) == ["v1", "v3"]


def test_a_param_like_v4_changes_the_symbols_of_nodes():
    assert lesson(lambda v4: np.sin(v4) * 2, v4=1.0)[:3] == [
        "1. v4 1 Param",
        "2. v_2 = sin(v4) 0.841471",
        "3. v_3 = v_2 * 2 1.68294 the result",
    ]


def test_an_operation_like_v2_changes_the_symbols_of_nodes():
    @ag.primitive(lambda dy, y, x: dy * 2)
    def v2(x):
        return x * 2

    assert lesson(v2, x=1.0) == [
        "1. x 1 Param",
        "2. v_2 = v2(x) 2 the result",
        "∇v_2 = 1 1",
        "2. ∇x = ∇v_2 * 2 2",
    ]


def test_an_operation_like_c2_changes_the_symbols_of_constants():
    @ag.primitive(lambda dy, y, x, a: dy * a)
    def c2(x, a):
        return x * a

    (line,) = [line for line in lesson(lambda x: np.sum(c2(x, np.ones(3))), x=2.0) if "c2" in line]
    assert line == "2. v2 = c2(x, c_2) float64[3] = [2 2 2] c_2 = float64[3] = [1 1 1]"


def test_a_param_named_as_its_function_has_a_number():
    assert lesson(np.exp, exp=0.0)[:2] == ["1. v1 0 Param exp", "2. v2 = exp(v1) 1 the result"]


def test_a_param_named_as_a_function_of_a_rule_has_a_number():
    assert lesson(np.sin, cos=0.0)[3] == "2. ∇v1 = ∇v2 * cos(v1) 1"


def test_a_param_named_as_a_word_of_a_formula_has_a_number():
    assert lesson(np.sinc, pi=0.0)[0] == "1. v1 0 Param pi"


def test_a_letter_of_an_einsum_is_no_word():
    lines = lesson(lambda i: np.einsum("i,i->", i, i), i=np.ones(2))
    assert lines[1] == "2. v2 = einsum('i,i->', i, i) 2 the result"


def test_a_keyword_is_no_word_but_a_comparison_has_some():
    assert words_of("sum(ᚠ1, axis=0) * (pi == 2) * 'e' + ᚠ2.mT") == {"sum", "pi"}


def test_the_list_says_which_params_have_numbers():
    w, other = ag.Param(1.0, name="w"), ag.Param(2.0, name="w")
    assert viewer.to_text(ag.diff(lambda: w * other)).splitlines() == [
        "Param w = v1  1  ∇ 2",
        "Param w = v2  2  ∇ 1",
        "v3 = v1 * v2  2  ∇ 1",
    ]


def test_pieces_hold_the_places_of_symbols():
    node = named("a", "b")[2]
    names = Places(node.id, node.parents)
    text = f"∇{names[node.id]} @ {names[node.parents[0]]}.mT * {names.constant}7_2 + v2"
    assert pieces(text) == ["∇", 0, " @ ", 1, ".mT * ", -1, "_2 + v2"]
