"""The table of conventions: each cell is computed by the package of its column."""

import importlib
import importlib.metadata
import re
from pathlib import Path

import numpy as np
import pytest

import autograd_tools as ag

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "conventions.md"
TABLE = PAGE.read_text(encoding="utf-8").split("| function | at |")[1].split("\n\n")[0]
HEAD, _, *LINES = TABLE.splitlines()
COLUMNS = [cell.strip() for cell in HEAD.split("|") if cell.strip()]
ROWS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in LINES]
VERSIONS = dict(re.search(r"(.+) ([\d.]+)", column).groups() for column in COLUMNS[1:])


def shown(slope, expression, point):
    """Return the gradient of an expression of `x` and `np` as a cell shows it."""
    try:
        dx = np.asarray(slope(expression, np.array(eval(point, {"nan": np.nan, "inf": np.inf}))))
    except Exception:
        return "error"
    return str((np.round(dx, 3) + 0).tolist())


def by_autograd_tools(expression, x):
    return ag.grad(lambda x: eval(expression, {"np": np, "x": x}))(x)


def by_hips(expression, x):
    module = importlib.import_module("autograd.numpy")
    grad = importlib.import_module("autograd").grad
    return grad(lambda x: eval(expression, {"np": module, "x": x}))(x)


def by_jax(expression, x):
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    return jax.grad(lambda x: eval(expression, {"np": jax.numpy, "x": x}))(jax.numpy.asarray(x))


class TorchAsNumPy:
    """PyTorch under the names and defaults of NumPy."""

    def __init__(self, torch):
        self.torch = torch

    def __getattr__(self, name):
        return getattr(self.torch, name)

    def sort(self, x):
        return self.torch.sort(x).values

    def std(self, x):
        return self.torch.std(x, correction=0)

    def maximum(self, a, b):
        return self.torch.maximum(a, self.torch.as_tensor(b, dtype=a.dtype))


def by_torch(expression, x):
    torch = importlib.import_module("torch")
    x = torch.tensor(x, requires_grad=True)
    eval(expression, {"np": TorchAsNumPy(torch), "x": x}).backward()
    return x.grad.numpy()


PEERS = {
    "HIPS autograd": ("autograd", by_hips),
    "JAX": ("jax", by_jax),
    "PyTorch": ("torch", by_torch),
}


def column(number, slope):
    return {row[0] + " at " + row[1]: shown(slope, row[0].strip("`"), row[1]) for row in ROWS}, {
        row[0] + " at " + row[1]: row[number] for row in ROWS
    }


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_each_cell_of_ours_is_computed():
    found, told = column(2, by_autograd_tools)
    assert found == told


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("peer", PEERS)
def test_each_cell_of_another_package_is_computed(peer):
    package, slope = PEERS[peer]
    pytest.importorskip(package)
    if not importlib.metadata.version(package).startswith(VERSIONS[peer]):
        pytest.skip(f"the table is about {peer} {VERSIONS[peer]}")
    number = 3 + list(PEERS).index(peer)
    found, told = column(number, slope)
    assert found == told
