"""Findings in a series of gradients: NaN, Inf, exploding, vanishing and zero gradients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

EXPLODES = 100  # times the geometric mean of all steps before, 10 times the arithmetic one
BEFORE = 5  # steps that such a mean needs
VANISHES = 1e-6  # of the largest norm of the step, and of those at first
LEARNS = 0.01  # of the largest norm at first: where all are smaller, training has converged
LASTING = 3  # steps that a vanishing gradient lasts, if there are so many


class Finding(NamedTuple):
    """A step at which something goes wrong.

    Attributes
    ----------
    step : int
        The step, counted from 0 in its series.
    kind : {"value", "nan", "inf", "exploded", "vanished", "zero"}
        The Param itself holds NaN or Inf where something else gets one; the loss or gradient has a
        NaN, has an Inf, is 100 times the mean of the steps before, is from here on less than a
        millionth of the largest gradient, now and at first, or is zero from here on.
    param : str or None
        The Param or argument; None for the loss.
    value : float
        The number of NaN or Inf; the norm at this step; the loss.
    """

    step: int
    kind: str
    param: str | None
    value: float


@dataclass(frozen=True)
class Numbers:
    """The rows of a series as columns; `norm`, `nans` and `infs` have a column for each name.

    A time or norm of -1 is missing.
    """

    names: tuple[str, ...]
    step: Array
    loss: Array
    forward_ns: Array
    backward_ns: Array
    norm: Array
    nans: Array
    infs: Array
    bad_values: tuple[Finding, ...] = ()

    @cached_property
    def largest(self) -> Array:
        """The largest finite norm of each step, at least 0."""
        return np.where(np.isfinite(self.norm), self.norm, 0).max(1, initial=0)

    @cached_property
    def healthy(self) -> int:
        """The number of rows before the first NaN or Inf."""
        bad = ~(np.isfinite(self.loss) & np.isfinite(self.norm).all(1))
        return int(bad.argmax()) if bad.any() else len(bad)


@np.errstate(all="ignore")
def findings(numbers: Numbers) -> list[Finding]:
    """Return what goes wrong in a series, the first step first.

    Of one step, values of Params come first, then the loss, then the gradients in the order of the
    backward pass.
    """
    found = [*numbers.bad_values, *_bad_losses(numbers)]
    if len(numbers.step):
        most, _ = _means_before(numbers.largest)
        for number in reversed(range(len(numbers.names))):
            found += _of_param(numbers, number, most)
    return sorted(found, key=lambda finding: finding.step)


def _bad_losses(numbers: Numbers) -> Iterator[Finding]:
    for row in _first(~np.isfinite(numbers.loss)):
        loss = float(numbers.loss[row])
        yield Finding(int(numbers.step[row]), "nan" if np.isnan(loss) else "inf", None, loss)


def _of_param(numbers: Numbers, number: int, most: Array) -> Iterator[Finding]:
    name, step, norm = numbers.names[number], numbers.step, numbers.norm[:, number]
    for kind, counts in (("nan", numbers.nans), ("inf", numbers.infs)):
        for row in _first(counts[:, number] > 0):
            yield Finding(int(step[row]), kind, name, float(counts[row, number]))
    for row in _first(_explodes(norm, most)):
        yield Finding(int(step[row]), "exploded", name, float(norm[row]))
    norm, largest = norm[: numbers.healthy], numbers.largest[: numbers.healthy]
    first = largest[:BEFORE][largest[:BEFORE] > 0]
    # Beside one that explodes, a gradient as before is not small.
    usual = np.minimum(largest, first.min(initial=np.inf))
    learns = largest >= LEARNS * np.median(first) if len(first) else largest > 0
    for kind, is_small, among in (
        ("vanished", (norm > 0) & (norm < VANISHES * usual), (norm >= 0) & learns),
        ("zero", norm == 0, norm >= 0),
    ):
        for row in _lasting(is_small, among, step):
            yield Finding(int(step[row]), kind, name, float(norm[row]))


def _first(mask: Array) -> list[int]:
    """Return the first row of a mask, if there is one."""
    return [int(mask.argmax())] if mask.any() else []


def _lasting(mask: Array, among: Array, step: Array) -> list[int]:
    """Return the row from which on a mask holds to the end, among some rows.

    It has to hold for more steps than ever before.
    """
    rows = np.flatnonzero(among)
    bounds = np.flatnonzero(np.diff(mask[rows], prepend=False, append=False))
    starts, ends = rows[bounds[::2]], bounds[1::2]
    if not len(ends) or ends[-1] < len(rows):
        return []
    *before, last = step[rows[ends - 1]] - step[starts]
    enough = ends[-1] - bounds[-2] >= min(LASTING, len(rows))
    return [int(starts[-1])] if enough and last > max(before, default=-1) else []


def _explodes(norm: Array, most: Array) -> Array:
    """Return where a norm is far above its means before, and above `most`, that of the largest."""
    logs, known = _logs(norm), np.isfinite(norm) & (norm > 0)
    own, count = _means_before(norm)
    finite = np.where(known, norm, 0)
    mean = (np.cumsum(finite) - finite) / np.maximum(count, 1)
    is_far = (logs > own + np.log10(EXPLODES)) & (norm > EXPLODES**0.5 * mean)
    return known & (count >= BEFORE) & is_far & (logs > most)


def _means_before(x: Array) -> tuple[Array, Array]:
    """Return the mean logarithm of the numbers before each row, and how many there are."""
    logs, known = _logs(x), np.isfinite(x) & (x > 0)
    count: Array = np.cumsum(known) - known
    return (np.cumsum(logs) - logs) / np.maximum(count, 1), count


def _logs(x: Array) -> Array:
    """Return logarithms, 0 for what has none."""
    return np.log10(np.where(np.isfinite(x) & (x > 0), x, 1))


@np.errstate(all="ignore")
def extremeness(numbers: Numbers) -> Array:
    """Return how far the numbers of each row are above their geometric means."""
    columns = np.column_stack([np.abs(numbers.loss), numbers.norm])
    known = np.isfinite(columns) & (columns > 0)
    logs = np.log10(np.where(known, columns, 1))
    means = logs.sum(0) / np.maximum(known.sum(0), 1)
    return np.where(known, logs - means, -np.inf).max(1)


def outstanding(numbers: Numbers) -> list[int]:
    """Return the rows of what was found, and of the extremes of each column, by importance."""
    steps = [finding.step for finding in findings(numbers)]
    rows = [*np.searchsorted(numbers.step, steps).tolist(), *_extremes(numbers.loss[:, None])]
    return list(dict.fromkeys([*rows, *_extremes(numbers.norm)]))


def _extremes(columns: Array) -> Iterable[int]:
    """Yield the rows of the largest numbers of each column, then those of the smallest."""
    known = np.isfinite(columns) & (columns != -1)
    yield from np.where(known, columns, -np.inf).argmax(0).tolist()
    yield from np.where(known, columns, np.inf).argmin(0).tolist()
