"""Time what programs for HIPS autograd use, beside HIPS autograd, in one process, interleaved.

    pip install autograd scipy
    python benchmarks/packages.py

Figures are medians of ratios of processor time: ours / HIPS autograd's. Every result is compared
before it is timed.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import autograd
import autograd.numpy as theirs
import autograd.scipy.stats.multivariate_normal as their_normal
import numpy as np

import autograd_tools.compat as ours
import autograd_tools.compat.scipy as our_scipy

Make = Callable[[Any, Any, Any], Callable[[], Any]]  # (engine, its numpy, its normal) -> run
rng = np.random.default_rng(0)
X, POINTS = np.linspace(0.1, 1, 20), rng.normal(size=(300, 2))
MEAN, COVARIANCE = np.array([0.1, 0.2]), np.array([[2.0, 0.5], [0.5, 1.0]])
MEANS = rng.normal(size=(10, 2))
COVARIANCES = np.stack([COVARIANCE + 0.1 * i * np.eye(2) for i in range(10)])
WEIGHTS = np.ones((20, 20)) / 20


def tangent(f: Callable[[Any, Any], Any], x: Any) -> Make:
    return lambda engine, xp, _: lambda: engine.make_jvp(lambda x: f(x, xp))(x)(np.ones_like(x))[1]


def density(points: Any) -> Make:
    def make(engine: Any, xp: Any, normal: Any) -> Callable[[], Any]:
        loss = lambda x, m, c: xp.sum(normal.logpdf(x, m, c))  # noqa: E731
        gradient = engine.grad(loss, (0, 1, 2))
        return lambda: gradient(points, MEAN, COVARIANCE)

    return make


def mixture(engine: Any, xp: Any, normal: Any) -> Callable[[], Any]:
    def loss(means: Any, covariances: Any) -> Any:
        parts = [normal.logpdf(POINTS, means[i], covariances[i]) for i in range(10)]
        return xp.sum(xp.log(xp.sum(xp.exp(xp.stack(parts)), axis=0)))

    gradient = engine.grad(loss, (0, 1))
    return lambda: gradient(MEANS, COVARIANCES)


CASES: dict[str, Make] = {
    "make_jvp, 7 operations": tangent(lambda x, xp: xp.sum(xp.tanh(x) * x + xp.exp(-(x**2))), X),
    "make_jvp, 3 operations": tangent(lambda x, xp: xp.sin(x) * xp.cos(x), X),
    "make_jvp, 2 of a number": tangent(lambda x, xp: xp.sin(x) * x, 0.7),
    "make_jvp, a network": tangent(
        lambda x, xp: xp.sum(xp.tanh(xp.dot(WEIGHTS, xp.tanh(xp.dot(WEIGHTS, x))))), X
    ),
    "make_jvp, logsumexp": tangent(lambda x, xp: xp.log(xp.sum(xp.exp(x - xp.max(x)))), X),
    "normal density, 1 point": density(POINTS[0]),
    "normal density, 300 points": density(POINTS),
    "mixture of ten": mixture,
}


def symmetric(x: Any) -> Any:
    """Return a gradient with those of matrices made symmetric, a convention in which we differ."""
    parts = x if isinstance(x, tuple) else (x,)
    square = [np.ndim(p) > 1 and np.shape(p)[-1] == np.shape(p)[-2] for p in parts]
    pairs = zip(parts, square, strict=True)
    return [(p + np.swapaxes(p, -1, -2)) / 2 if is_square else p for p, is_square in pairs]


def seconds(run: Callable[[], Any], times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        run()
    return time.process_time() - start


def ratio(make: Make, rounds: int = 31) -> float:
    a = make(ours, np, our_scipy.stats.multivariate_normal)
    b = make(autograd, theirs, their_normal)
    for mine, other in zip(symmetric(a()), symmetric(b()), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-7, atol=1e-9)
    times = max(1, int(0.01 / seconds(b, 1)))
    return statistics.median(seconds(a, times) / seconds(b, times) for _ in range(rounds))


def import_time(module: str) -> float:
    """Return the processor time of a process that imports a module."""
    code = f"import {module}, time; print(time.process_time())"
    command = [sys.executable, "-c", code]
    return min(float(subprocess.check_output(command)) for _ in range(9))


if __name__ == "__main__":
    for name, make in CASES.items():
        print(f"{name:28}{ratio(make):6.2f}", flush=True)
    for mine, other in (("autograd_tools.compat", "autograd"),):
        print(f"{f'import {mine}':28}{import_time(mine) / import_time(other):6.2f}")
