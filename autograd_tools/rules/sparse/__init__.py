"""NumPy's functions on SciPy's sparse matrices; the rules load at the first sparse operand."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from autograd_tools.engine.calls import set_sparse_call


def call_sparse(func: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
    return importlib.import_module(f"{__name__}.operators").call_sparse(func, args, kwargs)


set_sparse_call(call_sparse)
