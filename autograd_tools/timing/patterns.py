"""Patterns: gradients whose marks differ from an earlier one only in their times.

A program that trains computes one gradient again and again. Its marks are parsed once; those of
later ones are compared with them, and only their times are added up, many gradients at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.timing.group_sums import spreads, sums
from autograd_tools.timing.log import ADDS, END, RECORDED, VOID, Ints
from autograd_tools.timing.records import Tally
from autograd_tools.timing.section import SectionData
from autograd_tools.timing.spans import Spans, durations, inside_of

MOST_PATTERNS = 8  # patterns known in a thread
LONGEST = 20_000  # marks of all patterns known in a thread, and operations that are compared
Key = tuple[list[int], list[Any], list[int]]  # the codes, sites and numbers of marks


class Destinations(NamedTuple):
    """Where spans are added: the section of each, and the tally of those in `rows`, by group."""

    paths: Ints
    sections: list[SectionData]
    rows: Ints
    groups: Ints
    tallies: list[Tally]


class Pattern:
    """The marks of a gradient without times, inside some open sections, given by their codes.

    It has `spans` and destinations, `to`, once it has come again. It is `complete` if all sections
    that begin in the gradient end there.
    """

    def __init__(self, key: Key, around: list[int]) -> None:
        self.key = key
        self.around = around
        self.spans: Spans | None = None
        self.to: Destinations | None = None
        code = np.array(key[0])
        depth = np.cumsum((code > END).astype(int) - ((code >= 0) & (code <= VOID)))
        self.complete = bool(depth.min() >= 0 and depth[-1] == 0)

    def inside(self, times: Ints) -> int:
        """Return the nanoseconds in sections of gradients, the times of each in a row."""
        if self.spans is None:
            return 0
        ns, outer = durations(times, self.spans.since, self.spans.until), self.spans.level == 1
        quiet = outer & self.spans.quiet
        inside = inside_of(self.spans.level, self.spans.parent, self.spans.quiet, ns)
        return int(ns[:, outer & ~quiet].sum() + inside[:, quiet].sum())

    def add(self, times: Ints, steps: Sequence[int], stride: int) -> None:
        """Add gradients, the times of each in a row: all starts, then all ends."""
        if self.spans is None or self.to is None:
            return
        spans, (paths, sections, rows, groups, tallies) = self.spans, self.to
        runs, n = len(times), len(tallies)
        ns = durations(times, spans.since, spans.until)
        add_sections(spans, paths, sections, ns, spans.nbytes)
        own = ns
        if spans.level.max(initial=1) > 1:
            own = ns - inside_of(spans.level, spans.parent, spans.quiet, ns)
        own = own if len(rows) == len(paths) else own.take(rows, axis=1)
        calls, nbytes = runs * spans.calls[rows], runs * spans.nbytes[rows]
        for tally, total in zip(tallies, sums(groups, n, calls, own.sum(0), nbytes), strict=True):
            tally.add(total, runs, steps[0], steps[-1])
        for step, spent in zip(steps, own, strict=True):
            if step % stride == 0:
                for tally, (one,) in zip(tallies, sums(groups, n, spent), strict=True):
                    tally.sample(step, one)


class Patterns:
    """The patterns of a thread's gradients, the last ones used first."""

    def __init__(self) -> None:
        self._known: list[Pattern] = []

    def split(
        self, key: Key, firsts: Sequence[int], ends: Sequence[int]
    ) -> list[tuple[Pattern, list[int]]]:
        """Return patterns that came again, with the numbers of their gradients.

        Gradients are between the marks at `firsts` and those at `ends`; marks before the first open
        the sections around. There is none if something ends or goes on beyond a gradient.
        """
        codes = key[0]
        if any([codes[i] in (RECORDED, ADDS) for i in firsts if i < len(codes)]):
            return []
        found: dict[Pattern, list[int]] = {}
        around = codes[: firsts[0]]
        for number, (first, last) in enumerate(zip(firsts, ends, strict=False)):
            own = key[0][first:last], key[1][first:last], key[2][first:last]
            pattern = next((p for p in self._known if p.key == own and p.around == around), None)
            if pattern is None:
                pattern = Pattern(own, around)
            else:
                self._known.remove(pattern)
                found.setdefault(pattern, []).append(number)
            if not pattern.complete:
                return []
            self._known = [pattern, *self._known[: MOST_PATTERNS - 1]]
            while sum([len(known.key[0]) for known in self._known[1:]]) > LONGEST:
                self._known.pop()
        return list(found.items())


def ends_of(codes: list[int], numbers: list[int]) -> list[int]:
    """Return where the gradients of a log end: the mark after each."""
    found, at = [], -1
    with suppress(ValueError):
        while True:
            at = codes.index(END, at + 1)
            if numbers[at] == 1:
                found.append(at + 1)
    return found


def add_sections(
    spans: Spans, paths: Ints, sections: list[SectionData], ns: Ints, nbytes: Ints
) -> None:
    """Add spans to sections, the index of each in `paths`; `ns` has a row for each run."""
    counted, n, runs = spans.done & ~spans.quiet, len(sections), len(ns)
    columns = (runs * spans.calls, ns.sum(axis=0), runs * nbytes)
    totals = sums(paths[counted], n, *(column[counted] for column in columns))
    single = np.flatnonzero(spans.single)
    of_single = ns if len(single) == len(paths) else ns.take(single, axis=1)
    found = spreads(paths[single], n, of_single)
    for section, (ncalls, spent, size), spread in zip(sections, totals, found, strict=True):
        section.add(SectionData(ncalls, spent, size, {}, *spread))
