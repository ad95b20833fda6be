"""A recorded gradient as the simulation of its memory reads it: rows, buffers and temporaries."""

from __future__ import annotations

import functools
import os
import tracemalloc
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_tools import Tape, Trace
from autograd_tools.engine.saved import arrays_in
from autograd_tools.engine.values import unwrap
from autograd_tools.timing.exact import Watch
from autograd_tools.tracing.buffers import Buffers
from autograd_tools.tracing.entries import EntryFields, flat
from viewer.inputs import as_trace

NO_BUFFERS = (
    "this trace does not say which arrays are saved: it is from an earlier version or another "
    "engine; record it again"
)
NO_GRADIENT = "this trace has no gradient: expected the trace of a function that returns a scalar"
Sizes = tuple[int, ...]


@dataclass(frozen=True)
class Recorded:
    """A gradient without its numbers; row 0 is the node of id 1.

    `keeps` says that all is kept for inspection, as `ag.diff` does. `temporaries` are, by row and
    parent, the most bytes that the VJP rule allocates at once, with the gradient that it returns.
    The rows of `adds` have rules that add into the gradient of their parent in place.
    """

    trace: Trace
    buffers: Buffers
    keeps: bool
    parents: Sequence[tuple[int, ...]]
    temporaries: Sequence[Sizes]
    adds: frozenset[int]

    @property
    def result(self) -> int:
        """The row of the final scalar."""
        return (self.trace.result or 1) - 1

    @functools.cached_property
    def last_use(self) -> list[int]:
        """By row, the last row that is computed from it, or itself."""
        found = list(range(len(self.parents)))
        for row, own in enumerate(self.parents):
            for parent in own:
                found[parent] = row
        return found

    @functools.cached_property
    def gradient_bytes(self) -> list[int]:
        """The bytes of the gradient of each row."""
        own = [self.buffers.outgrad.get(row, ()) for row in range(len(self.parents))]
        return [sum(self.buffers.nbytes[number] for number in numbers) for numbers in own]

    @functools.cached_property
    def is_tree(self) -> list[bool]:
        """By row, whether it is a tuple, list, dict or dataclass of values."""
        value = self.trace.columns.value
        return [
            shape is None and there for shape, there in zip(value.shape, value.there, strict=True)
        ]

    @functools.cached_property
    def is_leaf(self) -> list[bool]:
        """By row, whether it is a Param or an argument."""
        return [kind != "result" for kind in self.trace.columns.kind]


def recorded(x: Tape | Trace | str | os.PathLike[str], keeps: bool | None = None) -> Recorded:
    """Return a gradient for the simulation; raise ValueError if a trace lacks facts."""
    trace = as_trace(x)
    buffers = trace.columns.buffers
    if trace.result is None:
        raise ValueError(NO_GRADIENT)
    if buffers is None:
        raise ValueError(NO_BUFFERS)
    if keeps is None:
        keeps = "param" in trace.columns.kind and not buffers.frees
    parents = [tuple([id - 1 for id in own]) for own in trace.columns.parents]
    if isinstance(x, Tape):
        temporaries, adds = _measured(x, trace.result)
    else:
        temporaries, adds = _estimated(trace, parents), frozenset()
    return Recorded(trace, buffers, keeps, parents, temporaries, adds)


def _estimated(trace: Trace, parents: Sequence[tuple[int, ...]]) -> list[Sizes]:
    """Return one array for each gradient of an argument."""
    nbytes = trace.columns.outgrad.nbytes.tolist()
    return [tuple([nbytes[parent] for parent in own]) for own in parents]


def _measured(tape: Tape, size: int) -> tuple[list[Sizes], frozenset[int]]:
    """Run each kind of VJP rule of a tape once more, and return the bytes that it allocates.

    Rules of the user's own functions do not run; they count as one array.
    """
    was_tracing = tracemalloc.is_tracing()
    known: dict[Any, Sizes] = {}
    found: list[Sizes] = []
    watch = Watch([], lambda: 0)
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for row in range(len(tape.entries)):
                entry = EntryFields(*tape.entries[row])
                dy = unwrap(tape.outgrads[row]) if row < size else None
                if entry.plan is None or dy is None:
                    found.append((0,) * len(flat(entry.parents)))
                    continue
                key = entry.plan, _form(dy), *map(_form, entry.args)
                if key not in known:
                    known[key] = _of_rules(entry, dy, watch)
                found.append(known[key])
    finally:
        if not was_tracing:
            tracemalloc.stop()
    plans = [entry[0] for entry in tape.entries]
    adds = {row for row, plan in enumerate(plans) if plan is not None and plan.accumulate_into}
    return found, frozenset(adds)


def _form(x: Any) -> Any:
    x = unwrap(x)
    if isinstance(x, np.ndarray):
        return x.shape, x.dtype.str, x.strides
    if isinstance(x, (list, tuple)):
        return tuple(map(_form, x))
    return x if isinstance(x, (int, str, bool)) else type(x)


def _of_rules(entry: EntryFields, dy: Any, watch: Watch) -> Sizes:
    """Return the most bytes that the rule of each parent allocates at once."""
    plan, found = entry.plan, list[int]()
    assert plan is not None
    args = [_plain(arg) for arg in entry.args]
    for rule, position, parent in zip(plan.rules, plan.positions, entry.parents, strict=True):
        most = sum(array.nbytes for array in arrays_in(args[position]))
        if plan.fresh:
            with suppress(Exception):  # values may be gone, see `set_gcnode`
                watch.look()
                rule(dy, unwrap(entry.value), *args, **entry.kwargs)
                watch.look()
                most = watch.rows[-1]
        own = flat(parent) if type(parent) is tuple else [parent]
        found += [most, *[0] * (len(own) - 1)]
    return tuple(found)


def _plain(x: Any) -> Any:
    """Return an argument with the items of a list or tuple unwrapped, too."""
    if type(x) is list:
        return [_plain(item) for item in x]
    return tuple([_plain(item) for item in x]) if type(x) is tuple else unwrap(x)
