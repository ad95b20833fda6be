"""Arithmetic and memory traffic of gradients, against the peaks of the machine (a roofline)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import autograd_tools as ag
from autograd_tools import Tape, Timer, Trace
from autograd_tools.base.formats import count_text, percent_text, time_text
from autograd_tools.base.text import one_line, unknown
from autograd_tools.timing import Counts, Operand, Record
from viewer.options import ArithmeticBy
from viewer.profiles.costs import UNKNOWN, work
from viewer.profiles.costs.call import itemsize
from viewer.profiles.groupings import GROUPINGS
from viewer.profiles.machine_peaks import Peaks
from viewer.profiles.machine_peaks import peaks as peaks_here
from viewer.profiles.measured import Timed, opened, records_of
from viewer.text.lines import Row, Span, fold, plain
from viewer.text.places import NO_LINE, place_texts, scope_text, source_text
from viewer.text.table import Cells, laid_out

BOUNDS = ("compute", "memory", "overhead")


@dataclass(slots=True)
class Workload:
    """Sums over the records of a row: calls, nanoseconds, operations and bytes.

    Those that can be counted take `counted_ns`, and at least `least_ns`, by the bound that sets it.
    """

    calls: int = 0
    ns: int = 0
    counted_ns: int = 0
    flops: float = 0
    nbytes: float = 0
    least_ns: dict[str, float] = field(default_factory=lambda: dict.fromkeys(BOUNDS, 0.0))

    @property
    def bound(self) -> str:
        """The bound that sets most of the least time, or an empty string."""
        least = max(self.least_ns.values())
        return next(bound for bound in BOUNDS if self.least_ns[bound] == least) if least else ""

    def add(self, other: Workload) -> None:
        """Add other sums."""
        self.calls += other.calls
        self.ns += other.ns
        self.counted_ns += other.counted_ns
        self.flops += other.flops
        self.nbytes += other.nbytes
        for bound in BOUNDS:
            self.least_ns[bound] += other.least_ns[bound]


def arithmetic(
    x: Timed,
    by: ArithmeticBy = "op",
    *,
    limit: int = 15,
    width: int | None = None,
    peaks: Peaks | None = None,
) -> str:
    """Return a table of floating-point operations and bytes moved, against the machine's peaks.

    Parameters
    ----------
    x : Timer, Tape, Trace, str or path
        A timer with shapes (`autograd-tools profile`, or AUTOGRAD_TIMER=shapes), a tape or trace
        recorded while a timer was on, or the path of a saved one.
    by : str
        A row for each "op" (operation or gradient), "line", "scope" or "shape".
    limit : int
        The number of rows; the others are summed in one row.
    width : int, optional
        Columns of the terminal; by default, nothing is folded or omitted.
    peaks : Peaks, optional
        The peaks of the machine that measured `x`. The default is the peaks saved with `x`, or
        those of this machine for `ag.timer` and tapes. Pass `viewer.peaks()` for a file without
        peaks that was measured on this machine.

    Returns
    -------
    str
        The table. `of peak` is the minimum possible time in percent of the measured time, `bound`
        the limit that sets it: compute, memory, or the overhead of a call. `counted` is the share
        of the time with known cost; rates (10^9 per second) refer to that share.

    Raises
    ------
    ValueError
        For an unknown `by`, a negative `limit`, damaged peaks, or a profile without shapes.
    """
    return plain(arithmetic_rows(x, by, limit=limit, width=width, peaks=peaks))


def arithmetic_rows(
    x: Timed, by: str, *, limit: int, width: int | None, peaks: Peaks | None = None
) -> Iterable[Row]:
    """Yield the rows of `arithmetic`, as styled spans."""
    if by not in ROW_NAMES:
        raise unknown("grouping", by, ROW_NAMES)
    if limit < 0:
        raise ValueError(f"limit must be 0 or more, got {limit}")
    records, peaks = measured(x, peaks)
    places = place_texts((record.file, record.line) for record in records)
    names = {**ROW_NAMES, "line": lambda record: places[record.file, record.line]}
    loads = workloads(records, names[by], peaks)
    ranked = sorted(loads.items(), key=lambda item: (-item[1].ns, item[0]))
    shown = ranked[:limit]
    if ranked[limit:]:
        rest = Workload()
        for _, load in ranked[limit:]:
            rest.add(load)
        shown = [*shown, (f"{len(ranked) - limit} more", rest)]
    header = GROUPINGS[by].header
    columns = [Cells(header, [one_line(name) for name, _ in shown], "cyan")]
    for title, text in ROOFLINE_COLUMNS.items():
        columns.append(Cells(title, [text(load) for _, load in shown], "", True, True))
    yield [Span(f"Arithmetic by {header}", "bold")]
    yield from laid_out(columns, len(shown), width)
    yield from fold([Span(_peaks_text(peaks), "dim")], width)


def measured(x: Timed, peaks: Peaks | None) -> tuple[dict[Record, Counts], Peaks | None]:
    """Return the records, and the peaks of the machine that measured, if they are known.

    Raise ValueError for records without shapes.
    """
    found = opened(x)
    records = records_of(found)
    if records and not any(record.operands for record in records):
        raise ValueError(
            "this profile has no shapes of arrays: run `autograd-tools profile`, "
            "or set AUTOGRAD_TIMER=shapes before autograd_tools is imported"
        )
    return records, peaks or _peaks_of(found, records)


def peaks_for(records: Mapping[Record, Counts]) -> Peaks:
    """Return the peaks of this machine, measured again if one of its records exceeds them."""
    found = peaks_here()
    for record, counts in records.items():
        if record.phase == "forward" and counts.ns > 1e7 and work(record) != UNKNOWN:
            bound, least = least_time(record, found)
            if bound != "overhead" and counts.calls * least > 1.2 * counts.ns:
                return peaks_here(again=True)
    return found


def _peaks_of(x: Timer | Tape | Trace, records: Mapping[Record, Counts]) -> Peaks | None:
    """Return the peaks saved with a profile; `ag.timer` and tapes have those of this machine."""
    saved = x.peaks if isinstance(x, Timer) else None
    if saved is None:
        return peaks_for(records) if x is ag.timer or isinstance(x, Tape) else None
    try:
        return Peaks.from_dict(saved)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"the peaks saved with this profile are damaged: {type(error).__name__}: {error}"
        ) from error


def workloads(
    records: Mapping[Record, Counts], key: Callable[[Record], str], peaks: Peaks | None
) -> dict[str, Workload]:
    """Return the sums of all records that share a key."""
    rows: dict[str, Workload] = {}
    for record, counts in records.items():
        row = rows.setdefault(key(record), Workload())
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
    """Return the bound of a call, and the least nanoseconds it could take."""
    flops, nbytes = work(record)
    sizes = [
        itemsize(operand.dtype) // (2 if "complex" in operand.dtype else 1)
        for operand in record.operands
    ]
    times = (
        peaks.operations_ns(flops or 0, max(sizes)),
        peaks.moving_ns(nbytes or 0),
        peaks.call_ns,
    )
    return max(zip(BOUNDS, times, strict=True), key=lambda pair: pair[1])


def label_of(record: Record) -> str:
    """Return `matmul`, `matmul[2]` for a gradient, or the engine's own phase."""
    return record.phase if record.phase in ("record", "sum_outgrads") else record.label


def _shape_of(record: Record) -> str:
    return f"{label_of(record)}({', '.join(map(_short_operand, record.operands[:-1]))})"


def _short_operand(operand: Operand) -> str:
    if operand.text or not (operand.order or operand.shape):
        return operand.text or operand.dtype
    return f"{operand.dtype}[{','.join(map(str, operand.shape))}]"


# The names of rows, by grouping. To add one, add an entry here and to `groupings.GROUPINGS`.
ROW_NAMES: dict[str, Callable[[Record], str]] = {
    "op": label_of,
    "line": lambda record: source_text(record.file, record.line) or NO_LINE,
    "scope": lambda record: scope_text(record.scope),
    "shape": _shape_of,
}


def _rate(amount: float, load: Workload) -> str:
    """Return an amount a nanosecond, which is 10^9 a second; empty if it is not known."""
    return _digits(amount / load.counted_ns) if load.counted_ns and amount else ""


def _digits(x: float) -> str:
    return f"{x:.0f}" if x >= 99.5 else f"{x:.3g}" if x >= 0.001 else f"{x:.1e}"


def _amount(x: float) -> str:
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if x >= 0.9995 * size:
            return f"{_digits(x / size)}{unit}"
    return _digits(x)


def _of_peak(load: Workload) -> str:
    return percent_text(sum(load.least_ns.values()), load.counted_ns) if load.bound else ""


# The columns, by header. To add one, add an entry with a function that returns its text.
ROOFLINE_COLUMNS: dict[str, Callable[[Workload], str]] = {
    "calls": lambda load: count_text(load.calls),
    "time": lambda load: time_text(load.ns),
    "of peak": _of_peak,
    "bound": lambda load: load.bound,
    "GFLOP/s": lambda load: _rate(load.flops, load),
    "GB/s": lambda load: _rate(load.nbytes, load),
    "FLOP/B": lambda load: _digits(load.flops / load.nbytes) if load.flops and load.nbytes else "",
    "FLOP": lambda load: _amount(load.flops) if load.flops else "",
    "counted": lambda load: percent_text(load.counted_ns, load.ns),
}


def _peaks_text(peaks: Peaks | None) -> str:
    if peaks is None:
        return (
            "Machine peaks: unknown; if this machine measured the times, pass peaks=viewer.peaks()."
        )
    double, single = _digits(peaks.float64 / 1e9), _digits(peaks.float32 / 1e9)
    small, large = (_digits(speed / 1e9) for _, speed in (peaks.moved[0], peaks.moved[-1]))
    return (
        f"Machine peaks: {double} GFLOP/s in float64, {single} GFLOP/s in float32, {small} GB/s "
        f"(small arrays) to {large} GB/s (large arrays), {time_text(peaks.call_ns)} per call."
    )
