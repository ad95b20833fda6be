"""scipy.spatial.distance: distances between all pairs of points, and their two layouts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.spatial.distance

from autograd_tools.api.dispatch import with_value
from autograd_tools.engine.calls import plain
from autograd_tools.scipy.arguments import array, is_recorded
from autograd_tools.scipy.steps import Steps

distance = Steps(scipy.spatial.distance)
__all__ = ["cdist", "pdist", "squareform"]

Metric = Callable[..., Any]  # (x, y, **options) -> distances, along the last axis


def _minkowski(x: Any, y: Any, p: Any = 2.0, w: Any = 1.0) -> Any:
    return _power(np.sum(w * np.abs(x - y) ** p, axis=-1), 1.0 / p)


def _power(x: Any, p: Any) -> Any:
    """Return x**p, with the gradient 0 at 0, as a norm has it."""
    return np.where(x == 0, 1.0, x) ** p * (plain(x) != 0)


def _correlation(x: Any, y: Any) -> Any:
    x, y = (v - np.mean(v, axis=-1, keepdims=True) for v in (x, y))
    return _cosine(x, y)


def _cosine(x: Any, y: Any) -> Any:
    lengths = np.linalg.norm(x, axis=-1) * np.linalg.norm(y, axis=-1)
    return 1.0 - np.sum(x * y, axis=-1) / lengths


def _canberra(x: Any, y: Any) -> Any:
    size = np.abs(x) + np.abs(y)
    return np.sum(np.abs(x - y) / np.where(size == 0, 1.0, size), axis=-1)


def _braycurtis(x: Any, y: Any) -> Any:
    return np.sum(np.abs(x - y), axis=-1) / np.sum(np.abs(x + y), axis=-1)


def _mahalanobis(x: Any, y: Any, VI: Any) -> Any:
    return _power(np.sum((x - y) @ VI * (x - y), axis=-1), 0.5)


METRICS: dict[str, Metric] = {
    "braycurtis": _braycurtis,
    "canberra": _canberra,
    "chebyshev": lambda x, y: np.max(np.abs(x - y), axis=-1),
    "cityblock": lambda x, y, w=1.0: np.sum(w * np.abs(x - y), axis=-1),
    "correlation": _correlation,
    "cosine": _cosine,
    "euclidean": lambda x, y, w=1.0: _power(np.sum(w * (x - y) ** 2, axis=-1), 0.5),
    "mahalanobis": _mahalanobis,
    "minkowski": _minkowski,
    "seuclidean": lambda x, y, V: _power(np.sum((x - y) ** 2 / V, axis=-1), 0.5),
    "sqeuclidean": lambda x, y, w=1.0: np.sum(w * (x - y) ** 2, axis=-1),
}


def _with_default(metric: str, points: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a metric, with those that SciPy computes from all points."""
    if metric == "seuclidean" and options.get("V") is None:
        return {"V": np.var(points, axis=0, ddof=1)}
    if metric == "mahalanobis" and options.get("VI") is None:
        return {"VI": np.linalg.inv(np.cov(points, rowvar=False))}
    return options


def _distances(metric: Any, x: Any, y: Any, points: Any, options: dict[str, Any]) -> Any:
    """Return the distances of points along the last axis; all but the last broadcast."""
    if callable(metric):
        pairs = zip(*(np.reshape(v, (-1, np.shape(v)[-1])) for v in (x, y)), strict=True)
        return np.reshape(np.stack([metric(*pair, **options) for pair in pairs]), np.shape(x)[:-1])
    if metric not in METRICS:
        known = ", ".join(METRICS)
        raise TypeError(f"expected a metric that has a gradient, got {metric!r}; choose {known}")
    return METRICS[metric](x, y, **_with_default(metric, points, options))


def cdist(XA: Any, XB: Any, metric: Any = "euclidean", *, out: Any = None, **kwargs: Any) -> Any:
    """Return the distances between each pair of two collections of points.

    Parameters
    ----------
    XA, XB : array_like, shapes (n, k) and (m, k)
    metric : str or callable
        A name of SciPy's, of a metric that has a gradient, or metric(x, y, **kwargs) -> number.
    out : ndarray, optional
        For plain points only.
    **kwargs
        `p`, `w`, `V`, `VI`, as in SciPy; `w` of Minkowski's, Euclidean and city block metrics only.

    Returns
    -------
    array, shape (n, m)
        The distance of a point to itself has the gradient 0.
    """
    if not is_recorded(XA, XB, *kwargs.values()):
        return distance.cdist(plain(XA), plain(XB), metric, out=out, **plain(kwargs))
    _refuse_out(out)
    a, b = array(XA), array(XB)
    value = (
        None if callable(metric) else distance.cdist(plain(a), plain(b), metric, **plain(kwargs))
    )
    points = np.concatenate([a, b]) if metric in ("seuclidean", "mahalanobis") else None
    x, y = np.broadcast_arrays(a[:, None], b[None]) if callable(metric) else (a[:, None], b)
    found = _distances(metric, x, y, points, kwargs)
    return found if value is None else with_value(found, value)


def pdist(X: Any, metric: Any = "euclidean", *, out: Any = None, **kwargs: Any) -> Any:
    """Return the distances between the points of a collection, each pair once.

    Parameters
    ----------
    X : array_like, shape (n, k)
    metric, out, **kwargs
        As in `cdist`.

    Returns
    -------
    array, shape (n * (n - 1) / 2,)
        In the order of (0, 1), (0, 2), ..., (1, 2), ...
    """
    if not is_recorded(X, *kwargs.values()):
        return distance.pdist(plain(X), metric, out=out, **plain(kwargs))
    _refuse_out(out)
    x = array(X)
    value = None if callable(metric) else distance.pdist(plain(x), metric, **plain(kwargs))
    i, j = np.triu_indices(np.shape(x)[0], 1)
    found = _distances(metric, x[i], x[j], x, kwargs)
    return found if value is None else with_value(found, value)


def _refuse_out(out: Any) -> None:
    if out is not None:
        raise TypeError("expected out=None for recorded points; write out[...] = the result")


def squareform(X: Any, force: str = "no", checks: bool = True) -> Any:
    """Return a vector of distances as a symmetric matrix, or a matrix as a vector.

    Parameters
    ----------
    X : array_like, shape (n * (n - 1) / 2,) or (n, n)
        Of a matrix, the upper triangle is read.
    force, checks
        As in SciPy.

    Returns
    -------
    array, shape (n, n) or (n * (n - 1) / 2,)
    """
    value = distance.squareform(plain(X), force, checks)  # with SciPy's errors
    if not is_recorded(X):
        return value
    x = array(X)
    if np.ndim(x) == 2:
        return x[np.triu_indices(len(x), 1)]
    places = distance.squareform(np.arange(1.0, 1.0 + np.size(x))).astype(int)
    return np.concatenate([np.zeros(1, x.dtype), x])[places]
