"""The loops of a function, found in its bytecode: which instructions are in them, and what can run within one step."""

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

from autograd_tools.location.loop_headers import (
    Header,
    Span,
    header_of_for,
    header_of_while,
    headers_of,
    span_of,
)

ENDS = frozenset(
    {"RETURN_VALUE", "RETURN_CONST", "RERAISE", "RAISE_VARARGS"}
)  # what no next instruction follows
JUMPS = frozenset(
    {"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"}
)  # what always jumps
Positions = dict[int, Span | None]
Jump = tuple[int, int]  # from one instruction to another


@dataclass(frozen=True)
class Loop:
    """A loop: its header as the source reads, the offsets of its instructions, and the jumps that begin its next step."""

    name: str
    line: int
    body: frozenset[int]
    jumps: frozenset[Jump]


@dataclass(frozen=True)
class Flow:
    """The loops of a function, outer ones before those in them, and what its instructions lead to, by offset."""

    loops: tuple[Loop, ...]
    next: dict[int, tuple[int, ...]]
    offsets: tuple[int, ...]
    calls: frozenset[int]
    lines: dict[int, int]
    moves: dict[Any, Any]  # what has been found out about ways from one instruction to another

    def instruction(self, offset: int) -> int:
        """The offset of the instruction that Python says it is at: within a call it points behind it."""
        return self.offsets[max(0, bisect_right(self.offsets, offset) - 1)]

    def around(self, offset: int) -> list[Loop]:
        """The loops that an instruction is in, the outermost first."""
        return [loop for loop in self.loops if offset in loop.body]

    def in_one_step(self, loop: Loop, first: int, last: int) -> bool:
        """Whether the instruction `last` can run after `first` within one step of a loop."""
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
    """The loops of a function."""
    return _flow_of(code, code.co_filename)


@functools.lru_cache(512)
def _flow_of(code: CodeType, filename: str) -> Flow:  # two of one code may be in two files
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
    return Flow(
        loops=tuple(_loops(jumps, after, positions, _heads(instructions), filename))
        if jumps
        else (),
        next=after,
        offsets=tuple(i.offset for i in instructions),
        calls=frozenset(i.offset for i in instructions if i.opname.startswith("CALL")),
        lines={offset: span[0][0] for offset, span in positions.items() if span},
        moves={},
    )


def _heads(instructions: list[dis.Instruction]) -> set[int]:
    """Where the steps of `for` loops begin: at FOR_ITER, or what widens its argument, which the end of a long loop is."""
    heads, start = set(), None
    for i in instructions:
        start = i.offset if start is None else start
        if i.opname == "FOR_ITER":
            heads.add(start)
        start = start if i.opname == "EXTENDED_ARG" else None
    return heads


def _next(
    instructions: list[dis.Instruction], bytecode: dis.Bytecode
) -> dict[int, tuple[int, ...]]:
    """What each instruction may lead to: the next one, that which it jumps to, and the handler of an exception."""
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
    """What can run after `first` without passing an instruction."""
    seen, todo = {first}, [first]
    while todo:
        for offset in after[todo.pop()]:
            if offset != without and offset not in seen:
                seen.add(offset)
                todo.append(offset)
    return seen


def _is_loop(after: dict[int, tuple[int, ...]], source: int, target: int) -> bool:
    """Whether a jump back begins a step: all ways to it come through where it goes to."""
    first = min(after)
    return target == first or source not in _reached(after, first, without=target)


def _loops(
    jumps: list[Jump],
    after: dict[int, tuple[int, ...]],
    positions: Positions,
    heads: set[int],
    file: str,
) -> Iterator[Loop]:
    """The loops that jumps back make, the largest first; jumps of one statement make one loop."""
    headers = headers_of("".join(linecache.getlines(file)))
    bodies: dict[Header | int, set[int]] = defaultdict(set)
    back: dict[Header | int, set[Jump]] = defaultdict(set)
    used: Counter[Header] = Counter()
    for target in sorted({target for _, target in jumps}):
        own = {jump for jump in jumps if jump[1] == target}
        body = _body(own, target, after)
        if target in heads:
            header = header_of_for(headers, positions[target], used)
        else:
            header = header_of_while(
                headers, [span for offset in body if (span := positions[offset])]
            )
        key = target if header is None else header
        bodies[key] |= body
        back[key] |= own
    for key, body in bodies.items():
        if (
            isinstance(key, Header) and key.body is not None
        ):  # what leaves the loop belongs to its last step
            body.update(
                o
                for o, span in positions.items()
                if span and key.body[0] <= span[0] and span[1] <= key.body[1]
            )
    for key, body in sorted(bodies.items(), key=lambda item: (-len(item[1]), min(item[1]))):
        name, line = (
            (key.name, key.line) if isinstance(key, Header) else ("loop", _line(positions, body))
        )
        yield Loop(name, line, frozenset(body), frozenset(back[key]))


def _body(jumps: set[Jump], target: int, after: dict[int, tuple[int, ...]]) -> set[int]:
    """What can run between `target` and one of the jumps back to it."""
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
    """The line of a loop without source: the first of its instructions'."""
    return min((span[0][0] for offset in body if (span := positions[offset])), default=0)
