"""The constant arrays of a capture, with their values at the time of the call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.engine.changes import fingerprint
from autograd_tools.programs.capturing.effects import same_numbers
from autograd_tools.programs.steps.program import Call, Step, mapped

COPIED = 2**16  # bytes of an array; of a larger one some elements are compared


class Constants:
    """The constant arrays of the steps so far; `refuse` raises an error."""

    def __init__(self, steps: list[Step], refuse: Callable[[str, str], Any]) -> None:
        self._steps = steps
        self._refuse = refuse
        self._known: dict[int, tuple[Any, Any]] = {}  # arrays and their numbers, by id

    def noted(self, x: Any) -> Any:
        """Return an array that a call reads; earlier calls keep the numbers that they read."""
        known = self._known.get(id(x))
        if known is None or not same_numbers(x, known[1]):
            if known is not None:
                self._keep_copy(x, known[1])
            self._known[id(x)] = x, x.copy("K") if x.nbytes <= COPIED else fingerprint(x)
        return x

    def finish(self) -> None:
        """Look once more at each array."""
        for x, before in self._known.values():
            if not same_numbers(x, before):
                self._keep_copy(x, before)

    def _keep_copy(self, x: Any, before: Any) -> None:
        """Let the calls so far have the array as it was."""
        if type(before) is not np.ndarray:
            self._refuse("writing into a large array after its use", "write into a new array")

        def change(arg: Any) -> Any:
            return before if arg is x else arg

        for step in self._steps:
            if isinstance(step, Call):
                step.args, step.kwargs = mapped(step.args, change), mapped(step.kwargs, change)
