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
class Figures:
    """Sums over records: calls, nanoseconds by phase, bytes made, and bytes kept for the backward pass.

    `arguments` has the nanoseconds of the backward phase by operation and argument, such as `matmul[2]`.
    """

    calls: int = 0
    ns: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PHASES, 0))
    nbytes: int = 0
    kept: int = 0
    arguments: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """The nanoseconds of the gradients: all but the notes of where calls were made, which measuring itself needs."""
        return sum(self.ns.values()) - self.ns["record"]

    def add_record(self, record: Record, counts: Counts, counted: tuple[str, ...]) -> None:
        """Add a record, whose calls count if its phase is among those `counted`."""
        self.calls += counts.calls * (record.phase in counted)
        self.ns[record.phase] += counts.ns
        self.nbytes += counts.nbytes
        self.kept += counts.kept
        if record.phase == "backward":
            self.arguments[record.label] = self.arguments.get(record.label, 0) + counts.ns

    def add(self, other: Figures) -> None:
        """Add other sums."""
        self.calls += other.calls
        self.nbytes += other.nbytes
        self.kept += other.kept
        for mine, others in ((self.ns, other.ns), (self.arguments, other.arguments)):
            for name, ns in others.items():
                mine[name] = mine.get(name, 0) + ns


def sum_of(parts: Iterable[Figures]) -> Figures:
    """Sums of sums."""
    whole = Figures()
    for part in parts:
        whole.add(part)
    return whole


@dataclass(frozen=True, slots=True)
class Hotspot:
    """A group of records: what they add up to by themselves, and the `whole` with the groups inside, if there can be any."""

    key: Any
    own: Figures
    whole: Figures


@dataclass(frozen=True)
class Grouping:
    """What puts records into groups. `header` says what a group is, `name` names one, and `facts` are its key as plain data."""

    header: str
    key: Callable[[Record], Hashable]
    name: Callable[[Any], str]
    facts: Callable[[Any], dict[str, Any]]
    counted: tuple[str, ...] = ("forward",)  # phases whose calls count
    parent: Callable[[Any], Any] = lambda key: None  # the group around one
    nested: bool = (
        False  # rows stand below the group around them, and show what is inside them as well
    )


def hotspots_of(records: Mapping[Record, Counts], by: str) -> list[Hotspot]:
    """The groups of records, the most expensive first; those of a tree each below the one around."""
    grouping = grouping_of(by)
    own: dict[Any, Figures] = {}
    for record, counts in records.items():
        own.setdefault(grouping.key(record), Figures()).add_record(record, counts, grouping.counted)
    if by == "shape" and own and not any(record.operands for record in records):
        raise ValueError(
            "this profile has no shapes: set AUTOGRAD_TIMER=shapes before autograd_tools is imported"
        )
    spots = _nested(own, grouping)
    spots.sort(key=lambda spot: (-spot.own.total, -spot.whole.total))
    return _as_tree(spots, grouping) if grouping.nested else spots


def grouping_of(by: str) -> Grouping:
    """The grouping of a name; ValueError for another."""
    if by not in GROUPINGS:
        raise ValueError(f"no hotspots by {by!r}; there are: {', '.join(GROUPINGS)}")
    return GROUPINGS[by]


def _nested(own: dict[Any, Figures], grouping: Grouping) -> list[Hotspot]:
    """A hotspot for each group, and for those around that have nothing of their own."""
    for key in list(own):
        around = grouping.parent(key)
        while around is not None and around not in own:
            own[around] = Figures()
            around = grouping.parent(around)
    whole = {key: Figures() for key in own} if any(grouping.parent(key) for key in own) else own
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
    for spot in sorted(spots, key=lambda spot: spot.whole.total):
        below.setdefault(grouping.parent(spot.key), []).append(spot)
    ordered, todo = [], below.get(None, [])
    while todo:
        ordered.append(todo.pop())
        todo += below.get(ordered[-1].key, [])
    return ordered


def rows_of(records: Mapping[Record, Counts], by: str) -> list[dict[str, Any]]:
    """The groups of records as plain data, in the order of `hotspots_of`."""
    grouping, spots = grouping_of(by), hotspots_of(records, by)
    total = sum(spot.own.total for spot in spots)
    rows = []
    for spot in spots:
        shown, other = (spot.whole, spot.own) if grouping.nested else (spot.own, spot.whole)
        row = {
            **grouping.facts(spot.key),
            "calls": shown.calls,
            **{f"{phase}_ns": ns for phase, ns in shown.ns.items()},
        }
        row |= {"total_ns": shown.total, "percent": 100 * shown.total / total if total else 0.0}
        if by in NESTING:
            row["self_ns" if grouping.nested else "cumulative_ns"] = other.total
        row |= {
            "nbytes": shown.nbytes,
            "kept_nbytes": shown.kept,
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
    ),
    "tree": Grouping(
        "scope",
        lambda record: _once(record.scope),
        lambda scope: "  " * (len(scope) - 1) + one_line(scope[-1]) if scope else OUTSIDE,
        lambda scope: {**_scope(scope), "depth": max(len(scope) - 1, 0)},
        parent=_around,
        nested=True,
    ),
}
NESTING = ("scope", "tree")
