"""Products of a sparse matrix with a vector or a matrix, and the pattern of its elements.

A pattern stands for a matrix: `pattern.matrix(data)` is the sparse matrix of SciPy with these
elements. That of a constant matrix needs no data.
"""

from __future__ import annotations

import functools
import operator
from typing import Any

import numpy as np
from scipy import sparse

from autograd_tools.base.traced import capture_of, opaque
from autograd_tools.engine.registry import Primitive


def refuse_traced(data: Any) -> None:
    """Raise an error if a program that is being captured computes the elements of a matrix."""
    if (capture := capture_of(data)) is not None:
        capture.refuse("a sparse array of computed elements", "compile what makes them")


class Constant:
    """The pattern of a constant matrix: a sparse matrix or a linear operator."""

    def __init__(self, held: Any) -> None:
        self.held = held
        self.shape = held.shape

    def matrix(self, data: None) -> Any:  # noqa: ARG002  as of a Pattern
        """Return the matrix."""
        return self.held

    @property
    def T(self) -> Constant:  # noqa: N802  NumPy's name
        """The pattern of the transpose."""
        return Constant(self.held.T)

    def __repr__(self) -> str:
        return f"sparse[{','.join(map(str, self.shape))}]"


class Pattern:
    """The places of the elements of a sparse matrix: each place once, in any order."""

    def __init__(
        self, rows: Any, cols: Any, shape: tuple[int, int], turned: Pattern | None = None
    ) -> None:
        self.rows, self.cols, self.shape = rows, cols, shape
        self.turned = turned  # the pattern whose transpose this is

    @classmethod
    def of_rows(cls, matrix: Any) -> Pattern:
        """Return the pattern of a sparse array in CSR format."""
        rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        made = cls(rows, matrix.indices, matrix.shape)
        made._by_rows = slice(None), matrix.indices, matrix.indptr
        return made

    def matrix(self, data: Any) -> Any:
        """Return the sparse array with the elements `data`."""
        if self.turned is not None:
            return self.turned.matrix(data).T
        refuse_traced(data)
        order, cols, starts = self._by_rows
        return sparse.csr_array((data[order], cols, starts), shape=self.shape)

    @functools.cached_property
    def _by_rows(self) -> tuple[Any, Any, Any]:
        places = (self.rows, self.cols)
        order = sparse.coo_array((np.arange(len(self.rows)), places), shape=self.shape).tocsr()
        return order.data, order.indices, order.indptr

    @functools.cached_property
    def T(self) -> Pattern:  # noqa: N802  NumPy's name
        """The pattern of the transpose."""
        return Pattern(self.cols, self.rows, self.shape[::-1], self)

    @functools.cached_property
    def keys(self) -> Any:
        """One number for each place."""
        return self.rows.astype(np.int64) * self.shape[1] + self.cols

    def __repr__(self) -> str:
        return f"sparse[{','.join(map(str, self.shape))}]"


def at_elements(dy: Any, x: Any, pattern: Pattern) -> Any:
    """Return the elements of the matrix dy @ x.T at the places of the pattern."""
    products = dy[pattern.rows] * x[pattern.cols]
    return products if np.ndim(products) == 1 else np.sum(products, axis=1)


def multiplied(data: Any, x: Any, pattern: Any) -> Any:
    return product_of_plain(pattern.matrix(data), x)


product_of_plain = opaque(operator.matmul)

# The product of the matrix with the elements `data` and a vector or matrix `x`.
product: Primitive = Primitive(
    multiplied,
    (
        lambda dy, y, data, x, pattern: at_elements(dy, x, pattern),
        lambda dy, y, data, x, pattern: product(data, dy, pattern.T),
    ),
    name="sparse.matmul",
)
