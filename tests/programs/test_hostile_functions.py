"""Functions with effects, caught errors and state outside: compiled, none differs in silence."""

import copy
import functools
import math
import pickle
import random
import subprocess
import sys
import threading
import types
import warnings
from collections import UserDict, deque

import numpy as np
import pytest

import autograd_tools as ag

X = np.linspace(0.1, 1.0, 5)
Y = X[::-1].copy()


def outcome(f, args):
    try:
        return f(*args)
    except (ArithmeticError, LookupError, ValueError, np.linalg.LinAlgError) as error:
        return type(error).__name__


def assert_as_plain(f, *calls):
    """Compare calls with those of `f`, whose arguments they may write into."""
    compiled = ag.compile(f)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*runs uncompiled", RuntimeWarning)
        for args in [*calls, *calls]:
            mine, plain = copy.deepcopy(args), copy.deepcopy(args)
            y, expected = outcome(compiled, mine), outcome(f, plain)
            assert repr(y) == repr(expected)
            assert repr(mine) == repr(plain)
    return compiled


def test_a_constant_that_is_written_into_keeps_each_value():
    def basis(x):
        e, found = np.zeros(5), []
        for i in range(5):
            e[:] = 0
            e[i] = i + 1.0
            found.append(x @ e)
        return found

    def growing(x):
        c, total = np.zeros(5), 0.0
        for i in range(4):
            c += i
            total = total + np.sum(x * x * c)
        return total

    def chosen(x):
        places = [0, 1]
        first = x[places]
        places[0] = 3
        return first + x[places]

    assert_as_plain(basis, (X,), (Y,))
    assert_as_plain(chosen, (X,), (Y,))
    assert len(assert_as_plain(ag.value_and_grad(growing), (X,), (Y,)).programs) == 1


def test_negative_bases_keep_their_parentheses():
    assert_as_plain(lambda n: (-1) ** n, (2,), (3,))
    assert_as_plain(lambda x, n: x * (-2) ** n, (X, 2), (X, 3))


def test_a_caught_error_is_no_path_of_a_program():
    def solved(a, b):
        try:
            return np.linalg.solve(a, b)
        except np.linalg.LinAlgError:
            return b * 0.0

    def divided(x):
        try:
            return 1 / x
        except ZeroDivisionError:
            return -1.0

    assert_as_plain(solved, (np.zeros((2, 2)), X[:2]), (np.eye(2) * 2, X[:2]))
    assert_as_plain(solved, (np.eye(2) * 2, X[:2]), (np.zeros((2, 2)), X[:2]))
    assert_as_plain(divided, (0.0,), (2.0,))


WRITES = {
    "clip": lambda x, z: np.clip(x, 0.3, 0.6, z),
    "cumsum": lambda x, z: x.cumsum(0, None, z),
    "round": lambda x, z: np.round(x, 1, z),
    "nan_to_num": lambda x, z: np.nan_to_num(z, copy=False),
    "add": lambda x, z: np.add(x, 1, z),
    "sort": lambda x, z: z.sort(),
}


@pytest.mark.parametrize("name", WRITES)
def test_writes_by_position_are_writes(name):
    def f(x):
        z = x * np.array([1.0, np.nan, 3.0, 0.5, 2.0])
        WRITES[name](x, z)
        return z + 0

    assert_as_plain(f, (X,), (Y,))


def test_a_write_and_a_check_run_once():
    def f(x):
        x += 1
        return np.sum(x[x > 2.0])

    assert_as_plain(f, (np.linspace(0, 2, 5),), (np.linspace(1, 3, 5),))


def test_an_array_outside_is_written_into_once_a_call():
    velocity = np.zeros(5)

    def f(x):
        velocity[:] *= 0.9
        np.add(velocity, x, out=velocity)
        return np.sum(velocity)

    compiled, found = ag.compile(f), []
    with pytest.warns(RuntimeWarning, match="runs uncompiled: writing into an array from"):
        found.append(compiled(np.ones(5)))
    found.append(compiled(np.ones(5)))
    assert found == [5.0, 9.5]


def test_params_have_the_form_that_the_program_was_made_for():
    w = ag.Param({"w": X, "kind": "tanh"})
    compiled = ag.compile(lambda: np.sum(np.tanh(w["w"]) if w["kind"] == "tanh" else w["w"] * 2))
    first = compiled()
    w.value = {"w": X, "kind": "relu"}
    assert (first, compiled()) == (np.sum(np.tanh(X)), np.sum(X * 2))
    w.value = {"kind": "relu", "w": X * 2}
    assert compiled() == np.sum(X * 4)


def test_one_array_given_twice_is_one_array():
    def written(a, b):
        before = np.sum(b)
        a[0] = 9.0
        return before, np.sum(b)

    compiled = ag.compile(written)
    assert compiled(X.copy(), Y.copy()) == written(X.copy(), Y.copy())
    one, other = X.copy(), X.copy()
    assert compiled(one, one) == written(other, other)
    same = ag.compile(lambda a, b: a * 1.0 if a is b else a + b)
    assert (same(X, X).tolist(), same(X, Y).tolist()) == (X.tolist(), (X + Y).tolist())


def test_shapes_and_types_that_depend_on_numbers_are_checked():
    rotation = np.array([[0.0, 1.0], [-1.0, 0.0]])
    assert_as_plain(lambda x: len(x.nonzero()[0]), (X,), (np.array([0.0, 0.0, 1.0, 0.0, 0.0]),))
    assert_as_plain(lambda n: len(np.tile(X, n)), (2,), (3,))
    assert_as_plain(lambda a: np.linalg.eigvals(a).dtype, (np.eye(2),), (rotation,))
    assert_as_plain(lambda a: np.sum(np.linalg.eigvals(a) ** 2), (np.eye(2),), (rotation,))
    assert_as_plain(lambda n, m: isinstance(n**m, int), (2, 2), (2, -1))
    assert_as_plain(lambda x: np.array2string(x), (X,), (Y,))  # noqa: PLW0108
    assert_as_plain(lambda x: math.copysign(1.0, float(x)), (0.0,), (-0.0,))


class Settings:
    rate = 0.1


class Layer:
    __slots__ = ("weight",)

    def __init__(self):
        self.weight = 1.0


def of_space(**fields):
    space = types.SimpleNamespace(**fields)
    return lambda x: x * getattr(space, "k", 1.0), lambda: setattr(space, "k", 2.0)


def of_slots():
    layer = Layer()
    return lambda x: x * layer.weight, lambda: setattr(layer, "weight", 2.0)


def of_deque():
    numbers = deque([1.0])
    return lambda x: x * numbers[0], lambda: numbers.appendleft(2.0)


def of_mapping():
    numbers = UserDict(k=1.0)
    return lambda x: x * numbers["k"], lambda: numbers.update(k=2.0)


def of_partial():
    scaled = functools.partial(lambda x, k: x * k, k=1.0)
    return lambda x: scaled(x) + 0.0, lambda: scaled.keywords.update(k=2.0)


OUTSIDE = {
    "class": (lambda x: x * Settings.rate, lambda: setattr(Settings, "rate", 0.2)),
    "namespace": of_space(k=1.0),
    "later attribute": of_space(),
    "slots": of_slots(),
    "deque": of_deque(),
    "mapping": of_mapping(),
    "partial": of_partial(),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_changes_outside_is_noticed(name):
    f, change = OUTSIDE[name]
    compiled = ag.compile(f)
    assert compiled(3.0) == f(3.0)
    change()
    assert compiled(3.0) == f(3.0)


def test_default_arguments_that_change_are_noticed():
    def f(x, k=1.0):
        return x * k

    compiled = ag.compile(f)
    assert compiled(3.0) == 3.0
    f.__defaults__ = (2.0,)
    assert compiled(3.0) == 6.0


def test_an_iterator_outside_is_not_compiled():
    numbers = iter([1.0, 2.0, 3.0, 4.0])
    compiled = ag.compile(lambda x: x * next(numbers))
    with pytest.warns(RuntimeWarning, match="numbers may change undetected"):
        assert compiled(1.0) == 1.0
    assert compiled(1.0) == 2.0


def test_effects_on_containers_happen_as_in_the_function():
    def step(state, x):
        state["w"] = state["w"] - 0.1 * x
        return np.sum(state["w"])

    mine, plain, compiled = {"w": X.copy()}, {"w": X.copy()}, ag.compile(step)
    with pytest.warns(RuntimeWarning, match="it writes into a dict of its arguments; return a new"):
        assert compiled(mine, X) == step(plain, X)
    assert compiled(mine, X) == step(plain, X)
    assert mine["w"].tolist() == plain["w"].tolist()


def test_attributes_of_objects_change_as_in_the_function():
    class Momentum:
        velocity, calls = 0.0, 0

        def step(self, g):
            self.velocity = 0.9 * self.velocity + g
            self.calls += 1
            return self.velocity

    mine, plain = Momentum(), Momentum()
    compiled = ag.compile(mine.step)
    with pytest.warns(RuntimeWarning, match=r"it changes self; pass it as an argument and return"):
        assert compiled(1.0) == plain.step(1.0)
    assert compiled(1.0) == plain.step(1.0)
    assert (mine.velocity, mine.calls) == (1.9, 2)


def test_a_value_that_an_object_keeps_at_first_use_compiles():
    class Scaled:
        scale = None

        def __call__(self, x):
            if self.scale is None:
                self.scale = 3.0
            return x * self.scale

    compiled = ag.compile(Scaled())
    assert [compiled(2.0), compiled(3.0)] == [6.0, 9.0]
    assert len(compiled.programs) == 1


def test_random_numbers_are_an_error_whatever_they_decide():
    state = random.getstate()
    with pytest.raises(TypeError, match="draws random numbers"):
        ag.compile(lambda x: x * 2 if random.random() < 2 else x)(X)
    assert random.getstate() == state


def test_floating_point_errors_are_raised_as_in_the_function():
    compiled = ag.compile(lambda x: np.tanh(x * 1e200 * x * 1e200 + x * 1e200 - 1.0))
    with np.errstate(all="ignore"):
        assert compiled(np.float64(3.0)) == 1.0
    with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="overflow"):
        compiled(np.float64(3.0))


def test_modules_that_numpy_loads_late_stay_loaded():
    code = """
import numpy as np, autograd_tools as ag
f = ag.compile(lambda x: np.sum(np.unique(x)) + np.sum(x))
print(f(np.ones(3)), np.ma.array([1]))
g = ag.compile(lambda x: x * np.random.RandomState(3).randn(3))
print(bool(np.all(g(np.ones(3)) == g.function(np.ones(3)))))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "4.0 [1]\nTrue\n"


def test_an_array_that_is_filled_between_calls_is_noticed():
    buffer = np.zeros((500, 3))
    gradient = ag.grad(lambda w: np.mean((((buffer - 1) / 2) @ w) ** 2))
    compiled = ag.compile(gradient)
    for i in range(5):
        buffer[100 * i] = i
        np.testing.assert_allclose(compiled(np.ones(3)), gradient(np.ones(3)), rtol=1e-12)


def test_equal_results_have_memory_of_their_own():
    a, b = ag.compile(lambda x: [x * 2, x * 2])(X)
    assert not np.shares_memory(a, b)
    ones, others = ag.compile(lambda x: (np.ones_like(x), np.ones_like(x)))(X)
    assert not np.shares_memory(ones, others)


def test_keywords_and_dicts_are_told_apart():
    def f(x, y=None):
        return x * 2.0 if y is None else x + y

    compiled = ag.compile(lambda *args, **kwargs: (len(args), sorted(kwargs)))
    assert compiled(3.0, x=2.0) == (1, ["x"])
    assert compiled((3.0,), {"x": 2.0}) == (2, [])


def test_other_threads_run_the_function_while_it_is_captured():
    compiled = ag.compile(lambda x, inner: inner(x) if inner else x * 2)

    def in_a_thread(x):
        found = []
        thread = threading.Thread(target=lambda: found.append(compiled(3.0, None)))
        thread.start()
        thread.join(10)
        return found[0]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        assert compiled(1.0, in_a_thread) == 6.0


def test_a_compiled_function_can_be_pickled():
    compiled = pickle.loads(pickle.dumps(ag.compile(np.sin)))
    assert compiled(0.0) == 0.0


def test_a_wrapper_of_a_compiled_function_is_its_own():
    inner = ag.compile(lambda x: x * 2)

    @functools.wraps(inner)
    def outer(x):
        return inner(x) + 1

    assert ag.compile(outer)(3.0) == 7.0


def test_functions_that_return_functions_or_generators_run_as_they_are():
    compiled = ag.compile(lambda x: lambda k: k * x)
    with pytest.warns(RuntimeWarning, match="it returns a function"):
        assert compiled(2.0)(3.0) == 6.0


def test_rows_of_other_integers_end_in_one_warning():
    data = np.arange(20.0)
    compiled = ag.compile(lambda x, i: np.sum(data[i]) * x)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for k in range(30):
            assert compiled(2.0, np.array([k % 20, 3])) == 2.0 * (data[k % 20] + 3)
    assert [str(one.message).partition(": ")[2][:45] for one in seen] == [
        "strings, booleans, shapes, objects or integer"
    ]


def test_params_that_the_function_makes_are_its_own():
    def f(x):
        w = ag.Param(x * 2)
        J = ag.diff(lambda: np.sum(w * w))
        return ag.grad(J, w)

    assert_as_plain(f, (X,), (Y,))
