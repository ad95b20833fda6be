"""Histories of gradients as columns, and as files: pages, JSON, CSV, Parquet."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import PurePath
from typing import Any

import numpy as np

from autograd_tools.base.documents import read_document
from autograd_tools.base.html import page_of
from autograd_tools.base.output import is_regular, shown, write_bytes
from autograd_tools.base.plain_data import LARGEST, integers, text, whole
from autograd_tools.base.text import unknown
from autograd_tools.location.source_lines import cell_of
from autograd_tools.tracing.findings import Finding
from autograd_tools.tracing.series import Series

HISTORY, NEWEST = "autograd_tools.history", 1
FORMULA = ("=", "+", "-", "@")  # spreadsheets run text that starts with these
TIMES = ("forward_ns", "backward_ns")
BAD = ("nans", "infs")
NO_PYARROW = "a Parquet file needs pyarrow; write: pip install 'autograd-tools[parquet]'"
NOT_FINITE = ("nan", "inf", "-inf")


def label_of(series: Series) -> str:
    """Return `loss at train.py:31`."""
    file = cell_of(series.file) or PurePath(series.file).name
    place = f"{file}:{series.line}" if file else "an unknown place"
    return f"{series.function} at {place}" if series.function else place


def table_of(histories: Sequence[Series]) -> dict[str, list[Any]]:
    """Return the rows of all series as columns, None for what is missing."""
    found: dict[str, list[Any]] = {name: [] for name in ("series", "step", "loss", *TIMES)}
    size = 0
    for series in histories:
        numbers = series.numbers
        rows = len(numbers.step)
        own: dict[str, list[Any]] = {
            "series": [label_of(series)] * rows,
            "step": numbers.step.tolist(),
            "loss": numbers.loss.tolist(),
            **{name: _whole(getattr(numbers, name)) for name in TIMES},
        }
        for i, name in enumerate(numbers.names):
            norms = numbers.norm[:, i].tolist()
            own[f"norm({name})"] = [None if norm == -1 else norm for norm in norms]
            for count in BAD:
                counts = zip(norms, getattr(numbers, count)[:, i].tolist(), strict=True)
                own[f"{count}({name})"] = [None if norm == -1 else int(n) for norm, n in counts]
        for name in [*found, *(name for name in own if name not in found)]:
            held = found.setdefault(name, [None] * size)
            held += own.get(name, [None] * rows)
        size += rows
    return found


def _whole(column: np.ndarray) -> list[int | None]:
    return [None if x < 0 else int(x) for x in column.tolist()]


def _csv(histories: Sequence[Series], _: object) -> bytes:
    import csv

    columns = table_of(histories)
    columns["series"] = [f"'{x}" if x.startswith(FORMULA) else x for x in columns["series"]]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return file.getvalue().encode(errors="replace")


def _parquet(histories: Sequence[Series], _: object) -> bytes:
    pyarrow, parquet = map(import_module, ("pyarrow", "pyarrow.parquet"))
    columns = table_of(histories)
    kinds = {"series": pyarrow.string(), "loss": pyarrow.float64()}
    arrays = {
        name: pyarrow.array(
            column,
            kinds.get(name, pyarrow.float64() if name.startswith("norm(") else pyarrow.int64()),
        )
        for name, column in columns.items()
    }
    file = io.BytesIO()
    parquet.write_table(pyarrow.table(arrays), file)
    return file.getvalue()


def _json(histories: Sequence[Series], _: object) -> bytes:
    import json

    document = {"format": HISTORY, "version": NEWEST, "series": [*map(data_of, histories)]}
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode()


def data_of(series: Series) -> dict[str, Any]:
    """Return a series as plain data for JSON."""
    numbers = series.numbers
    params = [
        {
            "name": name,
            "norm": [None if norm == -1 else _plain(norm) for norm in numbers.norm[:, i].tolist()],
            **{count: getattr(numbers, count)[:, i].astype(int).tolist() for count in BAD},
        }
        for i, name in enumerate(numbers.names)
    ]
    return {
        "function": series.function,
        "file": cell_of(series.file) or series.file,
        "line": series.line,
        "steps": series.steps,
        "step": numbers.step.tolist(),
        "loss": [*map(_plain, numbers.loss.tolist())],
        **{name: _whole(getattr(numbers, name)) for name in TIMES},
        "bad_values": [[found.step, found.param, int(found.value)] for found in series.bad_values],
        "params": params,
    }


def _plain(x: float) -> float | str:
    """Return a number as JSON has it, which knows no NaN and Inf: they are texts."""
    return x if math.isfinite(x) else str(x)


def _page(_: Sequence[Series], history: object) -> bytes:
    return page_of(history, "History of gradients").encode(errors="replace")


# The formats of a history, by the end of the file's name. To add one, add an entry with a function
# of the series and the history.
FORMATS: dict[str, Callable[[Sequence[Series], object], bytes]] = {
    ".html": _page,
    ".json": _json,
    ".csv": _csv,
    ".parquet": _parquet,
}


def format_for(path: str | os.PathLike[str]) -> str:
    """Return the format of a file by its name; that of a pipe or device without an ending is CSV.

    Raise ValueError for another name, and ModuleNotFoundError for Parquet without pyarrow.
    """
    for ending in FORMATS:
        if os.fspath(path).removesuffix(".gz").endswith(ending):
            if ending == ".parquet" and find_spec("pyarrow") is None:
                raise ModuleNotFoundError(NO_PYARROW, name="pyarrow")
            return ending
    if not PurePath(path).suffix and not is_regular(path):
        return ".csv"
    raise ValueError(f"cannot save a history as {shown(path)!r}; supported: {', '.join(FORMATS)}")


def write_history(
    path: str | os.PathLike[str], histories: Sequence[Series], history: object
) -> None:
    """Write a history in the format of its name."""
    write_bytes(path, FORMATS[format_for(path)](histories, history))


def load_series(path: str | os.PathLike[str]) -> list[Series]:
    """Return the series of a JSON file; raise ValueError if it is damaged or of another kind."""

    def parse(data: dict[str, Any]) -> list[Series]:
        return [_series_of(item) for item in data["series"]]

    return read_document(path, HISTORY, NEWEST, parse, oldest=1)


def _series_of(data: dict[str, Any]) -> Series:
    steps = whole(data["steps"])
    step = integers(data["step"], 0, max(steps, 1))
    n = len(step)
    if (np.diff(step) <= 0).any():
        raise ValueError("expected steps that increase")
    columns = [step, _floats(data["loss"], n), *(_sizes(data[name], n) for name in TIMES)]
    for param in data["params"]:
        columns.append(_sizes(param["norm"], n))
        columns += [integers(param[count], 0, LARGEST, n) for count in BAD]
    names = [text(param["name"]) for param in data["params"]]
    if len(set(names)) < len(names):
        raise ValueError("expected each name once")
    made = Series(text(data["function"]), text(data["file"]), whole(data["line"]))
    for row, name, count in data["bad_values"]:
        if text(name) not in names:
            raise unknown("Param", name, names)
        found = Finding(whole(row, 0, steps), "value", name, float(whole(count, 1)))
        made.bad_values.append(found)
    made.fill(names, steps, np.column_stack(columns))
    return made


def _sizes(items: Any, n: int) -> np.ndarray:
    """Return numbers that are not negative, -1 for None."""
    found = _floats(items, n, -1)
    if (found < 0).sum() > list(items).count(None):
        raise ValueError("expected numbers of 0 or more")
    return found


def _floats(items: Any, n: int, missing: float | None = None) -> np.ndarray:
    """Return a list of numbers of a file as an array."""
    if not isinstance(items, list) or len(items) != n:
        raise ValueError(f"expected a list of {n} numbers, got {items!r:.100}")
    return np.array([missing if x is None and missing else _number(x) for x in items], float)


def _number(x: Any) -> float:
    if isinstance(x, bool) or not (isinstance(x, (int, float)) or x in NOT_FINITE):
        raise TypeError(f"expected a number, got {x!r:.100}")
    return float(x)
