"""A picture of a graph: shapes in frames and arrows between them, with their texts.

Each language of drawings (DOT, Mermaid) is written from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

LONGEST_EDGE = 12  # ranks; longer arrows slow down the layout and make a picture unreadable


@dataclass(frozen=True)
class Shape:
    """A box of a kind of `looks.BOXES`, with a level of `heat` and a mark of `looks.MARKS`.

    No gradient reaches a `faint` one, or it is not on the path that the picture is about.
    """

    name: str
    kind: str
    lines: tuple[str, ...]
    tooltip: str = ""
    link: str = ""
    heat: int | None = None
    mark: str = ""
    faint: bool = False


@dataclass(frozen=True)
class Arrow:
    """An arrow of a kind of `looks.ARROWS`.

    `argument` is the number at its head. The `width` is in points, 0 for the usual one. A `faint`
    one starts or ends at a faint shape.
    """

    tail: str
    head: str
    kind: str = "value"
    label: str = ""
    tooltip: str = ""
    argument: str = ""
    width: float = 0.0
    faint: bool = False


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
        """Return whether it contains no shape, at any depth."""
        return not self.shapes and all(inner.is_empty() for inner in self.clusters)

    def all(self) -> Iterator[Shape]:
        """Yield the shapes in it, at any depth."""
        yield from self.shapes
        for inner in self.clusters:
            yield from inner.all()


@dataclass(frozen=True)
class Picture:
    """A whole drawing; `root` has no frame, and its title describes the picture in a sentence.

    The first of `notes` is its heading. A `legend` is a title and the bounds of the levels of heat.
    `span` is the number of ranks that all arrows span together, which determines how long a layout
    takes. Values flow "down" or "right".
    """

    root: Cluster
    arrows: list[Arrow]
    notes: tuple[str, ...] = ()
    legend: tuple[str, ...] = ()
    span: int = 0
    direction: str = "down"


@dataclass(frozen=True)
class Style:
    """The options of a picture; a `plain` one has no labels on arrows, which slow down a layout."""

    gradients: bool = True
    edges: str = "none"
    heat: str | None = None
    links: str | None = None
    marks: Mapping[int, str] = field(default_factory=dict)
    backward: bool = False
    direction: str | None = None
    path: frozenset[int] | None = None  # nodes; what holds none of them is faint
    plain: bool = False
    longest: int = LONGEST_EDGE  # ranks
