"""The recording of HIPS autograd: its boxes as calls with lines, and the times of its rules."""

from __future__ import annotations

import inspect
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import FrameType
from typing import Any
from unittest.mock import patch

import numpy as np
from autograd import core, tracer

from autograd_tools.engine.describe import describe
from autograd_tools.location.call_site import CallSite
from autograd_tools.tracing.columns import ArgTemplate, Argument
from autograd_tools.tracing.summaries import Form
from viewer.adapters.gradients import Done, EngineGradient
from viewer.adapters.recorder import OPERAND, BackwardPass, OpCall, SiteFinder


class HipsRecorder:
    """Records the gradients of HIPS autograd between `start` and `stop`, in one thread.

    `done` gets each gradient at its end. With `values`, calls keep their arrays until then.
    """

    def __init__(
        self,
        done: Done,
        base: FrameType | None,
        *,
        values: bool = False,
        clock: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self._done, self._values, self._clock = done, values, clock
        self._finder = SiteFinder(base)
        self._since: list[OpCall] = []
        self._pass: BackwardPass | None = None
        self._rule: OpCall | None = None  # the call whose rule runs
        self._begin = 0  # of the last operation
        self._depth = 0  # of functions that are being differentiated
        self._thread = threading.get_ident()
        self._paused = 0  # the thread whose gradients are only counted
        self.later = 0  # their number
        self._stack = ExitStack()

    def start(self) -> None:
        """Record from now on."""
        with ExitStack() as stack:
            node = _node_class(self)
            # By class, the functions whose gradient is zero.
            known = tracer.notrace_primitives
            stack.enter_context(patch.dict(known, {node: known[core.VJPNode]}))
            for owner, name, new in (
                (core, "VJPNode", node),
                (core, "trace", self._traced(core.trace)),
                (core, "backward_pass", self._backward(core.backward_pass)),
                (tracer, "find_top_boxed_args", self._beginning(tracer.find_top_boxed_args)),
            ):
                stack.enter_context(patch.object(owner, name, new))
            self._stack = stack.pop_all()

    def pause(self) -> None:
        """Record no more and only count gradients, until `stop`."""
        self._thread, self._paused = -1, self._thread

    def stop(self) -> list[OpCall]:
        """End the recording, and return the calls after the last gradient."""
        self.pause()
        self._stack.close()
        self._finder = SiteFinder(None)  # it keeps frames
        since, self._since = self._since, []
        return since

    def without_gradient(self) -> dict[str, str]:
        """Return nothing: an argument without a gradient is an error or a warning there."""
        return {}

    def keep_values(self, values: bool) -> None:
        """Keep the values of the next gradients, or not."""
        self._values = values

    @property
    def here(self) -> bool:
        """True if the current operation is to be recorded."""
        return threading.get_ident() == self._thread

    def _traced(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function that calls one to be differentiated."""

        def traced(*args: Any) -> Any:
            self._depth += 1
            try:
                return run(*args)
            finally:
                self._depth -= 1

        return traced

    # Operations.

    def _beginning(self, find: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function that each operation calls first."""

        def found(args: Any) -> Any:
            boxes = find(args)
            self._begin = self._clock()
            return boxes

        return found

    def leaf(self, x: Any, name: str) -> OpCall:
        """Return the leaf of an argument."""
        call = OpCall("input", "", _form_of(x), name=name)
        call.value = x if self._values else None
        return call

    def call(
        self,
        value: Any,
        function: Any,
        args: Sequence[Any],
        kwargs: dict[str, Any],
        argnums: Sequence[int],
        parents: Sequence[Any],
    ) -> OpCall:
        """Return a call that was just made."""
        spent = self._clock() - self._begin
        form = _form_of(value)
        name = getattr(function, "__name__", str(function))
        templates: list[ArgTemplate] = [
            OPERAND if position in argnums else describe(_plain(x))
            for position, x in enumerate(args)
        ]
        templates += [Argument(describe(_plain(x)), (), key) for key, x in kwargs.items()]
        call = OpCall(
            *("result", name, form, self._site(), tuple(templates)),
            [parent.call for parent in parents],
            forward_ns=spent,
        )
        call.nbytes = form.nbytes if isinstance(value, np.ndarray) and value.base is None else 0
        call.value = value if self._values else None
        self._since.append(call)
        self._begin = self._clock()
        return call

    def _site(self) -> CallSite:
        """Return the site of an operation; one that a rule makes has that of the rule's."""
        return self._finder.find() if self._rule is None else self._rule.site

    # The backward pass.

    def _backward(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """Return the backward pass; one inside another gradient is a part of that."""

        def pass_back(dy: Any, node: Any) -> Any:
            is_inner = self._pass is not None or self._depth > 0
            if not self.here or is_inner:
                self.later += threading.get_ident() == self._paused and not is_inner
                return run(dy, node)
            done = self._pass = BackwardPass()
            try:
                found = run(dy, node)
            finally:
                self._pass = None
            since, self._since = self._since, []
            if isinstance(getattr(node, "call", None), OpCall):
                self._done(EngineGradient(since, [node.call], done, _array_of, engine="autograd"))
            return found

        return pass_back

    def note_outgrad(self, call: OpCall, dy: Any) -> None:
        """Note the gradient of a value."""
        if self._pass is not None:
            self._pass.outgrads[call] = _form_of(dy), dy if self._values else None

    def timed(self, call: OpCall, argument: int, rule: Callable[[Any], Any], dy: Any) -> Any:
        """Call the rule of an argument, or of all for 0."""
        around, self._rule = self._rule, call
        start = self._clock()
        try:
            found = rule(dy)
        finally:
            self._rule = around
            if self._pass is not None:
                self._pass.add(call, argument, self._clock() - start)
        return found


def _node_class(recorder: HipsRecorder) -> type:
    """Return the class of nodes that the recorder sees."""

    base: Any = core.VJPNode
    set_vjp = base.vjp.__set__

    class RecordedNode(base):
        __slots__ = ("call",)

        def __init__(
            self, value: Any, fun: Any, args: Any, kwargs: Any, argnums: Any, parents: Any
        ) -> None:
            super().__init__(value, fun, args, kwargs, argnums, parents)
            if not recorder.here:
                self.call = parents[0].call
                return
            call = self.call = recorder.call(value, fun, args, kwargs, argnums, parents)
            rules = [self.vjp]
            if len(argnums) > 1:
                maker = core.primitive_vjps[fun]
                rules = [maker((number,), value, args, kwargs) for number in argnums]

            def vjp(dy: Any) -> tuple[Any, ...]:
                recorder.note_outgrad(call, dy)
                found: tuple[Any, ...] = ()
                for number, rule in zip(argnums, rules, strict=True):
                    found += tuple(recorder.timed(call, number + 1, rule, dy))
                return found

            set_vjp(self, vjp)

        def initialize_root(self) -> None:
            super().initialize_root()
            maker = sys._getframe(2).f_locals  # of `make_vjp`
            call = self.call = recorder.leaf(maker["x"], _argument_of(maker["fun"]))

            def vjp(dy: Any) -> tuple[Any, ...]:
                recorder.note_outgrad(call, dy)
                return ()

            set_vjp(self, vjp)

    return RecordedNode


def _argument_of(function: Any) -> str:
    """Return the name of the argument that a function of one argument passes on, if known."""
    code = getattr(function, "__code__", None)
    names = () if code is None else code.co_freevars
    found = dict(zip(names, getattr(function, "__closure__", None) or (), strict=True))
    if not {"fun", "argnum"} <= found.keys():
        return ""
    number = found["argnum"].cell_contents
    try:
        arguments = list(inspect.signature(found["fun"].cell_contents).parameters)
    except (TypeError, ValueError):
        return ""
    return arguments[number] if isinstance(number, int) and number < len(arguments) else ""


def _plain(x: Any) -> Any:
    while tracer.isbox(x):
        x = x._value
    return x


def _array_of(x: Any) -> np.ndarray | None:
    x = _plain(x)
    if isinstance(x, (float, np.generic)):
        x = np.asarray(x)
    return x if isinstance(x, np.ndarray) and x.size and x.dtype.kind in "iufc" else None


def _form_of(x: Any) -> Form:
    x = _plain(x)
    if isinstance(x, float):
        return Form(repr(float(x)), (), str(np.asarray(x).dtype), 8)
    if isinstance(x, (np.ndarray, np.generic)):
        return Form(describe(x), x.shape, str(x.dtype), x.nbytes)
    return Form(describe(x))
