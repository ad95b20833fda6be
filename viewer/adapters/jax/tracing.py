"""The trace of a JAX function: its gradient's program, with lines, scopes, values and times."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import jax

from autograd_tools import Trace
from viewer.adapters.jax.building import trace_of
from viewer.adapters.jax.forward import Forward
from viewer.adapters.jax.gradient import gradient_of
from viewer.adapters.jax.marks import VALUE, mark
from viewer.adapters.jax.rows import Leaf
from viewer.adapters.jax.running import run

MOST_RUN = 2000  # steps that are evaluated unless asked for


def trace(
    f: Callable[..., Any],
    *args: Any,
    argnums: int | Sequence[int] = 0,
    backward: bool = True,
    values: bool | None = None,
) -> Trace:
    """Return the program of a JAX gradient, `jax.value_and_grad(f)(*args)`, as a trace.

    Each equation is a node, at the user's line and in its functions, named scopes and loops. One of
    the backward pass is at the line of the operation whose gradient it computes. Jitted functions
    and checkpoints are opened; a `scan` is a loop of steps, unless it has more than 5,000
    equations in all. A `while` and a `cond` are one node.

    Parameters
    ----------
    f : callable
        A function of arrays or pytrees that returns a scalar; it may be jitted.
    *args
        Its arguments.
    argnums : int or sequence of int
        The arguments to differentiate, counted from 0. Their leaves are the Params of the trace.
    backward : bool, optional
        With the equations of the backward pass, and those that compute factors for it. Without
        them, the trace has the operations of `f` with their gradients and times, as one of NumPy.
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
    program = jax.make_jaxpr(f)(*args)
    forward = Forward()
    leaves = _leaves(f, args, argnums)

    def marked(*args: Any) -> Any:
        pairs = zip(jax.tree.leaves(args), leaves, strict=True)
        flat = [
            mark(x, VALUE, -1, i) if leaf.kind == "param" else x
            for i, (x, leaf) in enumerate(pairs)
        ]
        return jax.tree.unflatten(structure, forward.run(program, flat))

    structure = jax.tree.structure(jax.eval_shape(f, *args))
    gradient = gradient_of(jax.make_jaxpr(jax.value_and_grad(marked, argnums))(*args))
    if values is None:
        values = len(gradient.steps) <= MOST_RUN
    found = run(gradient, jax.tree.leaves(args)) if values else None
    return trace_of(gradient, forward.owners, leaves, found, backward=backward)


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


def _leaves(f: Callable[..., Any], args: Sequence[Any], argnums: int | Sequence[int]) -> list[Leaf]:
    """Return the leaves of the arguments, by the names that `f` has for them."""
    numbers = {n % len(args) for n in ([argnums] if isinstance(argnums, int) else argnums)}
    found = []
    for number, (name, arg) in enumerate(zip(_names(f, args), args, strict=True)):
        kind = "param" if number in numbers else "input"
        for path, leaf in jax.tree_util.tree_leaves_with_path(arg):
            found.append(Leaf(kind, f"{name}{jax.tree_util.keystr(path)}", jax.typeof(leaf)))
    return found


def _names(f: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    """Return the names of positional arguments, `args[2]` where `f` has none."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    positional = [
        p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    numbers = range(len(args))
    return [positional[i] if i < len(positional) else f"args[{i}]" for i in numbers]
