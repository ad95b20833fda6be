"""Measurements of one thread: its log, and the sections and records that sum it up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.location.line_locator import LineSite
from autograd_tools.timing.events import Events
from autograd_tools.timing.exact import Looks, unseen
from autograd_tools.timing.group_sums import distinct, steps_of_groups, sums
from autograd_tools.timing.log import (
    LABELS,
    RECORDED,
    WIDTH,
    Ints,
    Label,
    Marks,
    marks_of,
    rows_of,
    times_of,
)
from autograd_tools.timing.node_times import add_node_times
from autograd_tools.timing.patterns import Destinations, Pattern, Patterns, add_sections, ends_of
from autograd_tools.timing.records import PHASES, Called, Record, Tally
from autograd_tools.timing.section import SectionData
from autograd_tools.timing.spans import (
    RECORDING,
    Spans,
    forward_of,
    inside_of,
    numbers_of_sites,
    phases_of,
    spans_of,
)
from autograd_tools.timing.stack import Stack

NOWHERE = ("", 0, "")
SAMPLES = 128


class SpanBytes(NamedTuple):
    """Bytes of spans as columns: allocated, allocated without children, and those of `Looks`."""

    nbytes: Ints
    own: Ints
    live: Ints | None = None
    peak: Ints | None = None
    after: Ints | None = None


class Thread(Stack):
    """Measurements of one thread. Its log is added up when it is long, and when somebody looks."""

    def __init__(
        self, number: int, events: Events, memory: str, own_time: Callable[[], int]
    ) -> None:
        self.own_time = own_time
        self.own_ns = 0  # what the timer itself took, but for marks
        self.number = number
        self.memory = memory  # one of MEMORY
        self.looks: list[int] = []  # rows of this thread's watch, if bytes are counted exactly
        self.events = events
        self.root = SectionData()
        self.tallies: dict[Record, Tally] = {}
        super().__init__()
        self.steps = 0  # complete gradients
        self.stride = 1  # of the gradients that are samples
        self.passes = 0  # running backward passes; meanwhile their marks must not move
        self._inside: list[int] = []  # nanoseconds so far inside each open section
        self._inside_bytes: list[int] = []
        self._patterns = Patterns()
        self.counted: list[tuple[list[Any], list[Any] | None]] = []  # see `note_kept`
        self.lock = threading.RLock()  # a backward pass holds it, too

    def add_up(self, passes: float = 0) -> None:
        """Add the log to the sections and records; beginnings of open sections stay in it.

        Do nothing while more than `passes` backward passes run, or while another thread adds up.
        """
        if not self.lock.acquire(blocking=False):
            return
        try:
            n = len(self.log)
            if self.passes <= passes and n > WIDTH * len(self._inside):
                start = self.own_time()
                with unseen() if self.memory == "exact" else nullcontext():
                    self._add_up(n)
                self.own_ns += self.own_time() - start
        finally:
            self.lock.release()

    def _add_up(self, n: int) -> None:
        """Add the first `n` items of the log."""
        log = self.log[:n]
        key = log[0::WIDTH], log[1::WIDTH], log[2::WIDTH]
        times = times_of(log)
        ends = ends_of(key[0], key[2])
        firsts = (len(self._inside), *ends)
        repeated: list[tuple[Pattern, list[int], Ints]] = []
        rest = np.ones(len(key[0]), np.bool_)
        inside = [*self._inside]
        if self.memory != "exact" and not self.events.limit:
            for pattern, numbers in self._patterns.split(key, firsts, ends):
                own = rows_of(times, [firsts[i] for i in numbers], len(pattern.key[0]))
                if pattern.spans is None:
                    spans = spans_of(marks_of(pattern.key, np.split(own[0], 2)))
                    nbytes = spans.nbytes if self.memory == "outputs" else 0 * spans.nbytes
                    pattern.spans = spans._replace(nbytes=nbytes)
                for i in numbers:
                    rest[firsts[i] : ends[i]] = False
                if inside:
                    inside[-1] += pattern.inside(own)
                repeated.append((pattern, numbers, own))
        self.moved = 0  # the log gets shorter
        if rest.any():
            over = self.steps + np.searchsorted(ends, np.flatnonzero(rest), "right")
            self._add_marks(n, marks_of(key, times, rest), over, inside)
        else:
            self.log[:n] = ()
        for pattern, numbers, own in repeated:
            if pattern.to is None and pattern.spans is not None:
                marks = marks_of(pattern.key, np.split(own[0], 2))
                pattern.to = self._destinations(marks, pattern.spans, pattern.around)
            pattern.add(own, [self.steps + i for i in numbers], self.stride)
        self._step(self.steps + len(ends))

    def _destinations(self, marks: Marks, spans: Spans, around: list[int]) -> Destinations:
        """Return where spans of marks are added that are inside some open sections."""
        forward = forward_of(marks, spans)
        rows, groups, records = records_of(marks, spans, forward, *phases_of(marks, spans, forward))
        tallies, section = [self._tally(record) for record in records], self.root
        for code in around:
            section = section.child(LABELS[code].text)
        return Destinations(*sections_of(spans, section), rows, groups, tallies)

    def _add_marks(self, n: int, marks: Marks, over: Ints, before: list[int]) -> None:
        """Add marks in place of the first `n` items of the log.

        `over` has the number of gradients that were complete at each, `before` the nanoseconds so
        far inside each open section.
        """
        spans = spans_of(marks, before)
        still = np.flatnonzero(~spans.done)
        sizes = self._bytes_of(spans, still, int(marks.end[-1]))
        spans = spans._replace(nbytes=sizes.nbytes)
        inside = spans.inside[still].tolist()
        begun = [item for i in spans.begin[still].tolist() for item in marks.row(i)]
        self._inside, self.log[:n] = inside, begun  # one step, as an interrupt may come
        self._add_sections(spans, sizes)
        forward = forward_of(marks, spans)
        nodes = add_node_times(marks, spans, forward)
        of, phase = phases_of(marks, spans, forward)
        rows, groups, records = records_of(marks, spans, forward, of, phase)
        self._add_records(spans, sizes, over, rows, groups, records)
        if self.events.limit:
            record = np.full(len(nodes), len(records))
            record[rows] = groups
            nbytes = sizes.nbytes if self.memory != "nobytes" else np.full(len(nodes), -1)
            self.events.add(
                *(self.number, spans, nodes, nbytes, sizes.after, record, [*records, None]),
                lambda calls: calls.of_spans(marks, spans, nodes, forward, of),
            )

    def _bytes_of(self, spans: Spans, still: Ints, since: int) -> SpanBytes:
        """Return the bytes of each span.

        Keep only the rows of the watch that later spans need: those that are open, or start at
        `since` or later.
        """
        if self.memory != "exact":
            nbytes = spans.nbytes if self.memory == "outputs" else np.zeros_like(spans.nbytes)
            return SpanBytes(nbytes, nbytes)
        n = len(self.looks)
        looks = Looks(self.looks[:n])
        end = spans.start + spans.ns
        nbytes, live, peak = looks.between(spans.start, end)
        inside = inside_of(spans.level, spans.parent, spans.quiet, nbytes, self._inside_bytes)
        self._inside_bytes = inside[still].tolist()
        paused = [section.start for section in tuple(self.paused)]
        self.looks[:n] = looks.shortened(np.append(spans.start[still], paused), since)
        return SpanBytes(nbytes, nbytes - inside, live, peak, looks.at(end))

    def _add_sections(self, spans: Spans, sizes: SpanBytes) -> None:
        paths, sections = sections_of(spans, self.root)
        add_sections(spans, paths, sections, spans.ns[None], spans.nbytes)
        if sizes.live is not None and sizes.peak is not None:
            counted, n = spans.done & ~spans.quiet, len(sections)
            live, peaks = np.zeros((2, n), np.int64)
            np.add.at(live, paths[counted], sizes.live[counted])
            np.maximum.at(peaks, paths[counted], sizes.peak[counted])
            for section, change, peak in zip(sections, live.tolist(), peaks.tolist(), strict=True):
                section.add(SectionData(live_nbytes=change, peak_nbytes=peak))

    def _add_records(
        self,
        spans: Spans,
        sizes: SpanBytes,
        over: Ints,
        rows: Ints,
        groups: Ints,
        records: list[Record],
    ) -> None:
        """Add the self time of every operation to its record."""
        n, tallies = len(records), [self._tally(record) for record in records]
        ns = (spans.ns - spans.inside)[rows]
        totals = sums(groups, n, spans.calls[rows], ns, sizes.own[rows])
        steps = steps_of_groups(groups, over[spans.last[rows]], ns)
        for tally, total, spread in zip(tallies, totals, steps.of_groups(n), strict=True):
            tally.add(total, *spread)
        for group, step, spent in steps.every(self.stride):
            tallies[group].sample(step, spent)

    def _tally(self, record: Record) -> Tally:
        tally = self.tallies.get(record)
        if tally is None:
            tally = self.tallies[record] = Tally()
        return tally

    def add_record(self, record: Record, ncalls: int, ns: int, nbytes: int) -> None:
        """Add calls to a record, in the next gradient."""
        tally = self._tally(record)
        tally.add((ncalls, ns, nbytes), 1, self.steps, self.steps)
        if self.steps % self.stride == 0:
            tally.sample(self.steps, ns)

    def _step(self, over: int) -> None:
        """Set the number of complete gradients; drop every second sample if there are too many."""
        self.steps = over
        while self.steps > self.stride * SAMPLES:
            self.stride *= 2
            for tally in self.tallies.values():
                tally.thin(self.stride)

    def keep(self, kept: Iterable[tuple[str, Any, int]]) -> None:
        """Note the bytes that one gradient saves for its rules, by operation and site."""
        total: dict[Record, int] = {}
        for op, site, nbytes in kept:
            record = _record(Label(op, op, 0), site, "forward")
            total[record] = total.get(record, 0) + nbytes
        with self.lock:
            for record, nbytes in total.items():
                self._tally(record).keep(nbytes)

    def count(self, path: Sequence[str], ns: int) -> None:
        """Add a call to the section at a path."""
        with self.lock:
            section = self.root
            for text in path:
                section = section.child(text)
            section.count(ns)


def sections_of(spans: Spans, root: SectionData) -> tuple[Ints, list[SectionData]]:
    """Return sections from `root` on, and the index of that of each span: by label below its
    parent's.
    """
    paths = np.zeros(len(spans.label) + 1, np.int64)  # by row; the last is that of the root
    sections = [root]
    for level in range(1, int(spans.level.max(initial=0)) + 1):
        rows = np.flatnonzero(spans.level == level)
        around = paths[spans.parent[rows]]
        labels = around * len(LABELS) + spans.label[rows]
        places, numbers = distinct(2 * labels + spans.quiet[rows])
        below = np.arange(len(places)) + len(sections)
        firsts = rows[places]
        for label, path, quiet in zip(
            spans.label[firsts].tolist(),
            around[places].tolist(),
            spans.quiet[firsts].tolist(),
            strict=True,
        ):
            section = sections[path]
            sections.append(section if quiet else section.child(LABELS[label].text))
        paths[rows] = below[numbers]
    return paths[:-1], sections


def records_of(
    marks: Marks, spans: Spans, forward: Ints, of: Ints, phase: Ints
) -> tuple[Ints, Ints, list[Record]]:
    """Return the spans that belong to records, the group of each, and the records by group."""
    argument = spans.argument
    wanted = marks.code == RECORDED
    wanted[spans.begin[argument > 0]] = wanted[spans.last[argument == 0]] = True
    numbers, sites = numbers_of_sites(marks, wanted)
    site = np.where(
        argument > 0, numbers[spans.begin], np.where(argument == 0, numbers[spans.last], 0)
    )
    # On several recordings, the innermost operation has the site of the outermost recording.
    recorded = np.flatnonzero(forward >= 0)[::-1]
    site[forward[recorded]] = numbers[recorded]
    rows = np.flatnonzero((of >= 0) & spans.single)
    of, phase = of[rows], phase[rows]
    called = np.where(phase == RECORDING, numbers[spans.begin[rows]], site[of])
    places, groups = distinct((called * len(LABELS) + spans.label[of]) * len(PHASES) + phase)
    keys = (x[places].tolist() for x in (spans.label[of], called, phase))
    found: dict[Record, int] = {}  # several sites may be one place
    number = [
        found.setdefault(_record(LABELS[label], sites[i], PHASES[k]), len(found))
        for label, i, k in zip(*keys, strict=True)
    ]
    return rows, np.array(number, np.int64)[groups], list(found)


def _record(label: Label, site: Any, phase: str) -> Record:
    """Return the record of a label at a site."""
    if type(site) is LineSite:
        site = (site, site.belongs)
    elif type(site) is Called:
        site = (None, site)
    elif type(site) is not tuple:
        site = (site, None)
    site, called = site
    operands = () if called is None else called.operands
    file, line, function = NOWHERE if site is None else site[:3]
    scope = () if site is None else site.scope
    op, argument = label.op or label.text, max(label.argument, 0)
    return Record(op, argument, file, line, function, scope, phase, operands)
