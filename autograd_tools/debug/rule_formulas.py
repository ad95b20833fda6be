"""VJP rules as formulas such as `∇y * cos(x)`, made from the source of the rules: `rule_text`."""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from types import FunctionType
from typing import Any

import numpy as np

from autograd_tools.base.text import Text, one_line, unknown
from autograd_tools.debug.expression import OURS, formula_and_calls
from autograd_tools.engine.describe import describe
from autograd_tools.engine.primitives import UNKNOWN, PrimitiveData, name_of
from autograd_tools.engine.registry import (
    COMPOSITES,
    PRIMITIVES,
    ZEROGRADS,
    Primitive,
    known_primitives,
)
from autograd_tools.rules import special
from autograd_tools.tracing.node import Node


@dataclass(frozen=True)
class RuleText:
    """A rule as a formula, with a note if the formula is not enough.

    A formula that calls a function of this library `is_internal`.
    """

    formula: str
    note: str = ""
    is_internal: bool = False

    def __str__(self) -> str:
        return f"{self.formula}  # {self.note}" if self.note else self.formula


def rule_text(of: Callable[..., Any] | str | Node, argument: int = 1) -> Text:
    """Return the VJP rule of one argument of a function as a formula.

    Parameters
    ----------
    of : callable, str or Node
        A function with VJP rules, its name on a tape (`"linalg.solve"`), or a node of a tape.
    argument : int, default 1
        The argument, counted from 1, as in the label `divide[2]`.

    Returns
    -------
    formula : str
        `∇y` is the gradient of the value `y` of the function. A rule with more than one expression
        is shown as a call, with the first line of its docstring. An interactive session prints the
        string unquoted.

    Raises
    ------
    ValueError
        If the function has no VJP rules.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> ag.rule_text(np.sin)
    ∇y * cos(x)
    >>> ag.rule_text("divide", 2)
    -∇y * (y / b)
    >>> ag.rule_text(np.matmul, 1)
    matmul_left(dy=∇y, y=y, a=a, b=b)  # dy @ b.mT; ...
    """
    if isinstance(argument, bool) or not isinstance(argument, int) or argument < 1:
        raise ValueError(f"argument must be an int of 1 or more, got {argument!r}")
    return Text(str(rule_of(of, argument)))


def rule_of(
    of: Callable[..., Any] | str | Node,
    argument: int,
    *,
    dy: str = "∇y",
    y: str = "y",
    args: Sequence[str] = (),
    kwargs: Mapping[str, str] | None = None,
) -> RuleText:
    """Return a rule as formula and note, with names for `dy`, `y` and the arguments.

    Arguments without a name keep the name in the rule. Raise a ValueError if functions of one name
    have different rules.
    """
    call = _call_of(of) if isinstance(of, Node) else None
    found = {
        _rule_text(primitive, argument, (dy, y, *args), kwargs or {}, call)
        for primitive in _found(of)
    }
    if len(found) > 1:
        raise ValueError(f"several functions named {of!r} have different rules; pass the function")
    return found.pop()


def _found(of: Any) -> Sequence[PrimitiveData]:
    """Return the primitives that `of` may mean."""
    if isinstance(of, Node):
        plan = of.entry.plan
        if plan is None:
            raise ValueError(f"node {of.index + 1} is a Param or an input and has no rule")
        return [plan.primitive]
    if isinstance(of, str):
        return primitives_named(of)
    if of in COMPOSITES and of not in PRIMITIVES:
        raise ValueError(
            f"{name_of(of)} has no rule of its own; the tape shows the functions that compute it"
        )
    if of in ZEROGRADS:
        return [Primitive(of, [None] * 32)]
    entry = of if isinstance(of, Primitive) else special.find(of) or getattr(of, "primitive", None)
    if isinstance(entry, Primitive):
        return [entry]
    inner = getattr(of, "__wrapped__", of)
    known = [primitive for primitive in known_primitives() if primitive.func is inner]
    if not known:
        raise ValueError(f"{one_line(describe(of))} has no VJP rules; add some with ag.primitive")
    return known


def _call_of(node: Node) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    """Return the arguments of the rules of a node."""
    entry = node.entry
    return (node.outgrad, entry.value, *entry.args), entry.kwargs


def primitives_named(name: str) -> list[Primitive]:
    """Return the primitives of a name, without those replaced by the user; raise if none."""
    if name.startswith("special."):
        with suppress(ImportError):
            importlib.import_module("scipy.special")
    special.find(None)
    current = [p for p in known_primitives() if PRIMITIVES.get(p.func, p) is p]
    known = [primitive for primitive in current if primitive.name == name]
    if not known:
        names = sorted({primitive.name for primitive in current})
        raise unknown("function with VJP rules", name[:100], names, most=5)
    return known


def _rule_text(
    primitive: PrimitiveData,
    argument: int,
    names: Sequence[str],
    kwargs: Mapping[str, str],
    call: tuple[tuple[Any, ...], Mapping[str, Any]] | None = None,
) -> RuleText:
    """Return a rule; `names` are for `dy`, `y` and the arguments, `call` has their values."""
    rule = primitive.rule(argument - 1)
    if rule is UNKNOWN:
        return RuleText("?", f"{primitive.name}[{argument}] has no VJP rule")
    if rule is None:
        return RuleText("0", f"{primitive.name}[{argument}] has no gradient")
    if not isinstance(rule, FunctionType):
        default = "" if len(names) > 2 else "uses the arguments too"
        note = _first_line(getattr(rule, "func", None)) or default
        return RuleText(f"{_name(rule)}({', '.join(names)})", note, _is_ours(rule))
    code = rule.__code__
    own = code.co_varnames[: code.co_argcount]
    given = dict(zip(own, names, strict=False))
    named = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    given.update({name: text for name, text in kwargs.items() if name in named})
    values: Mapping[str, Any] | None = None
    if call is not None:
        values = _bound(rule, *call)
    elif len(names) > 2:
        values = _literals(rule, given)
    text, calls = formula_and_calls(rule, given, names[len(own) :], values)
    if text:
        is_internal = _is_ours(rule) and not all(map(_is_known, calls))
        return RuleText(one_line(text), _of_helper(rule, text), is_internal)
    needed = [name for name in own if name in given or not _has_default(rule, name)]
    parts = [f"{name}={given.get(name, name)}" for name in needed]
    if len(names) > len(own):  # positional arguments cannot follow named ones
        parts = list(names)
    text, note = f"{_name(rule)}({', '.join(parts)})", _first_line(rule) or _of_maker(rule)
    return RuleText(one_line(text), note, _is_ours(rule))


def _is_ours(rule: Any) -> bool:
    """Return whether a rule is one of this library."""
    while hasattr(rule, "func"):  # a partial function
        rule = rule.func
    return str(getattr(rule, "__module__", "")).startswith(OURS)


def _is_known(name: str) -> bool:
    """Return whether NumPy, SciPy or Python has a function of a name, such as `linalg.solve`."""
    for place in (np, sys.modules.get("scipy.special"), builtins):
        with suppress(AttributeError):
            return callable(attrgetter(name)(place))
    return False


def _literals(rule: FunctionType, given: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of parameters that are literals."""
    found = {
        p.name: p.default
        for p in inspect.signature(rule).parameters.values()
        if p.default is not p.empty and p.name not in given
    }
    for name, text in given.items():
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            found[name] = ast.literal_eval(text)
    return found


def _bound(
    rule: FunctionType, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Return the values of the parameters of a rule in a call."""
    try:
        bound = inspect.signature(rule).bind(*args, **kwargs)
    except TypeError:
        return None
    bound.apply_defaults()
    return bound.arguments


def _has_default(rule: FunctionType, name: str) -> bool:
    return inspect.signature(rule).parameters[name].default is not inspect.Parameter.empty


def _name(rule: Any) -> str:
    """Return the name of a rule, or of the function that made it."""
    while hasattr(rule, "func"):  # a partial function
        rule = rule.func
    name = name_of(rule)
    if isinstance(rule, FunctionType):
        outer = rule.__qualname__.partition(".<locals>.")[0]
        name = outer if outer in rule.__globals__ else name
    return "rule" if name == "<lambda>" else name


def _of_maker(rule: FunctionType) -> str:
    """Return the first line about the function that made a rule."""
    maker = rule.__globals__.get(_name(rule))
    if isinstance(maker, FunctionType):
        return _first_line(maker)
    return "its source is not available" if rule.__name__ == "<lambda>" else ""


def _of_helper(rule: FunctionType, text: str) -> str:
    """Return the first line about the first function of this library in a formula."""
    for name in rule.__code__.co_names:
        helper = rule.__globals__.get(name)
        ours = isinstance(helper, FunctionType) and helper.__module__.startswith(OURS)
        if ours and f"{name}(" in text:
            note = _first_line(helper)
            return f"{name}: {note}" if note else ""
    return ""


def _first_line(function: Any) -> str:
    return one_line((function.__doc__ or "").strip().partition("\n")[0].replace("`", ""))
