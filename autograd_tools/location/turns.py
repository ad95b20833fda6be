"""The iterations of loops around an operation, identified by the values of variables.

Where an outer loop makes no operation of its own, the instructions of two operations do not tell
whether it went on between them. Where an iteration may make no operation at all, only a counter
tells the number of the next.
"""

from __future__ import annotations

import dis
import inspect
import itertools
import sys
from dataclasses import dataclass
from sys import getrefcount
from types import CodeType, FrameType

from autograd_tools.location.loops import Flow, Loop, flow_of

MOST_CODES = 4096
MOST_VARIABLES = 4  # of one loop
PLAIN = frozenset(
    (int, float, bool, type(None))
)  # compared by value, as their ids change and recur
Turns = tuple[tuple[str, ...], tuple[object, ...]]  # the names of variables, and what they hold
IS_COPIED = sys.version_info < (3, 13)
OPTIMIZED = inspect.CO_OPTIMIZED
NO_TURNS: Turns = ((), ())
_JUMPS = [
    bytes([code])
    for name, code in dis.opmap.items()
    if "JUMP_BACKWARD" in name and "NO_INTERRUPT" not in name
]


@dataclass(frozen=True)
class Reading:
    """The variables to read at an instruction in the innermost loop with some heads.

    They are read where that loop is entered or goes on, or in `each` operation.
    """

    names: tuple[str, ...]
    each: bool
    heads: tuple[int, ...] = ()


Readings = dict[int, Reading]  # by offset, as far as they are known
NOTHING = Reading((), False)
_known: dict[int, tuple[CodeType, Readings | None]] = {}  # by id: codes compare slowly


def readings_of(code: CodeType) -> Readings | None:
    """Return the known readings in a function; None if it has no loops with any."""
    known = _known.get(id(code))
    if known is None or known[0] is not code:
        if len(_known) >= MOST_CODES:
            _known.clear()
        loops = flow_of(code).loops if any(jump in code.co_code for jump in _JUMPS) else ()
        is_read = len(loops) > 1 or any(loop.counter or loop.variables for loop in loops)
        known = _known[id(code)] = code, {} if is_read else None
    return known[1]


def reading_at(code: CodeType, offset: int, readings: Readings) -> Reading:
    """Return the variables to read at an instruction, and note it among the known readings."""
    found = readings.get(offset)
    if found is None:
        found = _reading(flow_of(code), offset)
        found = readings[offset] = next((r for r in readings.values() if r == found), found)
    return found


def _reading(flow: Flow, offset: int) -> Reading:
    offset = flow.instruction(offset)
    loops = flow.around(offset)
    names: list[str] = []
    each = False
    for outer, inner in itertools.pairwise(loops):
        between = variables_between(flow, outer, inner)
        if not between and inner.counter is not None:
            each = True
            between = (inner.counter.name,)
        names += between
    for loop in loops:
        own = (loop.counter.name,) if loop.counter else loop.variables[:MOST_VARIABLES]
        if own and not flow.in_each_step(loop, offset):
            each = each or loop is loops[-1]
            names += own
    return Reading(tuple(dict.fromkeys(names)), each, loops[-1].heads) if names else NOTHING


def variables_between(flow: Flow, outer: Loop, inner: Loop) -> tuple[str, ...]:
    """Return variables that a loop assigns outside of one inside it, and that one does not."""
    key = "between", outer.heads, inner.heads
    if key not in flow.moves:
        own = {name for o in inner.body for name in flow.stored.get(o, ())}
        found = [
            name
            for o in sorted(outer.body - inner.body)
            for name in flow.stored.get(o, ())
            if name not in own
        ]
        flow.moves[key] = tuple(dict.fromkeys(found))[:MOST_VARIABLES]
    between: tuple[str, ...] = flow.moves[key]
    return between


def turns_of(frame: FrameType, code: CodeType) -> Turns:
    """Return what the variables to read hold where a frame calls another."""
    readings = readings_of(code)
    if readings is None:
        return NO_TURNS
    names = reading_at(code, frame.f_lasti, readings).names
    return (names, held_by(frame, names)) if names else NO_TURNS


def held_by(frame: FrameType, names: tuple[str, ...]) -> tuple[object, ...]:
    """Return what variables of a frame hold: a number, or the id of anything else.

    Before Python 3.13, `f_locals` of a function is a dict that keeps all its variables alive. So it
    is emptied, unless the user also holds it.
    """
    held = frame.f_locals
    found: tuple[object, ...]
    if len(names) == 1:  # in a third of the time
        x = held.get(names[0])
        found = (x if type(x) in PLAIN else id(x),)
    else:
        found = tuple([x if type(x) in PLAIN else id(x) for x in map(held.get, names)])
    if IS_COPIED and frame.f_code.co_flags & OPTIMIZED and getrefcount(held) == 3:
        held.clear()
    return found
