"""The gradients of a script as NumPy source, for the part of a profile that shows the hottest."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import autograd_tools as ag
from autograd_tools import Tape, Timer
from autograd_tools.engine.listeners import unheard
from autograd_tools.engine.state import innermost_open
from autograd_tools.programs.writing.source_text import SourceLine, source_by_line
from viewer.command.gradient_calls import gradient_call
from viewer.profiles.hottest_line import HottestLine, hottest_line

MOST_LOOKED_AT = 8  # gradients


class SourceWatch:
    """Writes the first gradient of each function among a script's first gradients after `skip`.

    The time for that is none of the script's.
    """

    def __init__(self, skip: int, left_out: Callable[[int], None]) -> None:
        self.problem = "no gradient of ag.grad(f) or ag.diff(f) was seen"
        self._sources: dict[frozenset[str], list[SourceLine]] = {}
        self._skip = skip
        self._seen = 0
        self._is_writing = False  # so that the gradients within are not looked at
        self._left_out = left_out
        self._observing = ExitStack()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look at the gradients in a block."""
        with self._observing, ag.after_gradients(self._count):
            if self._skip == 0:
                self._observing.enter_context(ag.observe(self._look))
            yield

    def _count(self) -> None:
        self._seen += 1
        if self._seen == self._skip:
            self._observing.enter_context(ag.observe(self._look))
        elif self._seen == self._skip + MOST_LOOKED_AT:
            self._observing.close()

    def _look(self, tape: Tape) -> None:
        if self._is_writing or innermost_open() is not None:
            return
        call = gradient_call(sys._getframe(1), tape)
        if call is None or frozenset(call[0]) in self._sources:
            return
        start, self._is_writing = time.perf_counter_ns(), True
        with ag.timer.disabled(), unheard():
            self._sources[frozenset(call[0])] = self._written(*call[1:])
        self._is_writing = False
        self._left_out(time.perf_counter_ns() - start)

    def _written(self, f: Any, args: Any, kwargs: Any) -> list[SourceLine]:
        try:
            return source_by_line(f, *args, **kwargs)
        except Exception as error:  # the script goes on
            self.problem = f"{type(error).__name__}: {error}".removeprefix("UncapturedError: ")
            return []

    def found(self, timer: Timer) -> HottestLine | str:
        """Return the hottest line with its gradient, or why there is none."""
        return hottest_line(timer, [*self._sources.values()]) or f"None: {self.problem}."
