"""Params while a program is captured: reading one reads an input, assigning one is a result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock, get_ident
from typing import Any

from autograd_tools.base.containers import copied
from autograd_tools.engine.values import Param, Value

_slot: Any = vars(Value)["value"]
_captures: dict[int, Any] = {}  # the open capture of each thread
_lock = RLock()


def plain_value(param: Any) -> Any:
    """Return the value of a Param itself."""
    return _slot.__get__(param)


def set_plain_value(param: Any, x: Any) -> None:
    """Set the value of a Param itself."""
    _slot.__set__(param, x)


def has_value(param: Any) -> bool:
    """Return whether a Param has a value; a new one gets its first."""
    try:
        _slot.__get__(param)
    except AttributeError:
        return False
    return True


def _get(param: Any) -> Any:
    capture = _captures.get(get_ident())
    return plain_value(param) if capture is None else capture.param(param)


def _set(param: Any, x: Any) -> None:
    capture = _captures.get(get_ident())
    if capture is None:
        _slot.__set__(param, x)
    else:
        capture.assign(param, x)


_property = property(_get, _set)


@contextmanager
def params_captured(capture: Any) -> Iterator[None]:
    """Let the Params that this thread reads in the block be inputs of a capture."""
    try:
        try:
            with _lock:
                _captures[get_ident()] = capture
                Param.value = _property
            yield
        finally:
            _let_go()
    finally:  # again, after an interrupt there
        _let_go()


def _let_go() -> None:
    with _lock:
        _captures.pop(get_ident(), None)
        if not _captures and "value" in vars(Param):
            del Param.value


class Rehearsal:
    """A run whose Params are copies: what it writes into them or assigns is lost."""

    def __init__(self) -> None:
        self.values: dict[int, tuple[Any, Any]] = {}  # Param and its value, by id
        self.assigned = False

    def param(self, param: Any) -> Any:
        """Return a copy of the value of a Param, or what it was assigned."""
        if id(param) not in self.values:
            self.values[id(param)] = param, copied(plain_value(param))
        return self.values[id(param)][1]

    def assign(self, param: Any, x: Any) -> None:
        """Let a Param have another value from here on."""
        if has_value(param):
            self.assigned = True
            self.values[id(param)] = param, x
        else:
            set_plain_value(param, x)


def is_capturing() -> bool:
    """Return whether this thread captures a program."""
    return bool(_captures) and get_ident() in _captures
