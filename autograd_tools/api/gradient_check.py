"""Numerical checks of gradients by central differences along random directions, to any order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_tools.api.argument_leaves import checked, out_of_range
from autograd_tools.api.differentiate import diff, value_and_grad
from autograd_tools.api.parameters import params
from autograd_tools.base.containers import children_of, is_floating, tree_leaves, tree_replace
from autograd_tools.base.traced import plain_array
from autograd_tools.engine.calls import plain
from autograd_tools.engine.cotangents import to_user_type
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.values import Param, Value, unwrap
from autograd_tools.rules.indexing import unpack


class GradientError(AssertionError):
    """A gradient differs from finite differences, or has a wrong shape or dtype.

    `gradcheck` and `gcheck` raise it. It is an AssertionError, so that a test fails with it.

    Examples
    --------
    >>> import autograd_tools as ag
    >>> double = ag.primitive(lambda dy, y, x: 3 * dy)(lambda x: x + x)
    >>> try:
    ...     ag.gradcheck(double, 1.0)
    ... except ag.GradientError as error:
    ...     print(str(error).partition(":")[0])
    the gradient <lambda>[1] differs from finite differences
    """

    __module__ = "autograd_tools"


def gradcheck(
    f: Callable[..., Any],
    *args: Any,
    argnums: int | tuple[int, ...] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    order: int = 1,
    rtol: float = 1e-5,
    atol: float = 1e-6,
    delta: float = 1e-6,
    seed: int = 0,
) -> bool:
    """Compare the gradient of a function with finite differences.

    The check compares directional derivatives: the product of the gradient with a random direction
    `v`, and the central difference `(f(x + delta v) - f(x - delta v)) / (2 delta)`.

    Parameters
    ----------
    f : callable
        A function that returns a number, an array or a pytree of them. For several elements, a
        random linear combination is checked.
    *args
        The point at which to check.
    argnums : int or tuple of int, optional
        The positional arguments to check, counted from 0. The default is all with floating-point
        elements; integers in a pytree stay fixed.
    kwargs : mapping, optional
        Keyword arguments of `f`.
    order : int, default 1
        With 2, the gradient of the gradient is checked too, and so on.
    rtol, atol : float
        Tolerances, as in `numpy.isclose`.
    delta : float
        The step, in the units of the arguments; the default suits float64.
    seed : int
        The seed of the random directions.

    Returns
    -------
    ok : bool
        Always True.

    Raises
    ------
    GradientError
        If the two differ, or if the shape or dtype of a gradient differs from its argument.
    TypeError
        If no argument has floating-point elements, or `argnums` is out of range.

    Notes
    -----
    The gradient for a complex number x + iy is df/dx - i df/dy. The real part of its product with
    a step is the change of `f`.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> ag.gradcheck(np.sin, 0.5, order=3)
    True
    """
    rng = np.random.default_rng(seed)
    floating = tuple(n for n, arg in enumerate(args) if _is_floating(arg))
    argnums = checked(f, floating if argnums is None else argnums, "gradcheck")
    for n in argnums:
        if n >= len(args):
            raise out_of_range(f"argnums={n}", f, args)
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"order must be an int of 1 or more, got {order!r}")
    if not argnums:
        raise TypeError(f"{name_of(f)} got no floating-point argument; no gradient to check")

    def scalar(*some: Any) -> Any:
        inputs = list(args)
        for n, arg in zip(argnums, some, strict=True):
            inputs[n] = arg
        return _combine(f(*map(_own, inputs), **(kwargs or {})), weights)

    weights = random_leaves(plain(f(*map(_own, args), **(kwargs or {}))), rng)
    inputs = tuple([args[n] for n in argnums])
    _check(scalar, inputs, argnums, name_of(f), order, (rtol, atol, delta), rng)
    return True


def _check(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    labels: tuple[int, ...],
    name: str,
    order: int,
    tolerance: tuple[float, float, float],
    rng: np.random.Generator,
) -> None:
    """Check all gradients of the scalar `f`, then the gradient of a random combination of them."""
    rtol, atol, delta = tolerance
    gradient = value_and_grad(f, tuple(range(len(args))))
    _, found = gradient(*args)
    for n, (arg, dx) in enumerate(zip(args, found, strict=True)):
        _check_type(dx, arg, f"{name}[{labels[n] + 1}]")
        direction = random_leaves(arg, rng)
        ends = (
            f(*args[:n], _move(arg, direction, step), *args[n + 1 :]) for step in (delta, -delta)
        )
        numeric = (next(ends) - next(ends)) / (2 * delta)
        analytic = _combine(dx, direction)
        _compare(f"{name}[{labels[n] + 1}]", analytic, numeric, rtol, atol)
    if order > 1:
        weights = [w for arg in args for w in random_leaves(arg, rng)]

        def combined(*some: Any) -> Any:
            return _combine(gradient(*some)[1], weights)

        _check(combined, args, labels, f"grad({name})", order - 1, tolerance, rng)


def gcheck(
    f: Callable[..., Any],
    *args: Any,
    rtol: float = 1e-5,
    atol: float = 1e-6,
    delta: float = 1e-6,
    seed: int = 0,
) -> bool:
    """Compare the gradients for all Params of a scalar function with finite differences.

    The name is from AutoGrad.jl. The check changes each Param by `delta` along a random direction
    and restores it even if `f` fails.

    Parameters
    ----------
    f : callable
        A function that returns a real scalar computed from Params.
    *args
        The arguments of `f`.
    rtol, atol, delta, seed
        As in `gradcheck`.

    Returns
    -------
    ok : bool
        Always True.

    Raises
    ------
    GradientError
        If a gradient differs.
    TypeError
        If `f` uses no Param.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> w = ag.Param(np.array([1.0, 2.0]))
    >>> ag.gcheck(lambda x: np.sum(np.sin(w * x)), 0.5)
    True
    """
    tape = diff(f, *args)
    found = params(tape)
    if not found:
        raise TypeError(
            f"{name_of(f)} returned {tape!r} without using a Param; no gradient to check"
        )
    rng = np.random.default_rng(seed)
    for p in found:
        direction, start = random_leaves(p.value, rng), p.value
        analytic = _combine(to_user_type(tape.gradient(p), start, total=True), direction)
        try:
            try:
                p.value = _move(start, direction, delta)
                ahead = unwrap(f(*args))
                p.value = _move(start, direction, -delta)
                numeric = (ahead - unwrap(f(*args))) / (2 * delta)
            finally:
                p.value = start
        finally:
            p.value = start  # again, where an interrupt ended the first
        _compare(f"of {p!r}", analytic, numeric, rtol, atol)
    return True


def _compare(name: str, analytic: Any, numeric: Any, rtol: float, atol: float) -> None:
    """Raise a GradientError if the two directional derivatives differ."""
    if not np.isclose(numeric, analytic, rtol=rtol, atol=atol):
        raise GradientError(
            f"the gradient {name} differs from finite differences: "
            f"expected {numeric!s} along a random direction, got {analytic!s}"
        )


def _own(x: Any) -> Any:
    """Return a copy of the arrays of an argument, which the function may write into."""
    leaves = tree_leaves(x)
    return tree_replace(
        x, iter([leaf.copy() if type(leaf) is np.ndarray else leaf for leaf in leaves])
    )


def _is_floating(x: Any) -> bool:
    """Return True if one of the leaves is of floating point."""
    return any(map(is_floating, tree_leaves(x.value if isinstance(x, Param) else x)))


def random_leaves(x: Any, rng: np.random.Generator) -> list[Any]:
    """Return random numbers for each leaf of `x`; None for integers and constants in a pytree."""
    alone = children_of(x) is None
    return [_random(leaf, rng) if alone or is_floating(leaf) else None for leaf in tree_leaves(x)]


def _random(x: Any, rng: np.random.Generator) -> Any:
    if np.iscomplexobj(x):
        return rng.standard_normal(np.shape(x)) + 1j * rng.standard_normal(np.shape(x))
    return rng.standard_normal(np.shape(x))


def _move(x: Any, direction: list[Any], step: float) -> Any:
    pairs = zip(tree_leaves(x), direction, strict=True)
    return tree_replace(x, (leaf if d is None else leaf + step * d for leaf, d in pairs))


def _combine(y: Any, weights: list[Any]) -> Any:
    """Return the weighted sum of all elements of `y`; of complex ones the real part."""
    pairs = zip(tree_leaves(unpack(y)), weights, strict=True)
    sums = [(np.sum(leaf * w), w) for leaf, w in pairs if w is not None]
    return sum([np.real(s) if np.iscomplexobj(w) else s for s, w in sums])


def _check_type(dx: Any, x: Any, name: str) -> None:
    """Raise unless a gradient has the shape and dtype of its argument."""
    if children_of(x) is not None or isinstance(dx, Value):
        return
    expected, got = plain_array(x), plain_array(dx)
    other = expected.dtype.kind in "fc" and got.dtype != expected.dtype
    if other or got.shape != expected.shape:
        raise GradientError(
            f"expected the gradient {name} to be {expected.dtype}{list(expected.shape)} "
            f"like its argument, got {got.dtype}{list(got.shape)}"
        )
