"""The trace of a PyTorch function, and the profile of a block with its gradients."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import autograd_tools as ag
from autograd_tools import Timer, Trace
from autograd_tools.location.call_site import CallSite
from viewer.adapters.gradients import EngineGradient, recorded_trace
from viewer.adapters.meter import Meter
from viewer.adapters.recorder import OpCall
from viewer.adapters.torch.graph import TorchGraph
from viewer.adapters.torch.operations import array_of, tensors_in
from viewer.adapters.torch.recording import TorchRecorder
from viewer.profiles.overview import WITHOUT


def trace_torch(f: Callable[..., Any], *args: Any) -> Trace:
    """Return the operations of a PyTorch function as a trace, with the gradients of its result.

    Parameters
    ----------
    f : callable
        A function or module. If it returns a scalar, or several, that require a gradient, they are
        differentiated; `.grad` of the leaves stays as it is. A function that runs `backward()`
        itself gives the trace of its last one.
    *args
        Its arguments. Gradients are those of all tensors with `requires_grad`, also of Params of
        modules.

    Returns
    -------
    trace : Trace
        The nodes, for every view: values with statistics, lines, scopes of modules and functions,
        loops, forward times, and backward times at the line of the forward operation.

    Raises
    ------
    ValueError
        If nothing that requires a gradient is computed.
    """
    found: list[Trace] = []
    spent = set[OpCall]()

    def take(gradient: EngineGradient) -> None:
        found.append(gradient.trace())
        if not gradient.retained:
            spent.update(gradient.done.ns)

    recorder = TorchRecorder(take, sys._getframe(), values=True)
    recorder.start()
    try:
        roots = [x for x in tensors_in(f(*args)) if x.requires_grad]
        calls = recorder.calls_of(roots)
        if roots and all(x.numel() == 1 for x in roots) and spent.isdisjoint(calls):
            recorder.differentiate(roots)
    finally:
        recorder.stop()
    if found:
        return found[-1]
    if not calls:
        raise ValueError(
            "expected a function that computes a tensor with requires_grad, got none; "
            "write requires_grad=True for an argument, or use a module with parameters"
        )
    return recorded_trace(calls, array_of=array_of, engine="torch")


class TorchProfile(ag.Profile):
    """The measurements of a block: a `Timer` that is empty until the block ends.

    `print(profile)` shows the hotspots by operation and by line. All views of a timer take it, and
    `profile.save(path)` writes a file for the command line.

    Attributes
    ----------
    trace : Trace or None
        The last gradient of the block, for all views of a trace.
    """

    last: EngineGradient | None = None
    graph: TorchGraph
    removed: Mapping[int, CallSite]

    @property
    def timer(self) -> Timer:
        """The profile itself."""
        return self

    @functools.cached_property
    def trace(self) -> Trace | None:
        """The last gradient of the block; None if there was none."""
        return None if self.last is None else self.last.trace()


@contextmanager
def profile_torch(
    *, values: bool = False, clock: Callable[[], int] = time.perf_counter_ns
) -> Iterator[TorchProfile]:
    """Measure the operations of PyTorch in a `with` block, and their backward passes, by line.

    Each `backward()` or `torch.autograd.grad` counts as a gradient. It measures this thread.

    Parameters
    ----------
    values : bool
        Also keep the values and gradients of each step until it ends, so that `trace` has their
        statistics.
    clock : callable
        A function that returns nanoseconds.

    Yields
    ------
    TorchProfile
        The measurements, once the block has ended, also with an exception.
    """
    found, meter, own = TorchProfile(), Meter(), [0]

    def take(gradient: EngineGradient) -> None:
        start = clock()
        meter.add(gradient.since, gradient.done)
        found.last = gradient
        if values:
            found.trace = gradient.trace()  # before the values change
        own[0] += clock() - start

    frame = sys._getframe(2)  # of the block
    recorder = TorchRecorder(take, frame, values=values, clock=clock)
    found.graph, found.removed = recorder.graph, recorder.removed
    start = clock()
    recorder.start()
    try:
        yield found
    finally:
        rest = recorder.stop()
        total = clock() - start - own[0]
        meter.add_rest(rest)
        totals = meter.timer().totals()
        totals.total_ns = total
        if missed := recorder.without_gradient():
            totals.about[WITHOUT] = missed
        found.hold(totals)
