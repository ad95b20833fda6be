"""What a watch has found, in words: the user's line, and the numbers that did it."""

from __future__ import annotations

import linecache
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd_tools.base.containers import is_number, leaves_of
from autograd_tools.base.text import one_line
from autograd_tools.engine.calls import plain
from autograd_tools.engine.describe import describe
from autograd_tools.engine.values import Param
from autograd_tools.location.call_site import CallSite

IN_FULL = 12  # as many numbers of an array are shown; of a larger one those that matter
WIDEST = 300  # characters of a line


def numbers(x: Any) -> list[Any]:
    """The numbers and arrays in nested containers, without what is recorded of them."""
    return [leaf for leaf in leaves_of(plain(x)) if is_number(leaf)]


def is_finite(x: Any) -> bool:
    """Whether no number in `x` is NaN or infinite."""
    return all(np.isfinite(leaf).all() for leaf in numbers(x))


def first(bad: Any) -> tuple[int, ...]:
    """The index of the first True."""
    return (
        tuple(int(i) for i in np.unravel_index(np.argmax(bad), np.shape(bad)))
        if np.ndim(bad)
        else ()
    )


def what(y: Any, bad: Any) -> str:
    """`nan in 2 of 12 numbers, first at [0, 3]`."""
    if np.ndim(y) == 0:
        return str(y)
    at = first(bad)
    return f"{y[at]} in {np.count_nonzero(bad)} of {np.size(y)} numbers, first at {list(at)}"


def place(note: CallSite) -> str:
    """Where in the user's code an operation was called."""
    return (
        f"{note.file}:{note.line} in {note.function}" if note.file else "a place that is not known"
    )


def code_at(file: str, line: int) -> str:
    """The line of the user's code, if it can be read."""
    return linecache.getline(file, line).strip()[:WIDEST] if file else ""


def message(
    entries: Any,
    notes: Sequence[CallSite],
    index: int,
    headline: list[str],
    at: tuple[int, ...],
    dy: Any = None,
) -> str:
    """Lines of a headline, the user's line, and the numbers of the entry at `index`, of large arrays those at the place `at`."""
    _, y, _, kwargs, _ = entries[index]
    note = notes[index]
    code = code_at(note.file, note.line)
    lines = [*headline, f"  at {place(note)}" if note.file else "", f"    {code}" if code else ""]
    lines.append(f"  node {index + 1}" + (f", scope {'/'.join(note.scope)}" if note.scope else ""))
    lines += [f"  {name}: {shown(arg, at)}" for name, arg, _ in given(entries, index)]
    lines += [f"  {name}: {shown(arg, at)}" for name, arg in kwargs.items()]
    lines.append(f"  value: {shown(y, at)}")
    if dy is not None:
        lines.append(f"  outgrad: {shown(dy, at)}")
    return "\n".join(
        [
            line if len(line) <= WIDEST else f"{line[:WIDEST]}..."
            for line in map(one_line, lines)
            if line
        ]
    )


def given(entries: Any, index: int) -> Iterator[tuple[str, Any, int | None]]:
    """The arguments of an entry: who each is, its value, and the index of the entry it came from; those of a list one by one."""
    plan, _, args, _, parents = entries[index]
    if plan is None:
        return
    sources = dict(zip(plan.positions, parents, strict=True))
    for position, arg in enumerate(args):
        source: Any = sources.get(position)
        several = type(source) is tuple
        for i, (item, parent) in enumerate(
            zip(arg, source, strict=True) if several else [(arg, source)]
        ):
            who = "a constant" if parent is None else leaf(entries, parent) or f"node {parent + 1}"
            yield f"argument {position + 1}{f'[{i}]' if several else ''}, {who}", item, parent


def leaf(entries: Any, index: int) -> str:
    """`the Param w`, if that is what the entry is; nothing of what was computed."""
    plan, x, args, _, _ = entries[index]
    if plan is not None:
        return ""
    name = args[0].name if isinstance(args[0], Param) else args[0]
    return f"the {'Param' if isinstance(args[0], Param) else 'input'} {name or describe(plain(x))}"


def shown(x: Any, at: tuple[int, ...]) -> str:
    """A small array in full; of a large one the number at `at`, as far as broadcasting tells, and the range of the finite ones."""
    x = plain(x)
    if not isinstance(x, np.ndarray):
        return describe(x)
    if x.size <= IN_FULL or x.dtype.kind not in "iufc":
        return f"{describe(x)} {' '.join(np.array2string(x, threshold=IN_FULL, precision=6, separator=' ').split())}"
    finite = np.abs(x[np.isfinite(x)]) if x.dtype.kind == "c" else x[np.isfinite(x)]
    bounds = f", min {finite.min():.6g}, max {finite.max():.6g}" if finite.size else ""
    own = at[len(at) - x.ndim :]
    alike = 0 < x.ndim <= len(at) and all(
        n == 1 or i < n for i, n in zip(own, x.shape, strict=True)
    )
    number = (
        f", {x[tuple(0 if n == 1 else i for i, n in zip(own, x.shape, strict=True))]} at {list(own)}"
        if alike
        else ""
    )
    return f"{describe(x)}{number}{bounds}"


def origin(entries: Any, notes: Sequence[CallSite], index: int) -> str:
    """A line that tells where a NaN or Inf among the arguments of an entry was there first; nothing if they are finite."""
    came = "  a NaN or Inf came in with "
    while bad := next(
        ((who, parent) for who, arg, parent in given(entries, index) if not is_finite(arg)), None
    ):
        who, parent = bad
        if parent is None:
            return f"{came}{who}, of {entries[index][0].primitive.name} at {place(notes[index])}"
        index = parent
    return (
        f"{came}{leaf(entries, index)}"
        if leaf(entries, index) and not is_finite(entries[index][1])
        else ""
    )
