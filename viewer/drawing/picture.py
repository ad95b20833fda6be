"""A picture of a graph: shapes in frames, and arrows between them, with all that they say and no syntax yet.

The languages of drawings (DOT, Mermaid) are written from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LONGEST_EDGE = 12  # ranks; what costs time in a layout, and makes a picture unreadable, is edges across all of it


@dataclass(frozen=True)
class Shape:
    """A box: of a kind of `looks.BOXES`, with lines of text; `heat` is a level of colour, `mark` one of `looks.MARKS`."""

    name: str
    kind: str
    lines: tuple[str, ...]
    tooltip: str = ""
    link: str = ""
    heat: int | None = None
    mark: str = ""


@dataclass(frozen=True)
class Arrow:
    """An arrow of a kind of `looks.ARROWS`, with a label, and what the pointer on it is told."""

    tail: str
    head: str
    kind: str = "value"
    label: str = ""
    tooltip: str = ""


@dataclass
class Cluster:
    """A frame of a kind of `looks.CLUSTERS` around shapes and other clusters."""

    name: str
    kind: str
    title: str
    tooltip: str = ""
    shapes: list[Shape] = field(default_factory=list)
    clusters: list[Cluster] = field(default_factory=list)

    def is_empty(self) -> bool:
        """Whether there is nothing in it to draw."""
        return not self.shapes and all(inner.is_empty() for inner in self.clusters)


@dataclass(frozen=True)
class Picture:
    """All of a drawing; `root` has no frame, and its title is the sentence that says what the picture shows.

    A `legend` has a title, and the bounds of the levels of heat; `span` is how many ranks all arrows go down together,
    which is what a layout costs.
    """

    root: Cluster
    arrows: list[Arrow]
    notes: tuple[str, ...] = ()
    legend: tuple[str, ...] = ()
    span: int = 0


@dataclass(frozen=True)
class Style:
    """What is asked of a picture."""

    gradients: bool = True
    edges: str = "shape"
    heat: str | None = None
    links: str | None = None
    marks: Mapping[int, str] = field(default_factory=dict)
    backward: bool = False
    plain: bool = False  # whether arrows say nothing: what stands beside them costs a layout more than they do
    longest: int = LONGEST_EDGE  # ranks
