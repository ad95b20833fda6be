"""The trace of a JAX function, and XLA's cost estimate of its gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax

from autograd_tools import Trace
from viewer.adapters.jax.programs import gradient_call


def trace(
    f: Callable[..., Any],
    *args: Any,
    argnums: int | Sequence[int] = 0,
    backward: bool = False,
    values: bool | None = None,
) -> Trace:
    """Return a JAX gradient, `jax.value_and_grad(f)(*args)`, as a trace.

    The nodes are the equations of `f`, at the user's line and in its functions, named scopes and
    loops, with the gradient of each value. Jitted functions and checkpoints are opened; a `scan` is
    a loop of steps, unless it has more than 5,000 equations in all. A `while` and a `cond` are one
    node.

    Parameters
    ----------
    f : callable
        A function of arrays or pytrees that returns a scalar; it may be jitted.
    *args
        Its arguments.
    argnums : int or sequence of int
        The arguments to differentiate, counted from 0. Their leaves are the Params of the trace.
    backward : bool, optional
        Also the equations of the backward pass, and those that compute factors for it. They are at
        the line of the operation whose gradient they compute. By default, their time is that of the
        operation.
    values : bool, optional
        Evaluate the program, equation by equation, for statistics and times; by default if it has
        at most 2,000 equations. Each time is that of one equation alone, with the dispatch of JAX
        and without fusion: XLA is faster. Backward times are at the operation of the forward pass.

    Returns
    -------
    trace : Trace
        The nodes, for every view. A node has a gradient if an operation of `f` returned it; what
        JAX adds itself, such as factors for the backward pass, has none. The memory is unknown.

    Raises
    ------
    TypeError
        If `f` returns no scalar, or an argument to differentiate is no float, as JAX says.
    """
    return gradient_call(f, args, {}, argnums).trace(backward=backward, values=values)


def cost(f: Callable[..., Any], *args: Any, argnums: int | Sequence[int] = 0) -> dict[str, float]:
    """Return what XLA says about the costs of a compiled gradient, `jax.value_and_grad(f)(*args)`.

    Parameters
    ----------
    f, *args, argnums
        As in `trace`.

    Returns
    -------
    costs : dict of str to float
        By name: "flops" and "bytes accessed" are those of the whole program, after fusion. Other
        names depend on the device. XLA estimates them; nothing runs.

    Raises
    ------
    NotImplementedError
        If XLA has no cost analysis for this device.
    """
    gradient = jax.jit(jax.value_and_grad(f, argnums)).lower(*args).compile()
    found = gradient.cost_analysis()
    if isinstance(found, (list, tuple)):  # one for each device, in older versions
        found = found[0] if found else None
    if not found:
        device = jax.default_backend()
        raise NotImplementedError(
            f"XLA has no cost analysis for the device {device!r}; use trace(f, *args) for times"
        )
    return {str(name): float(number) for name, number in found.items()}
