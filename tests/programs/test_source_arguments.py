"""What a source takes and hands out: containers, one array twice, integers, copies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.sources import checked, function_of

import autograd_tools as ag

X = np.array([1.0, 2.0])
W, B = np.array([[0.5, 0.1], [-0.2, 0.3]]), np.array([0.1, -0.1])


def total(x: Any, parts: Any) -> Any:
    for part in parts:
        x = x * part
    return np.sum(x)


def by_key(x: Any, parts: dict[str, Any]) -> Any:
    return total(x, parts.values())


def network(x: Any, layers: Any) -> Any:
    for w, b in layers:
        x = np.tanh(w @ x + b)
    return np.sum(x)


def rows(x: Any, layers: Any) -> Any:
    for layer in layers:
        x = np.tanh(layer["w"] @ x + layer["b"])
    return np.sum(x)


@pytest.mark.parametrize(
    ("f", "parts", "other"),
    [
        (total, [], [2.0]),
        (by_key, {}, {"a": 2.0}),
        (by_key, {"a": 2.0}, {"a": 2.0, "b": 3.0}),
        (network, [(W, B)], [(W, B), (W, B)]),
        (rows, [{"w": W, "b": B}] * 2, [{"w": W, "b": B}] * 3),
    ],
)
def test_containers_of_another_length_are_an_error(f: Any, parts: Any, other: Any) -> None:
    function = function_of(checked(f, X, parts))
    with pytest.raises(ValueError, match="write the source again"):
        function(X, other)


def test_lengths_of_containers_in_a_list_are_compared_together() -> None:
    text = ag.source(rows, X, [{"w": W, "b": B}, {"w": W + 1, "b": B + 1}])
    assert "given = [len(a) for a in (layers, *layers)]" in text
    assert "expected = [2, 2, 2]" in text


def test_one_array_given_twice_is_two_arguments() -> None:
    gradient = ag.grad(lambda a, b: np.sum(a * np.sin(b)), (0, 1))
    function = function_of(ag.source(gradient, X, X))
    da, db = function(np.array([1.0, 1.0]), np.array([0.0, np.pi / 2]))
    np.testing.assert_allclose([da, db], [[0.0, 1.0], [1.0, 0.0]], atol=1e-15)


def test_an_integer_that_is_a_size_is_a_constant() -> None:
    def f(x: Any, n: int) -> Any:
        return np.sum(x ** np.arange(1, n))

    function = function_of(checked(f, np.float64(2.0), 4))
    assert function(3.0, 4) == 39.0
    with pytest.raises(ValueError, match="write the source again"):
        function(3.0, 5)


def test_small_integer_arrays_that_are_constants_are_compared() -> None:
    def f(x: Any, shape: Any) -> Any:
        return np.sum(np.zeros(tuple(map(int, np.asarray(shape)))) + x)

    function = function_of(checked(f, 2.0, np.array([2, 3])))
    assert function(1.0, np.array([2, 3])) == 6.0
    with pytest.raises(ValueError, match="write the source again"):
        function(1.0, np.array([2, 4]))


def test_results_share_no_memory_with_each_other() -> None:
    def f(x: Any) -> Any:
        y = np.sin(x)
        return y, y.copy(), np.sin(x)

    found = function_of(checked(f, X))(X)
    assert not np.shares_memory(found[0], found[1])
    assert not np.shares_memory(found[0], found[2])
    assert not np.shares_memory(found[1], found[2])


def test_a_copy_of_a_finished_array_is_the_array_everywhere() -> None:
    def steepest(x: Any) -> Any:
        g = ag.grad(lambda x: np.sum(x[1:] * x[:-1] ** 2))(x)
        d = -g.copy()
        return x + d, g @ d

    assert "d = -g\n" in checked(steepest, np.array([1.0, 2.0, 3.0]))


def test_a_power_of_a_float_stays_real() -> None:
    function = function_of(checked(ag.value_and_grad(lambda a: a ** (1 / 3)), 8.0))
    with np.errstate(invalid="ignore"):
        value, gradient = function(-8.0)
    assert np.isnan(value)
    assert np.isnan(gradient)


def test_a_whole_power_of_a_float_reads_as_written() -> None:
    assert "return float(3 * a**2)" in checked(ag.grad(lambda a: a**3), 2.0)


def test_names_with_numbers_stay_those_of_the_user_s_variables() -> None:
    def f(x: Any) -> Any:
        x_2 = np.sin(x)
        x = np.cos(x_2) + x
        y = x * x_2
        x = np.tanh(x) * y
        x_3 = x + y
        x = x * x_3 + x_2
        return np.sum(x * x_2 * x_3 * y)

    for derivative in (f, ag.grad(f), ag.hessian(f)):
        text = checked(derivative, X)
    assert "x_2 = np.sin(x)" in text


def test_arguments_with_numbers_are_never_assigned() -> None:
    def f(d_x: Any, x: Any, d_x_2: Any, x_2: Any) -> Any:
        y = d_x * x
        y_2 = y * d_x_2
        y = y + y_2 * x_2
        return np.sum(y * np.sin(y_2) * x)

    checked(ag.grad(f, (0, 1, 2, 3)), X, X + 1, X + 2, X + 3)
    checked(ag.grad(lambda p: np.sum(p["a b"] * p["c d"]) * p[3]), {"a b": X, "c d": X, 3: 2.0})


def test_a_whole_number_that_is_read_from_a_float_is_compared() -> None:
    function = function_of(checked(lambda x: x * int(x * 3), 1.5))
    assert function(1.4) == 5.6
    with pytest.raises(ValueError, match="written for the branch"):
        function(2.0)


def test_lists_in_lists_are_unpacked_in_parentheses() -> None:
    assert "(tolist, tolist_2), (tolist_3, tolist_4) = x.tolist()" in checked(
        lambda x: x.tolist(), W
    )
    checked(lambda x: x[:1].tolist(), W)
    checked(lambda x: x[:, :1].tolist(), W)


def test_an_array_of_another_byte_order_is_an_argument() -> None:
    swapped = np.array([1.0, 2.0], ">f8")
    checked(lambda x: x * swapped, X, more=(swapped,))


def test_a_generator_that_the_function_makes_is_followed() -> None:
    checked(lambda x: np.random.default_rng(0).normal(size=2) * x, X)


def test_quotes_in_the_name_of_a_function_stay_in_its_docstring() -> None:
    def f(x: Any) -> Any:
        return x * 2

    f.__name__ = 'a"""\nb'
    assert checked(f, X).splitlines()[4] == '    """a\'\'\' b: x float64[2]."""'


def test_an_exact_source_sums_in_the_order_of_the_layout() -> None:
    rng = np.random.default_rng(3)
    args = [rng.normal(size=shape) for shape in ((2, 3, 4), (4, 2), (3, 2))]

    def f(a: Any, b: Any, c: Any) -> Any:
        return np.sum(np.einsum("ijk,kl,jm->ilm", a, b, c) ** 2)

    checked(ag.grad(f, (0, 1, 2)), *args)


def test_the_negative_of_a_product_of_unsigned_integers_is_taken_last() -> None:
    for dtype in (np.uint8, np.int8, bool):
        text = checked(lambda x: -(x * 0.5), np.array([1, 0, 1], dtype))
    assert "return -(x * 0.5)" in text
    assert "return -x * 0.5" in checked(lambda x: -(x * 0.5), X)


def test_an_exact_source_multiplies_transposed_constants_as_the_gradient_does() -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        checked(
            ag.grad(lambda b, w: np.sum(b @ w.T * b)), rng.normal(size=3), rng.normal(size=(3, 3))
        )


def test_numpys_negative_of_a_float_stays_numpys_number() -> None:
    text = checked(lambda x, s: x * np.negative(s), np.ones(2, np.float32), 0.1)
    assert "return x * np.negative(s)" in text
    assert "return 0.5 - -x" in checked(lambda x: 0.5 - np.negative(x), X)


def test_a_power_of_a_float_beside_single_precision_is_numpys_number() -> None:
    gradient = ag.value_and_grad(lambda x, s: np.sum(x * s**2), (0, 1))
    assert "np.float64(s) ** 2" in checked(gradient, np.ones(2, np.float32), 0.1).replace(
        "**2", " ** 2"
    )
