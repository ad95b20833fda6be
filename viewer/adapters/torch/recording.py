"""The recording of PyTorch: its operations with their lines, and each of its backward passes."""

from __future__ import annotations

import inspect
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from types import FrameType, MappingProxyType
from typing import Any
from unittest.mock import patch

import torch
from torch.overrides import TorchFunctionMode

from autograd_tools.engine.detached import Detached
from autograd_tools.location.call_site import CallSite
from autograd_tools.location.users_code import is_library
from viewer.adapters.gradients import Done, EngineGradient, with_parents
from viewer.adapters.recorder import OPERAND, OpCall, SiteFinder
from viewer.adapters.torch.graph import TorchGraph
from viewer.adapters.torch.modules import ModuleNames
from viewer.adapters.torch.operations import (
    COMPILED,
    READS,
    REVERSED,
    array_of,
    bytes_of,
    called_name,
    defaults_of,
    form_of_tensor,
    form_of_tuple,
    kept,
    templates_of,
    tensors_in,
)
from viewer.adapters.torch.patches import patches
from viewer.adapters.torch.saving import SavedBytes
from viewer.adapters.torch.user_warnings import warned_at_user

SET_GRAD = torch.Tensor.grad.__set__
MOST_USES = 100  # of a value, that are noted
NOTHING: Mapping[str, Any] = MappingProxyType({})


class TorchRecorder(TorchFunctionMode):
    """Records the operations of a thread between `start` and `stop`.

    `done` gets each gradient at its end. With `values`, calls keep their tensors until then.
    """

    def __init__(
        self,
        done: Done,
        base: FrameType | None,
        *,
        values: bool = False,
        clock: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        super().__init__()
        self._done, self._clock = done, clock
        self.finder = SiteFinder(base)
        self._modules = ModuleNames()
        self.graph = TorchGraph(clock, self._modules, values=values)
        self._known: dict[Any, tuple[str, dict[str, Any]]] = {}  # names and default arguments
        self._since: list[OpCall] = []
        self._detached: dict[OpCall, list[Detached]] = {}  # since the last gradient
        self.removed: dict[int, CallSite] = {}  # by id of a leaf, where its `.grad` became None
        self._last: EngineGradient | None = None
        self._asked: Sequence[Any] = ()  # the leaves that it was to differentiate; empty for all
        self._saved = SavedBytes()
        self._skipped = set[str]()  # operations that were not recorded, of which it was warned
        self._thread = threading.get_ident()
        self._paused = 0  # the thread whose gradients are only counted
        self.later = 0  # their number
        self.inner: list[str] | None = None  # the open module that has no others inside
        # The names and kinds of modules, by their id and the path of the module around.
        self._scopes: dict[tuple[int, str], tuple[str, int | None]] = {}
        self._inside = [0]  # nanoseconds inside each open call, the innermost last
        self._stack = ExitStack()
        self._replaces = False  # functions of PyTorch

    # The life of a recorder.

    def start(self) -> None:
        """Record from now on."""
        with ExitStack() as stack:
            stack.enter_context(self)
            show = warned_at_user(warnings.showwarning)
            stack.enter_context(patch.object(warnings, "showwarning", show))
            for owner, name, make in patches():
                before = owner.__dict__[name]
                stack.enter_context(patch.object(owner, name, make(self, before)))
            self._stack = stack.pop_all()
            self._replaces = True

    @contextmanager
    def away(self) -> Iterator[None]:
        """Let PyTorch be as it is without a recorder, in a block."""
        self.leave()
        try:
            yield
        finally:
            self.start()

    def leave(self) -> None:
        """Let PyTorch be as it is without a recorder, until `start`."""
        self._replaces = False
        self._stack.close()

    def pause(self) -> None:
        """Record no more and only count gradients, also in the middle of an operation."""
        self._thread, self._paused = -1, self._thread
        self._last = None  # which may hold values

    def stop(self) -> list[OpCall]:
        """End the recording, and return the calls after the last gradient."""
        self._thread = -1
        self.leave()
        if self._last is not None:
            self._last.unreached = self.graph.unreached(self._last.done, self._asked)
        self.graph.forget()
        self.finder = SiteFinder(None)  # it keeps frames
        since, self._since = self._since, []
        return since

    def without_gradient(self) -> dict[str, str]:
        """Return why Params have no gradient, by name, once the recording has ended.

        They are frozen, or no gradient reached them.
        """
        found = dict.fromkeys(self._modules.frozen(), "requires_grad is False")
        missed = set[OpCall]() if self._last is None else {*self._last.unreached}
        names = {call.name for call in missed - self.graph.reached}
        if names and self._last is not None:
            columns = self._last.trace().columns
            reasons = {columns.name[row]: reason for row, reason in columns.reasons.items()}
            found |= {name: reason for name, reason in reasons.items() if name in names}
        return found

    def keep_values(self, values: bool) -> None:
        """Keep the values of the next gradients, or not."""
        self.graph.values = values

    def calls_of(self, tensors: Iterable[torch.Tensor]) -> list[OpCall]:
        """Return all calls that some tensors depend on, oldest first."""
        with torch._C.DisableTorchFunction():
            calls = with_parents(map(self.graph.call_of, tensors))
            self.graph.keep_leaves()
            return calls

    def differentiate(self, roots: Sequence[torch.Tensor]) -> None:
        """Run the backward pass of scalars; the `grad` of leaves stays as it is."""
        leaves = [x for x, _ in self.graph.leaves()]
        before = [x.grad for x in leaves]
        for x in leaves:
            x.grad = None
        try:
            torch.autograd.backward(roots)  # of `grad`, checkpoints cannot be a part
        finally:
            for x, dx in zip(leaves, before, strict=True):
                x.grad = dx

    @property
    def here(self) -> bool:
        """True if the current operation is to be recorded."""
        return self.graph.current is None and threading.get_ident() == self._thread

    @property
    def is_started(self) -> bool:
        """True if functions are replaced, and this is the thread that recorded or still does."""
        return self._replaces and threading.get_ident() in (self._thread, self._paused)

    # Operations.

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call an operation and record it."""
        known = self._known.get(func)
        if known is None:
            known = self._known[func] = called_name(func), defaults_of(func)
        name, defaults = known
        kwargs = kwargs or {}
        if not name or self.graph.current is not None or self._thread < 0:
            if not name and func == SET_GRAD and args[1] is None and args[0].grad is not None:
                self.removed[id(args[0])] = self.finder.find()
            return func(*args, **kwargs)
        return self.record(name, func, args, kwargs, defaults)

    def record(
        self,
        name: str,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        defaults: Mapping[str, Any] = NOTHING,
    ) -> Any:
        """Call a function as one operation."""
        parents: list[OpCall] = []
        inputs: list[Any] = []

        def operand(x: torch.Tensor) -> tuple[str, str] | None:
            if not x.requires_grad:
                return None
            parents.append(self.graph.call_of(x))
            inputs.append(x.grad_fn)
            return "", self.graph.part(x)

        try:
            own = templates_of(name, args, kwargs, defaults, operand)
        except Exception as error:
            self._skip(name, error)
            return func(*args, **kwargs)
        if name in REVERSED:
            name, own = REVERSED[name], own[::-1]
            parents.reverse()
            inputs.reverse()
        call = OpCall("result", name, None, args=own, parents=parents)
        self._inside.append(0)
        start = self._clock()
        try:
            y = func(*args, **kwargs)
        finally:
            total = self._clock() - start
            call.forward_ns = total - self._inside.pop()
            self._inside[-1] += total
        try:
            self._note(call, y, args, inputs)
        except Exception as error:
            self._skip(name, error)
        return y

    def _skip(self, name: str, error: Exception) -> None:
        """Warn, once, that an operation is not recorded, as the program goes on."""
        if name not in self._skipped:
            self._skipped.add(name)
            reason = f"{type(error).__name__}: {error}".partition("\n")[0]
            warnings.warn(f"{name} of PyTorch was not recorded: {reason}", stacklevel=2)

    def record_opened(
        self,
        name: str,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        inside: bool = True,
    ) -> Any:
        """Call a function outside of `__torch_function__` as one operation.

        Record the operations `inside` as well, or else leave PyTorch alone there.
        """

        def seen(*args: Any, **kwargs: Any) -> Any:
            with torch._C._EnableTorchFunction(), nullcontext() if inside else self.away():
                return func(*args, **kwargs)

        with torch._C.DisableTorchFunction():
            return self.record(name, seen, args, kwargs)

    def _note(self, call: OpCall, y: Any, args: tuple[Any, ...], inputs: list[Any]) -> None:
        """Note the result of a call, of which None means that its first argument changed."""
        if y is None and args:
            y = args[0]
        is_one = type(y) is torch.Tensor or isinstance(y, torch.Tensor)
        results = [y] if is_one else [*tensors_in(y)]
        if not results:
            if call.op in READS:
                self._note_detached(call, self.finder.find())
            return
        call.site, call.inner = self.finder.find(), self.inner
        call.form = form_of_tensor(y) if is_one else form_of_tuple(results)
        self._since.append(call)
        for x in results:
            if not x._is_view() and not any([x is arg for arg in args]):
                call.nbytes += bytes_of(x)
        try:
            made = [x for x in results if x.grad_fn is not None]
        except RuntimeError:  # a view from under `no_grad` that was changed in place
            made = []
        if not made:
            is_change = call.op.endswith("_") or (args and results[0] is args[0])  # of a leaf
            if call.parents and not is_change:
                self._note_detached(call, call.site)
            call.args, call.parents = (), ()
            return
        grad_fns = self.graph.own(call, made, inputs)
        if not is_one:
            self.graph.number(call, results)
        if call.op.startswith(COMPILED):  # it uses Params that are no arguments
            call.parents = self.graph.sources(grad_fns)
            call.args = (OPERAND,) * len(call.parents)
        else:
            call.argument = self.graph.argument(call, grad_fns, inputs, args)
        call.saved = self._saved.count(grad_fns, args)
        if self.graph.values:
            call.pieces = self._saved.pieces(results, grad_fns, args)
            call.value = kept(y) if is_one else None

    def _note_detached(self, call: OpCall, site: CallSite) -> None:
        """Note that a call reads its parents, and that no gradient comes back through it."""
        name = call.op if torch.is_grad_enabled() else f"{call.op} under no_grad"
        for parent in call.parents:
            uses = self._detached.setdefault(parent, [])
            if len(uses) < MOST_USES:
                uses.append(Detached(name, site.file, site.line, site.function))

    def run_backward(self, engine: Callable[..., Any], roots: Any, *args: Any, **kw: Any) -> Any:
        """Run a backward pass of the engine, and give it to `done`."""
        if not self.here:
            is_inside = threading.get_ident() == self._thread
            is_outer = torch._C._current_graph_task_id() == -1
            self.later += is_outer and threading.get_ident() == self._paused
            run = partial(engine, roots, *args, **kw)
            return self.graph.run(run, *args[1:3])[0] if is_inside else run()
        calls = [self.graph.call_of(x) for x in roots if isinstance(x, torch.Tensor)]
        found, done = self.graph.run(lambda: engine(roots, *args, **kw), *args[1:3])
        since, self._since = self._since, []
        memory = self._saved.memory
        self._saved.clear()
        last = EngineGradient(since, calls, done, array_of, engine="torch", retained=bool(args[1]))
        last.detached, self._detached = self._detached, {}
        self.removed.clear()
        self._last, self._asked = last, args[3]
        if self._asked:
            name = "backward(inputs=...)" if kw.get("accumulate_grad") else "torch.autograd.grad"
            last.not_asked = f"{name} did not ask for it"
        if self.graph.values:
            last.buffers_of = partial(memory.buffers, done)
            last.unreached = self.graph.unreached(done, self._asked)
        else:
            self.graph.name_leaves()  # while the program has its variables
        self._done(last)
        return found

    def scope(self, module: torch.nn.Module, around: str) -> tuple[str, int | None]:
        """Return the name of the scope of a module: its path after that of the module around.

        The second is the id of the code of its `forward`, if that is the user's. Else it is 0 for a
        module that has others inside, and None for one without.
        """
        key = id(module), around
        found = self._scopes.get(key)
        if found is None:
            path = self._modules.path(module, sys._getframe())
            name = path.removeprefix(around + ".") if around else path
            found = self._scopes[key] = name, self._kind(module)
        return found

    def _kind(self, module: torch.nn.Module) -> int | None:
        code = getattr(inspect.getattr_static(module, "forward", None), "__code__", None)
        if code is None or is_library(code.co_filename):
            return 0 if module._modules else None
        self.finder.codes.add(id(code))
        return id(code)
