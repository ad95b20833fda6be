"""Commands find by themselves that a script uses PyTorch."""

import json

import pytest

torch = pytest.importorskip(
    "torch", reason="PyTorch is not installed: pip install 'autograd-tools[torch]'"
)

TRAIN = """\
import torch
net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh())
optimizer = torch.optim.SGD(net.parameters(), 0.1)
x = torch.ones(4, 2)
for step in range(3):
    optimizer.zero_grad()
    loss = torch.mean(net(x) ** 2)
    loss.backward()
    optimizer.step()
print("trained")
"""


def test_show_prints_a_gradient_of_pytorch(ask, script):
    output, errors, status = ask("show", "--view", "tree", script(TRAIN))
    told = "autograd-tools: using gradient 1 of 3; --step N selects another\n"
    assert (errors, status) == (told, 0)
    assert "Param net.0.weight  3×2 float32" in output
    assert "for step in range(3)" in output


def test_backward_passes_inside_others_do_not_count(ask, script):
    source = (
        "import torch\nfrom torch.utils.checkpoint import checkpoint\n"
        "w = torch.ones(2, requires_grad=True)\n"
        "for _ in range(2):\n    checkpoint(torch.sin, w, use_reentrant=True).sum().backward()\n"
    )
    told = "autograd-tools: using gradient 1 of 2; --step N selects another\n"
    assert ask("show", script(source))[1] == told


def test_the_script_runs_on_after_its_gradient(ask, script):
    assert ask("show", script(TRAIN))[0].startswith("trained\n")


def test_a_later_step_has_statistics(ask, script):
    output = ask("show", "--step", "3", "--columns", "op,norm", script(TRAIN))[0]
    row = next(line for line in output.splitlines() if line.startswith("mean"))
    assert float(row.split()[-1]) > 0


def test_a_step_too_many_is_an_error(ask, script):
    assert ask("show", "--step", "4", script(TRAIN))[1:] == (
        "autograd-tools: train.py computed 3 gradients, so there is no gradient 4 to show\n",
        2,
    )


def test_draw_writes_a_picture(ask, script, tmp_path):
    assert "drew 6 nodes" in ask("draw", "-o", "net.dot", script(TRAIN))[0]
    assert "linear" in (tmp_path / "net.dot").read_text(encoding="utf-8")


def test_explain_names_the_operations(ask, script):
    assert "= linear(" in ask("explain", script(TRAIN))[0]


def test_a_saved_trace_is_that_of_the_script(ask, script, tmp_path):
    output = ask("show", "--save", "t.json", script(TRAIN))[0]
    assert ask("show", "t.json")[0] == output.removeprefix("trained\n")


def test_a_script_without_a_gradient_says_so(ask, script):
    errors = ask("show", script("import torch\ntorch.ones(2)\n"))[1]
    assert "computed no gradient" in errors
    assert "it uses PyTorch" in errors


@pytest.mark.slow
def test_the_import_of_pytorch_starts_the_recording(ask_process, script):
    output, _, status = ask_process("profile", "--format", "json", script(TRAIN))
    document = json.loads(output)
    lines = {row["line"] for row in document["tables"]["line"]}
    assert (status, {7, 9} <= lines) == (0, True)


@pytest.mark.slow
def test_profile_measures_the_gradients_asked_for(ask_process, script):
    output = ask_process("profile", "--skip", "1", "--steps", "1", "-o", "p.json", script(TRAIN))[0]
    assert "Measured: gradient 2 of 3." in output
    assert "linear" in ask_process("profile", "p.json")[0]


@pytest.mark.slow
def test_map_shows_a_step(ask_process, script, tmp_path):
    output, errors, status = ask_process("map", "--step", "2", script(TRAIN))
    told = "autograd-tools: using gradient 2 of 3; --step N selects another\n"
    assert (output, errors, status) == ("trained\nmapped 6 nodes: train.html\n", told, 0)


@pytest.mark.slow
def test_nothing_loads_pytorch_for_another_script(ask_process, script):
    source = "import sys, autograd_tools as ag\nag.grad(lambda x: x * x)(1.0)\n"
    output = ask_process("show", script(source + "print('torch' in sys.modules)\n"))[0]
    assert output.startswith("False\n")


HEAD = """\
import numpy as np, {}
w, x = np.linspace(-1, 1, 6).reshape(3, 2), np.linspace(0, 1, 12).reshape(4, 3)
"""
IN_NUMPY = HEAD.format("autograd_tools as ag") + (
    "ag.grad(lambda w: np.mean(np.tanh(x @ w) ** 2))(w)\n"
)
IN_PYTORCH = HEAD.format("torch") + (
    "w, x = torch.tensor(w, requires_grad=True), torch.tensor(x)\n"
    "torch.mean(torch.tanh(x @ w) ** 2).backward()\n"
)


@pytest.mark.slow
def test_one_model_in_two_engines_has_one_structure(ask, script):
    a, b = script(IN_NUMPY, "a.py"), script(IN_PYTORCH, "b.py")
    assert ask("compare", a, b) == ("no difference in 5 nodes\n", "", 0)


@pytest.mark.slow
def test_engines_are_compared_by_time(ask, script):
    a, b = script(IN_NUMPY, "a.py"), script(IN_PYTORCH, "b.py")
    rows = json.loads(ask("compare", "--profile", "--format", "json", a, b)[0])["rows"]
    both = {row["key"] for row in rows if row["before"] and row["after"]}
    assert {"matmul", "tanh", "power", "mean"} <= both
