"""Hotspots as data: what records add up to by operation, argument, line, shape or scope, and in the tree of scopes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from autograd_tools.base.text import one_line
from autograd_tools.timing import Counts, Operand, Record
from autograd_tools.timing.records import PHASES
from viewer.text.places import OUTSIDE, scope_text, source_text


@dataclass(slots=True)
class Usage:
    """Sums over records: calls, nanoseconds by phase, bytes allocated, and bytes saved for backward.

    `arguments` holds the nanoseconds of the backward phase by argument, such as `matmul[2]`.
    """

    calls: int = 0
    ns: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PHASES, 0))
    allocated: int = 0
    saved: int = 0
    arguments: dict[str, int] = field(default_factory=dict)

    @property
    def total_ns(self) -> int:
        """The time of all phases but tracing, most of which is the cost of measuring."""
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
    """What puts records into groups. `header` says what a group is, `name` names one, and `facts` are its key as plain data."""

    header: str
    key: Callable[[Record], Hashable]
    name: Callable[[Any], str]
    facts: Callable[[Any], dict[str, Any]]
    counted: tuple[str, ...] = ("forward",)  # phases whose calls count
    parent: Callable[[Any], Any] = lambda key: None  # the group around one
    # Headers of the times of a row, first the one that its other figures belong to.
    times: tuple[str, ...] = ("total",)
    nested: bool = False  # rows follow the group around them and include the groups inside


def hotspots_of(records: Mapping[Record, Counts], by: str) -> list[Hotspot]:
    """The groups of records, the most expensive first; those of a tree each below the one around."""
    grouping = grouping_of(by)
    own: dict[Any, Usage] = {}
    for record, counts in records.items():
        own.setdefault(grouping.key(record), Usage()).add_record(record, counts, grouping.counted)
    if by == "shape" and own and not any(record.operands for record in records):
        raise ValueError(
            "this profile has no shapes: set AUTOGRAD_TIMER=shapes before autograd_tools is imported"
        )
    spots = _nested(own, grouping)
    spots.sort(key=lambda spot: (-spot.self_usage.total_ns, -spot.total_usage.total_ns))
    return _as_tree(spots, grouping) if grouping.nested else spots


def grouping_of(by: str) -> Grouping:
    """The grouping of a name; ValueError for another."""
    if by not in GROUPINGS:
        raise ValueError(f"no hotspots by {by!r}; there are: {', '.join(GROUPINGS)}")
    return GROUPINGS[by]


def _nested(own: dict[Any, Usage], grouping: Grouping) -> list[Hotspot]:
    """A hotspot for each group, and for those around that have nothing of their own."""
    for key in list(own):
        around = grouping.parent(key)
        while around is not None and around not in own:
            own[around] = Usage()
            around = grouping.parent(around)
    whole = {key: Usage() for key in own} if any(grouping.parent(key) for key in own) else own
    if whole is not own:
        for key in sorted(own, key=len, reverse=True):  # inner ones first
            whole[key].add(own[key])
            around = grouping.parent(key)
            if around is not None:
                whole[around].add(whole[key])
    return [Hotspot(key, figures, whole[key]) for key, figures in own.items()]


def _as_tree(spots: list[Hotspot], grouping: Grouping) -> list[Hotspot]:
    """The same, each followed by those inside, the most expensive first."""
    below: dict[Any, list[Hotspot]] = {}
    for spot in sorted(spots, key=lambda spot: spot.total_usage.total_ns):
        below.setdefault(grouping.parent(spot.key), []).append(spot)
    ordered, todo = [], below.get(None, [])
    while todo:
        ordered.append(todo.pop())
        todo += below.get(ordered[-1].key, [])
    return ordered


def rows_of(records: Mapping[Record, Counts], by: str) -> list[dict[str, Any]]:
    """The groups of records as plain data, in the order of `hotspots_of`."""
    grouping, spots = grouping_of(by), hotspots_of(records, by)
    total = sum(spot.self_usage.total_ns for spot in spots)
    rows = []
    for spot in spots:
        shown, other = (
            (spot.total_usage, spot.self_usage)
            if grouping.nested
            else (spot.self_usage, spot.total_usage)
        )
        row = {
            **grouping.facts(spot.key),
            "calls": shown.calls,
            **{f"{phase}_ns": ns for phase, ns in shown.ns.items()},
        }
        row |= {
            "total_ns": shown.total_ns,
            "percent": 100 * shown.total_ns / total if total else 0.0,
        }
        if len(grouping.times) > 1:
            row["self_ns" if grouping.nested else "cumulative_ns"] = other.total_ns
        row |= {
            "nbytes": shown.allocated,
            "kept_nbytes": shown.saved,
            "arguments_ns": dict(shown.arguments),
        }
        rows.append(row)
    return rows


def shapes_text(op: str, operands: Iterable[Operand]) -> str:
    """`matmul(float64[2,3], float64[3,4]) → float64[2,4]`; arrays that do not lie row by row say so."""
    texts = [_operand_text(operand) for operand in operands]
    return f"{op}({', '.join(texts[:-1])}) → {texts[-1]}" if texts else op


def _operand_text(operand: Operand) -> str:
    if operand.text:
        return repr(operand.text)
    is_array = operand.order or operand.shape
    text = f"{operand.dtype}[{','.join(map(str, operand.shape))}]" if is_array else operand.dtype
    return f"{text} {operand.order}" if operand.order not in ("", "C") else text


def _once(scope: tuple[str, ...]) -> tuple[str, ...]:
    """A path on which calls of a function right in itself are one."""
    return tuple(name for name, _ in groupby(scope))


def _around(scope: tuple[str, ...]) -> tuple[str, ...] | None:
    return scope[:-1] or None


def _scope(scope: tuple[str, ...]) -> dict[str, Any]:
    return {"scope": list(scope)}


# Adding a grouping is adding an entry here.
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
        lambda key: source_text(*key) or "(unknown):0",
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
        nested=True,
    ),
}
