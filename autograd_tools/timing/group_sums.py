"""Sums of columns by group, exact in integers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from autograd_tools.timing.log import Ints

SHORT = 2**20  # nanoseconds
FEW = 10_000


def distinct(keys: Ints) -> tuple[Ints, Ints]:
    """Return the first row of each distinct key, in that order, and the group of every key."""
    if not len(keys):
        return keys, keys
    keys = keys - keys.min()
    if keys.max() > FEW + 32 * len(keys):  # else a table of all is faster
        keys = np.unique(keys, return_inverse=True)[1]
    first = np.full(int(keys.max()) + 1, -1)
    first[keys[::-1]] = np.arange(len(keys))[::-1]
    places = np.sort(first[first >= 0])
    first[keys[places]] = np.arange(len(places))
    return places, first[keys]


def sums(groups: Ints, n: int, *columns: Ints) -> Iterable[tuple[int, ...]]:
    """Return the sums of columns for each of `n` groups."""
    return zip(*(_sum(groups, n, column).tolist() for column in columns), strict=True)


def _sum(groups: Ints, n: int, column: Ints) -> Ints:
    """Return the sums of a column: through floats, which is faster, if they are exact."""
    if column.sum(dtype=float) < 2**53:
        return np.bincount(groups, weights=column, minlength=n).astype(np.int64)
    total = np.zeros(n, np.int64)
    np.add.at(total, groups, column)
    return total


def spreads(groups: Ints, n: int, ns: Ints) -> Iterable[tuple[int, int, int, int]]:
    """Return the count, minimum, maximum and sum of squares of nanoseconds for each of `n` groups.

    `ns` may have several rows, whose columns are grouped. Python adds the squares of a millisecond
    and more, which may exceed 64 bits: a second has at most a thousand of them.
    """
    ns = np.atleast_2d(ns)
    least = np.full(n, np.iinfo(np.int64).max)
    greatest, squares = np.zeros((2, n), np.int64)
    np.minimum.at(least, groups, ns.min(axis=0))
    np.maximum.at(greatest, groups, ns.max(axis=0))
    short = np.where(ns < SHORT, ns, 0)
    np.add.at(squares, groups, np.einsum("ij,ij->j", short, short))
    exact = squares.tolist()
    for row, column in np.argwhere(ns >= SHORT).tolist():
        exact[groups[column]] += int(ns[row, column]) ** 2
    counts = (len(ns) * np.bincount(groups, minlength=n)).tolist()
    return zip(counts, least.tolist(), greatest.tolist(), exact, strict=True)


class Steps(NamedTuple):
    """Time by group and step, as columns."""

    group: Ints
    step: Ints
    ns: Ints

    def of_groups(self, n: int) -> Iterable[tuple[int, int, int]]:
        """Return the number of steps, the first and the last for each of `n` groups."""
        first, last = np.full(n, np.iinfo(np.int64).max), np.full(n, -1)
        np.minimum.at(first, self.group, self.step)
        np.maximum.at(last, self.group, self.step)
        counts = np.bincount(self.group, minlength=n)
        return zip(counts.tolist(), first.tolist(), last.tolist(), strict=True)

    def every(self, stride: int) -> Iterable[tuple[int, int, int]]:
        """Return the rows of every step that is a multiple of `stride`."""
        wanted = self.step % stride == 0
        return zip(*(column[wanted].tolist() for column in self), strict=True)


def steps_of_groups(groups: Ints, steps: Ints, ns: Ints) -> Steps:
    """Add up the time of each group in each step."""
    first = int(steps.min(initial=0))
    places, pair = distinct(groups * (int(steps.max(initial=0)) - first + 1) + steps - first)
    return Steps(groups[places], steps[places], _sum(pair, len(places), ns))
