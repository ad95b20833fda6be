"""Marks in a JAX program: identities whose transposes show the cotangent of a value or argument."""

from __future__ import annotations

from typing import Any

from jax.extend.core import Primitive
from jax.interpreters import ad

# Of a value: its gradient. Of an argument: what one use contributes to its gradient.
VALUE, ARGUMENT = "value", "argument"
GRADIENT, CONTRIBUTION = "gradient", "contribution"
_TRANSPOSED = {VALUE: GRADIENT, ARGUMENT: CONTRIBUTION}

mark_p = Primitive("viewer_mark")
mark_p.def_abstract_eval(lambda x, **_: x)


def _transpose(cotangent: Any, _: Any, *, role: str, owner: int, position: int) -> list[Any]:
    return [mark(cotangent, _TRANSPOSED[role], owner, position)]


ad.deflinear2(mark_p, _transpose)


def mark(x: Any, role: str, owner: int, position: int) -> Any:
    """Return `x`, marked as one value or argument of an operation of the forward pass."""
    return mark_p.bind(x, role=role, owner=owner, position=position)
