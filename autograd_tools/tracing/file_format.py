"""The file format of a trace: its columns in plain data, without redundant parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.base.array_statistics import BINS
from autograd_tools.base.plain_data import LARGEST, integers, text, whole
from autograd_tools.base.text import unknown
from autograd_tools.location.call_tree import plain_tree, read_tree
from autograd_tools.tracing.buffers import plain_buffers, read_buffers
from autograd_tools.tracing.columns import Argument, Columns, OpSignature, SourceLine
from autograd_tools.tracing.summaries import NUMBERS, Form, Summaries, blank

LARGEST_POWER = 22  # of ten that is a float
KINDS = ("param", "input", "result")


def plain_columns(columns: Columns, digits: int | None = None) -> dict[str, Any]:
    """Return columns in plain data, ready for JSON; statistics of arrays with so many digits."""
    own = np.repeat(np.arange(1, len(columns.signature) + 1), np.diff(columns.starts))
    backward = {
        str(row): {str(key): ns for key, ns in times.items()}
        for row, times in enumerate(columns.backward_ns)
        if times is not None
    }
    return {
        "heads": [
            [*item[:3], [_plain_template(arg) for arg in item.args]] for item in columns.signatures
        ],
        "head": columns.signature,
        "spots": [_plain_line(line) for line in columns.source_lines],
        "spot": columns.source_line,
        "places": plain_tree(columns.places),
        "place": columns.place,
        "parents": {
            "count": np.diff(columns.starts).tolist(),
            "back": (own - columns.flat).tolist(),
        },
        "value": _plain_summaries(columns.value, digits),
        "outgrad": _plain_summaries(columns.outgrad, digits),
        "forward_ns": None if set(columns.forward_ns) <= {None} else columns.forward_ns,
        "backward_ns": backward,
        "memory": plain_buffers(columns.buffers),
        **({"reasons": _plain_reasons(columns.reasons)} if columns.reasons else {}),
        **({"engine": columns.engine} if columns.engine else {}),
    }


def columns_of_plain(data: dict[str, Any]) -> Columns:
    """Return the columns that `plain_columns` described; raise ValueError for anything else."""
    try:
        return _read_columns(data)
    except (TypeError, LookupError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(
            f"this is not the data of a trace: {type(error).__name__}: {error}"
        ) from error


def _read_columns(data: dict[str, Any]) -> Columns:
    n = len(data["head"])
    signatures = [_read_signature(item, n) for item in data["heads"]]
    source_lines = [
        SourceLine(text(file), whole(line), *map(text, texts))
        for file, line, *texts in data["spots"]
    ]
    places = read_tree(data["places"])
    back = integers(data["parents"]["back"], 1, LARGEST)
    count = integers(data["parents"]["count"], 0, len(back) + 1, n)  # their sum is no overflow
    starts = np.concatenate([[0], np.cumsum(count)])
    if starts[-1] != len(back):
        raise ValueError(f"expected {starts[-1]} parents, got {len(back)}")
    number = integers(data["head"], 0, len(signatures), n)
    _check_arguments(signatures, number, count)
    return Columns(
        signatures=signatures,
        signature=number.tolist(),
        source_lines=source_lines,
        source_line=integers(data["spot"], 0, len(source_lines), n).tolist(),
        places=places,
        place=integers(data["place"], 0, len(places), n).tolist(),
        starts=starts,
        flat=np.repeat(np.arange(1, n + 1), count) - back,
        value=_read_summaries(n, **data["value"]),
        outgrad=_read_summaries(n, **data["outgrad"]),
        forward_ns=_read_forward(data["forward_ns"], n),
        backward_ns=_read_times(data["backward_ns"], n),
        buffers=read_buffers(data.get("memory"), n),
        reasons=_read_reasons(data.get("reasons", {}), n),
        engine=text(data.get("engine", "")),
    )


def _plain_reasons(reasons: dict[int, str]) -> dict[str, str]:
    return {str(row): reason for row, reason in reasons.items()}


def _read_reasons(reasons: Any, n: int) -> dict[int, str]:
    rows = integers([*map(int, reasons)], 0, n).tolist()
    return dict(zip(rows, map(text, reasons.values()), strict=True))


# Lines and heads.


def _plain_line(line: SourceLine) -> list[Any]:
    """Return a source line without the empty texts at its end."""
    return [*line] if line.code else [*line[:4]] if line.gradient else [*line[:3]]


def _plain_template(template: Any) -> Any:
    if isinstance(template, Argument):
        return {"text": template.text, "nodes": list(template.nodes), "keyword": template.keyword}
    return list(template) if isinstance(template, tuple) else template


def _read_signature(item: Any, n: int) -> OpSignature:
    kind, op, name, args = item
    if kind not in KINDS:
        raise unknown("kind of node", kind, KINDS)
    return OpSignature(kind, text(op), text(name), tuple([_read_template(arg, n) for arg in args]))


def _read_template(template: Any, n: int) -> Any:
    if isinstance(template, dict):
        keyword = template["keyword"]
        nodes = integers(template["nodes"], 1, n + 1).tolist()
        return Argument(
            text(template["text"]), tuple(nodes), None if keyword is None else text(keyword)
        )
    if isinstance(template, list):
        if not template:
            raise ValueError("expected the text of an argument, got an empty list")
        return tuple(map(text, template))
    return text(template)


def _check_arguments(signatures: list[OpSignature], number: np.ndarray, count: np.ndarray) -> None:
    """Raise unless each node has as many parents as its arguments; skip arguments with ids."""
    args = [item.args for item in signatures]
    named = [any(isinstance(arg, Argument) and arg.nodes for arg in own) for own in args]
    slots = [sum(len(arg) - 1 for arg in own if isinstance(arg, tuple)) for own in args]
    expected = np.array(slots, np.int64)[number]
    for row in np.flatnonzero((expected != count) & ~np.array(named, bool)[number])[:1].tolist():
        raise ValueError(
            f"node {row + 1} has {count[row]} parents; its arguments have {expected[row]}"
        )


# Summaries.


def _plain_summaries(column: Summaries, digits: int | None) -> dict[str, Any]:
    """Return a column of summaries; of a row that holds one number, `min` is enough.

    Statistics of other rows have so many digits.
    """
    expected = _of_scalars(column.min)
    other = np.zeros(len(column.min), bool)
    for name, numbers in expected.items():
        own = getattr(column, name)
        other |= ~((own == numbers) | (np.isnan(own) & np.isnan(numbers)))
    rows = np.flatnonzero(other)
    least = column.min.copy()
    statistics = {name: getattr(column, name)[rows] for name in expected}
    if digits is not None:
        least[rows] = _rounded(least[rows], digits)
        floats = {name: own for name, own in statistics.items() if name in NUMBERS}
        statistics |= {name: _rounded(own, digits) for name, own in floats.items()}
    return {
        "form": column.form.tolist(),
        "forms": [
            [text, None if shape is None else list(shape), dtype, nbytes]
            for text, shape, dtype, nbytes in column.forms
        ],
        "min": _nullable(least),
        "rows": rows.tolist(),
        **{name: _nullable(own) for name, own in statistics.items()},
        "bins": {str(row): list(counts) for row, counts in column.bins.items()},
    }


def _of_scalars(numbers: np.ndarray) -> dict[str, np.ndarray]:
    """Return the statistics of single numbers."""
    none = np.zeros(len(numbers), np.int64)
    return {
        "max": numbers,
        "mean": numbers,
        "norm": np.abs(numbers),
        "zeros": (numbers == 0).astype(int),
        "nans": none,
        "infs": none,
    }


def _read_summaries(
    n: int, *, form: Any, forms: Any, min: Any, rows: Any, bins: Any, **columns: Any
) -> Summaries:
    made = blank(n)
    made.forms.extend(_read_form(*item) for item in forms)
    made.form[:] = integers(form, -1, len(made.forms), n)
    made.min[:] = _floats(min, n)
    own = integers(rows, 0, n)
    for name, numbers in _of_scalars(made.min).items():
        column = getattr(made, name)
        column[:] = numbers
        if name in NUMBERS:
            column[own] = _floats(columns[name], len(own))
        else:
            column[own] = integers(columns[name], 0, LARGEST, len(own))
    for row, counts in bins.items():
        rows = integers([int(row)], 0, n).tolist()
        made.counted.append((rows, integers(counts, 0, LARGEST, BINS)[None]))
    return made


def _read_form(shown: Any, shape: Any, dtype: Any, nbytes: Any) -> Form:
    return Form(
        None if shown is None else text(shown),
        None if shape is None else tuple(integers(shape, 0, LARGEST).tolist()),
        None if dtype is None else text(dtype),
        whole(nbytes),
    )


def _read_forward(times: Any, n: int) -> list[int | None]:
    """Return the nanoseconds of each forward pass, None where it was not timed."""
    if times is None:
        return [None] * n
    if not isinstance(times, list):
        raise TypeError(f"expected a list of nanoseconds, got {times!r:.100}")
    found = integers([0 if ns is None else ns for ns in times], 0, LARGEST, n).tolist()
    return [None if ns is None else own for ns, own in zip(times, found, strict=True)]


def _read_times(times: Any, n: int) -> list[dict[int, int] | None]:
    found: list[dict[int, int] | None] = [None] * n
    for row, own in times.items():
        place = int(integers([int(row)], 0, n)[0])
        found[place] = {whole(int(argument)): whole(ns) for argument, ns in own.items()}
    return found


# The smallest parts.


def _rounded(numbers: np.ndarray, digits: int) -> np.ndarray:
    """Return numbers with so many digits, as floats whose text is short."""
    with np.errstate(all="ignore"):
        power = digits - 1 - np.floor(np.log10(np.abs(numbers)))
        exact = np.abs(power) <= LARGEST_POWER  # so that the division rounds only once
        scale = 10.0 ** np.where(exact, np.abs(power), 0)
        up = power >= 0
        whole = np.round(np.where(up, numbers * scale, numbers / scale))
        return np.where(exact, np.where(up, whole / scale, whole * scale), numbers)


def _nullable(numbers: np.ndarray) -> list[Any]:
    """Return numbers as a list with None for NaN, which JSON lacks."""
    found = numbers.tolist()
    return [None if x != x else x for x in found] if np.isnan(numbers).any() else found  # noqa: PLR0124  NaN is not itself


def _floats(items: Any, length: int) -> np.ndarray:
    """Return a list of numbers as an array with NaN for None."""
    found = np.array(items, np.float64)
    if not isinstance(items, list) or found.shape != (length,) or str in set(map(type, items)):
        raise ValueError(f"expected a column of {length} numbers, got {items!r:.100}")
    return found
