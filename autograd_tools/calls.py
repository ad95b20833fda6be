"""The call of a primitive: run it on the values below the innermost recording, and put it on that recording.

`call` is the definition, for any arguments. `unary`, `binary` and `first` make functions that do the same for the calls
that programs make most, in a third of the time: of one or two arguments on one recording, and of one and constants.
Everything else they hand to `call`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from threading import get_ident
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from autograd_tools.containers import LEAVES, is_constant_leaf, is_container, leaves_of, parts_of, with_parts
from autograd_tools.core import (
    NO_KWARGS,
    LostGradientError,
    Param,
    Recording,
    Result,
    Value,
    following_params,
    live,
    record,
    refuse_own_arithmetic,
    value,
)
from autograd_tools.plans import FLOATS, VALUE, absent

if TYPE_CHECKING:
    from autograd_tools.primitive import Primitive

# What is certainly a constant: of these types nothing is a Value, or holds one.
CONSTANTS = frozenset({float, int, bool, complex, slice, str, type(None), np.ndarray, np.float64, np.float32, np.int64})


def plain(x: Any) -> Any:
    """`x` with the wrapping taken off everything in it."""
    if type(x) in CONSTANTS:
        return x
    if isinstance(x, Value):
        return plain(value(x)) if holds_tracked(value(x)) else value(x)
    if type(x) in (tuple, list):
        return type(x)([plain(item) for item in x])
    parts = parts_of(x)
    return x if parts is None else with_parts(x, [plain(part) for part in parts])


def is_constant(x: Any) -> bool:
    """Whether it is certain, at one look, that nothing in `x` is tracked."""
    return type(x) in CONSTANTS or (type(x) is tuple and all([type(item) in CONSTANTS for item in x]))


def holds_tracked(x: Any) -> bool:
    """Whether something in `x` is a Param or a Result."""
    if type(x) in CONSTANTS:
        return False
    if type(x) in (tuple, list):
        return any([type(item) not in CONSTANTS and holds_tracked(item) for item in x])
    return isinstance(x, Value) or any([holds_tracked(part) for part in parts_of(x) or ()])


def is_recorded(*args: Any) -> bool:
    """Whether a gradient is to flow back through something in the arguments, also in containers."""
    return any([not is_constant(arg) and innermost(leaves_of(arg), sequences=False) is not None for arg in args])


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
        elif sequences and isinstance(arg, (list, tuple)):
            candidate = innermost(arg, sequences)
        if candidate is not None and (found is None or candidate.serial > found.serial):
            found = candidate
    return found


def _check_thread(recording: Recording | None, x: Value) -> None:
    if recording is not None and recording.thread not in (None, get_ident()):
        raise RuntimeError(f"{x!r} is being recorded by another thread: use it in that thread, or give its plain value, ag.value(x)")


def call(primitive: Primitive, args: tuple[Any, ...], kwargs: Mapping[str, Any] = NO_KWARGS) -> Any:
    """Call a primitive on values that may be tracked, and record it if they are."""
    if kwargs and holds_tracked(kwargs):
        args, kwargs = _positional(primitive, args, kwargs)
    if not primitive.containers:
        args = _without_containers(primitive, args)
    elif primitive.part is not None and (a := _container(args[0])) is not None:
        return _part(primitive, a, args[1])
    recording = innermost(args, primitive.sequences)
    if recording is None:
        return _compute(primitive, [_operand(primitive, i, arg) for i, arg in enumerate(args)], kwargs)
    lowered, positions, parents = [], [], []
    nested = False  # whether outer recordings have a part in it
    for position, arg in enumerate(args):
        if type(arg) in CONSTANTS:
            lowered.append(arg)
            continue
        below, parent = _lower(recording, arg, primitive.sequences)
        nested = nested or (holds_tracked(below) if primitive.sequences else isinstance(below, Value))
        if primitive.rule(position) is not None:
            if type(below) in (list, tuple) and not (primitive.sequences or primitive.containers):
                below = np.asarray(below)  # where a rule expects an array, it gets one
            if parent is not None:
                positions.append(position)
                parents.append(parent)
        lowered.append(below)
    values = tuple(lowered)
    y = call(primitive, values, kwargs) if nested else _compute(primitive, values, kwargs)
    if not parents:
        return y
    return record(recording, (primitive.plan(*positions), y, values, primitive.seen_by_rules(kwargs), tuple(parents)))


def _container(x: Any) -> Result | None:
    """A recorded container as a Result of this thread; None of anything else."""
    recording = following_params() if isinstance(x, Param) else None
    if recording is not None:
        x = recording.track(x)
    return x if isinstance(x, Result) and x.recording.thread == get_ident() and is_container(value(x)) else None


def _part(primitive: Primitive, a: Result, key: Any) -> Any:
    """A part of a recorded container: a constant as it is, anything else once for all reads of it, so that all look-ups
    in an array that stands in a dict add into one gradient."""
    recording = a.recording
    known = recording.parts.get(a.index)
    if known is None:
        known = recording.parts[a.index] = {}
    place = None if type(key) in (slice, ndarray) else key
    if place in known:
        return known[place]
    y = primitive.forward(a.value, key)
    simple = type(y) in LEAVES
    if not simple and is_constant_leaf(y):
        return y
    made = record(recording, (primitive.plan(0), y, (a.value, key), NO_KWARGS, (a.index,)))
    if primitive.part is not None and not simple:
        made = primitive.part(made)
    if place is not None:
        known[place] = made
    return made


def _without_containers(primitive: Primitive, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments, after a look at the lists, tuples and dicts among them: a rule for an array has no gradients for the
    parts of one, and where there is no rule, plain values are all that is needed."""
    for position, arg in enumerate(args):
        if type(arg) is Result or type(arg) in CONSTANTS or isinstance(arg, Value):
            continue
        if (primitive.sequences and isinstance(arg, (list, tuple))) or not is_recorded(arg):
            continue
        if primitive.rule(position) is not None:
            raise LostGradientError(
                f"{primitive.name}: argument {position + 1} is a {type(arg).__name__} that holds recorded values, whose gradients would be "
                "lost; join them with np.stack, or pass each as an argument of its own"
            )
        args = (*args[:position], plain(arg), *args[position + 1 :])
    return args


def _operand(primitive: Primitive, position: int, arg: Any) -> Any:
    """An argument outside of all recordings: a list is an array to NumPy, but Python's + would join it to another."""
    if type(arg) in CONSTANTS:
        return arg
    if primitive.containers:
        return value(arg)
    x = plain(arg)
    if isinstance(x, np.matrix):
        refuse_own_arithmetic(x)
    joins = type(x) in (list, tuple) and not primitive.sequences and primitive.rule(position) is not None
    return np.asarray(x) if joins else x


def _compute(primitive: Primitive, values: Sequence[Any], kwargs: Any) -> Any:
    return primitive.general(*values, **kwargs) if kwargs else primitive.forward(*values)


def _lower(recording: Recording, arg: Any, sequences: bool) -> tuple[Any, Any]:
    """An argument below `recording`, and its parent there: for a sequence of arrays, a tuple with one for each."""
    if isinstance(arg, Value):
        return recording.lower(arg)
    if sequences and isinstance(arg, (list, tuple)):
        pairs = [_lower(recording, item, sequences) for item in arg]
        parents = tuple(parent for _, parent in pairs)
        return [below for below, _ in pairs], (parents if any(p is not None for p in parents) else None)
    if isinstance(arg, np.ndarray):
        refuse_own_arithmetic(arg)
    return arg, None


def _positional(primitive: Primitive, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
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


def _slow(primitive: Primitive, apply: Callable[..., Any], *args: Any) -> Any:
    """`call` for what is not worth a way of its own; a Param that is followed goes on as a Result of that recording."""
    recording = following_params()
    if recording is not None and Param in map(type, args):
        return apply(*[recording.track(arg) if type(arg) is Param else arg for arg in args])
    return call(primitive, args)


def _fits(x: Any, y: Any) -> bool:
    """Whether what has the shape and type of the output `y` has those of the argument `x`."""
    x, y = value(x), value(y)
    if type(y) in FLOATS:
        return type(x) in FLOATS
    return type(x) is type(y) is ndarray and x.dtype is y.dtype and bool(x.shape == y.shape)


def unary(primitive: Primitive) -> Callable[[Any], Any]:
    """`call` for a primitive of one argument."""
    forward, elementwise = primitive.forward, primitive.elementwise
    general, fitting = primitive.plan(0), primitive.plan(0, fits=True)
    reads_x, reads_y = general.reads(0), general.reads(VALUE)

    def apply(a: Any) -> Any:
        if type(a) is not Result or a.recording.thread != get_ident():
            return _slow(primitive, apply, a)
        recording, x = a.recording, a.value
        y = forward(x)
        # From here on it is core.record, written out: a call of it would take as long as all of this.
        entries = recording.entries
        result = Result()
        result.value = y
        result.recording = recording
        result.index = len(entries)
        if type(y) is ndarray:
            fits = elementwise and type(x) is ndarray and x.dtype is y.dtype
        elif type(y) in FLOATS:
            fits = elementwise and type(x) in FLOATS
        else:
            fits = elementwise and _fits(x, y)
        locator = recording.locator
        if locator is not None:
            recording.notes.append(locator.note())  # type: ignore[union-attr]
        if locator is None or not recording.keep:
            if not reads_x:
                x = None if fits else absent(x)
            if not reads_y:
                y = None
        entries.append((fitting if fits else general, y, (x,), NO_KWARGS, (a.index,)))
        return result

    return apply


def binary(primitive: Primitive) -> Callable[[Any, Any], Any]:  # noqa: PLR0915  written out, so that no step is a call
    """`call` for a primitive of two arguments."""
    forward, elementwise = primitive.forward, primitive.elementwise
    ways = [(0,), (1,), (0, 1)] if primitive.rule(1) is not None else [(0,)]
    plans = [(primitive.plan(*way), primitive.plan(*way, fits=True)) for way in ways]
    left, right, both = [(*pair, *map(pair[0].reads, (0, 1, VALUE))) for pair in plans] + [None] * (3 - len(plans))

    def apply(a: Any, b: Any) -> Any:  # noqa: PLR0912, PLR0915  the same
        parents: tuple[int, ...]
        way: Any
        if type(a) is Result:
            recording, x = a.recording, a.value
            if type(b) is Result and b.recording is recording:
                way, z, parents = both, b.value, (a.index, b.index)
            elif type(b) in CONSTANTS:
                way, z, parents = left, b, (a.index,)
            else:
                return _slow(primitive, apply, a, b)
        elif type(b) is Result and type(a) in CONSTANTS:
            way, recording, x, z, parents = right, b.recording, a, b.value, (b.index,)
        else:
            return _slow(primitive, apply, a, b)
        if recording.thread != get_ident():
            return call(primitive, (a, b))
        y = forward(x, z)
        entries = recording.entries
        result = Result()
        result.value = y
        result.recording = recording
        result.index = len(entries)
        plan, fitting, reads_x, reads_z, reads_y = way
        fits = False
        if not elementwise:
            pass
        elif way is both:
            if type(x) is ndarray:
                fits = type(z) is ndarray and x.shape == z.shape and x.dtype is z.dtype and x.dtype is y.dtype
            elif type(y) in FLOATS:
                fits = type(x) in FLOATS and type(z) in FLOATS
            elif type(y) in (list, tuple):  # Python's operators join lists and repeat them; NumPy has arrays of them
                return call(primitive, (a, b))
            else:
                fits = _fits(x, y) and _fits(z, y)
        else:
            tracked, constant = (x, z) if way is left else (z, x)
            if type(tracked) is ndarray:
                fits = tracked.dtype is y.dtype and (type(constant) is not ndarray or tracked.shape == y.shape)
            elif type(y) in FLOATS:
                fits = type(tracked) in FLOATS
            elif type(y) in (list, tuple):  # the same
                return call(primitive, (a, b))
            else:
                fits = _fits(tracked, y)
        if fits:
            plan = fitting
        locator = recording.locator
        if locator is not None:
            recording.notes.append(locator.note())  # type: ignore[union-attr]
        if locator is None or not recording.keep:
            if not reads_x:
                x = None if fits else absent(x)
            if not reads_z:
                z = None if fits else absent(z)
            if not reads_y:
                y = None
        entries.append((plan, y, (x, z), NO_KWARGS, parents))
        return result

    return apply


ARRAY_LIKE = (ndarray, Result)


def first(primitive: Primitive) -> Callable[..., Any]:
    """`call` where only the first argument can be tracked, and the others hold nothing that is: `x[index]`, `np.sum(x, axis=1)`."""
    forward, general, plan = primitive.forward, primitive.general, primitive.plan(0)
    reads_x, reads_y = plan.reads(0), plan.reads(VALUE)

    def takes(x: Any) -> bool:
        return not is_container(value(x)) if primitive.part else isinstance(x, ARRAY_LIKE)

    def apply(a: Any, rest: tuple[Any, ...] = (), kwargs: Mapping[str, Any] = NO_KWARGS) -> Any:
        if type(a) is not Result or a.recording.thread != get_ident() or (type(a.value) is not ndarray and not takes(a.value)):
            if primitive.part and (part_of := _container(a)) is not None:
                return _part(primitive, part_of, rest[0])
            recording = following_params() if type(a) is Param else None
            return call(primitive, (a, *rest), kwargs) if recording is None else apply(recording.track(a), rest, kwargs)
        recording, x = a.recording, a.value
        args = (x, *rest)
        y = general(*args, **kwargs) if kwargs else forward(*args)
        entries = recording.entries
        result = Result()
        result.value = y
        result.recording = recording
        result.index = len(entries)
        locator = recording.locator
        if locator is not None:
            recording.notes.append(locator.note())  # type: ignore[union-attr]
        if locator is None or not recording.keep:
            if not reads_x and entries[a.index][0] is not None:  # a leaf is kept anyway
                args = (absent(x), *rest)
            if not reads_y:
                y = None
        entries.append((plan, y, args, primitive.seen_by_rules(kwargs) if kwargs else kwargs, (a.index,)))
        return result

    return apply
