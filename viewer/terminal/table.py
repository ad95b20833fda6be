"""The table view: a row for each node, a column for each fact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from viewer.facts.columns import DEFAULT, column
from viewer.terminal.subject import Options, Subject, omitted
from viewer.text.lines import Row, shorten
from viewer.text.table import Cells, hidden, laid_out, with_room

READABLE = 40  # columns of a text that is folded


def table_rows(subject: Subject, options: Options, width: int | None) -> Iterator[Row]:
    """Yield the rows of a table of nodes."""
    head, left_out, tail = subject.cut(options)
    ids = [*head, *tail]
    names = names_of(options.columns)
    missing: list[str] = []
    chosen = [_node_cells(subject, name, ids, width) for name in names or DEFAULT]
    if not names:  # some columns are hidden before any is folded
        chosen, missing = with_room([*zip(DEFAULT.values(), chosen, strict=True)], width, READABLE)
    after = len(head) if left_out else 0
    yield from laid_out(chosen, len(ids), width, after, omitted(left_out, len(subject.ids)))
    yield from hidden(missing, width)


def names_of(columns: str | Sequence[str] | None) -> Sequence[str]:
    """Return the names in `columns`, which may be one string with commas."""
    if columns is None:
        return ()
    if isinstance(columns, str):
        return [name.strip() for name in columns.split(",")]
    if not columns:
        raise ValueError("columns= is empty; leave it out for the default columns")
    return list(columns)


def _node_cells(subject: Subject, name: str, ids: Sequence[int], width: int | None) -> Cells:
    """Return a column; its texts are at most as wide as the terminal."""
    chosen = column(name)
    values = chosen.values(subject.trace)
    if isinstance(values, np.ndarray):
        values = values.tolist()
    shown = [values[id - 1] for id in ids]
    known = {value: shorten(chosen.text(value), width) for value in set(shown)}  # many are equal
    header = f"∇{name.removeprefix('grad-')}" if name.startswith("grad-") else name
    return Cells(
        header,
        [known[value] for value in shown],
        chosen.style,
        right=chosen.number,
        whole=chosen.number or "histogram" in name,
        sources=shown if name == "source" else (),
    )
