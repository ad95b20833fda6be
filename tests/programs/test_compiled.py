"""Compiled functions do what the functions do, call for call."""

import dataclasses
import functools
import threading
import warnings

import numpy as np
import pytest
import scipy.special

import autograd_tools as ag
import autograd_tools.numpy as anp
from autograd_tools.base.containers import tree_leaves

X = np.linspace(0.1, 1.0, 5)
Y = X[::-1].copy()


def assert_equal(y, expected):
    y, expected = tree_leaves(y), tree_leaves(expected)
    assert list(map(type, y)) == list(map(type, expected))
    for a, b in zip(y, expected, strict=True):
        np.testing.assert_array_equal(a, b, strict=isinstance(b, np.ndarray))


def assert_compiles(f, *calls, programs=1):
    """Compare calls of a compiled function with those of `f`, bit for bit; none may be eager."""
    compiled = ag.compile(f)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for args in [*calls, *calls]:
            assert_equal(compiled(*args), f(*args))
    assert len(compiled.programs) == programs
    return compiled


def loss(w, b, x):
    h = np.tanh(x @ w + b)
    z = np.maximum(h, 0)
    if np.sum(z) > 0:
        z = z * 2
    return np.mean(z**2) + np.sum(z[0] * z[1])


def network(seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=(5, 4))


def newton(a):
    z = a
    while abs(z * z - a) > 1e-10:
        z = 0.5 * (z + a / z)
    return z


def fibonacci(x, n):
    return x if n < 2 else fibonacci(x * 0.9, n - 1) + fibonacci(x, n - 2)


def filled(x):
    z = np.zeros_like(x)
    for i in range(5):
        z[i] = x[i] ** 2
    z += x
    return np.sum(z**2)


@dataclasses.dataclass
class Model:
    a: object
    b: float = 1.0


@ag.primitive(lambda dy, y, x: dy * 3 * x**2)
def cube(x):
    return np.asarray(x) ** 3


def moved(x):
    y = x * 1.0
    y[1:3] += x[0]
    for t in range(1, 5):
        y[t] = y[t - 1] * 0.5 + x[t]
    return np.sum(y[::-1] * y)


GRADIENTS = {
    "writes into parts": moved,
    "index": lambda x: np.sum(x[1:] * x[:-1]) + x[2] * x[-1],
    "sum": lambda x: np.sum(x) ** 2,
    "sums of rows": lambda x: np.sum(np.sum(np.outer(x, x), axis=1) ** 2),
    "mean": lambda x: np.exp(np.mean(x)) * np.std(x),
    "log of sum": lambda x: np.log(np.sum(np.exp(x))),
    "norm": lambda x: np.linalg.norm(x) * np.prod(x) * np.max(x),
    "parts of a gradient": lambda x: np.sum(x[::-1] * x) * np.sum(x[::-1]),
    "where": lambda x: np.sum(np.where(x > 0.5, x**2, x)),
    "value": lambda x: np.sum(x * ag.value(x)),
    "sort": lambda x: np.sum(np.sort(x) * np.arange(5)),
    "writes": filled,
    "builtin sum": lambda x: sum(v * v for v in x),
    "recursion": lambda x: np.sum(fibonacci(x, 6)),
    "checkpoint": ag.checkpoint(lambda x: np.sum(np.tanh(x))),
    "special": lambda x: np.sum(scipy.special.expit(x) * scipy.special.gammaln(x)),
    "primitive": lambda x: np.sum(cube(x)),
    "zerograd": lambda x: np.sum(x * ag.zerograd(lambda v: float(np.asarray(v).max()))(x)),
    "complex": lambda x: np.real(np.sum(np.exp(1j * x) ** 2)),
    "matrix": lambda x: np.linalg.slogdet(np.outer(x, x) + np.eye(5))[1],
    "one array twice": lambda x: np.sum(x + x[::-1]),
    "errors ignored": lambda x: np.sum(np.arctan2(x, x)),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_a_compiled_gradient_is_the_gradient(name):
    assert_compiles(ag.grad(GRADIENTS[name]), (X,), (Y,), (X * 0.9,))


@pytest.mark.parametrize(
    "derivative",
    [ag.jacobian, ag.hessian, ag.elementwise_grad, ag.grad, ag.value_and_grad, ag.gradloss],
)
def test_a_compiled_derivative_is_the_derivative(derivative):
    def f(x):
        y = np.tanh(x) ** 3 * x[::-1]
        return y if derivative in (ag.jacobian, ag.elementwise_grad) else np.sum(y)

    assert_compiles(derivative(f), (X,), (Y,))


def test_products_with_the_hessian_compile():
    def product(x, v):
        return ag.make_hvp(lambda x: np.sum(np.tanh(x) ** 3))(x)[0](v)

    assert_compiles(product, (X, Y), (Y, X))


def test_tangents_compile():
    assert_compiles(lambda x, v: ag.make_jvp(lambda x: np.tanh(x) * x)(x)(v), (X, Y), (Y, X))


def test_a_function_without_gradients_compiles():
    assert_compiles(lambda x, k: {"a": x[1:3] * k, "b": (k, "text", None)}, (X, 2.0), (Y, 3.0))


def test_containers_and_dataclasses_compile():
    assert_compiles(ag.grad(lambda p: np.sum(p.a * p.b)), (Model(X, 2.0),), (Model(Y, 3.0),))
    assert_compiles(ag.grad(lambda p: np.sum(p["w"][0] * p["w"][1])), ({"w": [X, Y]},))


def test_each_type_of_the_arguments_has_a_program():
    single = X.astype(np.float32)
    f = ag.grad(lambda x: np.sum(np.tanh(x) ** 2))
    assert_compiles(f, (X,), (single,), (X[:3],), (X[:0],), programs=4)


# Branches -----------------------------------------------------------------------------------------


def test_each_path_through_branches_has_a_program():
    w, b, x = network(0)
    assert_compiles(ag.value_and_grad(loss, (0, 1)), (w, b, x), (w * 0, b - 9, x), programs=2)


def test_a_loop_that_ends_by_its_numbers_compiles():
    assert_compiles(newton, (2.0,), (3.0,), (200.0,), programs=3)
    assert_compiles(ag.grad(newton), (2.0,), (3.0,), (200.0,), programs=3)


def test_a_mask_is_checked_by_its_size():
    f = ag.grad(lambda x: np.sum(x[x > 0.5] ** 2))
    assert_compiles(f, (X,), (Y,), (X * 2,), programs=2)


def test_a_number_that_python_reads_is_checked():
    assert_compiles(lambda x: np.sin(float(x[0])) * x, (X,), (Y,), programs=2)
    assert_compiles(lambda x: [np.sum(x)] * int(x[0] * 20), (X,), (Y,), programs=2)


def test_an_integer_in_a_formula_is_no_new_program():
    compiled = ag.compile(lambda x, t: x / (1 - 0.9**t))
    for t in range(1, 40):
        assert_equal(compiled(X, t), X / (1 - 0.9**t))
    assert len(compiled.programs) == 1


def test_an_integer_that_chooses_an_axis_compiles():
    f = ag.grad(lambda x, n: np.sum(np.sum(np.outer(x, x), axis=n) ** 2))
    assert_compiles(f, (X, 0), (X, 1), (Y, 1), programs=2)


def test_many_paths_end_in_one_warning_and_the_function_itself():
    compiled = ag.compile(lambda x: x * float(x))
    with pytest.warns(
        RuntimeWarning, match=rf"reads at {__file__}:\d+ was different in each .* pass what it"
    ):
        assert [compiled(float(k)) for k in range(20)] == [float(k * k) for k in range(20)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compiled(30.0) == 900.0


def test_a_text_argument_chooses_a_program():
    def f(x, kind):
        return np.sum(x) if kind == "sum" else np.prod(x)

    assert_compiles(f, (X, "sum"), (X, "product"), (Y, "sum"), programs=2)


# From outside -------------------------------------------------------------------------------------

scale = 2.0


def test_a_global_that_changes_is_noticed(monkeypatch):
    compiled = ag.compile(ag.grad(lambda x: np.sum(x * scale)))
    assert compiled(X)[0] == 2.0
    monkeypatch.setitem(globals(), "scale", 3.0)
    assert compiled(X)[0] == 3.0


def test_a_closure_that_changes_is_noticed():
    factor = 1.0
    compiled = ag.compile(lambda x: x * factor)
    assert compiled(2.0) == 2.0
    factor = 5.0
    assert compiled(2.0) == 10.0


class Loss:
    def __init__(self):
        self.weights = np.ones(5)
        self.options = {"powers": [1.0, 2.0]}

    def __call__(self, x):
        return np.sum(x ** self.options["powers"][1] * self.weights)


def test_attributes_that_change_are_noticed():
    f = Loss()
    compiled = ag.compile(ag.grad(f))
    assert_equal(compiled(X), ag.grad(f)(X))
    f.options["powers"][1] = 3.0
    assert_equal(compiled(X), ag.grad(f)(X))
    f.weights = np.arange(5.0)
    assert_equal(compiled(X), ag.grad(f)(X))
    f.weights[0] = 7.0
    assert_equal(compiled(X), ag.grad(f)(X))


def test_numbers_derived_from_an_array_outside_are_noticed():
    data = np.ones(10)
    compiled = ag.compile(lambda x: x * np.sum(data * 2))
    assert compiled(1.0) == 20.0
    data[3] = 6.0
    assert compiled(1.0) == 30.0


def test_something_that_always_changes_ends_in_a_warning():
    f = Loss()
    compiled = ag.compile(ag.grad(f))

    def train():
        for k in range(20):
            f.weights = np.full(5, float(k))
            assert_equal(compiled(X), ag.grad(f)(X))

    with pytest.warns(RuntimeWarning, match=r"weights changed between 17 calls; pass it as an arg"):
        train()


def test_random_numbers_are_an_error_that_names_the_line():
    def f(x):
        return np.sum(x * np.random.normal(size=5))

    message = (
        rf"f draws random numbers, first at .*{__file__.rpartition('/')[2]}:"
        r"\d+ in test_random.*f: pass random numbers, counters and whatever else changes"
    )
    with pytest.raises(TypeError, match=message):
        ag.compile(f)(X)


def test_a_function_that_counts_runs_as_it_is():
    calls = []

    def f(x):
        calls.append(1)
        return x * len(calls)

    compiled = ag.compile(f)
    with pytest.warns(RuntimeWarning, match="it changes calls; pass it as an argument and return"):
        assert_equal(compiled(X), X)
    assert_equal(compiled(X), X * 2)
    assert calls == [1, 1]


def test_text_of_a_value_makes_the_function_run_as_it_is(capsys):
    def f(x):
        print(np.sum(x))
        return np.sum(x)

    compiled = ag.compile(f)
    with pytest.warns(RuntimeWarning, match="f runs uncompiled: the text of a value at"):
        compiled(X)
    compiled(X)
    assert capsys.readouterr().out == "2.75\n2.75\n"


def test_what_no_program_can_read_makes_the_function_run_as_it_is():
    f = ag.compile(lambda x: np.array([x[0], x[1]]))
    with pytest.warns(RuntimeWarning, match=r"runs uncompiled: np.array or np.asarray"):
        assert_equal(f(X), X[:2])
    assert_equal(f(Y), Y[:2])


def test_a_function_that_looks_at_types_runs_as_it_is():
    compiled = ag.compile(lambda x: x * 2 if type(x) is np.ndarray else x)
    with pytest.warns(RuntimeWarning, match=r"write isinstance\(x, kind\) for type\(x\) is kind"):
        assert_equal(compiled(X), X * 2)


def test_lists_become_arrays_in_our_namespace():
    assert_compiles(lambda x: anp.array([x[0], x[1] ** 2]), (X,), (Y,))
    assert_compiles(lambda x: anp.asarray(x) * 2, (X,), (Y,))


def test_an_error_is_that_of_the_function():
    compiled = ag.compile(np.linalg.inv)
    compiled(np.eye(2))
    with pytest.raises(np.linalg.LinAlgError, match="Singular matrix"):
        compiled(np.zeros((2, 2)))
    with pytest.raises(ZeroDivisionError):
        ag.compile(lambda x: 1 / 0)(X)


def test_only_functions_compile():
    with pytest.raises(TypeError, match="compile\\(\\) expects a function, got 3"):
        ag.compile(3)


# Params and effects -------------------------------------------------------------------------------


def test_params_are_read_anew():
    w = ag.Param({"a": X.copy(), "b": 2.0})
    compiled = ag.compile(lambda: np.sum(w["a"]) * w["b"])
    assert compiled() == np.sum(X) * 2.0
    w.value = {"a": Y * 2, "b": 3.0}
    assert compiled() == np.sum(Y * 2) * 3.0
    w.value = {"a": np.ones(3), "b": 1.0}
    assert compiled() == 3.0
    assert len(compiled.programs) == 2


@pytest.mark.parametrize("in_place", [False, True])
def test_a_training_step_assigns_its_params(in_place):
    def trained(compiled):
        w = ag.Param(X.copy(), name="w")

        def step(rate):
            J = ag.diff(lambda: np.sum((w - 1) ** 2))
            if in_place:
                w.value -= rate * ag.grad(J, w)
            else:
                w.value = w.value - rate * ag.grad(J, w)
            return ag.value(J)

        step = ag.compile(step) if compiled else step
        return [step(rate) for rate in (0.1, 0.2, 0.3, 0.1)], w.value

    assert_equal(trained(True), trained(False))


def test_params_are_themselves_after_a_capture():
    w = ag.Param(2.0)
    ag.compile(lambda x: w * x)(3.0)
    assert (w.value, "value" in vars(ag.Param)) == (2.0, False)
    with pytest.raises(ZeroDivisionError):
        ag.compile(lambda x: w * x / 0)(3.0)
    assert (w.value, "value" in vars(ag.Param)) == (2.0, False)


def test_writes_into_arguments_happen_once_a_call():
    def f(x):
        x[0] = 9.0
        x += 1
        return x.sum()

    a, b, compiled = X.copy(), X.copy(), ag.compile(f)
    for _ in range(3):
        assert compiled(a) == f(b)
        assert_equal(a, b)


def test_results_own_their_memory():
    gradient = ag.compile(ag.grad(lambda x, y: np.sum(x + y), (0, 1)))
    a, b = gradient(X, Y)
    assert not np.shares_memory(a, b)
    a += 5
    assert_equal(gradient(X, Y), (np.ones(5), np.ones(5)))
    ones = ag.compile(lambda x: np.ones(3))
    first = ones(X)
    first += 1
    assert_equal(ones(X), np.ones(3))


def test_a_program_ignores_the_floating_point_errors_that_the_function_ignores():
    def f(x):
        with np.errstate(divide="ignore"):
            return np.log(x)

    assert_compiles(f, (np.zeros(2),), (X[:2],))


# Around -------------------------------------------------------------------------------------------


def test_a_compiled_function_is_itself_in_a_recording():
    f = ag.compile(lambda x: np.sum(np.tanh(x)))
    assert_equal(ag.grad(f)(X), ag.grad(f.function)(X))
    w = ag.Param(X)
    assert len(ag.diff(lambda: f(w))) == 3
    assert f.programs == []


def test_a_profile_shows_the_lines_of_a_compiled_function():
    f = ag.compile(ag.grad(lambda x: np.sum(np.tanh(x))))
    f(X)
    with ag.profile() as p:
        f(X)
    assert {record.op for record in p.records} == {"tanh", "sum"}
    assert {record.file for record in p.records} == {__file__}


def test_observers_see_the_gradients_of_a_compiled_function_once():
    f, seen = ag.compile(ag.grad(lambda x: np.sum(np.tanh(x)))), []
    with ag.observe(seen.append):
        f(X)
    assert list(map(len, seen)) == [3]


def test_compiled_functions_nest():
    f = ag.compile(lambda x: np.sin(x) * 2)
    assert_compiles(lambda x: f(x) + 1, (X,), (Y,))


def test_compile_is_a_decorator_of_functions_and_methods():
    class Model:
        weight = 2.0

        @ag.compile
        def gradient(self, x):
            return ag.grad(lambda x: np.sum(x**2) * self.weight)(x)

    model = Model()
    assert_equal(model.gradient(X), 4 * X)
    model.weight = 3.0
    assert_equal(model.gradient(X), 6 * X)
    assert Model.gradient.__name__ == "gradient"


def test_partial_functions_and_keywords_compile():
    f = ag.compile(functools.partial(lambda x, k, power=2: k * x**power, k=3.0))
    assert_equal(f(X, power=3), 3.0 * X**3)
    assert_equal(f(Y, power=3), 3.0 * Y**3)


def test_a_compiled_function_has_a_source():
    gradient = ag.compile(ag.grad(lambda x: np.sum(np.sin(x))))
    assert gradient.source(X).endswith("np.cos(x)\n    return d_x\n")


def test_clear_forgets_the_programs():
    f = ag.compile(np.sin)
    f(X)
    assert (len(f.programs), repr(f)) == (1, "<compiled sin>")
    f.clear()
    assert f.programs == []


def test_threads_share_a_compiled_function():
    f = ag.grad(lambda x: np.sum(np.tanh(x) ** 2))
    compiled, wrong = ag.compile(f), []

    def work(k):
        for i in range(100):
            x = X * (k + i % 7)
            if not np.array_equal(compiled(x), f(x)):
                wrong.append((k, i))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
