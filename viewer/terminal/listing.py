"""The list: a line for each node, as the seed prints a tape."""

from __future__ import annotations

from collections.abc import Iterator

from autograd_tools import Trace
from autograd_tools.base.text import one_line
from viewer.terminal.subject import Options, Subject, note
from viewer.text.lines import Row, Span, fold


def list_rows(subject: Subject, options: Options, width: int | None) -> Iterator[Row]:
    """The rows of the list; numbers stand below each other where the width is known."""
    head, left_out, tail = subject.cut(options)
    digits = len(str(len(subject.trace)))
    for part, after in ((head, left_out), (tail, 0)):
        if width is None:  # plain lines, as `print` has them
            yield from ([Span(f"{id}. {subject.trace.columns.listing(id - 1)}")] for id in part)
        for id in part if width else ():
            number = f"{id:>{digits}}. "
            yield from fold(node_spans(subject.trace, id), width, number, " " * len(number))
        if after:
            yield from fold(note(after, len(subject.ids)), width)


def node_spans(trace: Trace, id: int) -> list[Span]:
    """A line of a listing, in colour."""
    columns, row = trace.columns, id - 1
    call, outgrad = columns.call(row), columns.outgrad
    if columns.kind[row] == "result":
        made = columns.value.text_of(row) if columns.value.there[row] else "R(None)"
        name, source = columns.op[row], (columns.file[row], columns.line[row])
        linked = Span(one_line(name), "bold cyan", source if source[0] else None)
        spans = [Span(one_line(f"{made} = ")), linked, Span(one_line(call[len(name) :]))]
    else:
        spans = [Span(one_line(call), "bold green")]
    if outgrad.there[row]:
        spans.append(Span(one_line(f" ∇={outgrad.text_of(row)}"), "yellow"))
    return spans
