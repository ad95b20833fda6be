"""The iterations of loops around others, told by what their variables hold.

Where an outer loop makes no operation of its own, the instructions of two operations do not tell
whether it went on between them.
"""

from __future__ import annotations

import dis
import inspect
import sys
from types import CodeType, FrameType

from autograd_tools.location.loops import flow_of

MOST_CODES = 4096
_FOR = bytes([dis.opmap["FOR_ITER"]])
_known: dict[int, tuple[CodeType, tuple[str, ...]]] = {}  # by id: codes compare slowly


def outer_variables(code: CodeType) -> tuple[str, ...]:
    """Return the variables of the loops of a function that are around others."""
    known = _known.get(id(code))
    if known is None or known[0] is not code:
        if len(_known) >= MOST_CODES:
            _known.clear()
        loops = flow_of(code).outer if code.co_code.count(_FOR) > 1 else ()
        known = _known[id(code)] = code, tuple([loop.variable for loop in loops])
    return known[1]


def held_by(frame: FrameType, names: tuple[str, ...]) -> tuple[int, ...]:
    """Return the ids of what variables of a frame hold, 0 for one that it lacks.

    Before Python 3.13, `f_locals` of a function is a dict that keeps all its variables alive. So it
    is emptied, unless the user also holds it.
    """
    held = frame.f_locals
    found = tuple([id(held[name]) if name in held else 0 for name in names])
    optimized = frame.f_code.co_flags & inspect.CO_OPTIMIZED
    if sys.version_info < (3, 13) and optimized and sys.getrefcount(held) == 3:
        held.clear()
    return found
