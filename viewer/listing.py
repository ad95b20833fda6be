"""The list: a line for each node, as the seed prints a tape."""

from __future__ import annotations

from collections.abc import Iterator

from autograd_tools.text import one_line
from autograd_tools.trace import TraceNode
from viewer.lines import Row, Span, fold
from viewer.subject import Options, Subject, note


def list_rows(subject: Subject, options: Options, width: int | None) -> Iterator[Row]:
    """The rows of the list; numbers stand below each other where the width is known."""
    head, left_out, tail = subject.cut(options)
    digits = len(str(len(subject.trace)))
    for part, after in ((head, left_out), (tail, 0)):
        if width is None:  # plain lines, as `print` has them
            yield from ([Span(f"{id}. {subject.trace.columns.listing(id - 1)}")] for id in part)
        for id in part if width else ():
            number = f"{id:>{digits}}. "
            yield from fold(node_spans(subject.trace[id]), width, number, " " * len(number))
        if after:
            yield from fold(note(after, len(subject.ids)), width)


def node_spans(node: TraceNode) -> list[Span]:
    """A line of a listing, in colour."""
    source = (node.file, node.line) if node.file else None
    if node.kind == "result":
        call = node.call
        name, rest = call[: len(node.op)], call[len(node.op) :]
        spans = [Span(f"{value_text(node)} = "), Span(one_line(name), "bold cyan", source), Span(one_line(rest))]
    else:
        spans = [Span(one_line(node.call), "bold green")]
    if node.outgrad is not None:
        spans.append(Span(one_line(f" ∇={node.outgrad.text}"), "yellow"))
    return spans


def value_text(node: TraceNode) -> str:
    """The value of a node, which may have been freed."""
    return one_line(node.value.text) if node.value else "R(None)"
