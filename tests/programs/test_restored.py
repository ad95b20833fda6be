"""Whatever ends `ag.source` or a first call of a compiled function: all is as it was before."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.engine.values import Param
from tests.support.interrupts import interrupted

DATA = np.cos(np.arange(20.0))
LAYERS = [np.sin(np.arange(20.0)), {"w": np.arange(20.0)}]
MODEL = SimpleNamespace(data=np.arange(20.0) / 20, parts=(np.ones(20), 2.0))
WEIGHT = ag.Param(np.ones(20), name="weight")
X = np.linspace(0.1, 1.0, 20)
FAILING: list[BaseException] = []


def loss(x: Any, scale: Any = np.linspace(0, 1, 20)) -> Any:  # noqa: B008
    y = np.tanh(x * DATA + LAYERS[0] * scale) * LAYERS[1]["w"]
    if FAILING:
        raise FAILING[0]
    return np.sum(y * MODEL.data * MODEL.parts[0] * WEIGHT)


BEFORE = (DATA, LAYERS[0], LAYERS[1]["w"], MODEL.data, MODEL.parts, loss.__defaults__)


def assert_as_before() -> None:
    now = (DATA, LAYERS[0], LAYERS[1]["w"], MODEL.data, MODEL.parts, loss.__defaults__)
    assert all(x is y for x, y in zip(now, BEFORE, strict=True))
    assert "value" not in vars(Param)
    assert type(WEIGHT.value) is np.ndarray


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(1)])
def test_an_error_in_the_function_leaves_all_as_before(error: BaseException) -> None:
    FAILING.append(error)
    try:
        for run in (ag.source, lambda f, x: ag.compile(f)(x)):
            with pytest.raises(type(error)):
                run(ag.grad(loss), X)
            assert_as_before()
    finally:
        FAILING.clear()


def test_a_source_is_as_before_after_an_interrupt_at_any_line() -> None:
    wrong = interrupted(lambda: ag.source(ag.grad(loss), X), assert_as_before, most=40)
    assert wrong == []


def test_a_first_call_is_as_before_after_an_interrupt_at_any_line() -> None:
    f = ag.grad(loss)
    assert interrupted(lambda: ag.compile(f)(X), assert_as_before, most=40) == []


def test_a_generator_that_reads_arrays_from_outside_gets_arrays() -> None:
    def values() -> Any:
        while True:
            yield DATA * 2.0

    steps = values()
    ag.source(lambda x: np.sum(x * next(steps)), X)
    assert_as_before()
    assert type(next(steps)) is np.ndarray


def test_a_place_that_cannot_be_filled_leaves_the_others_as_before() -> None:
    class Guarded:
        def __setattr__(self, name: str, x: Any) -> None:
            if type(x) is not np.ndarray:
                raise TypeError("expected an array")
            super().__setattr__(name, x)

    guarded = Guarded()
    guarded.data = np.arange(20.0)
    ag.source(lambda x: np.sum(x * DATA * guarded.data), X)
    assert_as_before()
    assert type(guarded.data) is np.ndarray
