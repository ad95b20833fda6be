"""Writes into recorded arrays: `x[i] = v`, `x += v`, and NumPy's functions that write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.base.containers import is_container, is_plain
from autograd_tools.base.traced import plain_array
from autograd_tools.engine.blanks import enter
from autograd_tools.engine.calls import call, holds_tracked, innermost, plain
from autograd_tools.engine.cotangents import is_basic
from autograd_tools.engine.describe import describe
from autograd_tools.engine.saved import address, memory_of
from autograd_tools.engine.state import following_params, live
from autograd_tools.engine.values import (
    EXPOSED,
    UNUSED,
    USED,
    Blank,
    LostGradientError,
    Param,
    Result,
    is_frozen,
    result,
    unwrap,
)
from autograd_tools.engine.writes import (
    Place,
    Step,
    Writes,
    copy_in_layout,
    lineage,
    move,
    viewed_by,
)
from autograd_tools.rules.indexing import setitem
from autograd_tools.rules.like import array

WINDOWS = np.lib.stride_tricks.sliding_window_view


def write(x: Any, index: Any, v: Any) -> None:
    """Do `x[index] = v` on a recorded array, for all its views and aliases."""
    if type(x) is Blank and not begin(x, v):
        x.value[index] = plain(v)
        return
    held = writable(x, "assignment destination")
    root, steps = lineage(x, held)
    _check_root(x, root)
    if type(v) in (list, tuple) and holds_tracked(v):
        v = array(v)
    _check_overlap(held, index, unwrap(v))
    if not steps:
        made = call(setitem, (x, index, v))
        written = held
    else:
        if any([step.primitive.func is WINDOWS for step in steps]):
            raise ValueError(
                "cannot write into sliding windows, which overlap; write into x itself"
            )
        if any([{"A", "K"} & _texts(step) for step in steps]):
            raise ValueError(
                'cannot write through a view of order "A" or "K"; write through one of order "C"'
            )
        below = viewed_by(steps[0], held)
        written = unwrap(below)
        made = call(setitem, (result(below, x.recording, root), Place(steps, index, written), v))
    note(x, root, written, made, whole=not steps)


def _texts(step: Step) -> set[str]:
    """Return the arguments of a view that are texts."""
    return {x for x in (*step.args, *step.kwargs.values()) if type(x) is str}


def _check_overlap(held: Any, index: Any, v: Any) -> None:
    """Raise an error for a mask and a value in the same memory: NumPy reads what it has written."""
    parts = index if type(index) is tuple else (index,)
    masked = any([np.ndim(part) > 0 and plain_array(part).dtype == bool for part in parts])
    if masked and isinstance(v, np.ndarray) and np.may_share_memory(held, v):
        raise ValueError(
            "x[mask] = v expects a v that does not overlap x, because NumPy overwrites v while it "
            "reads it; write x[mask] = v.copy()"
        )


def write_result(x: Any, apply: Callable[[Any, Any], Any], in_place: Any, other: Any) -> Any:
    """Do `x += other` for an operator, with NumPy's checks of shape and dtype; return `x`."""
    if isinstance(x, Param):
        return write_param(x, in_place, other)
    if not is_plain(x.value, np.ndarray) and not isinstance(unwrap(x), np.ndarray):
        return apply(x, other)  # a number: the name gets another value
    if type(x) is Blank and not begin(x, other):
        x.value = in_place(x.value, plain(other))
        return x
    held = writable(x, "output array")
    made = apply(x, other)
    if not _fits(made, held):
        in_place(held.copy(), plain(other))  # raises as NumPy does
    _replace(x, held, made)
    return x


def replace(x: Any, made: Any) -> None:
    """Do `x[...] = made`."""
    _replace(x, writable(x, "output array"), made)


def _replace(x: Any, held: Any, made: Any) -> None:
    """Do `x[...] = made`, without a copy where `made` is an array of the same layout."""
    root, steps = lineage(x, held)
    if not steps and _fits(made, held) and made.value.strides == held.strides:
        _check_root(x, root)
        note(x, root, held, made, whole=True)
    else:
        write(x, ..., made)


def _fits(made: Any, held: Any) -> bool:
    """Return whether `made` is a new recorded array that could take the place of `held`."""
    new: Any = made.value if type(made) is Result else None
    return (
        is_plain(new, np.ndarray)
        and (new.base is None and new is not held)
        and (new.shape == held.shape and new.dtype == held.dtype)
    )


def begin(x: Blank, v: Any) -> bool:
    """Make a blank array ready for a write: record it if the value `v` is recorded.

    Return whether it is recorded. If not, it stays a constant, with memory that no entry saves. One
    of an ended recording, as in a cache, is a plain array until then.
    """
    if not x.recording.is_open:
        recording = innermost((v,), sequences=True)
        if recording is None:
            return False
        if x.index >= 0:  # views of it belong to that recording
            x.index = EXPOSED
        x.recording = recording
    if x.index < 0 and innermost((v,), sequences=True) is None:
        if x.index == USED:
            x.value, x.index = copy_in_layout(x.value), UNUSED
        return False
    if x.index == EXPOSED:
        raise ValueError(
            f"a plain array shares the memory of {x!r}, as after np.asarray(x) or np.split(x, n), "
            "and cannot hold a recorded value; write into x before that, or into a copy"
        )
    enter(x)
    x.__class__ = Result
    return True


def writable(x: Any, what: str) -> np.ndarray[Any, Any]:
    """Return the plain array of a recorded one, which is now up to date and tracked by an open
    recording.
    """
    now = live(x)
    if isinstance(now, Param):
        raise param_is_recorded(now)
    held = now.value if isinstance(now, Result) else now
    held = held if is_plain(held, np.ndarray) else unwrap(held)
    if not (isinstance(now, Result) and isinstance(held, np.ndarray)):
        array = isinstance(held, np.ndarray)
        raise TypeError(
            f"cannot assign into {x!r}, because "
            f"{'its recording has ended' if array else 'it is not an array'}; "
            "assign into a copy of its plain value, ag.value(x)"
        )
    if is_frozen(now):
        raise ValueError(
            f"cannot write into {x!r}, which a recording keeps for the backward pass; "
            "write into a copy"
        )
    if now is not x:
        move(x, now)
    if not held.flags.writeable:
        raise ValueError(f"{what} is read-only")
    return held


def note(x: Any, root: int, written: Any, made: Any, *, whole: bool) -> None:
    """Note that `made` succeeds the entry `root`, whose array `written` the write went into."""
    recording = x.recording
    if recording.writes is None:
        recording.writes = Writes()
        recording.thread = None
    recording.writes.note(x, root, written, made)
    if whole:
        move(x, made)


def _check_root(x: Any, root: int) -> None:
    plan, _, args, _, _ = x.recording.entries[root]
    if plan is None and isinstance(args[0], Param):
        raise param_is_recorded(args[0])


def param_is_recorded(x: Param) -> TypeError:
    """Return the error for a write into a Param, or a view of one, while it is recorded."""
    return TypeError(
        f"cannot assign into {x!r} while recording, because its gradient belongs to the "
        "old value; assign into a recorded copy, such as x = w + 0"
    )


def check_param(x: Param, v: Any) -> None:
    """Raise an error unless the value `v` can be written into a Param here."""
    if following_params() is not None:
        raise param_is_recorded(x)
    if innermost((v,), sequences=True) is not None:
        raise LostGradientError(
            "assigning a recorded value into a Param would turn a recorded value into a plain one "
            "and lose its gradient; keep it in a variable of its own, or detach it with ag.value(x)"
        )


def write_param(x: Param, in_place: Any, other: Any) -> Param:
    """Do `w -= g` on a Param outside of a recording: its value changes, as NumPy's would."""
    check_param(x, other)
    if not isinstance(x.value, (np.ndarray, np.number, int, float, complex)):
        raise TypeError(
            f"{describe(x)} holds a {type(x.value).__name__}, which has no arithmetic; "
            "update each of its parts, as in w.value[key] -= g"
        )
    x.value = in_place(x.value, plain(other))
    return x


def assign(x: Any, index: Any, v: Any) -> None:
    """Do `x[index] = v`, except where Python ends `x[index] += w` with it, and `v` is in place."""
    if type(x) is not Blank:
        if is_container(unwrap(x)) and v is x.recording.items.get(x.index, {}).get(index, x):
            return
        writable(x, "assignment destination")
        if type(live(v)) is Result and _is_view_of(v, x, index):
            return
    write(x, index, v)


def _is_view_of(v: Any, x: Any, index: Any) -> bool:
    """Return whether `v` is the view `x[index]`."""
    held = unwrap(v)
    if not is_plain(held, np.ndarray) or not is_basic(index) or v.recording is not x.recording:
        return False
    place = unwrap(x)[index]
    return is_plain(place, np.ndarray) and (
        (place.shape, place.strides, place.dtype) == (held.shape, held.strides, held.dtype)
        and memory_of(place) is memory_of(held)
        and address(place) == address(held)
    )
