"""Params, recordings and backward passes: nesting, threads, exceptions and memory."""

import copy
import gc
import pickle
import threading
import weakref

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.engine.state import following_params

X = np.array([1.0, 2.0, 3.0])


def derivative(f, order):
    """The derivative of `f` of a given order."""
    for _ in range(order):
        f = ag.grad(f)
    return f


# Params outside a recording.


def test_a_param_shows_its_type_and_shape():
    assert repr(ag.Param(np.zeros((2, 3)))) == "P(float64[2,3])"


def test_value_unwraps_a_param():
    assert ag.value(ag.Param(X)) is X


def test_value_returns_a_plain_value_unchanged():
    assert ag.value(X) is X


def test_a_param_outside_a_recording_gives_plain_arrays():
    y = np.ones((2, 3)) @ ag.Param(X)
    assert type(y) is np.ndarray
    assert y.tolist() == [6.0, 6.0]


def test_a_param_accepts_a_new_value_outside_a_recording():
    w = ag.Param(X)
    w.value = w.value - 1.0
    assert ag.grad(ag.diff(lambda: np.sum(w * w)), w).tolist() == [0.0, 2.0, 4.0]


def test_a_param_is_writable_outside_a_recording():
    w = ag.Param(X.copy())
    w[1] = 5.0
    assert w.value.tolist() == [1.0, 5.0, 3.0]


def test_a_param_keeps_its_name_and_optimizer_state():
    w = ag.Param(1.0, {"step": 3}, name="w")
    assert (w.name, w.opt) == ("w", {"step": 3})


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda w: pickle.loads(pickle.dumps(w))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_param_can_be_copied_and_pickled(duplicate):
    w = duplicate(ag.Param(X, "state", name="w"))
    assert (type(w), w.value.tolist(), w.opt, w.name) == (ag.Param, [1.0, 2.0, 3.0], "state", "w")


def test_params_of_equal_value_are_different_keys():
    a, b = ag.Param(1.0), ag.Param(1.0)
    assert len({a, b}) == 2


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ("text", "got str: 'text'"),
        (None, "got NoneType: None"),
        (True, "got bool: True"),
        ({1.0}, "got set"),
        (np.array(["a"]), "array of dtype <U1"),
        (np.array([1, None]), "array of dtype object"),
        (["a", None], "got NoneType: None"),
        ([1.0, {2.0}], "got set"),
        ([1.0, np.array([1, None])], "array of dtype object"),
        ({"a": (None,)}, "got NoneType: None"),
        (ag.Param(1.0), r"a Param cannot hold P\(1.0\)"),
        ([ag.Param(1.0)], r"a Param cannot hold P\(1.0\)"),
    ],
    ids=[
        "str",
        "None",
        "bool",
        "set",
        "text array",
        "object array",
        "list of none",
        "set in list",
        "object array in list",
        "in dict",
        "Param",
        "Param in list",
    ],
)
def test_a_param_without_numbers_is_an_error(held, message):
    with pytest.raises(TypeError, match=message):
        ag.Param(held)


def test_a_param_cannot_hold_a_result():
    with pytest.raises(TypeError, match=r"a Param cannot hold R\(2.0\)"):
        ag.grad(lambda x: ag.Param(2 * x))(1.0)


# Sums over paths.


def test_a_param_used_twice_gets_the_sum_of_both_gradients():
    w = ag.Param(3.0)
    assert ag.grad(ag.diff(lambda: w * w + 4 * w), w) == 10.0


def test_a_result_used_twice_gets_the_sum_of_both_gradients():
    def f(x):
        y = np.sin(x)
        return y * y + y

    assert ag.grad(f)(0.0) == 1.0


def test_an_argument_given_twice_to_one_primitive_gets_both_gradients():
    assert ag.grad(lambda x: np.sum(np.multiply(x, x)))(X).tolist() == [2.0, 4.0, 6.0]


def test_an_unused_param_has_no_gradient():
    def f(x):
        np.exp(1000 * x[0] ** 0)  # overflows backward if it is swept
        return np.sum(x)

    with np.errstate(over="ignore"):
        assert ag.grad(f)(X).tolist() == [1.0, 1.0, 1.0]


def test_loops_branches_and_recursion_differentiate():
    def f(x, n):
        if n == 0:
            return x
        for _ in range(2):
            x = x * x if n % 2 else 2 * x
        return f(x, n - 1)

    assert ag.grad(f)(1.5, 2) == 3456.0  # (4 x)^4


def test_a_closure_over_a_param_differentiates():
    def layer(w):
        return lambda x: np.tanh(x * w)

    w = ag.Param(0.0)
    assert ag.grad(ag.diff(lambda: layer(w)(2.0)), w) == 2.0


def test_a_callable_object_differentiates():
    class Linear:
        def __init__(self, w, b):
            self.w, self.b = w, b

        def __call__(self, x):
            return self.w @ x + self.b

    f = Linear(ag.Param(np.ones((2, 3))), ag.Param(np.zeros(2)))
    J = ag.diff(lambda: np.sum(f(X)))
    assert ag.grad(J, f.w).tolist() == [[1.0, 2.0, 3.0]] * 2
    assert ag.grad(J, f.b).tolist() == [1.0, 1.0]


def test_a_tracked_python_number_keeps_single_precision():
    x, w = X.astype(np.float32), ag.Param(2.0)
    with ag.record():
        assert (w * x).dtype == (2.0 * x).dtype
        assert (w * w * x).dtype == np.float32


def test_value_detaches_from_the_graph():
    assert ag.grad(lambda x: x * ag.value(x))(3.0) == 3.0


# The seed's README.


def test_the_readme_of_autograd_jl_in_python():
    x = ag.Param(np.array([1, 2, 3]))
    assert repr(x) == "P(int64[3])"
    assert ag.value(x).tolist() == [1, 2, 3]
    assert np.sum(x**2) == 14
    y = ag.diff(lambda: np.sum(x**2))
    assert repr(y) == "T(14)"
    assert ag.value(y) == 14
    assert ag.grad(y, x).tolist() == [2, 4, 6]
    assert ag.grad(y, x).dtype == np.int64


def test_the_old_interface_of_autograd_jl_in_python():
    def f(x):
        return np.sum(x**2)

    assert f(np.array([1, 2, 3])) == 14
    assert ag.grad(f)(np.array([1, 2, 3])).tolist() == [2, 4, 6]


def test_the_linear_regression_of_autograd_jl_descends():
    rng = np.random.default_rng(0)
    w, b = ag.Param(rng.standard_normal((10, 100))), ag.Param(rng.standard_normal(10))
    x, y = rng.standard_normal(100), rng.standard_normal(10)
    losses = []
    for _ in range(3):
        loss = ag.diff(lambda: np.sum((w @ x + b - y) ** 2))
        losses.append(ag.value(loss))
        for p in ag.params((w, b)):
            p.value -= 0.001 * ag.grad(loss, p)
    assert losses[0] > losses[1] > losses[2]


# Higher order.


@pytest.mark.parametrize(
    ("order", "expected"),
    [(1, 1.0), (2, 0.0), (3, -1.0), (4, 0.0), (5, 1.0), (6, 0.0), (7, -1.0), (8, 0.0), (9, 1.0)],
)
def test_derivatives_of_sine_at_zero(order, expected):
    assert derivative(np.sin, order)(0.0) == expected


def test_nested_gradients_of_two_variables_are_not_confused():
    assert ag.grad(lambda x: x * ag.grad(lambda y: x + y)(x))(5.0) == 1.0


def test_an_inner_gradient_sees_outer_variables_to_third_order():
    def f(x):
        return ag.grad(lambda y: y**3 * x**2)(x)  # 3 x^4

    assert [derivative(f, n)(2.0) for n in range(4)] == [48.0, 96.0, 144.0, 144.0]


def test_an_inner_gradient_may_ignore_the_outer_variable():
    assert ag.grad(lambda x: x * ag.grad(lambda y: y * y)(3.0))(5.0) == 6.0


def test_three_nested_gradients_keep_their_variables_apart():
    f = ag.grad(lambda x: ag.grad(lambda y: ag.grad(lambda z: x * x * y * y * z * z)(1.0))(1.0))
    assert f(1.0) == 8.0


def test_a_hessian_by_nesting():
    def f(x):
        return x[0] ** 2 * x[1] + np.sin(x[2])

    rows = [
        ag.grad(lambda x, i=i: ag.grad(f)(x)[i])(np.array([1.0, 2.0, 0.0])).tolist()
        for i in range(3)
    ]
    assert rows == [[4.0, 2.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


def test_a_hessian_vector_product_by_nesting():
    product = ag.grad(lambda x: ag.grad(lambda x: np.sum(x**3))(x) @ np.array([1.0, 0.0, 2.0]))
    assert product(X).tolist() == [6.0, 0.0, 36.0]


def test_a_gradient_inside_diff_follows_params():
    w = ag.Param(2.0)
    J = ag.diff(lambda: ag.grad(lambda x: w * w * x**3)(3.0))  # 27 w^2
    assert ag.value(J) == 108.0
    assert ag.grad(J, w) == 108.0


def test_params_are_constants_to_the_gradient_of_a_function():
    w = ag.Param(2.0)
    assert ag.grad(lambda x: w * x * x)(3.0) == 12.0


def test_grad_differentiates_by_the_value_of_a_param():
    w = ag.Param(3.0)
    assert ag.grad(lambda x: x * x)(w) == 6.0


def test_diff_inside_diff_differentiates_the_gradient_of_a_param():
    w = ag.Param(2.0)
    J = ag.diff(lambda: ag.grad(ag.diff(lambda: w**3), w) ** 2)  # 9 w^4
    assert ag.value(J) == 144.0
    assert ag.grad(J, w) == 288.0


def test_the_value_of_an_inner_tape_is_a_constant():
    w = ag.Param(2.0)
    J = ag.diff(lambda: w * ag.value(ag.diff(lambda: w**3)))
    assert ag.grad(J, w) == 8.0


def test_diff_inside_grad_of_a_function_differentiates_its_argument():
    w = ag.Param(2.0)
    assert ag.grad(lambda x: ag.grad(ag.diff(lambda: w * w * x), w))(3.0) == 4.0


def test_two_params_to_second_order():
    a, b = ag.Param(2.0), ag.Param(3.0)
    J = ag.diff(lambda: ag.grad(ag.diff(lambda: a**2 * b**3), a))  # 2 a b^3
    assert (ag.grad(J, a), ag.grad(J, b)) == (54.0, 108.0)


def test_a_param_in_an_array_to_second_order():
    w = ag.Param(X)
    J = ag.diff(lambda: np.sum(ag.grad(ag.diff(lambda: np.sum(w**3)), w)))
    assert ag.grad(J, w).tolist() == [6.0, 12.0, 18.0]


# Results and their recordings.


def test_a_param_has_a_gradient_in_each_recording():
    w = ag.Param(3.0)
    J, K = ag.diff(lambda: w * w), ag.diff(lambda: 5 * w)
    assert (ag.grad(J, w), ag.grad(K, w)) == (6.0, 5.0)


def leaked():
    """A Result whose recording has closed."""
    w, kept = ag.Param(X), []
    ag.diff(lambda: np.sum(kept.append(2 * w) or w))
    return kept[0]


def test_a_result_of_a_closed_recording_acts_like_its_value():
    y = leaked() + 1
    assert type(y) is np.ndarray
    assert y.tolist() == [3.0, 5.0, 7.0]


def test_a_closed_result_converts_to_array_and_number():
    assert np.asarray(leaked()).tolist() == [2.0, 4.0, 6.0]
    assert float(leaked()[0]) == 2.0


def test_a_closed_result_may_be_an_argument_of_grad():
    assert ag.grad(lambda x: np.sum(x * x))(leaked()).tolist() == [4.0, 8.0, 12.0]


def test_an_inner_value_used_later_belongs_to_the_outer_recording():
    def f(x):
        kept = []
        ag.grad(lambda y: kept.append(x * y) or y)(3.0)
        return kept[0]

    assert ag.grad(f)(2.0) == 3.0


# Exceptions leave the state as it was.


def fails():
    raise RuntimeError("on purpose")


def test_params_are_plain_after_an_exception_in_diff():
    w = ag.Param(X)
    with pytest.raises(RuntimeError, match="on purpose"):
        ag.diff(lambda: w * 2 + fails())
    assert following_params() is None
    assert type(w * 2) is np.ndarray


def test_the_outer_diff_continues_after_an_inner_exception():
    w = ag.Param(3.0)

    def f():
        with pytest.raises(RuntimeError):
            ag.diff(lambda: w * 2 + fails())
        return w * w

    assert ag.grad(ag.diff(f), w) == 6.0


def test_params_are_plain_after_an_exception_in_record():
    w = ag.Param(X)
    with pytest.raises(RuntimeError), ag.record():
        w * 2 + fails()
    assert type(w * 2) is np.ndarray


def test_results_act_like_values_after_an_exception_in_grad():
    kept = []
    with pytest.raises(RuntimeError):
        ag.grad(lambda x: kept.append(x * 2) or fails())(3.0)
    assert kept[0] + 1 == 7.0
    assert not isinstance(kept[0] + 1, ag.Value)


def test_params_are_plain_after_an_exception_in_a_rule():
    @ag.primitive(lambda dy, y, x: fails())
    def f(x):
        return 2 * x

    w = ag.Param(3.0)
    with pytest.raises(RuntimeError, match="on purpose"):
        ag.diff(lambda: f(w))
    assert following_params() is None
    assert w * 2 == 6.0


def test_the_outer_gradient_continues_after_an_inner_rule_fails():
    @ag.primitive(lambda dy, y, x: fails())
    def wrong(x):
        return 2 * x

    def f(x):
        with pytest.raises(RuntimeError):
            ag.grad(lambda y: wrong(y) * x)(1.0)
        return x * x

    assert ag.grad(f)(3.0) == 6.0


def test_a_non_scalar_result_leaves_params_plain():
    w = ag.Param(X)
    with pytest.raises(TypeError):
        ag.diff(lambda: w * 2)
    assert type(w * 2) is np.ndarray


# Threads.


def test_a_recording_belongs_to_its_thread():
    w, seen = ag.Param(X), []
    with ag.record():
        thread = threading.Thread(target=lambda: seen.append(w * 2))
        thread.start()
        thread.join()
    assert type(seen[0]) is np.ndarray


def test_two_threads_record_independently():
    w, barrier, found = ag.Param(2.0), threading.Barrier(2), {}

    def work(n):
        def f():
            barrier.wait()
            y = w**n
            barrier.wait()
            return y * y

        found[n] = ag.grad(ag.diff(f), w)

    threads = [threading.Thread(target=work, args=(n,)) for n in (2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {2: 32.0, 3: 192.0}


# Long chains and memory.


def chain(x, n=20_000):
    for _ in range(n):
        x = x + 1.0
    return x


def test_a_chain_of_20_000_operations_differentiates():
    assert ag.grad(chain)(0.0) == 1.0


def test_a_chain_of_20_000_operations_differentiates_twice():
    assert ag.grad(ag.grad(lambda x: chain(x * x)))(3.0) == 2.0


def test_grad_frees_intermediate_arrays_without_the_garbage_collector():
    found = []

    class Watched(np.ndarray):
        pass

    @ag.primitive(lambda dy, y, x: dy)
    def watch(x):
        y = np.array(x).view(Watched)
        found.append(weakref.ref(y))
        return y

    gc.disable()
    try:
        ag.grad(lambda x: np.sum(np.sin(watch(x) * 2)))(X)
        assert found[0]() is None
    finally:
        gc.enable()


def test_grad_frees_an_intermediate_array_once_its_gradient_passed():
    alive = []

    @ag.primitive(lambda dy, y, x: alive.append(later()) or dy)
    def first(x):
        return x * 1.0

    refs = []

    @ag.primitive(lambda dy, y, x: dy)
    def second(x):
        y = (x * 1.0).view(Watched)
        refs.append(weakref.ref(y))
        return y

    class Watched(np.ndarray):
        pass

    def later():
        return refs[0]() is not None

    ag.grad(lambda x: np.sum(second(first(x))))(X)
    assert alive == [False]


def test_grad_frees_unread_large_arrays_at_once():
    alive = []

    def f(x):
        y = 2 * x
        found = weakref.ref(y.value)
        z = np.sum(y + 1.0)
        del y
        alive.append(found() is not None)
        return z

    ag.grad(f)(np.ones(10_000))
    assert alive == [False]


def test_grad_frees_joined_large_arrays_at_once():
    alive = []

    def f(x):
        y = 2 * x
        found = weakref.ref(y.value)
        z = np.sum(np.concatenate([y, x]))
        del y
        alive.append(found() is not None)
        return z

    ag.grad(f)(np.ones(10_000))
    assert alive == [False]


def test_diff_keeps_every_value_and_gradient():
    w = ag.Param(X)
    J = ag.diff(lambda: np.sum(np.sin(w) * 2))
    assert [node.value is not None and node.outgrad is not None for node in J.nodes] == [True] * 4


def test_a_dropped_tape_frees_its_arrays_without_the_garbage_collector():
    w = ag.Param(X)
    gc.disable()
    try:
        J = ag.diff(lambda: np.sum(np.sin(w)))
        found = weakref.ref(J.nodes[1].value)
        del J
        assert found() is None
    finally:
        gc.enable()


def test_recordings_may_end_in_any_order():
    w = ag.Param(2.0)
    with ag.record() as outer:
        first = w * 3.0
        with ag.record() as inner:
            outer.backward(first)
            second = w * 5.0
        assert following_params() is None
        inner.backward(second)
    assert (ag.grad(outer, w), ag.grad(inner, w)) == (3.0, 5.0)
    assert following_params() is None
    assert w * 2 == 4.0
