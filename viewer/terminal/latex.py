r"""Formulas in LaTeX: `\frac{\nabla v_{3}}{2}` for `∇v3 / 2`."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Sequence

# The functions with a command of their own.
COMMANDS = {
    name: rf"\{name}"
    for name in (
        *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh"),
        *("exp", "log", "min", "max", "det"),
    )
}
SIGNS: dict[type, str] = {
    ast.Add: "{} + {}",
    ast.Sub: "{} - {}",
    ast.Mult: r"{} \odot {}",
    ast.MatMult: r"{} \, {}",
    ast.Div: r"\frac{{{}}}{{{}}}",
    ast.Pow: "{}^{{{}}}",
    ast.Mod: r"{} \bmod {}",
    ast.BitAnd: r"{} \land {}",
    ast.BitOr: r"{} \lor {}",
}
COMPARED: dict[type, str] = {
    ast.Eq: "=",
    ast.NotEq: r"\ne",
    ast.Lt: "<",
    ast.LtE: r"\le",
    ast.Gt: ">",
    ast.GtE: r"\ge",
}
STRENGTH: dict[type, int] = {ast.Add: 1, ast.Sub: 1, ast.Mod: 2, ast.Mult: 2, ast.MatMult: 2}
ESCAPES = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
ESCAPES |= {c: rf"\{c}" for c in "{}$&#_%"} | {"∇": r"$\nabla$"}
NABLA = "nabla_of_"  # for ∇, which Python allows in no name
MORE = "more_of_them"  # for …


class Latex(str):
    """Text in LaTeX, which a notebook shows as mathematics."""

    __slots__ = ()

    def _repr_latex_(self) -> str:
        return f"$${self}$$"


def formula(text: str) -> str:
    """Return a formula in LaTeX; what is no Python expression stays text.

    >>> formula("∇v7 * (v6 > 0)")
    '\\\\nabla v_{7} \\\\odot \\\\left[v_{6} > 0\\\\right]'
    """
    if chain := re.fullmatch(r"(.*) · ∂(.*?)/∂(.*)", text):
        dy, y, x = map(formula, chain.groups())
        return rf"{dy} \cdot \frac{{\partial {y}}}{{\partial {x}}}"
    try:
        named = text.strip().replace("∇", NABLA).replace("…", MORE)
        tree = ast.parse(named, mode="eval")
        return _expression(tree.body, 0)
    except (SyntaxError, ValueError, RecursionError, KeyError):
        return rf"\texttt{{{escaped(text)}}}"


def equation(text: str) -> str:
    """Return an equation in LaTeX, aligned at its sign."""
    found = re.match(r"(.*?) (\+?=) (.*)", text, flags=re.DOTALL)
    if found is None:
        return f"& {formula(text)}"
    left = ", ".join(map(formula, re.split(r", (?![^\[]*\])", found[1])))
    sign = r"\mathrel{+}=" if found[2] == "+=" else "="
    return f"{left} &{sign} {formula(found[3])}"


def aligned(rows: Iterable[tuple[str, str]]) -> Latex:
    """Return equations and remarks, a row each, aligned below each other."""
    lines = [text + (rf" && \text{{{escaped(remark)}}}" if remark else "") for text, remark in rows]
    return Latex("\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}")


def escaped(text: str) -> str:
    """Return plain text for LaTeX."""
    return "".join(ESCAPES.get(c, c) for c in text)


def _expression(tree: ast.expr, strength: int) -> str:
    """Return an expression, in parentheses if it binds less than its surroundings."""
    for kind, make in MAKERS.items():
        if isinstance(tree, kind):
            text, own = make(tree)
            return rf"\left({text}\right)" if own < strength else text
    raise ValueError(f"unknown syntax: {ast.dump(tree)[:80]}")


def _operation(tree: ast.BinOp) -> tuple[str, int]:
    own = STRENGTH.get(type(tree.op), 3)
    is_fraction, is_power = isinstance(tree.op, ast.Div), isinstance(tree.op, ast.Pow)
    left = _expression(tree.left, 0 if is_fraction else 5 if is_power else own)
    right = _expression(tree.right, 0 if is_fraction or is_power else own + 1)
    by_number = ast.Constant in (type(tree.left), type(tree.right))
    sign = r"{} \cdot {}" if isinstance(tree.op, ast.Mult) and by_number else SIGNS[type(tree.op)]
    return sign.format(left, right), 4 if is_fraction else own


def _signed(tree: ast.UnaryOp) -> tuple[str, int]:
    sign = {ast.USub: "-", ast.UAdd: "+"}[type(tree.op)]
    return f"{sign}{_expression(tree.operand, 2)}", 1


def _comparison(tree: ast.Compare) -> tuple[str, int]:
    """Return a comparison as Iverson's bracket, which is 1 where it holds."""
    parts = [_expression(tree.left, 0)]
    for sign, right in zip(tree.ops, tree.comparators, strict=True):
        parts += [COMPARED[type(sign)], _expression(right, 0)]
    return rf"\left[{' '.join(parts)}\right]", 9


def _name(tree: ast.Name) -> tuple[str, int]:
    name = tree.id
    if name == MORE:
        return r"\dots", 9
    nabla = r"\nabla " if name.startswith(NABLA) else ""
    name = name.removeprefix(NABLA)
    numbered = re.fullmatch(r"([a-zA-Z])(\d+)(?:_(\d+))?", name)
    if numbered:
        index = ",".join(filter(None, numbered.groups()[1:]))
        return f"{nabla}{numbered[1]}_{{{index}}}", 9
    return nabla + (name if len(name) == 1 else rf"\mathrm{{{escaped(name)}}}"), 9


def _attribute(tree: ast.Attribute) -> tuple[str, int]:
    if tree.attr in ("T", "mT"):
        return rf"{_expression(tree.value, 5)}^{{\top}}", 4
    text = ast.unparse(tree)
    nabla = r"\nabla " if text.startswith(NABLA) else ""
    return nabla + rf"\mathrm{{{escaped(text.removeprefix(NABLA))}}}", 9


def _subscript(tree: ast.Subscript) -> tuple[str, int]:
    index = ast.unparse(tree.slice)
    index = index[1:-1] if isinstance(tree.slice, ast.Tuple) else index
    return rf"{_expression(tree.value, 5)}[\texttt{{{escaped(index)}}}]", 9


def _call(tree: ast.Call) -> tuple[str, int]:
    name = ast.unparse(tree.func).removeprefix("linalg.")
    args = [_expression(arg, 0) for arg in tree.args]
    args += [rf"\mathrm{{{escaped(k.arg or '')}}}={_expression(k.value, 0)}" for k in tree.keywords]
    if name == "sqrt" and len(args) == 1:
        return rf"\sqrt{{{args[0]}}}", 9
    if name == "inv" and len(args) == 1:
        return rf"{_expression(tree.args[0], 5)}^{{-1}}", 4
    command = COMMANDS.get(name, rf"\operatorname{{{escaped(name)}}}")
    return rf"{command}\left({', '.join(args)}\right)", 9


def _items(tree: ast.Tuple | ast.List) -> tuple[str, int]:
    items = ", ".join(_expression(item, 0) for item in tree.elts)
    return rf"\left[{items}\right]" if isinstance(tree, ast.List) else rf"\left({items}\right)", 9


def _constant(tree: ast.Constant) -> tuple[str, int]:
    if isinstance(tree.value, (int, float, complex)) and not isinstance(tree.value, bool):
        text = f"{tree.value:.6g}" if isinstance(tree.value, float) else str(tree.value)
        digits, _, power = text.partition("e")
        return (rf"{digits} \cdot 10^{{{int(power)}}}", 2) if power else (digits, 9)
    return rf"\texttt{{{escaped(ast.unparse(tree))}}}", 9


# How each kind of expression is written: a text, and how strongly it binds.
MAKERS: dict[type, Callable[..., tuple[str, int]]] = {
    ast.BinOp: _operation,
    ast.UnaryOp: _signed,
    ast.Compare: _comparison,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Call: _call,
    ast.Tuple: _items,
    ast.List: _items,
    ast.Constant: _constant,
}


def lines_in_latex(lines: Sequence[tuple[str, str, str]]) -> Latex:
    """Return the lines of a lesson, each an equation, its value and a remark."""
    rows = []
    for text, value, remark in lines:
        note = "; ".join(filter(None, (value, remark)))
        is_text = " = " not in text and " += " not in text and not re.fullmatch(r"[\w.]+", text)
        rows.append((rf"& \text{{{escaped(text)}}}" if is_text else equation(text), note))
    return aligned(rows)
