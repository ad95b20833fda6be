"""Values of a finished recording that a later one reads."""

import functools
import threading

import numpy as np
import pytest

import autograd_tools as ag

X = np.array([1.0, 2.0, 3.0])
STALE = "belongs to an earlier recording, which has ended.*or write ag.value"


def earlier():
    """Return a Result of a recording that has ended."""
    w, kept = ag.Param(X), []
    ag.diff(lambda: np.sum(kept.append(2 * w) or w))
    return kept[0]


def test_a_value_of_an_earlier_recording_is_an_error_in_the_next():
    y = earlier()
    for use in (lambda x: x * y, lambda x: np.sum(y), lambda x: y, lambda x: x * float(y[0])):
        with pytest.raises(ag.LostGradientError, match=STALE):
            ag.grad(use)(X)


def test_the_plain_value_of_an_earlier_recording_is_a_constant_of_the_next():
    y = earlier()
    assert ag.grad(lambda x: np.sum(x * ag.value(y)))(X).tolist() == [2.0, 4.0, 6.0]


def test_comparing_and_printing_a_value_of_an_earlier_recording_is_fine():
    y = earlier()
    ag.grad(lambda x: x if f"{y}" and np.shape(y) == (3,) and np.all(y > 0) else 0.0)(2.0)


def test_the_error_for_an_earlier_value_names_the_line_that_computed_it():
    y = earlier()
    line = earlier.__code__.co_firstlineno + 3
    with pytest.raises(
        ag.LostGradientError, match=rf"R\(float64\[3\]\) \(.*test_stale.py:{line}\)"
    ):
        ag.diff(lambda: np.sum(y))


@pytest.mark.parametrize("kept", ["lru_cache", "cached_property", "dict", "list"])
def test_a_cached_value_is_an_error_in_the_next_recording(kept):
    w, memo = ag.Param(1.0), {}

    class Model:
        @functools.cached_property
        def scale(self):
            return np.exp(w)

    model, once = Model(), functools.cache(lambda: np.exp(w))
    read = {
        "lru_cache": once,
        "cached_property": lambda: model.scale,
        "dict": lambda: memo.setdefault("exp", np.exp(w)),
        "list": lambda: memo.setdefault("pair", [np.exp(w), 2.0])[0],
    }[kept]
    J = ag.diff(lambda: 2 * read())
    assert ag.grad(J, w) == 2 * np.e
    with pytest.raises(ag.LostGradientError, match=STALE):
        ag.diff(lambda: 3 * read())


def test_a_value_kept_by_one_gradient_is_an_error_in_the_next():
    memo = {}

    def f(x):
        return x * memo.setdefault("exp", np.exp(x))

    assert ag.grad(f)(0.0) == 1.0
    for again in (ag.grad(f), ag.hessian(f), ag.grad(ag.grad(f))):
        with pytest.raises(ag.LostGradientError, match=STALE):
            again(0.0)


def test_a_value_kept_by_one_inner_gradient_is_an_error_in_the_next():
    memo = {}

    def f(x):
        return x * memo.setdefault("exp", np.exp(x))

    with pytest.raises(ag.LostGradientError, match=STALE):
        ag.grad(lambda x: ag.grad(f)(x) + ag.grad(f)(x))(1.0)


def test_a_value_recorded_in_another_thread_meanwhile_is_an_error():
    w, kept = ag.Param(2.0), []

    def elsewhere():
        with ag.record():
            kept.append(w * 2.0)

    def loss():
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        return w * kept[0]

    with pytest.raises(ag.LostGradientError, match=STALE):
        ag.diff(loss)


def test_a_value_kept_by_a_checkpointed_function_is_an_error_outside():
    w, kept = ag.Param(2.0), []
    part = ag.checkpoint(lambda x: kept.append(x * w) or x * w)
    with pytest.raises(ag.LostGradientError, match="outside the checkpointed function"):
        ag.diff(lambda: part(3.0) + kept[0])


def test_a_pullback_may_be_used_in_a_later_recording():
    vjp, _ = ag.make_vjp(np.sin)(0.0)
    assert ag.grad(lambda u: vjp(u) ** 2)(3.0) == 6.0


def test_an_earlier_value_may_be_passed_as_a_constant_argument():
    w, y = ag.Param(X), earlier()
    assert ag.grad(lambda x, y: np.sum(x * y))(X, y).tolist() == [2.0, 4.0, 6.0]
    assert ag.grad(lambda x, y: np.sum(x * y))(y, X).tolist() == [1.0, 2.0, 3.0]
    assert ag.grad(ag.diff(lambda y: np.sum(w * y), y), w).tolist() == [2.0, 4.0, 6.0]
    with pytest.raises(ag.LostGradientError, match=STALE):
        ag.grad(lambda x: ag.grad(lambda a, b: a * np.sum(b))(2.0, y) * x)(3.0)
