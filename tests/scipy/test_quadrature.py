"""Integrals: SciPy's values, gradients by the limits and all that the function uses, errors."""

import numpy as np
import pytest
import scipy.integrate

import autograd_tools as ag
from autograd_tools.scipy.integrate import quad

INTEGRALS = {
    "arguments": lambda quad, t: quad(lambda x, a: np.exp(-a * x) * np.sin(x), 0.0, 2.0, (t,)),
    "one argument": lambda quad, t: quad(lambda x, a: a * x, 0.0, 2.0, t),
    "closure": lambda quad, t: quad(lambda x: x**t, 0.0, 2.0),
    "limits": lambda quad, t: quad(lambda x: np.exp(-x * x), -t, t * t),
    "a kink and a limit": lambda quad, t: quad(lambda x: abs(x - 1.0) * t, 0.0, t, points=[1.0]),
    "no length": lambda quad, t: quad(lambda x: x * t, t, t),
    "backward": lambda quad, t: quad(lambda x: np.exp(x - t * x * x), 3.0, t),
    "to infinity": lambda quad, t: quad(lambda x: np.exp(-t * x * x), t, np.inf),
    "from infinity": lambda quad, t: quad(lambda x: np.exp(t * x), -np.inf, t),
    "back to infinity": lambda quad, t: quad(lambda x: np.exp(t * x), t, -np.inf),
    "everywhere": lambda quad, t: quad(lambda x: np.exp(x - t * x * x), -np.inf, np.inf),
    "everywhere, backward": lambda quad, t: quad(lambda x: np.exp(-t * x * x), np.inf, -np.inf),
    "in full": lambda quad, t: quad(lambda x: x * t, 0.0, t, full_output=1)[:2],
}


@pytest.mark.parametrize("f", INTEGRALS.values(), ids=INTEGRALS)
def test_an_integral_has_scipys_value_and_a_gradient(f):
    expected = f(scipy.integrate.quad, 1.3)
    assert f(quad, 1.3) == expected
    assert ag.value_and_grad(lambda t: f(quad, t)[0])(1.3)[0] == expected[0]
    ag.gradcheck(lambda t: f(quad, t)[0], 1.3, order=2)


def test_derivatives_of_an_integral_of_third_order():
    f = ag.grad(ag.grad(ag.grad(lambda t: quad(lambda x: x * x, 0.0, t)[0])))
    assert f(1.5) == pytest.approx(2.0, rel=1e-12)


def test_an_integral_without_recorded_values_is_plain():
    assert ag.grad(lambda t: t * quad(np.sqrt, 0.0, 1.0)[0])(1.0) == pytest.approx(2 / 3)


def test_an_integral_that_scipy_extrapolates_is_an_error():
    with pytest.raises(ValueError, match="that the intervals of quad resolve"):
        ag.grad(lambda t: quad(lambda x: x**-t, 0.0, 1.0)[0])(0.5)


def test_a_weight_is_an_error():
    with pytest.raises(TypeError, match="without weight= and complex_func="):
        ag.grad(lambda t: quad(lambda x: t * x, 0.0, 1.0, weight="cos", wvar=2.0)[0])(0.5)
