"""Forward rules of programs for HIPS autograd, which `make_jvp` uses.

`make_jvp` differentiates the vector-Jacobian product, which is linear in its vector, by that
vector. So a primitive with a forward rule passes on, in the backward pass of `make_jvp`, a call
whose own backward rule is the forward rule. Only its derivative is used, not its value.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_tools.engine.calls import call
from autograd_tools.engine.primitives import UNKNOWN, NoRuleError
from autograd_tools.engine.registry import Primitive
from autograd_tools.engine.values import unwrap

ForwardRule = Callable[[Any, Any, tuple[Any, ...], dict[str, Any]], Any]  # (g, ans, args, kwargs)


class _Mode(threading.local):
    depth = 0


_mode = _Mode()


@contextmanager
def forward_rules() -> Iterator[None]:
    """Use forward rules in the block, in this thread."""
    _mode.depth += 1
    try:
        yield
    finally:
        _mode.depth -= 1


class _Site:
    """A call and one of its arguments: the argument of `_transposed` without a gradient."""

    def __init__(self, rule: ForwardRule, x: Any, y: Any, args: Any, kwargs: Any) -> None:
        self.rule = rule
        self.x = x
        self.facts = (y, args, kwargs)


def _blank(dy: Any, site: _Site) -> Any:
    return np.zeros(np.shape(unwrap(site.x)), np.result_type(unwrap(site.x), np.float32))


# Its value is of no use: `make_jvp` needs its derivative, which is the tangent.
_transposed = Primitive(
    _blank,
    (lambda g, y, dy, site: site.rule(g, *site.facts), None),
    reads=frozenset({1}),
    fresh=False,
    name="transposed",
)


def pushed(name: str, n: int, backward: Any, forward: ForwardRule) -> Callable[..., Any] | None:
    """Return a backward rule that becomes the forward rule of argument `n` inside `make_jvp`."""

    def rule(dy: Any, y: Any, *args: Any, **kwargs: Any) -> Any:
        if _mode.depth:
            return call(_transposed, (dy, _Site(forward, args[n], y, args, kwargs)))
        if backward is UNKNOWN:
            raise NoRuleError(f"{name}[{n + 1}] has a forward rule only; use make_jvp")
        return backward(dy, y, *args, **kwargs) if backward else None

    return rule
