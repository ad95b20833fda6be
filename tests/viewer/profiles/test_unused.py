"""Gradients that were computed and not read."""

import dataclasses

import numpy as np

import autograd_tools as ag
from viewer.profiles.advice import unread_params, unused

w, x = ag.Param(np.ones((2, 3)), name="w"), ag.Param(np.ones((3, 4)), name="x")


def timed(trace):
    """A trace in which the gradient of argument n took 100 n nanoseconds."""
    return ag.Trace(
        [
            dataclasses.replace(
                n, backward_ns={i + 1: 100 * (i + 1) for i, a in enumerate(n.args) if a.nodes}
            )
            for n in trace
        ]
    )


def test_a_gradient_that_leads_to_no_gradient_read_is_unused():
    J = ag.diff(lambda: np.sum(w @ x))
    ag.grad(J, w)
    trace = timed(J.trace())
    [ns] = unused(trace, {index + 1 for index in J.asked}).values()
    assert ns == 200  # matmul[2]
    assert unread_params(J) == ["x"]


def test_all_gradients_on_the_way_are_unused():
    J = ag.diff(lambda: np.sum(w @ np.tanh(x)))
    ag.grad(J, w)
    assert (
        sum(unused(timed(J.trace()), {index + 1 for index in J.asked}).values()) == 300
    )  # matmul[2] and tanh[1]


def test_with_every_gradient_read_nothing_is_unused():
    J = ag.diff(lambda: np.sum(w @ x))
    for param in ag.params(J):
        ag.grad(J, param)
    assert unused(timed(J.trace()), {index + 1 for index in J.asked}) == {}
    assert unread_params(J) == []


def test_without_a_gradient_read_nothing_is_known():
    J = ag.diff(lambda: np.sum(w @ x))
    assert unused(timed(J.trace()), set()) == {}


def test_reading_the_gradient_of_a_result_reads_no_param():
    with ag.record() as J:
        y = np.tanh(w)
        np.sum(y @ x)
    ag.grad(J, y)
    assert (
        sum(unused(timed(J.trace()), {index + 1 for index in J.asked}).values()) == 300
    )  # tanh[1] and matmul[2]
    assert unread_params(J) == ["w", "x"]


def test_a_param_without_a_name_is_called_by_its_value():
    J = ag.diff(lambda: np.sum(w @ ag.Param(np.ones((3, 4)))))
    ag.grad(J, w)
    assert unread_params(J) == ["P(float64[3,4])"]
