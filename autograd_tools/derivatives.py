"""Derivatives of functions that return arrays: products with the Jacobian, the Jacobian itself, and the Hessian."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.core import Result, value
from autograd_tools.differentiate import grad, gradient_of, named, run
from autograd_tools.sweep import differentiate


def make_vjp(f: Callable[..., Any], argnum: int = 0) -> Callable[..., tuple[Callable[[Any], Any], Any]]:
    """Products of a vector and the Jacobian: `make_vjp(f)(*args)` is the pair of `vjp` and the value of `f`.

    `vjp(dy)`, for `dy` of the shape of the value, is the gradient of `sum(dy * f)` with respect to the argument number
    `argnum`. It may be called any number of times; `f` runs once.

    >>> import numpy as np, autograd_tools as ag
    >>> vjp, y = ag.make_vjp(np.sin)(np.array([0.0, 1.0]))
    >>> vjp(np.array([2.0, 0.0]))
    array([2., 0.])
    """

    def made(*args: Any, **kwargs: Any) -> tuple[Callable[[Any], Any], Any]:
        recording, (leaf,), y = run(f, (argnum,), args, kwargs)
        recording.keep = True  # for the next call of vjp
        tracked = isinstance(y, Result) and y.recording is recording
        plain = y.value if tracked else y

        def vjp(dy: Any) -> Any:
            if np.shape(dy) != np.shape(plain):
                raise ValueError(f"vjp takes an array of the shape of the value, {np.shape(plain)}, and got {np.shape(dy)}")
            if tracked:
                differentiate(recording, y.index, dy)
            return gradient_of(recording, leaf, value(args[argnum]))

        return vjp, plain

    return named(made, "make_vjp", f)


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
            return y, grad(lambda dy: np.sum(vjp(dy) * v))(np.zeros_like(value(y), dtype=np.result_type(value(y), np.float32)))

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
