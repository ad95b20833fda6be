"""Spans: the sections of a log as columns, found from its marks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.timing.group_sums import distinct
from autograd_tools.timing.log import (
    ADDS,
    CLOSE,
    END,
    LABELS,
    PAUSE,
    PIECE,
    RECORD_CALL,
    RECORDED,
    SUM_OUTGRADS,
    VOID,
    Ints,
    Marks,
)
from autograd_tools.timing.records import PHASES

Flags = np.ndarray[Any, np.dtype[np.bool_]]
RECORDING, SUMMING = PHASES.index("record"), PHASES.index("sum_outgrads")


class Spans(NamedTuple):
    """Sections as columns, in the order in which they began; `parent` is the enclosing row, or -1.

    `begin` and `last` are the marks at which they began and ended; sections that are `done` have
    ended, others are still open. `quiet` ones are not counted: their contents belong to the parent.
    `calls` is the number of calls; `single` spans are one whole call. `since` and `until` say which
    of the marks' times they take, of all starts followed by all ends. `inside` are the nanoseconds
    of direct children.
    """

    label: Ints
    argument: Ints
    level: Ints
    begin: Ints
    last: Ints
    parent: Ints
    quiet: Flags
    done: Flags
    calls: Ints
    single: Flags
    since: Ints
    until: Ints
    start: Ints
    ns: Ints
    inside: Ints
    nbytes: Ints


def spans_of(marks: Marks, before: Sequence[int] = ()) -> Spans:
    """Return the sections of a log.

    Its first marks reopen the sections that were open `before`, given as nanoseconds inside each.
    """
    code, _, number, start, end = marks
    n = len(code)
    arguments = np.array([label.argument for label in LABELS])
    opens, closes, leaf = code > END, code <= VOID, code < 0
    closes &= ~leaf
    level = np.cumsum(opens.astype(np.int64) - closes)  # the number of open sections after a mark
    last = np.arange(n)
    last[opens] = _closing(level, opens, closes)
    recorded = code == RECORDED
    summed = np.flatnonzero((number >= 0) & (leaf | (code == ADDS)))
    summed = summed[(code[summed] > 0) | (arguments[-code[summed]] > 0)]

    one = np.flatnonzero(leaf | opens | recorded)
    begin = np.concatenate([one, summed])
    order = np.argsort(begin, kind="stable")  # merges two sorted columns in no time
    begin = begin[order]
    is_sum = order >= len(one)
    is_record = recorded[begin]
    label = np.where(is_sum, SUM_OUTGRADS, np.where(is_record, RECORD_CALL, np.abs(code[begin])))
    last = last[begin]
    done = last < n
    last = np.minimum(last, n - 1)
    after = np.minimum(begin + 1, n - 1)
    follows = is_record & (begin > 0) & ~opens[begin - 1]
    since = np.where(is_sum, n + begin, np.where(follows, n + begin - 1, begin))
    closing = np.where(opens[begin] & ~is_sum, code[last], CLOSE)
    has_time = done & (closing != PAUSE)
    until = np.where(has_time, np.where(is_sum, after, n + last), since)
    times = np.concatenate([start, end])
    ns = durations(times, since, until)
    quiet = done & (closing == VOID)
    single = done & (closing == CLOSE)
    calls = np.where(done & (closing == PIECE), number[last], single)
    nbytes = np.where(single & ~is_sum & ~is_record, np.maximum(number[last], ~number[last]), 0)
    levels = np.where(opens[begin], level[begin], level[begin] + 1)
    parent = _parents(begin, levels, opens[begin] & ~is_sum)
    inside = inside_of(levels, parent, quiet, ns, before)
    columns = (quiet, done, calls, single, since, until, times[since], ns, inside, nbytes)
    return Spans(label, arguments[label], levels, begin, last, parent, *columns)


def durations(times: Ints, since: Ints, until: Ints) -> Ints:
    """Return the nanoseconds of spans, of each row of times if there are several."""
    ns = times.take(until, axis=-1)
    ns -= times.take(since, axis=-1)
    return np.maximum(ns, 0, out=ns)


def inside_of(
    level: Ints, parent: Ints, quiet: Flags, amount: Ints, before: Sequence[int] = ()
) -> Ints:
    """Return for each section the sum of its direct children, starting with those from `before`.

    The amounts may be several rows.
    """
    inside = np.zeros_like(amount)
    inside[..., : len(before)] = before
    for depth in range(int(level.max(initial=1)), 1, -1):
        rows = np.flatnonzero(level == depth)
        own = np.where(quiet[rows], inside[..., rows], amount[..., rows])
        np.add.at(inside.T, parent[rows], own.T)
    return inside


def _closing(level: Ints, opens: Flags, closes: Flags) -> Ints:
    """Return the closing mark of each mark that opens a section, or the length of the log.

    Sections of one level open and close in turn: sorted by level, the two columns correspond.
    """
    opening, closing = np.flatnonzero(opens), np.flatnonzero(closes)
    still_open = np.arange(int(level[-1]), 0, -1)
    closing_level = np.concatenate([level[closing] + 1, still_open])
    closing = np.concatenate([closing, np.full(len(still_open), len(level))])
    found = np.empty(len(opening), np.int64)
    order = np.argsort(closing_level, kind="stable")
    found[np.argsort(level[opening], kind="stable")] = closing[order]
    return found


def _parents(begin: Ints, level: Ints, opens: Flags) -> Ints:
    """Return the row of the section around each: the last one level up that opened before."""
    parent = np.full(len(begin), -1)
    for depth in range(2, int(level.max(initial=1)) + 1):
        outer, inner = np.flatnonzero(opens & (level == depth - 1)), np.flatnonzero(level == depth)
        parent[inner] = outer[np.searchsorted(begin[outer], begin[inner]) - 1]
    return parent


def forward_of(marks: Marks, spans: Spans) -> Ints:
    """Return the span of the operation for each RECORDED mark, or -1."""
    code, places = marks.code, np.arange(len(marks.code))
    recorded = code == RECORDED
    last = np.maximum.accumulate(np.where(recorded | (code == VOID), -1, places))
    row = np.full(len(places), -1)
    forward = np.flatnonzero(spans.single & (spans.argument <= 0) & (spans.label != SUM_OUTGRADS))
    row[spans.last[forward]] = forward
    return np.where(recorded & (last >= 0), row[last], -1)


def phases_of(marks: Marks, spans: Spans, forward: Ints) -> tuple[Ints, Ints]:
    """Return the span of the operation or gradient (or -1), and the phase, for each span."""
    rows = np.arange(len(spans.label))
    phase = np.where(spans.argument > 0, PHASES.index("backward"), 0)
    of = np.where(spans.argument >= 0, rows, -1)
    calls = rows[spans.label == RECORD_CALL]
    operation = forward[spans.begin[calls]]
    of[calls], phase[calls] = np.where(operation >= 0, operation, calls), RECORDING
    gradient = np.full(len(marks.code), -1)
    gradients = rows[(spans.argument > 0) & spans.done]
    gradient[spans.last[gradients]] = gradients
    before = np.maximum.accumulate(np.where(gradient >= 0, np.arange(len(gradient)), 0))
    sums = rows[spans.label == SUM_OUTGRADS]
    added = gradient[before[spans.begin[sums]]]
    of[sums], phase[sums] = np.where(added >= 0, added, sums), SUMMING
    return of, phase


def numbers_of_sites(marks: Marks, wanted: Flags) -> tuple[Ints, list[Any]]:
    """Return the number of the site of each wanted mark, 0 for none, and the sites by number."""
    numbers = np.zeros(len(wanted), np.int64)
    if not any(marks.site):
        return numbers, [None]
    sites = list(compress(marks.site, wanted.tobytes()))
    places, numbers[wanted] = distinct(np.fromiter(map(id, sites), np.int64, len(sites)) >> 4)
    numbers[wanted] += 1
    return numbers, [None, *(sites[i] for i in places.tolist())]
