"""Loops of a function, found in its bytecode."""

from __future__ import annotations

import collections
import dis
import functools
import itertools
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from types import CodeType
from typing import Any

from autograd_tools.location.code_files import file_of, lines_as_run
from autograd_tools.location.counters import Counter, change, constant_of, stored
from autograd_tools.location.loop_headers import (
    Header,
    Span,
    header_of_for,
    header_of_while,
    headers_of,
    span_of,
)
from autograd_tools.location.passing import passed_by_all, reached

# Instructions that never continue with the next one: they end the function, or always jump.
ENDS = frozenset({"RETURN_VALUE", "RETURN_CONST", "RERAISE", "RAISE_VARARGS"})
JUMPS = frozenset({"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"})
Positions = dict[int, Span | None]
Jump = tuple[int, int]  # from one instruction to another
Ways = dict[int, tuple[int, ...]]
START = -1  # before the heads of a loop


@dataclass(frozen=True)
class Loop:
    """A loop: header text, offsets of its instructions, jumps to the next iteration.

    Iterations begin at one of the `heads`. Those of a `for` set its `variables`, which nothing else
    in its body sets. The `counter` is None if no variable counts them. A loop `runs` if it has an
    iteration whatever the data.
    """

    name: str
    line: int
    body: frozenset[int]
    jumps: frozenset[Jump]
    heads: tuple[int, ...]
    counter: Counter | None = None
    runs: bool = False
    variables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Flow:
    """Control flow of a function: loops, outer ones first, and successors of instructions.

    `stored` has the variables that an instruction assigns to, `withs` where the handlers of `with`
    begin. `moves` and `known` are caches: of paths from one instruction to another, and of ways
    through loops.
    """

    loops: tuple[Loop, ...]
    next: dict[int, tuple[int, ...]]
    offsets: tuple[int, ...]
    calls: frozenset[int]
    lines: dict[int, int]
    stored: dict[int, list[str]]
    moves: dict[Any, Any]
    withs: frozenset[int]
    known: dict[tuple[int, ...], tuple[Ways, frozenset[int]]]

    def instruction(self, offset: int) -> int:
        """Return the instruction at `f_lasti`, which points past the beginning within a call."""
        return self.offsets[max(0, bisect_right(self.offsets, offset) - 1)]

    def around(self, offset: int) -> list[Loop]:
        """Return the loops that contain an instruction, the outermost first."""
        return [loop for loop in self.loops if offset in loop.body]

    def in_one_step(self, loop: Loop, first: int, last: int) -> bool:
        """Return True if `last` can run after `first` within one iteration of a loop."""
        seen, todo = {first}, [first]
        while todo:
            offset = todo.pop()
            for after in self.next[offset]:
                if after in loop.body and (offset, after) not in loop.jumps:
                    if after == last:
                        return True
                    if after not in seen:
                        seen.add(after)
                        todo.append(after)
        return False

    def in_each_step(self, loop: Loop, offset: int) -> bool:
        """Return whether each complete iteration of a loop passes an instruction."""
        return offset in self._iteration(loop)[1]

    def is_covered(self, loop: Loop, offsets: Set[int]) -> bool:
        """Return whether each complete iteration of a loop passes one of some instructions."""
        ways, passed = self._iteration(loop)
        if not passed.isdisjoint(offsets):
            return True
        found = reached(ways, START, offsets)
        return found.isdisjoint(source for source, _ in loop.jumps)

    def first_in(self, loop: Loop, store: int) -> tuple[frozenset[int], frozenset[int]]:
        """Return what an iteration can run only before an instruction, and only after it."""
        ways, _ = self._iteration(loop)
        before, after = reached(ways, START, {store}), reached(ways, store)
        return frozenset(before - after), frozenset(after - before)

    def _iteration(self, loop: Loop) -> tuple[Ways, frozenset[int]]:
        """Return the ways through one iteration, from `START`, and what all of them pass."""
        known = self.known.get(loop.heads)
        if known is None:
            ways = self._ways(loop)
            passed = passed_by_all(ways, START, {source for source, _ in loop.jumps})
            known = self.known[loop.heads] = ways, passed
        return known

    def _ways(self, loop: Loop) -> Ways:
        """Return the successors inside an iteration.

        An inner loop that runs is left by its jumps back, and not before its first iteration. An
        exception that a `with` catches is left out: nearly none does.
        """
        inner = [other for other in self.loops if other.body < loop.body]
        skipped, ends = set(loop.jumps), dict[int, list[int]]()
        for other in inner:
            exits = [jump for jump in self._exits(other) if other.runs]
            for source, target in other.jumps if exits else ():
                skipped.add((source, target))
                ends[source] = [o for _, o in exits]
            skipped.update(exits)
        return {START: loop.heads} | {
            offset: tuple(
                o
                for o in (*self.next[offset], *ends.get(offset, ()))
                if o in loop.body and (offset, o) not in skipped and o not in self.withs
            )
            for offset in loop.body
        }

    def _exits(self, loop: Loop) -> list[Jump]:
        """Return the jumps from the beginning of an iteration of a `for` out of the loop."""
        offset = loop.heads[0]
        while len(self.next[offset]) == 1 and self.next[offset][0] in loop.body:
            offset = self.next[offset][0]
        return [(offset, o) for o in self.next[offset] if o not in loop.body]


def flow_of(code: CodeType) -> Flow:
    """Return the control flow of a function."""
    return _flow_of(code, file_of(code))


@functools.lru_cache(512)
def _flow_of(code: CodeType, filename: str) -> Flow:  # equal codes may come from two files
    bytecode = dis.Bytecode(code)
    instructions = list(bytecode)
    after = _next(instructions, bytecode)
    back = [
        (i.offset, i.argval)
        for i in instructions
        if "BACKWARD" in i.opname and "NO_INTERRUPT" not in i.opname
    ]
    positions: Positions = {i.offset: span_of(i.positions) for i in instructions}
    jumps = [jump for jump in back if _is_loop(after, *jump)]
    stores = {i.offset: names for i in instructions if (names := stored(i))}
    found = list(_loops(jumps, after, positions, instructions, filename)) if jumps else []
    flow = Flow(
        loops=tuple(found),
        next=after,
        offsets=tuple(i.offset for i in instructions),
        calls=frozenset(i.offset for i in instructions if i.opname.startswith("CALL")),
        lines={offset: span[0][0] for offset, span in positions.items() if span},
        stored=stores,
        moves={},
        withs=frozenset(
            i.offset
            for i, following in itertools.pairwise(instructions)
            if following.opname == "WITH_EXCEPT_START"
        ),
        known={},
    )
    own = {*code.co_varnames, *code.co_cellvars, *code.co_freevars}
    is_known = own.isdisjoint(("range", "enumerate"))
    loops = [_with_variables(flow, loop, instructions, is_known) for loop in flow.loops]
    return replace(flow, loops=tuple(loops))


def _with_variables(
    flow: Flow, loop: Loop, instructions: list[dis.Instruction], is_known: bool
) -> Loop:
    """Return a loop with those of its variables that nothing else in its body sets."""
    own = collections.Counter(
        name for offset, names in flow.stored.items() if offset in loop.body for name in names
    )
    variables = tuple([name for name in loop.variables if own[name] == 1])
    counter = loop.counter
    if counter is None:
        counter = _counter(flow, loop, instructions)
    elif not is_known or counter.name not in variables:
        counter = None
    return replace(loop, counter=counter, variables=variables)


def _counter(flow: Flow, loop: Loop, instructions: list[dis.Instruction]) -> Counter | None:
    """Return a variable to which each iteration adds the same."""
    for store in [o for o in flow.stored if o in loop.body and flow.around(o)[-1:] == [loop]]:
        for name in flow.stored[store]:
            index = flow.offsets.index(store)
            by = change(instructions[max(0, index - 12) : index], name)
            start = _start(flow, loop, instructions, name, store) if by else None
            if start is not None and flow.in_each_step(loop, store):
                return Counter(name, start, by, *flow.first_in(loop, store))
    return None


def _start(
    flow: Flow, loop: Loop, instructions: list[dis.Instruction], name: str, store: int
) -> int | None:
    """Return the constant that a variable is before a loop, which only `store` changes."""
    stores = [o for o, names in flow.stored.items() if name in names and o != store]
    if len(stores) != 1 or stores[0] in loop.body:
        return None
    before, outer = flow.around(stores[0]), flow.around(loop.heads[0])
    is_passed = not reached(flow.next, flow.offsets[0], stores).intersection(loop.heads)
    if not is_passed or before != outer[: outer.index(loop)]:
        return None
    return constant_of(instructions[flow.offsets.index(stores[0]) - 1])


def _next(
    instructions: list[dis.Instruction], bytecode: dis.Bytecode
) -> dict[int, tuple[int, ...]]:
    """Return the successors of each instruction: the next, the jump target, exception handlers."""
    found: dict[int, list[int]] = {i.offset: [] for i in instructions}
    follower = dict(zip(found, [*list(found)[1:], None], strict=True))
    for i in instructions:
        target = i.argval if i.opcode in dis.hasjrel or i.opcode in dis.hasjabs else None
        ends = i.opname in ENDS or i.opname in JUMPS
        found[i.offset] += [o for o in (target, None if ends else follower[i.offset]) if o in found]
    for entry in getattr(bytecode, "exception_entries", ()):
        for offset, targets in found.items():
            if entry.start <= offset < entry.end and entry.target in found:
                targets.append(entry.target)
    return {offset: tuple(targets) for offset, targets in found.items()}


def _is_loop(after: dict[int, tuple[int, ...]], source: int, target: int) -> bool:
    """Return True if a jump back makes a loop: its target dominates its source."""
    first = min(after)
    return target == first or source not in reached(after, first, {target})


def _loops(
    jumps: list[Jump],
    after: dict[int, tuple[int, ...]],
    positions: Positions,
    instructions: list[dis.Instruction],
    file: str,
) -> Iterator[Loop]:
    """Yield the loops that jumps back make, the largest first; jumps of one statement make one."""
    headers = headers_of("".join(lines_as_run(file)))
    bodies: dict[Header | int, set[int]] = defaultdict(set)
    back: dict[Header | int, set[Jump]] = defaultdict(set)
    used: collections.Counter[Header] = collections.Counter()
    heads: dict[Header | int, list[int]] = defaultdict(list)
    fors = set(_heads_of_for(instructions))
    for target in sorted({target for _, target in jumps}):
        own = {jump for jump in jumps if jump[1] == target}
        body = _body(own, target, after)
        if target in fors:
            header = header_of_for(headers, positions[target], used)
        else:
            header = header_of_while(
                headers, [span for offset in body if (span := positions[offset])]
            )
        key = target if header is None else header
        heads[key].append(target)
        bodies[key] |= body
        back[key] |= own
    for key, body in bodies.items():
        if isinstance(key, Header) and key.body is not None:
            # Code that leaves the loop belongs to the last iteration.
            body.update(
                o
                for o, span in positions.items()
                if span and key.body[0] <= span[0] and span[1] <= key.body[1]
            )
    for key, body in sorted(bodies.items(), key=lambda item: (-len(item[1]), min(item[1]))):
        parts = frozenset(body), frozenset(back[key]), tuple(heads[key])
        if isinstance(key, Header):
            counts = key.counts
            counter = Counter(*counts, frozenset(body)) if counts else None
            yield Loop(key.name, key.line, *parts, counter, key.runs, key.variables)
        else:
            yield Loop("loop", _line(positions, body), *parts)


def _heads_of_for(instructions: list[dis.Instruction]) -> Iterator[int]:
    """Yield where the iterations of each `for` begin: FOR_ITER with its EXTENDED_ARG."""
    start = None
    for i in instructions:
        start = i.offset if start is None else start
        if i.opname == "FOR_ITER":
            yield start
        start = start if i.opname == "EXTENDED_ARG" else None


def _body(jumps: set[Jump], target: int, after: dict[int, tuple[int, ...]]) -> set[int]:
    """Return the offsets that can run between `target` and a jump back to it."""
    before: dict[int, list[int]] = defaultdict(list)
    for offset, targets in after.items():
        for follower in targets:
            before[follower].append(offset)
    body = {target, *(source for source, _ in jumps)}
    todo = [source for source, _ in jumps if source != target]
    while todo:
        for offset in before[todo.pop()]:
            if offset not in body:
                body.add(offset)
                todo.append(offset)
    return body


def _line(positions: Positions, body: set[int]) -> int:
    """Return the first line of a loop without source."""
    return min((span[0][0] for offset in body if (span := positions[offset])), default=0)
