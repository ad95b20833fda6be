"""Derivatives of functions that return arrays: products with the Jacobian, the Jacobian itself, and the Hessian."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.calls import call
from autograd_tools.core import Result, value
from autograd_tools.differentiate import grad, gradient_of, named, run
from autograd_tools.recompute import is_of, join, leaves_of, rebuilt
from autograd_tools.sweep import differentiate


def make_vjp(f: Callable[..., Any], argnum: int = 0) -> Callable[..., tuple[Callable[[Any], Any], Any]]:
    """Products of a vector and the Jacobian: `make_vjp(f)(*args)` is the pair of `vjp` and the value of `f`.

    `vjp(dy)`, for `dy` of the shape of the value, is the gradient of `sum(dy * f)` with respect to the argument number
    `argnum`. It may be called any number of times; `f` runs once. The value may be a tuple, list or dict of arrays: so is `dy`.

    >>> import numpy as np, autograd_tools as ag
    >>> vjp, y = ag.make_vjp(np.sin)(np.array([0.0, 1.0]))
    >>> vjp(np.array([2.0, 0.0]))
    array([2., 0.])
    """

    def made(*args: Any, **kwargs: Any) -> tuple[Callable[[Any], Any], Any]:
        recording, (leaf,), y = run(f, (argnum,), args, kwargs)
        recording.keep = True  # for the next call of vjp
        parts = leaves_of(y)
        if not isinstance(y, Result) and any(is_of(recording, part) for part in parts):
            with recording.open(None):
                index = call(join, (parts,)).index  # several values have one outgrad
        else:
            index = y.index if is_of(recording, y) else None
        plain = rebuilt(y, iter([part.value if is_of(recording, part) else part for part in parts]))

        def vjp(dy: Any) -> Any:
            given = _parts(dy, plain)
            if index is not None:
                differentiate(recording, index, dy if isinstance(y, Result) else given)
            return gradient_of(recording, leaf, value(args[argnum]))

        return vjp, plain

    return named(made, "make_vjp", f)


def _parts(dy: Any, y: Any) -> list[Any]:
    """The numbers and arrays in `dy`, which has the structure and the shapes of `y`, in order."""
    if isinstance(y, (tuple, list, dict)):
        keys = y if isinstance(y, dict) else range(len(y))
        if len(dy) != len(y):
            raise ValueError(f"vjp takes as many parts as the value has, {len(y)}, and got {len(dy)}")
        return [part for key in keys for part in _parts(dy[key], y[key])]
    if isinstance(value(y), (tuple, list, dict)):
        return [dy]
    if np.shape(dy) != np.shape(y):
        raise ValueError(f"vjp takes an array of the shape of the value, {np.shape(y)}, and got {np.shape(dy)}")
    return [dy]


def _zero(y: Any) -> Any:
    """0 for each number in `y`."""
    y = value(y)
    if isinstance(y, dict):
        return {key: _zero(item) for key, item in y.items()}
    if isinstance(y, (tuple, list)):
        return type(y)(map(_zero, y)) if not hasattr(y, "_fields") else type(y)(*map(_zero, y))
    return np.zeros(np.shape(y), np.result_type(np.asarray(y), np.float32))[()]


def _product(a: Any, b: Any) -> Any:
    """The sum of all products of the numbers in `a` with those in `b`; of complex ones the real part."""
    if isinstance(value(b), dict):
        return sum(_product(a[key], b[key]) for key in b)
    if isinstance(value(b), (tuple, list)):
        return sum(_product(x, y) for x, y in zip(a, b, strict=True))
    total = np.sum(a * b)
    return np.real(total) if np.iscomplexobj(total) else total


def make_jvp(f: Callable[..., Any], argnum: int = 0) -> Callable[..., Callable[[Any], tuple[Any, Any]]]:
    """Products of the Jacobian and a vector: `make_jvp(f)(*args)(v)` is the pair of value and directional derivative.

    Computed as the gradient of the vector-Jacobian product, which is linear in its vector.

    >>> import numpy as np, autograd_tools as ag
    >>> y, dy = ag.make_jvp(np.square)(np.array([1.0, 2.0]))(np.array([1.0, 10.0]))
    >>> dy
    array([ 2., 40.])
    """

    def made(*args: Any, **kwargs: Any) -> Callable[[Any], tuple[Any, Any]]:
        vjp, y = make_vjp(f, argnum)(*args, **kwargs)

        def jvp(v: Any) -> tuple[Any, Any]:
            return y, grad(lambda dy: _product(vjp(dy), v))(_zero(y))

        return jvp

    return named(made, "make_jvp", f)


def jacobian(f: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """The function that returns the Jacobian of `f`, of the shape of its value followed by that of its argument.

    `f` runs once, and its gradient once for each element of the value.

    >>> import numpy as np, autograd_tools as ag
    >>> ag.jacobian(lambda x: x[:, None] * x)(np.array([1.0, 2.0])).shape
    (2, 2, 2)
    """

    def made(*args: Any, **kwargs: Any) -> Any:
        vjp, y = make_vjp(f, argnum)(*args, **kwargs)
        shape, dtype = np.shape(y), np.result_type(value(y))
        rows = []
        for index in np.ndindex(shape):
            dy = np.zeros(shape, dtype)
            dy[index] = 1
            rows.append(vjp(dy[()]))
        if not rows:
            return np.zeros((*shape, *np.shape(args[argnum])), dtype)
        return np.reshape(np.stack(rows), (*shape, *np.shape(rows[0])))

    return named(made, "jacobian", f)


def hessian(f: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """The function that returns the matrix of second derivatives of the scalar `f`, of the argument's shape twice.

    >>> import numpy as np, autograd_tools as ag
    >>> ag.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 3.0]))
    array([[6., 2.],
           [2., 0.]])
    """
    return jacobian(grad(f, argnum), argnum)


def elementwise_grad(f: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """The derivative of a function that works element by element: the sum over each column of its Jacobian.

    >>> import numpy as np, autograd_tools as ag
    >>> ag.elementwise_grad(np.square)(np.array([1.0, 2.0, 3.0]))
    array([2., 4., 6.])
    """

    def made(*args: Any, **kwargs: Any) -> Any:
        vjp, y = make_vjp(f, argnum)(*args, **kwargs)
        return vjp(np.ones_like(value(y)))

    return named(made, "elementwise_grad", f)


def make_hvp(f: Callable[..., Any], argnum: int = 0) -> Callable[..., tuple[Callable[[Any], Any], Any]]:
    """Products of the Hessian of a scalar `f` and a vector: `make_hvp(f)(*args)` is the pair of `hvp` and the gradient.

    >>> import numpy as np, autograd_tools as ag
    >>> hvp, gradient = ag.make_hvp(lambda x: np.sum(x ** 3))(np.array([1.0, 2.0]))
    >>> hvp(np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    return make_vjp(grad(f, argnum), argnum)


def hessian_vector_product(f: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """The function of the arguments of `f` and, after them, a vector, that returns the Hessian times the vector.

    >>> import numpy as np, autograd_tools as ag
    >>> ag.hessian_vector_product(lambda x: np.sum(x ** 3))(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """

    def made(*args: Any, **kwargs: Any) -> Any:
        *inputs, v = args
        return make_hvp(f, argnum)(*inputs, **kwargs)[0](v)

    return named(made, "hessian_vector_product", f)
