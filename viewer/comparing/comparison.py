"""Compare two gradients by their traces, as text or as a drawing, or two runs by their profiles."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

from autograd_tools import Timer
from autograd_tools.base.output import write_bytes
from autograd_tools.base.text import unknown
from viewer.comparing.changes_part import add_profile_changes, add_trace_changes
from viewer.comparing.compare_profiles import profiles_json, profiles_markdown, profiles_rows
from viewer.comparing.compare_traces import traces_json, traces_legend, traces_markdown, traces_rows
from viewer.comparing.differences import Differences, differences
from viewer.comparing.profile_changes import Comparison, changes
from viewer.comparing.tolerance import ATOL, RTOL, Tolerance
from viewer.comparing.union import close_leaves, union
from viewer.files import draw, format_of
from viewer.inputs import Traceable, as_timer, as_trace, kind_of
from viewer.map.building import MapData
from viewer.map.page import map_page, profile_parts
from viewer.options import ChangeBy, Detail, LookOptions, ReportFormat, check_drawing
from viewer.passes import MAX_NODES, fit, group
from viewer.passes.folding import fold_marked
from viewer.text.lines import plain


def compare(
    a: Traceable | Timer,
    b: Traceable | Timer,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    everything: bool | None = None,
    by: ChangeBy | None = None,
    limit: int | None = None,
    format: ReportFormat = "text",
) -> str:
    """Return the differences between two traces or two profiles.

    Parameters
    ----------
    a, b : Tape, Trace, Timer, str or path
        Two tapes or traces, two timers, or the paths of saved ones.
    rtol, atol : float, optional
        Traces: relative and absolute tolerance of numbers (default: 1e-5 and 1e-12). Arrays are
        compared by their statistics in the trace.
    everything : bool, optional
        Traces: also list numbers that differ only as a consequence of other changes.
    by : str, optional
        Profiles: a row for each "op" (default), "argument", "line" or "scope".
    limit : int, optional
        Profiles: number of rows (default: 15).
    format : str
        "text", "json" or "markdown".

    Returns
    -------
    str
        For traces, the nodes added (+), removed (-), changed (~) and with different numbers (±), by
        their ids in both; source lines and scope names may differ. For profiles, the time of each
        row per gradient (JSON: in ns), separately for forward, backward and engine, and whether the
        difference is significant.

    Raises
    ------
    ValueError
        For a trace and a profile, an unknown file, an option of the other kind, or an invalid
        value.
    TypeError
        For any other object.
    """
    if format not in FORMATS:
        raise unknown("format", format, FORMATS)
    given = {"rtol": rtol, "atol": atol, "everything": everything, "by": by, "limit": limit}
    given = {name: value for name, value in given.items() if value is not None}
    found, options = comparison(a, b, **given)
    return FORMATS[format][isinstance(found, Comparison)](found, **options)


def comparison(a: Any, b: Any, **options: Any) -> tuple[Differences | Comparison, dict[str, Any]]:
    """Return a comparison as data, and those of the given options that are about showing it."""
    kind = kind_of_both(a, b)
    check_options(kind, options)
    if kind == "trace":
        tolerance = Tolerance(options.pop("rtol", RTOL), options.pop("atol", ATOL))
        return differences(as_trace(a), as_trace(b), tolerance), options
    if options.get("limit", 1) < 1:
        raise ValueError(f"limit must be 1 or more, got {options['limit']!r}")
    return changes(as_timer(a), as_timer(b), options.pop("by", "op")), options


def check_options(kind: str, options: Iterable[str]) -> None:
    """Raise ValueError for an option that does not apply to a trace or profile."""
    for name in options:
        if name not in OPTIONS[kind]:
            raise ValueError(
                f"{name}= does not apply to {kind}s; they take {', '.join(OPTIONS[kind])}"
            )


OPTIONS = {"trace": ("rtol", "atol", "everything"), "profile": ("by", "limit")}
# The formats, by name. To add one, add an entry with a function for traces and one for profiles.
FORMATS: dict[str, tuple[Callable[..., str], Callable[..., str]]] = {
    "text": (
        lambda found, **options: plain(traces_rows(found, **options)),
        lambda found, **options: plain(profiles_rows(found, **options)),
    ),
    "json": (traces_json, profiles_json),
    "markdown": (traces_markdown, profiles_markdown),
}


def kind_of_both(a: object, b: object) -> str:
    """Return "trace" or "profile" for two of a kind; raise ValueError for one of each."""
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
    by: Detail = "op",
    **options: Unpack[LookOptions],
) -> Path:
    """Draw two traces as one graph that marks the changes.

    Parameters
    ----------
    a, b : Tape, Trace, str or path
        Two tapes, traces or paths of saved traces.
    path : str or path
        The file to write; its extension selects a format of `draw`.
    rtol, atol : float
        Relative and absolute tolerance of numbers.
    max_nodes : int or None
        The maximum number of boxes; groups without changes are collapsed. None draws all.
    by : {"op", "line", "function"}
        The smallest boxes, as in `fit`.
    **options
        Options of `to_dot`.

    Returns
    -------
    Path
        The path of the file. Nodes only in `b` are marked +, nodes only in `a` −, changed
        operations ≠, and those with different numbers ±. Consequences of these changes are not
        marked. A legend explains the marks.

    Raises
    ------
    ValueError
        For an unknown format or an invalid value.
    """
    ending = format_of(path)
    check_drawing(options, ending)
    found = differences(as_trace(a), as_trace(b), Tolerance(rtol, atol))
    whole = union(found)
    trace, marks = whole.trace, whole.marks
    graph = fold_marked(group(trace), (), marks)
    if max_nodes is not None and len(graph.boxes) > max_nodes:
        graph = close_leaves(graph, marks)
    weights = [0.0] * len(trace)
    for id, alike in graph.alike.items():
        weights[id - 1] = float(sum(other in marks for other in alike))
    graph = fit(graph, max_nodes, by=by, heat=weights)
    graph = replace(graph, notes=(traces_legend(found), *graph.notes))
    if ending != ".html":
        return draw(graph, path, marks=marks, **options)
    names = _name(a, "before"), _name(b, "after")

    def add_changes(made: MapData) -> None:
        add_trace_changes(made, whole, names)

    title, parts = " → ".join(names), (add_changes,)
    page = map_page(graph, title, parts, origin=whole.origin, marks=marks, **options)
    write_bytes(path, page.encode())
    return Path(path)


def map_profiles(a: Timer, b: Timer, path: str | os.PathLike[str], names: tuple[str, str]) -> None:
    """Write a page that compares two profiles by line, and shows the second."""
    found = changes(a, b, "line")

    def add_changes(made: MapData) -> None:
        add_profile_changes(made, found, names)

    parts = (*profile_parts(b), add_changes)
    write_bytes(path, map_page(b, " → ".join(names), parts, view="changes").encode())


def _name(x: object, other: str) -> str:
    return Path(x).stem if isinstance(x, (str, os.PathLike)) else other
