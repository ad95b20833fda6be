"""The overview of a profile: tables of hotspots, tips, and sentences on the run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from autograd_tools import Timer
from autograd_tools.base.formats import count_text, memory_text, percent_text, time_text
from autograd_tools.base.text import one_line
from autograd_tools.timing.engine_cost import measuring_ns
from autograd_tools.timing.records import PHASES
from viewer.labels import by_reason
from viewer.options import HotspotBy
from viewer.profiles.advice import tip_rows
from viewer.profiles.hotspot_tables import hotspot_table_rows
from viewer.profiles.measured import records_of
from viewer.profiles.roofline import arithmetic_rows
from viewer.text.lines import Row, Span, fold

REST = "your own code and call overhead"
WITHOUT = "without gradient"  # among the facts of a run: reasons, by name of a Param
SHOWN: tuple[HotspotBy, ...] = ("op", "line")  # tables


def overview(
    timer: Timer,
    *by: HotspotBy,
    limit: int = 12,
    width: int | None = None,
    arithmetic: bool = False,
    gradients: str = "",
) -> list[list[Row]]:
    """Return the blocks of an overview as rows.

    `gradients` says which of the run's gradients were measured, if not all.
    """
    blocks = [[*hotspot_table_rows(timer, name, limit=limit, width=width)] for name in by or SHOWN]
    if arithmetic:
        blocks.append([*arithmetic_rows(timer, "op", limit=limit, width=width)])
    if has_shapes(timer):
        blocks.append([*tip_rows(timer, width=width)])
    if reasons := _reasons(timer.about):
        heading: Row = [Span("Params without gradients", "bold")]
        shown = (row for line in by_reason(reasons, limit) for row in fold([Span(line)], width))
        blocks.append([heading, *shown])
    lines = [row for line in summary(timer, gradients) for row in fold([Span(line)], width)]
    return [*blocks, lines]


def has_shapes(timer: Timer) -> bool:
    """Return whether the shapes of arrays are known, which tips need."""
    return any(record.operands for record in timer.records)


def summary(timer: Timer, gradients: str = "") -> Iterator[str]:
    """Yield sentences on the share of the run that the tables cover, on memory and on gradients."""
    total = timer.total_ns
    shares = ", ".join(
        f"{part} {time_text(ns)} ({percent_text(ns, total)})" for part, ns in parts(timer).items()
    )
    count, spent = count_text(totals(timer)[0]), time_text(total)
    if timer.about.get("alone"):
        ran = f"{count} operations of one JAX gradient, each evaluated alone, take {spent}"
        yield f"{ran}: {shares}."
        yield "A compiled program fuses them and takes less time."
    else:
        yield f"{count} operations in a run of {spent}: {shares}; the rest is {REST}."
    shot = timer.snapshot()
    if timer.engine is not None:
        own = measuring_ns(timer.records.items(), timer.engine, timer.own_ns)
        yield f"Measuring itself took about {time_text(own)} ({percent_text(own, total)})."
    elif shot.section_cost_ns:
        took = f"{time_text(shot.own_ns)} ({percent_text(shot.own_ns, total)})"
        yield f"The timer itself took about {took}, partly included in tracing."
    if (peak := timer.peak_bytes) is not None:
        yield f"All arrays together: at most {memory_text(peak)}."
    if gradients:
        yield gradients
    yield from _about(timer.about)


def _reasons(facts: dict[str, Any]) -> dict[str, str]:
    found = facts.get(WITHOUT)
    return {str(name): str(why) for name, why in found.items()} if type(found) is dict else {}


def _about(facts: dict[str, Any]) -> Iterator[str]:
    """Yield sentences on the facts of a run."""
    if type(facts.get("processes")) is int:
        yield f"Measured in {facts['processes']} processes; their sum may exceed the run."
    if facts.get("unfinished"):
        yield "Checkpoint of an unfinished run: the script was still running."
    if type(facts.get("signal")) is str:
        yield f"{one_line(facts['signal'])} ended the run."


def totals(timer: Timer) -> tuple[int, dict[str, int]]:
    """Return the number of operations, and the nanoseconds of each phase."""
    calls, spent = 0, dict.fromkeys(PHASES, 0)
    for record, counts in records_of(timer).items():
        calls += counts.calls * (record.phase == "forward")
        spent[record.phase] += counts.ns
    return calls, spent


def parts(timer: Timer) -> dict[str, int]:
    """Return the nanoseconds of the parts of a run that are measured."""
    _, spent = totals(timer)
    shown = {"forward": spent["forward"], "backward": spent["backward"]}
    if timer.engine is not None:
        return {**shown, "the engine": spent["sum_outgrads"] + spent["engine"]}
    return {**shown, "tracing and accumulating": spent["record"] + spent["sum_outgrads"]}
