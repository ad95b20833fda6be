"""Packages that request a plain value: found on the stack, with advice for the error."""

from __future__ import annotations

import importlib
import sys
from types import FrameType
from typing import Any

import numpy as np

from autograd_tools.engine.state import innermost_open

# Methods of SciPy's sparse matrices that leave an operand to the other side if it is no array.
SPARSE_OPERATIONS = {"_matmul_dispatch", "_divide", "_comparison", "_multiply_2d_with_broadcasting"}
SPARSE_METHODS = {
    "multiply": "write x * S with a sparse array, scipy.sparse.csr_array(S)",
    "dot": "write S @ x, and S * x for a number",
}
# What asks for a plain value, and what to write instead, by the package that asks.
INSTEAD = {
    "pandas": (
        "a function of pandas",
        "write the array of the pandas object, as in frame.to_numpy() @ x",
    ),
    "xarray": (
        "an attribute or function of xarray that needs a NumPy array",
        "write x.data for x.values and x.item(), and xr.where(...) for an assignment",
    ),
    "numpy.ma": (
        "a function of numpy.ma",
        "use x itself, and m.filled(0) and np.where(m.mask, 0, x) for a mask",
    ),
    "numpy.matrixlib": ("np.matrix", "use an array of two axes, which has the operator a @ b"),
    "torch": ("a function of torch", "write tensor.detach().cpu().numpy() and NumPy's functions"),
}
OF_NUMPY = ("numpy.ma.", "numpy.matrixlib.")  # NumPy's modules among them
# Installed packages that show or compile, and do not compute with NumPy's functions themselves.
NO_COMPUTATION = frozenset(
    (
        *(
            "IPython",
            "_pytest",
            "bokeh",
            "hypothesis",
            "ipykernel",
            "joblib",
            "matplotlib",
            "numba",
        ),
        *("plotly", "polars", "pyarrow", "pytest", "rich", "seaborn", "sklearn"),
    )
)
adapted_packages: set[str] = set()  # the top ones of `adapt`


def instead_of_caller() -> tuple[str, str] | None:
    """Return what asks for a plain value and what to write instead, if it is a known package."""
    frame = _first_foreign(sys._getframe(2))
    name = "" if frame is None else frame.f_globals.get("__name__", "")
    if name.startswith(OF_NUMPY):
        return INSTEAD[".".join(name.split(".")[:2])]
    package = name.partition(".")[0]
    if package == "scipy":
        return _of_scipy(frame)
    if frame is not None and package in adapted_packages:
        return (
            f"{package}, which is adapted and gives it to a plain array or to compiled code in "
            f"{frame.f_code.co_name}, as in a.dot(x),",
            "give this function a rule with ag.primitive(rule, ...)",
        )
    if frame is not None and package not in INSTEAD and _can_be_adapted(frame, package):
        return (
            f"{package}, which calls np.asarray or float(x) in {frame.f_code.co_name},",
            f'write `with ag.adapt("{package}"):` around the call',
        )
    return INSTEAD.get(package)


def calls_adapted() -> bool:
    """Return whether code of an adapted package called the function that asks."""
    if not adapted_packages:
        return False
    name = sys._getframe(2).f_globals.get("__name__", "")
    return name.partition(".")[0] in adapted_packages


def _can_be_adapted(frame: FrameType, package: str) -> bool:
    """Return whether a frame is of an installed package that computes, and is not adapted yet."""
    file = frame.f_code.co_filename.replace("\\", "/")
    installed = "/site-packages/" in file or "/dist-packages/" in file
    return installed and package not in NO_COMPUTATION and package not in adapted_packages


def numpy_function() -> str:
    """Return the function of NumPy that the user called, if it is one that NumPy dispatches: it did
    not look at the recorded argument.
    """
    frame: FrameType | None = sys._getframe(2)
    found = ""
    while frame is not None:
        package, _, module = frame.f_globals.get("__name__", "").partition(".")
        if package == "numpy" and not module.startswith("ma."):
            found = frame.f_code.co_name
        elif package != "autograd_tools":
            break
        frame = frame.f_back
    return found if hasattr(getattr(np, found, None), "_implementation") else ""


def _first_foreign(frame: FrameType | None) -> FrameType | None:
    """Return the innermost frame that is neither NumPy's own nor ours."""
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.partition(".")[0] not in ("numpy", "autograd_tools") or name.startswith(OF_NUMPY):
            return frame
        frame = frame.f_back
    return None


def _of_scipy(frame: FrameType | None) -> tuple[str, str]:
    """Return the public module of SciPy that was called, and our replacement if there is one."""
    module = "scipy"
    called: list[str] = []
    while frame is not None:
        parts = frame.f_globals.get("__name__", "").split(".")
        if parts[0] != "scipy":
            break
        public = [
            part for i, part in enumerate(parts) if not any(p[0] == "_" for p in parts[: i + 1])
        ]
        module = ".".join(public) if len(public) > 1 else module
        name = frame.f_code.co_name
        called.append(type(frame.f_locals["self"]).__name__ if name == "__init__" else name)
        frame = frame.f_back
    what = f"a function of {module}"
    method = next((name for name in called if name in SPARSE_METHODS), None)
    if module == "scipy.sparse" and method is not None:
        return f"S.{method}(x)", SPARSE_METHODS[method]
    ours = f"autograd_tools.{module}"
    if module != "scipy" and (public := _names_of(ours)):
        if names := [name for name in called if name in public]:
            return what, f"use {ours}.{names[-1]}"
        return what, f"use one of {ours} if it does the same"
    return what, "use NumPy's functions, or give it a rule with ag.primitive(rule, ...)"


def _names_of(module: str) -> list[str]:
    """Return the public names of one of our modules; none if it does not exist."""
    try:
        return list(importlib.import_module(module).__all__)
    except ModuleNotFoundError:
        return []


def for_sparse(x: Any) -> Any:
    """Return the array of a Value that makes an operator of a sparse matrix leave it to us.

    SciPy takes an array of one object for an operand that is no array, and returns NotImplemented.
    None if it is not an operator that asks: the method `multiply` would return NotImplemented to
    the user.
    """
    frame = sys._getframe(2)
    name = frame.f_code.co_name
    if not frame.f_globals.get("__name__", "").startswith("scipy.sparse."):
        return None
    if name == "dot" and np.ndim(x) > 0:
        return np.empty(1)  # looked at for its type alone, before SciPy writes `self @ other`
    if name not in SPARSE_OPERATIONS or _is_method(frame.f_back):
        return None
    made = np.empty((), object)
    made[()] = x
    return made


def _is_method(frame: FrameType | None) -> bool:
    """Return True if the frame is a call of `S.multiply`, and not of its operator."""
    found = False
    while frame is not None and frame.f_code.co_name in ("multiply", *SPARSE_OPERATIONS):
        found = frame.f_code.co_name == "multiply"
        frame = frame.f_back
    return found and (frame is None or frame.f_code.co_name not in ("__mul__", "__rmul__"))


def unit(self: Any) -> Any:
    """Refuse astropy, which reads this attribute of an operand before it takes the plain value."""
    caller = sys._getframe(1).f_globals.get("__name__", "")
    if innermost_open() is not None and caller.partition(".")[0] == "astropy":
        raise TypeError(
            "astropy cannot record what it computes; write the array of its object, "
            "x.to_value(unit)"
        )
    raise AttributeError(f"a {type(self).__name__} has no attribute 'unit'", name="unit", obj=self)
