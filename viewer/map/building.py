"""The data of a map in the making: a header and columns, to which each part adds its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from viewer.map.columns import packed
from viewer.map.sources import Files

Column: TypeAlias = tuple[str, Any]  # a type of `columns.TYPES`, and the numbers


@dataclass
class MapData:
    """The header and the columns of a map, in the format of `web/README.md`, and its files."""

    header: dict[str, Any]
    columns: dict[str, Column] = field(default_factory=dict)
    files: Files = field(default_factory=Files)

    def stream(self) -> bytes:
        """Return all of it as one stream."""
        return packed({**self.header, "files": self.files.to_list()}, self.columns)
