"""Derivatives of functions that return arrays: products with the Jacobian, Jacobian and Hessian.

Arguments and values may be pytrees. Results are pytrees of the same structure, with None for
non-numeric leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

import numpy as np

from autograd_tools.api.argument_leaves import Argnum, checked
from autograd_tools.api.differentiate import P, T, grad
from autograd_tools.api.functions import FunctionOf, named
from autograd_tools.api.linearizing import (
    AtPoint,
    derivative_at,
    elementwise_at,
    jacobian_at,
    jvp_at,
    vjp_at,
)
from autograd_tools.engine.primitives import name_of


def make_vjp(f: Callable[P, T], argnum: Argnum = 0) -> Callable[P, tuple[Callable[[Any], Any], T]]:
    """Return a function that computes vector-Jacobian products (pullbacks).

    Parameters
    ----------
    f : callable
        A function that returns a number, an array or a pytree of them.
    argnum : int or tuple of int
        The positional arguments to differentiate, counted from 0; a tuple gives a tuple of
        results.

    Returns
    -------
    vjp_and_value : callable
        It takes the arguments of `f`, runs `f` once, and returns `(vjp, y)`. `vjp(dy)` is the
        gradient of `sum(dy * y)`, of the shape of the argument. `dy`, the cotangent, has the shape
        of the value `y`; in a pytree, None counts as zero. `vjp` may be called again.

    Raises
    ------
    ValueError
        If the shapes of `dy` and `y` differ.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> vjp, y = ag.make_vjp(np.sin)(np.array([0.0, 1.0]))
    >>> vjp(np.array([2.0, 0.0]))
    array([2., 0.])
    """
    return _derivative("make_vjp", f, argnum, vjp_at, real=False)


def _derivative(
    caller: str, f: Callable[..., Any], argnum: Argnum, at_point: AtPoint, *, real: bool = True
) -> Callable[..., Any]:
    """Return a function that calls `at_point` with the derivative of `f`, its value and inputs."""
    argnums = checked(f, argnum, caller)
    made = FunctionOf(derivative_at, f, caller if real else "", argnums, argnum, at_point)
    return named(made, caller)


def make_jvp(f: Callable[P, T], argnum: Argnum = 0) -> Callable[P, Callable[[Any], tuple[T, Any]]]:
    """Return a function that computes Jacobian-vector products (directional derivatives).

    `f` runs once. Each product is a forward pass over its operations, which costs about as much
    as `f` where these are elementwise or linear, and several times as much elsewhere.

    Parameters
    ----------
    f : callable
        A function that returns a real number, an array or a pytree of them.
    argnum : int or tuple of int
        The positional arguments to differentiate, counted from 0.

    Returns
    -------
    jvp_at : callable
        It takes the arguments of `f` and returns `jvp`. `jvp(v)` is the pair of the value and its
        derivative along `v`, both of the shape of the value. `v` has the shape of the argument;
        for a tuple `argnum`, it is a tuple.

    Raises
    ------
    ValueError
        If the shapes of `v` and the argument differ.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> y, dy = ag.make_jvp(np.square)(np.array([1.0, 2.0]))(np.array([1.0, 10.0]))
    >>> dy
    array([ 2., 40.])
    """
    return _derivative("make_jvp", f, argnum, jvp_at)


@overload
def jacobian(f: np.ufunc, argnum: Argnum = 0) -> Callable[..., Any]: ...
@overload
def jacobian(f: Callable[P, Any], argnum: Argnum = 0) -> Callable[P, Any]: ...
def jacobian(f: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., Any]:
    """Return a function that computes the Jacobian of a function.

    `f` runs once, and the backward pass once for each element of the value.

    Parameters
    ----------
    f : callable
        A function that returns a real number, an array or a pytree of them.
    argnum : int or tuple of int
        The positional arguments to differentiate, counted from 0; a tuple gives a tuple of
        results.

    Returns
    -------
    jacobian : callable
        It takes the arguments of `f` and returns an array of the shape of the value followed by
        the shape of the argument. For pytrees, each leaf of the value becomes a pytree like the
        argument.

    Raises
    ------
    TypeError
        If `f` returns complex values, or `argnum` is out of range.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> ag.jacobian(lambda x: x[:, None] * x)(np.array([1.0, 2.0])).shape
    (2, 2, 2)
    """
    return _derivative("jacobian", f, argnum, jacobian_at)


def hessian(f: Callable[P, Any], argnum: Argnum = 0) -> Callable[P, Any]:
    """Return a function that computes the Hessian, the matrix of second derivatives.

    Parameters
    ----------
    f : callable
        A function that returns a real scalar.
    argnum : int or tuple of int
        The positional arguments to differentiate, counted from 0; a tuple gives a tuple of
        results.

    Returns
    -------
    hessian : callable
        It takes the arguments of `f` and returns an array of the shape of the argument, twice.

    Raises
    ------
    TypeError
        If `f` does not return a real scalar, or `argnum` is out of range.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> ag.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 3.0]))
    array([[6., 2.],
           [2., 0.]])
    """
    return jacobian(grad(f, argnum), argnum)


@overload
def elementwise_grad(f: np.ufunc, argnum: Argnum = 0) -> Callable[..., Any]: ...
@overload
def elementwise_grad(f: Callable[P, Any], argnum: Argnum = 0) -> Callable[P, Any]: ...
def elementwise_grad(f: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., Any]:
    """Return a function that computes the derivative of an elementwise function.

    The derivative is the sum over each column of the Jacobian; it costs one backward pass.

    Parameters
    ----------
    f : callable
        A function that works element by element: its value has the shape of its argument.
    argnum : int or tuple of int
        The positional arguments to differentiate, counted from 0; a tuple gives a tuple of
        results.

    Returns
    -------
    derivative : callable
        It takes the arguments of `f` and returns an array of the shape of the argument.

    Raises
    ------
    TypeError
        If `f` returns complex values, or `argnum` is out of range.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> ag.elementwise_grad(np.square)(np.array([1.0, 2.0, 3.0]))
    array([2., 4., 6.])
    """
    return _derivative("elementwise_grad", f, argnum, elementwise_at)


def make_hvp(
    f: Callable[P, Any], argnum: Argnum = 0
) -> Callable[P, tuple[Callable[[Any], Any], Any]]:
    """Return a function that computes Hessian-vector products.

    Parameters
    ----------
    f : callable
        A function that returns a real scalar.
    argnum : int or tuple of int
        The positional arguments to differentiate, counted from 0; a tuple gives a tuple of
        results.

    Returns
    -------
    hvp_and_gradient : callable
        It takes the arguments of `f` and returns `(hvp, gradient)`. `hvp(v)` is the product of the
        Hessian and `v`; both have the shape of the argument. `hvp` may be called again.

    Raises
    ------
    TypeError
        If `f` does not return a real scalar, or `argnum` is out of range.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> hvp, gradient = ag.make_hvp(lambda x: np.sum(x ** 3))(np.array([1.0, 2.0]))
    >>> hvp(np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    return make_vjp(grad(f, argnum), argnum)


def hessian_vector_product(f: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., Any]:
    """Return a function that computes one Hessian-vector product.

    Parameters
    ----------
    f : callable
        A function that returns a real scalar.
    argnum : int or tuple of int
        The positional arguments to differentiate, counted from 0; a tuple gives a tuple of
        results.

    Returns
    -------
    product : callable
        It takes the arguments of `f` and then a vector of the shape of the argument, and returns
        the product of the Hessian and the vector.

    Raises
    ------
    TypeError
        If `f` does not return a real scalar, or `argnum` is out of range.

    See Also
    --------
    make_hvp : for several vectors at one point.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> product = ag.hessian_vector_product(lambda x: np.sum(x ** 3))
    >>> product(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    hvp_at = make_hvp(f, argnum)
    return named(FunctionOf(_hvp, f, hvp_at), "hessian_vector_product")


def _hvp(f: Callable[..., Any], hvp_at: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    if len(args) < 2:
        raise TypeError(
            f"hessian_vector_product({name_of(f)}) expects the arguments of the function "
            f"and then a vector, got {len(args)} in all"
        )
    *inputs, v = args
    return hvp_at(*inputs, **kwargs)[0](v)
