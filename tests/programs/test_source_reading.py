"""The source of gradients of programs as people write them: how long it is, and how it reads."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from support.sources import checked
from support.written_programs import PROGRAMS

import autograd_tools as ag

LINES = {
    "rk4_scalar": 81, "rk4_loss": 119, "rk4_vector": 65, "lstm": 88, "rnn": 39, "attention": 52,
    "kalman": 52, "kalman_matrix": 79, "logistic": 29, "gp": 42, "mixture": 39, "nbody": 65,
    "conv": 45, "beam": 45,
}  # fmt: skip


def source_of(name: str) -> str:
    f, *args = PROGRAMS[name]
    return ag.source(f, *args)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_written_program_has_a_short_source(name: str) -> None:
    f, *args = PROGRAMS[name]
    lines = checked(f, *args).splitlines()
    assert len(lines) == LINES[name]
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("name", ["rk4_scalar", "rk4_loss", "rk4_vector"])
def test_gradients_have_the_names_of_the_user_s_variables(name: str) -> None:
    text = source_of(name)
    for known in ("k1", "k2", "k3", "k4"):
        assert re.search(rf"\bd_{known}[xy]? = ", text)


def test_variables_of_tuples_have_their_names() -> None:
    text = source_of("attention")
    assert "q = x @ Wq\n    k = x @ Wk\n    v = x @ Wv\n" in text
    assert "d_Wk = x.T @ d_k" in text


def test_the_last_turn_adds_to_zero_and_the_first_goes_on() -> None:
    text = source_of("rnn")
    assert "d_h = np.zeros(4)" in text
    assert text.count("for t in reversed(range(100)):") == 1
    assert text.count("d_y = ") == 1


def test_a_state_without_a_gradient_at_the_end_has_one_of_zero() -> None:
    text = source_of("kalman")
    assert "d_P = 0.0" in text
    assert "for t in reversed(range(40)):" in text


def test_arithmetic_on_stored_values_is_done_again() -> None:
    text = source_of("kalman")
    assert "Ps, Ss, Ks, vs = [], [], [], []" in text
    assert text.count("append") == 4


def test_minus_signs_are_differences() -> None:
    def loss(x: Any, y: Any) -> Any:
        return np.sum((x - y) * np.cos(x))

    text = checked(ag.grad(loss), np.ones(3), np.arange(3.0))
    assert "+ -" not in text
    assert "-(" not in text


def test_numbers_of_numpy_are_plain_ones_between_scalars() -> None:
    def cube(x: Any) -> Any:
        return x * x * x

    assert "np.float64(" not in checked(ag.grad(cube), 2.0)


def test_numbers_of_numpy_stay_where_python_would_raise() -> None:
    text = checked(ag.grad(lambda x: np.log(x) * 2.0), 2.0)
    assert "np.float64(2.0) / x" in text


def test_quotients_of_short_numbers_are_quotients() -> None:
    assert "0.1 / 7 * x" in checked(lambda x: 0.1 / 7 * x, np.ones(3))


def test_powers_stand_close_to_plain_operands() -> None:
    assert "np.sum(x**2 * x[:2].sum() ** 2)" in checked(
        lambda x: np.sum(x**2 * x[:2].sum() ** 2), np.ones(3)
    )


def test_a_value_that_is_only_stored_has_no_name() -> None:
    assert "loss_parts.append(y - ys[t])" in source_of("rnn")


def test_a_gradient_that_is_infinite_at_the_start_is_left_out() -> None:
    def loss(w: Any, x: Any) -> Any:
        h, total = np.zeros(3), 0.0
        for t in range(len(x)):
            h = np.tanh(np.sqrt(h) @ w + x[t])
            total = total + np.sum(h)
        return total

    text = checked(ag.grad(loss), np.eye(3), np.ones((20, 3)))
    assert "np.sqrt" in text


def test_a_small_array_in_several_places_has_its_name() -> None:
    text = source_of("kalman_matrix")
    assert text.count("np.array(") == 1
    assert "    H = np.array([[1.0, 0.0]])\n" in text
    assert "S = H @ P_2 @ H.T + 0.1" in text


def test_arrays_of_one_name_are_written_out() -> None:
    def first(x: Any) -> Any:
        H = np.array([1.0, 2.0, 3.0])
        return np.sum(np.sin(x * H) * H)

    def second(x: Any) -> Any:
        H = np.array([3.0, 1.0, 2.0])
        return np.sum(np.cos(x * H) * H)

    text = checked(ag.grad(lambda x: first(x) * second(x)), np.ones(3))
    assert "H = " not in text


def test_a_named_array_keeps_clear_of_arguments() -> None:
    def loss(x: Any, expected: Any) -> Any:
        given = np.array([1.0, 2.0, 4.0])
        return np.sum(np.sin(x * given) * given * expected)

    assert "given = np.array" in checked(ag.grad(loss), np.ones(3), np.ones(3))


def filtered(q: Any, y: Any) -> Any:
    h, m, p = np.array([[1.0, 0.0]]), np.zeros(2), np.eye(2)
    for measured in y:
        p = p + q * np.eye(2)
        k = p @ h.T / (h @ p @ h.T)
        m = m + k @ (measured - h @ m)
        p = p - k @ h @ p
    return np.sum(m)


def powers(x: Any) -> Any:
    for _ in range(5):
        x = np.sin(x) ** np.array([2.0, 3.0])
    return np.sum(x)


def sorted_slope(z: Any) -> Any:
    def steps(x: Any) -> Any:
        for _ in range(4):
            x = np.tanh(np.sort(x) + np.array([1.0, 2.0, 3.0]) * x)
        return np.sum(x)

    return np.sum(ag.grad(steps)(z))


CONSTANTS: dict[str, tuple[Any, ...]] = {
    "product": (ag.grad(filtered), np.array(0.3), np.ones(4)),
    "index": (lambda x: np.sum(x[np.array([0, 1, 1])] * np.array([1.0, 2.0, 3.0])), np.ones(2)),
    "constant at an index": (ag.grad(sorted_slope), np.array([0.3, 0.7, 0.5])),
    "power": (ag.grad(powers), np.array([0.3, 0.7])),
    "divisor": (lambda x: np.sum(np.float64(2.0) * x / np.array([1.0, 2.0])), 0.3),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_constant_array_may_be_an_operand(name: str) -> None:
    f, *args = CONSTANTS[name]
    assert checked(f, *args)


def test_the_gradient_of_a_diagonal_is_a_diagonal_matrix() -> None:
    text = checked(ag.grad(lambda L: np.sum(np.log(np.diag(L)))), np.eye(3) + 0.5)
    assert "d_L = np.diag(1.0 / np.diagonal(L))" in text


def test_the_gradient_of_a_column_is_a_sum_over_its_axis() -> None:
    text = checked(ag.grad(lambda m, x: np.sum((x - m[:, None]) ** 2)), np.ones(3), np.eye(3))
    assert "d_m = np.sum(-2.0 * (x - m[:, None]), axis=1)" in text


def test_a_column_times_a_row_is_an_outer_product() -> None:
    text = checked(ag.grad(lambda A, b: np.sum(np.linalg.solve(A, b))), np.eye(3) * 2, np.ones(3))
    assert "np.outer(" in text
