"""The check of `watch="nan"`: stop at the first operation that produces NaN or Inf, and name it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np

from autograd_tools.base.text import unknown
from autograd_tools.debug.report import bad_elements, first_true, message, numbers, origin
from autograd_tools.engine.backward import backward, plain_backward
from autograd_tools.engine.changes import Checked, Noted
from autograd_tools.engine.hooks import hooked
from autograd_tools.engine.recording import Recording
from autograd_tools.location.call_site import CallSite
from autograd_tools.timing import instrument as timing
from autograd_tools.tracing.entries import EntryFields


class NonFiniteError(FloatingPointError):
    """An operation or VJP rule produced NaN or Inf under `watch="nan"`.

    `diff` and `record` raise it. The message names the operation, the user's line, the node, its
    arguments and its value.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> w = ag.Param(0.0, name="w")
    >>> try:
    ...     ag.diff(lambda: np.log(w), watch="nan")
    ... except ag.NonFiniteError as error:
    ...     print(str(error).splitlines()[0])
    log produced -inf
    """

    __module__ = "autograd_tools"
    names_operation = True


def watching(recording: Recording, watch: str | None) -> AbstractContextManager[None]:
    """Check the operations in the block and later their gradients, as `watch` says."""
    if watch is None:
        return UNWATCHED
    if watch not in WATCHES:
        raise unknown("watch", watch, WATCHES)
    return WATCHES[watch](recording)


@contextmanager
def watch_nan(recording: Recording) -> Iterator[None]:
    """Stop at the first NaN or Inf, without NumPy's warning of it."""
    recording.entries = Watched(recording.notes, recording.noted if recording.check else None)
    recording.backward_pass = watched_backward
    with np.errstate(), np.errstate(all="ignore"):  # the first undoes both after an interrupt
        yield


UNWATCHED = nullcontext()
WATCHES = {"nan": watch_nan}


class Watched(Checked):
    """The entries of a recording, each watched; a recording without a watch pays nothing."""

    def __init__(self, notes: list[CallSite] | None, noted: list[Noted] | None) -> None:
        super().__init__(noted)
        self.notes: Any = notes

    def append(self, entry: Any) -> None:
        """Append an entry; raise a NonFiniteError if it produced NaN or Inf."""
        super().append(entry)
        plan, y, args, kwargs, _ = EntryFields(*entry)
        if plan is None:
            return
        for leaf in numbers(y):
            if not np.isfinite(leaf).all():
                bad = produced(plan.primitive.func, leaf, numbers((args, dict(kwargs))))
                if bad.any():
                    headline = f"{plan.primitive.name} produced {bad_elements(leaf, bad)}"
                    raise NonFiniteError(
                        message(self, self.notes, len(self) - 1, [headline], first_true(bad))
                    )


def produced(func: Any, y: Any, given: list[Any]) -> Any:
    """Return a mask of `y`: NaN without a NaN in its arguments, or infinite with finite ones.

    For an elementwise function, each element is compared with its own arguments.
    """
    elementwise = isinstance(func, np.ufunc) and func.signature is None
    nan, inf = np.False_, np.False_
    for x in given:
        nan = nan | (np.isnan(x) if elementwise else np.isnan(x).any())
        inf = inf | (np.isinf(x) if elementwise else np.isinf(x).any())
    return (np.isnan(y) | (np.isinf(y) & ~inf)) & ~nan


def watched_backward(recording: Recording, newest: int, oldest: int) -> None:
    """Run `plain_backward` and check each gradient that a rule returns, and each sum of them."""
    with np.errstate(), np.errstate(all="ignore"):
        if newest == recording.result:
            y = EntryFields(*recording.entries[newest]).value
            _check(recording, newest, y, lambda y: f"the result is {y}; no operation produced it")
        plain_backward(recording, newest, oldest, _watched_backward)
        for index in (*recording.inputs, *recording.leaves.values()):
            if oldest <= index <= newest:
                _check_outgrad(recording, index)


@timing.time_backward
def _watched_backward(recording: Recording, index: int, i: int, dy: Any) -> Any:
    """Run `backward`, and check the outgrad before it and the result after it."""
    if i == 0:
        _check_outgrad(recording, index)
    plan: Any = EntryFields(*recording.entries[index]).plan
    label = f"{plan.primitive.name}[{plan.positions[i] + 1}]"
    dx = backward(recording, index, i, dy)
    _check(recording, index, dx, lambda dx: f"the gradient {label} produced {dx}", dy)
    return dx


def _check_outgrad(recording: Recording, index: int) -> None:
    """Raise for NaN or Inf: a sum of finite gradients may overflow, a hook may return anything."""
    dy = recording.outgrads[index]

    def headline(found: str) -> str:
        seen = any(place == index for place, _, _ in hooked(recording, index))
        why = "a hook of on_grad returned it" if seen else "a sum of finite gradients overflowed"
        return f"the gradient of node {index + 1} is {found}: {why}"

    _check(recording, index, dy, headline, dy)


def _check(
    recording: Recording, index: int, x: Any, headline: Callable[[str], str], dy: Any = None
) -> None:
    """Raise if `x`, a value or gradient of the entry at `index`, has NaN or Inf."""
    for leaf in numbers(x):
        bad = ~np.isfinite(leaf)
        if bad.any():
            entries, notes = recording.entries, recording.notes or []
            lines = [headline(bad_elements(leaf, bad)), origin(entries, notes, index)]
            raise NonFiniteError(message(entries, notes, index, lines, first_true(bad), dy))
