"""Pytrees: as arguments, in Params, inside a model, to second order."""

import copy
import gc
import pickle
import weakref
from collections import OrderedDict, defaultdict, namedtuple
from dataclasses import InitVar, dataclass, field, replace
from typing import Any

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.engine import recording

X = np.array([1.0, 2.0, 3.0])
Pair = namedtuple("Pair", "a b")
Normal = namedtuple("Normal", "mean std")


@dataclass
class Layer:
    w: Any
    b: Any
    activation: Any = "tanh"
    size: int = 3

    def __call__(self, x):
        return getattr(np, self.activation)(self.w * x + self._bias)

    @property
    def _bias(self):
        return self.b * 1.0


@dataclass(frozen=True)
class Net:
    layers: list
    scale: float
    norm: Normal = field(default=Normal(0.0, 2.0))


@dataclass(frozen=True, slots=True)
class Slotted:
    mean: float
    index: float
    value: float


def net():
    return Net([Layer(X, 0.5), Layer(X / 10, -0.5)], 2.0)


def product(a, b):
    return a * b


def net_loss(net):
    h = X
    for layer in net.layers:
        h = layer(h) * net.scale
    return np.sum((h - net.norm.mean) / net.norm.std)


# Structure of gradients.


def test_the_gradient_of_a_dataclass_has_its_class():
    g = ag.grad(lambda m: np.sum(m.w * X) * m.b)(Layer(X, 2.0))
    assert type(g) is Layer
    assert (g.w.tolist(), g.b) == ([2.0, 4.0, 6.0], 14.0)


def test_constant_leaves_have_gradient_none_and_integers_a_number():
    g = ag.grad(lambda m: np.sum(m(X)))(Layer(X, 2.0))
    assert (g.activation, g.size) == (None, 0)
    assert ag.grad(lambda p: p["w"] ** 2)(
        {"w": 3.0, "activation": np.tanh, "on": True, "n": None}
    ) == {"w": 6.0, "activation": None, "on": None, "n": None}
    assert ag.grad(lambda p: p[0] * 2)((1.0, "a", [None, 5])) == (2.0, None, [None, 0])


def test_a_part_without_influence_has_gradient_zero():
    g = ag.grad(lambda m: m.scale)(net())
    assert g.layers[0].w.tolist() == [0.0, 0.0, 0.0]
    assert (g.layers[1].b, g.scale, g.norm) == (0.0, 1.0, Normal(0.0, 0.0))


@pytest.mark.parametrize(
    ("x", "f", "gradient"),
    [
        (OrderedDict(b=2.0, a=3.0), lambda p: p["a"] * p["b"], OrderedDict(b=3.0, a=2.0)),
        (defaultdict(list, a=3.0), lambda p: p["a"] ** 2, {"a": 6.0}),
        (Normal(2.0, 3.0), lambda p: p.mean * p.std, Normal(3.0, 2.0)),
        (Slotted(2.0, 3.0, 4.0), lambda p: p.mean * p.index * p.value, Slotted(12.0, 8.0, 6.0)),
        ([Pair(2.0, {"a": 3.0})], lambda p: p[0].a * p[0].b["a"], [Pair(3.0, {"a": 2.0})]),
        ({"p": Slotted(2.0, 3.0, 4.0)}, lambda p: p["p"].value ** 2, {"p": Slotted(0.0, 0.0, 8.0)}),
        ((), lambda p: 1.0, ()),
    ],
    ids=[
        "OrderedDict",
        "defaultdict",
        "fields named as methods",
        "slots",
        "named tuple in list",
        "dataclass in dict",
        "empty",
    ],
)
def test_a_gradient_has_the_type_of_its_container(x, f, gradient):
    g = ag.grad(f)(x)
    assert g == gradient
    assert type(g) is type(x)
    assert list(g) == list(gradient) if isinstance(x, dict) else True


def test_the_init_of_a_dataclass_is_never_called():
    @dataclass
    class Checked:
        w: Any
        start: InitVar[float] = 1.0
        double: Any = field(init=False)

        def __post_init__(self, start):
            if not isinstance(self.w, np.ndarray):
                raise TypeError("an array, please")
            self.double = 2 * self.w * start

    g = ag.grad(lambda m: np.sum(m.w * m.double))(Checked(X))
    assert (g.w.tolist(), g.double.tolist()) == ([2.0, 4.0, 6.0], [1.0, 2.0, 3.0])


def test_attributes_computed_from_fields_are_no_silent_constants():
    @dataclass
    class Caching:
        w: float

        def __post_init__(self):
            self.square = self.w**2

    with pytest.raises(AttributeError, match="square"):
        ag.grad(lambda m: m.square)(Caching(3.0))


@pytest.mark.parametrize(
    "held",
    [
        {"a": "tanh"},
        ["x", None],
        Layer("w", None, "tanh", True),
        (np.tanh,),
        {"a": np.array([True])},
    ],
)
def test_an_argument_of_constants_alone_is_an_error(held):
    with pytest.raises(TypeError, match="holds a number, a numeric array, or a pytree of them"):
        ag.grad(lambda p: 1.0)(held)
    with pytest.raises(TypeError, match="a Param holds a number"):
        ag.Param(held)


def test_objects_that_may_hold_numbers_are_not_constants():
    class Model:
        w = 1.0

    with pytest.raises(TypeError, match="got Model"):
        ag.grad(lambda p: p["w"])({"w": 1.0, "model": Model()})


# Reading items of recorded pytrees.


@pytest.mark.parametrize(
    ("x", "f", "expected"),
    [
        ((2.0, 3.0), lambda p: product(*p), (3.0, 2.0)),
        ((2.0, (3.0, 4.0)), lambda p: product(p[0], product(*p[1])), (12.0, (8.0, 6.0))),
        ([2.0, 3.0], lambda p: sum(i * x for i, x in enumerate(p)), [0.0, 1.0]),
        ([2.0, 3.0], lambda p: sum(x * y for x, y in zip(p, reversed(p), strict=True)), [6.0, 4.0]),
        (
            {"a": 2.0, "b": 3.0},
            lambda p: sum(len(k) * v**2 for k, v in p.items()),
            {"a": 4.0, "b": 6.0},
        ),
        ({"a": 2.0, "b": 3.0}, lambda p: p.get("a") * p.get("c", 5.0), {"a": 5.0, "b": 0.0}),
        ({"a": 2.0, "b": 3.0}, lambda p: np.prod(np.stack(list(p.values()))), {"a": 3.0, "b": 2.0}),
        (
            {"a": 2.0, "b": 3.0},
            lambda p: p["a"] * len(p) if "a" in p and "c" not in p else 0.0,
            {"a": 2.0, "b": 0.0},
        ),
        ({"a": 2.0, "b": 3.0}, lambda p: product(**p), {"a": 3.0, "b": 2.0}),
        ({"f": "sin", "x": 0.0}, lambda p: {"sin": np.sin}[p["f"]](p["x"]), {"f": None, "x": 1.0}),
        ({"f": np.sin, "x": 0.0}, lambda p: p["f"](p["x"]), {"f": None, "x": 1.0}),
        ({"n": None, "x": 2.0}, lambda p: p["x"] if p["n"] is None else 0.0, {"n": None, "x": 1.0}),
        (
            {"on": True, "x": 2.0},
            lambda p: p["x"] if p["on"] is True else 0.0,
            {"on": None, "x": 1.0},
        ),
        (
            {"mask": np.array([True, False]), "x": np.ones(2)},
            lambda p: p["x"][p["mask"]][0],
            {"mask": None, "x": [1.0, 0.0]},
        ),
        ({"n": 2, "x": 3.0}, lambda p: np.sum(np.ones(p["n"]) * p["x"]), {"n": 0, "x": 2.0}),
        (Pair(2.0, 3.0), lambda p: product(*p), Pair(3.0, 2.0)),
        (Pair(2.0, 3.0), lambda p: np.sum(np.stack(p) ** 2), Pair(4.0, 6.0)),
        (Pair(2.0, 3.0), lambda p: p._replace(a=p.b).a ** 2, Pair(0.0, 6.0)),
        (
            Slotted(2.0, 3.0, 4.0),
            lambda p: replace(p, mean=p.index).mean ** 2,
            Slotted(0.0, 6.0, 0.0),
        ),
        (
            Slotted(2.0, 3.0, 4.0),
            lambda p: p.mean if isinstance(p, Slotted) else 0.0,
            Slotted(1.0, 0.0, 0.0),
        ),
    ],
)
def test_items_of_an_argument_are_read_as_in_python(x, f, expected):
    g = ag.grad(f)(x)
    if isinstance(g, dict):
        g = {
            key: part.tolist() if isinstance(part, np.ndarray) else part for key, part in g.items()
        }
    assert g == expected


def test_a_dataclass_has_its_methods_and_properties_inside_a_gradient():
    assert ag.gradcheck(lambda layer: np.sum(layer(X)), Layer(X, 0.5), order=2)


CONTAINERS = {
    "named tuple": (Pair(X, 2.0), lambda p: np.sum(p.a**3) * p.b**2),
    "dataclass": (Layer(X / 3, 0.5), lambda m: np.sum(m(X)) ** 2),
    "frozen, nested": (net(), net_loss),
    "dataclasses in a dict of lists": (
        {"nets": [net(), net()], "k": 2.0},
        lambda p: sum(net_loss(n) for n in p["nets"]) * p["k"] ** 2,
    ),
    "constants beside": (
        {"f": "tanh", "w": X, "n": (None, 2.0)},
        lambda p: np.sum(getattr(np, p["f"])(p["w"])) * p["n"][1] ** 2,
    ),
}


@pytest.mark.parametrize(("x", "f"), CONTAINERS.values(), ids=CONTAINERS)
def test_containers_pass_the_numerical_check_to_third_order(x, f):
    assert ag.gradcheck(f, x, order=3, rtol=1e-4)


@pytest.mark.parametrize(("x", "f"), CONTAINERS.values(), ids=CONTAINERS)
def test_params_of_containers_have_the_gradients_of_arguments(x, f):
    w = ag.Param(x)
    J = ag.diff(f, w)
    assert ag.value(J) == f(x)
    assert ag.gcheck(f, w)


@pytest.mark.parametrize(("x", "f"), CONTAINERS.values(), ids=CONTAINERS)
def test_outside_a_recording_a_param_acts_like_its_pytree(x, f):
    assert f(ag.Param(x)) == f(x)


@pytest.mark.parametrize(("x", "f"), CONTAINERS.values(), ids=CONTAINERS)
def test_a_checkpointed_part_takes_containers(x, f):
    assert repr(ag.grad(ag.checkpoint(f))(x)) == repr(ag.grad(f)(x))
    w = ag.Param(x)
    assert ag.gcheck(lambda: ag.checkpoint(f)(w) * 2.0)


def test_params_of_containers_differentiate_twice():
    w = ag.Param(net())
    J = ag.diff(lambda: ag.grad(ag.diff(lambda: net_loss(w)), w).scale ** 2)
    first = ag.grad(net_loss)
    expected = ag.grad(lambda n: first(n).scale ** 2)(net())
    assert ag.grad(J, w).scale == pytest.approx(expected.scale)
    np.testing.assert_allclose(ag.grad(J, w).layers[0].w, expected.layers[0].w)


# Params with fields.


def test_a_field_hides_an_array_method_of_its_name():
    w = ag.Param(Normal(2.0, 3.0))
    assert ag.grad(ag.diff(lambda: w.mean * w.std), w) == Normal(3.0, 2.0)


def test_unused_fields_have_gradient_none():
    w = ag.Param(Layer(X, 2.0))
    assert ag.grad(ag.diff(lambda: w.b * 3), w) == Layer(None, 3.0, None, None)


def test_a_param_of_a_dataclass_has_its_methods():
    w = ag.Param(Layer(X, 0.5))
    assert ag.gcheck(lambda: np.sum(w(X)))
    with pytest.raises(AttributeError, match="depth"):
        w.depth  # noqa: B018


@pytest.mark.parametrize(
    "held", [Slotted(1.0, 2.0, 3.0), namedtuple("Named", "name")(2.0)], ids=["value", "name"]
)
def test_a_param_refuses_fields_named_like_its_own(held):
    with pytest.raises(
        TypeError,
        match=r"a Param has its own attribute .(value|name)., so it cannot hold a (Slotted|Named)",
    ):
        ag.Param(held)


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda w: pickle.loads(pickle.dumps(w))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_param_of_a_dataclass_can_be_copied_and_pickled(duplicate):
    w = duplicate(ag.Param(Net([], 2.0), "state", name="net"))
    assert (w.scale, w.opt, w.name, w.value) == (2.0, "state", "net", Net([], 2.0))


def test_a_dataclass_of_params_is_a_model():
    layer = Layer(ag.Param(X), ag.Param(0.5))
    J = ag.diff(lambda: np.sum(layer(X)))
    assert ag.params(layer) == [layer.w, layer.b]
    assert ag.grad(J, layer.b) == pytest.approx(float(np.sum(1 - np.tanh(X * X + 0.5) ** 2)))


def test_a_dataclass_is_shown_by_its_fields():
    assert (
        repr(ag.Param(Layer(X, 2.0))) == "P(Layer(w=float64[3], b=2.0, activation='tanh', size=3))"
    )
    assert [node.op for node in ag.trace(lambda m: np.sum(m.w), Layer(X, 2.0))] == [
        "",
        "getattr",
        "getattr",
        "getattr",
        "sum",
    ]


# Values that are pytrees.


@pytest.mark.parametrize(
    "y",
    [lambda x: Pair(x, x), lambda x: Layer(x, 1.0), lambda x: {"a": [x]}],
    ids=["named tuple", "dataclass", "nested"],
)
def test_diff_and_grad_of_a_container_are_errors(y):
    w = ag.Param(2.0)
    with pytest.raises(TypeError, match="expected a scalar from the function"):
        ag.diff(lambda: y(w * 1.0))
    with pytest.raises(TypeError, match="expected a scalar from the function"):
        ag.grad(y)(2.0)


# Primitives without pytree rules.

mean_of = ag.primitive(lambda dy, y, x: dy * np.ones(2))(lambda x: np.sum(np.array(x)))
first_of = ag.primitive(lambda dy, y, x, names: dy)(lambda x, names: x * len(names))


@pytest.mark.parametrize(
    ("held", "kind"),
    [
        (lambda x: [x, x], "list"),
        (lambda x: (1.0, x), "tuple"),
        (lambda x: {"a": x}, "dict"),
        (lambda x: [[x]], "list"),
        (lambda x: Pair(x, 1.0), "Pair"),
        (lambda x: Layer(x, 1.0), "Layer"),
    ],
    ids=["list", "tuple", "dict", "nested", "named tuple", "dataclass"],
)
def test_a_primitive_refuses_a_pytree_of_recorded_values(held, kind):
    with pytest.raises(
        TypeError,
        match=rf"<lambda>\[1\] is a {kind} of recorded values, whose gradients would be lost",
    ):
        ag.grad(lambda x: mean_of(held(x)))(2.0)
    w = ag.Param(2.0)
    with pytest.raises(TypeError, match=r"join them with np.stack, or pass each separately"):
        ag.diff(lambda: mean_of(x=held(w)) * w)


def test_zerograd_functions_get_a_pytree_of_plain_values():
    assert ag.grad(lambda x: first_of(x, [x, (x,)]))(3.0) == 1.0
    assert ag.grad(lambda x: first_of(3.0, [x, (x,)]) * x)(2.0) == 6.0


def test_functions_without_pytree_rules_get_plain_values():
    seen = []
    f = ag.primitive(lambda dy, y, x, rest: dy)(lambda x, rest: seen.append(rest) or x)
    ag.grad(lambda x: f(x, [x, {"a": Pair(x, 2.0)}]))(3.0)
    assert seen == [[3.0, {"a": Pair(3.0, 2.0)}]]
    assert type(seen[0][0]) is float


def test_a_pytree_of_params_is_plain_outside_recordings():
    w = ag.Param(2.0)
    assert mean_of([w, w]) == 4.0


def test_after_its_recording_a_container_of_results_is_plain():
    kept = []
    ag.grad(lambda x: kept.append(x * 2) or x)(3.0)
    assert mean_of([kept[0], 1.0]) == 7.0


def test_integrators_take_a_dataclass_of_recorded_values():
    pytest.importorskip("scipy")
    from autograd_tools.scipy.integrate import odeint

    dx = ag.grad(
        lambda x: odeint(lambda y, t, m: -m.w * y, 1.0, np.array([0.0, 1.0]), (Layer(x, 0.0),))[
            -1, 0
        ]
    )(2.0)
    assert dx == pytest.approx(-np.exp(-2.0), rel=1e-6)


# Memory and time.


def test_a_tape_with_items_read_is_freed_without_collection():
    w = ag.Param({"layers": [Layer(X, 2.0)]})
    gc.disable()
    try:
        J = ag.diff(lambda: np.sum(w["layers"][0](X)))
        found = weakref.ref(J)
        del J
        assert found() is None
    finally:
        gc.enable()


def test_reading_an_item_of_a_list_reads_no_other(monkeypatch):
    looked = []
    monkeypatch.setattr(recording, "absent", lambda x: looked.append(type(x)) or x)
    assert ag.grad(lambda p: sum(v * v for v in p["list"]))({"list": [1.0, 2.0]}) == {
        "list": [2.0, 4.0]
    }
    assert list not in looked


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        *(
            (lambda p: np.sum(p - 1), [1, 1, 1]),
            (lambda p: np.sum(1 - p), [-1, -1, -1]),
            (lambda p: np.sum(p**2), [2, 4, 6]),
        ),
        *(
            (lambda p: p @ p, [2, 4, 6]),
            (lambda p: np.sum(-p), [-1, -1, -1]),
            (lambda p: np.sum(abs(p) * 2.0), [2, 2, 2]),
        ),
    ],
    ids=["p - 1", "1 - p", "p ** 2", "p @ p", "-p", "abs(p) * 2.0"],
)
def test_a_recorded_list_has_the_operators_of_an_array(f, expected):
    assert ag.grad(f)([1, 2, 3]) == expected


def test_a_recorded_dict_refuses_operators_that_arrays_lack():
    with pytest.raises(TypeError, match="unsupported operand type"):
        ag.grad(lambda p: p - 1)({"a": 1.0})
