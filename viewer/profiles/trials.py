"""Trials of rewrites: both forms run on the recorded arrays, or on similar ones."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

import autograd_tools as ag
from autograd_tools.base.formats import time_text
from autograd_tools.engine.listeners import unheard
from autograd_tools.timing import Operand
from autograd_tools.timing.samples import Samples, Trial
from viewer.profiles.rewrites import NARROWED, REWRITES, Form

MOST_ELEMENTS = 5_000_000  # of all arguments; larger ones are not tried
LEAST_TRIES, MOST_TRIES, MOST_NS = 3, 50, 200_000_000
TOLERANCES = {"float64": 1e-7, "float32": 1e-4}  # the relative difference of equal gradients
DTYPES = (*TOLERANCES, "int64", "int32")
FASTER = 0.85  # the share of the time below which a rewrite is worth it
NO_SAMPLES: Samples = {}
REFUSALS = (ArithmeticError, LookupError, TypeError, ValueError, MemoryError, ImportError)


def is_worth_it(trial: Trial) -> bool:
    """Return whether the second form is faster and has the same gradient."""
    return trial.after_ns < FASTER * trial.before_ns and trial.difference < trial.tolerance


def saved_share(trial: Trial) -> float:
    """Return the share of the time that the second form saves."""
    return 1 - trial.after_ns / max(trial.before_ns, 1)


def trial_text(trial: Trial, calls: float) -> str:
    """Return `Tried: 12.2 → 3.8ms per gradient, same gradient to 1e-15`."""
    before, after = (time_text(ns * calls) for ns in (trial.before_ns, trial.after_ns))
    same = f"to {trial.difference:.0e}" if trial.difference else "bit for bit"
    return f"Tried: {before} → {after} per gradient, same gradient {same}."


def tried(
    before: Form,
    after: Form,
    *arrays: np.ndarray,
    tracked: Sequence[int] = (),
    others: Sequence[np.ndarray] | None = None,
) -> Trial:
    """Time the gradients of two forms with respect to the `tracked` arguments, or to all.

    The second form may have `others` for its arguments.
    """
    runs = (arrays, arrays if others is None else others)
    argnums = tuple(tracked) or tuple(range(len(arrays)))
    with ag.timer.disabled(), unheard(), np.errstate(all="ignore"):
        y, gradient = _gradient(before, arrays, argnums)
        z, other = _gradient(after, runs[1], argnums)
        (_, old), (_, new) = gradient(*arrays), other(*runs[1])
        pairs = zip((y, *old), (z, *new), strict=True)
        difference = float(np.max([_difference(a, b) for a, b in pairs]))  # NaN if one is
        before_ns, after_ns = _least_ns(
            [functools.partial(gradient, *arrays), functools.partial(other, *runs[1])]
        )
    single = any(x.dtype == np.float32 for own in runs for x in own)
    tolerance = TOLERANCES["float32" if single else "float64"]
    return Trial(before_ns, after_ns, math.inf if math.isnan(difference) else difference, tolerance)


def _gradient(
    form: Form, arrays: Sequence[np.ndarray], argnums: tuple[int, ...]
) -> tuple[np.ndarray, Form]:
    """Return the value of a form, and the gradient of its sum with weights that differ."""
    y = np.asarray(form(*arrays))
    weights = np.cos(np.arange(y.size)).reshape(y.shape).astype(y.dtype)
    return y, ag.value_and_grad(lambda *given: np.sum(form(*given) * weights), argnums)


def _difference(a: Any, b: Any) -> float:
    return float(np.max(np.abs(a - b), initial=0) / (np.max(np.abs(a), initial=0) or 1))


def _least_ns(forms: Sequence[Callable[[], Any]]) -> list[int]:
    """Return the least nanoseconds of each, tried in turn."""
    least, end = [math.inf] * len(forms), time.perf_counter_ns() + MOST_NS
    for n in range(MOST_TRIES):
        for i, form in enumerate(forms):
            start = time.perf_counter_ns()
            form()
            least[i] = min(least[i], time.perf_counter_ns() - start)
        if n + 1 >= LEAST_TRIES and time.perf_counter_ns() > end:
            break
    return [int(ns) for ns in least]


def trial_of(
    rewrite: str,
    detail: str,
    operands: Sequence[Operand],
    samples: Samples = NO_SAMPLES,
    ops: Sequence[str] = (),
    tracked: Sequence[int] = (),
) -> Trial | None:
    """Return the best trial of a rewrite; None if it cannot be tried.

    The arguments are those of a sampled call of one of `ops`, or random arrays like `operands`.
    """
    if sum(math.prod(operand.shape) for operand in operands) > MOST_ELEMENTS:
        return None
    if any(operand.dtype not in DTYPES for operand in operands):
        return None
    best: Trial | None = None
    try:
        arrays = arrays_of(operands, samples, ops)
        before, forms = REWRITES[rewrite](detail, arrays)
    except REFUSALS:
        return None
    others = [x.astype(np.float32) for x in arrays] if rewrite in NARROWED else None
    for instead, after in forms:
        try:
            trial = tried(before, after, *arrays, tracked=tracked, others=others)
            trial = trial._replace(instead=instead)
        except REFUSALS:
            continue  # NumPy refuses one of the forms, or SciPy is missing
        if best is None or _rank(trial) < _rank(best):
            best = trial
    return best


def _rank(trial: Trial) -> tuple[bool, int]:
    return not trial.difference < trial.tolerance, trial.after_ns


def arrays_of(
    operands: Sequence[Operand], samples: Samples = NO_SAMPLES, ops: Sequence[str] = ()
) -> list[np.ndarray]:
    """Return arrays of these operands, those of a sampled call as far as it has them.

    Others are random and positive, and square matrices are well conditioned.
    """
    kept: list[tuple[Operand, bytes]] = []
    for (op, found), contents in samples.items():
        given = [(o, c) for o, c in zip(found, contents, strict=False) if c is not None]
        if op in ops and given and given[0][0][:2] == operands[0][:2]:
            kept = given
            break
    rng, arrays = np.random.default_rng(0), []
    for operand, own in zip_longest(operands, kept[: len(operands)]):
        if own is not None and own[0][:2] == operand[:2]:
            x = np.resize(np.frombuffer(own[1], operand.dtype), operand.shape)
        else:
            x = rng.uniform(0.5, 1.5, operand.shape)
            if x.ndim == 2 and len(x) == x.shape[1]:
                x += len(x) * np.eye(len(x))
        order: Any = "F" if operand.order == "F" else "C"
        arrays.append(np.array(x.astype(operand.dtype), order=order))
    return arrays
