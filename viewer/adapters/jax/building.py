"""The columns of a trace, from the steps of a gradient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from autograd_tools import Trace
from autograd_tools.tracing.columns import Columns, Nodes, Numbering, OpSignature, SourceLine
from autograd_tools.tracing.summaries import Summaries, Summary
from viewer.adapters.jax.arguments import arguments_of
from viewer.adapters.jax.attribution import outgrads_of, times_of
from viewer.adapters.jax.gradient import Gradient, Step, numbers_in
from viewer.adapters.jax.owners import Owner, name_of
from viewer.adapters.jax.rows import Leaf, Rows
from viewer.adapters.jax.running import Run
from viewer.adapters.jax.sites import Sites


def trace_of(
    gradient: Gradient,
    owners: Sequence[Owner],
    leaves: Sequence[Leaf],
    run: Run | None,
    *,
    backward: bool,
) -> Trace:
    """Return the trace of a gradient, with values and times if it was run.

    Without `backward`, it has the steps that the value of the function needs.
    """
    rows = Rows(gradient, owners, leaves, run, backward=backward)
    columns = _columns(gradient, owners, leaves, rows)
    result = rows.row_of(gradient.results[0])
    found = Trace(Nodes(columns), None if result is None else result + 1)
    found.check()
    return found


def _columns(
    gradient: Gradient, owners: Sequence[Owner], leaves: Sequence[Leaf], rows: Rows
) -> Columns:
    signatures, lines = Numbering[OpSignature](), Numbering[SourceLine]()
    sites, steps = Sites(owners), rows.steps
    none = [lines[SourceLine()]] * len(leaves)
    parents = [[rows.row[number] + 1 for number in numbers_in(step.inputs)] for step in steps]
    forward, backward = times_of(gradient, owners, rows)
    return Columns(
        signature=[signatures[item] for item in _signatures(steps, leaves, rows)],
        signatures=list(signatures),
        source_line=none + [lines[sites.line(step)] for step in steps],
        source_lines=list(lines),
        places=sites.places,
        place=[0] * len(leaves) + [sites.place(step) for step in steps],
        starts=np.cumsum([0, *([0] * len(leaves)), *map(len, parents)]),
        flat=np.array([*chain.from_iterable(parents)], np.int64),
        value=Summaries.of(_values(steps, leaves, rows)),
        outgrad=Summaries.of(outgrads_of(gradient, rows)),
        forward_ns=forward,
        backward_ns=backward,
    )


def _signatures(steps: Sequence[Step], leaves: Sequence[Leaf], rows: Rows) -> Iterator[OpSignature]:
    for leaf in leaves:
        yield OpSignature(leaf.kind, "", leaf.name)
    for step in steps:
        yield OpSignature("result", name_of(step.eqn), "", arguments_of(step, rows.part))


def _values(steps: Sequence[Step], leaves: Sequence[Leaf], rows: Rows) -> Iterator[Summary]:
    """Yield the summary of each value; several results of one step are a tuple."""
    yield from map(rows.summary, range(len(leaves)))
    for step in steps:
        parts = [rows.summary(number) for number in rows.values(step)]
        if len(parts) == 1:
            yield parts[0]
        else:
            text = ", ".join([part.text for part in parts])
            yield Summary(f"({text})", nbytes=sum(part.nbytes for part in parts))
