"""The command `autograd-tools source`."""

import numpy as np
from support.sources import function_of

import autograd_tools as ag

TRAINING = """
import numpy as np
import autograd_tools as ag
x, y = np.arange(12.0).reshape(4, 3), np.ones(4)
w, b = ag.Param(np.zeros(3), name="w"), ag.Param(0.0)
def loss():
    return np.sum((x @ w + b - y) ** 2)
for _ in range(2):
    J = ag.diff(loss)
    for p in ag.params(J):
        p.value = p.value - 0.001 * ag.grad(J, p)
def square(z):
    return np.sum(z * z)
ag.grad(square)(np.ones(3))
"""


def test_source_writes_the_first_gradient_of_a_script(ask, script):
    output, errors, status = ask("source", script(TRAINING))
    assert (errors, status) == ("", 0)
    assert "def gradient_loss(w, b):" in output
    found = function_of(output)(np.zeros(3), 0.0)
    assert {name: [*map(float, [x] if name == "b" else x)] for name, x in found.items()} == {
        "w": [-36.0, -44.0, -52.0],
        "b": [-8.0],
    }


def test_source_writes_into_the_file_asked_for(ask, script, tmp_path):
    output, errors, status = ask("source", "-o", "gradient.py", script(TRAINING))
    assert (output, errors, status) == ("wrote 17 lines: gradient.py\n", "", 0)
    first, *lines = (tmp_path / "gradient.py").read_text(encoding="utf-8").splitlines()
    assert first == f"# Written by autograd_tools {ag.__version__} from train.py."
    assert "def gradient_loss(w, b):" in lines


def test_source_takes_the_gradient_of_a_function_by_name(ask, script):
    output, _, status = ask("source", "--function", "square", script(TRAINING))
    assert status == 0
    assert "def grad_square(z):" in output


def test_source_takes_a_later_gradient(ask, script):
    output, _, _ = ask("source", "--step", "3", script(TRAINING))
    assert "def grad_square(z):" in output


def test_source_says_which_gradients_there_are(ask, script):
    assert ask("source", "--function", "nothing", script(TRAINING)) == (
        "",
        "autograd-tools: train.py computed no gradient of nothing, but 3 other gradients\n",
        2,
    )
    assert ask("source", "--step", "9", script(TRAINING))[1:] == (
        "autograd-tools: train.py computed 3 gradients, so there is no gradient 9 to write\n",
        2,
    )


def test_source_of_a_script_without_gradients_is_an_error(ask, script):
    assert ask("source", script("print(1)"))[1:] == (
        "autograd-tools: train.py computed no gradient with autograd_tools, so there is nothing to "
        "write\n",
        2,
    )


def test_source_says_why_a_function_cannot_be_written(ask, script):
    text = TRAINING.replace("np.sum((x @ w", "float(ag.value(w)[0]) ** 0 * np.sum((x @ w")
    _, errors, status = ask("source", script(text.replace("return", "print(w.value); return")))
    assert status == 2
    assert "UncapturedError" not in errors
    assert "the text of a value" in errors


def test_source_of_a_block_asks_for_a_function(ask, script):
    text = "import numpy as np, autograd_tools as ag\nw = ag.Param(np.ones(3))\n"
    block = "with ag.record() as J:\n    y = np.sum(w * w)\nJ.backward(y)\n"
    assert "write ag.diff(f) or ag.grad(f)" in ask("source", script(text + block))[1]
