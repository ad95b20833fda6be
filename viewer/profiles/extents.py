"""The lines of a file to show around some of them: their functions, or outermost statements."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection, Iterator, Sequence
from typing import TypeAlias

AROUND = 2  # lines, in code that is not parsed

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Extent: TypeAlias = tuple[int, int]  # the first line and the last


def lines_around(code: Sequence[str], lines: Collection[int]) -> tuple[list[int], bool]:
    """Return the numbers of the lines to show, and whether some of `lines` cannot have run.

    Shown are the innermost functions that contain `lines`, below the first lines of the functions
    and classes around them, and outside functions the outermost statements.
    """
    tree = _parsed("".join(code))
    statements = [(_extent(node), node) for node in tree.body] if tree else []
    shown = set(lines)
    for line in lines:
        around = [pair for pair in statements if pair[0][0] <= line <= pair[0][1]]
        shown.update(_shown(*around[0], line) if around else _near(line, len(code)))
    empty = [n for n in lines if not 1 <= n <= len(code) or not code[n - 1].split("#")[0].strip()]
    return sorted(shown), bool(empty)


def _parsed(code: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the run of the code gave them
        try:
            return ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # not this Python
            return None


def _near(line: int, last: int) -> range:
    return range(max(line - AROUND, 1), min(line + AROUND, last) + 1)


def _extent(node: ast.stmt) -> Extent:
    """Return the first and last line of a statement with its decorators."""
    starts = [part.lineno for part in (node, *getattr(node, "decorator_list", []))]
    return min(starts), node.end_lineno or node.lineno


def _shown(extent: Extent, node: ast.stmt, line: int) -> Iterator[int]:
    """Yield the lines of the innermost function around a line, and the heads around that."""
    around = list(_definitions(node, line))
    functions = [definition for definition in around if isinstance(definition, Function)]
    if not functions:
        yield from range(extent[0], extent[1] + 1)
        return
    first, last = _extent(functions[-1])
    yield from range(first, last + 1)
    for definition in around[: around.index(functions[-1])]:
        yield definition.lineno


def _definitions(node: ast.stmt, line: int) -> Iterator[Function | ast.ClassDef]:
    """Yield the functions and classes around a line, outermost first."""
    todo: list[ast.AST] = [node]
    while todo:
        inner = todo.pop()
        if isinstance(inner, ast.stmt):
            first, last = _extent(inner)
            if not first <= line <= last:
                continue
            if isinstance(inner, Function | ast.ClassDef):
                yield inner
        todo += ast.iter_child_nodes(inner)
