"""Evaluation of formulas: their words, and the sum that the engine adds to a gradient."""

import numpy as np
import scipy.special


def share(c, axis=None):
    return c / np.maximum(1, np.sum(c, axis, keepdims=True))


def halved(x):
    return np.tril(x) - np.diag(np.diag(x)) / 2


# The words of formulas: those of NumPy and SciPy, and those that a remark explains.
WORDS = {**{name: getattr(scipy.special, name) for name in scipy.special.__all__}, **vars(np)}
WORDS |= {"share": share, "sym": lambda x: (x + x.mT) / 2, "Φ": halved, "inv": np.linalg.inv}


def summed_to(dx, x):
    """Return a gradient summed to the shape of its argument, as the engine does."""
    dx = np.asarray(dx)
    dx = dx.sum(tuple(range(dx.ndim - np.ndim(x))))
    dx = dx.reshape((1,) * (np.ndim(x) - dx.ndim) + dx.shape)
    ones = (axis for axis, n in enumerate(np.shape(x)) if n == 1 != dx.shape[axis])
    dx = np.broadcast_to(dx.sum(tuple(ones), keepdims=True), np.shape(x))
    return dx if np.iscomplexobj(x) else dx.real
