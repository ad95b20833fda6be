"""Text about a value that is not finite: the user's line and the numbers involved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd_tools.base.containers import is_number, tree_leaves
from autograd_tools.base.text import one_line
from autograd_tools.engine.calls import plain
from autograd_tools.engine.describe import describe
from autograd_tools.engine.recording import Entry
from autograd_tools.location.call_site import CallSite
from autograd_tools.location.source_lines import MAX_WIDTH, code_at, place_of
from autograd_tools.tracing.entries import EntryFields

MAX_ELEMENTS = 12  # of an array shown in full; a larger one shows the one that matters


def numbers(x: Any) -> list[Any]:
    """Return the plain numbers and arrays in a pytree."""
    return [leaf for leaf in tree_leaves(plain(x)) if is_number(leaf)]


def is_finite(x: Any) -> bool:
    """Return True if no element of `x` is NaN or infinite."""
    return all(np.isfinite(leaf).all() for leaf in numbers(x))


def first_true(mask: Any) -> tuple[int, ...]:
    """Return the index of the first True."""
    if np.ndim(mask) == 0:
        return ()
    return tuple(int(i) for i in np.unravel_index(np.argmax(mask), np.shape(mask)))


def bad_elements(y: Any, bad: Any) -> str:
    """Return text such as `nan in 2 of 12 elements, first at [0, 3]`."""
    if np.ndim(y) == 0:
        return str(y)
    at = first_true(bad)
    return f"{y[at]} in {np.count_nonzero(bad)} of {np.size(y)} elements, first at {list(at)}"


def message(
    entries: Sequence[Entry],
    notes: Sequence[CallSite],
    index: int,
    headline: list[str],
    at: tuple[int, ...],
    dy: Any = None,
) -> str:
    """Return a headline, the user's line, and the values of an entry, in large arrays at `at`."""
    entry, note = EntryFields(*entries[index]), notes[index]
    code = code_at(note.file, note.line)
    lines = [
        *headline,
        f"  at {place_of(note)}" if note.file else "",
        f"    {code}" if code else "",
    ]
    lines.append(f"  node {index + 1}" + (f", scope {'/'.join(note.scope)}" if note.scope else ""))
    lines += [f"  {label}: {shown(arg, at)}" for label, arg, _ in arguments(entries, index)]
    lines += [f"  {name}: {shown(arg, at)}" for name, arg in entry.kwargs.items()]
    lines.append(f"  value: {shown(entry.value, at)}")
    if dy is not None:
        lines.append(f"  outgrad: {shown(dy, at)}")
    lines = [line for line in map(one_line, lines) if line]
    return "\n".join([x if len(x) <= MAX_WIDTH else f"{x[:MAX_WIDTH]}..." for x in lines])


def arguments(entries: Sequence[Entry], index: int) -> Iterator[tuple[str, Any, int | None]]:
    """Yield a label, the value and the parent of each argument, of a list one by one."""
    entry = EntryFields(*entries[index])
    for position, (arg, source) in enumerate(entry.arguments(), 1):
        several = type(source) is tuple
        pairs = zip(arg, source, strict=True) if several else [(arg, source)]
        for i, (item, parent) in enumerate(pairs):
            origin = "a constant"
            if parent is not None:
                origin = leaf(entries, parent) or f"node {parent + 1}"
            label = f"{entry.name}[{position}]{f'[{i}]' if several else ''}"
            yield f"{label}, {origin}", item, parent


def leaf(entries: Sequence[Entry], index: int) -> str:
    """Return `the Param w` for a leaf, an empty string for a result."""
    entry = EntryFields(*entries[index])
    if entry.plan is not None:
        return ""
    kind = "input" if entry.param is None else "Param"
    return f"the {kind} {entry.name or describe(plain(entry.value))}"


def shown(x: Any, at: tuple[int, ...]) -> str:
    """Return a small array in full; of a large one the element at `at` and the finite range."""
    x = plain(x)
    if not isinstance(x, np.ndarray):
        return describe(x)
    if x.size <= MAX_ELEMENTS or x.dtype.kind not in "iufc":
        text = np.array2string(x, threshold=MAX_ELEMENTS, precision=6, separator=" ")
        return f"{describe(x)} {' '.join(text.split())}"
    finite = x[np.isfinite(x)]
    if x.dtype.kind == "c":
        finite = np.abs(finite)
    bounds = f", min {finite.min():.6g}, max {finite.max():.6g}" if finite.size else ""
    element = ""
    if 0 < x.ndim <= len(at):
        own = at[len(at) - x.ndim :]  # as broadcasting aligns the axes
        place = [0 if n == 1 else i for i, n in zip(own, x.shape, strict=True)]
        if all(i < n for i, n in zip(place, x.shape, strict=True)):
            element = f", {x[tuple(place)]} at {list(own)}"
    return f"{describe(x)}{element}{bounds}"


def origin(entries: Sequence[Entry], notes: Sequence[CallSite], index: int) -> str:
    """Return a line about the first NaN or Inf among the ancestors, or an empty string."""
    came = "  the NaN or Inf comes from "
    while bad := next(
        ((label, parent) for label, arg, parent in arguments(entries, index) if not is_finite(arg)),
        None,
    ):
        label, parent = bad
        if parent is None:
            return f"{came}{label}, at {place_of(notes[index])}"
        index = parent
    found = leaf(entries, index)
    return f"{came}{found}" if found and not is_finite(EntryFields(*entries[index]).value) else ""
