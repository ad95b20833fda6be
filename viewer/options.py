"""The names that options of views take, for type checkers and editors.

The tables of their implementations stay where they are; a test compares them with these names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, TypedDict

View: TypeAlias = Literal["list", "tree", "table"]
GroupBy: TypeAlias = Literal["scope", "step", "op", "line"]
Detail: TypeAlias = Literal["op", "line", "function"]
HotspotBy: TypeAlias = Literal["op", "argument", "line", "shape", "scope", "tree"]
ArithmeticBy: TypeAlias = Literal["op", "line", "scope", "shape"]
ChangeBy: TypeAlias = Literal["op", "argument", "line", "scope"]
ReportFormat: TypeAlias = Literal["text", "json", "markdown"]
EdgeLabel: TypeAlias = Literal["none", "shape"]
HeatBy: TypeAlias = Literal["time", "bytes", "gradient", "least-gradient"]
Direction: TypeAlias = Literal["down", "right"]
Mark: TypeAlias = Literal["added", "removed", "changed", "numbers"]


class LookOptions(TypedDict, total=False):
    """The options of `to_dot` about its looks."""

    gradients: bool
    edges: EdgeLabel
    heat: HeatBy | None
    links: str | None
    backward: bool
    direction: Direction | None


class DrawingOptions(LookOptions, total=False):
    """The options of `to_dot`."""

    marks: Mapping[int, Mark] | None
    max_nodes: int | None
    by: Detail
    focus: int | str | None
    where: str | None
