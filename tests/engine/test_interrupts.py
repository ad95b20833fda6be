"""An interrupt at any line of the package leaves all state as before."""

import os

import numpy as np
import pytest

import autograd_tools as ag
from tests.support.interrupts import interrupted

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="each interrupt needs os.fork"),
]

W = ag.Param(np.array([1.0, 2.0, 3.0]), name="w")
X = np.array([0.5, -1.0, 2.0])
layer = ag.checkpoint(lambda x: np.tanh(x * W))
layers = ag.checkpoint(lambda x: layer(layer(x)))


def loss():
    return np.sum(W**2)


def diffed(f=loss, **options):
    J = ag.diff(f, **options)
    return ag.value(J), ag.grad(J, W)


def recorded():
    with ag.record() as J:
        y = np.sum(W * X)
    J.backward(y)
    return ag.grad(J, W)


def recorded_with_all():
    with ag.record(watch="nan", check=True) as J:
        y = np.sum(W * X)
    return ag.grad(J, W), ag.value(y)


def recorded_in_generator():
    def steps():
        with ag.record() as J:
            for k in (1.0, 2.0):
                yield np.sum(W * k)
        yield ag.grad(J, W)

    return [ag.value(y) for y in steps()]


def observed():
    seen = []
    with (
        ag.observe(lambda tape: seen.append(len(tape))),
        ag.after_gradients(lambda: seen.append(0)),
    ):
        ag.grad(lambda x: np.sum(x * x))(X)
    return seen


def hooked():
    return ag.grad(lambda x: np.sum(ag.on_grad(x * x, lambda dy: dy * 2.0)))(X)


def cases():
    square = lambda x: np.sum(x * x * W)  # noqa: E731
    return {
        "diff": diffed,
        "diff, watched": lambda: diffed(watch="nan"),
        "diff, checked": lambda: diffed(check=True),
        "diff in diff": lambda: diffed(lambda: np.sum(W * ag.grad(ag.diff(loss), W))),
        "grad": lambda: ag.grad(square)(X),
        "grad of grad": lambda: ag.grad(lambda x: np.sum(ag.grad(square)(x) ** 2))(X),
        "value_and_grad": lambda: ag.value_and_grad(square)(X),
        "record": recorded,
        "record, watched and checked": recorded_with_all,
        "record in a generator": recorded_in_generator,
        "checkpoint in diff": lambda: diffed(lambda: np.sum(layer(X))),
        "checkpoint in grad": lambda: ag.grad(lambda x: np.sum(layer(x)))(X),
        "checkpoints": lambda: ag.grad(lambda x: np.sum(layers(x)))(X),
        "observe": observed,
        "on_grad": hooked,
        "jacobian": lambda: ag.jacobian(lambda x: x * x)(X),
        "hvp": lambda: ag.hessian_vector_product(lambda x: np.sum(x**3))(X, X),
        "text": lambda: [str(ag.diff(loss))],
        "trace": lambda: [str(ag.trace(lambda x: np.sum(x * x), X))],
        "operators outside": lambda: [W * 2.0, np.exp(W), W[0], np.where(X > 0, W, 0.0)],
        "invalid numbers": lambda: ag.grad(lambda x: np.sum(x**x))(np.abs(X)),
    }


@pytest.mark.parametrize("name", cases())
def test_an_interrupt_leaves_all_as_before(name):
    assert interrupted(cases()[name]) == []
