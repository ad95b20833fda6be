"""Cases of rules: sets, histograms, np.emath, fits and roots of polynomials, windows."""

import numpy as np
from rules.cases import case, complexes, each, spread, strided

ROW, NEW = spread(5), spread(3, start=9.0)
PLACES = np.array([0, 2, 1, 2, 0])
X, Y = spread(7), spread(7, start=3.3)
SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.5, -1.0, 1.5]])  # of rank 2

# Powers: one of evenly spread numbers lies between two bins.
SKEW, OTHER, WEIGHTS = spread(5) ** 3, spread(5, start=1.3) ** 3, spread(5, low=0.5, start=2.0)

CASES = {
    **each(
        (np.unique_values, np.unique_counts, np.unique_inverse, np.unique_all),
        [case(ROW), case(spread(2, 3)), case(strided(3, 2))],
    ),
    np.union1d: [case(ROW, NEW), case(ROW, spread(2, 2, start=9.0))],
    np.intersect1d: [case(ROW, NEW)],
    np.setdiff1d: [case(ROW, NEW), case(spread(2, 3), NEW), case(ROW, NEW, assume_unique=True)],
    np.setxor1d: [case(ROW, NEW), case(NEW, spread(2, 3, start=3.0), True)],
    np.sort_complex: [case(ROW), case(spread(2, 3)), case(complexes(4))],
    np.bincount: [
        case(PLACES, ROW),
        case(PLACES, ROW, minlength=6),
        case(PLACES, [0.5, 1.5, 2.5, 3.5, 4.5]),
    ],
    np.histogram_bin_edges: [
        case(ROW),
        case(ROW, 3),
        case(spread(2, 3), 4),
        case(ROW, np.array([-2.0, 0.5, 2.0])),
        case(ROW, "sturges"),
    ],
    np.histogram: [
        case(ROW, 3),
        case(ROW, 3, density=True),
        case(ROW, 5, weights=spread(5, low=0.5)),
        case(ROW, np.array([-2.0, 0.1, 1.0])),
        case(ROW, np.array([-2.0, 0.1, 1.0]), weights=spread(5, low=0.5, start=2.0), density=True),
        case(spread(2, 3), 4, (-1.0, 1.5), True, spread(2, 3, low=0.5)),
    ],
    np.histogram2d: [
        case(SKEW, OTHER, 3),
        case(SKEW, OTHER, [2, 3], density=True),
        case(SKEW, OTHER, np.array([-2.0, 0.1, 1.0, 2.0])),
        case(SKEW, OTHER, [np.array([-2.0, 0.1, 1.0]), 2], weights=WEIGHTS),
        case(SKEW, OTHER, 2, [[-1.0, 1.5], [-2.0, 2.0]], True, WEIGHTS),
    ],
    np.histogramdd: [
        case(spread(5, 3) ** 3, 2),
        case(spread(5, 1) ** 3, [3], density=True),
        case(spread(5, 2) ** 3, (2, 3), weights=WEIGHTS),
    ],
    **each(
        (np.emath.sqrt, np.emath.log, np.emath.log2, np.emath.log10),
        [case(1.3), case(spread(2, 3)), case(spread(2, 3) + 3)],
    ),
    **each(
        (np.emath.arccos, np.emath.arcsin, np.emath.arctanh),
        [case(0.3), case(spread(2, 3)), case(spread(2, 3) / 3)],
    ),
    np.emath.logn: [
        case(2.5, spread(2, 3)),
        case(spread(3, low=2.0, high=3.0), spread(3)),
        case(0.3, 2.0),
    ],
    np.emath.power: [
        case(spread(2, 3), 1.7),
        case(spread(2, 3) + 3, spread(3)),
        case(ROW, 2),
        case(2, ROW),
    ],
    np.roots: [
        case(np.array([1.0, -6.5, 11.0, -5.5])),
        case(np.array([2.0, 1.0, 3.0])),
        case(np.array([1.0, -3.0, 2.0, 0.0])),
        case(complexes(4)),
        case(np.array([2.0])),
    ],
    np.polyfit: [
        case(X, Y, 2),
        case(X, Y, 0),
        case(X, np.stack([Y, X * X], 1), deg=3),
        case(X, Y, 2, w=spread(7, low=0.5, start=2.0)),
        case(X, np.stack([Y, Y * Y], 1), 1, None, False, spread(7, low=0.5)),
        case(X, Y, 1, cov=True),
        case(X, Y, 2, cov="unscaled"),
        case(X, np.stack([Y, Y * Y], 1), 1, cov=True),
        case(X, Y, 2, full=True),
    ],
    np.poly: [
        case(spread(3, 3) + 3 * np.eye(3)),
        case(np.array([[1.0, -2.0, 0.3], [2.0, 1.5, 0.2], [0.1, 0.4, 3.0]])),
    ],
    np.lib.stride_tricks.sliding_window_view: [
        case(X, 3),
        case(spread(3, 4), (2, 3)),
        case(spread(3, 4), 2, axis=1),
        case(strided(4, 3), (2, 2), (0, 0)),
    ],
    np.linalg.det: [
        case(SINGULAR),
        case(np.stack([SINGULAR, np.eye(3), SINGULAR.T])),
        case(np.outer(ROW[:3], NEW)),
        case(np.zeros((1, 1))),
    ],
    np._core.umath.clip: [
        case(spread(2, 3), -1.0, 1.0),
        case(spread(2, 3), spread(3, start=1.3), spread(3, low=2.0, high=3.0)),
        case(spread(2, 3), -3.0, spread(3, start=1.3)),
    ],
}
