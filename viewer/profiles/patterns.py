"""Tips: slow patterns at a line of code, and faster equivalents to write instead."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from autograd_tools.base.formats import count_text
from autograd_tools.timing import Counts, Operand, Record
from autograd_tools.timing.facts import Fact, Facts
from viewer.profiles.costs import work
from viewer.profiles.machine_peaks import Peaks
from viewer.profiles.roofline import least_time
from viewer.profiles.trials import POWERS, trial_of

CHAINED = "Each call needs the one before: fewer, larger operations help."
INDEPENDENT = "The calls do not need one another: write xs @ w for [x @ w for x in xs]."
RIGHT = "Use np.linalg.solve(A.T, b.T).T for b @ np.linalg.inv(A)."
# Operations that have tips of their own, or none.
PARTS = ("getitem", "setitem", "concatenate", "stack", "getattr")
SMALL, MANY = 1000, 10_000  # elements; the arithmetic on few takes less time than the call

Place: TypeAlias = tuple[str, int]  # a file and a line


class Found(NamedTuple):
    """A pattern at a line: its cost in nanoseconds, and its description.

    `instead` is what to write in this case, `trial` what a trial of it has shown. What is `always`
    said does not depend on the cost.
    """

    ns: int
    pattern: str
    instead: str = ""
    trial: str = ""
    always: bool = False


class LineProfile(NamedTuple):
    """The records of a line of the user's code but tracing, its facts, and the machine's peaks."""

    records: dict[Record, Counts]
    peaks: Peaks | None
    facts: Facts

    def told(self, kind: str) -> list[tuple[Fact, int, int]]:
        """Return the facts of a kind, with the calls that have it, and of how many."""
        return [(fact, *counts) for fact, counts in self.facts.items() if fact.kind == kind]

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

    def ns_of(self, op: str) -> int:
        """Return the nanoseconds of an operation, in all phases but tracing."""
        return self.ns(lambda record: record.op == op)

    @property
    def total_ns(self) -> int:
        """The nanoseconds of the line, in all phases but tracing."""
        return sum(counts.ns for counts in self.records.values())

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
    kinds = {fact.kind for fact in line.facts if fact.op in ops} & {"chained", "independent"}
    instead = INDEPENDENT if "independent" in kinds else CHAINED if kinds else ""
    return Found(spent, f"{', '.join(ops)}, up to {most} small calls per gradient", instead)


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
    return Found(line.ns_of("setitem"), pattern)


@tip("Collect the parts in a list, and call np.concatenate(parts) once after the loop.")
def growing(line: LineProfile) -> Found | None:
    """Find an array that grows by repeated concatenation."""
    shapes = {record.operands[-1].shape for record in line.of("concatenate")}
    if len(shapes) < 10 or line.calls("concatenate") < 10:
        return None
    pattern = f"concatenate, {line.often('concatenate')}, of an array that grows"
    return Found(line.ns_of("concatenate"), pattern)


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


@tip("Compute it once before the loop, and use the result again.")
def again(line: LineProfile) -> Found | None:
    """Find operations that are repeated on equal arguments."""
    spent = {fact.op: line.ns_of(fact.op) * n // calls for fact, n, calls in line.told("repeated")}
    if not any(spent.values()):
        return None
    ops = sorted(spent, key=lambda op: -spent[op])
    n, calls = max((n, calls) for fact, n, calls in line.told("repeated") if fact.op == ops[0])
    pattern = f"{', '.join(ops)}, {count_text(n)} of {count_text(calls)} calls on equal arguments"
    return Found(sum(spent.values()), pattern)


@tip("")
def powers(line: LineProfile) -> Found | None:
    """Find powers that products or roots compute in less time."""
    for fact, n, _ in line.told("exponent"):
        base = max((record.operands[0] for record in line.of("power")), key=size, default=None)
        trial = trial_of("power", fact.detail, (base,)) if base is not None else None
        if trial is not None and trial.is_worth_it:
            spent = line.ns_of("power")
            instead = f"Write {POWERS[fact.detail][0]}."
            return Found(spent, f"x ** {fact.detail}", instead, trial.text(n))
    return None


@tip("Use @ or np.tensordot, or pass optimize=True.")
def einsums(line: LineProfile) -> Found | None:
    """Find matrix products in einsum's own loops."""
    for record in sorted(line.of("einsum"), key=lambda record: -size(record.operands[-1])):
        subscripts, *arrays, _ = record.operands
        trial = trial_of("einsum", subscripts.text, tuple(arrays)) if subscripts.text else None
        if trial is not None and trial.is_worth_it:
            spent = line.ns_of("einsum")
            pattern = "einsum in its own loops, not as a matrix product"
            return Found(spent, pattern, trial=trial.text(line.calls("einsum")))
    return None


@tip("Use np.linalg.solve(A, b) for np.linalg.inv(A) @ b.")
def inverses(line: LineProfile) -> Found | None:
    """Find inverses that only multiply one array."""
    for fact, n, _ in line.told("inverse"):
        side, _, shapes = fact.detail.partition(" ")
        dtype = next((record.operands[0].dtype for record in line.of(fact.op)), "float64")
        arrays = tuple([Operand(dtype, shape, "C") for shape in _shapes(shapes)])
        trial = trial_of("inverse", side, arrays)
        if trial is not None and trial.is_worth_it:
            instead = "" if side == "left" else RIGHT
            spent = line.ns_of(fact.op)
            pattern = "an inverse that only multiplies one array"
            return Found(spent, pattern, instead, trial.text(n))
    return None


@tip(
    "Write np.sum(x * x, 1)[:, None] + np.sum(y * y, 1) - 2 * (x @ y.T), and np.maximum(..., 0) "
    "before a root."
)
def distances(line: LineProfile) -> Found | None:
    """Find squared distances of all pairs that go through an array of all differences."""
    for fact, n, _ in line.told("pairwise"):
        arrays = tuple([Operand("float64", shape, "C") for shape in _shapes(fact.detail)])
        trial = trial_of("pairwise", "", arrays)
        if trial is not None and trial.is_worth_it:
            spent = line.total_ns
            return Found(spent, "squared differences of all pairs", trial=trial.text(n))
    return None


@tip("If corresponding elements are meant, write a[:, 0] - b.")
def outer(line: LineProfile) -> Found | None:
    """Find a column minus a vector, which is a matrix, summed up."""
    for fact, _, _ in line.told("outer"):
        n = max((n for shape in _shapes(fact.detail) for n in shape), default=0)
        pattern = f"{fact.detail} broadcasts to {(n, n)} before the sum"
        return Found(line.ns_of("subtract"), pattern, always=True)
    return None


def _shapes(text: str) -> list[tuple[int, ...]]:
    """Return the shapes in a text such as `(3, 3) (3,)`."""
    shapes = re.findall(r"\([\d, ]*\)", text)
    return [tuple(map(int, re.findall(r"\d{1,9}", shape))) for shape in shapes]


def _is_much(record: Record) -> bool:
    """Return whether a call is mostly arithmetic, and enough to be worth a change."""
    flops, nbytes = work(record)
    return flops is not None and nbytes is not None and flops >= max(1e6, nbytes)
