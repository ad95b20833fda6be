"""Trials of rewrites: both forms run on arrays like the recorded ones, forward and backward."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

import autograd_tools as ag
from autograd_tools.base.formats import time_text
from autograd_tools.engine.listeners import unheard
from autograd_tools.timing import Operand

Form: TypeAlias = Callable[..., Any]

MOST_ELEMENTS = 5_000_000  # of all arguments; larger ones are not tried
TRIES, MOST_NS = 5, 200_000_000
CLOSE = 1e-7  # the largest relative difference of two equal gradients
FASTER = 0.9  # the share of the time below which a rewrite is worth it


class Trial(NamedTuple):
    """Nanoseconds of a gradient by both forms, and the largest relative difference of gradients."""

    before_ns: int
    after_ns: int
    difference: float

    @property
    def is_worth_it(self) -> bool:
        """True if the second form is faster and has the same gradient."""
        return self.after_ns < FASTER * self.before_ns and self.difference < CLOSE

    def text(self, calls: float) -> str:
        """Return `Tried: 12.2 → 3.8ms a gradient, same gradient to 1e-15`."""
        before, after = (time_text(ns * calls) for ns in (self.before_ns, self.after_ns))
        same = f"to {self.difference:.0e}" if self.difference else "to the bit"
        return f"Tried: {before} → {after} a gradient, same gradient {same}."


def tried(before: Form, after: Form, *arrays: np.ndarray) -> Trial:
    """Time the gradients of two forms with respect to all arguments."""
    with ag.timer.disabled(), unheard(), np.errstate(all="ignore"):
        y = np.asarray(before(*arrays))
        weights = np.cos(np.arange(y.size)).reshape(y.shape)
        forms = [
            ag.value_and_grad(lambda given, form=form: np.sum(form(*given) * weights))
            for form in (before, after)
        ]
        (_, old), (_, new) = (form(arrays) for form in forms)
        pairs = list(zip(old, new, strict=True))
        difference = max(
            float(np.max(np.abs(a - b), initial=0) / (np.max(np.abs(a), initial=0) or 1))
            for a, b in pairs
        )
        least = [math.inf, math.inf]
        end = time.perf_counter_ns() + MOST_NS
        for _ in range(TRIES):
            for i, form in enumerate(forms):
                start = time.perf_counter_ns()
                form(arrays)
                least[i] = min(least[i], time.perf_counter_ns() - start)
            if time.perf_counter_ns() > end:
                break
    return Trial(int(least[0]), int(least[1]), math.inf if math.isnan(difference) else difference)


@functools.lru_cache(maxsize=256)
def trial_of(rewrite: str, detail: str, operands: tuple[Operand, ...]) -> Trial | None:
    """Return the trial of a rewrite on arrays like these operands; None if it cannot be tried."""
    if sum(math.prod(operand.shape) for operand in operands) > MOST_ELEMENTS:
        return None
    if any(operand.dtype not in ("float64", "float32") for operand in operands):
        return None
    forms = REWRITES[rewrite](detail)
    if forms is None:
        return None
    try:
        return tried(*forms, *_arrays(rewrite, operands))
    except (ArithmeticError, LookupError, TypeError, ValueError, MemoryError):
        return None  # NumPy refuses one of the forms


def _arrays(rewrite: str, operands: Sequence[Operand]) -> list[np.ndarray]:
    """Return positive arrays of these shapes; the matrix of an inverse is well conditioned."""
    rng = np.random.default_rng(0)
    arrays = []
    for operand in operands:
        x = rng.uniform(0.5, 1.5, operand.shape).astype(operand.dtype)
        arrays.append(np.asarray(x, order="F" if operand.order == "F" else "C"))
    if rewrite == "inverse":
        n = arrays[0].shape[-1]
        arrays[0] = (arrays[0] + n * np.eye(n)).astype(operands[0].dtype)
    return arrays


POWERS: dict[str, tuple[str, Form]] = {
    "3": ("x * x * x", lambda x: x * x * x),
    "4": ("np.square(x * x)", lambda x: np.square(x * x)),
    "1.5": ("x * np.sqrt(x)", lambda x: x * np.sqrt(x)),
    "0.5": ("np.sqrt(x)", np.sqrt),
    "-0.5": ("1 / np.sqrt(x)", lambda x: 1 / np.sqrt(x)),
    "-1": ("1 / x", lambda x: 1 / x),
    "-2": ("1 / (x * x)", lambda x: 1 / (x * x)),
    "-3": ("1 / (x * x * x)", lambda x: 1 / (x * x * x)),
}


def _power(exponent: str) -> tuple[Form, Form] | None:
    if exponent not in POWERS:
        return None
    p = float(exponent)
    number = int(p) if p.is_integer() else p
    return lambda x: x**number, POWERS[exponent][1]


def _inverse(side: str) -> tuple[Form, Form]:
    if side == "left":
        return lambda a, b: np.linalg.inv(a) @ b, _solved
    return lambda a, b: b @ np.linalg.inv(a), lambda a, b: np.linalg.solve(a.T, b.T).T


def _solved(a: Any, b: Any) -> Any:
    """Solve for a vector or for columns; NumPy 2 takes other stacks of vectors."""
    return np.linalg.solve(a, b) if np.ndim(b) > 1 else np.linalg.solve(a, b[:, None])[:, 0]


def _pairwise(_: str) -> tuple[Form, Form]:
    def at_once(x: Any, y: Any) -> Any:
        a, b = x[:, 0, :], y[0, :, :]
        squares = np.sum(a * a, axis=1)[:, None] + np.sum(b * b, axis=1)
        return squares - 2 * (a @ b.T)

    return lambda x, y: np.sum((x - y) ** 2, axis=-1), at_once


def _einsum(subscripts: str) -> tuple[Form, Form]:
    return (
        lambda *xs: np.einsum(subscripts, *xs),
        lambda *xs: np.einsum(subscripts, *xs, optimize=True),
    )


# Rewrites by name: functions that return both forms for a detail, or None.
REWRITES: dict[str, Callable[[str], tuple[Form, Form] | None]] = {
    "power": _power,
    "inverse": _inverse,
    "pairwise": _pairwise,
    "einsum": _einsum,
}
