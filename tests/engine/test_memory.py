"""What the engine asks of the garbage collector, and takes back."""

import gc
import threading

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.base.memory import no_collections


@pytest.fixture(autouse=True)
def _thresholds():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_an_open_tape_allows_one_full_collection():
    gc.set_threshold(700, 10, 11)
    seen = []

    def f(x):
        seen.append(gc.get_threshold())
        gc.collect()
        seen.append(gc.get_threshold())
        return x

    ag.grad(f)(1.0)
    assert seen[0] == (700, 10, 11)
    assert seen[1][:2] == (700, 10)
    assert seen[1][2] > 1_000_000
    assert gc.get_threshold() == (700, 10, 11)


def test_a_full_collection_outside_a_tape_changes_nothing():
    gc.set_threshold(700, 10, 11)
    gc.collect()
    assert gc.get_threshold() == (700, 10, 11)


def test_closing_an_inner_tape_keeps_full_collections_off():
    gc.set_threshold(700, 10, 11)
    seen = []

    def f(x):
        gc.collect()
        y = ag.grad(lambda z: z * z)(x)
        seen.append(gc.get_threshold()[2])
        return y

    ag.grad(f)(1.0)
    assert seen[0] > 1_000_000
    assert gc.get_threshold() == (700, 10, 11)


def test_full_collections_resume_after_an_exception():
    gc.set_threshold(700, 10, 11)
    with pytest.raises(ZeroDivisionError):
        ag.diff(lambda: gc.collect() / 0)
    assert gc.get_threshold() == (700, 10, 11)


def test_thresholds_set_while_recording_stay():
    ag.grad(lambda x: [gc.collect(), gc.set_threshold(123, 4, 5), x][2])(1.0)
    assert gc.get_threshold() == (123, 4, 5)


def test_a_tape_of_another_thread_postpones_no_collections():
    gc.set_threshold(700, 10, 11)
    opened, go = threading.Event(), threading.Event()

    def f(x):
        opened.set()
        go.wait(10)
        return x

    thread = threading.Thread(target=lambda: ag.grad(f)(1.0))
    thread.start()
    opened.wait(10)
    gc.collect()
    assert gc.get_threshold() == (700, 10, 11)
    go.set()
    thread.join()


@pytest.mark.parametrize(
    "step",
    [
        lambda w: ag.diff(lambda: np.sum(np.tanh(w * w))),
        lambda w: ag.grad(lambda x: np.sum(x * x))(w.value),
    ],
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


def test_postponed_collections_resume_after_an_error():
    @no_collections()
    def fail():
        assert not gc.isenabled()
        raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert gc.isenabled()


def test_collections_disabled_by_the_user_stay_disabled():
    gc.disable()
    try:
        with no_collections():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
