"""The recorder of a series: it finds the names of Params and arguments, and the norms of their
gradients.
"""

from __future__ import annotations

import functools
import itertools
import weakref
from collections.abc import Callable, Container, Iterator
from math import isfinite
from types import FrameType
from typing import Any, TypeAlias

from numpy import ndarray

from autograd_tools.api.first_calls import inside_of
from autograd_tools.api.functions import parameter_names
from autograd_tools.base.containers import children_of, field_names, is_dict, is_number, tree_leaves
from autograd_tools.engine.cotangents import to_user_type
from autograd_tools.engine.describe import describe
from autograd_tools.engine.listeners import Heard
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.saved import FLOATS
from autograd_tools.engine.values import Param
from autograd_tools.tracing.findings import Finding
from autograd_tools.tracing.frame_variables import variables_of_frames, variables_of_program
from autograd_tools.tracing.gradient_norms import Norm, norm_of, usual_norms
from autograd_tools.tracing.param_names import MAX_OBJECTS, find_param_names
from autograd_tools.tracing.series import Series

SEARCHES = 100  # for names; one search may take milliseconds
MOST_LAYOUTS = 64
FEW_OBJECTS = 500  # that later ones look at, where each step makes new Params


def function_of(recording: Recording) -> Any:
    """Return the user's function that was recorded; None for a block, or if it is gone."""
    f = None if recording.function is None else recording.function()
    while (inner := inside_of(f)) is not None:
        f = inner
    return f


Leaves: TypeAlias = list[tuple[str, Any, Any]]  # names, values and gradients


SIMPLE = frozenset({ndarray, *FLOATS})


class SeriesRecorder:
    """Adds gradients to a series."""

    def __init__(self, series: Series, f: Callable[..., Any] | None) -> None:
        self.series = series
        self._parameters = [] if f is None else parameter_names(f)
        self._names: dict[int, str] = {}  # of Params, by id
        self._alive: dict[int, weakref.ref[Param]] = {}  # they remove the names of dead Params
        self._known: dict[tuple[int, ...], list[int]] = {}  # columns of arrays, by argnums and ids
        self._searches = 0
        self._is_healthy = True  # no NaN or Inf so far

    def add(self, heard: Heard, loss: float, frame: FrameType | None) -> None:
        """Add a gradient that the user asked for in a frame."""
        recording: Recording = heard.recording
        times = heard[2:]
        key = (*recording.argnums, len(recording.inputs), *recording.leaves)
        known = self._known.get(key)
        if known is not None and isfinite(loss) and self._names.keys() >= recording.leaves.keys():
            norms = usual_norms(_outgrads(recording))
            if norms is not None:
                return self.series.add_finite(loss, *times, known, norms)
        leaves = self._leaves(recording, frame)
        found = self._norms(leaves)
        if len(found) == len(leaves) and all(type(x) in SIMPLE for _, x, _ in leaves):
            if len(self._known) >= MOST_LAYOUTS:  # new Params in each step have other ids
                self._known.clear()
            self._known[key] = [*found]
        if self._is_healthy and not all(map(isfinite, (loss, *(x[0] for x in found.values())))):
            self._is_healthy = False
            self._note_values(leaves)
        return self.series.add(loss, *times, found)

    def _norms(self, leaves: Leaves) -> dict[int, Norm]:
        """Return the norm of each gradient by its column."""
        found: dict[int, Norm] = {}
        for name, x, dx in leaves:
            for path, part in _parts(name, x, dx):
                number = self.series.column(path)
                if number in found:
                    number = self._other(path, found)
                found[number] = norm_of(part)
        return found

    def _note_values(self, leaves: Leaves) -> None:
        """Note which Params and arguments hold NaN or Inf in this step."""
        for name, x, _ in leaves:
            for path, part in _parts(name, x, x):
                held = norm_of(part)
                if held.nans or held.infs:
                    found = Finding(self.series.steps, "value", path, held.nans + held.infs)
                    self.series.bad_values.append(found)

    def _other(self, name: str, taken: Container[int]) -> int:
        """Return another column for a name that two leaves of a step share."""
        names = (f"{name} ({i})" for i in itertools.count(2))
        return next(n for n in map(self.series.column, names) if n not in taken)

    def _leaves(self, recording: Recording, frame: FrameType | None) -> Leaves:
        """Return name, value and gradient of each argument and each Param."""
        entries, outgrads, names = recording.entries, recording.outgrads, self._names
        found = []
        for i, index in enumerate(recording.inputs):
            n = recording.argnums[i] if recording.argnums else i
            own = self._parameters[n] if n < len(self._parameters) else f"argument {n + 1}"
            x, dx = entries[index][1], outgrads[index]
            if type(dx) is not ndarray:  # missing ones are zero
                dx = to_user_type(dx, x, total=True)
            found.append((entries[index][2][0] or own, x, dx))
        used = [(key, i) for key, i in recording.leaves.items() if i < len(outgrads)]
        new = [entries[index][2][0] for key, index in used if key not in names]
        if new:
            self._find_names(new, recording, frame)
        found += [(names[key], entries[index][1], outgrads[index]) for key, index in used]
        return found

    def _find_names(
        self, params: list[Param], recording: Recording, frame: FrameType | None
    ) -> None:
        """Name Params: the given name, that of a variable, or the type."""
        unnamed = [p for p in params if not p.name]
        found: dict[int, Any] = {}
        if unnamed:
            self._searches += 1
            most = MAX_OBJECTS if self._searches < SEARCHES else FEW_OBJECTS
            f = None if recording.function is None else recording.function()
            files = {note.file for note in recording.notes or ()}
            spaces = itertools.chain(variables_of_frames(frame), variables_of_program(f, files))
            found = find_param_names(unnamed, spaces, most)
        for p in params:
            key = id(p)
            self._names[key] = p.name or (found[key][-1] if key in found else describe(p))
            self._alive[key] = weakref.ref(p, functools.partial(self._names.pop, key))


def _outgrads(recording: Recording) -> Iterator[Any]:
    """Yield the outgrad of each argument and each Param."""
    outgrads = recording.outgrads
    for index in (*recording.inputs, *recording.leaves.values()):
        yield outgrads[index] if index < len(outgrads) else None


def _parts(name: str, x: Any, dx: Any) -> Iterator[tuple[str, Any]]:
    """Yield the path and the gradient of each number in a value, which may be a pytree."""
    if children_of(x) is None:
        yield name, dx
        return
    gradients = tree_leaves(to_user_type(dx, x, total=True))
    for path, leaf, part in zip(_paths(name, x), tree_leaves(x), gradients, strict=True):
        if is_number(leaf):
            yield path, part


def _paths(name: str, x: Any) -> Iterator[str]:
    """Yield the path of each leaf of a pytree, as Python reads it."""
    parts = children_of(x)
    if parts is None:
        yield name
        return
    if is_dict(x):
        steps = [f"[{key!r}]" for key in x]
    elif isinstance(x, (tuple, list)) and not hasattr(x, "_fields"):
        steps = [f"[{i}]" for i in range(len(x))]
    else:
        steps = [f".{field}" for field in field_names(x)]
    for step, part in zip(steps, parts, strict=True):
        yield from _paths(f"{name}{step}", part)
