"""Long programs, which run in loops."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.base.containers import tree_leaves
from autograd_tools.programs.running import code as running
from autograd_tools.programs.running.code import Code


@pytest.fixture(autouse=True)
def _all_in_loops(monkeypatch):
    monkeypatch.setattr(running, "LONG", 5)


def chain(x, n):
    for _ in range(n):
        x = np.tanh(np.sin(x * 1.01 + 0.1))
    return np.sum(x)


def network(w, u, b, x):
    h = np.zeros(3)
    for t in range(len(x)):
        h = np.tanh(w @ h + u @ x[t] + b)
    return np.sum(h**2)


def branches(x):
    total = 0.0
    for i in range(30):
        if x[i] > 0:
            total = total + np.sin(x[i]) * 2
        else:
            total = total - x[i]
    return total


def two_before(x):
    a, b = x, x * 2
    for _ in range(30):
        a, b = b, a * 0.3 + np.cos(b) * 0.1
    return np.sum(b) + np.sum(a)


def layers(weights, x):
    for _ in range(20):
        h = x
        for w in weights:
            h = np.tanh(w @ h)
        x = h + x / 2
    return np.sum(x)


def test_calls_that_turns_do_not_hand_on_run_once_for_all_turns():
    compiled = ag.compile(ag.grad(lambda x: chain(x, 50)))
    compiled(np.linspace(0, 1, 4))
    before, inside = "\n".join(Code(compiled.programs[0]).lines()).split("for ")[1:]
    assert len(inside.splitlines()) < len(before.splitlines())
    x = np.linspace(0.1, 2, 4)
    assert np.array_equal(compiled(x), ag.grad(lambda x: chain(x, 50))(x))


RNG = np.random.default_rng(0)
NETWORK = (RNG.normal(size=(3, 3)), RNG.normal(size=(3, 2)), np.ones(3), RNG.normal(size=(40, 2)))
CASES = {
    "scalars": (lambda x: chain(x, 50), (0.3,)),
    "vectors": (lambda x: chain(x, 50), (np.linspace(0, 1, 4),)),
    "gradient of scalars": (ag.value_and_grad(lambda x: chain(x, 50)), (0.3,)),
    "gradient of vectors": (ag.value_and_grad(lambda x: chain(x, 50)), (np.linspace(0, 1, 4),)),
    "network": (ag.value_and_grad(network, (0, 1, 2, 3)), NETWORK),
    "branches": (ag.value_and_grad(branches), (np.ones(30),)),
    "two before": (ag.value_and_grad(two_before), (np.ones(3),)),
    "loops in loops": (ag.grad(layers), ([np.eye(3) + k / 10 for k in range(5)], np.ones(3))),
}


def scaled(args, scale):
    return tuple([x * scale for x in arg] if isinstance(arg, list) else arg * scale for arg in args)


@pytest.mark.parametrize("name", CASES)
def test_loops_give_the_eager_numbers(name):
    f, args = CASES[name]
    compiled = ag.compile(f)
    for scale in (1.0, 0.5, -0.7):
        found = tree_leaves(compiled(*scaled(args, scale)))
        expected = tree_leaves(f(*scaled(args, scale)))
        for a, b in zip(found, expected, strict=True):
            assert type(a) is type(b)
            assert np.allclose(a, b, rtol=1e-12, atol=1e-15)


def test_a_check_in_a_loop_leaves_the_path_at_its_turn():
    compiled = ag.compile(branches)
    for k in (30, 10, 10, 20, 30, 20):
        x = np.where(np.arange(30) < k, 1.0, -1.0)
        assert compiled(x) == branches(x)
    assert len(compiled.programs) == 3


def test_the_length_does_not_depend_on_the_number_of_turns():
    lengths = []
    for n in (50, 200):
        compiled = ag.compile(ag.grad(lambda x, n=n: chain(x, n)))
        compiled(0.3)
        lengths.append(len(list(Code(compiled.programs[0]).lines())))
    assert lengths[0] == lengths[1]


def test_results_of_loops_share_no_memory():
    def f(x):
        y = x
        for _ in range(20):
            y = np.sin(y) * 1.1
        return y, y[1:], x

    compiled = ag.compile(f)
    x = np.linspace(0, 1, 4)
    first = compiled(x)
    held = [part.copy() for part in first]
    compiled(x * 2)
    assert all(map(np.array_equal, first, held))
    assert first[2] is x


def random_recurrence(seed, turns):
    """A function of two arrays with a random body, the same in each turn."""
    unary = [np.sin, np.tanh, lambda a: a * 0.7, lambda a: 1 - a * a, lambda a: a.T.T, np.cos]
    unary += [lambda a: a @ np.eye(a.shape[1]) / 3, lambda a: a[::-1], lambda a: a + a[0]]
    binary = [np.add, np.multiply, np.subtract, lambda a, b: a / (3 + b * b), np.maximum]

    def f(x, w):
        rng = np.random.default_rng(seed)
        states = int(rng.integers(1, 4))
        plan = [tuple(rng.integers(0, 1000, 4)) for _ in range(rng.integers(2, 6))]
        held, total = [x * (k + 1) for k in range(states)], 0.0
        for _ in range(turns):
            made = [*held, w]
            for kind, op, i, j in plan:
                a, b = made[i % len(made)], made[j % len(made)]
                if kind % 2:
                    made.append(unary[op % len(unary)](a))
                else:
                    made.append(binary[op % len(binary)](a, b))
            held = [np.tanh(made[-1]), *held[: states - 1]] if plan[0][0] % 3 else made[-states:]
            if plan[0][1] % 2:
                total = total + np.sum(held[0])
        return total + sum(np.sum(part) for part in held)

    return f


@pytest.mark.parametrize("seed", range(25))
def test_random_recurrences_give_the_eager_numbers(seed):
    f = ag.value_and_grad(random_recurrence(seed, 9 + seed % 4), (0, 1))
    compiled = ag.compile(f)
    rng = np.random.default_rng(seed)
    for _ in range(3):
        x, w = rng.standard_normal((2, 2, 3))
        with np.errstate(all="ignore"):
            found, expected = compiled(x, w), f(x, w)
        for a, b in zip(tree_leaves(found), tree_leaves(expected), strict=True):
            assert type(a) is type(b)
            assert np.allclose(a, b, rtol=1e-12, atol=1e-14)
