"""Trials: both forms of a rewrite on arrays like the recorded ones."""

import math

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.timing import Operand
from autograd_tools.timing.samples import Trial
from viewer.profiles.rewrites import POWERS, REWRITES
from viewer.profiles.trials import arrays_of, is_worth_it, trial_of, trial_text, tried


def array(*shape, dtype="float64", order="C"):
    return Operand(dtype, shape, order)


ALL = [
    *[("power", exponent, (array(50, 4),)) for exponent in POWERS],
    ("inverse", "left", (array(6, 6), array(6, 2))),
    ("inverse", "left", (array(6, 6), array(6))),
    ("inverse", "right", (array(6, 6), array(2, 6))),
    ("inverse", "right", (array(6, 6), array(6))),
    ("inverse", "left", (array(6, 6, dtype="float32"), array(6, dtype="float32"))),
    ("associated", "left (4, 5) (5, 6) (6,)", (array(4, 5), array(5, 6), array(6))),
    ("associated", "right (6,) (6, 5) (5, 4)", (array(6), array(6, 5), array(5, 4))),
    (
        "associated",
        "left (4, 5) (5, 6) (6, 7) (7, 1)",
        (array(4, 5), array(5, 6), array(6, 7), array(7, 1)),
    ),
    ("pairwise", "", (array(7, 1, 3), array(1, 5, 3))),
    ("einsum", "ij,jk->ik", (array(4, 5), array(5, 6, order="F"))),
    ("einsum", "bij,bjk->bik", (array(3, 4, 5), array(3, 5, 6))),
    ("factored", "(5, 5) computed; inv x1 at 8; solve (5,) x2 at 7", (array(5, 5), array(5))),
    ("shifted", "(20,) (3,) (0,) same both", (array(20), array(3))),
    ("shifted", "(20,) (3,) (0,) reversed elements", (array(20), array(3))),
    ("shifted", "(9, 8) (3, 2) (0, 1) same both", (array(9, 8), array(3, 2))),
    ("shifted", "(9, 8) (3, 2) (0, 1) reversed both", (array(9, 8), array(3, 2))),
    ("shifted", "(2, 9, 3) (4,) (1,) reversed both", (array(2, 9, 3), array(4))),
    ("windows", "(20,) 5 1 2 7", (array(20),)),
    ("windows", "(20, 3) 5 0 1 16", (array(20, 3),)),
    ("growing", "(3, 4) 1 12", (array(3, 4),)),
    ("growing", "read (3, 4) 0 12", (array(3, 4),)),
    ("strided", "(4, 3, 5) (2, 0, 1) (4, 5, 6) (0, 1, 2)", (array(5, 4, 3), array(4, 5, 6))),
    ("narrowed", "tanh", (array(50, dtype="float32"),)),
    ("narrowed", "matmul", (array(5, 4, dtype="float32"), array(4, 3, dtype="float32"))),
]
FACTORED = "(5, 5) computed; cholesky x1 at 3; slogdet x1 at 4; solve (5,) x2 at 5"


@pytest.mark.parametrize(("rewrite", "detail", "operands"), ALL)
def test_all_forms_have_the_same_gradient(rewrite, detail, operands):
    arrays = arrays_of(operands)
    before, forms = REWRITES[rewrite](detail, arrays)
    single = any(operand.dtype == "float32" for operand in operands)
    for instead, after in forms:
        found = tried(before, after, *arrays)
        assert found.difference < (1e-4 if single else 1e-12), instead
        assert found.before_ns > 0 < found.after_ns


@pytest.mark.parametrize(
    ("detail", "text"),
    [
        ("left", "Multiply from the right, A @ (B @ (C @ x)) for A @ B @ C @ x."),
        ("right", "Multiply from the left, x @ A @ B @ C for x @ (A @ (B @ C))."),
    ],
)
def test_the_other_order_of_a_product_is_written_out(detail, text):
    _, [(instead, _)] = REWRITES["associated"](detail, [np.ones((2, 2))] * 4)
    assert instead == text


def test_factors_of_a_definite_matrix_have_the_same_gradient():
    arrays = [np.eye(5) + 0.1, np.arange(5.0)]
    before, forms = REWRITES["factored"](FACTORED, arrays)
    assert [text.partition(":")[0] for text, _ in forms] == [
        "It is symmetric",
        "Compute it once, P = np.linalg.inv(A), and write P @ b for np.linalg.solve(A, b).",
    ]
    assert all(tried(before, after, *arrays).difference < 1e-12 for _, after in forms)


@pytest.mark.parametrize(
    ("detail", "matrix"),
    [
        (FACTORED.replace("computed", "given"), np.eye(5) + 0.1),
        (FACTORED, np.eye(5) - 0.5),
        (FACTORED, np.triu(np.ones((5, 5)))),
    ],
    ids=["whose gradient is asked for", "indefinite", "not symmetric"],
)
def test_other_matrices_have_no_cholesky_factor(detail, matrix):
    _, forms = REWRITES["factored"](detail, [matrix, np.arange(5.0)])
    assert [text.partition(",")[0] for text, _ in forms] == ["Compute it once"]


def test_float32_is_tried_beside_float64():
    found = trial_of("narrowed", "tanh", [array(50_000)])
    assert 1e-10 < found.difference < found.tolerance == 1e-4


def test_arrays_of_the_program_are_taken_for_trials():
    x = np.asfortranarray([[-1.0, 2.0], [0.0, 5.0]])
    with ag.profile() as p:
        ag.grad(lambda x: np.sum(x**3))(x)
    [made] = arrays_of([array(2, 2, order="F")], p.samples, ["power"])
    assert (made.tolist(), made.flags.f_contiguous) == (x.tolist(), True)


def test_a_part_of_an_array_is_repeated():
    kept = {("power", (array(2, 4), Operand("int"))): (np.arange(3.0).tobytes(), None)}
    [made] = arrays_of([array(2, 4)], kept, ["power"])
    assert made.tolist() == [[0, 1, 2, 0], [1, 2, 0, 1]]


def test_a_root_of_negative_numbers_is_no_rewrite():
    with ag.profile() as p, np.errstate(invalid="ignore"):
        ag.grad(lambda x: np.nansum(x**1.5))(np.full(50, -1.0))
    assert trial_of("power", "1.5", [array(50)]).difference < 1e-12
    assert trial_of("power", "1.5", [array(50)], p.samples, ["power"]).difference == math.inf


def test_every_rewrite_is_tried():
    assert {rewrite for rewrite, _, _ in ALL} == set(REWRITES)


def test_another_gradient_is_seen():
    found = tried(lambda x: x**2, lambda x: x * ag.value(x), np.arange(1.0, 4.0))
    assert found.difference == 0.5
    assert not is_worth_it(found._replace(after_ns=0))


@pytest.mark.parametrize(
    "other",
    [lambda x, y: x * np.nan, lambda x, y: x + 0 * np.sqrt(y)],
    ids=["everywhere", "of one argument"],
)
def test_a_gradient_that_is_nan_is_another_one(other):
    found = tried(lambda x, y: x + 0 * y, other, np.ones(3), np.zeros(3))
    assert found.difference == math.inf


def test_another_value_is_seen():
    found = tried(lambda x: x, lambda x: x + 0.5, np.ones(3))
    assert found.difference == 0.5


@pytest.mark.parametrize(
    ("trial", "expected"),
    [
        (Trial(1000, 500, 1e-12), True),
        (Trial(1000, 900, 1e-12), False),
        (Trial(1000, 500, 1e-3), False),
    ],
)
def test_only_a_faster_form_with_the_same_gradient_is_worth_it(trial, expected):
    assert is_worth_it(trial) is expected


def test_a_trial_says_what_it_found():
    assert trial_text(Trial(4_100_000, 1_200_000, 0.0), 3) == (
        "Tried: 12.3ms → 3.60ms per gradient, same gradient bit for bit."
    )


@pytest.mark.parametrize(
    ("rewrite", "detail", "operands"),
    [
        ("power", "2", (array(50),)),
        ("power", "x", (array(50),)),
        ("power", "3", (array(50, dtype="complex128"),)),
        ("power", "3", (array(50, dtype="object"),)),
        ("power", "3", (array(10**6, 10**6),)),
        ("inverse", "left", (array(6, 5), array(5))),
        ("inverse", "left", (array(6, 6), array(7))),
        ("pairwise", "", (array(7, 3),)),
        ("einsum", "ij,jk->il", (array(4, 5), array(5, 6))),
        ("einsum", "\n", (array(4, 5),)),
    ],
)
def test_what_cannot_be_tried_has_no_trial(rewrite, detail, operands):
    assert trial_of(rewrite, detail, operands) is None


def test_trials_are_not_measured_and_not_heard():
    heard = []
    with ag.after_gradients(lambda: heard.append(1)), ag.profile() as p:
        trial_of("power", "3", (array(5),))
    assert (heard, p.records) == ([], {})
