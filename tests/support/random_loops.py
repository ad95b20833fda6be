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
