"""Cases of rules: for each registered function, arguments over its domain.

The files `cases_*.py` hold the cases of more functions; `test_rules.py` merges them.
"""

import numpy as np

from autograd_tools.rules.indexing import getitem, setitem, ungetitem


def case(*args, **kwargs):
    return args, kwargs


def since(version, *cases):
    """Return cases that NumPy supports since a version (major, minor)."""
    return [*cases] if tuple(map(int, np.__version__.split(".")[:2])) >= version else []


def spread(*shape, low=-2.0, high=2.0, start=1.0):
    """Return different numbers between `low` and `high`, unsorted; `start` selects others."""
    size = int(np.prod(shape))
    return low + (high - low) * ((start + np.arange(size)) * 0.6180339887498949 % 1.0).reshape(
        shape
    )


def strided(*shape, **limits):
    """Return numbers that are not contiguous in memory."""
    *rest, last = shape[::-1]
    return spread(*rest, 2 * last, **limits)[..., ::-2].T


def complexes(*shape, low=-2.0, high=2.0, start=1.0):
    """Return complex numbers with parts between `low` and `high`."""
    parts = spread(*shape, 2, low=low, high=high, start=start)
    return parts[..., 0] + 1j * parts[..., 1]


def unary(low=-2.0, high=2.0):
    return [
        case(low + 0.3 * (high - low)),
        case(np.array(low + 0.6 * (high - low))),
        case(spread(2, 3, low=low, high=high)),
        case(strided(3, 2, low=low, high=high)),
        case(np.zeros((0, 3))),
    ]


def binary(low=-2.0, high=2.0, low2=None, high2=None):
    a = {"low": low, "high": high}
    b = {
        "low": low if low2 is None else low2,
        "high": high if high2 is None else high2,
        "start": 1.3,
    }
    return [
        case(spread(3, 1, **a), spread(4, **b)),
        case(float(spread(**a)), float(spread(**b))),
        case(float(spread(**a)), spread(2, 3, **b)),
        case(spread(2, 3, **a), np.array(spread(**b))),
        case(strided(2, 3, **a), spread(1, 3, **b)),
        case(np.zeros((0, 3)), spread(3, **b)),
        case(spread(2, 1, **a), np.zeros((1, 0))),
    ]


def reduction(*more):
    x = spread(2, 3, 4)
    return [
        case(x),
        case(x, 1),
        case(x, -1),
        case(x, (0, -1)),
        case(x, axis=0, keepdims=True),
        case(x, axis=(0, 2), keepdims=True),
        case(strided(3, 4), axis=0),
        case(1.5),
        case(np.array(1.5), keepdims=True),
        *more,
    ]


def each(functions, cases):
    """Give several functions the same cases."""
    return dict.fromkeys(functions, cases)


def merged(*tables):
    """Merge tables of cases."""
    functions = {func: None for table in tables for func in table}
    return {func: [c for table in tables for c in table.get(func, [])] for func in functions}


MASK = np.array([[True, False, True], [True, True, False]])
EMPTY_SUMS = [
    case(np.zeros((0, 3))),
    case(np.zeros((0, 3)), axis=0),
    case(np.zeros((0, 3)), axis=1, keepdims=True),
]
A, B = spread(2, 3), spread(2, 3, start=1.3)
VARIANCES = [
    case(A, ddof=1),
    case(A, axis=0, correction=1),
    case(A, where=MASK),
    case(A, 1, keepdims=True, where=MASK, ddof=0.5),
    case(A, dtype=np.float64),
    case(A, axis=0, mean=np.zeros((1, 3))),
    case(np.zeros((0, 3)), axis=1),
]
SQUARE = spread(3, 3) + 3 * np.eye(3)
SQUARES = spread(4, 3, 3) + 3 * np.eye(3)

CASES = {
    # arithmetic
    **each(
        (np.add, np.subtract, np.multiply, np.hypot, np.arctan2, np.logaddexp, np.logaddexp2),
        binary(),
    ),
    **each((np.maximum, np.minimum, np.fmax, np.fmin), binary()),
    **each(
        (np.power, np.float_power),
        [
            *binary(0.3, 2.0, -2.0, 2.0),
            *(case(spread(3, low=0.5), p) for p in (0.0, 1.0, 2.0, 3.0, -1.0)),
        ],
    ),
    np.power: [
        *binary(0.3, 2.0, -2.0, 2.0),
        *(case(spread(3), p) for p in (0, 1, 2, 3)),
        *(case(1.7, p) for p in (0.0, 1.0, 2.0, 3.0, -1.0)),
        case(spread(4), np.array([0, 1, 2, 3])),
        case(spread(4, low=0.5), np.array([0.0, 1.0, 2.0, -1.0])),
        case(2, spread(3)),
    ],
    np.divide: binary(-2.0, 2.0, 0.5, 2.0),
    np.remainder: [*binary(-5.0, 5.0, 1.3, 2.1), case(-7.3, -2.0)],
    **each((np.negative, np.positive, np.square, np.absolute, np.fabs), unary()),
    **each((np.reciprocal, np.sqrt, np.cbrt), unary(0.3, 3.0)),
    # functions of one number
    **each(
        (
            np.exp,
            np.exp2,
            np.expm1,
            np.sin,
            np.cos,
            np.arctan,
            np.sinh,
            np.cosh,
            np.tanh,
            np.arcsinh,
        ),
        unary(),
    ),
    **each((np.deg2rad, np.radians, np.rad2deg, np.degrees), unary()),
    **each((np.log, np.log2, np.log10), unary(0.3, 3.0)),
    np.log1p: unary(-0.7, 2.0),
    np.tan: unary(-1.2, 1.2),
    **each((np.arcsin, np.arccos, np.arctanh), unary(-0.8, 0.8)),
    np.arccosh: unary(1.3, 3.0),
    np.sinc: [*unary(), case(np.array([0.0, 1e-4, -5e-4, 2e-3]))],
    # choices
    np.clip: [
        case(spread(2, 3), -0.7, 0.9),
        case(spread(3, 1), spread(4, low=-1.0, high=-0.5), spread(4, low=0.5, high=1.0)),
        case(spread(2, 3), a_min=-0.7, a_max=0.9),
        case(spread(2, 3), min=-0.7),
        case(spread(2, 3), max=0.9),
        case(spread(2, 3), None, 0.9),
        case(spread(2, 3), 0.8, -0.3),
        case(1.5, 0.0, 2.0),
        case(strided(2, 3), -0.7, 0.9),
        case(np.zeros((0, 3)), -1.0, 1.0),
    ],
    np.where: [
        case(MASK, A, B),
        case(MASK, 1.5, B),
        case(MASK[0], spread(2, 1), spread(3)),
        case(True, 1.5, 2.5),
        case(MASK, strided(2, 3), np.array(0.5)),
        case(np.zeros((0, 3), bool), spread(3), 1.0),
    ],
    # products of matrices
    np.matmul: [
        case(spread(2, 3), spread(3, 4)),
        case(spread(3), spread(3, start=1.3)),
        case(spread(3), spread(3, 4)),
        case(spread(2, 3), spread(3)),
        case(spread(5, 2, 3), spread(3, 4)),
        case(spread(2, 1, 2, 3), spread(4, 3, 2)),
        case(spread(3), spread(5, 3, 4)),
        case(spread(5, 2, 3), spread(3)),
        case(strided(2, 3), strided(3, 4)),
        case(np.zeros((0, 3)), spread(3, 2)),
        case(np.zeros((2, 0)), np.zeros((0, 3))),
    ],
    np.dot: [
        case(spread(2, 3), spread(3, 4)),
        case(spread(3), spread(3, start=1.3)),
        case(spread(3), spread(3, 4)),
        case(spread(2, 3), spread(3)),
        case(1.5, spread(2, 3)),
        case(spread(2, 3), np.array(1.5)),
        case(1.5, 2.5),
        case(spread(2, 3, 4), spread(4)),
        case(spread(2, 3, 4), spread(4, 5)),
        case(spread(4), spread(2, 4, 3)),
        case(spread(2, 4), spread(3, 4, 2)),
        case(spread(2, 3, 4), spread(5, 4, 2)),
        case(strided(2, 3), strided(3, 4)),
        case(np.zeros((0, 3)), spread(3, 2)),
        case(spread(3), b=spread(3, 2)),
    ],
    np.tensordot: [
        case(spread(2, 3, 4), spread(3, 4, 2)),
        case(spread(2, 3), spread(3, 4), 1),
        case(spread(2, 3), spread(4), 0),
        case(spread(2, 3, 4), spread(4, 3), ([1, 2], [1, 0])),
        case(spread(2, 3, 4), spread(4, 3), ((2, 1), (0, 1))),
        case(spread(2, 3, 4), spread(3, 5), axes=(1, 0)),
        case(spread(2, 3, 4), spread(3, 5), axes=([-2], [0])),
        case(strided(2, 3), strided(3, 4), axes=1),
        case(np.zeros((0, 3)), spread(3, 2), 1),
    ],
    np.outer: [
        case(spread(2), spread(3)),
        case(spread(2, 2), spread(3)),
        case(1.5, spread(3)),
        case(np.zeros(0), spread(3)),
        case(strided(2, 3), spread(2)),
    ],
    np.trace: [
        case(spread(3, 3)),
        case(spread(2, 4), 1),
        case(spread(4, 2), offset=-1),
        case(spread(2, 3, 4)),
        case(spread(2, 3, 4), 0, 2, 0),
        case(spread(2, 3, 4), axis1=-1, axis2=1),
        case(spread(2, 2), dtype=np.float64),
        case(strided(3, 4)),
        case(np.zeros((0, 0))),
    ],
    **each(
        (np.tril, np.triu),
        [
            case(spread(3, 4)),
            case(spread(3, 4), 1),
            case(spread(2, 3, 3), k=-1),
            case(strided(3, 4)),
            case(np.zeros((0, 3))),
        ],
    ),
    np.linalg.inv: [case(SQUARE), case(SQUARES), case(SQUARE.T), case(np.zeros((0, 3, 3)))],
    np.linalg.det: [case(SQUARE), case(SQUARES), case(SQUARE.T), case(np.zeros((0, 3, 3)))],
    np.linalg.solve: [
        case(SQUARE, spread(3)),
        case(SQUARE, spread(3, 2)),
        case(SQUARES, spread(4, 3, 2)),
        case(SQUARES, spread(3, 2)),
        case(SQUARES, spread(3)),
        case(SQUARE, spread(4, 3, 2)),
        case(SQUARE.T, strided(3, 2)),
        case(SQUARE, np.zeros((3, 0))),
        case(SQUARE, b=spread(3)),
    ],
    # reductions
    np.sum: reduction(
        *EMPTY_SUMS,
        case(A, where=MASK),
        case(A, initial=2.0),
        case(A, dtype=np.float64),
        case(A, 0, None, None, False, 2.5, MASK),
        case([1.5, 2.5]),
    ),
    np.mean: reduction(
        case(np.zeros((0, 3)), axis=1),
        case(A, where=MASK),
        case(A, 0, where=MASK),
        case(A, axis=1, keepdims=True, where=MASK),
    ),
    **each(
        (np.max, np.min, np.amax, np.amin),
        reduction(
            case(np.zeros((0, 3)), axis=1),
            case(A, where=MASK, initial=0.1),
            case(A, 0, keepdims=True, initial=-0.3),
            case(A, 1, None, True, 5.0),
            case(A, 1, None, False, -5.0),
        ),
    ),
    np.cumsum: [
        case(spread(2, 3, 4)),
        *(case(spread(2, 3, 4), axis) for axis in (0, 1, -1)),
        case(strided(3, 4), axis=0),
        case(1.5),
        case(np.zeros((0, 3)), axis=0),
    ],
    np.var: reduction(*VARIANCES, case(A, 1, None, None, 1)),
    np.std: [c for c in reduction(*VARIANCES) if np.size(c[0][0]) != 1],
    np.prod: reduction(
        *EMPTY_SUMS,
        case(A, initial=2.0),
        case(A, 1, where=MASK),
        case(A, dtype=np.float64),
        case(spread(5)),
        case(np.array([1.5, 0.0, 2.0])),
        case(np.array([[0.0, 0.0, 2.0], [1.0, 2.0, 3.0]]), axis=1),
    ),
    # shapes
    np.reshape: [
        case(spread(2, 3), (3, 2)),
        case(spread(2, 3), -1),
        case(spread(2, 3), (3, -1), order="F"),
        # NumPy 2.1.0 alone takes the order by keyword only.
        *([case(spread(2, 3), (3, -1), "F")] if np.__version__ != "2.1.0" else []),
        case(strided(2, 3), shape=(6,)),
        case(1.5, (1, 1)),
        case(np.zeros((0, 3)), (3, 0)),
    ],
    np.ravel: [
        case(spread(2, 3)),
        case(spread(2, 3), "F"),
        case(strided(2, 3), order="C"),
        case(1.5),
        case(np.zeros((0, 3))),
    ],
    np.transpose: [
        case(spread(2, 3)),
        case(spread(2, 3, 4), (2, 0, 1)),
        case(spread(2, 3, 4), axes=(-1, 0, 1)),
        case(strided(2, 3)),
        case(spread(3)),
        case(np.zeros((0, 3))),
    ],
    np.matrix_transpose: [
        case(spread(2, 3)),
        case(spread(2, 3, 4)),
        case(strided(2, 3)),
        case(np.zeros((0, 3))),
    ],
    np.swapaxes: [
        case(spread(2, 3, 4), 0, 2),
        case(spread(2, 3, 4), -1, 1),
        case(spread(2, 3, 4), axis1=0, axis2=1),
        case(strided(2, 3), 0, 1),
        case(np.zeros((0, 3)), 0, 1),
    ],
    np.moveaxis: [
        case(spread(2, 3, 4), 0, -1),
        case(spread(2, 3, 4), (0, 1), (2, 0)),
        case(spread(2, 3, 4), source=2, destination=0),
        case(strided(2, 3), 0, 1),
    ],
    np.squeeze: [
        case(spread(1, 3, 1)),
        case(spread(1, 3, 1), 0),
        case(spread(1, 3, 1), axis=(0, -1)),
        case(np.zeros((1, 0))),
    ],
    np.expand_dims: [
        case(spread(2, 3), 1),
        case(spread(2, 3), axis=(0, -1)),
        case(1.5, 0),
        case(strided(2, 3), -1),
        case(np.zeros(0), 0),
    ],
    **each(
        (np.atleast_1d, np.atleast_2d, np.atleast_3d),
        [
            case(1.5),
            case(spread(3)),
            case(strided(2, 3)),
            case(spread(1, 2, 3)),
            case(1.5, spread(3)),
            case(np.zeros(0)),
        ],
    ),
    np.broadcast_to: [
        case(spread(3), (2, 3)),
        case(1.5, (2, 3)),
        case(spread(2, 1), shape=(4, 2, 3)),
        case(strided(2, 3), (2, 3)),
        case(spread(1, 3), (0, 3)),
    ],
    np.flip: [
        case(spread(2, 3)),
        case(spread(2, 3), 0),
        case(spread(2, 3), axis=(0, -1)),
        case(strided(2, 3), 1),
        case(np.zeros((0, 3))),
    ],
    **each(
        (np.fliplr, np.flipud), [case(spread(2, 3)), case(strided(2, 3)), case(np.zeros((0, 3)))]
    ),
    np.roll: [
        case(spread(2, 3), 1),
        case(spread(2, 3), 1, 0),
        case(spread(2, 3), (1, -2), axis=(0, 1)),
        case(spread(2, 3), shift=-1, axis=-1),
        case(strided(2, 3), 2),
        case(np.zeros((0, 3)), 1),
    ],
    np.repeat: [
        case(spread(2, 3), 2),
        case(spread(2, 3), 2, 0),
        case(spread(2, 3), [2, 0, 1], axis=-1),
        case(spread(2, 3), repeats=[0, 3], axis=0),
        case(1.5, 3),
        case(strided(2, 3), 2),
        case(np.zeros((0, 3)), 2),
        case(spread(3), 0),
    ],
    np.copy: [
        case(spread(2, 3)),
        case(strided(2, 3), order="C"),
        case(1.5),
        case(np.zeros((0, 3))),
    ],
    np.astype: [
        case(spread(2, 3), np.float64),
        case(spread(2, 3), np.int64),
        case(spread(2, 3), bool),
        case(strided(2, 3), float, copy=False),
        case(np.zeros((0, 3)), float),
    ],
    np.concatenate: [
        case([spread(2, 3), spread(1, 3)]),
        case([spread(2, 3), spread(2, 1)], -1),
        case([spread(2, 3), spread(2, 0), strided(2, 3)], axis=1),
        case([spread(2, 3), spread(4)], axis=None),
        case([np.zeros((0, 3))], axis=0),
        case(spread(2, 3)),
    ],
    np.stack: [
        case([A, B]),
        case([A, B], -1),
        case([A, strided(2, 3)], axis=1),
        case([1.5, 2.5]),
        case([np.zeros((0, 3))] * 2),
        case(spread(2, 3)),
    ],
    np.vstack: [
        case([A, spread(1, 3)]),
        case([spread(3), spread(3)]),
        case([1.5, 2.5]),
        case([A, strided(2, 3)]),
        case([A, B], dtype=np.float64),
    ],
    np.hstack: [
        case([A, spread(2, 1)]),
        case([spread(3), spread(2)]),
        case([1.5, 2.5]),
        case([A, strided(2, 3)]),
        case([A, B], dtype=np.float64),
    ],
    np.column_stack: [
        case([spread(3), spread(3, 2)]),
        case([spread(3), spread(3, start=1.3)]),
        case([A, strided(2, 3)]),
    ],
    # indexing
    getitem: [
        *(
            case(spread(5), index)
            for index in (
                2,
                -1,
                slice(1, 4),
                slice(None, None, -2),
                None,
                ...,
                [0, 0, 3],
                np.array([[1, 1], [4, 0]]),
                [],
                slice(3, 3),
            )
        ),
        *(
            case(spread(3, 4), index)
            for index in (
                1,
                (1, 2),
                (slice(None), -1),
                (..., 0),
                (None, 1),
                ([0, 0], [1, 1]),
                ([[0], [2]], [1, 1, 3]),
                (slice(1, None), [0, 0, 2]),
            )
        ),
        case(spread(2, 3), MASK),
        case(spread(2, 3), (0, MASK[0])),
        case(strided(3, 4), (slice(None, None, 2), [3, 0])),
        case(np.zeros((0, 3)), (slice(None), 0)),
        case(np.array(1.5), ()),
        case(np.array(1.5), None),
        case((1.5, spread(3)), 1),
        case([1.5, spread(3), 2.5], slice(0, 2)),
        case([1.5, 2.5], -1),
        case({"a": spread(3), "b": 2.5}, "a"),
        case({"a": (spread(3), [1.5, 2.5])}, "a"),
    ],
    setitem: [
        case(spread(5), 2, 1.5),
        case(spread(3, 4), (slice(1, None), [0, 0, 2]), spread(2, 3, start=1.3)),
        case(spread(2, 3), MASK, spread(4, start=1.3)),
        case(strided(2, 3), 0, spread(1, 3, start=1.3)),
        case(spread(5), [], np.zeros(0)),
    ],
    ungetitem: [
        case(1.5, 2, spread(5)),
        case(spread(3), [0, 0, 3], spread(5)),
        case(spread(2, 3), (slice(1, None), [0, 0, 2]), spread(3, 4)),
        case(spread(4), MASK, spread(2, 3)),
        case(np.zeros(0), [], spread(5)),
    ],
    # by other functions
    np.average: [
        case(A),
        case(A, 1),
        case(A, 0, spread(2, low=0.5)),
        case(A, None, spread(2, 3, low=0.5)),
        case(A, 1, B * B, keepdims=True),
    ],
    np.ptp: [case(A), case(A, 1), case(A, axis=0, keepdims=True)],
    np.trapezoid: [
        case(A),
        case(A, spread(3)),
        case(A, dx=0.5, axis=0),
        case(A, None, 2.0, 1),
        case(spread(4), spread(4)),
    ],
    np.inner: [
        case(spread(3), spread(3)),
        case(spread(2, 3), spread(4, 3)),
        case(1.5, spread(3)),
        case(spread(3), 1.5),
    ],
    np.vdot: [case(spread(3), spread(3)), case(A, B)],
    np.kron: [case(spread(2), spread(3)), case(A, spread(2, 2)), case(spread(3), A)],
    np.cross: [
        case(spread(3), spread(3)),
        case(spread(4, 3), spread(3)),
        case(spread(3, 2), spread(2, 3), 0),
        case(spread(3, 4), spread(3, 4), axis=0),
    ],
    np.take: [
        case(A, [1, 1, 4]),
        case(A, 1, 1),
        case(A, [[0, -1]], axis=0),
        case(A, [7, -9], mode="wrap"),
        case(A, [7, -9], mode="clip"),
    ],
    np.take_along_axis: [
        case(A, np.array([[1, 0, 1]]), 0),
        case(A, np.array([[2], [0]]), 1),
        case(A, np.array([3, 3]), None),
    ],
    np.sort: [case(A), case(A, 0), case(A, None), case(strided(3, 4), axis=1)],
    np.diagonal: [
        case(A),
        case(A, 1),
        case(spread(3, 4, 2), -1, 2, 0),
        case(spread(2, 3, 4), axis1=-1, axis2=1),
    ],
    np.diag: [case(A), case(A, 1), case(spread(3)), case(spread(3), -2), case(np.zeros(0))],
    np.diff: [
        case(A),
        case(A, 2),
        case(A, axis=0),
        case(spread(5), 1, -1, 0.5, spread(2)),
        case(A, prepend=spread(2, 1)),
    ],
    np.tile: [case(spread(3), 2), case(A, (2, 1)), case(A, (2, 1, 3)), case(spread(3), (2, 2))],
    **each((np.real, np.conjugate, np.nan_to_num), unary()),
    np.linalg.norm: [
        *(case(spread(4), p) for p in (None, 1, 2, 3, 0, np.inf, -np.inf, -1.5)),
        case(A),
        case(A, "fro"),
        case(A, None, 1),
        case(A, 3, axis=0, keepdims=True),
        case(spread(2, 3, 4), axis=(0, 2)),
        case(A, 1, 1),
    ],
    np.linalg.slogdet: [case(SQUARE), case(np.stack([SQUARE, -2 * SQUARE]))],
    np.linalg.cholesky: [
        case(SQUARE @ SQUARE.T),
        case(np.stack([SQUARE @ SQUARE.T, np.eye(3) * 2])),
        case(SQUARE @ SQUARE.T, upper=True),
    ],
    np.einsum: [
        case("ij,jk->ik", A, spread(3, 2)),
        case("ij,jk", A, spread(3, 2)),
        case("i,i->", spread(3), spread(3)),
        case("ij->j", A),
        case("ij->", A),
        case("ii->i", spread(3, 3)),
        case("ii", spread(3, 3)),
        case("iji->j", spread(2, 3, 2)),
        case("...ij,...jk->...ik", spread(4, 2, 3), spread(3, 2)),
        case("i...,i->...", spread(2, 3), spread(2)),
        case("ij,ij,j->i", A, B, spread(3)),
        case("ij,kl->il", A, spread(2, 2)),
        case("i,j", spread(2), spread(3)),
        case("ij -> ji", strided(2, 3)),
    ],
}
