"""Roots of functions: SciPy's values, gradients by all that the function uses, errors."""

import numpy as np
import pytest
import scipy.optimize

import autograd_tools as ag
from autograd_tools.scipy import optimize

PAIR = np.array([2.0, 0.7])


def bracketed(name):
    def f(optimize, t):
        return getattr(optimize, name)(lambda x, a: x**3 - a * x - t, 0.5, 5.0, args=(t * 0.5,))

    return f


def scalar(**options):
    def f(optimize, t):
        return optimize.root_scalar(lambda x: x * x - t, **options).root

    return f


def equations(x, t):
    return [x[0] ** 2 + x[1] - t[0], x[1] ** 3 - x[0] * t[1]]


ROOTS = {
    "newton": (lambda o, t: o.newton(lambda x: x**2 - t, 1.0), 2.0),
    "newton of a list of arguments": (
        lambda o, t: o.newton(lambda x, a, b: a * x**2 - b, 1.0, args=[t, 2 * t * t]),
        2.0,
    ),
    "newton of all": (lambda o, t: o.newton(lambda x: np.exp(x) - t, np.ones(2), np.exp), PAIR),
    "newton in full": (lambda o, t: o.newton(lambda x: x**2 - t, t, full_output=True)[0], 2.0),
    **{name: (bracketed(name), 2.0) for name in ("bisect", "brenth", "brentq", "ridder")},
    "toms748": (bracketed("toms748"), 2.0),
    "root_scalar in a bracket": (scalar(bracket=(0.5, 5.0)), 2.0),
    "root_scalar by secants": (scalar(x0=1.0, x1=2.0), 2.0),
    "root_scalar by a slope": (scalar(x0=1.0, fprime=lambda x: 2 * x), 2.0),
    "root_scalar of a pair": (
        lambda o, t: o.root_scalar(lambda x: (x * x - t, 2 * x), x0=1.0, fprime=True).root,
        2.0,
    ),
    "fsolve": (lambda o, t: o.fsolve(lambda x: equations(x, t), [1.0, 1.0]), PAIR),
    "fsolve in full": (lambda o, t: o.fsolve(equations, [1.0, 1.0], (t,), full_output=1)[0], PAIR),
    "root": (lambda o, t: o.root(equations, [1.0, 1.0], args=(t,)).x, PAIR),
}


@pytest.mark.parametrize(("f", "t"), ROOTS.values(), ids=ROOTS)
def test_a_root_has_scipys_value_and_a_gradient(f, t):
    expected = f(scipy.optimize, t)
    assert np.array_equal(f(optimize, t), expected)
    assert np.array_equal(ag.make_vjp(lambda t: f(optimize, t))(t)[1], expected)
    ag.gradcheck(lambda t: f(optimize, t), t, order=2)


def test_a_root_has_derivatives_of_any_order():
    f, found = (lambda t: optimize.newton(lambda x: x**2 - t, 1.0)), []
    for _ in range(5):
        found.append(f(1.0))
        f = ag.grad(f)
    assert found == pytest.approx([1.0, 1 / 2, -1 / 4, 3 / 8, -15 / 16], rel=1e-12)


@pytest.mark.parametrize(
    "f",
    [
        lambda t: optimize.newton(lambda x: x**2 - t, 1.0, maxiter=2, disp=False),
        lambda t: optimize.bisect(lambda x: (x - t) ** 3, 0.0, 5.0),
        lambda t: optimize.fsolve(lambda x: (x - t) ** 3, [0.0])[0],
    ],
    ids=["no root", "a triple root", "a triple root of a system"],
)
@pytest.mark.filterwarnings("ignore")
def test_a_root_that_is_not_simple_is_an_error(f):
    with pytest.raises(ValueError, match="expected a simple root"):
        ag.grad(f)(2.0)


def test_a_root_without_recorded_values_is_plain():
    assert ag.grad(lambda t: t * optimize.brentq(lambda x: (x - 2.0) ** 3, 1.0, 3.0))(1.0) == 2.0
