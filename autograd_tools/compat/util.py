"""The names of HIPS autograd's util."""

from __future__ import annotations

import importlib
import operator
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any


def subvals(x: Iterable[Any], replacements: Iterable[tuple[int, Any]]) -> tuple[Any, ...]:
    """Return `x` as a tuple with other items at some positions."""
    items = list(x)
    for i, item in replacements:
        items[i] = item
    return tuple(items)


def subval(x: Iterable[Any], i: int, item: Any) -> tuple[Any, ...]:
    """Return `x` as a tuple with another item at position `i`."""
    return subvals(x, [(i, item)])


def func(f: Any) -> Any:
    """Return `f`."""
    return f


def toposort(
    end_node: Any, parents: Callable[[Any], Iterable[Any]] = operator.attrgetter("parents")
) -> Iterator[Any]:
    """Yield the nodes of a graph, each after all nodes that have it as a parent."""
    children: dict[Any, int] = {end_node: 0}
    stack = [end_node]
    while stack:
        for parent in parents(stack.pop()):
            if parent not in children:
                children[parent] = 0
                stack.append(parent)
            children[parent] += 1
    stack = [end_node]
    while stack:
        node = stack.pop()
        yield node
        for parent in parents(node):
            children[parent] -= 1
            if not children[parent]:
                stack.append(parent)


def quick_grad_check(
    f: Callable[..., Any],
    arg0: Any,
    extra_args: Iterable[Any] = (),
    kwargs: Any = None,
    **options: Any,
) -> None:
    """Compare the gradient by the first argument with finite differences; use `check_grads`.

    `options`, such as `eps` and `rtol`, have no effect.
    """
    warnings.warn(
        "quick_grad_check is deprecated; use autograd.test_util.check_grads(f)(x)",
        DeprecationWarning,
        stacklevel=2,
    )
    checks = importlib.import_module("autograd_tools.compat.test_util")
    checks.check_vjp(lambda x: f(x, *extra_args, **(kwargs or {})), arg0)
