"""The tape that `diff` returns, and its nodes: a recording, opened for inspection."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_tools.base.html import html_of
from autograd_tools.base.memory import keep_freed_memory, no_collections
from autograd_tools.engine.backward import differentiate, set_collector
from autograd_tools.engine.cotangents import one_like, to_user_type
from autograd_tools.engine.describe import describe
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.saved import FLOATS, kept_bytes
from autograd_tools.engine.values import Param, Result, Value, unwrap
from autograd_tools.location.call_site import CallSite
from autograd_tools.tracing.columns import Nodes
from autograd_tools.tracing.frame_variables import variables_of_frames
from autograd_tools.tracing.param_names import BEST, Name, Namespace, find_param_names
from autograd_tools.tracing.snapshot import columns_of, parents_of
from autograd_tools.tracing.trace_data import Trace


class Node:
    """One entry of a tape: what was computed, from what, where in the user's code, and what flowed back.

    Assigning None to `value` or `outgrad` frees it, which is what a function given to `set_gcnode` does.
    """

    __slots__ = ("_tape", "index")

    def __init__(self, tape: Recording, index: int) -> None:
        self._tape = tape
        self.index = index  # place on the tape, counted from 0

    @property
    def is_leaf(self) -> bool:
        """Whether it is a Param or an argument of `grad(f)`, which nothing was computed for."""
        return self._tape.entries[self.index][0] is None

    @property
    def param(self) -> Param | None:
        """The Param of a leaf; None for a result, and for the argument of `grad(f)`."""
        held = self._tape.entries[self.index][2][0] if self.is_leaf else None
        return held if isinstance(held, Param) else None

    @property
    def value(self) -> Any:
        """What was computed; for a leaf, the value of the Param or argument."""
        return unwrap(self._tape.entries[self.index][1])

    @value.setter
    def value(self, new: Any) -> None:
        plan, _, args, kwargs, parents = self._tape.entries[self.index]
        self._tape.entries[self.index] = (plan, new, args, kwargs, parents)

    @property
    def func(self) -> Callable[..., Any] | None:
        """The function that was called; None for a leaf."""
        plan = self._tape.entries[self.index][0]
        return None if plan is None else plan.primitive.func

    @property
    def name(self) -> str:
        """The name of the function; for a leaf that of the Param or argument, or an empty one."""
        plan, _, args, _, _ = self._tape.entries[self.index]
        if plan is not None:
            return plan.primitive.name
        return args[0].name or "" if isinstance(args[0], Param) else args[0]

    @property
    def args(self) -> tuple[Any, ...]:
        """The arguments as the user gave them: a `Param`, the `Node` of a result, or a plain value."""
        plan, _, args, _, parents = self._tape.entries[self.index]
        if plan is None:
            return ()
        given = dict(zip(plan.positions, parents, strict=True))
        return tuple(self._given(arg, given.get(position)) for position, arg in enumerate(args))

    def _given(self, arg: Any, parent: Any) -> Any:
        if type(parent) is tuple:
            return [self._given(a, p) for a, p in zip(arg, parent, strict=True)]
        if parent is None:
            return unwrap(arg)
        node = Node(self._tape, parent)
        return node if node.param is None else node.param

    @property
    def kwargs(self) -> Mapping[str, Any]:
        """The keyword arguments of the call."""
        return self._tape.entries[self.index][3]

    @property
    def times(self) -> Mapping[int, int]:
        """Nanoseconds, if the timer was on: forward under 0, the gradient of argument n under n."""
        return self._tape.times.get(self.index, {})

    @property
    def parents(self) -> list[Node]:
        """The nodes that the arguments came from, in their order."""
        return [Node(self._tape, index) for index in parents_of(self._tape, self.index)]

    @property
    def children(self) -> list[Node]:
        """The nodes that were computed from this one, oldest first."""
        return [
            Node(self._tape, i)
            for i in range(self.index + 1, len(self._tape.entries))
            if self.index in parents_of(self._tape, i)
        ]

    @property
    def outgrad(self) -> Any:
        """The gradient of the final scalar with respect to this node's value; None if nothing flowed back."""
        outgrads = self._tape.outgrads
        return unwrap(outgrads[self.index]) if self.index < len(outgrads) else None

    @outgrad.setter
    def outgrad(self, new: Any) -> None:
        self._tape.outgrads[self.index] = new

    @property
    def cdr(self) -> Node | None:
        """The next older node."""
        return Node(self._tape, self.index - 1) if self.index else None

    @property
    def source(self) -> CallSite | None:
        """File, line and function of the call in the user's code; None for a leaf."""
        note = self._tape.notes[self.index] if self._tape.notes is not None else None
        return note if note is not None and note.file else None

    @property
    def scope(self) -> tuple[str, ...]:
        """Functions and `ag.scope` blocks around the call, outermost first."""
        return self._tape.notes[self.index].scope if self._tape.notes is not None else ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and other._tape is self._tape and other.index == self.index

    def __hash__(self) -> int:
        return hash((id(self._tape), self.index))

    def _repr_html_(self) -> str | None:
        return html_of(self)

    def __repr__(self) -> str:
        return f"N({self.index + 1}. {'P' if self.is_leaf else self.name}({describe(self.value)}))"


def arguments(node: Node) -> list[str]:
    """The positional arguments of a node's call as a listing shows them."""
    plan, _, args, _, parents = node._tape.entries[node.index]
    given = {} if plan is None else dict(zip(plan.positions, parents, strict=True))
    return (
        []
        if plan is None
        else [_argument(node._tape, arg, given.get(position)) for position, arg in enumerate(args)]
    )


def _argument(tape: Recording, arg: Any, parent: Any) -> str:
    if type(parent) is tuple:
        return f"[{', '.join(_argument(tape, a, p) for a, p in zip(arg, parent, strict=True))}]"
    if parent is None:
        return describe(unwrap(arg))
    return f"{'P' if tape.entries[parent][0] is None else 'R'}({describe(unwrap(tape.entries[parent][1]))})"


class Tape(Recording):
    """What `diff` recorded and what flowed back: the nodes, oldest first, and the gradient of each Param.

    `repr` is short, `print` gives the listing. `ag.value(J)` is the final scalar, `ag.grad(J, w)` a gradient.
    """

    retain = True

    def __init__(self, *, follows_params: bool) -> None:
        keep_freed_memory()
        super().__init__(follows_params=follows_params)
        self.names: dict[
            int, Name
        ] = {}  # id of a Param that was given none -> the best that was found so far
        self.asked: set[int] = set()  # the indices of the nodes whose gradients somebody wanted

    def find_names(self, variables: Iterable[Namespace]) -> None:
        """Look in variables for names of the Params that were given none."""
        unnamed = [
            p
            for p in self.params()
            if not p.name and (id(p) not in self.names or self.names[id(p)] > BEST)
        ]
        if unnamed:
            found = find_param_names(unnamed, variables)
            self.names = {
                **self.names,
                **{
                    key: name
                    for key, name in found.items()
                    if key not in self.names or name < self.names[key]
                },
            }

    def backward(self, loss: Any = None) -> None:
        """Compute the gradients of `loss`, a scalar recorded on this tape: the last one when left out."""
        self.close()
        index = self._last_scalar() if loss is None else self._index(loss)
        if index is None:
            raise ValueError(
                "there is no scalar on this tape: compute the loss from Params inside the block, with np.sum or np.mean at its end"
            )
        check_scalar(self.entries[index][1])
        differentiate(self, index, one_like(unwrap(self.entries[index][1])))
        finished(self)

    def _index(self, loss: Any) -> int:
        if isinstance(loss, Param) and self.follows_params:
            return self.leaf(loss)
        if not isinstance(loss, Result) or loss.recording is not self:
            raise ValueError(
                f"{describe(loss)} is not on this tape: call backward() on a scalar computed from Params while it recorded"
            )
        if loss.index >= len(self.entries):
            raise ValueError(
                f"{describe(loss)} is not on this tape any more: an earlier backward() cut off what came after its own loss"
            )
        return loss.index

    def _last_scalar(self) -> int | None:
        for index in range(len(self.entries) - 1, -1, -1):
            y = unwrap(self.entries[index][1])
            if (
                self.entries[index][0] is not None
                and isinstance(y, (int, float, np.number, np.ndarray))
                and np.shape(y) == ()
            ):
                return index
        return None

    @property
    def value(self) -> Any:
        """The final scalar; before `backward` has run, the last scalar recorded, or None."""
        index = self._last_scalar() if self.result is None else self.result
        return None if index is None else unwrap(self.entries[index][1])

    @property
    def nodes(self) -> list[Node]:
        """All nodes, oldest first."""
        return [Node(self, index) for index in range(len(self.entries))]

    def collect(self) -> list[Node]:
        """All nodes, newest first."""
        return self.nodes[::-1]

    def params(self) -> list[Param]:
        """The Params that were used, in the order of their first use."""
        return [
            self.entries[index][2][0] for index in self.leaves.values() if index < len(self.entries)
        ]

    def gradient(self, x: Value) -> Any:
        """The gradient of the final scalar with respect to a Param or a Result; None if it does not depend on it."""
        if self.result is None:
            self.backward()
        index = (
            self.leaves.get(id(x))
            if isinstance(x, Param)
            else x.index
            if x.recording is self
            else None
        )
        if index is None or index >= len(self.outgrads):
            return None
        self.asked.add(index)
        dx = self.outgrads[index]
        return to_user_type(
            dx.copy() if isinstance(x, Result) and type(dx) is np.ndarray else dx,
            unwrap(x),
            total=False,
        )

    def kept_bytes(self) -> dict[int, int]:
        """The bytes of the arrays that the backward pass needs, by the index of the node that they are kept for.

        Each array counts once, for the oldest node that needs it; the values of leaves do not count. A tape keeps more, for
        inspection: this is what `grad` keeps from the forward pass to the backward one.
        """
        return kept_bytes(self.entries)

    def trace(self) -> Trace:
        """A snapshot in plain data, which can be saved, compared and drawn."""
        self.find_names(variables_of_frames(sys._getframe()))
        with no_collections():
            return Trace(
                Nodes(columns_of(self, self.names)),
                None if self.result is None else self.result + 1,
            )

    def __len__(self) -> int:
        return len(self.entries)

    def _repr_html_(self) -> str | None:
        return html_of(self)

    def __repr__(self) -> str:
        return describe(self)

    def __float__(self) -> float:
        return float(self.value)

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec else str(self)

    def __str__(self) -> str:
        return str(self.trace())


def check_scalar(y: Any) -> None:
    """Raise unless `y` is one real number."""
    plain = unwrap(y)
    if type(plain) in FLOATS:
        return
    if isinstance(plain, (int, float, np.number)) and not isinstance(plain, (complex, bool)):
        return
    if isinstance(plain, np.ndarray) and plain.shape == () and plain.dtype.kind in "iuf":
        return
    if isinstance(plain, (complex, np.complexfloating)):
        raise TypeError(
            f"only real numbers are differentiated, and the function returned {describe(plain)}: take its np.real or np.abs"
        )
    raise TypeError(
        f"only a scalar can be differentiated, and the function returned {describe(plain)}: "
        "reduce it with np.sum or np.mean, or take one element"
    )


def set_gcnode(function: Callable[[Node], None] | None) -> None:
    """Call `function(node)` in `diff` after a node has passed its gradient on, to free what inspection does not need.

    It may assign None to `node.value` and `node.outgrad`. It is not called on Params and on the final scalar.
    None, the default, keeps everything.
    """
    if function is not None and not callable(function):
        raise TypeError(f"set_gcnode takes a function of a node, or None, not {function!r}")
    set_collector(None if function is None else lambda tape, index: function(Node(tape, index)))


_observers: list[Callable[[Tape], None]] = []


@contextmanager
def observe(callback: Callable[[Tape], None]) -> Iterator[None]:
    """Call `callback(tape)` after every differentiation in the block, also of `grad(f)`, which then keeps its tape."""
    _observers.append(callback)
    try:
        yield
    finally:
        _observers.remove(callback)


def new_recording(*, follows_params: bool, retain: bool) -> Recording:
    """A tape if it is to be kept or somebody observes, else a recording that frees as it goes."""
    return (Tape if retain or _observers else Recording)(follows_params=follows_params)


def finished(recording: Recording) -> None:
    """Tell the observers that a recording has been differentiated."""
    if isinstance(recording, Tape):
        for callback in tuple(_observers):
            callback(recording)
