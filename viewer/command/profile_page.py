"""A profile as an interactive page: the map of its first gradient, opened at the hotspots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyinstrument.session import Session

from autograd_tools import Timer, Trace
from viewer.command.profile_report import Report
from viewer.command.sample_text import DEEPEST, LEAST, label
from viewer.command.sampling import Frame, tree_of
from viewer.drawing.history_page import history_html
from viewer.map.page import map_page, profile_parts


def to_html(report: Report, name: str, view: str = "hotspots", **options: Any) -> str:
    """Return the page of the profile of a script, with the graph of a gradient if it has one."""
    parts = profile_parts(
        report.timer,
        gradients=report.gradients,
        blocks=tuple(_blocks(report)),
        samples=_samples(report.session) if report.session else None,
    )
    charts = history_html(report.history) if report.history else ""
    x: Timer | Trace = report.timer if report.trace is None else report.trace
    return map_page(x, name, parts, view=view, html=charts, **options)


def _blocks(report: Report) -> Iterator[tuple[str, str]]:
    """Yield the texts of the page with their titles."""
    if report.memory:
        yield "Memory", str(report.memory)
    yield "Timer", report.timer.table()


def _samples(session: Session) -> dict[str, Any]:
    """Return the call tree of the script's Python code."""
    root = tree_of(session)
    return _sample(root, root.seconds, 0)


def _sample(frame: Frame, whole: float, depth: int) -> dict[str, Any]:
    name, place = label(frame)
    inner = frame.ranked() if depth < DEEPEST else []
    return {
        "name": name,
        "place": place,
        "file": frame.file,
        "line": frame.line,
        "seconds": frame.seconds,
        "inner": [_sample(f, whole, depth + 1) for f in inner if f.seconds >= LEAST * whole],
    }
