"""The search for nodes: `where="op=matmul bytes>1e6"`, words that must all be true of a node.

A word is a property (`nan`), a comparison of a column (`op=matmul`, `scope=enc*`, `∇norm>100`), or else text that is looked
for in the operation, the name, the scope and the source.
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
from viewer.terminal.columns import COLUMNS, Column, Values, column, scopes
from viewer.text.places import path_text, source_text

_COMPARISON = re.compile(r"([^=<>!]+)(!=|<=|>=|==?|<|>)(.*)", re.DOTALL)
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
    """Of which nodes all words of `where` are true: a bool for each, the first being that of node 1."""
    found = np.ones(len(trace), bool)
    for word in words(where):
        found &= _true_of(trace, word)
    return found


def words(where: str) -> list[str]:
    """The words of a search; quotes keep spaces together."""
    try:
        found = shlex.split(where)
    except ValueError:
        raise ValueError(
            f"where={where!r} has a quotation mark without its partner: put the word in the other kind of them"
        ) from None
    if not found:
        raise ValueError(
            f"where={where!r} says nothing: write a property ({', '.join(PROPERTIES)}), a comparison or a text"
        )
    return found


def _true_of(trace: Trace, word: str) -> np.ndarray:
    if word in PROPERTIES:
        return np.asarray(PROPERTIES[word](trace), bool)
    if match := _COMPARISON.fullmatch(word):
        name, sign, given = match.groups()
        chosen = column(name)
        return (
            _compared(trace, chosen, sign, given, word)
            if chosen.number
            else _matched(trace, name, sign, given, word)
        )
    return _holding(trace, word)


def _compared(trace: Trace, chosen: Column, sign: str, given: str, word: str) -> np.ndarray:
    """Where a number of a node is as the word says; nowhere where it is not known."""
    try:
        number = float(given)
    except ValueError:
        raise ValueError(
            f"{word!r} compares with no number: write one after the {sign}, such as 1e6"
        ) from None
    values = np.asarray(chosen.values(trace), float)
    return np.asarray(_OPERATORS[sign](values, number) & ~np.isnan(values))


def _matched(trace: Trace, name: str, sign: str, given: str, word: str) -> np.ndarray:
    """Where a text of a node is the one given, in which * stands for anything."""
    if sign not in ("=", "==", "!="):
        numbers = ", ".join(name for name, found in COLUMNS.items() if found.number)
        raise ValueError(f"{word!r} compares a text: write = or !=; the numbers are: {numbers}")
    chosen = column(name)
    parts = _PARTS.get(
        name,
        lambda value: (
            (value, chosen.text(value)) if isinstance(value, str) else (chosen.text(value),)
        ),
    )
    pattern = given.replace(
        "[", "[[]"
    )  # names such as layers[0].w are common, and sets of characters are not
    found = _each(
        chosen.values(trace), lambda value: any(fnmatchcase(part, pattern) for part in parts(value))
    )
    return ~found if sign == "!=" else found


def _holding(trace: Trace, word: str) -> np.ndarray:
    """Where a text is part of the operation, the name, the scope or the source, in upper case or lower."""
    columns, sought = trace.columns, word.lower()
    found = _each(columns.op, lambda op: sought in op.lower()) | _each(
        columns.name, lambda name: sought in name.lower()
    )
    found |= _each(scopes(trace), lambda path: any(sought in name.lower() for name in path))
    return found | _each(
        list(zip(columns.file, columns.line, strict=True)),
        lambda at: sought in source_text(*at).lower(),
    )


def _each(values: Values, test: Callable[[Any], bool]) -> np.ndarray:
    """Whether a test is true of each value; equal values, of which there are many, are tested once."""
    answers = {value: test(value) for value in set(values)}
    return np.array([answers[value] for value in values], bool)


# What of a value is compared with the text given, where it is not its own text.
_PARTS: dict[str, Callable[[Any], tuple[str, ...]]] = {
    "scope": lambda path: path,
    "file": lambda file: (file, Path(file).name, path_text(file)),
    "shape": lambda shape: (
        () if shape is None else (COLUMNS["shape"].text(shape), ",".join(map(str, shape)))
    ),
}


def not_finite(summaries: Summaries) -> np.ndarray:
    """Where there is a NaN or Inf."""
    return np.asarray((summaries.nans > 0) | (summaries.infs > 0))


def _kind(kind: str) -> Callable[[Trace], Any]:
    return lambda trace: [found == kind for found in trace.columns.kind]


def _zero_gradient(trace: Trace) -> np.ndarray:
    return np.asarray((trace.columns.outgrad.norm == 0) & ~not_finite(trace.columns.outgrad))


# Adding a property is adding an entry here.
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
