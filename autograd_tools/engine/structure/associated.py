"""Products of several matrices in an order that needs more multiplications than necessary."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from autograd_tools.engine.structure.forms import PRODUCTS
from autograd_tools.engine.structure.operations import Operations, shape_of
from autograd_tools.timing.facts import Fact, Facts

FEWEST_FACTORS, MOST_FACTORS = 3, 10
LESS = 2  # times as many multiplications as in the other order, at least
LEFT, RIGHT = 0, 1  # where the inner products are
ORDERS = ("left", "right")
Shape = tuple[int, ...]


class Factor(NamedTuple):
    """The shape of a factor, and whether it is tracked."""

    shape: Shape | None
    is_tracked: bool


def associated(ops: Operations) -> Facts:
    """Find products on one line that take half the multiplications from the other side.

    The detail has the side on which they begin, the shapes of the factors, and which of them are
    tracked: `left (9, 9) (9, 9) (9,) tracked 0 1`.
    """
    found = Counter[Fact]()
    for index in ops.of(*PRODUCTS):
        for side in (LEFT, RIGHT):
            own = ops.children[index]
            if len(own) == 1 and _inner(ops, own[0], side) == index:
                continue  # a part of a longer one
            factors = _factors(ops, index, side)
            shapes = [factor.shape for factor in factors if factor.shape is not None]
            if _takes_more(shapes, len(factors), side):
                tracked = " ".join([str(i) for i, x in enumerate(factors) if x.is_tracked])
                detail = f"{ORDERS[side]} {' '.join(map(str, shapes))} tracked {tracked}"
                found[Fact("associated", *ops.places[index], detail)] += 1
    return ops.counted(found)


def _inner(ops: Operations, index: int, side: int) -> int | None:
    """Return the product on a side of another one, if it is of the same line, and used once."""
    inner = ops.parent(index, side) if ops.op(index) in PRODUCTS else None
    if inner is None or ops.op(inner) not in PRODUCTS or ops.children[inner] != [index]:
        return None
    return int(inner) if ops.places[inner][1:] == ops.places[index][1:] else None


def _factors(ops: Operations, index: int, side: int) -> list[Factor]:
    """Return the factors of a product, from left to right."""

    def factor(index: int, i: int) -> Factor:
        return Factor(shape_of(ops.argument(index, i)), ops.parent(index, i) is not None)

    found, inner = [factor(index, 1 - side)], _inner(ops, index, side)
    while inner is not None:
        index, inner = inner, _inner(ops, inner, side)
        found.append(factor(index, 1 - side))
    found.append(factor(index, side))
    return found if side == RIGHT else found[::-1]


def _takes_more(shapes: Sequence[Shape], factors: int, side: int) -> bool:
    if not FEWEST_FACTORS <= len(shapes) == factors <= MOST_FACTORS:
        return False
    if any(len(shape) != 2 for shape in shapes[1:-1]):
        return False
    if any(len(shape) not in (1, 2) for shape in (shapes[0], shapes[-1])):
        return False
    # From the right, the factors are turned around, which makes it the same from the left.
    turned = [shape[::-1] for shape in reversed(shapes)]
    costs = _multiplications(shapes), _multiplications(turned)
    return costs[side] >= LESS * costs[1 - side]


def _multiplications(shapes: Sequence[Shape]) -> int:
    """Return the multiplications of a product from left to right."""
    total, reached = 0, shapes[0]
    for shape in shapes[1:]:
        total += math.prod(reached) * math.prod(shape[1:])
        reached = reached[:-1] + shape[1:]
    return total
