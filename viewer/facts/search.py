"""The search for nodes: `where="op=matmul bytes>1e6"`, words that must all match a node.

A word is a property (`nan`), a comparison of a column (`op=matmul`, `scope=enc*`, `∇norm>100`), or
else a text to find in the operation, the name, the scope and the source.
"""

from __future__ import annotations

import operator
import re
import shlex
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

from autograd_tools import Trace
from autograd_tools.tracing.summaries import Summaries
from viewer.facts.columns import COLUMNS, Column, Values, column
from viewer.facts.scopes import NAMED, homes
from viewer.text.places import path_text, source_text

_COMPARISON = re.compile(r"([^=<>!]+)(!=|<=|>=|==?|<|>)(.*)", re.DOTALL)
SHORT = {"∇": "∇norm", "grad": "∇norm"}
# Units of nanoseconds, bytes and shares; a unit that ends in another one stands before it.
UNITS = {"ns": 1, "us": 1e3, "μs": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9}
UNITS |= {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "KB": 1e3, "MB": 1e6, "GB": 1e9, "%": 0.01}
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def find(trace: Trace, where: str) -> np.ndarray:
    """Return a bool for each node, the first for node 1: True where all words of `where` match."""
    found = np.ones(len(trace), bool)
    for word in words(where):
        found &= _matches(trace, word)
    return found


def words(where: str) -> list[str]:
    """Return the words of a search; quotes keep spaces together."""
    try:
        found = shlex.split(where)
    except ValueError:
        raise ValueError(
            f"where={where!r} has an unclosed quotation mark; quote the word with the other kind"
        ) from None
    if not found:
        properties = ", ".join(PROPERTIES)
        raise ValueError(
            f"where={where!r} is empty; write a property ({properties}), a comparison or a text"
        )
    return found


def _matches(trace: Trace, word: str) -> np.ndarray:
    if word in PROPERTIES:
        return np.asarray(PROPERTIES[word](trace), bool)
    if match := _COMPARISON.fullmatch(word):
        name, sign, given = match.groups()
        chosen = column(SHORT.get(name, name))
        if chosen.number:
            return _compared(trace, chosen, sign, given, word)
        return _matched(trace, name, sign, given, word)
    return _containing(trace, word)


def _compared(trace: Trace, chosen: Column, sign: str, given: str, word: str) -> np.ndarray:
    """Compare a number of each node; an unknown one does not match."""
    unit = next((u for u in UNITS if given.endswith(u) and given[: -len(u)]), "")
    try:
        number = float(given.removesuffix(unit)) * UNITS.get(unit, 1)
    except ValueError:
        raise ValueError(
            f"{word!r}: expected a number after {sign}, got {given!r}; write one such as 1e6"
        ) from None
    values = np.asarray(chosen.values(trace), float)
    return np.asarray(_OPERATORS[sign](values, number) & ~np.isnan(values))


def _matched(trace: Trace, name: str, sign: str, given: str, word: str) -> np.ndarray:
    """Compare a text of each node with a pattern in which `*` matches anything."""
    if sign not in ("=", "==", "!="):
        numbers = ", ".join(name for name, found in COLUMNS.items() if found.number)
        raise ValueError(
            f"{word!r}: expected = or != for a text, got {sign}; numeric columns: {numbers}"
        )
    chosen = column(name)

    def own_texts(value: Any) -> tuple[str, ...]:
        return (value, chosen.text(value)) if isinstance(value, str) else (chosen.text(value),)

    texts = _TEXTS.get(name, own_texts)
    pattern = given.replace("[", "[[]")  # layers[0].w is a common name, a set of characters is not

    def matches(value: Any) -> bool:
        return any(fnmatchcase(text, pattern) for text in texts(value))

    found = _inside(trace, matches) if name == "scope" else _each(chosen.values(trace), matches)
    return ~found if sign == "!=" else found


def _containing(trace: Trace, word: str) -> np.ndarray:
    """Search for a text in the operation, the name, the scope and the source, in either case."""
    columns, sought = trace.columns, word.lower()
    places = list(zip(columns.file, columns.line, strict=True))
    found = _each(columns.op, lambda op: sought in op.lower())
    found |= _each(columns.name, lambda name: sought in name.lower())
    found |= _inside(trace, lambda name: sought in name.lower())
    return found | _each(places, lambda place: sought in source_text(*place).lower())


def _inside(trace: Trace, test: Callable[[str], bool]) -> np.ndarray:
    """Return True for each node in a function, scope or loop whose name passes a test."""
    passes = {name: test(name) for name in {place.name for place in trace.places}}
    found: list[bool] = []
    for place in trace.places:  # outer ones first
        around = bool(found) and found[place.parent]
        found.append(around or (place.kind in NAMED and passes[place.name]))
    return np.array(found)[homes(trace)]


def _each(values: Values, test: Callable[[Any], bool]) -> np.ndarray:
    """Test each value; equal values are tested once."""
    answers = {value: test(value) for value in set(values)}
    return np.array([answers[value] for value in values], bool)


# The texts of a value that a pattern may match, for columns whose values are not texts themselves.
_TEXTS: dict[str, Callable[[Any], tuple[str, ...]]] = {
    "file": lambda file: (file, Path(file).name, path_text(file)),
    "shape": lambda shape: (
        () if shape is None else (COLUMNS["shape"].text(shape), ",".join(map(str, shape)))
    ),
}


def not_finite(summaries: Summaries) -> np.ndarray:
    """Return True for each value with a NaN or Inf."""
    return np.asarray((summaries.nans > 0) | (summaries.infs > 0))


def _kind(kind: str) -> Callable[[Trace], Any]:
    return lambda trace: [found == kind for found in trace.columns.kind]


def _zero_gradient(trace: Trace) -> np.ndarray:
    return np.asarray((trace.columns.outgrad.norm == 0) & ~not_finite(trace.columns.outgrad))


# The properties that a search knows by name. To add one, add an entry that returns a bool for
# each node, a case to tests/viewer/terminal/test_search.py and a row to
# docs/reference/table-columns.md.
PROPERTIES: dict[str, Callable[[Trace], Any]] = {
    "nan": lambda trace: not_finite(trace.columns.value) | not_finite(trace.columns.outgrad),
    "inf": lambda trace: (trace.columns.value.infs > 0) | (trace.columns.outgrad.infs > 0),
    "zero-gradient": _zero_gradient,
    "no-gradient": lambda trace: ~trace.columns.outgrad.there,
    "freed": lambda trace: ~trace.columns.value.there,
    "param": _kind("param"),
    "input": _kind("input"),
    "result": _kind("result"),
}
