"""The weights and data of the transformer block, the same for every engine."""

import numpy as np

WIDTH, HEADS, LENGTH = 16, 2, 6
SHAPES = {
    **dict.fromkeys(("query", "key", "value", "output"), (WIDTH, WIDTH)),
    **dict.fromkeys(("scale1", "scale2"), (WIDTH,)),
    "up": (WIDTH, 4 * WIDTH),
    "down": (4 * WIDTH, WIDTH),
}


def weights():
    """Return the weights by name, as arrays of single precision."""
    random = np.random.default_rng(0)
    return {name: random.normal(0, 0.2, shape).astype(np.float32) for name, shape in SHAPES.items()}


def data():
    """Return a sequence of vectors."""
    return np.random.default_rng(1).normal(size=(LENGTH, WIDTH)).astype(np.float32)
