"""Changes around a compiled function that the next call notices."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
import pytest

import autograd_tools as ag


def test_another_order_of_the_keys_of_a_dict_is_noticed() -> None:
    weights = {"a": 1.0, "b": 2.0}

    def f(x: Any) -> Any:
        for weight in weights.values():
            x = x * 2 + weight
        return x

    compiled = ag.compile(f)
    assert compiled(1.0) == f(1.0) == 8.0
    weights["a"] = weights.pop("a")
    assert compiled(1.0) == f(1.0) == 9.0


def test_a_dict_inside_an_attribute_keeps_its_order() -> None:
    class Model:
        def __init__(self) -> None:
            self.layers = {"first": 3.0, "second": 5.0}

        def __call__(self, x: Any) -> Any:
            for weight in self.layers.values():
                x = weight - x
            return x

    model = Model()
    compiled = ag.compile(model)
    assert compiled(1.0) == 3.0
    model.layers["first"] = model.layers.pop("first")
    assert compiled(1.0) == model(1.0) == -1.0


def test_a_changing_constant_that_the_result_does_not_show_is_an_error() -> None:
    compiled = ag.compile(lambda x: np.where(x > 0, x, 1.0 * time.perf_counter_ns()))
    with pytest.raises(TypeError, match=r"two runs of <lambda> .* differ, first at .*:\d+ in"):
        compiled(np.ones(3))


def test_a_step_that_comes_in_later_runs_only_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURN", "0")

    def f(x: Any) -> Any:
        os.environ["TURN"] = turn = str(int(os.environ["TURN"]) + 1)
        return np.sin(x) + (0 * x if int(turn) > 2 else 0.0)

    with pytest.raises(TypeError, match="two runs of f on the same arguments differ"):
        ag.compile(f)(np.ones(3))


def test_a_replaced_function_of_numpy_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = ag.compile(lambda x: np.tanh(x) + np.linalg.norm(x))
    x = np.array([3.0, 4.0])
    before = compiled(x)
    monkeypatch.setattr(np, "tanh", lambda x: x * 100)
    assert compiled(x).tolist() == [305.0, 405.0]
    monkeypatch.setattr(np.linalg, "norm", lambda x: 0.0)
    assert compiled(x).tolist() == [300.0, 400.0]
    monkeypatch.undo()
    assert compiled(x).tolist() == before.tolist()
