"""The nodes that a view shows: searched, sorted and limited as its options ask."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from autograd_tools import Trace
from viewer.facts.columns import column
from viewer.facts.search import find
from viewer.graph import Graph
from viewer.inputs import Traceable, as_trace
from viewer.text.lines import Span


@dataclass(frozen=True)
class Options:
    """The options of a view, None where not given; `viewer.show` explains them."""

    where: str | None = None
    columns: str | Sequence[str] | None = None
    sort: str | None = None
    limit: int | None = None
    max_depth: int | None = None
    by: str | None = None

    def check(self, view: str, taken: str) -> None:
        """Raise ValueError for an option that a view does not take, or for a limit below 1."""
        options = taken.split()
        for option in fields(self):
            name, given = option.name, getattr(self, option.name)
            if given is None:
                continue
            if name not in options:
                raise ValueError(
                    f"{name}= does not apply to the view {view!r}; choose {', '.join(options)}"
                )
            if name in ("limit", "max_depth") and (not isinstance(given, int) or given < 1):
                raise ValueError(f"{name}= must be 1 or more, got {given!r}")


@dataclass(frozen=True)
class Subject:
    """A trace, its graph if a pass made one, and the ids of the nodes to show, oldest first."""

    trace: Trace
    graph: Graph | None
    ids: Sequence[int]
    whole: int  # the number of nodes that were searched

    def cut(self, options: Options) -> tuple[Sequence[int], int, Sequence[int]]:
        """Return the first ids in the order asked for, the number of those omitted, the last ids.

        A limit keeps both ends, as NumPy does for long arrays; of a sorted list, the first ids.
        """
        ids = self.ids
        if options.sort:
            ids = in_order([int(id) for id in ids], options.sort, self.trace)
        if options.limit is None or len(ids) <= options.limit:
            return ids, 0, ()
        last = 0 if options.sort else options.limit // 2
        return ids[: options.limit - last], len(ids) - options.limit, ids[len(ids) - last :]


def subject_of(x: Traceable | Graph, where: str | None) -> Subject:
    """Return all nodes that a trace or graph shows, or those that a search finds in it."""
    graph = x if isinstance(x, Graph) else None
    trace = graph.trace if graph else as_trace(x)  # type: ignore[arg-type]
    ids: Sequence[int] = range(1, len(trace) + 1)
    if graph:
        ids = sorted(set(graph.root.all_ids()) - graph.hidden)
    whole = len(ids)
    if where is not None:
        found = find(trace, where)
        ids = [id for id in ids if found[id - 1]]
    return Subject(trace, graph, ids, whole)


def in_order(ids: list[int], sort: str, trace: Trace) -> list[int]:
    """Return ids sorted by a column, descending with a minus before its name, unknown ones last."""
    values = column(sort.removeprefix("-")).values(trace)
    keys = values.tolist() if isinstance(values, np.ndarray) else values
    known = [id for id in ids if not _is_unknown(keys[id - 1])]
    known.sort(key=lambda id: keys[id - 1], reverse=sort.startswith("-"))
    return [*known, *(id for id in ids if _is_unknown(keys[id - 1]))]


def _is_unknown(key: object) -> bool:
    return key in (None, "", (), ("", 0)) or (isinstance(key, float) and math.isnan(key))


def omitted(count: int, whole: int) -> list[Span]:
    """Return the line in place of the rows that a limit omits."""
    return [Span(f"… {count:,} of {whole:,} omitted; raise the limit to see them", "italic dim")]
