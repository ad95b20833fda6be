"""Gradients that other engines compute for a script, found when it imports one of them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType, TracebackType
from typing import Any, NamedTuple

from autograd_tools.location.users_code import LIBRARY_FILES
from viewer.adapters.gradients import Done
from viewer.adapters.recorder import OpCall
from viewer.command.messages import say


class Engine(NamedTuple):
    """The module whose `recorder` records an engine, and a name in the package of that engine."""

    adapter: str
    name: str


# By the package that scripts import. To add one, add an entry.
ENGINES = {
    "jax": Engine("viewer.adapters.jax", "value_and_grad"),
    "autograd": Engine("viewer.adapters.hips", "elementwise_grad"),
    "torch": Engine("viewer.adapters.torch", "autograd"),
}


class EngineWatch:
    """Records the engines that a script imports in a `with` block.

    `done` gets each gradient at its end. With `values`, the next ones have statistics. An engine
    that compiles programs looks at the one of a `number`, from 1, alone.
    """

    def __init__(self, done: Done, *, values: bool, number: int) -> None:
        self._done, self._values, self._number = done, values, number
        self._recorders: list[Any] = []
        self._finder = _Finder(self._start)
        self.later = 0  # gradients after `pause`
        self.rest: list[OpCall] = []  # the calls after the last gradient
        self.without_gradient: dict[str, str] = {}  # by name of a Param, the reason

    def __enter__(self) -> EngineWatch:
        for package in ENGINES:
            if package in sys.modules:
                self._start(package)
        sys.meta_path.insert(0, self._finder)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def values(self) -> bool:
        """True if the values of the next gradients are kept."""
        return self._values

    @values.setter
    def values(self, values: bool) -> None:
        self._values = values
        for recorder in self._recorders:
            recorder.keep_values(values)

    def pause(self) -> None:
        """Record no more and only count gradients, until the end of the block."""
        for recorder in self._recorders:
            recorder.pause()

    def stop(self) -> None:
        """End the recording."""
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        while self._recorders:
            recorder = self._recorders.pop()
            self.rest += recorder.stop()
            self.later += recorder.later
            self.without_gradient |= recorder.without_gradient()

    def _start(self, package: str) -> None:
        """Record an engine that was imported, unless another module has its name."""
        engine, module = ENGINES[package], sys.modules.get(package)
        is_ours = (getattr(module, "__file__", None) or "").startswith(LIBRARY_FILES)
        if is_ours or not hasattr(module, engine.name):
            return
        try:
            adapter = importlib.import_module(engine.adapter)
        except ImportError as error:  # too old, or damaged
            say(f"cannot record {package}: {error}")
            return
        recorder = adapter.recorder(self._done, values=self._values, number=self._number)
        recorder.start()
        self._recorders.append(recorder)


class _Finder(MetaPathFinder):
    """A finder of modules that calls a function once an engine is imported."""

    def __init__(self, imported: Callable[[str], None]) -> None:
        self._imported = imported

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find an engine as the other finders do."""
        if name not in ENGINES:
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        found = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            loader.exec_module = self._executing(name, loader.exec_module)
        return spec

    def _executing(
        self, name: str, execute: Callable[[ModuleType], None]
    ) -> Callable[[ModuleType], None]:
        def executed(module: ModuleType) -> None:
            execute(module)
            self._imported(name)

        return executed
