"""VJP rules of functions of a list of arrays: a formula for each array."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

from viewer.terminal.calls import Call, before
from viewer.text.signs import items_of


def formulas_of_each(call: Call, names: Sequence[str], most: int) -> str:
    """Return the formulas for the first `most` arrays of a list; empty if they are not known.

    `names` are those of all arrays that gradients flow into, once for each place in the list.
    """
    make = OF_LISTS.get(call.op)
    items = [item for item in items_of(call.args[0]) if item != "..."] if call.args else []
    shown = [*dict.fromkeys(names)][:most]
    if make is None or call.argument != 1 or call.shape is None:
        return ""
    if not names or any(items.count(name) != names.count(name) for name in shown):
        return ""
    parts = make(call, items)
    found = [[part for item, part in zip(items, parts, strict=False) if item == x] for x in shown]
    return ", ".join(map(" + ".join, found)) if all(found) else ""


def _slices(call: Call, items: Sequence[str]) -> list[str]:
    """Return the slice of the gradient at the place of each array."""
    axis, shapes = call.option("axis", 2, 0), [s for s in call.parts if s is not None]
    if not call.takes(2, "axis") or len(shapes) < len(items):
        return []
    sizes = [math.prod(shape) if axis is None else shape[axis] for shape in shapes]
    start = before(axis or 0, call.ndim(0))
    places = pairwise(accumulate(sizes, initial=0))
    parts = [f"{call.dy}[{start}{i}:{j}]" for i, j in places]
    if axis is not None:
        return parts
    return [
        part if len(shape) == 1 else f"reshape({part}, {shape})"
        for part, shape in zip(parts, shapes, strict=True)
    ]


def _rows(call: Call, items: Sequence[str]) -> list[str]:
    """Return the item of the gradient at the place of each array."""
    axis = call.option("axis", 2, 0)
    if not call.takes(2, "axis"):
        return []
    start = before(axis, call.ndim(0))
    return [f"{call.dy}[{start}{i}]" for i in range(len(items))]


def _between(call: Call, items: Sequence[str]) -> list[str]:
    """Return the gradient between the transposes of the matrices to the left and to the right."""
    if call.ndim(0) != 2 or not call.takes(1):
        return []
    turned = [f"{item}.mT" for item in items]
    return [
        " @ ".join([*turned[:i][::-1], call.dy, *turned[i + 1 :][::-1]]) for i in range(len(items))
    ]


# To add one, add an entry here; a test evaluates it.
OF_LISTS: dict[str, Callable[[Call, Sequence[str]], list[str]]] = {
    "concatenate": _slices,
    "stack": _rows,
    "linalg.multi_dot": _between,
}
