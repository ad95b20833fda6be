"""A trial of a plan: the program runs again in its own process, with changed lines.

The process measures the peak of one gradient and the time of some more, and ends there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

import autograd_tools as ag
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.state import innermost_open
from autograd_tools.engine.values import unwrap
from viewer.command import script, targets
from viewer.command.other_process import command_line
from viewer.command.targets import Target

# Gradients timed besides the one whose peak is measured; the least of them if they take long.
MOST_TIMED, LEAST_TIMED, LONG_NS = 20, 3, 2_000_000_000
MEASURED = 2  # gradients whose peak is measured: the first one also fills caches
LEAST_SPENT = 0.2  # seconds, from which the system's clock of hundredths tells shares
RESULT, GRADIENT = "result.json", "gradient.npz"
POLL = 0.1  # seconds


class Run(NamedTuple):
    """A run of the program: the peak of a gradient in bytes, its nanoseconds, and its numbers.

    `forward_ns` are those up to the end of the forward pass. Both are times of the processor, as
    other programs may use it, too. `system` is the share that the system takes to provide memory.
    """

    peak: int
    ns: int
    forward_ns: int
    system: float
    gradient: list[np.ndarray]


class Failed(Exception):  # noqa: N818  a reason rather than an error
    """The reason why a run has no gradient to compare."""


# In the process of the command.


def trial_run(
    target: Target,
    folder: str,
    numbers: tuple[int, int],
    update: Callable[[], None],
    sources: dict[str, str],
) -> Run:
    """Run a program with other sources of some files, from the first gradient to the last.

    `numbers` are that of the gradient to measure, and that of the last one that the program makes.

    Raise Failed if it does not get there.
    """
    with tempfile.TemporaryDirectory(prefix="autograd-tools-") as work:
        request = {"target": asdict(target), "numbers": numbers, "sources": sources}
        (Path(work) / "request.json").write_text(json.dumps(request), encoding="utf-8")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AUTOGRAD_TIMER")}
        environment.pop("PYTHONTRACEMALLOC", None)
        with (Path(work) / "errors").open("w+", encoding="utf-8", errors="replace") as errors:
            process = subprocess.Popen(
                command_line(__name__, "run_request", work),
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
            _wait(process, update)
            errors.seek(0)
            printed = errors.read()
        if not (Path(work) / RESULT).exists():
            raised = re.findall(r"^[A-Za-z_][\w.]*(?:Error|Exception): (.*)", printed, re.MULTILINE)
            raise Failed(raised[-1] if raised else "the program computed fewer gradients")
        peak, ns, forward_ns, system = json.loads((Path(work) / RESULT).read_text())
        try:
            with np.load(Path(work) / GRADIENT) as arrays:
                gradient = [arrays[name] for name in sorted(arrays)]
        except ValueError:  # objects, such as sparse matrices
            raise Failed("its gradient is not a numeric array and cannot be compared") from None
        return Run(peak, ns, forward_ns, system, gradient)


_running: list[subprocess.Popen[bytes]] = []


def end_trials() -> None:
    """End the process of a trial that runs."""
    for process in _running:
        process.kill()


def _wait(process: subprocess.Popen[bytes], update: Callable[[], None]) -> None:
    _running.append(process)
    try:
        while process.poll() is None:
            update()
            time.sleep(POLL)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        _running.remove(process)


def difference(a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> float:
    """Return the largest difference of gradients, relative to the largest number."""
    if [x.shape for x in a] != [x.shape for x in b]:
        return float("inf")
    finite = (np.abs(x[np.isfinite(x)]) for x in a)
    most = max((float(np.max(x, initial=0)) for x in finite), default=0.0) or 1.0
    with np.errstate(invalid="ignore"):
        apart = [
            np.abs(x - y)[~((x == y) | (np.isnan(x) & np.isnan(y)))]
            for x, y in zip(a, b, strict=True)
        ]
    found = max((float(np.max(x, initial=0)) for x in apart), default=0.0) / most
    return float("inf") if np.isnan(found) else found


# In the process of the trial.


class _Watch:
    """Measures the peak of a gradient, then the time of some that are as long."""

    def __init__(self, number: int, last: int, folder: Path) -> None:
        self._number = number
        self._last = last
        self._folder = folder
        self._seen = 0
        self._recording: Any = None
        self._start = self._forward = self._live = self._length = 0
        self._peaks: list[int] = []
        self._ns: list[tuple[int, int]] = []  # of a gradient, and of its forward pass
        self._times = os.times()
        self._user = self._system = 0.0  # seconds of the timed gradients, by the system's clock

    def begin(self, recording: Recording) -> None:
        """Note the start of a gradient, unless a backward pass runs, which may record again."""
        if innermost_open() is not None or (self._recording and self._recording.outgrads):
            return
        self._recording = recording
        if 0 <= self._seen - self._number + 1 < MEASURED:
            tracemalloc.start()  # with Python's objects, of which nodes consist
        if tracemalloc.is_tracing():
            self._live = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
        self._times = os.times()
        self._start = time.thread_time_ns()

    def turn(self, recording: Recording) -> None:
        """Note the end of the forward pass."""
        if recording is self._recording and recording.is_open:
            self._forward = time.thread_time_ns() - self._start

    def end(self) -> None:
        """Note the end of a gradient; after the last one, end the process."""
        ns, times = time.thread_time_ns() - self._start, os.times()
        self._seen += 1
        traced, peak = tracemalloc.is_tracing(), tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        if self._seen == self._number:
            self._length = len(self._recording.entries)
            self._save_gradient()
        if self._seen >= self._number and len(self._recording.entries) == self._length:
            self._ns.append((ns, self._forward))
            self._peaks += [peak - self._live] if traced else []
            self._user += times.user - self._times.user
            self._system += times.system - self._times.system
        self._recording = None
        if self._is_enough():
            self.finish()
            os._exit(0)  # the rest of the program has no part in the trial

    def _is_enough(self) -> bool:
        spent = sum(ns for ns, _ in self._ns[MEASURED:])
        most = LEAST_TIMED if spent > LONG_NS else MOST_TIMED
        return self._seen >= min(self._number + most, self._last)

    def finish(self) -> None:
        """Write what was measured, if the gradient was reached."""
        if self._ns:
            ns = min(self._ns[MEASURED:], default=min(self._ns))  # the first were slowed down
            spent = self._user + self._system
            share = self._system / spent if spent > LEAST_SPENT else 0.0
            result = json.dumps([min(self._peaks), *ns, share])
            (self._folder / RESULT).write_text(result, encoding="utf-8")

    def _save_gradient(self) -> None:
        recording = self._recording
        leaves = (*recording.inputs, *recording.leaves.values())
        outgrads = [recording.outgrads[leaf] for leaf in leaves if leaf < len(recording.outgrads)]
        found = [x for dx in outgrads for x in _numbers(unwrap(dx))]
        arrays = {f"{i:06}": x for i, x in enumerate(found)}
        np.savez(self._folder / GRADIENT, **arrays)  # type: ignore[arg-type]


def _numbers(dx: Any) -> Iterable[np.ndarray]:
    """Yield the arrays and numbers in a gradient."""
    if isinstance(dx, dict):
        dx = list(dx.values())
    if isinstance(dx, (list, tuple)):
        for item in dx:
            yield from _numbers(unwrap(item))
    elif dx is not None:
        yield np.asarray(dx)


def _replace_sources(sources: dict[str, str]) -> None:
    """Let the program and its modules have other sources."""
    targets.other_sources.update(sources)
    load = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, name: str) -> CodeType | None:
        path = self.get_filename(name)
        source = sources.get(path)
        if source is None:
            return load(self, name)
        return compile(source, path, "exec", dont_inherit=True)

    SourceFileLoader.get_code = get_code  # type: ignore[assignment, method-assign]


def run_request(folder: str) -> int:
    """Run the program of a request, and return its exit status."""
    request = json.loads((Path(folder) / "request.json").read_text(encoding="utf-8"))
    target = request["target"]
    for name in ("args", "adapted"):
        target[name] = tuple(target[name])
    _replace_sources(request["sources"])
    number, last = request["numbers"]
    watch = _Watch(number, last, Path(folder))
    open_recording, close_recording = Recording.open, Recording.close

    def opened(self: Recording, *args: Any) -> Recording:
        watch.begin(self)
        return open_recording(self, *args)

    def closed(self: Recording, *args: Any) -> None:
        watch.turn(self)
        close_recording(self, *args)

    Recording.close = closed  # type: ignore[assignment, method-assign]
    Recording.open = opened  # type: ignore[assignment, method-assign]
    with ag.after_gradients(watch.end):
        status = script.run(Target(**target))
    watch.finish()
    return status
