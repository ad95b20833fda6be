"""The profile of a map: tables of hotspots, the times of lines, and texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Any, TypedDict, Unpack

from autograd_tools import Timer
from viewer.map.building import MapData
from viewer.map.sources import Files
from viewer.options import HotspotBy
from viewer.profiles.advice import tips
from viewer.profiles.groupings import hotspots_of
from viewer.profiles.hotspot_tables import hotspot_cells, hotspot_rows, title
from viewer.profiles.measured import code_of, records_of
from viewer.profiles.overview import REST, has_shapes, parts, summary

TABLES: tuple[HotspotBy, ...] = ("line", "op", "argument", "scope", "shape")
MOST_ROWS = 500  # of each table
# The figures of `hotspot_rows` by the header of a column, to sort by.
FIGURES = {
    "calls": "calls",
    "forward": "forward_ns",
    "backward": "backward_ns",
    "accumulate": "sum_outgrads_ns",
    "engine": "engine_ns",
    "total": "total_ns",
    "self": "total_ns",
    "%": "percent",
    "tracing": "record_ns",
    "allocated": "nbytes",
    "saved": "kept_nbytes",
}


class ProfileTexts(TypedDict, total=False):
    """Parts of a profile besides the timer's.

    They are which gradients were measured, further texts with titles, and the call tree of samples.
    """

    gradients: str
    blocks: Iterable[tuple[str, str]]
    samples: Mapping[str, Any] | None


def add_profile(made: MapData, timer: Timer, **texts: Unpack[ProfileTexts]) -> None:
    """Add the profile of a run."""
    samples = texts.get("samples")
    blocks = [*_tips(timer), *texts.get("blocks", ())]
    made.header["profile"] = {
        "summary": [*summary(timer, texts.get("gradients", ""))],
        "parts": _parts(timer),
        "gradients": timer.steps,
        "tables": [_table(made.files, timer, by) for by in TABLES if _is_known(timer, by)],
        **_lines(made.files, timer),
        "blocks": [{"title": name, "text": text} for name, text in blocks],
    }
    if samples:
        made.header["profile"]["samples"] = _sample(made.files, samples)


def _sample(files: Files, sample: Mapping[str, Any]) -> dict[str, Any]:
    """Return a frame of the call tree with the number of its file, -1 for one of no operation."""
    inner = [_sample(files, frame) for frame in sample["inner"]]
    return {**sample, "file": files.numbers.get(sample["file"], -1), "inner": inner}


def _is_known(timer: Timer, by: str) -> bool:
    return by != "shape" or has_shapes(timer)


def _parts(timer: Timer) -> list[tuple[str, int]]:
    """Return the parts of the run with their nanoseconds; the rest is the user's own code."""
    measured = parts(timer)
    rest = max(timer.total_ns - sum(measured.values()), 0)
    return [*measured.items(), (REST, rest)]


def _tips(timer: Timer) -> list[tuple[str, str]]:
    return [("Tips", str(tips(timer)))] if has_shapes(timer) else []


def _table(files: Files, timer: Timer, by: HotspotBy) -> dict[str, Any]:
    """Return a table as texts, with the numbers to sort by and the line of each row."""
    columns = hotspot_cells(timer, by, MOST_ROWS)
    data = hotspot_rows(timer, by)[:MOST_ROWS]
    rows = []
    for cells, row in zip_longest(zip(*(c.texts for c in columns), strict=True), data):
        facts = row or {}  # none of a sum
        values = [facts.get(FIGURES.get(column.header, "")) for column in columns]
        if "cumulative_ns" in facts:
            values = [
                facts["cumulative_ns"] if column.header == "total" else value
                for column, value in zip(columns, values, strict=True)
            ]
        rows.append(
            {
                "cells": cells,
                "values": values,
                "file": files.number(facts.get("file", "")),
                "line": facts.get("line", 0),
                "op": facts.get("op", ""),
            }
        )
    heads = [{"name": c.header, "right": c.right, "is_share": c.header == "%"} for c in columns]
    return {"by": by, "title": title(by), "columns": heads, "rows": rows}


def _lines(files: Files, timer: Timer) -> dict[str, Any]:
    """Return the times of lines, forward and backward, and of the arguments in them."""
    lines, arguments = [], []
    for spot in hotspots_of(records_of(timer), "line"):
        (file, line), usage = spot.key, spot.self_usage
        if not file:
            continue
        number, ns = files.number(file), usage.ns
        lines.append([number, line, ns["forward"], ns["backward"], usage.calls])
        for label, spent in usage.arguments.items():
            op, _, argument = label.rstrip("]").partition("[")
            arguments.append([number, line, op, int(argument or 0), spent])
    for file, code in code_of(timer).items():
        for line, text in code.items():
            files.add(file, line, text)
    return {"lines": lines, "arguments": arguments}
