"""Pairs of files and lines of two runs whose folders, names or line numbers may differ."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from itertools import pairwise
from pathlib import PurePath

from viewer.comparing.sequences import common

Items = Mapping[int, Hashable]  # the operations or the code of a line, by its number


def pair_files(a: Iterable[str], b: Iterable[str]) -> dict[str, str]:
    """Return files of `a` with those of `b` that have the longest end of their paths in common.

    If one is left in each, it was renamed.
    """
    left, right = sorted(set(a)), sorted(set(b))
    ranked = sorted((x != y, -_shared(x, y), x, y) for x in left for y in right if _shared(x, y))
    found: dict[str, str] = {}
    for _, _, x, y in ranked:
        if x not in found and y not in found.values():
            found[x] = y
    alone = [x for x in left if x not in found], [y for y in right if y not in found.values()]
    return {**found, alone[0][0]: alone[1][0]} if [*map(len, alone)] == [1, 1] else found


def _shared(x: str, y: str) -> int:
    """Return the number of parts that the ends of two paths have in common."""
    parts = [*zip(reversed(_parts(x)), reversed(_parts(y)), strict=False)]
    return next((n for n, (one, other) in enumerate(parts) if one != other), len(parts))


def _parts(path: str) -> tuple[str, ...]:
    return PurePath(path.replace("\\", "/")).parts


def pair_lines(a: Items, b: Items) -> dict[int, int]:
    """Return lines of one file with those of another version of it that have equal items.

    If lines of equal numbers have equal items, nothing moved. Otherwise lines with equal items are
    paired in order, and in the gaps those at the same distance from the pair above.
    """
    both = a.keys() & b.keys()
    if len(both) == min(len(a), len(b)) and all(a[line] == b[line] for line in both):
        return {line: line for line in sorted(both)}
    known: dict[Hashable, int] = {}
    left, right = sorted(a), sorted(b)
    labels = [
        [known.setdefault(items[line], len(known)) for line in lines]
        for items, lines in ((a, left), (b, right))
    ]
    found = {left[i]: right[j] for i, j in common(*labels)}
    ends = [(0, 0), *found.items(), (max(left, default=0) + 1, max(right, default=0) + 1)]
    for (i, j), (m, n) in pairwise(ends):
        moved = {line: line - i + j for line in left if i < line < m}
        found.update({line: to for line, to in moved.items() if to < n and to in b})
    return dict(sorted(found.items()))
