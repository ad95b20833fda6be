"""Algorithms that NumPy users write in place: NumPy's values, and their gradients."""

import itertools

import numpy as np
import pytest

import autograd_tools as ag

RNG = np.random.default_rng(1)


def heat(u):
    for _ in range(5):
        u[1:-1] += 0.1 * (u[2:] - 2 * u[1:-1] + u[:-2])
    return np.sum(u**2)


def relaxation(u):
    new = np.empty_like(u)
    for _ in range(4):
        new[1:-1, 1:-1] = 0.25 * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2])
        new[0], new[-1], new[:, 0], new[:, -1] = u[0], u[-1], u[:, 0], u[:, -1]
        u, new = new, u
    return np.sum(u**3)


def elimination(a):
    a = a.copy()
    for k in range(len(a)):
        a[k + 1 :, k] /= a[k, k]
        a[k + 1 :, k + 1 :] -= np.outer(a[k + 1 :, k], a[k, k + 1 :])
    return np.sum(np.log(np.abs(np.diag(a))))


def tridiagonal(x):
    n = len(x) // 2
    b, d, c = x[:n] + 4, x[n:].copy(), np.zeros_like(x)[:n]
    c[0] = 1 / b[0]
    d[0] /= b[0]
    for i in range(1, n):
        m = b[i] - c[i - 1]
        c[i] = 1 / m
        d[i] -= d[i - 1]
        d[i] /= m
    for i in range(n - 2, -1, -1):
        d[i] -= c[i] * d[i + 1]
    return np.sum(d**2)


def leapfrog(z):
    n = len(z) // 2
    q, p = z[:n], z[n:]
    for _ in range(5):
        p -= 0.05 * np.sin(q)
        q += 0.1 * p
        p -= 0.05 * np.sin(q)
    return np.sum(z**2)


class Net:
    def __init__(self, x):
        self.h = x * 1.0
        self.parts = [self.h[:2], self.h[2:]]
        self.seen = {}

    def step(self, k):
        self.h *= 0.9
        self.parts[0] += k
        self.seen[k] = self.h.copy()
        self.parts[1][...] = np.tanh(self.parts[1])


def state_of_an_object(x):
    net = Net(x)
    for k in range(3):
        net.step(k)
    return np.sum(net.h**2) + sum(np.sum(h) for h in net.seen.values())


def bubble_sort(x):
    x = x.copy()
    for i in range(len(x)):
        for j in range(len(x) - 1 - i):
            if x[j] > x[j + 1]:
                x[j], x[j + 1] = x[j + 1], x[j]
    return np.sum(x * np.arange(len(x)))


def row_swaps(a):
    a[[0, 1]] = a[[1, 0]]
    kept = a[0].copy()
    a[0] = a[2]
    a[2] = kept
    first, second = a[0], a[1]
    first += second
    second -= first
    aliased = a[0]
    a[0] = a[1]
    a[1] = aliased  # which has changed
    return np.sum(a * np.arange(9.0).reshape(3, 3) ** 2)


def cholesky(a):
    s, lower = a @ a.T + 3 * np.eye(3), np.zeros_like(a)
    for i in range(3):
        for j in range(i + 1):
            rest = s[i, j] - np.sum(lower[i, :j] * lower[j, :j])
            lower[i, j] = np.sqrt(rest) if i == j else rest / lower[j, j]
    return np.sum(lower)


def gram_schmidt(a):
    q = a.copy()
    for i in range(3):
        column = q[:, i]
        for j in range(i):
            column -= np.dot(q[:, j], column) * q[:, j]
        column /= np.sqrt(np.sum(column**2))
    return np.sum(q * np.arange(9.0).reshape(3, 3))


def adam(x):
    m, v, w = np.zeros_like(x), np.zeros_like(x), x * 1.0
    for _ in range(3):
        g = 2 * w + np.sin(w)
        m *= 0.9
        m += 0.1 * g
        v *= 0.99
        v += 0.01 * g * g
        w -= 0.1 * m / (np.sqrt(v) + 1e-3)
    return np.sum(w**2)


def parts_of_a_vector(x):
    a, b, *_ = x
    w = x[2:].reshape(2, 2)
    w *= a * b
    w.T[0] += a
    x[0] = 0
    return np.sum(x**2) + a


def neighbours(x):
    h, out = x * 1.0, np.zeros_like(x)
    for i, (a, b) in enumerate(itertools.pairwise(h)):
        out[i] = a * b
        h[i] = 0.5
    return np.sum(out) + np.sum(h**2)


def outer_array_written_in_an_inner_gradient(x):
    h = x * 1.0

    def f(z):
        first = np.sum(h * z)
        h[...] = h + 1.0
        return first * np.sum(h * z)

    return np.sum(f(x) * h)


PROGRAMS = {
    heat: 8,
    relaxation: (5, 5),
    elimination: 4 * np.eye(4) + RNG.normal(size=(4, 4)),
    tridiagonal: 10,
    leapfrog: 6,
    state_of_an_object: 4,
    bubble_sort: 5,
    row_swaps: (3, 3),
    cholesky: (3, 3),
    gram_schmidt: 2 * np.eye(3) + RNG.normal(size=(3, 3)),
    adam: 3 + RNG.normal(size=4),
    parts_of_a_vector: 6,
    neighbours: 5,
    outer_array_written_in_an_inner_gradient: 3,
}


@pytest.mark.parametrize(("f", "x"), PROGRAMS.items(), ids=[f.__name__ for f in PROGRAMS])
def test_a_program_has_numpys_value_and_its_gradient(f, x):
    x = x if isinstance(x, np.ndarray) else RNG.normal(size=x)
    before = x.copy()
    assert ag.value_and_grad(f)(x)[0] == f(x.copy())
    assert ag.gradcheck(f, x, order=2)
    np.testing.assert_array_equal(x, before)


def test_a_gradient_step_in_place_inside_a_gradient():
    def steps(gradient):
        def f(x):
            w = x * 1.0
            for _ in range(3):
                w -= 0.05 * gradient(w, x)
            return np.sum(w)

        return f

    written_out = steps(lambda w, x: 4 * w**3 + x)
    nested = steps(lambda w, x: ag.grad(lambda z: np.sum(z**4) + np.sum(z * x))(w))
    x = np.array([0.3, -0.2, 0.9])
    np.testing.assert_allclose(ag.grad(nested)(x), ag.grad(written_out)(x), rtol=1e-12)


def test_an_outer_array_is_written_between_uses_in_an_inner_gradient():
    x = np.array([0.5, -1.0, 2.0])

    def f(x):
        h = x * 1.0

        def inner(z):
            first = np.sum(h * z)
            h[...] = h + 1.0
            return first * np.sum(h * z)

        return np.sum(ag.grad(inner)(x))

    # The gradient of sum(h z) sum((h + 1) z) by z is h sum((h + 1) z) + (h + 1) sum(h z).
    assert f(x) == pytest.approx(np.sum(x * np.sum((x + 1) * x) + (x + 1) * np.sum(x * x)))
    assert ag.gradcheck(f, x)
