"""Hints for scripts whose gradients another library computes."""

from __future__ import annotations

import sys
from types import FunctionType, ModuleType

from viewer.command.sampling import INSTALLED, OURS

# By the top package of a library, the end of the error. To add one, add an entry.
LIBRARIES = {
    "autograd": "it uses HIPS autograd: add --as-autograd before SCRIPT",
    "torch": "it uses PyTorch, which computes its own gradients: show, draw, map, explain and "
    "profile find only those of the main thread",
    "jax": "it uses JAX, which computes its own gradients: show, draw, map, explain and profile "
    "find those of jax.grad, jax.vjp and its other derivative functions",
}


def hint() -> str:
    """Return a hint if the script that has run imports one of the libraries itself, or nothing."""
    used = {module.partition(".")[0] for module in _imported()}
    return "".join(f"; {text}" for top, text in LIBRARIES.items() if top in used)


def _imported() -> set[str]:
    """Return the modules that the script imports, and those that its own modules import."""
    found, todo = set[str](), ["__main__"]
    while todo:
        name = todo.pop()
        module = sys.modules.get(name)
        file = getattr(module, "__dict__", {}).get("__file__") or ""  # a lazy one is not asked
        if name == "__main__" or (
            file and not file.startswith(OURS) and not INSTALLED.search(file)
        ):
            new = {_origin(value) for value in [*vars(module).values()]} - found
            found |= new
            todo += new
    return found


def _origin(value: object) -> str:
    """Return the module that a value is or comes from."""
    if isinstance(value, ModuleType):
        return value.__name__
    maker = value if isinstance(value, type | FunctionType) else type(value)
    return str(maker.__module__)
