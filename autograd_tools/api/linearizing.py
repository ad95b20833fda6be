"""The derivative of a function at a point: a linear function, pulled back or pushed forward."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_tools.api.argument_leaves import Argnum, gradient_of, of_argnum, run
from autograd_tools.api.checkpointing import join
from autograd_tools.api.plain_run import PlainRun
from autograd_tools.base.containers import (
    LEAVES,
    children_of,
    copied,
    is_double,
    is_number,
    matching_leaves,
    tree_leaves,
    tree_replace,
)
from autograd_tools.base.traced import plain_array
from autograd_tools.engine import checks
from autograd_tools.engine.calls import call, plain
from autograd_tools.engine.describe import describe
from autograd_tools.engine.differentiation import differentiate
from autograd_tools.engine.foreign import converted
from autograd_tools.engine.forward import push
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.state import live
from autograd_tools.engine.values import Result, Value, unwrap
from autograd_tools.rules.indexing import unpack

# From the argument `argnum`, the derivative, the value and the inputs.
AtPoint = Callable[[Argnum, "Linear", Any, tuple[Any, ...]], Any]


def derivative_at(
    f: Callable[..., Any],
    real: str,
    argnums: tuple[int, ...],
    argnum: Argnum,
    at_point: AtPoint,
    /,
    *args: Any,
    **kwargs: Any,
) -> Any:
    """Return `at_point` of the derivative of `f`; `real` names who expects real values, if any."""
    again = PlainRun(f, args, kwargs) if checks.blocks else None
    linear = Linear(*run(f, argnums, args, kwargs, then=_joined))
    y = linear.value()
    for leaf in tree_leaves(y) if real else ():
        if not is_double(leaf) and np.iscomplexobj(unwrap(leaf)):
            raise TypeError(
                f"{real}() expects a function with real values, {name_of(f)} returned "
                f"{describe(leaf)}; take its np.real and np.imag"
            )
    found = at_point(argnum, linear, y, tuple([plain(args[n]) for n in argnums]))
    if again is not None and at_point in (jacobian_at, elementwise_at):  # others pull later
        again.compare(y)
    return found


class Linear:
    """The derivative of a function at a point, which is linear.

    `found` is the result of `_joined`: the value `y` that is differentiated, and the pytree `whole`
    whose numbers `y` joins. `whole` is None if the function returned `y` itself.
    """

    def __init__(self, recording: Recording, leaves: list[int], found: tuple[Any, Any]) -> None:
        recording.retain = True  # for the next product
        self.recording = recording
        self.leaves = leaves
        y, self.whole = found
        self.y = y
        self.tracked = isinstance(y, Result) and y.recording is recording
        self.below = y.value if self.tracked else y

    def value(self) -> Any:
        """Return the value of the function, as the recordings around see it."""
        if self.whole is None:
            return self.below
        tree = tree_leaves(self.whole)
        numbers = iter(self.below) if self.tracked else map(live, filter(_is_number, tree))
        made = (next(numbers) if _is_number(leaf) else live(leaf) for leaf in tree)
        return tree_replace(self.whole, made)

    def pull(self, cotangents: list[Any], inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the gradients of `inputs` for a cotangent or None for each leaf of the value."""
        if self.tracked:
            seed = cotangents[0]
            if self.whole is not None:
                pairs = zip(cotangents, tree_leaves(self.whole), strict=True)
                seed = [d for d, leaf in pairs if _is_number(leaf)]
            elif seed is None:
                seed = np.zeros_like(unwrap(self.below))
            differentiate(self.recording, self.y.index, seed, self.below)
        pairs = zip(self.leaves, inputs, strict=True)
        return tuple([gradient_of(self.recording, leaf, x) for leaf, x in pairs])

    def push(self, tangents: tuple[Any, ...]) -> list[Any]:
        """Return a tangent, or None for zero, of each leaf of the value."""
        known = self.tracked and self.leaves
        dy = push(self.recording, self.leaves, tangents, self.y.index) if known else None
        if self.whole is None:
            return [dy]
        numbers = itertools.repeat(None) if dy is None else iter(dy)
        return [next(numbers) if _is_number(x) else None for x in tree_leaves(self.whole)]


def _is_number(x: Any) -> bool:
    return is_double(x) or is_number(plain(x))


def _joined(whole: Any) -> tuple[Any, Any]:
    """Return one Result for the numbers of a pytree, and the pytree; a leaf itself, and None."""
    if type(whole) is Result and type(whole.value) in LEAVES:
        return whole, None
    if children_of(unwrap(whole)) is None:
        return whole, None
    whole = unpack(whole)
    numbers = list(filter(_is_number, tree_leaves(whole)))
    return (call(join, (numbers,)) if numbers else 0.0), whole


def vjp_at(argnum: Argnum, linear: Linear, y: Any, inputs: Any) -> tuple[Callable[[Any], Any], Any]:
    """Return the function of `make_vjp`, and the value."""

    def vjp(dy: Any) -> Any:
        found = matching_leaves(unpack(dy), y, "the argument of vjp()")
        given = [_cotangent(d, leaf) for d, leaf in zip(found, tree_leaves(y), strict=True)]
        return of_argnum(linear.pull(given, inputs), argnum)

    return vjp, copied(y)  # writing into it must not change what the rules read


def _cotangent(dy: Any, y: Any) -> Any:
    """Return the cotangent `dy` of the number or array `y`; None, for zero, stays None."""
    if dy is None or not is_number(plain(y)):
        return None
    dy = converted(dy)
    if children_of(dy) is not None and not isinstance(y, Value) and np.shape(y) == np.shape(dy):
        dy = plain_array(dy)
    if np.shape(dy) != np.shape(y):
        raise _wrong_shape("vjp", "value", y, dy)
    return dy


def _wrong_shape(caller: str, of: str, x: Any, given: Any) -> ValueError:
    expected, got = np.shape(x), np.shape(given)
    return ValueError(
        f"{caller}() expects an array of the shape of the {of}, {expected}, got {got}"
    )


def jvp_at(argnum: Argnum, linear: Linear, y: Any, inputs: Any) -> Callable[[Any], tuple[Any, Any]]:
    """Return the function of `make_jvp`."""
    several = isinstance(argnum, tuple)
    alone = not several and children_of(inputs[0]) is None
    tree = tree_leaves(y)

    def jvp(v: Any) -> tuple[Any, Any]:
        if alone:
            tangents = (_tangent(v, inputs[0]),)
        else:
            v = unpack(v) if several else (unpack(v),)
            given = matching_leaves(v, inputs, "the argument of jvp()")
            tangents = tree_replace(inputs, map(_tangent, given, tree_leaves(inputs)))
        return copied(y), tree_replace(y, map(_of_value, linear.push(tangents), tree))

    return jvp


def _tangent(d: Any, x: Any) -> Any:
    """Return the tangent `d`, given for the leaf `x` of an argument, in its type; None for zero."""
    if d is None or not is_number(x):
        return None
    d = _in_dtype_of(x, converted(d))
    if getattr(d, "shape", ()) != getattr(x, "shape", ()):
        raise _wrong_shape("jvp", "argument", x, d)
    return d


def _of_value(dy: Any, y: Any) -> Any:
    """Return the tangent `dy` of the leaf `y` of the value, in memory of its own."""
    if not _is_number(y):
        return None
    if dy is None:
        return np.zeros(np.shape(y), _dtype(y))[()]
    dy = _in_dtype_of(y, dy)
    return dy.copy() if type(dy) is np.ndarray else dy


def _dtype(x: Any) -> Any:
    """Return the dtype of tangents of `x`, that of floating point for an integer."""
    x = unwrap(x)
    return np.result_type(plain_array(x), np.float32)  # of a Python number, too


def _in_dtype_of(x: Any, dx: Any) -> Any:
    """Return the tangent `dx` in the dtype of tangents of `x`, as a number if it has no axes."""
    if is_double(dx) and is_double(x):
        return dx if type(dx) is np.ndarray and dx.ndim else np.float64(dx)
    dtype = _dtype(x)
    if isinstance(dx, Value):
        return dx if _dtype(dx) == dtype else np.astype(dx, dtype)
    return plain_array(dx, dtype)[()]


def jacobian_at(argnum: Argnum, linear: Linear, y: Any, inputs: Any) -> Any:
    """Return the Jacobian: a pull for each element of the value."""
    leaves = tree_leaves(y)
    like = of_argnum(inputs, argnum)

    def rows_of(i: int, leaf: Any) -> Any:
        if not is_number(plain(leaf)):
            return None
        shape, dtype = np.shape(leaf), np.result_type(unwrap(leaf))
        rows = []
        for index in np.ndindex(shape):
            dy = np.zeros(shape, dtype)
            dy[index] = 1
            cotangents = [dy[()] if j == i else None for j in range(len(leaves))]
            rows.append(tree_leaves(of_argnum(linear.pull(cotangents, inputs), argnum)))
        columns = [[row[k] for row in rows] for k in range(len(tree_leaves(like)))]
        blocks = zip(columns, tree_leaves(like), strict=True)
        return tree_replace(like, (_block(column, shape, dtype, x) for column, x in blocks))

    return tree_replace(y, (rows_of(i, leaf) for i, leaf in enumerate(leaves)))


def _block(rows: list[Any], shape: tuple[int, ...], dtype: Any, x: Any) -> Any:
    """Return the Jacobian of an array for the argument `x` from its rows; None for a constant."""
    if not is_number(x):
        return None
    whole = (*shape, *np.shape(x))
    return np.reshape(np.stack(rows), whole) if rows else np.zeros(whole, dtype)


def elementwise_at(argnum: Argnum, linear: Linear, y: Any, inputs: Any) -> Any:
    """Return the derivative of an elementwise function: a pull of ones."""
    leaves = tree_leaves(y)
    ones = [np.ones_like(unwrap(x)) if is_number(plain(x)) else None for x in leaves]
    return of_argnum(linear.pull(ones, inputs), argnum)
