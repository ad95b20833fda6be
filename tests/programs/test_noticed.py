"""Changes around a compiled function that the next call notices."""

from __future__ import annotations

import os
import time
from functools import singledispatch
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


class Kind(type):
    scale = 2.0


class Scaled(metaclass=Kind):
    pass


@singledispatch
def power(_: Any, x: Any) -> Any:
    return x


def register() -> None:
    power.register(int, lambda _, x: x * x)


@pytest.mark.parametrize(
    ("held", "f", "change", "expected"),
    [
        (None, lambda _, x: x * Scaled.scale, lambda _: setattr(Kind, "scale", 5.0), [6.0, 15.0]),
        (None, lambda _, x: power(1, x), lambda _: register(), [3.0, 9.0]),
        ({1.0, 2.0}, lambda h, x: x * sum(h), lambda h: (h.remove(1.0), h.add(4.0)), [9.0, 18.0]),
        ([0.0], lambda h, x: np.copysign(x, h[0]), lambda h: h.__setitem__(0, -0.0), [3.0, -3.0]),
        (
            np.array([np.ones(2), None], object),
            lambda h, x: x * h[0][1],
            lambda h: h[0].fill(7.0),
            [3.0, 21.0],
        ),
    ],
    ids=["metaclass", "singledispatch", "set", "sign of zero", "object array"],
)
def test_a_change_of_what_holds_a_number_is_noticed(
    held: Any, f: Any, change: Any, expected: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Kind, "scale", 2.0)
    compiled = ag.compile(lambda x: f(held, x))
    before = compiled(3.0)
    change(held)
    assert [before, compiled(3.0)] == expected
    assert compiled.programs  # type: ignore[attr-defined]


def test_an_object_with_its_own_attribute_lookup_is_followed() -> None:
    class Model:
        def __getattr__(self, name: str) -> Any:
            return rates[name]  # a KeyError is no AttributeError

    rates, model = {"rate": 2.0}, Model()
    compiled = ag.compile(lambda x: x * model.rate)
    assert compiled(3.0) == 6.0
    rates["rate"] = 4.0
    assert compiled(3.0) == 12.0


def test_a_change_after_a_call_that_failed_is_noticed() -> None:
    flags = [True]

    def f(x: Any) -> Any:
        if flags[0]:
            raise KeyError
        return x * 2

    compiled = ag.compile(f)
    for flag in (True, False, True):
        flags[0] = flag
        if flag:
            with pytest.raises(KeyError):
                compiled(1.0)
        else:
            assert compiled(1.0) == 2.0


def test_a_variable_that_becomes_an_iterator_runs_as_it_is() -> None:
    def f(x: Any) -> Any:
        return x * (rate if isinstance(rate, float) else next(rate))

    rate: Any = 2.0
    compiled = ag.compile(f)
    assert compiled(1.0) == 2.0
    rate = iter([3.0, 4.0])
    with pytest.warns(RuntimeWarning, match="rate may change undetected"):
        assert compiled(1.0) == 3.0
    assert compiled(1.0) == 4.0


def test_more_objects_than_can_be_watched_run_as_they_are() -> None:
    rates = [float(i) for i in range(20_000)]
    compiled = ag.compile(lambda x: x * rates[3])
    with pytest.warns(RuntimeWarning, match=r"rates\[\d+\] may change undetected"):
        assert compiled(1.0) == 3.0
    rates[3] = 5.0
    assert compiled(1.0) == 5.0
