"""Call sites from the tracebacks of JAX, which name frames but do not tell calls apart."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from autograd_tools.location.call_site import NOWHERE, CallSite, PathEntry
from autograd_tools.location.code_files import file_of
from viewer.adapters.jax.frames import Frame, frames_of, is_loop, is_users, line_at, short_name
from viewer.adapters.jax.owners import Inside, Marker, Path, Segment

Item = Frame | Marker | Inside


class Level(NamedTuple):
    """A frame or marker of a path, and the number that its call or scope has alone."""

    item: Item
    number: int
    resumed: bool = False


class _Part(NamedTuple):
    """What one program adds to a path: its levels, and its named scopes, outermost first."""

    levels: tuple[Level, ...]
    scopes: tuple[Level, ...]


def call_sites(paths: Sequence[Path]) -> list[CallSite]:
    """Return the call sites of operations, given in order by their paths."""
    parts = list(_numbered(paths))
    spans: dict[int, tuple[int, int]] = {}
    for index, own in enumerate(parts):
        for level in (level for part in own for level in (*part.levels, *part.scopes)):
            spans[level.number] = spans.get(level.number, (index, index))[0], index
    return [_site(list(itertools.chain(*(_merged(part, spans) for part in own)))) for own in parts]


def _numbered(paths: Sequence[Path]) -> Iterator[list[_Part]]:
    """Yield the parts of each path; levels of calls that go on keep their numbers."""
    count = itertools.count(1)
    before: list[Level] = []
    scopes: list[tuple[Level, ...]] = []
    last: Path = ()
    for path in paths:
        split = [frames_of(p.traceback) if isinstance(p, Segment) else [p] for p in path]
        items = list(itertools.chain(*split))
        same = itertools.takewhile(lambda pair: _is_same(*pair), zip(last, path, strict=False))
        sure = sum(len(own) for _, own in zip(same, split, strict=False))
        kept = max(sure, _kept([level.item for level in before], items))
        numbers = [level.number for level in before[:kept]] + [next(count) for _ in items[kept:]]
        before = [
            Level(x, n, i + 1 < kept) for i, (x, n) in enumerate(zip(items, numbers, strict=True))
        ]
        found, start = [], 0
        for index, (part, own) in enumerate(zip(path, split, strict=True)):
            names = part.scopes if isinstance(part, Segment) else ()
            old = scopes[index] if index < len(scopes) and kept >= start else ()
            found.append(_Part(tuple(before[start : start + len(own)]), _again(names, old, count)))
            start += len(own)
        last, scopes = path, [part.scopes for part in found]
        yield found


def _again(names: Sequence[str], old: Sequence[Level], count: Iterator[int]) -> tuple[Level, ...]:
    """Return the named scopes of an operation; those that were open before are the same."""
    found: list[Level] = []
    for depth, name in enumerate(names):
        same = depth < len(old) and old[:depth] == tuple(found) and old[depth].item == Marker(name)
        found.append(old[depth] if same else Level(Marker(name), next(count)))
    return tuple(found)


def _merged(part: _Part, spans: dict[int, tuple[int, int]]) -> Iterator[Level]:
    """Yield the levels of a part with its scopes among them: what lasts longer is outside.

    `spans` have the first and the last operation of each.

    JAX does not tell whether a scope is inside of a call or around it.
    """
    scopes = list(part.scopes)
    for depth, level in enumerate(part.levels):
        while depth and scopes and _is_around(scopes[0], level, spans):
            yield scopes.pop(0)
        yield level
    yield from scopes


def _is_around(scope: Level, level: Level, spans: dict[int, tuple[int, int]]) -> bool:
    (first, last), (start, end) = spans[scope.number], spans[level.number]
    is_longer = first <= start and end <= last
    return is_longer and isinstance(level.item, Frame) and is_users(level.item.code)


def _site(levels: Sequence[Level]) -> CallSite:
    entry, innermost = None, None
    for item, number, resumed in levels:
        if isinstance(item, Marker):
            entry = PathEntry(entry, number, item.name, None, 0, -1, resumed)
        elif isinstance(item, Frame) and is_users(item.code):
            is_named = not item.code.co_name.startswith("<")
            name, sign = (short_name(item.code), 1) if is_named else ("", -1)
            entry = PathEntry(entry, sign * number, name, item.code, item.offset, -1, resumed)
            innermost = item, resumed
    if innermost is None:
        return NOWHERE._replace(path=entry)
    (code, offset), resumed = innermost
    where = file_of(code), line_at(code, offset), code.co_qualname
    return CallSite(*where, entry, offset, resumed)


def _is_same(old: Segment | Marker | Inside, new: Segment | Marker | Inside) -> bool:
    """Return whether parts of two paths are certainly those of one call."""
    if isinstance(old, Segment) and isinstance(new, Segment):
        return old.traceback is new.traceback is not None
    return old == new


def _kept(before: Sequence[Item], now: Sequence[Item]) -> int:
    """Return how many levels belong to calls that go on since the operation before.

    A call goes on if it is at a later instruction, or in a loop. One that is again where it was, or
    before, is another call of the same function.
    """
    length = min(len(before), len(now))
    pairs = enumerate(zip(before, now, strict=False))
    depth = next((i for i, (old, new) in pairs if old != new), length)
    old, new = (path[depth] if depth < length else None for path in (before, now))
    if isinstance(old, Frame) and isinstance(new, Frame):
        goes_on = new.offset > old.offset or is_loop(new, old)
        if old.code is new.code and goes_on:
            return depth + 1
        if old.code is not new.code and not (depth and _repeats(now[depth - 1])):
            return depth
    again = (i for i in range(depth - 1, -1, -1) if _loops(now[i]))
    return next(again, depth - 1) + 1


def _loops(level: Item) -> bool:
    return isinstance(level, Frame) and is_loop(level, level)


def _repeats(level: Item) -> bool:
    """Return whether another call from the same instruction of the user's is another iteration."""
    return isinstance(level, Frame) and is_users(level.code) and is_loop(level, level)
