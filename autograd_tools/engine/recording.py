"""The recording of one differentiation: a list of entries, one per primitive call, oldest first.

Recordings nest (a gradient of a gradient). A value of the inner recording may be tracked by the
outer one, so the outer one records what the rules compute during the inner backward pass. This is
all that higher-order gradients need.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from threading import get_ident
from types import FrameType, TracebackType
from typing import Any

from numpy import ndarray

from autograd_tools.base import memory
from autograd_tools.base.contexts import Opened
from autograd_tools.engine import assigned, checks
from autograd_tools.engine.changes import SMALL, Checked, Noted, kept, kept_options, note_shared
from autograd_tools.engine.checks import Check
from autograd_tools.engine.elsewhere import check_thread, refuse_elsewhere
from autograd_tools.engine.float_warnings import (
    Modes,
    modes,
    warn_as_before,
    warn_at_user,
    warn_plainly,
)
from autograd_tools.engine.foreign_errors import hides_refusals, note_instead
from autograd_tools.engine.listeners import listeners
from autograd_tools.engine.primitives import VALUE, Plan
from autograd_tools.engine.rule_sites import NestedLocator, owner_of_sites
from autograd_tools.engine.saved import absent
from autograd_tools.engine.state import following_params, open_tapes, recordings
from autograd_tools.engine.values import (
    USED,
    Blank,
    LostGradientError,
    Param,
    Result,
    Value,
    Wrapping,
    below,
    frozen,
    result,
)
from autograd_tools.location import call_site as source
from autograd_tools.location.line_locator import LineLocator
from autograd_tools.location.locators import Locator
from autograd_tools.location.scopes import close_stale_scopes, last_scope
from autograd_tools.timing import calls
from autograd_tools.timing import instrument as timing

# One entry: (plan, value, args, kwargs, parents). A plain tuple, because each operation makes one
# and a named tuple costs three times as much. The plan of a leaf is None, and its args hold its
# Param or the name of an argument of `grad(f)`. `parents` has one item per position of the plan: an
# index, or a tuple of indices for a sequence of arrays.
Entry = tuple[Plan | None, Any, tuple[Any, ...], Mapping[str, Any], tuple[Any, ...]]

# A function given to `on_grad`, and the value that its gradient has to look like.
Hooks = tuple[Any, list[Callable[[Any], Any]]]

NO_KWARGS: Mapping[str, Any] = {}
calls.tracked = Value
_serials = itertools.count()


class Recording(Wrapping):
    """The entries of one differentiation and, after the backward pass, their outgrads.

    Of two open recordings, the inner one has the higher `serial`. With `follows_params` Params are
    leaves (`diff`), without it they are constants (`grad(f)` makes leaves of its arguments). With
    `isolated=True`, Params are leaves here and not tracked by an outer recording.
    """

    retain: bool = False  # keep values and outgrads for inspection; otherwise free as the pass goes
    value: Any = None
    isolated: bool = False
    owner: int | None = None  # the thread that records, while it is open
    thread: int | None = None  # the same for the fast calls; None after a write
    outer: Recording | None = None  # the innermost one that tracked Params then
    result: int | None = None  # the index of the differentiated value
    children: tuple[Any, dict[int, list[int]]] | None = None  # by index, on demand
    opened: Opened[Recording] | None = None  # its place in its context
    statement: FrameType | None = None  # of a block: the frame of its `with`
    elsewhere: dict[int, tuple[Param, str]] = {}  # noqa: RUF012  a tape has its own; see elsewhere.py
    asked: set[int] | None = None  # of a tape: the indices of the nodes whose gradients were read
    hooks: dict[int, Hooks] | None = None  # by index
    function: Callable[[], Any] | None = None  # a weak reference to the recorded function
    argnums: tuple[int, ...] = ()  # the arguments that are its `inputs`, for listeners
    began: int | None = None  # when it was made, on the clock of the timer, for listeners
    forward_ns: int | None = None  # from then until it closed
    backward_pass: Callable[[Recording, int, int], None] | None = None  # replaces the fast one
    modes: Modes | None = None  # NumPy's error handling before it opened
    running: tuple[Any, int, int] | None = None  # see rule_sites.py
    sites: dict[int, Any] | None = None  # of a nested one: index -> Sites, see rule_sites.py
    between: list[tuple[int, source.CallSite]] | None = None  # sites in nested ones, by next index
    refused: LostGradientError | None = None  # the last conversion to a plain number
    detached: dict[tuple[int, int], dict[int, Any]] | None = None  # see detached.py
    assigned: frozenset[int] = frozenset()  # ids of leaves whose Param has another value now
    moment: int | None = None  # the count of writes into Params when it ended
    within: frozenset[int] = frozenset()  # the serials of the open recordings around it
    check: Check | None = None  # all arrays that rules read are noted, as for `check=True`
    small: int = SMALL  # bytes up to which constants are copied
    sampled: int = 0  # larger constants noted
    writes: Any = None  # what was written into its arrays: a Writes, see writes.py

    def __init__(self, *, follows_params: bool, isolated: bool = False) -> None:
        self.serial = next(_serials)
        self.follows_params = follows_params
        if isolated:
            self.isolated = True
        # Not of the class: each operation reads it, and reads the instance's own faster.
        self.locator: Any = None  # a Locator or a RuleLocator, while it is open
        self.entries: list[Any] = []
        self.outgrads: list[Any] = []
        self.exclusive: set[int] = set()  # indices whose outgrad shares its memory with no array
        self.inputs: list[int] = []
        self.leaves: dict[int, int] = {}  # id of a Param -> its index; the entry keeps it alive
        self.tracked: dict[int, Result] = {}  # id of a Param -> its Result, while this is open
        self.items: dict[int, dict[Any, Any]] = {}  # index of a pytree -> its items read so far
        self.notes: list[source.CallSite] | None = [] if self.retain or timing.LINES else None
        self.marked: dict[int, Any] = {}  # index -> note and operand shapes, on demand
        self.ticks: list[Any] = []  # columns from the timer: indices, arguments, nanoseconds
        self.node_times: dict[int, dict[int, int]] = {}  # the same by index and argument, on demand
        self.noted: list[Noted] = []  # arrays that may change before the gradient
        if checks.blocks and (check := checks.current_check()) is not None:
            self.check, self.small, self.entries = check, -1, Checked(self.noted)
        if listeners:
            self.began = timing.timer.clock()

    @property
    def is_open(self) -> bool:
        """True while it records."""
        return self.owner is not None

    @property
    def times(self) -> dict[int, dict[int, int]]:
        """Nanoseconds by index, then by 0 (forward) or n (the gradient of argument n)."""
        return timing.times(self)

    def open(self, base: FrameType | None, generator: FrameType | None = None) -> Recording:
        """Record what this context computes, in `with recording, recording.open(base):`.

        Where an interrupt keeps the second from closing it, the first does. Scope paths start
        above the frame `base`. A `generator` records only what it runs itself. After the block,
        Results act like their values.
        """
        if recordings.last() is not None or recordings.of_generators:
            close_stale()
            self.outer = following_params()
        if last_scope() is not None:
            close_stale_scopes()
        if timing.ENABLED:
            timing.close_stale()
        self.owner = self.thread = get_ident()
        if self.retain:
            open_tapes.append(self)
        around = recordings.enter(self, generator).around
        outer = None if around is None else around.item
        if outer is not None:
            self.within = outer.within | {outer.serial}
        nested = outer is not None and outer.locator is not None
        if outer is None:
            # The first gradient of a function has notes, and so has a tape that keeps its values.
            if self.notes is not None or memory.long_tapes:
                memory.suspend_full_collections()
            found = modes()
            if found is not None:
                self.modes = found
                warn_at_user(found)
        if nested and self.notes is None:
            self.notes = [source.NOWHERE] * len(self.entries)
        if self.notes is not None:
            self.locator = (
                NestedLocator(self, outer, base)
                if nested
                else Locator(base)
                if self.retain or timing.timer.keeps_events
                else LineLocator(base)
            )
            if nested and self.sites is None:  # otherwise it opens again
                self.sites = {}
            if timing.ENABLED:
                owner = owner_of_sites(self) if nested else None
                self.locator.skip = 3  # with the function of the timer
                self.locator.note = timing.time_note(self.locator.note, self, owner)
        return self

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close(error)
        refused = self.refused
        if refused is not None:
            self.refused = None
        if error is None:
            return
        if isinstance(error, TypeError):
            note_instead(error)
        if isinstance(error, ValueError) and isinstance(error.__cause__, LostGradientError):
            # NumPy hides it behind "setting an array element with a sequence".
            raise error.__cause__.with_traceback(error.__traceback__) from None
        if refused is not None and hides_refusals(error):
            raise refused from error

    def close(self, error: BaseException | None = None) -> None:
        """Stop recording. Recordings may stop in any order and in any context.

        Once more does no harm, and ends what an interrupt has left.
        """
        if self.owner is None and self.opened is None:
            return
        if timing.ENABLED and self.locator is not None:
            vars(self.locator).pop("note", None)  # it refers to this recording
        if self.began is not None:
            self.forward_ns, self.began = timing.timer.clock() - self.began, None
        if self.retain and self in open_tapes:
            open_tapes.remove(self)
        self.owner = self.thread = None
        if self.moment is None:
            self.moment = assigned.writes
        self.locator = None
        if self.tracked or self.items:
            self.tracked.clear()  # they refer back to this recording, and a cycle is freed late
            self.items.clear()
        if self.modes is not None:
            # Another context mends its own at its next recording. The first test is the fast one.
            if recordings.last() is self.opened or recordings.is_of_context(self.opened):
                warn_as_before(self.modes, error)
            self.modes = None
        if self.opened is not None and recordings.leave(self.opened) is None:
            if len(self.entries) > memory.LONG:
                memory.long_tapes = True
            if memory.suspended is not None:
                memory.resume_full_collections(len(self.entries))
        self.opened = None
        if self.statement is not None:
            self.statement = None  # a frame keeps its variables

    def append(self, entry: Entry, note: source.CallSite = source.NOWHERE) -> int:
        """Append an entry and return its index."""
        index = len(self.entries)
        if self.notes is not None:
            self.notes.append(note)
        self.entries.append(entry)  # last: a watched recording may raise here
        return index

    def input(self, x: Any, name: str = "") -> Result:
        """Make a leaf of value `x`, shown as `name`."""
        x = frozen(x) if isinstance(x, Result) else x
        index = self.append((None, x, (name,), NO_KWARGS, ()))
        kind = type(x)
        if kind is ndarray and x.nbytes <= self.small:  # note_shared, written out
            self.noted.append((index, x, x.tobytes(), True, ""))
        elif kind is not float and kind is not Result:
            note_shared(self, index, x)
        self.inputs.append(index)
        return result(x, self, index)

    def leaf(self, param: Param) -> int:
        """Return the index of `param`, which enters the recording at its first use."""
        index = self.leaves.get(id(param))
        if id(param) in self.assigned:
            assigned.refuse_assigned(param)
        if index is None:
            check_thread(self, param)
            x = self._below(param)
            index = self.leaves[id(param)] = self.append((None, x, (param,), NO_KWARGS, ()))
            note_shared(self, index, x)
            if self.elsewhere:
                refuse_elsewhere(self, param)
        return index

    def track(self, param: Param) -> Result:
        """Return `param` as a Result of this recording."""
        tracked = self.tracked.get(id(param))
        if tracked is None:
            index = self.leaf(param)
            tracked = self.tracked[id(param)] = result(self.entries[index][1], self, index)
        return tracked

    def track_as(self, param: Param, x: Any) -> Result:
        """Make a leaf for `param` with the value `x`."""
        index = self.leaves[id(param)] = self.append((None, x, (param,), NO_KWARGS, ()))
        self.tracked[id(param)] = result(x, self, index)
        return self.tracked[id(param)]

    def _below(self, param: Param) -> Any:
        """Return `param` as the outer recording sees it: a leaf there, so that it records our
        rules.
        """
        while self.outer is not None and not self.outer.is_open:
            self.outer = self.outer.outer
        return param.value if self.outer is None or self.isolated else self.outer.track(param)

    def lower(self, x: Value) -> tuple[Any, int | None]:
        """Return `x` as the outer recording sees it, and its index here (None for a constant)."""
        while isinstance(x, Result):
            if type(x) is Blank:
                x.index = min(x.index, USED) if x.index < 0 else x.index
                return x.value, None
            if x.recording is self:
                if self.writes is not None:
                    self.writes.check_parts(x)
                return x.value, x.index
            if x.recording.is_open:
                return frozen(x), None
            x = below(x)
        if not isinstance(x, Param):
            return x, None
        if not self.follows_params:
            return self._below(x), None
        index = self.leaf(x)
        return self.entries[index][1], index


def close_stale() -> None:
    """Close the recordings that an interrupt left open, and forget those closed elsewhere."""
    last = recordings.last()
    if last is not None and (last.item is None or last.item.statement is not None):
        for stale in recordings.stale():
            stale.close()
        if recordings.last() is None:
            warn_plainly()


def record(recording: Recording, entry: Entry) -> Result:
    """Append a primitive call; unless the recording retains all, drop arrays that no rule reads."""
    note = source.NOWHERE if recording.locator is None else recording.locator.note()
    plan, y, args, kwargs, parents = entry
    if plan is not None:
        if len(args) > len(parents) or plan.primitive.sequences:
            args = _with_kept(recording, plan, args, parents)
        if kwargs:
            kwargs = kept_options(recording, kwargs)
        if not plan.fresh:  # a function of the user's may write into its result later
            note_shared(recording, len(recording.entries), y)
        held = y
        if not recording.retain:
            # The items of a long list are not searched at every read of one.
            if plan.primitive.item_of is None or type(args[0]) is ndarray:
                args = tuple([arg if plan.needs(i) else absent(arg) for i, arg in enumerate(args)])
            held = y if plan.needs(VALUE) else None
        entry = (plan, held, args, kwargs, parents)
    if isinstance(y, Result):
        y.frozen = True
    return result(y, recording, recording.append(entry, note))


def _with_kept(
    recording: Recording, plan: Plan, args: tuple[Any, ...], parents: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Return the arguments with `kept` of each constant that a rule reads."""
    tracked = dict(zip(plan.positions, parents, strict=True))
    held = list(args)
    for i, arg in enumerate(args):
        parent = tracked.get(i)
        if not plan.needs(i):
            continue
        if parent is None:
            held[i] = kept(recording, arg)
        elif type(parent) is tuple:  # of a sequence of arrays
            pairs = zip(arg, parent, strict=True)
            held[i] = [kept(recording, item) if p is None else item for item, p in pairs]
    return tuple(held)
