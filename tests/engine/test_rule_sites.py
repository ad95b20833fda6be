"""Call sites of what rules compute: those of the operation whose gradient it is, at any order."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd_tools as ag

W = np.eye(3)


def cell(h):
    return np.tanh(W @ h)  # CELL


def energy(x):
    for _ in range(3):
        x = cell(x)
    return np.sum(x**2)  # ENERGY


def line(mark):
    lines = Path(__file__).read_text().splitlines()
    return next(i for i, text in enumerate(lines, 1) if text.endswith(f"# {mark}"))


def norm_of_gradient(w):
    return np.sum(ag.grad(energy)(w) ** 2)


def operations(J):
    return [node for node in J.nodes if not node.is_leaf]


def test_an_operation_of_a_rule_has_the_line_of_the_forward_operation():
    J = ag.diff(norm_of_gradient, ag.Param(np.ones(3)))
    rules = [node.source for node in operations(J) if node.source.gradient]
    found = {(site.gradient, site.line, site.function) for site in rules}
    assert found == {
        ("power", line("ENERGY"), "energy"),
        ("tanh", line("CELL"), "cell"),
        ("matmul", line("CELL"), "cell"),
    }


def test_a_third_derivative_names_both_operations():
    J = ag.diff(lambda w: np.sum(ag.grad(norm_of_gradient)(w)), ag.Param(np.ones(3)))
    found = {node.source.gradient: node.source.line for node in operations(J)}
    assert found["subtract in the gradient of tanh"] == line("CELL")


def test_an_operation_of_a_rule_is_in_the_scope_of_the_forward_operation():
    J = ag.diff(norm_of_gradient, ag.Param(np.ones(3)))
    found = {node.scope for node in operations(J) if node.source.gradient}
    assert found == {("norm_of_gradient", "energy"), ("norm_of_gradient", "energy", "cell")}


def test_an_operation_of_a_rule_is_in_the_step_of_the_forward_operation():
    J = ag.diff(norm_of_gradient, ag.Param(np.ones(3)))
    columns = J.trace().nodes.columns
    steps = []
    for node in operations(J):
        place = columns.places[columns.places[columns.place[node.index]].parent]
        if node.name == "matmul":
            steps.append((node.source.gradient, place.kind, place.name))
    forward = [("", "step", "1"), ("", "step", "2"), ("", "step", "3")]
    assert steps == forward + [("matmul", kind, name) for _, kind, name in reversed(forward)]


def test_an_operation_of_a_constant_has_its_scope_too():
    w = ag.Param(2.0)

    def inner(x):
        return w * squared(x)

    def squared(x):
        return np.sum(x**2)

    J = ag.diff(lambda: np.sum(ag.grad(inner)(np.ones(2))))
    node = next(node for node in operations(J) if node.source.gradient == "power")
    name = "test_an_operation_of_a_constant_has_its_scope_too"
    assert node.scope == (f"{name}.inner", f"{name}.squared")
    assert J.trace()[node.index].scope == node.scope


def test_a_rule_of_the_user_belongs_to_the_line_of_its_operation():
    @ag.primitive(lambda dy, y, x: dy * np.cos(x))
    def wave(x):
        return np.sin(x)

    def inner(x):
        return wave(x)  # WAVE

    J = ag.diff(ag.grad(inner), ag.Param(1.0))
    node = next(node for node in operations(J) if node.name == "cos")
    assert (node.source.line, node.source.gradient) == (line("WAVE"), "wave")


def test_a_hook_belongs_to_its_own_line():
    def inner(x):
        y = np.sin(x)
        ag.on_grad(y, lambda dy: dy * 2.0)  # HOOK
        return y * 3.0

    J = ag.diff(lambda w: ag.grad(inner)(w) * w, ag.Param(1.0))
    assert all(
        not node.source.gradient for node in operations(J) if node.source.line == line("HOOK")
    )


def test_a_function_run_again_belongs_to_its_own_lines():
    part = ag.checkpoint(cell)
    J = ag.diff(lambda w: np.sum(ag.grad(lambda x: np.sum(part(x)))(w)), ag.Param(np.ones(3)))
    lines = {node.source.line for node in operations(J) if node.name in ("tanh", "matmul")}
    assert lines == {line("CELL")}


def test_a_gradient_without_code_of_the_user_has_no_scope():
    J = ag.diff(ag.grad(np.sin), ag.Param(1.0))
    assert {node.scope for node in operations(J)} == {()}


def test_the_calls_of_a_tape_in_a_tape_are_its_own():
    w = ag.Param(np.ones(3))

    def outer():
        tapes.append(ag.diff(energy, w))
        return np.sum(ag.grad(tapes[-1], w) ** 2)

    tapes = []
    J = ag.diff(outer)
    inner = {node.scope for node in operations(tapes[0])}
    assert inner == {("energy",), ("energy", "cell")}
    name = "test_the_calls_of_a_tape_in_a_tape_are_its_own.outer"
    assert {node.scope for node in operations(J)} == {
        (name,),
        (name, "energy"),
        (name, "energy", "cell"),
    }


def test_nan_of_a_second_derivative_names_the_forward_line():
    def inner(v):
        return np.sqrt(v)  # ROOT

    w = ag.Param(0.0)
    with pytest.raises(ag.NonFiniteError) as caught:
        ag.diff(lambda: ag.grad(inner)(w + 0.0), watch="nan")
    text = str(caught.value)
    assert f":{line('ROOT')} in " in text
    assert ", in the gradient of sqrt\n" in text
    assert "return np.sqrt(v)  # ROOT" in text


SCRIPT = """
import json, numpy as np, autograd_tools as ag
def heavy(x):
    return np.tanh(np.eye(3) @ x)
def loss(x):
    return np.sum(heavy(x) ** 2)
ag.hessian_vector_product(loss)(np.ones(3), np.ones(3))
records = [r for r in ag.timer.records if r.op == "matmul"]
print(json.dumps(sorted({(r.line, r.scope) for r in records})))
"""


@pytest.mark.slow
def test_all_time_of_a_hessian_product_is_at_the_forward_line(tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "train.py"],
        cwd=tmp_path,
        env={"AUTOGRAD_TIMER": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [[4, ["loss", "heavy"]]]
