"""Writes docs/coverage.md: what is differentiated, from the registry. Run it as `python docs/coverage.py`."""

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
import numpy.testing.overrides  # which knows the functions of what has been imported, as it is above
import scipy.special

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
# What differentiates how much elsewhere: their own registries, counted in the versions named.
PEERS = (
    (
        "HIPS autograd 1.9.1",
        "106 functions of NumPy proper, 10 of `linalg`, 14 of `fft`, 30 of `scipy.special`; 216 rules in all",
    ),
    (
        "mygrad 2.5.0",
        "37 ufuncs and 37 other functions of NumPy; the first order only, real numbers only",
    ),
    ("AutoGrad.jl", "60 elementary functions, 21 special functions, 17 of linear algebra"),
    ("JAX 0.10.2", "200 primitives of its own, on which its `jax.numpy` is written"),
)
METHODS = ("pdf", "logpdf", "pmf", "logpmf", "cdf", "logcdf", "sf", "logsf", "entropy")
WRITING = ("copyto", "place", "put", "put_along_axis", "putmask", "fill_diagonal")
INTRO = """# What is differentiated

Written by `python docs/coverage.py` from the registry of NumPy {numpy} and SciPy {scipy}; a test compares the two.

| entry | meaning | number |
| --- | --- | --- |
| rule | the gradient is written down for each argument that has one | {rules} |
| composite | written in functions that have rules | {composites} |
| zero | the gradient is zero wherever it exists, or the function returns no numbers | {zeros} |
| `scipy.special` | rules for ufuncs, which work as they are | {special} |
| `autograd_tools.scipy` | what NumPy cannot dispatch, under SciPy's names | {scipy_functions} |

Every rule and every composite is checked against finite differences to the second order, over its domain, in double and in single
precision. The column *arguments* has the numbers, counted from 1, of those that are differentiated; `...` stands for all that follow.
A composite is differentiated in each argument that is a number and that it uses.

For comparison:

| package | what it differentiates |
| --- | --- |
{peers}
"""


def arguments(primitive: Primitive) -> str:
    """The numbers of the differentiated arguments."""
    known = [str(i + 1) for i, rule in enumerate(primitive.rules) if rule not in (None, UNKNOWN)]
    return ", ".join([*known, *(["..."] if primitive.rest else [])])


def module_of(entry: Any) -> str:
    """Where the rules of a function are, or what it is composed of."""
    rule = (
        next(rule for rule in entry.rules if rule not in (None, UNKNOWN))
        if isinstance(entry, Primitive)
        else entry
    )
    return str(inspect.getmodule(rule).__name__)  # type: ignore[union-attr]


def link(module: str) -> str:
    """A link from docs/ to the file of a module."""
    path = module.replace(".", "/") + ".py"
    return f"[{path.removeprefix('autograd_tools/')}](../{path})"


def public_name(func: Callable[..., Any]) -> str:
    """The name of a function as one writes it after `np.`."""
    name = getattr(PRIMITIVES.get(func), "name", None) or name_of(func)
    return name.replace("lib.scimath", "emath").replace(
        "lib.recfunctions.lib.recfunctions", "lib.recfunctions"
    )


def table(rows: Iterable[tuple[str, ...]], *heads: str) -> str:
    """A table in Markdown, in the order of its rows."""
    lines = [heads, ("---",) * len(heads), *sorted(rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def areas() -> dict[str, list[tuple[str, str, str, str]]]:
    """The rows of each table, by the module that the entry is in."""
    found: dict[str, list[tuple[str, str, str, str]]] = {}
    for func, entry in {**COMPOSITES, **PRIMITIVES}.items():
        module = module_of(entry)
        primitive = isinstance(entry, Primitive)
        row = (
            f"`{public_name(func)}`",
            "rule" if primitive else "composite",
            arguments(entry) if primitive else "",
            link(module),
        )
        found.setdefault(module.removeprefix("autograd_tools.rules."), []).append(row)
    return found


def missing() -> dict[str, list[str]]:
    """What NumPy would hand to us and has no entry, by why that is so."""
    overridable = (
        numpy.testing.overrides.get_overridable_numpy_ufuncs()
        | numpy.testing.overrides.get_overridable_numpy_array_functions()
    )
    entered = {public_name(func) for func in (*PRIMITIVES, *COMPOSITES, *ZEROGRADS, *LIKE)} | {
        "_ones_like",
        "clip",
    }
    found: dict[str, list[str]] = {
        "dates": [],
        "text": [],
        "records": [],
        "writing": [],
        "making": [],
        "numbers": [],
    }
    for func in overridable:
        name = public_name(func)
        if name in entered:
            continue
        if isinstance(func, np.ufunc):
            kind = (
                "text"
                if hasattr(np.strings, name.removeprefix("special.")) or name.startswith("_")
                else "numbers"
            )
        elif name.startswith(("char.", "strings.")):
            kind = "text"
        elif name.startswith("lib.recfunctions"):
            kind = "records"
        elif "busda" in name or "datetime" in name:
            kind = "dates"
        elif name in WRITING:
            kind = "writing"
        else:
            kind = "making" if name.startswith(("from", "gen", "load")) else "numbers"
        found[kind].append(name)
    return {kind: sorted(set(names)) for kind, names in found.items()}


def scipy_functions() -> list[tuple[str, str, str]]:
    """The functions of autograd_tools.scipy, and the methods of its distributions."""
    found = []
    for package in importlib.import_module("autograd_tools.scipy").__all__:
        module = importlib.import_module(f"autograd_tools.scipy.{package}")
        for name in module.__all__:
            item = getattr(module, name)
            plain = inspect.isfunction(item)
            methods = [] if plain else [name for name in METHODS if hasattr(item, name)]
            home = inspect.getmodule(item if plain else type(item))
            found.append(
                (
                    f"`{package}.{name}`",
                    ", ".join(f"`{method}`" for method in methods),
                    link(home.__name__ if home else ""),
                )
            )
    return found


def special_rows() -> list[tuple[str, str, str]]:
    """The ufuncs of scipy.special that have rules."""
    found = [
        primitive for primitive in PRIMITIVES.values() if primitive.name.startswith("special.")
    ]
    return [
        (f"`{primitive.name}`", arguments(primitive), link(module_of(primitive)))
        for primitive in found
    ]


def names(found: Iterable[str]) -> str:
    """Names in a line."""
    return ", ".join(f"`{name}`" for name in found)


def text() -> str:
    """All of docs/coverage.md."""
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
        peers="\n".join(f"| {name} | {what} |" for name, what in PEERS),
    )
    parts = [intro]
    for area, title in AREAS.items():
        parts += [
            f"## {title}\n",
            table(by_area[area], "function", "entry", "arguments", "rule in") + "\n",
        ]
    parts += ["## scipy.special\n", table(of_special, "function", "arguments", "rule in") + "\n"]
    parts += ["## autograd_tools.scipy\n", table(others, "function", "methods", "in") + "\n"]
    zeros, like = names(sorted(map(public_name, ZEROGRADS))), names(sorted(map(public_name, LIKE)))
    parts += [ENTRIES.format(zeros=zeros, like=like, methods=methods())]
    left = missing()
    shown = {kind: names(left[kind]) for kind in ("writing", "numbers", "making")}
    parts += [MISSING.format(total=sum(map(len, left.values())), **shown)]
    rest = [
        f"{len(left[kind])} {what}"
        for kind, what in (
            ("text", "functions of text"),
            ("records", "of records"),
            ("dates", "of dates"),
        )
    ]
    parts += [f"Besides, {', '.join(rest)}, which hold no numbers to differentiate."]
    return "\n".join(parts) + "\n"


def methods() -> str:
    """The methods of ufuncs that have a gradient."""
    return names([*(f"{ufunc.__name__}.{method}" for ufunc, method in UFUNC_METHODS), "outer"])


def release(package: Any) -> str:
    """The first two numbers of a version."""
    return ".".join(package.__version__.split(".")[:2])


ENTRIES = """## Zero

{zeros}.

## Methods of ufuncs, and `like=`

Of ufuncs: {methods} (of every ufunc with a rule). With `like=x` for a recorded `x`: {like}.
"""
MISSING = """## What has no entry

{total} functions that NumPy would hand to us. Those called on recorded values raise an error that names them:

* They write into an array, and the error says what to write instead: {writing}.
* They have no rule: {numbers}.
* They make arrays of files, text and functions, and come to us with `like=` only: {making}.
"""

if __name__ == "__main__":
    Path(__file__).with_suffix(".md").write_text(text(), encoding="utf-8")
