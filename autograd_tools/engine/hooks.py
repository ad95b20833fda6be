"""Hooks: the user's functions that see a gradient on its way back, and may change it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd_tools.base.containers import (
    field_names,
    has_fields,
    is_number,
    leaves_of,
    matching_leaves,
    parts_of,
    with_leaves,
)
from autograd_tools.engine.calls import holds_tracked, innermost
from autograd_tools.engine.cotangents import to_user_type
from autograd_tools.engine.describe import describe
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.state import live
from autograd_tools.engine.values import Param, Result, Value, result, unwrap

Hook = Callable[[Any], Any]

# What was given for Params outside of recordings, by the id of the Param: apart from it, so that it can be saved and copied.
_of_params: dict[int, tuple[weakref.ref[Param], list[Hook]]] = {}


def on_grad(x: Any, fn: Hook | None) -> Any:
    """Call `fn(dy)` with the gradient of `x` in every differentiation, before it goes on to what `x` was computed from.

    `x` is a Param, a recorded value, or the argument of a function that is differentiated. `fn` is called once, with the
    complete gradient: of the shape of `x`, and a container like `x` where that is one, with zeros where nothing flowed back.
    What `fn` returns, unless None, goes on in place of `dy`, and is what the tape shows; it has to have the shape of `x`, and
    gets its dtype. `dy` cannot be written into. `fn` is not called where no gradient reaches `x`.

    Returns `x`, so that `h = ag.on_grad(h, fn)` and `ag.on_grad(h, fn)` do the same. Several functions are called in the
    order in which they were given. `ag.on_grad(x, None)` takes them away.

    During a recording, the functions hold for that recording. What is given for a Param outside of one holds for all
    that follow. Anything that is not recorded comes back as it is, so that a function with hooks in it can be called as usual.

    >>> import numpy as np, autograd_tools as ag
    >>> def f(x):
    ...     h = ag.on_grad(x ** 2, lambda dy: np.clip(dy, -1, 1))
    ...     return np.sum(h * np.array([0.5, 30.0]))
    >>> ag.grad(f)(np.array([1.0, 1.0]))
    array([1., 2.])
    """
    if fn is not None and not callable(fn):
        raise TypeError(
            f"on_grad takes a function of the gradient, or None to take those of x away, not {describe(fn)}"
        )
    recording = innermost((x,), sequences=False)
    if recording is not None:
        index = recording.leaf(x) if isinstance(x, Param) else live(x).index
        _add(recording, index, unwrap(x), fn)
    elif isinstance(x, Param):
        _add_to_param(x, fn)
    elif not isinstance(x, Value) and parts_of(x) is not None and holds_tracked(x):
        parts = "its fields" if has_fields(x) else "its items"
        raise TypeError(
            f"on_grad takes one recorded value, and got a {type(x).__name__} of them: call it on each of {parts}"
        )
    elif not any(map(is_number, leaves_of(unwrap(x) if isinstance(x, Value) else x))):
        raise TypeError(f"on_grad takes a Param or a recorded value, not {describe(x)}")
    return x


def _add(recording: Recording, index: int, like: Any, fn: Hook | None) -> None:
    if recording.hooks is None:
        recording.hooks = {}
    if fn is None:
        recording.hooks.pop(index, None)
    else:
        recording.hooks.setdefault(index, (like, []))[1].append(fn)


def _add_to_param(param: Param, fn: Hook | None) -> None:
    key = id(param)
    if fn is None:
        _of_params.pop(key, None)
        return
    if key not in _of_params:
        _of_params[key] = (
            weakref.ref(param, lambda _: _of_params.pop(key, None)),
            [],
        )  # when it dies, another may get its id
    _of_params[key][1].append(fn)


def hooked(recording: Recording, index: int) -> Iterable[tuple[int, Any, list[Hook]]]:
    """The places up to `index` whose gradients are looked at, newest first: what they have to look like, and the functions."""
    if recording.hooks is None and not _of_params:
        return ()
    found = dict(recording.hooks or {})
    if _of_params and not recording.isolated:
        for key, place in recording.leaves.items():
            if key in _of_params and place <= index:
                like = unwrap(recording.entries[place][1])
                found[place] = (like, [*_of_params[key][1], *found.get(place, (like, []))[1]])
    return ((place, *found[place]) for place in sorted(found, reverse=True) if place <= index)


def call_hooks(dy: Any, like: Any, functions: list[Hook]) -> Any:
    """The gradient `dy` of a value that looks like `like`, after each function has seen it."""
    for fn in functions:
        if dy is not None:
            who = f"{name_of(fn)}, given to on_grad,"
            whole = to_user_type(dy, like, total=True)
            seen = [_read_only(leaf) for leaf in leaves_of(whole)]
            places = [leaf.index for leaf in seen if isinstance(leaf, Result)]
            new = fn(with_leaves(whole, iter(seen)))
            if new is None and places != [leaf.index for leaf in seen if isinstance(leaf, Result)]:
                raise ValueError(
                    f"{who} wrote into the gradient, which changes nothing: it has to return another one"
                )
            dy = dy if new is None else _checked(new, like, who)
    return dy


def _read_only(dy: Any) -> Any:
    """A copy that cannot be written into, as that would change other gradients, too; of a Result, one of its own."""
    if isinstance(dy, Result):
        return result(dy.value, dy.recording, dy.index)
    if type(dy) is np.ndarray:
        dy = dy.copy()
        dy.flags.writeable = False
    return dy


def _checked(new: Any, like: Any, who: str) -> Any:
    """What a function returned, as the sweep holds gradients: arrays of its own, in lists and dicts."""
    given = matching_leaves(new, like, f"what {who} returns")
    parts = [_checked_leaf(d, x, who) for d, x in zip(given, leaves_of(like), strict=True)]
    return _as_outgrad(with_leaves(like, iter(parts)))


def _as_outgrad(dx: Any) -> Any:
    """A gradient in a container as one in lists and dicts."""
    parts = parts_of(dx)
    if parts is None:
        return dx
    held = [_as_outgrad(part) for part in parts]
    return (
        held
        if isinstance(dx, (tuple, list))
        else dict(zip(dx if isinstance(dx, dict) else field_names(dx), held, strict=True))
    )


def _checked_leaf(new: Any, x: Any, who: str) -> Any:
    if not is_number(x):
        return None
    plain = unwrap(new)
    if not is_number(plain):
        raise TypeError(
            f"{who} returned {describe(new)}: it has to return a gradient of shape {np.shape(x)}, or None to leave it as it is"
        )
    if np.shape(plain) != np.shape(x):
        raise ValueError(
            f"{who} returned a gradient of shape {np.shape(plain)} for a value of shape {np.shape(x)}"
        )
    if np.iscomplexobj(plain) and not np.iscomplexobj(x):
        raise TypeError(
            f"{who} returned a complex gradient for the real value {describe(x)}: take its np.real"
        )
    dtype = np.result_type(x if np.result_type(x).kind in "fc" else plain)
    if isinstance(new, Result):
        return new if np.result_type(plain) == dtype else new.astype(dtype)
    return np.array(plain, dtype)[()]
