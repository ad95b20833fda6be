"""A short training that goes wrong, on a clock that advances a nanosecond at each look."""

import itertools
from unittest import mock

import numpy as np

import autograd_tools as ag


def training():
    """Return the history of a loss that is NaN in its third step, and of another one."""
    w, s = ag.Param(np.array([4.0]), name="w"), ag.Param(1.0, name="s")
    clock = itertools.count().__next__

    def loss():
        return np.sum(2 * w - 4) + np.sqrt(s)

    def other(w):
        return w**2

    with mock.patch.object(ag.timer, "clock", clock), np.errstate(all="ignore"), ag.history() as h:
        for number in (1.0, 0.0, -1.0):
            s.value = number
            ag.diff(loss)
        ag.grad(other)(3.0)
    return h
