"""The equations of Sylvester, Lyapunov and Riccati."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from autograd_tools.engine.calls import plain
from autograd_tools.engine.registry import primitive
from autograd_tools.scipy.arguments import array, is_recorded
from autograd_tools.scipy.linalg.systems import matrix
from autograd_tools.scipy.steps import Steps

linalg = Steps(scipy.linalg)


def sylvester_a(dy: Any, y: Any, a: Any, b: Any, q: Any) -> Any:
    return -np.matmul(solve_sylvester(a.T, b.T, dy), y.T)


def sylvester_b(dy: Any, y: Any, a: Any, b: Any, q: Any) -> Any:
    return -np.matmul(y.T, solve_sylvester(a.T, b.T, dy))


def sylvester_q(dy: Any, y: Any, a: Any, b: Any, q: Any) -> Any:
    return solve_sylvester(a.T, b.T, dy)


@primitive(sylvester_a, sylvester_b, sylvester_q)
def _solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    return linalg.solve_sylvester(a, b, q)


def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """Solve a @ x + x @ b = q.

    Parameters
    ----------
    a : array_like, shape (m, m)
    b : array_like, shape (n, n)
    q : array_like, shape (m, n)

    Returns
    -------
    x : array, shape (m, n)
    """
    return _solve_sylvester(matrix(a, "solve_sylvester"), matrix(b, "solve_sylvester"), array(q))


def solve_continuous_lyapunov(a: Any, q: Any) -> Any:
    """Solve a @ x + x @ a^H = q.

    Parameters
    ----------
    a, q : array_like, shape (n, n)

    Returns
    -------
    x : array, shape (n, n)
    """
    if not is_recorded(a, q):
        return linalg.solve_continuous_lyapunov(plain(a), plain(q))
    a = array(a)
    return solve_sylvester(a, np.conjugate(np.swapaxes(a, 0, 1)), q)


solve_lyapunov = solve_continuous_lyapunov  # SciPy's older name


def solve_discrete_lyapunov(a: Any, q: Any, method: str | None = None) -> Any:
    """Solve a @ x @ a^H - x + q = 0.

    Parameters
    ----------
    a, q : array_like, shape (n, n)
    method : {"direct", "bilinear"}, optional
        Of the plain value, as in SciPy.

    Returns
    -------
    x : array, shape (n, n)
    """
    if not is_recorded(a, q):
        return linalg.solve_discrete_lyapunov(plain(a), plain(q), method)
    a, q = matrix(a, "solve_discrete_lyapunov"), array(q)
    return _solve_discrete_lyapunov(a, q, method)


def discrete_lyapunov_q(dy: Any, y: Any, a: Any, q: Any, method: Any) -> Any:
    return solve_discrete_lyapunov(np.conjugate(a.T), dy, method)


def discrete_lyapunov_a(dy: Any, y: Any, a: Any, q: Any, method: Any) -> Any:
    s = solve_discrete_lyapunov(a.T, dy, method)
    return s @ a @ y.T + s.T @ a @ y


@primitive(discrete_lyapunov_a, discrete_lyapunov_q)
def _solve_discrete_lyapunov(a: Any, q: Any, method: Any) -> Any:
    return linalg.solve_discrete_lyapunov(a, q, method)


def continuous_parts(dy: Any, x: Any, a: Any, b: Any, r: Any) -> tuple[Any, Any]:
    """Return the gradient of q, and the gain of the feedback."""
    gain = np.linalg.solve(r, b.T @ x)
    return solve_continuous_lyapunov(a - b @ gain, -(dy + dy.T) / 2), gain


def discrete_parts(dy: Any, x: Any, a: Any, b: Any, r: Any) -> tuple[Any, Any]:
    """Return the gradient of q, and the gain of the feedback."""
    gain = np.linalg.solve(r + b.T @ x @ b, b.T @ x @ a)
    return solve_discrete_lyapunov(a - b @ gain, (dy + dy.T) / 2), gain


def _riccati_rules(parts: Any, closed: Any) -> tuple[Any, ...]:
    """Return the rules of a, b, q, r; `closed(a, b, gain)` is next to the solution in them."""

    def of_a(dy: Any, x: Any, a: Any, b: Any, q: Any, r: Any, balanced: bool) -> Any:
        s, gain = parts(dy, x, a, b, r)
        return 2 * x @ closed(a, b, gain) @ s

    def of_b(dy: Any, x: Any, a: Any, b: Any, q: Any, r: Any, balanced: bool) -> Any:
        s, gain = parts(dy, x, a, b, r)
        return -2 * x @ closed(a, b, gain) @ s @ gain.T

    def of_q(dy: Any, x: Any, a: Any, b: Any, q: Any, r: Any, balanced: bool) -> Any:
        return parts(dy, x, a, b, r)[0]

    def of_r(dy: Any, x: Any, a: Any, b: Any, q: Any, r: Any, balanced: bool) -> Any:
        s, gain = parts(dy, x, a, b, r)
        return gain @ s @ gain.T

    return of_a, of_b, of_q, of_r


@primitive(*_riccati_rules(continuous_parts, lambda a, b, gain: np.eye(len(a))))
def _solve_continuous_are(a: Any, b: Any, q: Any, r: Any, balanced: bool) -> Any:
    return linalg.solve_continuous_are(a, b, q, r, balanced=balanced)


@primitive(*_riccati_rules(discrete_parts, lambda a, b, gain: a - b @ gain))
def _solve_discrete_are(a: Any, b: Any, q: Any, r: Any, balanced: bool) -> Any:
    return linalg.solve_discrete_are(a, b, q, r, balanced=balanced)


def _riccati(solve: Any, theirs: Any, args: tuple[Any, ...], e: Any, s: Any, balanced: bool) -> Any:
    if not is_recorded(*args, e, s):
        return theirs(*plain(args), plain(e), plain(s), balanced)
    if e is not None or s is not None or any([np.iscomplexobj(plain(x)) for x in args]):
        raise TypeError(
            f"{theirs.__name__} has a gradient for real matrices without e and s; write "
            "ag.value(x) for a constant"
        )
    return solve(*map(array, args), balanced)


def solve_continuous_are(
    a: Any, b: Any, q: Any, r: Any, e: Any = None, s: Any = None, balanced: bool = True
) -> Any:
    """Solve Riccati's equation a^T x + x a - x b r^-1 b^T x + q = 0.

    Parameters
    ----------
    a, q : array_like, shape (n, n)
    b : array_like, shape (n, k)
    r : array_like, shape (k, k)
        q and r are symmetric, and have symmetric gradients.
    e, s, balanced
        As in SciPy; e and s for plain arguments only.

    Returns
    -------
    x : array, shape (n, n)
    """
    theirs = linalg.solve_continuous_are
    return _riccati(_solve_continuous_are, theirs, (a, b, q, r), e, s, balanced)


def solve_discrete_are(
    a: Any, b: Any, q: Any, r: Any, e: Any = None, s: Any = None, balanced: bool = True
) -> Any:
    """Solve Riccati's equation a^T x a - x - a^T x b (r + b^T x b)^-1 b^T x a + q = 0.

    Parameters
    ----------
    a, b, q, r, e, s, balanced
        As in `solve_continuous_are`.

    Returns
    -------
    x : array, shape (n, n)
    """
    theirs = linalg.solve_discrete_are
    return _riccati(_solve_discrete_are, theirs, (a, b, q, r), e, s, balanced)
