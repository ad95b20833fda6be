import numpy as np
import pytest

import autograd_tools as ag

X = np.array([0.3, -0.7, 1.1])
W = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 4.0]])


def test_a_vjp_is_the_vector_times_the_jacobian():
    vjp, y = ag.make_vjp(lambda x: W @ x)(X)
    assert np.array_equal(y, W @ X)
    assert vjp(np.array([1.0, 10.0])).tolist() == [1.0, -8.0, 43.0]


def test_a_vjp_called_twice_runs_its_function_once():
    calls = []
    vjp, _ = ag.make_vjp(lambda x: calls.append(1) or np.exp(x) * x)(X)
    first, second = vjp(np.ones(3)), vjp(2 * np.ones(3))
    assert np.allclose(second, 2 * first)
    assert calls == [1]


def test_gradients_of_two_vjp_calls_share_no_memory():
    vjp, _ = ag.make_vjp(lambda x: x + 0.0)(X)
    first = vjp(np.ones(3))
    second = vjp(np.ones(3))
    first += 1
    assert second.tolist() == [1.0, 1.0, 1.0]


def test_a_vjp_refuses_a_vector_of_another_shape():
    vjp, _ = ag.make_vjp(lambda x: W @ x)(X)
    with pytest.raises(ValueError, match=r"shape of the value, \(2,\), got \(3,\)"):
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


def test_a_jacobian_has_the_shapes_of_value_and_argument():
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


# Pytrees in and out.

P = {"w": X, "b": 2.0, "activation": "tanh"}
V = {"w": np.array([1.0, 0.0, -1.0]), "b": 0.5, "activation": None}


def two(p):
    return {"sum": np.sum(p["w"]) * p["b"], "rest": (p["w"] ** 2, "a name")}


def loss(p):
    return np.sum(np.sin(p["w"]) * p["b"] ** 2)


def difference(f, p, v, step=1e-6):
    """Return the derivative of `f` at `p` along `v`, dicts with the keys w and b."""
    ahead, behind = (
        {**p, "w": p["w"] + s * v["w"], "b": p["b"] + s * v["b"]} for s in (step, -step)
    )
    return (f(ahead) - f(behind)) / (2 * step)


def test_the_jacobian_for_a_dict_is_a_dict_of_jacobians():
    J = ag.jacobian(lambda p: p["w"] * p["b"])(P)
    assert list(J) == ["w", "b", "activation"]
    assert (J["w"].tolist(), J["b"].tolist(), J["activation"]) == (
        (2 * np.eye(3)).tolist(),
        X.tolist(),
        None,
    )


def test_the_jacobian_of_a_pytree_has_one_per_leaf():
    J = ag.jacobian(two)(P)
    assert J["sum"]["w"].tolist() == [2.0, 2.0, 2.0]
    assert J["sum"]["b"] == pytest.approx(np.sum(X))
    assert J["rest"][0]["w"].tolist() == np.diag(2 * X).tolist()
    assert J["rest"][0]["b"].tolist() == [0.0, 0.0, 0.0]
    assert J["rest"][1] is None


def test_a_hessian_of_a_dict_is_a_dict_of_dicts():
    H = ag.hessian(loss)(P)
    assert np.allclose(H["w"]["w"], np.diag(-np.sin(X) * 4))
    assert np.allclose(H["w"]["b"], np.cos(X) * 4)
    assert np.allclose(H["b"]["w"], H["w"]["b"])
    assert H["b"]["b"] == pytest.approx(2 * np.sum(np.sin(X)))
    assert H["activation"] is None


def test_a_vjp_of_a_pytree_takes_a_pytree():
    vjp, y = ag.make_vjp(two)(P)
    assert y["rest"][0].tolist() == (X**2).tolist()
    assert y["rest"][1] == "a name"
    g = vjp({"sum": 1.0, "rest": (np.ones(3), None)})
    assert np.allclose(g["w"], 2.0 + 2 * X)
    assert (g["b"], g["activation"]) == (pytest.approx(np.sum(X)), None)


def test_none_counts_as_zero_in_the_vector_of_a_vjp():
    vjp, _ = ag.make_vjp(two)(P)
    assert vjp({"sum": None, "rest": (X, None)})["w"].tolist() == (2 * X * X).tolist()
    assert vjp({"sum": None, "rest": None})["w"].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("v", "message"),
    [
        (
            {"sum": 1.0},
            r"the argument of vjp\(\) must be a dict with keys \['sum', 'rest'\], "
            r"got a dict with keys \['sum'\]",
        ),
        (1.0, r"must be a dict with keys .*, got a float$"),
        (
            {"sum": 1.0, "rest": (X, None, None)},
            r"must be a tuple of length 2, got a tuple of length 3",
        ),
        ({"sum": X, "rest": (X, None)}, r"shape of the value, \(\), got \(3,\)"),
    ],
    ids=["keys", "number", "length", "shape"],
)
def test_a_vjp_refuses_a_vector_of_another_structure(v, message):
    with pytest.raises(ValueError, match=message):
        ag.make_vjp(two)(P)[0](v)


def test_a_vjp_of_several_values_runs_its_function_once():
    calls = []
    vjp, _ = ag.make_vjp(lambda x: calls.append(1) or (np.exp(x), x))(X)
    assert np.allclose(vjp((np.ones(3), None)), np.exp(X))
    assert vjp((None, np.ones(3))).tolist() == [1.0, 1.0, 1.0]
    assert calls == [1]


def test_a_function_that_returns_its_container_has_one_as_value():
    vjp, y = ag.make_vjp(lambda p: p)(P)
    np.testing.assert_equal(y, P)
    assert vjp(V)["w"].tolist() == V["w"].tolist()


def test_a_jvp_takes_and_returns_containers():
    y, dy = ag.make_jvp(two)(P)(V)
    assert y["rest"][1] == "a name"
    assert dy["sum"] == pytest.approx(difference(lambda p: two(p)["sum"], P, V))
    assert np.allclose(dy["rest"][0], 2 * X * V["w"])
    assert dy["rest"][1] is None


def test_a_product_with_the_hessian_takes_and_returns_containers():
    hvp, g = ag.make_hvp(loss)(P)
    found = hvp(V)
    assert np.allclose(g["w"], np.cos(X) * 4)
    assert np.allclose(found["w"], difference(lambda p: ag.grad(loss)(p)["w"], P, V))
    assert found["b"] == pytest.approx(difference(lambda p: ag.grad(loss)(p)["b"], P, V))
    assert found["activation"] is None
    assert np.allclose(ag.hessian_vector_product(loss)(P, V)["w"], found["w"])


def test_products_of_containers_differentiate():
    assert ag.gradcheck(lambda p: ag.hessian_vector_product(loss)(p, V), P, rtol=1e-4)
    assert ag.gradcheck(ag.jacobian(two), P)
    assert ag.gradcheck(lambda p: ag.make_jvp(two)(p)(V)[1], P)


# Argument numbers.


def mixed(x, y, scale=1.0):
    return np.sum(x * x) * y * scale


def test_a_tuple_of_argument_numbers_gives_a_tuple():
    a, b = ag.jacobian(lambda w, x: w @ x, (0, 1))(W, X)
    assert (a.shape, b.tolist()) == ((2, 2, 3), W.tolist())
    (xx, xy), (yx, yy) = ag.hessian(mixed, (0, 1))(X, 2.0)
    assert np.allclose(xx, 4 * np.eye(3))
    assert np.allclose(xy, 2 * X)
    assert np.allclose(yx, 2 * X)
    assert yy == 0.0
    dx, dy = ag.make_vjp(mixed, (0, 1))(X, 2.0)[0](1.0)
    assert (dx.tolist(), dy) == ((4 * X).tolist(), pytest.approx(np.sum(X * X)))
    assert ag.make_vjp(mixed, (1,))(X, 2.0)[0](1.0) == (pytest.approx(np.sum(X * X)),)
    assert ag.elementwise_grad(np.multiply, (0, 1))(2.0, 3.0) == (3.0, 2.0)


def test_a_tuple_argnum_takes_tuples_of_vectors():
    _, dy = ag.make_jvp(mixed, (0, 1))(X, 2.0)((np.ones(3), 0.5))
    assert dy == pytest.approx(4 * np.sum(X) + 0.5 * np.sum(X * X))
    dx, dy = ag.hessian_vector_product(mixed, (0, 1))(X, 2.0, (np.ones(3), 0.5))
    assert np.allclose(dx, 4 + X)
    assert dy == pytest.approx(2 * np.sum(X))


MAKERS = [
    ag.jacobian,
    ag.hessian,
    ag.elementwise_grad,
    ag.make_vjp,
    ag.make_jvp,
    ag.make_hvp,
    ag.hessian_vector_product,
]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("argnum", [-1, 1.0, None, True, (0, -1), [0]], ids=repr)
def test_an_invalid_argnum_is_an_error(make, argnum):
    with pytest.raises(TypeError, match="argnum must be an int of 0 or more, or a tuple of them"):
        make(mixed, argnum)


@pytest.mark.parametrize("make", MAKERS)
def test_an_argnum_beyond_the_arguments_is_an_error(make):
    with pytest.raises(TypeError, match=r"argnum=5 is out of range: .*mixed\)? got"):
        make(mixed, 5)(X, 2.0, 1.0)


@pytest.mark.parametrize("make", MAKERS)
def test_a_derivative_of_a_number_is_an_error(make):
    with pytest.raises(TypeError, match=r"\(\) expects a function, got"):
        make(3.0)


@pytest.mark.parametrize("x", ["text", None, [None, "a"]], ids=repr)
@pytest.mark.parametrize("make", MAKERS)
def test_an_argument_without_numbers_is_an_error(make, x):
    with pytest.raises(TypeError, match=r"argnum=0 of .* holds a number"):
        make(mixed)(x, 2.0)


def test_a_hessian_product_without_a_vector_is_an_error():
    with pytest.raises(
        TypeError, match="expects the arguments of the function and then a vector, got 1"
    ):
        ag.hessian_vector_product(loss)(P)


def test_a_jvp_refuses_a_vector_of_another_shape():
    with pytest.raises(
        ValueError,
        match=r"jvp\(\) expects an array of the shape of the argument, \(3,\), got \(2,\)",
    ):
        ag.make_jvp(np.sin)(X)(np.ones(2))


def test_keyword_arguments_are_passed_on():
    assert np.allclose(ag.jacobian(mixed)(X, 2.0, scale=3.0), 12 * X)
    assert np.allclose(ag.hessian(mixed)(X, 2.0, scale=3.0), 12 * np.eye(3))
    assert np.allclose(ag.make_vjp(mixed)(X, 2.0, scale=3.0)[0](1.0), 12 * X)
    assert ag.make_jvp(mixed, 1)(X, 2.0, scale=3.0)(1.0)[1] == pytest.approx(3 * np.sum(X * X))
    assert np.allclose(ag.hessian_vector_product(mixed)(X, 2.0, np.ones(3), scale=3.0), 12.0)
    assert np.allclose(ag.elementwise_grad(np.sum)(np.ones((2, 3)), axis=1), 1.0)


@pytest.mark.parametrize(
    "make", [ag.jacobian, ag.hessian, ag.elementwise_grad, ag.make_jvp], ids=lambda m: m.__name__
)
def test_a_function_of_complex_values_is_an_error(make):
    with pytest.raises(
        TypeError,
        match=r"expects a function with real values, .* returned .*; take its np.real and np.imag"
        "|expected a real scalar",
    ):
        make(lambda x: x * 1j)(2.0)


def test_a_jacobian_runs_its_function_once():
    calls = []
    ag.jacobian(lambda x: calls.append(1) or np.outer(x, x))(X)
    assert calls == [1]


def test_integers_have_a_jacobian():
    assert ag.jacobian(lambda x: x * x)(np.array([1, 2])).tolist() == [[2, 0], [0, 4]]


def test_checkpoint_of_a_number_is_an_error():
    with pytest.raises(TypeError, match=r"checkpoint\(\) expects a function, got 3\.0"):
        ag.checkpoint(3.0)


def test_vjp_and_jvp_accept_a_recorded_pytree():
    v, x = {"a": np.array([1.0, 2.0])}, np.array([3.0, 5.0])
    assert ag.grad(lambda v: np.sum(ag.make_vjp(lambda x: {"a": x * x})(x)[0](v)))(v)[
        "a"
    ].tolist() == [6.0, 10.0]
    assert ag.grad(lambda v: np.sum(ag.make_jvp(lambda p: p["a"] ** 2)({"a": x})(v)[1]))(v)[
        "a"
    ].tolist() == [6.0, 10.0]


ADDED = {
    "an int to a sum": lambda x: np.sum(x, initial=5),
    "a float to a sum": lambda x: np.sum(x, initial=5.0),
    "to a masked sum": lambda x: np.sum(x, where=[True, False, True], initial=2),
    "to a reduction": lambda x: np.add.reduce(x, initial=3),
    "before differences": lambda x: np.diff(x, prepend=[1.0]),
    "padding": lambda x: np.pad(x, 1, constant_values=7),
    "another choice": lambda x: np.where(X > 0, x, 4),
    "a joined list": lambda x: np.concatenate([x, [1, 2]]),
}


@pytest.mark.parametrize("f", ADDED.values(), ids=ADDED)
def test_a_tangent_has_nothing_of_the_constants_that_are_added(f):
    v = np.array([0.5, -1.0, 2.0])
    _, tangent = ag.make_jvp(f)(X)(v)
    np.testing.assert_allclose(tangent, ag.jacobian(f)(X) @ v)


def test_an_exception_in_a_tangent_names_the_operation_and_line():
    @ag.primitive(lambda dy, y, x: 1 / 0)
    def broken(x):
        return 2.0 * x

    with pytest.raises(ZeroDivisionError) as caught:
        ag.make_jvp(lambda x: broken(np.sin(x)))(np.ones(3))(np.ones(3))
    first, place, code = caught.value.__notes__[0].splitlines()
    assert first.endswith("broken(float64[3])")
    assert "test_derivatives.py" in place
    assert code.strip() == "ag.make_jvp(lambda x: broken(np.sin(x)))(np.ones(3))(np.ones(3))"
