"""A primitive with a joint rule, which runs once for several arguments."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from autograd_tools.compat.vector_spaces import dense
from autograd_tools.engine.primitives import Plan
from autograd_tools.engine.registry import Primitive

# (argnums, ans, args, kwargs) -> (g -> gradients)
Maker = Callable[..., Callable[[Any], Any]]


class JointPrimitive(Primitive):
    """A primitive whose rules are parts of one: an adjoint solve, say, is done once."""

    def __init__(self, func: Callable[..., Any], maker: Maker, **options: Any) -> None:
        super().__init__(func, (), **options)
        self.maker = maker

    def _make_plan(self, *positions: int, same_shape: bool) -> Plan:
        plan = super()._make_plan(*positions, same_shape=same_shape)
        if len(positions) < 2:
            return plan
        joint = _Joint(self.maker, positions)
        return replace(plan, rules=tuple(map(joint.part, range(len(positions)))))


class _Joint(threading.local):
    """The gradients of the last call in a thread, until the last argument has got its own."""

    def __init__(self, maker: Maker, positions: tuple[int, ...]) -> None:
        self.maker = maker
        self.positions = positions
        self.last: tuple[Any, Any, list[Any]] | None = None

    def part(self, i: int) -> Callable[..., Any]:
        """Return the rule of the tracked argument number `i`."""

        def rule(dy: Any, y: Any, *args: Any, **kwargs: Any) -> Any:
            last = self.last
            if last is None or last[0] is not dy or last[1] is not y:
                gradients = self.maker(self.positions, y, args, kwargs)(dy)
                self.last = last = (dy, y, list(map(dense, gradients)))
            if i == len(self.positions) - 1:
                self.last = None
            return last[2][i]

        return rule
