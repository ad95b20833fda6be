"""Arrays that change between their use and the gradient: right gradients, or an error."""

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.engine.changes import SMALL

FEW, MANY = 3, SMALL  # elements: copied, and only noted
each_size = pytest.mark.parametrize("n", [FEW, MANY])
USES = {
    "multiply": (lambda x, c: np.sum(c * x * x), "ones"),
    "divide": (lambda x, c: np.sum(x * x / c), "ones"),
    "matmul": (lambda x, c: (x * x) @ c, "ones"),
    "dot": (lambda x, c: np.dot(c, x * x), "ones"),
    "einsum": (lambda x, c: np.einsum("i,i->", x * x, c), "ones"),
    "average": (lambda x, c: np.average(x * x, weights=c) * len(c), "ones"),
    "multi_dot": (lambda x, c: np.linalg.multi_dot([x * x, np.eye(len(c)), c]), "ones"),
    "index": (lambda x, c: np.sum(x[c] ** 2), "index"),
    "index_in_tuple": (lambda x, c: np.sum(x[c, None] ** 2), "index"),
    "take": (lambda x, c: np.sum(np.take(x, c) ** 2), "index"),
    "take_along_axis": (lambda x, c: np.sum(np.take_along_axis(x, c, 0) ** 2), "index"),
    "mask": (lambda x, c: np.sum(x[c] ** 2), "mask"),
    "where_option": (lambda x, c: np.sum(x * x, where=c), "mask"),
    "where": (lambda x, c: np.sum(np.where(c, x, 0) ** 2), "mask"),
}
each_use = pytest.mark.parametrize(("use", "array"), USES.values(), ids=USES)


def constant(kind, n):
    return {"ones": np.ones(n), "index": np.arange(n), "mask": np.ones(n, bool)}[kind]


@each_use
def test_a_small_constant_may_change_after_its_use(use, array):
    x, c = np.arange(1.0, 4.0), constant(array, FEW)

    def f(x):
        y = use(x, c)
        c[...] = 0
        return y

    np.testing.assert_allclose(ag.grad(f)(x), [2.0, 4.0, 6.0])


@each_use
def test_a_large_constant_that_changes_is_refused_or_unread(use, array):
    x, c = np.arange(1.0, 601.0), constant(array, 600)

    def f(x):
        y = use(x, c)
        c[...] = 0
        return y

    try:
        found = ag.grad(f)(x)
    except ag.CheckError:
        return
    np.testing.assert_allclose(found, 2 * x)


def test_an_index_list_may_change_after_its_use():
    index = [0, 1]

    def f(x):
        y = x[index] ** 2
        index[0] = 2
        return np.sum(y)

    assert ag.grad(f)(np.arange(3.0)).tolist() == [0.0, 2.0, 0.0]


def test_a_constant_in_a_container_may_change_after_its_use():
    scale = ag.primitive(lambda dy, y, x, how: dy * how["by"][0])(lambda x, how: x * how["by"][0])
    how = {"by": [np.full(2, 3.0)]}

    def f(x):
        y = scale(x, how)
        how["by"][0][:] = 0.0
        return np.sum(y)

    assert ag.grad(f)(np.ones(2)).tolist() == [3.0, 3.0]


def test_a_large_buffer_that_is_filled_again_is_named():
    buffer = np.zeros(MANY)

    def f(x):
        total = 0.0
        for i in range(3):
            buffer[:] = i
            total = total + np.sum(buffer * x)
        return total

    array = r"multiply\[1\]: float64\[4096\]\n"
    for then in (r"    at .*\n      total = total", r"ag.diff\(f, check="):  # lines the first time
        with pytest.raises(ag.CheckError, match=array + then):
            ag.grad(f)(np.ones(MANY))


@each_size
def test_a_changed_array_that_no_rule_reads_is_no_fault(n):
    c = np.ones(n)

    def f(x):
        y = np.sum(x + c)
        unused = np.sum(x * x * c)
        c[:] = 0.0
        return y + 0.0 * ag.value(unused)

    assert ag.grad(f)(np.ones(n)).tolist() == [1.0] * n


@each_size
def test_writing_into_an_argument_is_refused(n):
    x = np.ones(n)

    def f(given):
        y = np.sum(given * given)
        x[:] = 0.0
        return y

    with pytest.raises(ag.CheckError, match="changed between"):
        ag.grad(f)(x)


@each_size
def test_writing_into_the_array_of_a_param_is_refused(n):
    w = ag.Param(np.ones(n), name="w")

    def f():
        y = np.sum(w * w)
        w.value[...] = 5.0
        return y

    with pytest.raises(ag.CheckError, match=r"multiply\[1\], w: float64"):
        ag.diff(f)


@each_size
def test_writing_into_a_detached_value_is_refused(n):
    def f(x):
        h = np.exp(x)
        ag.value(h)[...] = 0.0
        return np.sum(h)

    with pytest.raises(ag.CheckError, match="the value of exp"):
        ag.grad(f)(np.zeros(n))


@each_size
def test_writing_into_an_argument_before_vjp_is_refused(n):
    x = np.ones(n)
    vjp, _ = ag.make_vjp(np.square)(x)
    assert vjp(np.ones(n)).tolist() == [2.0] * n
    x += 1.0
    with pytest.raises(ag.CheckError, match="changed between"):
        vjp(np.ones(n))


@each_size
def test_a_primitive_that_returns_one_buffer_twice_is_refused(n):
    out = np.empty(n)
    exp = ag.primitive(lambda dy, y, x: dy * y)(lambda x: np.exp(x, out=out))
    assert ag.grad(lambda x: np.sum(exp(x)))(np.zeros(n)).tolist() == [1.0] * n
    with pytest.raises(ag.CheckError, match="the value of"):
        ag.grad(lambda x: np.sum(exp(x)) + np.sum(exp(2 * x)))(np.ones(n))


def test_the_array_of_a_solver_gives_the_right_gradient():
    integrate = pytest.importorskip("scipy.integrate")

    def f(w):
        seen = []

        def slope(y, t):
            seen.append(np.sum(w * y))
            return -y

        integrate.odeint(slope, np.array([1.0, 2.0]), np.linspace(0.0, 1.0, 5))
        return sum(seen)

    w = np.array([0.3, 0.4])
    expected = [f(w + h) - f(w) for h in np.eye(2)]  # it is linear
    np.testing.assert_allclose(ag.grad(f)(w), expected, rtol=1e-9)


def test_a_changed_constant_spoils_no_second_derivative():
    c = np.ones(3)

    def f(x):
        y = np.sum(c * x**3)
        c[...] = 0.0
        return y

    hvp, _ = ag.make_hvp(f)(np.ones(3))
    assert hvp(np.ones(3)).tolist() == [6.0, 6.0, 6.0]


def test_the_state_after_a_refused_gradient_is_as_before():
    x = np.ones(2)
    with pytest.raises(ag.CheckError):
        ag.grad(lambda given: (np.sum(given * given), x.fill(0.0))[0])(x)
    assert ag.grad(np.sin)(0.0) == 1.0
