"""Functions whose result has a shape or type that depends on numbers: each run checks it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.base.traced import BINARIES, PYTHONS, Attribute, Method, Traced, UfuncMethod
from autograd_tools.programs.capturing.effects import CHANGING

# Functions whose result does not depend on numbers.
STATIC: frozenset[Callable[..., Any]] = frozenset(
    {
        *(np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.iscomplexobj, np.isrealobj),
        *(np.common_type, np.may_share_memory, np.shares_memory, np.einsum_path),
    }
)
# Those with a shape or type that depends on the numbers of arrays.
OF_NUMBERS = frozenset(
    {
        *(np.nonzero, np.argwhere, np.flatnonzero, np.unique, np.unique_all, np.unique_counts),
        *(np.unique_inverse, np.unique_values, np.union1d, np.intersect1d, np.setdiff1d),
        *(np.setxor1d, np.extract, np.compress, np.delete, np.repeat, np.bincount, np.trim_zeros),
        *(np.roots, np.polydiv, np.arange, np.linspace, np.histogram_bin_edges, np.where, np.ix_),
        *(np.linalg.eig, np.linalg.eigvals, np.real_if_close, np.poly, np.emath.sqrt),
        *(np.emath.log, np.emath.log2, np.emath.log10, np.emath.logn, np.emath.power),
        *(np.emath.arccos, np.emath.arcsin, np.emath.arctanh, np.array_split, np.split),
    }
)
SCIPYS = frozenset({"logm", "sqrtm"})  # complex for some matrices
ELEMENTWISE: frozenset[Any] = frozenset(
    {getattr(operator, f"__{side}{name}__") for side in ("", "i") for name in BINARIES}
    | {operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne}
    | {operator.neg, operator.pos, operator.abs, operator.invert}
) - {operator.matmul, operator.imatmul}

# Functions without an effect, whose result has a shape that only those of its arguments decide, and
# the number of these.
SIMPLE_CALLS: dict[Any, int] = {
    **dict.fromkeys((operator.matmul, np.matmul), 2),
    **dict.fromkeys(ELEMENTWISE - CHANGING, 2),
    **dict.fromkeys((operator.neg, operator.pos, operator.abs, operator.invert), 1),
    **{
        func: func.nin
        for func in vars(np).values()
        if isinstance(func, np.ufunc) and func.nout == 1 and func.signature is None
    },
}


def is_numpys(func: Any) -> bool:
    """Return whether a function is NumPy's, SciPy's or Python's: it writes where it says so."""
    if isinstance(func, (np.ufunc, Method, UfuncMethod)):
        return True
    module = getattr(func, "__module__", "") or ""
    return module.partition(".")[0] in ("numpy", "scipy", "_operator", "builtins") or (
        module == "autograd_tools.engine.cotangents"
    )


def depends_on_numbers(func: Any, args: tuple[Any, ...], traced: list[Traced]) -> bool:
    """Return whether the shape or type of a result may be another one for other numbers."""
    if func in (operator.pow, operator.ipow, round):
        if type(args[-1]) is int and type(traced[0].plain) is float:
            return False  # a power of a float
        return all([type(x.plain) in PYTHONS for x in traced])
    if isinstance(func, (np.ufunc, Attribute, UfuncMethod)) or func in ELEMENTWISE:
        return False
    if func is operator.setitem:
        return False
    if type(func) is Method:
        func = getattr(np, func.name, func)
    if func in OF_NUMBERS:
        return func is not np.where or len(args) == 1
    if getattr(func, "__name__", "") in SCIPYS:
        return True
    if func is operator.getitem:
        chosen = [x.plain for x in traced if x is not args[0]]
        index = args[1] if type(args[1]) is tuple else (args[1],)
        masks = any([np.asarray(x).dtype.kind == "b" for x in chosen])
        return masks or (bool(chosen) and any([type(part) is slice for part in index]))
    counts = traced[1:] if traced and traced[0] is (args[0] if args else None) else traced
    if any([np.asarray(x.plain).dtype.kind in "biu" for x in counts]):
        return True
    return not (type(func) is Method or func is operator.matmul or is_numpys(func))
