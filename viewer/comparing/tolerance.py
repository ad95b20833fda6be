"""Equality of the numbers of two values within a tolerance, by their summaries."""

from __future__ import annotations

import math

import numpy as np

from autograd_tools.tracing.summaries import Summaries

RTOL, ATOL = 1e-5, 1e-12
FIGURES = ("nans", "infs", "norm", "mean", "min", "max")  # the first difference is shown
FIGURE_NAMES = {"nans": "NaN", "infs": "Inf"}
MEANING = (
    "Arrays are compared by their norm, mean, minimum and maximum, and their counts of NaN and "
    "Inf; arrays that agree in these count as equal."
)


class Tolerance:
    """The allowed distance of figures: `atol`, plus `rtol` times the largest number of both."""

    def __init__(self, rtol: float, atol: float) -> None:
        for name, number in (("rtol", rtol), ("atol", atol)):
            if not isinstance(number, (int, float)) or not 0 <= number < math.inf:
                raise ValueError(f"{name} must be a number of 0 or more, got {number!r}")
        self.rtol = rtol
        self.atol = atol

    def apart(self, a: Summaries, b: Summaries, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Return whether values in `rows` of `a` and `others` of `b` differ; False without one."""
        differ = np.zeros(len(rows), bool)
        for name in FIGURES:
            differ |= self._apart(name, a, b, rows, others)
        there = (a.form[rows] >= 0) & (b.form[others] >= 0)
        # Containers, and arrays without a finite number.
        for i in np.flatnonzero(there & np.isnan(a.norm[rows]) & np.isnan(b.norm[others])).tolist():
            differ[i] |= a.text[rows[i]] != b.text[others[i]]
        return differ & there

    def figure(self, a: Summaries, b: Summaries, row: int, other: int) -> str:
        """Return the first figure that differs between two values, from the one to the other."""
        numbers = a.shape[row] == b.shape[other] == ()
        if numbers or math.isnan(a.norm[row]) or math.isnan(b.norm[other]):
            return change(a.text[row], b.text[other])
        own, its = np.array([row]), np.array([other])
        for name in FIGURES:
            if self._apart(name, a, b, own, its)[0]:
                figures = change(getattr(a, name)[row], getattr(b, name)[other])
                return f"{FIGURE_NAMES.get(name, name)} {figures}"
        return change(a.text[row], b.text[other])

    def _apart(
        self, name: str, a: Summaries, b: Summaries, rows: np.ndarray, others: np.ndarray
    ) -> np.ndarray:
        x, y = (getattr(column, name)[own] for column, own in ((a, rows), (b, others)))
        if name in FIGURE_NAMES:
            return x != y
        scale = np.fmax(*(_largest(column, own, name) for column, own in ((a, rows), (b, others))))
        with np.errstate(invalid="ignore"):
            return (np.abs(x - y) > self.atol + self.rtol * scale) | (np.isnan(x) != np.isnan(y))


def _largest(column: Summaries, rows: np.ndarray, name: str) -> np.ndarray:
    """Return the scale of a figure: the norm, or the largest number, because means may cancel."""
    if name == "norm":
        return column.norm[rows]
    return np.fmax(np.abs(column.min[rows]), np.abs(column.max[rows]))


def change(old: float | str, new: float | str) -> str:
    """Return `1.25 → 1.5`, with at least four digits, and enough to show the difference."""
    try:
        x, y = float(old), float(new)
    except ValueError:
        return f"{old} → {new}"
    texts = ((f"{x:.{digits}g}", f"{y:.{digits}g}") for digits in range(4, 18))
    return " → ".join(next((pair for pair in texts if pair[0] != pair[1]), (repr(x), repr(y))))
