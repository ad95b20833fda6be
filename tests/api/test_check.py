"""`check=True`: changed arrays by line, and the value of a run without a recording."""

import random

import numpy as np
import pytest

import autograd_tools as ag


@pytest.fixture
def w():
    return ag.Param(np.ones(3), name="w")


def refilled(w, buffer):
    total = 0.0
    for i in range(3):
        buffer[:] = i
        total = total + np.sum(buffer * w)
    return total


def test_the_operation_the_variable_and_the_line_are_named(w):
    with pytest.raises(ag.CheckError) as caught:
        ag.diff(refilled, w, np.zeros(3), check=True)
    (change,) = caught.value.changes
    assert (change.argument, change.name, change.array) == ("multiply[1]", "buffer", "float64[3]")
    assert (change.site.file, change.site.function) == (__file__, "refilled")
    assert str(caught.value).splitlines() == [
        "an array changed between its use and the gradient, which would be wrong; "
        "use a copy, such as buffer.copy()",
        "  multiply[1], buffer: float64[3]",
        f"    at {__file__}:{change.site.line} in refilled",
        "      total = total + np.sum(buffer * w)",
    ]


def test_one_element_of_a_large_array_is_noticed(w):
    data = np.ones((1000, 3))

    def f():
        y = np.sum((data @ w) ** 2)
        data[517, 1] = 2.0
        return y

    with pytest.raises(ag.CheckError, match=r"matmul\[1\], data: float64\[1000,3\]"):
        ag.diff(f, check=True)


def test_a_gradient_inside_the_function_is_checked(w):
    buffer = np.ones(3)

    def inner(x):
        y = np.sum(x * x * buffer)
        buffer[:] = 9.0
        return y

    with pytest.raises(ag.CheckError, match=r"multiply\[2\], buffer"):
        ag.diff(lambda: np.sum(ag.grad(inner)(w) ** 2), check=True)


def test_a_block_is_checked(w):
    index = np.array([0, 1])
    with ag.record(check=True) as tape:
        loss = np.sum(w[index] ** 2)
        index[:] = 2
    with pytest.raises(ag.CheckError, match=r"getitem\[2\], index: int64\[2\]"):
        tape.backward(loss)


def test_a_value_that_depends_on_the_recording_is_a_fault(w):
    def f():
        return np.sum(w * w) if type(w * w) is np.ndarray else np.sum(2 * w)

    with pytest.raises(ag.CheckError, match=r"f \(.*\) returns 6.0 while it is recorded, and 3.0 "):
        ag.diff(f, check=True)


def test_a_value_that_changes_from_run_to_run_is_refused(w):
    runs = []

    def f():
        runs.append(1)
        return np.sum(w) * len(runs)

    with pytest.raises(ag.CheckError, match=r"a different value each time, 6.0 and then 9.0"):
        ag.diff(f, check=True)


@pytest.mark.parametrize(
    "draw",
    [np.random.default_rng(0).random, np.random.RandomState(0).random, random.Random(0).random],
    ids=["Generator", "RandomState", "Random"],
)
def test_both_runs_draw_the_same_random_numbers(w, draw):
    generator = draw.__self__

    def f():
        return np.sum(w) * generator.random()

    ag.diff(f, check=True)


def test_a_checked_gradient_draws_global_random_numbers_once(w):
    def drawn(check):
        np.random.seed(1)
        random.seed(1)
        J = ag.diff(lambda: np.sum(w) * np.random.random() * random.random(), check=check)
        return ag.value(J), np.random.random(), random.random()

    assert drawn(True) == drawn(False)


def test_the_second_run_changes_no_argument(w):
    x = np.zeros(3)

    def f(x):
        x += 1.0
        return np.sum(w * x)

    ag.diff(f, x, check=True)
    assert x.tolist() == [1.0, 1.0, 1.0]


def test_a_program_without_faults_is_as_without_the_check(w):
    def f():
        h = np.tanh(w) * np.array([1.0, 2.0, 3.0])
        h[0] = 2.0
        return np.sum(h**2) + float("nan") * 0

    J = ag.diff(f, check=True, watch=None)
    np.testing.assert_array_equal(ag.grad(J, w), ag.grad(ag.diff(f), w))


def test_check_and_watch_work_together(w):
    with pytest.raises(ag.NonFiniteError):
        ag.diff(lambda: np.sum(np.log(w * 0.0)), watch="nan", check=True)
    with pytest.raises(ag.CheckError):
        ag.diff(refilled, w, np.zeros(3), watch="nan", check=True)


def test_recordings_after_a_fault_are_not_checked(w):
    with pytest.raises(ag.CheckError):
        ag.diff(refilled, w, np.zeros(3), check=True)
    assert ag.grad(ag.diff(refilled, w, np.zeros(3)), w).tolist() == [3.0, 3.0, 3.0]
