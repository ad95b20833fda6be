"""Functions made of a function: they pickle, bind as methods and keep their names."""

import copy
import functools
import inspect
import multiprocessing
import pickle

import numpy as np
import pytest
from support.functions import Model, cube, layer, slope, wave

import autograd_tools as ag
from autograd_tools.compat import differential_operators as compat

X = np.array([1.0, 2.0, 3.0])
MADE = {
    "grad": (ag.grad(cube), X),
    "value_and_grad": (ag.value_and_grad(cube), X),
    "gradloss": (ag.gradloss(cube), X),
    "grad of grad": (ag.grad(ag.grad(np.sin)), 2.0),
    "argnum": (ag.grad(np.arctan2, (0, 1)), 2.0, 3.0),
    "jacobian": (ag.jacobian(wave), X),
    "hessian": (ag.hessian(cube), X),
    "elementwise_grad": (ag.elementwise_grad(wave), X),
    "hessian_vector_product": (ag.hessian_vector_product(cube), X, X),
    "checkpoint": (ag.checkpoint(wave), X),
    "decorated": (layer, X),
    "decorated with grad": (slope, 2.0),
    "method": (ag.grad(Model(X).loss), X),
    "decorated method": (Model(X).forward, X),
    **{
        f"compat {name}": (getattr(compat, name)(cube), X)
        for name in ("grad", "value_and_grad", "jacobian", "hessian", "deriv", "multigrad_dict")
    },
    "compat tensor product": (compat.tensor_jacobian_product(wave), X, X),
    "compat hessian product": (compat.hessian_tensor_product(cube), X, X),
}


@pytest.mark.parametrize("name", MADE)
def test_a_function_made_of_a_named_function_can_be_pickled(name):
    made, *args = MADE[name]
    loaded = pickle.loads(pickle.dumps(made))
    assert loaded.__name__ == made.__name__
    np.testing.assert_equal(loaded(*args), made(*args))


@pytest.mark.parametrize("make", [ag.make_vjp, ag.make_jvp, ag.make_hvp, compat.make_ggnvp])
def test_makers_of_products_can_be_pickled(make):
    loaded = pickle.loads(pickle.dumps(make(cube)))
    assert loaded.__name__ == make(cube).__name__


def test_a_decorated_function_is_pickled_by_its_name():
    assert pickle.loads(pickle.dumps(layer)) is layer
    assert pickle.loads(pickle.dumps(slope)) is slope


def test_a_function_made_of_a_lambda_cannot_be_pickled():
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(ag.grad(lambda x: x))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_a_gradient_function_works_in_other_processes(method):
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert [g.tolist() for g in pool.map(ag.grad(cube), [X])] == [[3.0, 12.0, 27.0]]


def test_they_become_methods_in_a_class():
    class Trained(Model):
        slope = ag.grad(lambda self, x: self.loss(x), 1)

    model = Trained(X)
    assert model.forward(X) == 14.0
    assert model.slope(X).tolist() == [28.0, 56.0, 84.0]
    assert ag.params(ag.grad(model.loss)) == [model.w]


def test_a_deep_copy_of_a_model_differentiates_the_copy():
    model = Model(X)
    model.slope = ag.grad(model.loss)
    other = copy.deepcopy(model)
    other.w.value = 2 * X
    assert (model.slope(X)[0], other.slope(X)[0]) == (28.0, 112.0)


def test_they_have_names_texts_and_signatures():
    assert (layer.__name__, layer.__doc__) == ("layer", "Say what it does.")
    assert repr(ag.grad(cube)) == "<function grad(cube)>"
    assert ag.grad(layer).__doc__ == "grad of layer.\n\nSay what it does."
    assert str(inspect.signature(layer)) == "(x)"
    assert str(inspect.signature(ag.grad(cube))) == "(*args, **kwargs)"


def test_they_can_be_renamed():
    made = ag.grad(cube)
    made.__name__, made.__doc__ = "slope", "The slope of a cube."
    assert (repr(made), made.__doc__) == ("<function slope>", "The slope of a cube.")


def test_observed_gradients_name_their_inputs():
    def scaled(a, b):
        return np.sum(a * b)

    tapes = []
    with ag.observe(tapes.append):
        ag.grad(scaled, argnum=1)(X, X)
        ag.grad(functools.partial(scaled, X))(X)
        ag.grad(ag.grad(lambda t: t**3))(2.0)
    assert [[n.name for n in t.trace() if n.kind == "input"] for t in tapes] == [
        ["b"],
        ["b"],
        ["t"],
        ["t"],
    ]
