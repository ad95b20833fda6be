"""Tips: patterns that are known to be slow and that another way to write the same replaces, where they cost much in this run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from autograd_tools import Tape
from autograd_tools.base.formats import count_text, percent_text, time_text
from autograd_tools.timing import Counts, Operand, Record
from viewer.profiles.costs import work
from viewer.profiles.machine_peaks import Peaks
from viewer.profiles.measured import Timed
from viewer.profiles.roofline import least_time, measured
from viewer.profiles.unused import not_asked, unused
from viewer.text.lines import Row, Span, fold, plain
from viewer.text.places import source_text

LEAST = 0.02  # of what was measured; what costs less is not worth a change
NO_TIPS = "No tips: none of the patterns that are known to be slow costs more than 2% of what was measured."
UNSEEN = "Powers, einsum and the order of arrays were not looked at: the peaks of the machine that measured this are not known."
PARTS = (
    "getitem",
    "setitem",
    "concatenate",
    "stack",
    "getattr",
)  # that have tips of their own, or none
SMALL, MANY = 1000, 10_000  # numbers; the arithmetic on few takes less than the call
PHASES = ("forward", "backward")  # what arithmetic is done in


class Line(NamedTuple):
    """All that was measured at a line of the user's code, and the machine's peaks, if they are known."""

    records: dict[Record, Counts]
    peaks: Peaks | None

    def of(self, *ops: str) -> Iterator[tuple[Record, Counts]]:
        """The records of some operations."""
        return ((record, counts) for record, counts in self.records.items() if record.op in ops)

    def calls(self, op: str) -> float:
        """How often an operation ran in each gradient that it has a part in."""
        found = [counts for record, counts in self.of(op) if record.phase == "forward"]
        return sum(counts.calls for counts in found) / max([1, *(counts.steps for counts in found)])

    def ns(self, chosen: Callable[[Record], bool]) -> int:
        """The nanoseconds of the records chosen, in all phases."""
        return sum(counts.ns for record, counts in self.records.items() if chosen(record))

    def takes(self, times: float, chosen: Callable[[Record], bool]) -> bool:
        """Whether the operations and gradients chosen took so many times as long as they had to, all together."""
        if self.peaks is None:
            return False
        found = [
            (record, counts)
            for record, counts in self.records.items()
            if record.phase in PHASES and chosen(record)
        ]
        return (
            sum(counts.ns for _, counts in found)
            > times * sum(c.calls * least_time(r, self.peaks)[1] for r, c in found)
            > 0
        )


class Found(NamedTuple):
    """What a pattern costs at a line, in nanoseconds, and what it is there."""

    ns: int
    what: str


class Tip(NamedTuple):
    """A pattern: how it is found at a line, and what to write instead."""

    find: Callable[[Line], Found | None]
    instead: str


def size(operand: Operand) -> int:
    """How many numbers are in an operand."""
    return math.prod(operand.shape)


def small_calls(line: Line) -> Found | None:
    """Operations that ran often, each time on few numbers."""

    def is_small(record: Record) -> bool:
        return (
            record.op not in PARTS
            and len(record.operands) > 0
            and max(map(size, record.operands)) <= SMALL
        )

    ops = sorted(
        op
        for op in {record.op for record in line.records if is_small(record)}
        if line.calls(op) >= 50
    )
    if not ops:
        return None
    what = f"{', '.join(ops)}, up to {_often(max(map(line.calls, ops)))}, on few numbers each time"
    return Found(line.ns(lambda record: record.op in ops and is_small(record)), what)


def indexing(line: Line) -> Found | None:
    """Rows or numbers of an array, read one by one."""

    def is_single(record: Record) -> bool:
        return (
            record.op == "getitem"
            and len(record.operands) == 3
            and len(record.operands[0].shape) > len(record.operands[-1].shape)
        )

    if not any(map(is_single, line.records)) or line.calls("getitem") < 20:
        return None
    return Found(line.ns(is_single), f"x[i], {_often(line.calls('getitem'))}")


def writing(line: Line) -> Found | None:
    """An array that is filled part by part: the engine copies it each time."""
    numbers = max(
        [size(record.operands[-1]) for record, _ in line.of("setitem") if record.operands],
        default=0,
    )
    if not numbers or line.calls("setitem") < 10:
        return None
    what = f"x[i] = v, {_often(line.calls('setitem'))}, each of which copies {count_text(numbers)} numbers"
    return Found(line.ns(lambda record: record.op == "setitem"), what)


def growing(line: Line) -> Found | None:
    """An array that is joined to itself and more again and again."""
    shapes = {record.operands[-1].shape for record, _ in line.of("concatenate") if record.operands}
    if len(shapes) < 10 or line.calls("concatenate") < 10:
        return None
    what = f"concatenate, {_often(line.calls('concatenate'))}, of a longer array each time"
    return Found(line.ns(lambda record: record.op == "concatenate"), what)


def repeated(line: Line) -> Found | None:
    """A product that broadcasting makes large, and that is summed at once."""
    summed = {
        operand.shape
        for record, _ in line.of("sum", "mean", "matmul", "dot")
        for operand in record.operands[:-1]
    }

    def is_wide(record: Record, argument: int) -> bool:
        if record.op not in ("multiply", "divide") or len(record.operands) != 3:
            return False
        y = record.operands[-1]
        return y.shape in summed and size(record.operands[argument - 1]) * 8 <= size(y) >= MANY

    wide = [
        record
        for record in line.records
        if record.phase == "backward" and is_wide(record, record.argument)
    ]
    if not wide:
        return None
    numbers = count_text(max(size(record.operands[-1]) for record in wide))
    what = f"a product of {numbers} numbers, which are added up right away, and again for the gradient of the smaller factor"
    return Found(line.ns(lambda record: is_wide(record, 1) or is_wide(record, 2)), what)


def widened(line: Line) -> Found | None:
    """float32 that becomes float64, because the other operand is."""

    def is_mixed(record: Record) -> bool:
        kinds = {operand.dtype for operand in record.operands[:-1]}
        return {"float32", "float64"} <= kinds and record.operands[-1].dtype == "float64"

    ops = sorted({record.op for record in line.records if is_mixed(record)})
    what = f"{', '.join(ops)} of float32 and float64, which makes float64 of it and of all that follows"
    return Found(line.ns(is_mixed), what) if ops else None


def strided(line: Line) -> Found | None:
    """Stacks of matrices that do not lie in memory as the fast routines want them."""

    def is_strided(record: Record) -> bool:
        lying = [
            len(operand.shape) > 2 and operand.order in ("F", "strided")
            for operand in record.operands[:-1]
        ]
        return record.op == "matmul" and any(lying) and _is_much(record)

    what = "matmul of stacks of matrices that do not lie in memory one after the other"
    return Found(line.ns(is_strided), what) if line.takes(4, is_strided) else None


def powers(line: Line) -> Found | None:
    """Powers by the general routine, which takes logarithms; those of 2 and 1/2 have others."""

    def is_power(record: Record) -> bool:
        return (
            record.op == "power"
            and len(record.operands) == 3
            and not record.operands[1].shape
            and size(record.operands[-1]) >= MANY
        )

    def is_forward(record: Record) -> bool:
        return is_power(record) and record.phase == "forward"

    def is_backward(record: Record) -> bool:
        return is_power(record) and record.phase == "backward"

    slow = line.takes(15, is_forward) or line.takes(15, is_backward)
    return Found(line.ns(is_power), "x ** p by the routine for any p") if slow else None


def einsums(line: Line) -> Found | None:
    """Products of matrices in einsum's own loops."""

    def is_product(record: Record) -> bool:
        return record.op == "einsum" and _is_much(record)

    what = "einsum in loops of its own, not as a product of matrices"
    return (
        Found(line.ns(lambda record: record.op == "einsum"), what)
        if line.takes(4, is_product)
        else None
    )


def inverses(line: Line) -> Found | None:
    """An inverse that is made to be multiplied with few columns."""
    made = {record.operands[-1].shape for record, _ in line.of("linalg.inv") if record.operands}
    for record, _ in line.of("matmul", "dot"):
        shapes = [operand.shape for operand in record.operands[:2]]
        if (
            len(shapes) == 2
            and shapes[0] in made
            and (len(shapes[1]) < len(shapes[0]) or shapes[1][-1] < shapes[0][-1])
        ):
            return Found(
                line.ns(lambda record: record.op == "linalg.inv"),
                "an inverse that is only multiplied with fewer columns",
            )
    return None


def _is_much(record: Record) -> bool:
    """Whether a call is arithmetic for the most part, and enough of it to be worth another way."""
    flops, nbytes = work(record)
    return flops is not None and nbytes is not None and flops >= max(1e6, nbytes)


def _often(calls: float) -> str:
    return f"{count_text(round(calls))} times a gradient"


# Adding a tip is adding an entry here, and two tests: of a program in which it helps, and of one in which it is not given.
TIPS = (
    Tip(
        small_calls,
        "If no call needs the result of the one before, one call on all of them does it: xs @ w for [x @ w for x in xs].",
    ),
    Tip(
        indexing,
        "Compute with the whole array: x[1:] - x[:-1] for x[i + 1] - x[i] in a loop, x[indices] for many single ones.",
    ),
    Tip(writing, "Collect the parts in a list, and write np.stack(parts) after the loop."),
    Tip(
        growing, "Collect the parts in a list, and write np.concatenate(parts) once after the loop."
    ),
    Tip(
        repeated,
        "Sum first: s * np.sum(x) for np.sum(s * x), s * (A @ x) for (s * A) @ x, x @ w for np.sum(x * w, axis=-1).",
    ),
    Tip(
        widened,
        "Make the float64 one float32 once, with x.astype(np.float32); for a number write one of Python, 2.0 for np.float64(2).",
    ),
    Tip(
        strided,
        "Copy them once before they are used, x = np.ascontiguousarray(x), or change the order of axes where they are made.",
    ),
    Tip(powers, "Write x * x * x for x ** 3, np.sqrt(x) for x ** 0.5, 1 / x for x ** -1."),
    Tip(einsums, "Write it with @ or np.tensordot, or pass optimize=True."),
    Tip(inverses, "Write np.linalg.solve(A, b) for np.linalg.inv(A) @ b."),
)

# Of a tape only: a timer does not know what was asked for.
UNUSED = "Write ag.value(x) for x where its gradient is not needed, or make no ag.Param of it."


def tips(x: Timed, *, width: int | None = None, peaks: Peaks | None = None) -> str:
    """What to write instead of what is known to be slow, a tip in a line, the most expensive first.

    Each names the line of code, what the pattern costs there, forward and backward, and its share of all that was measured; what
    costs no more than 2 % is left out. Of a tape whose gradients were asked for, it tells of those that were not. `x` and `peaks`
    are those of `viewer.arithmetic`; without peaks there is no tip for what can only be told from them: powers, einsum, strided
    arrays.
    """
    return plain(tip_rows(x, width=width, peaks=peaks))


def tip_rows(x: Timed, *, width: int | None = None, peaks: Peaks | None = None) -> Iterator[Row]:
    """The rows of `tips`, in spans of a style each."""
    records, peaks = measured(x, peaks)
    whole = sum(counts.ns for counts in records.values())
    found = [
        (place, *pair) for place, line in _lines(records, peaks).items() for pair in _found(line)
    ]
    if isinstance(x, Tape):
        found += [(place, told, UNUSED) for place, told in _unused(x)]
    found = [
        row for row in found if row[0][0] and row[1].ns > LEAST * whole
    ]  # of a line that is known
    for (file, at), (ns, what), instead in sorted(found, key=lambda row: (-row[1].ns, row[0])):
        spent = f": {time_text(ns)}, {percent_text(ns, whole)}: "
        place = Span(source_text(file, at), "cyan", (file, at))
        yield from fold([place, Span(spent, "bold"), Span(f"{what}. {instead}")], width)
    if not found:
        yield from fold([Span(NO_TIPS if peaks else f"{NO_TIPS} {UNSEEN}", "dim")], width)


def _lines(records: dict[Record, Counts], peaks: Peaks | None) -> dict[tuple[str, int], Line]:
    lines: dict[tuple[str, int], Line] = {}
    for record, counts in records.items():
        lines.setdefault((record.file, record.line), Line({}, peaks)).records[record] = counts
    return lines


def _found(line: Line) -> Iterator[tuple[Found, str]]:
    for tip in TIPS:
        found = tip.find(line)
        if found is not None:
            yield found, tip.instead


def _unused(tape: Tape) -> Iterator[tuple[tuple[str, int], Found]]:
    names = not_asked(tape)
    some = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    for place, ns in unused(tape.trace(), {index + 1 for index in tape.asked}).items():
        yield place, Found(ns, f"gradients for {some}, which nobody has asked for")
