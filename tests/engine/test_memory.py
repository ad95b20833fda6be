"""What the engine asks of the garbage collector, and takes back."""

import gc
import threading

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.base import memory
from autograd_tools.base.memory import no_collections


@pytest.fixture(autouse=True)
def _thresholds():
    before, long_tapes = gc.get_threshold(), memory.long_tapes
    memory.long_tapes = False
    yield
    gc.set_threshold(*before)
    memory.long_tapes = long_tapes


def test_full_collections_are_off_while_a_tape_is_open():
    gc.set_threshold(700, 10, 11)
    seen = []

    def f(x):
        y = ag.grad(lambda z: z * z)(x)  # closing an inner tape keeps them off
        seen.append(gc.get_threshold())
        return y

    ag.grad(f)(1.0)
    assert seen[0][:2] == (700, 10)
    assert seen[0][2] > 1_000_000
    assert gc.get_threshold() == (700, 10, 11)


def test_full_collections_are_on_in_a_short_gradient_computed_again():
    seen = []

    def f(x, steps):
        for _ in range(steps):
            x = x * 1.0
        seen.append(gc.get_threshold()[2] > 1_000_000)
        return x

    for steps in (1, 1, memory.LONG + 1, 1):
        ag.grad(f)(1.0, steps)
    assert seen == [True, False, False, True]


def test_nothing_of_ours_is_called_by_the_collector():
    before = list(gc.callbacks)
    with ag.record():
        assert gc.callbacks == before
    assert not [call for call in before if "autograd_tools" in getattr(call, "__module__", "")]


class Cyclic:
    """Garbage that only a full collection frees, once it is old."""

    def __init__(self):
        self.cycle = self
        self.more = [[] for _ in range(50)]


@pytest.mark.parametrize("long_tapes", [False, True])
def test_a_loop_of_gradients_gets_its_full_collections(long_tapes):
    memory.long_tapes = long_tapes
    gc.freeze()  # Python waits until a quarter of the old objects is new: so there are few
    gc.collect()
    full = gc.get_stats()[2]["collections"]
    kept = []

    def f(x):
        kept.append(Cyclic())
        if len(kept) > 500:  # all are old by now
            kept.clear()
        return np.sum(x * x)

    for _ in range(20_000):
        ag.grad(f)(1.0)
    assert gc.get_stats()[2]["collections"] > full
    kept.clear()
    assert sum(isinstance(x, Cyclic) for x in gc.get_objects()) < 10_000
    gc.unfreeze()


def test_full_collections_resume_after_an_exception():
    gc.set_threshold(700, 10, 11)
    with pytest.raises(ZeroDivisionError):
        ag.diff(lambda: gc.collect() / 0)
    assert gc.get_threshold() == (700, 10, 11)


def test_thresholds_set_while_recording_stay():
    ag.grad(lambda x: [gc.collect(), gc.set_threshold(123, 4, 5), x][2])(1.0)
    assert gc.get_threshold() == (123, 4, 5)


def test_tapes_of_two_threads_restore_the_thresholds():
    gc.set_threshold(700, 10, 11)
    opened, go = threading.Event(), threading.Event()

    def f(x):
        opened.set()
        go.wait(10)
        return x

    thread = threading.Thread(target=lambda: ag.grad(f)(1.0))
    thread.start()
    opened.wait(10)
    ag.grad(lambda x: x)(1.0)
    go.set()
    thread.join()
    assert gc.get_threshold() == (700, 10, 11)


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
    @no_collections
    def fail():
        assert not gc.isenabled()
        raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert gc.isenabled()


def test_collections_disabled_by_the_user_stay_disabled():
    gc.disable()
    try:
        no_collections(list)()
        assert not gc.isenabled()
    finally:
        gc.enable()
