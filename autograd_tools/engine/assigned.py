"""Params that are assigned a new value while a recording still needs the old one.

A recording keeps the value that a Param had at its first use. Another object does no harm to what
was recorded, so only the next use in that recording is an error. `p.value -= g` writes into the
recorded array itself: an error at once in an open recording, and in the backward pass of one that
has ended, because rules would read the new elements.
"""

from __future__ import annotations

import weakref
from functools import partial
from typing import Any

from autograd_tools.engine.describe import describe
from autograd_tools.engine.state import open_tapes, recordings
from autograd_tools.engine.values import LostGradientError, Param, on_assignment

MEANWHILE = "keep the new value in a variable, or assign it after the recording"

writes = 0  # into arrays of Params, so far
_written: dict[int, tuple[weakref.ref[Param], int]] = {}  # by id of a Param: its last write


@on_assignment
def note_assignment(param: Param, x: Any) -> None:
    """Note that a Param gets the value `x`; raise if that spoils an open recording."""
    key = id(param)
    here = recordings.in_effect() if recordings.last() is not None else []
    holding = [recording for recording in here if key in recording.leaves]
    if getattr(param, "value", None) is x:
        _note_write(param)
        for recording in (*holding, *open_tapes):  # also those of other threads
            if key in recording.leaves:
                recording.moment = writes - 1
        if holding:
            raise LostGradientError(
                f"{describe(param)} was changed in place after this recording used it, and its "
                f"gradient would be wrong: {MEANWHILE}"
            )
    for recording in holding:
        recording.tracked.pop(key, None)
        recording.assigned = recording.assigned | {key}


def _note_write(param: Param) -> None:
    global writes
    writes += 1
    key = id(param)
    known = _written.get(key)
    # Python code would swallow a Ctrl-C, so there is none.
    ref = known[0] if known else weakref.ref(param, partial(_written.pop, key))
    _written[key] = (ref, writes)


def refuse_assigned(param: Param) -> None:
    """Raise for a Param whose new value is used in the recording of the old one."""
    raise LostGradientError(
        f"{describe(param)} was assigned a new value after this recording used it, and one "
        f"gradient cannot belong to both: {MEANWHILE}"
    )


def refuse_written(recording: Any) -> None:
    """Raise if an array of a Param on the recording was written into since it was recorded."""
    for key, index in recording.leaves.items():
        if key in _written and _written[key][1] > recording.moment:
            param = recording.entries[index][2][0]
            raise ValueError(
                f"{describe(param)} was changed in place after it was recorded, and its gradient "
                "would be wrong: compute all gradients before the update, or write "
                "p.value = p.value - g, which creates a new array"
            )
