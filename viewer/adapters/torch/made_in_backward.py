"""The grad_fns that a backward pass creates, for gradients of gradients."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from viewer.adapters.recorder import OpCall


class MadeInBackward:
    """Tells by their numbers which call's gradient made them; PyTorch counts the nodes of a thread.

    A call runs from its number in `starts` to the next one.
    """

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._calls: list[OpCall | None] = []
        self.is_on = self._has_threads = False
        self._depth = 0
        self._thread = threading.get_ident()

    @contextmanager
    def noted(self, retains: bool, creates: bool) -> Iterator[None]:
        """Note the calls of a backward pass in a block, if it creates a graph.

        One that frees its own is the last that needs what was noted.
        """
        around, self.is_on = self.is_on, creates
        self._depth += 1
        try:
            yield
        finally:
            if creates:
                self.begin(None)
            self.is_on = around
            self._depth -= 1
            if not (self._depth or retains or creates):
                self._starts.clear()
                self._calls.clear()

    def begin(self, call: OpCall | None) -> None:
        """Note that the gradient of a call begins, or that none does."""
        if threading.get_ident() != self._thread:  # as on a GPU: it counts its own nodes
            self._has_threads = True
        else:
            self._starts.append(torch._C._autograd._get_sequence_nr())
            self._calls.append(call)

    def maker(self, grad_fn: Any) -> OpCall | None:
        """Return the call whose gradient made a grad_fn; None if that is unknown."""
        index = bisect_right(self._starts, grad_fn._sequence_nr()) - 1
        return self._calls[index] if index >= 0 and not self._has_threads else None
