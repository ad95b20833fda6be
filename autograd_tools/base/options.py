"""The names that options take, for type checkers and editors; `viewer.options` has those of views.

The tables of their implementations stay where they are; a test compares them with these names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, TypedDict

Watching: TypeAlias = Literal["nan"]
BytesCounted: TypeAlias = Literal["nobytes", "outputs", "exact"]
SectionOrder: TypeAlias = Literal["time", "ncalls", "alloc", "peak", "name", "first"]
LineCharacters: TypeAlias = Literal["unicode", "ascii"]


class MarkdownOptions(TypedDict, total=False):
    """The options of `Timer.to_markdown`."""

    columns: Sequence[str]
    sortby: SectionOrder
    maxdepth: int | None


class TableOptions(MarkdownOptions, total=False):
    """The options of `Timer.table`."""

    title: str
    compact: bool
    allocations: bool
    bars: bool
    linechars: LineCharacters
    width: int | None
