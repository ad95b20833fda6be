"""The helpers of HIPS autograd's numpy_vjps, for rules of one's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_tools.compat.extend import (
    SparseObject,
    VJPNode,
    VSpace,
    defvjp,
    defvjp_argnum,
    primitive,
    register_notrace,
    vspace,
)
from autograd_tools.compat.insides import inside
from autograd_tools.compat.numpy.numpy_boxes import ArrayBox
from autograd_tools.compat.util import func

Meta = tuple[tuple[int, ...], int, Any, bool]  # of `metadata`: shape, ndim, dtype, iscomplex


def unbroadcast_f(target: Any, rule: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return `rule`: the engine undoes broadcasting for every rule."""
    return rule


def unbroadcast(x: Any, target_meta: Meta, broadcast_idx: int = 0) -> Any:
    """Return `x` summed to the shape of a target: extra axes from `broadcast_idx` on, then ones."""
    shape, ndim, _, is_complex = target_meta
    while np.ndim(x) > ndim:
        x = np.sum(x, axis=broadcast_idx)
    ones = tuple(i for i, size in enumerate(shape) if size == 1)
    x = np.sum(x, axis=ones, keepdims=True) if ones else x
    return x if is_complex else _real(x)


def unbroadcast_einsum(x: Any, target_meta: Meta, subscript: Sequence[Any]) -> Any:
    """Return `x` summed to the shape of an operand of einsum with an ellipsis in its subscript."""
    if Ellipsis not in subscript:
        return x
    at = subscript.index(Ellipsis)
    return unbroadcast(x, target_meta, -1 if at and at == len(subscript) - 1 else at)


def _real(x: Any) -> Any:
    return np.real(x) if np.iscomplexobj(x) else x


def match_complex(target: Any, x: Any) -> Any:
    """Return `x` as a real or complex value, as `target` is."""
    if not np.iscomplexobj(target):
        return _real(x)
    return x if np.iscomplexobj(x) else x + 0j


def replace_zero(x: Any, val: Any) -> Any:
    """Return `x` with another value where it is zero."""
    return np.where(x, x, val)


def balanced_eq(x: Any, z: Any, y: Any) -> Any:
    """Return 1 where `x` is `z`, halved where it is also `y`: the share of a tie."""
    return (x == z) / (1.0 + (x == y))


def repeat_to_match_shape(g: Any, shape: Any, dtype: Any, axis: Any, keepdims: Any) -> Any:
    """Return the gradient of a reduction repeated along its axes, and how many times."""
    if shape == ():
        return g, 1
    kept, sizes = np.array(shape), np.array(shape)
    index = list(axis) if isinstance(axis, tuple) else axis
    kept[index] = 1
    return np.reshape(g, kept) + np.zeros(shape, dtype), np.prod(sizes[index])


def reverse_axis(x: Any, axis: int) -> Any:
    """Return `x` with one axis in reverse order."""
    return np.flip(x, axis)


def unpermuter(g: Any, permutation: Any) -> Any:
    """Return the elements of `g` in the order before a permutation."""
    return g[np.argsort(permutation)]


def wrapped_reshape(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Return `x` in a shape that is given as one tuple or as numbers."""
    return np.reshape(x, args, **kwargs) if isinstance(args[0], int) else np.reshape(x, *args)


def untake(x: Any, idx: Any, vs: VSpace) -> SparseObject:
    """Return the gradient of `a[idx]` for `a` of a vector space: zero but for `x` at `idx`."""
    if isinstance(idx, list) and (not idx or not isinstance(idx[0], slice)):
        idx = np.array(idx, dtype=np.int64)

    def mut_add(total: Any) -> Any:
        np.add.at(total, idx, x)
        return total

    return SparseObject(vs, mut_add)


def dot_adjoint_0(B: Any, G: Any, A_meta: Meta, B_meta: Meta) -> Any:
    """Return the gradient of `dot(A, B)` by `A`, from that of the value."""
    if B_meta[1] < 2 or A_meta[1] == 0:
        y = np.tensordot(G, B, B_meta[1] if A_meta[1] == 0 else 0)
    else:
        y = np.tensordot(G, np.swapaxes(B, -1, -2), B_meta[1] - 1)
    return np.astype(y, A_meta[2])


def dot_adjoint_1(A: Any, G: Any, A_meta: Meta, B_meta: Meta) -> Any:
    """Return the gradient of `dot(A, B)` by `B`, from that of the value."""
    if A_meta[1] == 0 or B_meta[1] == 0:
        y = np.tensordot(G, A, A_meta[1] if B_meta[1] == 0 else 0)
    else:
        rest = range(A_meta[1] - 1)
        y = np.tensordot(A, G, (rest, rest))
        y = np.moveaxis(y, 0, -2) if B_meta[1] > 1 else y
    return np.astype(y, B_meta[2])


def matmul_adjoint_0(B: Any, G: Any, A_meta: Meta, B_ndim: int) -> Any:
    """Return the gradient of `A @ B` by `A`, from that of the value."""
    B = B[:, None] if B_ndim == 1 else B
    y = np.matmul(_matrices(G, A_meta[1], B_ndim), np.swapaxes(B, -1, -2))
    return unbroadcast(y[..., 0, :] if A_meta[1] == 1 else y, A_meta)


def matmul_adjoint_1(A: Any, G: Any, A_ndim: int, B_meta: Meta) -> Any:
    """Return the gradient of `A @ B` by `B`, from that of the value."""
    A = A[None] if A_ndim == 1 else A
    y = np.matmul(np.swapaxes(A, -1, -2), _matrices(G, A_ndim, B_meta[1]))
    return unbroadcast(y[..., 0] if B_meta[1] == 1 else y, B_meta)


def _matrices(G: Any, A_ndim: int, B_ndim: int) -> Any:
    """Return a value of `A @ B` with the axes that it lacks because A or B is a vector."""
    G = np.expand_dims(G, -1) if B_ndim == 1 else G
    return np.expand_dims(G, -2) if A_ndim == 1 else G


def tensordot_adjoint_0(B: Any, G: Any, axes: Any, A_ndim: int, B_ndim: int) -> Any:
    """Return the gradient of `tensordot(A, B, axes)` by `A`, from that of the value."""
    a, b, other_a, other_b = _contracted(axes, A_ndim, B_ndim)
    y = np.tensordot(G, B, (range(len(other_a), np.ndim(G)), other_b))
    return np.transpose(y, np.argsort([*other_a, *(a[i] for i in np.argsort(b))]))


def tensordot_adjoint_1(A: Any, G: Any, axes: Any, A_ndim: int, B_ndim: int) -> Any:
    """Return the gradient of `tensordot(A, B, axes)` by `B`, from that of the value."""
    a, b, other_a, other_b = _contracted(axes, A_ndim, B_ndim)
    y = np.tensordot(A, G, (other_a, range(len(other_a))))
    return np.transpose(y, np.argsort([*(b[i] for i in np.argsort(a)), *other_b]))


def _contracted(axes: Any, A_ndim: int, B_ndim: int) -> tuple[list[int], ...]:
    """Return the summed axes of two arrays, and the others."""
    if isinstance(axes, int):
        axes = range(A_ndim - axes, A_ndim), range(axes)
    pairs = zip(axes, (A_ndim, B_ndim), strict=True)
    a, b = ([int(i) % n for i in np.atleast_1d(np.array(part, int))] for part, n in pairs)
    others = [[i for i in range(n) if i not in s] for n, s in ((A_ndim, a), (B_ndim, b))]
    return a, b, *others


def __getattr__(name: str) -> Any:
    return inside(__name__, name)


__all__ = [
    "ArrayBox",
    "SparseObject",
    "VJPNode",
    "balanced_eq",
    "defvjp",
    "defvjp_argnum",
    "dot_adjoint_0",
    "dot_adjoint_1",
    "func",
    "match_complex",
    "matmul_adjoint_0",
    "matmul_adjoint_1",
    "primitive",
    "register_notrace",
    "repeat_to_match_shape",
    "replace_zero",
    "reverse_axis",
    "tensordot_adjoint_0",
    "tensordot_adjoint_1",
    "unbroadcast",
    "unbroadcast_einsum",
    "unbroadcast_f",
    "unpermuter",
    "untake",
    "vspace",
    "wrapped_reshape",
]
