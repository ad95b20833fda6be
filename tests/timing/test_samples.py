"""Samples: copies of the arrays of some calls, for trials."""

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.timing import samples
from autograd_tools.timing.records import Operand, called_with
from autograd_tools.timing.samples import SampleStore, Trial, trial_of_row, trial_row

X = np.arange(3.0)


def taken(calls, arrays=lambda n: np.full(2, float(n))):
    """Return the first number of the sample after so many calls."""
    store = SampleStore()
    for n in range(1, calls + 1):
        x = arrays(n)
        store.take("linalg.inv", called_with((x, 3), x), (x, 3))
    return [np.frombuffer(kept[0])[0] for kept in store.found().values()]


def test_a_profile_has_samples_of_operations_that_are_tried():
    with ag.profile() as p:
        ag.grad(lambda x: np.sum(np.exp(x) ** 3))(X)
    [((op, operands), contents)] = p.samples.items()
    array = Operand("float64", (3,), "C")
    assert (op, operands) == ("power", (array, Operand("int"), array))
    assert np.frombuffer(contents[0]).tolist() == np.exp(X).tolist()
    assert contents[1:] == (None,)


@pytest.mark.parametrize(("calls", "last"), [(1, 1), (3, 2), (4, 4), (7, 4), (100, 64)])
def test_samples_are_of_calls_at_doubling_distances(calls, last):
    assert taken(calls) == [last]


def test_samples_are_bounded(monkeypatch):
    monkeypatch.setattr(samples, "LARGEST", 80)
    monkeypatch.setattr(samples, "MOST", 160)
    assert taken(5, lambda n: np.full(n, 1.0)) == [1.0] * 5
    assert taken(9, lambda n: np.full(n, 1.0)) == [1.0] * 5  # 8 + 16 + 24 + 32 + 40 bytes
    assert taken(1, lambda n: np.full(11, 1.0)) == []


def test_of_a_large_power_the_first_elements_are_kept(monkeypatch):
    monkeypatch.setattr(samples, "PART", 5)
    with ag.profile() as p:
        ag.grad(lambda x: np.sum(x**3))(np.arange(12.0).reshape(3, 4))
    [contents] = p.samples.values()
    assert np.frombuffer(contents[0]).tolist() == [0, 1, 2, 3, 4]


def test_a_sample_does_not_follow_the_array():
    x = X.copy()
    with ag.profile() as p:
        ag.grad(lambda x: np.sum(x**3))(x)
        x[:] = 7
    [contents] = p.samples.values()
    assert np.frombuffer(contents[0]).tolist() == X.tolist()


def test_without_a_profile_nothing_is_sampled():
    with ag.profile() as p:
        pass
    ag.grad(lambda x: np.sum(x**3))(X)
    assert p.samples == ag.timer.samples == {}


def test_second_derivatives_are_sampled_once_for_each_signature():
    with ag.profile() as p:
        ag.hessian(lambda x: np.sum(x**3))(X)
    assert {op for op, _ in p.samples} == {"power"}


def test_trials_are_saved_and_samples_are_not(tmp_path):
    with ag.profile() as p:
        ag.grad(lambda x: np.sum(x**3))(X)
    p.trials["power 3"] = Trial(2000, 1000, 1e-15, 1e-7, "Write x * x * x.")
    p.trials["power 4"] = None
    p.save(tmp_path / "p.json")
    loaded = ag.Timer.load(tmp_path / "p.json")
    assert (loaded.trials, loaded.samples) == (p.trials, {})
    assert ag.Timer().merge(loaded).trials == p.trials


def test_a_trial_with_another_gradient_is_saved_as_none():
    assert trial_of_row(trial_row(("a", Trial(2, 1, float("inf"))))) == ("a", None)


@pytest.mark.parametrize(
    "row",
    [
        ["a", 1],
        ["a", 1, 2, -1.0, 1e-7, ""],
        ["a", 1, 2, "x", 1e-7, ""],
        ["a", -1, 2, 0, 0, ""],
        [1],
    ],
)
def test_a_damaged_trial_is_an_error(row):
    with pytest.raises((TypeError, ValueError), match=r"expected|unpack"):
        trial_of_row(row)
