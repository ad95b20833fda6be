"""Rows as CSV and Markdown, safe for every label."""

from __future__ import annotations

import io
from collections.abc import Sequence

from autograd_tools.base.options import SectionOrder
from autograd_tools.base.text import markdown_safe
from autograd_tools.timing.columns import COLUMNS, DEFAULT, asked
from autograd_tools.timing.rows import Row, list_rows
from autograd_tools.timing.section import Snapshot

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # spreadsheets run text that starts with these


def csv_text(rows: Sequence[Row]) -> str:
    """Return a header and a line for each row, in plain numbers; unknown ones are empty.

    `section` is the label, with an apostrophe where a spreadsheet would run it; `path` has all
    labels unchanged, as JSON.
    """
    import csv
    import json

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    exact = any(row.peak_nbytes is not None for row in rows)
    fields = Row._fields if exact else Row._fields[: Row._fields.index("live_nbytes")]
    writer.writerow(["section", *fields])
    for row in rows:
        label, path = row.path[-1], json.dumps(row.path, ensure_ascii=False)
        writer.writerow(
            [f"'{label}" if label.startswith(FORMULA) else label, path, *row[1 : len(fields)]]
        )
    return text.getvalue()


def markdown_text(
    shot: Snapshot,
    *,
    columns: Sequence[str] = DEFAULT,
    sortby: SectionOrder = "time",
    maxdepth: int | None = None,
) -> str:
    """Return a table in GitHub's Markdown: indented names, numbers with units."""
    columns = asked(tuple(columns), shot.memory)
    lines = ["| " + " | ".join(["section", *columns]) + " |", "| --- |" + " ---: |" * len(columns)]
    for row in list_rows(shot, sortby, maxdepth):
        name = "&nbsp;&nbsp;" * row.depth + markdown_safe(row.path[-1])
        lines.append(
            "| " + " | ".join([name, *(COLUMNS[column].cell(row) for column in columns)]) + " |"
        )
    return "\n".join(lines) + "\n"
