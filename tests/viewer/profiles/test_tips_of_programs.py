"""Tips of programs: one that has a pattern, one that has it not, and one that looks alike.

The rewrites run, so that their gradients are compared; only their times are given.
"""

import numpy as np
import pytest

import autograd_tools as ag
import viewer
from viewer.profiles.machine_peaks import Peaks

PEAKS = Peaks(float64=1e9, float32=2e9, moved=((10**9, 8e9),), call_ns=100.0)
RNG = np.random.default_rng(0)
K = np.cov(RNG.normal(size=(30, 90))) + np.eye(30)
Y, SIGNAL = RNG.normal(size=30), RNG.normal(size=600)
SINGLE, MASK = RNG.normal(size=(50, 40)).astype(np.float32), RNG.random((50, 40)) < 0.5


@pytest.fixture(autouse=True)
def times(monkeypatch):
    """Each other form takes a tenth of the time."""
    monkeypatch.setattr("viewer.profiles.trials._least_ns", lambda forms: [10_000_000, 1_000_000])


def kernel(scale):
    return K * scale + 0.1 * np.eye(30)


def factored(s):
    a = np.linalg.solve(kernel(s), Y) if s is None else kernel(s)
    return Y @ np.linalg.solve(a, Y) + np.linalg.slogdet(a)[1]


def factored_once(s):
    z = np.linalg.cholesky(kernel(s))
    return np.sum(z) + 2 * np.sum(np.log(np.diag(z)))


def factored_apart(s):
    return Y @ np.linalg.solve(kernel(s), Y) + np.linalg.slogdet(kernel(s * 2.0))[1]


def shifted(w):
    return np.sum(sum(SIGNAL[i : i + 590] * w[i] for i in range(11)) ** 2)


def convolved(w):
    return np.sum(np.convolve(SIGNAL, w, "valid") ** 2)


def recurrent(w):
    y = 0.0
    for i in range(11):
        y = np.tanh(y + SIGNAL[i : i + 590] * w[i])
    return np.sum(y)


def stacked(x):
    return np.sum(np.stack([x[i : i + 50] for i in range(0, 500, 25)]) ** 2)


def indexed(x):
    return np.sum(x[25 * np.arange(20)[:, None] + np.arange(50)] ** 2)


def cut(x):
    return np.sum(np.stack([x[i : i + 50] for i in (0, 25, 60, 90, 200, 300)]) ** 2)


def grown(x):
    y = x
    for _ in range(30):
        y = np.concatenate([y, x])
    return np.sum(y)


def joined(x):
    return np.sum(np.concatenate([x] * 30))


def cached(x):
    y, total = x, 0.0
    for _ in range(30):
        y = np.concatenate([y, x])
        total = total + np.max(y)
    return total


def extended(x):
    y = x
    for _ in range(30):
        y = np.concatenate([y, np.tanh(y[-600:])])
    return np.sum(y)


def listed(x):
    parts = [x]
    for _ in range(30):
        parts.append(np.tanh(parts[-1]))
    return np.sum(np.concatenate(parts))


def lagged(x):
    y = x
    for _ in range(30):
        y = np.concatenate([y, np.tanh(y[-601:-1])])
    return np.sum(y)


def from_left(a):
    return np.sum(a @ K @ a @ Y)


def from_right(a):
    return np.sum(a @ (K @ (a @ Y)))


def square(a):
    return np.sum(a @ K @ a @ K)


def likelihood(s):
    a = kernel(s)
    return Y @ np.linalg.inv(a) @ Y + np.linalg.slogdet(a)[1]


def inverted(s):
    P = np.linalg.inv(kernel(s))
    return Y @ P @ Y + np.sum(np.exp(P))


def widened(x):
    return np.sum(np.tanh(x * (MASK * 1.0)) ** 2)


def narrow(x):
    return np.sum(np.tanh(x * MASK.astype(np.float32)) ** 2)


def summed_in_float64(x):
    return np.sum(np.tanh(x * 2.5) ** 2, dtype=np.float64)


# By tip: its words; the program that has it, its rewrite, a lookalike; and their argument.
PROGRAMS = {
    "factored": ("It is symmetric: factor it once", factored, factored_once, factored_apart, 2.0),
    "inverse": (
        "write cho_solve((L, True), b) for np.linalg.inv(A) @ b and 2 * np.sum(",
        *(likelihood, factored_once, inverted, 2.0),
    ),
    "read": ("read parts[-1] in it", extended, listed, lagged, SIGNAL),
    "associated": ("a product of 4 arrays", from_left, from_right, square, K),
    "shifted": ("a sum of 11 shifted slices", shifted, convolved, recurrent, Y[:11]),
    "windows": ("a stack of 20 slices of one array", stacked, indexed, cut, SIGNAL),
    "growing": ("of a growing array", grown, joined, cached, SIGNAL),
    "widened": ("MASK * 1.0, a float64 array", widened, narrow, summed_in_float64, SINGLE),
}


def tips_of(f, *args):
    with ag.profile() as p:
        for _ in range(3):
            ag.grad(f)(*args)
    return viewer.tips(p, peaks=PEAKS)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_with_the_pattern_gets_the_tip(name):
    words, f, _, _, x = PROGRAMS[name]
    assert words in tips_of(f, x)


@pytest.mark.parametrize("name", PROGRAMS)
def test_its_rewrite_gets_none(name):
    words, _, f, _, x = PROGRAMS[name]
    assert words not in tips_of(f, x)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_lookalike_gets_none(name):
    words, _, _, f, x = PROGRAMS[name]
    assert words not in tips_of(f, x)


def test_a_rewrite_with_another_value_is_no_tip():
    far = RNG.normal(size=(40, 3)) + 1e8  # x * x loses what x - y keeps
    near = far - 1e8

    def f(x):
        return np.sum(np.sum((x[:, None, :] - x[None, :, :]) ** 2, axis=-1))

    assert "squared differences of all pairs" in tips_of(f, near)
    assert "squared differences of all pairs" not in tips_of(f, far)


def test_tips_are_the_same_once_they_are_saved(tmp_path):
    with ag.profile() as p:
        ag.grad(factored)(2.0)
    printed = viewer.tips(p, peaks=PEAKS)
    p.save(tmp_path / "p.json")
    assert viewer.tips(tmp_path / "p.json", peaks=PEAKS) == printed


# Tapes --------------------------------------------------------------------------------------------

w, b = ag.Param(np.ones((60, 50)), name="w"), ag.Param(np.ones(50), name="b")


def tips_of_training(keep, *read):
    kept = []
    with ag.profile() as p:
        for _ in range(20):
            J = ag.diff(lambda: np.sum(np.tanh(w * 2) + b))
            for param in read:
                ag.grad(J, param)
            kept.append(keep(J))
    return viewer.tips(p, peaks=PEAKS)


def test_tapes_in_a_list_get_a_tip():
    tips = tips_of_training(lambda J: J, w, b)
    assert "20 of 20 tapes created here were alive at once, with 1.37MiB of arrays" in tips


def test_losses_in_a_list_get_none():
    assert "alive at once" not in tips_of_training(ag.value, w, b)


def test_a_gradient_that_nothing_reads_gets_a_tip():
    assert "gradients of w, which are never read" in tips_of_training(ag.value, b)


def test_gradients_that_are_all_read_get_none():
    assert "which are never read" not in tips_of_training(ag.value, b, w)


def test_gradients_of_which_none_is_read_get_none():
    assert "which are never read" not in tips_of_training(ag.value)
