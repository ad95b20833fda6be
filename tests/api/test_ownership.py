"""Arrays that public functions return share memory with no argument, value, seed or gradient."""

import itertools

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.base.containers import tree_leaves, tree_replace

FUNCTIONS = {
    "identity": lambda x: x,
    "slice": lambda x: x[::-1],
    "transpose": lambda x: x.T,
    "reshape": lambda x: np.reshape(x, (-1,)),
    "negative": lambda x: -x,
    "exp": np.exp,
    "square": lambda x: x * x,
    "sum": lambda x: np.sum(x, axis=0),
    "pair": lambda x: (x, x),
    "dict": lambda x: {"a": x, "b": x.T},
    "list": lambda x: [x[0], x[1]],
    "broadcast": lambda x: np.broadcast_to(x, (2, *np.shape(x))),
    "checkpoint": ag.checkpoint(lambda x: x),
}
RNG = np.random.default_rng(0)
each_function = pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
each_shape = pytest.mark.parametrize("shape", [(3,), (2, 2)], ids=str)


def arrays(tree):
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, np.ndarray)]


def like(tree):
    return tree_replace(tree, (RNG.standard_normal(np.shape(x))[()] for x in tree_leaves(tree)))


def total(f):
    """The sum over all that a function returns."""
    return lambda x: sum(np.sum(leaf) for leaf in tree_leaves(ag.rules.indexing.unpack(f(x))))


def assert_own(found, *given):
    own, others = arrays(found), arrays(given)
    assert all(array.flags.writeable for array in own)
    pairs = [*itertools.combinations(own, 2), *itertools.product(own, others)]
    assert not any(np.may_share_memory(a, b) for a, b in pairs)


@each_function
@each_shape
def test_products_with_the_jacobian_own_their_arrays(f, shape):
    x, v = RNG.standard_normal((2, *shape))
    vjp, y = ag.make_vjp(f)(x)
    seed = like(y)
    assert_own((vjp(seed), vjp(seed)), x, y, seed)
    jvp = ag.make_jvp(f)(x)
    (y, dy), (again, dy2) = jvp(v), jvp(v)
    assert_own((dy, dy2), x, v, y, again)


@each_function
@each_shape
def test_jacobians_and_hessians_own_their_arrays(f, shape):
    x, v = RNG.standard_normal((2, *shape))
    functions = (ag.jacobian(f), ag.elementwise_grad(f), ag.hessian(total(f)))
    assert_own([function(x) for function in functions], x)
    hvp, gradient = ag.make_hvp(total(lambda x: f(x * x)))(x)
    product = ag.hessian_vector_product(total(f))(x, v)
    assert_own((gradient, hvp(v), hvp(v), product), x, v)


@each_function
@each_shape
def test_gradients_own_their_arrays(f, shape):
    x, z = RNG.standard_normal((2, *shape))
    both = ag.grad(lambda x, z: total(f)(x + z), (0, 1))(x, z)
    tree = ag.grad(lambda t: total(f)(t["a"]) + total(f)(t["b"][0]))({"a": x, "b": (x,)})
    assert_own((both, tree, ag.value_and_grad(total(f))(x), ag.gradloss(total(f))(x)), x, z)


@each_function
def test_each_reading_of_a_tape_owns_its_arrays(f):
    w, b = ag.Param(RNG.standard_normal((2, 2))), ag.Param({"a": RNG.standard_normal((2, 2))})
    with ag.record() as tape:
        h = w + b["a"]
        loss = total(f)(h)
    tape.backward(loss)
    found = [ag.grad(tape, x) for x in (w, w, b, b, h, h)]
    assert_own(found, w.value, b.value, ag.value(h), [node.outgrad for node in tape.nodes])


def test_writing_into_the_value_of_vjp_changes_no_gradient():
    vjp, y = ag.make_vjp(np.exp)(np.zeros(2))
    y *= 100.0
    np.testing.assert_array_equal(vjp(np.ones(2)), [1.0, 1.0])
