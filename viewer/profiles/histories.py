"""Histories of training runs as text: findings by step, and times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from autograd_tools import History
from autograd_tools.base.formats import time_text
from autograd_tools.base.text import one_line
from autograd_tools.tracing.findings import Finding, Numbers
from autograd_tools.tracing.history_files import label_of
from autograd_tools.tracing.series import Series
from viewer.text.lines import shorten

MOST_NAMES = 4  # in a sentence
LONGEST_NAME = 30  # columns
WIDE = 100  # the largest number by the median, or by the smallest if all are above zero
NOTHING = "No gradient of a scalar was recorded with autograd_tools."


class Curve(NamedTuple):
    """The numbers of the loss, or the norms of a gradient, -1 where there is none."""

    name: str
    step: np.ndarray
    size: np.ndarray
    is_loss: bool = False

    @property
    def known(self) -> np.ndarray:
        """The rows with a finite number, as a mask."""
        return np.isfinite(self.size) & (self.is_loss | (self.size != -1))

    @property
    def is_wide(self) -> bool:
        """True for a norm, and for a loss whose range needs a logarithmic scale."""
        known = self.size[self.known]
        falls = len(known) > 0 and 0 < WIDE * known.min() <= known.max()
        return not self.is_loss or falls or is_wide(known, WIDE)


def is_wide(numbers: np.ndarray, ratio: float) -> bool:
    """Return whether a few of the finite numbers are larger than most by more than `ratio`."""
    sizes = np.abs(numbers[np.isfinite(numbers)])
    return len(sizes) > 0 and bool(sizes.max() > ratio * np.median(sizes) > 0)


def curves_of(numbers: Numbers) -> list[Curve]:
    """Return the curve of the loss, then those of the Params."""
    norms = zip(numbers.names, numbers.norm.T, strict=True)
    return [
        Curve("loss", numbers.step, numbers.loss, is_loss=True),
        *(Curve(one_line(name), numbers.step, norm) for name, norm in norms),
    ]


def summary_of(history: History) -> str:
    """Return how much a history holds."""
    if not history.series:
        return NOTHING
    n, lines = history.steps, len(history.series)
    return f"{n:,} gradient{'s' * (n != 1)} of {lines} loss{'es' * (lines != 1)}"


def title_of(series: Series) -> str:
    """Return `loss at train.py:31`."""
    return one_line(label_of(series))


def heading_of(series: Series, numbers: Numbers) -> str:
    """Return the steps and the times of a series."""
    rows = len(numbers.step)
    steps = f"steps 0 to {series.steps - 1:,}" if series.steps > 1 else "step 0"
    kept = "" if rows == series.steps else f" (rows of {rows:,} kept)"
    times = [
        f"{name} {time_text(float(np.median(known)))}"
        for name, column in (("forward", numbers.forward_ns), ("backward", numbers.backward_ns))
        if len(known := column[column >= 0])
    ]
    return f"{steps}{kept}; median of a step: {', '.join(times)}"


def sentences_of(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield what goes wrong in a series, a sentence for each step and kind."""
    groups: dict[tuple[int, str, bool], list[Finding]] = {}
    for finding in findings:
        key = finding.step, finding.kind, finding.param is None
        groups.setdefault(key, []).append(finding)
    for (step, kind, is_loss), found in groups.items():
        if is_loss:
            value = "NaN" if kind == "nan" else found[0].value
            yield f"step {step:,}: the loss is {value}"
            continue
        when, what, number = KINDS[kind]
        if kind == "vanished":
            found.sort(key=lambda finding: finding.value)
        names = [_named(finding, number) for finding in found[:MOST_NAMES]]
        more = f" and {len(found) - MOST_NAMES:,} more" if len(found) > MOST_NAMES else ""
        yield f"{when.format(f'{step:,}')}: {what} {', '.join(names)}{more}"


def _named(finding: Finding, number: str) -> str:
    return f"{shorten(finding.param or '', LONGEST_NAME)}{number.format(finding.value)}"


# How each kind of finding reads: when, what, and its number.
KINDS = {
    "value": ("step {}", "NaN or Inf in the value of", " ({:,.0f} in it)"),
    "nan": ("step {}", "NaN in the gradient of", " ({:,.0f} NaN)"),
    "inf": ("step {}", "Inf in the gradient of", " ({:,.0f} Inf)"),
    "exploded": ("step {}", "exploding gradient of", " (∇ {:.3g})"),
    "vanished": ("from step {} on", "vanishing gradient of", " (∇ {:.3g})"),
    "zero": ("from step {} on", "zero gradient of", ""),
}
