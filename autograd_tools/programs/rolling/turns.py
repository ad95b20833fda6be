"""Values that enter each iteration of a repeated part: found in the middle, verified for all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_tools.programs.rolling.nodes import Node, Values
from autograd_tools.programs.rolling.periods import FEWEST_TURNS, Run, is_worth_it
from autograd_tools.programs.steps.loop import CARRIED, COUNTER, EACH, ELEMENT, SAME

MOST_LAG = 4  # turns that a value is carried
FEWEST_EACH = 6
MOST_EACH = 64  # values, one a turn, unless they are the items of an argument

Flags = np.ndarray[Any, np.dtype[np.bool]]
Numbers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(eq=False)
class Kept:
    """A sequence to store: the output `slot` in each turn, and values before the first."""

    number: int  # of the value that is the sequence
    slot: int
    before: tuple[int, ...] = ()


@dataclass(eq=False)
class Source:
    """An entry of a loop: its kind, and the numbers of the values from outside."""

    kind: str
    values: tuple[int, ...]
    step: int = 0
    start: int = 0
    next: int = -1  # slot of an output; -2 - i: the source number i
    kept: Kept | None = None

    def token(self) -> Any:
        """Return what equal loops have to agree about."""
        return self.kind, len(self.values), self.step, self.first(), self.next

    def first(self) -> int:
        """Return the index of the element in the first turn."""
        return self.start + (len(self.kept.before) if self.kept else 0)


class LoopNode(Node):
    """Repeated nodes as one; its inputs and outputs follow what later loops ask it to store."""

    __slots__ = (
        "count", "inits", "is_read_in_turns", "kept", "made", "numbers", "sources", "template",
        "wires",
    )  # fmt: skip

    def __init__(
        self,
        numbers: Values,
        template: list[Node],
        count: int,
        sources: list[Source],
        wires: list[list[tuple[int, int]]],
        inits: dict[int, int],
    ) -> None:
        super().__init__(None, -1, [], [])
        self.numbers = numbers
        self.is_read_in_turns = False  # by too many nodes to read each turn by itself
        self.template = template  # the last turn
        self.count = count
        self.sources = sources
        self.wires = wires  # of each input of each node: (-1, source) or (0, slot)
        self.inits = inits  # of carried slots, their value before the first turn
        self.kept: dict[tuple[int, int], Kept] = {}
        self.made = [number for node in template for number in node.outputs]
        self.refresh()

    def refresh(self) -> None:
        """Set the token, inputs and outputs."""
        kept = [self.kept[key] for key in sorted(self.kept)]
        self.inputs = [number for source in self.sources for number in source.values]
        self.inputs += [number for one in kept for number in one.before]
        self.outputs = [*self.made, *[one.number for one in kept]]
        stored = tuple([(one.slot, len(one.before)) for one in kept])
        self.token = self.numbers.token((self.body_token(), stored))

    def weight(self) -> int:
        """Return the number of steps in the body, and one."""
        return 1 + sum([node.weight() for node in self.template])

    def body_token(self) -> int:
        """Return what equal loops have in common, but for what they store."""
        return self.numbers.token(
            (
                self.count,
                tuple([node.token for node in self.template]),
                tuple(map(tuple, self.wires)),
                tuple([source.token() for source in self.sources]),
            )
        )


@dataclass
class Level:
    """The nodes of one level, and where each value is made.

    Attributes
    ----------
    made_at : numpy.ndarray
        The position of the node that makes a value; -1 for one from outside.
    loop, slot, turn : numpy.ndarray
        The loop that makes a value in a turn (-1: none), and the place among its outputs. Turns
        before the first are those that do not belong to the loop, though they look like it.
    """

    nodes: list[Node]
    values: Values
    arguments: set[int]
    made_at: Numbers
    loops: list[LoopNode]
    loop: Numbers
    slot: Numbers
    turn: Numbers


@dataclass
class Found:
    """A column of inputs as an entry, with the turns in which it holds."""

    source: Source | None  # None for an output of the same turn
    wire: int  # its slot
    holds: Flags
    lag: int = 0  # of a carried one, the turns since it was made
    home: tuple[int, int] = (-1, -1)  # the loop and slot of the elements
    column: Any = field(default=None, repr=False)


class Turns:
    """A run of equal nodes, turn by turn."""

    def __init__(self, level: Level, run: Run) -> None:
        self.level = level
        self.run = run
        start, period, count = run
        nodes = level.nodes
        self.rows = [nodes[start + j : start + count * period : period] for j in range(period)]
        self.is_even = all(  # loops that store as much
            [
                type(node) is LoopNode and node.token == row[0].token and not node.is_read_in_turns
                for row in self.rows
                if type(row[0]) is LoopNode
                for node in row
            ]
        )
        self.first_slot = []
        self.out: list[Numbers] = []
        for row in self.rows:
            self.first_slot.append(len(self.out))
            self.out += self.columns([node.outputs for node in row])

    def columns(self, rows: list[list[int]]) -> list[Numbers]:
        """Return lists of values, one a turn, as columns."""
        if not rows[0]:
            return []
        return list(np.array(rows, np.int64).T)

    def flows(self) -> list[list[Found]] | None:
        """Return how each input of each node comes about; None where one has no pattern."""
        found: list[list[Found]] = []
        for row in self.rows:
            found.append([])
            for column in self.columns([node.inputs for node in row]):
                one = self._flow(column)
                if one is None:
                    return None
                one.column = column
                found[-1].append(one)
        return found

    def cycles(self) -> list[int]:
        """Return after how many turns values come again, the most frequent number first."""
        start, period, count = self.run
        middle = count // 2
        found: list[int] = []
        for row in self.rows:
            for x in self.columns([node.inputs for node in row]):
                turn = (int(self.level.made_at[x[middle]]) - start) // period
                again = np.flatnonzero(x[middle + 1 :] == x[middle])
                if 0 <= turn < middle - 1:
                    found.append(middle - turn)
                elif turn < 0 and len(again) and again[0]:
                    found.append(int(again[0]) + 1)
        return [n for n, _ in Counter(found).most_common(2) if n <= count // FEWEST_TURNS]

    def offset(self, cycle: int) -> int:
        """Return the turn in which a cycle begins: there numbers jump that else go step by step."""
        for row in self.rows:
            for x in self.columns([node.inputs for node in row]):
                integers = [self.level.values.integer(int(i)) for i in x[: 2 * cycle]]
                numbers = np.array(
                    [i if n is None else n for i, n in zip(x, integers, strict=False)]
                )
                steps = np.diff(numbers)
                usual = np.bincount(np.abs(steps)).argmax() if len(steps) else 0
                jumps = np.flatnonzero(np.abs(steps) != usual)
                if usual and len(jumps) in (1, 2) and (x[cycle] == x[0]):
                    return int(jumps[0] + 1) % cycle
        return 0

    def _flow(self, x: Numbers) -> Found | None:
        level, (start, period, count) = self.level, self.run
        middle = count // 2
        at = int(level.made_at[x[middle]]) - start
        turns = np.arange(count)
        if 0 <= at < count * period:
            made_in, j = divmod(at, period)
            outputs = self.rows[j][made_in].outputs
            slot = self.first_slot[j] + outputs.index(int(x[middle]))
            lag = middle - made_in
            if lag == 0:
                return Found(None, slot, x == self.out[slot])
            holds = turns >= lag
            holds[lag:] &= x[lag:] == self.out[slot][: count - lag]
            if lag <= MOST_LAG and (holds[middle - 1] or x[middle] != x[middle - 1]):
                holds[:lag] = lag > 1 and (level.made_at[x[:lag]] < start).all()
                return Found(Source(CARRIED, (), next=slot), slot, holds, lag)
            holds = (x == x[middle]) & (turns > made_in)
            return Found(Source(SAME, (int(x[middle]),)), -1, holds)
        if x[middle] == x[middle - 1]:
            return Found(Source(SAME, (int(x[middle]),)), -1, x == x[middle])
        return self._counted(x, middle) or self._stored(x, middle) or self._each(x)

    def _counted(self, x: Numbers, middle: int) -> Found | None:
        """Return integers that grow by the same in each turn."""
        integers = [self.level.values.integer(int(i)) for i in x[middle - 1 : middle + 1]]
        before, here = integers
        if before is None or here is None:
            return None
        step = here - before
        start = here - step * middle
        holds = np.array(
            [
                self.level.values.integer(number) == step * t + start
                for t, number in enumerate(x.tolist())
            ]
        )
        return Found(Source(COUNTER, (), step, start), -1, holds)

    def _stored(self, x: Numbers, middle: int) -> Found | None:
        """Return the values that an earlier loop made, one a turn."""
        level = self.level
        (loop, slot), (before, here) = (
            (int(level.loop[x[middle]]), int(level.slot[x[middle]])),
            level.turn[x[middle - 1 : middle + 1]].tolist(),
        )
        if loop < 0 or loop != level.loop[x[middle - 1]] or slot != level.slot[x[middle - 1]]:
            return None
        step = here - before
        start = here - step * middle
        source = level.loops[loop]
        indices = step * np.arange(len(x)) + start
        holds = (level.loop[x] == loop) & (level.slot[x] == slot) & (level.turn[x] == indices)
        holds &= indices < source.count
        holds |= (indices == -1) & (x == source.inits.get(slot, -1))
        return Found(Source(ELEMENT, (), step, start), -1, holds, home=(loop, slot))

    def _each(self, x: Numbers) -> Found | None:
        """Return values from outside, one a turn."""
        level, (start, _, count) = self.level, self.run
        outside = level.made_at[x] < start
        numbers = x.tolist()
        again = numbers.index(numbers[0], 1) if numbers.count(numbers[0]) > 1 else count
        is_cycle = 2 * again <= count and numbers[again:] == numbers[:-again]
        is_odd = not FEWEST_EACH <= count <= MOST_EACH and not self._are_listed(numbers)
        if not outside.all() or is_cycle or is_odd:
            return None
        return Found(Source(EACH, tuple(numbers)), -1, outside)

    def _are_listed(self, numbers: list[int]) -> bool:
        values = self.level.values
        return all([i in self.level.arguments or values.is_constant(i) for i in numbers])

    def longest(self, flows: list[list[Found]]) -> tuple[int, int]:
        """Return the first turn and the end of the longest stretch in which everything holds."""
        count = self.run.turns
        all_hold, may_start = np.ones(count, bool), np.ones(count, bool)
        starts = self.run.start + self.run.period * np.arange(count)
        for one in [one for row in flows for one in row]:
            all_hold &= one.holds
            if one.lag == 1:  # whose first value may be anything that is there by then
                may_start &= self.level.made_at[one.column] < starts
            else:
                may_start &= one.holds
        middle = count // 2
        if not all_hold[middle]:
            return 0, 0
        first = middle - int(np.argmin(np.append(all_hold[middle::-1], False))) + 1
        if first > 0 and may_start[first - 1]:
            first -= 1
        end = middle + int(np.argmin(np.append(all_hold[middle:], False)))
        weight = sum([row[0].weight() for row in self.rows])
        if not is_worth_it(end - first, weight):
            return 0, 0
        return first, end
