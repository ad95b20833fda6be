"""Data of sections: integers that merge exactly, and the snapshot of a timer that is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import index
from typing import Any, Self

from autograd_tools.base.formats import time_text

MEMORY_FIELDS = ("live_nbytes", "peak_nbytes")
COUNT_FIELDS = ("ncalls", "ns", "nbytes", "known", "min_ns", "max_ns", "squares")


@dataclass(slots=True, repr=False)
class SectionData:
    """Counts of one section and the sections inside; see `Section`."""

    ncalls: int = 0
    ns: int = 0
    nbytes: int = 0
    children: dict[str, Self] = field(default_factory=dict)
    known: int = 0
    min_ns: int = 0
    max_ns: int = 0
    squares: int = 0
    live_nbytes: int = 0
    peak_nbytes: int = 0

    def count(self, ns: int) -> None:
        """Add one call."""
        self.ncalls += 1
        self.ns += ns
        if not self.known or ns < self.min_ns:
            self.min_ns = ns
        if ns > self.max_ns:  # noqa: PLR1730  # this is every call of every section, and max() takes three times as long
            self.max_ns = ns
        self.known += 1
        self.squares += ns * ns

    def child(self, label: str) -> Self:
        """The section `label` right below this one, made if it is not there."""
        section = self.children.get(label)
        if section is None:  # one of two threads that come at once wins, and both get its section
            section = self.children.setdefault(label, type(self)())
        return section

    def add(self, other: SectionData) -> None:
        """Add what `other` counts itself, without the sections in it."""
        if other.known:
            self.min_ns = min(self.min_ns, other.min_ns) if self.known else other.min_ns
            self.max_ns = max(self.max_ns, other.max_ns)
        self.known += other.known
        self.squares += other.squares
        self.ncalls += other.ncalls
        self.ns += other.ns
        self.nbytes += other.nbytes
        self.live_nbytes += other.live_nbytes
        self.peak_nbytes = max(self.peak_nbytes, other.peak_nbytes)

    def merge(self, other: SectionData) -> None:
        """Add `other`, label by label."""
        self.add(other)
        for label, child in list(other.children.items()):
            self.child(label).merge(child)

    def make_room(self, other: SectionData) -> None:
        """Have all sections of `other`, in its order, without what they count."""
        for label, child in list(other.children.items()):
            self.child(label).make_room(child)

    def complement(self) -> Self:
        """A copy in which every section that has others in it also has `~its name~`, the time that is in none of them."""
        copy = type(self)()
        copy.add(self)
        for label, child in self.children.items():
            inside = copy.children[label] = child.complement()
            if child.children:
                rest = max(
                    0, child.ns - child.measured.ns
                )  # sections of several threads may take longer than the one around
                inside.children.setdefault(f"~{label}~", type(self)(child.ncalls, rest))
        return copy

    def walk(self) -> Iterator[tuple[str, Self]]:
        """All sections below this one, with their labels."""
        for label, child in self.children.items():
            yield label, child
            yield from child.walk()

    @property
    def measured(self) -> Self:
        """The sum of the sections right below this one."""
        inside = self.children.values()
        return type(self)(ns=sum(s.ns for s in inside), nbytes=sum(s.nbytes for s in inside))

    def __getitem__(self, key: str | tuple[str, ...]) -> Self:
        section = self
        for label in (key,) if isinstance(key, str) else key:
            if label not in section.children:
                raise KeyError(
                    f"no section {label!r}; there are: {', '.join(section.children) or 'none'}"
                )
            section = section.children[label]
        return section

    def __contains__(self, label: object) -> bool:
        return label in self.children

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.children))

    def __repr__(self) -> str:
        return f"<Section of {self.ncalls} calls in {time_text(self.ns)}, {len(self.children)} sections inside>"

    def to_dict(self) -> dict[str, Any]:
        """The section and those below it, as plain data."""
        counts = {
            name: getattr(self, name) for name in (COUNT_FIELDS if self.known else COUNT_FIELDS[:3])
        }
        counts |= {name: getattr(self, name) for name in MEMORY_FIELDS if getattr(self, name)}
        return {
            **counts,
            "children": {label: child.to_dict() for label, child in self.children.items()},
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The section that `to_dict` described; files of version 1 know nothing of single calls."""
        counts = {
            name: index(data[name])
            for name in COUNT_FIELDS
            if name in data or name in COUNT_FIELDS[:3]
        }
        if min(counts.values()) < 0:
            raise ValueError(f"a section counts from 0 on, and this one says {counts}")
        counts |= {name: index(data[name]) for name in MEMORY_FIELDS if name in data}
        return cls(
            **counts,
            children={label: cls.from_dict(child) for label, child in data["children"].items()},
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """State of a timer at one moment: a tree of sections, the sum that shares are of, the time elapsed."""

    root: SectionData
    measured: SectionData
    total_ns: int
    threads: int = 1
    section_cost_ns: float = 0.0  # 0 if unknown
    memory: str = "outputs"
    peak_nbytes: int | None = None

    @property
    def own_ns(self) -> float:
        """Return the time that the timer itself took."""
        return self.section_cost_ns * sum(section.ncalls for _, section in self.root.walk())
