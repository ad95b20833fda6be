"""Variables that count the iterations of a loop."""

from __future__ import annotations

import dis
from collections.abc import Sequence
from dataclasses import dataclass

SIGNS = {"+": 1, "+=": 1, "-": -1, "-=": -1}


@dataclass(frozen=True)
class Counter:
    """A variable that changes by the same in each iteration of a loop.

    It has the value `start` in the first iteration `before` it changes, at offsets of the body, and
    has changed `after`. At others, the number is not known.
    """

    name: str
    start: int
    by: int
    before: frozenset[int]
    after: frozenset[int] = frozenset()

    def number(self, offset: int, value: object) -> int | None:
        """Return the number of the iteration, from 1, if the variable has a value at an offset."""
        early = offset in self.before
        if type(value) is not int or early == (offset in self.after):
            return None
        turns, rest = divmod(value - self.start, self.by)
        number = turns + early
        return None if rest or number < 1 else number


def stored(i: dis.Instruction) -> list[str]:
    """Return the variables that an instruction assigns to."""
    if not i.opname.startswith("STORE_") or i.opname in ("STORE_ATTR", "STORE_SUBSCR"):
        return []
    names = list(i.argval) if isinstance(i.argval, tuple) else [i.argval]
    names = names[:1] if i.opname == "STORE_FAST_LOAD_FAST" else names
    return [name for name in names if isinstance(name, str)]


def change(before: Sequence[dis.Instruction], name: str) -> int:
    """Return what is added to a variable by the instructions before an assignment; 0 if unknown."""
    found = [i for i in before if i.opname not in ("CACHE", "COPY", "EXTENDED_ARG", "NOP")][-3:]
    if len(found) < 3:
        return 0
    load, constant, operation = found
    names = load.argval if isinstance(load.argval, tuple) else (load.argval,)
    number = constant_of(constant)
    if "LOAD_" not in load.opname or names[-1:] != (name,) or number is None:
        return 0
    return SIGNS.get(operation.argrepr, 0) * number


def constant_of(i: dis.Instruction) -> int | None:
    """Return the whole number that an instruction loads."""
    is_constant = i.opname in ("LOAD_CONST", "LOAD_SMALL_INT") and type(i.argval) is int
    return i.argval if is_constant else None
