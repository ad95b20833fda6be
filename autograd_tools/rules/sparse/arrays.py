"""Sparse arrays with recorded elements: `x * S`, `S + D`, and what is computed with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from autograd_tools.engine.calls import is_recorded, plain
from autograd_tools.engine.values import Value, unwrap
from autograd_tools.rules.indexing import ungetitem
from autograd_tools.rules.like import array
from autograd_tools.rules.sparse.products import Constant, Pattern, product

ZEROS_STAY = "adding a number to a sparse array is not supported, as in SciPy; write S.toarray()"


@dataclass(frozen=True, eq=False, repr=False)
class SparseArray:
    """A sparse array or matrix of two dimensions whose elements are recorded.

    It has the operators `@ * / + - **`, comparisons, `T`, `nnz`, and the methods `astype`,
    `diagonal`, `dot`, `mean`, `multiply`, `power`, `sum`, `toarray`, `trace` and `transpose` of
    SciPy's classes. `value` is the plain sparse matrix.

    Attributes
    ----------
    data : recorded array, shape (nnz,)
        The elements, in no particular order.
    pattern : Pattern
        Their rows and columns.
    is_matrix : bool
        True for the classes `*_matrix`, where `*` is the matrix product.
    """

    data: Any
    pattern: Pattern
    is_matrix: bool

    __array_ufunc__ = None  # NumPy's operators ask ours
    ndim = 2

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and columns."""
        return self.pattern.shape

    @property
    def nnz(self) -> int:
        """The number of elements, with explicit zeros."""
        return len(self.pattern.rows)

    @property
    def dtype(self) -> Any:
        """The type of the elements."""
        return plain(self.data).dtype

    @property
    def value(self) -> Any:
        """The plain sparse matrix of SciPy."""
        return as_scipy(plain(self.data), self.pattern, self.is_matrix)

    @property
    def T(self) -> SparseArray:  # noqa: N802  NumPy's name
        """The transpose."""
        return SparseArray(self.data, self.pattern.T, self.is_matrix)

    def __repr__(self) -> str:
        kind = "matrix" if self.is_matrix else "array"
        return f"<recorded sparse {kind} of shape {self.shape} with {self.nnz} elements>"

    def transpose(self, axes: None = None, copy: bool = False) -> SparseArray:  # noqa: ARG002  SciPy's
        """Return the transpose."""
        return self.T

    def copy(self) -> SparseArray:
        """Return the array itself, which nothing changes."""
        return self

    tocsr = tocsc = tocoo = tobsr = todia = tolil = todok = asformat = lambda self, *args, **kw: (
        self
    )

    def astype(self, dtype: Any) -> Any:
        """Return the array with elements of another type."""
        return made(self.data.astype(dtype), self.pattern, self.is_matrix)

    def toarray(self) -> Any:
        """Return the dense array."""
        p = self.pattern
        return ungetitem(self.data, (p.rows, p.cols), np.zeros(p.shape))

    def todense(self) -> Any:
        """Return the dense array; of a matrix, write `toarray`."""
        refuse_np_matrix(self, "todense()", "write toarray()")
        return self.toarray()

    def sum(self, axis: Any = None, dtype: None = None, out: None = None) -> Any:
        """Return the sum of all elements, or the sums along an axis."""
        if dtype is not None or out is not None:
            raise TypeError("sum of a recorded sparse array has no dtype= or out=; use astype")
        if axis is None:
            return np.sum(self.data)
        refuse_np_matrix(self, "sum(axis=...)", "use scipy.sparse.csr_array")
        if axis not in (0, 1, -1, -2):
            raise ValueError(f"axis must be None, 0, 1, -1 or -2, got {axis!r}")
        pattern = self.pattern.T if axis in (0, -2) else self.pattern
        return product(self.data, np.ones(pattern.shape[1], self.dtype), pattern)

    def mean(self, axis: Any = None, dtype: None = None, out: None = None) -> Any:
        """Return the mean of all elements, zeros included, or the means along an axis."""
        count = self.shape[0] * self.shape[1] if axis is None else self.shape[axis]
        return self.sum(axis, dtype, out) / count

    def diagonal(self, k: int = 0) -> Any:
        """Return the `k`-th diagonal as a dense vector."""
        rows, cols = self.pattern.rows, self.pattern.cols
        on = np.flatnonzero(cols - rows == k)
        length = max(min(self.shape[0] + min(k, 0), self.shape[1] - max(k, 0)), 0)
        return ungetitem(self.data[on], np.minimum(rows, cols)[on], np.zeros(length))

    def trace(self, offset: int = 0) -> Any:
        """Return the sum along a diagonal."""
        return np.sum(self.diagonal(offset))

    def power(self, n: Any, dtype: None = None) -> Any:
        """Return the elements to the power of a positive number."""
        if ndim(n) != 0 or dtype is not None or not plain(n) > 0:
            raise TypeError(f"the exponent of a sparse array must be positive, got {n!r}")
        return made(self.data**n, self.pattern, self.is_matrix)

    def multiply(self, other: Any) -> Any:
        """Return the product of elements with a number, a dense or a sparse array."""
        return multiply(self, other)

    def dot(self, other: Any) -> Any:
        """Return the product with a number, a vector or a matrix."""
        return scale(self, other) if ndim(other) == 0 and not is_sparse(other) else self @ other

    def __getitem__(self, index: Any) -> Any:
        raise TypeError("a recorded sparse array has no elements to read; write A.toarray()[...]")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        known = [key for key in vars(SparseArray) if not key.startswith("_")]
        raise AttributeError(
            f"a recorded sparse array has no attribute {name!r}; it has {', '.join(sorted(known))}",
            name=name,
            obj=self,
        )

    def __matmul__(self, other: Any) -> Any:
        return matmul(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return matmul(other, self)

    def __mul__(self, other: Any) -> Any:
        return star(self, other)

    def __rmul__(self, other: Any) -> Any:
        return star(other, self)

    def __imul__(self, other: Any) -> Any:
        raise TypeError("a recorded sparse matrix cannot change in place; write S = S * x")

    def __itruediv__(self, other: Any) -> Any:
        raise TypeError("a recorded sparse matrix cannot change in place; write S = S / x")

    def __truediv__(self, other: Any) -> Any:
        return ratio(self, other)

    def __add__(self, other: Any) -> Any:
        return add(self, other)

    def __radd__(self, other: Any) -> Any:
        return add(other, self)

    def __sub__(self, other: Any) -> Any:
        return add(self, -other)

    def __rsub__(self, other: Any) -> Any:
        return add(other, -self)

    def __neg__(self) -> Any:
        return made(-self.data, self.pattern, self.is_matrix)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return made(abs(self.data), self.pattern, self.is_matrix)

    def __pow__(self, n: Any) -> Any:
        if self.is_matrix:
            raise TypeError("a power of a recorded sparse matrix has no gradient; write A @ A")
        return self.power(n)

    def __bool__(self) -> bool:
        raise ValueError("the truth of an array is ambiguous; compare A.sum() or A.nnz")

    def __len__(self) -> int:
        raise TypeError("the length of a sparse array is ambiguous; use A.shape[0]")

    def __eq__(self, other: Any) -> Any:
        return self.value == as_plain(other)

    def __ne__(self, other: Any) -> Any:
        return self.value != as_plain(other)

    def __lt__(self, other: Any) -> Any:
        return self.value < as_plain(other)

    def __le__(self, other: Any) -> Any:
        return self.value <= as_plain(other)

    def __gt__(self, other: Any) -> Any:
        return self.value > as_plain(other)

    def __ge__(self, other: Any) -> Any:
        return self.value >= as_plain(other)

    __hash__ = object.__hash__

    def __array_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        name = func.__name__
        if name in ("sum", "mean", "trace", "diagonal", "transpose") and args[0] is self:
            return getattr(self, name)(*args[1:], **kwargs)
        if func is np.dot and not kwargs:
            a, b = args
            return a.dot(b) if a is self else (star if ndim(a) == 0 else matmul)(a, b)
        if name in ("shape", "ndim"):
            return getattr(self, name)
        raise TypeError(
            f"np.{name} of a recorded sparse array has no gradient rule; write A.toarray()"
        )


def ndim(x: Any) -> int:
    """Return the number of dimensions of an operand, recorded or not."""
    return np.ndim(unwrap(x))


def is_sparse(x: Any) -> bool:
    """Return True for a sparse matrix of SciPy or one with recorded elements."""
    return type(x) is not np.ndarray and (type(x) is SparseArray or bool(sparse.issparse(x)))


def as_plain(x: Any) -> Any:
    """Return the plain value of an operand."""
    return x.value if isinstance(x, SparseArray) else plain(x)


def as_scipy(data: Any, pattern: Pattern, is_matrix: bool) -> Any:
    matrix = pattern.matrix(data)
    return sparse.csr_matrix(matrix) if is_matrix else matrix


def made(data: Any, pattern: Pattern, is_matrix: bool) -> Any:
    """Return a sparse array: SciPy's own unless its elements are recorded."""
    if is_recorded(data):
        return SparseArray(data, pattern, is_matrix)
    return as_scipy(plain(data), pattern, is_matrix)


def from_places(data: Any, rows: Any, cols: Any, shape: tuple[int, int], is_matrix: bool) -> Any:
    """Return a sparse array from elements and their places; those of one place are added."""
    keys = rows.astype(np.int64) * shape[1] + cols
    once, where = np.unique(keys, return_inverse=True)
    if len(once) == len(keys):
        return made(data, Pattern(rows, cols, shape), is_matrix)
    pattern = Pattern(once // max(shape[1], 1), once % max(shape[1], 1), shape)
    return made(ungetitem(data, where, np.zeros(len(once))), pattern, is_matrix)


def lift(x: Any) -> SparseArray:
    """Return a sparse matrix of SciPy as one of constant elements, a recorded one unchanged."""
    if isinstance(x, SparseArray):
        return x
    check_two_dimensions(x)
    rows = sparse.csr_array(x)
    if not rows.has_canonical_format:
        rows = rows.copy()
        rows.sum_duplicates()
    return SparseArray(rows.data, Pattern.of_rows(rows), False)


def check_two_dimensions(x: Any) -> None:
    if len(x.shape) != 2:
        raise TypeError(
            f"a sparse array of {len(x.shape)} dimensions has no gradients; "
            "write S.reshape(1, -1) for two dimensions, or S.toarray()"
        )


def is_matrix(x: Any) -> bool:
    return x.is_matrix if isinstance(x, SparseArray) else isinstance(x, sparse.spmatrix)


def refuse_np_matrix(x: Any, what: str, instead: str) -> None:
    if is_matrix(x):
        raise TypeError(f"{what} of a sparse matrix is an np.matrix, without gradients; {instead}")


def matmul(a: Any, b: Any) -> Any:
    """Return a @ b, where one of them or both are sparse."""
    if is_sparse(a) and is_sparse(b):
        return sparse_product(a, b)
    if ndim(a if is_sparse(b) else b) == 0:
        raise ValueError("Scalar operands are not allowed, use '*' instead")
    if is_sparse(b):
        turned = matmul(b.T, a.T if ndim(a) > 1 else a)
        return turned.T if ndim(a) > 1 else turned
    if ndim(b) > 2:
        raise ValueError(f"expected a vector or a matrix beside a sparse one, got {ndim(b)}-D")
    if not isinstance(b, Value):
        b = array(b)
    if isinstance(a, SparseArray):
        return product(a.data, b, a.pattern)
    check_two_dimensions(a)
    return product(None, b, Constant(a))


def sparse_product(a: Any, b: Any) -> Any:
    """Return a @ b of sparse arrays: a sum over each pair of elements that meet."""
    left, right, matrix = lift(a), lift(b), is_matrix(a)
    if left.shape[1] != right.shape[0]:
        raise ValueError(f"matmul: dimension mismatch of {left.shape} and {right.shape}")
    order = np.argsort(right.pattern.rows, kind="stable")
    starts = np.searchsorted(right.pattern.rows[order], np.arange(right.shape[0] + 1))
    first = starts[left.pattern.cols]
    counts = starts[left.pattern.cols + 1] - first
    p = np.repeat(np.arange(left.nnz), counts)
    q = order[np.arange(len(p)) + np.repeat(first - np.cumsum(counts) + counts, counts)]
    rows, cols = left.pattern.rows[p], right.pattern.cols[q]
    shape = (left.shape[0], right.shape[1])
    return from_places(left.data[p] * right.data[q], rows, cols, shape, matrix)


def star(a: Any, b: Any) -> Any:
    """Return a * b: the matrix product of a `*_matrix`, that of elements of a `*_array`."""
    dense = b if is_sparse(a) else a
    if not is_sparse(dense) and ndim(dense) == 0:
        return scale(a if is_sparse(a) else b, dense)
    if is_matrix(a if is_sparse(a) else b):
        return matmul(a, b)
    return multiply(a, b) if is_sparse(a) else multiply(b, a)


def scale(a: Any, factor: Any) -> Any:
    """Return a sparse array times a number."""
    lifted = lift(a)
    return made(lifted.data * factor, lifted.pattern, is_matrix(a))


def multiply(a: Any, b: Any) -> Any:
    """Return the product of the elements of a sparse array and of `b`, which may broadcast."""
    if not is_sparse(b) and ndim(b) == 0:
        return scale(a, b)
    lifted = lift(a)
    return made(lifted.data * at_places(b, lifted.pattern), lifted.pattern, is_matrix(a))


def at_places(x: Any, pattern: Pattern) -> Any:
    """Return the elements of a dense or sparse array at the places of a pattern."""
    if is_sparse(x):
        return sparse_at_places(lift(x), pattern)
    x = array(x)
    shape = (1,) * (2 - ndim(x)) + np.shape(unwrap(x))
    if len(shape) != 2 or any([n not in (1, m) for n, m in zip(shape, pattern.shape, strict=True)]):
        raise ValueError(
            f"a sparse array of shape {pattern.shape} times one of shape {np.shape(unwrap(x))}: "
            "expected one that broadcasts to it; write S.toarray() otherwise"
        )
    places = (pattern.rows, pattern.cols)
    index = [np.zeros_like(p) if n == 1 else p for n, p in zip(shape, places, strict=True)]
    return x[index[1]] if ndim(x) == 1 else x[tuple(index)]


def sparse_at_places(x: SparseArray, pattern: Pattern) -> Any:
    if x.shape != pattern.shape:
        raise ValueError(f"inconsistent shapes {pattern.shape} and {x.shape}")
    if x.nnz == 0:
        return np.zeros(len(pattern.rows))
    order = np.argsort(x.pattern.keys)
    found = np.minimum(np.searchsorted(x.pattern.keys[order], pattern.keys), x.nnz - 1)
    index = order[found]
    return x.data[index] * (x.pattern.keys[index] == pattern.keys)


def ratio(a: Any, b: Any) -> Any:
    """Return the elements of a sparse array divided by a number or by those of a dense array."""
    if not is_sparse(a) or is_sparse(b):
        raise TypeError("a division by a sparse array has no gradient; write S.toarray()")
    return multiply(a, 1 / array(b))


def add(a: Any, b: Any) -> Any:
    """Return a + b: sparse if both are, else dense."""
    if is_sparse(a) and is_sparse(b):
        left, right = lift(a), lift(b)
        if left.shape != right.shape:
            raise ValueError("inconsistent shapes")
        data = np.concatenate([left.data, right.data])
        rows, cols = (
            np.concatenate([getattr(x.pattern, name) for x in (left, right)])
            for name in ("rows", "cols")
        )
        return from_places(data, rows, cols, left.shape, is_matrix(a))
    matrix, dense = (a, array(b)) if is_sparse(a) else (b, array(a))
    if ndim(dense) == 0:
        if not is_recorded(dense) and plain(dense) == 0:
            return matrix
        raise TypeError(ZEROS_STAY)
    refuse_np_matrix(matrix, "the sum with a dense array", "write S.toarray() + x")
    total = matrix.toarray() + dense
    if np.shape(unwrap(total)) != matrix.shape:
        raise ValueError(f"inconsistent shapes {matrix.shape} and {np.shape(unwrap(dense))}")
    return total
