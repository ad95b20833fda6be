"""Trading time for memory: a part of the program whose values are computed again when its gradient is wanted."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from autograd_tools.base.containers import leaves_of, with_leaves
from autograd_tools.engine.backward import differentiate
from autograd_tools.engine.calls import call, innermost, plain
from autograd_tools.engine.describe import describe
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.registry import Primitive
from autograd_tools.engine.state import following_params
from autograd_tools.engine.values import Param, Result, Value
from autograd_tools.rules.indexing import unpack_fields

F = TypeVar("F", bound=Callable[..., Any])

# One value of several, so that they have one outgrad.
join = Primitive(
    tuple, (lambda dy, y, parts: list(dy),), sequences=True, reads=frozenset(), name="join"
)


BLANK = object()  # in the place of an argument that is tracked


def checkpoint(f: F) -> F:
    """`f`, of which a recording keeps the arguments and the result only; also a decorator.

    What `f` computes on the way is freed, and computed again when the gradient is. So a chain of n checkpointed parts needs
    the memory of n results and of one part, and the time of one forward pass more. The gradient is the same, to any order,
    for the arguments of `f`, tuples, lists and dicts of them, and for the Params that `f` uses.

    `f` runs twice and has to return the same both times: a ValueError is raised where it does not, because it draws random
    numbers, say. A TypeError is raised where it uses a recorded value that is neither an argument nor a Param.

    >>> import numpy as np, autograd_tools as ag
    >>> layer = ag.checkpoint(lambda w, x: np.tanh(w @ x))
    >>> J = ag.trace(lambda w: np.sum(layer(w, np.ones(3))), np.zeros((2, 3)))
    >>> [node.op for node in J]
    ['', 'checkpoint(<lambda>)', 'getitem', 'sum']
    """

    if not callable(f):
        raise TypeError(f"checkpoint takes a function, and got {describe(f)}")

    @functools.wraps(f)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        given = [x for x in leaves_of((args, kwargs)) if isinstance(x, Value)]
        if following_params() is None and innermost(given, sequences=False) is None:
            return f(*args, **kwargs)
        # Nothing that a rule refers to may refer to the tape: what refers to itself stays in memory for long.
        blank = with_leaves(
            (args, kwargs),
            (BLANK if isinstance(x, Value) else x for x in leaves_of((args, kwargs))),
        )
        recording, _, y = _run(f, blank, [plain(x) for x in given])
        parts = leaves_of(y)
        if not any(is_of(recording, x) for x in parts):
            return y  # a constant
        outputs = tuple([x.value if is_of(recording, x) else x for x in parts])
        if any(isinstance(x, Value) for x in outputs):
            raise TypeError(
                f"checkpoint({name_of(f)}) uses a recorded value that is not among its arguments: give it as one"
            )
        params = [recording.entries[index][2][0] for index in recording.leaves.values()]
        rule = functools.partial(gradients_again, f, blank, params)
        whole = Primitive(
            lambda inputs: outputs, (rule,), sequences=True, name=f"checkpoint({name_of(f)})"
        )
        made = call(whole, ([*given, *params],))
        return with_leaves(y, iter([made[i] for i in range(len(outputs))]))

    return checkpointed  # type: ignore[return-value]


def gradients_again(
    f: Callable[..., Any], blank: Any, params: list[Param], dy: Any, outputs: Any, inputs: Any
) -> list[Any]:
    """The rule of a checkpointed call, which is computed again: gradients of the inputs, the values for the blanks and the Params."""
    inputs = [_followed(x) for x in inputs]
    n = len(inputs) - len(params)
    recording, leaves, y = _run(f, blank, inputs[:n], tuple(zip(params, inputs[n:], strict=True)))
    parts = leaves_of(y)
    for x, before in zip(parts, outputs, strict=True):
        if not np.allclose(plain(x), before, equal_nan=True):
            raise ValueError(
                f"checkpoint({name_of(f)}) computed {describe(plain(x))} the second time, which differs from the first: "
                "it has to return the same for the same arguments"
            )
    with recording.open(None):
        joined = call(join, (parts,))
    differentiate(recording, joined.index, dy)
    return [recording.outgrads[leaf] for leaf in leaves]


def _run(
    f: Callable[..., Any], blank: Any, inputs: list[Any], params: tuple[tuple[Param, Any], ...] = ()
) -> tuple[Recording, list[int], Any]:
    """Call `f` on a recording of its own, with `inputs` in the blanks of its arguments, and with values for Params."""
    recording = Recording(follows_params=True, isolated=True)
    leaves = [recording.input(x) for x in inputs]
    filled = iter(leaves)
    indices = [leaf.index for leaf in leaves] + [
        recording.track_as(param, x).index for param, x in params
    ]
    with recording.open(sys._getframe()):
        args, kwargs = with_leaves(
            blank, (unpack_fields(next(filled)) if x is BLANK else x for x in leaves_of(blank))
        )
        y = f(*args, **kwargs)
    return recording, indices, y


def is_of(recording: Recording, x: Any) -> bool:
    """Whether `x` was made on the recording."""
    return isinstance(x, Result) and x.recording is recording


def _followed(x: Any) -> Any:
    """Return a Param as its value outside the recording about to open."""
    if not isinstance(x, Param):
        return x
    recording = following_params()
    return x.value if recording is None else recording.track(x)
