"""Loops of a function, found in its bytecode."""

from __future__ import annotations

import dis
import functools
import linecache
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

from autograd_tools.location.code_files import file_of
from autograd_tools.location.loop_headers import (
    Header,
    Span,
    header_of_for,
    header_of_while,
    headers_of,
    span_of,
)

# Instructions that never continue with the next one: they end the function, or always jump.
ENDS = frozenset({"RETURN_VALUE", "RETURN_CONST", "RERAISE", "RAISE_VARARGS"})
JUMPS = frozenset({"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"})
Positions = dict[int, Span | None]
Jump = tuple[int, int]  # from one instruction to another


@dataclass(frozen=True)
class Loop:
    """A loop: header text, offsets of its instructions, jumps to the next iteration.

    `variable` holds the item of an iteration, and nothing else changes it; empty if there is none.
    """

    name: str
    line: int
    body: frozenset[int]
    jumps: frozenset[Jump]
    variable: str = ""


@dataclass(frozen=True)
class Flow:
    """Control flow of a function: loops, outer ones first, and successors of instructions.

    `outer` has the loops with a variable around others. Where such a loop makes no operation of its
    own, only its variable tells that its next iteration began.
    """

    loops: tuple[Loop, ...]
    outer: tuple[Loop, ...]
    next: dict[int, tuple[int, ...]]
    offsets: tuple[int, ...]
    calls: frozenset[int]
    lines: dict[int, int]
    moves: dict[Any, Any]  # cache of paths from one instruction to another

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
    variables = _variables(instructions)
    loops = tuple(_loops(jumps, after, positions, variables, filename)) if jumps else ()
    return Flow(
        loops=loops,
        outer=tuple([loop for loop in loops if _is_outer(loop, loops)]),
        next=after,
        offsets=tuple(i.offset for i in instructions),
        calls=frozenset(i.offset for i in instructions if i.opname.startswith("CALL")),
        lines={offset: span[0][0] for offset, span in positions.items() if span},
        moves={},
    )


def _is_outer(loop: Loop, loops: tuple[Loop, ...]) -> bool:
    """Return whether a loop is around others and has a variable that they do not use."""
    inside = [other.variable for other in loops if other.body < loop.body]
    return bool(inside and loop.variable) and loop.variable not in inside


def _variables(instructions: list[dis.Instruction]) -> dict[int, str]:
    """Return the first variable of each `for`, by the offset where its iterations begin.

    That is FOR_ITER with its EXTENDED_ARG. The variable is empty if other code assigns to it.
    """
    found: dict[int, str] = {}
    others: set[str] = set()
    start, head = None, None
    for i in instructions:
        start = i.offset if start is None else start
        if i.opname == "FOR_ITER":
            found[start], head = "", start
        elif i.opname.startswith("STORE_") and i.opname not in ("STORE_ATTR", "STORE_SUBSCR"):
            names = list(i.argval) if isinstance(i.argval, tuple) else [i.argval]
            if head is not None:
                found[head] = names.pop(0)
            others.update(names)
            head = None
        elif not i.opname.startswith(("UNPACK_", "EXTENDED_ARG", "CACHE")):
            head = None
        start = start if i.opname == "EXTENDED_ARG" else None
    return {offset: "" if name in others else name for offset, name in found.items()}


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


def _reached(after: dict[int, tuple[int, ...]], first: int, without: int) -> set[int]:
    """Return the offsets reachable from `first` without passing the offset `without`."""
    seen, todo = {first}, [first]
    while todo:
        for offset in after[todo.pop()]:
            if offset != without and offset not in seen:
                seen.add(offset)
                todo.append(offset)
    return seen


def _is_loop(after: dict[int, tuple[int, ...]], source: int, target: int) -> bool:
    """Return True if a jump back makes a loop: its target dominates its source."""
    first = min(after)
    return target == first or source not in _reached(after, first, without=target)


def _loops(
    jumps: list[Jump],
    after: dict[int, tuple[int, ...]],
    positions: Positions,
    variables: dict[int, str],
    file: str,
) -> Iterator[Loop]:
    """Yield the loops that jumps back make, the largest first; jumps of one statement make one."""
    headers = headers_of("".join(linecache.getlines(file)))
    bodies: dict[Header | int, set[int]] = defaultdict(set)
    back: dict[Header | int, set[Jump]] = defaultdict(set)
    used: Counter[Header] = Counter()
    held: dict[Header | int, str] = {}
    for target in sorted({target for _, target in jumps}):
        own = {jump for jump in jumps if jump[1] == target}
        body = _body(own, target, after)
        if target in variables:
            header = header_of_for(headers, positions[target], used)
        else:
            header = header_of_while(
                headers, [span for offset in body if (span := positions[offset])]
            )
        key = target if header is None else header
        held[key] = variables.get(target, "")
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
        name, line = (
            (key.name, key.line) if isinstance(key, Header) else ("loop", _line(positions, body))
        )
        yield Loop(name, line, frozenset(body), frozenset(back[key]), held[key])


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
