"""The nodes of a tape: operation, arguments, value, source line and gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autograd_tools.base.html import html_of
from autograd_tools.engine.backward import set_collector
from autograd_tools.engine.describe import describe
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.values import Param, unwrap
from autograd_tools.location.call_site import CallSite
from autograd_tools.tracing.entries import EntryFields, children_of, flat, is_leaf, value_at


class Node:
    """One entry of a tape: an operation or a leaf, its value and its gradient.

    A function given to `set_gcnode` frees memory by assigning None to `value` or `outgrad`.

    Attributes
    ----------
    tape : Tape
        The tape that holds the node.
    index : int
        The position on the tape, from 0; text shows it from 1.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> w = ag.Param(np.ones(3), name="w")
    >>> J = ag.diff(lambda: np.sum(np.exp(w)))
    >>> node = J.nodes[1]
    >>> node, node.name, node.outgrad
    (N(2. exp(float64[3])), 'exp', array([1., 1., 1.]))
    """

    __slots__ = ("index", "tape")

    def __init__(self, tape: Recording, index: int) -> None:
        self.tape = tape
        self.index = index

    @property
    def entry(self) -> EntryFields:
        """The entry on the tape, as the engine recorded it."""
        return EntryFields(*self.tape.entries[self.index])

    @property
    def is_leaf(self) -> bool:
        """True for a Param and for an argument of `grad(f)`."""
        return is_leaf(self.tape, self.index)

    @property
    def param(self) -> Param | None:
        """The Param of a leaf; None for a result and for an argument of `grad(f)`."""
        return self.entry.param

    @property
    def value(self) -> Any:
        """The plain value of the operation, Param or argument."""
        return unwrap(value_at(self.tape, self.index))

    @value.setter
    def value(self, new: Any) -> None:
        self.tape.entries[self.index] = tuple(self.entry._replace(value=new))

    @property
    def func(self) -> Callable[..., Any] | None:
        """The function that was called; None for a leaf."""
        plan = self.entry.plan
        return None if plan is None else plan.primitive.func

    @property
    def name(self) -> str:
        """The name of the function, Param or argument; an empty string if it has none."""
        return self.entry.name

    @property
    def args(self) -> tuple[Any, ...]:
        """The positional arguments: a `Param`, the `Node` of a result, or a plain value."""
        return tuple([self._argument(arg, parent) for arg, parent in self.entry.arguments()])

    def _argument(self, arg: Any, parent: Any) -> Any:
        if type(parent) is tuple:
            return [self._argument(a, p) for a, p in zip(arg, parent, strict=True)]
        if parent is None:
            return unwrap(arg)
        node = Node(self.tape, parent)
        return node if node.param is None else node.param

    @property
    def kwargs(self) -> Mapping[str, Any]:
        """The keyword arguments."""
        return self.entry.kwargs

    @property
    def times(self) -> Mapping[int, int]:
        """Nanoseconds if the timer is on: 0 is the forward pass, n the VJP rule of argument n."""
        return self.tape.times.get(self.index, {})

    @property
    def parents(self) -> list[Node]:
        """The nodes that the arguments come from, in their order."""
        return [Node(self.tape, index) for index in flat(self.entry.parents)]

    @property
    def children(self) -> list[Node]:
        """The nodes computed from this one, oldest first."""
        return [Node(self.tape, index) for index in children_of(self.tape, self.index)]

    @property
    def outgrad(self) -> Any:
        """The gradient (cotangent) of the value; None if none reached it."""
        outgrads = self.tape.outgrads
        return unwrap(outgrads[self.index]) if self.index < len(outgrads) else None

    @outgrad.setter
    def outgrad(self, new: Any) -> None:
        self.tape.outgrads[self.index] = new

    @property
    def cdr(self) -> Node | None:
        """The next older node, None for the oldest; AutoGrad.jl uses the same name."""
        return Node(self.tape, self.index - 1) if self.index else None

    @property
    def source(self) -> CallSite | None:
        """The file, line and function of the call in the user's code; None for a leaf."""
        note = self.tape.notes[self.index] if self.tape.notes is not None else None
        return note if note is not None and note.file else None

    @property
    def scope(self) -> tuple[str, ...]:
        """Functions and `ag.scope` blocks around the call, outermost first."""
        return self.tape.notes[self.index].scope if self.tape.notes is not None else ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and other.tape is self.tape and other.index == self.index

    def __hash__(self) -> int:
        return hash((id(self.tape), self.index))

    def _repr_html_(self) -> str | None:
        return html_of(self)

    def __repr__(self) -> str:
        return f"N({self.index + 1}. {'P' if self.is_leaf else self.name}({describe(self.value)}))"


def set_gcnode(function: Callable[[Node], None] | None) -> None:
    """Free parts of a tape during the backward pass of `diff`.

    Parameters
    ----------
    function : callable or None
        `function(node)` runs after a node has passed its gradient on. It may assign None to
        `node.value` and `node.outgrad`. It is not called for Params and the final scalar. None,
        the default, keeps everything.

    Raises
    ------
    TypeError
        If `function` is not callable.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> def free(node):
    ...     node.value = node.outgrad = None
    >>> ag.set_gcnode(free)
    >>> w = ag.Param(np.ones(3))
    >>> print(ag.diff(lambda: np.sum(np.exp(w))))
    1. P(float64[3]) ∇=float64[3]
    2. R(None) = exp(P(float64[3]))
    3. 8.154845485377136 = sum(R(None)) ∇=1.0
    >>> ag.set_gcnode(None)
    """
    if function is not None and not callable(function):
        raise TypeError(f"set_gcnode() expects a function or None, got {describe(function)}")
    set_collector(None if function is None else lambda tape, index: function(Node(tape, index)))
