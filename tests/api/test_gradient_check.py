"""gradcheck and gcheck: accepted gradients, wrong ones, and state afterwards."""

import contextlib

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.api.gradient_check import GradientError

X = np.array([0.5, 1.0, 2.0])


def sine(x):
    return np.sin(x)


def wrong_sine(factor):
    return ag.primitive(lambda dy, y, x: factor * dy * np.cos(x))(sine)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (np.sin, (0.5,)),
        (np.sin, (X,)),
        (np.multiply, (X, X[::-1])),
        (lambda x, n: x**n, (X, 3)),
        (lambda p: p[0] * p[1]["a"], ((2.0, {"a": X}),)),
        (lambda x: (x, [x * x]), (X,)),
        (lambda x: 5.0, (X,)),
        (lambda x: x, (np.zeros((0, 3)),)),
    ],
    ids=[
        "number",
        "array",
        "two arguments",
        "integer argument",
        "containers",
        "several outputs",
        "constant",
        "empty",
    ],
)
def test_right_gradients_pass_to_second_order(f, args):
    assert ag.gradcheck(f, *args, order=2) is True


@pytest.mark.parametrize("factor", [1.001, 0.999, -1.0, 0.0])
def test_a_wrong_gradient_is_an_error(factor):
    with pytest.raises(
        GradientError, match=r"the gradient sine\[1\] differs from finite differences"
    ):
        ag.gradcheck(wrong_sine(factor), X)


def test_a_gradient_error_shows_both_numbers():
    with pytest.raises(
        GradientError, match=r"expected -?\d\.\d+ along a random direction, got -?\d\.\d+"
    ):
        ag.gradcheck(wrong_sine(2.0), X)


def test_a_gradient_error_is_an_assertion_error():
    with pytest.raises(AssertionError):
        ag.gradcheck(wrong_sine(2.0), X)


def test_a_wrong_second_argument_is_named():
    f = ag.primitive(lambda dy, y, a, b: dy * b, lambda dy, y, a, b: dy * a * 1.01)(
        lambda a, b: a * b
    )
    with pytest.raises(GradientError, match=r"\[2\] differs"):
        ag.gradcheck(f, 2.0, 3.0)


def test_only_the_arguments_asked_for_are_checked():
    f = ag.primitive(lambda dy, y, a, b: dy * b, lambda dy, y, a, b: dy * a * 1.01)(
        lambda a, b: a * b
    )
    assert ag.gradcheck(f, 2.0, 3.0, argnums=0)
    with pytest.raises(GradientError, match=r"\[2\] differs"):
        ag.gradcheck(f, 2.0, 3.0, argnums=(1,))


def test_a_lost_second_order_is_an_error():
    frozen = ag.primitive(lambda dy, y, x: dy * np.cos(ag.value(x)))(sine)
    assert ag.gradcheck(frozen, X)
    with pytest.raises(GradientError, match=r"the gradient grad\(sine\)\[1\] differs"):
        ag.gradcheck(frozen, X, order=2)


def test_single_precision_is_checked_with_a_larger_step():
    assert ag.gradcheck(lambda x: np.sum(x * x), X.astype(np.float32), delta=1e-2, rtol=1e-2)


def test_keyword_arguments_are_passed_on():
    assert ag.gradcheck(np.sum, np.ones((2, 3)), kwargs={"axis": 1})


def test_the_arguments_are_left_as_they_were():
    x = X.copy()
    ag.gradcheck(np.sin, x, order=2)
    assert x.tolist() == X.tolist()


def test_nothing_to_differentiate_is_an_error():
    with pytest.raises(TypeError, match="got no floating-point argument; no gradient to check"):
        ag.gradcheck(np.sin, 3)


def test_integers_and_constants_in_a_pytree_stay_fixed():
    seen = []
    assert ag.gradcheck(
        lambda p: seen.append(ag.value(p["n"])) or p["w"] ** p["n"], {"w": X, "n": 3, "name": "w"}
    )
    assert set(seen) == {3}


def test_a_wrong_gradient_in_a_container_is_an_error():
    with pytest.raises(GradientError, match=r"\[1\] differs"):
        ag.gradcheck(lambda p: wrong_sine(1.001)(p["w"]), {"w": X, "name": "w"})


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"argnums": -1}, TypeError, "argnum must be an int of 0 or more"),
        ({"argnums": "x"}, TypeError, "argnum must be an int of 0 or more"),
        ({"argnums": (0, 2)}, TypeError, "argnums=2 is out of range: .* got 1 positional argument"),
        ({"order": 0}, ValueError, "order must be an int of 1 or more, got 0"),
    ],
    ids=["negative", "text", "beyond", "order"],
)
def test_options_that_make_no_sense_are_errors(options, error, message):
    with pytest.raises(error, match=message):
        ag.gradcheck(np.sin, X, **options)


def test_a_check_of_a_number_is_an_error():
    with pytest.raises(TypeError, match=r"gradcheck\(\) expects a function, got 3\.0"):
        ag.gradcheck(3.0, X)
    with pytest.raises(TypeError, match=r"diff\(\) expects a function, got 3\.0"):
        ag.gcheck(3.0)


def test_the_same_seed_gives_the_same_message():
    messages = []
    for _ in range(2):
        with pytest.raises(GradientError) as caught:
            ag.gradcheck(wrong_sine(1.1), X, seed=7)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


# gcheck


def test_the_gradients_of_params_pass():
    w, b = ag.Param(X), ag.Param(2.0)
    assert ag.gcheck(lambda: np.sum(np.sin(w) * b)) is True


def test_a_function_of_arguments_and_params_passes():
    w = ag.Param(X)
    assert ag.gcheck(lambda x: np.sum(w * x), X) is True


def test_params_of_containers_pass():
    w = ag.Param({"a": X, "b": (1.5, 2.5)})
    assert ag.gcheck(lambda: np.sum(w["a"]) * w["b"][0]) is True


def test_a_param_without_influence_passes():
    w, v = ag.Param(X), ag.Param(2.0)
    assert ag.gcheck(lambda: np.sum(w) + 0 * (v > 1)) is True


def test_a_wrong_gradient_of_a_param_is_an_error():
    w = ag.Param(X)
    with pytest.raises(GradientError, match=r"the gradient of P\(float64\[3\]\) differs"):
        ag.gcheck(lambda: np.sum(wrong_sine(1.001)(w)))


@pytest.mark.parametrize(
    "f", [lambda w: np.sum(w * w), lambda w: np.sum(wrong_sine(1.1)(w))], ids=["right", "wrong"]
)
def test_a_param_is_put_back_as_it_was(f):
    x = X.copy()
    w = ag.Param(x)
    with contextlib.suppress(GradientError):
        ag.gcheck(lambda: f(w))
    assert w.value is x
    assert x.tolist() == X.tolist()


def test_a_param_is_put_back_after_an_exception():
    calls = []

    def f():
        calls.append(1)
        if len(calls) > 1:
            raise RuntimeError
        return np.sum(w * w)

    x = X.copy()
    w = ag.Param(x)
    with pytest.raises(RuntimeError):
        ag.gcheck(f)
    assert w.value is x


def test_a_function_without_params_is_an_error():
    with pytest.raises(TypeError, match="without using a Param; no gradient to check"):
        ag.gcheck(lambda: 5.0)
