"""Data of sections: integers that merge exactly, and the snapshot of a timer that is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import index
from typing import Any, Self

from autograd_tools.base.formats import time_text
from autograd_tools.base.plain_data import LARGEST, whole
from autograd_tools.base.text import unknown

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
        if ns > self.max_ns:  # noqa: PLR1730  # max() takes three times as long
            self.max_ns = ns
        self.known += 1
        self.squares += ns * ns

    def child(self, label: str) -> Self:
        """Return the child `label`, which is created if needed."""
        section = self.children.get(label)
        if section is None:  # two threads at once get the same section
            section = self.children.setdefault(label, type(self)())
        return section

    def add(self, other: SectionData) -> None:
        """Add the counts of `other`, without its children."""
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
        """Add `other` and its children, label by label."""
        self.add(other)
        for label, child in list(other.children.items()):
            self.child(label).merge(child)

    def make_room(self, other: SectionData) -> None:
        """Create all sections of `other`, in its order, without their counts."""
        for label, child in list(other.children.items()):
            self.child(label).make_room(child)

    def complement(self) -> Self:
        """Return a copy in which every section with children also has a child for its self time.

        Returns
        -------
        Section
            The copy; the section "fit" has the child "~fit~".
        """
        copy = type(self)()
        copy.add(self)
        for label, child in self.children.items():
            inside = copy.children[label] = child.complement()
            if child.children:
                rest = max(0, child.ns - child.measured.ns)  # children in threads may take longer
                inside.children.setdefault(f"~{label}~", type(self)(child.ncalls, rest))
        return copy

    def walk(self) -> Iterator[tuple[str, Self]]:
        """Yield all sections below this one, parents first.

        Yields
        ------
        tuple of (str, Section)
            The label and the section.
        """
        for label, child in self.children.items():
            yield label, child
            yield from child.walk()

    @property
    def measured(self) -> Self:
        """Nanoseconds and bytes of all children together."""
        inside = self.children.values()
        return type(self)(ns=sum(s.ns for s in inside), nbytes=sum(s.nbytes for s in inside))

    def __getitem__(self, key: str | tuple[str, ...]) -> Self:
        section = self
        for label in (key,) if isinstance(key, str) else key:
            if label not in section.children:
                raise KeyError(*unknown("section", label, section.children).args)
            section = section.children[label]
        return section

    def __contains__(self, label: object) -> bool:
        return label in self.children

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.children))

    def __repr__(self) -> str:
        inside = f"{len(self.children)} sections inside"
        return f"<Section of {self.ncalls} calls in {time_text(self.ns)}, {inside}>"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; see `from_dict`."""
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
        """Return the section of `to_dict`; files of version 1 have no times of single calls."""
        counts = {
            name: index(data[name])
            for name in COUNT_FIELDS
            if name in data or name in COUNT_FIELDS[:3]
        }
        if min(counts.values()) < 0:
            raise ValueError(f"counts of a section must be 0 or more, got {counts}")
        for name, count in counts.items():
            whole(count, high=LARGEST**2 if name == "squares" else LARGEST)
        counts |= {name: whole(data[name], -LARGEST) for name in MEMORY_FIELDS if name in data}
        return cls(
            **counts,
            children={label: cls.from_dict(child) for label, child in data["children"].items()},
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """State of a timer: sections, their sum (100% of all shares), and the time elapsed."""

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
