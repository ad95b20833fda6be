"""autograd_tools.scipy under HIPS autograd's names; other names are SciPy's own.

`signal.convolve` takes `axes` and `dot_axes`, as in HIPS autograd.
"""

from __future__ import annotations

import importlib
import sys
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import autograd_tools.scipy
from autograd_tools.compat.convolution import convolve
from autograd_tools.compat.extend import definable
from autograd_tools.compat.insides import inside

FUNCTIONS = (FunctionType, BuiltinFunctionType)


def _module(name: str, *sources: Any, **names: Any) -> ModuleType:
    """Make a module with the names of `sources`; the first source that has a name provides it."""
    made = ModuleType(f"{__name__}.{name}", sources[0].__doc__)

    def find(attribute: str) -> Any:
        for source in sources:
            if hasattr(source, attribute):
                found = getattr(source, attribute)
                if isinstance(found, FUNCTIONS):  # `defvjp` may give it rules
                    found = vars(made)[attribute] = definable(found)
                return found
        return inside(made.__name__, attribute)

    vars(made).update({"__getattr__": find, **names})
    sys.modules[made.__name__] = made
    return made


integrate, linalg, special, stats, signal = (
    _module(
        name,
        importlib.import_module(f"autograd_tools.scipy.{name}"),
        importlib.import_module(f"scipy.{name}"),
        **({"convolve": convolve} if name == "signal" else {}),
    )
    for name in ("integrate", "linalg", "special", "stats", "signal")
)
for _name in autograd_tools.scipy.stats.__all__:
    setattr(
        stats,
        _name,
        _module(
            f"stats.{_name}",
            getattr(autograd_tools.scipy.stats, _name),
            getattr(importlib.import_module("scipy.stats"), _name),
        ),
    )
__all__ = ["integrate", "linalg", "signal", "special", "stats"]
