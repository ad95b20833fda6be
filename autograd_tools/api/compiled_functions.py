"""Compiled functions with a known Python source or equivalent: Numba, bottleneck, `np.vectorize`.

Recorded values go to the Python function that Numba compiled, and to NumPy's in bottleneck's place.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

from autograd_tools.engine.calls import innermost
from autograd_tools.engine.state import is_outermost

# The functions of bottleneck that are NumPy's.
TWINS = (
    *("median", "nanargmax", "nanargmin", "nanmax", "nanmean", "nanmedian", "nanmin"),
    *("nanstd", "nansum", "nanvar"),
)
SOURCES = {"numba.core.registry": "py_func", "numba.np.ufunc.dufunc": "__wrapped__"}


def source_of(x: Any) -> Any:
    """Return the Python function that Numba compiles or `np.vectorize` calls; None if none."""
    name = "pyfunc" if type(x) is np.vectorize else SOURCES.get(type(x).__module__)
    return None if name is None else getattr(x, name, None)


def open_function(x: Any) -> Callable[..., Any] | None:
    """Return what takes recorded values in place of a compiled function; None if it is none."""
    if type(x) is np.vectorize:
        made: Any = importlib.import_module("autograd_tools.numpy").vectorize(
            x.pyfunc, x.otypes, x.__doc__, x.excluded, x.cache, x.signature
        )
        return functools.update_wrapper(made, x)
    source = source_of(x)
    if isinstance(source, FunctionType):
        return _of_numba(x, source)
    bottleneck: Any = sys.modules.get("bottleneck")
    if bottleneck is None:
        return None
    if x is bottleneck:
        return _bottleneck(x)
    name = x.__name__ if isinstance(x, BuiltinFunctionType) else ""
    is_twin = name in TWINS and getattr(bottleneck, name) is x
    return getattr(_bottleneck(bottleneck), name) if is_twin else None


@functools.cache
def _bottleneck(theirs: Any) -> Any:
    """Return bottleneck with NumPy's functions for recorded values."""
    made, ours = ModuleType("bottleneck"), importlib.import_module("autograd_tools.numpy")
    vars(made).update({n: _either(getattr(theirs, n), getattr(ours, n)) for n in TWINS})
    made.__getattr__ = functools.partial(getattr, theirs)  # type: ignore[method-assign]
    return made


def _of_numba(compiled: Any, source: Any) -> Callable[..., Any]:
    """Return a function of Numba that runs its Python source where it has to."""
    is_ufunc = hasattr(compiled, "nin")
    ours = importlib.import_module("autograd_tools.numpy")
    run = ours.vectorize(source) if is_ufunc else source

    def plainly(*args: Any, **kwargs: Any) -> Any:
        try:
            return compiled(*args, **kwargs)
        except UncompiledError:
            return run(*args, **kwargs)

    return functools.wraps(source)(_either(plainly, run))


class UncompiledError(TypeError):
    """Numba would compile a function for new types of arguments while its module is changed."""


def not_compiling(compiled: Any) -> Callable[..., Any]:
    """Return what Numba calls in place of its compiler, whose failures would stay."""

    module, name = compiled.__module__, compiled.__name__

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise UncompiledError(
            f"Numba cannot compile {name} while {module} is adapted; call it as an attribute of "
            f"its module, {module}.{name}"
        )

    return refuse


def _either(plainly: Any, recorded: Any) -> Callable[..., Any]:
    @functools.wraps(plainly)
    def call(*args: Any, **kwargs: Any) -> Any:
        if is_outermost() or innermost((*args, *kwargs.values()), sequences=True) is None:
            return plainly(*args, **kwargs)
        return recorded(*args, **kwargs)

    return call
