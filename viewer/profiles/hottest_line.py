"""The most expensive line of a profile, and the lines of its gradient in NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

from autograd_tools import Timer
from autograd_tools.base.formats import percent_text, time_text
from autograd_tools.programs.writing.source_text import SourceLine
from viewer.profiles.groupings import hotspots_of
from viewer.profiles.measured import code_of, records_of
from viewer.text.lines import Row, Span, shorten
from viewer.text.places import source_text

MOST_SEARCHED = 5  # lines that are looked for in the sources
MOST_LINES = 16  # of a gradient
HEADING = "The most expensive line, with its gradient in NumPy"


@dataclass(frozen=True)
class HottestLine:
    """A line of the user's, its time and code, and the code of its gradient."""

    place: str
    ns: int
    percent: str
    code: str
    gradient: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the facts for JSON."""
        return {
            "place": self.place,
            "total_ns": self.ns,
            "code": self.code,
            "gradient": list(self.gradient),
        }


def hottest_line(timer: Timer, sources: Sequence[Sequence[SourceLine]]) -> HottestLine | None:
    """Return the most expensive line that one of the sources has; None if there is none."""
    spots = hotspots_of(records_of(timer), "line")
    total = sum([spot.self_usage.total_ns for spot in spots])
    for spot in [spot for spot in spots if spot.key[0]][:MOST_SEARCHED]:
        file, line = spot.key[:2]
        found = [_gradient_of(file, line, source) for source in sources]
        if any(found):
            ns = spot.self_usage.total_ns
            code = code_of(timer).get(file, {}).get(line, "").strip()
            shortest = min(filter(None, found), key=len)
            return HottestLine(
                source_text(file, line), ns, percent_text(ns, total), code, tuple(shortest)
            )
    return None


def _gradient_of(file: str, line: int, source: Sequence[SourceLine]) -> list[str]:
    """Return the lines of the gradient of a line, each with the loops around it."""
    loops: list[str] = []
    shown: list[str] = []
    for one in source:
        depth = _depth(one.text)
        loops = [loop for loop in loops if _depth(loop) < depth]
        if one.text.lstrip().startswith("for ") and one.text.endswith(":"):
            loops.append(one.text)
        elif (one.file, one.line) == (file, line) and one.gradients:
            shown += [loop for loop in loops if loop not in shown]
            shown.append(one.text)
    if len(shown) > MOST_LINES:
        shown = [*shown[:MOST_LINES], f"{' ' * _depth(shown[MOST_LINES])}..."]
    return dedent("\n".join(shown)).splitlines()


def _depth(text: str) -> int:
    return len(text) - len(text.lstrip())


def hottest_rows(found: HottestLine | str, width: int | None) -> list[Row]:
    """Return the rows of a line and its gradient; a text says why there is none."""
    rows: list[Row] = [[Span(HEADING, "bold")]]
    if isinstance(found, str):
        return [*rows, [Span(found)]]
    place = f"{found.place}  {time_text(found.ns)}  {found.percent}"
    texts = [place, f"    {found.code}", "gradient", *[f"    {x}" for x in found.gradient]]
    return [*rows, *[[Span(shorten(x, width) if width else x)] for x in texts]]
