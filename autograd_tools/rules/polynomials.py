"""Polynomials by their coefficients, the highest power first; and ranges such as np.linspace."""

from __future__ import annotations

import warnings

import numpy as np

from autograd_tools.base.traced import plain_array
from autograd_tools.engine.registry import composite, rules
from autograd_tools.engine.values import Value, unwrap
from autograd_tools.rules.arrays import as_array, as_type, type_of


def coefficients(p):
    return np.atleast_1d(as_array(p))


@composite(np.polyval)
def polyval(p, x):
    x = x if isinstance(x, Value) else plain_array(x)
    y = np.zeros(np.shape(x), type_of(x))[()]
    for c in as_array(p):
        y = y * x + c
    return y


def aligned(a1, a2):
    """Pad two polynomials with zeros to the same length."""
    a1, a2 = coefficients(a1), coefficients(a2)
    n = max(len(a1), len(a2))
    left, right = (
        a if len(a) == n else np.concatenate([np.zeros(n - len(a), unwrap(a).dtype), a])
        for a in (a1, a2)
    )
    return left, right


@composite(np.polyadd)
def polyadd(a1, a2):
    left, right = aligned(a1, a2)
    return left + right


@composite(np.polysub)
def polysub(a1, a2):
    left, right = aligned(a1, a2)
    return left - right


def trimmed(p):
    """Drop leading zeros, except the last one, as np.poly1d does."""
    p = coefficients(p)
    found = np.flatnonzero(unwrap(p))
    return p[found[0] :] if len(found) else np.zeros(1, unwrap(p).dtype)


@composite(np.polymul)
def polymul(a1, a2):
    return np.convolve(trimmed(a1), trimmed(a2))


@composite(np.polydiv)
def polydiv(u, v):
    u, v = coefficients(u) + 0.0, coefficients(v) + 0.0
    quotient, n = [], np.size(v)
    for k in range(np.size(u) - n + 1):
        quotient.append(u[k] * (1 / v[0]))
        u = np.concatenate([u[:k], u[k : k + n] - quotient[k] * v, u[k + n :]])
    large = np.flatnonzero(~np.isclose(unwrap(u), 0, rtol=1e-14))  # NumPy drops leading zeros
    rest = u[min([*large, np.size(u) - 1]) :]
    return np.stack(quotient) if quotient else np.zeros(1, unwrap(u).dtype), rest


@composite(np.polyder)
def polyder(p, m=1):
    p = as_array(p)
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p


@composite(np.polyint)
def polyint(p, m=1, k=None):
    k = np.zeros(m) if k is None else coefficients(k)
    k = np.broadcast_to(k, (m,)) if np.size(k) == 1 else k
    p = as_array(p)
    for i in range(m):
        p = np.concatenate([p / np.arange(np.size(p), 0, -1), k[i : i + 1]])
    return p


@composite(np.poly)
def poly(seq_of_zeros):
    zeros = coefficients(seq_of_zeros)
    zeros = np.linalg.eigvals(zeros) if np.ndim(zeros) == 2 else zeros
    p, nothing = np.ones(1, unwrap(zeros).dtype), np.zeros(1, unwrap(zeros).dtype)
    for zero in zeros:
        p = np.concatenate([p, nothing]) - np.concatenate([nothing, zero * p])
    # pairs of conjugate zeros have real coefficients
    return np.real(p) if np.iscomplexobj(p) and np.isrealobj(np.poly(unwrap(zeros))) else p


def roots_p(dy, y, p):
    """The derivative of a root x in the coefficient of x^k is -x^k / p'(x)."""
    powers = np.arange(np.size(p), dtype=np.finfo(unwrap(y).dtype).dtype)[::-1]
    slope = np.polyval(p[:-1] * powers[:-1], y)
    return -np.matmul(dy / slope, y[:, None] ** powers)


# To add one, see rules/__init__.py; its cases go to tests/rules/cases_arrays.py.
rules(np.roots, roots_p)


def covariance(lhs, scale, squares, left, y):
    """Return the covariance of the coefficients of a fit; without `squares` for unit deviations."""
    base = np.linalg.inv(np.dot(np.transpose(lhs), lhs)) / np.outer(scale, scale)
    if squares is None:
        return base
    return (base if np.ndim(y) == 1 else base[:, :, None]) * (squares / left)


@composite(np.polyfit)
def polyfit(x, y, deg, rcond=None, full=False, w=None, cov=False):
    """Solve least squares with columns of length 1, as NumPy does."""
    x, y = as_array(x) + 0.0, as_array(y) + 0.0
    n = np.size(x)
    rcond = n * np.finfo(unwrap(x).dtype).eps if rcond is None else rcond
    lhs, rhs = np.vander(x, deg + 1), y
    if w is not None:
        w = as_array(w) + 0.0
        lhs, rhs = lhs * w[:, None], rhs * (w if np.ndim(y) == 1 else w[:, None])
    scale = np.sqrt(np.sum(lhs * lhs, 0))
    lhs = lhs / scale
    c, squares, rank, s = np.linalg.lstsq(lhs, rhs, rcond)
    c = np.transpose(np.transpose(c) / scale)
    if full:
        return c, squares, rank, s, rcond
    if unwrap(rank) != deg + 1:
        warnings.warn("Polyfit may be poorly conditioned", np.exceptions.RankWarning, stacklevel=4)
    if not cov:
        return c
    return c, covariance(lhs, scale, None if cov == "unscaled" else squares, n - deg - 1, y)


@composite(np.vander)
def vander(x, N=None, increasing=False):
    x = as_array(x)
    powers = np.arange(np.size(x) if N is None else N)
    return x[:, None] ** (powers if increasing else powers[::-1])


def ends(*given):
    """Return the ends of ranges as numbers or arrays of equally many axes."""
    given = tuple(x if np.ndim(x) == 0 else as_array(x) for x in given)
    n = max(map(np.ndim, given))
    return tuple(
        x if np.ndim(x) == 0 else np.reshape(x, (1,) * (n - np.ndim(x)) + np.shape(x))
        for x in given
    )


def unit_steps(num, endpoint, ndim):
    """Return the fractions between start and stop along a first axis before `ndim` others."""
    return np.reshape(np.arange(num) / max(num - 1 if endpoint else num, 1), (-1, *[1] * ndim))


def between(start, stop, num, endpoint, ndim):
    """Return evenly spaced numbers in the precision of the ends."""
    precise = np.result_type(
        *(x if type(x) in (int, float) else plain_array(x) for x in map(unwrap, (start, stop))), 1.0
    )
    return start + (stop - start) * unit_steps(num, endpoint, ndim).astype(precise)


def laid_out(y, dtype, axis):
    return as_type(y if axis == 0 else np.moveaxis(y, 0, axis), dtype)


def is_whole(dtype):
    """Return True for a range of integers, which has no gradient; NumPy truncates it."""
    return dtype is not None and np.dtype(dtype).kind in "iu"


@composite(np.linspace)
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0, *, device=None):
    if is_whole(dtype):
        return np.linspace(unwrap(start), unwrap(stop), num, endpoint, retstep, dtype, axis)
    start, stop = ends(start, stop)
    y = between(start, stop, num, endpoint, max(np.ndim(start), np.ndim(stop)))
    y = laid_out(y, dtype, axis)
    apart = num - 1 if endpoint else num
    return (y, (stop - start) / apart if apart > 0 else np.nan) if retstep else y


@composite(np.logspace)
def logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0):
    if is_whole(dtype):
        return np.logspace(unwrap(start), unwrap(stop), num, endpoint, unwrap(base), dtype, axis)
    start, stop, base = ends(start, stop, base)
    ndim = max(np.ndim(x) for x in (start, stop, base))
    return laid_out(base ** between(start, stop, num, endpoint, ndim), dtype, axis)


@composite(np.geomspace)
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    if is_whole(dtype):
        return np.geomspace(unwrap(start), unwrap(stop), num, endpoint, dtype, axis)
    start, stop = ends(start, stop)
    ndim = max(np.ndim(start), np.ndim(stop))
    return laid_out(start * (stop / start) ** unit_steps(num, endpoint, ndim), dtype, axis)
