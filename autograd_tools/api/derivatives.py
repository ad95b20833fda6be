"""Derivatives of functions that return arrays: products with the Jacobian, the Jacobian itself, and the Hessian.

`argnum` is the number of an argument, counted from 0, or a tuple of them, for which there is a tuple of results. Arguments
and values may be containers: what is computed for each of their numbers comes in a container of the same kind, with None
beside constants.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.api.checkpointing import join
from autograd_tools.api.differentiate import checked, grad, gradient_of, named, run
from autograd_tools.base.containers import (
    is_number,
    leaves_of,
    matching_leaves,
    parts_of,
    with_leaves,
)
from autograd_tools.engine.backward import differentiate
from autograd_tools.engine.calls import call, plain
from autograd_tools.engine.describe import describe
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.values import Result, Value, unwrap
from autograd_tools.rules.indexing import unpack

Argnum = int | tuple[int, ...]


def make_vjp(
    f: Callable[..., Any], argnum: Argnum = 0
) -> Callable[..., tuple[Callable[[Any], Any], Any]]:
    """Products of a vector and the Jacobian: `make_vjp(f)(*args)` is the pair of `vjp` and the value of `f`.

    `vjp(dy)`, for `dy` of the shape of the value, is the gradient of `sum(dy * f)` with respect to the argument number
    `argnum`. It may be called any number of times; `f` runs once. If `f` returns a container, `dy` is one like it, in
    which None counts as zero.

    >>> import numpy as np, autograd_tools as ag
    >>> vjp, y = ag.make_vjp(np.sin)(np.array([0.0, 1.0]))
    >>> vjp(np.array([2.0, 0.0]))
    array([2., 0.])
    """
    argnums = checked(f, argnum)

    def made(*args: Any, **kwargs: Any) -> tuple[Callable[[Any], Any], Any]:
        pull, y = _pullback(f, argnums, args, kwargs)
        numbers = leaves_of(y)

        def vjp(dy: Any) -> Any:
            found = matching_leaves(unpack(dy), y, "the vector for vjp")
            given = [_cotangent(d, leaf) for d, leaf in zip(found, numbers, strict=True)]
            return _of_argnum(pull(given), argnum)

        return vjp, y

    return named(made, "make_vjp", f)


def _pullback(
    f: Callable[..., Any], argnums: tuple[int, ...], args: Any, kwargs: Any
) -> tuple[Callable[[list[Any]], tuple[Any, ...]], Any]:
    """The function that takes what flows back to each leaf of the value, or None, to the gradients; and the value."""
    whole: Any = None

    def joined(*inputs: Any, **options: Any) -> Any:
        nonlocal whole
        whole = f(*inputs, **options)
        if parts_of(unwrap(whole)) is None:
            return whole
        whole = unpack(whole)
        numbers = [leaf for leaf in leaves_of(whole) if is_number(plain(leaf))]
        return call(join, (numbers,)) if numbers else 0.0

    joined.__name__ = name_of(f)  # for messages
    recording, leaves, y = run(joined, argnums, args, kwargs)
    recording.retain = True  # for the next call
    several = parts_of(unwrap(whole)) is not None
    tracked = isinstance(y, Result) and y.recording is recording
    below = y.value if tracked else y

    def pull(given: list[Any]) -> tuple[Any, ...]:
        if tracked:
            seed = (
                [
                    d
                    for d, leaf in zip(given, leaves_of(whole), strict=True)
                    if is_number(plain(leaf))
                ]
                if several
                else given[0]
            )
            if seed is None:
                seed = np.zeros_like(unwrap(below))
            differentiate(recording, y.index, seed)
        return tuple(
            [
                gradient_of(recording, leaf, plain(args[n]))
                for leaf, n in zip(leaves, argnums, strict=True)
            ]
        )

    if not several:
        return pull, below
    numbers = iter(
        below if tracked else [leaf for leaf in leaves_of(whole) if is_number(plain(leaf))]
    )
    return pull, with_leaves(
        whole, (next(numbers) if is_number(plain(leaf)) else leaf for leaf in leaves_of(whole))
    )


def _cotangent(dy: Any, y: Any) -> Any:
    """`dy`, which is to flow back to the number or array `y`; None, for zero, stays."""
    if dy is None or not is_number(plain(y)):
        return None
    if parts_of(dy) is not None and not isinstance(y, Value) and np.shape(y) == np.shape(dy):
        dy = np.asarray(dy)
    if np.shape(dy) != np.shape(y):
        raise ValueError(
            f"vjp takes an array of the shape of the value, {np.shape(y)}, and got {np.shape(dy)}"
        )
    return dy


def _of_argnum(found: tuple[Any, ...], argnum: Argnum) -> Any:
    """One gradient for one argument, a tuple for a tuple."""
    return found if isinstance(argnum, tuple) else found[0]


def _check_real(y: Any, what: str, f: Callable[..., Any]) -> None:
    for leaf in leaves_of(y):
        if np.iscomplexobj(unwrap(leaf)):
            raise TypeError(
                f"{what} is for functions of real values, and {name_of(f)} returned {describe(leaf)}: take its np.real and np.imag"
            )


def make_jvp(
    f: Callable[..., Any], argnum: Argnum = 0
) -> Callable[..., Callable[[Any], tuple[Any, Any]]]:
    """Products of the Jacobian and a vector: `make_jvp(f)(*args)(v)` is the pair of value and directional derivative.

    `v` is like the argument number `argnum`, and a tuple for a tuple of them. Computed as the gradient of the
    vector-Jacobian product, which is linear in its vector.

    >>> import numpy as np, autograd_tools as ag
    >>> y, dy = ag.make_jvp(np.square)(np.array([1.0, 2.0]))(np.array([1.0, 10.0]))
    >>> dy
    array([ 2., 40.])
    """
    argnums = checked(f, argnum)

    def made(*args: Any, **kwargs: Any) -> Callable[[Any], tuple[Any, Any]]:
        pull, y = _pullback(f, argnums, args, kwargs)
        _check_real(y, "make_jvp", f)
        inputs = tuple([plain(args[n]) for n in argnums])
        zeros = [
            np.zeros(np.shape(x), np.result_type(unwrap(x), np.float32))
            if is_number(plain(x))
            else None
            for x in leaves_of(y)
        ]

        def jvp(v: Any) -> tuple[Any, Any]:
            given = matching_leaves(
                unpack(v) if isinstance(argnum, tuple) else (unpack(v),),
                inputs,
                "the vector for jvp",
            )
            for x, d in zip(leaves_of(inputs), given, strict=True):
                if d is not None and is_number(x) and np.shape(d) != np.shape(x):
                    raise ValueError(
                        f"jvp takes an array of the shape of the argument, {np.shape(x)}, and got {np.shape(d)}"
                    )

            def along(us: Any) -> Any:
                products = [
                    np.sum(dx * d)
                    for dx, d in zip(leaves_of(pull(list(us))), given, strict=True)
                    if dx is not None and d is not None
                ]
                return sum(products)

            found = (
                [None if dy is None else dy[()] for dy in grad(along)(zeros)]
                if any(u is not None for u in zeros)
                else zeros
            )
            return y, with_leaves(y, iter(found))

        return jvp

    return named(made, "make_jvp", f)


def jacobian(f: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., Any]:
    """The function that returns the Jacobian of `f`, of the shape of its value followed by that of its argument.

    `f` runs once, and its gradient once for each element of the value. Where values and arguments are containers, each
    number of the value has, in its place, a container like the argument.

    >>> import numpy as np, autograd_tools as ag
    >>> ag.jacobian(lambda x: x[:, None] * x)(np.array([1.0, 2.0])).shape
    (2, 2, 2)
    """
    argnums = checked(f, argnum)

    def made(*args: Any, **kwargs: Any) -> Any:
        pull, y = _pullback(f, argnums, args, kwargs)
        _check_real(y, "jacobian", f)
        leaves = leaves_of(y)
        like = plain(_of_argnum(tuple([args[n] for n in argnums]), argnum))

        def rows_of(i: int, leaf: Any) -> Any:
            if not is_number(plain(leaf)):
                return None
            shape, dtype = np.shape(leaf), np.result_type(unwrap(leaf))
            rows = []
            for index in np.ndindex(shape):
                dy = np.zeros(shape, dtype)
                dy[index] = 1
                rows.append(
                    leaves_of(
                        _of_argnum(
                            pull([dy[()] if j == i else None for j in range(len(leaves))]), argnum
                        )
                    )
                )
            columns = [[row[k] for row in rows] for k in range(len(leaves_of(like)))]
            blocks = zip(columns, leaves_of(like), strict=True)
            return with_leaves(like, (_block(column, shape, dtype, x) for column, x in blocks))

        return with_leaves(y, (rows_of(i, leaf) for i, leaf in enumerate(leaves)))

    return named(made, "jacobian", f)


def _block(rows: list[Any], shape: tuple[int, ...], dtype: Any, x: Any) -> Any:
    """The Jacobian of an array of the given shape for the argument `x`, of its rows; None if that is a constant."""
    if not is_number(x):
        return None
    return (
        np.reshape(np.stack(rows), (*shape, *np.shape(x)))
        if rows
        else np.zeros((*shape, *np.shape(x)), dtype)
    )


def hessian(f: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., Any]:
    """The function that returns the matrix of second derivatives of the scalar `f`, of the argument's shape twice.

    >>> import numpy as np, autograd_tools as ag
    >>> ag.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 3.0]))
    array([[6., 2.],
           [2., 0.]])
    """
    return jacobian(grad(f, argnum), argnum)


def elementwise_grad(f: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., Any]:
    """The derivative of a function that works element by element: the sum over each column of its Jacobian.

    >>> import numpy as np, autograd_tools as ag
    >>> ag.elementwise_grad(np.square)(np.array([1.0, 2.0, 3.0]))
    array([2., 4., 6.])
    """
    argnums = checked(f, argnum)

    def made(*args: Any, **kwargs: Any) -> Any:
        pull, y = _pullback(f, argnums, args, kwargs)
        _check_real(y, "elementwise_grad", f)
        return _of_argnum(
            pull(
                [
                    np.ones_like(unwrap(leaf)) if is_number(plain(leaf)) else None
                    for leaf in leaves_of(y)
                ]
            ),
            argnum,
        )

    return named(made, "elementwise_grad", f)


def make_hvp(
    f: Callable[..., Any], argnum: Argnum = 0
) -> Callable[..., tuple[Callable[[Any], Any], Any]]:
    """Products of the Hessian of a scalar `f` and a vector: `make_hvp(f)(*args)` is the pair of `hvp` and the gradient.

    >>> import numpy as np, autograd_tools as ag
    >>> hvp, gradient = ag.make_hvp(lambda x: np.sum(x ** 3))(np.array([1.0, 2.0]))
    >>> hvp(np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    return make_vjp(grad(f, argnum), argnum)


def hessian_vector_product(f: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., Any]:
    """The function of the arguments of `f` and, after them, a vector, that returns the Hessian times the vector.

    >>> import numpy as np, autograd_tools as ag
    >>> ag.hessian_vector_product(lambda x: np.sum(x ** 3))(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    hvp_at = make_hvp(f, argnum)

    def made(*args: Any, **kwargs: Any) -> Any:
        if len(args) < 2:
            raise TypeError(
                f"hessian_vector_product({name_of(f)}) takes the arguments of the function and then a vector, and got {len(args)}"
            )
        *inputs, v = args
        return hvp_at(*inputs, **kwargs)[0](v)

    return named(made, "hessian_vector_product", f)
