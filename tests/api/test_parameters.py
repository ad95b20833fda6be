"""params: every Param inside a model, once each."""

import functools
from collections import deque
from dataclasses import dataclass
from types import CellType, FunctionType, SimpleNamespace

import numpy as np
import pytest

import autograd_tools as ag

A, B, C = ag.Param(1.0), ag.Param(2.0), ag.Param(3.0)


class Plain:
    def __init__(self, w, b):
        self.w, self.b = w, b

    def loss(self, x):
        return self.w * x + self.b


class Slotted:
    __slots__ = ("b", "w")

    def __init__(self, w, b):
        self.w, self.b = w, b


class SlottedChild(Slotted):
    __slots__ = ("c",)

    def __init__(self, w, b, c):
        super().__init__(w, b)
        self.c = c


@dataclass
class Data:
    w: ag.Param
    b: ag.Param


def closure(w, b):
    return lambda x: w * x + b


def nested_closure(w, b):
    inner = closure(w, b)
    return lambda x: 2 * inner(x)


def with_defaults(x, w=A, *, b=B):
    return w * x + b


def with_attributes(x):
    return x


with_attributes.w = A


def half_filled():
    """Return a closure whose first variable has no value yet."""
    return FunctionType(closure(A, B).__code__, {}, closure=(CellType(), CellType(A)))


MODELS = {
    "Param": (A, [A]),
    "list": ([A, 1.0, B], [A, B]),
    "tuple": ((A, (B, [C])), [A, B, C]),
    "dict": ({"w": A, "b": {"c": B}}, [A, B]),
    "dict of keys": ({A: 1}, [A]),
    "set": ({A}, [A]),
    "frozenset": (frozenset([A]), [A]),
    "object": (Plain(A, B), [A, B]),
    "namespace": (SimpleNamespace(w=A, b=B), [A, B]),
    "dataclass": (Data(A, B), [A, B]),
    "slots of the parent": (SlottedChild(A, B, C), [C, B, A]),
    "method": (Plain(A, B).loss, [A, B]),
    "closure": (closure(A, B), [B, A]),
    "closure in closure": (nested_closure(A, B), [B, A]),
    "defaults": (with_defaults, [A, B]),
    "attributes of a function": (with_attributes, [A]),
    "partial": (functools.partial(closure(A, B), A, x=C), [B, A, C]),
    "object array": (np.array([None, Plain(A, B)], dtype=object), [A, B]),
    "half-filled closure": (half_filled(), [A]),
    "twice": ([A, Plain(A, B), {"b": B}], [A, B]),
    "number": (1.0, []),
    "text": ("text", []),
    "array": (np.ones(3), []),
    "None": (None, []),
    "class": (Plain, []),
    "module": (np, []),
}


@pytest.mark.parametrize(("model", "expected"), MODELS.values(), ids=MODELS)
def test_params_of_a_model_come_once_in_order(model, expected):
    assert [id(p) for p in ag.params(model)] == [id(p) for p in expected]


def test_a_cycle_ends():
    model = Plain(A, None)
    model.b = [model, {"again": model}]
    assert len(ag.params(model)) == 1


def test_a_deep_model_is_walked_without_recursion():
    model = A
    for _ in range(100_000):
        model = [model]
    assert len(ag.params(model)) == 1


def test_the_inside_of_a_param_is_not_searched():
    assert len(ag.params(ag.Param([1.0, 2.0]))) == 1


def test_an_optimizer_state_is_not_searched():
    assert len(ag.params(ag.Param(1.0, opt=ag.Param(2.0)))) == 1


def test_a_property_is_not_called():
    class Watched(Plain):
        @property
        def expensive(self):
            raise RuntimeError("called")

    assert len(ag.params(Watched(A, B))) == 2


def test_an_unset_slot_is_passed_over():
    model = Slotted.__new__(Slotted)
    model.w = A
    assert len(ag.params(model)) == 1


def test_a_bound_method_finds_the_fields_of_its_object():
    model = Plain(ag.Param(2.0), ag.Param(1.0))
    J = ag.diff(model.loss, 3.0)
    assert [ag.grad(J, p) for p in ag.params(model.loss)] == [3.0, 1.0]


def test_params_may_be_found_while_recording():
    model = Plain(ag.Param(2.0), ag.Param(1.0))
    J = ag.diff(lambda: sum(p * p for p in ag.params(model)))
    assert [ag.grad(J, p) for p in (model.w, model.b)] == [4.0, 2.0]


def test_collections_and_their_attributes_are_searched():
    class Layers(list):
        pass

    class Named(dict):
        __slots__ = ("scale",)

    class Layer:
        def __init__(self, w):
            self.w, self.dtype = w, np.dtype(float)

    layers, named = Layers([A]), Named(a=A)
    layers.bias = named.scale = B
    for model in (deque([A, B]), layers, named, {"a": A, "b": B}.values(), [Layer(A), Layer(B)]):
        assert ag.params(model) == [A, B]
