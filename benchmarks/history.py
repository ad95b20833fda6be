"""Time what `ag.history()` adds to a step: processor time, the best of many, with and without.

    OPENBLAS_NUM_THREADS=1 python benchmarks/history.py

`docs/howto/watch-a-training.md` quotes the numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np

import autograd_tools as ag

ROUNDS = 15
SECONDS = 0.02  # of a round


def network(width: int, rows: int, layers: int) -> Callable[[], Any]:
    """Return a step of a network with two Params a layer."""
    rng = np.random.default_rng(0)
    weights = [ag.Param(rng.normal(size=(width, width)) / width**0.5) for _ in range(layers)]
    biases = [ag.Param(np.zeros(width)) for _ in range(layers)]
    x = rng.normal(size=(rows, width))

    def loss() -> Any:
        h = x
        for w, b in zip(weights, biases, strict=True):
            h = np.tanh(h @ w + b)
        return np.mean(h**2)

    return lambda: ag.diff(loss)


def seconds(step: Callable[[], Any], count: int, *, recorded: bool) -> float:
    """Return the processor time of a step."""
    with ag.history() if recorded else nullcontext():
        step()  # finds the names
        start = time.process_time()
        for _ in range(count):
            step()
        return (time.process_time() - start) / count


STEPS = {
    "1 number": lambda: ag.grad(lambda x: x * x)(3.0),
    "4 Params of 8x8": network(8, 8, 2),
    "4 Params of 64x64": network(64, 32, 2),
    "20 Params of 64x64": network(64, 32, 10),
    "4 Params of 512x512": network(512, 256, 2),
}

if __name__ == "__main__":
    print(f"{'step':22}{'without':>12}{'added':>10}")
    for name, step in STEPS.items():
        step()
        count = max(int(SECONDS / seconds(step, 3, recorded=False)), 1)
        pairs = [
            [seconds(step, count, recorded=recorded) for recorded in (False, True)]
            for _ in range(ROUNDS)
        ]
        without, recorded = map(min, zip(*pairs, strict=True))
        added = recorded - without
        print(f"{name:22}{1e6 * without:9.1f} μs{1e6 * added:7.1f} μs{added / without:8.1%}")
