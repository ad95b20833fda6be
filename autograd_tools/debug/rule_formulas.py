"""The gradient rules as people read them, `∇y * cos(x)`, made from the source of the rules themselves."""

from __future__ import annotations

import ast
import difflib
import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from autograd_tools.base.text import Text, one_line
from autograd_tools.debug.expression import formula
from autograd_tools.engine.describe import describe
from autograd_tools.engine.primitives import UNKNOWN, name_of
from autograd_tools.engine.registry import COMPOSITES, KNOWN, PRIMITIVES, ZEROGRADS, Primitive
from autograd_tools.rules import special
from autograd_tools.tracing.tape import Node


@dataclass(frozen=True)
class RuleText:
    """A rule as a formula, and what has to be said of it where that does not tell all."""

    formula: str
    note: str = ""

    def __str__(self) -> str:
        return f"{self.formula}  # {self.note}" if self.note else self.formula


def rule_text(of: Callable[..., Any] | str | Node, argument: int = 1) -> Text:
    """How the gradient of one argument of a function is computed: `∇y` is the gradient of what the function returns, `y`.

    `of` is a function with gradient rules, its name as tapes have it (`"linalg.solve"`), or a node of a tape; arguments count
    from 1. A rule of more than one expression is shown as a call, with what its docstring says. ValueError for what has no
    rules, or no such argument.

    >>> import numpy as np, autograd_tools as ag
    >>> ag.rule_text(np.sin)
    ∇y * cos(x)
    >>> ag.rule_text("divide", 2)
    -∇y * (y / b)
    >>> ag.rule_text(np.matmul, 1)
    matmul_left(dy=∇y, y=y, a=a, b=b)  # dy @ b.mT; with a vector, products of each number with each.
    """
    if isinstance(argument, bool) or not isinstance(argument, int) or argument < 1:
        raise ValueError(f"arguments count from 1, and got {argument!r}")
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
    """The same in two parts, with names for the gradient, the output and the arguments; those not given keep the rule's own.

    ValueError also where functions of one name have different rules.
    """
    call = _call_of(of) if isinstance(of, Node) else None
    found = {
        _text(primitive, argument, (dy, y, *args), kwargs or {}, call) for primitive in _found(of)
    }
    if len(found) > 1:
        raise ValueError(
            f"several functions are called {of}, with different rules: give the function"
        )
    return found.pop()


def _found(of: Any) -> list[Primitive]:
    """The primitives that may be meant."""
    if isinstance(of, Node):
        plan = of._tape.entries[of.index][0]
        if plan is None:
            raise ValueError(
                f"node {of.index + 1} is a Param or an input, which no rule belongs to"
            )
        return [plan.primitive]
    if isinstance(of, str):
        return primitives_named(of)
    if of in COMPOSITES and of not in PRIMITIVES:
        raise ValueError(
            f"{name_of(of)} has no rule of its own: it is computed by functions that have, which the tape shows"
        )
    if of in ZEROGRADS:
        return [Primitive(of, [None] * 32)]
    entry = of if isinstance(of, Primitive) else special.find(of) or getattr(of, "primitive", None)
    if isinstance(entry, Primitive):
        return [entry]
    inner = getattr(of, "__wrapped__", of)
    known = [primitive for primitive in tuple(KNOWN) if primitive.func is inner]
    if not known:
        raise ValueError(
            f"{one_line(describe(of))} has no gradient rules: ag.primitive gives it some"
        )
    return known


def _call_of(node: Node) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    """What the rules of a node are called with."""
    _, y, args, kwargs, _ = node._tape.entries[node.index]
    return (node.outgrad, y, *args), kwargs


def primitives_named(name: str) -> list[Primitive]:
    """Return the primitives of a name, without those whose rules the user has replaced; ValueError if there is none."""
    if name.startswith("special."):
        with suppress(ImportError):
            importlib.import_module("scipy.special")
    special.find(None)
    current = [
        primitive
        for primitive in tuple(KNOWN)
        if PRIMITIVES.get(primitive.func, primitive) is primitive
    ]
    known = [primitive for primitive in current if primitive.name == name]
    if not known:
        near = difflib.get_close_matches(
            name[:100], sorted({primitive.name for primitive in current}), 5
        )
        raise ValueError(
            f"no function with gradient rules is called {name!r}"
            + (f"; there are: {', '.join(near)}" if near else "")
        )
    return known


def _text(
    primitive: Primitive,
    argument: int,
    names: Sequence[str],
    kwargs: Mapping[str, str],
    call: tuple[tuple[Any, ...], Mapping[str, Any]] | None = None,
) -> RuleText:
    """The rule for an argument of a primitive; `names` are those of `dy`, `y` and the arguments, and `call` is what they are."""
    rule = primitive.rule(argument - 1)
    if rule is UNKNOWN:
        return RuleText("?", f"no gradient is known for argument {argument}")
    if rule is None:
        return RuleText("0", f"no gradient flows to argument {argument}")
    if not isinstance(rule, FunctionType):
        said = _first_line(getattr(rule, "func", None)) or (
            "" if len(names) > 2 else "of the arguments, too"
        )
        return RuleText(f"{_name(rule)}({', '.join(names)})", said)
    code = rule.__code__
    own = code.co_varnames[: code.co_argcount]
    given = dict(zip(own, names, strict=False))
    given.update(
        {
            name: text
            for name, text in kwargs.items()
            if name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        }
    )
    values = (
        _bound(rule, *call)
        if call is not None
        else _literals(rule, given)
        if len(names) > 2
        else None
    )
    text = formula(rule, given, names[len(own) :], values)
    if text:
        return RuleText(one_line(text), _of_helper(rule, text))
    parts = [
        f"{name}={given.get(name, name)}"
        for name in own
        if name in given or not _has_default(rule, name)
    ]
    if len(names) > len(own):  # what has no name comes after what has none
        parts = list(names)
    return RuleText(
        one_line(f"{_name(rule)}({', '.join(parts)})"), _first_line(rule) or _of_maker(rule)
    )


def _literals(rule: FunctionType, given: Mapping[str, str]) -> dict[str, Any]:
    """The values of parameters that are numbers and the like."""
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
    """The values of the parameters of a rule in a call."""
    try:
        bound = inspect.signature(rule).bind(*args, **kwargs)
    except TypeError:
        return None
    bound.apply_defaults()
    return bound.arguments


def _has_default(rule: FunctionType, name: str) -> bool:
    return inspect.signature(rule).parameters[name].default is not inspect.Parameter.empty


def _name(rule: Any) -> str:
    """The name of a rule; of a partial function that of the whole one."""
    while hasattr(rule, "func"):
        rule = rule.func
    outer = (
        getattr(rule, "__qualname__", "").partition(".<locals>.")[0]
        if isinstance(rule, FunctionType)
        else ""
    )
    name = outer if outer in getattr(rule, "__globals__", ()) else name_of(rule)
    return "rule" if name == "<lambda>" else name


def _of_maker(rule: FunctionType) -> str:
    """What is said of the function that made a rule, if one did."""
    maker = rule.__globals__.get(_name(rule))
    return (
        _first_line(maker)
        if isinstance(maker, FunctionType)
        else "its source is not here"
        if rule.__name__ == "<lambda>"
        else ""
    )


def _of_helper(rule: FunctionType, text: str) -> str:
    """What is said of the first function of the library's own in a formula."""
    for name in rule.__code__.co_names:
        helper = rule.__globals__.get(name)
        if (
            isinstance(helper, FunctionType)
            and f"{name}(" in text
            and helper.__module__.startswith("autograd_tools")
        ):
            said = _first_line(helper)
            return f"{name}: {said}" if said else ""
    return ""


def _first_line(function: Any) -> str:
    return one_line((function.__doc__ or "").strip().partition("\n")[0].replace("`", ""))
