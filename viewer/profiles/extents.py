"""Which lines of a file to show around some of them: the functions, or other statements, that they are in."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection, Iterator, Sequence
from typing import TypeAlias

AROUND = 2  # lines, where nothing is known of the code

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Extent: TypeAlias = tuple[int, int]  # the first line and the last


def lines_around(code: Sequence[str], lines: Collection[int]) -> tuple[list[int], bool]:
    """The numbers of the lines to show for those that are of interest, and whether one of these cannot have run.

    These are the innermost functions that they are in, below the first lines of the functions and classes around; outside
    functions the outermost statement.
    """
    tree = _parsed("".join(code))
    statements = [(_extent(node), node) for node in tree.body] if tree else []
    shown = set(lines)
    for line in lines:
        inside = next(
            ((extent, node) for extent, node in statements if extent[0] <= line <= extent[1]), None
        )
        shown.update(_near(line, len(code)) if inside is None else _shown(*inside, line))
    return sorted(shown), any(
        not 1 <= line <= len(code) or not code[line - 1].partition("#")[0].strip() for line in lines
    )


def _parsed(code: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they were given when the code was run
        try:
            return ast.parse(code)
        except (
            SyntaxError,
            ValueError,
            RecursionError,
            MemoryError,
        ):  # no Python, or no such Python
            return None


def _near(line: int, last: int) -> range:
    return range(max(line - AROUND, 1), min(line + AROUND, last) + 1)


def _extent(node: ast.stmt) -> Extent:
    """The lines of a statement, from its first decorator on."""
    decorators = getattr(node, "decorator_list", [])
    return min(
        [node.lineno, *(decorator.lineno for decorator in decorators)]
    ), node.end_lineno or node.lineno


def _shown(extent: Extent, node: ast.stmt, line: int) -> Iterator[int]:
    """The lines of the innermost function around a line, and the first lines of what is around that."""
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
    """The functions and classes around a line, outermost first."""
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
