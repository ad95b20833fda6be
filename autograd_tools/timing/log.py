"""The log of a thread: what began and ended when, written down in passing, and added up when somebody looks.

A log is a flat list of marks, of four items each: (code, note, number, nanoseconds). A mark costs a tenth of a microsecond;
sections, records and times of nodes are made of thousands at once. `code` is one of

* a label, a number from `label` on: a section opens. `note` is the user's call and `number` the node, for a rule;
* a label times -1: the section that is open closes, and this one opens;
* CLOSE: the section that is open closes. Here, and where SUM or IDLE opens, `number` is the bytes that the closed one made;
* VOID: it closes, and was none: what was called had to do with the recording around, where it is timed;
* NOTE: a call was recorded at `note` as the node `number`. From the mark before, that was the section `record`.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

CLOSE, VOID, NOTE = 0, 1, 2
LIMIT = 4 * 100_000  # items of a log, which is added up when it is longer, so that its memory is bounded
Ints = NDArray[np.int64]


class Label(NamedTuple):
    """What a section is called; of an operation its name, and the argument whose gradient it is, 0 for forward."""

    text: str
    op: str = ""
    argument: int = -1


LABELS = [Label("")] * 3
_codes: dict[Label, int] = {}


def label(text: str, op: str = "", argument: int = -1) -> int:
    """The code of a label."""
    key = (text, op, argument)
    code = _codes.get(key)  # type: ignore[call-overload]  # a tuple and a named one are the same key
    if code is None:
        code = _codes[Label(*key)] = len(LABELS)
        LABELS.append(Label(*key))
    return code


IDLE, RECORD, SUM = label(""), label("record"), label("sum_outgrads")  # IDLE is no section: it holds a sweep together


class Spans(NamedTuple):
    """Sections as columns, in the order in which they began; `parent` is the row of the section around, or -1.

    `begin` and `end` are their marks; the sections that are `done` have ended, the others are still open. `quiet` ones do
    not count: what is in them is in what is around them. `inside` are the nanoseconds of the sections right inside.
    """

    label: Ints
    level: Ints
    begin: Ints
    end: Ints
    parent: Ints
    quiet: NDArray[np.bool_]
    done: NDArray[np.bool_]
    start: Ints
    ns: Ints
    inside: Ints
    nbytes: Ints


class Marks(NamedTuple):
    """The marks of a log as columns."""

    code: Ints
    note: list[Any]
    number: Ints
    time: Ints


def marks_of(log: list[Any]) -> Marks:
    """The columns of a log, or of a part of one."""
    code, number, time = (np.array(log[i::4], np.int64) for i in (0, 2, 3))
    return Marks(code, log[1::4], number, time)


def spans_of(marks: Marks, before: list[int]) -> Spans:
    """The sections of a log. Its first marks open those that were open `before`: the nanoseconds inside each until then."""
    code, _, number, time = marks
    n = len(code)
    noted = code == NOTE
    level = np.cumsum(np.where(code > NOTE, 1, np.where((code == CLOSE) | (code == VOID), -1, 0)))  # of what is open after a mark
    begin = np.flatnonzero((code >= NOTE) | (code < 0))
    end = np.flatnonzero(code <= NOTE)
    still_open = np.arange(int(level[-1]), 0, -1)
    begin_level = level[begin] + noted[begin]
    end_level = np.concatenate([level[end] + (code[end] >= 0), still_open])
    end = np.concatenate([end, np.full(len(still_open), n)])
    # At each level sections begin and end in turn, so that sorted by level the one column stands beside the other.
    by_level = _order(begin_level)
    paired = np.empty_like(end)
    paired[by_level] = end[_order(end_level)]
    end = paired

    label = np.where(noted[begin], RECORD, np.abs(code[begin]))
    done = end < n
    last = np.minimum(end, n - 1)
    follows = noted[begin] & (begin > 0) & np.isin(code[begin - 1], (CLOSE, VOID, NOTE))
    start = time[begin - follows]
    ns = np.where(done, np.maximum(time[last] - start, 0), 0)
    tells_bytes = done & ~noted[last] & ((code[last] == CLOSE) | (code[last] == -SUM) | (code[last] == -IDLE))
    quiet = (label == IDLE) | (done & (code[last] == VOID))
    nbytes = np.where(tells_bytes, number[last], 0)
    parent, inside = _nest(begin, begin_level, by_level, ns, quiet, before)
    return Spans(label, begin_level, begin, end, parent, quiet, done, start, ns, inside, nbytes)


def _order(levels: Ints) -> Ints:
    """Where the rows are, sorted by level and then as they are; small integers are sorted in linear time."""
    deepest = int(levels.max(initial=0))
    return np.argsort(levels.astype(np.uint8 if deepest < 2**8 else np.uint16 if deepest < 2**16 else np.int64), kind="stable")


def _nest(begin: Ints, level: Ints, by_level: Ints, ns: Ints, quiet: NDArray[np.bool_], before: list[int]) -> tuple[Ints, Ints]:
    """The row of the section around each, and the nanoseconds of those right inside each."""
    parent, inside = np.full(len(begin), -1), np.zeros(len(begin), np.int64)
    inside[: len(before)] = before
    levels = np.split(by_level, np.cumsum(np.bincount(level))[:-1])[1:]
    for outer, inner in zip(levels, levels[1:], strict=False):
        parent[inner] = outer[np.searchsorted(begin[outer], begin[inner]) - 1]
    for inner in levels[:0:-1]:
        np.add.at(inside, parent[inner], np.where(quiet[inner], inside[inner], ns[inner]))
    return parent, inside


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
    """For each of `n` groups the count of its rows, and the sums of columns of integers below 2**53."""
    counts = np.bincount(groups, minlength=n)
    totals = [np.bincount(groups, weights=column, minlength=n).astype(np.int64) for column in columns]
    return zip(*(column.tolist() for column in (counts, *totals)), strict=True)


def forward_of(marks: Marks, spans: Spans) -> Ints:
    """For each mark that is a NOTE the row of the section whose output was recorded, -1 for others and where there is none."""
    places = np.arange(len(marks.code))
    skipped = (marks.code == NOTE) | (marks.code == VOID)
    last = np.maximum.accumulate(np.where(skipped, -1, places))
    row = np.full(len(places) + 1, -1)
    row[spans.end] = np.arange(len(spans.end))
    return np.where((marks.code == NOTE) & (last >= 0) & (marks.code[last] == CLOSE), row[last], -1)


def numbers_of_notes(marks: Marks, wanted: NDArray[np.bool_]) -> tuple[Ints, list[Any]]:
    """For each mark that is wanted the number of its note, 0 for none; and the notes by number."""
    notes = list(compress(marks.note, wanted.tobytes()))
    numbers = np.zeros(len(wanted), np.int64)
    places, numbers[wanted] = distinct(np.fromiter(map(id, notes), np.int64, len(notes)) >> 4)
    numbers[wanted] += 1
    return numbers, [None, *(notes[i] for i in places.tolist())]
