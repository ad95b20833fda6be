"""Tips on slow patterns in the records of a line."""

from __future__ import annotations

from autograd_tools.base.formats import count_text
from autograd_tools.timing import Record
from viewer.profiles.line_profile import Found, LineProfile, size, tip
from viewer.profiles.rewrites import shapes_in

CHAINED = (
    "Each call depends on the previous one: ag.compile makes calls cheaper, and fewer, larger "
    "operations help as well."
)
INDEPENDENT = "The calls are independent: write xs @ w for [x @ w for x in xs]."
# Operations that have tips of their own, or none.
PARTS = ("getitem", "setitem", "concatenate", "stack", "getattr")
MUCH = 0.2  # of the measured time, where there is no simple rewrite
SMALL, MANY = 1000, 10_000  # elements; the arithmetic on few takes less time than the call


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
    pattern = f"{', '.join(ops)}, up to {most} small calls per gradient"
    if kinds == {"chained"}:
        return Found(spent, pattern, CHAINED, least=MUCH)
    return Found(spent, pattern, INDEPENDENT if kinds else "")


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

    told = [*line.told("repeated"), *line.told("scattered")]
    others = sum(n for fact, n, _ in told if fact.op == "getitem")
    if not any(map(is_single, line.records)) or line.calls("getitem") - others < 20:
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


@tip(
    "Sum first: s * np.sum(x) for np.sum(s * x), s * (A @ x) for (s * A) @ x, x @ w for "
    "np.sum(x * w, axis=-1)."
)
def repeated(line: LineProfile) -> Found | None:
    """Find a product that broadcasting makes large and that is summed at once."""
    summed = {(fact.op, *shapes_in(fact.detail)) for fact, _, _ in line.told("summed")}

    def is_wide(record: Record, *arguments: int) -> bool:
        if record.op not in ("multiply", "divide") or len(record.operands) != 3:
            return False
        y = record.operands[-1]
        smallest = min(size(record.operands[n - 1]) for n in arguments)
        return (record.op, y.shape) in summed and smallest * 8 <= size(y) >= MANY

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


@tip("Call it once, after the loop.")
def unused(line: LineProfile) -> Found | None:
    """Find lists that are joined at each step of a loop, of which only the last is used."""
    spent = {fact.op: line.ns_of(fact.op) * n // calls for fact, n, calls in line.told("unused")}
    pattern = f"{', '.join(spent)} of a growing list, most results unused"
    return Found(sum(spent.values()), pattern) if spent else None


@tip("Compute it once before the loop, and reuse the result.")
def again(line: LineProfile) -> Found | None:
    """Find operations that are repeated on equal arguments."""
    spent = {fact.op: line.ns_of(fact.op) * n // calls for fact, n, calls in line.told("repeated")}
    if not any(spent.values()):
        return None
    ops = sorted(spent, key=lambda op: -spent[op])
    n, calls = max((n, calls) for fact, n, calls in line.told("repeated") if fact.op == ops[0])
    pattern = f"{', '.join(ops)}, {count_text(n)} of {count_text(calls)} calls on equal arguments"
    return Found(sum(spent.values()), pattern)


@tip("If corresponding elements are meant, write a[:, 0] - b.")
def outer(line: LineProfile) -> Found | None:
    """Find a column minus a vector, which is a matrix, summed up."""
    for fact, _, _ in line.told("outer"):
        n = max((n for shape in shapes_in(fact.detail) for n in shape), default=0)
        pattern = f"{fact.detail} broadcasts to {(n, n)} before the sum"
        return Found(line.ns_of("subtract"), pattern, always=True)
    return None
