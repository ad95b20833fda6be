"""What can be shown of a timer and of each of its sections, as rows, tables and text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograd_tools.base.documents import write_bytes
from autograd_tools.base.html import html_of
from autograd_tools.timing.export import csv_text, markdown_text
from autograd_tools.timing.rows import Row, list_rows
from autograd_tools.timing.section import SectionData, Snapshot
from autograd_tools.timing.table import table


class Shown:
    """The ways to show what has a `snapshot`."""

    __slots__ = ()

    def snapshot(self) -> Snapshot:
        """The state to show."""
        raise NotImplementedError

    def rows(self, *, sortby: str = "time", maxdepth: int | None = None) -> list[Row]:
        """A row for each section, those in it right behind it; `sortby` is one of "time", "ncalls", "alloc", "peak", "name", "first"."""
        return list_rows(self.snapshot(), sortby, maxdepth)

    def table(self, **options: Any) -> str:
        """The sections as a table of text; see `autograd_tools.timing.table.table` for the options."""
        return table(self.snapshot(), **options)

    def to_csv(self, path: str | Path | None = None) -> str:
        """The rows as comma-separated values in plain numbers, in the order of first calls; written to `path` if there is one."""
        return _written(csv_text(self.rows(sortby="first")), path)

    def to_markdown(self, path: str | Path | None = None, **options: Any) -> str:
        """The table in Markdown; `columns`, `sortby` and `maxdepth` are those of `table`; written to `path` if there is one."""
        return _written(markdown_text(self.snapshot(), **options), path)

    def _repr_html_(self) -> str | None:
        return html_of(self)

    def __str__(self) -> str:
        return self.table()


class Section(Shown, SectionData):
    """A row of the timer: `ncalls` calls took `ns` nanoseconds and made arrays of `nbytes` bytes; sections nest.

    Of `known` calls, which were measured one by one, there are also the shortest, the longest, and the sum of the
    squares of the times. Where bytes are counted exactly `nbytes` are all that were made; `live_nbytes` is by how many there
    were more at the ends than at the starts, and `peak_nbytes` by how many at the most, in any one call.
    `section["parse"]` is the section of that label inside; `print(section)` shows those inside.
    """

    __slots__ = ()

    def snapshot(self) -> Snapshot:
        """The state to show: shares are of the sections inside."""
        exact = any(section.peak_nbytes or section.live_nbytes for _, section in self.walk())
        return Snapshot(self, self.measured, self.ns, memory="exact" if exact else "outputs")


def _written(text: str, path: str | Path | None) -> str:
    if path is not None:
        write_bytes(path, text.encode())
    return text
