"""`adapt`: packages written for plain NumPy use differentiable functions instead.

Their modules get other globals for a while: `np`, `numpy`, `math`, and the functions that they
imported from these. Nothing else changes, neither NumPy nor other packages.
"""

from __future__ import annotations

import cmath
import functools
import importlib
import math
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from autograd_tools.api import math_functions
from autograd_tools.api.callers import adapted_packages
from autograd_tools.api.compiled_functions import open_function
from autograd_tools.api.module_changes import ModuleChanges
from autograd_tools.api.type_tests import CONTAINERS, TypeOfPlain, of_plain, plain_hasattr
from autograd_tools.engine.blanks import new_blank
from autograd_tools.engine.state import innermost_open, recordings

last, of_generators = recordings.last, recordings.of_generators  # of the open recordings
NEVER = frozenset({"autograd_tools", "viewer", "numpy", "scipy", "builtins", "math", "sys"})
LISTS = frozenset({list, tuple})
# Modules of SciPy with functions of ours.
SCIPY = (
    *("integrate", "linalg", "optimize", "signal", "spatial", "spatial.distance", "special"),
    "stats",
)
# Functions of NumPy that make arrays, into which a package may write.
MAKERS = (
    *("zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like", "full_like"),
    *("eye", "identity", "array", "copy", "arange", "linspace"),
)


class _Adapted(ModuleChanges):
    """A package with the number of the blocks that adapt it."""

    def __init__(self) -> None:
        super().__init__(_replacement)
        self.blocks = 0


_adapted: dict[str, _Adapted] = {}
_lock = threading.RLock()


@contextmanager
def adapt(*packages: str) -> Iterator[None]:
    """Make packages written for plain NumPy differentiable inside a `with` block.

    Modules of these packages use `autograd_tools.numpy` and `autograd_tools.scipy` instead of NumPy
    and SciPy, and functions of `math` that accept recorded numbers. So `asarray(x)`,
    `np.array([x, y])`, `math.sqrt(x)` and writes into `np.zeros(n)` keep the gradient. The change
    applies to all threads, until the last of several blocks ends. It also works as a decorator.

    Parameters
    ----------
    *packages : str
        Names of packages or modules, such as "seawater".

    Raises
    ------
    ModuleNotFoundError
        If a package is not installed.
    ValueError
        If a name is NumPy, SciPy, or this package.
    TypeError
        If a name is not a string, or there is none.

    Notes
    -----
    NumPy's objects are also replaced in containers, class attributes, default arguments and
    closures, and `float`, `hasattr` and `type` in globals. For functions that Numba compiled,
    recorded values run their Python source. Other compiled code is unchanged: a recorded value
    raises an error.

    Examples
    --------
    >>> import colorsys, autograd_tools as ag
    >>> with ag.adapt("colorsys"):
    ...     ag.grad(lambda r: colorsys.rgb_to_hls(r, 0.5, 0.2)[1])(0.75)
    0.5
    """
    names, entered = _checked(packages), list[str]()
    try:
        with _lock:
            for name in names:
                entered.append(name)
                _enter(name)
        yield
    finally:
        with _lock:
            for name in entered:
                _leave(name)


def _checked(packages: Sequence[str]) -> list[str]:
    """Return the names, once each, of packages that can be imported."""
    if not packages:
        raise TypeError('adapt() expects names of packages, such as ag.adapt("seawater")')
    names = list(dict.fromkeys(packages))
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"adapt() expects names of packages, such as 'seawater', got {name!r}")
        if name.partition(".")[0] in NEVER:
            raise ValueError(f"{name} cannot be adapted; name the package that calls it")
        importlib.import_module(name)
    return names


def _enter(name: str) -> None:
    if not _adapted:
        sys.meta_path.insert(0, _late)
    adapted = _adapted.setdefault(name, _Adapted())
    adapted.blocks += 1
    adapted_packages.add(name.partition(".")[0])
    if adapted.blocks == 1:
        for found, module in list(sys.modules.items()):
            if f"{found}.".startswith(f"{name}.") and isinstance(module, ModuleType):
                adapted.change(module)


def _leave(name: str) -> None:
    """Undo `_enter`, also where an interrupt ended it."""
    adapted = _adapted.setdefault(name, _Adapted())
    adapted.blocks -= 1
    if adapted.blocks <= 0:
        adapted.restore()
        del _adapted[name]
        adapted_packages.intersection_update(other.partition(".")[0] for other in _adapted)
    if not _adapted and _late in sys.meta_path:
        sys.meta_path.remove(_late)


class _Late(threading.local):
    """Finds modules of adapted packages that are imported inside the block, and changes them."""

    asks = False  # True while it asks the other finders, which may ask it in turn

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        package = next((p for p in list(_adapted) if f"{fullname}.".startswith(f"{p}.")), None)
        if package is None or self.asks:
            return None
        self.asks = True
        try:
            others = [f for f in sys.meta_path if f is not self and hasattr(f, "find_spec")]
            specs = (finder.find_spec(fullname, path, target) for finder in others)
            spec = next((found for found in specs if found is not None), None)
        finally:
            self.asks = False
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader, package)  # type: ignore[assignment]
        return spec


class _Loader:
    """A loader of a module that is changed after it has run."""

    def __init__(self, theirs: Any, package: str) -> None:
        self.theirs = theirs
        self.package = package

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self.theirs.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__loader__"] = vars(module)["__spec__"].loader = self.theirs
        self.theirs.exec_module(module)
        with _lock:
            if self.package in _adapted:
                _adapted[self.package].change(module)


_late: Any = _Late()


def _replacement(x: Any) -> Any:
    """Return what stands for an object of NumPy, `math` or SciPy; None if it stays."""
    if isinstance(x, ModuleType) and x.__name__ == "scipy":
        return _scipy()
    if isinstance(x, MethodType):  # such as norm.cdf
        owner = _replacement(x.__self__)
        return None if owner is None else getattr(owner, x.__name__)
    found = _table().get(id(x))
    if found is None and "scipy" in sys.modules:
        found = _of_scipy(*(name for name in SCIPY if f"scipy.{name}" in sys.modules)).get(id(x))
    return open_function(x) if found is None or found[0] is not x else found[1]


@functools.cache
def _table() -> dict[int, tuple[Any, Any]]:
    """Return the objects of NumPy and `math` by id, each with what stands for it."""
    ours = importlib.import_module("autograd_tools.numpy")
    casts = importlib.import_module("autograd_tools.numpy.casting")
    names = {name: getattr(ours, name) for name in vars(np)}
    names |= {name: _writable(names[name]) for name in MAKERS}
    names |= {name: casts.casting(x) for name, x in names.items() if x in casts.NUMBERS}
    module = _module("numpy", np, names)
    pairs: list[tuple[Any, Any]] = [(np, module), (float, casts.casting(float))]
    pairs += [(x, getattr(module, name)) for name, x in vars(np).items() if name in np.__all__]
    for part in ("linalg", "fft"):
        theirs, own = getattr(np, part), getattr(ours, part)
        replaced = _module(f"numpy.{part}", theirs, {name: getattr(own, name) for name in dir(own)})
        setattr(module, part, replaced)
        pairs.append((theirs, replaced))
        pairs += [(getattr(theirs, name), getattr(replaced, name)) for name in theirs.__all__]
    for theirs, changed in (
        (math, math_functions.replacements()),
        (cmath, math_functions.complex_replacements()),
    ):
        changing = ModuleType(theirs.__name__, theirs.__doc__)
        vars(changing).update({**vars(theirs), **changed})
        pairs.append((theirs, changing))
        pairs += [(getattr(theirs, name), function) for name, function in changed.items()]
    pairs += [(kind, of_plain(kind)) for kind in CONTAINERS]
    pairs += [(hasattr, plain_hasattr), (type, TypeOfPlain(_of_table))]
    return {id(old): (old, new) for old, new in pairs if old is not new}


def _of_table(x: Any) -> Any:
    """Return what stands for an object of NumPy or Python; None if it stays."""
    found = _table().get(id(x))
    return None if found is None or found[0] is not x else found[1]


@functools.cache
def _of_scipy(*loaded: str) -> dict[int, tuple[Any, Any]]:
    """Return the objects of the modules of SciPy that are loaded."""
    pairs: list[tuple[Any, Any]] = []
    for name in loaded:
        theirs, ours = sys.modules[f"scipy.{name}"], _scipy_module(name)
        pairs.append((theirs, ours))
        pairs += [(getattr(theirs, n, None), getattr(ours, n)) for n in vars(ours)["__all__"]]
    return {id(old): (old, new) for old, new in pairs if old is not new and old is not None}


@functools.cache
def _scipy_module(name: str) -> ModuleType:
    """Return a module of SciPy with our functions."""
    theirs = importlib.import_module(f"scipy.{name}")
    ours = importlib.import_module(f"autograd_tools.scipy.{name}")
    names = {n: getattr(ours, n) for n in ours.__all__}
    if name == "spatial":
        names = {n: _scipy_module(f"{name}.{n}") for n in names}
    if name == "stats":
        names = {n: _Distribution(getattr(theirs, n), x) for n, x in names.items()}
    made = _module(f"scipy.{name}", theirs, names)
    vars(made)["__all__"] = ours.__all__
    return made


class _Distribution:
    """A distribution of SciPy with our densities."""

    def __init__(self, theirs: Any, ours: Any) -> None:
        self._theirs = theirs
        self._ours = ours

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ours if hasattr(self._ours, name) else self._theirs, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._theirs(*args, **kwargs)


@functools.cache
def _scipy() -> ModuleType:
    """Return the package SciPy, whose modules have our functions."""
    return _Scipy("scipy")


class _Scipy(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name in SCIPY:
            return _scipy_module(name)
        return getattr(sys.modules["scipy"], name)


def _module(name: str, theirs: ModuleType, names: dict[str, Any]) -> ModuleType:
    made = ModuleType(name, theirs.__doc__)
    vars(made).update({n: _gated(getattr(theirs, n, None), x) for n, x in names.items()})
    made.__getattr__ = functools.partial(getattr, theirs)  # type: ignore[method-assign]
    return made


def _gated(theirs: Any, ours: Any) -> Any:
    """Return our function; while nothing is recorded, it costs no more than theirs."""
    if isinstance(theirs, np.ufunc):
        return _of_lists(theirs, ours)
    if ours is theirs or not isinstance(ours, FunctionType) or not callable(theirs):
        return ours

    @functools.wraps(ours)
    def call(*args: Any, **kwargs: Any) -> Any:
        if last() is None and not of_generators:  # is_outermost, written out
            return theirs(*args, **kwargs)
        return ours(*args, **kwargs)

    return call


def _of_lists(theirs: np.ufunc, ours: Any) -> Any:
    """Return a ufunc that takes lists with recorded items, into which NumPy does not look."""

    def slow(*args: Any, **kwargs: Any) -> Any:
        return (ours if any([type(x) in LISTS for x in args]) else theirs)(*args, **kwargs)

    # Written out, because few parameters cost a quarter of *args.
    def unary(x: Any, /, *rest: Any, **kwargs: Any) -> Any:
        if rest or kwargs or type(x) in LISTS:
            return slow(x, *rest, **kwargs)
        return theirs(x)

    def binary(x: Any, y: Any, /, *rest: Any, **kwargs: Any) -> Any:
        if rest or kwargs or type(x) in LISTS or type(y) in LISTS:
            return slow(x, y, *rest, **kwargs)
        return theirs(x, y)

    call: Callable[..., Any] = {1: unary, 2: binary}.get(theirs.nin, slow)
    names = [name for name in dir(theirs) if not name.startswith("_")]
    vars(call).update({name: getattr(ours, name, getattr(theirs, name)) for name in names})
    return functools.update_wrapper(call, theirs, ("__name__", "__doc__"))


def _writable(make: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a maker of arrays: while recording, recorded values can be written into them."""

    @functools.wraps(make)
    def made(*args: Any, **kwargs: Any) -> Any:
        y, recording = make(*args, **kwargs), innermost_open()
        fits = recording is not None and type(y) is np.ndarray and y.dtype.kind in "fc"
        return new_blank(y, recording) if fits else y

    return made
