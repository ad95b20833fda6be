"""Programs with their equal steps as loops, from the innermost to the outermost."""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_tools.base.containers import tree_leaves, tree_replace
from autograd_tools.programs.rolling.building import Builder, Turn, is_pick, placeholder
from autograd_tools.programs.rolling.nodes import Node, Values, node_of
from autograd_tools.programs.rolling.periods import FEWEST_TURNS, Run, repeated
from autograd_tools.programs.rolling.turns import Found, Kept, Level, LoopNode, Source, Turns
from autograd_tools.programs.steps.loop import CARRIED, COUNTER, EACH, ELEMENT, SAME, AnyStep
from autograd_tools.programs.steps.program import NOWHERE, Call, Program, Site, Step

MOST_PICKED = 64  # values of single turns that are read one by one between two levels
MOST_LEVELS = 50
MOST_ROTATED = 64  # steps of a turn that may start anywhere


def rolled(program: Program) -> Program:
    """Return a program that does the same calls in the same order, with equal ones in loops."""
    results = (program.result, [x for _, x in program.assigned])
    end = Call(_result, tuple(tree_leaves(results)), {}, None, NOWHERE)
    *steps, last = _Roller(program).steps([*program.steps, end])
    assert type(last) is Call
    result, assigned = tree_replace(results, iter(last.args))
    params = [param for param, _ in program.assigned]
    return replace(
        program,
        steps=steps,  # type: ignore[arg-type]
        result=result,
        assigned=list(zip(params, assigned, strict=True)),
    )


def _result() -> None:
    """Stand for the end of a program, which reads its results."""


class _Roller:
    """The levels of one program."""

    def __init__(self, program: Program) -> None:
        self.values = Values()
        self.arguments = {self.values.of(x) for x in program.inputs}
        self.refused: set[tuple[int, int]] = set()
        self.loops: list[LoopNode] = []
        self.homes: list[np.ndarray[Any, Any]] = [np.empty(0, np.int64)] * 3

    def steps(self, steps: list[Step]) -> list[AnyStep]:
        """Return the steps with loops."""
        nodes = [node_of(step, self.values) for step in steps]
        for _ in range(MOST_LEVELS):
            self._tokens = np.array([node.token for node in nodes], np.int64)
            self._weights = np.array([node.weight() for node in nodes], np.int64)
            self._is_header = _headers(nodes)
            runs = self._runs(0, len(nodes))
            if not runs:
                break
            nodes = self._level(nodes, runs)
        picks = self.picks(nodes, None)
        nodes = [one for node in nodes for one in (node, *picks.get(id(node), ()))]
        used = {number for node in nodes for number in node.inputs}
        build = Builder(self.values).build
        return [
            build(node, [self.values.objects[i] for i in node.inputs])
            for node in nodes
            if not is_pick(node) or node.outputs[0] in used
        ]

    def _level(self, nodes: list[Node], runs: list[Run]) -> list[Node]:
        """Return the nodes with the runs as loops, where their inputs have patterns."""
        level = self._with_places(nodes)
        made = [one for run in runs for one in self._tried(level, run)]
        new: list[Node] = []
        end = 0
        for start, stop, loop in made:
            new += [*nodes[end:start], loop]
            end = stop
        new += nodes[end:]
        self._let_store_alike([node for node in new if type(node) is LoopNode])
        picks = self.picks(new, MOST_PICKED)
        return [one for node in new for one in (node, *picks.get(id(node), ()))]

    def _runs(self, start: int, stop: int) -> list[Run]:
        """Return the runs among some nodes that have not been refused."""
        part = slice(start, stop)
        found = repeated(
            self._tokens[part], self._weights[part], self._is_header[part], self.refused
        )
        return [run._replace(start=run.start + start) for run in found]

    def _tried(self, level: Level, run: Run) -> list[tuple[int, int, LoopNode]]:
        """Return a run as loops; those of other runs in it, if it has no pattern."""
        found = self._loops(level, run)
        if found:
            return found
        self.refused.add((level.nodes[run.start].token, run.period))
        others = self._runs(run.start, run.start + run.period * run.turns)
        return [one for other in others for one in self._tried(level, other)]

    def _let_store_alike(self, loops: list[LoopNode]) -> None:
        """Let loops that are equal but for what they store store the same."""
        alike: dict[int, list[LoopNode]] = {}
        for loop in loops:
            alike.setdefault(loop.body_token(), []).append(loop)
        for group in alike.values():
            for key in sorted({key for loop in group for key in loop.kept}):
                most = max([len(loop.kept[key].before) for loop in group if key in loop.kept])
                for loop in group:
                    self._store(loop, *key, most)
        for loop in loops:
            loop.refresh()

    def _store(self, loop: LoopNode, slot: int, variant: int, most: int) -> None:
        if (slot, variant) not in loop.kept:
            number = self._new_sequence(loop.made[slot])
            loop.kept[slot, variant] = Kept(number, slot)
        kept = loop.kept[slot, variant]
        if most == 1 and not kept.before and slot in loop.inits:
            kept.before = (loop.inits[slot],)

    def _with_places(self, nodes: list[Node]) -> Level:
        """Return a level with the place of each value."""
        size = len(self.values.objects)
        made_at = np.full(size, -1)
        made = [number for node in nodes for number in node.outputs]
        made_at[made] = np.repeat(np.arange(len(nodes)), [len(node.outputs) for node in nodes])
        self.homes = [np.concatenate([old, np.full(size - len(old), -1)]) for old in self.homes]
        return Level(nodes, self.values, self.arguments, made_at, self.loops, *self.homes)

    def _loops(self, level: Level, run: Run) -> list[tuple[int, int, LoopNode]]:
        """Return a run as a loop, or as several equal ones if that has no pattern."""
        turns = Turns(level, self._rotated(level, run))
        run = turns.run
        flows = turns.flows() if turns.is_even else None
        first, end = turns.longest(flows) if flows else (0, 0)
        if end - first < run.turns - FEWEST_TURNS:
            for cycle in turns.cycles():
                made = []
                for part in _parts(run, cycle, turns.offset(cycle)):
                    inner = Turns(level, part)
                    one = self._loop(level, inner, inner.flows() if inner.is_even else None)
                    made += [one] if one else []
                if made:
                    return made
        found = self._loop(level, turns, flows)
        return [found] if found else []

    def _rotated(self, level: Level, run: Run) -> Run:
        """Return a run that starts where the fewest values go from one turn to the next."""
        start, period, count = run
        if period > MOST_ROTATED or count <= FEWEST_TURNS or self._is_header[start]:
            return run
        middle = start + (count // 2) * period
        widths = []
        for first in range(middle, middle + period):
            before = {x for node in level.nodes[first - period : first] for x in node.outputs}
            after = {x for node in level.nodes[first : first + period] for x in node.inputs}
            widths.append(len(before & after))
        shift = widths.index(min(widths))
        return Run(start + shift, period, count - 1) if shift else run

    def _loop(
        self, level: Level, turns: Turns, flows: list[list[Found]] | None
    ) -> tuple[int, int, LoopNode] | None:
        """Return a run as a loop, with the positions of its first node and of its end."""
        run = turns.run
        if flows is None:
            return None
        first, end = turns.longest(flows)
        if not end:
            return None
        period = run.period
        wired = self._wired(level, flows, first, end)
        if wired is None:
            return None
        template = [row[end - 1] for row in turns.rows]
        loop = LoopNode(self.values, template, end - first, *wired)
        number = len(self.loops)
        self.loops.append(loop)
        for slot, column in enumerate(turns.out):
            level.loop[column], level.slot[column] = number, slot
            level.turn[column] = np.arange(len(column)) - first
        return run.start + first * period, run.start + end * period, loop

    def _wired(
        self, level: Level, flows: list[list[Found]], first: int, end: int
    ) -> tuple[list[Source], list[list[tuple[int, int]]], dict[int, int]] | None:
        """Return the sources of a loop, where each input comes from, and the initial values."""
        found: list[Source] = []
        numbers: dict[Any, int] = {}
        inits: dict[int, int] = {}

        def add(source: Source) -> int:
            key = (source.kind, source.values, source.step, source.start, source.next)
            number = numbers.setdefault(key, len(found))
            if number == len(found):
                found.append(source)
            return number

        wires: list[list[tuple[int, int]]] = []
        for row in flows:
            wires.append([])
            for one in row:
                if one.source is None:
                    wires[-1].append((0, one.wire))
                elif one.lag:
                    slot = one.wire
                    for x in one.column[first : first + one.lag][::-1].tolist():
                        inits.setdefault(one.wire, x)
                        last = add(Source(CARRIED, (x,), next=slot))
                        slot = -2 - last
                    wires[-1].append((-1, last))
                else:
                    source = self._source(level, one, first, end)
                    if source is None:
                        return None
                    wires[-1].append((-1, add(source)))
        return found, wires, inits

    def _source(self, level: Level, one: Found, first: int, end: int) -> Source | None:
        """Return an entry for the turns from `first` to `end`."""
        source, x = one.source, one.column
        assert source is not None
        start = source.start + source.step * first
        if source.kind == COUNTER:
            return Source(COUNTER, (self.values.of(start),), source.step)
        if source.kind == EACH:
            return Source(EACH, tuple(x[first:end].tolist()))
        if source.kind == SAME:
            return source
        indices = start + source.step * np.arange(end - first)
        early = indices < 0
        before = dict(zip(indices[early].tolist(), x[first:end][early].tolist(), strict=True))
        kept = self._kept(level.loops[one.home[0]], one.home[1], before)
        if kept is None:
            return None
        return Source(ELEMENT, (kept.number,), source.step, start, kept=kept)

    def _kept(self, loop: LoopNode, slot: int, before: dict[int, int]) -> Kept | None:
        """Let a loop store a slot, with values before its first turn by negative index."""
        wanted = tuple([before.get(i, -1) for i in range(-len(before), 0)])
        if -1 in wanted:
            return None
        for variant in range(4):
            kept = loop.kept.get((slot, variant))
            if kept is None:
                like = loop.made[slot]
                kept = Kept(self._new_sequence(like), slot, wanted)
                loop.kept[slot, variant] = kept
                return kept
            common = min(len(wanted), len(kept.before))
            if not common or wanted[-common:] == kept.before[-common:]:
                kept.before = max(wanted, kept.before, key=len)
                return kept
        return None

    def _new_sequence(self, like: int) -> int:
        """Return the number of a new value: a list of values like another."""
        x = self.values.objects[like]
        made = placeholder(x, len(self.values.objects))
        made.type, made.called = list, ""
        return self.values.of(made)

    def picks(self, nodes: list[Node], most: int | None) -> dict[int, list[Node]]:
        """Return nodes that read single turns of loops for others, by the id of the loop's node."""
        wanted = self._read_turns(nodes)
        found: dict[int, list[Node]] = {}
        for node in nodes:
            if type(node) is not LoopNode:
                continue
            turns = wanted.get(id(node), {})
            node.is_read_in_turns = most is not None and len(turns) > most
            if node.is_read_in_turns:
                continue
            found[id(node)] = [self._pick(node, x, slot, turn) for x, (slot, turn) in turns.items()]
            node.refresh()
        return found

    def _read_turns(self, nodes: list[Node]) -> dict[int, dict[int, tuple[int, int]]]:
        """Return by loop the values of single turns that other nodes read."""
        at = {id(loop): i for i, loop in enumerate(self.loops)}
        here = np.zeros(len(self.loops) + 1, bool)
        here[[at[id(node)] for node in nodes if type(node) is LoopNode]] = True
        made = {number for node in nodes for number in node.outputs}
        loop, slot, turn = self.homes
        wanted: dict[int, dict[int, tuple[int, int]]] = {}
        for node in nodes:
            for x in node.inputs:
                if x < len(loop) and here[loop[x]] and x not in made:
                    home = self.loops[loop[x]]
                    wanted.setdefault(id(home), {})[x] = int(slot[x]), int(turn[x])
        return wanted

    def _pick(self, loop: LoopNode, x: int, slot: int, turn: int) -> Node:
        """Return a node that reads what a loop made in one turn."""
        kept = self._kept(loop, slot, {})
        assert kept is not None
        sequence = self.values.objects[kept.number]
        site = NOWHERE
        call = Call(
            operator.getitem, (sequence, Turn(kept, turn)), {}, self.values.objects[x], site
        )
        return Node(call, self.values.token((Turn, slot, turn)), [kept.number], [x])


def _parts(run: Run, cycle: int, offset: int) -> list[Run]:
    """Return runs of as many turns as it takes until everything comes again."""
    start, period, count = run
    start += offset * period
    number = (count - offset) // cycle
    if cycle < FEWEST_TURNS:
        return [Run(start, period * cycle, number)]
    return [Run(start + i * cycle * period, period, cycle) for i in range(number)]


def _headers(nodes: list[Node]) -> np.ndarray[Any, np.dtype[np.bool]]:
    """Return where the user's lines jump against the order of the pass: there a loop may begin."""
    known: dict[tuple[int, int], bool] = {}  # by the ids of lines
    flags: list[bool] = []
    before = NOWHERE
    for node in nodes:
        here = _site_of(node) if type(node) is LoopNode else node.step.site
        if here is NOWHERE:
            here = before
        key = id(before), id(here)
        flag = known.get(key)
        if flag is None:
            flag = known[key] = (
                before.line != here.line
                and (here.line < before.line) == (here.gradients % 2 == 0)
                and before.gradients == here.gradients
            )
        flags.append(flag)
        before = here
    return np.array(flags, bool)


def _site_of(node: Node) -> Site:
    while type(node) is LoopNode:
        node = node.template[0]
    return node.step.site
