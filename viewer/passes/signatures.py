"""A number for each node, the same for equal operations whatever their arguments come from."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any

from autograd_tools.tracing.columns import Argument
from viewer.graph import Graph

# In the text of a constant: strings and the shapes of arrays, which are kept, or a number.
_PARTS = re.compile(
    r"""'[^']*'|"[^"]*"|[^\W\d]\w*(?:\[[\d,]*\])?|(-?\d[\d_]*(?:\.\d*)?(?:e[+-]?\d+)?j?)"""
)


class Numbers:
    """Gives equal things equal numbers."""

    def __init__(self) -> None:
        self._known: dict[Any, int] = {}

    def of(self, thing: Any) -> int:
        """Return the number of a thing, a new one unless an equal thing has one."""
        return self._known.setdefault(thing, len(self._known))


def signatures(
    graph: Graph, numbers: Numbers, apart: Iterable[int], marks: Mapping[int, object]
) -> list[int]:
    """Return the number of each node by id: the same for one operation, line and shape.

    Numbers among the arguments may differ, but not their types; keyword arguments must be the same.
    Nodes `apart` are equal to no other, and marked ones only to those with the same mark.
    """
    columns = graph.trace.columns
    calls = [
        numbers.of((signature.kind, signature.op, *map(pattern, signature.args)))
        for signature in columns.signatures
    ]
    texts = [
        _without_numbers(form.text or "") if form.shape is None else ""
        for form in columns.value.forms
    ]  # such as of tuples
    values = [
        numbers.of(("value", form.shape, form.dtype, text))
        for form, text in zip(columns.value.forms, texts, strict=True)
    ]
    values.append(-1)  # the row of freed values
    leaf = [signature.kind != "result" for signature in columns.signatures]
    found = [-1]
    for signature, line, form, parents in zip(
        columns.signature,
        columns.source_line,
        columns.value.form.tolist(),
        columns.parents,
        strict=True,
    ):
        where = -1 if leaf[signature] else line  # where a leaf was first met does not matter
        found.append(numbers.of((calls[signature], where, values[form], len(parents))))
    for id in graph.hidden:
        found[id] = numbers.of(("hidden", found[id]))
    for id, mark in marks.items():
        found[id] = numbers.of((mark, found[id]))
    for id in apart:
        found[id] = numbers.of(("apart", id))
    return found


def pattern(form: str | tuple[str, ...] | Argument) -> object:
    """Return the count of nodes in an argument, or a constant without its numbers."""
    if not isinstance(form, Argument):
        return _without_numbers(form) if isinstance(form, str) else len(form) - 1
    if form.keyword is not None:
        return form.keyword, form.text
    return len(form.nodes) or _without_numbers(form.text)


@functools.lru_cache(maxsize=10_000)
def _without_numbers(text: str) -> str:
    """Return `f` for `0.5`, `(i, :i)` for `(1, :2)`, but `float64[3]` unchanged."""
    return _PARTS.sub(lambda part: part[0] if part[1] is None else _type(part[1]), text)


def _type(number: str) -> str:
    return "c" if number.endswith("j") else "f" if "." in number or "e" in number else "i"
