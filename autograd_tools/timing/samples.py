"""Samples: copies of the arrays of a few calls, on which tips try their rewrites.

The trials are kept and saved with the profile, the samples are not.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeAlias

from numpy import ndarray

from autograd_tools.base.plain_data import text, whole
from autograd_tools.timing.records import Called, Operand

# Operations whose rewrites depend on the numbers: signs, ranges, the definiteness of a matrix.
SAMPLED = frozenset(
    (
        *("power", "einsum", "subtract"),
        *("linalg.cholesky", "linalg.det", "linalg.inv", "linalg.slogdet", "linalg.solve"),
    )
)
LARGEST, MOST = 1 << 23, 1 << 26  # bytes of the arrays of a call, and of all samples
ELEMENTWISE = ("power",)  # operations of which a part is enough
PART = 1 << 17  # elements

# The bytes of arguments, or of the first elements of each; None for what is no array.
Contents: TypeAlias = tuple[bytes | None, ...]
Samples: TypeAlias = dict[tuple[str, tuple[Operand, ...]], Contents]


class Trial(NamedTuple):
    """A trial of two forms of a computation, with their gradients.

    Attributes
    ----------
    before_ns, after_ns : int
        Nanoseconds of a gradient by both forms.
    difference, tolerance : float
        The largest relative difference of values and gradients, and that of equal ones.
    instead : str
        The second form, in words.
    """

    before_ns: int
    after_ns: int
    difference: float
    tolerance: float = 1e-7
    instead: str = ""


Trials: TypeAlias = dict[str, Trial | None]  # by what was tried; None where it cannot be tried


def trial_row(item: tuple[str, Trial | None]) -> list[Any]:
    """Return a trial as plain data; one with another gradient has no numbers."""
    key, trial = item
    return [key] if trial is None or not math.isfinite(trial.difference) else [key, *trial]


def trial_of_row(row: list[Any]) -> tuple[str, Trial | None]:
    """Return a trial of a file."""
    key, *numbers = row
    if not numbers:
        return text(key), None
    before, after, difference, tolerance, instead = numbers
    for wrong in [x for x in (difference, tolerance) if type(x) not in (int, float) or not x >= 0]:
        raise ValueError(f"expected a difference of 0 or more, got {wrong!r:.100}")
    return text(key), Trial(whole(before), whole(after), difference, tolerance, text(instead))


class SampleStore:
    """Samples of calls by operation and operands: of the first, second, fourth call and so on."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, Called], int] = {}
        self._kept: dict[tuple[str, Called], Contents] = {}
        self._nbytes = 0

    def take(self, op: str, called: Called, args: tuple[Any, ...]) -> None:
        """Copy the arrays of a call, if it is its turn and there is room."""
        key = op, called
        n = self._calls[key] = self._calls.get(key, 0) + 1
        if n & (n - 1):
            return
        if op in ELEMENTWISE:
            large = [type(x) is ndarray and x.size > PART for x in args]
            args = tuple([x.flat[:PART] if cut else x for x, cut in zip(args, large, strict=True)])
        nbytes = sum([x.nbytes for x in args if type(x) is ndarray])
        if key not in self._kept:
            if nbytes > LARGEST or self._nbytes + nbytes > MOST:
                return
            self._nbytes += nbytes
        # As bytes they do not count as memory of NumPy.
        self._kept[key] = tuple([x.tobytes() if type(x) is ndarray else None for x in args])

    def found(self) -> Samples:
        """Return the samples by operation and operands."""
        return {(op, key.operands): kept for (op, key), kept in list(self._kept.items())}
