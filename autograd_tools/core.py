"""The engine: values that remember how they were made, and the sweep that goes back over them.

A `Recording` is a list of entries, one per primitive call, oldest first. An entry knows the values it
worked on and the entries they came from; the sweep walks the list backwards, asks each entry's rules for
the gradients of its arguments, and adds those to the outgrads of the entries that made them.

Recordings nest (a gradient of a gradient): what is a value of the inner recording may be tracked by the
outer one, so whatever a rule computes during the inner sweep is recorded by the outer. That is all there
is to higher-order gradients.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_tools import source, timing
from autograd_tools.outgrads import Sparse, Sum, add, fit, one_like
from autograd_tools.plans import ARRAYS, VALUE, WORTH_FREEING, Plan, absent

if TYPE_CHECKING:
    _Anything = Any  # for type checkers: a Value has whatever operators and methods its value has
else:
    _Anything = object

NO_KWARGS: Mapping[str, Any] = {}
FLOATS = frozenset({float, np.float64})


class Value(_Anything):
    """What the engine can follow: a `Param` of the user's or the `Result` of a primitive.

    `operators.py` gives it Python's operators, the methods of an array and NumPy's two protocols.
    """

    __slots__ = ("__weakref__", "value")
    value: Any


class Param(Value):
    """A leaf whose gradient is wanted.

    `value` is any number, array, tuple, list or dict, and may be replaced between recordings
    (`w.value -= 0.1 * g`); a Param is known by its identity. Outside a recording it acts like its value.
    `name`, when given, is shown in trees and drawings; `opt` is free for an optimizer's state.
    """

    __slots__ = ("name", "opt")

    def __init__(self, value: Any, opt: Any = None, *, name: str | None = None) -> None:
        check_differentiable(value, "a Param")
        self.value = value
        self.opt = opt
        self.name = name


class Result(Value):
    """The output of a primitive while it is recorded: its value and its place on the recording."""

    __slots__ = ("index", "recording")
    recording: Recording
    index: int


def result(value: Any, recording: Recording, index: int) -> Result:
    """A Result; its class has no `__init__`, because one is made per operation and calling it takes as long as all else."""
    made = Result()
    made.value = value
    made.recording = recording
    made.index = index
    return made


class LostGradientError(TypeError):
    """Something that would turn a recorded value into a plain one."""


def check_differentiable(x: Any, holder: str) -> None:
    """Raise a TypeError unless `x` is a number, an array of numbers, or a tuple, list or dict of them."""
    if isinstance(x, (int, float, complex, np.ndarray, np.number)) and np.asarray(x).dtype.kind in "iufc":
        return
    if isinstance(x, Value):
        raise TypeError(f"{holder} cannot hold {x!r}: give its plain value, ag.value(x), or use it as it is")
    if isinstance(x, Mapping):
        for item in x.values():
            check_differentiable(item, holder)
    elif isinstance(x, (tuple, list)):
        for item in x:
            check_differentiable(item, holder)
    else:
        what = f"array of dtype {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(f"{holder} holds numbers, arrays of numbers, or tuples, lists and dicts of them; this one got {what}: {x!r}")


def value(x: Any) -> Any:
    """Take the wrapping off: the plain value of a `Param`, a `Result` or a `Tape`, and anything else as it is.

    Nothing flows back through it: `ag.value(x)` is a constant to the gradient.
    """
    while isinstance(x, (Value, Recording)):
        x = x.value
    return x


# One entry of a recording: (plan, value, args, kwargs, parents). A plain tuple, because it is made once per operation
# and a named one costs three times as much. The plan of a leaf is None, and its args hold its Param, or the name of an
# argument of `grad(f)`. There is a parent for each of the plan's positions: an index, or, for a sequence of arrays, a
# tuple of them.
Entry = tuple[Plan | None, Any, tuple[Any, ...], Mapping[str, Any], tuple[Any, ...]]


class _Thread(threading.local):
    recording: Recording | None = None  # the innermost open one that follows Params


_thread = _Thread()
_serials = itertools.count()


def following_params() -> Recording | None:
    """The innermost open recording of this thread that follows Params: None outside `diff` and `record`."""
    return _thread.recording


def live(x: Any) -> Any:
    """`x` without the wrapping that no open recording follows: a tracked value, or a plain one."""
    while isinstance(x, Result) and not x.recording.is_open:
        x = x.value
    return x.value if isinstance(x, Param) and _thread.recording is None else x


class Recording:
    """What one differentiation records, and the sweep back over it.

    Of two open recordings the later one, of the higher `serial`, is the inner one. `follows_params` tells whether
    Params are leaves (in `diff`) or constants (in `grad(f)`, which makes leaves of its arguments).
    `keep` tells whether values and outgrads stay for inspection or are freed as the sweep goes.
    `notes`, when not None, receives where each entry came from, and `times` the nanoseconds that it took:
    forward under 0, the gradient of argument n under n.
    """

    keep: bool = False
    value: Any = None

    def __init__(self, *, follows_params: bool) -> None:
        self.serial = next(_serials)
        self.follows_params = follows_params
        self.thread: int | None = None  # the one that records, while it is open
        self.outer: Recording | None = None
        self.locator: source.Locator | None = None
        self.entries: list[Any] = []
        self.outgrads: list[Any] = []
        self.inputs: list[int] = []
        self.leaves: dict[int, int] = {}  # id of a Param -> index of its entry, which keeps the Param alive
        self.notes: list[source.Note] | None = [] if self.keep or timing.ENABLED else None
        self.times: dict[int, dict[int, int]] = {}
        self.result: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether it records."""
        return self.thread is not None

    @contextmanager
    def open(self, base: Any) -> Iterator[Recording]:
        """Record what this thread computes in the block; scope paths start above the frame `base`.

        After the block, however it ends, the Results act like their values.
        """
        self.thread = get_ident()
        self.locator = None if self.notes is None else source.Locator(base)
        self.outer = _thread.recording
        if self.follows_params:
            _thread.recording = self
        try:
            yield self
        except ValueError as error:
            if isinstance(error.__cause__, LostGradientError):  # NumPy's "setting an array element with a sequence" hides it
                raise error.__cause__.with_traceback(error.__traceback__) from None
            raise
        finally:
            self.close()

    def close(self) -> None:
        """Stop recording."""
        if self.is_open:
            self.thread = None
            self.locator = None
            if self.follows_params:
                _thread.recording = self.outer

    def append(self, entry: Entry, note: source.Note = source.NOWHERE) -> int:
        """Put an entry on the recording and return its index."""
        index = len(self.entries)
        self.entries.append(entry)
        if self.notes is not None:
            self.notes.append(note)
        return index

    def input(self, x: Any, name: str = "") -> Result:
        """A new leaf of value `x`, shown under `name`."""
        index = self.append((None, x, (name,), NO_KWARGS, ()))
        self.inputs.append(index)
        return result(x, self, index)

    def leaf(self, param: Param) -> int:
        """The index of `param`, which enters the recording at its first use."""
        index = self.leaves.get(id(param))
        if index is None:
            index = self.leaves[id(param)] = self.append((None, self._below(param), (param,), NO_KWARGS, ()))
        return index

    def track(self, param: Param) -> Result:
        """`param` as a Result of this recording."""
        index = self.leaf(param)
        return result(self.entries[index][1], self, index)

    def _below(self, param: Param) -> Any:
        """What `param` is below this recording: a leaf of the outer one, so that the sweep of this is recorded there."""
        return param.value if self.outer is None else self.outer.track(param)

    def lower(self, x: Value) -> tuple[Any, int | None]:
        """What `x` is below this recording, and its index on it: None for what is constant here."""
        while isinstance(x, Result):
            if x.recording is self:
                return x.value, x.index
            if x.recording.is_open:
                return x, None
            x = x.value
        if isinstance(x, Param):
            return self._below(x), (self.leaf(x) if self.follows_params else None)
        return x, None

    def differentiate(self, index: int, seed: Any = None) -> None:
        """Take the value at `index` for the result: forget what came after it, and sweep back from it.

        `seed` is its own outgrad; left out, it is 1, for a scalar.
        """
        del self.entries[index + 1 :]
        if self.notes is not None:
            del self.notes[index + 1 :]
        self.result = index
        sweep = self._sweep if timing.ENABLED else self._fast_sweep
        sweep(index, one_like(value(self.entries[index][1])) if seed is None else seed)
        self._own_leaves()

    def _sweep(self, start: int, seed: Any) -> None:
        """Fill `outgrads` from the entry at `start`, whose own is `seed`, back to the oldest."""
        outgrads = self.outgrads = [None] * (start + 1)
        outgrads[start] = seed
        for index in range(start, -1, -1):
            dy = outgrads[index]
            if dy is None:
                continue
            if type(dy) is Sum:
                dy = outgrads[index] = dy.finish()
            plan, _, args, _, parents = self.entries[index]
            if plan is None:
                continue
            for i, parent in enumerate(parents):
                dx = backward(self, index, i, dy)
                if dx is not None:
                    sum_outgrads(self, parent, dx, args[plan.positions[i]])
            self._pass(index)

    def _fast_sweep(self, start: int, seed: Any) -> None:  # noqa: PLR0912  written out, so that no step is a call
        """What `_sweep` does, with its steps written out for a gradient that fits its argument as it is."""
        entries, keep = self.entries, self.keep
        outgrads = self.outgrads = [None] * (start + 1)
        outgrads[start] = seed
        for index in range(start, -1, -1):
            dy = outgrads[index]
            if dy is None:
                continue
            if type(dy) is Sum:
                dy = outgrads[index] = dy.finish()
            plan, y, args, kwargs, parents = entries[index]
            if plan is None:
                continue
            _, positions, rules, _, trusted = plan
            n = 0 if kwargs else len(args)
            for i, parent in enumerate(parents):
                if not trusted:
                    dx = backward(self, index, i, dy)
                elif n == 1:
                    dx = rules[i](dy, y, args[0])
                elif n == 2:
                    dx = rules[i](dy, y, args[0], args[1])
                else:
                    dx = rules[i](dy, y, *args, **kwargs)
                x = args[positions[i]]
                kind = type(dx)
                if kind is np.float64 and type(x) in FLOATS:
                    old = outgrads[parent]
                    outgrads[parent] = dx if old is None else old + dx
                elif kind is np.ndarray and type(x) in ARRAYS and dx.dtype is x.dtype and dx.shape == x.shape:
                    old = outgrads[parent]
                    outgrads[parent] = dx if old is None else add(old, dx, x)
                elif kind is Sparse and type(outgrads[parent]) is Sum:
                    outgrads[parent].add(dx)
                elif dx is not None:
                    sum_outgrads(self, parent, fitted(dx, x, parent, plan, i), x)
            if keep:
                self._pass(index)
            else:
                entries[index] = outgrads[index] = None

    def _pass(self, index: int) -> None:
        """Free an entry that has passed its gradient on; one that is kept, the collector may free."""
        if not self.keep:
            self.entries[index] = self.outgrads[index] = None
        elif _collector is not None and index != self.result and self.outer is None:
            _collector(self, index)

    def _own_leaves(self) -> None:
        """Make the gradient of each leaf its user's alone: no view of another array, and nobody else's."""
        leaves = [index for index in (*self.inputs, *self.leaves.values()) if index < len(self.outgrads)]
        kept = zip(self.entries, self.outgrads, strict=True) if self.keep else ()
        others = {id(dx) for entry, dx in kept if entry[0] is not None}
        for index in leaves:
            self.outgrads[index] = _own(self.outgrads[index], others)


def _own(dx: Any, others: set[int]) -> Any:
    """`dx`, with its arrays copied that are views or among the ids of `others`, which they join."""
    if isinstance(dx, dict):
        return {key: _own(item, others) for key, item in dx.items()}
    if isinstance(dx, (list, tuple)):
        return type(dx)([_own(item, others) for item in dx])
    if type(dx) is np.ndarray:
        dx = dx.copy() if dx.base is not None or id(dx) in others else dx
        others.add(id(dx))
    return dx


@timing.time_record
def record(recording: Recording, entry: Entry) -> Result:
    """Put a primitive call on the recording; unless it keeps all, without the arrays that its rules do not read."""
    note = source.NOWHERE if recording.locator is None else recording.locator.note()
    plan, y, args, kwargs, parents = entry
    if not recording.keep and plan is not None and type(y) is np.ndarray and y.nbytes > WORTH_FREEING:
        args = tuple(arg if plan.reads(i) else absent(arg) for i, arg in enumerate(args))
        entry = (plan, y if plan.reads(VALUE) else None, args, kwargs, parents)
    return result(y, recording, recording.append(entry, note))


@timing.time_backward
def backward(recording: Recording, index: int, i: int, dy: Any) -> Any:
    """The gradient of the `i`-th argument to differentiate of the entry at `index`, whose outgrad is `dy`."""
    plan, y, args, kwargs, parents = recording.entries[index]
    dx = plan.rules[i](dy, y, *args, **kwargs)
    if type(dx) is np.ndarray and (dx is y or any(dx is arg for arg in args)):
        dx = dx.copy()
    return None if dx is None else fitted(dx, args[plan.positions[i]], parents[i], plan, i)


def fitted(dx: Any, x: Any, parent: Any, plan: Plan, i: int) -> Any:
    """The gradient `dx` that a rule returned, in the shape and type of its argument `x`; of each, if `x` is a sequence of arrays."""
    if type(parent) is tuple:
        return [d if p is None else fitted(d, item, p, plan, i) for d, item, p in zip(dx, x, parent, strict=True)]
    return fit(dx, x, plan, i)


@timing.time_sum
def sum_outgrads(recording: Recording, parent: Any, dx: Any, x: Any) -> None:
    """Add `dx`, the gradient of the argument `x`, to the outgrad of its `parent`: one by one if `x` is a sequence of arrays."""
    _add(recording.outgrads, parent, dx, x)


def _add(outgrads: list[Any], parent: Any, dx: Any, x: Any) -> None:
    if type(parent) is tuple:
        for p, d, item in zip(parent, dx, x, strict=True):
            _add(outgrads, p, d, item)
    elif parent is not None and dx is not None:
        outgrads[parent] = add(outgrads[parent], dx, value(x))


_collector: Callable[[Recording, int], None] | None = None


def set_collector(collector: Callable[[Recording, int], None] | None) -> None:
    """Have `collector(recording, index)` called on every entry that the outermost, keeping sweep is done with."""
    global _collector
    _collector = collector
