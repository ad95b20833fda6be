"""Rules in HIPS autograd's form, backward and forward, and its vector spaces."""

import functools

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.compat import deriv, grad, hessian, make_jvp, make_jvp_reversemode, make_vjp
from autograd_tools.compat import numpy as anp
from autograd_tools.compat.extend import (
    SparseObject,
    VJPNode,
    def_linear,
    defjvp,
    defjvp_argnum,
    defjvp_argnums,
    defvjp,
    defvjp_argnum,
    defvjp_argnums,
    primitive,
    vspace,
)


def square_forward_only():
    f = primitive(lambda x: x**2)
    defjvp(f, lambda g, ans, x: 2 * x * g)
    return f


def test_a_forward_rule_alone_gives_tangents():
    f = square_forward_only()
    assert make_jvp(f)(3.0)(2.0) == (9.0, 12.0)
    assert deriv(f)(3.0) == 6.0
    _, tangent = make_jvp(lambda x: np.sum(np.sin(f(x)) * x))(np.ones(2))(np.array([1.0, 0.0]))
    assert tangent == pytest.approx(2 * np.cos(1.0) + np.sin(1.0))


def test_a_forward_rule_alone_gives_no_gradient():
    f = square_forward_only()
    with pytest.raises(NotImplementedError, match="has a forward rule only; use make_jvp"):
        grad(f)(3.0)
    with pytest.raises(ag.NoRuleError):
        make_vjp(f)(3.0)[0](1.0)
    assert make_jvp_reversemode(f)(3.0)(1.0) == 6.0


def test_tangents_of_tangents():
    f = square_forward_only()
    assert make_jvp(lambda x: make_jvp(f)(x)(1.0)[1])(3.0)(1.0) == (6.0, 2.0)
    assert grad(lambda x: make_jvp(f)(x)(1.0)[1])(3.0) == 2.0


def test_a_forward_rule_is_used_in_place_of_a_backward_rule():
    f = primitive(lambda x: x * 3)
    defvjp(f, lambda ans, x: lambda g: 5 * g)
    defjvp(f, lambda g, ans, x: 7 * g)
    assert (grad(f)(1.0), make_jvp(f)(1.0)(1.0)) == (5.0, (3.0, 7.0))


@pytest.mark.parametrize(
    "define",
    [
        lambda f: defjvp(f, "same", lambda g, ans, x, y: x * g),
        lambda f: defjvp(f, *("same", "same")),
        def_linear,
        lambda f: defjvp_argnum(f, lambda n, g, ans, args, kwargs: g * args[1 - n]),
        lambda f: defjvp_argnums(
            f,
            lambda ns, gs, ans, args, kwargs: sum(
                g * args[1 - n] for n, g in zip(ns, gs, strict=True)
            ),
        ),
    ],
    ids=["mixed", "same", "linear", "argnum", "argnums"],
)
def test_forms_of_forward_rules(define):
    f = primitive(lambda x, y: x * y)
    define(f)
    assert make_jvp(f, (0, 1))(2.0, 5.0)((1.0, 10.0)) == (10.0, 25.0)


def test_a_forward_rule_of_none_is_a_zero_tangent():
    f = primitive(lambda x, y: x * y)
    defjvp(f, None, lambda g, ans, x, y: x * g)
    assert make_jvp(f, (0, 1))(2.0, 5.0)((1.0, 10.0)) == (10.0, 20.0)


def test_a_joint_rule_runs_once():
    calls = []
    f = primitive(lambda x, y, z: x * y * z)

    def maker(argnums, ans, args, kwargs):
        calls.append(argnums)
        return lambda g: [g * ans / args[n] for n in argnums]

    defvjp_argnums(f, maker)
    assert grad(f, (0, 1, 2))(2.0, 3.0, 4.0) == (12.0, 8.0, 6.0)
    assert grad(f, (0, 2))(2.0, 3.0, 4.0) == (12.0, 6.0)
    assert grad(f, 1)(2.0, 3.0, 4.0) == 8.0
    assert calls == [(0, 1, 2), (0, 2), (1,)]


def test_a_joint_rule_at_two_calls_and_at_second_order():
    f = primitive(lambda x, y: x * y)
    defvjp_argnums(
        f, lambda argnums, ans, args, kwargs: lambda g: tuple(f(g, args[1 - n]) for n in argnums)
    )
    assert grad(lambda x: f(x, x) + f(2 * x, x))(3.0) == 18.0
    np.testing.assert_allclose(
        hessian(lambda v: f(v[0], v[1]))(np.array([2.0, 3.0])), [[0, 1], [1, 0]]
    )


def test_a_forward_rule_beside_a_joint_rule():
    f = primitive(lambda x, y: x * y)
    defvjp_argnums(f, lambda argnums, ans, args, kwargs: lambda g: [5.0 * g for n in argnums])
    def_linear(f)
    assert make_jvp(f, (0, 1))(2.0, 3.0)((1.0, 10.0)) == (6.0, 23.0)
    assert grad(f, (0, 1))(2.0, 3.0) == (5.0, 5.0)


def test_a_rule_by_argument_number():
    f = primitive(lambda *xs: xs[0] * xs[1])
    defvjp_argnum(f, lambda n, ans, args, kwargs: lambda g: g * args[1 - n])
    assert grad(f, (0, 1))(2.0, 3.0) == (3.0, 2.0)


def test_a_sparse_gradient():
    f = primitive(lambda x: x[1])

    def backward(ans, x):
        def add(total, g):
            total[1] += g
            return total

        return lambda g: SparseObject(vspace(x), lambda total: add(total, g))

    defvjp(f, backward)
    assert grad(lambda x: f(x) * 2)(np.ones(3)).tolist() == [0, 2, 0]


@pytest.mark.parametrize("name", ["sort", "array", "pad", "full", "round", "floor", "sign", "sin"])
def test_forward_rules_of_functions_of_numpy_are_accepted(name):
    defjvp(getattr(anp, name), None)


def test_rules_of_plain_functions_have_no_effect():
    def f(x):
        return x * x

    defvjp(f, lambda ans, x: lambda g: 100 * g)
    defjvp(f, lambda g, ans, x: 100 * g)
    assert (grad(f)(3.0), make_jvp(f)(3.0)(1.0)) == (6.0, (9.0, 6.0))


def test_a_rule_for_a_function_of_numpy_without_a_gradient(python):
    program = """
import autograd_tools.compat.numpy as np
from autograd_tools.compat import grad
from autograd_tools.compat.extend import defvjp
defvjp(np.floor, lambda ans, x: lambda g: g)
defvjp(np.median, lambda ans, x: lambda g: np.full(x.shape, 7.0 * g))
print(grad(np.floor)(1.5), grad(lambda x: np.median(x))(np.ones(2)))
"""
    assert python("-c", program) == "1.0 [7. 7.]\n"


def test_rules_for_functions_of_scipy(python):
    pytest.importorskip("scipy")
    program = """
import numpy as np
from autograd_tools.compat import grad
from autograd_tools.compat.extend import defjvp, defvjp
from autograd_tools.compat.scipy import linalg, special
from autograd_tools.compat.scipy.linalg import cholesky_banded, expm
a = np.eye(2)
print(grad(lambda a: np.sum(expm(a)))(a).shape, special.gammaln(1.0), special.logsumexp(a) > 2)
defvjp(expm, lambda ans, a: lambda g: 2 * g)
defvjp(cholesky_banded, lambda ans, ab, **options: lambda g: 3 * g)
defjvp(special.logsumexp, None)
print(grad(lambda a: np.sum(expm(a)))(a).tolist(), linalg.expm is expm)
print(grad(lambda a: np.sum(cholesky_banded(a, lower=True)))(np.array([[4.0, 4.0], [1.0, 0.0]])))
"""
    assert python("-c", program) == (
        "(2, 2) 0.0 True\n[[2.0, 2.0], [2.0, 2.0]] True\n[[3. 3.]\n [3. 3.]]\n"
    )


def test_the_vector_space_of_an_array():
    space = vspace(np.ones((2, 1)))
    assert (space.shape, space.size, space.iscomplex) == ((2, 1), 2, False)
    assert (space.ones().tolist(), space.zeros().tolist()) == ([[1], [1]], [[0], [0]])
    assert [e.tolist() for e in space.standard_basis()] == [[[1], [0]], [[0], [1]]]
    assert (space.randn().shape, space == vspace(np.zeros((2, 1)))) == ((2, 1), True)
    assert space != vspace(np.ones(2))


def test_the_vector_space_of_complex_numbers_and_containers():
    space = vspace({"a": 1j, "b": np.ones(2)})
    assert (space.size, space.iscomplex, space.zeros()["b"].tolist()) == (4, True, [0, 0])
    assert [e["a"] for e in space.standard_basis()] == [1, 1j, 0, 0]
    assert vspace(1j).inner_prod(1j, 1j) == 1
    with pytest.raises(TypeError, match="expected numbers or arrays of numbers"):
        vspace("a")


def test_the_vector_space_of_a_recorded_value():
    assert make_vjp(lambda x: x * vspace(x).size)(np.ones(3))[1].tolist() == [3, 3, 3]


@pytest.mark.parametrize(
    "value", [1j * np.ones((2, 1)), [1.0, np.ones((2, 1))], {"x": [0.0], "y": ({"a": 0.0}, [1j])}]
)
def test_operations_of_a_vector_space_have_gradients(value):
    space = vspace(value)
    x, y = space.randn(), space.randn()
    for f in (space.add, space.inner_prod, lambda x, y: space.scalar_mul(x, 2.5), space.covector):
        args = (x,) if f == space.covector else (x, y)
        ag.gradcheck(lambda *args, f=f: f(*args), *args)
    total = functools.reduce(space.add, space.standard_basis())
    assert vspace(total) == space
    assert space.inner_prod(total, space.ones()) == space.size


def test_internal_names_can_be_imported_and_not_used():
    with pytest.raises(NotImplementedError, match="VJPNode is internal to HIPS autograd"):
        VJPNode(1, 2)
    from autograd_tools.compat.tracer import new_box, trace_stack

    for use in (trace_stack.new_trace, new_box):
        with pytest.raises(NotImplementedError, match="is internal to HIPS autograd"):
            use()


def test_no_rule_is_both_kinds_of_error():
    f = primitive(lambda x: x**2)
    for kind in (NotImplementedError, TypeError, ag.NoRuleError):
        with pytest.raises(kind, match=r"\[1\] has no gradient rule"):
            grad(f)(1.0)
    with pytest.raises(NotImplementedError, match="has no gradient rule"):
        ag.grad(np.frompyfunc(abs, 1, 1))(1.0)
