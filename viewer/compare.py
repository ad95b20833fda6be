"""Comparing two gradients by their traces, as text or as a drawing."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from viewer.compare_traces import legend, trace_rows
from viewer.differences import differences
from viewer.draw import check_format, draw
from viewer.inputs import Traceable, as_trace
from viewer.lines import plain
from viewer.passes import MAX_NODES, prepare
from viewer.tolerance import ATOL, RTOL, Tolerance
from viewer.union import union

FEW = 30  # marks up to which each is drawn by itself; more are folded where all of a loop's steps have them


def compare(a: Traceable, b: Traceable, *, rtol: float = RTOL, atol: float = ATOL, everything: bool = False) -> str:
    """What differs from `a` to `b`: what was added (+), removed (-) and changed (~), with both node numbers, as text.

    Numbers are compared by the statistics of a trace, and are equal within `rtol` of their size or `atol`. Those that
    differ only because of another change are counted, and listed if `everything` is asked for. Source lines and names of
    scopes may differ.
    """
    return plain(trace_rows(a, b, Tolerance(rtol, atol), everything=everything))


def draw_compared(
    a: Traceable,
    b: Traceable,
    path: str | os.PathLike[str],
    *,
    rtol: float = RTOL,
    atol: float = ATOL,
    max_nodes: int | None = MAX_NODES,
    **options: Any,
) -> Path:
    """Draw two traces as one graph into a file, and return its path: what only `b` has is marked +, what only `a` has −.

    ≠ marks what is in both and changed by itself, not as it follows from another change. Each mark has its colour and its
    kind of line, too; the picture says what they mean. Formats are those of `draw`, options those of `to_dot`.
    """
    path = Path(path)
    check_format(path)
    found = differences(as_trace(a), as_trace(b), Tolerance(rtol, atol))
    trace, marks = union(found)
    graph = prepare(trace, max_nodes=max_nodes, open=sorted(marks) if len(marks) <= FEW else ())
    return draw(replace(graph, notes=(legend(found), *graph.notes)), path, marks=marks, **options)
