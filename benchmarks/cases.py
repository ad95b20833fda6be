"""The benchmark programs: each with its gradient written by hand, and as a user would write it.

A case makes its inputs from a seed. `hand()` computes the gradient in plain NumPy; `f` and `args`
are the function and the arguments whose gradient (for `argnum=0`) is compared with it. The last
argument of `f` is the NumPy namespace to use, so that peers run the same lines.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import autograd_tools as ag


class Case(NamedTuple):
    name: str
    target: float  # the promise: time as a multiple of the hand-written gradient
    hand: Callable[[], Any]
    f: Callable[..., Any]
    args: tuple[Any, ...]
    rounds: int | None = None  # fewer for long cases
    peers: bool = True  # other engines run the same code


def chain(x: Any, n: int, xp: Any) -> Any:
    """Apply `n` operations: a product, a sum, a sine and a hyperbolic tangent in turn."""
    for _ in range(n // 4):
        x = x * 1.01
        x = x + 0.1
        x = xp.sin(x)
        x = xp.tanh(x)
    return x


def chain_by_hand(x: Any, n: int) -> Any:
    saved = []
    for _ in range(n // 4):
        x = x * 1.01
        x = x + 0.1
        saved.append(x)
        x = np.sin(x)
        x = np.tanh(x)
        saved.append(x)
    d: Any = np.ones_like(x) if isinstance(x, np.ndarray) else 1.0
    while saved:
        y = saved.pop()
        d = d * (1 - y * y)
        d = d * np.cos(saved.pop())
        d = d * 1.01
    return d


def vector_operations() -> Case:
    x = np.linspace(0.1, 1, 10)
    return Case(
        "1,000 operations on 10 float64",
        2.5,
        lambda: chain_by_hand(x, 1000),
        lambda x, xp: xp.sum(chain(x, 1000, xp)),
        (x,),
    )


def scalar_operations() -> Case:
    x = 0.3
    return Case(
        "1,000 operations on scalars",
        10,
        lambda: chain_by_hand(np.float64(x), 1000),
        lambda x, xp: chain(x, 1000, xp),
        (x,),
    )


def network(dtype: Any) -> Case:
    rng = np.random.default_rng(0)
    x, labels = rng.standard_normal((128, 784)).astype(dtype), rng.integers(0, 10, 128)
    shapes = ((784, 256), (256,), (256, 10), (10,))
    weights = tuple((rng.standard_normal(shape) * 0.05).astype(dtype) for shape in shapes)
    rows = np.arange(128)

    def f(weights: Any, xp: Any) -> Any:
        w1, b1, w2, b2 = weights
        h = xp.tanh(xp.matmul(x, w1) + b1)
        z = xp.matmul(h, w2) + b2
        z = z - xp.max(z, axis=1, keepdims=True)
        logp = z - xp.log(xp.sum(xp.exp(z), axis=1, keepdims=True))
        return -xp.mean(logp[rows, labels])

    def hand() -> Any:
        w1, b1, w2, b2 = weights
        h = np.tanh(np.matmul(x, w1) + b1)
        z = np.matmul(h, w2) + b2
        z = z - np.max(z, axis=1, keepdims=True)
        e = np.exp(z)
        s = np.sum(e, axis=1, keepdims=True)
        logp = z - np.log(s)
        _ = -np.mean(logp[rows, labels])
        dz = e / s
        dz[rows, labels] -= 1
        dz /= dz.dtype.type(128)
        dh = np.matmul(dz, w2.T)
        da = dh * (1 - h * h)
        return np.matmul(x.T, da), np.sum(da, axis=0), np.matmul(h.T, dz), np.sum(dz, axis=0)

    return Case(f"network 784-256-10, batch 128, {np.dtype(dtype)}", 1.1, hand, f, (weights,))


def recurrent() -> Case:
    rng = np.random.default_rng(1)
    steps, batch, n = 100, 32, 64
    x = rng.standard_normal((steps, batch, n))
    weights = (rng.standard_normal((n, n)) * 0.1, rng.standard_normal((n, n)) * 0.1, np.zeros(n))

    def f(weights: Any, xp: Any) -> Any:
        w, u, b = weights
        h = xp.zeros((batch, n))
        for t in range(steps):
            h = xp.tanh(xp.matmul(x[t], w) + xp.matmul(h, u) + b)
        return xp.sum(h * h)

    def hand() -> Any:
        w, u, b = weights
        h = np.zeros((batch, n))
        hs = [h]
        for t in range(steps):
            h = np.tanh(np.matmul(x[t], w) + np.matmul(h, u) + b)
            hs.append(h)
        _ = np.sum(h * h)
        dw, du, db = np.zeros_like(w), np.zeros_like(u), np.zeros_like(b)
        dh = 2 * h
        for t in range(steps - 1, -1, -1):
            y = hs[t + 1]
            da = dh * (1 - y * y)
            db += np.sum(da, axis=0)
            du += np.matmul(hs[t].T, da)
            dw += np.matmul(x[t].T, da)
            dh = np.matmul(da, u.T)
        return dw, du, db

    return Case("RNN, 100 steps of (32, 64)", 1.3, hand, f, (weights,))


def elements(n: int = 1000) -> Case:
    x = np.linspace(0.1, 1, n)

    def f(x: Any, xp: Any) -> Any:
        total = 0.0
        for i in range(n):
            total = total + x[i]
        return total

    def hand() -> Any:
        total = 0.0
        d = np.zeros_like(x)
        for i in range(n):
            total = total + x[i]
        for i in range(n):
            d[i] += 1.0
        return d

    return Case(
        f"{n:,} x x[i] of a vector",
        25,
        hand,
        f,
        (x,),
        rounds=None if n == 1000 else 5,
        peers=n == 1000,
    )


def rows() -> Case:
    x = np.random.default_rng(2).standard_normal((1000, 100))

    def f(x: Any, xp: Any) -> Any:
        total = xp.zeros(100)
        for i in range(1000):
            total = total + x[i]
        return xp.sum(total)

    def hand() -> Any:
        total = np.zeros(100)
        for i in range(1000):
            total = total + x[i]
        _ = np.sum(total)
        d, one = np.zeros_like(x), np.ones(100)
        for i in range(1000):
            d[i] += one
        return d

    return Case("1,000 x row of (1000, 100)", 3, hand, f, (x,))


def embedding(size: int = 100_000) -> Case:
    """Look up rows of one large table twice; a training step touches 512 of them."""
    rng = np.random.default_rng(6)
    table, ids, others = (
        rng.standard_normal((size, 64)),
        rng.integers(0, size, 256),
        rng.integers(0, size, 256),
    )

    def f(table: Any, xp: Any) -> Any:
        return xp.sum(xp.sin(table[ids])) + xp.sum(xp.tanh(table[others]))

    def hand() -> Any:
        a, b = table[ids], table[others]
        y = np.tanh(b)
        _ = np.sum(np.sin(a)) + np.sum(y)
        d = np.zeros_like(table)
        np.add.at(d, others, 1 - y * y)
        np.add.at(d, ids, np.cos(a))
        return d

    return Case(f"look-ups in a table of ({size}, 64)", 1.3, hand, f, (table,), peers=False)


def large_chain(n: int = 10_000_000) -> Case:
    x = np.linspace(0.1, 1, n)

    def f(x: Any, xp: Any) -> Any:
        return xp.sum(xp.tanh(xp.sin(x)))

    def hand() -> Any:
        s = np.sin(x)
        y = np.tanh(s)
        _ = np.sum(y)
        np.multiply(y, y, out=y)
        np.subtract(1, y, out=y)
        return y * np.cos(x)

    return Case(f"sin, tanh, sum of {n:.0e} elements", 1.05, hand, f, (x,), rounds=5)


def arithmetic(n: int = 10_000_000) -> Case:
    """Products and sums alone, where memory is the bound."""
    x = np.linspace(0.1, 1, n)

    def f(x: Any, xp: Any) -> Any:
        y = x
        for _ in range(10):
            y = y * x + 0.1
        return xp.sum(y)

    def hand() -> Any:
        ys = [x]
        for _ in range(10):
            ys.append(ys[-1] * x + 0.1)
        _ = np.sum(ys[-1])
        dy, dx = np.ones_like(x), np.zeros_like(x)
        for y in reversed(ys[:-1]):
            dx += dy * y
            dy = dy * x
        return dx + dy

    return Case(f"products and sums of {n:.0e} elements", 1.1, hand, f, (x,), rounds=5)


def million() -> Case:
    x, n = 0.3, 1_000_000

    def hand() -> Any:
        return chain_by_hand(np.float64(x), n)

    return Case(
        f"{n:,} operations on scalars",
        10,
        hand,
        lambda x, xp: chain(x, n, xp),
        (x,),
        rounds=3,
        peers=False,
    )


def hessian_vector(m: int = 20, n: int = 10) -> Case:
    """Logistic regression: the gradient of `f` is a Hessian-vector product."""
    rng = np.random.default_rng(3)
    a, v, w = rng.standard_normal((m, n)), rng.standard_normal(n), rng.standard_normal(n)

    def loss(w: Any) -> Any:
        return np.sum(np.log1p(np.exp(np.matmul(a, w))))

    def f(w: Any, xp: Any) -> Any:
        return np.sum(ag.grad(loss)(w) * v)

    def hand() -> Any:
        e = np.exp(np.matmul(a, w))
        p = e / (1 + e)
        return np.matmul(a.T, p * (1 - p) * np.matmul(a, v))

    return Case(f"Hessian-vector product, {m} x {n}", 10, hand, f, (w,), peers=False)


def training(steps: int, *, inspect: bool) -> None:
    """Train a network for some steps, with or without a tape retained in each."""
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((32, 8)), rng.standard_normal((32, 1))
    params = [ag.Param(rng.standard_normal(shape) * 0.1) for shape in ((8, 16), (16,), (16, 1))]

    def loss(w: Any, b: Any, v: Any) -> Any:
        return np.mean((np.matmul(np.tanh(np.matmul(x, w) + b), v) - y) ** 2)

    gradient = ag.grad(loss, (0, 1, 2))
    for _ in range(steps):
        if inspect:
            tape = ag.diff(loss, *params)
            gradients = [ag.grad(tape, param) for param in params]
        else:
            gradients = gradient(*[param.value for param in params])
        for param, dx in zip(params, gradients, strict=True):
            param.value = param.value - 0.01 * dx


def deep(checkpoint: bool) -> Callable[[], Any]:
    """The gradient of 40 layers of 5 products each, saved or recomputed by `checkpoint`."""
    rng = np.random.default_rng(5)
    x, w = rng.standard_normal((1000, 64)), rng.standard_normal((64, 64)) * 0.1

    def layer(h: Any) -> Any:
        for _ in range(5):
            h = np.tanh(np.matmul(h, w) + 0.1)
        return h

    part = ag.checkpoint(layer) if checkpoint else layer

    def loss(h: Any) -> Any:
        for _ in range(40):
            h = part(h)
        return np.sum(h * h)

    gradient = ag.grad(loss)
    return lambda: gradient(x)


def traced(kind: str) -> Callable[[], Any]:
    """A `diff` of numbers (`number`) or of arrays with 10 or 100,000 elements."""
    x = ag.Param(0.3 if kind == "number" else np.full(int(kind), 0.3))
    n = 40 if kind == "100000" else 10_000
    return lambda: ag.diff(lambda: np.sum(chain(x, n, np)))


def saved(what: str) -> Callable[[], None]:
    """A trace of a million nodes: made ("trace"), also written ("save"), also read
    ("load_trace").
    """
    x = ag.Param(0.3)
    tape = ag.diff(lambda: chain(x, 1_000_000, np))

    def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            trace = tape.trace()
            if what != "trace":
                trace.save(Path(folder) / "trace.json")
            if what == "load_trace":
                ag.load_trace(Path(folder) / "trace.json")

    return run


# Cases whose memory is compared: big arrays, and two whose tape outweighs their arrays.
BIG = (
    "large_chain()",
    "network('float64')",
    "network('float32')",
    "recurrent()",
    "rows()",
    "million()",
)
