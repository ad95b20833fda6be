"""The gradients of one function at one line: a row of numbers for each step, in bounded memory."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from threading import RLock

import numpy as np

from autograd_tools.tracing.findings import Finding, Numbers, extremeness, findings, outstanding
from autograd_tools.tracing.gradient_norms import NO_GRADIENT, Norm

HEAD = 4  # numbers of a row before those of the Params: step, loss, forward and backward time
MOST = 2**20  # numbers of a series, which take 8 MiB
FEWEST = 64  # rows, however many Params there are


class Series:
    """The gradients of one function at one line.

    Attributes
    ----------
    function, file, line : str, str, int
        The function that was differentiated, and the user's line that asked for its gradients.
    names : list of str
        The Params and arguments, in the order of their first use.
    steps : int
        The number of gradients. Long series have rows for some of them.
    """

    def __init__(self, function: str, file: str, line: int) -> None:
        self.function = function
        self.file = file
        self.line = line
        self.names: list[str] = []
        self.steps = 0
        # Params with NaN or Inf, at the first step with one in the loss or in a gradient.
        self.bad_values: list[Finding] = []
        self._pieces = [array("d")]  # row by row; each new column begins another piece
        self._widths = [0]  # of the rows of each piece
        self._size = 0  # numbers in all
        self._columns: dict[str, int] = {}
        self._lock = RLock()  # an array that another thread reads cannot grow

    def column(self, name: str) -> int:
        """Return the number of the column of a Param; a new one is empty in the rows so far."""
        number = self._columns.setdefault(name, len(self.names))
        if number == len(self.names):
            self.names.append(name)
        return number

    def add(
        self, loss: float, forward_ns: int | None, backward_ns: int, norms: Mapping[int, Norm]
    ) -> None:
        """Add a step with the norms of its gradients, by column."""
        row = self._row(loss, forward_ns, backward_ns)
        for number, norm in norms.items():
            place = HEAD + 3 * number
            row[place : place + 3] = norm
        self._append(row)

    def add_finite(
        self,
        loss: float,
        forward_ns: int | None,
        backward_ns: int,
        columns: Sequence[int],
        norms: Sequence[float],
    ) -> None:
        """Do the same for norms that are finite."""
        row = self._row(loss, forward_ns, backward_ns)
        for number, norm in zip(columns, norms, strict=True):
            row[HEAD + 3 * number] = norm
        self._append(row)

    def _row(self, loss: float, forward_ns: int | None, backward_ns: int) -> list[float]:
        head = [self.steps, loss, -1 if forward_ns is None else forward_ns, backward_ns]
        return head + [*NO_GRADIENT] * len(self.names)

    def _append(self, row: list[float]) -> None:
        with self._lock:
            if len(row) != self._widths[-1]:
                self._pieces.append(array("d"))
                self._widths.append(len(row))
            self.steps += 1  # first: an interrupt loses a row rather than a number
            self._pieces[-1].extend(row)
            self._size += len(row)
            if self._size > max(MOST, FEWEST * len(row)):
                self._thin()

    def fill(self, names: list[str], steps: int, rows: np.ndarray) -> None:
        """Take the rows of a file."""
        self.names, self.steps = names, steps
        self._columns = {name: number for number, name in enumerate(names)}
        self._replace(rows)

    @property
    def numbers(self) -> Numbers:
        """The rows as columns."""
        with self._lock:
            names, rows, bad_values = tuple(self.names), self._rows(), tuple(self.bad_values)
        of_param = len(Norm._fields)
        step, loss, forward_ns, backward_ns = rows.T[:HEAD]
        norm, nans, infs = (rows[:, HEAD + i :: of_param] for i in range(of_param))
        return Numbers(
            *(names, step.astype(np.int64), loss, forward_ns, backward_ns),
            *(norm, nans, infs, bad_values),
        )

    def findings(self) -> list[Finding]:
        """Return where the series goes wrong, the first step first."""
        return findings(self.numbers)

    def _rows(self) -> np.ndarray:
        """Return all rows as an array; a Param without a column yet has no gradient."""
        parts = [
            np.array(piece).reshape(-1, width)
            for piece, width in zip(self._pieces, self._widths, strict=True)
            if piece
        ]
        width = HEAD + len(Norm._fields) * len(self.names)
        rows = np.empty((sum(map(len, parts)), width))
        rows[:, HEAD:] = np.tile(NO_GRADIENT, len(self.names))
        start = 0
        for part in parts:
            rows[start : start + len(part), : part.shape[1]] = part
            start += len(part)
        return rows

    def _replace(self, rows: np.ndarray) -> None:
        """Put rows in place of all others."""
        piece = array("d", np.ascontiguousarray(rows, float).tobytes())
        self._pieces, self._widths, self._size = [piece], [rows.shape[1]], rows.size

    def _thin(self) -> None:
        """Keep the first and the most extreme of some neighbours, and all that stands out."""
        rows, numbers = self._rows(), self.numbers
        groups = len(rows) // 4  # of which two rows stay, and as many rows stand out
        bits = (self.steps // groups).bit_length()  # later groups are made of whole ones of now
        group = numbers.step >> bits
        starts = np.flatnonzero(np.diff(group, prepend=-1))
        keep = np.zeros(len(rows), bool)
        keep[starts] = keep[-1] = True
        keep[np.lexsort((-extremeness(numbers), group))[starts]] = True
        keep[outstanding(numbers)[:groups]] = True
        self._replace(rows[keep])
