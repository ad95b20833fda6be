"""The derivatives of JAX, by what it computes: a gradient, or products with a Jacobian."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax import numpy as jnp

ZERO = jax.dtypes.float0
# A function of arrays that returns a list of them.
Function = Callable[..., list[Any]]


class Derivative(NamedTuple):
    """A kind of derivative: whether it runs backward, and a function that computes it.

    `compute` takes a function, its Params and the arrays that the caller gives, such as cotangents,
    of floats. It returns the values and the derivatives.
    """

    is_backward: bool
    compute: Callable[[Function, Sequence[Any], Sequence[Any]], tuple[list[Any], Sequence[Any]]]


def _grad(f: Function, params: Sequence[Any], _: Sequence[Any], **options: Any) -> Any:
    numbers = tuple(range(len(params)))
    gradient = jax.value_and_grad(lambda *params: f(*params)[0], numbers, **options)
    value, found = gradient(*params)
    return [value], found


def _vjp(f: Function, params: Sequence[Any], seeds: Sequence[Any]) -> Any:
    values, pull = jax.vjp(f, *params)
    return values, pull(_with_integers(values, seeds))


def _jvp(f: Function, params: Sequence[Any], seeds: Sequence[Any]) -> Any:
    return jax.jvp(f, tuple(params), tuple(_with_integers(params, seeds)))


def _jacrev(f: Function, params: Sequence[Any], _: Sequence[Any]) -> Any:
    values, pull = jax.vjp(f, *params)
    return values, jax.vmap(pull)(_basis(values))


def _jacfwd(f: Function, params: Sequence[Any], _: Sequence[Any]) -> Any:
    def push(tangents: list[Any]) -> Any:
        return jax.jvp(f, tuple(params), tuple(tangents))

    return jax.vmap(push, out_axes=(None, 0))(_basis(params))


def _with_integers(arrays: Sequence[Any], seeds: Sequence[Any]) -> list[Any]:
    """Return the cotangents or tangents of arrays; those of integers are without elements."""
    own = iter(seeds)
    return [
        next(own)
        if jnp.issubdtype(jnp.result_type(x), jnp.inexact)
        else np.zeros(jnp.shape(x), ZERO)
        for x in arrays
    ]


def _basis(arrays: Sequence[Any]) -> list[Any]:
    """Return the unit vectors of the space of some arrays, along a new first axis."""
    sizes = [jnp.size(x) for x in arrays]
    parts = jnp.split(jnp.eye(sum(sizes)), [*itertools.accumulate(sizes)][:-1], axis=1)
    return [
        part.reshape(-1, *jnp.shape(x)).astype(jnp.result_type(x))
        for part, x in zip(parts, arrays, strict=True)
    ]


DERIVATIVES = {
    "grad": Derivative(True, _grad),
    "holomorphic": Derivative(True, functools.partial(_grad, holomorphic=True)),
    "vjp": Derivative(True, _vjp),
    "jacrev": Derivative(True, _jacrev),
    "jvp": Derivative(False, _jvp),
    "jacfwd": Derivative(False, _jacfwd),
}
