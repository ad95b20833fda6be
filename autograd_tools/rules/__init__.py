"""The gradient rules, in tables by area of NumPy. `git grep "rules(np.sum"` finds the one of np.sum.

A rule is `(dy, y, *args, **kwargs) -> dx`. It need not undo broadcasting: the engine sums `dx` to the shape of its
argument. It is written in functions that have rules themselves, so that it can be differentiated again.
"""

from autograd_tools.rules import (
    arithmetic,
    choosing,
    decompositions,
    einsum,
    elementwise,
    emath,
    fft,
    histograms,
    indexing,
    joining,
    like,
    linalg,
    padding,
    polynomials,
    products,
    reductions,
    series,
    sets,
    shapes,
    special,
    statistics,
    ufunc_methods,
    zero,
)

__all__ = [
    "arithmetic",
    "choosing",
    "decompositions",
    "einsum",
    "elementwise",
    "emath",
    "fft",
    "histograms",
    "indexing",
    "joining",
    "like",
    "linalg",
    "padding",
    "polynomials",
    "products",
    "reductions",
    "series",
    "sets",
    "shapes",
    "special",
    "statistics",
    "ufunc_methods",
    "zero",
]
