"""Long elementwise chains on large arrays, which run block by block."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.programs.running import block_code, blocks
from autograd_tools.programs.running.code import Code


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "SMALLEST", 50)
    monkeypatch.setattr(block_code, "FEWEST", 7)
    monkeypatch.setattr(block_code, "MOST", 7)


def compiled_source(f, *args):
    compiled = ag.compile(f)
    compiled(*args)
    return compiled, "\n".join(Code(compiled.programs[0]).lines())


def equal(found, expected, rtol=0.0):
    pairs = zip(found, expected, strict=True)
    return all(
        type(a) is type(b)
        and np.asarray(a).strides == np.asarray(b).strides
        and np.allclose(a, b, rtol=rtol, atol=0, equal_nan=True)
        for a, b in pairs
    )


@pytest.mark.parametrize("n", [50, 56, 63, 101])
def test_elementwise_results_are_the_same_to_the_bit(n):
    def f(x):
        y = np.sin(x) * 2 + 1
        z = np.tanh(y) / (1 + x * x)
        return z, y, z > 0.5, np.maximum(z, y)

    compiled, source = compiled_source(f, np.linspace(0, 1, n))
    assert source.count("for i in range") == 1
    for scale in (1, 2):
        x = np.linspace(0, scale, n)
        assert equal(compiled(x), f(x))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_sums_of_blocks_differ_by_rounding_alone(dtype):
    def f(x, s):
        y = np.exp(x) * s
        return np.sum(y), np.max(y), np.sum(y * y), y

    compiled, source = compiled_source(f, np.ones((10, 11), dtype), 1.5)
    assert source.count("for i in range") == 1
    x = np.random.default_rng(0).standard_normal((10, 11)).astype(dtype)
    rtol = 1e-14 if dtype is np.float64 else 1e-6
    assert equal(compiled(x, 0.5), f(x, 0.5), rtol)
    assert compiled(x, 0.5)[1] == f(x, 0.5)[1]


def test_arrays_in_columns_keep_their_layout():
    def f(x):
        return np.cos(x * 2) + x, x.T * 2 + 1

    x = np.asfortranarray(np.arange(60.0).reshape(6, 10))
    compiled, source = compiled_source(f, x)
    assert source.count("for i in range") == 2
    assert equal(compiled(x + 1), f(x + 1))


def test_a_step_between_that_needs_the_chain_comes_after_it():
    def f(x):
        y = x * 2
        m = np.sum(y)
        z = y + x
        return z * z, z - m, np.sum(z * m)

    compiled, source = compiled_source(f, np.arange(60.0))
    x = np.linspace(0, 1, 60)
    assert source.count("for i in range") == 2
    assert equal(compiled(x), f(x), 1e-14)


def test_a_chain_does_not_move_over_a_write():
    def f(x):
        y = x * 2
        z = y + 1
        y[3] = 100.0
        return z * y, y + x

    compiled, _ = compiled_source(f, np.arange(60.0))
    x = np.linspace(0, 1, 60)
    assert equal(compiled(x), f(x))


def test_branches_on_sums_leave_the_path():
    def f(x):
        y = np.tanh(x * 3)
        return (y + 1) * 2 if np.sum(y) > 0 else y - x

    compiled, _ = compiled_source(f, np.ones(60))
    for sign in (1.0, -1.0, 1.0):
        assert equal([compiled(np.full(60, sign))], [f(np.full(60, sign))])


def test_gradients_of_chains_are_the_eager_ones():
    def loss(x, w):
        y = x
        for _ in range(5):
            y = np.tanh(y * w + 0.1) - y / 2
        return np.sum(y * y)

    gradient = ag.value_and_grad(loss, (0, 1))
    x, w = np.random.default_rng(1).standard_normal((2, 100))
    compiled, source = compiled_source(gradient, x, w)
    assert source.count("for i in range") == 1
    (found, grads), (expected, plain) = compiled(x, w * 2), gradient(x, w * 2)
    assert np.allclose(found, expected, rtol=1e-14)
    assert equal(grads, plain)
