"""A section of the timer: what it adds up, in integers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import index
from typing import Any


@dataclass(slots=True)
class Section:
    """A row of the timer: `ncalls` calls took `ns` nanoseconds and made arrays of `nbytes` bytes; sections nest."""

    ncalls: int = 0
    ns: int = 0
    nbytes: int = 0
    children: dict[str, Section] = field(default_factory=dict)

    def child(self, label: str) -> Section:
        """The section `label` right below this one, made if it is not there."""
        section = self.children.get(label)
        if section is None:
            section = self.children[label] = Section()
        return section

    def merge(self, other: Section) -> None:
        """Add `other`, label by label."""
        self.ncalls += other.ncalls
        self.ns += other.ns
        self.nbytes += other.nbytes
        for label, child in list(other.children.items()):
            self.child(label).merge(child)

    def walk(self) -> Iterator[tuple[str, Section]]:
        """All sections below this one, with their labels."""
        for label, child in self.children.items():
            yield label, child
            yield from child.walk()

    def to_dict(self) -> dict[str, Any]:
        """The section and those below it, as plain data."""
        return {
            "ncalls": self.ncalls,
            "ns": self.ns,
            "nbytes": self.nbytes,
            "children": {label: child.to_dict() for label, child in self.children.items()},
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Section:
        """The section that `to_dict` described."""
        children = {label: cls.from_dict(child) for label, child in data["children"].items()}
        return cls(index(data["ncalls"]), index(data["ns"]), index(data["nbytes"]), children)
