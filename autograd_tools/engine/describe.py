"""Short descriptions of values: `P(float64[2,3])`, `R(float64[2,4])`, `14.5`."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.base.containers import field_names, is_dataclass
from autograd_tools.engine.values import Param, Value, Wrapping, unwrap


def describe(x: Any) -> str:
    """Describe a value: arrays by dtype and shape, numbers in full, Params in `P()`, Results in
    `R()`.
    """
    if isinstance(x, Wrapping):
        letter = "P" if isinstance(x, Param) else "R" if isinstance(x, Value) else "T"
        return f"{letter}({describe(unwrap(x))})"
    if isinstance(x, np.ndarray):
        return f"{x.dtype}[{','.join(map(str, x.shape))}]"
    if isinstance(x, np.generic):
        return repr(x.item())
    if isinstance(x, (tuple, list)):
        return _items(x)
    if isinstance(x, dict):
        return "{" + ", ".join(f"{key!r}: {describe(item)}" for key, item in x.items()) + "}"
    if is_dataclass(x):
        fields = [f"{name}={describe(getattr(x, name))}" for name in field_names(x)]
        return f"{type(x).__name__}({', '.join(fields)})"
    if isinstance(x, slice):
        return _slice(x)
    if x is Ellipsis:
        return "..."
    return getattr(x, "__name__", None) or (str(x) if isinstance(x, np.dtype) else repr(x))


def _slice(x: slice) -> str:
    parts = ["" if part is None else describe(part) for part in (x.start, x.stop, x.step)]
    return ":".join(parts[:2] if x.step is None else parts)


def _items(x: tuple[Any, ...] | list[Any]) -> str:
    """Describe a sequence by its first eight items, so that it stays on one line."""
    shown = [describe(item) for item in x[:8]] + (["..."] if len(x) > 8 else [])
    if isinstance(x, list):
        return f"[{', '.join(shown)}]"
    return f"({', '.join(shown)}{',' if len(x) == 1 else ''})"
