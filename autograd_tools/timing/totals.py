"""Totals of a timer: data that can be added up, saved and sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, get_args

from autograd_tools.base.options import BytesCounted
from autograd_tools.base.plain_data import LARGEST, text, whole
from autograd_tools.base.text import unknown
from autograd_tools.location.source_lines import code_at
from autograd_tools.timing.engine_cost import EngineCost, cost_from
from autograd_tools.timing.facts import Facts, add_facts, fact_of_row, fact_row
from autograd_tools.timing.records import Counts, Record, from_row, record_row
from autograd_tools.timing.samples import Samples, Trials, trial_of_row, trial_row
from autograd_tools.timing.shown import Section

FORMAT, VERSION = "autograd_tools.timer", 4
Code: TypeAlias = dict[str, dict[int, str]]  # by file and line
MEMORY = get_args(BytesCounted)  # bytes: none, of returned arrays, all of NumPy


@dataclass(slots=True)
class Totals:
    """Sections below a root, counts by record, the time elapsed and the number of threads."""

    root: Section = field(default_factory=Section)
    records: dict[Record, Counts] = field(default_factory=dict)
    steps: int = 0  # gradients
    total_ns: int = 0
    threads: int = 0  # their top sections may have overlapped
    section_cost_ns: float = 0.0
    own_ns: int = 0  # of the processor, that the timer itself took, but for marks
    twice_ns: int = 0  # counted more than once by a flattened timer
    twice_nbytes: int = 0
    memory: str = "nobytes"  # one of MEMORY
    live_nbytes: int | None = None  # of NumPy's data at the end; None unless exact
    peak_nbytes: int | None = None
    events: dict[str, Any] | None = None  # plain data of single calls; None for merged runs
    facts: Facts = field(default_factory=dict)  # on the structure of gradients
    samples: Samples = field(default_factory=dict)  # of arrays; they are not saved
    trials: Trials = field(default_factory=dict)  # of rewrites
    code: Code = field(default_factory=dict)  # of the lines of records, as they were
    peaks: dict[str, Any] | None = None  # of the machine, if measured; None for several machines
    engine: EngineCost | None = None  # of a call on the machine; None if not measured
    about: dict[str, Any] = field(default_factory=dict)  # facts of the run, if any

    @property
    def measured(self) -> Section:
        """The sum of the top sections."""
        rows = self.root.measured
        return Section(ns=rows.ns - self.twice_ns, nbytes=rows.nbytes - self.twice_nbytes)

    def add_records(self, records: Iterable[tuple[Record, Counts]], steps: int) -> None:
        """Add the records of `steps` gradients, which come after those so far."""
        for record, counts in records:
            self.records[record] = self.records.get(record, Counts()).plus(counts, self.steps)
        self.steps += steps

    def add_code(self) -> None:
        """Add the code of lines whose code is not known yet."""
        for record in self.records:
            known = self.code.get(record.file, {})
            if record.line not in known and (code := code_at(record.file, record.line)):
                self.code.setdefault(record.file, {})[record.line] = code

    def merge(self, other: Totals, path: Sequence[str] = ()) -> None:
        """Add `other`, which ran at another time or, with a path, within the section there."""
        self.peaks = self.peaks_with(other)
        place = self.root
        for label in path:
            place = place.child(label)
        place.merge(other.root)
        self.add_records(other.records.items(), other.steps)
        add_facts(self.facts, other.facts)
        self.samples = other.samples | self.samples
        self.trials = other.trials | self.trials
        for file, lines in other.code.items():
            self.code[file] = lines | self.code.get(file, {})
        self.memory = max(self.memory, other.memory, key=MEMORY.index)
        self.see(other.live_nbytes, other.peak_nbytes)
        self.engine = self.engine or other.engine
        self.own_ns += other.own_ns
        self.about = other.about | self.about
        if not path:
            self.threads = max(self.threads, other.threads)
            self.total_ns += other.total_ns
            self.twice_ns += other.twice_ns
            self.twice_nbytes += other.twice_nbytes

    def add_inside(self, other: Totals) -> None:
        """Add what ran in the time of these totals."""
        other.total_ns = 0
        self.merge(other)

    def peaks_with(self, other: Totals) -> dict[str, Any] | None:
        """Return the peaks if both come from one machine."""
        if not self.records or not other.records:
            return other.peaks if self.peaks is None else self.peaks
        return self.peaks if self.peaks == other.peaks else None

    def see(self, live: int | None, peak: int | None) -> None:
        """Keep the larger live bytes and the larger peak of two runs."""
        if live is not None and peak is not None:
            self.live_nbytes = max(self.live_nbytes or 0, live)
            self.peak_nbytes = max(self.peak_nbytes or 0, peak)

    def flatten(self) -> None:
        """Add up the sections of every label at all levels; the sum of all stays.

        A section inside one of the same label adds its calls, and not their time and bytes, which
        the outer one has.
        """
        measured, flat = self.measured, Section()

        def add_below(section: Section, around: frozenset[str]) -> None:
            for label, child in section.children.items():
                calls = replace(child, ns=0, nbytes=0, live_nbytes=0)
                flat.child(label).add(calls if label in around else child)
                add_below(child, around | {label})

        add_below(self.root, frozenset())
        self.root = flat
        self.twice_ns = flat.measured.ns - measured.ns
        self.twice_nbytes = flat.measured.nbytes - measured.nbytes

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        memory = [self.memory, self.live_nbytes, self.peak_nbytes]
        return {
            "format": FORMAT,
            "version": VERSION,
            "total_ns": self.total_ns,
            "section_cost_ns": round(self.section_cost_ns),
            **({"own_ns": self.own_ns} if self.own_ns else {}),
            "threads": self.threads,
            "steps": self.steps,
            "counted_twice": [self.twice_ns, self.twice_nbytes],
            **({} if self.memory == "outputs" else {"memory": memory}),
            "sections": self.root.to_dict()["children"],
            "records": [
                [*record_row(record), *counts[:5], list(map(list, counts.samples.items()))]
                for record, counts in self.records.items()
            ],
            **({"code": _plain_code(self.code)} if self.code else {}),
            **({"facts": list(map(fact_row, self.facts.items()))} if self.facts else {}),
            **({"trials": list(map(trial_row, self.trials.items()))} if self.trials else {}),
            **({} if self.events is None else {"events": self.events}),
            **({} if self.peaks is None else {"peaks": self.peaks}),
            **({} if self.engine is None else {"engine": self.engine._asdict()}),
            **({"about": self.about} if self.about else {}),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Totals:
        """Return the totals of `to_dict`, also of older versions."""
        totals = cls(total_ns=whole(data["total_ns"]), threads=whole(data.get("threads", 1)))
        totals.events = data.get("events")
        totals.code = {
            file: {whole(line): text(code) for line, code in lines}
            for file, lines in dict(data.get("code", {})).items()
        }
        totals.facts = dict(map(fact_of_row, data.get("facts", ())))
        totals.trials = dict(map(trial_of_row, data.get("trials", ())))
        totals.peaks = None if data.get("peaks") is None else _read_peaks(data["peaks"])
        totals.engine = None if data.get("engine") is None else cost_from(data["engine"])
        totals.about = dict(data.get("about", {}))
        totals.section_cost_ns = whole(data.get("section_cost_ns", 0))
        totals.own_ns = whole(data.get("own_ns", 0))
        totals.twice_ns, totals.twice_nbytes = map(whole, data.get("counted_twice", (0, 0)))
        totals.memory, live, peak = data.get("memory", ("outputs", None, None))
        if totals.memory not in MEMORY:
            raise unknown("memory", totals.memory, MEMORY)
        totals.see(
            None if live is None else whole(live, -LARGEST), None if peak is None else whole(peak)
        )
        totals.root = Section(
            children={label: Section.from_dict(child) for label, child in data["sections"].items()}
        )
        totals.add_records(map(from_row, data["records"]), whole(data.get("steps", 0)))
        return totals


def _plain_code(code: Code) -> dict[str, Any]:
    return {file: [*map(list, lines.items())] for file, lines in code.items()}


def _read_peaks(peaks: dict[str, Any]) -> dict[str, Any]:
    """Return the peaks of a machine; raise ValueError unless all are numbers above 0."""
    found = [peak for name, peak in peaks.items() if name != "moved"]
    found += [number for size, speed in peaks.get("moved", ()) for number in (size, speed)]
    for wrong in [x for x in found if type(x) not in (int, float) or not 0 < x < LARGEST]:
        raise ValueError(f"expected a peak above 0, got {wrong!r:.100}")
    return dict(peaks)
