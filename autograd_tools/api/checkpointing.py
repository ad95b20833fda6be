"""Checkpointing: recompute a part of the program in the backward pass instead of saving it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from autograd_tools.api.functions import FunctionOf
from autograd_tools.base.containers import tree_leaves, tree_replace
from autograd_tools.engine.calls import call, innermost, plain
from autograd_tools.engine.describe import describe
from autograd_tools.engine.differentiation import differentiate
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.registry import Primitive
from autograd_tools.engine.state import following_params, live
from autograd_tools.engine.values import Param, Result, Value, unwrap
from autograd_tools.rules.indexing import unpack, unpack_fields
from autograd_tools.rules.writing import write
from autograd_tools.tracing.entries import params_of

F = TypeVar("F", bound=Callable[..., Any])

# Joins several values into one, which has one outgrad.
join = Primitive(
    tuple, (lambda dy, y, parts: list(dy),), sequences=True, reads=frozenset(), name="join"
)
BLANK = object()  # marks a tracked argument


def checkpoint(f: F) -> F:
    """Return `f` with its intermediate values recomputed in the backward pass; also a decorator.

    A recording saves only the arguments and the result of `f`. A chain of n checkpointed parts
    needs the memory of n results and of one part, and takes the time of one extra forward pass.
    Gradients of any order are unchanged.

    Parameters
    ----------
    f : callable
        It runs twice and must return the same value for the same arguments. Its arguments may be
        pytrees, and it may use Params.

    Returns
    -------
    checkpointed : callable
        It takes the arguments of `f` and returns its value.

    Raises
    ------
    TypeError
        If `f` uses a recorded value that is neither an argument nor a Param.
    ValueError
        If the second run returns a different value, for example because `f` draws random numbers.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> layer = ag.checkpoint(lambda w, x: np.tanh(w @ x))
    >>> J = ag.trace(lambda w: np.sum(layer(w, np.ones(3))), np.zeros((2, 3)))
    >>> [node.op for node in J]
    ['', 'checkpoint(<lambda>)', 'getitem', 'sum']
    """
    if not callable(f):
        raise TypeError(f"checkpoint() expects a function, got {describe(f)}")

    return functools.update_wrapper(FunctionOf(_checkpointed, f), f)  # type: ignore[return-value]


def _checkpointed(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    given = [x for x in tree_leaves((args, kwargs)) if isinstance(x, Value)]
    if following_params() is None and innermost(given, sequences=False) is None:
        return f(*args, **kwargs)
    # A rule must not refer to the tape: a cycle stays in memory until a garbage collection.
    leaves = tree_leaves((args, kwargs))
    blank = tree_replace(
        (args, kwargs), iter([BLANK if isinstance(x, Value) else x for x in leaves])
    )
    recording, _, y, written = _run(f, blank, [plain(x) for x in given])
    parts = tree_leaves(y)
    outputs = tuple([x.value for x in (*parts, *written.values()) if is_of(recording, x)])
    held = [unwrap(x) for x in written.values()]
    if any(np.may_share_memory(x, y) for x in outputs[: len(outputs) - len(held)] for y in held):
        raise ValueError(
            f"checkpoint({name_of(f)}) writes into an argument and returns it, or a view of it; "
            "return a copy"
        )
    if any(isinstance(x, Value) for x in outputs):
        raise TypeError(
            f"checkpoint({name_of(f)}) uses a recorded value that is not one of its arguments; "
            "pass it as an argument"
        )
    if not outputs:
        return y  # a constant
    params = params_of(recording)
    rule = functools.partial(gradients_again, f, blank, params)
    computed = [outputs]  # a primitive is freed late, in a cycle, and must not hold them
    whole = Primitive(
        lambda inputs: computed.pop(), (rule,), sequences=True, name=f"checkpoint({name_of(f)})"
    )
    made = call(whole, ([*given, *params],))
    numbers = iter([made[i] for i in range(len(outputs))])
    y = tree_replace(y, iter([next(numbers) if is_of(recording, x) else x for x in parts]))
    for i, new in zip(written, numbers, strict=True):
        write(given[i], ..., new)
    return y


def gradients_again(
    f: Callable[..., Any], blank: Any, params: list[Param], dy: Any, outputs: Any, inputs: Any
) -> list[Any]:
    """Run a checkpointed call again; return the gradients of its inputs, arguments and Params."""
    inputs = [_followed(x) for x in inputs]
    n = len(inputs) - len(params)
    recording, leaves, y, written = _run(
        f, blank, inputs[:n], tuple(zip(params, inputs[n:], strict=True))
    )
    if len(recording.leaves) > len(params):
        new = params_of(recording)[len(params)]
        raise ValueError(
            f"checkpoint({name_of(f)}) used {describe(new)} in its second run only; "
            "it must use the same Params for the same arguments"
        )
    parts = [x for x in (*tree_leaves(y), *written.values()) if is_of(recording, x)]
    found, before = [plain(x) for x in parts], unwrap(outputs)
    if len(found) != len(before) or not all(map(_are_equal, found, before)):
        raise ValueError(
            f"checkpoint({name_of(f)}) returned {', '.join(map(describe, found))} in its second "
            "run, different from the first; it must return the same for the same arguments"
        )
    with recording, recording.open(None):
        joined = call(join, (parts,)).index
    del y, parts, found, written  # values that no rule reads
    differentiate(recording, joined, dy)
    return [recording.outgrads[leaf] for leaf in leaves]


def _are_equal(x: Any, old: Any) -> bool:
    """Return whether two values are equal but for rounding; they are mostly equal bit for bit."""
    return np.array_equal(x, old) or np.allclose(x, old, equal_nan=True)


def _run(
    f: Callable[..., Any], blank: Any, inputs: list[Any], params: tuple[tuple[Param, Any], ...] = ()
) -> tuple[Recording, list[int], Any, dict[int, Any]]:
    """Call `f` on its own recording, with `inputs` for the blanks and values for Params.

    Returns the recording, the indices of the leaves, the value, and the arrays among the inputs
    that `f` wrote into, by their number.
    """
    recording = Recording(follows_params=True, isolated=True)
    leaves = [recording.input(x) for x in inputs]
    filled = iter(leaves)
    indices = [leaf.index for leaf in leaves] + [
        recording.track_as(param, x).index for param, x in params
    ]
    with recording, recording.open(sys._getframe()):
        args, kwargs = tree_replace(
            blank, (unpack_fields(next(filled)) if x is BLANK else x for x in tree_leaves(blank))
        )
        y = unpack(f(*args, **kwargs))
        written = {}
        if recording.writes is not None:
            for leaf in leaves:
                recording.writes.check_parts(leaf)
            written = {i: x for i, x in enumerate(leaves) if live(x).index != indices[i]}
    return recording, indices, y, written


def is_of(recording: Recording, x: Any) -> bool:
    """Return True if `x` was recorded there."""
    return isinstance(x, Result) and x.recording is recording


def _followed(x: Any) -> Any:
    """Return what a Param is outside the recording to be unpack_fields."""
    if not isinstance(x, Param):
        return x
    recording = following_params()
    return x.value if recording is None else recording.track(x)
