"""Primitives: functions with gradient rules, the registry that finds them, and the call that records them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from autograd_tools import timing
from autograd_tools.core import NO_KWARGS, Plan, Recording, Result, Value, following_params, live, record, value

F = TypeVar("F", bound=Callable[..., Any])
Rule = Callable[..., Any]  # (dy, y, *args, **kwargs) -> dx


def UNKNOWN(*args: Any, **kwargs: Any) -> Any:  # noqa: N802
    """Stands in a table for a rule that nobody knows: to differentiate that argument is an error, not a silent zero."""


class Primitive:
    """A function and the rules for the gradients of its arguments, by position.

    A rule of None means a zero gradient. `rest` makes the rule of any further position, for functions of any
    number of arguments. `sequences` says that an argument may be a list or tuple of tracked arrays, whose rule
    returns a list of gradients; `containers` that it is a tuple, list or dict as such, and no array in the making.
    `forward`, when given, computes the same as `func` on plain values, faster.
    """

    def __init__(
        self,
        func: Callable[..., Any],
        rules: Sequence[Rule | None],
        *,
        rest: Callable[[int], Rule] | None = None,
        sequences: bool = False,
        containers: bool = False,
        forward: Callable[..., Any] | None = None,
        name: str | None = None,
    ) -> None:
        self.func = func
        self.name = name or name_of(func)
        self.rules = tuple(rules)
        self.rest = rest
        self.sequences = sequences
        self.containers = containers
        self.forward = timing.time_forward(forward or func, self.name)
        self._plan = functools.cache(self._make_plan)

    def rule(self, position: int) -> Rule | None:
        """The rule for the argument at `position`, counted from 0."""
        if position < len(self.rules):
            return self.rules[position]
        return self.rest(position) if self.rest else None

    def plan(self, *positions: int) -> Plan:
        """How to go back over a call whose arguments at `positions` are tracked."""
        return self._plan(*positions)

    def _make_plan(self, *positions: int) -> Plan:
        found = [self.rule(position) for position in positions]
        if UNKNOWN in found:
            argument = positions[found.index(UNKNOWN)] + 1
            raise TypeError(f"{self.name}: no gradient is known for argument {argument}; pass ag.value(x) if it is a constant")
        return Plan(self, positions, tuple(rule for rule in found if rule is not None))

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
        return name if getattr(np, name, None) is func else f"special.{name}"
    package, _, module = (getattr(func, "__module__", "") or "").partition(".")
    if package in ("numpy", "scipy") and module and not module.startswith("_"):
        return f"{module}.{name}"
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
            raise TypeError(f"a rule is a function (dy, y, *args, **kwargs) -> dx or None, not {rule!r}")

    def define(func: F) -> F:
        if not callable(func):
            raise TypeError(f"a primitive is made of a function, not of {func!r}")
        if _dispatches(func):
            ZEROGRADS.discard(func)
            PRIMITIVES[func] = Primitive(func, rules)
            return func
        made = Primitive(func, rules)

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
        return func(*plain(args), **plain(kwargs))

    return unrecorded  # type: ignore[return-value]


def _dispatches(func: Callable[..., Any]) -> bool:
    """Whether NumPy hands a call of `func` on a `Value` over to us."""
    return isinstance(func, np.ufunc) or hasattr(func, "_implementation")


def plain(x: Any) -> Any:
    """`x` with the wrapping taken off everything in it."""
    if isinstance(x, Value):
        return value(x)
    if type(x) in (tuple, list):
        return type(x)([plain(item) for item in x])
    return {key: plain(item) for key, item in x.items()} if type(x) is dict else x


def innermost(args: Sequence[Any], sequences: bool) -> Recording | None:
    """The innermost open recording to which one of the arguments belongs."""
    found: Recording | None = None
    for arg in args:
        candidate = None
        if isinstance(arg, Value):
            tracked = live(arg)
            if isinstance(tracked, Value):
                candidate = tracked.recording if isinstance(tracked, Result) else following_params()
        elif sequences and type(arg) in (list, tuple):
            candidate = innermost(arg, sequences)
        if candidate is not None and (found is None or candidate.serial > found.serial):
            found = candidate
    return found


def call(primitive: Primitive, args: tuple[Any, ...], kwargs: Any = NO_KWARGS) -> Any:
    """Call a primitive on values that may be tracked, and record it if they are."""
    if kwargs and any(isinstance(item, Value) for item in kwargs.values()):
        args, kwargs = _positional(primitive, args, kwargs)
    recording = innermost(args, primitive.sequences)
    if recording is None:
        return primitive.forward(*(map(value, args) if primitive.containers else plain(args)), **kwargs)
    values, positions, parents = [], [], []
    for position, arg in enumerate(args):
        below, parent = _lower(recording, arg, primitive.sequences)
        if primitive.rule(position) is not None:
            if type(below) in (list, tuple) and not (primitive.sequences or primitive.containers):
                below = np.asarray(below)  # where a rule expects an array, it gets one
            if parent is not None:
                positions.append(position)
                parents.append(parent)
        values.append(below)
    below_args = tuple(values)
    y = call(primitive, below_args, kwargs)  # records on outer recordings too, and in the end computes
    if not parents:
        return y
    return record(recording, (primitive.plan(*positions), y, below_args, kwargs, tuple(parents)))


def _lower(recording: Recording, arg: Any, sequences: bool) -> tuple[Any, Any]:
    """An argument below `recording`, and its parent there: for a sequence of arrays, a tuple with one for each."""
    if isinstance(arg, Value):
        return recording.lower(arg)
    if sequences and type(arg) in (list, tuple):
        pairs = [_lower(recording, item, sequences) for item in arg]
        parents = tuple(parent for _, parent in pairs)
        return [below for below, _ in pairs], (parents if any(p is not None for p in parents) else None)
    return arg, None


def _positional(primitive: Primitive, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Move tracked keyword arguments to their positions, which is where rules are."""
    try:
        signature = inspect.signature(primitive.func)
    except ValueError:
        names = [key for key, item in kwargs.items() if isinstance(item, Value)]
        raise TypeError(f"{primitive.name}: give {', '.join(names)} by position, not by name, to differentiate it") from None
    bound = signature.bind(*args, **kwargs)
    last = max(i for i, name in enumerate(signature.parameters) if isinstance(bound.arguments.get(name), Value))
    moved: list[Any] = []
    rest: dict[str, Any] = {}
    for i, (name, parameter) in enumerate(signature.parameters.items()):
        if i <= last and parameter.kind is parameter.KEYWORD_ONLY:
            raise TypeError(f"{primitive.name}: no gradient is known for the argument {name}; use ag.value({name}) if it is a constant")
        if i <= last:
            moved.append(bound.arguments.get(name, parameter.default))
        elif parameter.kind is parameter.VAR_KEYWORD:
            rest.update(bound.arguments.get(name, {}))
        elif name in bound.arguments:
            rest[name] = bound.arguments[name]
    return tuple(moved), rest
