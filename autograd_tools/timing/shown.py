"""Views of a timer and of its sections: rows, table, CSV, Markdown and HTML."""

from __future__ import annotations

import os
from typing import Unpack

from autograd_tools.base.html import html_of
from autograd_tools.base.options import MarkdownOptions, SectionOrder, TableOptions
from autograd_tools.base.output import saved
from autograd_tools.base.text import Text
from autograd_tools.timing.export import csv_text, markdown_text
from autograd_tools.timing.rows import Row, list_rows
from autograd_tools.timing.section import SectionData, Snapshot
from autograd_tools.timing.table import table


class Shown:
    """Views of anything that has a `snapshot`."""

    __slots__ = ()

    def snapshot(self) -> Snapshot:
        """Return the state to show."""
        raise NotImplementedError

    def rows(self, *, sortby: SectionOrder = "time", maxdepth: int | None = None) -> list[Row]:
        """Return a row for each section, parents first.

        Parameters
        ----------
        sortby : {"time", "ncalls", "alloc", "peak", "name", "first"}
            The order at every level; "first" is the order of first entries.
        maxdepth : int, optional
            The number of levels, 1 or more; all by default.

        Returns
        -------
        list of Row
            Rows with counts, nanoseconds, bytes and percent.

        Raises
        ------
        ValueError
            If `sortby` is unknown or `maxdepth` is less than 1.
        """
        return list_rows(self.snapshot(), sortby, maxdepth)

    def table(self, **options: Unpack[TableOptions]) -> str:
        """Return the sections as a table of text, in the layout of TimerOutputs.jl.

        %tot is the share of all top sections, %par that of the parent; Tot is the time since the
        last reset. Allocations are the arrays that sections return, without temporaries and views.
        With exact bytes, `peak` and `live` are the rise of live bytes at the peak of one call and
        at the ends of all.

        Parameters
        ----------
        columns : sequence of str
            Names of columns, such as "ncalls", "time", "time_pct", "time_min", "alloc", "peak".
        sortby : {"time", "ncalls", "alloc", "peak", "name", "first"}
            The order at every level.
        title : str
            A title for the corner.
        compact : bool
            Drop the means and bars.
        allocations : bool
            Show the bytes.
        bars : bool
            Add the shares as bars.
        maxdepth : int, optional
            The number of levels, 1 or more; all by default.
        linechars : {"unicode", "ascii"}
            The characters of lines, bars and units.
        width : int, optional
            The longest line in columns of a terminal: first names are cut, then columns on the
            right are dropped.

        Returns
        -------
        str
            The table, without a newline at its end.

        Raises
        ------
        ValueError
            If an option is unknown or less than 1.
        """
        return Text(table(self.snapshot(), **options))

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return the rows as comma-separated values, in the order of first entries.

        Parameters
        ----------
        path : str or Path, optional
            A file to write, too.

        Returns
        -------
        str
            A header and a line for each section, with plain numbers; unknown ones are empty.
        """
        return _written(csv_text(self.rows(sortby="first")), path)

    def to_markdown(
        self, path: str | os.PathLike[str] | None = None, **options: Unpack[MarkdownOptions]
    ) -> str:
        """Return the table in Markdown.

        Parameters
        ----------
        path : str or Path, optional
            A file to write, too.
        **options
            `columns`, `sortby` and `maxdepth` as in `table`.

        Returns
        -------
        str
            The table.
        """
        return Text(_written(markdown_text(self.snapshot(), **options), path))

    def _repr_html_(self) -> str | None:
        return html_of(self)

    def __str__(self) -> str:
        return str(self.table())


class Section(Shown, SectionData):
    """A row of the timer: its counts, and the sections inside.

    `section["parse"]` is a child, `section["parse", "read"]` a grandchild; `print(section)` shows
    the table of all children.

    Attributes
    ----------
    ncalls, ns : int
        The number of calls, and their nanoseconds including nested sections.
    nbytes : int
        Bytes of the arrays returned; with exact bytes, all that NumPy allocated.
    children : dict of str to Section
        The sections inside, by label.
    known : int
        The number of calls that were timed one by one.
    min_ns, max_ns, squares : int
        The minimum, maximum and sum of squares of their nanoseconds.
    live_nbytes, peak_nbytes : int
        With exact bytes, the increase of live bytes from start to end, summed over all calls, and
        the largest increase in one call.

    Examples
    --------
    >>> from autograd_tools import Timer
    >>> timer = Timer(clock=iter(range(0, 1000, 7)).__next__)
    >>> timer.measure("load", lambda: None)
    >>> timer["load"].ncalls, timer["load"].ns
    (1, 7)
    """

    __slots__ = ()

    def snapshot(self) -> Snapshot:
        """Return the state to show; shares are of the sections inside."""
        exact = any(section.peak_nbytes or section.live_nbytes for _, section in self.walk())
        return Snapshot(self, self.measured, self.ns, memory="exact" if exact else "outputs")


def _written(text: str, path: str | os.PathLike[str] | None) -> str:
    return saved(text, path)
