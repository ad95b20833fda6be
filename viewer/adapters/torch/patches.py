"""Functions of PyTorch that a recorder replaces while it records."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, Protocol

import torch

import autograd_tools as ag
from viewer.adapters.recorder import SiteFinder
from viewer.adapters.torch.operations import COMPILED

Make = Callable[["Recording", Any], Any]


class Recording(Protocol):
    """A recorder, as far as replaced functions know it."""

    finder: SiteFinder
    inner: list[str] | None

    def start(self) -> None:
        """Record from now on."""

    def leave(self) -> None:
        """Let PyTorch be as it is without a recorder, until `start`."""

    @property
    def here(self) -> bool:
        """True if the current operation is to be recorded."""

    @property
    def is_started(self) -> bool:
        """True if functions are replaced, and this is the thread that recorded or still does."""

    def scope(self, module: torch.nn.Module, around: str) -> tuple[str, int | None]:
        """Return the name of the scope of a module, and its kind."""

    def run_backward(self, engine: Callable[..., Any], roots: Any, *args: Any, **kw: Any) -> Any:
        """Run a backward pass of the engine."""

    def record_opened(
        self,
        name: str,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        inside: bool = True,
    ) -> Any:
        """Call a function as one operation."""


def patches() -> list[tuple[Any, str, Make]]:
    """Return what to replace: the owner, the name, and a function that makes the replacement."""
    found: list[tuple[Any, str, Make]] = [
        (torch.autograd, "_engine_run_backward", _engine),
        (torch.nn.Module, "__call__", _scoped),
        (torch.autograd.Function, "apply", _custom),
        (torch, "compile", _compile),
    ]
    exporter = sys.modules.get("torch.export")
    if exporter is not None:
        found.append((exporter, "export", _unrecorded))
    compiler = sys.modules.get("torch._dynamo.eval_frame")  # it takes seconds to import
    if compiler is not None:
        found.append((compiler.OptimizedModule, "__call__", _compiled_module))
        found.append((compiler, "_maybe_set_eval_frame", _switch))
    return found


def _engine(recorder: Recording, engine: Callable[..., Any]) -> Callable[..., Any]:
    return functools.partial(recorder.run_backward, engine)


def _scoped(recorder: Recording, call: Callable[..., Any]) -> Callable[..., Any]:
    """Return `Module.__call__` that opens a scope for the module."""
    around: list[str] = []

    def called(module: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
        if not recorder.here:
            return call(module, *args, **kwargs)
        name, code = recorder.scope(module, around[-1] if around else "")
        if code is None:
            before, recorder.inner = recorder.inner, [name]
            try:
                return call(module, *args, **kwargs)
            finally:
                recorder.inner = before
        around.append(f"{around[-1]}.{name}" if around else name)
        try:
            if not code:
                with ag.scope(name):
                    return call(module, *args, **kwargs)
            recorder.finder.named.append([name, code, None])
            try:
                return call(module, *args, **kwargs)
            finally:
                recorder.finder.named.pop()
        finally:
            around.pop()

    return called


def _custom(recorder: Recording, apply: Any) -> Any:
    """Return `Function.apply` that is recorded as one operation, with those inside."""

    def applied(function: Any, *args: Any, **kwargs: Any) -> Any:
        call = apply.__get__(None, function)
        if not recorder.here:
            return call(*args, **kwargs)
        return recorder.record_opened(function.__name__, call, args, kwargs)

    return classmethod(applied)


def _compiled_module(recorder: Recording, call: Callable[..., Any]) -> Callable[..., Any]:
    """Return the call of a compiled module as one operation."""
    as_it_is = _unrecorded(recorder, call)

    def called(module: Any, *args: Any, **kwargs: Any) -> Any:
        if not recorder.here:
            return as_it_is(module, *args, **kwargs)
        name = COMPILED + type(module._orig_mod).__name__
        own = functools.partial(call, module)
        return recorder.record_opened(name, own, args, kwargs, inside=False)

    return called


def _switch(recorder: Recording, switch: Callable[..., Any]) -> Callable[..., Any]:
    """Return what begins and ends a call of a function that was compiled before.

    It is not recorded. So its results come from an unknown line.
    """
    compiler: Any = sys.modules["torch._dynamo.eval_frame"]

    def begins(callback: Any) -> Any:
        frame = sys._getframe(1)
        if frame.f_code.co_name == "compile_wrapper" and recorder.is_started:
            recorder.leave()
            compiler._maybe_set_eval_frame = functools.partial(ends, frame)
        return switch(callback)

    def ends(frame: FrameType, callback: Any) -> Any:
        if sys._getframe(1) is frame:  # and not a function that runs inside the compiled one
            compiler._maybe_set_eval_frame = switch
            recorder.start()
        return switch(callback)

    return begins


def _unrecorded(recorder: Recording, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that PyTorch itself traces, so that nothing in it is recorded."""

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        if not recorder.is_started:
            return function(*args, **kwargs)
        recorder.leave()
        try:
            return function(*args, **kwargs)
        finally:
            recorder.start()

    return called


def _compile(recorder: Recording, compile_: Callable[..., Any]) -> Callable[..., Any]:
    """Return `torch.compile` whose functions are recorded as one operation."""

    # It keeps methods of the model. And it may import what else is to be replaced.
    compile_as_it_is = _unrecorded(recorder, compile_)

    @functools.wraps(compile_)
    def compiled(model: Any = None, **options: Any) -> Any:
        made = compile_as_it_is(model, **options)
        if model is None or isinstance(made, torch.nn.Module):
            return made

        made_as_it_is = _unrecorded(recorder, made)

        @functools.wraps(made)
        def called(*args: Any, **kwargs: Any) -> Any:
            if not recorder.here:
                return made_as_it_is(*args, **kwargs)
            name = COMPILED + getattr(model, "__name__", type(model).__name__)
            return recorder.record_opened(name, made, args, kwargs, inside=False)

        return called

    return compiled
