"""Blank arrays: new ones that a recording may fill with recorded values.

They come from `np.zeros_like(x)` and its kind, and are no entry of the recording until a write.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.base.containers import is_plain
from autograd_tools.engine.primitives import PrimitiveData
from autograd_tools.engine.recording import NO_KWARGS, Recording, record
from autograd_tools.engine.saved import memory_of
from autograd_tools.engine.values import EXPOSED, UNUSED, Blank, Result, result, unwrap


def blank_view(primitive: PrimitiveData, args: Any, kwargs: Any, y: Any) -> Any:
    """Return `y`, or a blank array if it is a view or copy of one, so that it can be written
    into.
    """
    if primitive.func is np.copy and is_plain(y, np.ndarray) and args[0].recording.is_open:
        return new_blank(y, args[0].recording)
    for position, x in enumerate(args):
        if type(x) is not Blank or primitive.rule(position) is None or not is_plain(y, np.ndarray):
            continue
        if memory_of(y) is memory_of(unwrap(x)):
            if not x.recording.is_open:
                x.index = min(x.index, EXPOSED)
                continue
            enter(x)
            values = (*args[:position], x.value, *args[position + 1 :])
            made = record(x.recording, (primitive.plan(position), y, values, kwargs, (x.index,)))
            made.__class__ = Blank
            return made
    return y


def new_blank(y: np.ndarray[Any, Any], recording: Recording) -> Result:
    """Return a new array as a blank one of a recording."""
    made = result(y, recording, UNUSED)
    made.__class__ = Blank
    return made


def enter(x: Blank) -> None:
    """Append the entry of a blank array, which has no arguments."""
    if x.index < 0:
        x.index = x.recording.append((BLANK.plan(), x.value, (), NO_KWARGS, ()))


BLANK = PrimitiveData(np.empty, (), name="blank")
