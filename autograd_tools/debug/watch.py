"""Watching a differentiation: the first operation that makes a NaN or Inf stops it, and is named."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_tools.debug.report import first, message, numbers, origin, what
from autograd_tools.engine.backward import backward, plain_backward
from autograd_tools.engine.hooks import hooked
from autograd_tools.engine.recording import Recording
from autograd_tools.location.call_site import CallSite
from autograd_tools.timing import instrument as timing


class NonFiniteError(FloatingPointError):
    """A NaN or Inf that `watch="nan"` found: the message tells what made it, where, and of what."""

    __module__ = "autograd_tools"


@contextlib.contextmanager
def watching(recording: Recording, watch: str | None) -> Iterator[None]:
    """Look at what is recorded in the block, and later at its gradients, as `watch` says; None looks at nothing."""
    if watch is None:
        yield
    elif watch in WATCHES:
        with WATCHES[watch](recording):
            yield
    else:
        raise ValueError(f"no watch {watch!r}; there are: {', '.join(map(repr, WATCHES))}")


def watch_nan(recording: Recording) -> np.errstate:
    """Stop at the first NaN or Inf. NumPy need not warn of it, too."""
    recording.entries = Watched(recording.notes)
    recording.backward_pass = watched_backward
    return np.errstate(all="ignore")


WATCHES = {"nan": watch_nan}


class Watched(list[Any]):
    """The entries of a recording, each looked at when it is made; so it costs nothing where nobody watches."""

    def __init__(self, notes: list[CallSite] | None) -> None:
        super().__init__()
        self.notes: Any = notes

    def append(self, entry: Any) -> None:
        """Put an entry on the recording; NonFiniteError if it made a NaN or Inf."""
        super().append(entry)
        plan, y, args, kwargs, _ = entry
        for leaf in numbers(y) if plan is not None else ():
            if not np.isfinite(leaf).all():
                bad = made(plan.primitive.func, leaf, numbers((args, dict(kwargs))))
                if bad.any():
                    headline = f"{plan.primitive.name} made {what(leaf, bad)}"
                    raise NonFiniteError(
                        message(self, self.notes, len(self) - 1, [headline], first(bad))
                    )


def made(func: Any, y: Any, given: list[Any]) -> Any:
    """Where `y` is NaN though no number it was computed from is, or infinite though all of them are finite.

    Element by element for functions that work so: a number that was NaN before is no excuse for its neighbours.
    """
    alone = isinstance(func, np.ufunc) and func.signature is None
    nan, inf = np.False_, np.False_
    for x in given:
        nan = nan | (np.isnan(x) if alone else np.isnan(x).any())
        inf = inf | (np.isinf(x) if alone else np.isinf(x).any())
    return (np.isnan(y) | (np.isinf(y) & ~inf)) & ~nan


def watched_backward(recording: Recording, newest: int, oldest: int) -> None:
    """`plain_backward`, with a look at the gradient of each argument as its rule returns it, and at what they add up to."""
    with np.errstate(all="ignore"):
        if newest == recording.result:
            _check_result(recording, newest)
        plain_backward(recording, newest, oldest, _watched_backward)
        for index in (*recording.inputs, *recording.leaves.values()):
            if oldest <= index <= newest:
                _check_outgrad(recording, index)


@timing.time_backward
def _watched_backward(recording: Recording, index: int, i: int, dy: Any) -> Any:
    """`backward`, between a look at the outgrad and one at what the rule made of it."""
    if i == 0:
        _check_outgrad(recording, index)
    plan = recording.entries[index][0]
    dx = backward(recording, index, i, dy)
    for leaf in numbers(dx):
        bad = ~np.isfinite(leaf)
        if bad.any():
            headline = f"the gradient {plan.primitive.name}[{plan.positions[i] + 1}] made {what(leaf, bad)}"
            raise _found(recording, index, headline, first(bad), dy)
    return dx


def _check_result(recording: Recording, index: int) -> None:
    """A result that is not finite though nobody has made it so has it from a Param or a constant."""
    for y in numbers(recording.entries[index][1]):
        if not np.isfinite(y).all():
            raise _found(
                recording,
                index,
                f"the result is {what(y, ~np.isfinite(y))}, and no operation made it",
                (),
            )


def _check_outgrad(recording: Recording, index: int) -> None:
    """Of finite gradients the sum may be none, and a hook returns what it likes."""
    dy = recording.outgrads[index]
    for leaf in numbers(dy):
        bad = ~np.isfinite(leaf)
        if bad.any():
            seen = any(place == index for place, _, _ in hooked(recording, index))
            who = (
                "a function given to on_grad returned it" if seen else "it is a sum of finite ones"
            )
            raise _found(
                recording,
                index,
                f"the gradient of node {index + 1} is {what(leaf, bad)}: {who}",
                first(bad),
                dy,
            )


def _found(
    recording: Recording, index: int, headline: str, at: tuple[int, ...], dy: Any = None
) -> NonFiniteError:
    """The error for a finding at `index`."""
    notes: Any = recording.notes
    return NonFiniteError(
        message(
            recording.entries,
            notes,
            index,
            [headline, origin(recording.entries, notes, index)],
            at,
            dy,
        )
    )
