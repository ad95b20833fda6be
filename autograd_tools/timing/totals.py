"""All that a timer has measured, as plain data that can be added up, saved and sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import index
from typing import Any

from autograd_tools.timing.records import Counts, Record, from_row, to_rows
from autograd_tools.timing.section import Section

FORMAT, VERSION = "autograd_tools.timer", 3


@dataclass(slots=True)
class Totals:
    """Sections below a root, counts by record, the time that passed, and the threads it passed in."""

    root: Section = field(default_factory=Section)
    records: dict[Record, Counts] = field(default_factory=dict)
    total_ns: int = 0
    threads: int = 0  # whose outermost sections may have been open at the same time
    section_cost_ns: float = 0.0
    twice_ns: int = 0  # what the rows of a flattened timer count more than once
    twice_nbytes: int = 0
    events: dict[str, Any] | None = None  # single calls, as plain data; of runs that are merged nobody knows them

    @property
    def measured(self) -> Section:
        """The sum of the outermost sections."""
        rows = self.root.measured
        return Section(ns=rows.ns - self.twice_ns, nbytes=rows.nbytes - self.twice_nbytes)

    def add_record(self, record: Record, counts: Counts) -> None:
        """Add to a record."""
        old = self.records.get(record)
        self.records[record] = counts if old is None else old.plus(counts)

    def merge(self, other: Totals, path: Sequence[str] = ()) -> None:
        """Add `other`: what ran at another time, or, below the section at `path`, what ran within that section."""
        place = self.root
        for label in path:
            place = place.child(label)
        place.merge(other.root)
        for record, counts in other.records.items():
            self.add_record(record, counts)
        if not path:
            self.threads = max(self.threads, other.threads)
            self.total_ns += other.total_ns
            self.twice_ns += other.twice_ns
            self.twice_nbytes += other.twice_nbytes

    def flatten(self) -> None:
        """Add the sections of every label up wherever they nest, and keep the sum of all that was measured."""
        measured, flat = self.measured, Section()
        for label, section in self.root.walk():
            flat.child(label).add(section)
        self.root = flat
        self.twice_ns, self.twice_nbytes = flat.measured.ns - measured.ns, flat.measured.nbytes - measured.nbytes

    def to_dict(self) -> dict[str, Any]:
        """Everything as dicts, lists, texts and integers."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "total_ns": self.total_ns,
            "section_cost_ns": round(self.section_cost_ns),
            "threads": self.threads,
            "counted_twice": [self.twice_ns, self.twice_nbytes],
            "sections": self.root.to_dict()["children"],
            "records": to_rows(self.records.items()),
            **({} if self.events is None else {"events": self.events}),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Totals:
        """What `to_dict` gave, also that of versions 1 and 2."""
        totals = cls(total_ns=index(data["total_ns"]), threads=index(data.get("threads", 1)))
        totals.events = data.get("events")
        totals.section_cost_ns = data.get("section_cost_ns", 0)
        totals.twice_ns, totals.twice_nbytes = map(index, data.get("counted_twice", (0, 0)))
        totals.root = Section(children={label: Section.from_dict(child) for label, child in data["sections"].items()})
        for row in data["records"]:
            totals.add_record(*from_row(row))
        return totals
