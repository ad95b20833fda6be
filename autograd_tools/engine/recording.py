"""The recording of one differentiation: a list of entries, one per primitive call, oldest first.

Recordings nest (a gradient of a gradient). A value of the inner recording may be tracked by the outer one, so the outer
one records what the rules compute during the inner backward pass. This is all that higher-order gradients need.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from threading import get_ident
from types import FrameType, TracebackType
from typing import Any

from numpy import ndarray

from autograd_tools.base.memory import last_tape_closed
from autograd_tools.engine.primitives import VALUE, Plan
from autograd_tools.engine.saved import absent
from autograd_tools.engine.state import open_tapes, thread
from autograd_tools.engine.values import LostGradientError, Param, Result, Value, Wrapping, result
from autograd_tools.location import call_site as source
from autograd_tools.timing import instrument as timing

# One entry of a recording: (plan, value, args, kwargs, parents). A plain tuple, because it is made once per operation
# and a named one costs three times as much. The plan of a leaf is None, and its args hold its Param, or the name of an
# argument of `grad(f)`. There is a parent for each of the plan's positions: an index, or, for a sequence of arrays, a
# tuple of them.
Entry = tuple[Plan | None, Any, tuple[Any, ...], Mapping[str, Any], tuple[Any, ...]]


NO_KWARGS: Mapping[str, Any] = {}
timing.tracked = Value
_serials = itertools.count()


class Recording(Wrapping):
    """What one differentiation records, and the sweep back over it.

    Of two open recordings the later one, of the higher `serial`, is the inner one. `follows_params` tells whether
    Params are leaves (in `diff`) or constants (in `grad(f)`, which makes leaves of its arguments).
    An `alone` recording knows Params by their values, and not as leaves of an outer one.
    `keep` tells whether values and outgrads stay for inspection or are freed as the sweep goes.
    `notes`, when not None, receives where each entry came from.
    """

    retain: bool = False
    unwrap: Any = None
    hooks: dict[int, tuple[Any, list[Callable[[Any], Any]]]] | None = (
        None  # by index: what its gradient looks like, and who sees it
    )
    backward_pass: Callable[[Recording, int, int], None] | None = (
        None  # goes back over it in the place of the fast one
    )
    detached: dict[tuple[int, int], dict[int, Any]] | None = (
        None  # where values of a tape were read as plain ones, see `cuts.py`
    )

    def __init__(self, *, follows_params: bool, isolated: bool = False) -> None:
        self.serial = next(_serials)
        self.follows_params = follows_params
        self.isolated = isolated
        self.thread: int | None = None  # the one that records, while it is open
        self.enclosing: Recording | None = None  # the open one of this thread when it opened
        self.outer: Recording | None = None  # the one among those that followed Params then
        self.locator: source.Locator | None = None
        self.entries: list[Any] = []
        self.outgrads: list[Any] = []
        self.exclusive: set[int] = set()  # where an outgrad is in memory of its own
        self.inputs: list[int] = []
        self.leaves: dict[
            int, int
        ] = {}  # id of a Param -> index of its entry, which keeps the Param alive
        self.tracked: dict[int, Result] = {}  # id of a Param -> what it is while this is open
        self.parts: dict[
            int, dict[Any, Any]
        ] = {}  # index of a container's entry -> its parts that were read, while this is open
        self.notes: list[source.CallSite] | None = [] if self.retain or timing.LINES else None
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
        self.enclosing, thread.open = thread.open, self
        if self.retain:
            open_tapes.append(self)
        if self.notes is not None:
            self.locator = source.Locator(base)
            if timing.ENABLED:
                self.locator.note = timing.time_note(self.locator.note, self)  # type: ignore[method-assign]
        self.outer = thread.params
        if self.follows_params:
            thread.params = self
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
            if self.retain:
                open_tapes.remove(self)
            self.thread = None
            self.locator = None
            self.tracked.clear()  # they refer to this recording, and what refers to itself stays in memory for long
            self.parts.clear()
            while thread.open is not None and not thread.open.is_open:
                closed, thread.open = thread.open, thread.open.enclosing
                closed.enclosing = None  # which it would keep alive
            while thread.params is not None and not thread.params.is_open:
                thread.params = thread.params.outer
            if thread.open is None:
                last_tape_closed()

    def append(self, entry: Entry, note: source.CallSite = source.NOWHERE) -> int:
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
        return param.value if self.outer is None or self.isolated else self.outer.track(param)

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


def record(recording: Recording, entry: Entry) -> Result:
    """Put a primitive call on the recording; unless it keeps all, without the arrays that its rules do not read."""
    note = source.NOWHERE if recording.locator is None else recording.locator.note()
    plan, y, args, kwargs, parents = entry
    if not recording.retain and plan is not None:
        if (
            plan.primitive.item_of is None or type(args[0]) is ndarray
        ):  # to look through a list at every read of it takes long
            args = tuple([arg if plan.needs(i) else absent(arg) for i, arg in enumerate(args)])
        entry = (plan, y if plan.needs(VALUE) else None, args, kwargs, parents)
    return result(y, recording, recording.append(entry, note))
