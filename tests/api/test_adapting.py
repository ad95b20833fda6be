"""`ag.adapt`: packages for plain NumPy differentiate while a block runs, and only then."""

import builtins
import importlib
import math
import sys
import threading
from collections.abc import Mapping
from importlib.util import find_spec

import numpy as np
import pytest

import autograd_tools as ag

FILES = {
    "__init__.py": "from plainpkg import core\n",
    "core.py": """
import cmath
import functools
import math
import pickle
from collections.abc import Iterable
from math import sqrt
import numpy
import numpy as np
import numpy.linalg as la
from numpy import array, asarray as as_array, float32, zeros

TABLE = {"double": lambda x: np.asarray(x) * 2, "as": as_array}
LIMIT = 2.0

def squares(x):
    x = np.asarray(x, dtype=float)
    return np.sum(np.atleast_1d(x) ** 2)

def joined(x):
    return np.sum(array([x, x * x, 1.0]))

def scalar(x):
    y = math.sin(x) * sqrt(x) + math.log(x, 2) + math.pow(x, 3) + math.floor(x)
    return y + math.fsum(iter([x, 1.0])) + math.prod([x, x], start=2.0) + math.dist([x, 0], [1, 2])

def of_complex(x):
    z = cmath.sqrt(-x) * cmath.exp(x * 1j) + cmath.atanh(x + 1.0) + cmath.log(x + 2j, 3)
    return z.real + cmath.phase(x + 1j) * abs(cmath.sin(x)) + cmath.sqrt(-4).imag

def filled(x):
    y = np.zeros(3)
    for i in range(3):
        y[i] = x * i
    z = zeros((2, 2))
    z[0, 0] = x
    return np.sum(y) + z[0, 0] + np.ones(2)[0]

def norm(x):
    return la.norm(as_array(x)) + numpy.linalg.norm(x)

def matrix(x):
    m, n = np.eye(2), np.array([[1.0, 2.0], [3.0, 4.0]])
    m[0, 1] = x
    n[1] = x * 2
    return np.sum(m @ n @ n) + math.remainder(x, 0.7) + math.modf(x)[0] + math.frexp(x)[0]

def special(x):
    return math.gamma(x) + math.lgamma(x) + math.erf(x) * math.erfc(x)

def items(x):
    y = np.asarray(x).reshape(2, 2)
    (a, b), (c, d) = y.tolist()
    return a * b + c * d + y.item(3) * y.item(0, 1) + y[0, 0].item() + math.fmod(d, 2.0)

def like(x):
    y = np.empty_like(x)
    y[~(x > 5)] = x[x <= 5] ** 2
    return np.sum(y) + np.full_like(LIMIT, x[0])

def of_list(x):
    y = np.sum(np.sin([x, x])) + np.sum(np.add([x, 1.0], 2)) + np.power((x, 2.0), [2, 3])[0]
    y = y + np.sum(np.eye(2) @ [x, 2 * x] * [[x, 1.0], [2.0, x]] - [x, x * x])
    y = y + np.add.reduce([x, x]) + np.sum(np.multiply.outer([x, 1.0], [1.0, x]))
    return y if np.greater([x, 1.0], 0.0).all() and np.sin.nin == 1 else 0.0

def polynomial(x):
    return np.poly1d([x, 1.0])(2.0)

def casts(x):
    assert isinstance(x, float) and isinstance(1.0, (int, float)) and not isinstance(1, float)
    assert {float: 1, np.float64: 2}[float] == 1 and np.zeros(1, float).dtype == float
    assert pickle.loads(pickle.dumps([float, float32])) == [float, float32]
    y = np.float64(x) * float("2") + np.ones(4)[np.int64(x)] * float(np.array(x))
    assert float32(x).dtype == np.float32 and np.float64([x, 1]).shape == (2,)
    return y + np.float64([x, 1]).sum() + np.asarray(x, float) / float.fromhex("0x4")

grid = None

def cached(x):
    global grid
    if grid is None:
        grid = np.linspace(0.0, 1.0, 3)
    return np.sum(grid * x) + np.sum(weights(3)[1:] * x[1:])

@functools.lru_cache
def weights(n):
    return np.arange(n, dtype=float)

class Buffer:
    array = view = None

    def squared(self, x):
        if self.array is None:
            self.array = np.zeros(2)
            return x * 0.0
        self.array[1] = x * x
        return np.sum(self.array)

class Model:
    xp = np
    compute = {"as": np.asarray}

    def __init__(self, convert=np.asarray, *, join=np.array):
        self.convert, self.join = convert, join

    @staticmethod
    def square(x, convert=as_array):
        return convert(x) ** 2

def kept(x, convert=np.asarray, root=math.sqrt):
    model = Model()
    y = model.xp.asarray(x) * model.convert(x) + Model.square(x) + model.join([x, x])[0]
    return y + TABLE["double"](x) + TABLE["as"](x) + convert(x) * root(x)

NESTED = {"a": {"b": [np.asarray, (np.asarray, 1.0)]}, "part": functools.partial(np.array, ndmin=1)}
MAPPED = functools.partial(map, np.asarray)

def enclosed(convert):
    @functools.wraps(convert)
    def call(x):
        return convert(x) ** 2
    return call

square = enclosed(np.asarray)
cube = enclosed(lambda x, convert=np.asarray: convert(x) ** 1.5)

class Holder:
    convert = staticmethod(np.asarray)
    bare = np.asarray
    table = {"deep": [np.asarray]}
    parts = (np.asarray, None)

def elsewhere(x):
    (first, (second, _)), holder = NESTED["a"]["b"], Holder()
    y = first(x) * second(x) + NESTED["part"](x)[0] + next(iter(MAPPED([x]))) + square(x) + cube(x)
    return y * holder.convert(x) + holder.bare(x) * Holder.table["deep"][0](x) + holder.parts[0](x)

def numbers(x):
    def joined(items: Iterable[float]):
        return np.stack(list(items))
    many = isinstance(x, Iterable) or hasattr(x, "__iter__")
    return np.sum(joined(x if many else [x, 2.0 * x]) ** 2)

def kinds(x):
    class Meta(type):
        def __call__(cls, *args):
            return type.__call__(cls, *args)
    class Of(metaclass=Meta):
        pass
    def nothing(a: type | None, b: type[int]):
        return a
    assert type(x) is float or type(x) is np.float64
    assert type(2.5) is float and type(2.5) in (float, int) and {float: 1}[type(2.5)] == 1
    assert type(np.float64(1)) is np.float64 and type(np.ones(1)) is np.ndarray and type(1) is int
    assert type(type(x)) is type and type(type) is type and {type: 1}[type] == 1
    assert isinstance(Of, type) and type(Of) is Meta and not isinstance(int, Meta)
    assert issubclass(Meta, type) and isinstance(1, (type, int)) and type(Of()) is Of
    assert type("Made", (), {"n": 2}).n == 2 and repr(type) == "<class 'type'>"
    return x * 2.0

@np.vectorize
def positive(x):
    return x * x if x > 1.0 else 0.0

def steps(x):
    return np.sum(np.outer(x, positive(x)) * np.arange(4.0).reshape(2, 2))

OWN = np.ones(2)

def of_method(x):
    return OWN.dot(x)

def fails(x):
    raise ValueError("of the package")

def late(x):
    from plainpkg import inner
    return inner.cube(x)
""",
    "inner.py": "import numpy as np\n\ndef cube(x):\n    return np.asarray(x) ** 3\n",
    "science.py": """
import scipy
import scipy.spatial.distance
import scipy.special
from scipy.optimize import brentq
from scipy.spatial.distance import pdist
from scipy.special import logsumexp
from scipy import linalg, stats

def f(x):
    y = logsumexp(x) + scipy.special.softmax(x)[0] + stats.norm.logpdf(x[0], 1.0, 2.0)
    outer = x[:, None] * x
    inverse = scipy.linalg.inv([[2.0, 0], [0, 1.0]])
    return y + scipy.linalg.expm(outer)[0, 0] + linalg.det(outer + inverse)

def solved(x):
    def f(y, a):
        return y**3 - a * x[0] - scipy.spatial.distance.cdist(x[:, None], x[:, None])[0, 1]
    return brentq(f, 0.0, 9.0, (pdist(x[:, None])[0],)) * scipy.spatial.distance.minkowski([0], [2])

density = stats.norm.logpdf

def methods(x):
    return density(x[0]) + density(x[1], 1.0)

def quantile(q):
    return stats.norm.ppf(q), stats.norm(1.0).mean(), stats.uniform.pdf(0.5), stats.gamma.name
""",
}


@pytest.fixture
def core(tmp_path, monkeypatch):
    (tmp_path / "plainpkg").mkdir()
    for name, source in FILES.items():
        (tmp_path / "plainpkg" / name).write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    before = set(sys.modules)
    yield importlib.import_module("plainpkg.core")
    for name in set(sys.modules) - before:
        if name.startswith("plainpkg"):
            del sys.modules[name]


X, Y = np.array([0.5, 2.0]), np.array([0.5, 2.0, 1.5, 3.0])


@pytest.mark.parametrize(
    ("name", "x"),
    [
        ("squares", X),
        ("squares", 3.0),
        ("joined", 3.0),
        ("scalar", 1.7),
        ("of_complex", 1.7),
        ("filled", 2.0),
        ("norm", X),
        ("items", Y),
        ("like", X),
        ("casts", 1.5),
        ("matrix", 1.7),
        ("special", 1.7),
        ("of_list", 1.7),
        ("kinds", 1.5),
        ("numbers", 1.5),
        ("numbers", X),
        ("steps", X),
        ("kept", 1.5),
        ("elsewhere", 1.5),
    ],
)
def test_a_package_differentiates_in_the_block(core, name, x):
    f = getattr(core, name)
    plain = f(x)
    with ag.adapt("plainpkg"):
        assert f(x) == plain
        assert ag.value_and_grad(f)(x)[0] == pytest.approx(plain, rel=1e-14)
        ag.gradcheck(f, x)


MATH = {
    "sqrt": (-0.5,),
    "log": (-1.0,),
    "exp": (800.0,),
    "acos": (1.5,),
    "log1p": (-2.0,),
    "gamma": (0.0,),
    "lgamma": (-1.0,),
    "pow": (0.0, -1.0),
    "fmod": (1.0, 0.0),
    "remainder": (1.0, 0.0),
    "sin": (np.inf,),
}


@pytest.mark.parametrize("name", MATH)
def test_functions_of_math_raise_their_own_errors(core, name):
    def f(x, *args):
        try:
            return getattr(core.math, name)(x, *args)
        except (ValueError, OverflowError) as error:
            caught.append(str(error))
            return x * 3.0

    caught = []
    with ag.adapt("plainpkg"):
        assert ag.grad(f)(*MATH[name]) == 3.0
    with pytest.raises((ValueError, OverflowError)) as expected:
        getattr(math, name)(*MATH[name])
    assert caught == [str(expected.value)]


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_hypot_takes_any_number_of_sides(core, n):
    x = np.arange(1.0, n + 1)
    with ag.adapt("plainpkg"):
        y, g = ag.value_and_grad(lambda x: core.math.hypot(*x))(x)
        assert y == math.hypot(*x)
        np.testing.assert_allclose(g, x / np.linalg.norm(x), rtol=1e-15)
        ag.gradcheck(lambda x: core.math.hypot(*x), x)


def test_functions_of_math_have_its_values_and_types(core):
    with ag.adapt("plainpkg"):
        for f, args in (
            (lambda x: core.math.fsum([1e16, x, -1e16]), (1.0,)),
            (core.math.sqrt, (np.float32(2.0),)),
            (core.math.exp, (2,)),
            (lambda x: core.math.log(x, 3), (5.0,)),
            (lambda x: core.math.prod([x, x], start=x), (3.0,)),
            (lambda x: core.math.prod([], start=x), (3.0,)),
            (core.math.sin, (np.array(0.5),)),
        ):
            plain = f(*args)
            y = ag.value_and_grad(f)(*args)[0]
            assert (y, type(y)) == (plain, type(plain))
    with pytest.raises(TypeError), ag.adapt("plainpkg"):
        ag.grad(core.math.sin)(X)


def test_all_is_restored(core):
    model = core.Model
    parts = (vars(core), core.TABLE, vars(model), model.compute, core.kept.__defaults__)
    parts += (model.__init__.__defaults__, model.__init__.__kwdefaults__, core.NESTED)
    parts += (core.NESTED["a"]["b"], vars(core.Holder), core.Holder.table["deep"])

    def items():
        return [list(p.items()) if isinstance(p, Mapping) else list(p) for p in parts]

    before = items()
    with ag.adapt("plainpkg"):
        assert core.np is core.numpy is model.xp is not np
        assert (core.math is not math, core.LIMIT) == (True, 2.0)
        assert builtins.float is float
        assert sys.modules["numpy"] is np
        assert core.square.__closure__[0].cell_contents is not np.asarray
    assert items() == before
    assert core.square.__closure__[0].cell_contents is np.asarray
    assert core.np is np
    assert "float" not in vars(core)


def test_what_cannot_be_adapted_names_the_function(core):
    with (
        ag.adapt("plainpkg"),
        pytest.raises(ag.LostGradientError, match=r"plainpkg, which is adapted .* in of_method"),
    ):
        ag.grad(core.of_method)(X)


def test_what_the_package_changes_itself_stays(core):
    with ag.adapt("plainpkg"):
        core.array = None
        del core.as_array
    assert (core.array, hasattr(core, "as_array"), core.zeros) == (None, False, np.zeros)


def test_an_exception_restores_all(core):
    with pytest.raises(ValueError, match="of the package"), ag.adapt("plainpkg"):
        ag.grad(core.fails)(1.0)
    assert core.np is np


def test_blocks_nest_and_threads_share_them(core):
    entered, leave = threading.Event(), threading.Event()

    def other():
        with ag.adapt("plainpkg"):
            entered.set()
            leave.wait()

    thread = threading.Thread(target=other)
    with ag.adapt("plainpkg"), ag.adapt("plainpkg", "plainpkg"):
        thread.start()
        entered.wait()
    assert core.np is not np
    leave.set()
    thread.join()
    assert core.np is np


def test_a_decorator(core):
    decorated = ag.adapt("plainpkg")(ag.grad(core.squares))
    assert decorated(X).tolist() == (2 * X).tolist()
    assert decorated(X).tolist() == (2 * X).tolist()
    assert core.np is np


def test_a_module_imported_in_the_block(core):
    with ag.adapt("plainpkg"):
        assert ag.grad(core.late)(2.0) == 12.0
    assert sys.modules["plainpkg.inner"].np is np


def test_cached_arrays_are_plain_after_the_recording(core):
    ones = np.ones(3)
    with ag.adapt("plainpkg"):
        for _ in range(2):
            assert ag.grad(core.cached)(ones).tolist() == [0.0, 1.5, 3.0]
    assert ag.grad(core.cached)(ones).tolist() == [0.0, 1.5, 3.0]
    assert ag.hessian(lambda x: core.cached(x * x))(ones).diagonal().tolist() == [0.0, 3.0, 6.0]
    assert np.asarray(core.grid).tolist() == [0.0, 0.5, 1.0]
    assert core.grid.__array_interface__["shape"] == (3,)
    assert type(core.grid[1:]) is np.ndarray
    core.grid[0], core.grid[1:] = 5.0, 7.0
    assert core.cached(ones) == 22.0


@pytest.mark.skipif(sys.version_info < (3, 12), reason="classes of Python have no buffers")
def test_a_cached_array_has_a_buffer_after_the_recording(core):
    with ag.adapt("plainpkg"):
        ag.grad(core.cached)(np.ones(3))
    assert memoryview(core.grid).tolist() == [0.0, 0.5, 1.0]


def test_a_kept_array_takes_a_value_of_the_next_recording(core):
    with ag.adapt("plainpkg"):
        buffer = core.Buffer()
        assert ag.grad(buffer.squared)(3.0) == 0.0
        assert ag.grad(buffer.squared)(3.0) == 6.0
        with pytest.raises(ag.LostGradientError, match="earlier recording"):
            ag.grad(buffer.squared)(3.0)


@pytest.mark.parametrize("early", [True, False])
def test_a_kept_array_with_a_view_takes_no_recorded_value(core, early):
    with ag.adapt("plainpkg"):
        buffer = core.Buffer()

        def view(x):
            buffer.view = buffer.array[1:]
            return x

        ag.grad(buffer.squared if not early else lambda x: view(buffer.squared(x)))(3.0)
        if not early:
            ag.grad(view)(3.0)
        with pytest.raises(ValueError, match="write into x before that, or into a copy"):
            ag.grad(buffer.squared)(3.0)
        assert buffer.view.tolist() == [0.0]


def test_a_module_reloaded_or_imported_again_in_the_block(core):
    with ag.adapt("plainpkg"):
        loader = core.__loader__
        importlib.reload(core)
        assert ag.grad(core.squares)(3.0) == 6.0
        for name in ("plainpkg", "plainpkg.core"):
            del sys.modules[name]
        again = importlib.import_module("plainpkg.core")
        assert again is not core
        assert ag.grad(again.squares)(3.0) == 6.0
        assert type(again.__spec__.loader) is type(again.__loader__) is type(loader)
    assert core.np is again.np is np


def test_a_top_level_module_reloaded_in_the_block(tmp_path, monkeypatch):
    (tmp_path / "plainmod.py").write_text("import numpy as np\nf = lambda x: np.asarray(x) ** 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("plainmod")
    monkeypatch.setitem(sys.modules, "plainmod", module)
    with ag.adapt("plainmod"):
        assert ag.grad(importlib.reload(module).f)(3.0) == 6.0
    assert module.np is np


class Asking:
    """A finder that asks all others, as hooks of lazy imports do."""

    def find_spec(self, fullname, path=None, target=None):
        others = [finder for finder in sys.meta_path if finder is not self]
        specs = (f.find_spec(fullname, path=path, target=target) for f in others)
        return next(filter(None, specs), None)


@pytest.mark.parametrize("first", [True, False])
def test_a_finder_that_asks_the_others(core, monkeypatch, first):
    with ag.adapt("plainpkg"):
        finders = [Asking(), *sys.meta_path] if first else [*sys.meta_path, Asking()]
        with monkeypatch.context() as patch:
            patch.setattr(sys, "meta_path", finders)
            assert ag.grad(core.late)(2.0) == 12.0


def test_other_packages_and_numpy_are_unchanged(core):
    with ag.adapt("plainpkg"):
        assert sys.modules["numpy"] is np
        with pytest.raises(ag.LostGradientError):
            ag.grad(lambda x: np.sum(np.asarray(x)))(X)


def test_a_module_alone(core):
    with ag.adapt("plainpkg.core"):
        assert ag.grad(core.squares)(3.0) == 6.0


def test_scipy_in_a_package(core):
    pytest.importorskip("scipy")
    science = importlib.import_module("plainpkg.science")
    plain, quantile = science.f(X), science.quantile(0.3)
    with ag.adapt("plainpkg"):
        np.testing.assert_allclose(ag.value_and_grad(science.f)(X)[0], plain, rtol=1e-12)
        ag.gradcheck(science.f, X)
        ag.gradcheck(science.methods, X)
        ag.gradcheck(science.solved, X)
        assert science.quantile(0.3) == quantile


def test_what_cannot_work_is_refused(core):
    with ag.adapt("plainpkg"), pytest.raises(TypeError):
        ag.grad(core.polynomial)(1.0)
    for name in ("numpy", "scipy.special", "autograd_tools"):
        with pytest.raises(ValueError, match="cannot be adapted"), ag.adapt(name):
            pass
    with pytest.raises(ModuleNotFoundError), ag.adapt("no_such_package"):
        pass
    with pytest.raises(TypeError, match="names of packages"), ag.adapt():
        pass
    with pytest.raises(TypeError, match="got 3"), ag.adapt(3):
        pass


def test_a_missing_package_changes_nothing(core):
    with pytest.raises(ModuleNotFoundError), ag.adapt("plainpkg", "no_such_package"):
        pass
    assert core.np is np


def test_a_refusal_in_an_installed_package_names_it(tmp_path, monkeypatch):
    folder = tmp_path / "site-packages" / "installedpkg"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("import numpy as np\ndef f(x):\n    return np.asarray(x)\n")
    monkeypatch.syspath_prepend(folder.parent)
    package = importlib.import_module("installedpkg")
    with pytest.raises(
        ag.LostGradientError, match=r"calls np\.asarray or .* in f, .*ag\.adapt\(\"inst"
    ):
        ag.grad(lambda x: np.sum(package.f(x)))(X)
    with ag.adapt("installedpkg"):
        assert ag.grad(lambda x: np.sum(package.f(x)))(X).tolist() == [1, 1]


PACKAGES = {
    "seawater": lambda m: (lambda s, t: m.dens(s, t, 1000.0), (35.0, 10.0)),
    "pymap3d": lambda m: (lambda lat, lon: m.geodetic2ecef(lat, lon, 100.0)[0], (40.0, 20.0)),
    "numpy_financial": lambda m: (lambda r: m.pmt(r / 12, 180, 200_000.0), (0.075,)),
    "fluids": lambda m: (lambda z: m.ATMOSPHERE_1976(z).P / 1e5, (5000.0,)),
    "geographiclib": lambda m: (
        lambda lat: m.geodesic.Geodesic.WGS84.Inverse(lat, 0.0, 50.0, 10.0)["s12"] / 1e6,
        (40.0,),
    ),
    "iapws": lambda m: (lambda t: m.IAPWS97(T=t, P=1).rho, (350.0,)),
    "pvlib": lambda m: (m.atmosphere.get_relative_airmass, (60.0,)),
    "ahrs": lambda m: (m.common.orientation.q2R, (np.array([0.9, 0.1, 0.3, 0.2]),)),
    "ambiance": lambda m: (
        lambda p: m.Atmosphere.from_pressure(p * 1e5).h / 1e3,
        (np.array([0.9]),),
    ),
    "haversine": lambda m: (lambda lat: m.haversine((lat, 2.0), (48.0, 3.0)), (45.0,)),
    "skfuzzy": lambda m: (
        lambda c: m.defuzz(np.arange(9.0), m.gaussmf(np.arange(9.0), c, 2.0), "centroid"),
        (4.2,),
    ),
    "colorsys": lambda m: (lambda r, g: m.rgb_to_hls(r, g, 0.2)[1], (0.75, 0.5)),
    "statistics": lambda m: (
        lambda y: m.linear_regression([0.0, 1.0, 2.0], y).slope,
        (np.array([1.0, 3.0, 4.0]),),
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("package", PACKAGES)
def test_gradients_of_published_packages(package):
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    if package == "geographiclib":
        importlib.import_module("geographiclib.geodesic")
    f, args = PACKAGES[package](importlib.import_module(package))
    with ag.adapt(package):
        assert ag.gradcheck(f, *args)
