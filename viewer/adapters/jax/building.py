"""The columns of a trace, from the steps of a gradient."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from autograd_tools import Trace
from autograd_tools.tracing.columns import Columns, Nodes, Numbering, OpSignature, SourceLine
from autograd_tools.tracing.summaries import Summaries, Summary
from viewer.adapters.jax.arguments import arguments_of
from viewer.adapters.jax.attribution import outgrads_of, times_of
from viewer.adapters.jax.ends import reasons_of
from viewer.adapters.jax.gradient import Gradient, Ref, numbers_in
from viewer.adapters.jax.owners import Owner, name_of
from viewer.adapters.jax.rows import Entry, Leaf, Rows
from viewer.adapters.jax.running import Run
from viewer.adapters.jax.sites import Sites


def trace_of(
    gradient: Gradient,
    owners: Sequence[Owner],
    leaves: Sequence[Leaf],
    run: Run | None,
    *,
    backward: bool,
    constants: bool,
) -> Trace:
    """Return the trace of a gradient, with values and times if it was run.

    Without `backward`, it has the steps that the value of the function needs, and without
    `constants` those of them that depend on a Param.
    """
    rows = Rows(gradient, owners, leaves, run, backward=backward, constants=constants)
    columns = _columns(gradient, owners, leaves, rows)
    result = rows.row_of(gradient.results[0])
    found = Trace(Nodes(columns), None if result is None else result + 1)
    found.check()
    columns.reasons.update(reasons_of(found))
    return found


def _columns(
    gradient: Gradient, owners: Sequence[Owner], leaves: Sequence[Leaf], rows: Rows
) -> Columns:
    signatures, lines = Numbering[OpSignature](), Numbering[SourceLine]()
    sites, inputs = Sites(owners), [_inputs(entry) for entry in rows.entries]
    parents = [[rows.row[n] + 1 for n in numbers_in(own) if n in rows.row] for own in inputs]
    forward, backward = times_of(gradient, owners, rows)
    return Columns(
        signature=[signatures[_signature(entry, leaves, rows)] for entry in rows.entries],
        signatures=list(signatures),
        source_line=[lines[sites.line(entry)] for entry in rows.entries],
        source_lines=list(lines),
        places=sites.places,
        place=[sites.place(entry) for entry in rows.entries],
        starts=np.cumsum([0, *map(len, parents)]),
        flat=np.array([*chain.from_iterable(parents)], np.int64),
        value=Summaries.of(_value(entry, rows) for entry in rows.entries),
        outgrad=Summaries.of(outgrads_of(gradient, rows)),
        forward_ns=forward,
        backward_ns=backward,
        engine="jax",
    )


def _inputs(entry: Entry) -> Sequence[Ref]:
    return () if isinstance(entry, int) else entry.inputs


def _signature(entry: Entry, leaves: Sequence[Leaf], rows: Rows) -> OpSignature:
    if isinstance(entry, int):
        return OpSignature(leaves[entry].kind, "", leaves[entry].name)
    return OpSignature("result", name_of(entry.eqn), "", arguments_of(entry, rows))


def _value(entry: Entry, rows: Rows) -> Summary:
    """Return the summary of a value; several results of one step are a tuple."""
    parts = [rows.summary(number) for number in rows.values(entry)]
    if len(parts) == 1:
        return parts[0]
    text = ", ".join([part.text for part in parts])
    return Summary(f"({text})", nbytes=sum(part.nbytes for part in parts))
