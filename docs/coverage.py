"""The page of the documentation that lists every function in the registry.

The build of the site calls `text()`; `python docs/coverage.py` prints it.
"""

from __future__ import annotations

import importlib
import inspect
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.char
import numpy.lib.recfunctions
import numpy.polynomial
import numpy.strings
import numpy.testing.overrides
import scipy.special

import autograd_tools
from autograd_tools.engine.primitives import UNKNOWN, name_of
from autograd_tools.engine.registry import COMPOSITES, PRIMITIVES, ZEROGRADS, Primitive
from autograd_tools.rules import special
from autograd_tools.rules.like import LIKE
from autograd_tools.rules.ufunc_methods import UFUNC_METHODS

AREAS = {
    "arithmetic": "Arithmetic",
    "elementwise": "Elementary functions, and choices between two numbers",
    "emath": "numpy.emath",
    "reductions": "Reductions",
    "statistics": "Statistics",
    "histograms": "Histograms",
    "series": "Along an axis: running sums, differences, interpolation, convolution",
    "shapes": "Shapes",
    "joining": "Joining and splitting",
    "padding": "Padding",
    "choosing": "Choosing by a condition",
    "sets": "Sets",
    "polynomials": "Polynomials and ranges",
    "products": "Products",
    "einsum": "einsum",
    "linalg": "numpy.linalg: inverses, determinants, equations, norms",
    "decompositions": "numpy.linalg: decompositions",
    "fft": "numpy.fft",
}
# The registries of other packages, counted in the versions named.
PEERS = {
    "HIPS autograd 1.9.1": "106 functions of NumPy proper, 10 of `linalg`, 14 of `fft`, "
    "30 of `scipy.special`; 216 rules in all",
    "mygrad 2.5.0": "37 ufuncs and 37 other functions of NumPy; first order and real numbers only",
    "AutoGrad.jl": "60 elementary functions, 21 special functions, 17 of linear algebra",
    "JAX 0.10.2": "200 primitives of its own; its `jax.numpy` is written in them",
}
METHODS = ("pdf", "logpdf", "pmf", "logpmf", "cdf", "logcdf", "sf", "logsf", "entropy")
RULES = "autograd_tools.rules."
WRITING = ("copyto", "place", "put", "put_along_axis", "putmask", "fill_diagonal")
ROOT = Path(str(autograd_tools.__file__)).parents[1]
INTRO = """# Coverage

Generated from the registry of NumPy {numpy} and SciPy {scipy}.

| entry | meaning | number |
| --- | --- | --- |
| rule | a VJP rule for each argument that has a gradient | {rules} |
| composite | composed of functions that have rules | {composites} |
| zero | the gradient is zero wherever it exists, or the output is not numeric | {zeros} |
| `scipy.special` | ufuncs with VJP rules, called under SciPy's own name | {special} |
| `autograd_tools.scipy` | replacements; NumPy cannot dispatch the originals | {scipy_functions} |

The tests check every rule and every composite against finite differences to second order, over its
domain, in double and in single precision. The column *arguments* numbers the differentiated
arguments from 1; `...` stands for all further ones. A composite is differentiated in each numeric
argument that it uses. The column *source* gives the file and the line of each rule.

For comparison:

| package | differentiated |
| --- | --- |
{peers}
"""


def known_rules(primitive: Primitive) -> dict[int, Any]:
    """Return the rules by argument, counted from 1."""
    return {i: rule for i, rule in enumerate(primitive.rules, 1) if rule not in (None, UNKNOWN)}


def arguments(primitive: Primitive) -> str:
    """Return the numbers of the differentiated arguments."""
    return ", ".join([*map(str, known_rules(primitive)), *(["..."] if primitive.rest else [])])


def functions_of(entry: Any) -> list[Any]:
    """Return the rules of a primitive, or the definition of a composite, as Python functions."""
    found = list(known_rules(entry).values()) if isinstance(entry, Primitive) else [entry]
    return [getattr(rule, "func", rule) for rule in found]  # a partial function has `func`


def source(*functions: Any) -> str:
    """Return the file of functions with the line of each, as `rules/arithmetic.py:72, 80`."""
    lines: dict[str, set[int]] = {}
    for function in functions:
        path = Path(inspect.getfile(function)).relative_to(ROOT).as_posix()
        code = getattr(function, "__code__", None)
        line = code.co_firstlineno if code else inspect.getsourcelines(function)[1]
        lines.setdefault(path, set()).add(line)
    return ", ".join(
        f"`{path}:{', '.join(map(str, sorted(found)))}`" for path, found in lines.items()
    )


def public_name(func: Callable[..., Any]) -> str:
    """Return the name of a function as written after `np.`."""
    name = getattr(PRIMITIVES.get(func), "name", None) or name_of(func)
    return name.replace("lib.scimath", "emath").replace(
        "lib.recfunctions.lib.recfunctions", "lib.recfunctions"
    )


def table(rows: Iterable[tuple[str, ...]], *heads: str) -> str:
    """Return a sorted table in Markdown."""
    lines = [heads, ("---",) * len(heads), *sorted(rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def areas() -> dict[str, list[tuple[str, ...]]]:
    """Return the rows of each table, by the module of the entry."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for func, entry in {**COMPOSITES, **PRIMITIVES}.items():
        functions = functions_of(entry)
        primitive = isinstance(entry, Primitive)
        kind, numbers = ("rule", arguments(entry)) if primitive else ("composite", "")
        row = (f"`{public_name(func)}`", kind, numbers, source(*functions))
        found.setdefault(functions[0].__module__.removeprefix(RULES), []).append(row)
    return found


def missing() -> dict[str, list[str]]:
    """Return the functions that NumPy dispatches and the registry lacks, by the reason."""
    overridable = (
        numpy.testing.overrides.get_overridable_numpy_ufuncs()
        | numpy.testing.overrides.get_overridable_numpy_array_functions()
    )
    entered = {public_name(func) for func in (*PRIMITIVES, *COMPOSITES, *ZEROGRADS, *LIKE)}
    found: dict[str, set[str]] = {}
    for func in overridable:
        name = public_name(func)
        if name not in entered | {"_ones_like", "clip"}:
            found.setdefault(reason(func, name), set()).add(name)
    return {kind: sorted(names) for kind, names in found.items()}


def reason(func: Callable[..., Any], name: str) -> str:
    """Return the kind of function that has no entry."""
    if isinstance(func, np.ufunc):
        text = hasattr(np.strings, name.removeprefix("special.")) or name.startswith("_")
        return "text" if text else "numbers"
    if name.startswith(("char.", "strings.")):
        return "text"
    if name.startswith("lib.recfunctions"):
        return "records"
    if "busda" in name or "datetime" in name:
        return "dates"
    if name in WRITING:
        return "writing"
    return "making" if name.startswith(("from", "gen", "load")) else "numbers"


def scipy_functions() -> list[tuple[str, ...]]:
    """Return the functions of autograd_tools.scipy, and the methods of its distributions."""
    found = []
    packages = [*importlib.import_module("autograd_tools.scipy").__all__, "sparse.linalg"]
    packages[packages.index("spatial")] = "spatial.distance"
    for package in packages:
        module = importlib.import_module(f"autograd_tools.scipy.{package}")
        for name in module.__all__:
            item = getattr(module, name)
            plain = inspect.isfunction(item) or inspect.isclass(item)
            methods = () if plain else [name for name in METHODS if hasattr(item, name)]
            row = (f"`{package}.{name}`", names(methods), source(item if plain else type(item)))
            found.append(row)
    return found


def special_rows() -> list[tuple[str, ...]]:
    """Return the ufuncs of scipy.special that have rules."""
    return [
        (f"`{primitive.name}`", arguments(primitive), source(*functions_of(primitive)))
        for primitive in PRIMITIVES.values()
        if primitive.name.startswith("special.")
    ]


def names(found: Iterable[str]) -> str:
    """Return names in one line of Markdown."""
    return ", ".join(f"`{name}`" for name in found)


def text() -> str:
    """Return the whole page."""
    special.find(np.sin)  # enters the rules of scipy.special
    of_special, by_area, others = special_rows(), areas(), scipy_functions()
    kinds = Counter(row[1] for area in AREAS for row in by_area[area])
    intro = INTRO.format(
        numpy=release(np),
        scipy=release(scipy),
        rules=kinds["rule"],
        composites=kinds["composite"],
        zeros=len(ZEROGRADS),
        special=len(of_special),
        scipy_functions=len(others),
        peers="\n".join(f"| {name} | {what} |" for name, what in PEERS.items()),
    )
    parts = [intro]
    for area, title in AREAS.items():
        rows = table(by_area[area], "function", "entry", "arguments", "source")
        parts += [f"## {title}\n", rows + "\n"]
    parts += ["## scipy.special\n", table(of_special, "function", "arguments", "source") + "\n"]
    parts += ["## autograd_tools.scipy\n", table(others, "function", "methods", "source") + "\n"]
    ufunc_methods = names([*(f"{f.__name__}.{method}" for f, method in UFUNC_METHODS), "outer"])
    left = missing()
    parts += [
        REST.format(
            zeros=names(sorted(map(public_name, ZEROGRADS))),
            like=names(sorted(map(public_name, LIKE))),
            methods=ufunc_methods,
            total=sum(map(len, left.values())),
            **{kind: names(left[kind]) for kind in ("writing", "numbers", "making")},
            **{kind: len(left[kind]) for kind in ("text", "records", "dates")},
        )
    ]
    return "\n".join(parts)


def release(package: Any) -> str:
    """Return the first two numbers of a version."""
    return ".".join(package.__version__.split(".")[:2])


REST = """## Zero gradients

{zeros}.

## Methods of ufuncs, and `like=`

Methods of ufuncs: {methods} (of every ufunc with a rule). Functions with `like=x` for a recorded
`x`: {like}.

## No entry

NumPy dispatches {total} functions that have no entry. A call with recorded values raises an error
that names the function.

* Functions that write into an array; the error names an alternative: {writing}.
* Functions without a rule: {numbers}.
* Functions that create arrays from files, text or functions; NumPy dispatches them only with
  `like=`: {making}.
* {text} functions of text, {records} of records and {dates} of dates: their output is not numeric.
"""

if __name__ == "__main__":
    print(text(), end="")
