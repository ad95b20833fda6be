"""Headers of loops in source code, matched with loops in bytecode."""

from __future__ import annotations

import ast
import dis
import functools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeGuard

Span = tuple[tuple[int, int], tuple[int, int]]  # first line and column, last line and column


@dataclass(frozen=True)
class Header:
    """A loop's header in the source, with the spans of its parts; a comprehension has no `body`.

    A loop over a `range` or an `enumerate` `counts`: its variable, the first value and the step. A
    loop `runs` if it has an iteration whatever the data. A `for` sets its `variables`.
    """

    name: str
    line: int
    whole: Span
    iterated: Span | None
    body: Span | None
    counts: tuple[str, int, int] | None = None
    runs: bool = False
    variables: tuple[str, ...] = ()


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
            spans = span_at(node), span_at(node.iter), _body_span(node)
            found.append(Header(name, node.lineno, *spans, *_facts(node)))
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
                ends = span_at(node), span_at(part.iter), None
                found.append(Header(name, part.target.lineno, *ends, *_facts(part)))
    return tuple(found)


def _facts(
    node: ast.For | ast.AsyncFor | ast.comprehension,
) -> tuple[tuple[str, int, int] | None, bool, tuple[str, ...]]:
    """Return what a `for` counts, whether it surely runs, and the variables that it sets."""
    names = [part for part in ast.walk(node.target) if isinstance(part, ast.Name)]
    variables = tuple([name.id for name in names if isinstance(name.ctx, ast.Store)])
    return _counts(node), _runs(node.iter), variables


def _counts(node: ast.For | ast.AsyncFor | ast.comprehension) -> tuple[str, int, int] | None:
    """Return the counter of a loop over `range` or `enumerate` with known first value and step."""
    target, numbers, called = node.target, _numbers(node.iter), _called(node.iter)
    if called == "enumerate" and isinstance(target, ast.Tuple):
        target, numbers = target.elts[0], numbers[1:] or [0]
    elif called == "range" and len(numbers) < 2:
        numbers = [0]
    elif called != "range":
        return None
    start, by = numbers[0], numbers[2] if len(numbers) == 3 else 1
    if not isinstance(target, ast.Name) or start is None or not by:
        return None
    return target.id, start, by


def _runs(node: ast.expr) -> bool:
    """Return whether an iterable has an item whatever the data."""
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return any(not isinstance(item, ast.Starred) for item in node.elts)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (str, bytes)) and bool(node.value)
    if _called(node) == "enumerate" and isinstance(node, ast.Call):
        return bool(node.args) and _runs(node.args[0])
    numbers = [number for number in _numbers(node) if number is not None]
    complete = _called(node) == "range" and 0 < len(numbers) == len(_numbers(node))
    return complete and 0 not in numbers[2:] and bool(range(*numbers))


def _called(node: ast.expr) -> str:
    """Return the name of a function called without keywords and starred arguments."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return ""
    starred = any(isinstance(arg, ast.Starred) for arg in node.args)
    return "" if starred or node.keywords or not 1 <= len(node.args) <= 3 else node.func.id


def _numbers(node: ast.expr) -> list[int | None]:
    """Return the arguments of a call, with None for those that are no whole numbers."""
    found: list[int | None] = []
    for arg in node.args if isinstance(node, ast.Call) else ():
        sign, value = (-1, arg.operand) if _is_minus(arg) else (1, arg)
        number = value.value if isinstance(value, ast.Constant) else None
        found.append(sign * number if type(number) is int else None)
    return found


def _is_minus(node: ast.expr) -> TypeGuard[ast.UnaryOp]:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)


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
