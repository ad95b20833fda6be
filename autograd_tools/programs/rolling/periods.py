"""Repeated parts of a list of integers: where, how long, and how often."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any, NamedTuple

import numpy as np

FEWEST_TURNS = 3  # turns of a loop
SHORTEST = 6  # steps that a loop saves
MOST_PERIODS = 48  # that are tried

Integers = np.ndarray[Any, np.dtype[np.int64]]


class Run(NamedTuple):
    """Equal parts, one after the other: `turns` of length `period` from `start` on."""

    start: int
    period: int
    turns: int


def repeated(
    tokens: Integers,
    weights: Integers,
    is_header: np.ndarray[Any, np.dtype[np.bool]],
    refused: Container[tuple[int, int]],
) -> list[Run]:
    """Return runs that do not overlap, in order; those of short periods go first.

    Refused are those that start with a token and have a period.

    Where a run may start at several places, it starts where `is_header` is true.
    """
    work = tokens.copy()
    found: list[Run] = []
    for period in periods_of(tokens):
        end = 0
        for first, stop in _stretches(work[:-period] == work[period:]):
            start = max(first, end)
            length = stop - start + period
            count = length // period
            if not is_worth_it(count, int(weights[start : start + period].sum())):
                continue
            free = length - count * period
            headers = np.flatnonzero(is_header[start : start + free + 1])
            start += int(headers[0]) if len(headers) else 0
            if (int(tokens[start]), period) in refused:
                continue
            found.append(Run(start, period, count))
            end = start + count * period
            work[start:end] = -1 - np.arange(start, end)
    return sorted(found)


def is_worth_it(count: int, weight: int) -> bool:
    """Return whether a loop is shorter by enough than `count` times so many steps."""
    return count >= FEWEST_TURNS and (count - 1) * weight >= SHORTEST


def periods_of(tokens: Integers) -> list[int]:
    """Return distances at which equal tokens follow each other often, from the shortest."""
    order = np.argsort(tokens, kind="stable")
    distances = []
    for k in (1, 2, 3):
        same = tokens[order[k:]] == tokens[order[:-k]]
        distances.append((order[k:] - order[:-k])[same])
    periods, counts = np.unique(np.concatenate(distances), return_counts=True)
    often = np.argsort(-counts, kind="stable")[:MOST_PERIODS]
    return sorted([int(periods[i]) for i in often if counts[i] >= FEWEST_TURNS - 1])


def _stretches(flags: np.ndarray[Any, np.dtype[np.bool]]) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each stretch of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
