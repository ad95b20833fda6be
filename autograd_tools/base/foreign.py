"""Arrays of other packages: converted to NumPy, or an error that says what to write."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy import ndarray

from autograd_tools.base.traced import Traced

# A type with one of these is an array of some package.
PROTOCOLS = ("__array__", "__array_interface__", "__array_ufunc__", "__array_function__")
# What to write for an array `x` of a package.
CONVERSIONS = {
    "pandas": "x.to_numpy()",
    "pint": "x.magnitude",
    "polars": "x.to_numpy()",
    "pyarrow": "x.to_numpy(zero_copy_only=False)",
    "torch": "x.detach().cpu().numpy()",
    "xarray": "x.to_numpy()",
}
OPERATORS = [
    f"__{side}{name}__"
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")
    for side in ("", "r")
]


def package_of(x: Any) -> str:
    """Return the known package that defines the type of `x` or a base of it, else any."""
    packages = [kind.__module__.partition(".")[0] for kind in type(x).__mro__]
    return next((package for package in packages if package in CONVERSIONS), packages[0])


def is_labelled(x: Any) -> bool:
    """Return True for an array of xarray, which can hold recorded values and compute with them."""
    return hasattr(type(x), "dims") and package_of(x) == "xarray"


def is_sparse(x: Any) -> bool:
    """Return True for a sparse matrix or sparse array of SciPy."""
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and bool(sparse.issparse(x))


def is_foreign(x: Any) -> bool:
    """Return True for an array that is not exactly an `ndarray`, and for a sparse matrix."""
    kind = type(x)
    if isinstance(x, np.generic) or kind is ndarray or kind is Traced:
        return False
    return any([hasattr(kind, name) for name in PROTOCOLS]) or is_sparse(x)


def conversion(x: Any) -> str:
    """Return what to write for the plain array of `x`."""
    if is_sparse(x):
        return "x.toarray()"
    if type(x).__name__ == "Dataset":
        return "x['name'].to_numpy()"
    if isinstance(x, np.ma.MaskedArray):
        return "x.filled(0)"
    return CONVERSIONS.get(package_of(x), "np.asarray(x)")


def refuse_own_arithmetic(x: Any) -> None:
    """Raise a TypeError for array classes whose arithmetic is not NumPy's."""
    if type(x) is Traced:
        return
    if isinstance(x, np.matrix):
        raise TypeError(
            "np.matrix has no gradients, because its `*` is a matrix product; "
            "use np.asarray(m), and @ for products"
        )
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(
            "a masked array has no gradients; use m.filled(0), "
            "and np.where(m.mask, 0, x) or `where=` for the masked elements"
        )
    kind = type(x)
    changed = ("__array_ufunc__", *OPERATORS)
    if isinstance(x, ndarray) and any(
        [getattr(kind, name) is not getattr(ndarray, name) for name in changed]
    ):
        raise TypeError(
            f"{kind.__name__} has its own arithmetic and no gradients; "
            "write np.asarray(x) for its plain array"
        )
    if any([hasattr(kind, name) for name in ("unit", "units")]):
        raise TypeError(
            f"{kind.__name__} has a unit, which a gradient would lose; "
            "write x.magnitude or x.to_value(unit) for its plain array"
        )


def refuse_operator(x: Any, operator: str) -> None:
    """Raise a TypeError for an operator that a package does not leave to us on its other side."""
    package = package_of(x)
    if operator and (
        package == "polars"
        or (package == "pandas" and operator == "matmul" and hasattr(type(x), "__matmul__"))
    ):
        raise TypeError(
            f"{operator} of a recorded value and a {type(x).__name__}, which {package} does not "
            f"leave to others; write {conversion(x)} for its array"
        )


def to_array(x: Any) -> Any:
    """Return the NumPy array of a foreign array; a sparse matrix unchanged.

    Raises
    ------
    TypeError
        If its elements are no numbers, or its arithmetic is not NumPy's.
    """
    if is_sparse(x):
        return x
    refuse_own_arithmetic(x)
    what = f"expected an array of numbers, got {type(x).__name__}"
    if package_of(x) == "pandas":
        _check_pandas(x, what)
    try:
        found = np.array(x, copy=None, subok=False)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{what}: {error}; write {conversion(x)}") from error
    if found.dtype.kind in "biufc":
        return found
    raise TypeError(
        f"{what} with elements of dtype {found.dtype}; write {conversion(x)} and choose the numbers"
    )


def _check_pandas(x: Any, what: str) -> None:
    """Raise a TypeError for columns of no numbers and for missing ones."""
    dtypes = list(x.dtypes) if getattr(x, "ndim", 1) == 2 else [x.dtype]
    found = ", ".join(dict.fromkeys(map(str, dtypes)))
    if not all([dtype.kind in "biufc" for dtype in dtypes]):
        instead = (
            "choose its columns of numbers, x[columns].to_numpy(float)"
            if len(dtypes) > 1
            else "write x.to_numpy(float) if they are"
        )
        raise TypeError(f"{what} of dtype {found}; {instead}")
    if not all([isinstance(dtype, np.dtype) for dtype in dtypes]) and np.any(x.isna()):
        raise TypeError(
            f"{what} of dtype {found} with missing values, which pandas skips and NumPy does not; "
            "write x.to_numpy(float, na_value=np.nan)"
        )
