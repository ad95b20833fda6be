"""Convolution along some axes and products along others, as in a convolutional network."""

from __future__ import annotations

from typing import Any

import numpy as np


def convolve(A: Any, B: Any, axes: Any = None, dot_axes: Any = ((), ()), mode: str = "full") -> Any:
    """Convolve along the pairs of `axes`, and sum products along the pairs of `dot_axes`.

    The result has the other axes of `A`, then those of `B`, then the convolved ones. `axes` are
    all by default. `mode` is "full", "same" (the middle, in the size of `A`) or "valid" (the part
    where one array lies within the other along all convolved axes).
    """
    axes = (range(np.ndim(A)), range(np.ndim(B))) if axes is None else axes
    of_a, of_b = ([n % np.ndim(x) for n in some] for x, some in zip((A, B), axes, strict=True))
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"convolve: mode must be 'full', 'same' or 'valid', got {mode!r}")
    pairs = [(np.shape(A)[i], np.shape(B)[j]) for i, j in zip(of_a, of_b, strict=True)]
    if mode == "valid" and any(n < m for n, m in pairs):
        if any(n > m for n, m in pairs):
            raise ValueError(
                "convolve: mode 'valid' expects one array at least as long along every axis"
            )
        swapped = convolve(B, A, (of_b, of_a), (dot_axes[1], dot_axes[0]), mode)
        ours, theirs = (np.ndim(x) - len(of_a) - len(dot_axes[0]) for x in (A, B))
        return np.moveaxis(swapped, range(theirs), range(ours, ours + theirs))
    if mode != "valid":
        more = dict(zip(of_a, (m - 1 for _, m in pairs), strict=True))
        A = np.pad(A, [(more.get(i, 0),) * 2 for i in range(np.ndim(A))])
    windows: Any = A
    # Each convolved axis becomes two: the position of the window, last, and that within the window.
    for i, (_, m) in zip(of_a, pairs, strict=True):
        places = np.arange(np.shape(A)[i] - m + 1)[:, None] + np.arange(m)[::-1]
        windows = np.moveaxis(windows[(*(slice(None),) * i, places)], i, -1)
    summed = ([*of_a, *(n % np.ndim(A) for n in dot_axes[0])], [*of_b, *dot_axes[1]])
    y: Any = np.tensordot(windows, B, summed)
    first, count, last = np.ndim(A) - len(summed[0]), len(of_a), np.ndim(B) - len(summed[1])
    y = np.moveaxis(y, range(first, first + count), range(first + last, first + last + count))
    if mode != "same":
        return y
    return y[(..., *(slice((m - 1) // 2, (m - 1) // 2 + n) for n, m in pairs))]
