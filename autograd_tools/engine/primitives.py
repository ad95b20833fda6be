"""Primitives: functions with gradient rules, the registry that finds them, and the call that records them."""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from autograd_tools.base.memory import open_tapes
from autograd_tools.engine.calls import call, plain
from autograd_tools.engine.core import NO_KWARGS
from autograd_tools.engine.detached import ON_THE_WAY, note_cut
from autograd_tools.engine.fast_calls import binary, first, unary
from autograd_tools.engine.plans import Plan, reads
from autograd_tools.timing import instrument as timing

F = TypeVar("F", bound=Callable[..., Any])
Rule = Callable[..., Any]  # (dy, y, *args, **kwargs) -> dx


def UNKNOWN(*args: Any, **kwargs: Any) -> Any:  # noqa: N802
    """Stands in a table for a rule that nobody knows: to differentiate that argument is an error, not a silent zero."""


ON_THE_WAY.add(__file__)
KNOWN: weakref.WeakSet[Primitive] = (
    weakref.WeakSet()
)  # all there are, also those of the user's own functions


class Primitive:
    """A function and the rules for the gradients of its arguments, by position; a rule of None means a zero gradient.

    What else an entry of a table may say:

    * `rest(position)` makes the rule of any further argument, for functions of any number of them.
    * `sequences`: an argument may be a list or tuple of tracked arrays, whose rule returns a list of gradients.
    * `containers`: an argument may be a tuple, list or dict as such, and is no array in the making.
    * `part`: the call reads the part of its first argument that the second names, and what it returns goes through this
      function, unless it is a constant that stood in the container.
    * `fields`: the output is a named tuple.
    * `read`: the positions of the arguments whose numbers the rules read, with VALUE for the output, where that cannot
      be seen from their code: because they look at shapes only.
    * `trusted`: the rules return no array that somebody else holds.
    * `into(total, dy, *args)` adds the gradient of the first argument, the only one, into `total`, of its shape and ours to
      write into, and returns it; the gradient that the rule returns has then to be ours, too.
    * `forward` computes the same as `func`, of plain positional arguments only, faster.
    """

    def __init__(
        self,
        func: Callable[..., Any],
        rules: Sequence[Rule | None],
        *,
        rest: Callable[[int], Rule] | None = None,
        sequences: bool = False,
        containers: bool = False,
        part: Callable[[Any], Any] | None = None,
        fields: bool = False,
        read: frozenset[int] | None = None,
        trusted: bool = True,
        into: Callable[..., Any] | None = None,
        forward: Callable[..., Any] | None = None,
        name: str | None = None,
    ) -> None:
        self.func = func
        self.name = name or name_of(func)
        self.rules = tuple(rules)
        self.rest = rest
        self.sequences = sequences
        self.containers = containers
        self.part = part
        self.fields = fields
        self.read = read
        self.trusted = trusted
        self.into = into
        self.general = timing.time_forward(func, self.name)
        self.forward = timing.time_forward(forward or func, self.name, leaf=trusted)
        self.elementwise = (
            trusted and isinstance(func, np.ufunc) and func.signature is None
        )  # a gradient has the shape of the output
        KNOWN.add(self)
        self._plan = functools.cache(self._make_plan)
        # What calls the primitive in less time than `call`, where that can be: with positional arguments only; and with
        # arguments of which only the first may be tracked. Both are made at their first use.
        self.fast: Callable[..., Any] = self._make_fast
        self.first: Callable[..., Any] = self._make_first

    def rule(self, position: int) -> Rule | None:
        """The rule for the argument at `position`, counted from 0."""
        if position < len(self.rules):
            return self.rules[position]
        return self.rest(position) if self.rest else None

    def plan(self, *positions: int, fits: bool = False) -> Plan:
        """How to go back over a call whose arguments at `positions` are tracked."""
        return self._plan(*positions, fits=fits)

    def seen_by_rules(self, kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
        """The keyword arguments of a call, without the switches of a ufunc that change only the type of its output."""
        if not kwargs or not isinstance(self.func, np.ufunc):
            return kwargs
        if kwargs.get("where", True) is not True:
            raise TypeError(
                f"{self.name}(where=...) has no gradient rule; write np.where(condition, {self.name}(x), other)"
            )
        for name in ("axes", "axis", "keepdims"):
            if name in kwargs:
                raise TypeError(
                    f"{self.name}({name}=...) has no gradient rule; move axes with np.moveaxis before and after"
                )
        return {}

    def _make_plan(self, *positions: int, fits: bool) -> Plan:
        found = [self.rule(position) for position in positions]
        if UNKNOWN in found:
            argument = positions[found.index(UNKNOWN)] + 1
            raise TypeError(
                f"{self.name}: no gradient is known for argument {argument}; pass ag.value(x) if it is a constant"
            )
        rules = tuple(rule for rule in found if rule is not None)
        read = [reads(rule) for rule in rules] if self.read is None else [self.read]
        together = frozenset[int]().union(*(part for part in read if part is not None))
        sections = timing.backward_sections(self.name, positions) if timing.ENABLED else ()
        return Plan(
            self,
            positions,
            rules,
            None if None in read else together,
            self.trusted,
            fits,
            self.into,
            sections,
        )

    def make_fast(self) -> Callable[..., Any]:
        """Make `fast`."""
        arguments = self.func.nin if isinstance(self.func, np.ufunc) else len(self.rules)
        known = {None, UNKNOWN}.isdisjoint(map(self.rule, range(arguments)))
        if arguments in (1, 2) and known:
            self.fast = unary(self) if arguments == 1 else binary(self)
        else:
            self.fast = lambda *args: call(self, args)
        return self.fast

    def _make_fast(self, *args: Any) -> Any:
        return self.make_fast()(*args)

    def _make_first(
        self, a: Any, rest: tuple[Any, ...] = (), kwargs: Mapping[str, Any] = NO_KWARGS
    ) -> Any:
        if self.sequences or self.fields or self.rule(0) is None or self.rule(0) is UNKNOWN:
            self.first = lambda a, rest=(), kwargs=NO_KWARGS: call(self, (a, *rest), kwargs)
        else:
            self.first = first(self)
        return self.first(a, rest, kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function, recording it if an argument is tracked."""
        return call(self, args, kwargs)

    def __repr__(self) -> str:
        return f"<Primitive {self.name}>"


PRIMITIVES: dict[Callable[..., Any], Primitive] = {}
ZEROGRADS: set[Callable[..., Any]] = set()
COMPOSITES: dict[Callable[..., Any], Callable[..., Any]] = {}


def name_of(func: Callable[..., Any]) -> str:
    """The name of a function as one writes it after `np.` or `scipy.`: `sum`, `linalg.solve`, `special.erf`."""
    name = getattr(func, "__name__", type(func).__name__)
    if isinstance(func, np.ufunc):
        return (
            f"special.{name}"
            if getattr(sys.modules.get("scipy.special"), name, None) is func
            else name
        )
    package, _, module = (
        (getattr(func, "__module__", "") or "").removeprefix("autograd_tools.").partition(".")
    )
    if package in ("numpy", "scipy") and module and not module.startswith("_"):
        return f"{module}.{name.removeprefix('_')}"
    return name


def rules(func: Callable[..., Any], *rules: Rule | None, **options: Any) -> Primitive:
    """Register a function that NumPy dispatches, with the rule of each argument in order."""
    primitive = PRIMITIVES[func] = Primitive(func, rules, **options)
    return primitive


def zerograds(*funcs: Callable[..., Any]) -> None:
    """Register functions whose gradient is zero wherever it exists: they work on values and are never recorded."""
    ZEROGRADS.update(funcs)


def composite(func: Callable[..., Any]) -> Callable[[F], F]:
    """Register how a function that NumPy dispatches is written in terms of others that have rules."""

    def register(definition: F) -> F:
        COMPOSITES[func] = definition
        return definition

    return register


def primitive(*rules: Rule | None) -> Callable[[F], F]:
    """Give a function gradient rules, in the order of its arguments; also a decorator.

    A rule is called as `rule(dy, y, *args, **kwargs)`: `dy` is the gradient of the final scalar with respect to the
    output `y`, and it returns the gradient with respect to its argument, of that argument's shape or of a shape that
    broadcasts from it. None, or a rule left out, means a zero gradient. For gradients of higher order, write the rule
    in operations that have rules themselves.

    >>> import numpy as np
    >>> from autograd_tools import grad, primitive
    >>> @primitive(lambda dy, y, x: dy / x)
    ... def log(x):
    ...     return np.log(x)
    >>> grad(log)(4.0)
    0.25

    A NumPy or SciPy function that dispatches to us (any ufunc does) is registered and returned as it is:
    `ag.primitive(lambda dy, y, x: dy * y * (1 - y))(scipy.special.expit)`.
    """
    for rule in rules:
        if rule is not None and not callable(rule):
            raise TypeError(
                f"a rule is a function (dy, y, *args, **kwargs) -> dx or None, not {rule!r}"
            )

    def define(func: F) -> F:
        if not callable(func):
            raise TypeError(f"a primitive is made of a function, not of {func!r}")
        if _dispatches(func):
            ZEROGRADS.discard(func)
            PRIMITIVES[func] = Primitive(func, rules, trusted=False)
            return func
        made = Primitive(func, rules, trusted=False)

        @functools.wraps(func)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            return call(made, args, kwargs)

        return recorded  # type: ignore[return-value]

    return define


def zerograd(func: F) -> F:
    """Declare that a function's gradient is zero: it works on plain values and is never recorded; also a decorator.

    >>> import numpy as np
    >>> from autograd_tools import grad, zerograd
    >>> @zerograd
    ... def level(x):
    ...     return float(x > 2)
    >>> grad(lambda x: x * level(x))(3.0)
    1.0
    """
    if _dispatches(func):
        PRIMITIVES.pop(func, None)
        ZEROGRADS.add(func)
        return func

    @functools.wraps(func)
    def unrecorded(*args: Any, **kwargs: Any) -> Any:
        if open_tapes:
            note_cut(name_of(func), (*args, *kwargs.values()))
        return func(*plain(args), **plain(kwargs))

    return unrecorded  # type: ignore[return-value]


def _dispatches(func: Callable[..., Any]) -> bool:
    """Whether NumPy hands a call of `func` on a `Value` over to us."""
    return isinstance(func, np.ufunc) or hasattr(func, "_implementation")
