"""NumPy's functions on SciPy's sparse matrices; the rules load at the first sparse operand."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from autograd_tools.engine.calls import set_sparse_call


def load(func: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
    """Load the rules, and compute the first call with them."""
    call = importlib.import_module(f"{__name__}.operators").call_sparse
    set_sparse_call(call)
    return call(func, args, kwargs)


set_sparse_call(load)
