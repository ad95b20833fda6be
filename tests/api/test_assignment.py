"""Assignment into recorded arrays: it creates a new value; earlier reads keep the old one."""

import gc
import weakref

import numpy as np
import pytest

import autograd_tools as ag

X = np.array([0.5, -1.0, 2.0, 0.3])
V = np.array([1.5, 0.7])


def written(index, shape=(3, 4)):
    """A program that writes `v` into `x` at an index, and uses the result."""

    def f(x, v):
        y = x * 1.0
        y[index] = np.sin(v)
        return y * y

    return f, np.linspace(-1.0, 1.0, int(np.prod(shape))).reshape(shape)


INDEXES = {
    "integer": (1, ()),
    "row": (1, (4,)),
    "negative": (-1, (4,)),
    "slice": (slice(0, 2), (2, 4)),
    "step": (slice(None, None, 2), (2, 4)),
    "broadcast": (slice(0, 2), (4,)),
    "column": ((slice(None), 2), (3,)),
    "wider": (0, (1, 4)),
    "element": ((1, 2), ()),
    "ellipsis": ((..., 0), (3,)),
    "None": ((None, 1), (1, 4)),
    "integers": ([0, 2], (2, 4)),
    "repeated": ([0, 2, 0], (3, 4)),
    "pairs": (([0, 1, 0], [1, 2, 1]), (3,)),
    "mask": (np.arange(12).reshape(3, 4) % 3 == 0, (4,)),
    "mask, one value": (np.arange(12).reshape(3, 4) % 3 == 0, ()),
    "all": (..., (3, 4)),
    "none": ([], (0, 4)),
}


@pytest.mark.parametrize(("index", "shape"), INDEXES.values(), ids=INDEXES)
def test_writing_differentiates_to_second_order(index, shape):
    f, x = written(index)
    v = np.linspace(0.2, 1.7, int(np.prod(shape))).reshape(shape)
    assert ag.gradcheck(f, x, v, order=2)


@pytest.mark.parametrize(("index", "shape"), INDEXES.values(), ids=INDEXES)
def test_assignment_gives_numpys_result(index, shape):
    f, x = written(index)
    v = np.linspace(0.2, 1.7, int(np.prod(shape))).reshape(shape)
    seen = []
    ag.grad(lambda x: np.sum(seen.append(f(x, v)) or seen[0]))(x)
    np.testing.assert_array_equal(ag.value(seen[0]), f(x, v))


def test_earlier_readers_keep_the_earlier_values():
    def f(x):
        y = 2 * x
        before = np.sum(y * y)
        y[0] = 10.0
        return before + np.sum(y)

    assert ag.grad(f)(X).tolist() == [8 * X[0], *(8 * X[1:] + 2)]


@pytest.mark.parametrize("n", [10, 2000])  # the cotangent of a large sum is a broadcast number
@pytest.mark.parametrize("reduce", [np.sum, np.mean])
def test_a_part_written_before_a_reduction_leaves_the_rest(n, reduce):
    mask = np.arange(n) % 2 == 0

    def f(x):
        y = x * 2.0
        y[mask] = 3.0
        return reduce(y)

    gradient = ag.grad(f)(np.ones(n)) * (n if reduce is np.mean else 1)
    np.testing.assert_allclose(gradient, np.where(mask, 0.0, 2.0))


def test_a_loop_that_fills_an_array_differentiates():
    def f(x):
        y = 0 * x
        y[0] = x[0]
        for i in range(1, len(x)):
            y[i] = y[i - 1] * x[i]
        return y

    np.testing.assert_allclose(ag.jacobian(f)(X), ag.jacobian(np.cumprod)(X))


def test_adding_to_a_part_differentiates():
    def f(x):
        y = x * x
        y[1:] += x[:-1]
        y[x > 0] *= 3
        y[0] -= 1
        return y

    assert ag.gradcheck(f, X, order=2)


def test_assigning_into_an_argument_leaves_the_callers_array_unchanged():
    def f(x):
        x[1] = x[0] * 3
        return np.sum(x * x)

    x = X.copy()
    assert ag.grad(f)(x).tolist() == [20 * X[0], 0.0, 2 * X[2], 2 * X[3]]
    assert x.tolist() == X.tolist()


def test_an_argument_of_a_checkpointed_function_may_be_written_into():
    def f(x):
        x[1] = x[0] * 3
        return x * x

    np.testing.assert_allclose(
        ag.grad(lambda x: np.sum(ag.checkpoint(f)(x + 0)))(X), [20 * X[0], 0.0, 2 * X[2], 2 * X[3]]
    )


def test_two_names_of_one_value_see_what_is_written():
    def f(x):
        y = z = x * 1.0
        y[0] = 0.0
        return np.sum(z * z)

    assert ag.grad(f)(X).tolist() == [0.0, *(2 * X[1:])]


def test_writing_into_a_recorded_value_is_recorded():
    w = ag.Param(X)

    def loss():
        y = w * 1.0
        y[0] = 3.0
        return np.sum(y)

    J = ag.diff(loss)
    assert [node.name for node in J.nodes if not node.is_leaf] == ["multiply", "setitem", "sum"]
    assert ag.grad(J, w).tolist() == [0.0, 1.0, 1.0, 1.0]


def test_a_gradient_of_a_gradient_may_write():
    def f(x):
        y = ag.grad(lambda z: np.sum(z**3))(x)
        y[0] = x[1] ** 2
        return y

    assert ag.gradcheck(f, X)


def test_single_precision_stays():
    def f(x, v):
        y = x * 1
        y[1:3] = v
        return np.sum(y * y)

    gradients = ag.grad(f, (0, 1))(X.astype(np.float32), V)
    assert [dx.dtype for dx in gradients] == [np.float32, np.float64]


def test_fractions_assigned_into_integers_are_truncated_with_zero_gradient():
    def f(v):
        y = np.sum(v) * 0 + ag.Param(np.array([1, 2, 3])) * 1
        return np.sum(y)

    assert ag.grad(f)(V).tolist() == [0.0, 0.0]

    def g(x, v):
        y = x * 2
        y[0] = v[0]
        return np.sum(y)

    assert ag.grad(g, 1)(np.array([1, 2, 3]), V).tolist() == [0.0, 0.0]


def test_writing_into_a_param_while_recording_is_an_error():
    w = ag.Param(X.copy())
    with pytest.raises(TypeError, match="because its gradient belongs to the old value"):
        ag.diff(lambda: w.__setitem__(0, 1.0))


def test_writing_after_the_recording_is_an_error():
    kept = []
    ag.grad(lambda x: np.sum(kept.append(x * 2) or kept[0]))(X)
    with pytest.raises(TypeError, match="its recording has ended"):
        kept[0][0] = 1.0


def test_assigning_into_a_number_is_an_error():
    with pytest.raises(TypeError, match="it is not an array"):
        ag.grad(lambda x: x.__setitem__(0, 1.0))((1.0, 2.0))


def test_a_list_of_recorded_values_can_be_assigned():
    def f(x):
        y = x * 1.0
        y[:2] = [x[0] ** 2, x[1]]
        return np.sum(y)

    np.testing.assert_allclose(ag.grad(f)(X), [2 * X[0], 1.0, 1.0, 1.0])


def test_a_tape_with_writes_is_freed_without_the_garbage_collector():
    w = ag.Param(X)

    def loss():
        h = w * 2.0
        row = h[1:]
        row *= h[0]
        h += 1.0
        return np.sum(row * h[1:])

    gc.disable()
    try:
        J = ag.diff(loss)
        ag.grad(J, w)
        gone = weakref.ref(J)
        del J
        assert gone() is None
    finally:
        gc.enable()


def test_an_alias_read_after_the_recording_has_the_last_value():
    w = ag.Param(X)
    with ag.record() as J:
        h = w * 2.0
        row = h[1:]
        h += 1.0
        loss = np.sum(h)
    J.backward(loss)
    np.testing.assert_array_equal(ag.value(row), 2.0 * X[1:] + 1.0)


def test_two_arguments_that_share_memory_are_refused_once_one_is_written():
    x = X.copy()

    def f(a, b):
        a += 1.0
        return np.sum(a * b)

    assert [dx.shape for dx in ag.grad(f, (0, 1))(x[:2], x[2:])] == [(2,), (2,)]
    with pytest.raises(ValueError, match="shares memory with an array"):
        ag.grad(f, (0, 1))(x, x)


def test_params_are_updated_in_place_outside_a_recording():
    array = X.copy()
    w, b = ag.Param(array), ag.Param(2.0)
    for p in (w, b):
        p -= 0.5  # noqa: PLW2901  in place
        p *= 2.0  # noqa: PLW2901  in place
    assert w.value is array
    np.testing.assert_array_equal(array, (X - 0.5) * 2.0)
    assert b.value == 3.0
    with pytest.raises(ValueError, match="broadcast"):
        w += np.ones((2, 4))
    with pytest.raises(TypeError, match="lose its gradient"):
        ag.grad(w.__iadd__)(X)
    pytree = ag.Param({"a": 1.0})
    with pytest.raises(TypeError, match="has no arithmetic"):
        pytree += 1.0


@pytest.mark.filterwarnings("ignore:Setting the shape")  # of plain arrays, since NumPy 2.5
def test_assigning_a_shape_makes_a_view():
    def f(x):
        y = np.sin(x)
        first = y[:2]
        y.shape = (2, -1)
        y[0, 1] = 5.0 * x[0]
        return np.sum(y * np.array([[1.0, 2.0], [3.0, 4.0]])) + np.sum(first)

    assert ag.value_and_grad(f)(X)[0] == f(X)
    ag.gradcheck(f, X, order=2)


def test_assigning_the_shape_of_a_blank_array():
    def f(x):
        y = np.zeros_like(x)
        y.shape = (2, 2)
        y[1, 0] = x[2]
        return np.sum(y * y)

    assert ag.grad(f)(X).tolist() == [0.0, 0.0, 4.0, 0.0]


def test_assigning_a_shape_that_needs_a_copy_is_an_error():
    def f(x):
        y = np.reshape(x * 1.0, (2, 2)).T
        y.shape = 4
        return np.sum(y)

    with pytest.raises(AttributeError, match=r"write x = np\.reshape"):
        ag.grad(f)(X)
    with pytest.raises(AttributeError, match=r"write x = np\.reshape"):
        ag.Param(X).shape = (2, 2)
