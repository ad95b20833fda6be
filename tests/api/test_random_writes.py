"""Random programs with views, aliases, in-place operators, copies, containers and nested gradients.

Each runs plain and recorded. The values are equal bit for bit, and the gradient is that of finite
differences.
"""

import copy
import random

import numpy as np
import pytest

import autograd_tools as ag


def index(rng, shape):
    """Return an index into an array of this shape, now and then with integers or a mask."""
    if not shape:
        return rng.choice([(), ...])
    kind = rng.random()
    if kind < 0.1:
        return [rng.randrange(shape[0]) for _ in range(rng.randrange(1, 3))]
    if kind < 0.15:
        mask = np.zeros(shape, bool)
        mask.flat[:: rng.randrange(1, 4)] = True
        return mask
    parts = [
        rng.choice(
            [
                rng.randrange(-n, n),
                slice(None),
                slice(rng.randrange(n), None),
                slice(None, rng.randrange(1, n + 1)),
                slice(None, None, rng.choice([-1, 2, -2])),
            ]
        )
        for n in shape[: rng.randrange(1, len(shape) + 1)]
    ]
    whole = len(parts) == len(shape)
    if rng.random() < 0.15:
        parts.insert(0, None)
    if whole and rng.random() < 0.15:
        parts.insert(0, ...)
    return parts[0] if len(parts) == 1 and rng.random() < 0.7 else tuple(parts)


def view(rng, a):
    """Return a view of an array (or a copy, where NumPy gives one)."""
    shape = np.shape(a)
    if not shape:
        return a[...]
    n = int(np.prod(shape))
    kind = rng.randrange(14)
    if kind < 4:
        return a[index(rng, shape)]
    if kind == 4:
        return a.T
    if kind == 5:
        return a.reshape(
            rng.choice([(n,), (1, n), (n, 1), (-1,), *([(2, n // 2)] if n % 2 == 0 else [])])
        )
    if kind == 6:
        return a.ravel()
    if kind == 7:
        return np.swapaxes(a, 0, -1)
    if kind == 8:
        return np.expand_dims(a, rng.randrange(len(shape) + 1))
    if kind == 9:
        return np.squeeze(a)
    if kind == 10:
        return np.flip(a, rng.randrange(len(shape)))
    if kind == 11:
        return rng.choice(np.split(a, shape[0]))
    if kind == 12:
        return rng.choice([a.real, np.atleast_2d(a), np.moveaxis(a, 0, -1), a[...], a[:]])
    return rng.choice(list(a)) if len(shape) > 1 else a[::-1]


def helper(rng, a, v):
    """Write into an argument."""
    if rng.random() < 0.5:
        a *= v
    else:
        a[...] = v


def fitting(rng, env, shape):
    """Return an operand that broadcasts to a shape: a number, or an array made of another one."""
    other = rng.choice(env)
    if rng.random() < 0.4:
        return rng.choice([0.5, -1.25, 2.0])
    if np.shape(other) == shape and rng.random() < 0.7:
        return other
    if rng.random() < 0.5:
        return np.sin(np.sum(other))
    return np.linspace(-1, 1, int(np.prod(shape))).reshape(shape) * np.mean(other)


def fill(rng, env, a):
    """Write with one of NumPy's functions."""
    kind = rng.randrange(8)
    v = fitting(rng, env, np.shape(a))
    if kind == 0:
        np.add.at(a, [0, 0], np.sum(v))
    elif kind == 1:
        np.copyto(a, v, where=np.arange(np.size(a)).reshape(np.shape(a)) % 3 == 0)
    elif kind == 2:
        np.put(a, [0, -1], np.sum(v))
    elif kind == 3:
        np.multiply(a, v, out=a)
    elif kind == 4:
        a.fill(np.sum(v))
    elif kind == 5:
        a.flat[::2] = np.mean(v)
    elif kind == 6:
        np.subtract(v, a, out=a[...])
    elif np.ndim(a) == 2:
        np.fill_diagonal(a, np.sum(v))


def step(rng, env, differentiate):
    """Do one thing to the arrays of a program."""
    i = rng.randrange(len(env))
    a = env[i]
    shape = np.shape(a)
    kind = rng.randrange(22)
    if kind < 6:
        env.append(view(rng, a))
    elif kind == 6:
        env.append(np.sin(a) * 1.5 + 0.25)
    elif kind == 7:
        env.append(a * fitting(rng, env, shape))
    elif kind == 8:
        env.append(rng.choice([a.copy, lambda: np.copy(a), a.flatten, lambda: copy.deepcopy(a)])())
    elif kind < 12 and shape is not None:
        v = fitting(rng, env, shape)
        if rng.random() < 0.5:
            a += v
        elif rng.random() < 0.5:
            a *= v
        else:
            a -= v
        env[i] = a
    elif kind < 15 and shape:
        where = index(rng, shape)
        target = np.shape(np.empty(shape)[where])
        v = fitting(rng, env, target)
        if rng.random() < 0.5:
            a[where] = v
        else:
            a[where] += v
    elif kind == 15 and shape:
        helper(rng, a, fitting(rng, env, shape))
    elif kind == 16 and len(shape) > 1:
        for row in a:
            row *= 0.5 + rng.random()  # noqa: PLW2901  in place
    elif kind == 17:
        boxes = {"a": a, "others": [rng.choice(env), a]}
        boxes["a"] -= 0.125
        for part in boxes["others"]:
            if np.shape(part):
                part /= 1.5  # noqa: PLW2901  in place
        env[i] = boxes["a"]
    elif kind == 18 and shape and differentiate is not None:
        c = rng.choice(env)

        def inner(z):
            z = z * 1.0
            row = z[:1]
            row *= 2.0
            return np.sum(np.sin(z)) * np.mean(c)

        env.append(differentiate(inner)(a))
    elif kind == 19 and shape:
        b = a
        b += np.tanh(fitting(rng, env, shape))
    elif kind == 20 and shape:
        fill(rng, env, a)
    elif kind == 21 and shape:
        new = rng.choice([np.zeros_like, np.ones_like, lambda a: np.full_like(a, 0.5)])(a)
        for i in range(shape[0]):
            new[i] = np.sin(a[i]) + new[i - 1]
        part = view(rng, new)
        if np.shape(part):
            part *= 0.5
        env.append(new)
    if len(env) > 6:
        env.pop(rng.randrange(len(env)))


def program(seed, differentiate=ag.grad):
    def f(x):
        rng = random.Random(seed)
        env = [x * 1.0 if rng.random() < 0.7 else x]
        for _ in range(rng.randrange(3, 12)):
            step(rng, env, differentiate)
        return sum([np.sum(np.tanh(a) * (i + 1)) for i, a in enumerate(env)])

    return f


def check(seed):
    rng = np.random.default_rng(seed)
    shape = [(3,), (4,), (2, 3), (3, 2), (2, 2, 2), (25, 24), (700,)][
        seed % (7 if seed % 3 == 0 else 5)
    ]
    x, direction = rng.uniform(-1, 1, shape), rng.uniform(-1, 1, shape)
    direction /= np.linalg.norm(direction)
    f = program(seed)
    plain = f(x.copy())
    try:
        given = x.copy()
        value, gradient = ag.value_and_grad(f)(given)
    except (TypeError, ValueError) as error:
        return error
    assert np.array_equal(given, x)
    assert type(value) is type(plain), (type(value), type(plain))
    assert value == plain or (np.isnan(value) and np.isnan(plain)), (seed, value, plain)
    with ag.record() as J:
        w = ag.Param(x.copy())
        y = f(w + 0.0)
    J.backward(y)
    assert ag.value(y) == f(x.copy() + 0.0)
    e = 1e-6
    steps = (e, e / 10, e / 100)  # the curvature may be large
    slopes = [(f(x + h * direction) - f(x - h * direction)) / (2 * h) for h in steps]
    noises = [np.spacing(abs(plain)) / h for h in steps]
    if abs(slopes[2] - slopes[1]) > 0.1 * (1 + abs(slopes[1])):
        return ArithmeticError("the differences do not converge")
    for dx in (gradient, ag.grad(J, w)):
        found = np.sum((0 if dx is None else dx) * direction)
        assert any(
            abs(found - slope) <= 1e-5 * (1 + abs(slope)) + noise
            for slope, noise in zip(slopes, noises, strict=True)
        ), (seed, found, slopes)
    if seed % 4 == 0:
        second = ag.hessian_vector_product(f)(x, direction)
        differences = (ag.grad(f)(x + e * direction) - ag.grad(f)(x - e * direction)) / (2 * e)
        atol = 1e-4 * (1 + abs(slopes[0])) + noises[0]
        np.testing.assert_allclose(second, differences, rtol=1e-4, atol=atol)
    return None


def test_values_and_gradients_of_random_programs():
    refused = sum(check(seed) is not None for seed in range(60))
    assert refused <= 3


@pytest.mark.slow
def test_values_and_gradients_of_many_random_programs():
    refused = sum(check(seed) is not None for seed in range(60, 2060))
    assert refused <= 20
