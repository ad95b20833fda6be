"""SciPy's modules with functions that are one step each of a program that is being captured."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from autograd_tools.base import traced
from autograd_tools.engine.calls import plain
from autograd_tools.engine.state import is_outermost


class Steps:
    """A module of SciPy: `Steps(scipy.linalg).expm` is `expm`, also of traced values."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        made = traced.opaque(getattr(self._module, name))
        setattr(self, name, made)
        return made


def is_plain_call() -> bool:
    """Return whether nothing looks at a call: neither a recording nor a capture."""
    return is_outermost() and not traced.captures


def refuse_steps(solver: str, x: Any) -> None:
    """Raise an error if numbers of a program that is being captured decide what a solver does."""
    if (capture := traced.capture_of(plain(x))) is not None:
        capture.refuse(
            f"{solver}, whose steps depend on the numbers,", "compile the function that it calls"
        )
