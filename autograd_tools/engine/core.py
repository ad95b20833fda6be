"""The engine: values that remember how they were made, and the recording on which they stand.

A `Recording` is a list of entries, one per primitive call, oldest first. An entry knows the values it
worked on and the entries they came from; `sweep.py` walks the list backwards.

Recordings nest (a gradient of a gradient): what is a value of the inner recording may be tracked by the
outer one, so whatever a rule computes during the inner sweep is recorded by the outer. That is all there
is to higher-order gradients.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from threading import get_ident
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from autograd_tools.base.containers import (
    field_names,
    has_fields,
    is_constant_leaf,
    is_number,
    leaves_of,
)
from autograd_tools.base.memory import last_tape_closed, open_tapes, thread
from autograd_tools.engine.plans import VALUE, Plan, absent
from autograd_tools.location import call_site as source
from autograd_tools.timing import instrument as timing

if TYPE_CHECKING:
    _Anything = Any  # for type checkers: a Value has whatever operators and methods its value has
else:
    _Anything = object

NO_KWARGS: Mapping[str, Any] = {}


class Value(_Anything):
    """What the engine can follow: a `Param` of the user's or the `Result` of a primitive.

    `operators.py` gives it Python's operators, the methods of an array and NumPy's two protocols.
    """

    __slots__ = ("__weakref__", "value")
    value: Any


class Param(Value):
    """A leaf whose gradient is wanted.

    `value` is any number, array, tuple, list, dict or dataclass, and may be replaced between recordings
    (`w.value -= 0.1 * g`); a Param is known by its identity. Outside a recording it acts like its value.
    `name`, when given, is shown in trees and drawings; `opt` is free for an optimizer's state.
    """

    __slots__ = ("name", "opt")

    def __new__(cls, value: Any = None, opt: Any = None, *, name: str | None = None) -> Param:  # noqa: ARG004  those of __init__
        """Of a value with fields, make a Param that has them."""
        return super().__new__(FieldsParam if cls is Param and has_fields(value) else cls)

    def __init__(self, value: Any, opt: Any = None, *, name: str | None = None) -> None:
        check_differentiable(value, lambda: "a Param")
        if has_fields(value) and (
            taken := {"value", "name", "opt"}.intersection(field_names(value))
        ):
            raise TypeError(
                f"a Param has a {taken.pop()} of its own, and so cannot hold a {type(value).__name__}, which has a field of that name"
            )
        self.value = value
        self.opt = opt
        self.name = name


class FieldsParam(Param):
    """A Param of a named tuple or dataclass. Its fields are attributes, before the methods of an array that have their names."""

    __slots__ = ()


class Result(Value):
    """The output of a primitive while it is recorded: its value and its place on the recording."""

    __slots__ = ("index", "recording")
    recording: Recording
    index: int


class NamedResult(Result):
    """A Result that is a named tuple. Its fields are attributes: that is apart from Result because a class with a
    `__getattr__` is slow to read any attribute of."""

    __slots__ = ()


class LostGradientError(TypeError):
    """Something that would turn a recorded value into a plain one."""


def refuse_own_arithmetic(x: Any) -> None:
    """Raise a TypeError for arrays that compute otherwise than by NumPy's rules, by which gradients are computed."""
    if isinstance(x, np.matrix):
        raise TypeError(
            "np.matrix has no gradients, because its `*` is a matrix product; use np.asarray(m), and @ for products"
        )
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(
            "a masked array has no gradients; use m.filled(0), and np.where(m.mask, 0, x) or `where=` for what is masked"
        )


def check_differentiable(x: Any, holder: Callable[[], str]) -> None:
    """Raise a TypeError unless `x` is a number, an array of numbers, or a container of them; `holder()` is who holds it.

    In a container constants may stand beside numbers: a name, None, a switch, a function. There have to be numbers, though.
    """
    if isinstance(x, ndarray) and type(x) is not ndarray:
        refuse_own_arithmetic(x)
    if is_number(x):
        return
    leaves = leaves_of(x)
    constant = None
    for leaf in leaves:
        if isinstance(leaf, Value):
            raise TypeError(
                f"{holder()} cannot hold {leaf!r}: give its plain value, ag.value(x), or use it as it is"
            )
        if not is_number(leaf):
            constant = [leaf]
            if not is_constant_leaf(leaf):
                break
    else:
        if constant is None or any(map(is_number, leaves)):
            return
    leaf = constant[0]
    what = f"array of dtype {leaf.dtype}" if hasattr(leaf, "dtype") else type(leaf).__name__
    raise TypeError(
        f"{holder()} holds numbers, arrays of numbers, or tuples, lists, dicts and dataclasses of them; this one got {what}: {leaf!r}"
    )


def value(x: Any) -> Any:
    """Take the wrapping off: the plain value of a `Param`, a `Result` or a `Tape`, and anything else as it is.

    Nothing flows back through it: `ag.value(x)` is a constant to the gradient.
    """
    while isinstance(x, WRAPPING):
        x = x.value
    return x


timing.tracked = Value

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
    An `alone` recording knows Params by their values, and not as leaves of an outer one.
    `keep` tells whether values and outgrads stay for inspection or are freed as the sweep goes.
    `notes`, when not None, receives where each entry came from.
    """

    keep: bool = False
    value: Any = None
    hooks: dict[int, tuple[Any, list[Callable[[Any], Any]]]] | None = (
        None  # by index: what its gradient looks like, and who sees it
    )
    sweep: Callable[[Recording, int, int], None] | None = (
        None  # goes back over it in the place of the fast one
    )
    cuts: dict[tuple[int, int], dict[int, Any]] | None = (
        None  # where values of a tape were read as plain ones, see `cuts.py`
    )

    def __init__(self, *, follows_params: bool, alone: bool = False) -> None:
        self.serial = next(_serials)
        self.follows_params = follows_params
        self.alone = alone
        self.thread: int | None = None  # the one that records, while it is open
        self.around: Recording | None = None  # the open one of this thread when it opened
        self.outer: Recording | None = None  # the one among those that followed Params then
        self.locator: source.Locator | None = None
        self.entries: list[Any] = []
        self.outgrads: list[Any] = []
        self.owned: set[int] = set()  # where an outgrad is in memory of its own
        self.inputs: list[int] = []
        self.leaves: dict[
            int, int
        ] = {}  # id of a Param -> index of its entry, which keeps the Param alive
        self.tracked: dict[int, Result] = {}  # id of a Param -> what it is while this is open
        self.parts: dict[
            int, dict[Any, Any]
        ] = {}  # index of a container's entry -> its parts that were read, while this is open
        self.notes: list[source.Note] | None = [] if self.keep or timing.LINES else None
        self.marked: dict[
            int, Any
        ] = {}  # by index of an entry its note and the signature of its call, if the timer looks at shapes
        self.ticks: list[
            Any
        ] = []  # what the timer has found about nodes: columns of their indices, arguments and nanoseconds
        self.node_times: dict[
            int, dict[int, int]
        ] = {}  # the same by index and argument, once somebody asked
        self.result: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether it records."""
        return self.thread is not None

    @property
    def times(self) -> dict[int, dict[int, int]]:
        """What the timer measured: nanoseconds by index of an entry, and by 0 for forward, n for the gradient of argument n."""
        return timing.times(self)

    def open(self, base: FrameType | None) -> Recording:
        """Record what this thread computes from now on; scope paths start above the frame `base`.

        Written as `with recording.open(base):`. After the block, however it ends, the Results act like their values.
        """
        self.thread = get_ident()
        self.around, thread.open = thread.open, self
        if self.keep:
            open_tapes.append(self)
        if self.notes is not None:
            self.locator = source.Locator(base)
            if timing.ENABLED:
                self.locator.note = timing.time_note(self.locator.note, self)  # type: ignore[method-assign]
        self.outer = _thread.recording
        if self.follows_params:
            _thread.recording = self
        return self

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if isinstance(error, ValueError) and isinstance(error.__cause__, LostGradientError):
            # NumPy's "setting an array element with a sequence" hides it.
            raise error.__cause__.with_traceback(error.__traceback__) from None

    def close(self) -> None:
        """Stop recording; recordings may stop in any order."""
        if self.is_open:
            if timing.ENABLED and self.locator is not None:
                del self.locator.note  # it refers to this recording
            if self.keep:
                open_tapes.remove(self)
            self.thread = None
            self.locator = None
            self.tracked.clear()  # they refer to this recording, and what refers to itself stays in memory for long
            self.parts.clear()
            while thread.open is not None and not thread.open.is_open:
                closed, thread.open = thread.open, thread.open.around
                closed.around = None  # which it would keep alive
            while _thread.recording is not None and not _thread.recording.is_open:
                _thread.recording = _thread.recording.outer
            if thread.open is None:
                last_tape_closed()

    def append(self, entry: Entry, note: source.Note = source.NOWHERE) -> int:
        """Put an entry on the recording and return its index."""
        index = len(self.entries)
        if self.notes is not None:
            self.notes.append(note)
        self.entries.append(entry)  # last, because who watches may look at all of it, and raise
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
            index = self.leaves[id(param)] = self.append(
                (None, self._below(param), (param,), NO_KWARGS, ())
            )
        return index

    def track(self, param: Param) -> Result:
        """`param` as a Result of this recording."""
        tracked = self.tracked.get(id(param))
        if tracked is None:
            index = self.leaf(param)
            tracked = self.tracked[id(param)] = result(self.entries[index][1], self, index)
        return tracked

    def track_as(self, param: Param, x: Any) -> Result:
        """A leaf for `param` with the value `x`."""
        index = self.leaves[id(param)] = self.append((None, x, (param,), NO_KWARGS, ()))
        self.tracked[id(param)] = result(x, self, index)
        return self.tracked[id(param)]

    def _below(self, param: Param) -> Any:
        """What `param` is below this recording: a leaf of the outer one, so that the sweep of this is recorded there."""
        return param.value if self.outer is None or self.alone else self.outer.track(param)

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


WRAPPING = (Value, Recording)


def result(value: Any, recording: Recording, index: int) -> Result:
    """A Result; its class has no `__init__`, because one is made per operation and calling it takes as long as all else."""
    made = NamedResult() if type(value) is NamedResult or hasattr(value, "_fields") else Result()
    made.value = value
    made.recording = recording
    made.index = index
    return made


def record(recording: Recording, entry: Entry) -> Result:
    """Put a primitive call on the recording; unless it keeps all, without the arrays that its rules do not read."""
    note = source.NOWHERE if recording.locator is None else recording.locator.note()
    plan, y, args, kwargs, parents = entry
    if not recording.keep and plan is not None:
        if (
            plan.primitive.part is None or type(args[0]) is ndarray
        ):  # to look through a list at every read of it takes long
            args = tuple([arg if plan.reads(i) else absent(arg) for i, arg in enumerate(args)])
        entry = (plan, y if plan.reads(VALUE) else None, args, kwargs, parents)
    return result(y, recording, recording.append(entry, note))
