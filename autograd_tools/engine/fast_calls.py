"""Fast copies of `calls.call` for the most common calls: a third of its time.

`unary`, `binary` and `first` make functions for one or two arguments on one recording, and for a
first argument with constants; `item` makes `x[index]`. They pass everything else to `call`, which
is the definition.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Mapping
from threading import get_ident
from typing import Any

from numpy import integer, multiply, ndarray

from autograd_tools.base.containers import is_container
from autograd_tools.engine.calls import CONSTANTS, call, container, read_item
from autograd_tools.engine.changes import MUTABLE, kept, kept_options
from autograd_tools.engine.detached import CALL_PATH
from autograd_tools.engine.primitives import VALUE, PrimitiveData
from autograd_tools.engine.recording import NO_KWARGS, Recording
from autograd_tools.engine.saved import FLOATS, absent, alike
from autograd_tools.engine.state import following_params
from autograd_tools.engine.values import Param, Result, unwrap

CALL_PATH.add(__file__)
LISTS = (list, tuple)  # which Python's operators join, repeat or refuse; NumPy has arrays of them


def _repeats(args: tuple[Any, ...], caller: str) -> bool:
    """Return whether this is Python's `3 * [1, 2]`, which repeats, and not np.multiply."""
    sequences = [type(arg) in LISTS for arg in args]
    if sum(sequences) != 1 or caller in ("__array_ufunc__", "_slow", "_with_writes"):
        return False
    return isinstance(unwrap(args[sequences.index(False)]), (int, integer))


def _slow(primitive: PrimitiveData, apply: Callable[..., Any], *args: Any) -> Any:
    """Pass a rare case to `call`; a tracked Param becomes a Result of its recording first."""
    recording = _written(*args)
    if recording is not None:
        return _with_writes(recording, apply, *args)
    if primitive.func is multiply and _repeats(args, sys._getframe(2).f_code.co_name):
        return operator.mul(*map(unwrap, args))
    recording = following_params()
    if recording is not None and Param in map(type, args):
        return apply(*[recording.track(arg) if type(arg) is Param else arg for arg in args])
    return call(primitive, args)


def _written(*args: Any) -> Recording | None:
    """Return the recording with writes that tracks the arguments, brought up to date.

    None if it is not the only one.
    """
    found: Recording | None = None
    for arg in args:
        if type(arg) is Result and arg.recording.writes is not None:
            arg.recording.writes.update(arg)
            if found is not None and arg.recording is not found:
                return None
            found = arg.recording
        elif type(arg) not in CONSTANTS:
            return None
    free = found is not None and found.thread is None and found.owner == get_ident()
    return found if free else None


def _with_writes(recording: Recording, apply: Callable[..., Any], *args: Any) -> Any:
    """Call `apply` on a recording with writes."""
    try:
        try:
            recording.thread = recording.owner
            return apply(*args)
        finally:
            recording.thread = None
    finally:
        recording.thread = None  # again, where an interrupt ended the first


def keep(y: Any) -> None:
    """Freeze what an outer recording made of an operation: the inner one saves it."""
    if type(y) is Result or isinstance(y, Result):
        y.frozen = True


def listed(primitive: PrimitiveData, apply: Callable[..., Any]) -> Callable[..., Any]:
    """Return a fast copy, which `switched` changes from now on."""
    primitive.calls.append(apply)
    return apply


def switched(primitive: PrimitiveData) -> None:
    """Make the fast copies of a primitive call its timed functions, or the others again.

    Others hold these copies, so their variables are changed, not they themselves.
    """
    primitive.time_calls()
    forward = primitive.forward
    for apply in primitive.calls:
        steps = {"forward": forward, "with_options": primitive.general}
        for name, cell in zip(apply.__code__.co_freevars, apply.__closure__ or (), strict=True):
            if name in steps:
                cell.cell_contents = steps[name]


def unary(primitive: PrimitiveData) -> Callable[[Any], Any]:
    """Make `call` for a primitive of one argument."""
    forward, elementwise = primitive.forward, primitive.elementwise
    general, fitting = primitive.plan(0), primitive.plan(0, same_shape=True)
    reads_x, reads_y = general.needs(0), general.needs(VALUE)

    def apply(a: Any) -> Any:
        if type(a) is not Result or a.recording.thread != get_ident():
            return _slow(primitive, apply, a)
        recording, x = a.recording, a.value
        try:
            y = apply(x) if type(x) is Result else forward(x)  # without NumPy's dispatch
        except TypeError:
            if type(x) in LISTS:
                return call(primitive, (a,))
            raise
        # From here on this is recording.record written out: calling it would double the time.
        entries = recording.entries
        result = Result()
        result.value = y
        result.recording = recording
        result.index = len(entries)
        if type(y) is ndarray:
            same_shape = elementwise and type(x) is ndarray and x.dtype is y.dtype
        elif type(y) in FLOATS:
            same_shape = elementwise and type(x) in FLOATS
        else:
            keep(y)
            same_shape = elementwise and alike(x, y)
        locator = recording.locator
        if locator is not None:
            recording.notes.append(locator.note())
        if locator is None or not recording.retain:
            if not reads_x:
                x = None if same_shape else absent(x)
            if not reads_y:
                y = None
        entries.append((fitting if same_shape else general, y, (x,), NO_KWARGS, (a.index,)))
        return result

    return listed(primitive, apply)


NOTHING = (None, None)  # two arguments that no rule reads


def binary(primitive: PrimitiveData) -> Callable[[Any, Any], Any]:  # noqa: PLR0915  written out, so that no step is a call
    """Make `call` for a primitive of two arguments."""
    forward, elementwise = primitive.forward, primitive.elementwise
    ways = [(0,), (1,), (0, 1)] if primitive.rule(1) is not None else [(0,)]
    plans = [(primitive.plan(*way), primitive.plan(*way, same_shape=True)) for way in ways]
    left, right, both = [(*pair, *map(pair[0].needs, (0, 1, VALUE))) for pair in plans] + [None] * (
        3 - len(plans)
    )

    def apply(a: Any, b: Any) -> Any:  # noqa: PLR0912, PLR0915  the same
        parents: tuple[int, ...]
        way: Any
        compute = forward
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
            if type(z) is Result:
                compute = apply  # without NumPy's dispatch
        else:
            return _slow(primitive, apply, a, b)
        if recording.thread != get_ident():
            return _slow(primitive, apply, a, b)
        try:
            y = compute(x, z)
        except TypeError:
            if type(x) in LISTS or type(z) in LISTS:
                return call(primitive, (a, b))
            raise
        kind = type(y)
        if kind is ndarray:
            if not elementwise:
                same_shape = False
            elif way is both:
                dtype = y.dtype
                same_shape = (
                    type(x) is type(z) is ndarray
                    and x.dtype is z.dtype is dtype
                    and x.shape == z.shape
                )
            else:
                tracked, constant = (x, z) if way is left else (z, x)
                same_shape = (
                    type(tracked) is ndarray
                    and tracked.dtype is y.dtype
                    and (type(constant) is not ndarray or tracked.shape == y.shape)
                )
        elif kind in FLOATS:
            same_shape = elementwise and (
                (type(x) in FLOATS or way is right) and (type(z) in FLOATS or way is left)
            )
        elif kind in LISTS:
            return call(primitive, (a, b))
        else:
            keep(y)
            same_shape = (
                elementwise and (way is right or alike(x, y)) and (way is left or alike(z, y))
            )
        entries = recording.entries
        result = Result()
        result.value = y
        result.recording = recording
        result.index = len(entries)
        locator = recording.locator
        if locator is not None:
            recording.notes.append(locator.note())
        general, fitting, reads_x, reads_z, reads_y = way
        if way is not both:
            if way is left:
                if reads_z and type(z) is ndarray:
                    z = z.copy("K") if z.nbytes <= recording.small else kept(recording, z)
            elif reads_x and type(x) is ndarray:
                x = x.copy("K") if x.nbytes <= recording.small else kept(recording, x)
        args = (x, z)
        if locator is None or not recording.retain:
            if not same_shape:
                args = (x if reads_x else absent(x), z if reads_z else absent(z))
            elif not reads_x:
                args = (None, z) if reads_z else NOTHING
            elif not reads_z:
                args = (x, None)
            if not reads_y:
                y = None
        plan = fitting if same_shape else general
        entries.append((plan, y, args, NO_KWARGS, parents))
        return result

    return listed(primitive, apply)


ARRAY_LIKE = (ndarray, Result)


def first(primitive: PrimitiveData) -> Callable[..., Any]:
    """Make `call` for a first argument that may be tracked, and constants: `np.sum(x, axis=1)`."""
    forward, with_options, plan = primitive.forward, primitive.general, primitive.plan(0)
    reads_x, reads_y = plan.needs(0), plan.needs(VALUE)

    def takes(x: Any) -> bool:
        if primitive.item_of:
            return not is_container(unwrap(x))
        return type(x) is Result or isinstance(x, ARRAY_LIKE)

    def apply(a: Any, rest: tuple[Any, ...] = (), kwargs: Mapping[str, Any] = NO_KWARGS) -> Any:
        if (
            type(a) is not Result
            or a.recording.thread != get_ident()
            or (type(a.value) is not ndarray and not takes(a.value))
        ):
            if primitive.item_of and (part_of := container(a)) is not None:
                return read_item(primitive, part_of, rest[0])
            recording = _written(a)
            if recording is not None:
                return _with_writes(recording, apply, a, rest, kwargs)
            recording = following_params() if type(a) is Param else None
            return (
                call(primitive, (a, *rest), kwargs)
                if recording is None
                else apply(recording.track(a), rest, kwargs)
            )
        recording, x = a.recording, a.value
        args = (x, *rest)
        if type(x) is Result:
            y = apply(x, rest, kwargs)  # without NumPy's dispatch
        else:
            y = with_options(*args, **kwargs) if kwargs else forward(*args)
        if kwargs:
            kwargs = kept_options(recording, kwargs)
        if rest and type(rest[0]) is not int and type(rest[0]) in MUTABLE:
            args = (x, *kept(recording, rest))
        if type(x) is not ndarray:
            keep(y)
        entries = recording.entries
        result = Result()
        result.value = y
        result.recording = recording
        result.index = len(entries)
        locator = recording.locator
        if locator is not None:
            recording.notes.append(locator.note())
        if locator is None or not recording.retain:
            if not reads_x and entries[a.index][0] is not None:  # a leaf is kept anyway
                args = (absent(x), *args[1:])
            if not reads_y:
                y = None
        entries.append(
            (plan, y, args, primitive.seen_by_rules(kwargs) if kwargs else kwargs, (a.index,))
        )
        return result

    return listed(primitive, apply)


FIXED = CONSTANTS - MUTABLE
FIRST = (0,)  # the parents of a read of the first leaf; loops make thousands of such reads


def item(
    primitive: PrimitiveData, otherwise: Callable[[Any, Any], Any]
) -> Callable[[Any, Any], Any]:
    """Make `x[index]` for an array and a number or slice; `otherwise` takes anything else."""
    forward, plan = primitive.forward, primitive.plan(0)

    def apply(a: Any, index: Any) -> Any:
        if type(a) is not Result or type(index) not in FIXED:
            return otherwise(a, index)
        recording, x, parent = a.recording, a.value, a.index
        if recording.thread != get_ident() or type(x) is not ndarray:
            return otherwise(a, index)
        y = forward(x, index)
        entries = recording.entries
        result = Result()
        result.value = y
        result.recording = recording
        result.index = len(entries)
        locator = recording.locator
        if locator is not None:
            recording.notes.append(locator.note())
        if locator is None or not recording.retain:
            y = None
            if entries[parent][0] is not None:  # a leaf is kept anyway
                x = absent(x)
        entries.append((plan, y, (x, index), NO_KWARGS, (parent,) if parent else FIRST))
        return result

    return listed(primitive, apply)
