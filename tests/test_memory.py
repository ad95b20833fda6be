"""What the engine asks of the garbage collector, and takes back."""

import gc
import threading

import numpy as np
import pytest

import autograd_tools as ag


@pytest.fixture(autouse=True)
def _thresholds():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_while_a_tape_is_open_there_are_no_full_collections_and_after_it_there_are():
    gc.set_threshold(700, 10, 11)
    seen = []
    ag.grad(lambda x: seen.append(gc.get_threshold()) or x)(1.0)
    assert seen[0][:2] == (700, 10)
    assert seen[0][2] > 1_000_000
    assert gc.get_threshold() == (700, 10, 11)


def test_an_inner_tape_leaves_full_collections_off():
    gc.set_threshold(700, 10, 11)
    seen = []

    def f(x):
        y = ag.grad(lambda z: z * z)(x)
        seen.append(gc.get_threshold()[2])
        return y

    ag.grad(f)(1.0)
    assert seen[0] > 1_000_000
    assert gc.get_threshold() == (700, 10, 11)


def test_after_an_exception_full_collections_go_on():
    gc.set_threshold(700, 10, 11)
    with pytest.raises(ZeroDivisionError):
        ag.diff(lambda: 1 / 0)
    assert gc.get_threshold() == (700, 10, 11)


def test_thresholds_that_the_user_sets_meanwhile_stay():
    ag.grad(lambda x: gc.set_threshold(123, 4, 5) or x)(1.0)
    assert gc.get_threshold() == (123, 4, 5)


def test_the_last_of_several_threads_puts_the_thresholds_back():
    gc.set_threshold(700, 10, 11)
    opened, go = threading.Barrier(2), threading.Event()

    def f(x):
        opened.wait(10)
        go.wait(10)
        return x

    thread = threading.Thread(target=lambda: ag.grad(f)(1.0))
    thread.start()
    ag.grad(lambda x: [opened.wait(10), x][1])(1.0)
    assert gc.get_threshold()[2] > 1_000_000
    go.set()
    thread.join()
    assert gc.get_threshold() == (700, 10, 11)


@pytest.mark.parametrize(
    "step",
    [lambda w: ag.diff(lambda: np.sum(np.tanh(w * w))), lambda w: ag.grad(lambda x: np.sum(x * x))(w.value)],
    ids=["diff", "grad"],
)
def test_steps_leave_nothing_behind_for_the_garbage_collector(step):
    w = ag.Param(np.ones(3))
    step(w)
    gc.collect()
    gc.disable()
    try:
        for _ in range(50):
            step(w)
        assert gc.collect() == 0
    finally:
        gc.enable()
