"""The memory of a gradient, read from a tape, a trace or a profile."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TypeAlias

from autograd_tools import Tape, Timer, Trace
from viewer.profiles.groupings import rows_of
from viewer.profiles.measured import code_of, opened, records_of
from viewer.profiles.memory_use.course import Course
from viewer.profiles.memory_use.memory_report import MemoryUse
from viewer.profiles.memory_use.plans import plan_of
from viewer.profiles.memory_use.recorded import Recorded, recorded
from viewer.profiles.memory_use.sizes import size_of
from viewer.profiles.memory_use.use import HELD_BY, by_time, holders_of, peak_of, tables_of

Measured: TypeAlias = Tape | Trace | Timer | str | os.PathLike[str]


def memory(
    x: Measured, *, budget: str | float | None = None, keeps: bool | None = None
) -> MemoryUse:
    """Return the memory that a gradient needs over time, and the reasons for its peak.

    Parameters
    ----------
    x : Tape, Trace, Timer, str or path
        A tape or trace with a gradient, or a saved one. A profile only has the bytes saved for
        backward.
    budget : str or number, optional
        A target peak, such as "200MB" or "1.5GiB". The result then has a plan: which calls to wrap
        in `ag.checkpoint`, and which loops to split into wrapped parts.
    keeps : bool, optional
        True models `ag.diff`, which keeps all values and gradients; False models `ag.grad`, which
        frees them during the backward pass. The default is True for a trace with Params.

    Returns
    -------
    MemoryUse
        `print` shows a chart of the bytes over time, the holders at the peak, and what is saved for
        backward there by line, argument and scope. Params, arguments and data do not count. The
        size of nodes is estimated. For a tape, temporary arrays are measured by running each kind
        of VJP rule once more; for a trace, they are estimated.

    Raises
    ------
    ValueError
        If the trace has no gradient or no memory of arrays, or if `budget` is not a size.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag, viewer
    >>> use = viewer.memory(ag.trace(lambda x: np.sum(np.exp(np.sin(x))), np.ones(1000)))
    >>> use.peak.nbytes, use.peak.phase, use.peak.op
    (16000, 'backward', 'sum')
    >>> [(held.name, held.nbytes) for held in use.holders if held.name != "nodes (estimated)"]
    [('saved for backward', 8000), ('temporary arrays', 8000)]
    """
    if budget is not None:
        size_of(budget)  # a wrong one is an error before all else
    if isinstance(found := opened(x), Timer):
        if budget is not None:
            raise ValueError(
                "a profile has no order of operations, which a plan needs; expected a tape or trace"
            )
        return _of_profile(found)
    work = recorded(found, keeps)
    use = use_of(work)
    return use if budget is None else replace(use, plan=plan_of(work, budget))


def use_of(work: Recorded) -> MemoryUse:
    """Return the memory of a recorded gradient."""
    course = Course(work).run()
    peak, held = peak_of(work, course)
    other = None if work.buffers.frees else replace(work, keeps=not work.keeps)
    return MemoryUse(
        peak,
        work.keeps,
        by_time(work, course),
        holders_of(peak, held),
        None if other is None else max(Course(other).run().whole),
        tables_of(work, held),
        packed=work.buffers.packed,
        code=code_of(work.trace),
    )


def _of_profile(timer: Timer) -> MemoryUse:
    """Return what a profile knows: the bytes saved for backward, per gradient."""
    records = {record: counts for record, counts in records_of(timer).items() if counts.kept}
    if not records:
        raise ValueError(
            "this profile has no bytes saved for backward: measure with "
            "`autograd-tools profile` or `ag.profile()`"
        )
    tables = {}
    for by in HELD_BY:
        rows = [row for row in rows_of(records, by) if row["kept_nbytes"]]
        names = [name for name in ("file", "line", "op", "argument", "scope") if name in rows[0]]
        tables[by] = [
            {name: row[name] for name in names} | {"nbytes": row["kept_nbytes"], "arrays": 0}
            for row in sorted(rows, key=lambda row: -row["kept_nbytes"])
        ]
    return MemoryUse(None, False, None, [], None, tables, code=code_of(timer))
