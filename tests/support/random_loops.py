"""Functions with loops, drawn by chance from a seed."""

from __future__ import annotations

import random
from typing import Any

import numpy as np


def random_function(seed: int) -> Any:
    """Return a function with loops, in one another, of operations drawn by chance."""
    rng = random.Random(seed)
    unary = (np.sin, np.tanh, lambda x: x * 0.5, lambda x: x - np.mean(x), lambda x: x / 2 + 0.1)
    binary = (np.arctan2, lambda x, y: np.sin(x) * y, np.maximum, lambda x, y: np.cos(x - 0.3 * y))

    def block(depth: int) -> Any:
        count = rng.choice([1, 2, 3, 4, 7])
        lines = [
            (rng.choice(unary + binary), rng.randrange(3), rng.randrange(3), rng.randrange(3))
            for _ in range(rng.randint(1, 4))
        ]
        inner = block(depth - 1) if depth and rng.random() < 0.7 else None
        counts, skips = rng.random() < 0.3, rng.random() < 0.3
        after = rng.random() < 0.5

        def do(held: list[Any], x: Any) -> None:
            for t in range(count):
                if inner and not after:
                    inner(held, x)
                for func, i, j, k in lines:
                    held[k] = func(held[i]) if func in unary else func(held[i], held[j])
                if counts:
                    held[0] = np.sin(held[0] + x[t])
                if skips and t == 1:
                    held[1] = np.cos(held[1])
                if inner and after:
                    inner(held, x)

        return do

    blocks = [block(2), block(1)]

    def f(x: Any, y: Any) -> Any:
        held = [x, y, x * y]
        for do in blocks:
            do(held, x)
        return np.sum(held[0] * held[1]) + np.sum(held[2])

    return f


def random_steps(seed: int) -> Any:
    """Return a function of an array of 12 numbers and three matrices: loops of products, slices,
    sums, writes and swaps, drawn by chance.
    """
    rng = random.Random(seed)

    def block(depth: int) -> Any:
        count = rng.choice([1, 3, 4, 5, 8])
        lines = [
            (rng.randrange(12), rng.randrange(3), rng.randrange(3), rng.random())
            for _ in range(rng.randint(1, 4))
        ]
        inner = block(depth - 1) if depth and rng.random() < 0.6 else None
        alternates = rng.random() < 0.3

        def do(h: list[Any], x: Any, ws: list[Any]) -> None:
            for t in range(count):
                for line in lines:
                    _random_step(h, x, ws, t, *line)
                if alternates and t % 2:
                    h[0] = np.cos(h[0])
                if inner:
                    inner(h, x, ws)

        return do

    blocks = [block(2) for _ in range(rng.randint(1, 3))]

    def f(x: Any, ws: list[Any]) -> Any:
        h = [x[:4], x[4:8] * 2, np.sin(x[2:6])]
        for do in blocks:
            do(h, x, ws)
        return np.sum(h[0] * h[1]) + np.sum(h[2] ** 2)

    return f


def _random_step(
    h: list[Any], x: Any, ws: list[Any], t: int, kind: int, i: int, j: int, c: float
) -> None:
    if kind == 0:
        h[i], h[j] = h[j], h[i]
        return
    if kind == 1:
        y = h[i] + 0.0
        y += np.tanh(h[j])
        h[i] = y * 0.5
        return
    made: list[Any] = [
        lambda: np.sin(h[j] * c), lambda: h[i] + x[t] * h[j] * 0.1,
        lambda: ws[t % len(ws)] @ h[j] * 0.2, lambda: np.where(h[j] > c, h[i], h[j] * 0.5),
        lambda: np.concatenate([h[i][2:], h[j][:2]]), lambda: h[j][::-1] * c,
        lambda: h[i] / (1 + np.sum(h[j] ** 2)), lambda: np.exp(-(h[i] ** 2)) + c * t,
        lambda: h[i] * x[t : t + 4] * 0.3, lambda: h[i] - np.mean(h[j]),
    ]  # fmt: skip
    h[i] = made[kind - 2]()
