"""Elementwise calls of a loop with independent iterations, as one call for all of them.

They read what an earlier loop stored, row by row, so one call on the whole array does the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_tools.programs.steps.loop import ELEMENT, SAME, Entry, Loop
from autograd_tools.programs.steps.program import Call, Variable

LARGEST_ROW = 4096  # bytes; for larger ones, a call costs little more than its work
LARGEST = 2**18  # bytes of all turns


def joined(
    loop: Loop, calls: list[Call], rows: Mapping[Variable, Any], nbytes: Any
) -> tuple[list[Call], int]:
    """Return the calls that run once for all turns, and the direction of the loop.

    `rows` has the sequences that lie in one array, `calls` those that may write into one.
    """
    entries = {entry.variable: entry for entry in loop.entries}
    steps = Counter([x.step for x in loop.entries if _is_stacked(x, rows)])
    step = steps.most_common(1)[0][0] if steps else 0
    whole = {x.variable for x in loop.entries if _is_stacked(x, rows) and x.step == step}
    found = []
    for call in calls:
        y = call.output
        small = nbytes(y) <= LARGEST_ROW and nbytes(y) * loop.count <= LARGEST
        if not (small and y.order == "C" and isinstance(call.func, np.ufunc)):
            continue
        if call.func.signature is None and _fits(call, whole, entries):
            found.append(call)
            whole.add(y)
    return found, step


def _is_stacked(entry: Entry, rows: Mapping[Variable, Any]) -> bool:
    return entry.kind == ELEMENT and entry.step in (1, -1) and entry.values[0] in rows


def _fits(call: Call, whole: set[Variable], entries: dict[Variable, Entry]) -> bool:
    """Return whether all arguments are the same in each turn, or a row of an array each."""
    ndim = len(call.output.shape)
    rows = 0
    for x in call.args:
        if type(x) is not Variable:
            fits = np.ndim(x) <= ndim
        elif x in whole:
            fits = len(x.shape) == ndim
            rows += 1
        else:
            fits = x in entries and entries[x].kind == SAME and len(x.shape) <= ndim
        if not fits:
            return False
    return rows > 0


def read_once(loop: Loop) -> set[Variable]:
    """Return the variables that one argument of one step reads."""
    found = Counter([x for step in loop.body for x in step.inputs()])
    return {x for x, n in found.items() if n == 1}
