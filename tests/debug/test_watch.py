"""watch="nan": the operation, its line and its arguments."""

import numpy as np
import pytest

import autograd_tools as ag

W = np.array([1.0, 0.0, 2.0])


@pytest.fixture
def w():
    return ag.Param(W, name="w")


def found(f):
    """Return the error message of watching `f` without the line, which is always in this file."""
    with pytest.raises(ag.NonFiniteError) as error:
        ag.diff(f, watch="nan")
    return [line for line in str(error.value).split("\n") if not line.startswith(("  at ", "    "))]


# Forward.


def test_the_error_names_the_operation_and_its_arguments(w):
    assert found(lambda: np.sum(np.log(w))) == [
        "log produced -inf in 1 of 3 elements, first at [1]",
        "  node 2",
        "  log[1], the Param w: float64[3] [1. 0. 2.]",
        "  value: float64[3] [0. -inf 0.693147]",
    ]


def test_the_error_shows_the_users_line(w):
    with pytest.raises(ag.NonFiniteError) as error:
        ag.diff(lambda: np.sum(np.log(w)), watch="nan")
    place, code = str(error.value).split("\n")[1:3]
    assert place.startswith("  at ")
    assert place.endswith(".<locals>.<lambda>")
    assert "test_watch.py:" in place
    assert code == '    ag.diff(lambda: np.sum(np.log(w)), watch="nan")'


def test_it_stops_where_the_operation_is_called(w):
    reached = []

    def f():
        y = np.log(w)
        reached.append("after")
        return np.sum(y)

    found(f)
    assert reached == []


def test_the_error_shows_the_elements_responsible_in_large_arrays():
    w = ag.Param(np.arange(100.0).reshape(4, 25) - 30, name="w")
    b = np.ones((4, 1))
    b[1] = -1.0

    def f():
        with ag.scope("rates"):
            return np.sum(b / w)

    assert found(f) == [
        "divide produced -inf in 1 of 100 elements, first at [1, 5]",
        "  node 2, scope test_the_error_shows_the_elements_responsible_in_large_arrays.f/rates",
        "  divide[1], a constant: float64[4,1] [[ 1.] [-1.] [ 1.] [ 1.]]",
        "  divide[2], the Param w: float64[4,25], 0.0 at [1, 5], min -30, max 69",
        "  value: float64[4,25], -inf at [1, 5], min -1, max 1",
    ]


def test_a_nan_from_inf_is_reported(w):
    lines = found(lambda: np.sum((w + np.inf) - (w + np.inf)))
    assert lines[0] == "subtract produced nan in 3 of 3 elements, first at [0]"


def test_an_earlier_nan_does_not_excuse_its_neighbours(w):
    lines = found(lambda: np.sum(np.log(w * np.array([np.nan, 1.0, 1.0]))))
    assert lines[0] == "log produced -inf in 1 of 3 elements, first at [1]"


def test_complex_numbers_are_watched():
    z = ag.Param(np.array([0j, 1j]))
    assert found(lambda: np.sum(np.abs(1 / z)))[0].endswith("in 1 of 2 elements, first at [0]")


def test_a_function_of_several_arrays_tells_of_each():
    a, b = ag.Param(1e308, name="a"), ag.Param(1.0)
    lines = found(lambda: np.sum(np.linalg.det(np.diag(np.stack([a, a * b])))))
    assert lines[0] == "linalg.det produced inf"


def test_an_outer_operation_is_found_inside_an_inner_recording(w):
    lines = found(lambda: ag.grad(lambda x: np.sum(x * np.log(w)))(2.0))
    assert lines[0] == "log produced -inf in 1 of 3 elements, first at [1]"


# Backward.


def test_the_gradient_that_made_an_inf_is_named_by_argument(w):
    assert found(lambda: np.sum(np.sqrt(w))) == [
        "the gradient sqrt[1] produced inf in 1 of 3 elements, first at [1]",
        "  node 2",
        "  sqrt[1], the Param w: float64[3] [1. 0. 2.]",
        "  value: float64[3] [1. 0. 1.414214]",
        "  outgrad: float64[3] [1. 1. 1.]",
    ]


def test_the_gradient_of_an_unused_value_may_be_nan(w):
    lines = found(lambda: np.sum(np.where(W > 0, np.sqrt(w), 0.0)))
    assert lines[0] == "the gradient sqrt[1] produced nan in 1 of 3 elements, first at [1]"


def test_the_second_argument_is_counted_from_one():
    x = ag.Param(0.0)
    assert found(lambda: np.maximum(x, -1.0) ** 0.5)[0] == "the gradient power[1] produced inf"
    b = ag.Param(np.array([1e-200]))
    assert (
        found(lambda: np.sum(1.0 / b))[0]
        == "the gradient divide[2] produced -inf in 1 of 1 elements, first at [0]"
    )


def test_an_overflowing_sum_of_gradients_is_named():
    x = ag.Param(1e-300)
    assert (
        found(lambda: x * 1e308 + x * 1e308)[0]
        == "the gradient of node 1 is inf: a sum of finite gradients overflowed"
    )


def test_a_hook_that_returns_a_nan_is_named():
    x = ag.Param(1.0)
    assert (
        found(lambda: ag.on_grad(x * 2, lambda dy: dy * np.nan))[0]
        == "the gradient of node 2 is nan: a hook of on_grad returned it"
    )


def test_record_watches_forward_and_backward(w):
    with pytest.raises(ag.NonFiniteError, match=r"^log produced -inf"), ag.record(watch="nan"):
        np.log(w)
    with ag.record(watch="nan") as J:
        loss = np.sum(np.sqrt(w))
    with pytest.raises(ag.NonFiniteError, match=r"^the gradient sqrt\[1\] produced inf"):
        J.backward(loss)


# NaNs in Params and constants.


def test_the_error_names_a_param_with_a_nan():
    lines = found(lambda: np.sum(ag.Param(np.array([1.0, np.nan]), name="b") * 2))
    assert lines[:2] == [
        "the result is nan; no operation produced it",
        "  the NaN or Inf comes from the Param b",
    ]


def test_the_error_names_a_constant_with_a_nan(w):
    lines = found(lambda: np.sum(w * np.array([1.0, np.nan, 1.0])))
    assert lines[0] == "the result is nan; no operation produced it"
    assert lines[1].startswith("  the NaN or Inf comes from multiply[2], a constant, at ")


def test_a_nan_constant_that_reaches_a_gradient_is_reported(w):
    lines = found(lambda: np.nansum(w * np.array([1.0, np.nan, 1.0])))
    assert lines[0] == "the gradient multiply[1] produced nan in 1 of 3 elements, first at [1]"
    assert lines[1].startswith("  the NaN or Inf comes from multiply[2], a constant, at ")


def test_a_nan_that_is_masked_before_it_matters_accuses_nobody(w):
    y = np.array([1.0, np.nan, 3.0])
    J = ag.diff(lambda: np.sum(np.where(np.isnan(y), 0.0, w - y) ** 2), watch="nan")
    assert ag.grad(J, w).tolist() == [0.0, 0.0, -2.0]


def test_a_mask_of_minus_inf_accuses_nobody(w):
    def attention():
        e = np.exp(np.where(W > 0, w, -np.inf) - 2.0)
        return (e / np.sum(e))[0]

    assert ag.value(ag.diff(attention, watch="nan")) == pytest.approx(0.2689414213699951)


def test_finite_values_are_the_same_with_a_watch(w):
    def f():
        return np.sum(np.exp(w[:2]) * w[0] + np.linalg.norm(w))

    watched, plain = ag.diff(f, watch="nan"), ag.diff(f)
    assert ag.grad(watched, w).tolist() == ag.grad(plain, w).tolist()
    assert str(watched) == str(plain)


# State and bad input.


def test_after_the_error_all_is_as_before(w):
    before = np.geterr()
    found(lambda: np.sum(np.log(w)))
    assert np.geterr() == before
    assert type(w * 2) is np.ndarray
    assert ag.grad(ag.diff(lambda: np.sum(w)), w).tolist() == [1.0, 1.0, 1.0]


def test_the_tape_of_a_stopped_block_can_be_inspected(w):
    with pytest.raises(ag.NonFiniteError), ag.record(watch="nan") as J:
        np.log(w)
    assert str(J).endswith("2. float64[3] = log(P(float64[3]))")


def test_the_error_is_a_floating_point_error(w):
    with pytest.raises(FloatingPointError):
        ag.diff(lambda: np.sum(np.log(w)), watch="nan")


def test_hostile_names_stay_on_their_line():
    w = ag.Param(np.zeros(2), name="a\nb</script>" + "x" * 10_000)
    lines = found(lambda: np.sum(np.log(w)))
    assert len(lines) == 4
    assert lines[2].startswith("  log[1], the Param a\\nb</script>xxx")
    assert len(lines[2]) == 303


@pytest.mark.parametrize("watch", ["inf", "NaN", True])
def test_an_unknown_watch_lists_the_valid_ones(w, watch):
    with pytest.raises(ValueError, match=rf"unknown watch {watch!r}; choose nan"):
        ag.diff(lambda: np.sum(w), watch=watch)


def test_an_unknown_watch_of_a_block_lists_the_valid_ones():
    with pytest.raises(ValueError, match="unknown watch 'inf'; choose nan"), ag.record(watch="inf"):
        pass
