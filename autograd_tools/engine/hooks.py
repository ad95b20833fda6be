"""Gradient hooks: user functions that see or change a gradient."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from autograd_tools.base.containers import (
    children_of,
    field_names,
    has_fields,
    is_number,
    matching_leaves,
    tree_leaves,
    tree_replace,
)
from autograd_tools.engine.calls import holds_tracked, innermost
from autograd_tools.engine.cotangents import to_user_type
from autograd_tools.engine.describe import describe
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.state import live
from autograd_tools.engine.values import Param, Result, Value, result, unwrap

Hook = Callable[[Any], Any]

# Hooks of Params that were added outside of recordings, by id: a Param without them can be copied.
_of_params: dict[int, tuple[weakref.ref[Param], list[Hook]]] = {}


def on_grad(x: Any, fn: Hook | None) -> Any:
    """Call `fn(dy)` with the gradient of `x` in every backward pass, before it propagates further.

    Parameters
    ----------
    x : Param or recorded value
        It may be an argument of the differentiated function. Anything that is not recorded is
        returned unchanged, so a function with hooks can be called as usual.
    fn : callable or None
        Called once per backward pass with the complete gradient: an array of the shape of `x`, or a
        pytree like `x` with zeros where no gradient arrived. It cannot write into `dy`. If it
        returns a value other than None, this replaces the gradient; it must have the shape of `x`
        and is cast to its dtype. `fn=None` removes the hooks of `x`. Hooks run in the order in
        which they were added, and only if a gradient reaches `x`.

    Returns
    -------
    object
        `x`, so that `h = ag.on_grad(h, fn)` works.

    Notes
    -----
    A hook added during a recording belongs to that recording. A hook added to a Param outside a
    recording applies to all later recordings.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> def f(x):
    ...     h = ag.on_grad(x ** 2, lambda dy: np.clip(dy, -1, 1))
    ...     return np.sum(h * np.array([0.5, 30.0]))
    >>> ag.grad(f)(np.array([1.0, 1.0]))
    array([1., 2.])
    """
    if fn is not None and not callable(fn):
        raise TypeError(
            f"on_grad() expects a function of the gradient, or None to remove the hooks of x, "
            f"got {describe(fn)}"
        )
    recording = innermost((x,), sequences=False)
    if recording is not None:
        index = recording.leaf(x) if isinstance(x, Param) else live(x).index
        _add(recording, index, unwrap(x), fn)
    elif isinstance(x, Param):
        _add_to_param(x, fn)
    elif not isinstance(x, Value) and children_of(x) is not None and holds_tracked(x):
        parts = "its fields" if has_fields(x) else "its items"
        raise TypeError(
            f"on_grad() expects one recorded value, got a {type(x).__name__} of them; "
            f"call it on each of {parts}"
        )
    elif not any(map(is_number, tree_leaves(unwrap(x) if isinstance(x, Value) else x))):
        raise TypeError(f"on_grad() expects a Param or a recorded value, got {describe(x)}")
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
        # Its id may be used again. Python code would swallow a Ctrl-C, so there is none.
        forget = weakref.ref(param, partial(_of_params.pop, key))
        _of_params[key] = (forget, [])
    _of_params[key][1].append(fn)


def hooked(recording: Recording, index: int) -> Iterable[tuple[int, Any, list[Hook]]]:
    """Return index, value and functions of the hooked entries up to `index`, newest first."""
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
    """Return the gradient `dy` of a value like `like` after each function has seen it."""
    for fn in functions:
        if dy is not None:
            who = f"{name_of(fn)}, given to on_grad,"
            whole = to_user_type(dy, like, total=True)
            seen = [_read_only(leaf) for leaf in tree_leaves(whole)]
            places = [leaf.index for leaf in seen if isinstance(leaf, Result)]
            new = fn(tree_replace(whole, iter(seen)))
            if new is None and places != [leaf.index for leaf in seen if isinstance(leaf, Result)]:
                raise ValueError(
                    f"{who} wrote into the gradient, which has no effect; return a new one"
                )
            dy = dy if new is None else _checked(new, like, who)
    return dy


def _read_only(dy: Any) -> Any:
    """Return a read-only copy: writing into `dy` would change other gradients, too."""
    if isinstance(dy, Result):
        return result(dy.value, dy.recording, dy.index)
    if type(dy) is np.ndarray:
        dy = dy.copy()
        dy.flags.writeable = False
    return dy


def _checked(new: Any, like: Any, who: str) -> Any:
    """Return the result of a hook as the backward pass holds gradients."""
    given = matching_leaves(new, like, f"the result of {who}")
    parts = [_checked_leaf(d, x, who) for d, x in zip(given, tree_leaves(like), strict=True)]
    return _as_outgrad(tree_replace(like, iter(parts)))


def _as_outgrad(dx: Any) -> Any:
    """Return the gradient of a pytree as nested lists and dicts."""
    parts = children_of(dx)
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
            f"{who} returned {describe(new)}: expected a gradient of shape {np.shape(x)}, "
            "or None to keep it"
        )
    if np.shape(plain) != np.shape(x):
        raise ValueError(
            f"{who} returned a gradient of shape {np.shape(plain)} "
            f"for a value of shape {np.shape(x)}"
        )
    if np.iscomplexobj(plain) and not np.iscomplexobj(x):
        raise TypeError(
            f"{who} returned a complex gradient for the real value {describe(x)}; "
            "return its np.real"
        )
    dtype = np.result_type(x if np.result_type(x).kind in "fc" else plain)
    if isinstance(new, Result):
        return new if np.result_type(plain) == dtype else new.astype(dtype)
    return np.array(plain, dtype)[()]
