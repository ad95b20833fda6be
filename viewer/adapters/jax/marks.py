"""Marks in a JAX program: identities whose transposes show the cotangent of a value or argument.

That of a tangent is apart from that of its value, as forward mode does not transpose it.
"""

from __future__ import annotations

from typing import Any

from jax.extend.core import Primitive
from jax.interpreters import ad, batching

# Of a value: its gradient. Of an argument: what one use contributes to its gradient.
VALUE, ARGUMENT = "value", "argument"
GRADIENT, CONTRIBUTION = "gradient", "contribution"
_TANGENT = {VALUE: "tangent of value", ARGUMENT: "tangent of argument"}
_TRANSPOSED = {_TANGENT[VALUE]: GRADIENT, _TANGENT[ARGUMENT]: CONTRIBUTION}

mark_p = Primitive("viewer_mark")
mark_p.def_abstract_eval(lambda x, **_: x)
batching.defvectorized(mark_p)


def _transpose(cotangent: Any, _: Any, *, role: str, owner: int, position: int) -> list[Any]:
    return [mark(cotangent, _TRANSPOSED[role], owner, position)]


def _jvp(primals: Any, tangents: Any, *, role: str, **where: int) -> tuple[Any, Any]:
    (x,), (t,) = primals, tangents
    is_zero = isinstance(t, ad.Zero)
    return mark(x, role, **where), t if is_zero else mark(t, _TANGENT[role], **where)


ad.deflinear2(mark_p, _transpose)
ad.primitive_jvps[mark_p] = _jvp


def mark(x: Any, role: str, owner: int, position: int) -> Any:
    """Return `x`, marked as one value or argument of an operation of the forward pass."""
    return mark_p.bind(x, role=role, owner=owner, position=position)
