"""What one thread measured: its log, and the sections, records and times of nodes that its log is added up to."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.timing import log as logs
from autograd_tools.timing.events import Events
from autograd_tools.timing.exact import Looks, unseen
from autograd_tools.timing.log import HALF, LABELS, WIDTH, Ints, Label, Marks, Spans
from autograd_tools.timing.records import PHASES, Record, Tally, operands_of
from autograd_tools.timing.section import SectionData
from autograd_tools.timing.stack import Stack

NOWHERE = ("", 0, "", ())
SAMPLES = 128

# The recordings whose nodes have times, by serial number; of other recordings nobody can ask. Those that are gone are taken
# out when a log is added up: a WeakValueDictionary would do it as they go, and lose a Ctrl-C that comes in just then.
recordings: dict[int, weakref.ref[Any]] = {}


class Weights(NamedTuple):
    """The bytes of spans as columns: made in them, without those made in what is inside, as `Looks.between` tells, and those
    that there were when they ended."""

    nbytes: Ints
    own: Ints
    live: Ints | None = None
    peak: Ints | None = None
    after: Ints | None = None


class Thread(Stack):
    """What one thread measured. Its log is added up when it is long, and when somebody looks."""

    def __init__(self, number: int, events: Events, memory: str) -> None:
        self.number = number
        self.memory = memory  # a word of MEMORY
        self.looks: list[
            int
        ] = []  # what a watch of this thread's saw, where bytes are counted exactly
        self.events = events
        self.root = SectionData()
        self.tallies: dict[Record, Tally] = {}
        super().__init__()
        self.steps = 0  # gradients that are over
        self.stride = 1  # of those that are samples
        self.sweeps = (
            0  # that are going on; as long as they are, what they write has to stay where it is
        )
        self._inside: list[int] = []  # nanoseconds added up so far inside each section that is open
        self._inside_bytes: list[int] = []
        self.lock = threading.RLock()  # a sweep holds it, too

    def add_up(self, sweeps: int = 0) -> None:
        """Add what is in the log to the sections and records; of what is still open, its beginning stays.

        While more sweeps than these are going on, or somebody else is adding up, nothing is done.
        """
        if not self.lock.acquire(blocking=False):
            return
        try:
            n = len(self.log)
            if self.sweeps <= sweeps and n > WIDTH * len(self._inside):
                with unseen() if self.memory == "exact" else nullcontext():
                    self._add_up(n)
        finally:
            self.lock.release()

    def _add_up(self, n: int) -> None:
        """Add the first `n` items of the log."""
        marks = logs.marks_of(self.log[:n])
        spans = logs.spans_of(marks, self._inside)
        still = np.flatnonzero(~spans.done)
        weights = self._weigh(spans, still, int(marks.end[-1]))
        spans = spans._replace(nbytes=weights.nbytes)
        self._inside = spans.inside[still].tolist()
        self.log[:n] = [item for row in still for item in _opening(marks, int(spans.begin[row]))]
        self._add_sections(spans, weights)
        self._add_records(marks, spans, weights)

    def _weigh(self, spans: Spans, still: Ints, since: int) -> Weights:
        """The bytes of each span; of what was seen of memory, that stays which tells of times from `since` on, and of what is open."""
        if self.memory != "exact":
            nbytes = spans.nbytes if self.memory == "outputs" else np.zeros_like(spans.nbytes)
            return Weights(nbytes, nbytes)
        n = len(self.looks)
        looks = Looks(self.looks[:n])
        end = spans.start + spans.ns
        nbytes, live, peak = looks.between(spans.start, end)
        inside = logs.inside_of(spans.level, spans.parent, spans.quiet, nbytes, self._inside_bytes)
        self._inside_bytes = inside[still].tolist()
        self.looks[:n] = looks.shortened(spans.start[still], since)
        return Weights(nbytes, nbytes - inside, live, peak, looks.at(end))

    def _add_sections(self, spans: Spans, weights: Weights) -> None:
        """Add the spans to the tree, each to the section of its label below that of the span around."""
        paths = np.zeros(len(spans.label) + 1, np.int64)  # by row, and last that of the root
        sections = [self.root]
        for level in range(1, int(spans.level.max(initial=0)) + 1):
            rows = np.flatnonzero(spans.level == level)
            around = paths[spans.parent[rows]]
            places, numbers = logs.distinct(around * len(LABELS) + spans.label[rows])
            firsts = rows[places].tolist()
            below = np.arange(len(places)) + len(sections)
            for row, path, quiet in zip(
                firsts, around[places].tolist(), spans.quiet[firsts].tolist(), strict=True
            ):
                section = sections[path]
                sections.append(section if quiet else section.child(LABELS[spans.label[row]].text))
            paths[rows] = below[numbers]
        counted, paths = spans.done & ~spans.quiet, paths[:-1]
        totals = logs.sums(
            paths[counted],
            len(sections),
            *(x[counted] for x in (spans.calls, spans.ns, spans.nbytes)),
        )
        spreads = logs.spreads(paths[spans.single], len(sections), spans.ns[spans.single])
        for section, (ncalls, ns, nbytes), spread in zip(sections, totals, spreads, strict=True):
            section.add(SectionData(ncalls, ns, nbytes, {}, *spread))
        if weights.live is not None and weights.peak is not None:
            live, peaks = np.zeros((2, len(sections)), np.int64)
            np.add.at(live, paths[counted], weights.live[counted])
            np.maximum.at(peaks, paths[counted], weights.peak[counted])
            for section, change, peak in zip(sections, live.tolist(), peaks.tolist(), strict=True):
                section.add(SectionData(live_nbytes=change, peak_nbytes=peak))

    def _add_records(self, marks: Marks, spans: Spans, weights: Weights) -> None:
        """Add the time of every operation, without what is in it, to the record of its place in the user's code."""
        argument = spans.argument
        wanted = marks.code == logs.NOTE
        wanted[spans.begin[argument > 0]] = wanted[spans.last[argument == 0]] = True
        numbers, notes = logs.numbers_of_notes(marks, wanted)
        forward = logs.forward_of(marks, spans)
        node = self._add_nodes(marks, spans, forward)
        note = np.where(
            argument > 0, numbers[spans.begin], np.where(argument == 0, numbers[spans.last], 0)
        )
        recorded = np.flatnonzero(forward >= 0)[::-1]
        note[forward[recorded]] = numbers[
            recorded
        ]  # of several recordings the innermost operation is that of the outermost
        of, phase = logs.phases_of(marks, spans, forward)
        rows = np.flatnonzero((of >= 0) & spans.single)
        of, phase = of[rows], phase[rows]
        noted = np.where(phase == logs.RECORDS, numbers[spans.begin[rows]], note[of])
        places, groups = logs.distinct(
            (noted * len(LABELS) + spans.label[of]) * len(PHASES) + phase
        )
        marked = zip(
            spans.label[of[places]].tolist(),
            noted[places].tolist(),
            phase[places].tolist(),
            strict=True,
        )
        found: dict[Record, int] = {}  # several notes may be of one place
        number = [
            found.setdefault(_record(LABELS[code], notes[n], PHASES[k]), len(found))
            for code, n, k in marked
        ]
        groups = np.array(number, np.int64)[groups]
        tallies = [self._tally(record) for record in found]
        ns, over = (spans.ns - spans.inside)[rows], self.steps + logs.steps_of(marks)
        totals = logs.sums(groups, len(found), spans.calls[rows], ns, weights.own[rows])
        steps = logs.steps_of_groups(groups, over[spans.last[rows]], ns)
        for tally, sums, spread in zip(tallies, totals, steps.of_groups(len(found)), strict=True):
            tally.add(sums, *spread)
        for group, step, spent in steps.every(self.stride):
            tallies[group].sample(step, spent)
        self._step(int(over[-1]))
        if self.events.limit:
            place = np.full(len(node), len(found))
            place[rows] = groups
            nbytes = weights.nbytes if self.memory != "nobytes" else np.full(len(node), -1)
            self.events.add(self.number, spans, node, nbytes, weights.after, place, [*found, None])

    def _tally(self, record: Record) -> Tally:
        tally = self.tallies.get(record)
        if tally is None:
            tally = self.tallies[record] = Tally()
        return tally

    def add_record(self, record: Record, ncalls: int, ns: int, nbytes: int) -> None:
        """Add calls to a record, in the gradient that comes next."""
        tally = self._tally(record)
        tally.add((ncalls, ns, nbytes), 1, self.steps, self.steps)
        if self.steps % self.stride == 0:
            tally.sample(self.steps, ns)

    def _step(self, over: int) -> None:
        """So many gradients are over: of too many, every second is no longer a sample."""
        self.steps = over
        while self.steps > self.stride * SAMPLES:
            self.stride *= 2
            for tally in self.tallies.values():
                tally.thin(self.stride)

    def keep(self, kept: Iterable[tuple[str, Any, int]]) -> None:
        """Take note of what one gradient keeps: an operation, the note of where it was called, and bytes kept for its rules."""
        sums: dict[Record, int] = {}
        for op, note, nbytes in kept:
            record = _record(Label(op, op, 0), note, "forward")
            sums[record] = sums.get(record, 0) + nbytes
        with self.lock:
            for record, nbytes in sums.items():
                self._tally(record).keep(nbytes)

    def count(self, path: Sequence[str], ns: int) -> None:
        """Add a call to the section at a path."""
        with self.lock:
            section = self.root
            for text in path:
                section = section.child(text)
            section.count(ns)

    def _add_nodes(self, marks: Marks, spans: Spans, forward: Ints) -> Ints:
        """Hand the times of nodes to the recordings that they are on; returns the node of each span, 0 for none."""
        backward = np.flatnonzero((spans.argument > 0) & spans.single)
        noted = np.flatnonzero(forward >= 0)
        begin = spans.begin[backward]
        place = np.where(
            marks.code[begin] > 0, begin, begin - 1
        )  # a NODE stands before a gradient with nothing in it
        of = np.where(
            (marks.code[place] == logs.NODE) | (marks.code[place] > logs.END),
            marks.number[place],
            0,
        )
        nodes = np.concatenate([marks.number[noted], of])
        rows = np.concatenate([forward[noted], backward])
        for serial in np.unique(nodes >> HALF).tolist():
            found = recordings.get(serial)
            recording = None if found is None else found()
            if recording is not None:
                mine = nodes >> HALF == serial
                recording.ticks.append(
                    (
                        nodes[mine] & (1 << HALF) - 1,
                        spans.argument[rows[mine]],
                        spans.ns[rows[mine]],
                    )
                )
        for serial in [serial for serial, found in list(recordings.items()) if found() is None]:
            recordings.pop(serial, None)
        node = np.where(marks.code[spans.begin] == logs.NOTE, marks.number[spans.begin], 0)
        node[rows] = nodes
        return node


def _record(label: Label, note: Any, phase: str) -> Record:
    """The record of a label at a place: a note, or a note and a signature, or nothing."""
    note, found = note if type(note) is tuple else (note, ())
    file, line, function, scope = NOWHERE if note is None else note[:4]
    return Record(
        label.op or label.text,
        max(label.argument, 0),
        file,
        line,
        function,
        scope,
        phase,
        operands_of(found),
    )


def _opening(marks: Marks, i: int) -> tuple[Any, ...]:
    """The mark at `i`, as it was."""
    return (
        int(marks.code[i]),
        marks.note[i],
        int(marks.number[i]),
        int(marks.start[i]),
        int(marks.end[i]),
    )
