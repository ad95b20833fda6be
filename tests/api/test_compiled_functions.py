"""`ag.adapt`: functions that Numba and bottleneck compiled, where these are installed."""

import importlib
import sys

import numpy as np
import pytest

import autograd_tools as ag

NUMBA = """
import math
import numpy as np
from numba import njit, vectorize

SCALE = 3.0

@njit
def cube(x):
    return x**3

@njit
def total(x):
    y = 0.0
    for i in range(len(x)):
        y += math.sin(x[i]) * cube(x[i])
    return y * SCALE

def newton(function):
    @njit
    def solve(x):
        for _ in range(9):
            x = x - (function(x) - 2.0) / (3.0 * x * x)
        return x
    return solve

root = newton(cube)

@njit
def halves(x):
    y = np.empty(2)
    y[0], y[1] = x / 2, math.sqrt(x)
    return y

@vectorize
def positive(x, y):
    return x * y if x > 1.0 else 0.0

class Model:
    cube = cube
"""
BOTTLENECK = """
import bottleneck as bn
from bottleneck import nanstd

def f(x):
    return nanstd(x, ddof=1) * bn.nanmean(x) + bn.nanmax(x) + len(bn.move_sum([1.0, 2.0], 2))
"""
X = np.array([0.5, 2.0])


def module(tmp_path, monkeypatch, library, source):
    pytest.importorskip(library)
    name = f"of_{library}"
    (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module(name)


@pytest.fixture
def compiled(tmp_path, monkeypatch):
    return module(tmp_path, monkeypatch, "numba", NUMBA)


@pytest.mark.parametrize("early", [True, False], ids=["compiled before", "in the block"])
@pytest.mark.parametrize(
    ("name", "x"), [("cube", 1.5), ("total", X), ("root", 1.5), ("halves", 1.5), ("positive", X)]
)
def test_the_source_of_a_compiled_function_differentiates(compiled, name, x, early):
    args = (x, X) if name == "positive" else (x,)
    plain = getattr(compiled, name)(*args) if early else None
    before = vars(compiled)[name]
    with ag.adapt("of_numba"):
        f = getattr(compiled, name)
        value = f(*args)
        ag.gradcheck(lambda x: np.sum(f(x, *args[1:])), x)
    assert vars(compiled)[name] is before
    np.testing.assert_allclose(value, before(*args) if plain is None else plain, rtol=1e-15)


def test_plain_arguments_go_to_compiled_code(compiled):
    assert compiled.total(X) == pytest.approx(22.0029, abs=1e-4)
    with ag.adapt("of_numba"):
        compiled.SCALE = 5.0  # a constant of the compiled code
        assert compiled.total(X) == pytest.approx(22.0029, abs=1e-4)


def test_a_function_called_by_another_name_says_so(compiled):
    total = compiled.total
    with ag.adapt("of_numba"):
        for call in (total, ag.grad(total)):
            with pytest.raises(TypeError, match=r"as an attribute of its module, of_numba\.total"):
                call(X)
    assert total(X) == pytest.approx(22.0029, abs=1e-4)
    assert "_compile_for_args" not in vars(total)


def test_a_compiled_method_gets_its_object(compiled):
    with ag.adapt("of_numba"), pytest.raises(TypeError):
        ag.grad(lambda x: compiled.Model().cube(x))(2.0)


def test_numpy_stands_in_for_bottleneck(tmp_path, monkeypatch):
    of_bottleneck = module(tmp_path, monkeypatch, "bottleneck", BOTTLENECK)
    x = np.array([0.5, np.nan, 2.0, 1.0])
    plain, theirs = of_bottleneck.f(x), of_bottleneck.bn
    with ag.adapt("of_bottleneck"):
        assert of_bottleneck.f(x) == plain
        gradient = ag.grad(of_bottleneck.f)(x)
    assert of_bottleneck.bn is theirs
    assert gradient.tolist() == pytest.approx([-0.2546, 0.0, 1.8911, 0.1273], abs=1e-4)
