"""grad and related operators, with the arguments of HIPS autograd."""

from __future__ import annotations

import inspect
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.api import derivatives, differentiate
from autograd_tools.api.checkpointing import checkpoint  # noqa: F401
from autograd_tools.api.functions import FunctionOf, named
from autograd_tools.api.linearizing import derivative_at, jvp_at, vjp_at
from autograd_tools.compat.insides import inside
from autograd_tools.compat.wrap_util import unary_to_nary
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.state import live
from autograd_tools.engine.values import unwrap


def _number(f: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `f` to return an array with one element as a number."""

    def of_number(x: Any) -> Any:
        y = f(x)
        one = isinstance(unwrap(y), np.ndarray) and np.ndim(y) and np.size(y) == 1
        return np.reshape(y, ()) if one else y

    of_number.__name__ = name_of(f)
    of_number.calls = f  # type: ignore[attr-defined]  # for is_first_call
    return of_number


@unary_to_nary
def grad(f: Any, x: Any) -> Any:
    """Return the gradient of a function that returns one real number, alone or in an array."""
    return differentiate.grad(_number(f))(x)


@unary_to_nary
def value_and_grad(f: Any, x: Any) -> Any:
    """Return the value of a function and its gradient."""
    shape: list[Any] = []

    def noted(x: Any) -> Any:
        y = f(x)
        shape.append(np.shape(y))
        return y

    noted.__name__ = name_of(f)
    noted.calls = f  # type: ignore[attr-defined]
    y, dx = differentiate.value_and_grad(_number(noted))(x)
    return (np.reshape(y, shape[0]) if shape[0] else y), dx


@unary_to_nary
def grad_and_aux(f: Any, x: Any) -> Any:
    """Return the gradient of the first of two values, and the second value."""
    kept: list[Any] = []

    def first(x: Any) -> Any:
        y, aux = f(x)
        kept.append(aux)
        return y

    first.calls = f  # type: ignore[attr-defined]
    return differentiate.grad(_number(first))(x), _settled(kept[0])


def _settled(x: Any) -> Any:
    """Return `x` without the wrapping of the closed recording."""
    if isinstance(x, dict):
        return {key: _settled(item) for key, item in x.items()}
    return type(x)(map(_settled, x)) if type(x) in (tuple, list) else live(x)


@unary_to_nary
def holomorphic_grad(f: Any, x: Any) -> Any:
    """Return the derivative of a holomorphic function: the gradient of its real part."""
    if not np.iscomplexobj(unwrap(x)):
        warnings.warn("the argument of holomorphic_grad is not complex", stacklevel=4)

    def real(x: Any) -> Any:
        return np.real(f(x))

    real.calls = f  # type: ignore[attr-defined]
    return grad(real)(x)


@unary_to_nary
def elementwise_grad(f: Any, x: Any) -> Any:
    """Return the derivative of an elementwise function: the sum of each column of the Jacobian."""
    vjp, y = derivatives.make_vjp(f)(x)
    if np.iscomplexobj(unwrap(y)):
        raise TypeError("elementwise_grad expects a function that returns real numbers")
    return vjp(np.ones_like(unwrap(y)))


@unary_to_nary
def make_vjp(f: Any, x: Any) -> Any:
    """Return the function `vjp(v)`, v times the Jacobian, and the value."""
    return derivative_at(f, "", (0,), 0, vjp_at, x)


@unary_to_nary
def make_jvp(f: Any, x: Any) -> Any:
    """Return the function `jvp(v)` of the value and the directional derivative."""
    return derivative_at(f, "make_jvp", (0,), 0, jvp_at, x)


@unary_to_nary
def make_jvp_reversemode(f: Any, x: Any) -> Any:
    """Return the function `jvp(v)` of the directional derivative."""
    jvp = derivatives.make_jvp(f)(x)
    return lambda v: jvp(v)[1]


@unary_to_nary
def deriv(f: Any, x: Any) -> Any:
    """Return the directional derivative along ones: the derivative of a function of one number."""
    return derivatives.make_jvp(f)(x)(np.ones_like(unwrap(x)))[1]


@unary_to_nary
def jacobian(f: Any, x: Any) -> Any:
    """Return the Jacobian, of the shape of the value followed by that of the argument."""
    return derivatives.jacobian(f)(x)


@unary_to_nary
def hessian(f: Any, x: Any) -> Any:
    """Return the Jacobian of the Jacobian, also of a function that returns an array."""
    return derivatives.jacobian(derivatives.jacobian(f))(x)


@unary_to_nary
def make_hvp(f: Any, x: Any) -> Any:
    """Return the function `hvp(v)`, the Hessian times v, and the gradient."""
    return derivatives.make_vjp(grad(f))(x)


def hessian_tensor_product(f: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """Make a function of the arguments of `f` and a tensor: the Hessian times the tensor."""
    return named(FunctionOf(_hessian_product, f, argnum), "hessian_tensor_product")


def _hessian_product(f: Any, argnum: Any, /, *args: Any, **kwargs: Any) -> Any:
    *inputs, tensor = args
    return make_hvp(f, argnum)(*inputs, **kwargs)[0](tensor)


hessian_vector_product = hessian_tensor_product


def tensor_jacobian_product(f: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """Make a function of the arguments of `f` and a tensor: the tensor times the Jacobian."""
    return jacobian(named(FunctionOf(_tensor_product, f), "tensor_product"), argnum)


def _tensor_product(f: Any, /, *args: Any, **kwargs: Any) -> Any:
    *inputs, tensor = args
    return np.tensordot(tensor, f(*inputs, **kwargs), np.ndim(tensor))


vector_jacobian_product = tensor_jacobian_product


def _half_square(y: Any) -> Any:
    return np.sum(y * y, axis=-1) / 2


def make_ggnvp(
    f: Callable[..., Any], g: Callable[..., Any] = _half_square, f_argnum: int = 0
) -> Callable[..., Callable[[Any], Any]]:
    """Make products of a vector and the generalized Gauss-Newton matrix of g(f(x)).

    With the Jacobian J of `f` and the Hessian H of `g`, `make_ggnvp(f, g)(*args)(v)` is J.T H J v;
    Schraudolph (2002), Neural Computation 14:7.
    """
    return _gauss_newton(f, f_argnum, g)


@unary_to_nary
def _gauss_newton(f: Any, x: Any, g: Any) -> Any:
    vjp, y = derivatives.make_vjp(f)(x)
    jvp, (hvp, _) = derivatives.make_jvp(f)(x), derivatives.make_vjp(grad(g))(y)
    return lambda v: vjp(hvp(jvp(v)[1]))


def grad_named(f: Callable[..., Any], argname: str) -> Callable[..., Any]:
    """Return `grad` for the argument with that name."""
    return grad(f, list(inspect.signature(f).parameters).index(argname))


def multigrad_dict(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return the gradients for all arguments, by name."""
    return named(FunctionOf(_gradients_by_name, f), "multigrad_dict")


def _gradients_by_name(f: Any, /, *args: Any, **kwargs: Any) -> Any:
    bound = inspect.signature(f).bind(*args, **kwargs)
    bound.apply_defaults()

    def by_name(arguments: Any) -> Any:
        positional: list[Any] = []
        keywords: dict[str, Any] = {}
        for name, parameter in bound.signature.parameters.items():
            if parameter.kind is parameter.VAR_POSITIONAL:
                positional.extend(arguments[name])
            elif parameter.kind is parameter.VAR_KEYWORD:
                keywords.update(arguments[name].items())
            elif parameter.kind is parameter.KEYWORD_ONLY:
                keywords[name] = arguments[name]
            else:
                positional.append(arguments[name])
        return f(*positional, **keywords)

    return OrderedDict(grad(by_name)(dict(bound.arguments)))


def __getattr__(name: str) -> Any:
    return inside(__name__, name)
