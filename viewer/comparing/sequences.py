"""The common items of two sequences, in nearly linear time.

Items that occur once in both are paired first (Bram Cohen's patience diff). Between them the fewest
edits are searched (E. W. Myers, "An O(ND) difference algorithm and its variations", 1986), up to
`MOST_EDITS` at a time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

MOST_EDITS = 200  # of one search, which takes the square of that
Pair = tuple[int, int]


def common(a: Sequence[int], b: Sequence[int], *, sure: bool = False) -> list[Pair]:
    """Return pairs of positions of equal items, both in rising order.

    With `sure` only items at the ends, and items that occur once, are paired.
    """
    found: list[Pair] = []
    todo = [(0, len(a), 0, len(b))]
    while todo:
        i, m, j, n = todo.pop()
        while i < m and j < n and a[i] == b[j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        while i < m and j < n and a[m - 1] == b[n - 1]:
            m, n = m - 1, n - 1
            found.append((m, n))
        anchors = _once(a, b, (i, m, j, n))
        if anchors:
            found += anchors
            todo += [
                (p + 1, r, q + 1, s)
                for (p, q), (r, s) in pairwise([(i - 1, j - 1), *anchors, (m, n)])
                if p + 1 < r and q + 1 < s
            ]
        elif i < m and j < n and not sure:
            found += _edited(a, b, (i, m, j, n))
    return sorted(found)


def _once(a: Sequence[int], b: Sequence[int], part: tuple[int, int, int, int]) -> list[Pair]:
    """Return the most pairs in rising order of items that occur once in both parts."""
    i, m, j, n = part
    left, right = Counter(a[i:m]), Counter(b[j:n])
    where = {item: p for p, item in enumerate(b[j:n], j) if right[item] == 1 and left[item] == 1}
    pairs = [(p, where[item]) for p, item in enumerate(a[i:m], i) if item in where]
    tops: list[int] = []
    piles: list[int] = []  # the number of the pair on top of each pile
    before: list[int] = []
    for number, (_, q) in enumerate(pairs):
        pile = bisect_left(tops, q)
        before.append(piles[pile - 1] if pile else -1)
        tops[pile : pile + 1], piles[pile : pile + 1] = [q], [number]
    found, number = [], piles[-1] if piles else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]


def _edited(a: Sequence[int], b: Sequence[int], part: tuple[int, int, int, int]) -> Iterator[Pair]:
    """Yield the pairs that the fewest edits keep, piece by piece where many are needed."""
    i, m, j, n = part
    while i < m and j < n:
        rounds, x, y = _search(a[i:m], b[j:n])
        end = (i + x, j + y)
        for edits in reversed(range(len(rounds))):
            reached, k = rounds[edits], x - y
            before = _before(reached, k, edits)
            u = reached[before]
            v = u - before
            while x > u and y > v:
                x, y = x - 1, y - 1
                yield i + x, j + y
            x, y = u, v
        i, j = end


def _search(a: Sequence[int], b: Sequence[int]) -> tuple[list[dict[int, int]], int, int]:
    """Return how far each diagonal was reached in each round, and the end of the search."""
    reached = {1: 0}
    rounds = []
    for edits in range(min(len(a) + len(b), MOST_EDITS) + 1):
        rounds.append(dict(reached))
        for k in range(-edits, edits + 1, 2):
            before = _before(reached, k, edits)
            x = reached[before] + (before < k)
            while x < len(a) and x - k < len(b) and a[x] == b[x - k]:
                x += 1
            reached[k] = x
            if x >= len(a) and x - k >= len(b):
                return rounds, x, x - k
    last = range(-edits, edits + 1, 2)
    k = max(
        (k for k in last if reached[k] <= len(a) and reached[k] - k <= len(b)),
        key=lambda k: 2 * reached[k] - k,
    )
    return rounds, reached[k], reached[k] - k


def _before(reached: dict[int, int], k: int, edits: int) -> int:
    """Return the neighbour of diagonal `k` that was reached further."""
    return k + 1 if k == -edits or (k != edits and reached[k - 1] < reached[k + 1]) else k - 1
