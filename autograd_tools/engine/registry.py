"""The registry of primitives, and the functions that add to it."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from autograd_tools.base import traced
from autograd_tools.engine.calls import call, plain
from autograd_tools.engine.detached import CALL_PATH, note_detached
from autograd_tools.engine.fast_calls import binary, first, switched, unary
from autograd_tools.engine.primitives import UNKNOWN, PrimitiveData, Rule, dispatches, name_of
from autograd_tools.engine.recording import NO_KWARGS
from autograd_tools.engine.state import open_tapes
from autograd_tools.timing import instrument as timing

F = TypeVar("F", bound=Callable[..., Any])

CALL_PATH.add(__file__)
_known: dict[int, weakref.ref[Primitive]] = {}  # all by id, also of the user's functions


class Primitive(PrimitiveData):
    """A primitive that records its calls where an argument is tracked.

    `fast(*args)` and `first(a, rest, kwargs)` do the same in less time: the first for positional
    arguments only, the second where only the first argument may be tracked. Both are made on first
    use.
    """

    def __init__(
        self, func: Callable[..., Any], rules: Sequence[Rule | None], **options: Any
    ) -> None:
        super().__init__(func, rules, **options)
        # Python code in its callback would swallow a Ctrl-C, so there is none.
        _known[id(self)] = weakref.ref(self, functools.partial(_known.pop, id(self)))
        self.fast: Callable[..., Any] = self._make_fast
        self.first: Callable[..., Any] = self._make_first

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


PRIMITIVES: dict[Callable[..., Any], Primitive] = {}
ZEROGRADS: set[Callable[..., Any]] = set()
OPTIONS = frozenset(PrimitiveData.__init__.__kwdefaults__ or ())
COMPOSITES: dict[Callable[..., Any], Callable[..., Any]] = {}
_capturing: set[object] = set()  # open blocks of `functions_captured`
EXACT: set[Callable[..., Any]] = set()  # composites that compute NumPy's value themselves


def known_primitives() -> list[Primitive]:
    """Return all primitives, oldest first."""
    return [found for known in list(_known.values()) if (found := known()) is not None]


@contextmanager
def functions_captured() -> Iterator[None]:
    """Let calls of functions that NumPy does not dispatch be steps of a program."""
    opaque = [known for known in known_primitives() if known.is_opaque]
    mine, ended = object(), False

    def switch() -> None:
        traced.captures = len(_capturing)
        for known in opaque:
            switched(known)

    try:
        try:
            _capturing.add(mine)
            switch()
            yield
        finally:
            _capturing.discard(mine)
            switch()
            ended = True
    finally:
        if not ended:  # again, after an interrupt there
            _capturing.discard(mine)
            switch()


@timing.on_switch
def _switched() -> None:
    for known in known_primitives():
        switched(known)


def rules(func: Callable[..., Any], *rules: Rule | None, **options: Any) -> Primitive:
    """Register a function that NumPy dispatches, with the rule of each argument.

    Rules are given in the order of the arguments, or by the name of a parameter: `rules(np.sum,
    sum_x, initial=...)`. Options are those of `PrimitiveData`; `reads` may name parameters, too.
    """
    named = {name: options.pop(name) for name in [*options] if name not in OPTIONS}
    if named:
        by_position = dict(zip(positions(func, named), named.values(), strict=True))
        if min(by_position) < len(rules):
            raise TypeError(f"{name_of(func)} has two rules for one parameter")
        by_position.update(enumerate(rules))
        rules = tuple(map(by_position.get, range(max(by_position) + 1)))
    if options.get("reads"):
        options["reads"] = frozenset(positions(func, options["reads"]))
    primitive = PRIMITIVES[func] = Primitive(func, rules, **options)
    return primitive


def positions(func: Callable[..., Any], names: Iterable[str]) -> list[int]:
    """Return the positions, counted from 0, of parameters of a NumPy function."""
    code = getattr(getattr(func, "_implementation", None), "__code__", None)
    if code is None:  # a ufunc, or a function in C
        raise TypeError(f"the parameters of {name_of(func)} have no names; give rules by position")
    known = code.co_varnames[: code.co_argcount]
    for name in names:
        if name not in known:
            raise TypeError(f"{name_of(func)} has no parameter {name!r}; choose {', '.join(known)}")
    return [known.index(name) for name in names]


def zerograds(*funcs: Callable[..., Any]) -> None:
    """Register functions whose gradient is zero: they compute on plain values, unrecorded."""
    ZEROGRADS.update(funcs)


def composite(func: Callable[..., Any], *, exact: bool = False) -> Callable[[F], F]:
    """Register the definition of a NumPy function in terms of functions that have rules.

    NumPy computes the value, because a composition may round differently. With `exact`, the value
    is that of the definition: for views, functions that move elements, and callers of the user's.
    """

    def register(definition: F) -> F:
        COMPOSITES[func] = definition
        if exact:
            EXACT.add(func)
        return definition

    return register


def primitive(*rules: Rule | None) -> Callable[[F], F]:
    """Give a function VJP rules, in the order of its arguments; also a decorator.

    Parameters
    ----------
    *rules : callable or None
        One rule per argument, called as `rule(dy, y, *args, **kwargs) -> dx`. `dy` is the cotangent
        of the output `y`: the gradient of the final scalar with respect to it. The rule returns the
        gradient with respect to its argument, of that argument's shape or of a shape that it
        broadcasts to: the engine then sums the extra axes (unbroadcasts). None, or a missing rule,
        means a zero gradient. A rule cannot write into its arguments. For higher-order gradients,
        write rules in operations that have rules themselves.

    Returns
    -------
    callable
        A decorator. It returns the function with recording added. A NumPy or SciPy function that
        dispatches (any ufunc does) is registered and returned unchanged:
        `ag.primitive(lambda dy, y, x: dy * y * (1 - y))(scipy.special.expit)`.

    Raises
    ------
    TypeError
        If a rule is neither a function nor None.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_tools import grad, primitive
    >>> @primitive(lambda dy, y, x: dy / x)
    ... def log(x):
    ...     return np.log(x)
    >>> grad(log)(4.0)
    0.25
    """
    for rule in rules:
        if rule is not None and not callable(rule):
            raise TypeError(f"expected a rule (dy, y, *args, **kwargs) -> dx or None, got {rule!r}")

    def define(func: F) -> F:
        if not callable(func):
            raise TypeError(
                f"primitive() expects a function, got {func!r}; "
                "write @ag.primitive(rule, ...), with one VJP rule per argument"
            )
        if dispatches(func):
            ZEROGRADS.discard(func)
            PRIMITIVES[func] = Primitive(func, rules, fresh=False)
            return func
        made = Primitive(func, rules, fresh=False)

        @functools.wraps(func)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            return call(made, args, kwargs)

        return recorded  # type: ignore[return-value]

    return define


def zerograd(func: F) -> F:
    """Declare that the gradient of a function is zero; also a decorator.

    The function gets plain values and is never recorded.

    Parameters
    ----------
    func : callable
        Any function. A NumPy or SciPy function that dispatches is registered and returned
        unchanged.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_tools import grad, zerograd
    >>> @zerograd
    ... def level(x):
    ...     return float(x > 2)
    >>> grad(lambda x: x * level(x))(3.0)
    1.0
    """
    if dispatches(func):
        PRIMITIVES.pop(func, None)
        ZEROGRADS.add(func)
        return func

    @functools.wraps(func)
    def unrecorded(*args: Any, **kwargs: Any) -> Any:
        if open_tapes:
            note_detached(name_of(func), (*args, *kwargs.values()))
        called = traced.opaque(func) if traced.captures else func
        return called(*plain(args), **plain(kwargs))

    return unrecorded  # type: ignore[return-value]
