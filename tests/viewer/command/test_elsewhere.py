"""Scripts whose gradients another library computes get a hint."""

import pytest

USES = {
    "import torch\n": "it uses PyTorch, which computes its own gradients",
    "import jax.numpy as jnp\n": "it uses JAX, which computes its own gradients",
    "from autograd import grad\n": "it uses HIPS autograd: add --as-autograd before SCRIPT",
    "import model\n": "it uses PyTorch, which computes its own gradients",
}


@pytest.fixture
def libraries(tmp_path):
    """Write stand-ins for the libraries, a module of the user's, and a package that uses torch."""
    installed = tmp_path / "lib" / "site-packages"
    for path, source in {
        "torch.py": "",
        "jax/__init__.py": "",
        "jax/numpy.py": "",
        "autograd.py": "def grad(f): ...\n",
        "lib/site-packages/dependency.py": "import torch\n",
        "model.py": "import torch\n",
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / path).write_text(source)
    return installed


@pytest.mark.parametrize(("source", "hint"), list(USES.items()))
@pytest.mark.parametrize(
    "command", ["show", "check", pytest.param("profile", marks=pytest.mark.slow)]
)
def test_a_script_of_another_library_gets_a_hint(ask, script, libraries, command, source, hint):
    output, errors, status = ask(command, script(source))
    assert (output, f"so there is nothing to {command}; {hint}" in errors, status) == ("", True, 2)


def test_a_library_that_a_dependency_imports_gives_no_hint(ask, script, libraries):
    source = f"import sys\nsys.path.append({str(libraries)!r})\nimport dependency\n"
    assert ask("show", script(source))[1] == (
        "autograd-tools: train.py computed no gradient with autograd_tools, so there is nothing to "
        "show\n"
    )


def test_a_gradient_here_gives_no_hint(ask, script, libraries):
    source = "import torch, autograd_tools as ag\nag.grad(lambda x: x * x)(1.0)\n"
    assert ask("show", "--step", "2", script(source))[1].endswith(
        "so there is no gradient 2 to show\n"
    )
