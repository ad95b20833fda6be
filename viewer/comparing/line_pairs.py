"""Which files and lines of one run are which of another, where folders, names or line numbers may have changed."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from itertools import pairwise
from pathlib import PurePath

from viewer.comparing.sequences import common

Items = Mapping[int, Hashable]  # by the number of a line, what it does or reads


def pair_files(a: Iterable[str], b: Iterable[str]) -> dict[str, str]:
    """Files of `a`, and those of `b` that stand for them: the same, or those with the most of the end of the path in common.

    If one is left in each, it got another name.
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
    """How many parts the ends of two paths have in common."""
    parts = [*zip(reversed(_parts(x)), reversed(_parts(y)), strict=False)]
    return next((n for n, (one, other) in enumerate(parts) if one != other), len(parts))


def _parts(path: str) -> tuple[str, ...]:
    return PurePath(path.replace("\\", "/")).parts


def pair_lines(a: Items, b: Items) -> dict[int, int]:
    """Lines of one file, and those of another state of it that stand for them, by what they do.

    Where all lines of the same number do the same, they are the same. Otherwise lines that do the same are paired in their order; in
    a gap between pairs, those that are as far from the pair above it.
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
        found.update(
            {
                line: line - i + j
                for line in left
                if i < line < m and line - i + j < n and line - i + j in b
            }
        )
    return dict(sorted(found.items()))
