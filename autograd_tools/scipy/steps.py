"""SciPy's modules with functions that are one step each of a program that is being captured."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from autograd_tools.base.traced import opaque


class Steps:
    """A module of SciPy: `Steps(scipy.linalg).expm` is `expm`, also of traced values."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        made = opaque(getattr(self._module, name))
        setattr(self, name, made)
        return made
