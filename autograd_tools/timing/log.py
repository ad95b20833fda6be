"""The log of a thread: what began and ended when, written down in passing, and added up when somebody looks.

A log is a flat list of marks, of five items each: (code, note, number, start, end), the last two in nanoseconds. A mark
costs a tenth of a microsecond; sections, records and times of nodes are made of thousands at once. `code` is one of

* a label times -1: a section that is over, with nothing in it, which made `number` bytes. After the gradient of an
  argument the time until the next mark is the section `sum_outgrads`, unless its bytes are inverted (~number).
* a label, which is above END: a section opens. Of a gradient `number` is the node. `note` is the user's call, here and above.
* CLOSE: the section that is open closes, and made `number` bytes.
* PIECE: it closes, and was a part of a call, or its first if `number` is 1; the calls of its section are not known one by one.
* PAUSE: it closes for now, and does not count: it goes on elsewhere.
* VOID: it closes, and was none: what was called had to do with the recording around, where it is timed.
* NOTE: a call was recorded at `note` as the node `number`. From the mark before, that was the section `record`.
* NODE: the gradient that the next mark tells of is that of an argument of the node `number`.
* SUMS: as after a gradient, the time until the next mark is `sum_outgrads`, unless `number` is negative.
* END: a sweep is over, and with it a gradient if `number` is 1.

A note is what the engine knows of the place in the user's code, or, where signatures of arrays are asked for, a tuple of it
and of one; these stand in the marks of forward passes, too.

A node is the number of its recording, from 1 on, in the higher half, and its index in the lower; 0 where nobody can ask for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

CLOSE, PIECE, PAUSE, VOID, NOTE, NODE, SUMS, END = range(8)
WIDTH = 5
HALF = 32  # bits
LIMIT = (
    WIDTH * 20_000
)  # items of a log, which is added up when it is longer: its memory is bounded, and its columns fit a cache
SHORT = 2**20  # nanoseconds
Ints = NDArray[np.int64]


class Label(NamedTuple):
    """What a section is called; of an operation its name, and the argument whose gradient it is, 0 for forward."""

    text: str
    op: str = ""
    argument: int = -1


LABELS = [Label("")] * (END + 1)
_codes: dict[Label, int] = {}
_lock = threading.Lock()


def label(text: str, op: str = "", argument: int = -1) -> int:
    """The code of a label."""
    key = (text, op, argument)
    code = _codes.get(key)  # type: ignore[call-overload]  # a tuple and a named one are the same key
    if code is None:
        with _lock:
            code = _codes.setdefault(Label(*key), len(LABELS))
            if code == len(LABELS):
                LABELS.append(Label(*key))
    return code


RECORD, SUM = label("record"), label("sum_outgrads")


def mark(code: int, number: int, time: int, note: Any = None) -> tuple[int, Any, int, int, int]:
    """A mark of one moment; where every nanosecond counts it is written out."""
    return (code, note, number, time, time)


def enclose(
    log: list[Any],
    begin: int,
    section: int,
    note: Any,
    node: int,
    start: int,
    end: int,
    nbytes: int,
) -> None:
    """Put a section around what was written from the item `begin` on."""
    log[begin:begin] = (section, note, node, start, start)
    log += (CLOSE, None, nbytes, end, end)


class Marks(NamedTuple):
    """The marks of a log as columns."""

    code: Ints
    note: list[Any]
    number: Ints
    start: Ints
    end: Ints


def marks_of(log: list[Any]) -> Marks:
    """The columns of a log, or of a part of one."""
    n = len(log) // WIDTH
    code, number, start, end = (np.fromiter(log[i::WIDTH], np.int64, n) for i in (0, 2, 3, 4))
    return Marks(code, log[1::WIDTH], number, start, end)


class Spans(NamedTuple):
    """Sections as columns, in the order in which they began; `parent` is the row of the section around, or -1.

    `begin` and `last` are the marks at which they began and ended; sections that are `done` have ended, others are open yet.
    `quiet` ones do not count: what is in them is in what is around them. Of others `calls` is how many they are, and `single`
    are those that are one whole call. `inside` are the nanoseconds of those right inside.
    """

    label: Ints
    argument: Ints
    level: Ints
    begin: Ints
    last: Ints
    parent: Ints
    quiet: NDArray[np.bool_]
    done: NDArray[np.bool_]
    calls: Ints
    single: NDArray[np.bool_]
    start: Ints
    ns: Ints
    inside: Ints
    nbytes: Ints


def spans_of(marks: Marks, before: list[int]) -> Spans:
    """The sections of a log. Its first marks open those that were open `before`: the nanoseconds inside each until then."""
    code, _, number, start, end = marks
    n = len(code)
    arguments = np.array([label.argument for label in LABELS])
    opens, closes, leaf = code > END, code <= VOID, code < 0
    closes &= ~leaf
    level = np.cumsum(opens.astype(np.int64) - closes)  # of what is open after a mark
    last = np.arange(n)
    last[opens] = _closing(level, opens, closes)
    note = code == NOTE
    summed = np.flatnonzero((number >= 0) & (leaf | (code == SUMS)))
    summed = summed[(code[summed] > 0) | (arguments[-code[summed]] > 0)]

    one = np.flatnonzero(leaf | opens | note)
    begin = np.concatenate([one, summed])
    order = np.argsort(begin, kind="stable")  # two sorted columns are merged in no time
    begin = begin[order]
    is_sum = order >= len(one)
    label = np.where(is_sum, SUM, np.where(note[begin], RECORD, np.abs(code[begin])))
    last = last[begin]
    done = last < n
    last = np.minimum(last, n - 1)
    after = np.minimum(begin + 1, n - 1)
    follows = note[begin] & (begin > 0) & ~opens[begin - 1]
    since = np.where(is_sum, end[begin], np.where(follows, end[begin - 1], start[begin]))
    ns = np.where(done, np.maximum(np.where(is_sum, start[after], end[last]) - since, 0), 0)
    closing = np.where(opens[begin] & ~is_sum, code[last], CLOSE)
    quiet = done & (closing == VOID)
    ns[closing == PAUSE] = 0
    single = done & (closing == CLOSE)
    calls = np.where(done & (closing == PIECE), number[last], single)
    nbytes = np.where(single & ~is_sum & ~note[begin], np.maximum(number[last], ~number[last]), 0)
    levels = np.where(opens[begin], level[begin], level[begin] + 1)
    parent = _around(begin, levels, opens[begin] & ~is_sum)
    inside = inside_of(levels, parent, quiet, ns, before)
    return Spans(
        label,
        arguments[label],
        levels,
        begin,
        last,
        parent,
        quiet,
        done,
        calls,
        single,
        since,
        ns,
        inside,
        nbytes,
    )


def inside_of(
    level: Ints, parent: Ints, quiet: NDArray[np.bool_], amount: Ints, before: list[int]
) -> Ints:
    """For each section the sum of the amounts of those right inside; of the first, which were open, some is from `before`."""
    inside = np.zeros(len(level), np.int64)
    inside[: len(before)] = before
    for depth in range(int(level.max(initial=1)), 1, -1):
        rows = np.flatnonzero(level == depth)
        np.add.at(inside, parent[rows], np.where(quiet[rows], inside[rows], amount[rows]))
    return inside


def _closing(level: Ints, opens: NDArray[np.bool_], closes: NDArray[np.bool_]) -> Ints:
    """For each mark that opens a section the one that closes it, or the length of the log.

    At each level sections open and close in turn, so that sorted by level the one column stands beside the other.
    """
    opening, closing = np.flatnonzero(opens), np.flatnonzero(closes)
    still_open = np.arange(int(level[-1]), 0, -1)
    closing_level = np.concatenate([level[closing] + 1, still_open])
    closing = np.concatenate([closing, np.full(len(still_open), len(level))])
    found = np.empty(len(opening), np.int64)
    found[np.argsort(level[opening], kind="stable")] = closing[
        np.argsort(closing_level, kind="stable")
    ]
    return found


def _around(begin: Ints, level: Ints, opens: NDArray[np.bool_]) -> Ints:
    """The row of the section around each: of those one level up the last that opened before."""
    parent = np.full(len(begin), -1)
    for depth in range(2, int(level.max(initial=1)) + 1):
        outer, inner = np.flatnonzero(opens & (level == depth - 1)), np.flatnonzero(level == depth)
        parent[inner] = outer[np.searchsorted(begin[outer], begin[inner]) - 1]
    return parent


def distinct(keys: Ints) -> tuple[Ints, Ints]:
    """Where each distinct key stands first, in that order, and for every key its number in that order."""
    if not len(keys):
        return keys, keys
    keys = keys - keys.min()
    if keys.max() > 4_000_000:
        keys = np.unique(keys, return_inverse=True)[1]
    size = int(keys.max()) + 1
    first = np.full(size, -1)
    first[keys[::-1]] = np.arange(len(keys))[::-1]
    places = np.sort(first[first >= 0])
    first[keys[places]] = np.arange(len(places))
    return places, first[keys]


def sums(groups: Ints, n: int, *columns: Ints) -> Iterable[tuple[int, ...]]:
    """For each of `n` groups the sums of columns."""
    return zip(*(_sum(groups, n, column).tolist() for column in columns), strict=True)


def _sum(groups: Ints, n: int, column: Ints) -> Ints:
    """The sums of a column: in floats, which is faster, where they are exact."""
    if column.sum(dtype=float) < 2**53:
        return np.bincount(groups, weights=column, minlength=n).astype(np.int64)
    total = np.zeros(n, np.int64)
    np.add.at(total, groups, column)
    return total


def spreads(groups: Ints, n: int, ns: Ints) -> Iterable[tuple[int, int, int, int]]:
    """For each of `n` groups the count of its rows, the least and greatest of their nanoseconds, and the sum of the squares.

    Squares of a millisecond and more are added up in Python, where they find room: in a second there are a thousand at most.
    """
    least, greatest, squares = (
        np.full(n, np.iinfo(np.int64).max),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
    )
    np.minimum.at(least, groups, ns)
    np.maximum.at(greatest, groups, ns)
    short = np.where(ns < SHORT, ns, 0)
    np.add.at(squares, groups, short * short)
    exact = squares.tolist()
    for row in np.flatnonzero(ns >= SHORT).tolist():
        exact[groups[row]] += int(ns[row]) ** 2
    return zip(
        np.bincount(groups, minlength=n).tolist(),
        least.tolist(),
        greatest.tolist(),
        exact,
        strict=True,
    )


def steps_of(marks: Marks) -> Ints:
    """For each mark how many gradients were over before it."""
    return np.cumsum((marks.code == END) & (marks.number == 1))


class Steps(NamedTuple):
    """The time of groups in steps, as columns: of a group, in a step, so many nanoseconds."""

    group: Ints
    step: Ints
    ns: Ints

    def of_groups(self, n: int) -> Iterable[tuple[int, int, int]]:
        """For each of `n` groups the number of its steps, the first and the last."""
        first, last = np.full(n, np.iinfo(np.int64).max), np.full(n, -1)
        np.minimum.at(first, self.group, self.step)
        np.maximum.at(last, self.group, self.step)
        return zip(
            np.bincount(self.group, minlength=n).tolist(),
            first.tolist(),
            last.tolist(),
            strict=True,
        )

    def every(self, stride: int) -> Iterable[tuple[int, int, int]]:
        """Those of the steps that are multiples of `stride`."""
        wanted = self.step % stride == 0
        return zip(*(column[wanted].tolist() for column in self), strict=True)


def steps_of_groups(groups: Ints, steps: Ints, ns: Ints) -> Steps:
    """Add up the time of each group in each step."""
    first = int(steps.min(initial=0))
    places, pair = distinct(groups * (int(steps.max(initial=0)) - first + 1) + steps - first)
    return Steps(groups[places], steps[places], _sum(pair, len(places), ns))


def forward_of(marks: Marks, spans: Spans) -> Ints:
    """For each mark that is a NOTE the row of the section whose output was recorded, -1 for others and where there is none."""
    places = np.arange(len(marks.code))
    last = np.maximum.accumulate(np.where((marks.code == NOTE) | (marks.code == VOID), -1, places))
    row = np.full(len(places), -1)
    forward = np.flatnonzero(spans.single & (spans.argument <= 0) & (spans.label != SUM))
    row[spans.last[forward]] = forward
    return np.where((marks.code == NOTE) & (last >= 0), row[last], -1)


RECORDS, SUMMED = 1, 3  # phases


def phases_of(marks: Marks, spans: Spans, forward: Ints) -> tuple[Ints, Ints]:
    """For each section of the engine the row of the operation or gradient that it is a part of, and which part it is; -1 for others."""
    rows = np.arange(len(spans.label))
    phase = np.where(spans.argument > 0, 2, 0)
    of = np.where(spans.argument >= 0, rows, -1)
    notes = rows[spans.label == RECORD]
    operation = forward[spans.begin[notes]]
    of[notes], phase[notes] = np.where(operation >= 0, operation, notes), RECORDS
    gradient = np.full(len(marks.code), -1)
    gradients = rows[(spans.argument > 0) & spans.done]
    gradient[spans.last[gradients]] = gradients
    before = np.maximum.accumulate(np.where(gradient >= 0, np.arange(len(gradient)), 0))
    sums = rows[spans.label == SUM]
    added = gradient[before[spans.begin[sums]]]
    of[sums], phase[sums] = np.where(added >= 0, added, sums), SUMMED
    return of, phase


def numbers_of_notes(marks: Marks, wanted: NDArray[np.bool_]) -> tuple[Ints, list[Any]]:
    """For each mark that is wanted the number of its note, 0 for none; and the notes by number."""
    numbers = np.zeros(len(wanted), np.int64)
    if not any(marks.note):
        return numbers, [None]
    notes = list(compress(marks.note, wanted.tobytes()))
    places, numbers[wanted] = distinct(np.fromiter(map(id, notes), np.int64, len(notes)) >> 4)
    numbers[wanted] += 1
    return numbers, [None, *(notes[i] for i in places.tolist())]
