"""Traces of other engines, each in a module that is imported on demand."""

import importlib as _importlib
from typing import Any as _Any

ENGINES = ("hips", "jax", "torch")


def __getattr__(name: str) -> _Any:
    if name in ENGINES:
        return _importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
