"""NumPy's functions that write, on recorded arrays: its values, and gradients."""

import numpy as np
import pytest

import autograd_tools as ag

X = np.array([1.2, 2.3, 4.1])


def zeros_like(x):
    y = np.zeros_like(x)
    for i in range(1, len(x)):
        y[i] = x[i] * x[i - 1]
    return y * y


def empty_like(x):
    y = np.empty_like(x)
    y.fill(0.0)
    y[1:] = x[:-1]
    y[0] = 2.0
    return y * x


def full_like(x):
    y, z = np.full_like(x, 2.5), np.full_like(x, x[1])
    y[0] = x[0] ** 2
    z[0] = x[0] ** 2
    return y * z


def rows_of_zeros(x):
    y = np.zeros((3, 3), like=x)
    for i, row in enumerate(y):
        row[:] = x * i
    y[2][1] = x[0] ** 2
    y.T[0] += x
    return y * y


def constant_mask(x):
    mask = np.zeros_like(x)
    mask[1] = 1.0
    assert type(float(mask[1])) is float
    first = np.sum(mask * x)
    mask[2] = 5.0  # an entry holds the old values
    second = np.sum(mask * x * x)
    mask[0] = x[0]
    return first + second + mask


def add_at(x):
    y = 0 * x
    np.add.at(y, [0, 0, 2], x**2)
    np.subtract.at(y[1:], 0, x[0])
    return y * X


def fill_diagonal(x):
    a = np.outer(x, x)
    np.fill_diagonal(a, 0.0)
    np.fill_diagonal(a[:2], x[:2])
    return a * a


def put(x):
    a = np.outer(x, x)
    np.put(a, [1, 5, 1], x)
    np.place(a, np.eye(3) > 0, x[:2])
    np.putmask(a, a > 7, x)
    np.put_along_axis(a, np.array([[0], [1], [2]]), x[:, None] ** 3, 1)
    a.put([2], x[0])
    return a * a


def copyto(x):
    a = np.outer(x, x)
    np.copyto(a[0], x[::-1])
    np.copyto(a, x[0], where=np.eye(3) > 0)
    np.copyto(a[1:], [x[0] * x, 2 * x])
    return a * a


def sort(x):
    a = np.outer(x, x**2)
    a.sort()
    a.T.sort(axis=0)
    a[0].partition(1)
    return a * np.arange(9.0).reshape(3, 3)


def flat(x):
    a = np.outer(x, x)
    a.flat[3] = x[0] ** 3
    a.T.flat[::2] = x[1]
    total = sum(a.flat) + a.flat[1] * len(a.flat)
    a.flat = x
    return total + a * np.arange(9.0).reshape(3, 3)


def out(x):
    h = x * 2
    np.add(h, x, out=h)
    np.multiply(h, 3, h)
    np.sum(np.outer(h, x), axis=0, out=h)
    np.sin(h, out=h[:])
    return h * x


def parts(x):
    h = x * (1 + 2j)
    h.real = x**2
    h[1:].imag = x[0]
    return np.real(h * h)


PROGRAMS = [zeros_like, empty_like, full_like, rows_of_zeros, constant_mask, add_at, fill_diagonal]
PROGRAMS += [put, copyto, sort, flat, out, parts]


@pytest.mark.parametrize("f", PROGRAMS)
def test_a_write_has_numpys_value_and_its_gradient(f):
    seen = []
    ag.grad(lambda x: np.sum(seen.append(f(x)) or seen[0]))(X)
    np.testing.assert_array_equal(ag.value(seen[0]), f(X.copy()))
    assert ag.gradcheck(f, X, order=2)


def test_new_arrays_stay_plain_constants_until_a_recorded_value_is_written():
    def f(x):
        y = np.ones_like(x)
        assert type(y * 2.0) is np.ndarray
        assert float(np.sum(y)) == 3.0
        assert type(np.zeros_like(x, dtype=int)) is np.ndarray
        assert y.tolist() == [1.0, 1.0, 1.0]
        return np.sum(x * y)

    J = ag.trace(f, X)
    assert [node.op for node in J] == ["", "multiply", "sum"]


def refuses(error, message, write):
    def f(x):
        h = np.outer(x, x)
        write(h, x)
        return np.sum(h)

    with pytest.raises(error, match=message):
        ag.grad(f)(X)


REFUSED = {
    "a larger shape": (lambda h, x: np.add(h, np.ones((2, 3, 3)), out=h), "broadcast shape"),
    "a smaller shape": (lambda h, x: np.sum(h, axis=0, out=h), "output parameter"),
    "multiply.at": (lambda h, x: np.multiply.at(h, 0, x), "np.multiply.at has no gradient rule"),
    "out= with where=": (lambda h, x: np.maximum(h, x, out=h, where=h > 2), "omit `out`"),
    "a mask and its own elements": (
        lambda h, x: h.__setitem__(h > 0, h.ravel()[::-1]),
        "expects a v that does not overlap x",
    ),
    "a diagonal of itself": (lambda h, x: np.fill_diagonal(h, h[0]), "that do not overlap x"),
    "a broadcast array": (lambda h, x: np.broadcast_to(x, (3, 3)).__iadd__(1.0), "read-only"),
    "a diagonal": (lambda h, x: np.diagonal(h).__setitem__(0, 1.0), "read-only"),
}


@pytest.mark.parametrize(("write", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_had_is_an_error(write, message):
    refuses((ValueError, TypeError), message, write)


def stack(x):
    h = np.stack([x, x * 2.0])
    h[0] = 1.0
    for row in h:
        row /= np.sum(row * x)  # noqa: PLW2901  in place
    return h * x


def windows(x):
    y = x * 1.0
    shown = np.lib.stride_tricks.sliding_window_view(y, 2)
    y[0] = 9.0
    return shown * shown


def part_of_flat(x):
    h = x * 1.0
    part = h.flat[:2]
    h *= 2.0
    return part * part


def plain_operands_with_out(x):
    h = np.ones_like(x)
    np.add(h, 1.0, out=h)
    np.exp(h, out=h)
    h = h * x
    np.add(1.0, 2.0, out=h[:1])
    return h * x


def methods_with_out(x):
    h = x * 1.0
    np.add.accumulate(x, out=h)
    np.add.reduce(np.stack([h, x]), 0, out=h)
    np.sum(np.outer(h, x), 0, None, h)
    return h * x


def out_of_the_input(x):
    h = x * 2.0
    np.clip(h, -9.0, 9.0, h)
    np.cumsum(h, 0, None, h)
    np.take(h, [2, 0, 1], 0, h)
    np.mean(np.outer(h, h), 1, None, h[:, None], True)
    h.clip(-5.0, 50.0, h)
    return h * x


@pytest.mark.parametrize(
    "f", [stack, windows, part_of_flat, plain_operands_with_out, methods_with_out, out_of_the_input]
)
def test_results_of_several_arrays_and_views_follow(f):
    test_a_write_has_numpys_value_and_its_gradient(f)


@pytest.mark.parametrize(
    "view",
    [lambda h: np.split(h, [1])[1], np.asarray, np.atleast_2d],
    ids=["split", "asarray", "atleast_2d"],
)
def test_a_plain_view_of_a_new_array_is_not_left_behind(view):
    def f(x):
        h = np.zeros_like(x)
        seen = view(h)
        h[:] = 1.0
        assert np.all(seen == 1.0)
        h += x
        return np.sum(seen)

    with pytest.raises(ValueError, match="a plain array shares the memory of"):
        ag.grad(f)(X)


def test_a_view_in_another_order_is_not_written_through():
    def f(x):
        h = np.outer(x, x).T
        row = h.ravel("K")
        row *= 2.0
        return np.sum(h)

    with pytest.raises(ValueError, match="a view of order"):
        ag.grad(f)(X)
