"""scipy.sparse: sparse arrays built from recorded elements, and the systems they define.

A constant sparse matrix needs nothing from here: `S @ x`, `x @ S`, `s * S`, `S.T` and `S + s * D`
work with SciPy's own classes.

>>> import numpy as np, autograd_tools as ag
>>> from autograd_tools.scipy import sparse
>>> ag.grad(lambda k: np.sum(sparse.diags_array(k) @ np.array([2.0, 3.0])))(np.ones(2))
array([2., 3.])
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from autograd_tools.base.traced import plain_array
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.sparse import arrays
from autograd_tools.rules.sparse.arrays import SparseArray
from autograd_tools.rules.sparse.products import refuse_traced
from autograd_tools.scipy.arguments import array, constant, is_recorded

__all__ = [
    "SparseArray",
    "block_diag",
    "coo_array",
    "coo_matrix",
    "csc_array",
    "csc_matrix",
    "csr_array",
    "csr_matrix",
    "diags",
    "diags_array",
    "hstack",
    "kron",
    "vstack",
]


def __getattr__(name: str) -> Any:
    """Load `linalg` at its first use."""
    if name == "linalg":
        return importlib.import_module(f"{__name__}.linalg")
    raise AttributeError(
        f"module {__name__!r} has no attribute {name!r}; it has linalg, {', '.join(__all__)}"
    )


def holds_recorded(*args: Any) -> bool:
    """Return True if an argument, or an item of a list, is or has recorded elements."""
    refuse_traced(args)
    return any(
        [
            holds_recorded(*arg)
            if isinstance(arg, (list, tuple))
            else isinstance(arg, SparseArray) or is_recorded(arg)
            for arg in args
        ]
    )


def from_scipy(name: str, arg: Any, shape: Any, dtype: Any, copy: bool) -> Any:
    """Build a sparse array from recorded elements; without, by SciPy's class of that name."""
    if not holds_recorded(arg):
        return getattr(sparse, name)(arg, shape=shape, dtype=dtype, copy=copy)
    if isinstance(arg, SparseArray):
        made = SparseArray(arg.data, arg.pattern, name.endswith("matrix"))
        return made if dtype is None else made.astype(dtype)
    if not isinstance(arg, tuple) or len(arg) not in (2, 3):
        raise TypeError(
            f"{name} of a recorded array would lose the gradient of its zeros; "
            f"write {name}((data, (rows, cols)), shape=shape)"
        )
    data, *places = arg
    data = array(data) if dtype is None else array(data).astype(dtype)
    refuse_traced(unwrap(data))
    places = constant(places, f"{name}: the places of the elements")
    if len(places) == 1:
        rows, cols = map(np.asarray, places[0])
    else:
        cols, counts = plain_array(places[0]), np.diff(places[1])
        rows = np.repeat(np.arange(len(counts)), counts)
        if name.startswith("csc"):
            rows, cols = cols, rows
    if shape is None:
        shape = (int(np.max(rows, initial=-1)) + 1, int(np.max(cols, initial=-1)) + 1)
    plain = sparse.coo_array((unwrap(data), (rows, cols)), shape=shape)  # checks the places
    return arrays.from_places(data, plain.row, plain.col, plain.shape, name.endswith("matrix"))


def constructor(name: str) -> Callable[..., Any]:
    """Return the constructor of a class of SciPy for recorded elements."""

    def build(arg1: Any, shape: Any = None, dtype: Any = None, copy: bool = False) -> Any:
        return from_scipy(name, arg1, shape, dtype, copy)

    build.__name__ = build.__qualname__ = name
    build.__doc__ = f"""Return a sparse {name.partition("_")[2]} from recorded elements.

    Parameters
    ----------
    arg1 : tuple
        `(data, (rows, cols))`, or `(data, indices, indptr)` for compressed rows or columns. The
        elements `data` may be recorded, their positions may not. Elements at the same position are
        added. Anything without recorded elements goes to `scipy.sparse.{name}`.
    shape : tuple of int, optional
        By default, the smallest shape that contains all positions.
    dtype : dtype, optional
    copy : bool

    Returns
    -------
    SparseArray, or SciPy's `{name}` if no element is recorded

    Raises
    ------
    TypeError
        If `arg1` is a dense recorded array.
    """
    return build


coo_array, coo_matrix = constructor("coo_array"), constructor("coo_matrix")
csr_array, csr_matrix = constructor("csr_array"), constructor("csr_matrix")
csc_array, csc_matrix = constructor("csc_array"), constructor("csc_matrix")


def diags_array(
    diagonals: Any, /, *, offsets: Any = 0, shape: Any = None, format: Any = None, dtype: Any = None
) -> Any:
    """Return a sparse array from its diagonals.

    Parameters
    ----------
    diagonals : array_like or sequence of array_like
        One diagonal, or one for each offset. A number, or a vector of one, fills its diagonal.
    offsets : int or sequence of int
        0 is the main diagonal, k > 0 the k-th above it.
    shape : tuple of int, optional
        By default, the smallest square that contains all diagonals.
    format : str, optional
        Ignored for recorded elements.
    dtype : dtype, optional

    Returns
    -------
    SparseArray, or SciPy's array if no element is recorded
    """
    return diagonals_of("diags_array", diagonals, offsets, shape, format, dtype)


def diags(
    diagonals: Any, offsets: Any = 0, shape: Any = None, format: Any = None, dtype: Any = None
) -> Any:
    """Return a sparse matrix from its diagonals; see `diags_array`.

    Parameters
    ----------
    diagonals : array_like or sequence of array_like
    offsets : int or sequence of int
    shape : tuple of int, optional
    format : str, optional
    dtype : dtype, optional

    Returns
    -------
    SparseArray, or SciPy's matrix if no element is recorded
    """
    return diagonals_of("diags", diagonals, offsets, shape, format, dtype)


def diagonals_of(
    name: str, diagonals: Any, offsets: Any, shape: Any, format: Any, dtype: Any
) -> Any:
    if not holds_recorded(diagonals):
        options = {} if dtype is None else {"dtype": dtype}
        return getattr(sparse, name)(
            diagonals, offsets=offsets, shape=shape, format=format, **options
        )
    offsets = constant(offsets, f"{name}: offsets")
    if np.ndim(offsets) == 0:
        single = not isinstance(diagonals, (list, tuple)) or all(np.ndim(d) == 0 for d in diagonals)
        diagonals, offsets = [diagonals if single else diagonals[0]], [offsets]
    parts = [
        np.stack(list(d)) if isinstance(d, (list, tuple)) else np.reshape(d, -1) for d in diagonals
    ]
    if len(parts) != len(offsets):
        raise ValueError(f"{name} got {len(parts)} diagonals and {len(offsets)} offsets")
    if shape is None:
        n = np.size(parts[0]) + abs(int(offsets[0]))
        shape = (n, n)
    data, rows, cols = [], [], []
    for part, k in zip(parts, map(int, offsets), strict=True):
        length = min(shape[0] + min(k, 0), shape[1] - max(k, 0))
        if np.size(part) not in (1, length):
            raise ValueError(
                f"{name}: the diagonal at offset {k} has {length} elements, got {np.size(part)}"
            )
        data.append(np.broadcast_to(part, (length,)))
        rows.append(np.arange(length) + max(-k, 0))
        cols.append(np.arange(length) + max(k, 0))
    elements = np.concatenate(data)
    return arrays.from_places(
        elements if dtype is None else elements.astype(dtype),
        np.concatenate(rows),
        np.concatenate(cols),
        tuple(shape),
        name == "diags",
    )


def blocks(parts: list[Any], corners: list[tuple[int, int]], shape: tuple[int, int]) -> Any:
    """Return a sparse array of sparse arrays whose first elements are at the corners."""
    lifted = [arrays.lift(part) for part in parts]
    rows = [p.pattern.rows + top for p, (top, _) in zip(lifted, corners, strict=True)]
    cols = [p.pattern.cols + left for p, (_, left) in zip(lifted, corners, strict=True)]
    return arrays.from_places(
        np.concatenate([p.data for p in lifted]),
        np.concatenate(rows),
        np.concatenate(cols),
        shape,
        all(map(arrays.is_matrix, parts)),
    )


def stacked(name: str, parts: Any, axis: int, format: Any, dtype: Any) -> Any:
    if not holds_recorded(list(parts)):
        return getattr(sparse, name)(parts, format=format, dtype=dtype)
    shapes = np.array([part.shape for part in parts])
    if np.any(shapes[:, 1 - axis] != shapes[0, 1 - axis]):
        raise ValueError(f"{name} expected arrays of one {('width', 'height')[axis]}")
    starts = np.concatenate([[0], np.cumsum(shapes[:, axis])]).tolist()
    other = int(shapes[0, 1 - axis])
    corners = [(0, start) if axis else (start, 0) for start in starts[:-1]]
    return blocks(list(parts), corners, (other, starts[-1]) if axis else (starts[-1], other))


def vstack(blocks: Any, format: Any = None, dtype: Any = None) -> Any:
    """Return sparse arrays on top of each other.

    Parameters
    ----------
    blocks : sequence of sparse arrays
    format : str, optional
    dtype : dtype, optional

    Returns
    -------
    SparseArray, or SciPy's array if no element is recorded
    """
    return stacked("vstack", blocks, 0, format, dtype)


def hstack(blocks: Any, format: Any = None, dtype: Any = None) -> Any:
    """Return sparse arrays side by side.

    Parameters
    ----------
    blocks : sequence of sparse arrays
    format : str, optional
    dtype : dtype, optional

    Returns
    -------
    SparseArray, or SciPy's array if no element is recorded
    """
    return stacked("hstack", blocks, 1, format, dtype)


def block_diag(mats: Any, format: Any = None, dtype: Any = None) -> Any:
    """Return a sparse array with sparse arrays on its diagonal.

    Parameters
    ----------
    mats : sequence of sparse arrays
    format : str, optional
    dtype : dtype, optional

    Returns
    -------
    SparseArray, or SciPy's array if no element is recorded
    """
    if not holds_recorded(list(mats)):
        return sparse.block_diag(mats, format=format, dtype=dtype)
    ends = np.cumsum([(0, 0), *[part.shape for part in mats]], axis=0).tolist()
    return blocks(list(mats), [(top, left) for top, left in ends[:-1]], tuple(ends[-1]))


def kron(A: Any, B: Any, format: Any = None) -> Any:
    """Return the Kronecker product of two sparse arrays.

    Parameters
    ----------
    A, B : sparse array
    format : str, optional

    Returns
    -------
    SparseArray, or SciPy's array if no element is recorded
    """
    if not holds_recorded(A, B):
        return sparse.kron(A, B, format=format)
    a, b = arrays.lift(A), arrays.lift(B)
    m, n = b.shape
    return arrays.from_places(
        np.ravel(np.outer(a.data, b.data)),
        np.ravel(np.add.outer(a.pattern.rows * m, b.pattern.rows)),
        np.ravel(np.add.outer(a.pattern.cols * n, b.pattern.cols)),
        (a.shape[0] * m, a.shape[1] * n),
        arrays.is_matrix(A) and arrays.is_matrix(B),
    )
