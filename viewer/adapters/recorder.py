"""The recorder of engines whose operations run one by one: adapters note each call and its site.

A `BackwardPass` gets times and gradients while the engine differentiates. An `EngineGradient` of
calls makes a trace, and a `Meter` a timer.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any, TypeAlias

from autograd_tools.location.call_site import NOWHERE, CallSite, PathEntry
from autograd_tools.location.locators import Locator
from autograd_tools.location.scopes import scopes
from autograd_tools.tracing.columns import ArgTemplate
from autograd_tools.tracing.summaries import Form

OPERAND = ("", "")  # the texts around an argument that is a parent
_numbers = itertools.count()
Pieces: TypeAlias = tuple[tuple[int, ...], tuple[tuple[int, int], ...] | None]
RuleTimes: TypeAlias = dict[int, int]  # nanoseconds by argument, from 1; 0 for the whole operation


class OpCall:
    """A call of an operation, or a leaf.

    Attributes
    ----------
    kind, op, name, args
        As in `OpSignature`; `args` has a pair of texts for each of the `parents`.
    argument : int
        The argument, from 1, whose gradient is all that its backward pass computes, or 0.
    parents : sequence of OpCall
        The calls and leaves whose values are arguments, in the order of `args`.
    site : CallSite
        The user's code that made the call; `NOWHERE` if unknown.
    form : Form or None
        The value without its elements; None if unknown.
    forward_ns, nbytes, saved : int
        The self time, the bytes allocated, and the bytes kept for the backward pass.
    inner : list of str or None
        A scope inside the site that has no code of the user, one object for all calls in it. That
        takes far less time than a scope around.
    within : OpCall or None
        The call whose gradient this one is a part of, at the same site.
    pieces : tuple or None
        The pieces of memory of the value and of what is saved, as in `Buffers`; None in place of
        the latter if hooks pack it.
    """

    __slots__ = (
        *(
            "args",
            "argument",
            "form",
            "forward_ns",
            "inner",
            "kind",
            "name",
            "nbytes",
            "number",
            "op",
        ),
        *("parents", "pieces", "saved", "site", "value", "within"),
    )

    def __init__(
        self,
        kind: str,
        op: str,
        form: Form | None,
        site: CallSite = NOWHERE,
        args: tuple[ArgTemplate, ...] = (),
        parents: Sequence[OpCall] = (),
        *,
        name: str = "",
        forward_ns: int | None = None,
    ) -> None:
        self.number = next(_numbers)
        self.kind, self.op, self.name = kind, op, name
        self.args, self.parents = args, parents
        self.site, self.form = site, form
        self.forward_ns = forward_ns
        self.argument = self.nbytes = self.saved = 0
        self.inner: list[str] | None = None
        self.within: OpCall | None = None
        self.pieces: Pieces | None = None
        self.value: Any = None  # what an adapter keeps, for statistics


class BackwardPass:
    """What an engine did in one backward pass: nanoseconds and gradients, by call."""

    def __init__(self) -> None:
        self.ns: dict[OpCall, RuleTimes] = {}
        self.outgrads: dict[OpCall, tuple[Form, Any]] = {}

    def add(self, call: OpCall, argument: int, ns: int) -> None:
        """Add the time of the gradient of an argument, or 0 for the whole operation."""
        times = self.ns.setdefault(call, {})
        times[argument] = times.get(argument, 0) + ns


class SiteFinder(Locator):
    """A finder of sites, also inside scopes that code of a library opens.

    `named` are open calls of functions that have names of their own: the name, the id of the code,
    and the frame once it is known.
    """

    skip = 1

    def __init__(self, base: FrameType | None) -> None:
        super().__init__(base)
        self.named: list[list[Any]] = []
        self.codes: set[int] = set()  # of these functions; other calls of them have no name

    def _name(self, frame: FrameType) -> str:
        code = id(frame.f_code)
        if code not in self.codes:
            return super()._name(frame)
        for call in reversed(self.named):
            if call[1] == code and (call[2] is None or call[2] is frame):
                call[2] = frame
                name: str = call[0]
                return name
        return ""

    def _path(self, frame: FrameType | None, below: FrameType | None) -> PathEntry | None:
        opened = scopes.innermost()
        scope = None if opened is None else opened.item
        inner = None if scope is None or frame is None else sys._getframe()
        while inner is not None and inner is not frame:
            if scope is not None and id(inner) == scope.frame:
                return super()._path(inner, None)
            inner = inner.f_back
        return super()._path(frame, below)
