"""autograd_tools.compat: programs in the style of HIPS autograd's examples.

Each program runs with our imports and, where HIPS autograd is installed, with its own; `result`
agrees.
"""

import importlib.util
import re
import warnings

import numpy
import numpy.testing
import pytest

import autograd_tools.compat.numpy as np
from autograd_tools import compat, gradcheck
from autograd_tools.compat import builtins, extend, test_util, tracer
from autograd_tools.compat.misc import fixed_points, optimizers
from autograd_tools.compat.misc.flatten import flatten, flatten_func
from autograd_tools.compat.numpy.numpy_boxes import ArrayBox
from autograd_tools.compat.numpy.numpy_vjps import unbroadcast_f

PROGRAMS = {
    "logistic regression": """
import autograd.numpy as np
from autograd import grad
from autograd.test_util import check_grads

inputs = np.array([[0.5, 1.1, -0.3], [0.9, -1.1, 0.1], [0.1, 0.05, -2.5], [2.7, 0.2, 1.4]])
labels = np.array([True, True, False, True])

def predict(w, x):
    return 0.5 * (np.tanh(np.dot(x, w) / 2) + 1)

def loss(w):
    p = predict(w, inputs)
    return -np.sum(np.log(p * labels + (1 - p) * (1 - labels)))

w = np.zeros(3)
check_grads(loss, modes=["rev"])(w)
step = grad(loss)
for _ in range(30):
    w -= step(w) * 0.1
result = [w, loss(w)]
""",
    "a network with adam and flatten": """
import autograd.numpy as np
import autograd.numpy.random as npr
from autograd import grad
from autograd.misc import flatten
from autograd.misc.optimizers import adam, rmsprop, sgd

rng = npr.RandomState(0)
layers = [(rng.randn(m, n) * 0.3, rng.randn(n) * 0.3) for m, n in [(2, 5), (5, 1)]]
x = rng.randn(20, 2)
y = np.sin(x[:, :1]) * x[:, 1:]

def predict(params, x):
    for w, b in params:
        out = np.dot(x, w) + b
        x = np.tanh(out)
    return out

def objective(params, i):
    flat, _ = flatten(params)
    return np.mean((predict(params, x) - y) ** 2) + 1e-3 * np.dot(flat, flat)

seen = []
result = []
optimizers = [(adam, {"step_size": 0.05}), (rmsprop, {"step_size": 0.01}), (sgd, {"mass": 0.5})]
note = lambda p, i, g: seen.append(objective(p, i))
for optimize, options in optimizers:
    found = optimize(grad(objective), layers, num_iters=8, callback=note, **options)
    result.append(flatten(found)[0])
result.append(np.array(seen))
""",
    "a recurrent network": """
import autograd.numpy as np
from autograd import value_and_grad

rng = np.random.RandomState(1)
params = {"change": rng.randn(5, 4) * 0.5, "predict": rng.randn(5, 3) * 0.5}
params["start"] = rng.randn(1, 4)
sequence = rng.randn(6, 2, 2)

def concat_and_multiply(weights, *args):
    ones = np.ones((args[0].shape[0], 1))
    return np.dot(np.hstack(args + (ones,))[:, :weights.shape[0]], weights)

def loss(params):
    hidden = np.repeat(params["start"], 2, axis=0)
    outputs = []
    for x in sequence:
        hidden = np.tanh(concat_and_multiply(params["change"], x, hidden[:, :3]))
        outputs.append(concat_and_multiply(params["predict"], hidden))
    logits = np.array(outputs)
    return -np.mean(logits[:, :, 0] - np.log(np.sum(np.exp(logits), axis=2)))

y, g = value_and_grad(loss)(params)
result = [y] + [g[name] for name in sorted(g)]
""",
    "a Gaussian process": """
import autograd.numpy as np
import autograd.scipy.stats.multivariate_normal as mvn
from autograd import grad, value_and_grad
from autograd.numpy.linalg import cholesky, solve
from scipy.optimize import minimize

x = np.linspace(-3, 3, 8)[:, None]
y = np.sin(x[:, 0])

def rbf(p, a, b):
    d = np.expand_dims(a / np.exp(p[1:]), 1) - np.expand_dims(b / np.exp(p[1:]), 0)
    return np.exp(p[0]) * np.exp(-0.5 * np.sum(d ** 2, axis=2))

def marginal(p):
    cov = rbf(p[2:], x, x) + (np.exp(p[1]) + 1e-3) * np.eye(len(y))
    return mvn.logpdf(y, p[0] * np.ones(len(y)), cov)

def by_hand(p):
    cov = rbf(p[2:], x, x) + (np.exp(p[1]) + 1e-3) * np.eye(len(y))
    l = cholesky(cov)
    z = solve(l, y - p[0])
    return -0.5 * np.dot(z, z) - np.sum(np.log(np.diag(l))) - 0.5 * len(y) * np.log(2 * np.pi)

p = np.array([0.1, -2.0, 0.2, 0.3])
loss = value_and_grad(lambda p: -marginal(p))
best = minimize(loss, p, jac=True, method="CG", options={"maxiter": 3})
result = [marginal(p), grad(marginal)(p), by_hand(p), grad(by_hand)(p), best.fun]
""",
    "an ordinary differential equation": """
import autograd.numpy as np
from autograd import grad
from autograd.builtins import tuple
from autograd.scipy.integrate import odeint

t = np.linspace(0.0, 1.0, 5)

def slope(y, t, a, b):
    return np.array([y[1] * a, -b * y[0] - 0.1 * y[1] * np.cos(t)])

def loss(y0, a, b):
    return np.sum(odeint(slope, y0, t, tuple((a, b)), rtol=1e-10, atol=1e-10) ** 2)

result = [grad(loss, n)(np.array([1.0, 0.5]), np.array(1.3), np.array(0.7)) for n in range(3)]
""",
    "a convolutional network": """
import autograd.numpy as np
from autograd import grad
from autograd.scipy.signal import convolve
from autograd.scipy.special import logsumexp

rng = np.random.RandomState(2)
images, filters, w = rng.randn(3, 1, 8, 8), rng.randn(1, 2, 3, 3), rng.randn(18, 4)

def loss(filters, w, images=images):
    c = np.tanh(convolve(images, filters, axes=([2, 3], [2, 3]), dot_axes=([1], [0]), mode="valid"))
    pooled = np.max(np.max(np.reshape(c, (3, 2, 3, 2, 3, 2)), axis=5), axis=3)
    out = np.dot(np.reshape(pooled, (3, -1)), w)
    return np.sum(out[:, 1] - logsumexp(out, axis=1))

full = convolve(images, filters, axes=([2, 3], [2, 3]), dot_axes=([1], [0]))
same = convolve(images[0, 0], filters[0, 0], mode="same")
result = [loss(filters, w), full, *grad(loss, (0, 1, 2))(filters, w, images), same]
""",
    "a function with gradients of its own": """
import autograd.numpy as np
from autograd import grad, hessian
from autograd.extend import defvjp, primitive
from autograd.test_util import check_grads

@primitive
def log_total(x):
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))

def gradient(ans, x):
    shape = x.shape
    return lambda g: np.full(shape, g) * np.exp(x - np.full(shape, ans))

defvjp(log_total, gradient)

def f(y):
    return log_total(y ** 2)

x = np.array([1.5, -0.3, 0.7])
check_grads(f, modes=["rev"])(x)
result = [grad(f)(x), hessian(f)(x)]
""",
    "tanh and its derivatives": """
import autograd.numpy as np
from autograd import elementwise_grad as egrad

def tanh(x):
    return (1.0 - np.exp(-2 * x)) / (1.0 + np.exp(-2 * x))

x = np.linspace(-2, 2, 9)
result = [tanh(x), egrad(tanh)(x), egrad(egrad(tanh))(x)]
result += [egrad(egrad(egrad(tanh)))(x), egrad(egrad(egrad(egrad(tanh))))(x)]
""",
    "black-box variational inference": """
import autograd.numpy as np
import autograd.numpy.random as npr
import autograd.scipy.stats.multivariate_normal as mvn
import autograd.scipy.stats.norm as norm
from autograd import grad
from autograd.misc.optimizers import adam

rs = npr.RandomState(3)

def log_density(x):
    mu, log_sigma = x[:, 0], x[:, 1]
    return norm.logpdf(log_sigma, 0, 1.35) + norm.logpdf(mu, 0, np.exp(log_sigma))

def objective(params, t):
    mean, log_std = params[:2], params[2:]
    samples = rs.randn(50, 2) * np.exp(log_std) + mean
    entropy = np.sum(0.5 * (1.0 + np.log(2 * np.pi)) + log_std)
    return -(entropy + np.mean(log_density(samples)))

start = np.concatenate([-np.ones(2), -2 * np.ones(2)])
found = adam(grad(objective), start, step_size=0.1, num_iters=12)
result = [found, mvn.logpdf(np.ones(2), found[:2], np.diag(np.exp(2 * found[2:])))]
""",
    "operators": """
import autograd.numpy as np
from autograd import (checkpoint, deriv, grad, grad_and_aux, grad_named, hessian,
    hessian_tensor_product, holomorphic_grad, jacobian, make_ggnvp, make_hvp, make_jvp, make_vjp,
    tensor_jacobian_product, value_and_grad)

x, m = np.array([0.3, -0.2, 0.9]), np.arange(6.0).reshape(2, 3)
f = lambda x: np.sum(np.sin(x) ** 2) * x[0]
g = lambda x: np.tanh(np.dot(m, x))
both = lambda a, b: np.sum(a * np.sin(b))
result = [
    grad(both, [0, 1])(x, 2 * x)[1], grad(both, (1, 0))(x, 2 * x)[0], grad(both, -1)(x, 2 * x),
    grad_named(both, "b")(x, 2 * x), value_and_grad(both, (0, 1))(x, x)[1][0],
    *grad_and_aux(lambda x: (f(x), x * 2))(x), hessian(f)(x), hessian(g)(x), jacobian(g)(x),
    hessian_tensor_product(f)(x, x), tensor_jacobian_product(g)(x, np.ones(2)),
    make_vjp(g)(x)[0](np.ones(2)), make_jvp(g)(x)(x)[1], make_hvp(f)(x)[0](x),
    make_ggnvp(g)(x)(x), deriv(np.sin)(0.4), holomorphic_grad(np.exp)(1.0 + 2.0j),
    grad(checkpoint(f))(x),
    grad(lambda x: np.reshape(f(x), (1, 1)))(x),
]
""",
    "lists, tuples and dicts": """
import autograd.numpy as np
from autograd import grad, make_vjp
from autograd.builtins import dict, isinstance, list, tuple

def f(x):
    assert isinstance(x, tuple) and isinstance(x[0], np.ndarray)
    both = dict(a=x[0] * 2, b=list([x[1], x[0]]))
    assert isinstance(both, dict) and isinstance(both["b"], list) and sorted(both) == ["a", "b"]
    return np.sum(both["a"] * both["b"][0]) + sum(np.sum(item) for item in both["b"])

x = (np.array([1.0, 2.0]), np.array([3.0, 5.0]))
vjp, y = make_vjp(lambda x: tuple((x * 2, np.sin(x))))(x[0])
result = [*grad(f)(x), vjp((np.ones(2), np.ones(2)))]
""",
    "joining": """
import autograd.numpy as np
from autograd import grad

def f(x):
    a = np.array([[x[0], 1.0], [x[1], x[2]]])
    b = np.sum(np.r_[x, x[0] ** 2] * np.append(x, 3.0))
    b = b + np.sum(np.select([x > 1], [x * x], -x) * np.full(3, x[1]))
    return np.sum(a * np.c_[x[:2], x[1:]]) + b

result = [grad(f)(np.array([0.5, 1.5, 2.5]))]
""",
}
HIPS = importlib.util.find_spec("autograd") is not None
OURS = {
    name: re.sub(
        r"^(import|from) autograd\b", r"\1 autograd_tools.compat", text, flags=re.MULTILINE
    )
    for name, text in PROGRAMS.items()
}


def run(text, name):
    names = {"__name__": "program"}
    exec(compile(text, name, "exec"), names)
    return names["result"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_runs_with_its_import_lines_changed(name):
    pytest.importorskip("scipy")
    for item in run(OURS[name], name):
        assert numpy.all(numpy.isfinite(item))


@pytest.mark.skipif(
    not HIPS, reason="HIPS autograd, which is no dependency of this project, is not installed"
)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_gives_the_numbers_of_hips_autograd(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = run(PROGRAMS[name], name)
    for found, item in zip(run(OURS[name], name), expected, strict=True):
        assert numpy.shape(found) == numpy.shape(item)
        numpy.testing.assert_allclose(found, item, rtol=1e-6, atol=1e-9)


def test_a_primitive_without_a_rule_is_not_differentiated():
    f = extend.primitive(lambda x, y: x * y)
    extend.defvjp(f, lambda ans, x, y: lambda g: g * x, argnums=[1])
    assert compat.grad(f, 1)(2.0, 3.0) == 2.0
    with pytest.raises(TypeError, match=r"\[1\] has no gradient rule"):
        compat.grad(f)(2.0, 3.0)


def test_a_rule_of_none_is_a_zero_gradient():
    f = extend.primitive(lambda x, y: x * y)
    extend.defvjp(f, None, lambda ans, x, y: lambda g: g * x)
    assert compat.grad(f, (0, 1))(2.0, 3.0) == (0.0, 2.0)


def test_rules_of_all_arguments_by_one_function():
    f, h = extend.primitive(lambda *xs: xs[0] * xs[1]), extend.primitive(lambda *xs: xs[0] * xs[1])
    extend.defvjp_argnum(f, lambda argnum, ans, args, kwargs: lambda g: g * args[1 - argnum])
    extend.defvjp_argnums(
        h, lambda argnums, ans, args, kwargs: lambda g: [g * args[1 - n] for n in argnums]
    )
    assert compat.grad(f, (0, 1))(2.0, 3.0) == compat.grad(h, (0, 1))(2.0, 3.0) == (3.0, 2.0)


def test_a_rule_for_scipy_may_precede_its_first_use(python):
    pytest.importorskip("scipy")
    program = """
from autograd_tools.compat import deriv
from autograd_tools.compat.extend import defjvp, defvjp
from autograd_tools.compat.scipy import special
defjvp(special.expit, lambda g, ans, x: g)
defvjp(special.erf, lambda ans, x: lambda g: 5.0 * g)
print(deriv(special.expit)(0.0), deriv(special.erf)(0.0))
"""
    assert python("-c", program) == "0.25 5.0\n"


def test_a_rule_for_a_wrapped_function_is_one_for_numpys(python):
    program = """
import autograd_tools.compat.numpy as np
from autograd_tools.compat import grad
from autograd_tools.compat.extend import defvjp
defvjp(np.where, None, lambda ans, c, x, y: lambda g: 5.0 * g, None)
print(grad(lambda x: np.sum(np.where([True, False], x, 0.0)))(1.0))
"""
    assert python("-c", program) == "10.0\n"


def test_check_grads_finds_a_rule_wrong_at_second_order():
    inner = extend.primitive(lambda x: x)
    outer = extend.primitive(lambda x: 2 * x)
    extend.defvjp(inner, lambda ans, x: lambda g: 1.001 * g)
    extend.defvjp(outer, lambda ans, x: lambda g: 2 * inner(g))
    test_util.check_grads(outer, order=1)(1.0)
    with pytest.raises(AssertionError, match="differs from finite differences"):
        test_util.check_grads(outer, modes=["rev"], order=2)(1.0)


def test_checks_of_combinations_and_of_products():
    test_util.combo_check(lambda x, y, k=1.0: k * x * np.sin(y), (0, 1))(
        [1.0, np.ones(2)], [0.5], k=[1.0, 2.0]
    )
    test_util.check_vjp(np.sin, 0.5)
    test_util.check_jvp(np.sin, np.ones(2))
    test_util.check_equivalent({"a": (1.0, 2.0)}, {"a": (1.0, 2.0)})
    with pytest.raises(AssertionError):
        test_util.check_equivalent(1.0, 1.1)
    with pytest.raises(ValueError, match="modes must be"):
        test_util.check_grads(np.sin, modes=["back"])(1.0)


def test_hessian_vector_product_of_an_array_of_one_element():
    found = compat.hessian_vector_product(lambda x, y: np.reshape(np.sum(x**2 * y), (1,)))(
        np.ones(2), 3.0, np.array([1.0, 2.0])
    )
    assert found.tolist() == [6.0, 12.0]


def test_gradients_of_all_arguments_by_name():
    found = compat.multigrad_dict(lambda a, *more, b=2.0, **named: a * more[0] * b * named["c"])(
        3.0, 5.0, c=7.0
    )
    assert found == {"a": 70.0, "more": (42.0,), "b": 105.0, "named": {"c": 30.0}}


def test_a_holomorphic_gradient_of_a_real_number_warns():
    with pytest.warns(UserWarning, match="not complex"):
        compat.holomorphic_grad(np.sin)(0.5)


def test_a_fixed_point_is_differentiated_to_second_order():
    def root(a):
        return fixed_points.fixed_point(
            lambda a: lambda x: (x + a / x) / 2, a, np.array(1.0), lambda x, y: np.abs(x - y), 1e-12
        )

    assert compat.grad(root)(2.0) == pytest.approx(0.5 / 2**0.5)
    assert compat.grad(compat.grad(root))(2.0) == pytest.approx(-0.25 / 2**1.5)


def test_flattening_keeps_named_tuples_dicts_and_scalars():
    vector, restore = flatten({"b": 1.0, "a": [np.ones((2, 1)), ()]})
    assert vector.tolist() == [1.0, 1.0, 1.0]
    assert list(restore(vector)) == ["b", "a"]
    assert flatten([])[0].shape == (0,)
    f, _, start = flatten_func(lambda p: {"y": p["x"] * 2}, {"x": np.ones(2)})
    assert f(start).tolist() == [2.0, 2.0]


def test_adam_takes_first_steps_of_its_step_size():
    assert optimizers.adam(lambda x, i: 4 * x, 1.0, num_iters=1, step_size=0.25) == pytest.approx(
        0.75
    )


def test_isbox_recognizes_recorded_values():
    def f(x):
        assert tracer.isbox(x)
        assert builtins.isinstance(x, float)
        return x * tracer.getval(x)

    assert compat.grad(f)(3.0) == 3.0
    assert not tracer.isbox(3.0)


def test_a_value_of_an_earlier_recording_is_a_box():
    kept = []
    compat.grad(lambda x: kept.append(x * 1.0) or x)(2.0)
    compat.grad(lambda x: kept.append(tracer.isbox(kept[0])) or x)(2.0)
    assert (kept[1], tracer.isbox(kept[0])) == (True, True)


def test_boxes_distinguish_arrays_sequences_and_dicts():
    seen = []

    def f(p):
        kinds = (tracer.Box, ArrayBox, builtins.SequenceBox, builtins.DictBox)
        seen.extend([isinstance(x, kind) for kind in kinds] for x in (p["a"], p, p["b"], 2.0))
        assert p["a"]._value == 3.0
        return p["a"] * p["b"][0]

    compat.grad(f)({"a": 3.0, "b": [5.0]})
    assert seen == [
        [True, True, False, False],
        [True, False, False, True],
        [True, False, True, False],
        [False] * 4,
    ]


def test_a_rule_that_unbroadcasts_by_hand():
    scaled = extend.primitive(lambda x, y: x * y)
    extend.defvjp(
        scaled,
        lambda ans, x, y: unbroadcast_f(x, lambda g: g * y),
        lambda ans, x, y: unbroadcast_f(y, lambda g: g * x),
    )
    found = compat.grad(lambda x, y: np.sum(scaled(x, y)), (0, 1))(2.0, np.array([3.0, 5.0]))
    assert found[0] == 8.0
    assert found[1].tolist() == [2.0, 2.0]


def test_a_diagonal_is_made_of_the_last_axis():
    numpy.testing.assert_array_equal(
        np.make_diagonal(np.ones((2, 3)), axis1=-1, axis2=-2), np.stack([np.eye(3)] * 2)
    )
    with pytest.raises(NotImplementedError):
        np.make_diagonal(np.ones(2), offset=1)


def test_every_public_name_has_a_docstring():
    assert sorted(compat.__all__) == list(compat.__all__)
    assert [name for name in compat.__all__ if not getattr(compat, name).__doc__] == []


@pytest.mark.parametrize("upper", [False, True])
def test_eigh_has_the_gradient_of_the_triangle_that_numpy_reads(upper):
    """Finite differences, which change one triangle only, agree without a symmetric argument."""
    uplo = "U" if upper else "L"
    x = numpy.random.default_rng(0).normal(size=(2, 4, 4)) + 3 * numpy.diag(range(4))
    other = numpy.tril(x, -1) if upper else numpy.triu(x, 1)
    for f in (lambda x: np.linalg.eigvalsh(x, uplo), lambda x: np.abs(np.linalg.eigh(x, uplo)[1])):
        gradcheck(f, x)
        gradcheck(lambda x, f=f: np.sum(f(x * (1 + 1j * other))), x)
        assert not numpy.any(compat.grad(lambda x, f=f: np.sum(f(x) ** 3))(x)[other != 0])
    numpy.testing.assert_array_equal(np.linalg.eigh(x, uplo)[0], numpy.linalg.eigh(x, uplo)[0])


def test_a_cast_to_integers_has_no_gradient():
    x = numpy.array([1.5, 0.5])
    assert compat.grad(lambda x: np.sum(x[np.int64(x)] * x))(x).tolist() == [1.0, 3.0]
    assert (np.int32(2.7), numpy.zeros(1, np.int_).dtype) == (2, numpy.dtype(numpy.int_))


def test_where_of_pythons_values_gives_pythons_values():
    for args, expected in (
        ((True, 1, 2), 1),
        (([True, False], [1.0, 2.0], [3.0, 4.0]), [1.0, 4.0]),
    ):
        assert (type(np.where(*args)), np.where(*args)) == (type(expected), expected)
    assert type(np.where(True, numpy.float32(1), 2)) is numpy.ndarray
    assert np.where(numpy.array([True, False]), x=1.0, y=2.0).tolist() == [1.0, 2.0]
    assert compat.grad(lambda x: np.sum(np.where([True, False], [x, x], 0.0)))(2.0) == 1.0


@pytest.mark.parametrize("operator", [compat.grad, compat.value_and_grad, compat.deriv])
def test_a_rule_warns_at_the_line_of_the_function(operator):
    def f(x):
        return np.sqrt(x)

    operator(np.sin)(1.0)
    with pytest.warns(RuntimeWarning, match="divide by zero") as caught:
        operator(f)(0.0)
    assert caught[0].lineno == f.__code__.co_firstlineno + 1
