"""Comparing two gradients by their traces, as text or as a drawing, or two runs by their profiles."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograd_tools import Timer
from viewer.comparing import compare_profiles, compare_traces
from viewer.comparing.compare_profiles import profile_rows
from viewer.comparing.compare_traces import legend, trace_rows
from viewer.comparing.differences import Differences, differences
from viewer.comparing.profile_changes import Comparison, changes
from viewer.comparing.tolerance import ATOL, RTOL, Tolerance
from viewer.comparing.union import union
from viewer.drawing.files import check_format, draw
from viewer.inputs import Traceable, as_timer, as_trace, kind_of
from viewer.passes import MAX_NODES, prepare
from viewer.text.lines import plain

FEW = 30  # marks up to which each is drawn by itself; more are folded where all of a loop's steps have them


def compare(
    a: Traceable | Timer,
    b: Traceable | Timer,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    everything: bool | None = None,
    by: str | None = None,
    limit: int | None = None,
    format: str = "text",
) -> str:
    """What differs from `a` to `b`, two traces or two profiles, as "text", "json" or "markdown".

    Of traces (a Tape, a Trace, or a saved one): what was added (+), removed (-) and changed (~), with both node numbers.
    Numbers are compared by the statistics of a trace, and are equal within `rtol` of their size or `atol`. Those that
    differ only because of another change are counted, and listed if `everything` is asked for. Source lines and names of
    scopes may differ.

    Of profiles (a Timer, or a saved one): the time of each operation (`by="op"`), "argument", "line" or "scope", forward and
    backward apart, per gradient, and whether the difference is more than the gradients vary by themselves; the `limit`
    largest are shown (default: 15).
    """
    if format not in FORMATS:
        raise ValueError(f"no format {format!r}; there are: {', '.join(FORMATS)}")
    given = {"rtol": rtol, "atol": atol, "everything": everything, "by": by, "limit": limit}
    found, options = comparison(
        a, b, **{name: value for name, value in given.items() if value is not None}
    )
    return FORMATS[format][isinstance(found, Comparison)](found, **options)


def comparison(a: Any, b: Any, **options: Any) -> tuple[Differences | Comparison, dict[str, Any]]:
    """The data of a comparison with the options of `compare` that are given, and those of them that are about showing it."""
    kind = kind_of_both(a, b)
    for name in options:
        if name not in OPTIONS[kind]:
            raise ValueError(
                f"{name}= does not apply to {kind}s; they take {', '.join(OPTIONS[kind])}"
            )
    if kind == "trace":
        tolerance = Tolerance(options.pop("rtol", RTOL), options.pop("atol", ATOL))
        return differences(as_trace(a), as_trace(b), tolerance), options
    if options.get("limit", 1) < 1:
        raise ValueError(f"limit= is a number from 1 on, and got {options['limit']!r}")
    return changes(as_timer(a), as_timer(b), options.pop("by", "op")), options


OPTIONS = {"trace": ("rtol", "atol", "everything"), "profile": ("by", "limit")}
# Adding a format is adding an entry here: what makes it of two traces, and of two profiles.
FORMATS: dict[str, tuple[Callable[..., str], Callable[..., str]]] = {
    "text": (
        lambda found, **options: plain(trace_rows(found, **options)),
        lambda found, **options: plain(profile_rows(found, **options)),
    ),
    "json": (compare_traces.to_json, compare_profiles.to_json),
    "markdown": (compare_traces.to_markdown, compare_profiles.to_markdown),
}


def kind_of_both(a: object, b: object) -> str:
    """Whether two things are a "trace" each, or a "profile"; ValueError if they are not the same."""
    kinds = kind_of(a), kind_of(b)
    if kinds[0] != kinds[1]:
        raise ValueError(
            f"cannot compare a {kinds[0]} with a {kinds[1]}; pass two traces or two profiles"
        )
    return kinds[0]


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
