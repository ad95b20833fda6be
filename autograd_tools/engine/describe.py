"""Short descriptions of values: `P(float64[2,3])`, `R(float64[2,4])`, `14.5`."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.base.containers import field_names, is_container
from autograd_tools.base.traced import Traced
from autograd_tools.engine.values import Param, Value, Wrapping, unwrap

LEVELS = 10  # of nested containers; what is deeper is shown as `...`


def describe(x: Any, levels: int = LEVELS) -> str:
    """Describe a value: arrays by dtype and shape, numbers in full, Params in `P()`, Results in
    `R()`, containers to a depth of `levels`.
    """
    if type(x) is Traced:
        x = x.plain
    if isinstance(x, Wrapping):
        letter = "P" if isinstance(x, Param) else "R" if isinstance(x, Value) else "T"
        return f"{letter}({describe(unwrap(x), levels)})"
    if isinstance(x, np.ndarray):
        return f"{x.dtype}[{','.join(map(str, x.shape))}]"
    if isinstance(x, np.generic):
        return repr(x.item())
    if is_container(x):
        return _container(x, levels - 1) if levels else "..."
    if isinstance(x, slice):
        return _slice(x)
    if x is Ellipsis:
        return "..."
    return getattr(x, "__name__", None) or (str(x) if isinstance(x, np.dtype) else repr(x))


def _slice(x: slice) -> str:
    parts = ["" if part is None else describe(part) for part in (x.start, x.stop, x.step)]
    return ":".join(parts[:2] if x.step is None else parts)


def _container(x: Any, levels: int) -> str:
    """Describe a sequence by its first eight items, so that it stays on one line."""
    if isinstance(x, (tuple, list)):
        shown = [describe(item, levels) for item in x[:8]] + (["..."] if len(x) > 8 else [])
        if isinstance(x, list):
            return f"[{', '.join(shown)}]"
        return f"({', '.join(shown)}{',' if len(x) == 1 else ''})"
    if isinstance(x, dict):
        return "{" + ", ".join(f"{key!r}: {describe(x[key], levels)}" for key in x) + "}"
    fields = [f"{name}={describe(getattr(x, name), levels)}" for name in field_names(x)]
    return f"{type(x).__name__}({', '.join(fields)})"
