"""The derivatives of JAX, by what it computes: a gradient, or products with a Jacobian."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
from jax import numpy as jnp

# A function of arrays that returns a list of them.
Function = Callable[..., list[Any]]


class Derivative(NamedTuple):
    """A kind of derivative: whether it runs backward, and a function that computes it.

    `compute` takes a function, its Params and the arrays that the caller gives, such as cotangents.
    It returns the values and the derivatives.
    """

    is_backward: bool
    compute: Callable[[Function, Sequence[Any], Sequence[Any]], tuple[list[Any], Sequence[Any]]]


def _grad(f: Function, params: Sequence[Any], _: Sequence[Any]) -> Any:
    numbers = tuple(range(len(params)))
    value, found = jax.value_and_grad(lambda *params: f(*params)[0], numbers)(*params)
    return [value], found


def _vjp(f: Function, params: Sequence[Any], seeds: Sequence[Any]) -> Any:
    values, pull = jax.vjp(f, *params)
    return values, pull([*seeds])


def _jvp(f: Function, params: Sequence[Any], seeds: Sequence[Any]) -> Any:
    return jax.jvp(f, tuple(params), tuple(seeds))


def _jacrev(f: Function, params: Sequence[Any], _: Sequence[Any]) -> Any:
    values, pull = jax.vjp(f, *params)
    return values, jax.vmap(pull)(_basis(values))


def _jacfwd(f: Function, params: Sequence[Any], _: Sequence[Any]) -> Any:
    def push(tangents: list[Any]) -> Any:
        return jax.jvp(f, tuple(params), tuple(tangents))

    return jax.vmap(push, out_axes=(None, 0))(_basis(params))


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
    "vjp": Derivative(True, _vjp),
    "jacrev": Derivative(True, _jacrev),
    "jvp": Derivative(False, _jvp),
    "jacfwd": Derivative(False, _jacfwd),
}
