"""The names that options of views take, for type checkers and editors, and their checks.

The tables of their implementations stay where they are; a test compares them with these names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, TypedDict

from autograd_tools.base.text import unknown

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


# The options that do not apply to a format, by its ending, and why.
NOT_FOR = {
    ".html": {"links": "the page shows the source beside the picture"},
    ".png": {"links": "pixels have no links"},
}


def check_drawing(options: Mapping[str, object], ending: str = "") -> None:
    """Raise TypeError for an unknown option, ValueError for one without meaning in a format."""
    for name, given in options.items():
        if name == "profile":
            raise TypeError("profile= adds to a page; write viewer.to_map(x, path, profile=timer)")
        if name not in DrawingOptions.__annotations__:
            raise TypeError(str(unknown("drawing option", name, DrawingOptions.__annotations__)))
        if given is not None and (reason := NOT_FOR.get(ending, {}).get(name)):
            raise ValueError(f"{name}= does not apply to {ending}, {reason}; write a .svg")
