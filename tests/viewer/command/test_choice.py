"""The gradient of a script that a command takes."""

import pytest

SECOND = """
import numpy as np
import autograd_tools as ag

x, v = np.ones(3), np.arange(3.0)


def f(x):
    return np.sum(np.sin(x) ** 3)


def product(x):
    return np.sum(ag.grad(f)(x) * v)


"""
PRODUCT = SECOND + "ag.grad(product)(x)\n"
FORWARD = SECOND + "ag.hessian_vector_product(f)(x, v)\n"
THREE = SECOND + "ag.grad(f)(x)\nag.grad(product)(x)\nag.grad(product)(x + 1)\n"
BLOCK = (
    SECOND
    + """
w = ag.Param(x)
with ag.record() as J:
    loss = product(w)
J.backward(loss)
"""
)


@pytest.fixture
def shown(ask, script):
    """The last line that `show` prints of a script with options, and its errors."""

    def run(source, *options):
        output, errors, _ = ask("show", *options, script(source))
        return (output.splitlines() or [""])[-1], errors

    return run


@pytest.mark.parametrize("source", [PRODUCT, BLOCK], ids=["function", "block"])
def test_the_outermost_gradient_is_taken(shown, source):
    assert shown(source) == (
        "v11 = sum(v10)  3.44316  ∇ 1",
        "autograd-tools: using gradient 1 of 1 (1 nested); --inner selects a nested one\n",
    )


def test_a_product_with_a_hessian_shows_both_passes(shown):
    last, errors = shown(FORWARD)
    assert last.startswith("v9 = v7 * v8  [3]")
    assert errors.startswith("autograd-tools: using gradient 1 of 1 (1 nested)")


def test_an_inner_gradient_is_taken_on_request(shown):
    assert shown(PRODUCT, "--inner") == ("v4 = sum(v3)  1.78747  ∇ 1", "")


def test_gradients_inside_others_do_not_count(shown):
    assert shown(THREE, "--step", "2") == (
        "v11 = sum(v10)  3.44316  ∇ 1",
        "autograd-tools: using gradient 2 of 3 (1 nested); --step N selects another; "
        "--inner selects a nested one\n",
    )


def test_inner_gradients_are_counted_apart(shown):
    last, errors = shown(THREE, "--inner", "--step", "2")
    assert last.startswith("v4 = sum(v3)  2.25")
    assert errors == "autograd-tools: using inner gradient 2 of 2; --step N selects another\n"


def test_a_missing_gradient_says_how_many_there_are(shown):
    assert shown(THREE, "--step", "4")[1] == (
        "autograd-tools: train.py computed 3 gradients, so there is no gradient 4 to show\n"
    )
    assert shown(THREE, "--inner", "--step", "3")[1] == (
        "autograd-tools: train.py computed 2 inner gradients, so there is no inner gradient 3 to "
        "show\n"
    )


def test_one_gradient_needs_no_word(shown):
    assert shown(SECOND + "ag.grad(f)(x)")[1] == ""


def test_a_saved_trace_has_no_inner_gradients(ask, script, tmp_path):
    ask("show", "--save", "t.json", script(PRODUCT))
    assert ask("show", "--inner", "t.json")[1:] == (
        "autograd-tools: --inner needs a script to run, and t.json is a saved file\n",
        2,
    )


@pytest.mark.slow
def test_a_map_shows_the_outermost_gradient(ask, script):
    output, errors, status = ask("map", "-o", "g.html", script(THREE), "--step", "2")
    assert (status, output) == (0, "mapped 4 nodes: g.html\n")
    output, errors, status = ask("map", "--step", "2", "-o", "g.html", script(THREE))
    assert (status, output) == (0, "mapped 11 nodes: g.html\n")
    assert errors.endswith(
        "using gradient 2 of 3 (1 nested); --step N selects another; --inner selects a nested one\n"
    )
