"""Loops over slices of an array: convolutions, windows, and growing arrays."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise, product
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.engine.saved import address, memory_of
from autograd_tools.engine.structure.operations import OperationPlace, Operations, shape_of
from autograd_tools.timing.facts import Fact, Facts

FEWEST = 4  # slices
COPIED = ("constant", "copied")  # the source of a small constant that a recording copied
FEWEST_PARTS = 10  # of a growing array
FEW_READS = 4  # of an array that stands for no loop over its elements


class Slice(NamedTuple):
    """A part of an array: where it starts, and its shape."""

    source: Any
    whole: tuple[int, ...]
    start: tuple[int, ...]
    shape: tuple[int, ...]
    content: Any = None  # of a copy


class Product(NamedTuple):
    """A slice times an element of another array, or times a constant."""

    entry: int
    part: Slice
    element: tuple[int, ...] | None


def shifted(ops: Operations) -> Facts:
    """Find sums of shifted slices times single elements, which are convolutions.

    The detail has the shapes of the array and of the elements, the axes of the array that they go
    along, whether both run the same way, and what is tracked: `(9,) (5,) (0,) same both`, or
    `reversed elements`.
    """
    groups: dict[tuple[OperationPlace, Any, Any, Any], list[Product]] = defaultdict(list)
    for index in ops.of("multiply"):
        for i in (0, 1):
            part, element = slice_of(ops, index, i), _element(ops, index, 1 - i)
            if part is not None and element is not None:
                source, shape, at = element
                key = (ops.places[index], part.source, source, shape)
                groups[key].append(Product(index, part, at))
    found = Counter[Fact]()
    for (place, source, _, shape), products in groups.items():
        order = _order(_placed(products) if source == COPIED else products, shape)
        if order and _are_summed(ops, [p.entry for p in products]):
            kind = "elements" if isinstance(source, tuple) else "both" if shape else "array"
            found[Fact("shifted", *place, f"{order} {kind}")] += len(products)
    return ops.counted(found)


def _placed(products: Sequence[Product]) -> list[Product]:
    """Give copies of slices of a constant vector their places, where their contents tell."""
    ordered = sorted([p for p in products if p.element is not None], key=lambda p: p.element or ())
    rises = all(_follows(a.part.content, b.part.content) for a, b in pairwise(ordered))
    falls = all(_follows(b.part.content, a.part.content) for a, b in pairwise(ordered))
    starts = range(len(ordered)) if rises else range(len(ordered) - 1, -1, -1)
    whole = (products[0].part.shape[0] + len(ordered) - 1,)
    placed = [
        p._replace(part=p.part._replace(whole=whole, start=(start,)))
        for p, start in zip(ordered, starts, strict=True)
    ]
    return placed if rises or falls else []


def _follows(a: Any, b: Any) -> bool:
    """Return whether a slice may be one element further than another."""
    return a.shape == b.shape and np.array_equal(a[1:], b[:-1], equal_nan=True)


def _order(products: Sequence[Product], shape: tuple[int, ...]) -> str:
    """Return shapes, the axes of the shifts, and how elements run, if they cover all shifts."""
    if len(products) < FEWEST:
        return ""
    whole, length = products[0].part.whole, products[0].part.shape
    if any(p.part.shape != length for p in products):
        return ""
    shifts = [n - m + 1 for n, m in zip(whole, length, strict=True)]
    moving = [axis for axis, n in enumerate(shifts) if n > 1]
    starts = [tuple([p.part.start[axis] for axis in moving]) for p in products]
    most = tuple([shifts[axis] for axis in moving])
    if (shape and most != shape) or sorted(starts) != list(product(*map(range, most))):
        return ""
    text = f"{whole} {most} {tuple(moving)}"
    elements = [p.element for p in products]
    if not shape or starts == elements:
        return f"{text} same"
    back = [tuple([n - 1 - i for n, i in zip(most, start, strict=True)]) for start in starts]
    return f"{text} reversed" if back == elements else ""


def _are_summed(ops: Operations, indices: Sequence[int]) -> bool:
    """Return whether values go into sums of each other, and nowhere else."""
    sums = {child for index in indices for child in ops.children[index]}
    if any(len(ops.children[index]) != 1 for index in indices):
        return False
    if len(sums) == 1:
        (stack,) = sums
        return ops.op(stack) == "stack" and [*map(ops.op, ops.children[stack])] == ["sum"]
    inner = sorted(sums)[:-1]  # of all but the last, the next one takes the sum
    only = all(len(ops.children[i]) == 1 and ops.children[i][0] in sums for i in inner)
    return only and all(ops.op(index) == "add" for index in sums)


def windows(ops: Operations) -> Facts:
    """Find stacks of slices of one array at equal distances.

    The detail has the shape of the array, the length, the first start, the step and the number.
    """
    found = Counter[Fact]()
    for index in ops.of("stack"):
        plan, _, args, kwargs, parents = ops.entries[index]
        own = parents[0] if plan.positions[:1] == (0,) else ()
        if kwargs or len(args) > 1 or type(own) is not tuple or len(own) < FEWEST or None in own:
            continue
        parts = [_read(ops, parent) for parent in own]
        found.update(_window(ops.places[index], [part for part in parts if part], len(own)))
    return ops.counted(found)


def _window(place: OperationPlace, parts: Sequence[Slice], count: int) -> Iterable[Fact]:
    if len(parts) < count or len({(part.source, part.shape) for part in parts}) > 1:
        return
    _, whole, start, shape, _ = parts[0]
    starts = [part.start[0] for part in parts]
    steps = {b - a for a, b in pairwise(starts)}
    if whole[1:] == shape[1:] and len(steps) == 1 and (step := steps.pop()) > 0:
        yield Fact("windows", *place, f"{whole} {shape[0]} {start[0]} {step} {count}")


def growing(ops: Operations) -> Facts:
    """Find arrays that grow by repeated concatenation, where only the last one is used.

    The steps may read the last part. The detail has the shape of a part, the axis, and the number
    of parts: `read (3,) 0 12` if steps read.
    """
    found = Counter[Fact]()
    lengths: dict[int, int] = {}  # by entry, the calls that it grew through
    read: set[int] = set()  # entries of arrays whose last part steps have read
    for index in ops.of("concatenate"):
        parents = ops.entries[index][4][0]
        before = [_grown(ops, index, p) for p in parents] if type(parents) is tuple else []
        grown = [p for p in before if p is not None]
        lengths[index] = 1 + max([lengths[p] for p in grown], default=0)
        if any(p in read or len(ops.children[p]) > 1 for p in grown):
            read.add(index)
    for index, n in lengths.items():
        ends = not any(lengths.get(child, 0) > n for child in ops.children[index])
        part = _smallest(ops.argument(index, 0))
        if ends and n >= FEWEST_PARTS and part:
            axis = ops.entries[index][3].get("axis", ops.argument(index, 1)) or 0
            detail = f"{'read ' if index in read else ''}{part} {axis} {n}"
            found[Fact("growing", *ops.places[index], detail)] += n
    return ops.counted(found)


def scattered(ops: Operations) -> Facts:
    """Find reads of arrays that few others read: `S[0, 0]` of a new S in each turn of a loop."""
    reads = Counter([(ops.places[index], ops.parent(index, 0)) for index in ops.of("getitem")])
    found = Counter[Fact]()
    for (place, _), n in reads.items():
        if n <= FEW_READS:
            found[Fact("scattered", *place)] += n
    return ops.counted(found)


def unused(ops: Operations) -> Facts:
    """Find calls that join a list at each step of a loop where only the last result is used."""
    found = Counter[Fact]()
    for index in ops.of("stack", "concatenate"):
        if not ops.children.get(index) and index < len(ops.entries) - 1:
            found[Fact("unused", *ops.places[index])] += 1
    return ops.counted(Counter({fact: n for fact, n in found.items() if n >= FEWEST_PARTS}))


def _grown(ops: Operations, index: int, parent: int | None) -> int | None:
    """Return the entry that an argument is from if it is a call at the same place, used once.

    Its last part may be read as well.
    """
    if parent is None or ops.places[parent] != ops.places[index]:
        return None
    others = [child for child in ops.children[parent] if child != index]
    if len(others) + 1 < len(ops.children[parent]):
        return None
    grows_at_end = ops.entries[index][4][0][0] == parent
    is_read = all(grows_at_end and _reads_end(ops, child, parent) for child in others)
    return parent if is_read else None


def _reads_end(ops: Operations, index: int, parent: int) -> bool:
    """Return whether an entry reads of a concatenation along the first axis only its last part."""
    _, _, args, kwargs, _ = ops.entries[parent]
    whole, part = shape_of(ops.argument(index, 0)), shape_of(args[0][-1])
    if ops.op(index) != "getitem" or not whole or not part or len(args) > 1 or kwargs:
        return False
    key = ops.argument(index, 1)
    first = key[0] if isinstance(key, tuple) and key else key
    if isinstance(first, slice):
        start, _, step = first.indices(whole[0])
        return step > 0 and start >= whole[0] - part[0]
    return isinstance(first, (int, np.integer)) and int(first) % whole[0] >= whole[0] - part[0]


def _smallest(parts: Any) -> tuple[int, ...] | None:
    shapes = [shape_of(part) for part in parts] if isinstance(parts, (list, tuple)) else [None]
    return None if None in shapes else min(shapes, key=math.prod)  # type: ignore[arg-type]


def slice_of(ops: Operations, index: int, i: int) -> Slice | None:
    """Return an argument as a slice of an array, if it is one."""
    parent = ops.parent(index, i)
    return _viewed(ops.argument(index, i)) if parent is None else _read(ops, parent)


def _read(ops: Operations, index: int) -> Slice | None:
    """Return the slice that an entry reads."""
    whole = shape_of(ops.argument(index, 0)) if ops.op(index) == "getitem" else None
    source = ops.parent(index, 0) if whole else None
    if source is None or whole is None:
        return None
    key = ops.argument(index, 1)
    keys = key if isinstance(key, tuple) else (key,)
    if not all(isinstance(part, slice) for part in keys) or len(keys) > len(whole):
        return None
    keys += (slice(None),) * (len(whole) - len(keys))
    spans = [part.indices(n) for part, n in zip(keys, whole, strict=True)]
    if any(step != 1 for _, _, step in spans):
        return None
    shape = tuple([max(end - start, 0) for start, end, _ in spans])
    return Slice(source, whole, tuple([start for start, _, _ in spans]), shape)


def _viewed(x: Any) -> Slice | None:
    """Return a constant array as the slice of the array that it views, or as a copy of one."""
    if type(x) is not np.ndarray:
        return None
    if x.base is None:
        return Slice(COPIED, (), (), x.shape, x) if x.ndim == 1 and x.size > 1 else None
    whole = memory_of(x)
    if whole.strides != x.strides or not whole.flags.c_contiguous or 0 in whole.strides:
        return None
    offset, start = address(x) - address(whole), []
    for stride in whole.strides:
        start.append(offset // stride)
        offset %= stride
    return Slice(("constant", id(whole)), whole.shape, tuple(start), x.shape)


def _element(ops: Operations, index: int, i: int) -> tuple[Any, tuple[int, ...], Any] | None:
    """Return the array that contains an argument as one element, its shape, and the index.

    They are empty for a constant number.
    """
    parent = ops.parent(index, i)
    if parent is None and isinstance(ops.argument(index, i), (int, float, np.number)):
        return "number", (), None
    if parent is None or ops.op(parent) != "getitem":
        return None
    source, shape = ops.parent(parent, 0), shape_of(ops.argument(parent, 0))
    key = ops.argument(parent, 1)
    keys = key if isinstance(key, tuple) else (key,)
    if source is None or shape is None or len(keys) != len(shape):
        return None
    if not all(isinstance(k, (int, np.integer)) for k in keys):
        return None
    return source, shape, tuple([int(k) % n for k, n in zip(keys, shape, strict=True)])
