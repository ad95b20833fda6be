"""Hotspots as data: records grouped by operation, argument, line, shape or scope."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from autograd_tools.base.text import one_line, unknown
from autograd_tools.timing import Counts, Operand, Record
from autograd_tools.timing.records import PHASES
from viewer.text.places import NO_LINE, OUTSIDE, scope_text, source_text


@dataclass(slots=True)
class Usage:
    """Sums over records: calls, nanoseconds by phase, and bytes allocated and saved for backward.

    `arguments` holds the nanoseconds of the backward phase by argument, such as `matmul[2]`.
    """

    calls: int = 0
    ns: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PHASES, 0))
    allocated: int = 0
    saved: int = 0
    arguments: dict[str, int] = field(default_factory=dict)

    @property
    def total_ns(self) -> int:
        """The time of all phases but tracing: most of that is the cost of measuring."""
        return sum(self.ns.values()) - self.ns["record"]

    def add_record(self, record: Record, counts: Counts, counted: tuple[str, ...]) -> None:
        """Add a record, whose calls count if its phase is among those `counted`."""
        self.calls += counts.calls * (record.phase in counted)
        self.ns[record.phase] += counts.ns
        self.allocated += counts.nbytes
        self.saved += counts.kept
        if record.phase == "backward":
            self.arguments[record.label] = self.arguments.get(record.label, 0) + counts.ns

    def add(self, other: Usage) -> None:
        """Add other sums."""
        self.calls += other.calls
        self.allocated += other.allocated
        self.saved += other.saved
        for mine, others in ((self.ns, other.ns), (self.arguments, other.arguments)):
            for name, ns in others.items():
                mine[name] = mine.get(name, 0) + ns


def sum_of(parts: Iterable[Usage]) -> Usage:
    """Return the sum of sums."""
    total = Usage()
    for part in parts:
        total.add(part)
    return total


@dataclass(frozen=True, slots=True)
class Hotspot:
    """A group of records: its own usage, and the total that includes the groups inside it."""

    key: Any
    self_usage: Usage
    total_usage: Usage


@dataclass(frozen=True)
class Grouping:
    """A way to group records: `header` names a group's kind, `name` a group, `facts` are its key.

    In a hierarchy `parent` returns the group around one, or None.
    """

    header: str
    key: Callable[[Record], Hashable]
    name: Callable[[Any], str]
    facts: Callable[[Any], dict[str, Any]]
    counted: tuple[str, ...] = ("forward",)  # phases whose calls count
    parent: Callable[[Any], Any] = lambda key: None
    # Headers of the times of a row, first the one that its other figures belong to.
    times: tuple[str, ...] = ("total",)
    is_tree: bool = False  # rows follow the group around them and include the groups inside

    def shown(self, spot: Hotspot) -> Usage:
        """Return the usage that a row shows."""
        return spot.total_usage if self.is_tree else spot.self_usage


def hotspots_of(records: Mapping[Record, Counts], by: str) -> list[Hotspot]:
    """Return the groups of records, the most expensive first; in a tree below their parents."""
    grouping = grouping_of(by)
    own: dict[Any, Usage] = {}
    for record, counts in records.items():
        own.setdefault(grouping.key(record), Usage()).add_record(record, counts, grouping.counted)
    if by == "shape" and own and not any(record.operands for record in records):
        raise ValueError(
            "this profile has no shapes: set AUTOGRAD_TIMER=shapes before autograd_tools is "
            "imported"
        )
    spots = _with_totals(own, grouping)
    spots.sort(key=lambda spot: (-spot.self_usage.total_ns, -spot.total_usage.total_ns))
    return _as_tree(spots, grouping) if grouping.is_tree else spots


def grouping_of(by: str) -> Grouping:
    """Return the grouping of a name; raise ValueError for another."""
    if by not in GROUPINGS:
        raise unknown("grouping", by, GROUPINGS)
    return GROUPINGS[by]


def _with_totals(own: dict[Any, Usage], grouping: Grouping) -> list[Hotspot]:
    """Return a hotspot for each group, and for each parent without a usage of its own."""
    for key in list(own):
        parent = grouping.parent(key)
        while parent is not None and parent not in own:
            own[parent] = Usage()
            parent = grouping.parent(parent)
    if not any(map(grouping.parent, own)):
        return [Hotspot(key, usage, usage) for key, usage in own.items()]
    totals = {key: Usage() for key in own}
    for key in sorted(own, key=len, reverse=True):  # inner ones first
        totals[key].add(own[key])
        parent = grouping.parent(key)
        if parent is not None:
            totals[parent].add(totals[key])
    return [Hotspot(key, usage, totals[key]) for key, usage in own.items()]


def _as_tree(spots: list[Hotspot], grouping: Grouping) -> list[Hotspot]:
    """Return each group followed by those inside it, the most expensive first."""
    below: dict[Any, list[Hotspot]] = {}
    for spot in sorted(spots, key=lambda spot: spot.total_usage.total_ns):
        below.setdefault(grouping.parent(spot.key), []).append(spot)
    ordered, todo = [], below.get(None, [])
    while todo:
        ordered.append(todo.pop())
        todo += below.get(ordered[-1].key, [])
    return ordered


def rows_of(records: Mapping[Record, Counts], by: str) -> list[dict[str, Any]]:
    """Return the groups of records as plain data, in the order of `hotspots_of`."""
    grouping, spots = grouping_of(by), hotspots_of(records, by)
    whole = sum(spot.self_usage.total_ns for spot in spots)
    rows = []
    for spot in spots:
        shown = grouping.shown(spot)
        row = {
            **grouping.facts(spot.key),
            "calls": shown.calls,
            **{f"{phase}_ns": ns for phase, ns in shown.ns.items()},
            "total_ns": shown.total_ns,
            "percent": 100 * shown.total_ns / whole if whole else 0.0,
        }
        if grouping.is_tree:
            row["self_ns"] = spot.self_usage.total_ns
        elif "self" in grouping.times:
            row["cumulative_ns"] = spot.total_usage.total_ns
        row |= {
            "nbytes": shown.allocated,
            "kept_nbytes": shown.saved,
            "arguments_ns": dict(shown.arguments),
        }
        rows.append(row)
    return rows


def shapes_text(op: str, operands: Iterable[Operand]) -> str:
    """Return `matmul(float64[2,3], float64[3,4]) → float64[2,4]`, with layouts other than C."""
    texts = [operand_text(operand) for operand in operands]
    return f"{op}({', '.join(texts[:-1])}) → {texts[-1]}" if texts else op


def operand_text(operand: Operand) -> str:
    """Return `float64[2,3]` with a layout other than C, a string, or the type of another object."""
    if operand.text:
        return repr(operand.text)
    is_array = operand.order or operand.shape
    text = f"{operand.dtype}[{','.join(map(str, operand.shape))}]" if is_array else operand.dtype
    return f"{text} {operand.order}" if operand.order not in ("", "C") else text


def _once(scope: tuple[str, ...]) -> tuple[str, ...]:
    """Return a path on which direct recursion is one step."""
    return tuple(name for name, _ in groupby(scope))


def _around(scope: tuple[str, ...]) -> tuple[str, ...] | None:
    return scope[:-1] or None


def _scope(scope: tuple[str, ...]) -> dict[str, Any]:
    return {"scope": list(scope)}


# The groupings of hotspots, by name. To add one, add an entry here.
GROUPINGS: dict[str, Grouping] = {
    "op": Grouping("operation", lambda record: record.op, one_line, lambda op: {"op": op}),
    "argument": Grouping(
        "argument",
        lambda record: (record.op, record.argument),
        lambda key: one_line(f"{key[0]}[{key[1]}]" if key[1] else key[0]),
        lambda key: {"op": key[0], "argument": key[1]},
        counted=("forward", "backward"),
    ),
    "line": Grouping(
        "line",
        lambda record: (record.file, record.line),
        lambda key: source_text(*key) or NO_LINE,
        lambda key: {"file": key[0], "line": key[1]},
    ),
    "shape": Grouping(
        "shape",
        lambda record: (record.op, record.operands),
        lambda key: one_line(shapes_text(*key)),
        lambda key: {
            "op": key[0],
            "operands": [{**o._asdict(), "shape": list(o.shape)} for o in key[1]],
        },
    ),
    "scope": Grouping(
        "scope",
        lambda record: record.scope,
        lambda scope: one_line(scope_text(scope)),
        _scope,
        parent=_around,
        times=("self", "total"),
    ),
    "tree": Grouping(
        "scope",
        lambda record: _once(record.scope),
        lambda scope: "  " * (len(scope) - 1) + one_line(scope[-1]) if scope else OUTSIDE,
        lambda scope: {**_scope(scope), "depth": max(len(scope) - 1, 0)},
        parent=_around,
        times=("total", "self"),
        is_tree=True,
    ),
}
