"""Tips on the structure of gradients, each confirmed by a trial of the rewrite."""

from __future__ import annotations

import math
import re

from autograd_tools.base.formats import count_text, memory_text
from autograd_tools.timing import Operand, Record
from autograd_tools.timing.samples import Trial
from viewer.profiles.costs import work
from viewer.profiles.line_profile import Found, LineProfile, size, tip
from viewer.profiles.rewrites import MOST_COPIED, calls_in, shapes_in
from viewer.profiles.trials import is_worth_it

FACTORING = ("linalg.cholesky", "linalg.det", "linalg.inv", "linalg.slogdet", "linalg.solve")
TRACKED = {"both": (0, 1), "array": (0,), "elements": (1,)}  # of a convolution
LARGE = 1 << 20  # bytes of tapes
MOST_FOLLOW = 5  # operations to try in float32
MOST_TRIED = 20  # calls that factor a matrix


@tip("")
def powers(line: LineProfile) -> Found | None:
    """Find powers that products or roots compute in less time."""
    for fact, n, _ in line.told("exponent"):
        base = max((record.operands[0] for record in line.of("power")), key=size, default=None)
        trial = base and line.trial("power", fact.detail, (base,), ("power",))
        if trial:
            pattern = f"x ** {fact.detail}"
            return Found(line.ns_of("power"), pattern, trial=trial, times=n)
    return None


@tip("")
def einsums(line: LineProfile) -> Found | None:
    """Find matrix products in einsum's own loops."""
    for record in sorted(line.of("einsum"), key=lambda record: -size(record.operands[-1])):
        subscripts, *arrays, _ = record.operands
        tracked = [i - 1 for i in tracked_in(line, record)]
        if subscripts.text:
            trial = line.trial("einsum", subscripts.text, arrays, ("einsum",), tracked)
            if trial is not None:
                calls = line.calls("einsum")
                pattern = "einsum without a matrix product"
                return Found(line.ns_of("einsum"), pattern, trial=trial, times=calls)
    return None


@tip("")
def inverses(line: LineProfile) -> Found | None:
    """Find inverses that only multiply one array."""
    if any(" inv (" in fact.detail for fact, _, _ in line.told("factored")) and factored(line):
        return None
    for fact, n, _ in line.told("inverse"):
        side, _, shapes = fact.detail.partition(" ")
        arrays = [Operand(_dtype(line, fact.op), shape, "C") for shape in shapes_in(shapes)]
        trial = line.trial("inverse", side, arrays, (fact.op,))
        if trial is not None:
            pattern = "an inverse that only multiplies one array"
            return Found(line.ns_of(fact.op), pattern, trial=trial, times=n)
    return None


@tip("")
def associated(line: LineProfile) -> Found | None:
    """Find products of matrices that take fewer multiplications in the other order."""
    for fact, n, _ in line.told("associated"):
        detail, _, tracked = fact.detail.partition(" tracked ")
        arrays = [Operand(_dtype(line, fact.op), shape, "C") for shape in shapes_in(detail)]
        trial = line.trial("associated", detail, arrays, (), [*map(int, tracked.split())])
        if trial is not None:
            pattern = f"a product of {len(arrays)} arrays, faster in the other order"
            spent = line.ns_of("matmul") + line.ns_of("dot")
            return Found(spent, pattern, trial=trial, times=n)
    return None


def _dtype(line: LineProfile, *ops: str) -> str:
    """Return the dtype of the first argument of an operation."""
    return next((record.operands[0].dtype for record in line.of(*ops)), "float64")


@tip("")
def distances(line: LineProfile) -> Found | None:
    """Find squared distances of all pairs that go through an array of all differences."""
    for fact, n, _ in line.told("pairwise"):
        dtype = _dtype(line, "subtract")
        arrays = [Operand(dtype, shape, "C") for shape in shapes_in(fact.detail)]
        trial = line.trial("pairwise", "", arrays, ("subtract",))
        if trial is not None:
            pattern = "squared differences of all pairs"
            return Found(line.total_ns, pattern, trial=trial, times=n)
    return None


@tip("")
def factored(line: LineProfile) -> Found | None:
    """Find matrices that several calls factor, at one line or more."""
    for fact, n, _ in line.told("factored"):
        detail, total = _few(fact.detail)
        calls = calls_in(detail)
        rights = [call for call in calls if call.shape]
        shapes = [*shapes_in(detail)[:1], *[call.shape for call in rights]]
        arrays = [Operand(_dtype(line, *FACTORING), shape, "C") for shape in shapes]
        tracked = [i for i, call in enumerate(rights, 1) if call.is_tracked]
        tracked = tracked if " constant;" in detail else [0, *tracked]
        trial = line.trial("factored", detail, arrays, FACTORING, tracked)
        if trial is None:
            continue
        lines = sorted({call.line for call in calls})
        where = f" at lines {', '.join(map(str, lines))}" if len(lines) > 1 else ""
        ops = ", ".join(sorted({call.op for call in calls}))
        pattern = f"{ops} of one matrix, {count_text(total)} calls{where}"
        times = n * total / sum(call.number for call in calls)
        group = f"{fact.file} {fact.detail}"
        spent = sum(map(line.ns_of, FACTORING))
        return Found(spent, pattern, trial=trial, times=times, group=group)
    return None


def _few(detail: str) -> tuple[str, int]:
    """Return the calls to try, which are fewer where there are many, and the number of all."""
    total = sum(call.number for call in calls_in(detail))
    few = re.sub(r" x(\d{1,6})", lambda n: f" x{min(int(n[1]), MOST_TRIED)}", detail)
    return few, total


@tip("")
def strided(line: LineProfile) -> Found | None:
    """Find stacks of matrices in a memory layout that the fast routines do not take."""

    def is_strided(record: Record) -> bool:
        stacks = [operand for operand in record.operands[:-1] if len(operand.shape) > 2]
        is_apart = any(operand.order in ("F", "strided") for operand in stacks)
        return record.op == "matmul" and is_apart and _is_much(record)

    for fact, n, _ in line.told("strided") if line.is_slow(4, is_strided) else ():
        a, a_order, b, b_order = shapes_in(fact.detail)
        layouts = ((a, a_order), (b, b_order))
        shapes = [tuple([shape[axis] for axis in order]) for shape, order in layouts]
        arrays = [Operand(_dtype(line, "matmul"), shape, "C") for shape in shapes]
        tracked = {i for r in line.of("matmul") if is_strided(r) for i in tracked_in(line, r)}
        trial = line.trial("strided", fact.detail, arrays, (), sorted(tracked))
        if trial is not None:
            pattern = "matmul of stacks of matrices that are not contiguous"
            return Found(line.ns(is_strided), pattern, trial=trial, times=n)
    return None


def _is_much(record: Record) -> bool:
    """Return whether a call is mostly arithmetic, and enough to be worth a change."""
    flops, nbytes = work(record)
    return flops is not None and nbytes is not None and flops >= max(1e6, nbytes)


@tip("")
def shifted(line: LineProfile) -> Found | None:
    """Find convolutions as sums of shifted slices."""
    for fact, n, _ in line.told("shifted"):
        whole, kernel, _ = shapes_in(fact.detail)
        arrays = [Operand(_dtype(line, fact.op), shape, "C") for shape in (whole, kernel)]
        tracked = TRACKED[fact.detail.rpartition(" ")[2]]
        trial = line.trial("shifted", fact.detail, arrays, (), tracked)
        if trial is not None:
            taps = count_text(size(arrays[1]))
            times = n / size(arrays[1])
            pattern = f"a convolution as a sum of {taps} shifted slices"
            return Found(line.total_ns, pattern, trial=trial, times=times)
    return None


@tip("")
def windows(line: LineProfile) -> Found | None:
    """Find stacks of slices of one array."""
    for fact, n, _ in line.told("windows"):
        array = Operand(_dtype(line, "getitem"), shapes_in(fact.detail)[0], "C")
        trial = line.trial("windows", fact.detail, (array,))
        if trial is not None:
            count = fact.detail.rpartition(" ")[2]
            pattern = f"a stack of {count} slices of one array"
            return Found(line.total_ns, pattern, trial=trial, times=n)
    return None


@tip("")
def growing(line: LineProfile) -> Found | None:
    """Find an array that grows by repeated concatenation."""
    for fact, n, _ in line.told("growing"):
        part = Operand(_dtype_of_result(line, fact.op), shapes_in(fact.detail)[0], "C")
        detail, _, parts = fact.detail.rpartition(" ")
        # Of many parts, fewer are tried: the time grows with their square.
        count = min(int(parts), max(math.isqrt(3 * MOST_COPIED // max(size(part), 1)), 2))
        trial = line.trial("growing", f"{detail} {count}", (part,))
        if trial is not None:
            pattern = f"concatenate, {line.often(fact.op)}, of a growing array"
            return Found(line.ns_of(fact.op), pattern, trial=trial, times=n / count)
    return None


def _dtype_of_result(line: LineProfile, op: str) -> str:
    return next((record.operands[-1].dtype for record in line.of(op)), "float64")


@tip("")
def widened(line: LineProfile) -> Found | None:
    """Find the operand that promotes float32 to float64, with all that follows."""
    for fact, _, _ in line.told("promoted"):
        number, dtype, kind, code = fact.detail.split(" ", 3)
        trial, spent = _narrowed(line)
        if trial is not None:
            name = code or f"argument {number}"
            pattern = (
                f"{fact.op} of float32 and {name}, a {dtype} {kind}: "
                "all later operations are float64"
            )
            instead = f"Convert it once, {code or 'x'}.astype(np.float32)."
            if kind == "number":
                instead = f"Write float({code or 'x'}), a Python number."
            return Found(spent, pattern, instead, trial)
    return None


def _narrowed(line: LineProfile) -> tuple[Trial | None, int]:
    """Try the costliest operations that float64 reaches in float32, and return their time."""
    reached = {
        (record.op, record.operands): (other, record)
        for other in line.lines.values()
        for fact in other.facts
        if fact.kind in ("promoted", "follows")
        for record in other.of(fact.op)
        if record.phase == "forward" and record.operands[-1].dtype == "float64"
    }
    costs = {key: _ns_of_equal(*own) for key, own in reached.items()}
    trials, spent = list[Trial](), 0
    for key in sorted(reached, key=lambda key: -costs[key])[:MOST_FOLLOW]:
        other, record = reached[key]
        tracked = tracked_in(other, record)
        trial = other.tried("narrowed", record.op, record.operands[:-1], (), tracked)
        if trial is not None and trial.difference < trial.tolerance:
            counts = other.records[record]
            calls = counts.calls / max(counts.steps, 1)
            before, after = round(trial.before_ns * calls), round(trial.after_ns * calls)
            trials.append(trial._replace(before_ns=before, after_ns=after))
            spent += costs[key]
    if not trials:
        return None, 0
    worst = max(trials, key=lambda trial: trial.difference)
    whole = worst._replace(
        before_ns=sum([trial.before_ns for trial in trials]),
        after_ns=sum([trial.after_ns for trial in trials]),
    )
    return (whole if is_worth_it(whole) else None), spent


def _ns_of_equal(line: LineProfile, record: Record) -> int:
    """Return the nanoseconds of an operation on such operands at a line, in all phases."""
    return line.ns(lambda other: (other.op, other.operands) == (record.op, record.operands))


def tracked_in(line: LineProfile, record: Record) -> list[int]:
    """Return the positions of the arguments of a call whose gradients were computed."""
    own = [r for r in line.of(record.op) if r.operands == record.operands and r.argument]
    return sorted({r.argument - 1 for r in own})


@tip("Write ag.value(x) for x where its gradient is not needed, or do not make it an ag.Param.")
def unread(line: LineProfile) -> Found | None:
    """Find gradients that were computed, and that lead to none that was read."""
    spent, names = 0, ""
    for fact, n, calls in line.told("unread"):
        argument, _, names = fact.detail.partition(" ")
        own = [
            counts.ns
            for record, counts in line.records.items()
            if (record.op, str(record.argument)) == (fact.op, argument)
        ]
        spent += sum(own) * n // max(calls, 1)
    return Found(spent, f"gradients of {names}, which are never read") if names else None


@tip("Keep ag.value(J), a number, instead of the tape.")
def kept(line: LineProfile) -> Found | None:
    """Find tapes that stay alive, step by step."""
    for fact, n, made in line.told("kept"):
        nbytes = n * int(fact.detail)
        if nbytes > LARGE:
            alive = f"{count_text(n)} of {count_text(made)} tapes created here were alive at once"
            return Found(0, f"{alive}, with {memory_text(nbytes)} of arrays", always=True)
    return None
