"""The functions, scopes and loops around nodes, as paths that share what is around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograd_tools import Trace
from viewer.passes.grouping import Ancestors

NAMED = ("function", "scope", "loop")  # kinds of places; a step is one iteration of a loop
ENDS = 8  # names shown at each end of a path that is longer than both


@dataclass(frozen=True, eq=False, slots=True)
class Path:
    """A function, scope, loop or step inside another path, None for the outermost.

    The paths of one call of `paths` are one object where they are equal, so that deep recursion
    takes no more memory than its nodes.
    """

    name: str
    around: Path | None
    depth: int  # the number of its names
    outer: Path | None  # the path of its first names, if it has more of them

    def inside(self, name: str) -> Path:
        """Return a new path inside this one."""
        return Path(name, self, self.depth + 1, self if self.depth == ENDS else self.outer)

    def __str__(self) -> str:
        left_out = self.depth - 2 * ENDS
        if left_out <= 0 or self.outer is None:
            return " / ".join(self._last(self.depth))
        return f"{self.outer} / … {left_out:,} more … / {' / '.join(self._last(ENDS))}"

    def _last(self, count: int) -> list[str]:
        path: Path | None = self
        names: list[str] = []
        while path is not None and len(names) < count:
            names.append(path.name)
            path = path.around
        return names[::-1]

    def __lt__(self, other: Path) -> bool:
        return str(self) < str(other)


def homes(trace: Trace) -> list[int]:
    """Return the number of the place of each node; a leaf is in the innermost around its uses."""
    columns, around = trace.columns, Ancestors(trace.places)
    found = list(columns.place)
    for row, (kind, uses) in enumerate(zip(columns.kind, columns.children, strict=True)):
        if kind != "result" and uses:
            found[row] = around.common({columns.place[use - 1] for use in uses})
    return found


def paths(trace: Trace, kinds: Sequence[str] = NAMED) -> list[Path | None]:
    """Return the path of each place, of names of the given kinds."""
    known: dict[tuple[Path | None, str], Path] = {}
    found: list[Path | None] = []
    for place in trace.places:
        path = found[place.parent] if found else None
        if place.kind in kinds:
            key = path, place.name
            if key not in known:
                known[key] = path.inside(place.name) if path else Path(place.name, None, 1, None)
            path = known[key]
        found.append(path)
    return found


def scopes(trace: Trace) -> list[Path | None]:
    """Return the path of each node."""
    around = paths(trace)
    return [around[home] for home in homes(trace)]
