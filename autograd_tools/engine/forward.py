"""The forward pass: the tangent of each entry, from the tangents of its arguments.

A tangent is a directional derivative. An entry has no rules for it: the backward rule of an
argument, which is linear in the outgrad, also determines the tangent.

* An elementwise function multiplies both by the same derivative: its rule turns a tangent of the
  argument into that of the value.
* A rule that reads neither its argument nor the value belongs to a function that is linear in this
  argument: the tangent is the function of the tangent.
* Any other tangent is that of the transposed rule: the gradient, by the outgrad, of the product of
  the rule and the tangent of the argument.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_tools.base.containers import (
    LEAVES,
    children_of,
    is_double,
    is_number,
    tree_leaves,
    tree_replace,
    with_children,
)
from autograd_tools.base.traced import plain_array
from autograd_tools.engine.backward import fitted
from autograd_tools.engine.calls import call, plain
from autograd_tools.engine.changes import check_unchanged
from autograd_tools.engine.cotangents import PARTS
from autograd_tools.engine.differentiation import differentiate
from autograd_tools.engine.float_warnings import at_user
from autograd_tools.engine.primitives import VALUE, Plan, PrimitiveData, reads_of
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.rule_errors import note_tangent
from autograd_tools.engine.saved import Absent
from autograd_tools.engine.users_rules import call_rule
from autograd_tools.engine.values import held
from autograd_tools.timing.instrument import time_forward

# How to find a tangent, the rule for it, and the positions that the rule reads.
Way = tuple[str, Any, frozenset[int]]
PIECEWISE = frozenset({"unwrap"})  # whose rules read nothing, and which are not linear
ALL = frozenset(range(64))  # the positions of more arguments than any function has
# Options that add nothing to the value of a linear function.
SETTINGS = frozenset({"axis", "axis1", "axis2", "dtype", "keepdims", "offset", "order"})
PLAIN = frozenset({np.ndarray, np.float64, float, int, tuple, str, type(None)})


def push(recording: Recording, leaves: Sequence[int], tangents: Sequence[Any], index: int) -> Any:
    """Return the tangent of the entry at `index` for those of some leaves; None if it is zero."""
    if recording.noted:
        check_unchanged(recording, index)
    try:
        return at_user(_push, recording, leaves, tangents, index)
    except Exception as error:
        note_tangent(error, recording)
        raise
    finally:
        recording.running = None


def _push(recording: Recording, leaves: Sequence[int], tangents: Sequence[Any], index: int) -> Any:
    found: list[Any] = [None] * (index + 1)
    for leaf, tangent in zip(leaves, tangents, strict=True):
        found[leaf] = tangent
    indices = iter(range(min(leaves) + 1, index + 1))
    recording.running = indices, index, -1
    for n in indices:
        plan, y, args, kwargs, parents = recording.entries[n]
        for i, parent in enumerate(parents):
            dx = found[parent] if type(parent) is int else _items(found, parent)
            if dx is None:
                continue
            position = plan.positions[i]
            way = plan.primitive.ways.get(position) or _find_way(plan.primitive, position)
            if way[0] == "elementwise" and plan.same_shape:
                dy = way[1](dx, y, *args)
            else:
                dy = _tangent(way, plan, i, parent, dx, y, args, kwargs)
            found[n] = dy if found[n] is None else _sum(found[n], dy)
    return found[index]


def _items(found: list[Any], parents: Sequence[int | None]) -> list[Any] | None:
    """Return the tangents of a sequence of arrays; None if all are zero."""
    items = [None if parent is None else found[parent] for parent in parents]
    return items if any(item is not None for item in items) else None


def _sum(a: Any, b: Any) -> Any:
    parts = None if type(a) in LEAVES else children_of(a)
    if parts is None or b is None:
        return a if b is None else b if a is None else a + b
    return with_children(a, list(map(_sum, parts, children_of(b) or ())))


def _tangent(
    found: Way, plan: Plan, i: int, parent: Any, dx: Any, y: Any, args: tuple[Any, ...], kwargs: Any
) -> Any:
    """Return the part of the tangent of a call that comes from its `i`-th tracked argument."""
    way, rule, read = found
    if way == "elementwise":
        return _spread(rule(dx, y, *args), y, args)
    if way == "linear":
        return _linear(plan.primitive, plan.positions[i], parent, read, dx, args, kwargs)
    if way == "given":
        return rule(dx, y, args, kwargs)
    return _transposed(plan, i, parent, dx, y, args, kwargs)


def _find_way(primitive: PrimitiveData, position: int) -> Way:
    """Return how to find a tangent, the rule for it, and the positions that the rule reads."""
    rule: Any = primitive.rule(position)
    read = reads_of(rule) if primitive.reads is None and rule is not None else primitive.reads
    way = "transposed"
    if primitive.push is not None and (given := primitive.push(position)) is not None:
        way, rule = "given", given
    elif primitive.elementwise and getattr(primitive.func, "nout", 1) == 1:
        way, rule = "elementwise", time_forward(rule, f"{primitive.name}[{position + 1}]")
    elif primitive.linear:
        way, read = "linear", ALL
    elif primitive.fresh and read is not None and not {position, VALUE} & read:
        way = "transposed" if primitive.name in PIECEWISE else "linear"
    found = primitive.ways[position] = way, rule, read or frozenset()
    return found


def _spread(dy: Any, y: Any, args: tuple[Any, ...]) -> Any:
    """Return the tangent of an elementwise function in the shape of its value."""
    if y is None:
        shape = np.broadcast_shapes(*[np.shape(x) for x in args])
    else:
        shape = np.shape(y)
        if np.iscomplexobj(dy) and not np.iscomplexobj(y):  # np.abs of complex numbers
            dy = np.real(dy)
    return dy if np.shape(dy) == shape else np.broadcast_to(dy, shape)


def _linear(
    primitive: PrimitiveData,
    position: int,
    parent: Any,
    read: frozenset[int],
    dx: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> Any:
    """Return the value of a function that is linear in an argument, at the tangent `dx`.

    Numbers that the rule does not read are added, as `y` is in np.where(c, x, y): they count as
    zero.
    """
    given = list(args)
    for p, x in enumerate(args) if read is not ALL else ():
        if p == position or p in read:
            continue
        if isinstance(x, Absent) or primitive.rule(p) is not None:
            given[p] = _zeros(x)
    if type(parent) is tuple:  # of a sequence of arrays
        pairs = zip(dx, args[position], strict=True)
        dx = [_zeros(x) if d is None else d for d, x in pairs]
    given[position] = dx
    dy = _call(primitive, given, kwargs)
    if not kwargs and is_double(dy):
        return dy
    if getattr(getattr(held(dy), "dtype", None), "kind", "f") in "iub":
        return None  # of x.astype(int)
    if SETTINGS.issuperset(kwargs):
        return dy
    given[position] = _zeros(dx)  # without what an option adds, as in np.sum(x, initial=5)
    return dy - _call(primitive, given, kwargs)


def _call(primitive: PrimitiveData, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    if not PLAIN.issuperset(map(type, args)):
        return call(primitive, tuple(args), kwargs)
    return primitive.general(*args, **kwargs) if kwargs else primitive.forward(*args)


def _zeros(x: Any) -> Any:
    """Return zeros like a number, an array or a list of them; anything else unchanged."""
    if type(x) is list:
        return list(map(_zeros, x))
    like = held(x)
    if not isinstance(like, Absent) and not is_number(like):
        return x
    dtype = like.dtype if isinstance(like, Absent) else plain_array(like).dtype
    return np.zeros(np.shape(like), np.result_type(dtype, np.float32))[()]


def _transposed(
    plan: Plan, i: int, parent: Any, dx: Any, y: Any, args: tuple[Any, ...], kwargs: Any
) -> Any:
    """Return the gradient, by the outgrad, of the product of a rule and the tangent `dx`."""
    like = _shaped(plan.primitive, args, kwargs) if y is None else plain(y)
    inner = Recording(follows_params=False)
    seeds = [inner.input(_zeros(leaf)) for leaf in tree_leaves(like)]
    dy = tree_replace(like, iter(seeds))
    with inner, inner.open(sys._getframe()):
        if plan.fresh:
            product = plan.rules[i](dy, y, *args, **kwargs)
        else:
            product = call_rule(plan, i, dy, y, args, kwargs)
        product = fitted(product, args[plan.positions[i]], parent, plan, i)
    inner.retain = True  # for the next item
    found: list[Any] = [None] * len(seeds)
    reached = [pair for pair in _pairs(product, dx) if getattr(pair[0], "recording", 0) is inner]
    for part, tangent in sorted(reached, key=lambda pair: -pair[0].index):  # it drops later entries
        differentiate(inner, part.index, tangent)
        found = [
            _sum(total, inner.outgrads[seed.index])
            for total, seed in zip(found, seeds, strict=True)
        ]
    return tree_replace(like, iter(found)) if any(part is not None for part in found) else None


def _shaped(primitive: PrimitiveData, args: tuple[Any, ...], kwargs: Any) -> Any:
    """Return a value of the shape and dtype of a call whose value was not saved."""
    return _call(
        primitive, [_zeros(x) if isinstance(x, Absent) else plain(x) for x in args], kwargs
    )


def _pairs(product: Any, dx: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the leaves of a gradient with those of a tangent, where neither is zero."""
    if product is None or dx is None:
        return
    if not isinstance(product, PARTS):
        yield product, dx
    elif isinstance(product, dict):
        for key, part in product.items():
            yield from _pairs(part, dx[key])
    else:
        for part, tangent in zip(product, dx, strict=True):
            yield from _pairs(part, tangent)
