"""The snapshot of a recording: its columns, made in one walk over its entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, starmap
from typing import Any

import numpy as np

from autograd_tools.base.memory import no_collections
from autograd_tools.engine.describe import describe
from autograd_tools.engine.primitives import Plan
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.values import Param, unwrap
from autograd_tools.location.call_site import NOWHERE, CallSite
from autograd_tools.location.source_lines import code_at
from autograd_tools.tracing.buffers import buffers_of
from autograd_tools.tracing.columns import (
    ArgTemplate,
    Argument,
    Columns,
    Numbering,
    OpSignature,
    SourceLine,
)
from autograd_tools.tracing.entries import EntryFields, column, flat
from autograd_tools.tracing.param_names import Name
from autograd_tools.tracing.summaries import array_text, summaries

UNWRAPPED = frozenset({np.ndarray, float, np.float64, type(None)})
OPERAND = ("", "")  # the texts around a node that is an argument by itself


@no_collections
def columns_of(recording: Recording, names: Mapping[int, Name]) -> Columns:
    """Return the columns of a recording; `names` are those found for its Params, by id."""
    entries, n = recording.entries, len(recording.entries)
    parents = column(entries, "parents")
    simple = {int}.issuperset(map(type, chain.from_iterable(parents)))
    signatures = _Signatures(names, simple=simple)
    signature = list(starmap(signatures.number_of, entries))
    if not simple:
        parents = [tuple(flat(own)) for own in parents]
    notes = recording.notes or [NOWHERE] * n
    times = recording.times
    source_lines, source_line = _source_lines(notes)
    from autograd_tools.location.places import places_of  # keeps `import autograd_tools` fast

    places, place = places_of(notes, recording.between or ())
    outgrads = recording.outgrads[:n]
    return Columns(
        signatures=list(signatures.table),
        signature=signature,
        source_lines=source_lines,
        source_line=source_line,
        places=places,
        place=place,
        starts=np.cumsum(np.fromiter(chain([0], map(len, parents)), np.int64, n + 1)),
        flat=np.fromiter(chain.from_iterable(parents), np.int64) + 1,
        value=summaries(_unwrapped(column(entries, "value"))),
        outgrad=summaries(_unwrapped(outgrads + [None] * (n - len(outgrads)))),
        forward_ns=[times.get(row, {}).get(0) for row in range(n)] if times else [None] * n,
        backward_ns=[_backward(times.get(row, {})) for row in range(n)] if times else [None] * n,
        buffers=buffers_of(recording),
    )


class _Signatures:
    """The signatures of entries, found by plan and constants; `simple` if no parent is a tuple."""

    def __init__(self, names: Mapping[int, Name], *, simple: bool) -> None:
        self.table = Numbering[OpSignature]()
        self._names = names
        self._simple = simple
        self._of_calls: dict[Any, int] = {}

    def number_of(
        self,
        plan: Plan | None,
        _: Any,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        parents: tuple[Any, ...],
    ) -> int:
        """Return the number of the signature of an entry, given as `EntryFields`."""
        if plan is None:
            return self.table[self._leaf(args[0])]
        key: Any = id(plan)
        if kwargs or (not self._simple and tuple in map(type, parents)):
            key = (key, _templates(plan, args, kwargs, parents))
        elif len(args) == len(parents):
            pass
        elif len(args) == 2:  # one constant: common, and quick to compare
            constant = args[1 - plan.positions[0]]
            key = (key, (constant if type(constant) is float else None) or _constant(constant))
        else:
            key = (key, _templates(plan, args, kwargs, parents))
        number = self._of_calls.get(key)
        if number is None:
            templates = _templates(plan, args, kwargs, parents)
            signature = OpSignature("result", plan.primitive.name, "", templates)
            number = self._of_calls[key] = self.table[signature]
        return number

    def _leaf(self, held: Param | str) -> OpSignature:
        """Return the signature of a Param, by its given or found name, or of an argument."""
        if not isinstance(held, Param):
            return OpSignature("input", "", held)
        found = self._names.get(id(held))
        return OpSignature("param", "", held.name or (found[-1] if found is not None else ""))


def _templates(
    plan: Plan, args: tuple[Any, ...], kwargs: Mapping[str, Any], parents: tuple[Any, ...]
) -> tuple[ArgTemplate, ...]:
    """Return the arguments of a call without the values of nodes."""
    arguments = EntryFields(plan, None, args, kwargs, parents).arguments()
    templates = [_template(arg, parent) for arg, parent in arguments]
    keywords = [Argument(describe(arg), (), keyword) for keyword, arg in kwargs.items()]
    return (*templates, *keywords)


def _template(arg: Any, parent: Any) -> ArgTemplate:
    """Return an argument without the values of nodes."""
    if type(parent) is int:
        return OPERAND
    return _constant(arg) if parent is None else tuple(_pieces(arg, parent))


def _pieces(arg: Any, parent: Any) -> list[str]:
    """Return the texts around the nodes in a sequence."""
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
    """Return what `describe` says of a constant, faster."""
    if type(x) is float:
        return repr(x)
    return array_text(x.dtype, x.shape) if type(x) is np.ndarray else describe(unwrap(x))


def _unwrapped(held: list[Any]) -> list[Any]:
    """Return the plain values of a column."""
    return held if UNWRAPPED.issuperset(map(type, held)) else [unwrap(x) for x in held]


def _backward(times: Any) -> dict[int, int] | None:
    return {argument: ns for argument, ns in times.items() if argument} or None


def _source_lines(notes: Sequence[CallSite]) -> tuple[list[SourceLine], list[int]]:
    """Return the lines that make calls, and the index of the line of each call."""
    table = Numbering[SourceLine]()
    known: dict[int, int] = {}
    codes: dict[tuple[str, int], str] = {}
    found = []
    for note in notes:
        number = known.get(id(note))
        if number is None:
            place = note.file, note.line
            if place not in codes:
                codes[place] = code_at(*place)
            line = SourceLine(*place, note.function, note.gradient, codes[place])
            number = known[id(note)] = table[line]
        found.append(number)
    return list(table), found
