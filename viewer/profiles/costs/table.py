"""Formulas of operations that are not elementwise, one entry each.

The constants of equations and decompositions are those of Golub and Van Loan, Matrix Computations
(4th edition, 2013), to the highest order, half of them products. That of Fourier transforms is
FFTW's (fftw.org/speed): 5 n log2 n real operations, and half of it where one side is real.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from viewer.profiles.costs.call import Call, Count
from viewer.profiles.costs.products import (
    convolve,
    convolve_gradient,
    dot,
    dot_gradient,
    einsum,
    einsum_gradient,
    matmul,
    matmul_gradient,
    outer_gradient,
    pairs,
    tensordot,
    vecdot_gradient,
)

Formula: TypeAlias = Callable[[Call], Count | None]


class Cost(NamedTuple):
    """The products and sums of a call, and the operands moved, in the letters of `Call.moved`."""

    formula: Formula
    moves: str | None = "*"
    real: bool = False  # the formula counts real operations, also of complex calls


def _sums(call: Call) -> Count:
    return 0, call.n


def _sums_out(call: Call) -> Count:
    return 0, call.out


def _cubes(factor: float) -> Formula:
    """Count `factor` n^3 for each matrix of the first argument."""
    return lambda call: pairs(factor / 2 * call.n * call.a[-1])


def _solve(call: Call) -> Count:
    """2/3 n^3 for the triangles of each matrix, 2 n^2 for each right-hand side (section 3.1)."""
    return pairs(call.n * call.a[-1] / 3 + call.out * call.a[-1])


def _solve_left(call: Call) -> Count:
    """The equations again, and an outer product for each right-hand side, with the sign changed."""
    products, sums = _solve(call)
    n = call.out * call.a[-1]
    return products + n, sums + n * (len(call.b) > 1) + call.n


def _sides(call: Call) -> tuple[int, int, int]:
    """Return the number of matrices, their longer side and their shorter one."""
    return math.prod(call.a[:-2]), max(call.a[-2:]), min(call.a[-2:])


def _qr(call: Call) -> Count:
    """Householder's triangle and the thin q, 2 m n^2 - 2/3 n^3 each (section 5.2)."""
    matrices, m, n = _sides(call)
    return pairs(matrices * (2 * m * n**2 - 2 / 3 * n**3))


def _svd(call: Call) -> Count:
    """With thin vectors 14 m n^2 + 8 n^3, without vectors 4 m n^2 - 4/3 n^3 (section 8.6)."""
    matrices, m, n = _sides(call)
    return pairs(
        matrices * (2 * m * n**2 - 2 / 3 * n**3 if call.y.shape else 7 * m * n**2 + 4 * n**3)
    )


def _fourier(call: Call) -> Count | None:
    """5 n log2 n for each transform, where all axes have one length: the axis is not recorded."""
    lengths = {*call.a, *call.y.shape}
    return (0, 5 * call.out * math.log2(lengths.pop() or 1)) if len(lengths) == 1 else None


def _half_fourier(call: Call) -> Count | None:
    """2.5 n log2 n for a real side and half a spectrum, which is shorter along the axis."""
    lengths = [max(n, m) for n, m in zip(call.a, call.y.shape, strict=True) if n != m]
    return (0, 2.5 * max(call.n, call.out) * math.log2(lengths[0])) if len(lengths) == 1 else None


def _both(name: str, formula: Formula) -> dict[str, Cost]:
    """Enter a Fourier transform and its gradient, which is one, too."""
    return {name: Cost(formula, real=True), f"{name}[1]": Cost(formula, "da", real=True)}


def _gradients(name: str, formula: Formula) -> dict[str, Cost]:
    """Enter the gradients of two arguments; each reads dy and the other argument."""
    return {f"{name}[1]": Cost(formula, "dba"), f"{name}[2]": Cost(formula, "dab")}


VIEW = Cost(lambda call: (0, 0), "")  # the same memory in another shape
COPY = Cost(lambda call: (0, 0))
COPY_BACK = Cost(lambda call: (0, 0), "da")
# the position of the extreme, the number of ties, dy times both
EXTREME_BACK = Cost(lambda call: (call.n, 2 * call.n), "dyaa")
EXTREMES = "max min amax amin nanmax nanmin"
MOVES = "astype roll tril triu fft.fftshift fft.ifftshift"
VIEWS = """
    expand_dims flip fliplr flipud getattr matrix_transpose moveaxis ravel real reshape rot90
    squeeze swapaxes transpose
"""

# By the label of an operation or gradient in the timer. To add one, add an entry here and a count
# by hand in tests/viewer/profiles/test_costs.py. Elementwise operations need none.
COSTS: dict[str, Cost] = {
    # Products
    "matmul": Cost(matmul),
    **_gradients("matmul", matmul_gradient),
    "dot": Cost(dot),
    **_gradients("dot", dot_gradient),
    "tensordot": Cost(tensordot),
    **_gradients("tensordot", tensordot),
    "vecdot": Cost(matmul),
    **_gradients("vecdot", vecdot_gradient),
    "matvec": Cost(matmul),
    "vecmat": Cost(matmul),
    "outer": Cost(lambda call: (call.out, 0)),
    **_gradients("outer", outer_gradient),
    "einsum": Cost(einsum),
    "einsum[2]": Cost(einsum_gradient, "dcb"),
    "einsum[3]": Cost(einsum_gradient, "dbc"),
    "convolve": Cost(convolve),
    **_gradients("convolve", convolve_gradient),
    # Reductions: one operation for each number that goes in
    "sum": Cost(_sums),
    "sum[1]": VIEW,
    "mean": Cost(lambda call: (call.out, call.n)),
    "mean[1]": Cost(lambda call: (call.out, 0), "dd"),
    **dict.fromkeys(EXTREMES.split(), Cost(_sums)),
    **{f"{name}[1]": EXTREME_BACK for name in EXTREMES.split()},
    "cumsum": Cost(_sums),
    "cumsum[1]": Cost(_sums_out, "da"),
    "cumprod": Cost(lambda call: (call.n, 0)),
    "cumprod[1]": Cost(lambda call: (2 * call.n, call.n), "dyaa"),
    # Equations and decompositions
    "linalg.solve": Cost(_solve),
    "linalg.solve[1]": Cost(_solve_left, "daya"),
    "linalg.solve[2]": Cost(_solve, "dab"),
    "linalg.inv": Cost(_cubes(2)),  # 2/3 n^3 for the triangles, 4/3 n^3 for the columns
    "linalg.inv[1]": Cost(_cubes(4), "dya"),  # two products
    "linalg.det": Cost(_cubes(2 / 3)),
    "linalg.det[1]": Cost(_cubes(2), "dyaa"),  # the inverse, of a regular matrix
    "linalg.slogdet": Cost(_cubes(2 / 3), "a"),
    "linalg.slogdet[1]": Cost(_cubes(2), "aa"),
    "linalg.cholesky": Cost(_cubes(1 / 3)),  # section 4.2
    "linalg.cholesky[1]": Cost(_cubes(8), "dya"),  # an inverse and three products
    "linalg.qr": Cost(_qr, None),
    "linalg.eigh": Cost(_cubes(9), None),  # section 8.3, with vectors
    "linalg.eig": Cost(_cubes(25), None),  # section 7.5, with vectors
    "linalg.svd": Cost(_svd, None),
    # Fourier transforms
    **_both("fft.fft", _fourier),
    **_both("fft.ifft", _fourier),
    **_both("fft.rfft", _half_fourier),
    **_both("fft.irfft", _half_fourier),
    **_both("fft.hfft", _half_fourier),
    **_both("fft.ihfft", _half_fourier),
    # Views, copies, parts
    **{name + back: VIEW for name in VIEWS.split() for back in ("", "[1]")},
    **dict.fromkeys(("broadcast_to", "diagonal"), VIEW),
    "broadcast_to[1]": Cost(lambda call: (0, call.out - call.n), "da"),
    **dict.fromkeys(("copy", "repeat", "setitem", *MOVES.split()), COPY),
    **{f"{name}[1]": COPY_BACK for name in MOVES.split()},
    "copy[1]": VIEW,
    "repeat[1]": Cost(_sums_out, "da"),
    **{name: Cost(lambda call: (0, 0), "yy") for name in ("concatenate", "stack")},
    **{f"{name}[1]": VIEW for name in ("concatenate", "stack")},
    "getitem[1]": Cost(_sums_out, "dd"),  # added to a part as large as it
}
