"""The backward pass: the rules of each entry turn its outgrad into gradients of its arguments.

Entries are visited newest first. A gradient is accumulated into the outgrad of the entry that its
argument came from, so the outgrad of an entry is complete when the pass reaches it.

`plain_backward` is the definition; `fast_backward` and `timed_backward` are copies of it with their
steps written out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy import ndarray

from autograd_tools.engine.cotangents import accumulate, unbroadcast_to
from autograd_tools.engine.primitives import Plan
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.saved import ARRAYS, alike
from autograd_tools.engine.users_rules import call_rule
from autograd_tools.engine.values import Result


def backward(recording: Recording, index: int, i: int, dy: Any) -> Any:
    """Return the gradient of the `i`-th differentiated argument of the entry at `index`.

    `dy` is the outgrad of the entry. None means that there is nothing (more) to accumulate.
    """
    plan, y, args, kwargs, parents = recording.entries[index]
    if plan.accumulate_into is not None and parents[i] in recording.exclusive:
        recording.outgrads[parents[i]] = plan.accumulate_into(
            recording.outgrads[parents[i]], dy, *args
        )
        return None
    if plan.fresh:
        dx = plan.rules[i](dy, y, *args, **kwargs)
    else:
        dx = call_rule(plan, i, dy, y, args, kwargs)
    return None if dx is None else fitted(dx, args[plan.positions[i]], parents[i], plan, i)


def fitted(dx: Any, x: Any, parent: Any, plan: Plan, i: int) -> Any:
    """Return `dx`, as a rule returned it, in the shape and dtype of its argument `x`."""
    if plan.same_shape:
        return dx
    if type(parent) is tuple:
        return [
            d if p is None else fitted(d, item, p, plan, i)
            for d, item, p in zip(dx, x, parent, strict=True)
        ]
    return unbroadcast_to(dx, x, plan, i)


def plain_backward(
    recording: Recording, newest: int, oldest: int, backward: Callable[..., Any] = backward
) -> None:
    """Pass outgrads on from the entry `newest`, whose own is complete, to `oldest`."""
    entries, outgrads = recording.entries, recording.outgrads
    indices = iter(range(newest, oldest - 1, -1))
    recording.running = indices, oldest, 1
    for index in indices:
        dy = outgrads[index]
        if dy is None:
            continue
        plan, _, _, _, parents = entries[index]
        if plan is None:
            continue
        for i, parent in enumerate(parents):
            dx = backward(recording, index, i, dy)
            if dx is not None:
                sum_outgrads(recording, parent, dx)
            if plan.accumulate_into is not None:
                recording.exclusive.add(parent)
        pass_entry(recording, index)


def fast_backward(recording: Recording, newest: int, oldest: int) -> None:  # noqa: PLR0912, PLR0915  written out, so that no step is a call
    """Do what `plain_backward` does, written out for gradients that match their argument."""
    entries, outgrads, exclusive, keep = (
        recording.entries,
        recording.outgrads,
        recording.exclusive,
        recording.retain,
    )
    indices = iter(range(newest, oldest - 1, -1))
    recording.running = indices, oldest, 1
    for index in indices:
        dy = outgrads[index]
        if dy is None:
            continue
        plan, y, args, kwargs, parents = entries[index]
        if plan is None:
            continue
        if plan.passes:
            for parent in parents:
                if outgrads[parent] is None:
                    outgrads[parent] = dy
                else:
                    accumulate(outgrads, exclusive, parent, dy)
        elif plan.same_shape:
            i, parent = 0, parents[0]  # `i` is for the note on an exception
            rules = plan.rules
            dx = rules[0](dy, y, args[0]) if len(args) == 1 else rules[0](dy, y, args[0], args[1])
            if outgrads[parent] is None:
                outgrads[parent] = dx
            else:
                accumulate(outgrads, exclusive, parent, dx)
            if len(rules) == 2:
                i = 1
                dx, parent = rules[1](dy, y, args[0], args[1]), parents[1]
                if outgrads[parent] is None:
                    outgrads[parent] = dx
                else:
                    accumulate(outgrads, exclusive, parent, dx)
        elif plan.accumulate_into is not None and parents[0] in exclusive:
            i, parent = 0, parents[0]
            outgrads[parent] = plan.accumulate_into(outgrads[parent], dy, args[0], args[1])
        else:
            n = 0 if kwargs else len(args)
            for i, parent in enumerate(parents):
                if not plan.fresh:
                    dx = backward(recording, index, i, dy)
                elif n == 1:
                    dx = plan.rules[i](dy, y, args[0])
                elif n == 2:
                    dx = plan.rules[i](dy, y, args[0], args[1])
                else:
                    dx = plan.rules[i](dy, y, *args, **kwargs)
                kind, x = type(dx), args[plan.positions[i]]
                if (
                    kind is ndarray
                    and type(x) in ARRAYS
                    and dx.dtype is x.dtype
                    and dx.shape == x.shape
                ):
                    old = outgrads[parent]
                    if old is None:
                        outgrads[parent] = dx
                    else:
                        accumulate(outgrads, exclusive, parent, dx)
                elif kind is Result and alike(x, dx):
                    accumulate(outgrads, exclusive, parent, dx)
                elif type(parent) is tuple:
                    sum_outgrads(recording, parent, fitted(dx, x, parent, plan, i))
                elif dx is not None:
                    accumulate(outgrads, exclusive, parent, unbroadcast_to(dx, x, plan, i))
            if plan.accumulate_into is not None:
                exclusive.add(parents[0])
        if not keep:
            entries[index] = outgrads[index] = None
        elif _collector is not None:
            pass_entry(recording, index)


def sum_outgrads(recording: Recording, parent: Any, dx: Any) -> None:
    """Accumulate `dx` into the outgrad of its `parent`, item by item for a sequence of arrays."""
    if type(parent) is tuple:
        for p, d in zip(parent, dx, strict=True):
            sum_outgrads(recording, p, d)
    elif parent is not None and dx is not None:
        accumulate(recording.outgrads, recording.exclusive, parent, dx)


def pass_entry(recording: Recording, index: int) -> None:
    """Free an entry that the pass is done with, or let the collector do it on a tape."""
    if not recording.retain:
        recording.entries[index] = recording.outgrads[index] = None
    elif _collector is not None and index != recording.result and recording.outer is None:
        _collector(recording, index)


_collector: Callable[[Recording, int], None] | None = None


def set_collector(collector: Callable[[Recording, int], None] | None) -> None:
    """Call `collector(recording, index)` for each entry that a tape's pass is done with."""
    global _collector
    _collector = collector
