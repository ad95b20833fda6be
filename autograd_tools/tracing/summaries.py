"""Summaries of values and gradients without their elements: one at a time, or a column of them."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.base.array_statistics import statistics
from autograd_tools.engine.describe import describe

NUMBERS = ("min", "max", "mean", "norm")
COUNTS = ("zeros", "nans", "infs")
# The dtype and bytes of floating-point scalars.
FLOATS: dict[type, tuple[str, int]] = {
    float: ("float64", 8),
    np.float64: ("float64", 8),
    np.float32: ("float32", 4),
}


@dataclass(frozen=True, slots=True)
class Summary:
    """A value or gradient without its elements.

    Attributes
    ----------
    text : str
        The value as a listing shows it.
    shape, dtype : tuple of int or None, str or None
        None for containers.
    nbytes : int
        The bytes of the data.
    min, max, mean, norm : float or None
        Statistics over the finite elements; None if there is none.
    zeros, nans, infs : int
        Counts of elements.
    histogram : tuple of int or None
        Counts in 8 equal bins from `min` to `max`; of more than 1024 elements, an evenly spaced
        sample. None if all elements are equal or one is not finite.
    """

    text: str
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    nbytes: int = 0
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    norm: float | None = None
    zeros: int = 0
    nans: int = 0
    infs: int = 0
    histogram: tuple[int, ...] | None = None


class Form(NamedTuple):
    """The text, shape, dtype and bytes that values share; `text` is None for a finite number."""

    text: str | None
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    nbytes: int = 0


@dataclass(frozen=True)
class Summaries:
    """A column of summaries, one row a node, with NaN for an unknown number.

    Rows of `form` are indices into `forms`, -1 for no value. `counted` has histograms with their
    rows.
    """

    form: np.ndarray
    forms: list[Form]
    min: np.ndarray
    max: np.ndarray
    mean: np.ndarray
    norm: np.ndarray
    zeros: np.ndarray
    nans: np.ndarray
    infs: np.ndarray
    counted: list[tuple[list[int], np.ndarray]]

    @classmethod
    def of(cls, items: Iterable[Summary | None]) -> Summaries:
        """Return the column of some summaries."""
        rows = list(items)
        column = blank(len(rows))
        known: dict[Form, int] = {}
        for row, item in enumerate(rows):
            if item is not None:
                column.put(row, item, known)
        return column

    def put(self, row: int, item: Summary, known: dict[Form, int]) -> None:
        """Fill one row of a column in the making; `known` has the number of each form."""
        number = item.shape == () and item.min is not None and item.text == repr(item.min)
        form = Form(None if number else item.text, item.shape, item.dtype, item.nbytes)
        self.form[row] = self.number_of(form, known)
        for name in NUMBERS:
            number = getattr(item, name)
            getattr(self, name)[row] = math.nan if number is None else number
        for name in COUNTS:
            getattr(self, name)[row] = getattr(item, name)
        if item.histogram is not None:
            self.counted.append(([row], np.array([item.histogram])))

    def number_of(self, form: Form, known: dict[Form, int]) -> int:
        """Return the number of a form, added if it is new."""
        number = known.setdefault(form, len(self.forms))
        if number == len(self.forms):
            self.forms.append(form)
        return number

    @functools.cached_property
    def there(self) -> np.ndarray:
        """The rows that have a value, as a mask."""
        return self.form >= 0

    @functools.cached_property
    def text(self) -> list[str]:
        """The text of each row."""
        return [self._text(row) for row in range(len(self.form))]

    @functools.cached_property
    def shape(self) -> list[tuple[int, ...] | None]:
        """The shape of each row."""
        return self._column("shape", None)

    @functools.cached_property
    def dtype(self) -> list[str | None]:
        """The dtype of each row."""
        return self._column("dtype", None)

    @functools.cached_property
    def nbytes(self) -> np.ndarray:
        """The bytes of each row."""
        return np.array(self._column("nbytes", 0), np.int64)

    @functools.cached_property
    def bins(self) -> dict[int, tuple[int, ...]]:
        """The histograms, by row."""
        return {
            row: tuple(bins)
            for rows, counts in self.counted
            for row, bins in zip(rows, counts.tolist(), strict=True)
            if any(bins)
        }

    @functools.cached_property
    def histogram(self) -> list[tuple[int, ...] | None]:
        """The histogram of each row."""
        return [self.bins.get(row) for row in range(len(self.form))]

    def _column(self, name: str, missing: Any) -> list[Any]:
        table = [*(getattr(form, name) for form in self.forms), missing]  # -1 finds the last
        return [table[number] for number in self.form.tolist()]

    def text_of(self, row: int) -> str:
        """Return the text of one row."""
        texts: list[str] | None = self.__dict__.get("text")
        return self._text(row) if texts is None else texts[row]

    def _text(self, row: int) -> str:
        number = int(self.form[row])
        if number < 0:
            return ""
        text = self.forms[number].text
        return repr(float(self.min[row])) if text is None else text

    def row(self, row: int) -> Summary | None:
        """Return the summary of a row; None if it has no value."""
        if self.form[row] < 0:
            return None
        form = self.forms[self.form[row]]
        found: dict[str, Any] = {**form._asdict(), "text": self._text(row)}
        found.update({name: _known(float(getattr(self, name)[row])) for name in NUMBERS})
        found.update({name: int(getattr(self, name)[row]) for name in COUNTS})
        return Summary(**found, histogram=self.bins.get(row))


def blank(n: int) -> Summaries:
    """Return a column of `n` empty rows."""
    numbers = {name: np.full(n, math.nan) for name in NUMBERS}
    counts = {name: np.zeros(n, np.int64) for name in COUNTS}
    return Summaries(form=np.full(n, -1), forms=[], counted=[], **numbers, **counts)


def _known(number: float) -> float | None:
    return number if math.isfinite(number) else None


_name = functools.cache(str)  # NumPy takes microseconds to name a dtype


def summary(x: Any) -> Summary | None:
    """Return the summary of a value, None for None."""
    return summaries([x]).row(0)


def summaries(values: Sequence[Any]) -> Summaries:
    """Return the summaries of plain values; each element is read from memory once."""
    column = blank(len(values))
    known: dict[Form, int] = {}
    kinds = list(map(type, values))
    for kind in dict.fromkeys(kinds):
        rows = [row for row, other in enumerate(kinds) if other is kind]
        if kind in FLOATS:
            numbers = np.array([values[row] for row in rows], np.float64)
            _put_numbers(column, kind, np.array(rows), numbers, known)
        elif kind is not np.ndarray and kind is not type(None):
            for row in rows:
                _put_other(column, row, values[row], known)
    arrays: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for row, x in enumerate(values) if np.ndarray in kinds else ():
        if kinds[row] is np.ndarray:
            arrays.setdefault((id(x.dtype), x.shape), []).append(row)
    for rows in arrays.values():
        x = values[rows[0]]
        form = Form(array_text(x.dtype, x.shape), x.shape, _name(x.dtype), x.nbytes)
        column.form[rows] = column.number_of(form, known)
        if x.size and x.dtype.kind in "iufc":
            _put_arrays(column, rows, [values[row] for row in rows])
        if not x.shape and x.dtype.kind == "f":
            for row in [row for row in rows if column.nans[row] or column.infs[row]]:
                special = form._replace(text=repr(float(values[row])))  # no mean says it
                column.form[row] = column.number_of(special, known)
    return column


@functools.lru_cache(1024)
def array_text(dtype: np.dtype[Any], shape: tuple[int, ...]) -> str:
    """Return what `describe` says of an array."""
    return f"{_name(dtype)}[{','.join(map(str, shape))}]"


def _put_numbers(
    column: Summaries, kind: type, rows: np.ndarray, numbers: np.ndarray, known: dict[Form, int]
) -> None:
    """Fill the rows of floating-point scalars."""
    finite = np.isfinite(numbers)
    column.form[rows] = column.number_of(Form(None, (), *FLOATS[kind]), known)
    column.zeros[rows] = numbers == 0
    if not finite.all():
        for row, number in zip(rows[~finite].tolist(), numbers[~finite].tolist(), strict=True):
            column.form[row] = column.number_of(Form(repr(number), (), *FLOATS[kind]), known)
            (column.nans if math.isnan(number) else column.infs)[row] = 1
        numbers = np.where(finite, numbers, math.nan)
    column.min[rows] = column.max[rows] = column.mean[rows] = numbers
    column.norm[rows] = np.abs(numbers)


def _put_arrays(column: Summaries, rows: list[int], arrays: list[np.ndarray[Any, Any]]) -> None:
    """Fill the rows of arrays of the same dtype and size, which is not 0."""
    found, own = statistics(arrays), np.array(rows)
    for name, numbers in zip((*NUMBERS, *COUNTS), found[:-1], strict=True):
        getattr(column, name)[own] = numbers
    if found.bins.any():
        column.counted.append((rows, found.bins))


def _put_other(column: Summaries, row: int, x: Any, known: dict[Form, int]) -> None:
    """Fill the row of anything but a float or an array."""
    text = describe(x)
    if isinstance(x, bool) or not isinstance(x, (int, float, complex, np.ndarray, np.number)):
        column.put(row, Summary(text), known)
        return
    array = np.asarray(x)
    form = Form(text, array.shape, _name(array.dtype), array.nbytes)
    column.form[row] = column.number_of(form, known)
    if array.size and array.dtype.kind in "iufc":
        _put_arrays(column, [row], [array])
