"""The operators and functions of NumPy that take a sparse matrix beside recorded values."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from autograd_tools.engine.calls import innermost, plain
from autograd_tools.engine.primitives import name_of
from autograd_tools.rules.sparse.arrays import add, lift, made, matmul, ratio, star

PLAIN: dict[Callable[..., Any], Callable[[Any, Any], Any]] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.divide: operator.truediv,
    np.matmul: operator.matmul,
    np.dot: lambda a, b: a.dot(b) if sparse.issparse(a) else a @ b,
}


def negative(x: Any) -> Any:
    if not sparse.issparse(x):
        return -x
    lifted = lift(x)
    return made(-lifted.data, lifted.pattern, isinstance(x, sparse.spmatrix))


def dot(a: Any, b: Any) -> Any:
    dense = b if sparse.issparse(a) else a
    return star(a, b) if np.ndim(dense) == 0 else matmul(a, b)


RECORDED: dict[Callable[..., Any], Callable[[Any, Any], Any]] = {
    np.add: add,
    np.subtract: lambda a, b: add(a, negative(b)),
    np.multiply: star,
    np.divide: ratio,
    np.matmul: matmul,
    np.dot: dot,
}


def call_sparse(func: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
    """Compute a function of two arguments; one of them is a sparse matrix of SciPy."""
    if kwargs or len(args) != 2 or func not in RECORDED:
        raise TypeError(
            f"np.{name_of(func)} of a sparse matrix has no gradient rule; write S.toarray()"
        )
    recorded = innermost(args, sequences=False) is not None
    return RECORDED[func](*args) if recorded else PLAIN[func](*plain(args))
