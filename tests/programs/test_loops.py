"""Equal steps of programs as loops."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest
from support.program_runs import length, loops, results, same
from support.random_loops import random_function

import autograd_tools as ag
from autograd_tools.programs.capturing.runs import captured
from autograd_tools.programs.rolling.loops import rolled
from autograd_tools.programs.steps.program import Call, Program, Site, Variable

HERE = Site("script.py", 3, "f")


def in_loops(f: Any, *args: Any) -> Program:
    """Return the program of a call with loops, which gives the numbers of the call bit for bit."""
    run = captured(f, args, {})
    program = rolled(run.program)
    assert same(results(program, run.inputs), f(*args))
    return program


def network(w: Any, u: Any, b: Any, x: Any) -> Any:
    h = np.zeros(3)
    for t in range(len(x)):
        h = np.tanh(w @ h + u @ x[t] + b)
    return np.sum(h**2)


def arguments(steps: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(0)
    return (
        rng.normal(size=(3, 3)), rng.normal(size=(3, 2)), rng.normal(size=3),
        rng.normal(size=(steps, 2)),
    )  # fmt: skip


def layers(weights: Any, x: Any) -> Any:
    for _ in range(20):
        h = x
        for w in weights:
            h = np.tanh(w @ h)
        x = h + x / 2
    return np.sum(x)


WEIGHTS = [np.eye(3) + k / 10 for k in range(5)]


def test_a_run_of_equal_steps_is_one_loop() -> None:
    assert loops(in_loops(network, *arguments(50)).steps) == [[50]]


def test_the_backward_pass_reads_what_the_forward_pass_stored() -> None:
    program = in_loops(ag.grad(network, (0, 1, 2)), *arguments(50))
    forward, backward = [step for step in program.steps if hasattr(step, "entries")]
    assert len(forward.stored) == 2
    assert {(e.step, e.start) for e in backward.entries if e.kind == "element"} == {
        (-1, 49), (-1, 48),
    }  # fmt: skip


def test_the_length_does_not_depend_on_the_number_of_turns() -> None:
    short, long = (in_loops(ag.grad(network), *arguments(n)) for n in (30, 300))
    assert length(short.steps) == length(long.steps)


def test_a_loop_in_a_loop_stays_one() -> None:
    assert loops(in_loops(layers, WEIGHTS, np.ones(3)).steps) == [[20, [5]]]


def test_loops_in_loops_have_gradients_in_loops() -> None:
    program = in_loops(ag.grad(layers), WEIGHTS, np.ones(3))
    assert [18, [5]] in loops(program.steps) or [19, [5]] in loops(program.steps)
    assert length(program.steps) < 70


def test_a_loop_that_restarts_without_a_step_between_is_nested() -> None:
    def f(weights: Any, x: Any) -> Any:
        for _ in range(20):
            for w in weights:
                x = np.tanh(w @ x)
        return np.sum(x)

    assert loops(in_loops(f, WEIGHTS, np.ones(3)).steps) == [[20, [5]]]
    assert length(in_loops(ag.grad(f), WEIGHTS, np.ones(3)).steps) < 60


def test_two_loops_one_after_the_other_are_two() -> None:
    def f(x: Any) -> Any:
        for _ in range(10):
            x = np.sin(x) * 2
        for _ in range(12):
            x = np.cos(x) + 1
        return np.sum(x)

    assert loops(in_loops(f, np.ones(3)).steps) == [[10], [12]]


def test_recursion_is_a_loop() -> None:
    def f(x: Any, n: int) -> Any:
        return x if n == 0 else np.sin(f(x * 1.1, n - 1)) + x

    program = in_loops(ag.grad(lambda x: np.sum(f(x, 30))), np.ones(3))
    assert length(program.steps) < 30


def test_values_of_two_turns_before_are_carried() -> None:
    def f(x: Any) -> Any:
        a, b = x, x * 2
        for _ in range(30):
            a, b = b, a * 0.3 + b * 0.1
        return np.sum(b)

    assert loops(in_loops(f, np.arange(3.0)).steps) == [[30]]


def test_indices_count_with_the_turns() -> None:
    def f(x: Any) -> Any:
        total = 0.0
        for i in range(1, 30):
            total = total + x[i] ** 2 * x[i - 1]
        return total

    program = in_loops(f, np.arange(30.0))
    counters = [e for e in program.steps[0].entries if e.kind == "counter"]  # type: ignore[union-attr]
    assert [(e.step, e.values) for e in counters] == [(1, (1,)), (1, (0,))]


def test_constants_that_differ_come_from_a_table() -> None:
    def f(x: Any) -> Any:
        for rate in (0.1, 0.5, 0.2, 0.7, 0.3):
            x = np.sin(x * rate) - rate
        return x

    [loop] = in_loops(f, np.ones(3)).steps
    tables = [e.values for e in loop.entries if e.kind == "each"]  # type: ignore[union-attr]
    assert tables == [(0.1, 0.5, 0.2, 0.7, 0.3)]


def test_writes_into_memory_keep_their_order() -> None:
    def f(x: Any) -> Any:
        y = x * 0.0
        for i in range(20):
            y[i] = np.sin(x[i]) + y[i - 1]
            y += 0.5
        return y

    assert loops(in_loops(f, np.arange(20.0)).steps) == [[20]]


def test_branches_that_differ_end_a_loop() -> None:
    def f(x: Any) -> Any:
        for i in range(20):
            x = x * 2 + 1 if x[i] < 30 else x / 3 - 1
        return x

    program = in_loops(f, np.arange(20.0))
    assert loops(program.steps)
    assert length(program.steps) < 80


def test_second_derivatives_are_in_loops() -> None:
    def f(x: Any) -> Any:
        for _ in range(60):
            x = np.sin(x) * 1.1
        return np.sum(x)

    short = in_loops(ag.hessian_vector_product(f), np.ones(3), np.ones(3))
    assert length(short.steps) < 60


def test_a_hundred_thousand_steps_become_a_few() -> None:
    x, w = Variable(0, np.ones(3)), Variable(1, np.ones(3))
    steps: list[Any] = []
    h = x
    for t in range(25_000):
        a, b, c, d = (Variable(4 * t + i + 2, np.ones(3)) for i in range(4))
        steps += [
            Call(np.multiply, (h, w), {}, a, HERE), Call(np.sin, (a,), {}, b, HERE),
            Call(operator.add, (b, h), {}, c, HERE), Call(operator.sub, (c, w), {}, d, HERE),
        ]  # fmt: skip
        h = d
    program = rolled(Program("f", steps, [x, w], h))
    assert loops(program.steps) == [[25_000]]


@pytest.mark.parametrize("start", range(0, 200, 20))
def test_random_loops_give_the_numbers_of_the_straight_steps(start: int) -> None:
    x, y = np.linspace(-1, 1, 8), np.linspace(0.3, 0.9, 8)
    for seed in range(start, start + 20):
        f = random_function(seed)
        in_loops(f, x, y)
        in_loops(ag.grad(f, (0, 1)), x, y)
