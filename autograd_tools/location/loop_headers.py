"""The heads of loops as the source reads, and which of them belongs to a loop in the bytecode."""

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
    """The head of a loop in the source, and where its parts are; `body` is None for that of a comprehension."""

    name: str
    line: int
    whole: Span
    iterated: Span | None
    body: Span | None


def header_of_for(
    headers: Iterable[Header], span: Span | None, used: Counter[Header]
) -> Header | None:
    """The head of the loop of a `for` whose instruction is at `span`: that of the statement or of what it iterates over.

    Which of both depends on Python's version; all loops of one comprehension may be in one place, so that they are `used` in
    their order.
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
    """The head of the smallest `while` around all these places."""
    found = [
        h
        for h in headers
        if h.iterated is None and body and all(h.whole[0] <= a and b <= h.whole[1] for a, b in body)
    ]
    return max(found, key=lambda h: h.whole[0], default=None)


@functools.lru_cache(16)
def headers_of(source: str) -> tuple[Header, ...]:
    """The heads of all loops in the source of a file; none if it is no Python of this version."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    lines = source.encode().splitlines(keepends=True)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.For, ast.AsyncFor)):
            name = f"for {_source(lines, node.target)} in {_source(lines, node.iter)}"
            found.append(Header(name, node.lineno, span_at(node), span_at(node.iter), _body(node)))
        elif isinstance(node, ast.While):
            found.append(
                Header(
                    f"while {_source(lines, node.test)}",
                    node.lineno,
                    span_at(node),
                    None,
                    _body(node),
                )
            )
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            for part in node.generators:
                name = f"for {_source(lines, part.target)} in {_source(lines, part.iter)}"
                found.append(
                    Header(name, part.target.lineno, span_at(node), span_at(part.iter), None)
                )
    return tuple(found)


def _body(node: ast.For | ast.AsyncFor | ast.While) -> Span:
    return (span_at(node.body[0])[0], span_at(node.body[-1])[1])


def _source(lines: list[bytes], node: ast.AST) -> str:
    """The source of a part of a statement, on one line."""
    (first, start), (last, end) = span_at(node)
    text = lines[first - 1 : last]
    text[-1] = text[-1][:end]
    text[0] = text[0][start:]
    return " ".join(b"".join(text).decode(errors="replace").split())


def span_at(node: Any) -> Span:
    """Where a part of the source is."""
    return ((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset))


def span_of(positions: dis.Positions | None) -> Span | None:
    """Where an instruction is in the source; None where nobody knows."""
    return None if positions is None or None in positions else span_at(positions)
