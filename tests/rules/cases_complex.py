"""Cases of rules for complex numbers: functions that `cases.py` covers for real ones."""

import numpy as np
from rules.cases import case, complexes, each, spread

Z, W = complexes(2, 3), complexes(3, start=1.3)
ONE = [case(Z), case(complexes(4, start=2.0)), case(0.3 + 0.7j), case(np.array(-0.4 - 1.2j))]
TWO = [
    case(Z, W),
    case(Z, spread(3)),
    case(spread(2, 3), W),
    case(1.5, Z),
    case(1.2 - 0.4j, 0.5 + 2j),
]
SQUARE = complexes(3, 3) + 3 * np.eye(3)
SQUARES = complexes(2, 3, 3) + 3 * np.eye(3)
REDUCED = [case(Z), case(Z, 1), case(Z, axis=0, keepdims=True)]
PRODUCTS = [
    case(complexes(2, 3), complexes(3, 2)),
    case(complexes(3), spread(3)),
    case(spread(2, 3), complexes(3)),
]

CASES = {
    **each((np.add, np.subtract, np.multiply, np.divide), TWO),
    **each(
        (np.power, np.float_power),
        [
            *TWO,
            case(Z, 2),
            case(Z, 1),
            case(Z, 3),
            case(Z, -1),
            case(Z, -0.5),
            case(np.array(-2.0), W),
        ],
    ),
    **each((np.negative, np.positive, np.square, np.absolute, np.reciprocal, np.sqrt), ONE),
    **each((np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p), ONE),
    **each((np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan), ONE),
    **each((np.sinh, np.cosh, np.tanh, np.arcsinh, np.arccosh, np.arctanh, np.sinc), ONE),
    **each((np.real, np.conjugate, np.nan_to_num), ONE),
    np.imag: [*ONE, case(spread(2, 3)), case(1.5)],
    np.angle: [*ONE, case(spread(2, 3)), case(Z, True), case(Z, deg=True)],
    np.sign: [*ONE, case(spread(2, 3)), case(1.5), case(np.zeros((0, 3)))],
    np.real_if_close: [*ONE[:2], case(spread(2, 3)), case(Z, 5)],
    np.where: [
        case(np.array([True, False, True]), Z, spread(3)),
        case(np.array([True, False, True]), 1.5, W),
    ],
    **each((np.sum, np.mean, np.prod, np.cumsum), REDUCED[:2]),
    **each((np.var, np.std, np.max, np.min), REDUCED),
    np.matmul: PRODUCTS,
    np.dot: PRODUCTS,
    np.inner: [
        case(complexes(2, 3), complexes(4, 3)),
        case(1.5, complexes(2, 3)),
        case(spread(2, 3), 2j),
    ],
    np.vdot: [
        case(complexes(3), complexes(3, start=1.3)),
        case(complexes(2, 2), spread(4)),
        case(spread(3), complexes(3)),
    ],
    np.tensordot: [case(Z, complexes(3, 2), 1)],
    np.outer: [case(complexes(2), W)],
    np.kron: [case(complexes(2), spread(3))],
    np.cross: [case(complexes(3), W)],
    np.trace: [case(SQUARE)],
    np.linalg.inv: [case(SQUARE), case(SQUARES)],
    np.linalg.det: [case(SQUARE), case(SQUARES)],
    np.linalg.slogdet: [case(SQUARE), case(SQUARES)],
    np.linalg.solve: [
        case(SQUARE, W),
        case(SQUARES, complexes(3, 2)),
        case(SQUARE, spread(3)),
        case(SQUARE.real, complexes(3, 2)),
    ],
    np.linalg.norm: [
        *(case(W, p) for p in (None, 1, 2, 3, 0, np.inf, -np.inf, -1.5)),
        case(Z),
        case(Z, "fro"),
        case(Z, 1, 1),
        case(Z, 3, 0, True),
    ],
    np.einsum: [case("ij,j->i", Z, W), case("ij,j", Z, spread(3)), case("ii", SQUARE)],
    np.reshape: [case(Z, (3, 2))],
    **each((np.transpose, np.ravel, np.copy), [case(Z)]),
    np.astype: [case(Z, np.complex128), case(spread(3), np.complex128)],
    np.concatenate: [case([Z, complexes(1, 3)])],
    np.stack: [case([W, Z[0]])],
}
