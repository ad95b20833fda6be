"""Facts for every shape, axis and index, drawn by Hypothesis and checked to second order.

What is drawn is the same in every run.
"""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

import autograd_tools as ag

fixed = settings(derandomize=True, database=None, max_examples=150)
shapes = st.lists(st.integers(0, 3), max_size=3).map(tuple)
filled_shapes = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple)


def numbers(shape, seed=0):
    """Return different numbers away from zero."""
    rng = np.random.default_rng(seed)
    size = int(np.prod(shape))
    return np.asarray(
        np.reshape((rng.permutation(size) + 1.0) / (size + 1.0) + 0.3, shape)
        * rng.choice([-1.0, 1.0], shape)
    )


def check(f, *args):
    """Compare gradients with finite differences, and tangents of arrays with gradients."""
    if all(isinstance(x, np.ndarray) for x in args):
        check_tangents(f, *args)
    return ag.gradcheck(f, *args, order=2, rtol=1e-4, atol=1e-5)


def check_tangents(f, *args):
    numbered = tuple(range(len(args)))
    v = [numbers(np.shape(x), seed=1) for x in args]
    y, dy = ag.make_jvp(f, numbered)(*args)(v)
    dx = ag.make_vjp(f, numbered)(*args)[0](u := numbers(np.shape(y), seed=2))
    np.testing.assert_allclose(np.sum(u * dy), sum(map(np.vdot, dx, v)), rtol=1e-9, atol=1e-9)


# Indexing.


def axis_indices(n):
    """Draw an index of an axis of length `n`; index arrays have length 2 or 1."""
    bound = st.none() | st.integers(-n - 1, n + 1)
    found = [st.builds(slice, bound, bound, st.sampled_from([None, 1, 2, -1, -2, 5]))]
    if n:
        place = st.integers(-n, n - 1)
        found += [
            place,
            st.lists(place, min_size=2, max_size=2),
            st.lists(place, min_size=2, max_size=2).map(np.array),
            place.map(np.int64),
        ]
    if n >= 2:
        found.append(st.permutations([True, True, *[False] * (n - 2)]).map(np.array))
    return st.one_of(found)


@st.composite
def indices(draw, shape):
    """Draw an index: one for each of the first axes, an Ellipsis, new axes anywhere."""
    kind = draw(st.sampled_from(["axes", "axes", "mask", "ix", "whole"]))
    if kind == "mask":
        size = int(np.prod(shape))
        return np.reshape(
            np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)), dtype=bool), shape
        )
    if kind == "ix" and shape and all(shape):
        return np.ix_(
            *[
                draw(
                    st.lists(st.integers(-n, n - 1), max_size=3).map(
                        lambda i: np.array(i, dtype=int)
                    )
                )
                for n in shape
            ]
        )
    if kind == "whole":
        return draw(
            st.sampled_from(
                [..., None, (), True, (..., None), *([slice(None, None, -1)] if shape else [])]
            )
        )
    parts = [draw(axis_indices(n)) for n in shape[: draw(st.integers(0, len(shape)))]]
    if draw(st.booleans()) and len(parts) < len(shape):
        parts.append(...)
    for _ in range(draw(st.integers(0, 2))):
        parts.insert(draw(st.integers(0, len(parts))), None)
    return tuple(parts)


@fixed
@given(st.data())
def test_every_index_reads_and_gives_back(data):
    x = numbers(data.draw(shapes))
    index = data.draw(indices(x.shape))
    assert check(lambda x: np.sin(x[index]) * x[index], x)


@fixed
@given(st.data())
def test_parts_of_parts_read_and_give_back(data):
    x = numbers(data.draw(filled_shapes))
    first = data.draw(indices(x.shape))
    second = data.draw(indices(np.shape(x[first])))
    assert check(lambda x: np.sum(x[first][second] ** 3) + np.sum(x[first]) * np.sum(x * x), x)


@fixed
@given(st.data())
def test_the_gradient_counts_how_often_an_element_is_read(data):
    x = numbers(data.draw(shapes))
    many = [data.draw(indices(x.shape)) for _ in range(data.draw(st.integers(1, 3)))]
    counts = np.zeros(x.shape)
    for index in many:
        np.add.at(counts, index, 1.0)
    assert ag.grad(lambda x: sum(np.sum(x[index]) for index in many))(x).tolist() == counts.tolist()


AXIS_INDICES = {
    "1": 1,
    "-1": -1,
    "int64": np.int64(0),
    ":": slice(None),
    "::2": slice(None, None, 2),
    "::-1": slice(None, None, -1),
    "2:0:-1": slice(2, 0, -1),
    "empty slice": slice(1, 1),
    "None": None,
    "...": ...,
    "list": [0, 1, 1],
    "array": np.array([1, 0, -1]),
    "empty array": np.array([], dtype=int),
    "column": np.array([[0], [1]]),
    "one place": [1],
    "True": True,
}
PAIRS = [(a, b) for a, b in itertools.product(AXIS_INDICES, repeat=2) if (a, b) != ("...", "...")]


def fits(shape, index):
    try:
        np.zeros(shape)[index]
    except IndexError:
        return False
    return True


def test_all_pairs_of_indices_read_and_give_back():
    x, failed = numbers((2, 3, 2)), []
    for a, b in PAIRS:
        index = (AXIS_INDICES[a], AXIS_INDICES[b])
        if fits(x.shape, index):
            ok = check(lambda x, index=index: np.sin(x[index]) * x[index], x)
        else:
            ok = raises_index_error(lambda index=index: ag.grad(lambda x: np.sum(x[index]))(x))
        failed += [] if ok else [f"{a}, {b}"]
    assert failed == []


def raises_index_error(f):
    try:
        f()
    except IndexError:
        return True
    return False


# Broadcasting.


@fixed
@given(
    mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3),
    st.sampled_from(
        [
            np.add,
            np.subtract,
            np.multiply,
            np.divide,
            np.arctan2,
            np.hypot,
            np.maximum,
            np.minimum,
            np.logaddexp,
        ]
    ),
)
def test_broadcast_operations_give_each_argument_a_gradient_of_its_shape(two, operation):
    a, b = numbers(two.input_shapes[0], 1), numbers(two.input_shapes[1], 2) * 1.01
    assert check(operation, a, b)


@fixed
@given(mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3), st.integers(0, 9))
def test_three_broadcast_arguments_get_gradients_of_their_shapes(three, seed):
    condition, (a, b) = (
        numbers(three.input_shapes[0], seed) > 0,
        (numbers(s, seed) for s in three.input_shapes[1:]),
    )
    assert check(lambda a, b: np.where(condition, a * b, np.sin(a) - b), a, b)


@fixed
@given(mutually_broadcastable_shapes(signature="(m,n),(n,p)->(m,p)", max_dims=2, max_side=3))
def test_stacks_of_matrices_multiply(two):
    a, b = (numbers(shape, seed) for seed, shape in enumerate(two.input_shapes))
    assert check(np.matmul, a, b)


# Reductions.


@st.composite
def axes_of(draw, ndim):
    """Draw None, an axis, or a tuple of axes, counted from either end."""
    some = draw(st.lists(st.integers(0, ndim - 1), unique=True, max_size=ndim)) if ndim else []
    signed = tuple(axis - ndim * draw(st.booleans()) for axis in some)
    return draw(st.sampled_from([None, signed, *signed[:1]]))


@fixed
@given(
    st.data(),
    st.sampled_from([np.sum, np.mean, np.prod, np.max, np.min, np.var, np.std, np.ptp, np.nansum]),
    st.booleans(),
)
def test_reductions_over_any_axes(data, reduction, keepdims):
    x = numbers(data.draw(st.lists(st.integers(2, 3), min_size=1, max_size=3)))
    axis = data.draw(axes_of(x.ndim))
    if axis == () and reduction in (np.std, np.ptp):  # constant, at a kink
        axis = None
    assert check(lambda x: reduction(x, axis=axis, keepdims=keepdims) * 2.0, x)


@fixed
@given(st.data(), st.sampled_from([np.cumsum, np.cumprod, np.sort, np.flip]))
def test_functions_along_any_axis(data, function):
    x = numbers(data.draw(filled_shapes))
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    assert check(lambda x: function(x, axis=axis) ** 2, x)


# Small programs.


@st.composite
def steps(draw, shape):
    """Draw one step of a program for an array of the given shape."""
    ndim, size = len(shape), int(np.prod(shape))
    axis = draw(st.integers(-ndim, ndim - 1)) if ndim else None
    kind = draw(
        st.sampled_from(
            [
                "unary",
                "constant",
                "own",
                "reshape",
                "transpose",
                "sum",
                "concatenate",
                "stack",
                "split",
                "einsum",
                "read",
            ]
        )
    )
    if kind == "unary" or ndim == 0:
        return draw(st.sampled_from([np.sin, np.tanh, np.square, np.exp, np.negative, np.arctan]))
    if kind == "constant":
        other = numbers(
            draw(st.sampled_from([shape, (1, *shape), shape[-1:], (), tuple([1] * ndim)])), 7
        )
        return draw(
            st.sampled_from([lambda y: y * other, lambda y: other - y, lambda y: y + other])
        )
    if kind == "own":
        return lambda y: y * np.sum(y, axis=axis, keepdims=True)
    if kind == "reshape":
        new = draw(
            st.sampled_from(
                [(-1,), (size, 1), (1, *shape), shape[::-1], (2, -1) if size % 2 == 0 else (-1, 1)]
            )
        )
        return lambda y: np.reshape(y, new)
    if kind == "transpose":
        order = draw(st.permutations(range(ndim)))
        return lambda y: np.transpose(y, order)
    if kind == "sum":
        return lambda y: np.sum(y, axis=axis)
    if kind == "concatenate":
        return lambda y: np.concatenate([y, 2.0 * y, np.flip(y, axis)], axis)
    if kind == "stack":
        return lambda y: np.stack([y, y * y], axis)
    if kind == "split":
        cuts = draw(st.lists(st.integers(0, 3), max_size=2).map(sorted))
        return lambda y: np.concatenate(
            [part * (i + 1.0) for i, part in enumerate(np.array_split(y, cuts, axis))][::-1], axis
        )
    if kind == "einsum":
        letters = "ijk"[:ndim]
        out = "".join(draw(st.lists(st.sampled_from(letters), unique=True)))
        return lambda y: np.einsum(f"{letters},{letters}->{out}", y, np.cos(y))
    index = draw(indices(shape))
    return lambda y: y[index]


@settings(fixed, max_examples=400)
@given(st.data())
def test_small_programs_differentiate(data):
    x = numbers(data.draw(filled_shapes), data.draw(st.integers(0, 9)))
    program, y = [], x
    for _ in range(data.draw(st.integers(1, 5))):
        step = data.draw(steps(np.shape(y)))
        if np.ndim(step(y)) > 3 or np.size(step(y)) > 60:
            break
        program.append(step)
        y = np.tanh(step(y))

    def run(x):
        for step in program:
            x = np.tanh(step(x))  # keeps the numbers small
        return x

    assert check(run, x)
    assert np.shape(ag.jacobian(run)(x)) == (*np.shape(y), *x.shape)


@fixed
@given(st.data())
def test_drawn_containers_come_back_as_gradients(data):
    leaves = st.sampled_from([1.5, np.array([0.5, 2.0]), np.ones((2, 1)), 3, "name", None])
    x = data.draw(
        st.recursive(
            leaves,
            lambda part: (
                st.lists(part, max_size=3)
                | st.tuples(part, part)
                | st.dictionaries(st.sampled_from("abc"), part)
            ),
            max_leaves=6,
        ).map(lambda part: {"w": np.array([1.0, 2.0]), "rest": part})
    )

    def total(p):
        if isinstance(ag.value(p), dict):
            return sum(total(p[key]) for key in p)
        if isinstance(ag.value(p), (list, tuple)):
            return sum(total(part) for part in p)
        return 0.0 if p is None or isinstance(p, str) else np.sum(np.sin(p) * p)

    assert check(total, x)
    assert structure(ag.grad(total)(x)) == structure(x)


def structure(x):
    if isinstance(x, dict):
        return {key: structure(part) for key, part in x.items()}
    if isinstance(x, (list, tuple)):
        return type(x)(map(structure, x))
    return None if x is None or isinstance(x, str) else np.shape(x)
