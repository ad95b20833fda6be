"""Headers of loops in source code, matched with loops in bytecode."""

from __future__ import annotations

import ast
import dis
import functools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Span = tuple[tuple[int, int], tuple[int, int]]  # first line and column, last line and column


@dataclass(frozen=True)
class Header:
    """A loop's header in the source, with the spans of its parts; a comprehension has no `body`."""

    name: str
    line: int
    whole: Span
    iterated: Span | None
    body: Span | None


def header_of_for(
    headers: Iterable[Header], span: Span | None, used: Counter[Header]
) -> Header | None:
    """Return the header of a `for` whose FOR_ITER has the span of the statement or of its iterable.

    Python's version decides between the two. All loops of a comprehension may share one span, so
    headers are `used` in order.
    """
    found = sorted(
        (h for h in headers if span is not None and span in (h.whole, h.iterated)),
        key=lambda h: used[h],
    )
    for header in found[:1]:
        used[header] += 1
        return header
    return None


def header_of_while(headers: Iterable[Header], body: list[Span]) -> Header | None:
    """Return the header of the smallest `while` around all these spans."""
    found = [
        h
        for h in headers
        if h.iterated is None and body and all(h.whole[0] <= a and b <= h.whole[1] for a, b in body)
    ]
    return max(found, key=lambda h: h.whole[0], default=None)


@functools.lru_cache(16)
def headers_of(source: str) -> tuple[Header, ...]:
    """Return the headers of all loops in a source text; none if it does not parse."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    lines = source.encode().splitlines(keepends=True)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.For, ast.AsyncFor)):
            name = f"for {_source(lines, node.target)} in {_source(lines, node.iter)}"
            found.append(
                Header(name, node.lineno, span_at(node), span_at(node.iter), _body_span(node))
            )
        elif isinstance(node, ast.While):
            found.append(
                Header(
                    f"while {_source(lines, node.test)}",
                    node.lineno,
                    span_at(node),
                    None,
                    _body_span(node),
                )
            )
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            for part in node.generators:
                name = f"for {_source(lines, part.target)} in {_source(lines, part.iter)}"
                found.append(
                    Header(name, part.target.lineno, span_at(node), span_at(part.iter), None)
                )
    return tuple(found)


def _body_span(node: ast.For | ast.AsyncFor | ast.While) -> Span:
    return (span_at(node.body[0])[0], span_at(node.body[-1])[1])


def _source(lines: list[bytes], node: ast.AST) -> str:
    """Return the source of a node on one line."""
    (first, start), (last, end) = span_at(node)
    text = lines[first - 1 : last]
    text[-1] = text[-1][:end]
    text[0] = text[0][start:]
    return " ".join(b"".join(text).decode(errors="replace").split())


def span_at(node: Any) -> Span:
    """Return the span of a syntax node or of positions."""
    return ((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset))


def span_of(positions: dis.Positions | None) -> Span | None:
    """Return the span of an instruction, or None if unknown."""
    return None if positions is None or None in positions else span_at(positions)
