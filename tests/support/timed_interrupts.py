"""Interrupts with the timer on: run with AUTOGRAD_TIMER=1; prints what went wrong."""

import numpy as np

import autograd_tools as ag
from tests.support.interrupts import interrupted

W = ag.Param(np.array([1.0, 2.0, 3.0]), name="w")
doubled = ag.primitive(lambda dy, y, x: dy * 2.0)(lambda x: x * 2.0)
layer = ag.checkpoint(lambda x: np.tanh(x * W))


def in_a_section():
    with ag.timer.section("step"):
        J = ag.diff(lambda: np.sum(doubled(W) ** 2) + np.sum(layer(np.ones(3))))
    return ag.grad(J, W)


@ag.timer.section("called")
def called(x):
    return np.sum(x * W)


def in_functions():
    return ag.grad(lambda x: ag.timer.measure("measured", called, x))(np.ones(3))


@ag.timer.section("pieces")
def pieces():
    for k in (1.0, 2.0):
        yield np.sum(W * k)


def in_generators():
    with ag.record() as J:
        for y in pieces():
            with ag.timer.section("inner"):
                np.sum(W) + y
    return ag.grad(J, W)


def check():
    """Raise unless no section is open, and the next ones are counted."""
    with ag.timer.section("after"):
        np.exp(np.ones(2))
    thread = ag.timer.thread()
    assert (thread.open, thread.functions, thread.passes) == ([], [], 0)
    assert ag.timer["after"].ncalls == 1
    assert thread.log == []
    assert ag.timer.local.thread is thread


if __name__ == "__main__":
    for case in (in_a_section, in_functions, in_generators):
        for fault in interrupted(case, check, most=100):
            print(case.__name__, fault)
