"""The sweep back over a recording: each entry's rules are asked for the gradients of its arguments, newest entry first.

A gradient is added to the outgrad of the entry that its argument came from; when the sweep reaches an entry, its
outgrad is complete. Recordings nest (a gradient of a gradient): what is a value of the inner recording may be tracked
by the outer one, so whatever a rule computes during the inner sweep is recorded by the outer. That is all there is to
higher-order gradients.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numpy import ndarray

from autograd_tools.engine.cotangents import accumulate, unbroadcast_to
from autograd_tools.engine.hooks import call_hooks, hooked
from autograd_tools.engine.primitives import Plan
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.saved import ARRAYS, kept_bytes
from autograd_tools.engine.state import thread as recording_thread
from autograd_tools.timing import instrument as timing
from autograd_tools.timing.log import END, LIMIT, NODE, SUM, SUMS


class _Thread(threading.local):
    listens = False  # a sweep is going on of which the listeners hear at its end


_thread = _Thread()
_listeners: list[Callable[[], None]] = []


@contextmanager
def after_gradients(callback: Callable[[], None]) -> Iterator[None]:
    """Call `callback()` after every gradient in the block, in the thread that computed it.

    A gradient that is computed within another is a part of that; a Jacobian is one gradient for each of its rows. Unlike
    `observe` it has nothing kept that would be freed.
    """
    _listeners.append(callback)
    try:
        yield
    finally:
        _listeners.remove(callback)


def differentiate(recording: Recording, index: int, seed: Any) -> None:
    """Take the value at `index` for the result: forget what came after it, and fill the outgrads back from its own, the `seed`."""
    if not _listeners or _thread.listens or recording_thread.open is not None:
        return _differentiate(recording, index, seed)
    _thread.listens = True
    try:
        _differentiate(recording, index, seed)
    finally:
        _thread.listens = False
    for callback in tuple(_listeners):
        callback()
    return None


def _differentiate(recording: Recording, index: int, seed: Any) -> None:
    del recording.entries[index + 1 :]
    if recording.notes is not None:
        del recording.notes[index + 1 :]
    recording.result = index
    recording.outgrads, recording.exclusive = [None] * (index + 1), set()
    recording.outgrads[index] = seed
    if timing.KEPT and timing.timer.enabled:
        timing.note_kept(recording, kept_bytes(recording.entries))
    try:
        _backward_with_hooks(recording, index)
    except BaseException:
        recording.result, recording.outgrads = None, []  # some of the gradients would pass for all
        raise
    _own_leaves(recording)


def _backward_with_hooks(recording: Recording, index: int) -> None:
    """Sweep from `index` to the oldest entry, with a stop wherever an outgrad is complete that hooks are to see."""
    sweep = recording.backward_pass or (timed_backward if timing.ENABLED else fast_backward)
    for place, like, functions in hooked(recording, index):
        sweep(recording, index, place + 1)
        recording.outgrads[place] = call_hooks(recording.outgrads[place], like, functions)
        index = place
    sweep(recording, index, 0)
    if not recording.retain:
        recording.hooks = None  # functions may refer to the recording, and what refers to itself stays in memory for long


def backward(recording: Recording, index: int, i: int, dy: Any) -> Any:
    """The gradient of the `i`-th argument to differentiate of the entry at `index`, whose outgrad is `dy`; None if there is
    nothing to add, or nothing more."""
    plan, y, args, kwargs, parents = recording.entries[index]
    if plan.accumulate_into is not None and parents[i] in recording.exclusive:
        recording.outgrads[parents[i]] = plan.accumulate_into(
            recording.outgrads[parents[i]], dy, *args
        )
        return None
    dx = plan.rules[i](dy, y, *args, **kwargs)
    if not plan.fresh and type(dx) is ndarray and (dx is y or any(dx is arg for arg in args)):
        dx = dx.copy()
    return None if dx is None else fitted(dx, args[plan.positions[i]], parents[i], plan, i)


def fitted(dx: Any, x: Any, parent: Any, plan: Plan, i: int) -> Any:
    """The gradient `dx` that a rule returned, in the shape and type of its argument `x`; of each, if `x` is a sequence of arrays."""
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
    """Pass the outgrads on from the `newest` entry, whose own is complete, to the `oldest`: the definition."""
    entries, outgrads = recording.entries, recording.outgrads
    for index in range(newest, oldest - 1, -1):
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
        _pass(recording, index)


def fast_backward(recording: Recording, newest: int, oldest: int) -> None:  # noqa: PLR0912, PLR0915  written out, so that no step is a call
    """What `plain_backward` does, with its steps written out for a gradient that fits its argument as it is."""
    entries, outgrads, exclusive, keep = (
        recording.entries,
        recording.outgrads,
        recording.exclusive,
        recording.retain,
    )
    for index in range(newest, oldest - 1, -1):
        dy = outgrads[index]
        if dy is None:
            continue
        plan, y, args, kwargs, parents = entries[index]
        if plan is None:
            continue
        if plan.same_shape:
            parent = parents[0]
            rules = plan.rules
            dx = rules[0](dy, y, args[0]) if len(args) == 1 else rules[0](dy, y, args[0], args[1])
            if outgrads[parent] is None:
                outgrads[parent] = dx
            else:
                accumulate(outgrads, exclusive, parent, dx)
            if len(rules) == 2:
                dx, parent = rules[1](dy, y, args[0], args[1]), parents[1]
                if outgrads[parent] is None:
                    outgrads[parent] = dx
                else:
                    accumulate(outgrads, exclusive, parent, dx)
        elif plan.accumulate_into is not None and parents[0] in exclusive:
            parent = parents[0]
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
                elif type(parent) is tuple:
                    sum_outgrads(recording, parent, fitted(dx, x, parent, plan, i))
                elif dx is not None:
                    accumulate(outgrads, exclusive, parent, unbroadcast_to(dx, x, plan, i))
            if plan.accumulate_into is not None:
                exclusive.add(parents[0])
        if not keep:
            entries[index] = outgrads[index] = None
        elif _collector is not None:
            _pass(recording, index)


def timed_backward(recording: Recording, newest: int, oldest: int) -> None:  # noqa: PLR0912, PLR0915  the same
    """What `plain_backward` does, with a mark in the timer's log for each rule; between two of them gradients are added up."""
    entries, outgrads, notes, keep = (
        recording.entries,
        recording.outgrads,
        recording.marked or recording.notes,
        recording.retain,
    )
    if not timing.timer.enabled:
        return fast_backward(recording, newest, oldest)
    thread, clock, first = timing.timer.thread(), timing.timer.clock, timing.first_node(recording)
    log, section, depth = thread.log, 0, len(thread.open)
    thread.lock.acquire()
    thread.sweeps += 1
    try:
        for index in range(newest, oldest - 1, -1):
            dy = outgrads[index]
            if dy is None:
                continue
            plan, y, args, _, parents = entries[index]
            if plan is None:
                continue
            if len(log) > LIMIT:
                thread.add_up(sweeps=1)
            same_shape, note = plan.same_shape, None if notes is None else notes[index]
            for i, parent in enumerate(parents):
                section, before = plan.sections[i], len(log)
                start = clock()
                if not same_shape:
                    dx = backward(recording, index, i, dy)
                elif len(args) == 1:
                    dx = plan.rules[i](dy, y, args[0])
                else:
                    dx = plan.rules[i](dy, y, args[0], args[1])
                end = clock()
                nbytes = (
                    -1
                    if dx is None
                    else dx.nbytes
                    if type(dx) is ndarray and dx.base is None
                    else 0
                )
                if len(log) != before:
                    thread.enclose(
                        depth, before, (section, note, first + index), start, end, max(nbytes, 0)
                    )
                    depth = len(thread.open)
                    log += (SUMS, None, nbytes, end, end)
                elif first:
                    log += (
                        NODE,
                        None,
                        first + index,
                        start,
                        start,
                        -section,
                        note,
                        nbytes,
                        start,
                        end,
                    )
                else:
                    log += (-section, note, nbytes, start, end)
                section = 0
                if same_shape and outgrads[parent] is None:
                    outgrads[parent] = dx
                elif dx is not None:
                    before = len(log)
                    sum_outgrads(recording, parent, dx)
                    if len(log) != before:
                        log[before - 3] = ~nbytes
                        thread.enclose(depth, before, (SUM, None, 0), end, clock())
                if plan.accumulate_into is not None:
                    recording.exclusive.add(parent)
            if keep:
                _pass(recording, index)
            else:
                entries[index] = outgrads[index] = None
    finally:
        end = clock()
        if section:
            thread.enclose(depth, before, (section, note, first + index), start, end)
        log += (END, None, int(oldest == 0 and recording.outer is None), end, end)
        thread.sweeps -= 1
        thread.lock.release()


def sum_outgrads(recording: Recording, parent: Any, dx: Any) -> None:
    """Add the gradient `dx` to the outgrad of its `parent`: one by one if it is of a sequence of arrays."""
    if type(parent) is tuple:
        for p, d in zip(parent, dx, strict=True):
            sum_outgrads(recording, p, d)
    elif parent is not None and dx is not None:
        accumulate(recording.outgrads, recording.exclusive, parent, dx)


def _pass(recording: Recording, index: int) -> None:
    """Free an entry that has passed its gradient on; one that is kept, the collector may free."""
    if not recording.retain:
        recording.entries[index] = recording.outgrads[index] = None
    elif _collector is not None and index != recording.result and recording.outer is None:
        _collector(recording, index)


_collector: Callable[[Recording, int], None] | None = None


def set_collector(collector: Callable[[Recording, int], None] | None) -> None:
    """Have `collector(recording, index)` called on every entry that the outermost, keeping sweep is done with."""
    global _collector
    _collector = collector


def _own_leaves(recording: Recording) -> None:
    """Make the gradient of each leaf its user's alone: no view of another array, and nobody else's."""
    entries, outgrads = recording.entries, recording.outgrads
    kept = zip(entries, outgrads, strict=True) if recording.retain else ()
    others = {id(dx) for entry, dx in kept if entry[0] is not None}
    for index in (*recording.inputs, *recording.leaves.values()):
        if index < len(outgrads):
            outgrads[index] = _own(outgrads[index], others)


def _own(dx: Any, others: set[int]) -> Any:
    """`dx`, with its arrays copied that are views or among the ids of `others`, which they join."""
    if type(dx) is ndarray:
        dx = dx.copy() if dx.base is not None or id(dx) in others else dx
        others.add(id(dx))
    elif isinstance(dx, dict):
        return {key: _own(item, others) for key, item in dx.items()}
    elif isinstance(dx, (list, tuple)):
        return type(dx)([_own(item, others) for item in dx])
    return dx
