"""scipy.integrate.quad: integrals of functions of a number, by the intervals that SciPy finds.

SciPy refines the intervals for plain values. On each of them the rule of Gauss and Kronrod with 21
points, of QUADPACK, records how the integral depends on the limits and on what the function uses.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate

from autograd_tools.api.dispatch import with_value
from autograd_tools.engine.calls import plain
from autograd_tools.scipy.arguments import is_recorded
from autograd_tools.scipy.steps import is_plain_call, refuse_steps

# The points from 0 to 1, and their weights.
POINTS = (
    *(0.0, 0.148874338981631211, 0.294392862701460198, 0.433395394129247191),
    *(0.562757134668604683, 0.679409568299024406, 0.780817726586416897, 0.865063366688984511),
    *(0.930157491355708226, 0.973906528517171720, 0.995657163025808081),
)
WEIGHTS = (
    *(0.149445554002916906, 0.147739104901338491, 0.142775938577060081, 0.134709217311473326),
    *(0.123491976262065851, 0.109387158802297642, 0.0931254545836976055, 0.0750396748109199528),
    *(0.0547558965743519960, 0.0325581623079647275, 0.0116946388673718743),
)
SIGNATURE = inspect.signature(integrate.quad)


RULE = (np.array([*(-p for p in POINTS[:0:-1]), *POINTS]), np.array([*WEIGHTS[:0:-1], *WEIGHTS]))


def _nodes(a: float, b: float, info: dict[str, Any]) -> list[tuple[float, float]]:
    """Return the points of the rule, with their weights, in the intervals from a to b.

    If a limit is infinite, the intervals are of t in (0, 1], where x = a + (1 - t) / t.
    """
    starts, ends = (info[name][: info["last"]] for name in ("alist", "blist"))
    half = (ends - starts) / 2
    x = np.ravel(half[:, None] * RULE[0] + ((starts + ends) / 2)[:, None])
    w = np.ravel(half[:, None] * RULE[1])
    if np.isinf(a) or np.isinf(b):
        far, w = (1 - x) / x, w / x**2
        x = far if np.isinf(a) and np.isinf(b) else b - far if np.isinf(a) else a + far
        if np.isinf(a) and np.isinf(b):
            x, w = np.concatenate([x, -x]), np.concatenate([w, w])
    return list(zip(x.tolist(), w.tolist(), strict=True))


def _edge(f: Callable[[Any], Any], limit: Any) -> Any:
    """Return the integral from the plain value of a limit to itself, which has its derivatives."""
    if not is_recorded(limit):
        return 0.0
    start, length = plain(limit), limit - plain(limit)
    pairs = zip(*RULE, strict=True)
    return sum([f(start + length * ((p + 1) / 2)) * (w / 2) for p, w in pairs]) * length


@functools.wraps(integrate.quad, assigned=())  # with its signature
def quad(*args: Any, **kwargs: Any) -> Any:
    """scipy.integrate.quad, whose integral has a gradient of any order.

    Recorded values may be limits, among `args`, or used by the function from elsewhere.
    """
    if is_plain_call():
        return integrate.quad(*args, **kwargs)
    given = SIGNATURE.bind(*args, **kwargs).arguments
    func, a, b, rest = (given.pop(name, ()) for name in ("func", "a", "b", "args"))
    rest = rest if isinstance(rest, tuple) else (rest,)
    full = given.pop("full_output", 0)
    recorded = is_recorded(a, b)

    def f(x: Any) -> Any:
        nonlocal recorded
        y = func(x, *rest)
        refuse_steps("quad", y)
        recorded = recorded or is_recorded(y)
        return y

    low, high = plain(a), plain(b)
    found = integrate.quad(lambda x: plain(f(x)), low, high, full_output=1, **given)
    result = found if full else found[:2]
    if not recorded:
        return result
    if given.get("weight") is not None or given.get("complex_func"):
        raise TypeError("quad has a gradient without weight= and complex_func=")
    sign, pair = (1.0, (low, high)) if low <= high else (-1.0, (high, low))
    nodes = _nodes(*pair, found[2]) if low != high else []
    y = sum([f(x) * (sign * w) for x, w in nodes], 0.0)
    if not abs(plain(y) - found[0]) <= 1e-7 * abs(found[0]) + 10 * found[1]:
        raise ValueError(
            f"expected a function that the intervals of quad resolve, got {found[0]} with SciPy's "
            f"extrapolation, and {plain(y)} without; split the integral, or substitute"
        )
    return (with_value(y + _edge(f, b) - _edge(f, a), found[0]), *result[1:])
