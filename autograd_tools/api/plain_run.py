"""The second half of `check=True`: the function runs without a recording, and must return the
same value.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_tools.base.containers import children_of, is_number
from autograd_tools.engine.calls import plain
from autograd_tools.engine.checks import OFF, CheckError, checking, current_check
from autograd_tools.engine.describe import describe
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.state import recordings


class PlainRun:
    """A call of a function that can be repeated without a recording, if it is checked.

    Make it before the call is recorded: it holds copies of the arrays in the arguments, and the
    states of the generators of random numbers.
    """

    def __init__(
        self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.check = current_check() if recordings.last() is None else None
        if self.check is not None:
            self.f = f
            self.args, self.kwargs = _own(args), _own(kwargs)
            self.generators = list(_generators(f, (args, kwargs)))
            self.states = [_state(generator) for generator in self.generators]

    def compare(self, recorded: Any) -> None:
        """Run the function, and compare its value with the recorded one."""
        if self.check is None:
            return
        expected = self._value()
        if _agrees(plain(recorded), expected):
            return
        code = getattr(inspect.unwrap(self.f), "__code__", None)
        place = f" ({code.co_filename}:{code.co_firstlineno})" if code is not None else ""
        name = f"{name_of(self.f)}{place}"
        again = self._value()
        if not _agrees(expected, again):
            message = (
                f"{name} returns a different value each time, {describe(expected)} and then "
                f"{describe(again)}, so its recorded value cannot be checked; seed its random "
                "numbers inside it, and do not let it keep state between runs"
            )
            self.check.undecided(CheckError(message, function=name))
            return
        message = (
            f"{name} returns {describe(plain(recorded))} while it is recorded, and "
            f"{describe(expected)} otherwise, so its gradient is wrong; "
            "look for code that treats a recorded value differently, such as type(x) "
            "or an in-place write, and for state that it keeps between runs"
        )
        self.check.fault(CheckError(message, function=name))

    def _value(self) -> Any:
        """Return the value of a run that starts from the same numbers, and leaves no trace."""
        now = [_state(generator) for generator in self.generators]
        with checking(OFF):
            try:
                try:
                    _restore(self.generators, self.states)
                    return plain(self.f(*_own(self.args), **_own(self.kwargs)))
                finally:
                    _restore(self.generators, now)
            finally:
                _restore(self.generators, now)  # again, where an interrupt ended the first


def _own(x: Any) -> Any:
    """Return `x` with its arrays copied, in built-in containers."""
    if type(x) is np.ndarray:
        return x.copy("K")
    if type(x) in (tuple, list):
        return type(x)([_own(item) for item in x])
    return {key: _own(item) for key, item in x.items()} if type(x) is dict else x


def _generators(f: Callable[..., Any], args: Any) -> Iterator[Any]:
    """Yield the generators of random numbers that a function may use, as far as they are seen."""
    import random

    yield from (np.random, random)
    found = [*_items(args)]
    inner = inspect.unwrap(f)
    if inspect.isfunction(inner) or inspect.ismethod(inner):
        variables = inspect.getclosurevars(inner)
        found += [*variables.nonlocals.values(), *variables.globals.values()]
        found += [*vars(getattr(inner, "__self__", inner)).values()]
    kinds = (np.random.Generator, np.random.RandomState, random.Random)
    yield from {id(x): x for x in found if isinstance(x, kinds)}.values()


def _items(x: Any) -> list[Any]:
    """Return what built-in containers hold."""
    items = x.values() if type(x) is dict else x if type(x) in (tuple, list) else None
    return [x] if items is None else [leaf for item in items for leaf in _items(item)]


def _state(generator: Any) -> Any:
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    return (generator.getstate if hasattr(generator, "getstate") else generator.get_state)()


def _restore(generators: list[Any], states: list[Any]) -> None:
    for generator, state in zip(generators, states, strict=True):
        if isinstance(generator, np.random.Generator):
            generator.bit_generator.state = state
        else:
            (generator.setstate if hasattr(generator, "setstate") else generator.set_state)(state)


def _agrees(x: Any, expected: Any) -> bool:
    """Return whether two values are equal to rounding: half of the digits of their type."""
    parts, others = children_of(x), children_of(expected)
    if parts is not None and others is not None:
        return len(parts) == len(others) and all(map(_agrees, parts, others))
    if not (is_number(x) and is_number(expected)):
        return type(x) is type(expected) or bool(np.all(x == expected))
    kind = np.result_type(x, expected)
    precision = float(np.finfo(kind).eps) if kind.kind in "fc" else 0.0
    return np.shape(x) == np.shape(expected) and np.allclose(
        x, expected, rtol=precision**0.5, atol=precision, equal_nan=True
    )
