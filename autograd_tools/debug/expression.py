"""A function as a formula: the expression that it returns, with its parameters renamed.

All parsing and evaluation of source code for formulas is in this module.
"""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from autograd_tools.engine.detached import value
from autograd_tools.engine.values import unwrap

OURS = "autograd_tools."
# A docstring that begins with a formula in backquotes, then punctuation, says what is returned.
_STATED = re.compile(r"`([^`]+)`(?=[.;,:]|$)")


def formula(
    function: FunctionType,
    given: Mapping[str, str],
    rest: Sequence[str] = (),
    values: Mapping[str, Any] | None = None,
) -> str:
    """Return the expression that a function returns as text; empty if there is no single one.

    `given` renames parameters and `rest` has further positional arguments. With the `values` of a
    call, the branches of a function of this library are resolved. `np.` and calls that only the
    engine needs are omitted.

    >>> formula(lambda dy, y, x: dy * np.cos(x), {"dy": "∇y", "x": "w"})
    '∇y * cos(w)'
    """
    return formula_and_calls(function, given, rest, values)[0]


def formula_and_calls(
    function: FunctionType,
    given: Mapping[str, str],
    rest: Sequence[str] = (),
    values: Mapping[str, Any] | None = None,
) -> tuple[str, set[str]]:
    """Return a formula and the names of the functions that it calls."""
    words = {name: term(text) for name, text in given.items()}
    try:
        expression = _expression(function, words, [term(text) for text in rest], values)
        if expression is None:
            return "", set()
        calls = {x.func for x in ast.walk(expression) if isinstance(x, ast.Call)}
        return " ".join(ast.unparse(expression).split()), set(map(ast.unparse, calls))
    except RecursionError:  # too long to read
        return "", set()


def term(text: str) -> ast.expr:
    """Return text as a part of a formula: a literal as one, anything else as one name."""
    try:
        ast.literal_eval(text)
        return ast.parse(text, mode="eval").body
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ast.Name(text)


def _number(node: ast.expr) -> int | float | None:
    """Return the value of a literal number, None for any other expression."""
    try:
        x = ast.literal_eval(node)
    except (ValueError, TypeError):
        return None
    return x if type(x) in (int, float) else None


def _expression(
    function: FunctionType,
    given: Mapping[str, ast.expr],
    rest: Sequence[ast.expr],
    values: Mapping[str, Any] | None,
) -> ast.expr | None:
    known = values if function.__module__.startswith(OURS) else None
    expression = _returned(function, known, _stated(function))
    if expression is None:
        return None
    return _Readable(function, given, rest, known).visit(expression)


class _Readable(ast.NodeTransformer):
    """Replaces parameters, inlines functions of this library, and omits what only Python needs."""

    def __init__(
        self,
        function: FunctionType,
        given: Mapping[str, ast.expr],
        rest: Sequence[ast.expr],
        values: Mapping[str, Any] | None,
    ) -> None:
        code = function.__code__
        closure = zip(code.co_freevars, function.__closure__ or (), strict=True)
        held = {name: cell.cell_contents for name, cell in closure}
        plain = {n: term(repr(x)) for n, x in held.items() if isinstance(x, (int, float, str))}
        self.terms = {**plain, **(_defaults(function) if len(given) > 2 else {}), **given}
        self.function, self.rest, self.values = function, rest, values or {}
        variadic = code.co_varnames[code.co_argcount + code.co_kwonlyargcount :]
        self.variable = variadic[0] if code.co_flags & inspect.CO_VARARGS else None

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.terms:
            return self.terms[node.id]
        is_number = isinstance(self.function.__globals__.get(node.id), float)
        meant = _assigned(sys.modules[self.function.__module__], node.id) if is_number else None
        return self.visit(meant) if meant else node  # log(2) for LN2

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        name = node.value.id if isinstance(node.value, ast.Name) else ""
        if isinstance(self.function.__globals__.get(name), ModuleType):
            return ast.Name(node.attr)
        return self.generic_visit(node)  # type: ignore[return-value]

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        which = _number(node.slice)
        if self._is_rest(node.value) and isinstance(which, int) and which < len(self.rest):
            return self.rest[which]
        return self.generic_visit(node)  # type: ignore[return-value]

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        holds = _truth(node.test, self.function, self.values)
        if holds is None:
            return self.generic_visit(node)  # type: ignore[return-value]
        return self.visit(node.body if holds else node.orelse)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        left, right = _number(node.left), _number(node.right)
        if isinstance(node.op, (ast.Add, ast.Sub)) and left is not None and right is not None:
            sign = -1 if isinstance(node.op, ast.Sub) else 1
            return term(f"{left + sign * right:.12g}")  # p - 1 for a known p
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        number = _number(node.operand)
        if number is None or not isinstance(node.op, ast.USub):
            return node
        return term(repr(-number))  # -k for a known k

    def visit_Call(self, node: ast.Call) -> ast.expr:
        called, given = self._called(node.func), node.args
        node.keywords = [keyword for keyword in node.keywords if keyword.arg or not self.rest]
        node.args = [part for arg in node.args for part in self._spread(arg)]
        self.generic_visit(node)
        if called in (unwrap, value):
            return node.args[0]
        if called is np.matmul and len(node.args) == 2:
            return ast.BinOp(node.args[0], ast.MatMult(), node.args[1])
        ours = isinstance(called, FunctionType) and called.__module__.startswith(OURS)
        if ours and not node.keywords:
            names = called.__code__.co_varnames[: called.__code__.co_argcount]
            pairs = [(n, x.id) for n, x in zip(names, given, strict=False) if type(x) is ast.Name]
            held = {name: self.values[own] for name, own in pairs if own in self.values}
            words = dict(zip(names, node.args, strict=False))
            inside = _expression(called, words, node.args[len(names) :], held)
            branches = (ast.IfExp, ast.GeneratorExp)
            if inside and not any(isinstance(part, branches) for part in ast.walk(inside)):
                return inside
        while node.args and isinstance(node.args[-1], ast.Constant) and node.args[-1].value is None:
            node.args.pop()
        return node

    def _spread(self, arg: ast.expr) -> Sequence[ast.expr]:
        starred = isinstance(arg, ast.Starred) and self._is_rest(arg.value)
        return self.rest if starred and self.rest else (arg,)

    def _is_rest(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id == self.variable

    def _called(self, node: ast.expr) -> Any:
        """Return the function behind a name."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return getattr(self.function.__globals__.get(node.value.id), node.attr, None)
        return self.function.__globals__.get(node.id) if isinstance(node, ast.Name) else None


def _defaults(function: FunctionType) -> dict[str, ast.expr]:
    """Return the defaults of parameters that are literals."""
    code, defaults = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]
    found = {**dict(zip(names, defaults, strict=True)), **(function.__kwdefaults__ or {})}
    literal = (int, float, str, tuple, type(None))
    return {name: term(repr(x)) for name, x in found.items() if isinstance(x, literal)}


def _stated(function: FunctionType) -> ast.expr | None:
    """Return the formula at the beginning of the docstring."""
    match = _STATED.match(function.__doc__ or "")
    try:
        return ast.parse(match[1], mode="eval").body if match else None
    except SyntaxError:
        return None


def _returned(
    function: FunctionType, values: Mapping[str, Any] | None, stated: ast.expr | None
) -> ast.expr | None:
    """Return the expression that a function returns, or `stated`, which describes no branch."""
    source = "".join(linecache.getlines(function.__code__.co_filename, function.__globals__))
    try:
        found = list(_bodies(_functions(source), function.__code__))
    except (SyntaxError, ValueError):
        return stated
    statements, branched = found[0] if len(found) == 1 else [], False
    while statements:
        first, *others = statements
        if isinstance(first, ast.Return) and first.value and (branched or stated is None):
            return ast.parse(ast.unparse(first.value), mode="eval").body  # a copy, to be changed
        holds = _truth(first.test, function, values) if isinstance(first, ast.If) else None
        if not isinstance(first, ast.If) or holds is None:
            return None if branched else stated
        statements = [*(first.body if holds else first.orelse), *others]
        branched = branched or holds
    return stated


def _assigned(module: ModuleType, name: str) -> ast.expr | None:
    """Return the expression that a module of this library assigns to a name, or imports."""
    if not module.__name__.startswith(OURS):
        return None
    for statement in _parsed("".join(linecache.getlines(module.__file__ or ""))).body:
        if isinstance(statement, ast.ImportFrom) and statement.module:
            if name in [alias.name for alias in statement.names]:
                return _assigned(sys.modules[statement.module], name)
        elif isinstance(statement, ast.Assign):
            target, given = statement.targets[0], statement.value
            pairs = [(target, given)]
            if isinstance(target, ast.Tuple) and isinstance(given, ast.Tuple):
                pairs = [*zip(target.elts, given.elts, strict=True)]
            for own, expression in pairs:
                if isinstance(own, ast.Name) and own.id == name:
                    text = re.sub(r"\b(math|np)\.", "", ast.unparse(expression))
                    return ast.parse(text, mode="eval").body
    return None


def _truth(test: ast.expr, function: FunctionType, values: Mapping[str, Any] | None) -> bool | None:
    """Evaluate a condition in the source of a function; None if the values are not enough."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        parts = (_truth(part, function, values) for part in test.values)
        return next((holds for holds in parts if holds is not False), False)
    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)} & {
        *function.__code__.co_varnames
    }
    if values is None or not names <= values.keys():
        return None
    try:
        condition = compile(ast.fix_missing_locations(ast.Expression(test)), "<condition>", "eval")
        return bool(eval(condition, function.__globals__, dict(values)))
    except Exception:  # the value it reads was freed
        return None


@functools.lru_cache(maxsize=64)
def _parsed(source: str) -> ast.Module:
    return ast.parse(source)


@functools.lru_cache(maxsize=64)
def _functions(source: str) -> list[ast.Lambda | ast.FunctionDef]:
    nodes = ast.walk(_parsed(source))
    return [node for node in nodes if isinstance(node, (ast.Lambda, ast.FunctionDef))]


def _bodies(
    functions: Sequence[ast.Lambda | ast.FunctionDef], code: CodeType
) -> Iterator[list[ast.stmt]]:
    """Yield the statements of the functions whose code this may be."""
    for node in functions:
        if isinstance(node, ast.Lambda):
            first = node.lineno == code.co_firstlineno and code.co_name == "<lambda>"
            if first and _covers(node.body, code):
                yield [ast.Return(node.body)]
        elif node.name == code.co_name:
            lines = [node.lineno, *[decorator.lineno for decorator in node.decorator_list]]
            if min(lines) == code.co_firstlineno:
                yield node.body[ast.get_docstring(node) is not None :]


def _covers(body: ast.expr, code: CodeType) -> bool:
    """Return True if an expression covers all positions in the source that a code has."""
    start, end = (body.lineno, body.col_offset), (body.end_lineno or 0, body.end_col_offset or 0)
    for line, last, column, last_column in code.co_positions():
        if line is None or last is None or column is None or last_column is None:
            continue
        first, final = (line, column), (last, last_column)
        if first != final and not start <= first <= final <= end:
            return False
    return True
