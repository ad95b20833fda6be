"""Cases of rules: products, equations and decompositions of matrices."""

import numpy as np
from rules.cases import case, complexes, each, spread, strided

A, B = spread(2, 3), spread(2, 3, start=1.3)
TALL, WIDE = spread(4, 3, start=2.0), spread(3, 4, start=5.0)
UNEVEN, BLOCK = (
    spread(4, 3) ** 3,
    spread(2, 3, 4) ** 3,
)  # no two of their rows or columns have the same sum
SQUARE = spread(3, 3) + 3 * np.eye(3)
SQUARES = spread(4, 3, 3) + 3 * np.eye(3)
STACKS = [case(spread(2, 4, 3)), case(spread(2, 3, 4)), case(SQUARES[:, None])]
ROTATION = np.array(
    [[1.0, -2.0, 0.3], [2.0, 1.5, 0.2], [0.1, 0.4, 3.0]]
)  # two of its eigenvalues are complex
Z, W = complexes(2, 3), complexes(3, start=1.3)
COMPLEX = complexes(3, 3, start=2.0) + 3 * np.eye(3)
HERMITIAN = COMPLEX @ COMPLEX.conj().T
POSITIVE = SQUARE @ SQUARE.T
POSITIVES = np.stack([POSITIVE, np.diag([2.0, 3.0, 5.0]) + 0.1])

CASES = {
    # products
    **each(
        (np.vecdot, np.linalg.vecdot),
        [
            case(spread(3), spread(3, start=1.3)),
            case(A, spread(3)),
            case(spread(4, 1, 3), A),
            case(W, Z),
            case(W, spread(3)),
            case(np.zeros((0, 3)), spread(3)),
            case(strided(2, 3), B),
        ],
    ),
    np.inner: [
        case(2.5, A),
        case(A, np.array(1.5)),
        case(spread(2, 3, 4), spread(4)),
        case(spread(2, 4), spread(3, 2, 4)),
    ],
    np.linalg.multi_dot: [
        case([A, WIDE]),
        case([A, WIDE, TALL]),
        case([spread(2), A, WIDE, spread(4)]),
        case([A, WIDE, spread(4)]),
        case([spread(2), A]),
        case([Z, WIDE, complexes(4)]),
        case([spread(3, 1), spread(1, 4), TALL, SQUARE]),
        case(spread(3, 2, 2)),
    ],
    np.linalg.matrix_power: [
        *(case(SQUARE, n) for n in (0, 1, 2, 6, -1, -2)),
        case(SQUARES, 5),
        case(SQUARES, n=-2),
        case(COMPLEX, 3),
        case(COMPLEX, -1),
        case(SQUARES, 0),
    ],
    np.linalg.matmul: [case(A, WIDE), case(spread(2), A)],
    np.linalg.outer: [case(spread(2), spread(3)), case(W, spread(2))],
    np.linalg.tensordot: [
        case(A, WIDE, axes=1),
        case(spread(2, 3, 4), spread(3, 4)),
        case(A, B, axes=([0, 1], [0, 1])),
    ],
    np.linalg.cross: [
        case(spread(3), spread(3)),
        case(A, B),
        case(spread(3, 2), spread(3, 2, start=1.3), axis=0),
    ],
    np.linalg.trace: [
        case(SQUARE),
        case(SQUARES, offset=1),
        case(SQUARE, dtype=np.float64),
        case(COMPLEX),
    ],
    np.linalg.diagonal: [case(SQUARE), case(SQUARES, offset=-1), case(COMPLEX)],
    np.linalg.matrix_transpose: [case(A), case(SQUARES), case(Z)],
    np.linalg.vecdot: [
        case(spread(3), spread(3, start=1.3)),
        case(A, spread(3)),
        case(spread(3, 2), spread(3, 2, start=1.3), axis=0),
        case(W, Z),
        case(Z, complexes(2, 3, start=2.0), axis=-2),
    ],
    np.einsum: [
        case(A, [0, 1], WIDE, [1, 2], [0, 2]),
        case(A, [0, 1], WIDE, [1, 2]),
        case(A, [1, 0]),
        case(A, [0, 1], []),
        case(SQUARE, [4, 4]),
        case(SQUARE, [4, 4], [4]),
        case(SQUARES, [..., 0, 0], [...]),
        case(A, [30, 2], B, [30, 2]),
        case(SQUARES, [..., 0, 1], WIDE, [1, 2], [..., 0, 2]),
        case(spread(2, 1), [0, 1], B, [0, 1], [1]),
        case("iij->ij", spread(2, 2, 3)),
        case("iii->i", spread(2, 2, 2)),
        case("iij,jk", spread(2, 2, 3), WIDE),
        case("iii", spread(2, 2, 2)),
        case("ij,ij->ij", spread(1, 3), B),
        case("ij,ij->j", A, spread(1, 3)),
        case("ij,ij", A, spread(1, 1)),
        case("i...->...", A),
        case("...i,...i", SQUARES, SQUARE),
        case("...i,j...->...", A, spread(4, 2)),
        case("...,...", 1.5, A),
        case("ij,->ij", A, 2.5),
        *(
            case("ij,jk,kl->il", A, WIDE, TALL, optimize=option)
            for option in (True, False, "greedy", "optimal")
        ),
        case("ij,jk,kl", A, WIDE, TALL, optimize=["einsum_path", (0, 1), (0, 1)]),
        case("ab,bC->Ca", A, WIDE),
        case("ba", A),
        case("Ab", A),
        case("ij,jk->ik", Z, WIDE),
        case("ij,j->i", A, W),
        case("ii", COMPLEX),
        case("ij,jk->ik", np.zeros((0, 3)), WIDE),
    ],
    # equations and norms
    np.linalg.det: [case(COMPLEX), case(SQUARES.reshape(2, 2, 3, 3))],
    np.linalg.slogdet: [case(SQUARES), case(COMPLEX), case(np.stack([COMPLEX, HERMITIAN]))],
    np.linalg.pinv: [
        *(case(x) for x in (TALL, WIDE, SQUARE, spread(2, 3, 2), Z, complexes(3, 2))),
        case(POSITIVE, hermitian=True),
        case(HERMITIAN, None, True),
        case(TALL, 1e-10),
        case(TALL, rtol=1e-10),
        case(np.zeros((0, 3, 2))),
    ],
    np.linalg.lstsq: [
        case(TALL, spread(4)),
        case(TALL, spread(4, 2)),
        case(WIDE, spread(3)),
        case(WIDE, spread(3, 2), rcond=1e-10),
        case(SQUARE, spread(3)),
        case(complexes(4, 3), spread(4)),
        case(complexes(4, 3), complexes(4, 2)),
        case(TALL, complexes(4), rcond=None),
    ],
    np.linalg.norm: [
        *(
            case(x, p)
            for x in (TALL, UNEVEN.T, Z)
            for p in ("nuc", 2, -2, 1, -1, np.inf, -np.inf, "fro")
        ),
        *(case(BLOCK, p, (2, 0)) for p in ("nuc", 2, -2, 1, -1, np.inf, -np.inf, "fro", None)),
        *(case(BLOCK, p, axis=(-3, 1), keepdims=True) for p in ("nuc", -2, 1, -np.inf)),
    ],
    np.linalg.matrix_norm: [
        case(TALL),
        case(SQUARES, ord=2),
        case(SQUARES, ord="nuc", keepdims=True),
        case(Z, ord=1),
        case(WIDE, ord=-np.inf),
    ],
    np.linalg.vector_norm: [
        case(A),
        case(A, ord=1),
        case(A, axis=0, ord=3),
        case(A, axis=1, keepdims=True),
        case(A, keepdims=True, ord=np.inf),
        case(spread(2, 3, 4), axis=(2, 0)),
        case(spread(2, 3, 4), axis=(-1, 1), keepdims=True, ord=-np.inf),
        case(W),
        case(W, ord=3),
    ],
    np.linalg.cond: [
        *(case(SQUARE, p=p) for p in (None, 2, -2, 1, -1, np.inf, -np.inf, "fro", "nuc")),
        case(TALL),
        case(SQUARES),
        case(SQUARES, 1),
        case(COMPLEX),
        case(SQUARES, p="fro"),
    ],
    np.linalg.tensorinv: [
        case((spread(6, 6) + 5 * np.eye(6)).reshape(2, 3, 6), 2),
        case((spread(6, 6) + 5 * np.eye(6)).reshape(6, 2, 3), ind=1),
        case((spread(4, 4) + 5 * np.eye(4)).reshape(2, 2, 2, 2)),
    ],
    np.linalg.tensorsolve: [
        case((spread(6, 6) + 5 * np.eye(6)).reshape(2, 3, 6), A),
        case((spread(6, 6) + 5 * np.eye(6)).reshape(2, 3, 2, 3), b=B),
        case((spread(6, 6) + 5 * np.eye(6)).reshape(2, 6, 3), A, (1,)),
        case((complexes(4, 4) + 5 * np.eye(4)).reshape(4, 2, 2), spread(4)),
    ],
    # decompositions
    np.linalg.cholesky: [
        case(HERMITIAN),
        case(HERMITIAN, upper=True),
        case(POSITIVES, upper=True),
        case(np.stack([HERMITIAN, np.eye(3) * 2])),
        case(np.zeros((0, 3, 3))),
    ],
    np.linalg.eigh: [
        case(POSITIVE),
        case(POSITIVE, "U"),
        case(POSITIVES, UPLO="l"),
        case(SQUARE),
        case(np.zeros((0, 3, 3))),
    ],
    np.linalg.eigvalsh: [
        case(POSITIVE),
        case(POSITIVE, "U"),
        case(POSITIVES, UPLO="L"),
        case(HERMITIAN),
        case(HERMITIAN, "U"),
    ],
    np.linalg.eig: [
        case(POSITIVE + 0.1 * SQUARE),
        case(POSITIVES),
        case(np.diag([1.0, 2.0, 4.0]) + 0.1 * A[0]),
    ],
    np.linalg.eigvals: [
        case(POSITIVE + 0.1 * SQUARE),
        case(ROTATION),
        case(COMPLEX),
        case(np.stack([ROTATION, SQUARE])),
        case(POSITIVES),
    ],
    np.linalg.svd: [
        *(case(x, full_matrices=False) for x in (TALL, WIDE, SQUARE)),
        *(
            case(x, False, *options)
            for x in (TALL, WIDE, Z, SQUARES)
            for options in ((False,), (False, False))
        ),
        *(case(*c[0], False) for c in STACKS),
        case(SQUARE),
        case(SQUARES),
        case(POSITIVE, hermitian=True),
        case(SQUARES, False, True, True),
        case(HERMITIAN, False, False, True),
    ],
    np.linalg.svdvals: [case(TALL), case(WIDE), case(Z), case(SQUARES), case(spread(1, 3))],
    np.linalg.qr: [
        *(case(x) for x in (TALL, WIDE, SQUARE, complexes(4, 3), complexes(3, 4), COMPLEX)),
        *STACKS,
        *(case(x, "r") for x in (TALL, WIDE, SQUARE, Z)),
        case(SQUARE, "complete"),
        case(WIDE, mode="complete"),
    ],
}

if hasattr(np, "matvec"):  # since NumPy 2.2
    CASES |= {
        np.matvec: [
            case(A, spread(3)),
            case(spread(4, 2, 3), spread(4, 3)),
            case(A, spread(4, 3)),
            case(Z, W),
            case(A, W),
        ],
        np.vecmat: [
            case(spread(2), A),
            case(spread(4, 2), spread(4, 2, 3)),
            case(spread(4, 2), A),
            case(complexes(2), Z),
            case(complexes(2), A),
        ],
    }
