"""The source of gradients: what it computes, and how it reads."""

from __future__ import annotations

import re
from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from support.random_loops import random_function, random_steps
from support.sources import checked, function_of

import autograd_tools as ag
from autograd_tools.programs.capturing.capture import UncapturedError

RNG = np.random.default_rng(0)


def normal(*shape: int) -> Any:
    return RNG.normal(size=shape)


def network(w: Any, u: Any, b: Any, x: Any) -> Any:
    h = np.zeros(3)
    total = 0.0
    for t in range(len(x)):
        h = np.tanh(w @ h + u @ x[t] + b)
        total = total + np.sum(h**2)
    return total


def layers(p: Any, x: Any, y: Any) -> Any:
    h = np.tanh(x @ p["w1"] + p["b1"])
    z = h @ p["w2"] + p["b2"]
    z = z - np.max(z, axis=1, keepdims=True)
    logp = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.sum(logp * y)


def attention(q: Any, k: Any, v: Any) -> Any:
    s = q @ k.T / np.sqrt(3)
    p = np.exp(s - np.max(s, axis=1, keepdims=True))
    p = p / np.sum(p, axis=1, keepdims=True)
    return np.sum((p @ v) ** 2)


def gaussian_process(theta: Any, x: Any, y: Any) -> Any:
    d = x[:, None] - x[None, :]
    K = np.exp(theta[0] - d**2 / np.exp(theta[1])) + np.eye(len(x)) * np.exp(theta[2])
    L = np.linalg.cholesky(K)
    a = np.linalg.solve(L, y)
    return 0.5 * np.sum(a**2) + np.sum(np.log(np.diag(L)))


def pendulum(y0: Any, k: Any, dt: Any) -> Any:
    def slope(y: Any) -> Any:
        return np.stack([y[1], -k * y[0]])

    y = y0
    for _ in range(60):
        middle = y + dt / 2 * slope(y)
        y = y + dt * slope(middle)
    return np.sum(y**2)


def nested(weights: Any, x: Any) -> Any:
    for _ in range(20):
        h = x
        for w in weights:
            h = np.tanh(w @ h)
        x = h + x / 2
    return np.sum(x)


def branched(w: Any, x: Any) -> Any:
    h = np.maximum(w @ x, 0)
    if np.sum(h) > 0:
        h = h * 2
    else:
        h = h - 1
    return np.sum(h * h)


def differences(x: Any) -> Any:
    total = 0.0
    for i in range(1, len(x)):
        total = total + (x[i] - x[i - 1]) ** 2
    return total


def smooth(x: Any) -> Any:
    return np.sum(np.sin(x) ** 3 * x)


P = {"w1": normal(4, 5), "b1": normal(5), "w2": normal(5, 3), "b2": normal(3)}
ONE_HOT = np.eye(3)[[0, 1, 2, 0, 1, 2]]

CASES: dict[str, tuple[Any, ...]] = {
    "a network": (ag.grad(layers), P, normal(6, 4), ONE_HOT),
    "a recurrent network": (
        ag.value_and_grad(network, (0, 1, 2)), normal(3, 3), normal(3, 2), normal(3), normal(50, 2),
    ),
    "attention": (ag.grad(attention, (0, 1, 2)), normal(5, 3), normal(5, 3), normal(5, 3)),
    "a Gaussian process": (ag.grad(gaussian_process), np.zeros(3), normal(8), normal(8)),
    "an ODE": (ag.grad(pendulum, (0, 1)), np.ones(2), 1.5, 0.01),
    "nested loops": (ag.grad(nested), [normal(3, 3) / 2 for _ in range(5)], np.ones(3)),
    "a branch": (ag.grad(branched), np.ones((3, 4)), np.ones(4)),
    "indices": (ag.grad(differences), normal(30)),
    "a gradient of a gradient": (ag.grad(lambda x: np.sum(ag.grad(smooth)(x) ** 2)), normal(4)),
    "a Hessian times a vector": (ag.hessian_vector_product(smooth), normal(4), normal(4)),
    "a Jacobian": (ag.jacobian(lambda x: np.sin(x) * x[::-1]), normal(3)),
    "complex numbers": (ag.grad(lambda x: np.sum(np.abs(np.fft.fft(x) * 1j) ** 2)), normal(4)),
    "a number": (ag.grad(lambda x: np.sin(x) * x**2), 0.7),
    "single precision": (
        ag.grad(lambda w, x: np.sum(np.tanh(w * x) * 0.5)),
        normal(3).astype(np.float32), normal(3).astype(np.float32),
    ),
    "a mask": (ag.grad(lambda x: np.sum(x[x > 0] ** 2)), normal(6)),
    "sorted numbers": (ag.grad(lambda x: np.sum(np.sort(x)[:2] ** 2)), normal(6)),
    "the function itself": (layers, P, normal(6, 4), ONE_HOT),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_source_gives_the_numbers_of_the_function(name: str) -> None:
    checked(*CASES[name])


def test_a_gradient_reads_as_if_written_by_hand() -> None:
    def loss(w: Any, x: Any) -> Any:
        h = np.tanh(w @ x)
        return np.sum(h**2)

    text = re.sub(r"line \d+", "line N", checked(ag.grad(loss), np.eye(3), np.ones(3)))
    assert (
        text
        == '''\
import numpy as np


def grad_loss(w, x):
    """grad(loss): w float64[3,3], x float64[3]."""
    expected = [(3, 3), (3,)], np.dtype(float)
    given = [a.shape for a in (w, x)], np.result_type(w, x, 0.0)
    if given != expected:
        raise ValueError(f"expected {expected}, got {given}; write the source again")
    h = np.tanh(w @ x)
    # gradient of line N: return np.sum(h**2)
    d_h = 2.0 * h
    # gradient of line N: h = np.tanh(w @ x)
    d_w = np.outer(d_h * (1 - h * h), x)
    return d_w
'''
    )


def test_a_loop_is_a_loop_forwards_and_backwards() -> None:
    def loss(w: Any) -> Any:
        h = w
        for _ in range(100):
            h = np.sin(h) * w
        return np.sum(h)

    text = checked(ag.grad(loss), np.linspace(0.1, 1, 3))
    assert "for _ in range(100):" in text
    assert "for t in reversed(range(100)):" in text
    assert len(text.splitlines()) == 27


@pytest.mark.parametrize("steps", [100, 2000])
def test_a_recurrent_network_takes_29_lines_at_any_length(steps: int) -> None:
    text = ag.source(
        ag.grad(network, (0, 1, 2)), normal(3, 3) / 9, normal(3, 2), normal(3), normal(steps, 2)
    )
    assert len(text.splitlines()) == 29
    assert f"for t in range({steps}):" in text
    assert f"for t in reversed(range({steps})):" in text


@pytest.mark.parametrize(
    "others",
    [
        (np.ones(3), np.ones((9, 3)), np.ones(9)),
        (np.ones(3), np.ones((7, 3)), np.ones((1, 7))),
        (np.ones(3), np.ones((7, 3)) + 0j, np.ones(7)),
        (np.ones(3, np.float32), np.ones((7, 3), np.float32), np.ones(7, np.float32)),
    ],
)
def test_another_shape_or_precision_is_an_error(others: Any) -> None:
    f = ag.grad(lambda w, X, y: np.mean((X @ w - y) ** 2))
    run = function_of(ag.source(f, np.ones(3), normal(7, 3), normal(7)))
    with pytest.raises(ValueError, match=r"expected .*\(7, 3\).*, got .*; write the source again"):
        run(*others)


def test_integers_may_stand_for_floats() -> None:
    run = function_of(ag.source(ag.grad(lambda w, x: w**2 * x), 1.0, 2.0))
    assert run(1, 3) == 6.0


def test_a_list_of_another_length_is_an_error() -> None:
    weights = [normal(3, 3) for _ in range(5)]
    run = function_of(checked(ag.grad(nested), weights, np.ones(3)))
    with pytest.raises(ValueError, match=r"expected .* got"):
        run([*weights, normal(3, 3)], np.ones(3))


def test_shapes_are_compared_in_containers_with_other_things() -> None:
    def loss(p: Any, x: Any) -> Any:
        w, name, b = p["layers"]
        return np.sum(np.tanh(w @ x + b)) if name == "tanh" else 0.0

    text = checked(ag.grad(loss, 1), {"layers": [normal(2, 3), "tanh", 1.0]}, np.ones(3))
    assert "expected = [1, 3], [(2, 3), (), (3,)], np.dtype(float)" in text


def test_numbers_of_python_have_no_precision_beside_arrays() -> None:
    x = normal(3).astype(np.float32)
    text = checked(ag.grad(lambda x, b: np.sum(np.sin(x) * b)), x, 0.5)
    assert "expected = [(3,), ()], np.dtype(np.float32)" in text


@pytest.mark.parametrize("count", [1, 2, 100])
def test_lists_of_any_length_are_compared(count: int) -> None:
    run = function_of(checked(ag.grad(nested), [normal(3, 3) / 2 for _ in range(count)], normal(3)))
    with pytest.raises(ValueError, match="expected"):
        run([normal(3, 3)] * (count + 1), normal(3))


def test_texts_and_flags_in_arguments_are_compared() -> None:
    def loss(w: Any, kind: str, mask: Any = None, twice: bool = True) -> Any:
        w = np.tanh(w) if kind == "tanh" else w
        w = w if mask is None else w * mask
        return np.sum(w * w if twice else w)

    text = checked(ag.grad(loss), normal(3), "tanh", None, True)
    assert 'expected = (3,), np.dtype(float), "tanh", True, True' in text
    run = function_of(text)
    for others in (("relu", None, True), ("tanh", np.ones(3), True), ("tanh", None, False)):
        with pytest.raises(ValueError, match="expected"):
            run(normal(3), *others)


def test_gradients_of_dataclasses_and_named_tuples_have_their_class() -> None:
    @dataclass
    class Layer:
        w: Any
        b: Any

    Model = namedtuple("Model", "layer scale")
    model = Model(Layer(normal(3), 2.0), 0.5)
    f = ag.grad(lambda m, x: np.sum(m.layer.w * x + m.layer.b) * m.scale)
    text = checked(f, model, normal(3))
    found = function_of(text)(model, np.ones(3))
    assert type(found) is Model
    assert type(found.layer) is Layer


def test_an_object_that_is_not_read_is_said_to_be() -> None:
    class Linear:
        def __init__(self) -> None:
            self.w = ag.Param(np.ones(3), name="w")

        def __call__(self, x: Any) -> Any:
            return x @ self.w

    f = lambda model, x: np.sum(np.tanh(model(x)))  # noqa: E731
    text = ag.source(f, Linear(), np.ones((2, 3)))
    assert '"""<lambda>: model (not read), x float64[2,3], w float64[3]."""' in text
    assert "np.sum(np.tanh(x @ w))" in text


def test_a_compiled_function_has_the_source_of_the_function() -> None:
    def loss(w: Any, x: Any) -> Any:
        return np.sum(np.tanh(w * x))

    args = (normal(3), normal(3))
    expected = ag.source(ag.grad(loss), *args)
    assert ag.source(ag.compile(ag.grad(loss)), *args) == expected
    assert ag.compile(ag.grad(loss)).source(*args) == expected
    assert "def grad_loss(w, x):" in ag.source(ag.grad(ag.compile(loss)), *args)


def test_items_of_a_list_in_a_row_are_a_slice() -> None:
    text = checked(ag.grad(nested), [normal(3, 3) / 2 for _ in range(30)], normal(3))
    assert re.search(r"return \[\w+, \w+, \*\w+\[\d+::-1\]\]", text)


def test_arguments_called_expected_and_given_keep_their_names() -> None:
    checked(ag.grad(lambda expected, given: np.sum(expected * given)), normal(3), normal(3))


def test_a_sum_that_grows_from_turn_to_turn_starts_at_zero() -> None:
    text = checked(ag.grad(pendulum, (0, 1)), np.ones(2), 1.5, 0.01)
    assert "for t in reversed(range(60)):" in text
    assert "= 0.0\n    for t in reversed" in text


def test_another_branch_is_an_error_that_names_the_line() -> None:
    run = function_of(ag.source(ag.grad(branched), np.ones((3, 4)), np.ones(4)))
    with pytest.raises(ValueError, match=r"written for the branch taken at test_source.py:\d+"):
        run(-np.ones((3, 4)), np.ones(4))


def test_numbers_with_another_gradient_formula_are_an_error() -> None:
    run = function_of(ag.source(ag.grad(branched), np.ones((3, 4)), np.ones(4)))
    w = np.ones((3, 4))
    w[0] = 0
    with pytest.raises(ValueError, match=r"maximum at test_source.py:\d+ has another gradient"):
        run(w, np.ones(4))


@pytest.mark.parametrize("x", [[3.0, 1.0, 2.0], [3.0, 1.0, 3.0], [2.0, 2.0, 2.0]])
def test_the_gradient_of_an_extreme_shares_ties(x: list[float]) -> None:
    f = ag.grad(lambda x: np.max(x) ** 2 + np.sum(np.min(x, axis=0) * x))
    run = function_of(ag.source(f, np.array([1.0, 2.0, 3.0])))
    np.testing.assert_allclose(run(np.array(x)), f(np.array(x)), 1e-12)


def test_params_and_large_arrays_from_outside_are_arguments() -> None:
    w = ag.Param(np.ones(20), name="w")
    data = normal(20)
    text = checked(ag.grad(lambda x: np.sum(w * x * data)), np.ones(20), more=(w.value, data))
    assert "def grad_f(x, w, data):" in text
    assert "w float64[20], data float64[20]" in text


def test_items_of_containers_have_their_names() -> None:
    @dataclass
    class Model:
        scale: Any
        parts: Any

    model = Model(np.ones(3), [np.ones(3), 2.0])
    text = checked(lambda m: np.sum(m.scale * m.parts[0]) * m.parts[1], model)
    assert "scale = m.scale\n    parts_0 = m.parts[0]\n    parts_1 = m.parts[1]" in text


def test_keyword_arguments_keep_their_names() -> None:
    checked(lambda x, scale=1.0: np.sum(x * scale), np.ones(3), scale=3.0)


def test_a_training_step_returns_the_new_values() -> None:
    w = ag.Param(np.ones(3), name="w")

    def step(x: Any) -> Any:
        value, d = ag.value_and_grad(lambda w: np.sum((w * x) ** 2))(w.value)
        w.value = w.value - 0.1 * d
        return value

    run = function_of(ag.source(step, np.ones(3)))
    value, (new,) = run(np.ones(3), np.full(3, 2.0))
    assert value == 12.0
    np.testing.assert_allclose(new, [1.6, 1.6, 1.6])


@pytest.mark.parametrize("start", range(100, 130, 6))
def test_random_loops_have_sources_with_their_numbers(start: int) -> None:
    x, y = np.linspace(-1, 1, 8), np.linspace(0.3, 0.9, 8)
    for seed in range(start, start + 6):
        f = random_function(seed)
        checked(f, x, y)
        checked(ag.grad(f, (0, 1)), x, y)


@pytest.mark.parametrize("seed", [564, 586, 587])
def test_differences_of_what_loops_carry_keep_their_sign(seed: int) -> None:
    x = np.linspace(-0.9, 1, 12)
    ws = [np.cos(np.arange(16.0).reshape(4, 4) + k) for k in range(3)]
    checked(ag.grad(random_steps(seed), (0, 1)), x, ws)


def test_a_loop_starts_with_what_is_there_before_it() -> None:
    checked(random_function(1227), np.linspace(-1, 1, 8), np.linspace(0.3, 0.9, 8))


@pytest.mark.parametrize("start", range(0, 32, 8))
def test_random_steps_have_sources_with_their_numbers(start: int) -> None:
    x = np.linspace(-0.9, 1, 12)
    ws = [np.cos(np.arange(16.0).reshape(4, 4) + k) for k in range(3)]
    for seed in range(start, start + 8):
        f = random_steps(seed)
        checked(f, x, ws)
        checked(ag.grad(f, (0, 1)), x, ws)


def test_two_broadcast_parts_of_a_sum_keep_its_shape() -> None:
    checked(ag.grad(lambda x: np.sum(x) * np.mean(x)), np.linspace(0.0, 1.0, 4))


def test_names_of_arguments_and_variables_never_clash() -> None:
    def f(t: Any, np_: Any, range: Any) -> Any:
        sum = t * 2
        d_sum = sum * np_
        for _ in (1, 2, 3, 4):
            sum = np.sin(sum) * d_sum
        return np.sum(sum) * range

    checked(ag.grad(f, (0, 1, 2)), np.ones(3), np.ones(3), 2.0)


def test_a_list_of_all_that_a_loop_makes_is_its_list() -> None:
    def f(x: Any) -> Any:
        states = []
        for _ in range(20):
            x = np.tanh(x * 1.1)
            states.append(x)
        return np.stack(states)

    assert "return np.stack(xs)" in checked(f, np.ones(3))


def test_a_result_is_never_an_argument() -> None:
    w, x = np.ones(3), np.ones(3)
    run = function_of(ag.source(ag.grad(lambda x, w: np.sum(w * x)), x, w))
    assert run(x, w) is not w


def test_a_multiple_of_the_identity_is_written_as_one() -> None:
    x = normal(40, 40)
    assert "x + (0.1 * np.eye(40))" in checked(lambda x: np.linalg.inv(x + 0.1 * np.eye(40)), x)


def test_random_numbers_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(UncapturedError, match="pass random numbers"):
        ag.source(lambda x: x * rng.normal(), np.ones(3))


def test_something_else_than_a_function_is_refused() -> None:
    with pytest.raises(TypeError, match=r"expects a function, got 3; write ag.source"):
        ag.source(3, np.ones(3))  # type: ignore[arg-type]


def test_an_array_with_a_view_that_is_read_twice_is_computed_once() -> None:
    def loss(w: Any, x: Any) -> Any:
        return np.sum((np.exp(x)[:, :2] * w) ** 2)

    lines = checked(ag.grad(loss), normal(2), normal(4, 3)).splitlines()
    assert [line.strip() for line in lines if "np.exp(x)" in line and "#" not in line] == [
        "loss_part = np.exp(x)"
    ]


def test_long_lines_are_wrapped() -> None:
    values = np.sin(np.arange(30.0)).tolist()

    def f(x: Any) -> Any:
        for i in range(30):
            x = np.cos(x * values[i]) - x
        return x

    text = checked(f, np.ones(3))
    assert max(map(len, text.splitlines())) <= 100


def test_code_without_a_file_has_a_source() -> None:
    space: dict[str, Any] = {"np": np}
    exec("def f(x):\n    y = np.sin(x) * x\n    return np.sum(y)", space)
    checked(ag.grad(space["f"]), np.ones(3))


@ag.primitive(lambda dy, y, x: 2 * dy * x)
def squared(x: Any) -> Any:
    return np.asarray(x) ** 2


def test_no_variable_has_the_name_of_a_function_handed_over() -> None:
    def f(x: Any) -> Any:
        return np.sum(squared(squared(x)) * squared(x + 1))

    text = checked(ag.grad(f), normal(3), more=(squared,))
    assert "def grad_f(x, squared):" in text
    assert "squared = " not in text


def test_no_minus_moves_past_a_complex_zero() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.abs(np.emath.arccos(x)) ** 2)

    checked(ag.grad(f), np.array([0.5, 1.5, -1.5]))


def test_an_axis_may_be_an_argument() -> None:
    checked(ag.grad(lambda x, axis: np.sum(np.max(x, axis) ** 2)), normal(2, 3), 1)


def test_results_in_each_other_are_taken_apart() -> None:
    def f(x: Any) -> Any:
        counts, (edges,) = np.histogramdd(x[:, None], [3])
        return np.sum(counts * edges[1:])

    checked(f, normal(6))
