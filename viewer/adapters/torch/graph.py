"""The graph of PyTorch: the call that created each grad_fn, its gradient, and its time."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain
from typing import Any

import torch

from autograd_tools.location.call_site import NOWHERE
from autograd_tools.tracing.summaries import Form
from viewer.adapters.recorder import OPERAND, BackwardPass, OpCall
from viewer.adapters.torch.made_in_backward import MadeInBackward
from viewer.adapters.torch.modules import ModuleNames
from viewer.adapters.torch.operations import form_of, form_of_tensor, form_of_tuple, kept

# PyTorch computes `2 * x` as `x * 2`. So the place of a number is unknown.
EITHER = ("add", "multiply")


class TorchGraph:
    """The calls of grad_fns and leaves; grad_fns time themselves while there is a `current` pass.

    The metadata of a grad_fn has its call, under a key of this graph, as long as PyTorch keeps it.
    """

    def __init__(self, clock: Callable[[], int], names: ModuleNames, *, values: bool) -> None:
        self.current: BackwardPass | None = None
        self.values = values
        self._clock, self._names = clock, names
        self._key, self._parts = object(), object()
        leaf = torch.zeros((), requires_grad=True)
        with torch.enable_grad():
            self._accumulate = type((leaf + leaf).grad_fn.next_functions[0][0])
            # Inside of a call, as of the weights of `linear`, it runs for no time after the others.
            self._transposed = type(leaf.t().grad_fn)
        self._leaves: dict[int, tuple[weakref.ref[torch.Tensor], OpCall, Any]] = {}
        self._looked = set[OpCall]()  # the leaves whose names were looked for
        self.reached: set[OpCall] = set()  # the leaves that got a gradient in some pass
        self._running: tuple[OpCall, int] | None = None  # the maker of a grad_fn, and its start
        self._made = MadeInBackward()
        self._next: list[Any] = []  # the grad_fns after the one that was noted last

    def own(self, call: OpCall, made: Iterable[torch.Tensor], inputs: list[Any]) -> list[Any]:
        """Note a call as the maker of the grad_fns between its results and inputs; return them."""
        todo = []
        for x in made:
            todo.append(x.grad_fn)
            base = x._base
            if base is not None and base.grad_fn is not None:
                todo.append(base.grad_fn)  # a change in place of a view renews it
        first, key, found = todo[0], self._key, []
        while todo:
            grad_fn = todo.pop()
            if grad_fn is None or grad_fn in inputs or type(grad_fn) is self._accumulate:
                continue
            metadata = grad_fn.metadata
            if key not in metadata:
                metadata[key] = call
                if grad_fn is first or type(grad_fn) is not self._transposed:
                    self._watch(grad_fn, call, shows=grad_fn is first)
                found.append(grad_fn)
                self._next = [following for following, _ in grad_fn.next_functions]
                todo += self._next
        return found

    def number(self, call: OpCall, results: Iterable[torch.Tensor]) -> None:
        """Note which of the results of a call each tensor is."""
        for i, x in enumerate(results):
            if x.grad_fn is not None and x.grad_fn.metadata.get(self._key) is call:
                x.grad_fn.metadata.setdefault(self._parts, {})[x.output_nr] = f"[{i}]"

    def argument(
        self, call: OpCall, grad_fns: list[Any], inputs: list[Any], args: Sequence[Any]
    ) -> int:
        """Return the argument of a call, from 1, that all its gradients belong to, or 0.

        `inputs` are the grad_fns of its parents.
        """
        if len(grad_fns) > 1 < len(call.parents):
            return 0
        if call.op in EITHER and args and not isinstance(args[-1], torch.Tensor):
            return 0
        numbers = [i for i, own in enumerate(call.args, 1) if type(own) is tuple]
        if len(numbers) > 1:
            following = [f for f in self._next if f is not None]
            if not len(grad_fns) == len(following) == 1:
                return 0
            numbers = self._holding(call, inputs, following[0])
        return numbers[0] if len(numbers) == 1 and numbers[0] <= len(args) else 0

    def _holding(self, call: OpCall, inputs: list[Any], found: Any) -> list[int]:
        """Return the arguments of a call with the value of a grad_fn."""
        if type(found) is self._accumulate:
            is_found = [parent is self._leaf(found.variable) for parent in call.parents]
        else:
            is_found = [own is found for own in inputs]
        each = chain.from_iterable(
            [i] * (len(own) - 1) for i, own in enumerate(call.args, 1) if type(own) is tuple
        )
        return sorted({i for i, own in zip(each, is_found, strict=True) if own})

    def part(self, x: torch.Tensor) -> str:
        """Return the index of a tensor that is one of several results of a call, such as `[0]`."""
        found = None if x.grad_fn is None else x.grad_fn.metadata.get(self._parts)
        return found.get(x.output_nr, "") if found else ""

    def sources(self, grad_fns: Iterable[Any]) -> list[OpCall]:
        """Return the calls and leaves whose values the grad_fns of a call use."""
        own = [*grad_fns]
        found: dict[OpCall, None] = {}
        for following in (f for grad_fn in own for f, _ in grad_fn.next_functions):
            if type(following) is self._accumulate:
                found.setdefault(self._leaf(following.variable))
            elif following is not None and following not in own:
                found.setdefault(following.metadata.get(self._key) or self._adopt(following))
        return [*found]

    def call_of(self, x: torch.Tensor) -> OpCall:
        """Return the call or leaf of a tensor that requires a gradient."""
        grad_fn = x.grad_fn
        if grad_fn is None:
            return self._leaf(x)
        call: OpCall | None = grad_fn.metadata.get(self._key)
        if call is None:
            call = self._adopt(grad_fn)
            if call.form is None:
                call.form = form_of_tensor(x)
        return call

    def leaves(self) -> list[tuple[torch.Tensor, OpCall]]:
        """Return the leaves that are alive, with their calls."""
        held = [(own(), call) for own, call, _ in self._leaves.values()]
        return [(x, call) for x, call in held if x is not None]

    def name_leaves(self) -> None:
        """Look for the names of leaves without one, once each."""
        frame = sys._getframe()
        for x, call in self.leaves():
            if not call.name and call not in self._looked:
                self._looked.add(call)
                call.name = self._names.look(x, frame)

    def unreached(self, done: BackwardPass, asked: Sequence[Any] = ()) -> list[OpCall]:
        """Return the leaves that got no gradient in a pass.

        They are those `asked` for, or all, with those of the modules that were called.
        """
        frame = sys._getframe()
        for x, call in self.leaves():
            call.name = call.name or self._names.look(x, frame)
        for param in () if asked else self._names.params():
            if param.requires_grad:
                self._leaf(param)
        wanted = {id(x) for x in asked}
        return [
            call
            for x, call in self.leaves()
            if x.requires_grad and call not in done.outgrads and (not wanted or id(x) in wanted)
        ]

    def forget(self) -> None:
        """Remove the hooks of leaves, which outlive the graph."""
        for _, _, hook in self._leaves.values():
            hook.remove()

    def known(self, x: torch.Tensor) -> OpCall | None:
        """Return the call or leaf of a tensor; None if it was not seen."""
        if x.grad_fn is not None:
            found: OpCall | None = x.grad_fn.metadata.get(self._key)
            return found
        leaf = self._leaves.get(id(x))
        return leaf[1] if leaf is not None and leaf[0]() is x else None

    def run(
        self, engine: Callable[[], Any], retains: bool, creates: bool
    ) -> tuple[Any, BackwardPass]:
        """Run a backward pass; return what the engine returned, and the pass.

        It retains its graph, or creates that of its gradients. A grad_fn runs until the next one
        begins. So its time includes adding up its gradients.
        """
        around, self._running = (self.current, self._running), None
        done = self.current = self.current or BackwardPass()
        try:
            with self._made.noted(retains, creates):
                found = engine()
            self._end(self._clock())
        finally:
            self.current, self._running = around
        if self.values and self.current is None:
            self.keep_leaves()
        return found, done

    def keep_leaves(self) -> None:
        """Keep the values of leaves as they are now."""
        for x, call in self.leaves():
            call.value = kept(x)

    def _leaf(self, x: torch.Tensor) -> OpCall:
        key = id(x)
        known = self._leaves.get(key)
        if known is None or known[0]() is not x:
            name = self._names.param(x, sys._getframe())
            call = OpCall("param", "", form_of_tensor(x), name=name)
            hook = x.register_hook(partial(self._at_leaf, call))
            alive = weakref.ref(x, lambda _: self._leaves.pop(key, None))
            known = self._leaves[key] = alive, call, hook
        elif not known[1].name:
            known[1].name = self._names.in_modules(x)
        return known[1]

    def _adopt(self, grad_fn: Any) -> OpCall:
        """Return the call of a grad_fn that was made unseen, at an unknown line."""
        todo, opened = [grad_fn], set[Any]()
        while todo:
            own = todo.pop()
            following = [f for f, _ in own.next_functions if f is not None]
            unseen = [f for f in following if self._is_unseen(f)]
            if self._key in own.metadata:
                continue
            if unseen and own not in opened:
                opened.add(own)
                todo += [own, *unseen]
                continue
            parents = [
                self._leaf(f.variable) if type(f) is self._accumulate else f.metadata[self._key]
                for f in following
            ]
            args = (OPERAND,) * len(parents)
            call = OpCall("result", _name_of(own), _form_of(own), NOWHERE, args, parents)
            call.within = self._made.maker(own)
            if call.within is not None:
                call.site = call.within.site._replace(gradient=call.within.op)
            own.metadata[self._key] = call
            self._watch(own, call, shows=True)
        found: OpCall = grad_fn.metadata[self._key]
        return found

    def _is_unseen(self, grad_fn: Any) -> bool:
        return type(grad_fn) is not self._accumulate and self._key not in grad_fn.metadata

    # In a backward pass.

    def _watch(self, grad_fn: Any, call: OpCall, *, shows: bool) -> None:
        grad_fn.register_prehook(partial(self._begin, call, shows))

    def _begin(self, call: OpCall, shows: bool, grads: tuple[Any, ...]) -> None:
        done = self.current
        if done is None:
            return
        self._end(self._clock())
        if shows and call not in done.outgrads:
            self._note_outgrad(done, call, grads)
        if self._made.is_on:
            self._made.begin(call)
        self._running = call, self._clock()

    def _end(self, now: int) -> None:
        if self._running is not None and self.current is not None:
            call, start = self._running
            self.current.add(call, call.argument, now - start)
            self._running = None

    def _at_leaf(self, call: OpCall, dx: torch.Tensor) -> None:
        if self.current is not None:
            self.reached.add(call)
            self._note_outgrad(self.current, call, (dx,))

    def _note_outgrad(self, done: BackwardPass, call: OpCall, grads: tuple[Any, ...]) -> None:
        own = [dx for dx in grads if dx is not None]
        if len(own) == 1:
            dx = own[0]
            done.outgrads[call] = form_of_tensor(dx), kept(dx) if self.values else None
        elif own:
            done.outgrads[call] = form_of_tuple(own), None


def _form_of(grad_fn: Any) -> Form | None:
    """Return the form of the result of the operation of a grad_fn, None for several."""
    found = grad_fn._input_metadata
    return form_of(found[0].dtype, tuple(found[0].shape)) if len(found) == 1 else None


def _name_of(grad_fn: Any) -> str:
    """Return the name of the operation of a grad_fn."""
    name: str = grad_fn.name()
    return name.rstrip("0123456789").removesuffix("Backward")
