"""Where a series of gradients goes wrong."""

import math

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.tracing.gradient_norms import NO_GRADIENT, Norm, norm_of
from autograd_tools.tracing.series import Series
from viewer.drawing.history_page import history_html


def series(losses, **columns):
    """Return a series of losses and norms; a norm that is NaN or infinite counts 2 of them."""
    made = Series("loss", "train.py", 3)
    numbers = {name: made.column(name) for name in columns}
    for i, loss in enumerate(losses):
        made.add(loss, 1, 2, {numbers[name]: norm(columns[name][i]) for name in columns})
    return made


def norm(x):
    if x is None:
        return NO_GRADIENT
    return Norm(x, 2 * math.isnan(x), 2 * math.isinf(x))


def found(losses, **columns):
    """Return step, kind and Param of each finding."""
    return [finding[:3] for finding in series(losses, **columns).findings()]


def test_a_healthy_training_has_no_findings():
    assert found([3.0, 2.0, 1.0] * 5, w=[1.0, 0.5, 0.2] * 5, b=[None, 0.1, 0.1] * 5) == []


def test_the_first_loss_that_is_not_finite_is_found():
    assert found([1.0, math.inf, math.nan], w=[1.0, 1.0, 1.0]) == [(1, "inf", None)]
    assert found([1.0, -math.inf]) == [(1, "inf", None)]


def test_each_param_has_its_first_nan_and_inf():
    w, b = [1.0, math.inf, math.nan, math.nan], [1.0, 1.0, math.nan, 1.0]
    assert found([1.0] * 4, w=w, b=b) == [(1, "inf", "w"), (2, "nan", "b"), (2, "nan", "w")]
    assert series([1.0] * 4, w=w, b=b).findings()[0].value == 2


def test_of_one_step_the_loss_is_first_and_then_the_last_param():
    assert found([math.nan], a=[math.nan], b=[math.nan]) == [
        (0, "nan", None),
        (0, "nan", "b"),
        (0, "nan", "a"),
    ]


@pytest.mark.parametrize("size", [100.1, 1e300])
def test_a_gradient_explodes_at_a_hundred_times_its_mean(size):
    assert found([1.0] * 7, w=[1.0] * 6 + [size]) == [(6, "exploded", "w")]


def test_a_gradient_that_grows_slowly_explodes_too():
    assert found([1.0] * 200, w=[1.1**i for i in range(200)]) == [(100, "exploded", "w")]


def test_large_gradients_and_first_steps_explode_not():
    assert found([1.0] * 7, w=[1.0] * 6 + [99.9]) == []
    assert found([1.0] * 5, w=[1.0] * 4 + [1e9]) == []


def test_a_gradient_that_is_often_large_explodes_not():
    assert found([1.0] * 9, w=[4.0] + [1e-3] * 7 + [4.1]) == []


def test_a_gradient_that_stays_small_beside_others_explodes_not():
    assert found([1.0] * 7, w=[1e-3] * 6 + [0.5], v=[1.0] * 7) == []


def test_a_gradient_vanishes_below_a_millionth_of_the_largest():
    assert found([1.0] * 9, w=[1.0] * 9, v=[1e-3] * 4 + [0.9e-6] * 5) == [(4, "vanished", "v")]


def test_a_small_gradient_that_comes_back_has_not_vanished():
    assert found([1.0] * 9, w=[1.0] * 9, v=[1e-9] * 8 + [1.0]) == []
    assert found([1.0] * 9, w=[1.0] * 9, v=[1e-3] * 7 + [1e-9] * 2) == []


def test_a_gradient_beside_one_that_explodes_has_not_vanished():
    growing = [1e3**i for i in range(9)]
    assert found([1.0] * 9, w=growing, v=[1e-3] * 9) == [(5, "exploded", "w")]
    assert found([1.0] * 9, w=growing, v=[1e-3] * 2 + [1e-12] * 7) == [
        (2, "vanished", "v"),
        (5, "exploded", "w"),
    ]


def test_gradients_that_shrink_together_vanish_not():
    shrinking = [10.0**-i for i in range(20)]
    assert found([1.0] * 20, w=shrinking, v=shrinking) == []


def test_what_is_small_after_the_training_has_converged_has_not_vanished():
    w = [1.0] * 5 + [1e-3] * 5
    assert found([1.0] * 10, w=w, v=[1.0] * 5 + [1e-12] * 5) == []
    assert found([1.0] * 10, w=w, v=[1e-9] * 5 + [1e-3] * 5) == [(0, "vanished", "v")]


def test_a_gradient_that_stays_zero_is_found_from_its_first_step():
    assert found([1.0] * 9, w=[1.0] * 9, v=[0.0, 1.0] + [0.0] * 7) == [(2, "zero", "v")]
    assert found([1.0], w=[0.0]) == [(0, "zero", "w")]


def test_a_gradient_that_is_often_zero_has_to_be_zero_for_longer():
    often = [0.0] * 5 + [1.0]
    assert found([1.0] * 16, w=[1.0] * 16, v=often + [0.0] * 4 + often) == []
    assert found([1.0] * 12, w=[1.0] * 12, v=[*often, *often[:5], 0.0]) == [(6, "zero", "v")]


def test_vanishing_is_looked_for_before_the_first_nan():
    v = [1e-9] * 5 + [math.nan]
    assert found([1.0] * 6, w=[1.0] * 5 + [math.nan], v=v) == [
        (0, "vanished", "v"),
        (5, "nan", "v"),
        (5, "nan", "w"),
    ]


def test_a_param_that_comes_late_has_no_findings_before():
    assert found([1.0] * 9, w=[1.0] * 9, v=[None] * 4 + [0.0] * 5) == [(4, "zero", "v")]


def test_a_long_series_keeps_what_stands_out(monkeypatch):
    monkeypatch.setattr("autograd_tools.tracing.series.MOST", 700)
    n = 20_000
    w, loss = [1.0 + 0.5 * (i % 2) for i in range(n)], [2.0 + i % 3 for i in range(n)]
    w[12_345], loss[777], loss[778], w[17_001] = 500.0, 0.5, 9.0, math.nan
    made = series(loss, w=w)
    numbers = made.numbers
    assert made.steps == n
    assert len(numbers.step) <= 101
    assert np.diff(numbers.step).max() <= 1024
    assert {0, 777, 778, 12_345, 17_001, n - 1} <= {*numbers.step.tolist()}
    assert [finding[:3] for finding in made.findings()] == [
        (12_345, "exploded", "w"),
        (17_001, "nan", "w"),
    ]
    assert all(numbers.loss[i] == loss[step] for i, step in enumerate(numbers.step))


def test_a_long_series_keeps_the_first_step_of_a_zero_gradient(monkeypatch):
    monkeypatch.setattr("autograd_tools.tracing.series.MOST", 700)
    made = series([1.0] * 5000, w=[1.0] * 5000, v=[1.0] * 1234 + [0.0] * 3766)
    assert [finding[:3] for finding in made.findings()] == [(1234, "zero", "v")]


def test_many_params_keep_some_rows(monkeypatch):
    monkeypatch.setattr("autograd_tools.tracing.series.MOST", 1000)
    made = series(
        [1.0] * 500, **{f"w{i}": [float(j % (i + 2)) for j in range(500)] for i in range(90)}
    )
    assert 32 <= len(made.numbers.step) <= 65


BAD = [
    ([math.nan, 1.0, math.inf], (math.nan, 1, 1)),
    ([-math.inf, 1.0], (math.inf, 0, 1)),
    ([1e300, 1e300], (math.sqrt(2) * 1e300, 0, 0)),
    ([1.7e308, 1.7e308], (math.inf, 0, 0)),
    ([3e-200, 4e-200], (5e-200, 0, 0)),
    ([complex(3, 4), complex(math.nan, 0)], (math.nan, 1, 0)),
    ([0.0, 0.0], (0.0, 0, 0)),
    ([], (0.0, 0, 0)),
]


@pytest.mark.parametrize(("x", "expected"), BAD)
@pytest.mark.parametrize("handling", ["warn", "raise"])
def test_norms_of_extreme_gradients_are_right(x, expected, handling):
    with np.errstate(all=handling):
        assert norm_of(np.array(x)) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("x", [1e200, -1e-200, math.inf])
def test_norms_of_extreme_numbers_are_right(x):
    with np.errstate(all="raise"):
        assert norm_of(np.float64(x)).norm == norm_of(x).norm == abs(x)


def test_extreme_numbers_make_no_warnings(monkeypatch):
    monkeypatch.setattr("autograd_tools.tracing.series.MOST", 400)
    w = [5e-324, 1e308, 0.0, 1e-300, math.inf, math.nan, None, 1e-320] * 20
    with np.errstate(all="raise"):
        made = series([1e308, -1e308, 5e-324, math.nan] * 40, w=w, v=w[::-1])
        made.findings()
        assert len(str(ag.History([made]))) > 100
        assert len(history_html(ag.History([made]))) > 1000


def test_norms_of_single_precision_are_right():
    assert norm_of(np.full(4, 1e30, np.float32)).norm == pytest.approx(2e30)
    assert norm_of(np.full(4, 1e-30, np.float32)).norm == pytest.approx(2e-30)


def test_what_is_no_number_has_no_norm():
    assert norm_of(None) == norm_of(np.array(["a"])) == NO_GRADIENT
