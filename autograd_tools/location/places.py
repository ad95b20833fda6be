"""The call tree of operations: functions, scopes, loops and steps of loops around them."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Sequence
from types import CodeType
from typing import Any, NamedTuple

from autograd_tools.location.call_site import CallSite, PathEntry
from autograd_tools.location.call_tree import ROOT, ScopeNode
from autograd_tools.location.code_files import file_of
from autograd_tools.location.loops import Flow, Loop, flow_of


class Move(NamedTuple):
    """A move of the program from one instruction to another, inside one call.

    `kept` counts the loops that go on with the same step; `loops` are those around the target. A
    move `stays` if no loop changes, or goes to the `next` step of the innermost loop. `moves` are
    the known moves from the target, by instruction.
    """

    offset: int
    kept: int
    loops: tuple[Loop, ...]
    stays: bool
    next: bool
    moves: dict[int, Any]


class _Open:
    """A level around the last operation: its place, its instruction, and the loops there."""

    __slots__ = (
        *("file", "flow", "inner", "level", "loops", "moves", "offset", "place", "steps", "turns"),
    )

    def __init__(self, level: PathEntry, place: int, flow: Flow | None) -> None:
        self.level = level
        self.file = file_of(level.code) if level.code else ""
        self.place = place
        self.flow = flow if flow is not None and flow.loops else None
        self.offset = -1
        self.moves: dict[int, Move] = _moves(flow, -1, level.start) if flow is not None else {}
        self.inner = place  # of the innermost step
        self.loops: tuple[Loop, ...] = ()
        self.steps: list[tuple[int, int]] = []  # the place of each loop, and of its step
        self.turns: tuple[int, ...] = ()  # what the variables of outer loops held


class Walk:
    """A call tree that grows operation by operation; `places` may hold other trees already."""

    def __init__(self, places: list[ScopeNode]) -> None:
        self.places = places
        self.open: list[_Open] = []
        self._path: PathEntry | None = None
        self._steps: dict[int, int] = {}  # the number of steps of each loop
        self._flows: dict[int, tuple[CodeType, Flow]] = {}  # by id: codes compare slowly
        # Generators may go on later: by number and by the place around.
        self._generators: dict[tuple[int, int], _Open] = {}

    def place(self, note: CallSite) -> int:
        """Return the place of the next operation; 0 for a leaf."""
        if note.path is self._path:
            return self.follow(note) if note.path else 0
        if not note.path:
            return 0
        self._path = note.path
        return self.enter(note, note.path)

    def enter(self, note: CallSite, last: PathEntry) -> int:
        """Return the place of an operation whose path ends with the entry `last`."""
        for level in reversed(self._changed(last)):
            depth, at = level.depth, note if level is last else level
            if depth == len(self.open) or self.open[depth].level.number != level.number:
                del self.open[depth:]
                self.open.append(self._opened(level))
            top = self.open[depth]
            top.level = level
            operator = level is last and note.operator
            if self._move(top, at.offset, at.resumed, operator, at.turns):
                del self.open[depth + 1 :]
        del self.open[last.depth + 1 :]
        return self.open[-1].inner

    def _changed(self, last: PathEntry) -> list[PathEntry]:
        """Return the entries of a path that differ from those of the last one, innermost first.

        An entry that was resumed then, with all around it, has no news.
        """
        found = []
        for level in last:
            known = level.depth < len(self.open) and self.open[level.depth].level is level
            if known and level.resumed and level is not last:
                break
            found.append(level)
        return found

    def follow(self, note: CallSite) -> int:
        """Return the place of an operation in the same call as the last one."""
        top = self.open[-1]
        move = top.moves.get(note.offset)
        if (
            move is not None
            and move.stays
            and move.offset != top.offset
            and note.turns == top.turns
        ):  # most operations
            top.offset, top.moves = move.offset, move.moves
        elif top.flow is not None:
            self._move(top, note.offset, note.resumed, note.operator, note.turns)
        return top.inner

    def _opened(self, level: PathEntry) -> _Open:
        """Return a level that starts, or a generator that goes on."""
        around, code = self.open[-1].inner if self.open else 0, level.code
        if (level.number, around) in self._generators:
            return self._generators[level.number, around]
        place = around
        if level.number >= 0:
            place = self._add(around, *self._entered(level, level.around))
        opened = _Open(level, place, self._flow(code) if code else None)
        if code and code.co_flags & inspect.CO_GENERATOR:
            self._generators[level.number, around] = opened
        return opened

    def _entered(self, level: PathEntry, around: PathEntry | None) -> tuple[str, str, str, int]:
        """Return the kind and name of a level, and the file and line that entered it."""
        if level.start >= 0 and level.code is not None:
            return "scope", level.name, file_of(level.code), self._line(level.code, level.start)
        kind = "scope" if level.code is None else "function"
        if around is None or around.code is None:
            return kind, level.name, "", 0
        return kind, level.name, file_of(around.code), self._line(around.code, around.offset)

    def _move(
        self, top: _Open, offset: int, resumed: bool, operator: bool, turns: tuple[int, ...]
    ) -> bool:
        """Go to another instruction; return True if that changes the step or loop."""
        flow = top.flow
        if flow is None:
            return False
        move = top.moves.get(offset)
        if move is None:
            move = top.moves[offset] = _move(top, flow, flow.instruction(offset))
        turned = None if turns == top.turns else _turned(top, flow, turns)
        top.turns = turns
        if (
            turned is None
            and move.offset == top.offset
            and (resumed or (operator and move.offset in flow.calls))
        ):
            return False  # another operation of the same call, as in `sum`
        top.offset = move.offset
        top.moves = move.moves
        if turned is not None and turned < min(move.kept, len(move.loops)):
            number = top.steps[turned][0]
            top.steps[turned:] = [(number, self._next(number, top, top.loops[turned]))]
            self._enter_loops(top, move.loops)
            return True
        if move.stays:
            return False
        if move.next:
            number = top.steps[-1][0]
            top.inner = self._next(number, top, move.loops[-1])
            top.steps[-1] = (number, top.inner)
            return True
        both = min(len(top.loops), len(move.loops))
        if move.kept < both and top.loops[move.kept] is move.loops[move.kept]:
            loop = move.loops[move.kept]
            number = top.steps[move.kept][0]
            top.steps[move.kept :] = [(number, self._next(number, top, loop))]
        else:
            del top.steps[move.kept :]
        self._enter_loops(top, move.loops)
        return True

    def _next(self, number: int, top: _Open, loop: Loop) -> int:
        """Return the place of the next step of a loop."""
        step = self._steps[number] = self._steps.get(number, 0) + 1
        self.places.append(ScopeNode(number, "step", str(step), top.file, loop.line))
        return len(self.places) - 1

    def _enter_loops(self, top: _Open, loops: tuple[Loop, ...]) -> None:
        """Enter these loops: keep the open steps, and begin the first step of the inner loops."""
        for loop in loops[len(top.steps) :]:
            number = self._add(
                top.steps[-1][1] if top.steps else top.place, "loop", loop.name, top.file, loop.line
            )
            top.steps.append((number, self._next(number, top, loop)))
        top.loops = loops
        top.inner = top.steps[-1][1] if top.steps else top.place

    def _flow(self, code: CodeType) -> Flow:
        """Return the control flow of a function."""
        known = self._flows.get(id(code))
        if known is None:
            known = self._flows[id(code)] = code, flow_of(code)
        return known[1]

    def _line(self, code: CodeType, offset: int) -> int:
        flow = self._flow(code)
        return flow.lines.get(flow.instruction(offset), 0)

    def _add(self, parent: int, kind: str, name: str, file: str, line: int) -> int:
        self.places.append(ScopeNode(parent, kind, name, file, line))
        return len(self.places) - 1


def _turned(top: _Open, flow: Flow, turns: tuple[int, ...]) -> int | None:
    """Return which open loop has begun another iteration, the outermost, by its variable."""
    pairs = zip(flow.outer, top.turns, turns, strict=False)
    changed = [loop for loop, before, now in pairs if before != now]
    return next((i for i, loop in enumerate(top.loops) if loop in changed), None)


def _move(top: _Open, flow: Flow, after: int) -> Move:
    """Return the move from the last operation of a level to the instruction `after`."""
    kept, loops = 0, _loops(flow, after, top.level.start)
    for loop in top.loops:
        if after not in loop.body or not flow.in_one_step(loop, top.offset, after):
            break
        kept += 1
    stays = kept == len(top.loops) == len(loops)
    following = not stays and top.loops == loops and kept + 1 == len(loops)
    return Move(after, kept, loops, stays, following, _moves(flow, after, top.level.start))


def _moves(flow: Flow, offset: int, start: int) -> dict[int, Any]:
    """Return the known moves from an instruction of a level that was entered at `start`."""
    found: dict[int, Any] = flow.moves.setdefault((offset, start), {})
    return found


def _loops(flow: Flow, offset: int, start: int) -> tuple[Loop, ...]:
    """Return the loops around an instruction inside a level that was entered at `start`."""
    around = flow.around(offset)
    if start >= 0:
        around = [loop for loop in around if flow.instruction(start) not in loop.body]
    return tuple(around)


def places_of(
    notes: Sequence[CallSite], between: Sequence[tuple[int, CallSite]] = ()
) -> tuple[list[ScopeNode], list[int]]:
    """Return the call tree of operations, outer places first, and the place of each: 0 for none.

    The sites `between` are those of operations of inner recordings, each with the index of the next
    operation here. What a rule computes is at the place of the operation that it differentiates.
    """
    walk, inner, todo = Walk([ROOT]), list[int](), deque(between)
    found: list[int] = []
    for index, note in enumerate(notes):
        while todo and todo[0][0] <= index:
            inner.append(walk.place(todo.popleft()[1]))
        found.append(inner[note.between] if note.gradient else walk.place(note))
    return walk.places, found
