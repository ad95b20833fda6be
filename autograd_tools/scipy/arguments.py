"""How the functions of this package take their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.engine.calls import innermost, plain
from autograd_tools.engine.values import Value


def array(x: Any) -> Any:
    """`x` as something with a shape: a tracked value as it is, anything else as an array."""
    return x if isinstance(x, Value) else np.asarray(x)


def is_recorded(*args: Any) -> bool:
    """Whether a gradient is to flow back through one of the arguments, or through something in a list or tuple."""
    return innermost(args, sequences=True) is not None


def constant(x: Any, name: str) -> Any:
    """The plain value of an argument that has no gradient."""
    if is_recorded(x):
        raise TypeError(f"{name} has no gradient: pass ag.value(...) of it, which is a constant")
    return plain(x)
