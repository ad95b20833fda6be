"""The snapshot of a tape: its columns, made in one walk over its entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from autograd_tools.engine.describe import describe
from autograd_tools.engine.recording import Entry, Recording
from autograd_tools.engine.values import Param, unwrap
from autograd_tools.location.call_site import NOWHERE, CallSite
from autograd_tools.tracing.columns import (
    ArgTemplate,
    Argument,
    Columns,
    Numbering,
    OpSignature,
    SourceLine,
)
from autograd_tools.tracing.param_names import Name
from autograd_tools.tracing.places import places_of
from autograd_tools.tracing.summaries import array_text, summaries

PLAIN = frozenset({np.ndarray, float, np.float64, type(None)})
OPERAND = ("", "")  # what stands around a node that is an argument by itself


def columns_of(tape: Recording, names: Mapping[int, Name]) -> Columns:
    """Return the columns of a tape; `names` are those found for its Params, by id."""
    entries, n = tape.entries, len(tape.entries)
    parents = [entry[4] for entry in entries]
    simple = {int}.issuperset(map(type, chain.from_iterable(parents)))
    if not simple:
        parents = [tuple(flat(own)) for own in parents]
    signatures = _Signatures(names, simple=simple)
    signature = [signatures.number_of(entry) for entry in entries]
    notes = tape.notes or [NOWHERE] * n
    times = tape.times
    source_lines, source_line = _source_lines(notes)
    places, place = places_of(notes)
    return Columns(
        signatures=list(signatures.table),
        signature=signature,
        source_lines=source_lines,
        source_line=source_line,
        places=places,
        place=place,
        starts=np.cumsum(np.fromiter(chain([0], map(len, parents)), np.int64, n + 1)),
        flat=np.fromiter(chain.from_iterable(parents), np.int64) + 1,
        value=summaries(_values([entry[1] for entry in entries])),
        outgrad=summaries(_values(tape.outgrads[:n] + [None] * (n - len(tape.outgrads)))),
        forward_ns=[times.get(row, {}).get(0) for row in range(n)] if times else [None] * n,
        backward_ns=[_backward(times.get(row, {})) for row in range(n)] if times else [None] * n,
    )


def parents_of(tape: Recording, index: int) -> list[int]:
    """The indices of the entries from which the one at `index` was computed, in the order of its arguments."""
    return flat(tape.entries[index][4])


def flat(parents: tuple[Any, ...]) -> list[int]:
    """The indices in nested tuples of them, without what is None."""
    found: list[int] = []
    for parent in parents:
        if type(parent) is tuple:
            found.extend(flat(parent))
        elif parent is not None:
            found.append(parent)
    return found


class _Signatures:
    """The signatures of entries, found by the plans and constants of their calls; `simple` if all parents are single nodes."""

    def __init__(self, names: Mapping[int, Name], *, simple: bool) -> None:
        self.table = Numbering[OpSignature]()
        self._names = names
        self._simple = simple
        self._of_calls: dict[Any, int] = {}

    def number_of(self, entry: Entry) -> int:
        """The number of the signature of an entry."""
        plan, _, args, kwargs, parents = entry
        if plan is None:
            held = args[0]
            return self.table[
                OpSignature("param", "", self._name(held))
                if isinstance(held, Param)
                else OpSignature("input", "", held)
            ]
        key: Any = id(plan)
        if kwargs or (not self._simple and tuple in map(type, parents)):
            key = (key, _templates(entry))
        elif len(args) == len(parents):
            pass
        elif len(args) == 2:  # with one constant: most of what is left, and done sooner
            constant = args[1 - plan.positions[0]]
            key = (key, (constant if type(constant) is float else None) or _constant(constant))
        else:
            key = (key, _templates(entry))
        number = self._of_calls.get(key)
        if number is None:
            number = self._of_calls[key] = self.table[
                OpSignature("result", plan.primitive.name, "", _templates(entry))
            ]
        return number

    def _name(self, param: Param) -> str:
        """The name that a Param was given, else that which was found."""
        found = self._names.get(id(param))
        return param.name or (found[-1] if found is not None else "")


def _templates(entry: Entry) -> tuple[ArgTemplate, ...]:
    """The arguments of a call without the values of the nodes in it."""
    plan, _, args, kwargs, parents = entry
    given = dict(zip(plan.positions if plan else (), parents, strict=True))
    templates = [_template(arg, given.get(position)) for position, arg in enumerate(args)]
    return (*templates, *(Argument(describe(arg), (), keyword) for keyword, arg in kwargs.items()))


def _template(arg: Any, parent: Any) -> ArgTemplate:
    """An argument without the values of the nodes in it."""
    if type(parent) is int:
        return OPERAND
    return _constant(arg) if parent is None else tuple(_pieces(arg, parent))


def _pieces(arg: Any, parent: Any) -> list[str]:
    """The texts around the nodes in an argument that is a sequence."""
    if type(parent) is not tuple:
        template = _template(arg, parent)
        return [template] if isinstance(template, str) else list(template)  # type: ignore[arg-type]
    pieces = ["["]
    for position, (item, own) in enumerate(zip(arg, parent, strict=True)):
        first, *rest = _pieces(item, own)
        pieces[-1] += (", " if position else "") + first
        pieces += rest
    pieces[-1] += "]"
    return pieces


def _constant(x: Any) -> str:
    """What `describe` says of the plain value of a constant, sooner."""
    kind = type(x)
    return (
        repr(x)
        if kind is float
        else array_text(x.dtype, x.shape)
        if kind is np.ndarray
        else describe(unwrap(x))
    )


def _values(held: list[Any]) -> list[Any]:
    """What a tape holds, without wrapping."""
    return held if PLAIN.issuperset(map(type, held)) else [unwrap(x) for x in held]


def _backward(times: Any) -> dict[int, int] | None:
    return {argument: ns for argument, ns in times.items() if argument} or None


def _source_lines(notes: Sequence[CallSite]) -> tuple[list[SourceLine], list[int]]:
    """Where calls stand, and the number of that of each."""
    table = Numbering[SourceLine]()
    known: dict[int, int] = {}
    found = []
    for note in notes:
        number = known.get(id(note))
        if number is None:
            number = known[id(note)] = table[SourceLine(note.file, note.line, note.function)]
        found.append(number)
    return list(table), found
