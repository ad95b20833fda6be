"""Programs as traces: the views list, draw and compare them."""

import numpy as np
import pytest

import autograd_tools as ag
import viewer


def loss(w, x):
    h = np.tanh(x @ w)
    z = h[0]
    return np.sum(z * h)


W, X = np.ones((3, 2)), np.ones((4, 3))


@pytest.fixture
def compiled():
    made = ag.compile(ag.grad(loss))
    made(W, X)
    return made


def test_a_compiled_function_is_listed_with_its_backward_pass(compiled):
    trace = compiled.trace()
    trace.check()
    forward = [node.op for node in trace if node.kind == "result" and not node.gradient]
    assert [node.name for node in trace if node.kind == "input"] == ["w", "x"]
    assert forward == ["matmul", "tanh", "getitem", "multiply", "sum"][: len(forward)]
    assert {node.gradient for node in trace} >= {"tanh", "matmul", "getitem", "multiply"}
    assert {node.code for node in trace if node.gradient == "tanh"} == {"h = np.tanh(x @ w)"}


def test_writes_are_nodes_of_what_they_write_into(compiled):
    nodes = [node for node in compiled.trace() if node.op == "add.at"]
    assert [(node.value.text, len(node.children) > 0) for node in nodes] == [("float64[4,2]", True)]


def test_views_take_a_compiled_function_and_a_program(compiled, tmp_path):
    text = viewer.to_text(compiled)
    assert text == viewer.to_text(compiled.programs[0])
    assert "tanh" in text
    viewer.draw(compiled, tmp_path / "program.svg")
    assert "tanh" in (tmp_path / "program.svg").read_text(encoding="utf-8")
    compiled.trace().save(tmp_path / "program.json")
    assert viewer.to_text(tmp_path / "program.json") == text


def test_programs_compare(compiled):
    other = ag.compile(ag.grad(lambda w, x: np.sin(loss(w, x))))
    other(W, X)
    assert viewer.compare(compiled, compiled) == "no difference in 16 nodes"
    assert "cos" in viewer.compare(compiled, other)


def test_a_choice_of_programs_is_asked_for(compiled):
    compiled(W[:, :1], X)
    with pytest.raises(ValueError, match=r"<compiled grad\(loss\)> has 2 programs; call it once"):
        viewer.to_text(compiled)
