"""Finding what repeats in a sequence: stretches of equal items one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

R = TypeVar("R")

LONGEST = 50  # items of a stretch: a body of more operations is rarely written without a loop or function around it
TRIED = 4  # periods at one item, so that the search stays linear


@dataclass(frozen=True)
class Repeat(Generic[R]):
    """`times` stretches of `period` items from `start` on, and how each follows the one before it."""

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
    """The stretches that repeat, those of the most items first where several are possible.

    Equal items have equal `numbers`. `related(start, period, times)` compares each stretch with the one before; stretches
    that follow in the `same` way are one repeat. `least(start, period)` is how many there must be.
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
    """Where the next equal item is; the end if there is none."""
    last: dict[int, int] = {}
    found = [len(numbers)] * len(numbers)
    for position in range(len(numbers) - 1, -1, -1):
        found[position] = last.get(numbers[position], len(numbers))
        last[numbers[position]] = position
    return found


def _periods(
    numbers: Sequence[int], following: list[int], ends: dict[int, int], start: int
) -> list[tuple[int, int]]:
    """The periods that are possible at an item, and how many items match the ones a period later; the most first."""
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
    """The runs of same relations as ranges; a stretch that ends one and begins the next goes to the longer."""
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
