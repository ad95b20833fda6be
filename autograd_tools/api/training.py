"""Histories of training runs: the loss and the norms of all gradients, step by step."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np

from autograd_tools.api.series_recorder import SeriesRecorder, function_of
from autograd_tools.base.html import html_of, text_of
from autograd_tools.engine.listeners import Heard, reading
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.saved import FLOATS
from autograd_tools.location.users_code import is_users
from autograd_tools.tracing.findings import Finding
from autograd_tools.tracing.series import Series

MOST_KEYS = 4096  # places in the code to remember


class History:
    """The gradients of a training run, recorded by `ag.history()`.

    `print(h)` shows the loss and each gradient as a row of bars, and where something goes wrong:
    the first NaN or Inf, gradients that explode, vanish or are zero. A notebook shows charts. It
    can be read while the training runs.

    Attributes
    ----------
    series : list of Series
        The gradients of each function at each line, in the order in which they began. A series has
        `function`, `file`, `line`, `names`, `steps` and `findings()`.
    """

    __module__ = "autograd_tools"

    def __init__(self, series: list[Series] | None = None) -> None:
        self.series = series or []
        self._lock = threading.RLock()
        self._recorders: dict[Any, SeriesRecorder] = {}  # by function and line
        self._known: dict[Any, tuple[SeriesRecorder, Any]] = {}  # the same by code, kept alive

    @property
    def steps(self) -> int:
        """The number of gradients in all series."""
        return sum(series.steps for series in self.series)

    def findings(self) -> list[tuple[Series, Finding]]:
        """Return where each series goes wrong, the first step of a series first.

        Returns
        -------
        findings : list of (Series, Finding)
            A finding has `step`, counted from 0 in its series, `kind` ("value", "nan", "inf",
            "exploded", "vanished" or "zero"), `param` (None for the loss) and `value`.
        """
        return [(series, found) for series in [*self.series] for found in series.findings()]

    def columns(self) -> dict[str, list[Any]]:
        """Return the steps of all series as columns of one table.

        Returns
        -------
        columns : dict of str to list
            `series`, `step`, `loss`, `forward_ns`, `backward_ns`; for each Param or argument `w`
            the `norm(w)` of its gradient and the counts `nans(w)` and `infs(w)`. None if a step has
            no gradient for it.
        """
        from autograd_tools.tracing.history_files import table_of  # few programs need it

        return table_of([*self.series])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the history to a file.

        Parameters
        ----------
        path : str or Path
            Its extension selects the format: `.html` is a page with charts, `.json` can be loaded
            again, `.csv` and `.parquet` are tables of `columns()`; Parquet needs `pyarrow`. A
            further `.gz` compresses the file.

        Raises
        ------
        ValueError
            If the extension is unknown.
        ModuleNotFoundError
            If `pyarrow` is needed and missing.
        """
        from autograd_tools.tracing.history_files import write_history

        write_history(path, [*self.series], self)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> History:
        """Return a history from a JSON file of `save`.

        Parameters
        ----------
        path : str or Path
            The file.

        Raises
        ------
        ValueError
            If the file is damaged, of another kind, or from a newer version.
        """
        from autograd_tools.tracing.history_files import load_series

        return cls(load_series(path))

    def _hear(self, heard: Heard) -> None:
        loss = _scalar(heard.value)
        if loss is None:
            return
        frame = _users_frame(sys._getframe(1))
        with self._lock:
            self._recorder(heard, frame).add(heard, loss, frame)

    def _recorder(self, heard: Heard, frame: FrameType | None) -> SeriesRecorder:
        f = function_of(heard.recording)
        code = getattr(f, "__code__", None) or type(f)
        place = (None, 0) if frame is None else (frame.f_code, frame.f_lasti)
        key = id(code), id(place[0]), place[1]
        if key not in self._known:
            if len(self._known) >= MOST_KEYS:
                self._known.clear()
            self._known[key] = self._new(f, code, frame), (code, place)
        return self._known[key][0]

    def _new(self, f: Any, code: Any, frame: FrameType | None) -> SeriesRecorder:
        """Return the recorder for a function and the user's line; two calls of a line share it."""
        file, line, name = ("", 0, "")
        if frame is not None:
            file, line, name = frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name
        if f is not None:
            name = name_of(f)
        key = name, code, file, line  # equal codes are equal, such as those of one lambda
        if key not in self._recorders:
            series = Series("" if name == "<module>" else name, file, line)
            self.series.append(series)
            self._recorders[key] = SeriesRecorder(series, f)
        return self._recorders[key]

    def __str__(self) -> str:
        return str(text_of(self) or repr(self))

    def __repr__(self) -> str:
        return f"<History: {self.steps} gradients in {len(self.series)} series>"

    def _repr_html_(self) -> str | None:
        return html_of(self)


def _scalar(y: Any) -> float | None:
    """Return a value as a number; None for what is no loss, such as a row of a Jacobian."""
    if type(y) in FLOATS:
        return float(y)
    is_real = isinstance(y, (int, float, np.number, np.ndarray)) and np.isrealobj(y)
    return float(y) if is_real and np.shape(y) == () else None


def _users_frame(frame: FrameType | None) -> FrameType | None:
    while frame is not None and not is_users(frame):
        frame = frame.f_back
    return frame


@contextmanager
def history() -> Iterator[History]:
    """Record the loss and the norms of all gradients in a `with` block.

    It records `grad` and related functions, `diff` and `record`, in all threads. A nested gradient
    is part of the outer one. Compiled functions run uncompiled. The block adds some microseconds to
    each step and keeps no array alive.

    Yields
    ------
    History
        The history so far, also during the block and after an exception.

    Notes
    -----
    A series keeps at most 8 MiB, which is 55,000 steps of 5 Params. A longer series keeps the first
    and the most extreme of 2, 4, 8 … neighbouring steps. It always keeps the first and the last
    step, the largest and smallest loss and norms, and the steps of `findings()`.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> w = ag.Param(np.array([1.0, 2.0]), name="w")
    >>> with ag.history() as h:
    ...     for _ in range(3):
    ...         J = ag.diff(lambda: np.sum(w**2))
    ...         w.value = w.value - 0.25 * ag.grad(J, w)
    >>> h.columns()["loss"]
    [5.0, 1.25, 0.3125]
    >>> h.findings()
    []
    """
    found = History()
    with reading(found._hear):
        yield found
