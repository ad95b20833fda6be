"""Sources of functions that take arrays from outside: they compute what depends on these."""

from __future__ import annotations

import functools
import inspect
from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from support.sources import function_of

import autograd_tools as ag
from autograd_tools.base.containers import tree_leaves
from autograd_tools.programs.capturing.capture import UncapturedError

W = np.array([0.3, -0.2, 0.5])
Pair = namedtuple("Pair", "X y")


def some(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(30, 3)), rng.normal(size=30)
    return {"X": X, "y": y, "k": rng.integers(0, 4, 30), "d": Pair(X, y), "parts": [(X, y), (X, y)]}


def halves(d: Any) -> Any:
    X, y = d["X"], d["y"]
    return lambda w: np.mean((X @ w - 0.5 * y) ** 2)


def normalised(d: Any) -> Any:
    X, y = d["X"], d["y"]

    def loss(w: Any) -> Any:
        Z = (X - X.mean(0)) / X.std(0)
        return np.mean((Z @ w - (y - np.mean(y)) / np.std(y)) ** 2) / len(X) * X.shape[1]

    return loss


def attributes(d: Any) -> Any:
    class Model:
        def __init__(self) -> None:
            self.X, self.y, self.rate = d["X"], d["y"], 0.1

        def loss(self, w: Any) -> Any:
            return np.mean((self.X @ w - self.y) ** 2) / np.var(self.y) + self.rate * np.sum(w**2)

    return Model().loss


def slots(d: Any) -> Any:
    class Model:
        __slots__ = ("X", "y")

        def __init__(self) -> None:
            self.X, self.y = d["X"], d["y"]

        def __call__(self, w: Any) -> Any:
            return np.mean((self.X @ w - 2 * self.y) ** 2)

    return Model()


def class_attributes(d: Any) -> Any:
    class Model:
        X = d["X"]
        y = d["y"]

        def loss(self, w: Any) -> Any:
            return np.mean((self.X @ w - 2 * self.y) ** 2)

    return Model().loss


def frozen(d: Any) -> Any:
    @dataclass(frozen=True)
    class Data:
        X: Any
        y: Any

    data = Data(d["X"], d["y"])
    return lambda w: np.mean((data.X @ w - 2 * data.y) ** 2)


def named_tuple(d: Any) -> Any:
    d = d["d"]
    return lambda w: np.mean((d.X @ w - 2 * d.y) ** 2)


def defaults(d: Any) -> Any:
    def loss(w: Any, X: Any = d["X"], *, y: Any = d["y"]) -> Any:
        return np.mean((X @ w - 2 * y) ** 2)

    return loss


def partial(d: Any) -> Any:
    def loss(X: Any, w: Any, y: Any) -> Any:
        return np.mean((X @ w - 2 * y) ** 2)

    return functools.partial(loss, d["X"], y=d["y"])


def cached(d: Any) -> Any:
    X = d["X"]

    @functools.lru_cache
    def gram() -> Any:
        return X.T @ X

    return lambda w: w @ gram() @ w


def labels(d: Any) -> Any:
    X, k = d["X"], d["k"]

    def loss(w: Any) -> Any:
        z = np.outer(X @ w, np.arange(4.0))
        target = np.eye(4)[k]
        picked = np.sum(z[np.arange(len(k)), k])
        return -np.sum(target * z) - picked + np.sum(np.log(np.sum(np.exp(z), axis=1)))

    return loss


def masks(d: Any) -> Any:
    X, y = d["X"], d["y"]
    return lambda w: np.sum(np.where(y > 0, X @ w, 0.1 * (X @ w)) * (y > -1))


def rows(d: Any) -> Any:
    X, y = d["X"], d["y"]

    def loss(w: Any) -> Any:
        total = 0.0
        for x, t in zip(X, y, strict=True):
            total = total + (x @ w - t) ** 2
        return total / X.shape[0]

    return loss


def written_copies(d: Any) -> Any:
    X, y = d["X"], d["y"]

    def loss(w: Any) -> Any:
        Z = X.copy()
        Z[:, 0] = 1.0
        Z -= Z.mean(0)
        return np.mean((Z @ w - np.sort(y)) ** 2)

    return loss


def lists(d: Any) -> Any:
    parts = d["parts"]

    def loss(w: Any) -> Any:
        total = 0.0
        for X, y in parts:
            total = total + np.sum((X @ w - y / 2) ** 2)
        return total

    return loss


@pytest.mark.parametrize(
    "make",
    [
        *(halves, normalised, attributes, slots, class_attributes, frozen, named_tuple, defaults),
        *(partial, cached, labels, masks, rows, written_copies, lists),
    ],
)
def test_a_source_holds_for_other_arrays_of_the_same_shape(make: Any) -> None:
    for wrap in (ag.grad, lambda f: f):
        run = function_of(ag.source(wrap(make(some(0))), W))
        _, *names = inspect.signature(run).parameters
        assert names
        for seed in (0, 1):
            others = [some(seed)[name] for name in names]
            np.testing.assert_allclose(run(W, *others), wrap(make(some(seed)))(W), 1e-12, 1e-14)


def test_rows_of_an_array_from_outside_are_a_loop() -> None:
    text = ag.source(ag.grad(rows(some(0))), W)
    assert "total_parts.append(X[t] @ w - y[t])" in text
    assert len(text.splitlines()) == 18


def test_minibatches_of_an_array_from_outside_are_slices() -> None:
    X = some(0)["X"]

    def loss(w: Any, i: int) -> Any:
        return np.sum((X[i : i + 5] @ w) ** 2)

    run = function_of(ag.source(ag.grad(loss), W, 2))
    np.testing.assert_allclose(run(W, 7, X), ag.grad(loss)(W, 7), 1e-12)
    with pytest.raises(ValueError, match=r"expected shape \(5, 3\)"):
        run(W, 28, X)


def test_labels_that_are_an_argument_are_one_hot() -> None:
    def loss(w: Any, X: Any, k: Any) -> Any:
        return np.sum(np.eye(4)[k] * np.outer(X @ w, np.ones(4)) ** 2)

    run = function_of(ag.source(ag.grad(loss), W, some(0)["X"], some(0)["k"]))
    other = (some(1)["X"], some(1)["k"])
    np.testing.assert_allclose(run(W, *other), ag.grad(loss)(W, *other), 1e-12)


def test_small_arrays_from_outside_are_written_out() -> None:
    kernel, rate = np.array([1.0, 2.0, 1.0]), 0.5
    text = ag.source(lambda x: np.convolve(x, kernel / 4) * rate, np.ones(5))
    assert '"""<lambda>: x float64[5]; constants kernel, rate = 0.5."""' in text
    assert "    kernel = np.array([1.0, 2.0, 1.0])\n" in text
    assert "np.convolve(x, kernel / 4)" in text
    np.testing.assert_allclose(function_of(text)(np.ones(5))[2], 0.5)


def test_arrays_that_python_reads_number_by_number_are_constants() -> None:
    X, k = some(0)["X"], some(0)["k"]

    def loss(w: Any) -> Any:
        total = 0.0
        for x, label in zip(X, k, strict=True):
            total = total + (x @ w if label == 1 else 0.0)
        return total

    text = ag.source(ag.grad(loss), W)
    assert '"""grad(loss): w float64[3], X float64[30,3]; constants k."""' in text


def test_an_array_that_numpy_converts_is_named_as_a_constant() -> None:
    X = some(0)["X"]
    text = ag.source(ag.grad(lambda w: np.sum((np.asarray(X) @ w) ** 2)), W)
    assert "constants what is computed from X" in text


def test_other_arrays_are_inputs_beside_one_that_is_not() -> None:
    X, y = some(0)["X"], some(0)["y"]
    text = ag.source(ag.grad(lambda w: np.sum(X @ w) * sum(y.flat)), W)
    assert '"""grad(<lambda>): w float64[3], X float64[30,3]; constants y."""' in text


def test_a_number_that_is_read_from_an_array_is_compared() -> None:
    y = some(0)["y"]
    run = function_of(ag.source(ag.grad(lambda w: np.sum(w**2 if y[0] > 0 else w)), W))
    with pytest.raises(ValueError, match="written for the branch taken"):
        run(W, -y)


def test_a_function_that_writes_into_an_array_from_outside_is_refused() -> None:
    y = np.ones(3)

    def f(w: Any) -> Any:
        y[0] += 1.0
        return w * y

    with pytest.raises(UncapturedError, match="it writes into an array from outside at"):
        ag.source(f, W)
    assert y[0] == 1.0


def test_what_a_source_changes_in_objects_is_undone() -> None:
    class Model:
        hidden = None
        X = some(0)["X"]

        def loss(self, w: Any) -> Any:
            self.hidden = self.X @ w
            return np.sum(self.hidden**2)

    model = Model()
    X = Model.X
    ag.source(ag.grad(model.loss), W)
    assert vars(model) == {}
    assert Model.X is X


def test_an_array_is_in_its_place_after_an_error() -> None:
    X = some(0)["X"]

    def f(w: Any) -> Any:
        raise KeyError(float(np.sum(X @ w)))

    with pytest.raises(KeyError):
        ag.source(f, W)
    assert tree_leaves(inspect.getclosurevars(f).nonlocals)[0] is X
    assert inspect.getclosurevars(f).globals["np"] is np


def test_a_result_is_no_view_of_an_argument() -> None:
    X = np.arange(6.0).reshape(2, 3)
    run = function_of(ag.source(ag.grad(lambda w, X: np.sum(w * X[0])), W, X))
    run(W, X)[:] = 7.0
    assert X[0, 0] == 0.0
