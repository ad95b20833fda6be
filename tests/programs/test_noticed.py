"""Changes around a compiled function that the next call notices."""

from __future__ import annotations

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
