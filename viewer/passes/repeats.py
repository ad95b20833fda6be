"""Repetition in a sequence: stretches of equal items one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

R = TypeVar("R")

LONGEST = 50  # items of a stretch; a longer body usually has a loop or function of its own
TRIED = 4  # periods at one item, so that the search stays linear


@dataclass(frozen=True)
class Repeat(Generic[R]):
    """`times` stretches of `period` items from `start` on, with the relation of each pair."""

    start: int
    period: int
    times: int
    relations: list[R]


def find_repeats(
    numbers: Sequence[int],
    related: Callable[[int, int, int], list[R | None]],
    same: Callable[[R, R], bool],
    least: Callable[[int, int], int],
) -> list[Repeat[R]]:
    """Return the stretches that repeat, preferring those of the most items.

    Equal items have equal `numbers`. `related(start, period, times)` relates each stretch to the
    one before, with None if they differ; stretches with the `same` relation are one repeat.
    `least(start, period)` is the least number of them.
    """
    found: list[Repeat[R]] = []
    following = _following(numbers)
    done: dict[int, int] = {}  # by period: where the last search with it ended
    ends: dict[int, int] = {}  # by period: up to where items are known to match
    start = 0
    while start < len(numbers):
        for period, matching in _periods(numbers, following, ends, start):
            times = matching // period + 1
            if times < least(start, period) or done.get(period, 0) > start:
                continue
            done[period] = start + matching
            relations = related(start, period, times)
            runs = [
                run for run in _runs(relations, same) if run[1] - run[0] + 1 >= least(start, period)
            ]
            if runs:
                found += [
                    Repeat(start + a * period, period, b - a + 1, relations[a:b])  # type: ignore[arg-type]
                    for a, b in runs
                ]
                start += times * period
                break
        else:
            start += 1
    return found


def _following(numbers: Sequence[int]) -> list[int]:
    """Return the position of the next equal item, or the end."""
    last: dict[int, int] = {}
    found = [len(numbers)] * len(numbers)
    for position in range(len(numbers) - 1, -1, -1):
        found[position] = last.get(numbers[position], len(numbers))
        last[numbers[position]] = position
    return found


def _periods(
    numbers: Sequence[int], following: list[int], ends: dict[int, int], start: int
) -> list[tuple[int, int]]:
    """Return the possible periods at an item with their numbers of matching items, most first."""
    found: list[tuple[int, int]] = []
    position = following[start]
    while position < len(numbers) and position - start <= LONGEST and len(found) < TRIED:
        period = position - start
        end = max(position, ends.get(period, 0))
        while end < len(numbers) and numbers[end] == numbers[end - period]:
            end += 1
        ends[period] = end
        if end - position >= period:
            found.append((period, end - position))
        position = following[position]
    return sorted(found, key=lambda item: (-item[1] - item[0], item[0]))


def _runs(relations: Sequence[R | None], same: Callable[[R, R], bool]) -> list[tuple[int, int]]:
    """Return the runs of one relation as ranges; a stretch shared by two goes to the longer."""
    runs: list[tuple[int, int]] = []
    for n, relation in enumerate(relations):
        if relation is None:
            continue
        last = relations[n - 1] if runs and runs[-1][1] == n else None
        if last is not None and same(last, relation):
            runs[-1] = (runs[-1][0], n + 1)
        else:
            runs.append((n, n + 1))
    for n in range(len(runs) - 1):
        (a, b), (c, d) = runs[n : n + 2]
        if b == c:
            longer = b - a >= d - c
            runs[n], runs[n + 1] = ((a, b), (c + 1, d)) if longer else ((a, b - 1), (c, d))
    return [(a, b) for a, b in runs if b > a]
