"""The call of a primitive: run it on the values below the innermost recording, and put it on that recording.

`call` is the definition, for any arguments. `unary` and `binary` make functions that do the same for the calls that
programs make most, of one or two arguments on one recording, in a third of the time; everything else they hand to `call`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from threading import get_ident
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_tools.core import NO_KWARGS, Param, Recording, Result, Value, following_params, live, record, value
from autograd_tools.plans import VALUE, WORTH_FREEING, absent

if TYPE_CHECKING:
    from autograd_tools.primitive import Primitive

# What is certainly a constant: of these types nothing is a Value, or holds one.
CONSTANTS = frozenset({float, int, bool, complex, slice, np.ndarray, np.float64, np.float32, np.int64})


def plain(x: Any) -> Any:
    """`x` with the wrapping taken off everything in it."""
    if type(x) in CONSTANTS:
        return x
    if isinstance(x, Value):
        return value(x)
    if type(x) in (tuple, list):
        return type(x)([plain(item) for item in x])
    return {key: plain(item) for key, item in x.items()} if type(x) is dict else x


def holds_tracked(x: Any) -> bool:
    """Whether something in `x` is a Param or a Result."""
    if isinstance(x, dict):
        x = list(x.values())
    return isinstance(x, Value) or (type(x) in (tuple, list) and any(map(holds_tracked, x)))


def innermost(args: Sequence[Any], sequences: bool) -> Recording | None:
    """The innermost open recording to which one of the arguments belongs."""
    found: Recording | None = None
    for arg in args:
        if type(arg) in CONSTANTS:
            continue
        candidate = None
        if isinstance(arg, Value):
            tracked = live(arg)
            if isinstance(tracked, Value):
                candidate = tracked.recording if isinstance(tracked, Result) else following_params()
                _check_thread(candidate, arg)
        elif sequences and type(arg) in (list, tuple):
            candidate = innermost(arg, sequences)
        if candidate is not None and (found is None or candidate.serial > found.serial):
            found = candidate
    return found


def _check_thread(recording: Recording | None, x: Value) -> None:
    if recording is not None and recording.thread not in (None, get_ident()):
        raise RuntimeError(f"{x!r} is being recorded by another thread: use it in that thread, or give its plain value, ag.value(x)")


def call(primitive: Primitive, args: tuple[Any, ...], kwargs: Any = NO_KWARGS) -> Any:
    """Call a primitive on values that may be tracked, and record it if they are."""
    if kwargs and holds_tracked(kwargs):
        args, kwargs = _positional(primitive, args, kwargs)
    recording = innermost(args, primitive.sequences)
    if recording is None:
        return _compute(primitive, [value(arg) if primitive.containers else plain(arg) for arg in args], kwargs)
    lowered, positions, parents = [], [], []
    for position, arg in enumerate(args):
        below, parent = _lower(recording, arg, primitive.sequences)
        if primitive.rule(position) is not None:
            if type(below) in (list, tuple) and not (primitive.sequences or primitive.containers):
                below = np.asarray(below)  # where a rule expects an array, it gets one
            if parent is not None:
                positions.append(position)
                parents.append(parent)
        lowered.append(below)
    values = tuple(lowered)
    if primitive.sequences or any(isinstance(below, Value) for below in values):
        y = call(primitive, values, kwargs)  # records on outer recordings too
    else:
        y = _compute(primitive, values, kwargs)
    if not parents:
        return y
    return record(recording, (primitive.plan(*positions), y, values, primitive.seen_by_rules(kwargs), tuple(parents)))


def _compute(primitive: Primitive, values: Sequence[Any], kwargs: Any) -> Any:
    return primitive.general(*values, **kwargs) if kwargs else primitive.forward(*values)


def _lower(recording: Recording, arg: Any, sequences: bool) -> tuple[Any, Any]:
    """An argument below `recording`, and its parent there: for a sequence of arrays, a tuple with one for each."""
    if isinstance(arg, Value):
        return recording.lower(arg)
    if sequences and type(arg) in (list, tuple):
        pairs = [_lower(recording, item, sequences) for item in arg]
        parents = tuple(parent for _, parent in pairs)
        return [below for below, _ in pairs], (parents if any(p is not None for p in parents) else None)
    return arg, None


def _positional(primitive: Primitive, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Move tracked keyword arguments to their positions, which is where rules are."""
    try:
        signature = inspect.signature(primitive.func)
    except ValueError:
        names = [key for key, item in kwargs.items() if holds_tracked(item)]
        raise TypeError(f"{primitive.name}: give {', '.join(names)} by position, not by name, to differentiate it") from None
    bound = signature.bind(*args, **kwargs)
    last = max(i for i, name in enumerate(signature.parameters) if holds_tracked(bound.arguments.get(name)))
    moved: list[Any] = []
    rest: dict[str, Any] = {}
    for i, (name, parameter) in enumerate(signature.parameters.items()):
        if i <= last and parameter.kind is parameter.KEYWORD_ONLY:
            raise TypeError(f"{primitive.name}: no gradient is known for the argument {name}; use ag.value({name}) if it is a constant")
        if i <= last:
            moved.append(bound.arguments.get(name, parameter.default))
        elif parameter.kind is parameter.VAR_KEYWORD:
            rest.update(bound.arguments.get(name, {}))
        elif name in bound.arguments:
            rest[name] = bound.arguments[name]
    return tuple(moved), rest


def _tracked(param: Param) -> Any:
    """A Param as a Result of the recording that follows it; itself outside one."""
    recording = following_params()
    return param if recording is None else recording.track(param)


def unary(primitive: Primitive) -> Callable[[Any], Any]:
    """`call` for a primitive of one argument."""
    forward, plan = primitive.forward, primitive.plan(0)
    reads_x, reads_y = plan.reads(0), plan.reads(VALUE)

    def apply(a: Any) -> Any:
        if type(a) is Param:
            a = _tracked(a)
        if type(a) is not Result or a.recording.thread != get_ident():
            return call(primitive, (a,))
        recording, x = a.recording, a.value
        y = forward(x)
        # From here on it is core.record, written out: a call of it would take as long as all of this.
        result = Result()
        result.value = y
        result.recording = recording
        result.index = len(recording.entries)
        if recording.locator is not None:
            recording.notes.append(recording.locator.note())  # type: ignore[union-attr]
        elif type(y) is np.ndarray and y.nbytes > WORTH_FREEING:
            x = x if reads_x else absent(x)
            y = y if reads_y else None
        recording.entries.append((plan, y, (x,), NO_KWARGS, (a.index,)))
        return result

    return apply


def binary(primitive: Primitive) -> Callable[[Any, Any], Any]:
    """`call` for a primitive of two arguments."""
    forward = primitive.forward
    plans = [primitive.plan(0), *([] if primitive.rule(1) is None else [primitive.plan(1), primitive.plan(0, 1)])]
    left, right, both = [(plan, plan.reads(0), plan.reads(1), plan.reads(VALUE)) for plan in plans] + [None] * (3 - len(plans))

    def apply(a: Any, b: Any) -> Any:
        parents: tuple[int, ...]
        way: Any = None
        if type(a) is Param:
            a = _tracked(a)
        if type(b) is Param:
            b = _tracked(b)
        if type(a) is Result:
            recording, x = a.recording, a.value
            if type(b) in CONSTANTS:
                way, z, parents = left, b, (a.index,)
            elif type(b) is Result and b.recording is recording:
                way, z, parents = both, b.value, (a.index, b.index)
        elif type(b) is Result and type(a) in CONSTANTS:
            way, recording, x, z, parents = right, b.recording, a, b.value, (b.index,)
        if way is None or recording.thread != get_ident():
            return call(primitive, (a, b))
        plan, reads_x, reads_z, reads_y = way
        y = forward(x, z)
        result = Result()
        result.value = y
        result.recording = recording
        result.index = len(recording.entries)
        if recording.locator is not None:
            recording.notes.append(recording.locator.note())  # type: ignore[union-attr]
        elif type(y) is np.ndarray and y.nbytes > WORTH_FREEING:
            x = x if reads_x else absent(x)
            z = z if reads_z else absent(z)
            y = y if reads_y else None
        recording.entries.append((plan, y, (x, z), NO_KWARGS, parents))
        return result

    return apply
