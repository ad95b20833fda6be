"""The list view: a line for each node, as AutoGrad.jl prints a tape."""

from __future__ import annotations

from collections.abc import Iterator

from autograd_tools import Trace
from autograd_tools.base.text import one_line
from viewer.terminal.subject import Options, Subject, omitted
from viewer.text.lines import Row, Span, fold


def list_rows(subject: Subject, options: Options, width: int | None) -> Iterator[Row]:
    """Yield the rows of the list; ids are aligned if the width is known."""
    head, left_out, tail = subject.cut(options)
    digits = len(str(len(subject.trace)))
    for part, after in ((head, left_out), (tail, 0)):
        if width is None:  # plain lines, as `print` shows them
            yield from ([Span(f"{id}. {subject.trace.columns.listing(id - 1)}")] for id in part)
        for id in part if width else ():
            number = f"{id:>{digits}}. "
            yield from fold(node_spans(subject.trace, id), width, number, " " * len(number))
        if after:
            yield from fold(omitted(after, len(subject.ids)), width)


def node_spans(trace: Trace, id: int) -> list[Span]:
    """Return a line of the list, in colour."""
    columns, row = trace.columns, id - 1
    call, outgrad = columns.call(row), columns.outgrad
    if columns.kind[row] == "result":
        value = columns.value.text_of(row) if columns.value.there[row] else "R(None)"
        name, source = columns.op[row], (columns.file[row], columns.line[row])
        linked = Span(one_line(name), "bold cyan", source if source[0] else None)
        spans = [Span(one_line(f"{value} = ")), linked, Span(one_line(call[len(name) :]))]
    else:
        spans = [Span(one_line(call), "bold green")]
    if outgrad.there[row]:
        spans.append(Span(one_line(f" ∇={outgrad.text_of(row)}"), "yellow"))
    return spans
