"""The backward pass that writes a mark into the timer's log for each rule."""

from __future__ import annotations

from typing import Any

from numpy import float64, ndarray

from autograd_tools.engine.backward import backward, fast_backward, fitted, pass_entry, sum_outgrads
from autograd_tools.engine.cotangents import accumulate
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.saved import ARRAYS
from autograd_tools.engine.state import is_outermost
from autograd_tools.timing import instrument as timing
from autograd_tools.timing.log import ADDS, END, LIMIT, NODE, SUM_OUTGRADS


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
    if len(thread.log) > LIMIT // 2:
        thread.add_up()  # whole gradients, which takes less time than parts of them
    return None


def _timed_backward(recording: Recording, newest: int, oldest: int) -> None:  # noqa: PLR0912, PLR0915  written out, as `fast_backward`
    entries, outgrads, exclusive, notes, keep = (
        recording.entries,
        recording.outgrads,
        recording.exclusive,
        timing.sites_of(recording),
        recording.retain,
    )
    thread, clock, first = timing.timer.thread(), timing.timer.clock, timing.first_node(recording)
    thread.here()
    log, section, alone = thread.log, 0, is_outermost()
    indices = iter(range(newest, oldest - 1, -1))
    recording.running = indices, oldest, 1
    try:
        for index in indices:
            dy = outgrads[index]
            if dy is None:
                continue
            plan, y, args, kwargs, parents = entries[index]
            if plan is None:
                continue
            if len(log) > LIMIT:
                thread.add_up(passes=1)
            if not (alone and plan.fresh):
                _timed_rules(recording, index, thread, first)
            else:
                note = None if notes is None else notes[index]
                codes, rules = plan.labels or plan.sections, plan.rules
                n = 0 if kwargs else len(args)
                if plan.passes:
                    size = dy.nbytes if type(dy) is ndarray and dy.base is None else 0
                    for i, parent in enumerate(parents):
                        start = clock()
                        if first:
                            log += (NODE, None, first + index, start, start)
                        log += (codes[i], note, size, start, start)
                        if outgrads[parent] is None:
                            outgrads[parent] = dy
                        else:
                            accumulate(outgrads, exclusive, parent, dy)
                    parents = ()
                for i, parent in enumerate(parents):
                    section, before, start = codes[i], len(log), clock()
                    if plan.accumulate_into is not None and parent in exclusive:
                        dx = backward(recording, index, i, dy)
                    elif n == 1:
                        dx = rules[i](dy, y, args[0])
                    elif n == 2:
                        dx = rules[i](dy, y, args[0], args[1])
                    else:
                        dx = rules[i](dy, y, *args, **kwargs)
                    kind = type(dx)
                    if not plan.same_shape:
                        x = args[plan.positions[i]]
                        if not (
                            kind is ndarray
                            and type(x) in ARRAYS
                            and dx.dtype is x.dtype
                            and dx.shape == x.shape
                        ):
                            dx = dx if dx is None else fitted(dx, x, parent, plan, i)
                            kind = type(dx)
                    end = clock()
                    if kind is ndarray:
                        nbytes = dx.nbytes if dx.base is None else 0
                    else:
                        nbytes = -1 if dx is None else 0
                    if first or len(log) != before:
                        node = first and first + index
                        _mark_rule(thread, before, (section, note, node), start, end, nbytes)
                    else:
                        log += (section, note, nbytes, start, end)
                    section = 0
                    if (kind is ndarray or kind is float64) and outgrads[parent] is None:
                        outgrads[parent] = dx
                    elif type(parent) is tuple:
                        sum_outgrads(recording, parent, dx)
                    elif dx is not None:
                        accumulate(outgrads, exclusive, parent, dx)
                if plan.accumulate_into is not None:
                    exclusive.add(parents[0])
            if keep:
                pass_entry(recording, index)
            else:
                entries[index] = outgrads[index] = None
    finally:
        end = clock()
        if section:
            _mark_rule(thread, before, (section, note, first and first + index), start, end, ~0)
        log += (END, None, int(oldest == 0 and recording.outer is None), end, end)


def _timed_rules(recording: Recording, index: int, thread: Any, first: int) -> None:
    """Pass the outgrad of an entry on where marks may come in between."""
    entries, outgrads = recording.entries, recording.outgrads
    (plan, _, _, _, parents), dy = entries[index], outgrads[index]
    note, node = timing.site_at(recording, index), first and first + index
    clock, log = timing.timer.clock, thread.log
    for i, parent in enumerate(parents):
        section, depth = (plan.sections[i], note, node), len(thread.open)
        before, start = len(log), clock()
        try:
            dx = backward(recording, index, i, dy)
        except BaseException:
            _mark_rule(thread, before, section, start, clock(), ~0, depth)
            raise
        end = clock()
        size = dx.nbytes if type(dx) is ndarray and dx.base is None else 0
        nbytes = -1 if dx is None else size
        _mark_rule(thread, before, section, start, end, nbytes, depth)
        depth = len(thread.open)
        if dx is not None:
            before = len(log)
            sum_outgrads(recording, parent, dx)
            if len(log) != before:
                log[before - 3] = ~nbytes
                thread.enclose(depth, before, (SUM_OUTGRADS, None, 0), end, clock())
        if plan.accumulate_into is not None:
            recording.exclusive.add(parent)


def _mark_rule(
    thread: Any,
    before: int,
    section: tuple[int, Any, int],
    start: int,
    end: int,
    nbytes: int,
    depth: int | None = None,
) -> None:
    """Write the marks of a rule, given by code, site and node, around those from `before` on.

    `depth` sections were open at its start, by default as many as now.
    """
    log, (code, site, node) = thread.log, section
    if len(log) != before:
        depth = len(thread.open) if depth is None else depth
        thread.enclose(depth, before, (-code, site, node), start, end, max(nbytes, ~nbytes))
        log += (ADDS, None, nbytes, end, end)
    elif node:
        log += (NODE, None, node, start, start, code, site, nbytes, start, end)
    else:
        log += (code, site, nbytes, start, end)
