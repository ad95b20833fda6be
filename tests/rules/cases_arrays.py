"""Cases of rules: statistics, series, joining, choosing, padding and polynomials."""

import numpy as np
from rules.cases import MASK, A, B, binary, case, each, reduction, since, spread, strided, unary

CUBE = spread(2, 3, 4)
HOLES = np.where(np.eye(3, 4, 1), np.nan, spread(3, 4))  # one nan in each row
COUNTS = [
    case(CUBE, 0.3),
    case(CUBE, 0.3, 1),
    case(CUBE, [0.1, 0.75], (0, -1), keepdims=True),
    case(CUBE, np.array([[0.2, 0.8]]), axis=-1),
]
METHODS = (
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
    "interpolated_inverted_cdf",
    "hazen",
    "weibull",
    "linear",
    "median_unbiased",
    "normal_unbiased",
    "lower",
    "higher",
    "midpoint",
    "nearest",
)
QUANTILES = [
    *COUNTS,
    *(
        case(A, q, axis=axis, method=method)
        for method in METHODS
        for q in (0.05, 0.37, 0.62)
        for axis in (None, 1)
    ),
    *(case(A, np.array([0.37, 0.81]), 1, method=method) for method in METHODS),
    case(strided(3, 4), 0.4, axis=0),
    case(1.5, 0.3),
    case(np.zeros((0, 3)), 0.3, axis=1),
    case(spread(5), 0.62, overwrite_input=False),
]
PERCENTILES = [
    case(A, 37.0),
    case(A, [10, 81.0], 1),
    case(CUBE, np.array([37.0]), (0, 1), keepdims=True),
    case(A, 62, 1, method="hazen"),
]
ALONG = [
    *(case(CUBE, axis=axis) for axis in (0, 1, -1)),
    case(spread(5)),
    case(strided(3, 4), axis=0),
    case(np.zeros((0, 3)), axis=0),
    case(np.zeros((3, 0)), axis=0),
]
ZEROS = np.array([1.5, 0.0, 2.0, 0.0, 3.0])
WEIGHTS = spread(4, low=0.5)
PADDED = [
    *(
        case(A, 1, mode)
        for mode in (
            "constant",
            "edge",
            "reflect",
            "symmetric",
            "wrap",
            "linear_ramp",
            "mean",
            "median",
            "maximum",
            "minimum",
        )
    ),
    case(A, ((1, 0), (0, 2))),
    case(spread(4), (2, 3), "constant", constant_values=7.0),
    *since((2, 4), case(A, {1: 2, 0: (1, 0)}, "edge")),
    *since((2, 4), case(A, {-1: (1, 2)})),
    case(A, ((2, 1), (0, 3)), "constant", constant_values=((1.0, 2.0), (3.0, 4.0))),
    case(A, 0),
    *(case(A, ((5, 6), (7, 8)), mode, reflect_type="odd") for mode in ("reflect", "symmetric")),
    *(case(A, ((0, 1), (7, 0)), mode, reflect_type="even") for mode in ("reflect", "symmetric")),
    *(case(spread(1), 3, mode, reflect_type="odd") for mode in ("reflect", "symmetric")),
    *(
        case(CUBE, ((1, 2), (0, 0), (3, 1)), mode, stat_length=2)
        for mode in ("mean", "maximum", "minimum", "median")
    ),
    case(A, 2, "mean", stat_length=((1, 2), (3, 9))),
    case(A, (2, 3), "linear_ramp", end_values=((1.0, 2.0), (0.5, 0.0))),
    case(strided(3, 4), 2, "linear_ramp", end_values=0.5),
    case(np.zeros((0, 3)), 1),
    case(spread(4), 9, "wrap"),
]

CASES = {
    # functions of one or two numbers
    np.fmod: [*binary(-5.0, 5.0, 1.3, 2.1), case(-7.3, -2.0)],
    np.copysign: binary(),
    np.heaviside: [
        *binary(),
        case(np.array([0.0, 1.0, -1.0]), spread(3)),
        case(np.array([[0.0], [2.0]]), 0.5),
    ],
    np.nextafter: [
        case(spread(3), spread(3, start=2.3)),
        case(1.5, 2.0),
        case(spread(2, 1), spread(3, start=1.4)),
        case(np.zeros((0, 3)), 1.0),
    ],
    np.ldexp: [
        case(spread(2, 3), 3),
        case(spread(2, 1), np.array([1, -2, 0])),
        case(1.5, 2),
        case(np.zeros((0, 3)), 1),
    ],
    **each(
        (np.modf, np.frexp),
        [
            case(spread(2, 3, low=0.6, high=0.9) + 3),
            case(-3.3),
            case(strided(2, 3) + 0.01),
            case(np.zeros((0, 3))),
        ],
    ),
    np.divmod: [*binary(-5.0, 5.0, 1.3, 2.1), case(-7.3, -2.0)],
    np.i0: [c for c in unary(-9.0, 9.0) if isinstance(c[0][0], np.ndarray)]
    + [case(np.array([0.0, 1e-3, -30.0]) / 10)],
    np.unwrap: [
        case(spread(6, low=-9, high=9)),
        case(spread(3, 4, low=-9, high=9), axis=0),
        case(spread(5), 2.0, -1, period=3.0),
    ],
    # statistics
    **each(
        (np.nanmax, np.nanmin),
        reduction(
            case(HOLES),
            case(HOLES, 1),
            case(HOLES, axis=0, keepdims=True),
            case(A, where=MASK, initial=0.1),
            case(A, 1, None, True, 5.0),
            case(A, 1, None, False, -5.0),
        ),
    ),
    np.nanprod: [
        case(HOLES),
        case(HOLES, 1),
        case(HOLES, axis=0, keepdims=True),
        case(A, where=MASK, initial=2.0),
        case(np.zeros((0, 3))),
    ],
    np.nansum: [
        case(A),
        case(HOLES, 1),
        case(HOLES, axis=0, keepdims=True),
        case(np.zeros((0, 3))),
        case(A, where=MASK, initial=2.0),
    ],
    np.nanmean: [case(A), case(HOLES, 1), case(HOLES, axis=0, keepdims=True), case(A, where=MASK)],
    **each(
        (np.nanvar, np.nanstd),
        [
            case(A),
            case(HOLES),
            case(HOLES, 1, ddof=1),
            case(HOLES, axis=0, keepdims=True, correction=0.5),
            case(CUBE, (0, 2)),
            case(A, where=MASK),
            case(HOLES, dtype=np.float64),
            case(HOLES, axis=0, mean=np.zeros((1, 4))),
            case(strided(3, 4), -1),
        ],
    ),
    np.median: [
        case(A),
        case(A, 1),
        case(A, axis=0, keepdims=True),
        case(spread(5)),
        case(CUBE, axis=(0, 2)),
        case(CUBE, (0, -1), keepdims=True),
        case(strided(2, 3)),
        case(1.5),
        case(np.zeros((0, 3)), axis=1),
    ],
    np.nanmedian: [
        case(A),
        case(HOLES),
        case(HOLES, 1),
        case(HOLES, axis=0, keepdims=True),
        case(CUBE, axis=(0, 2)),
        case(np.zeros((0, 3)), 1),
    ],
    np.quantile: QUANTILES,
    np.nanquantile: [
        *QUANTILES,
        *(case(HOLES, 0.43, axis, method=method) for method in METHODS for axis in (None, 0, 1)),
    ],
    np.percentile: PERCENTILES,
    np.nanpercentile: [*PERCENTILES, case(HOLES, [43.0], 0)],
    np.cov: [
        case(A),
        case(A, B),
        case(spread(5)),
        case(A, rowvar=False),
        case(A, B, False),
        case(A, bias=True),
        case(A, ddof=0),
        case(spread(4), spread(4, start=1.3)),
        case(spread(3, 4), fweights=np.array([1, 2, 1, 3])),
        case(A, dtype=np.float64),
        *(case(spread(3, 4), None, True, False, ddof, None, WEIGHTS) for ddof in (None, 0, 2)),
        case(spread(3, 4), None, True, True, None, np.array([1, 2, 1, 3]), WEIGHTS),
        case(strided(3, 4)),
    ],
    np.corrcoef: [
        case(A),
        case(A, B),
        case(spread(4), spread(4, start=1.3)),
        case(spread(3, 4), rowvar=False),
        case(A, dtype=np.float64),
    ],
    # along an axis
    np.cumprod: [
        *ALONG,
        case(CUBE),
        case(1.5),
        case(ZEROS),
        case(ZEROS + 3),
        case(spread(3, 9), 1, np.float64),
        case(np.zeros(0)),
    ],
    **each(
        (np.cumulative_sum, np.cumulative_prod),
        [
            *ALONG,
            case(1.5),
            *(case(x, axis=0, include_initial=True) for x in (A, ZEROS, spread(0, 3))),
        ],
    ),
    np.nancumsum: [
        case(HOLES),
        case(HOLES, 0),
        case(HOLES, axis=-1, dtype=np.float64),
        case(np.zeros((0, 3))),
    ],
    np.nancumprod: [
        case(HOLES),
        case(HOLES, 0),
        case(HOLES, axis=-1, dtype=np.float64),
        case(np.zeros((0, 3))),
    ],
    np.ediff1d: [
        case(A),
        case(spread(4), 0.5, spread(2)),
        case(spread(4), to_begin=[1.5, 2.5]),
        case(strided(2, 3)),
        case(np.zeros(0)),
    ],
    np.gradient: [
        case(spread(5)),
        case(spread(5), 0.5),
        case(spread(3, 4), axis=1),
        case(spread(3, 4)),
        case(spread(3, 4), 0.5, 2.0),
        *(case(spread(5), np.cumsum(spread(5, low=0.5)), edge_order=order) for order in (1, 2)),
        case(spread(3, 4), np.cumsum(spread(3, low=0.5)), 0.5, edge_order=2),
        case(spread(3, 4), 0.5, axis=(1, 0), edge_order=2),
        case(spread(2)),
        case(spread(2), np.array([0.5, 1.3])),
        case(spread(3), np.array([0.5, 1.3, 2.0]), edge_order=2),
        case(strided(3, 4), 2.0, axis=-2),
        case(spread(2, 3, 4), axis=(0, 2)),
    ],
    np.interp: [
        *(
            case(spread(2, 5, low=-3, high=3), np.sort(spread(4)), spread(4), *ends)
            for ends in ((), (0.5, 1.5))
        ),
        case(0.3, np.sort(spread(4)), spread(4)),
        case(spread(3), np.array([0.5]), np.array([2.0])),
        case(spread(6, low=-9, high=9), spread(4), spread(4, start=2.3), period=3.5),
        case(np.zeros(0), np.sort(spread(3)), spread(3)),
    ],
    np.convolve: [
        *(
            case(spread(n), spread(m, start=1.3), mode)
            for mode in ("full", "same", "valid")
            for n in (1, 4, 5)
            for m in (1, 2, 3, 4, 6)
        ),
        case(spread(4), v=spread(2)),
        case(1.5, spread(3)),
        case(spread(3), 2.5, mode="same"),
    ],
    np.correlate: [
        *(
            case(spread(n), spread(m, start=1.3), mode)
            for mode in ("full", "same", "valid")
            for n in (1, 4, 5)
            for m in (1, 2, 3, 4, 6)
        ),
        case(spread(4), v=spread(2)),
    ],
    # joining and splitting
    np.dstack: [
        case([A, B]),
        case([spread(3), spread(3)]),
        case([1.5, 2.5]),
        case([CUBE, strided(2, 3)]),
        case([A]),
    ],
    np.append: [
        case(A, B),
        case(A, 1.5),
        case(A, spread(1, 3), 0),
        case(A, strided(2, 1), axis=-1),
        case(np.zeros((0, 3)), A, 0),
    ],
    np.insert: [
        case(spread(4), 1, 2.5),
        case(A, 2, 1.5),
        case(A, 1, spread(3), 0),
        case(A, 1, spread(2), axis=1),
        case(A, [0, 2], spread(2, 2), 1),
        case(spread(4), [0, 0, -1], spread(3)),
        case(spread(4), slice(1, 3), 0.5),
        case(A, [1], spread(2, 1), axis=-1),
        *since((2, 2), case(spread(3), MASK[0], 1.5)),
        case(np.zeros(0), 0, spread(2)),
        case(strided(3, 4), 1, 2.0, 0),
    ],
    np.block: [
        case([A, B]),
        case([A, strided(2, 3)]),
        case([spread(3), 1.5, spread(2)]),
        case(A),
        case([np.zeros((2, 0)), A]),
    ],
    np.array_split: [
        case(spread(7), 3),
        case(A, 2, 1),
        case(spread(5), [1, 3]),
        case(strided(3, 4), 2, axis=-1),
        case(spread(2), 3),
    ],
    np.split: [
        case(spread(6), 3),
        case(spread(6), [2, 3]),
        case(spread(2, 4), 2, 1),
        case(spread(2, 4), [1], axis=-1),
        case(strided(4, 3), 2),
        case(np.zeros((0, 3)), 1),
    ],
    np.hsplit: [case(spread(6), 3), case(A, [1]), case(strided(2, 4), 2)],
    np.vsplit: [case(A, 2), case(CUBE, [1]), case(strided(4, 3), 2)],
    np.dsplit: [case(CUBE, 2), case(CUBE, [1, 2])],
    np.unstack: [
        case(A),
        case(A, axis=1),
        case(CUBE, axis=-1),
        case(spread(3)),
        case(strided(2, 3)),
    ],
    np.broadcast_arrays: [
        case(spread(2, 1), spread(3)),
        case(1.5, A),
        case(A),
        case(np.zeros((0, 1)), spread(3)),
    ],
    np.meshgrid: [
        case(spread(3), spread(2)),
        case(spread(3), spread(2), indexing="ij"),
        case(spread(3), spread(2), spread(4), sparse=True),
        case(1.5, spread(2), copy=False),
        case(spread(3)),
        case(A, spread(2)),
        case(spread(3), spread(2), spread(4), indexing="ij"),
    ],
    np.apply_along_axis: [
        *(case(np.sum, axis, CUBE) for axis in (0, 1, -1)),
        case(np.cumsum, 1, CUBE),
        case(lambda row, k: np.outer(row, row) * k, 0, A, 2.0),
        case(np.sum, 0, spread(3)),
    ],
    np.apply_over_axes: [
        case(np.sum, CUBE, [0, 2]),
        case(np.sum, A, 1),
        case(np.cumsum, A, (0, -1)),
    ],
    # choosing
    np.compress: [
        case([True, False, True], A, 1),
        case([0, 1], A, axis=0),
        case(MASK.ravel(), A),
        case([True], strided(2, 3), -1),
    ],
    np.extract: [case(MASK, A), case(MASK[0], spread(3)), case(MASK, strided(2, 3))],
    np.delete: [
        case(A, 1),
        case(A, 1, 1),
        case(A, [0, 2], axis=-1),
        case(A, slice(0, 1), 0),
        case(spread(3), MASK[0]),
        case(strided(3, 4), -1, 0),
    ],
    np.resize: [
        case(A, (3, 5)),
        case(A, 2),
        case(1.5, 3),
        case(strided(2, 3), (2, 2)),
        case(np.zeros(0), (2,)),
    ],
    np.trim_zeros: [
        case(spread(3)),
        case(np.zeros(0)),
        *since((2, 2), case(A), case(A, "f", 1)),
        *since((2, 4), case(strided(2, 3), axis=(0, -1))),
    ],
    np.partition: [
        case(spread(7), 3),
        case(A, 1, 0),
        case(A, [0, 2], axis=None),
        case(strided(3, 4), 1),
    ],
    np.unique: [
        case(A),
        case(np.array([1.5, 0.5, 2.5])),
        case(strided(2, 3)),
        case(A, axis=1),
        case(spread(3), True, True, True),
        case(A, return_counts=True, equal_nan=False),
        case(np.zeros((0, 3))),
    ],
    np.choose: [
        case(np.array([1, 0, 1]), [spread(3), spread(2, 3)]),
        case(np.array([[0], [2]]), (1.5, spread(2, 3), np.array(0.5))),
        case(np.array([5, -1, 1]), [spread(3), 2.5], mode="wrap"),
        case(np.array([5, -1, 1]), [spread(3), 2.5], None, "clip"),
        case(1, [1.5, 2.5]),
        case(np.array([1, 0, 1]), spread(2, 3)),
    ],
    np.select: [
        case((MASK, ~MASK), [A, B]),
        case((MASK, MASK[0]), [A, spread(3)], 0.5),
        case((MASK,), (spread(2, 1),), strided(2, 3)),
        case((MASK, ~MASK[1]), [1.5, A]),
        case((np.array(True),), [A], default=2.0),
    ],
    np.piecewise: [
        case(A, [MASK, ~MASK], [np.sin, np.cos]),
        case(A, [MASK], [np.sin, 2.5]),
        case(A, [MASK], [np.exp, 0.5]),
        case(A, [MASK, MASK], [np.sin, np.exp]),
        case(spread(3), [True, False, True], [lambda x, k, *, n: x**n * k, 0.0], 2.0, n=3),
        case(1.5, [True], [np.square]),
        case(strided(2, 3), [MASK, ~MASK], [1.0, lambda x: x * np.sum(x)]),
    ],
    np.full_like: [
        case(spread(3), 1.5),
        case(A, spread(3)),
        case(A, 1.5, shape=(2, 2)),
        case(A, 1.5, np.int64),
        case(A, 2.5, dtype=np.float64),
        case(1.5, 2.5),
        case(np.zeros((0, 3)), 1.5),
    ],
    np.pad: PADDED,
    # moving
    np.rot90: [
        *(case(A, k) for k in (-1, 0, 1, 2, 7)),
        case(CUBE, 1, (0, 2)),
        case(CUBE, k=3, axes=(-1, 0)),
        case(strided(2, 3)),
    ],
    np.rollaxis: [
        *(case(CUBE, axis, start) for axis in (0, 1, -1) for start in (0, 1, 2, 3, -1)),
        case(CUBE, 2),
    ],
    np.diagflat: [case(A), case(spread(3), 1), case(spread(2), -2), case(1.5), case(np.zeros(0))],
    # polynomials
    np.polyval: [
        case(spread(4), A),
        case(spread(4), 1.5),
        case(np.array([1.5, 2.5]), spread(3)),
        case(np.zeros(0), A),
        case(spread(3), 2),
        case(spread(2), spread(0)),
    ],
    **each(
        (np.polyadd, np.polysub),
        [
            case(spread(3), spread(2)),
            case(spread(2), spread(4)),
            case(spread(3), 1.5),
            case(1.5, 2.5),
        ],
    ),
    np.polymul: [case(spread(3), spread(2)), case(spread(2), spread(4)), case(spread(3), 1.5)],
    np.polydiv: [
        case(spread(5), spread(3, low=0.5)),
        case(spread(2), spread(3, low=0.5)),
        case(spread(3), 1.5),
        case(spread(3), spread(3, low=0.5)),
        case(np.array([1.0, 5.0, 6.0]), np.array([1.0, 2.0])),
    ],
    np.polyder: [case(spread(4)), case(spread(4), 2), case(spread(2), m=3), case(spread(4), 0)],
    np.polyint: [
        case(spread(3)),
        case(spread(3), 2),
        case(spread(3), 2, 0.5),
        case(spread(3), m=3, k=[0.5, 1.5, 2.5]),
        case(spread(3), 0),
    ],
    np.poly: [case(spread(3)), case(np.array([1.5])), case(np.zeros(0))],
    np.vander: [
        case(spread(3)),
        case(spread(3), 4),
        case(spread(3), 2, True),
        case(spread(3), N=0),
        case(np.array([0.0, 1.5])),
    ],
    np.linspace: [
        case(0.5, 2.0),
        case(0.5, 2.0, 4),
        case(0.5, 2.0, num=4, endpoint=False),
        case(spread(3), 2.0, 4),
        case(spread(2, 1), spread(3), 4, axis=-1),
        case(0.5, 2.0, 4, retstep=True),
        case(1.0, 2.0, 1),
        case(1.0, 2.0, 0),
        case(0.5, 3.6, 4, dtype=np.int64),
        case(spread(3), spread(3), 2, True, True),
    ],
    np.logspace: [
        case(0.5, 2.0, 4),
        case(spread(3), 2.0, 4, False, 3.0),
        case(0.5, 1.0, 4, True, spread(2, low=1.5), None, -1),
        case(0.5, 1.0, 3, base=2.0),
    ],
    np.geomspace: [
        case(0.5, 2.0, 4),
        case(-0.5, -2.0, 3, False),
        case(spread(3, low=0.5), 2.0, 4, axis=1),
        case(0.5, spread(2, low=0.5), 3),
    ],
}
