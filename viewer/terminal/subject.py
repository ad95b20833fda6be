"""What a view is asked to show: the nodes of a trace that were searched for, in an order, and how many of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from autograd_tools import Trace
from viewer.graph import Graph
from viewer.inputs import Traceable, as_trace
from viewer.terminal.columns import column
from viewer.terminal.search import find
from viewer.text.lines import Span


@dataclass(frozen=True)
class Options:
    """What users may ask of a view; None where they did not. `viewer.show` explains them."""

    where: str | None = None
    columns: str | Sequence[str] | None = None
    sort: str | None = None
    limit: int | None = None
    max_depth: int | None = None
    by: str | None = None

    def check(self, view: str, taken: str) -> None:
        """Raise ValueError for an option that is not among those `taken` by a view, or is no sensible number."""
        for option in fields(self):
            given = getattr(self, option.name)
            if given is not None and option.name not in taken.split():
                raise ValueError(
                    f"{option.name}= has no meaning in the view {view!r}, which takes: {', '.join(taken.split())}"
                )
            if (
                option.name in ("limit", "max_depth")
                and given is not None
                and (not isinstance(given, int) or given < 1)
            ):
                raise ValueError(f"{option.name}= is a number from 1 on, and got {given!r}")


@dataclass(frozen=True)
class Subject:
    """A trace, the graph that a pass made of it, if it was one, and the ids of the nodes to be shown, oldest first."""

    trace: Trace
    graph: Graph | None
    ids: Sequence[int]
    whole: int  # how many nodes there were to search

    def cut(self, options: Options) -> tuple[Sequence[int], int, Sequence[int]]:
        """The ids in the order asked for: the first ones, the number of those left out, and the last ones.

        A limit keeps the first half of it and the last, as NumPy prints long arrays; of a sorted list, the first ones.
        """
        ids = self.ids
        if options.sort:
            ids = in_order([int(id) for id in ids], options.sort, self.trace)
        if options.limit is None or len(ids) <= options.limit:
            return ids, 0, ()
        last = 0 if options.sort else options.limit // 2
        return ids[: options.limit - last], len(ids) - options.limit, ids[len(ids) - last :]


def subject_of(x: Traceable | Graph, where: str | None) -> Subject:
    """What is to be shown of a trace or a graph: all that it shows itself, or what a search finds in that."""
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
    """Ids by a column, from the smallest, or with a minus before its name from the largest; unknown ones are last."""
    values = column(sort.removeprefix("-")).values(trace)
    keys = values.tolist() if isinstance(values, np.ndarray) else values
    known = [id for id in ids if not _unknown(keys[id - 1])]
    known.sort(key=lambda id: keys[id - 1], reverse=sort.startswith("-"))
    return [*known, *(id for id in ids if _unknown(keys[id - 1]))]


def _unknown(key: object) -> bool:
    return key in (None, "", (), ("", 0)) or (isinstance(key, float) and math.isnan(key))


def note(left_out: int, whole: int) -> list[Span]:
    """The line that stands in place of what a limit left out."""
    return [Span(f"… {left_out:,} of {whole:,} left out; a higher limit shows more", "italic dim")]
