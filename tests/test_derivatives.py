import numpy as np
import pytest

import autograd_tools as ag

X = np.array([0.3, -0.7, 1.1])
W = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 4.0]])


def test_a_vjp_is_the_vector_times_the_jacobian():
    vjp, y = ag.make_vjp(lambda x: W @ x)(X)
    assert np.array_equal(y, W @ X)
    assert vjp(np.array([1.0, 10.0])).tolist() == [1.0, -8.0, 43.0]


def test_a_vjp_may_be_called_again_and_runs_its_function_once():
    calls = []
    vjp, _ = ag.make_vjp(lambda x: calls.append(1) or np.exp(x) * x)(X)
    first, second = vjp(np.ones(3)), vjp(2 * np.ones(3))
    assert np.allclose(second, 2 * first)
    assert calls == [1]


def test_the_gradients_of_two_calls_of_a_vjp_share_no_memory():
    vjp, _ = ag.make_vjp(lambda x: x + 0.0)(X)
    first = vjp(np.ones(3))
    second = vjp(np.ones(3))
    first += 1
    assert second.tolist() == [1.0, 1.0, 1.0]


def test_a_vjp_refuses_a_vector_of_another_shape():
    vjp, _ = ag.make_vjp(lambda x: W @ x)(X)
    with pytest.raises(ValueError, match=r"shape of the value, \(2,\), and got \(3,\)"):
        vjp(X)


def test_a_vjp_of_a_constant_function_is_zero():
    vjp, y = ag.make_vjp(lambda x: np.ones(2))(X)
    assert (vjp(np.ones(2)).tolist(), y.tolist()) == ([0.0, 0.0, 0.0], [1.0, 1.0])


def test_a_jvp_is_the_jacobian_times_the_vector():
    y, dy = ag.make_jvp(lambda x: W @ np.sin(x))(X)(np.array([1.0, 2.0, 3.0]))
    assert np.allclose(y, W @ np.sin(X))
    assert np.allclose(dy, W @ (np.cos(X) * [1.0, 2.0, 3.0]))


def test_a_jvp_goes_on_after_another():
    jvp = ag.make_jvp(np.square)(X)
    assert np.allclose(jvp(np.ones(3))[1], 2 * X)
    assert np.allclose(jvp(X)[1], 2 * X * X)


def test_a_jacobian_has_the_shape_of_the_value_and_the_argument():
    assert np.allclose(ag.jacobian(lambda x: W @ x)(X), W)
    assert ag.jacobian(lambda x: np.reshape(np.outer(x, x), (3, 1, 3)))(X).shape == (3, 1, 3, 3)
    assert ag.jacobian(np.sum)(X).tolist() == [1.0, 1.0, 1.0]
    assert ag.jacobian(lambda x: x * X)(2.0).tolist() == X.tolist()
    assert ag.jacobian(lambda x: x[:0])(X).shape == (0, 3)


def test_a_jacobian_is_of_the_argument_asked_for():
    assert np.allclose(ag.jacobian(lambda w, x: w @ x, 1)(W, X), W)


def test_a_hessian_is_that_of_the_formula():
    assert np.allclose(ag.hessian(lambda x: np.sum(x) ** 3)(X), 6 * np.sum(X) * np.ones((3, 3)))
    assert ag.hessian(lambda x: x**3)(2.0) == 12.0


def test_a_hessian_of_a_linear_function_is_zero():
    assert ag.hessian(lambda x: np.sum(W @ x))(X).tolist() == np.zeros((3, 3)).tolist()


def test_an_elementwise_gradient_is_that_of_each_element():
    assert np.allclose(ag.elementwise_grad(np.tanh)(X), 1 - np.tanh(X) ** 2)
    assert np.allclose(ag.elementwise_grad(ag.elementwise_grad(np.sin))(X), -np.sin(X))


def test_hessian_vector_products_agree_with_the_hessian():
    def f(x, scale):
        return scale * np.sum(np.exp(x) * np.sum(x**2))

    v = np.array([1.0, -2.0, 0.5])
    expected = ag.hessian(f)(X, 2.0) @ v
    hvp, gradient = ag.make_hvp(f)(X, 2.0)
    assert np.allclose(hvp(v), expected)
    assert np.allclose(gradient, ag.grad(f)(X, 2.0))
    assert np.allclose(ag.hessian_vector_product(f)(X, 2.0, v), expected)


def test_jacobians_differentiate():
    assert ag.gradcheck(lambda x: np.sum(ag.jacobian(lambda z: np.exp(z) * np.sum(z))(x) ** 2), X)


def test_products_for_a_function_that_returns_a_container():
    vjp, y = ag.make_vjp(lambda x: (x * 2, {"a": x[0] * 3, "b": 1.0}))(np.ones(2))
    assert y[0].tolist() == [2.0, 2.0]
    assert y[1] == {"a": 3.0, "b": 1.0}
    assert vjp((np.ones(2), {"b": 7.0, "a": 1.0})).tolist() == [5.0, 2.0]
    with pytest.raises(ValueError, match="as many parts as the value has, 2, and got 1"):
        vjp((np.ones(2),))


def test_directional_derivatives_between_containers():
    y, dy = ag.make_jvp(lambda x: (x[0] * x[1], {"a": x[0]}))((2.0, 3.0))((1.0, 10.0))
    assert (y, dy) == ((6.0, {"a": 2.0}), (23.0, {"a": 1.0}))


def test_a_directional_derivative_of_a_complex_function_is_complex():
    assert ag.make_jvp(np.exp)(1 + 1j)(1j)[1] == pytest.approx(np.exp(1 + 1j) * 1j)


def test_a_directional_derivative_of_a_number_keeps_its_precision():
    assert ag.make_jvp(lambda x: x * 0.1)(1.0)(1.0)[1] == 0.1
