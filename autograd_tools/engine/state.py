"""The open recordings of a context, and the tapes that are open in any thread."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd_tools.base.contexts import Blocks
from autograd_tools.engine.stale import refuse_stale
from autograd_tools.engine.values import Blank, Param, Result, below

recordings: Blocks[Any] = Blocks("autograd_tools.recordings")
open_tapes: list[Any] = []  # of all threads
_last = recordings.last


def innermost_open() -> Any:
    """Return the innermost recording in effect; None outside all."""
    opened = _last()
    if opened is not None:
        if opened.sure is not None:
            return opened.sure
    elif not recordings.of_generators:
        return None
    opened = recordings.innermost()
    return None if opened is None else opened.item


def is_outermost() -> bool:
    """Return True if certainly no recording is in effect: a cheap test."""
    return _last() is None and not recordings.of_generators


def following_params() -> Any:
    """Return the innermost recording in effect that tracks Params; None outside `diff`."""
    opened = _last()
    if opened is not None:
        sure = opened.sure
        if sure is not None and sure.follows_params:
            return sure
    if not recordings.of_generators:
        while opened is not None and (opened.item is None or not opened.item.follows_params):
            opened = opened.around
        return None if opened is None else opened.item
    found = next((x for x in recordings.in_effect() if x.follows_params), None)
    if found is not None and any(x.follows_params for x in recordings.beside()):
        raise RuntimeError(
            "a generator with an open recording was resumed inside another recording, which would "
            "lose its gradients; start the generator inside the other one, or resume it outside"
        )
    return found


def live(x: Any) -> Any:
    """Return `x` unwrapped as far as no open recording tracks it.

    Raise a LostGradientError for a value of an earlier recording.
    """
    while issubclass(type(x), Result):  # faster than isinstance for a Param
        if x.recording.writes is not None:
            x.recording.writes.update(x)
        if x.recording.owner is not None:  # is_open, without a call
            if type(x) is not Blank:
                break
        elif type(x) is not Blank and (reader := innermost_open()) is not None:
            refuse_stale(x, reader)  # a blank array is a constant
        x = below(x)
    return x.value if issubclass(type(x), Param) and following_params() is None else x


def settled(args: Iterable[Any]) -> list[Any]:
    """Return arguments with plain values for those of finished recordings, which are constants."""
    return [live(x) if isinstance(x, Result) and not x.recording.is_open else x for x in args]
