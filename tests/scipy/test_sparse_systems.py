"""autograd_tools.scipy.sparse: arrays of recorded elements, and sparse linear systems."""

import numpy as np
import pytest
import scipy.sparse
import scipy.sparse.linalg

import autograd_tools as ag
from autograd_tools.scipy import sparse
from autograd_tools.scipy.sparse import linalg

N = 5
A = scipy.sparse.csr_array(4 * np.eye(N) - np.eye(N, k=1) - np.eye(N, k=-1))
B = scipy.sparse.csc_array(A + 0.5 * np.eye(N, k=1))
LAPLACE = scipy.sparse.diags_array(
    [np.ones(N - 1), np.full(N, -2.0), np.ones(N - 1)], offsets=[-1, 0, 1]
)
SLOPE = scipy.sparse.csr_array(np.eye(N + 1, N) - np.eye(N + 1, N, -1))
b, k = np.array([0.3, -1.2, 0.8, 0.1, 2.0]), np.array([1.0, 1.5, 1.2, 0.7, 1.1])
K, b2 = np.array([1.0, 1.3, 0.8, 1.7, 1.1, 1.2]), np.outer(b, [1.0, -0.4])
PRECISE = {"rtol": 1e-13}
JACOBI = scipy.sparse.diags_array(1 / A.diagonal())
SYSTEMS = {
    "spsolve": (lambda b: linalg.spsolve(B, b), b),
    "spsolve of two": (lambda b: linalg.spsolve(B, b), b2),
    "spsolve of a column": (lambda b: linalg.spsolve(B, b), b[:, None]),
    "factorized": (lambda b: linalg.factorized(B)(linalg.factorized(A)(b)), b2),
    "splu": (lambda b: linalg.splu(B).solve(b, "T"), b),
    "cg": (lambda b: linalg.cg(A, b, **PRECISE)[0], b),
    "cg with M": (lambda b: linalg.cg(A, b, M=JACOBI, **PRECISE)[0], b),
    "gmres": (lambda b: linalg.gmres(B, b, M=JACOBI, **PRECISE)[0], b),
    "bicgstab": (lambda b: linalg.bicgstab(B, b, **PRECISE)[0], b),
    "an implicit step": (
        lambda s: linalg.spsolve(scipy.sparse.eye_array(N) - s * LAPLACE, s * b2),
        0.3,
    ),
    "diffusion": (lambda k: linalg.spsolve(SLOPE.T @ sparse.diags_array(k) @ SLOPE, b), K),
    "diffusion of matrices": (lambda k: linalg.spsolve(SLOPE.T @ sparse.diags(k) @ SLOPE, b), K),
    "factorized diffusion": (
        lambda k: linalg.factorized(SLOPE.T @ sparse.diags_array(k) @ SLOPE)(b * k[:N]),
        K,
    ),
    "cg of diffusion": (
        lambda k: linalg.cg(SLOPE.T @ sparse.diags_array(k) @ SLOPE, b, **PRECISE)[0],
        K,
    ),
}
BUILT = {
    "diags_array": lambda k: sparse.diags_array([k[1:], k * k, k[:-1]], offsets=[-1, 0, 1]) @ b,
    "a number": lambda k: sparse.diags_array([k[0], k[1]], offsets=[0, 1], shape=(N, N)) @ b,
    "a list": lambda k: sparse.diags_array([k[0] * k[1], k[2], k[3], k[1], k[4]]) @ b,
    "coo": lambda k: sparse.coo_array((k, ([0, 1, 1, 0, 2], [1, 2, 2, 1, 0])), shape=(3, N)) @ b,
    "csr": lambda k: sparse.csr_matrix((k, [0, 2, 1, 0, 1], [0, 2, 3, 5])) * b[:3],
    "csc": lambda k: sparse.csc_array((k, [0, 2, 1, 0, 1], [0, 2, 3, 5])) @ b[:3],
    "kron": lambda k: sparse.kron(sparse.diags_array(k[:2]), sparse.diags_array(k)) @ np.ones(10),
    "stacked": lambda k: (
        sparse.hstack([sparse.diags_array(k), A]) @ sparse.vstack([A, sparse.diags_array(k)]) @ b
    ),
    "block_diag": lambda k: sparse.block_diag([sparse.diags_array(k), A]) @ np.ones(10),
}
CASES = {**SYSTEMS, **{name: (f, k) for name, f in BUILT.items()}}


@pytest.mark.parametrize(("f", "x"), CASES.values(), ids=CASES)
def test_a_gradient_is_right_to_second_order(f, x):
    loss = lambda x: np.sum(f(x) ** 3)  # noqa: E731
    value, _ = ag.value_and_grad(loss)(x)
    np.testing.assert_allclose(value, loss(x), rtol=1e-9)
    ag.gradcheck(loss, x)
    ag.gradcheck(lambda x: np.sum(ag.grad(loss)(x) ** 2), x)


def test_values_are_those_of_scipy():
    theirs = scipy.sparse.linalg
    assert linalg.spsolve(B, b).tolist() == theirs.spsolve(B, b).tolist()
    assert linalg.spsolve(B, b[:, None]).shape == theirs.spsolve(B, b[:, None]).shape == (N,)
    assert linalg.factorized(B)(b).tolist() == theirs.factorized(B)(b).tolist()
    x, info = linalg.cg(A, b)
    assert (x.tolist(), info) == (theirs.cg(A, b)[0].tolist(), 0)


def test_constant_elements_make_scipys_own_classes():
    assert type(sparse.csr_array(np.eye(2))) is scipy.sparse.csr_array
    assert type(sparse.diags([1.0, 2.0])) is type(scipy.sparse.diags([1.0, 2.0]))
    assert type(sparse.vstack([A, B])) is type(scipy.sparse.vstack([A, B]))
    assert sparse.kron(A, B).shape == sparse.block_diag([A] * N).shape == (25, 25)


def test_elements_of_one_place_share_a_gradient():
    S = lambda x: sparse.coo_array((x, ([0, 0], [1, 1])), shape=(2, 2))  # noqa: E731
    assert ag.grad(lambda x: np.sum(S(x) ** 2))(np.array([1.0, 2.0])).tolist() == [6.0, 6.0]


def test_an_unfinished_solver_has_no_gradient():
    value = []

    def loss(b):
        x, info = linalg.cg(A, b, rtol=1e-12, maxiter=1)
        value.append((info, ag.value(x)))
        return np.sum(x)

    with pytest.raises(np.linalg.LinAlgError, match="cg did not converge on the system"):
        ag.grad(loss)(b)
    info, x = value[0]
    assert info == 1
    assert x.tolist() == scipy.sparse.linalg.cg(A, b, rtol=1e-12, maxiter=1)[0].tolist()


REFUSED = {
    "dense matrix": (lambda x: linalg.spsolve(np.outer(x, x), x), r"use np\.linalg\.solve"),
    "sparse right-hand side": (lambda x: linalg.spsolve(A, A * x), r"write b\.toarray"),
    "not square": (lambda x: linalg.spsolve(SLOPE * x, x), "one square matrix"),
    "recorded tolerance": (lambda x: linalg.cg(A, x, rtol=x[0])[0], r"pass ag\.value"),
    "dense array": (lambda x: sparse.csr_array(np.outer(x, x)), r"write csr_array\(\(data, "),
    "recorded places": (lambda x: sparse.coo_array((x, (x, x))), r"pass ag\.value"),
    "H": (lambda x: linalg.splu(sparse.csc_array(A)).solve(x, "H"), "must be 'N' or 'T'"),
    "missing name": (lambda x: sparse.eye(3) * x, "it has linalg, "),
}


@pytest.mark.parametrize(("f", "message"), REFUSED.values(), ids=REFUSED)
def test_an_error_says_what_to_write(f, message):
    with pytest.raises((TypeError, ValueError, AttributeError), match=message):
        ag.grad(lambda x: np.sum(f(x)))(b)


def test_a_solver_starts_from_a_recorded_value():
    def loss(b):
        x, _ = linalg.cg(A, b, x0=b / 4, **PRECISE)
        return np.sum(x)

    np.testing.assert_allclose(ag.grad(loss)(b), np.linalg.solve(A.toarray(), np.ones(N)))
