"""Published packages for HIPS autograd run as they are, where they are installed."""

from importlib.util import find_spec

import pytest

INSTALLED = "import autograd_tools.compat as compat; compat.install()\n"
PROGRAMS = {
    "lifelines": """
from lifelines import WeibullFitter
from lifelines.datasets import load_waltons
data = load_waltons()
fit = WeibullFitter().fit(data["T"], data["E"])
print(round(fit.lambda_, 2), round(fit.rho_, 2))
""",
    "pymanopt": """
import numpy as np, pymanopt
sphere = pymanopt.manifolds.Sphere(5)
a = np.diag([1.0, 2.0, 3.0, 4.0, 5.0])
cost = pymanopt.function.autograd(sphere)(lambda p: -p @ a @ p)
problem = pymanopt.Problem(sphere, cost)
start = np.ones(5) / np.sqrt(5)
found = pymanopt.optimizers.TrustRegions(verbosity=0).run(problem, initial_point=start)
print(round(found.cost, 6))
""",
    "geomstats": """
import os
os.environ["GEOMSTATS_BACKEND"] = "autograd"
import geomstats.backend as gs
value, gradient = gs.autodiff.value_and_grad(lambda x: gs.sum(x**2))(gs.array([1.0, 2.0]))
print(value, gradient)
""",
    "paragami": """
import numpy as np, paragami
from autograd import grad
pattern = paragami.PSDSymmetricMatrixPattern(size=2)
f = paragami.FlattenFunctionInput(lambda m: np.linalg.slogdet(m)[1], pattern, True)
print(np.round(grad(f)(pattern.flatten(np.eye(2), free=True)), 6) + 0.0)
""",
    "lab": """
import numpy as np, lab.autograd as B
from autograd import value_and_grad
f = lambda x: B.sum(B.multiply(x, x)) + B.logdet(B.diag(x)) + 0.0 * B.shape(B.outer(x))[0]
print(*value_and_grad(f)(np.array([1.0, 2.0])))
""",
    "vittles": """
import numpy as np, vittles
f = lambda a, b: np.sum((a - b) ** 2)
found = vittles.HyperparameterSensitivityLinearApproximation(f, np.zeros(2), np.zeros(2))
print(np.abs(found.get_dopt_dhyper()))
""",
}
EXPECTED = {
    "lifelines": "55.73 3.45",
    "pymanopt": "-5.0",
    "geomstats": "5.0 [2. 4.]",
    "paragami": "[2. 0. 2.]",
    "lab": "5.693147180559945 [3.  4.5]",
    "vittles": "[[1. 0.]\n [0. 1.]]",
}


@pytest.mark.parametrize("package", PROGRAMS)
def test_a_package_runs_as_it_is(python, package):
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    assert python("-W", "ignore", "-c", INSTALLED + PROGRAMS[package]) == f"{EXPECTED[package]}\n"
