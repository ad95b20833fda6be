"""The operations of the function itself, which own the equations of its gradient."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from viewer.adapters.operators import OPERATORS

# Equations that only call another program, which may stand in their place.
CALLS = frozenset({"jit", "pjit", "closed_call", "core_call"})
RECOMPUTED = frozenset({"checkpoint", "remat", "remat2"})
CUSTOM = frozenset({"custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr"})
_PROGRAMS = ("jaxpr", "call_jaxpr", "fun_jaxpr")  # parameters that hold the called program
OWNER = re.compile(r"#(\d+)")
LOOPS = "\0"  # after the kind of a place, in the name of a marker


class Marker(NamedTuple):
    """A scope around equations, which has no frame of its own; of a loop or step, with its kind."""

    name: str

    @classmethod
    def of(cls, kind: str, name: str) -> Marker:
        """Return the marker of a "loop" or "step"."""
        return cls(f"{kind}{LOOPS}{name}")


class Segment(NamedTuple):
    """The part of a path inside one program: the traceback of an equation, and its named scopes."""

    traceback: Any
    scopes: tuple[str, ...] = ()


class Inside(NamedTuple):
    """The inside of one call of a program, by a number of its own."""

    number: int


Path = tuple[Segment | Marker | Inside, ...]


@dataclass(frozen=True)
class Owner:
    """An operation of the forward pass.

    `path` has the calls and scopes around it, outermost first; `results` is their number.
    """

    op: str
    path: Path
    results: int = 1

    @property
    def traceback(self) -> Any:
        """The traceback of its equation."""
        return next(part.traceback for part in reversed(self.path) if isinstance(part, Segment))


def program_of(eqn: Any) -> ClosedJaxpr | None:
    """Return the program that an equation calls, None if it has none or several."""
    for name in _PROGRAMS:
        found = eqn.params.get(name)
        if isinstance(found, ClosedJaxpr):
            return found
        if isinstance(found, Jaxpr):
            return ClosedJaxpr(found, ())
    return None


def name_of(eqn: Any) -> str:
    """Return the name of an operation as a person knows it: `multiply`, `scan ×100`, `relu`."""
    name = eqn.primitive.name
    if name == "scan":
        return f"scan ×{eqn.params['length']}"
    if name in RECOMPUTED:
        return "checkpoint"
    if name in CUSTOM:
        called = eqn.params.get("name") or _function_of(eqn)
        return f"{'custom_jvp' if 'jvp' in name else 'custom_vjp'} {called}".rstrip()
    return OPERATORS.get(name, str(name))


def is_custom(name: str) -> bool:
    """Return whether `name_of` gave a name to an operation with a rule of the user."""
    return name.startswith(("custom_jvp ", "custom_vjp "))


def _function_of(eqn: Any) -> str:
    """Return the name of the function that an equation calls, an empty string if unknown."""
    program = program_of(eqn)
    info = getattr(getattr(program, "jaxpr", None), "debug_info", None)
    return str(getattr(info, "func_name", "") or "")


def reader(env: dict[Any, Any]) -> Any:
    """Return a function that reads variables and literals of a program."""
    return lambda v: v.val if isinstance(v, Literal) else env[v]
