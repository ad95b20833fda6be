"""Log of a thread: marks of beginnings and ends, added up on demand.

A log is a flat list with five items a mark: (code, site, number, start, end), times in nanoseconds.
A mark costs a tenth of a microsecond; sections, records and times of nodes are computed from
thousands of marks at once. `code` is one of

* a negative label: a complete section with nothing inside, whose array has `number` bytes. After
  the gradient of an argument, the time until the next mark is the section `sum_outgrads`, unless
  the bytes are inverted (~number).
* a label, which is above END: a section opens. `site` is the user's call, here and above. For a
  gradient, `number` is the node.
* CLOSE: the open section closes; its array has `number` bytes.
* PIECE: it closes, as a part of a call, the first if `number` is 1. Its calls have no single times.
* PAUSE: it closes without being counted: it continues elsewhere.
* VOID: it closes and is dropped: an enclosing recording times the same call.
* RECORDED: a call at `site` was recorded as the node `number`; since the mark before, that was the
  section `record`.
* NODE: the next mark is the gradient of an argument of the node `number`.
* ADDS: as after a gradient, the time until the next mark is `sum_outgrads`, unless `number` is
  negative.
* END: a backward pass is over; it completes a gradient if `number` is 1.

A site is a line with its scopes (`records.Site`), or the engine's call site if single calls are
kept. If AUTOGRAD_TIMER asks for shapes, it is a pair of that and the operands (`records.Called`);
then marks of forward passes have operands as their sites.

A node has the number of its recording (from 1) in the upper half, and its index in the lower half;
0 if nobody can ask for it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import compress
from typing import Any, NamedTuple

import numpy as np

CLOSE, PIECE, PAUSE, VOID, RECORDED, NODE, ADDS, END = range(8)
WIDTH = 5
HALF = 32  # bits
LIMIT = WIDTH * 20_000  # items; a longer log is added up: it stays small, its columns fit a cache
Ints = np.ndarray[Any, np.dtype[np.int64]]


class Label(NamedTuple):
    """The label of a section; for an operation also its name and `argument`, 0 for forward."""

    text: str
    op: str = ""
    argument: int = -1


LABELS = [Label("")] * (END + 1)
_codes: dict[Label, int] = {}
_codes_lock = threading.RLock()


def code_of(text: str, op: str = "", argument: int = -1) -> int:
    """Return the code of a label."""
    key = (text, op, argument)
    code = _codes.get(key)  # type: ignore[call-overload]  # a tuple equals a named tuple
    if code is None:
        with _codes_lock:
            code = _codes.get(Label(*key))
            if code is None:
                LABELS.append(Label(*key))  # first, as an interrupt may come
                code = _codes[LABELS[-1]] = len(LABELS) - 1
    return code


RECORD_CALL, SUM_OUTGRADS = code_of("record"), code_of("sum_outgrads")


def mark(code: int, number: int, time: int, site: Any = None) -> tuple[int, Any, int, int, int]:
    """Return a mark of one moment; hot code writes the tuple out."""
    return (code, site, number, time, time)


def enclose(
    log: list[Any],
    begin: int,
    section: int,
    site: Any,
    node: int,
    start: int,
    end: int,
    nbytes: int,
) -> None:
    """Put a section around all marks from the item `begin` on."""
    inside = log[begin:]  # one step, as an interrupt may come
    log[begin:] = (section, site, node, start, start, *inside, CLOSE, None, nbytes, end, end)


class Marks(NamedTuple):
    """Marks of a log as columns."""

    code: Ints
    site: list[Any]
    number: Ints
    start: Ints
    end: Ints

    def row(self, i: int) -> tuple[Any, ...]:
        """Return the mark at `i` as it was written."""
        code, site, number, start, end = (column[i] for column in self)
        return (int(code), site, int(number), int(start), int(end))


def times_of(log: list[Any]) -> tuple[Ints, Ints]:
    """Return the starts and ends of all marks of a log."""
    n = len(log) // WIDTH
    start, end = (np.fromiter(log[i::WIDTH], np.int64, n) for i in (3, 4))
    return start, end


def rows_of(times: Sequence[Ints], firsts: Sequence[int], n: int) -> Ints:
    """Return the times of parts of a log with `n` marks each, in rows: all starts, all ends."""
    rows = np.empty((len(firsts), 2 * n), np.int64)
    for row, first in zip(rows, firsts, strict=True):
        row[:n], row[n:] = (column[first : first + n] for column in times)
    return rows


def marks_of(
    key: tuple[list[int], list[Any], list[int]],
    times: Sequence[Ints],
    where: np.ndarray[Any, np.dtype[np.bool_]] | None = None,
) -> Marks:
    """Return the codes, sites and numbers of marks with their times, or of those at `where`."""
    code, site, number = key
    start, end = times
    if where is not None and not where.all():
        chosen = where.tobytes()
        code, site, number = (list(compress(column, chosen)) for column in key)
        start, end = start[where], end[where]
    n = len(code)
    return Marks(np.fromiter(code, np.int64, n), site, np.fromiter(number, np.int64, n), start, end)
