"""tuple, list and dict that join recorded values, and isinstance and type of plain values."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import Any

from autograd_tools.api.checkpointing import join
from autograd_tools.compat.boxes import Box
from autograd_tools.compat.insides import inside
from autograd_tools.compat.vector_spaces import VSpace
from autograd_tools.engine.calls import call
from autograd_tools.engine.registry import Primitive
from autograd_tools.engine.stand_ins import StandIn
from autograd_tools.engine.values import Value, unwrap

join_list = Primitive(
    list, (lambda dy, y, parts: builtins.list(dy),), sequences=True, reads=frozenset(), name="list"
)


def dict_parts(dy: Any, y: Any, parts: Any, keys: Any) -> Any:
    return [dy.get(key) for key in keys.keys]


class Keys:
    """The keys of a dict, an argument without a gradient."""

    def __init__(self, keys: Iterable[Any]) -> None:
        self.keys = builtins.tuple(keys)


join_dict = Primitive(
    lambda parts, keys: builtins.dict(zip(keys.keys, parts, strict=True)),
    (dict_parts, None),
    sequences=True,
    reads=frozenset({1}),
    name="dict",
)


class Container(StandIn):
    """The class of `tuple`, `list` and `dict`: a call joins recorded values into one."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Join recorded values."""
        if self._kind is builtins.dict:
            given = [x.items() if builtins.isinstance(x, Value) else x for x in args]
            items = builtins.dict(*given, **kwargs)
            return call(join_dict, (builtins.list(items.values()), Keys(items)))
        return call(join_list if self._kind is builtins.list else join, (builtins.list(*args),))


class tuple(builtins.tuple[Any, ...], metaclass=Container):  # noqa: N801
    """The built-in tuple; of recorded values, one recorded tuple."""

    _kind = builtins.tuple


class list(builtins.list[Any], metaclass=Container):  # noqa: N801
    """The built-in list; of recorded values, one recorded list."""

    _kind = builtins.list


class dict(builtins.dict[Any, Any], metaclass=Container):  # noqa: N801
    """The built-in dict; of recorded values, one recorded dict."""

    _kind = builtins.dict


class ContainerVSpace(VSpace):
    """The vector space of a pytree."""


class SequenceVSpace(ContainerVSpace):
    """That of a list or tuple."""


class ListVSpace(SequenceVSpace):
    """That of a list."""


class TupleVSpace(SequenceVSpace):
    """That of a tuple."""


class NamedTupleVSpace(SequenceVSpace):
    """That of a named tuple."""


class DictVSpace(ContainerVSpace):
    """That of a dict."""


class SequenceBox(Box):
    """A recorded list or tuple."""

    holds = (builtins.list, builtins.tuple)


class DictBox(Box):
    """A recorded dict."""

    holds = builtins.dict


def isinstance(x: Any, kind: Any) -> bool:
    """Return isinstance of the plain value."""
    return builtins.isinstance(x, kind) or builtins.isinstance(unwrap(x), kind)


def type(x: Any) -> Any:
    """Return the type of the plain value."""
    return builtins.type(unwrap(x))


isinstance_, type_ = builtins.isinstance, builtins.type
tuple_, list_, dict_ = builtins.tuple, builtins.list, builtins.dict


def __getattr__(name: str) -> Any:
    return inside(__name__, name)


__all__ = ["DictBox", "SequenceBox", "dict", "isinstance", "list", "tuple", "type"]
