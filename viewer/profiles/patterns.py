"""Tips: slow patterns at a line of code, and faster equivalents to write instead."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import numpy as np

from autograd_tools import Tape, Trace
from autograd_tools.base.formats import count_text, percent_text, time_text
from autograd_tools.timing import Counts, Operand, Record
from viewer.inputs import as_trace, kind_of
from viewer.profiles.costs import work
from viewer.profiles.machine_peaks import Peaks
from viewer.profiles.measured import Timed
from viewer.profiles.roofline import least_time, measured
from viewer.text.lines import Row, Span, fold, plain
from viewer.text.places import source_text

LEAST = 0.02  # the share of the measured time below which there is no tip
NO_TIPS = "No tips: no known slow pattern exceeds 2% of the measured time."
AGAIN = "As above."  # for what a tip of an earlier line says
UNSEEN = "Powers, einsum and strided matmul were not checked: the machine's peaks are unknown."
# Operations that have tips of their own, or none.
PARTS = ("getitem", "setitem", "concatenate", "stack", "getattr")
FEWEST_CALLS, MOST_CHAINS = 50, 64  # in a search for chains
SMALL, MANY = 1000, 10_000  # elements; the arithmetic on few takes less time than the call

Place: TypeAlias = tuple[str, int]  # a file and a line


class Found(NamedTuple):
    """A pattern at a line: its cost in nanoseconds, and its description."""

    ns: int
    pattern: str


class LineProfile(NamedTuple):
    """The records of a line of the user's code but tracing, and the machine's peaks if known."""

    records: dict[Record, Counts]
    peaks: Peaks | None

    def of(self, *ops: str) -> Iterator[Record]:
        """Yield the records of some operations whose operands are known."""
        return (record for record in self.records if record.op in ops and record.operands)

    def calls(self, op: str) -> float:
        """Return the calls of an operation per gradient that contains it."""
        found = [
            counts
            for record, counts in self.records.items()
            if (record.op, record.phase) == (op, "forward")
        ]
        return sum(counts.calls for counts in found) / max([1, *(counts.steps for counts in found)])

    def often(self, op: str) -> str:
        """Return `20 times per gradient`."""
        return f"{count_text(round(self.calls(op)))} times per gradient"

    def ns(self, chosen: Callable[[Record], bool]) -> int:
        """Return the nanoseconds of the chosen records, in all phases but tracing."""
        return sum(counts.ns for record, counts in self.records.items() if chosen(record))

    def is_slow(self, times: float, chosen: Callable[[Record], bool], *phases: str) -> bool:
        """Return whether the chosen records took more than `times` the least possible time."""
        if self.peaks is None:
            return False
        ns, least = 0, 0.0
        for record, counts in self.records.items():
            if record.phase in (phases or ("forward", "backward")) and chosen(record):
                ns += counts.ns
                least += counts.calls * least_time(record, self.peaks)[1]
        return ns > times * least > 0


Finder: TypeAlias = Callable[[LineProfile], Found | None]
TIPS: list[tuple[Finder, str]] = []  # functions that find a pattern, and what to write instead


def tip(instead: str) -> Callable[[Finder], Finder]:
    """Add a tip to TIPS: decorate a function that finds the pattern at a line.

    To add one, write such a function below, and a case of the same name in `test_tips.py`: a
    program that gets the tip, and programs that look alike and do not.
    """

    def add(find: Finder) -> Finder:
        TIPS.append((find, instead))
        return find

    return add


def size(operand: Operand) -> int:
    """Return the number of elements of an operand."""
    return math.prod(operand.shape)


@tip("If the calls are independent, batch them into one: xs @ w for [x @ w for x in xs].")
def small_calls(line: LineProfile) -> Found | None:
    """Find operations that run often on few elements."""

    def is_small(record: Record) -> bool:
        sizes = map(size, record.operands)
        return record.op not in PARTS and max(sizes, default=MANY) <= SMALL

    ops = sorted({record.op for record in line.records if is_small(record)})
    ops = [op for op in ops if line.calls(op) >= 50]
    if not ops:
        return None
    most = count_text(round(max(map(line.calls, ops))))
    spent = line.ns(lambda record: record.op in ops and is_small(record))
    return Found(spent, f"{', '.join(ops)}, up to {most} small calls per gradient")


@tip(
    "Operate on the whole array: x[1:] - x[:-1] for x[i + 1] - x[i] in a loop, x[indices] for many "
    "single elements."
)
def indexing(line: LineProfile) -> Found | None:
    """Find rows or elements of an array that are read one by one."""

    def is_single(record: Record) -> bool:
        if record.op != "getitem" or len(record.operands) != 3:
            return False
        return len(record.operands[0].shape) > len(record.operands[-1].shape)

    if not any(map(is_single, line.records)) or line.calls("getitem") < 20:
        return None
    return Found(line.ns(is_single), f"x[i], {line.often('getitem')}")


@tip("Collect the parts in a list, and call np.stack(parts) after the loop.")
def writing(line: LineProfile) -> Found | None:
    """Find an array that is filled part by part, which copies it each time."""
    elements = max([size(record.operands[-1]) for record in line.of("setitem")], default=0)
    if not elements or line.calls("setitem") < 10:
        return None
    pattern = f"x[i] = v, {line.often('setitem')}, each copying {count_text(elements)} elements"
    return Found(line.ns(lambda record: record.op == "setitem"), pattern)


@tip("Collect the parts in a list, and call np.concatenate(parts) once after the loop.")
def growing(line: LineProfile) -> Found | None:
    """Find an array that grows by repeated concatenation."""
    shapes = {record.operands[-1].shape for record in line.of("concatenate")}
    if len(shapes) < 10 or line.calls("concatenate") < 10:
        return None
    pattern = f"concatenate, {line.often('concatenate')}, of an array that grows"
    return Found(line.ns(lambda record: record.op == "concatenate"), pattern)


@tip(
    "Sum first: s * np.sum(x) for np.sum(s * x), s * (A @ x) for (s * A) @ x, x @ w for "
    "np.sum(x * w, axis=-1)."
)
def repeated(line: LineProfile) -> Found | None:
    """Find a product that broadcasting makes large and that is summed at once."""
    sums = line.of("sum", "mean", "matmul", "dot")
    summed = {operand.shape for record in sums for operand in record.operands[:-1]}

    def is_wide(record: Record, *arguments: int) -> bool:
        if record.op not in ("multiply", "divide") or len(record.operands) != 3:
            return False
        y = record.operands[-1]
        smallest = min(size(record.operands[n - 1]) for n in arguments)
        return y.shape in summed and smallest * 8 <= size(y) >= MANY

    wide = [
        size(record.operands[-1])
        for record in line.records
        if record.phase == "backward" and is_wide(record, record.argument)
    ]
    if not wide:
        return None
    product = f"a broadcast product of {count_text(max(wide))} elements"
    pattern = f"{product}, summed at once, and again for the gradient of its smaller factor"
    return Found(line.ns(lambda record: is_wide(record, 1, 2)), pattern)


@tip(
    "Convert the float64 one once, with x.astype(np.float32); write a number as Python's, 2.0 for "
    "np.float64(2)."
)
def widened(line: LineProfile) -> Found | None:
    """Find float32 that is promoted to float64 by the other operand."""

    def is_mixed(record: Record) -> bool:
        types = {operand.dtype for operand in record.operands[:-1]}
        return {"float32", "float64"} <= types and record.operands[-1].dtype == "float64"

    ops = sorted({record.op for record in line.records if is_mixed(record)})
    pattern = f"{', '.join(ops)} of float32 and float64, which promotes all that follows to float64"
    return Found(line.ns(is_mixed), pattern) if ops else None


@tip(
    "Copy them once before use, x = np.ascontiguousarray(x), or create them in another axis order."
)
def strided(line: LineProfile) -> Found | None:
    """Find stacks of matrices in a memory layout that the fast routines do not take."""

    def is_strided(record: Record) -> bool:
        stacks = [operand for operand in record.operands[:-1] if len(operand.shape) > 2]
        is_apart = any(operand.order in ("F", "strided") for operand in stacks)
        return record.op == "matmul" and is_apart and _is_much(record)

    pattern = "matmul of stacks of matrices that are not contiguous"
    return Found(line.ns(is_strided), pattern) if line.is_slow(4, is_strided) else None


@tip("Write x * x * x for x ** 3, np.sqrt(x) for x ** 0.5, 1 / x for x ** -1.")
def powers(line: LineProfile) -> Found | None:
    """Find powers by the general routine; NumPy has others for 2 and 1/2."""

    def is_power(record: Record) -> bool:
        if record.op != "power" or len(record.operands) != 3:
            return False
        return not record.operands[1].shape and size(record.operands[-1]) >= MANY

    if line.is_slow(15, is_power, "forward") or line.is_slow(15, is_power, "backward"):
        return Found(line.ns(is_power), "x ** p by the general routine")
    return None


@tip("Use @ or np.tensordot, or pass optimize=True.")
def einsums(line: LineProfile) -> Found | None:
    """Find matrix products in einsum's own loops."""
    if not line.is_slow(4, lambda record: record.op == "einsum" and _is_much(record)):
        return None
    pattern = "einsum in its own loops, not as a matrix product"
    return Found(line.ns(lambda record: record.op == "einsum"), pattern)


@tip("Use np.linalg.solve(A, b) for np.linalg.inv(A) @ b.")
def inverses(line: LineProfile) -> Found | None:
    """Find an inverse that is multiplied with few columns."""
    inverted = {record.operands[-1].shape for record in line.of("linalg.inv")}
    for record in line.of("matmul", "dot"):
        a, b, *_ = [operand.shape for operand in record.operands]
        if a in inverted and (len(b) < len(a) or b[-1] < a[-1]):
            pattern = "an inverse that only multiplies a matrix of fewer columns"
            return Found(line.ns(lambda record: record.op == "linalg.inv"), pattern)
    return None


def _is_much(record: Record) -> bool:
    """Return whether a call is mostly arithmetic, and enough to be worth a change."""
    flops, nbytes = work(record)
    return flops is not None and nbytes is not None and flops >= max(1e6, nbytes)


# For a tape or trace only: a timer does not know what a call needs.
CHAINED = "Each call needs the one before: fewer, larger operations help."


def chained(trace: Trace) -> set[Place]:
    """Return the lines whose calls need one another, one after the other, as in time stepping.

    Of each operation that a line calls often, the longest chain has half of the calls or more.
    """
    columns = trace.columns
    keys = list(zip(columns.file, columns.line, columns.op, strict=True))
    calls = Counter(key for key in keys if key[-1])
    often = [key for key, count in calls.most_common(MOST_CHAINS) if count >= FEWEST_CALLS]
    number = {key: n for n, key in enumerate(often)}
    longest = np.zeros((len(keys) + 1, len(often)), np.int32)  # by node, the chains to it
    for id, parents in enumerate(columns.parents, 1):
        if parents:
            longest[id] = longest[list(parents)].max(axis=0)
        if (n := number.get(keys[id - 1])) is not None:
            longest[id, n] += 1
    most = longest.max(axis=0, initial=0).tolist()
    independent = {key[:2] for key, n in number.items() if 2 * most[n] < calls[key]}
    return {key[:2] for key in often} - independent


# For a tape only: a timer does not know which gradients were read.
UNUSED = "Write ag.value(x) for x where its gradient is not needed, or do not make it an ag.Param."


def unused(trace: Trace, read: set[int]) -> dict[Place, int]:
    """Return the nanoseconds of gradients that lead to none of the nodes `read`, by line.

    Nothing is known if no gradient was read: they may have been read in another way.
    """
    spent: dict[Place, int] = defaultdict(int)
    wanted = {0: False}  # by node; 0 stands for a constant
    for node in trace if read else ():
        wanted[node.id] = node.id in read or any(wanted[parent] for parent in node.parents)
        for argument, ns in (node.backward_ns or {}).items():
            if node.file and not any(wanted[parent] for parent in node.args[argument - 1].nodes):
                spent[node.file, node.line] += ns
    return dict(spent)


def unread_params(tape: Tape) -> list[str]:
    """Return the names or values of the Params of a tape whose gradients were not read."""
    params = (node for node in tape.trace() if node.kind == "param")
    return [node.name or node.call for node in params if node.id - 1 not in tape.asked]


def tips(x: Timed, *, width: int | None = None, peaks: Peaks | None = None) -> str:
    """Return faster equivalents for slow patterns, a tip a line, the most expensive first.

    Parameters
    ----------
    x : Timer, Tape, Trace, str or path
        A timer that knows shapes (`autograd-tools profile`, or AUTOGRAD_TIMER=shapes), a tape or
        trace recorded while a timer was on, or the path of a saved one. A tape or trace tells
        whether calls of a line need one another. Of a tape, gradients that were computed and not
        read get a tip, too.
    width : int, optional
        Columns of the terminal; without it nothing is folded.
    peaks : Peaks, optional
        The peaks of the machine that measured, if they are not saved with `x`. Without peaks there
        is no tip on powers, einsum and strided arrays.

    Returns
    -------
    str
        Each tip with its line of code, the time of the pattern there as in a table of hotspots, and
        its share of the measured time. Patterns of 2 % or less get no tip.

    Raises
    ------
    ValueError
        If the shapes of arrays were not measured.
    """
    return plain(tip_rows(x, width=width, peaks=peaks))


def tip_rows(x: Timed, *, width: int | None = None, peaks: Peaks | None = None) -> Iterator[Row]:
    """Yield the rows of `tips`, as styled spans."""
    known, peaks = measured(x, peaks)
    records = {record: counts for record, counts in known.items() if record.phase != "record"}
    whole = sum(counts.ns for counts in records.values())
    lines: dict[Place, LineProfile] = {}
    for record, counts in records.items():
        place = record.file, record.line
        lines.setdefault(place, LineProfile({}, peaks)).records[record] = counts
    given = [
        (place, found, instead)
        for place, line in lines.items()
        for find, instead in TIPS
        if (found := find(line)) is not None
    ]
    if kind_of(x) == "trace":
        steps = chained(as_trace(x))  # type: ignore[arg-type]  # it has one
        batch = next(instead for find, instead in TIPS if find is small_calls)
        given = [
            (place, found, CHAINED if instead is batch and place in steps else instead)
            for place, found, instead in given
        ]
    if isinstance(x, Tape):
        names = unread_params(x)
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        pattern = f"gradients of {', '.join(names[:3])}{more}, which nothing reads"
        wasted = unused(x.trace(), {index + 1 for index in x.asked})
        given += [(place, Found(ns, pattern), UNUSED) for place, ns in wasted.items()]
    given = [row for row in given if row[0][0] and row[1].ns > LEAST * whole]  # of known lines
    said: set[str] = set()
    for place, (ns, pattern), instead in sorted(given, key=lambda row: (-row[1].ns, row[0])):
        spent = f": {time_text(ns)}, {percent_text(ns, whole)}: "
        link = Span(source_text(*place), "cyan", place)
        advice = AGAIN if instead in said else instead
        yield from fold([link, Span(spent, "bold"), Span(f"{pattern}. {advice}")], width)
        said.add(instead)
    if not given:
        yield from fold([Span(NO_TIPS if peaks else f"{NO_TIPS} {UNSEEN}", "dim")], width)
