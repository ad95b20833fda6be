"""Names of Params: the user's variable, attribute or key, found without running user code."""

import dataclasses
import gc
import importlib
import sys
import types
import weakref
from collections import OrderedDict, namedtuple
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autograd_tools as ag
import viewer
from autograd_tools.tracing.frame_variables import loop_variables
from autograd_tools.tracing.param_names import find_param_names

shared = ag.Param(2.0)
apart = types.SimpleNamespace(w=ag.Param(3.0))


class Layer:
    def __init__(self):
        self.w = ag.Param(1.0)


class Model:
    def __init__(self):
        self.layers = [Layer(), Layer()]

    def loss(self, x=1.0):
        return self.layers[0].w * self.layers[1].w * x


def names(tape):
    return [node.name for node in tape.trace() if node.kind == "param"]


def only(space, *params, **options):
    """Return the names of Params found in some variables."""
    found = find_param_names(params, [(0, space, ())], **options)
    return [found[id(param)][-1] if id(param) in found else None for param in params]


# Namespaces.


def test_a_local_variable():
    w, b = ag.Param(1.0), ag.Param(2.0)
    assert names(ag.diff(lambda: w * b)) == ["w", "b"]


def test_a_global_variable():
    assert names(ag.diff(lambda: shared * shared)) == ["shared"]


def test_a_name_that_was_given_stays():
    w = ag.Param(1.0, name="weight")
    assert names(ag.diff(lambda: w * w)) == ["weight"]


def test_the_parts_of_a_model():
    def find():
        model = Model()
        return names(ag.diff(model.loss))

    with ThreadPoolExecutor(1) as thread:  # whose frames lead to none of the test runner's lists
        assert thread.submit(find).result() == ["model.layers[0].w", "model.layers[1].w"]


def test_the_variable_of_the_caller_is_preferred_to_an_argument():
    def loss(p):
        return p * p

    weight = ag.Param(1.0)
    assert names(ag.diff(loss, weight)) == ["weight"]


def test_a_name_is_found_two_callers_up():
    def inner(tapes):
        return names(tapes.pop())

    def outer():
        ws = [ag.Param(1.0)]
        with ag.record() as J:
            ws[0] * 2.0
        J.names = {}
        return inner([J])

    assert outer() == ["ws[0]"]


def test_a_param_that_nothing_reaches_has_no_name():
    assert names(ag.diff(lambda: ag.Param(1.0) * 2.0)) == [""]


# Choice among several names.


def test_the_shortest_name_is_the_best():
    w = ag.Param(1.0)
    box = {"w": w}
    assert names(ag.diff(lambda: box["w"] * 2.0)) == ["w"]


def test_names_of_one_length_are_taken_by_the_alphabet():
    w = ag.Param(1.0)
    assert only({"b": w, "a": w, "c": w}, w) == ["a"]


def test_parts_of_one_length_are_taken_by_the_alphabet():
    w = ag.Param(1.0)
    assert only({"m": {"b": w, "a": w}, "n": [w]}, w) == ["m['a']"]


def test_an_attribute_is_better_than_the_item_of_a_list_of_params():
    class Layer:
        def __init__(self):
            self.w = ag.Param(1.0)

    class Net:
        def __init__(self):
            self.layers = {"a": Layer()}

    net = Net()
    params = [net.layers["a"].w]
    assert only({"net": net, "params": params}, params[0]) == ["net.layers['a'].w"]
    assert only({"params": params}, params[0]) == ["params[0]"]


def test_a_variable_with_an_underscore_is_the_last_choice():
    w = ag.Param(1.0)
    assert only({"_": w, "model": types.SimpleNamespace(w=w)}, w) == ["model.w"]


def test_a_variable_with_an_underscore_is_better_than_none():
    w, b = ag.Param(1.0), ag.Param(2.0)
    assert only({"_w": w, "_box": [b]}, w, b) == ["_w", "_box[0]"]


def test_a_variable_of_a_loop_is_the_last_choice():
    model = types.SimpleNamespace(w=ag.Param(1.0), b=ag.Param(2.0))
    for p in [model.w, model.b]:  # noqa: B007  what is left of it is what counts
        pass
    assert names(ag.diff(lambda: model.w * model.b)) == ["model.w", "model.b"]


def test_a_variable_of_a_loop_is_better_than_none():
    for p in [ag.Param(1.0)]:
        assert names(ag.diff(lambda: p * p)) == ["p"]  # noqa: B023  it is called at once


def test_a_function_in_a_loop_knows_its_variable():
    model = types.SimpleNamespace(w=ag.Param(1.0))
    for p in [model.w]:

        def look():
            return names(ag.diff(lambda: p * model.w))  # noqa: B023  it is called at once

        assert look() == ["model.w"]


def test_a_loop_variable_of_a_module_is_the_last_choice():
    program = (
        "for p in [model.w]: pass\ndef f():\n    return names(ag.diff(lambda: p * p))\nfound = f()"
    )
    space = {"model": types.SimpleNamespace(w=ag.Param(1.0)), "ag": ag, "names": names}
    exec(program, space)
    assert space["found"] == ["model.w"]


def test_the_variables_of_loops_are_those_that_they_assign_to():
    def f(xs, d):
        for a in xs:
            for _, (b, *c) in a:
                d["e"] = e = b, c
        for d[0], xs.g in e:
            h = [i + 1 for i in xs]
        return h

    assert loop_variables(f.__code__) - {"i"} == {"a", "_", "b", "c"}


def test_an_attribute_with_an_underscore_comes_after_the_others():
    w = ag.Param(1.0)
    assert only({"m": types.SimpleNamespace(_a=w, b=w)}, w) == ["m.b"]


def test_the_nearer_variable_is_the_better():
    w = ag.Param(1.0)
    assert find_param_names([w], [(1, {"z": w}, ()), (2, {"a": w}, ())])[id(w)][-1] == "z"


def test_a_name_is_as_long_as_five_steps():
    w, far = ag.Param(1.0), ag.Param(2.0)
    assert only({"a": [[[[w, [far]]]]]}, w, far) == ["a[0][0][0][0]", None]


# Objects that are searched.

Pair = namedtuple("Pair", "left right")


class Slotted:
    __slots__ = ("empty", "w")


@dataclasses.dataclass
class Fields:
    w: ag.Param


def slotted(w):
    made = Slotted()
    made.w = w
    return made


def strange(w):
    made = types.SimpleNamespace()
    setattr(made, "</script>\n", w)
    return made


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda w: [0, w], "x[1]"),
        (lambda w: (w,), "x[0]"),
        (lambda w: {"a": w}, "x['a']"),
        (lambda w: {3: w}, "x[3]"),
        (lambda w: OrderedDict(a=w), "x['a']"),
        (lambda w: Pair(1.0, w), "x.right"),
        (Fields, "x.w"),
        (slotted, "x.w"),
        (strange, "getattr(x, '</script>\\n')"),
        (lambda w: {"</script>": w}, "x['</script>']"),
        (lambda w: {"a\nb": w}, "x['a\\nb']"),
        (lambda w: {"\U0001f600[bold]": w}, "x['\U0001f600[bold]']"),
        (lambda w: {"k" * 10_000: w}, f"x['{'k' * 10_000}']"),
        (lambda w: {2.5: w}, None),
        (lambda w: {(1, 2): w}, None),
        (lambda w: {True: w}, None),
        (lambda w: {w}, None),
        (lambda w: lambda: w, None),
        (lambda w: [0] * 1_000 + [w], None),
    ],
    ids=[
        "list of second",
        "tuple",
        "dict",
        "integer key",
        "OrderedDict",
        "named tuple",
        "dataclass",
        "slots",
        "no identifier",
        "script",
        "newline",
        "emoji",
        "long key",
        "float key",
        "tuple key",
        "bool key",
        "set",
        "function",
        "after a thousand others",
    ],
)
def test_a_part_is_written_as_the_user_would(make, expected):
    w = ag.Param(1.0)
    assert only({"x": make(w)}, w) == [expected]


def test_a_container_that_holds_itself_is_searched_once():
    w = ag.Param(1.0)
    box = []
    box += [box, {"box": box}, w]
    assert only({"box": box}, w) == ["box[2]"]


def test_a_tape_is_not_looked_into():
    J = ag.diff(lambda: ag.Param(1.0) * 2.0)
    assert names(J) == [""]


def test_so_many_objects_are_looked_at_and_no_more():
    w = ag.Param(1.0)
    x = [[[0], [0]], [w]]
    assert only({"x": x}, w, most=100) == ["x[1][0]"]
    assert only({"x": x}, w, most=3) == [None]


def refuse(*_):
    raise AssertionError("the user's code ran")


def test_no_property_is_called():
    w = ag.Param(1.0)
    x = object.__new__(
        type(
            "Asked",
            (),
            {
                "a": property(refuse),
                "__getattr__": refuse,
                "__getattribute__": refuse,
                "__eq__": refuse,
            },
        )
    )
    object.__setattr__(x, "w", w)
    assert only({"x": x}, w) == ["x.w"]


def test_a_list_of_the_users_is_read_as_a_list():
    w = ag.Param(1.0)
    x = type(
        "Own",
        (list,),
        {"__iter__": refuse, "__len__": refuse, "__getitem__": refuse, "__eq__": refuse},
    )()
    list.append(x, w)
    assert only({"x": x}, w) == ["x[0]"]


def test_a_dict_of_the_users_is_read_as_a_dict():
    w = ag.Param(1.0)
    x = type(
        "Own", (dict,), {"__iter__": refuse, "items": refuse, "keys": refuse, "__getitem__": refuse}
    )()
    dict.__setitem__(x, "a", w)
    assert only({"x": x}, w) == ["x['a']"]


def test_a_users_metaclass_is_not_called():
    w = ag.Param(1.0)
    meta = type(
        "Meta",
        (type,),
        {
            "__hash__": refuse,
            "__eq__": refuse,
            "__getattribute__": refuse,
            "__subclasscheck__": refuse,
        },
    )
    x = object.__new__(meta("Made", (), {}))
    object.__setattr__(x, "w", w)
    assert only({"x": x}, w) == ["x.w"]


def test_names_that_are_no_strings_are_passed_over():
    w = ag.Param(1.0)
    assert only({3: w, "a b": w, "__w__": w}, w) == [None]


# Nothing is kept, and nothing changes.


def test_a_tape_keeps_nothing_alive_for_names():
    def build():
        model = Model()
        return ag.diff(model.loss), weakref.ref(model)

    J, model = build()
    J.trace()
    gc.collect()
    assert model() is None


def test_a_trace_keeps_no_deleted_array_alive():
    w, big = [ag.Param(1.0)], Layer()
    ag.diff(lambda: w[0] * 2.0).trace()
    gone = weakref.ref(big)
    del big
    assert gone() is None


def test_locals_that_the_user_keeps_stay():
    w = ag.Param(1.0)
    kept = locals()
    ag.diff(lambda: w * 2.0).trace()
    assert kept["w"] is w


# Views of names.


def test_the_listing_stays_as_it_is():
    w = ag.Param(1.0)
    assert str(ag.diff(lambda: w * 2.0)) == "1. P(1.0) ∇=2.0\n2. 2.0 = multiply(P(1.0), 2.0) ∇=1.0"


def test_a_tree_shows_names():
    model = Layer()
    assert "Param model.w  1  ∇ 2" in viewer.to_text(ag.diff(lambda: model.w * 2.0), view="tree")


def test_why_none_finds_a_param_by_its_variable():
    w, b = ag.Param(1.0), ag.Param(2.0)
    J = ag.diff(lambda: w * 2.0 + 0.0 * np.sign(b))
    assert str(ag.why_none(J, "w")) == "w has a gradient of norm 2"


def test_the_command_line_shows_names(ask, script):
    script("""
import autograd_tools as ag
class Model:
    def __init__(self):
        self.parts = {"</script>": ag.Param(2.0)}
def main():
    net = Model()
    scale = ag.Param(3.0)
    def loss():
        return net.parts["</script>"] * scale
    ag.diff(loss)
main()
""")
    output, errors, _ = ask("show", "--view", "tree", "train.py")
    assert "Param net.parts['</script>']  2  ∇ 3" in output, errors
    assert "Param scale  3  ∇ 2" in output


IMPORTED = """
import functools
import numpy as np, autograd_tools as ag

class Layer:
    def __init__(self, n):
        self.w = ag.Param(np.ones(n))

    def loss(self):
        return np.sum(self.w)

net = Layer(3)

def loss():
    return np.sum(net.w) * 2

def twice():
    return loss() + loss()

def made(n):
    inner = Layer(n)
    return lambda: np.sum(inner.w)

closure = made(2)
bound = Layer(4).loss
partial = functools.partial(loss)
"""


@pytest.mark.parametrize(
    ("function", "name"),
    [
        ("loss", "net.w"),
        ("twice", "net.w"),
        ("closure", "inner.w"),
        ("bound", "self.w"),
        ("partial", "net.w"),
    ],
)
def test_params_of_an_imported_function(tmp_path, monkeypatch, function, name):
    (tmp_path / "imported_model.py").write_text(IMPORTED, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    f = getattr(importlib.import_module("imported_model"), function)
    try:
        assert names(ag.diff(f)) == [name]
        if name == "net.w":  # a global variable, also where another function calls it
            assert names(ag.diff(lambda: 2 * f())) == [name]
    finally:
        del sys.modules["imported_model"]


def test_a_tape_keeps_no_function_alive():
    def f():
        return w * w

    w, alive = ag.Param(2.0), weakref.ref(f)
    J = ag.diff(f)
    del f
    assert alive() is None
    assert names(J) == ["w"]


def test_a_lazy_module_is_not_asked(monkeypatch):
    class Lazy(types.ModuleType):
        def __getattr__(self, name):
            raise ImportError(name)

    monkeypatch.setitem(sys.modules, "lazy_module", Lazy("lazy_module"))
    assert names(ag.diff(apart_loss)) == ["apart.w"]


def apart_loss():
    return apart.w * 2
