"""The VJP rules of NumPy's functions, in tables by area.

`git grep "rules(np.sum"` finds those of np.sum. To add one, write `rules(np.function, rule, ...)`
in the table of its area, and a case in tests/rules/cases*.py. Its cost and its line in the
documentation are derived. `@composite(np.function)` composes one of functions that have rules. A
rule is `(dy, y, *args, **kwargs) -> dx`: `dy` is the cotangent of the output `y`. None stands for
a zero gradient, UNKNOWN for an error. Rules come in the order of the arguments or by parameter
name, as in `rules(np.sum, sum_x, initial=sum_initial)`.

A rule need not undo broadcasting: the engine sums `dx` to the shape of the argument. A rule calls
functions that have rules themselves, so that gradients of higher order work. It computes at a
tie, at zero and for complex numbers as its table says at its head.
"""

# ruff: noqa: F401 - importing a table registers its rules
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
    sparse,
    special,
    statistics,
    ufunc_methods,
    zero,
)
