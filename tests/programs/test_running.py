"""The program that runs: its numbers, its memory, and calls at the same time."""

from __future__ import annotations

import threading
import warnings
from queue import SimpleQueue

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.base.containers import tree_leaves

UNARY = [np.sin, np.tanh, np.negative, np.square, np.abs, lambda x: x * 1.5, lambda x: 1 - x,
         lambda x: np.where(x > 0, x, 0.1 * x), lambda x: x / 2, lambda x: x**3]  # fmt: skip
BINARY = [np.add, np.multiply, np.subtract, np.maximum, lambda x, y: x / (2 + y * y)]
SHAPED = [
    lambda x: x.T @ x @ np.ones((x.shape[1], x.shape[1])) @ x.T,
    lambda x: x - np.mean(x, axis=0),
    lambda x: x * np.sum(x, axis=1, keepdims=True),
    lambda x: x[::-1],
    lambda x: np.reshape(x.ravel(), x.shape),
    lambda x: np.concatenate([x[:1], x[1:]]),
]


def random_program(seed: int, operations: int):
    """A function of two arrays that applies random operations, and keeps some of what it had."""

    def f(x, y):
        rng = np.random.default_rng(seed)
        held = [x, y]
        for _ in range(operations):
            a, b = (held[rng.integers(len(held))] for _ in range(2))
            pick = rng.integers(3)
            if pick == 0:
                made = UNARY[rng.integers(len(UNARY))](a)
            elif pick == 1:
                made = BINARY[rng.integers(len(BINARY))](a, b)
            else:
                made = SHAPED[rng.integers(len(SHAPED))](a)
                made = made if made.shape == x.shape else np.tanh(made.T[: x.shape[0], :1]) + x
            held[rng.integers(len(held))] = np.tanh(made)
            if len(held) < 5:
                held.append(made)
        return sum(np.sum(part) for part in held[:2]) + np.mean(held[-1])

    return f


def same(found, expected) -> bool:
    pairs = zip(tree_leaves(found), tree_leaves(expected), strict=True)
    return all(
        type(a) is type(b)
        and np.array_equal(a, b, equal_nan=True)
        and np.asarray(a).dtype == np.asarray(b).dtype
        for a, b in pairs
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("seed", range(12))
def test_random_programs_give_the_eager_numbers_to_the_bit(seed, dtype):
    f = ag.value_and_grad(random_program(seed, 25), (0, 1))
    compiled = ag.compile(f)
    rng = np.random.default_rng(seed)
    for _ in range(3):
        x, y = rng.standard_normal((2, 4, 3)).astype(dtype)
        with np.errstate(all="ignore"):
            assert same(compiled(x, y), f(x, y))


@pytest.mark.parametrize(
    "x",
    [
        np.arange(12.0).reshape(3, 4).T,
        np.arange(24.0).reshape(4, 6)[:, ::2],
        np.arange(12.0).reshape(4, 3)[::-1],
        np.arange(12.0).reshape(4, 3) * (1 + 2j),
        np.arange(12.0).reshape(4, 3).astype(np.longdouble),
        np.zeros((0, 3)),
        np.ones((1, 1)),
        np.array(2.0),
    ],
    ids=["F order", "strided", "reversed", "complex", "long", "empty", "one", "0-d"],
)
def test_layouts_and_dtypes_give_the_eager_numbers(x):
    def f(x):
        y = np.exp(-(np.abs(x) ** 2)) * x + x
        return y, np.sum(y * y, axis=0), y.T, np.ravel(y + 1), np.sum(np.conj(y) * y)

    compiled = ag.compile(f)
    for scale in (1.0, 0.5, 0.25):
        found, expected = compiled(x * scale), f(x * scale)
        assert same(found, expected)
        assert [a.strides for a in found[:4]] == [np.asarray(a).strides for a in expected[:4]]


def test_results_stay_as_they_are_at_the_next_call():
    compiled = ag.compile(lambda x: (np.sin(x) * 2, np.sin(x)[1:], (np.sin(x) * 2).T))
    first = compiled(np.ones((2, 2)))
    first = compiled(np.ones((2, 2)))
    held = [part.copy() for part in first]
    compiled(np.zeros((2, 2)))
    assert same(list(first), held)


def test_results_share_no_memory_with_each_other_or_arguments():
    compiled = ag.compile(lambda x: (x * 1.0, x + 0.0, np.multiply(x, 1)))
    x = np.ones(3)
    results = [x, *compiled(x), *compiled(x)]
    shared = [np.shares_memory(a, b) for a in results for b in results if a is not b]
    assert not any(shared)


def test_threads_have_buffers_of_their_own():
    def f(x):
        for _ in range(40):
            x = np.tanh(x * 1.1 + 0.1)
        return x + 0.0

    compiled, failed = ag.compile(f), []
    inputs = [np.full(20_000, 0.1 * i) for i in range(4)]
    expected = [f(x) for x in inputs]
    compiled(inputs[0])

    def work(i):
        failed.extend([i for _ in range(5) if not same(compiled(inputs[i]), expected[i])])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_call_within_a_call_has_buffers_of_its_own():
    depth = [0]

    @ag.primitive(lambda dy, y, x: dy)
    def again(x):
        if depth[0]:
            return x + 0.0
        depth[0] = 1
        try:
            return x + compiled(x * 2)
        finally:
            depth[0] = 0

    compiled = ag.compile(lambda x: np.sin(x) * again(np.cos(x)) * np.sin(x))
    x = np.linspace(0, 1, 5)
    plain = compiled.__wrapped__(x)
    for _ in range(3):
        assert same(compiled(x), plain)


def test_a_function_that_keeps_its_argument_keeps_its_numbers():
    kept = SimpleQueue()  # not looked into

    @ag.primitive(lambda dy, y, x: dy)
    def keep(x):
        kept.put(x)
        return x * 1.0

    compiled = ag.compile(lambda x: np.sum(keep(np.sin(x)) * np.cos(x)))
    for x in (0.0, 1.0, 2.0):
        compiled(np.full(3, x))
    found = [kept.get()[0] for _ in range(kept.qsize())]
    assert found[-2:] == [np.sin(1.0), np.sin(2.0)]


def test_writes_into_an_argument_reach_it():
    def f(x):
        x[0] = 7.0
        x += 1.0
        return np.sum(x * x)

    compiled = ag.compile(f)
    for _ in range(3):
        x, y = np.arange(3.0), np.arange(3.0)
        assert compiled(x) == f(y)
        assert np.array_equal(x, [8.0, 2.0, 3.0])


def test_writes_into_own_arrays_are_seen_by_their_views():
    def f(x):
        y = x * 2
        z = y[1:]
        y[1] = 5.0
        y *= 3
        z += x[0]
        return y + 0.0, np.sum(z)

    compiled = ag.compile(f)
    for x in (np.arange(3.0), np.arange(3.0) + 1, np.arange(3.0) + 2):
        assert same(compiled(x), f(x))


def test_scalars_differ_by_less_than_1e_12():
    def f(x, y):
        for _ in range(30):
            x = np.tanh(x * 1.1) + np.exp(-x) / (2 + y * y) - np.log1p(x * x) / 9
            y = np.sqrt(np.abs(y)) / 2 + x**2 / 3 + abs(x) ** 0.3
        return x, y, x > 0

    gradient = ag.grad(lambda x, y: f(x, y)[0] * f(x, y)[1], (0, 1))
    for g in (f, gradient):
        compiled = ag.compile(g)
        for x in (0.3, 0.5, 0.7):
            found, expected = compiled(x, 0.2), g(x, 0.2)
            assert np.allclose(found, expected, rtol=1e-12, atol=0)
            assert [type(a) for a in found] == [type(a) for a in expected]


@pytest.mark.parametrize("x", [0.0, np.inf, -1.0, np.nan, 1e308])
@np.errstate(all="warn")
def test_scalars_outside_of_a_domain_give_what_numpy_gives(x):
    def f(x):
        y = np.log(x) * 2 + np.reciprocal(x)
        return np.exp(y * y) + np.sqrt(x) * np.sin(x) - x * 10 + np.cosh(x)

    compiled = ag.compile(f)
    compiled(0.5)
    with warnings.catch_warnings(record=True) as eager:
        warnings.simplefilter("always")
        expected = f(x)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        assert same(compiled(x), expected)
    assert {str(w.message) for w in found} == {str(w.message) for w in eager}


def test_a_scalar_meets_a_float32_array_as_numpys_float64():
    def f(x, s):
        for _ in range(12):
            s = np.sin(s) * 1.5
        return x * s, s

    compiled = ag.compile(f)
    for s in (0.1, 0.2):
        found, expected = compiled(np.ones(2, np.float32), s), f(np.ones(2, np.float32), s)
        assert found[0].dtype == expected[0].dtype == np.float64
        assert same(found, expected)


def test_an_array_changed_from_outside_is_read_anew():
    ones = np.ones(20_000)
    compiled = ag.compile(lambda x: np.sum(x * ones))
    x = np.ones(20_000)
    compiled(x)
    ones[1234] = 5.0
    assert compiled(x) == 20_004.0


def test_another_layout_has_a_program_of_its_own():
    def f(x):
        y = np.ravel(x)
        y += 1.0
        return np.sum(y)

    compiled = ag.compile(f)
    for make in (np.ascontiguousarray, np.asfortranarray, np.ascontiguousarray):
        x, z = make(np.arange(6.0).reshape(2, 3)), make(np.arange(6.0).reshape(2, 3))
        assert compiled(x) == f(z)
        assert np.array_equal(x, z)
    assert len(compiled.programs) == 2


def test_a_variable_of_a_closure_that_is_unset_is_noticed():
    scale = 2.0

    def f(x):
        try:
            return x * scale
        except NameError:
            return x * 7.0

    compiled = ag.compile(f)
    assert compiled(1.0) == 2.0
    del scale
    assert compiled(1.0) == 7.0


def test_constant_results_are_new_arrays_in_their_layout():
    compiled = ag.compile(ag.grad(lambda x: np.sum(x.T * 2.0)))
    x = np.asfortranarray(np.ones((2, 3)))
    first = compiled(x)
    first += 1
    assert np.array_equal(compiled(x), np.full((2, 3), 2.0))
    assert compiled(x).strides == ag.grad(lambda x: np.sum(x.T * 2.0))(x).strides


def test_writes_beside_a_float_run_as_a_program():
    def scaled(x, rate):
        x *= rate
        return x.sum()

    compiled = ag.compile(scaled)
    compiled(np.ones(3), 2.0)
    compiled.function = None
    x = np.ones(3)
    assert compiled(x, 3.0) == 9.0
    assert x.tolist() == [3.0, 3.0, 3.0]


def test_a_power_of_a_float_is_numpys_float():
    compiled = ag.compile(ag.value_and_grad(lambda a: a**3))
    value, gradient = compiled(2.0)
    assert (type(value), value, gradient) == (np.float64, 8.0, 12.0)
    assert len(compiled.programs) == 1


def test_second_derivatives_after_writes_at_a_mask_compile():
    def doubled(x):
        y = x * x
        y[x > 0] *= 2.0
        return np.sum(y * y)

    compiled = ag.compile(ag.hessian(doubled))
    x = np.array([1.0, -1.0])
    assert np.diag(compiled(x)).tolist() == [48.0, 12.0]
    assert np.diag(compiled(-x)).tolist() == [12.0, 48.0]
    assert len(compiled.programs) == 1


def test_gradients_of_writes_at_integers_in_the_arguments_compile():
    def written(x, v, i):
        y = x * 1.0
        y[i] = v
        return np.sum(y * y)

    compiled = ag.compile(ag.grad(written, (0, 1)))
    v = np.array([1.0, 2.0])
    assert compiled(np.ones(3), v, np.array([0, 2]))[1].tolist() == [2.0, 4.0]
    assert compiled(np.ones(3), v, np.array([1, 1]))[1].tolist() == [0.0, 4.0]
    assert len(compiled.programs) == 1


@pytest.mark.parametrize("extreme", [np.maximum, np.minimum])
@pytest.mark.parametrize("x", [0.0, -0.0])
def test_extremes_of_two_zeros_have_numpys_sign(extreme, x):
    compiled = ag.compile(lambda x, y: extreme(x, y) * 1.0)
    compiled(1.0, 2.0)
    assert np.signbit(compiled(x, -x)) == np.signbit(extreme(x, -x))


def test_np_piecewise_takes_conditions_on_the_arguments():
    def f(x):
        return np.sum(np.piecewise(x, [x < 0, x >= 2], [lambda v: -v, 5.0, lambda v: v * v]))

    compiled = ag.compile(ag.grad(f))
    for x in ([-1.0, 1.0, 3.0], [1.0, -1.0, 4.0]):
        assert compiled(np.array(x)).tolist() == ag.grad(f)(np.array(x)).tolist()
    assert len(compiled.programs) == 1


def test_second_derivatives_after_writes_at_columns_compile():
    def doubled(x):
        y = x * x
        y[:, [0, 1]] *= 2.0
        return np.sum(y)

    compiled = ag.compile(ag.hessian(doubled))
    x = np.ones((2, 3))
    assert np.diag(compiled(x).reshape(6, 6)).tolist() == [4.0, 4.0, 2.0, 4.0, 4.0, 2.0]
    assert len(compiled.programs) == 1
