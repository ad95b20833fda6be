"""What can be shown of a timer and of each of its sections, as rows, tables and text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd_tools.base.documents import write_bytes
from autograd_tools.base.html import html_of
from autograd_tools.timing.export import csv_text, markdown_text
from autograd_tools.timing.rows import Row, list_rows
from autograd_tools.timing.table import table

if TYPE_CHECKING:
    from autograd_tools.timing.section import Section


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a timer at one moment: a tree of sections, the sum that shares are of, and the time that passed."""

    root: Section
    measured: Section
    total_ns: int
    threads: int = 1
    section_cost_ns: float = 0.0  # 0 where nobody knows
    memory: str = "outputs"
    peak_nbytes: int | None = None

    @property
    def own_ns(self) -> float:
        """What the timer itself took of the time that passed."""
        return self.section_cost_ns * sum(section.ncalls for _, section in self.root.walk())


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
        return table(self, **options)

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


def _written(text: str, path: str | Path | None) -> str:
    if path is not None:
        write_bytes(path, text.encode())
    return text
