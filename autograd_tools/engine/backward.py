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

from autograd_tools.base.traced import Traced
from autograd_tools.engine import assigned
from autograd_tools.engine.changes import check_unchanged
from autograd_tools.engine.cotangents import accumulate, unbroadcast_to
from autograd_tools.engine.float_warnings import at_user
from autograd_tools.engine.hooks import call_hooks, hooked
from autograd_tools.engine.listeners import Heard, listeners, telling
from autograd_tools.engine.primitives import Plan
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.rule_errors import note_rule
from autograd_tools.engine.rule_sites import rules_located
from autograd_tools.engine.saved import ARRAYS, FLOATS, alike, kept_bytes, tape_bytes
from autograd_tools.engine.state import innermost_open, is_outermost
from autograd_tools.engine.structure import facts_of, unread
from autograd_tools.engine.users_rules import call_rule
from autograd_tools.engine.values import Result, unwrap
from autograd_tools.location.call_site import unrecorded_site
from autograd_tools.timing import instrument as timing
from autograd_tools.timing.log import ADDS, END, LIMIT, NODE, SUM_OUTGRADS


def differentiate(recording: Recording, index: int, seed: Any, y: Any = None) -> None:
    """Run the backward pass from the entry at `index`, whose outgrad is the cotangent `seed`.

    Entries after `index` are dropped. Listeners hear of its value `y`, which the entry may lack.
    """
    if listeners and not telling.get() and innermost_open() is None:
        return _differentiate_heard(recording, index, seed, y)
    if recording.moment != assigned.writes and recording.leaves:
        assigned.refuse_written(recording)
    if recording.noted:
        check_unchanged(recording, index)
    try:
        try:
            at_user(_complete, recording, index, seed)
        except BaseException as error:
            if isinstance(error, Exception):
                note_rule(error, recording)
            _forget(recording)
            raise
    except BaseException:
        _forget(recording)
        raise
    return None


def _differentiate_heard(recording: Recording, index: int, seed: Any, y: Any) -> None:
    """Do `differentiate`, and tell the listeners."""
    start = timing.timer.clock()
    try:
        try:
            telling.set(True)
            differentiate(recording, index, seed, y)
        finally:
            telling.set(False)
    finally:
        telling.set(False)
    heard = Heard(recording, unwrap(y), recording.forward_ns, timing.timer.clock() - start)
    recording.forward_ns = 0  # the next pass over the same operations has no forward pass
    for callback in tuple(listeners.values()):
        callback(heard)


def _forget(recording: Recording) -> None:
    """Forget the gradients: half of them would look complete."""
    recording.running = recording.result = None
    recording.outgrads = []


def _complete(recording: Recording, index: int, seed: Any) -> None:
    del recording.entries[index + 1 :]
    if recording.notes is not None:
        del recording.notes[index + 1 :]
    recording.result = index
    recording.outgrads, recording.exclusive = [None] * (index + 1), set()
    recording.outgrads[index] = seed
    if timing.KEPT and timing.timer.enabled:
        timing.note_kept(recording, kept_bytes(recording.entries))
    outer = None if is_outermost() else innermost_open()
    if timing.SHAPES and outer is None:
        _look(recording, index)
    if outer is None or outer.locator is None:
        _backward_with_hooks(recording, index)
    else:
        with rules_located(recording):
            _backward_with_hooks(recording, index)
    _own_leaves(recording, seed)


def _look(recording: Recording, index: int) -> None:
    """Let the timer look at the structure of a gradient, and at its tape."""
    is_tape = recording.asked is not None
    timing.timer.look(
        index + 1,
        lambda: facts_of(recording.entries, recording.notes),
        (lambda: unread(recording)) if is_tape else None,
    )
    if is_tape:
        site = unrecorded_site(outside=True)
        timing.timer.note_tape((site.file, site.line), recording, tape_bytes)


def _backward_with_hooks(recording: Recording, index: int) -> None:
    """Run the backward pass, with a stop at each complete outgrad that has hooks."""
    run = recording.backward_pass or (timed_backward if timing.ENABLED else fast_backward)
    for place, like, functions in hooked(recording, index):
        run(recording, index, place + 1)
        recording.running = None
        recording.outgrads[place] = call_hooks(recording.outgrads[place], like, functions)
        index = place
    run(recording, index, 0)
    recording.running = None
    if recording.hooks is not None and not recording.retain:
        recording.hooks = None  # they may refer to the recording, and a cycle is freed late


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
    recording.running = indices, oldest
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
        _pass(recording, index)


def fast_backward(recording: Recording, newest: int, oldest: int) -> None:  # noqa: PLR0912, PLR0915  written out, so that no step is a call
    """Do what `plain_backward` does, written out for gradients that match their argument."""
    entries, outgrads, exclusive, keep = (
        recording.entries,
        recording.outgrads,
        recording.exclusive,
        recording.retain,
    )
    indices = iter(range(newest, oldest - 1, -1))
    recording.running = indices, oldest
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
            _pass(recording, index)


def timed_backward(recording: Recording, newest: int, oldest: int) -> None:
    """Do what `plain_backward` does, with a mark in the timer's log for each rule.

    The time between two marks is accumulation.
    """
    if not timing.timer.enabled:
        return fast_backward(recording, newest, oldest)
    thread = timing.timer.thread()
    passes = thread.passes
    try:
        with thread.lock:
            thread.passes = passes + 1
            _timed_backward(recording, newest, oldest)
            thread.passes = passes
    finally:
        thread.passes = passes
    return None


def _timed_backward(recording: Recording, newest: int, oldest: int) -> None:  # noqa: PLR0912, PLR0915  written out, as `fast_backward`
    entries, outgrads, notes, keep = (
        recording.entries,
        recording.outgrads,
        timing.sites_of(recording),
        recording.retain,
    )
    thread, clock, first = timing.timer.thread(), timing.timer.clock, timing.first_node(recording)
    thread.here()
    log, section, depth = thread.log, 0, len(thread.open)
    indices = iter(range(newest, oldest - 1, -1))
    recording.running = indices, oldest
    try:
        for index in indices:
            dy = outgrads[index]
            if dy is None:
                continue
            plan, y, args, _, parents = entries[index]
            if plan is None:
                continue
            if len(log) > LIMIT:
                thread.add_up(passes=1)
            same_shape, note = plan.same_shape, None if notes is None else notes[index]
            for i, parent in enumerate(parents):
                section, before, start = (plan.labels or plan.sections)[i], len(log), clock()
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
                    log += (ADDS, None, nbytes, end, end)
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
                        thread.enclose(depth, before, (SUM_OUTGRADS, None, 0), end, clock())
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


def sum_outgrads(recording: Recording, parent: Any, dx: Any) -> None:
    """Accumulate `dx` into the outgrad of its `parent`, item by item for a sequence of arrays."""
    if type(parent) is tuple:
        for p, d in zip(parent, dx, strict=True):
            sum_outgrads(recording, p, d)
    elif parent is not None and dx is not None:
        accumulate(recording.outgrads, recording.exclusive, parent, dx)


def _pass(recording: Recording, index: int) -> None:
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


def _own_leaves(recording: Recording, seed: Any) -> None:
    """Give each leaf a gradient of its own: no view, and no array of another node or the seed."""
    entries, outgrads = recording.entries, recording.outgrads
    others = {id(seed)} if type(seed) is not list else set(map(id, seed))
    if recording.retain:
        pairs = zip(entries, outgrads, strict=True)
        others.update([id(dx) for entry, dx in pairs if entry[0] is not None])
    for index in (*recording.inputs, *recording.leaves.values()):
        if index < len(outgrads):
            outgrads[index] = _own(outgrads[index], others)


def _own(dx: Any, others: set[int]) -> Any:
    """Return `dx` with its arrays copied where they are views or their ids are in `others`."""
    if type(dx) is ndarray or (type(dx) is Traced and isinstance(dx, ndarray)):
        dx = dx.copy() if dx.base is not None or id(dx) in others else dx
        others.add(id(dx))
    elif type(dx) in FLOATS or type(dx) is Result:
        return dx
    elif isinstance(dx, dict):
        return {key: _own(item, others) for key, item in dx.items()}
    elif isinstance(dx, (list, tuple)):
        return type(dx)([_own(item, others) for item in dx])
    return dx
