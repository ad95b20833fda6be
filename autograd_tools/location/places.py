"""The call tree of operations: functions, scopes, loops and steps of loops around them."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import CodeType
from typing import Any, NamedTuple

from autograd_tools.location.call_site import CallSite, PathEntry
from autograd_tools.location.call_tree import AT_LEAST, ROOT, ScopeNode
from autograd_tools.location.code_files import file_of
from autograd_tools.location.loops import Flow, Loop, flow_of
from autograd_tools.location.turns import NO_TURNS, Turns, variables_between


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
    """A level around the last operation: its place, its instruction, and the loops there.

    `seen` are the instructions of its operations while the numbers of some steps are `unsure`.
    """

    __slots__ = (
        *("counts", "file", "flow", "inner", "level", "loops", "moves", "offset", "place"),
        *("seen", "steps", "turns", "unsure"),
    )

    def __init__(self, level: PathEntry, place: int, flow: Flow | None) -> None:
        self.level = level
        self.file = file_of(level.code) if level.code else ""
        self.place = place
        self.flow = flow if flow is not None and flow.loops else None
        self.inner = place  # of the innermost step
        self.unsure = False
        if self.flow is None or flow is None:
            self.moves: dict[int, Move] = {}
            return
        self.offset = -1
        self.moves = _moves(flow, -1, level.start)
        self.loops: tuple[Loop, ...] = ()
        self.steps: list[int] = []  # the place of the step of each loop
        self.counts: list[Count] = []  # of the steps of each loop
        self.turns = NO_TURNS  # what the variables that tell iterations held
        self.seen: set[int] = set()

    def starts_from(self, other: _Open) -> None:
        """Go on elsewhere with the loops of another level."""
        self.offset, self.moves, self.loops = other.offset, other.moves, other.loops
        self.turns, self.seen = other.turns, other.seen
        self.counts = [replace(count, place=-1, unsure=[]) for count in other.counts]


@dataclass
class Count:
    """The steps of a loop: its place, the number of the last, and the places of unsure ones.

    A number counts the steps with operations, unless a counter of the program has `told` it. It is
    sure if operations were seen on all ways through the loop.
    """

    loop: Loop
    place: int = -1
    number: int = 0
    told: bool = False
    sure: bool = False
    unsure: list[int] = field(default_factory=list)


class Walk:
    """A call tree that grows operation by operation; `places` may hold other trees already."""

    def __init__(self, places: list[ScopeNode]) -> None:
        self.places = places
        self.open: list[_Open] = []
        self._path: PathEntry | None = None
        self._flows: dict[int, tuple[CodeType, Flow]] = {}  # by id: codes compare slowly
        # Generators may go on later, in the same place or another.
        self._generators: dict[int, tuple[int, _Open]] = {}
        self._unsure: list[tuple[_Open, Count]] = []

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
            if top.unsure:
                top.seen.add(move.offset)
        elif top.flow is not None:
            self._move(top, note.offset, note.resumed, note.operator, note.turns)
        return top.inner

    def _opened(self, level: PathEntry) -> _Open:
        """Return a level that starts, or a generator that goes on."""
        around, code = self.open[-1].inner if self.open else 0, level.code
        paused = None
        if code and code.co_flags & inspect.CO_GENERATOR:
            number, paused = self._generators.get(level.number, (-1, None))
            if paused is not None and number == around:
                return paused
        place = around
        if level.number >= 0:
            place = self._add(around, *self._entered(level, level.around))
        opened = _Open(level, place, self._flow(code) if code else None)
        if code and code.co_flags & inspect.CO_GENERATOR:
            if paused is not None and paused.flow is not None:
                opened.starts_from(paused)
            self._generators[level.number] = around, opened
        return opened

    def _entered(self, level: PathEntry, around: PathEntry | None) -> tuple[str, str, str, int]:
        """Return the kind and name of a level, and the file and line that entered it."""
        if level.start >= 0 and level.code is not None:
            return "scope", level.name, file_of(level.code), self._line(level.code, level.start)
        kind = "scope" if level.code is None else "function"
        if around is None or around.code is None:
            return kind, level.name, "", 0
        return kind, level.name, file_of(around.code), self._line(around.code, around.offset)

    def _move(self, top: _Open, offset: int, resumed: bool, operator: bool, turns: Turns) -> bool:
        """Go to another instruction; return True if that changes the step or loop."""
        flow = top.flow
        if flow is None:
            return False
        move = top.moves.get(offset)
        if move is None:
            move = top.moves[offset] = _move(top, flow, flow.instruction(offset))
        turned = None if turns == top.turns else _turned(top, flow, move, turns)
        top.turns = turns
        is_placed = len(top.steps) == len(top.loops)
        if (
            turned is None
            and is_placed
            and move.offset == top.offset
            and (resumed or (operator and move.offset in flow.calls))
        ):
            return False  # another operation of the same call, as in `sum`
        top.offset = move.offset
        top.moves = move.moves
        if move.next and turned is None and is_placed:
            count = top.counts[-1]
            count.number, count.told, count.sure = count.number + 1, False, True
            top.steps[-1] = top.inner = self._step(top, count)
            if top.unsure:
                top.seen.add(move.offset)
            return True
        kept = move.kept if turned is None else min(turned, move.kept)
        if kept == len(top.loops) == len(move.loops) and is_placed:
            if top.unsure:
                top.seen.add(move.offset)
            return False
        top.seen.add(move.offset)
        self._enter_loops(top, flow, move.loops, kept)
        return True

    def _enter_loops(self, top: _Open, flow: Flow, loops: tuple[Loop, ...], kept: int) -> None:
        """Keep the steps of the first loops, begin the next step of one, and enter the others."""
        counts, steps = top.counts, top.steps
        goes_on = kept < min(len(counts), len(loops)) and counts[kept].loop is loops[kept]
        del counts[kept + goes_on :], steps[kept:]
        counts += [Count(loop) for loop in loops[len(counts) :]]
        values = dict(zip(*top.turns, strict=True))
        for depth in range(len(steps), len(loops)):
            count = counts[depth]
            if count.place < 0:
                around = steps[-1] if steps else top.place
                loop = count.loop
                count.place = self._add(around, "loop", loop.name, top.file, loop.line)
            if depth >= kept:
                told = _told(count.loop, top.offset, values)
                count.told = told is not None and told > count.number
                count.number = told if told is not None and count.told else count.number + 1
                count.sure = count.sure or flow.in_each_step(count.loop, top.offset)
            steps.append(self._step(top, count))
        top.loops = loops
        top.inner = steps[-1] if steps else top.place

    def _step(self, top: _Open, count: Count) -> int:
        """Return the place of the next step of a loop."""
        is_sure = count.told or count.sure
        name = str(count.number) if is_sure else f"{AT_LEAST}{count.number}"
        place = self._add(count.place, "step", name, top.file, count.loop.line)
        if not is_sure:
            if not count.unsure:
                self._unsure.append((top, count))
            count.unsure.append(place)
            top.unsure = True
        return place

    def settle(self) -> None:
        """Give numbers to steps that turned out to be sure."""
        left = []
        for top, count in self._unsure:
            if top.flow is None or not top.flow.is_covered(count.loop, top.seen):
                left.append((top, count))
                continue
            for place in count.unsure:
                name = self.places[place].name.removeprefix(AT_LEAST)
                self.places[place] = self.places[place]._replace(name=name)
            count.sure, count.unsure = True, []
        self._unsure = left

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


def _told(loop: Loop, offset: int, values: Mapping[str, object]) -> int | None:
    """Return the number of a step, if variables of the program tell it."""
    counter = loop.counter
    return None if counter is None else counter.number(offset, values.get(counter.name))


def _turned(top: _Open, flow: Flow, move: Move, turns: Turns) -> int | None:
    """Return which open loop has begun another iteration, the outermost, by its variables."""
    before, now = dict(zip(*top.turns, strict=True)), dict(zip(*turns, strict=True))
    both = before.keys() & now.keys()
    changed = {name for name in both if before[name] is not now[name] != before[name]}
    for i, (loop, other) in enumerate(zip(top.loops, move.loops, strict=False)):
        if loop is not other:
            break
        was, told = _told(loop, top.offset, before), _told(loop, move.offset, now)
        if not changed.isdisjoint(loop.variables) or None is not was != told is not None:
            return i
        inner = move.loops[i + 1 : i + 2]
        if inner and inner == top.loops[i + 1 : i + 2]:
            between = variables_between(flow, loop, inner[0])
            if not changed.isdisjoint(between):
                return i
            was, told = _told(inner[0], top.offset, before), _told(inner[0], move.offset, now)
            if was is not None and told is not None and told < was + (move.kept <= i + 1):
                return i  # the inner loop began again
    return None


def _move(top: _Open, flow: Flow, after: int) -> Move:
    """Return the move from the last operation of a level to the instruction `after`."""
    kept, loops = 0, _loops(flow, after, top.level.start)
    for loop in top.loops:
        if after not in loop.body or not flow.in_one_step(loop, top.offset, after):
            break
        kept += 1
    stays = kept == len(top.loops) == len(loops)
    following = top.loops == loops and kept + 1 == len(loops)
    is_next = following and flow.in_each_step(loops[-1], after)
    return Move(after, kept, loops, stays, is_next, _moves(flow, after, top.level.start))


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
    walk.settle()
    return walk.places, found
