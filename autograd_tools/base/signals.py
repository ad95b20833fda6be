"""Signals that end a process: results are written first, then the process ends with the signal.

Nothing else of the program runs, as without us: no `finally` and no exit handler. The program sees
the default handlers, because `signal.signal` and `signal.getsignal` hide ours. Its own handlers
work as ever; when it resets a signal and raises it again, ours runs.
"""

from __future__ import annotations

import _thread
import functools
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from types import CodeType, FrameType
from typing import Any

NAMES = ("SIGTERM", "SIGHUP", "SIGXCPU", "SIGBREAK")  # not all exist everywhere
NUMBERS = frozenset(getattr(signal, name) for name in NAMES if hasattr(signal, name))
PAUSE = 0.002  # seconds until a signal that came at a bad moment comes again
DEPTH = 1000  # frames for the results, where the program has used up the recursion limit

_guards: list[Guard] = []  # those installed in this process


class Guard:
    """Calls `finish(number)` before the process ends by a signal.

    Signals that are ignored or have a handler at the start are left alone. A signal that comes
    while one of the functions `whole` runs, given by their code, comes again after it.
    """

    def __init__(self, finish: Callable[[int], object], whole: Collection[CodeType] = ()) -> None:
        self._finish = finish
        self._whole = whole
        self._process = os.getpid()
        self._came: int | None = None  # the first signal while the results are written
        self._finishing = False
        self._functions: tuple[Callable[..., Any], ...] = ()

    def install(self) -> None:
        """Install the handlers; do nothing in another thread than the main one."""
        if threading.current_thread() is not threading.main_thread():
            return
        _guards.append(self)
        numbers = [n for n in NUMBERS if signal.getsignal(n) == signal.SIG_DFL]
        for number in numbers:
            signal.signal(number, self._handle)
        self._hide(frozenset(numbers))

    def remove(self) -> None:
        """Restore the default handlers."""
        if self not in _guards:
            return
        _guards.remove(self)
        signal.signal, signal.getsignal = self._functions
        for number in NUMBERS:
            if signal.getsignal(number) == self._handle:
                signal.signal(number, signal.SIG_DFL)

    def _hide(self, numbers: frozenset[int]) -> None:
        """Let the program see the default handler in place of ours."""
        set_handler, get_handler = self._functions = signal.signal, signal.getsignal

        def seen(handler: Any) -> Any:
            return signal.SIG_DFL if handler == self._handle else handler

        @functools.wraps(set_handler)
        def hiding_signal(signalnum: int, handler: Any) -> Any:
            if handler == signal.SIG_DFL and signalnum in numbers and self in _guards:
                handler = self._handle
            return seen(set_handler(signalnum, handler))

        @functools.wraps(get_handler)
        def hiding_getsignal(signalnum: int) -> Any:
            return seen(get_handler(signalnum))

        signal.signal, signal.getsignal = hiding_signal, hiding_getsignal

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._finishing:
            self._came = self._came or number
        elif _runs(self._whole, frame):
            _thread.start_new_thread(_raise_later, (number,))
        else:
            self._finishing = True
            sys.setrecursionlimit(sys.getrecursionlimit() + DEPTH)
            try:
                with _interrupts_noted():
                    self._finish(number)
            finally:
                end_by(number)

    @contextmanager
    def finishing(self) -> Iterator[list[int]]:
        """Complete the block whatever signal comes, then end by the first that came.

        Yield a list that contains SIGINT once Ctrl-C is pressed.
        """
        self._finishing = True
        with _interrupts_noted() as noted:
            yield noted
        if self._came is not None:
            end_by(self._came)


@contextmanager
def _interrupts_noted() -> Iterator[list[int]]:
    """Note Ctrl-C in a block, and go on."""
    noted: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: noted.append(number))
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


def name_of(number: int) -> str:
    """Return the name of a signal, such as SIGTERM."""
    return signal.Signals(number).name


def end_by(number: int) -> None:
    """End the process by a signal, as its default handler does."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # it may be closed, or in use by what was interrupted
            stream.flush()
    for guard in tuple(_guards):
        guard.remove()
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


def end_interrupted() -> None:
    """End as Python does after Ctrl-C, without a traceback: exit handlers run, SIGINT ends it."""
    sys.excepthook = lambda *error: None
    raise KeyboardInterrupt


def _runs(whole: Collection[CodeType], frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code in whole:
            return True
        frame = frame.f_back
    return False


def _raise_later(number: int) -> None:
    time.sleep(PAUSE)
    signal.raise_signal(number)


class _Masks(threading.local):
    """The blocked signals of a thread before it forks."""

    before: set[Any] | None = None


_masks = _Masks()


def _before_fork() -> None:
    """Let signals wait: a new process loses those that come before it has the default handlers."""
    if _guards and sys.platform != "win32":
        _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, NUMBERS)


def _after_fork() -> None:
    if _masks.before is not None and sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_SETMASK, _masks.before)
        _masks.before = None


def _after_fork_in_child() -> None:
    """Give a forked process the default handlers: the results are its parent's."""
    for guard in tuple(_guards):
        guard.remove()
    _after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_child
    )
