"""SciPy's sparse matrices as constants, and sparse arrays of recorded elements."""

import numpy as np
import pytest

import autograd_tools as ag

sparse = pytest.importorskip("scipy.sparse")
pytest.importorskip("scipy.sparse.linalg")

D = np.array([[1.0, 0, 2], [0, 0, 3], [4, 5, 0], [0, 6, 0]])
VECTOR, LEFT = np.array([0.5, -1.0, 2.0]), np.array([1.5, -0.5, 0.7, 2.0])
COLUMNS, ROWS = np.outer(VECTOR, [1.0, -0.3]), np.outer([1.0, 0.4], LEFT)
DENSE = np.outer(LEFT, VECTOR) + 0.3
FORMATS = [
    f"{name}_{kind}"
    for name in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
    for kind in ("array", "matrix")
]
# A program of a sparse `S` (what it does with the dense array) and its argument.
PROGRAMS = {
    "S @ x": (lambda S, x: S @ x, VECTOR),
    "x @ S": (lambda S, x: x @ S, LEFT),
    "S @ X": (lambda S, x: S @ x, COLUMNS),
    "X @ S": (lambda S, x: x @ S, ROWS),
    "S.T @ x": (lambda S, x: S.T @ x, LEFT),
    "S.dot(x)": (lambda S, x: S.dot(x), VECTOR),
    "chain": (lambda S, x: S.T @ np.tanh(S @ x), VECTOR),
    "s * S": (lambda S, x: (x * S).sum(), 2.0),
    "S * s": (lambda S, x: (S * x) @ VECTOR, 2.0),
    "S / s": (lambda S, x: (S / x) @ VECTOR, 2.0),
    "S - s * S": (lambda S, x: (S - x * S) @ VECTOR, 2.0),
    "s * S - S": (lambda S, x: (x * S - S) @ VECTOR, 2.0),
    "S @ (s * S.T)": (lambda S, x: S @ (x * S.T) @ LEFT, 2.0),
    "sum of S": (lambda S, x: sum([x * S, S, -(x * x * S)]) @ VECTOR, 2.0),
}
OF_ARRAYS = {
    "S * row": (lambda S, x: (S * x) @ VECTOR, VECTOR),
    "row * S": (lambda S, x: (x * S) @ VECTOR, VECTOR),
    "S * column": (lambda S, x: (S * x[:, None]) @ VECTOR, LEFT),
    "S * X": (lambda S, x: (S * x) @ VECTOR, DENSE),
    "S / row": (lambda S, x: (S / x) @ VECTOR, VECTOR),
    "S + X": (lambda S, x: S + x, DENSE),
    "X - S": (lambda S, x: x - S, DENSE),
    "sum(axis=0)": (lambda S, x: (S * x).sum(axis=0), VECTOR),
    "sum(axis=1)": (lambda S, x: (S * x).sum(axis=1), VECTOR),
    "np.sum": (lambda S, x: np.sum(S * x) + (S * x).mean(), VECTOR),
    "diagonal": (lambda S, x: (S * x).diagonal(), VECTOR),
    "trace": (lambda S, x: (S * x).trace(), VECTOR),
    "toarray": (lambda S, x: (S * x).toarray(), VECTOR),
    "multiply": (lambda S, x: (S * x).multiply(S * x) @ VECTOR, VECTOR),
    "(S * x).T @ (S * x)": (lambda S, x: ((S * x).T @ (S * x)) @ VECTOR, VECTOR),
    "power": (lambda S, x: ((S * x) ** 2) @ VECTOR, VECTOR),
    "abs": (lambda S, x: abs(S * x) @ VECTOR, VECTOR),
}
OF_MATRICES = {
    "M * x": (lambda S, x: S * x, VECTOR),
    "x * M": (lambda S, x: x * S, LEFT),
    "M * X": (lambda S, x: S * x, COLUMNS),
}
CASES = [
    (form, name, *program)
    for form in FORMATS
    for name, program in {
        **PROGRAMS,
        **(OF_ARRAYS if form.endswith("array") else OF_MATRICES),
    }.items()
]


def loss_of(program, form):
    S = getattr(sparse, form)(D)
    return lambda x: np.sum(program(S, x) ** 2)


@pytest.mark.parametrize(
    ("form", "program", "x"),
    [(form, program, x) for form, _, program, x in CASES],
    ids=[f"{form} {name}" for form, name, _, _ in CASES],
)
def test_a_sparse_constant_has_values_and_gradients(form, program, x):
    loss = loss_of(program, form)
    value, _ = ag.value_and_grad(loss)(x)
    np.testing.assert_allclose(value, loss(x), rtol=1e-12)
    ag.gradcheck(loss, x)
    ag.gradcheck(lambda x: np.sum(ag.grad(loss)(x) ** 2), x)


def test_outside_of_a_recording_a_param_acts_like_its_value():
    S, w, s = sparse.csr_array(D), ag.Param(VECTOR), ag.Param(2.0)
    assert type(S @ w) is np.ndarray
    assert type(s * S) is type(S * s) is sparse.csr_array
    assert (S @ w).tolist() == (S @ VECTOR).tolist()


def test_a_recorded_sparse_array_shows_its_value():
    seen = []
    ag.grad(lambda x: seen.append(x * sparse.csr_matrix(D)) or x)(2.0)
    assert repr(seen[0]) == "<recorded sparse matrix of shape (4, 3) with 6 elements>"
    assert isinstance(seen[0].value, sparse.csr_matrix)
    assert seen[0].value.toarray().tolist() == (2 * D).tolist()
    assert (seen[0].shape, seen[0].nnz, seen[0].dtype, seen[0].ndim) == ((4, 3), 6, float, 2)


S, M = sparse.csr_array(D), sparse.csr_matrix(D)


REFUSED = {
    "multiply": (S.multiply, r"write x \* S"),
    "a number added": (lambda x: S + x[0], r"write S\.toarray\(\)"),
    "matrix + dense": (lambda x: M + DENSE * x, r"write S\.toarray\(\) \+ x"),
    "axis of a matrix": (lambda x: (M * x[0]).sum(axis=0), r"use scipy\.sparse\.csr_array"),
    "division": (lambda x: x / S, r"write S\.toarray\(\)"),
    "maximum": (lambda x: np.maximum(x, S), r"write S\.toarray\(\)"),
    "sine": (lambda x: np.sin(S * x), "not support ufuncs"),
    "sort": (lambda x: np.sort(S * x), r"write A\.toarray\(\)"),
    "element": (lambda x: (S * x)[0], r"write A\.toarray\(\)"),
    "missing method": (lambda x: (S * x).tolil().getrow(0), "it has T, "),
    "dot of a number": (lambda x: S.dot(x[0]), r"use '\*' instead"),
    "three dimensions": (lambda x: S * x[:, None, None], "expected one that broadcasts"),
    "one dimension": (lambda x: sparse.coo_array(VECTOR) @ x, r"write S\.reshape\(1, -1\)"),
    "csr": (
        lambda x: sparse.csr_array((x, ([0, 1, 2], [0, 1, 2]))),
        r"use autograd_tools\.scipy\.sparse\.csr_array",
    ),
    "diags": (lambda x: sparse.diags([x], [0]), r"use autograd_tools\.scipy\.sparse\.diags"),
    "spsolve": (
        lambda x: sparse.linalg.spsolve(sparse.csc_array(np.eye(3)), x),
        r"use autograd_tools\.scipy\.sparse\.linalg\.spsolve",
    ),
}


@pytest.mark.parametrize(("f", "message"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_rule_says_what_to_write(f, message):
    with pytest.raises((TypeError, ValueError, AttributeError), match=message):
        ag.grad(lambda x: np.sum(x) + np.sum(f(x)))(VECTOR)


def test_a_comparison_with_a_sparse_array_is_plain():
    def f(x):
        assert ((S * x) > 1).toarray().tolist() == (D * VECTOR > 1).tolist()
        assert (x < S).tolist() == (D > VECTOR).tolist()
        return np.sum(x)

    assert ag.grad(f)(VECTOR).tolist() == [1.0, 1.0, 1.0]


def test_a_sparse_product_has_a_gradient_of_the_dtype_of_its_argument():
    x = VECTOR.astype(np.float32)
    assert ag.grad(lambda x: np.sum(S @ x))(x).dtype == np.float32
    assert ag.grad(lambda x: np.sum(abs((S * 1j) @ x)))(VECTOR).dtype == np.float64


def test_the_line_of_a_sparse_product_is_the_users():
    w = ag.Param(VECTOR)
    node = ag.diff(lambda: np.sum(S @ w)).nodes[1]
    assert node.source.file == __file__
    assert str(node) == "N(2. sparse.matmul(float64[4]))"


def test_a_recorded_sparse_matrix_does_not_change_in_place():
    def f(x):
        s = sparse.csr_array(np.eye(3)) * x
        s *= 2.0
        return s.sum()

    with pytest.raises(TypeError, match=r"write S = S \* x"):
        ag.grad(f)(1.5)
