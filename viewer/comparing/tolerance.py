"""Whether the numbers of two values are the same within a tolerance, as far as their summaries tell."""

from __future__ import annotations

import math

import numpy as np

from autograd_tools.tracing.summaries import Summaries

RTOL, ATOL = 1e-5, 1e-12
FIGURES = ("nans", "infs", "norm", "mean", "min", "max")  # the first that differs is shown
NAMES = {"nans": "NaN", "infs": "Inf"}
MEANING = (
    "Numbers are compared by the norm, mean, minimum and maximum of an array, and its counts of NaN and Inf: "
    "arrays that agree in these count as equal."
)


class Tolerance:
    """How far figures may be apart: `atol` and `rtol` times the larger of the largest numbers in both."""

    def __init__(self, rtol: float, atol: float) -> None:
        for name, number in (("rtol", rtol), ("atol", atol)):
            if not isinstance(number, (int, float)) or not 0 <= number < math.inf:
                raise ValueError(f"{name}= is a number from 0 on, and got {number!r}")
        self.rtol = rtol
        self.atol = atol

    def apart(self, a: Summaries, b: Summaries, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Whether the values in some `rows` of `a` and `others` of `b` differ; False where one has no value."""
        differ = np.zeros(len(rows), bool)
        for name in FIGURES:
            differ |= self._apart(name, a, b, rows, others)
        for i in np.flatnonzero(
            (a.form[rows] >= 0)
            & (b.form[others] >= 0)
            & np.isnan(a.norm[rows])
            & np.isnan(b.norm[others])
        ).tolist():
            differ[i] |= (
                a.text[rows[i]] != b.text[others[i]]
            )  # containers, and what has no finite number
        return differ & (a.form[rows] >= 0) & (b.form[others] >= 0)

    def figure(self, a: Summaries, b: Summaries, row: int, other: int) -> str:
        """What differs between two values, from the one to the other."""
        numbers = a.shape[row] == b.shape[other] == ()
        if numbers or math.isnan(a.norm[row]) or math.isnan(b.norm[other]):
            return change(a.text[row], b.text[other])
        own, its = np.array([row]), np.array([other])
        for name in FIGURES:
            if self._apart(name, a, b, own, its)[0]:
                return f"{NAMES.get(name, name)} {change(getattr(a, name)[row], getattr(b, name)[other])}"
        return change(a.text[row], b.text[other])

    def _apart(
        self, name: str, a: Summaries, b: Summaries, rows: np.ndarray, others: np.ndarray
    ) -> np.ndarray:
        x, y = (getattr(column, name)[own] for column, own in ((a, rows), (b, others)))
        if name in NAMES:
            return x != y
        scale = np.fmax(*(_largest(column, own, name) for column, own in ((a, rows), (b, others))))
        with np.errstate(invalid="ignore"):
            return (np.abs(x - y) > self.atol + self.rtol * scale) | (np.isnan(x) != np.isnan(y))


def _largest(column: Summaries, rows: np.ndarray, name: str) -> np.ndarray:
    """What a figure is measured by: a norm by itself, others by the largest number, as means of both signs cancel."""
    return (
        column.norm[rows]
        if name == "norm"
        else np.fmax(np.abs(column.min[rows]), np.abs(column.max[rows]))
    )


def change(old: float | str, new: float | str) -> str:
    """`1.25 → 1.5`, in as many digits as show that they differ, and in four at least."""
    try:
        x, y = float(old), float(new)
    except ValueError:
        return f"{old} → {new}"
    texts = ((f"{x:.{digits}g}", f"{y:.{digits}g}") for digits in range(4, 18))
    return " → ".join(next((pair for pair in texts if pair[0] != pair[1]), (repr(x), repr(y))))
