"""HIPS autograd: gradients as traces, at the user's lines."""

import inspect

import numpy
import pytest

autograd = pytest.importorskip(
    "autograd", reason="HIPS autograd is not installed: pip install 'autograd-tools[hips]'"
)
if not hasattr(autograd, "elementwise_grad") or "autograd_tools" in autograd.__file__:
    pytest.skip("another test has replaced HIPS autograd", allow_module_level=True)
adapter = pytest.importorskip("viewer.adapters.hips")
np, trace = pytest.importorskip("autograd.numpy"), adapter.trace
W, X = numpy.full((2, 2), 0.5), numpy.ones((3, 2))


def here(text, function):
    """The number of the line of a function that has a text."""
    lines, first = inspect.getsourcelines(function)
    return first + next(i for i, line in enumerate(lines) if text in line)


def layer(w, x):
    for _ in range(2):
        x = np.tanh(np.dot(x, w))
    return x


def loss(w, x):
    return np.sum(layer(w, x) ** 2)


def node(t, op):
    return next(n for n in t if n.op == op)


def test_operations_are_nodes():
    t = trace(loss, W, X)
    assert [n.op for n in t] == ["", "dot", "tanh", "dot", "tanh", "power", "sum"]


def test_arguments_have_their_names():
    t = trace(loss, W, X)
    assert (t[1].kind, t[1].name, t[2].call) == ("input", "w", "dot(float64[3,2], P(float64[2,2]))")


def test_lines_scopes_and_loops_are_those_of_the_user():
    t = trace(loss, W, X)
    assert node(t, "dot").line == here("np.dot", layer)
    assert node(t, "dot").scope == ("loss", "layer")
    assert [p.name for p in t.places if p.kind == "step"] == ["1", "2"]


def test_values_and_gradients_are_those_of_autograd():
    t = trace(lambda x: np.sum(x**3), numpy.array([1.0, 2.0]))
    assert (t[t.result].value.mean, t[1].outgrad.max) == (9.0, 12.0)


def test_each_argument_has_its_time():
    t = trace(lambda a, b: np.sum(a * b), X, X, argnum=(0, 1))
    assert sorted(node(t, "multiply").backward_ns) == [1, 2]


def test_functions_without_a_gradient_work():
    t = trace(lambda x: np.sum(x[np.argmax(x)]), numpy.array([1.0, 2.0]))
    assert t[1].outgrad.max == 1.0


def test_containers_are_arguments():
    t = trace(lambda p: np.sum(p["a"] * 2), {"a": numpy.ones(2)})
    assert [n.op for n in t] == ["", "container_take", "multiply", "sum"]


def test_an_inner_gradient_is_a_part_of_the_outer_one():
    inner = autograd.grad(lambda y: np.sum(y**3))
    t = trace(lambda x: np.sum(inner(x)), numpy.array([1.0, 2.0]))
    assert t[t.result].value.mean == 15.0
    assert all(n.line > 0 for n in t if n.kind == "result")


def test_a_function_of_nothing_is_an_error():
    with (
        pytest.warns(UserWarning, match="independent of input"),
        pytest.raises(ValueError, match="argnum=0"),
    ):
        trace(lambda x: 1.0, 2.0)


def test_an_error_ends_the_recording():
    with pytest.raises(ZeroDivisionError):
        trace(lambda x: x * (1 / 0), 2.0)
    assert autograd.core.VJPNode.__name__ == "VJPNode"


def test_a_gradient_after_the_recording_is_as_before():
    trace(loss, W, X)
    assert autograd.grad(lambda x: x**2)(3.0) == 6.0


def test_commands_find_the_gradients_of_a_script(ask, script):
    source = (
        "from autograd import grad\nfor x in (2.0, 3.0):\n    print(grad(lambda x: x * x)(x))\n"
    )
    output, errors, status = ask("show", "--step", "2", script(source))
    assert (output, status) == ("4.0\n6.0\ninput x  3  ∇ 6\nv2 = x * x  9  ∇ 1\n", 0)
    assert errors == "autograd-tools: using gradient 2 of 2; --step N selects another\n"
    assert ask("show", script(source))[1].startswith("autograd-tools: using gradient 1 of 2;")


@pytest.mark.slow
def test_profile_measures_the_gradients_of_a_script(ask_process, script):
    source = "from autograd import grad\nfor _ in range(3):\n    grad(lambda x: x * x)(2.0)\n"
    output = ask_process("profile", "--by", "argument", script(source))[0]
    assert "multiply[2]" in output
