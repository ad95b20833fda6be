"""Timed calls of primitives on plain values: a mark in the log for each."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from numpy import float64, ndarray

from autograd_tools.timing.log import CLOSE, LIMIT, VOID, WIDTH, code_of
from autograd_tools.timing.recorder import Recorder
from autograd_tools.timing.records import MOST_SITES, Called, Signature, called_with, signature
from autograd_tools.timing.samples import SAMPLED
from autograd_tools.timing.stack import ever, last_section, of_generators

# The engine sets this to its class of tracked values, whose calls are timed on plain values.
tracked: type | tuple[()] = ()


class Level(NamedTuple):
    """What is noted of a call: its line, the shapes of arrays, and how.

    `is_ufunc` says that a function takes one or two arrays, which tell the form of its result.
    """

    lines: bool
    shapes: bool
    is_ufunc: bool


def time_leaf(
    timer: Recorder, function: Callable[..., Any], name: str, level: Level
) -> Callable[..., Any]:
    """Time a function that calls the engine only with tracked values, which the engine times."""
    code, clock = -code_of(name, name, 0), timer.clock
    lines, shapes, is_ufunc = level
    is_sampled = shapes and name in SAMPLED
    known: dict[Signature, Called] = {}

    @functools.wraps(function)
    def timed(*args: Any) -> Any:
        start = clock()
        try:
            y = function(*args)
        except BaseException:
            _mark_failed(timer, code, args, start)
            raise
        end = clock()
        if type(y) is ndarray:
            nbytes = y.nbytes if y.base is None else 0
        elif type(y) is not float64 and _any_tracked(args):
            return y
        else:
            nbytes = 0
        local, called = timer.local, None
        log = local.log
        if ever and (last_section() is not local.thread.seen or of_generators):
            local.thread.here()
        if not lines and len(log) > LIMIT:  # else after the note, which is of no operation
            local.thread.add_up()
        if shapes:
            if is_ufunc:  # `signature` written out
                x, z = args[0], args[-1]
                key: Signature = (
                    (x.dtype, x.shape, x.strides) if type(x) is ndarray else type(x),
                    (z.dtype, z.shape, z.strides) if type(z) is ndarray else type(z),
                )
            else:
                key = signature((*args, y))
            called = known.get(key) or _note_called(known, key, args, y)
        log += (code, called, nbytes, start, end)
        if is_sampled and called is not None and timer.enabled:
            timer.sample(name, called, args)
        return y

    return timed


def time_options(
    timer: Recorder, function: Callable[..., Any], name: str, level: Level
) -> Callable[..., Any]:
    """Time such a function with options, as in `np.sum(x, axis=1)`."""
    code, clock = -code_of(name, name, 0), timer.clock
    lines, shapes, _ = level
    known: dict[Signature, Called] = {}

    @functools.wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        start = clock()
        try:
            y = function(*args, **kwargs)
        except BaseException:
            _mark_failed(timer, code, args, start)
            raise
        end, called = clock(), None
        if _any_tracked(args):
            return y
        timer.local.thread.here()
        if shapes:
            key = signature((*args, y))
            called = known.get(key) or _note_called(known, key, args, y)
        nbytes = y.nbytes if type(y) is ndarray and y.base is None else 0
        log = timer.local.log
        if not lines and len(log) > LIMIT:
            timer.local.thread.add_up()
        log += (code, called, nbytes, start, end)
        return y

    return timed


def _mark_failed(timer: Recorder, code: int, args: tuple[Any, ...], start: int) -> None:
    """Mark a call that raises."""
    if not _any_tracked(args):
        timer.local.thread.here()
        timer.local.log += (code, None, 0, start, timer.clock())


def time_call(
    timer: Recorder, function: Callable[..., Any], name: str, level: Level
) -> Callable[..., Any]:
    """Time a function of the user, which may call the engine itself."""
    code, clock, shapes = code_of(name, name, 0), timer.clock, level.shapes
    known: dict[Signature, Called] = {}

    @functools.wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        if not timer.enabled:
            return function(*args, **kwargs)
        thread, nbytes = timer.thread(), 0
        functions, opened = len(thread.functions), None
        try:
            try:
                opened = thread.begin(code, clock())
                y = function(*args, **kwargs)
                if type(y) is ndarray and y.base is None:
                    nbytes = y.nbytes
            finally:
                end = clock()
                void = _any_tracked(args)
                if opened is not None:
                    thread.end(opened, VOID if void else CLOSE, nbytes, end)
        except BaseException as error:
            thread.unwind(functions, error, clock())
            raise
        if shapes:
            key = () if void else signature((*args, y))
            thread.log[-WIDTH + 1] = (
                thread.log[-2 * WIDTH + 1]  # what an enclosing recording noted
                if void
                else known.get(key) or _note_called(known, key, args, y)
            )
        return y

    return timed


def _note_called(
    known: dict[Signature, Called], key: Signature, args: tuple[Any, ...], y: Any
) -> Called:
    """Return the operands of a call whose key is new."""
    if len(known) >= MOST_SITES:
        known.clear()
    called = known[key] = called_with(args, y)
    return called


def _any_tracked(args: tuple[Any, ...]) -> bool:
    return any([isinstance(arg, tracked) for arg in args])
