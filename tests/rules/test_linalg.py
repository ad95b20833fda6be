"""Rules of matrices and complex numbers: phases, equal values, fields, errors."""

import numpy as np
import pytest
from rules.cases import complexes, spread

import autograd_tools as ag

SQUARE = spread(3, 3) + 3 * np.eye(3)
COMPLEX = complexes(3, 3, start=2.0) + 3 * np.eye(3)
HERMITIAN = COMPLEX @ COMPLEX.conj().T
TALL, WIDE = complexes(4, 3), complexes(3, 4)
TURN = np.linalg.qr(SQUARE).Q
EQUAL = TURN @ np.diag([1.0, 1.0, 3.0]) @ TURN.T  # a symmetric matrix with two equal eigenvalues
WEIGHTS = spread(3, 3, start=4.0)


def together(u, s, v):
    """A matrix from vectors and values, in which the phases cancel."""
    return (u * s**2) @ v


# Complex numbers: the gradient for x + iy is df/dx - i df/dy.


def test_the_imaginary_gradient_is_minus_the_slope_along_i():
    assert ag.grad(lambda z: np.abs(z) ** 2)(3 + 4j) == 6 - 8j


def test_the_gradient_of_the_imaginary_part_is_minus_i():
    assert ag.grad(np.imag)(3 + 4j) == -1j


@pytest.mark.parametrize("x", [2, 2.0, np.float32(2), np.array(2), np.array([2.0])], ids=repr)
def test_a_real_number_has_a_real_gradient_through_complex_ones(x):
    dx = ag.grad(lambda x: np.sum(np.real((1 + 2j) * x * x)))(x)
    assert dx == 4.0
    assert np.isrealobj(dx)


def test_the_real_part_has_a_complex_gradient():
    assert type(ag.grad(np.real)(3 + 4j)) is complex


def test_real_arrays_beside_complex_ones_have_real_gradients():
    da, db = ag.grad(lambda arrays: np.sum(np.real(2j * np.concatenate(arrays))))(
        [np.array([1.0]), np.array([1j])]
    )
    assert (da.tolist(), da.dtype, db.tolist()) == ([0.0], np.float64, [2j])


@pytest.mark.parametrize(
    "func", [np.sign, lambda z: np.exp(1j * np.angle(z))], ids=["sign", "angle"]
)
def test_the_direction_of_a_complex_number_has_a_gradient(func):
    assert ag.grad(lambda z: np.real(func(z)))(2j) == pytest.approx(0.5)
    assert ag.grad(lambda z: np.imag(func(z)))(2j) == pytest.approx(0.0)


def test_complex_zero_has_no_direction_and_gradient_zero():
    assert ag.grad(lambda z: np.real(np.sum(z * np.sign(z))))(np.zeros(2, complex)).tolist() == [
        0.0,
        0.0,
    ]
    assert ag.grad(np.linalg.norm)(np.zeros(2, complex)).tolist() == [0.0, 0.0]


# Complex vectors, whose phases are arbitrary.


@pytest.mark.parametrize("UPLO", ["L", "U"])
def test_hermitian_eigenvectors_have_gradients_where_phases_cancel(UPLO):
    def f(a):
        w, v = np.linalg.eigh((a + a.conj().T) / 2, UPLO)
        return together(v, w, v.conj().T), np.abs(v)

    ag.gradcheck(lambda a: f(a)[0], HERMITIAN, order=2)
    ag.gradcheck(lambda a: f(a)[1], HERMITIAN, order=2)


@pytest.mark.parametrize(
    "a",
    [TALL, WIDE, COMPLEX, np.stack([COMPLEX, HERMITIAN])],
    ids=["tall", "wide", "square", "stack"],
)
def test_complex_singular_vectors_have_gradients_where_phases_cancel(a):
    def f(a):
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        return np.abs(u) ** 3, s, np.abs(vh), (u * s[..., None, :] ** 2) @ vh

    for i in range(4):
        ag.gradcheck(lambda a, i=i: f(a)[i], a, order=2)


@pytest.mark.parametrize(
    "a", [SQUARE + 2 * (WEIGHTS - WEIGHTS.T), COMPLEX], ids=["real", "complex"]
)
def test_complex_eigenvectors_have_gradients_where_phases_cancel(a):
    def f(a):
        w, v = np.linalg.eig(a)
        return (v * w**2) @ np.linalg.inv(v), np.abs(v)

    assert np.iscomplexobj(np.linalg.eig(a)[1])
    ag.gradcheck(lambda a: f(a)[0], a, order=2)
    ag.gradcheck(lambda a: f(a)[1], a, order=2)


@pytest.mark.parametrize(
    "vectors",
    [lambda a: np.linalg.eigh(a)[1], lambda a: np.linalg.eig(a)[1], lambda a: np.linalg.svd(a)[0]],
    ids=["eigh", "eig", "svd"],
)
def test_a_loss_that_depends_on_arbitrary_phases_is_an_error(vectors):
    with pytest.raises(ValueError, match="depends on the phases of complex vectors"):
        ag.grad(lambda a: np.sum(np.real(vectors(a) ** 2)))(HERMITIAN)


# Columns that only complete a basis.


@pytest.mark.parametrize(
    "a", [TALL, WIDE, TALL.real, WIDE.real], ids=["tall", "wide", "real tall", "real wide"]
)
def test_all_singular_vectors_have_gradients_through_the_spaces_they_span(a):
    def f(a):
        u, s, vh = np.linalg.svd(a)
        others = u[:, 3:] @ u[:, 3:].conj().T, vh[3:].conj().T @ vh[3:]
        return *others, np.abs(u[:, :3]), s, np.abs(vh[:3])

    for i in range(5):
        ag.gradcheck(lambda a, i=i: f(a)[i], a, order=2)


@pytest.mark.parametrize("a", [TALL, TALL.real], ids=["complex", "real"])
def test_the_columns_of_a_complete_qr_have_gradients(a):
    def f(a):
        q, r = np.linalg.qr(a, mode="complete")
        return q[:, 3:] @ q[:, 3:].conj().T, q[:, :3], r

    for i in range(3):
        ag.gradcheck(lambda a, i=i: f(a)[i], a, order=2)


# Equal values.


def test_a_function_of_equal_eigenvalues_has_its_gradient():
    dx = ag.grad(lambda a: np.sum(np.linalg.eigh((a + a.T) / 2).eigenvalues ** 2))(EQUAL)
    np.testing.assert_allclose(dx, 2 * EQUAL, atol=1e-12)


def test_the_space_of_equal_eigenvalues_has_its_gradient():
    def f(a):
        v = np.linalg.eigh((a + a.T) / 2).eigenvectors[:, :2]
        return np.sum(WEIGHTS * (v @ v.T))

    ag.gradcheck(f, EQUAL)


@pytest.mark.parametrize(
    "a",
    [np.eye(3), np.zeros((3, 3)), np.ones((3, 3)), EQUAL],
    ids=["ones", "zeros", "rank one", "two equal"],
)
@pytest.mark.parametrize(
    "func", [np.linalg.eigh, np.linalg.svd, np.linalg.eig], ids=lambda func: func.__name__
)
def test_equal_values_have_finite_gradients(func, a):
    dx = ag.grad(lambda a: np.real(sum(np.sum(part * part) for part in func(a))))(
        a
    )  # since NumPy 2.5, eig returns complex arrays
    assert np.isfinite(dx).all()


@pytest.mark.parametrize(
    "a",
    [EQUAL, EQUAL[:, :2], EQUAL[:2], np.eye(3)[:, :2]],
    ids=["square", "tall", "wide", "orthogonal"],
)
def test_the_sum_of_equal_singular_values_has_its_gradient(a):
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    np.testing.assert_allclose(ag.grad(lambda a: np.linalg.norm(a, "nuc"))(a), u @ vh, atol=1e-12)


def test_equal_singular_values_share_the_gradient_of_the_norm():
    np.testing.assert_allclose(
        ag.grad(lambda a: np.linalg.norm(a, 2))(np.eye(2)), np.eye(2) / 2, atol=1e-15
    )


@pytest.mark.parametrize("ord", ["nuc", "fro", 2, -2, 1, -1, np.inf, -np.inf])
def test_the_norms_of_zeros_have_gradient_zero(ord):
    assert ag.grad(lambda a: np.linalg.norm(a, ord))(np.zeros((2, 3))).tolist() == [[0.0] * 3] * 2


# Results.


def test_results_have_the_fields_of_their_named_tuples():
    def f(a):
        s, e, q, d = np.linalg.svd(a), np.linalg.eigh(a), np.linalg.qr(a), np.linalg.slogdet(a)
        return (
            np.sum(s.S)
            + np.sum(s.U)
            + np.sum(s.Vh)
            + np.sum(e.eigenvalues)
            + np.sum(e.eigenvectors)
            + np.sum(q.Q + q.R)
            + d.logabsdet
        )

    assert np.isfinite(ag.grad(f)(SQUARE)).all()


def test_results_have_fields_in_a_gradient_of_a_gradient():
    slope = ag.grad(lambda a: np.sum(np.linalg.eigh((a + a.T) / 2).eigenvalues ** 3))
    ag.gradcheck(lambda a: np.sum(slope(a) * WEIGHTS), HERMITIAN.real)


def test_a_named_tuple_is_returned_outside_a_recording():
    assert type(np.linalg.svd(ag.Param(SQUARE))).__name__ == "SVDResult"


def test_each_output_of_lstsq_has_its_gradient():
    a, b = TALL.real, spread(4, 2)
    for i in (0, 1, 3):
        ag.gradcheck(lambda a, b, i=i: np.linalg.lstsq(a, b)[i] ** 2, a, b, argnums=0, order=2)
    for i in (0, 1):
        ag.gradcheck(lambda a, b, i=i: np.linalg.lstsq(a, b)[i] ** 2, a, b, argnums=1, order=2)


def test_the_rank_that_lstsq_returns_is_no_function_to_differentiate():
    assert (
        ag.grad(lambda a: np.linalg.lstsq(a, np.ones(4))[2] * 1.0)(TALL.real).tolist()
        == [[0.0] * 3] * 4
    )


@pytest.mark.parametrize(
    "f", [np.linalg.matrix_rank, lambda a: np.linalg.matrix_power(a, 0)], ids=["rank", "power 0"]
)
def test_a_constant_function_of_a_matrix_has_gradient_zero(f):
    assert ag.grad(lambda a: np.sum(a) * 0 + np.sum(f(a)))(SQUARE).tolist() == [[0.0] * 3] * 3


# Singular matrices.

RANK_ONE = np.array([[1.0, 2.0], [2.0, 4.0]])


@pytest.mark.parametrize(
    "f",
    [
        np.linalg.inv,
        lambda a: np.linalg.slogdet(a)[1],
        np.linalg.cholesky,
        lambda a: np.linalg.solve(a, a),
        lambda a: np.linalg.qr(a).Q,
        lambda a: np.linalg.qr(a, "r"),
    ],
    ids=["inv", "slogdet", "cholesky", "solve", "qr", "qr(mode='r')"],
)
@pytest.mark.parametrize("a", [RANK_ONE, np.zeros((2, 2))], ids=["rank one", "zero"])
def test_a_missing_gradient_of_a_singular_matrix_is_an_error(f, a):
    with pytest.raises(np.linalg.LinAlgError):
        ag.grad(lambda a: np.sum(f(a)))(a)


@pytest.mark.parametrize(
    "f",
    [lambda a: np.linalg.qr(a).R, lambda a: np.linalg.cholesky(a @ a.T).T],
    ids=["qr", "cholesky"],
)
def test_cotangents_of_the_zeros_of_a_triangle_are_ignored(f):
    upper = np.triu_indices(3)
    expected = ag.grad(lambda a: np.sum(np.cbrt(f(a)[upper])))(SQUARE)
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(ag.grad(lambda a: np.sum(np.cbrt(f(a))))(SQUARE), expected)


# Missing rules.


@pytest.mark.parametrize(
    "f",
    [
        lambda a: np.matmul(a, a, axes=[(0, 1), (0, 1), (0, 1)]),
        lambda a: np.vecdot(a, a, axis=0),
        lambda a: np.linalg.qr(a, mode="raw")[0],
    ],
    ids=["matmul(axes=)", "vecdot(axis=)", "qr(mode='raw')"],
)
def test_an_option_that_rules_do_not_know_is_an_error(f):
    with pytest.raises(TypeError, match="has no gradient rule"):
        ag.grad(lambda a: np.sum(f(a)))(SQUARE)
