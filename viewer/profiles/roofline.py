"""Arithmetic: how many operations and bytes the time of gradients stands for, and how far that is from what the machine can do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import autograd_tools as ag
from autograd_tools import Tape, Timer, Trace
from autograd_tools.base.formats import count_text, percent_text, time_text
from autograd_tools.base.text import one_line
from autograd_tools.timing import Counts, Operand, Record
from viewer.inputs import as_timer, as_trace, kind_of
from viewer.profiles.costs import UNKNOWN, work
from viewer.profiles.costs.call import itemsize
from viewer.profiles.machine_peaks import Peaks
from viewer.profiles.machine_peaks import peaks as peaks_here
from viewer.profiles.measured import Timed, records_of
from viewer.text.lines import Row, Span, fold, plain
from viewer.text.places import scope_text, source_text
from viewer.text.table import Cells, laid_out

BOUNDS = ("compute", "memory", "overhead")


@dataclass(slots=True)
class Figures:
    """Sums over the records of a row: calls and nanoseconds; of those that can be counted the nanoseconds, operations and bytes,
    and the least nanoseconds that they could take, by what sets that limit."""

    calls: int = 0
    ns: int = 0
    counted_ns: int = 0
    flops: float = 0
    nbytes: float = 0
    least_ns: dict[str, float] = field(default_factory=lambda: dict.fromkeys(BOUNDS, 0.0))

    @property
    def bound(self) -> str:
        """What sets most of the limit."""
        return (
            max(BOUNDS, key=lambda name: self.least_ns[name]) if any(self.least_ns.values()) else ""
        )


def arithmetic(
    x: Timed,
    by: str = "op",
    *,
    limit: int = 15,
    width: int | None = None,
    peaks: Peaks | None = None,
) -> str:
    """Operations on numbers and bytes moved, as a table of text: by operation and gradient ("op"), "line", "scope" or "shape".

    `x` is a timer that looked at shapes (`autograd-tools profile`, or AUTOGRAD_TIMER=shapes), a tape or trace recorded while a timer
    was on, or the path of a saved one. The column `of peak` is the least time that the machine could take, in percent of the
    time it took; `bound` is what sets that limit: compute, memory, or the overhead of a call. `counted` is the share of the time
    for which there is a formula; rates are of it. The peaks are those saved with the profile; for `ag.timer` and tapes they are
    those of this machine; for what was saved without any, pass `peaks=viewer.peaks()`, if this machine has measured it.
    ValueError for another `by`, or without shapes.
    """
    return plain(arithmetic_rows(x, by, limit=limit, width=width, peaks=peaks))


def arithmetic_rows(
    x: Timed, by: str, *, limit: int, width: int | None, peaks: Peaks | None = None
) -> Iterable[Row]:
    """The rows of `arithmetic`, in spans of a style each."""
    if by not in KEYS:
        raise ValueError(f"no arithmetic by {by!r}; there are: {', '.join(KEYS)}")
    if limit < 0:
        raise ValueError(f"a limit of 0 or more rows is needed, and got {limit}")
    records, peaks = measured(x, peaks)
    figures = figures_of(records, KEYS[by], peaks)
    ranked = sorted(figures.items(), key=lambda item: (-item[1].ns, item[0]))
    names, shown = (
        [one_line(name) for name, _ in ranked[:limit]],
        [row for _, row in ranked[:limit]],
    )
    if ranked[limit:]:
        names.append(f"{len(ranked) - limit} more")
        shown.append(_together(row for _, row in ranked[limit:]))
    columns = [
        Cells(NAMES[by], names, "cyan"),
        *(
            Cells(header, list(map(text, shown)), "", True, True)
            for header, text in COLUMNS.items()
        ),
    ]
    yield [Span(f"Arithmetic by {NAMES[by]}", "bold")]
    yield from laid_out(columns, len(names), width)
    yield from fold([Span(_of_machine(peaks), "dim")], width)


def measured(x: Timed, peaks: Peaks | None) -> tuple[dict[Record, Counts], Peaks | None]:
    """The records of what has measured, and the peaks of its machine, if they are known or given. ValueError without shapes."""
    if isinstance(x, (str, os.PathLike)):
        x = as_timer(x) if kind_of(Path(x)) == "profile" else as_trace(x)
    records = records_of(x)
    if records and not any(record.operands for record in records):
        raise ValueError(
            "this profile has no shapes of arrays: run `autograd-tools profile`, "
            "or set AUTOGRAD_TIMER=shapes before autograd_tools is imported"
        )
    return records, peaks or _peaks_of(x, records)


def peaks_for(records: Mapping[Record, Counts]) -> Peaks:
    """The peaks of this machine, which has measured these records; if some were faster, it was busy then, and is measured again."""
    found = peaks_here()
    for record, counts in records.items():
        if record.phase == "forward" and counts.ns > 1e7 and work(record) != UNKNOWN:
            bound, least = least_time(record, found)
            if bound != "overhead" and counts.calls * least > 1.2 * counts.ns:
                return peaks_here(again=True)
    return found


def _peaks_of(x: Timer | Tape | Trace, records: Mapping[Record, Counts]) -> Peaks | None:
    """Those saved with a profile; what measures or is a tape is on this machine, and where a trace is from, nobody knows."""
    saved = x.peaks if isinstance(x, Timer) else None
    if saved is None:
        return peaks_for(records) if x is ag.timer or isinstance(x, Tape) else None
    try:
        return Peaks.from_dict(saved)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"the peaks saved with this profile are damaged: {type(error).__name__}: {error}"
        ) from error


def figures_of(
    records: Mapping[Record, Counts], key: Callable[[Record], str], peaks: Peaks | None
) -> dict[str, Figures]:
    """The sums of all records that share a key."""
    rows: dict[str, Figures] = {}
    for record, counts in records.items():
        row = rows.setdefault(key(record), Figures())
        row.calls += counts.calls
        row.ns += counts.ns
        flops, nbytes = work(record)
        if flops is None and nbytes is None:
            continue
        row.counted_ns += counts.ns
        row.flops += counts.calls * (flops or 0)
        row.nbytes += counts.calls * (nbytes or 0)
        if peaks is not None:
            bound, least = least_time(record, peaks)
            row.least_ns[bound] += counts.calls * least
    return rows


def least_time(record: Record, peaks: Peaks) -> tuple[str, float]:
    """What limits a call of a record, and the least nanoseconds that it could take."""
    flops, nbytes = work(record)
    size = max(
        itemsize(operand.dtype) // (2 if "complex" in operand.dtype else 1)
        for operand in record.operands
    )
    times = (peaks.operations_ns(flops or 0, size), peaks.moving_ns(nbytes or 0), peaks.call_ns)
    return max(zip(BOUNDS, times, strict=True), key=lambda pair: pair[1])


def _together(rows: Iterable[Figures]) -> Figures:
    total = Figures()
    for row in rows:
        total.calls += row.calls
        total.ns += row.ns
        total.counted_ns += row.counted_ns
        total.flops += row.flops
        total.nbytes += row.nbytes
        for bound in BOUNDS:
            total.least_ns[bound] += row.least_ns[bound]
    return total


def label_of(record: Record) -> str:
    """The name of an operation, or of a gradient by its argument, or of what the engine does itself."""
    return record.phase if record.phase in ("record", "sum_outgrads") else record.label


def _shape_of(record: Record) -> str:
    return f"{label_of(record)}({', '.join(map(_operand, record.operands[:-1]))})"


def _operand(operand: Operand) -> str:
    if operand.text:
        return operand.text
    return (
        f"{operand.dtype}[{','.join(map(str, operand.shape))}]"
        if operand.order or operand.shape
        else operand.dtype
    )


# Adding a grouping is adding an entry here, and its name below.
KEYS: dict[str, Callable[[Record], str]] = {
    "op": label_of,
    "line": lambda record: source_text(record.file, record.line) or "(unknown)",
    "scope": lambda record: scope_text(record.scope),
    "shape": _shape_of,
}
NAMES = {"op": "operation", "line": "line", "scope": "scope", "shape": "shape"}


def _rate(amount: float, row: Figures) -> str:
    """So many a nanosecond, which is as many billions a second; empty where nothing is known."""
    return _digits(amount / row.counted_ns) if row.counted_ns and amount else ""


def _digits(x: float) -> str:
    return f"{x:.0f}" if x >= 99.5 else f"{x:.3g}" if x >= 0.001 else f"{x:.1e}"


def _amount(x: float) -> str:
    unit, size = next(
        (
            (unit, size)
            for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3))
            if x >= 0.9995 * size
        ),
        ("", 1),
    )
    return f"{_digits(x / size)}{unit}"


# Adding a column is adding an entry here: its header, and its text. Rates are of the time that could be counted.
COLUMNS: dict[str, Callable[[Figures], str]] = {
    "calls": lambda row: count_text(row.calls),
    "time": lambda row: time_text(row.ns),
    "of peak": lambda row: (
        percent_text(sum(row.least_ns.values()), row.counted_ns) if row.bound else ""
    ),
    "bound": lambda row: row.bound,
    "GFLOP/s": lambda row: _rate(row.flops, row),
    "GB/s": lambda row: _rate(row.nbytes, row),
    "FLOP/B": lambda row: _digits(row.flops / row.nbytes) if row.flops and row.nbytes else "",
    "FLOP": lambda row: _amount(row.flops) if row.flops else "",
    "counted": lambda row: percent_text(row.counted_ns, row.ns),
}


def _of_machine(peaks: Peaks | None) -> str:
    if peaks is None:
        return "The peaks of the machine that measured this are not known; if it is this one, pass peaks=viewer.peaks()."
    speeds = f"{_digits(peaks.float64 / 1e9)} GFLOP/s in float64 and {_digits(peaks.float32 / 1e9)} in float32"
    moved = " to ".join(_digits(speed / 1e9) for _, speed in (peaks.moved[0], peaks.moved[-1]))
    return f"The machine's peaks: {speeds}, {moved} GB/s from small arrays to large ones, {time_text(peaks.call_ns)} a call."
