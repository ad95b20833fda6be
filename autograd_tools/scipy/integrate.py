"""scipy.integrate: integrals, and ordinary differential equations by the adjoint method.

The gradient integrates the adjoint state backward, from each time to the one before it, together
with the equation itself: Pontryagin et al. (1962); Chen et al. (2018), Neural ordinary
differential equations, arXiv:1806.07366, appendix B. Its accuracy is that of the solver's
tolerances.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate
from scipy.optimize import OptimizeResult

from autograd_tools.api.differentiate import grad
from autograd_tools.base.containers import tree_leaves, tree_replace
from autograd_tools.base.traced import plain_array
from autograd_tools.engine.calls import holds_tracked
from autograd_tools.engine.registry import Primitive
from autograd_tools.engine.values import unwrap
from autograd_tools.rules.indexing import unpack
from autograd_tools.scipy.arguments import array, constant, is_recorded
from autograd_tools.scipy.quadrature import quad
from autograd_tools.scipy.steps import refuse_steps

__all__ = ["odeint", "quad", "solve_ivp"]

Slope = Callable[..., Any]  # (y, t, *args) -> dy/dt, an array of one axis
Solver = Callable[..., Any]  # (slope, y0, t) -> the states at the times t, of shape (len(t), n)


def solve(inputs: list[Any], active: tuple[int, ...], slope: Slope, solver: Solver) -> Any:
    """Return the states at the times t; `inputs` are y0, t and the further arguments of `slope`.

    The arguments at the positions `active` have gradients.
    """
    refuse_steps("an ODE solver", inputs)
    y0, t, *args = inputs

    def plain_slope(y: Any, s: Any) -> Any:
        dy = slope(y, s, *args)
        if is_recorded(dy):
            raise TypeError(
                "the function to integrate uses a recorded value that is not among its arguments; "
                "pass it in args"
            )
        return unwrap(dy)

    return solver(plain_slope, y0, t)


def adjoint(slope: Slope, n: int, active: tuple[int, ...]) -> Slope:
    """Make the slope of y, its adjoint and minus the `active` gradients, as one vector."""

    def augmented(state: Any, t: Any, *args: Any) -> Any:
        y, a = state[:n], state[n : 2 * n]
        argnums = (0, *(i + 1 for i in active))
        slopes = grad(lambda y, *args: np.sum(a * slope(y, t, *args)), argnums)(y, *args)
        return np.concatenate([slope(y, t, *args), *(-np.reshape(dx, (-1,)) for dx in slopes)])

    return augmented


def recorded(args: Any) -> tuple[int, ...]:
    """Return the positions of the recorded arguments."""
    return tuple(i for i, x in enumerate(args) if is_recorded(x))


def solve_inputs(
    dy: Any, y: Any, inputs: list[Any], active: tuple[int, ...], slope: Slope, solver: Solver
) -> list[Any]:
    """The gradients of y0, of the times, and of the further arguments."""
    _, t, *args = inputs
    n = np.shape(y)[1]
    augmented = adjoint(slope, n, active)
    a, rest = np.zeros(n), np.zeros(sum(np.size(args[i]) for i in active))
    for i in range(np.shape(t)[0] - 1, 0, -1):
        state = np.concatenate([y[i], a + dy[i], rest])
        times = np.stack([t[i], t[i - 1]])
        state = SOLVE([state, times, *args], recorded(args), augmented, solver)[-1]
        a, rest = state[n : 2 * n], state[2 * n :]
    moved = [np.sum(dy[i] * slope(y[i], t[i], *args)) for i in range(1, np.shape(t)[0])]
    dt = np.stack([-np.sum(a * slope(y[0], t[0], *args)), *moved])
    found: list[Any] = [None] * len(args)
    for i in active:
        size = np.size(args[i])
        found[i], rest = np.reshape(rest[:size], np.shape(args[i])), rest[size:]
    return [a + dy[0], dt, *found]


SOLVE = Primitive(solve, [solve_inputs], sequences=True, fresh=False, name="integrate.solve")


def solved(func: Callable[..., Any], y0: Any, t: Any, args: Any, solver: Solver, name: str) -> Any:
    """Check the arguments of a solver and solve, where `func` is (y, t, *args) -> dy/dt."""
    y0, t = array(y0), array(t)
    if np.ndim(y0) > 1 or np.ndim(t) != 1 or np.size(t) == 0:
        raise ValueError(
            f"{name} expected a vector y0 and a vector of times, "
            f"got shapes {np.shape(y0)} and {np.shape(t)}"
        )
    unpacked = [unpack(arg) if is_recorded(arg) or holds_tracked(arg) else arg for arg in args]
    # a pytree without tracked leaves, such as a long list, stays one input
    pairs = [(arg, holds_tracked(arg)) for arg in unpacked]
    inputs = [leaf for arg, several in pairs for leaf in (tree_leaves(arg) if several else [arg])]

    def slope(y: Any, s: Any, *inputs: Any) -> Any:
        rest = iter(inputs)
        args = [tree_replace(arg, rest) if several else next(rest) for arg, several in pairs]
        dy = func(y, s, *args)
        return np.reshape(np.stack(dy) if isinstance(dy, (list, tuple)) else dy, np.shape(y))

    return SOLVE([np.reshape(y0, (-1,)) * 1.0, t * 1.0, *inputs], recorded(inputs), slope, solver)


def odeint(
    func: Callable[..., Any],
    y0: Any,
    t: Any,
    args: tuple[Any, ...] = (),
    *,
    tfirst: bool = False,
    rtol: float | None = None,
    atol: float | None = None,
    hmax: float = 0.0,
    mxstep: int = 0,
) -> Any:
    """Solve dy/dt = func(y, t, *args) from y0 at t[0], as scipy.integrate.odeint does.

    Gradients are of any order.

    Parameters
    ----------
    func : callable
        func(y, t, *args) -> dy/dt, an array or list of shape (n,). A recorded value that `func`
        uses must be among its arguments.
    y0 : array_like, shape (n,)
        The state at t[0]; has a gradient.
    t : array_like, shape (m,)
        The times of the result; they have gradients.
    args : tuple
        Further arguments of `func`; numbers and arrays in them have gradients, also inside pytrees.
    tfirst : bool
        Call func(t, y, *args).
    rtol, atol : float, optional
        Tolerances, one number each.
    hmax, mxstep
        As in SciPy.

    Returns
    -------
    array, shape (m, n)
        The state at each time.

    Raises
    ------
    TypeError
        If `func` uses a recorded value from elsewhere, or a tolerance is an array.
    ValueError
        If `y0` or `t` is not a vector.
    """

    def solver(slope: Callable[[Any, Any], Any], y0: Any, t: Any) -> Any:
        options = {"rtol": number(rtol, "rtol"), "atol": number(atol, "atol"), "hmax": hmax}
        return integrate.odeint(slope, y0, t, mxstep=mxstep, **options)

    ordered = (lambda y, s, *args: func(s, y, *args)) if tfirst else func
    return solved(ordered, y0, t, args, solver, "odeint")


def solve_ivp(
    fun: Callable[..., Any],
    t_span: tuple[float, float],
    y0: Any,
    method: Any = "RK45",
    t_eval: Any = None,
    *,
    args: tuple[Any, ...] | None = None,
    rtol: float = 1e-3,
    atol: float = 1e-6,
    max_step: float = np.inf,
) -> OptimizeResult:
    """Solve dy/dt = fun(t, y, *args) from y0 at t_span[0], as scipy.integrate.solve_ivp does.

    Gradients are of any order. Use `odeint` for gradients of the times.

    Parameters
    ----------
    fun : callable
        fun(t, y, *args) -> dy/dt, an array or list of shape (n,).
    t_span : tuple of two floats
        The first and the last time; constant.
    y0 : array_like, shape (n,)
        The state at t_span[0]; has a gradient.
    method : str or OdeSolver
        As in SciPy.
    t_eval : array_like, shape (m,)
        The times of the result; required and constant. The times that a solver chooses have no
        gradient.
    args : tuple, optional
        Further arguments of `fun`; numbers and arrays in them have gradients, also inside pytrees.
    rtol, atol : float
        Tolerances, one number each.
    max_step : float
        The longest step.

    Returns
    -------
    OptimizeResult
        `t` is `t_eval`, `y` has shape (n, m).

    Raises
    ------
    TypeError
        If `t_eval` is missing, a time is recorded, or `fun` uses a recorded value from elsewhere.
    RuntimeError
        If the solver fails.
    """
    if t_eval is None:
        raise TypeError(
            "solve_ivp needs t_eval, the times of the solution, because times that the solver "
            "chooses have no gradient"
        )
    start, end = constant(t_span, "solve_ivp: t_span")
    times = plain_array(constant(t_eval, "solve_ivp: t_eval"), float)
    before, after = int(times[0] != start), int(times[-1] != end)
    grid = np.concatenate([[start] * before, times, [end] * after])

    def solver(slope: Callable[[Any, Any], Any], y0: Any, t: Any) -> Any:
        options = {"rtol": number(rtol, "rtol"), "atol": number(atol, "atol"), "max_step": max_step}
        found = integrate.solve_ivp(
            lambda s, y: slope(y, s), (t[0], t[-1]), y0, method, t, **options
        )
        if not found.success:
            raise RuntimeError(f"solve_ivp: {found.message}")
        return found.y.T

    y = solved(lambda y, s, *args: fun(s, y, *args), y0, grid, args or (), solver, "solve_ivp")
    return OptimizeResult(t=times, y=y[before : before + len(times)].T, status=0, success=True)


def number(tolerance: Any, name: str) -> Any:
    """Return a tolerance, which must be one number: the adjoint state is longer than y0."""
    if np.ndim(tolerance):
        raise TypeError(f"{name} must be one number: the gradient has more components than y0")
    return tolerance
