"""The code of an argument of a call, as the user wrote it."""

from __future__ import annotations

import ast

from autograd_tools.location.call_site import CallSite
from autograd_tools.location.code_files import lines_as_run

LONGEST = 40  # characters


def argument_code(site: CallSite, op: str, number: int) -> str:
    """Return the code of an argument of an operation, counted from 1; empty if it is not sure."""
    code = site.path.code if site.path is not None else None
    if code is None or site.resumed or code.co_filename != site.file:
        return ""
    line, last, start, end = list(code.co_positions())[site.offset // 2]
    if line is None or last is None or start is None or end is None:
        return ""
    rows = [row.encode() for row in lines_as_run(site.file)[line - 1 : last]]
    if not rows:
        return ""
    rows[-1] = rows[-1][:end]
    rows[0] = rows[0][start:]
    try:
        [statement] = ast.parse(b"".join(rows).strip()).body
    except (SyntaxError, ValueError):
        return ""
    found = _arguments(statement, op.rpartition(".")[2])[number - 1 : number]
    text = " ".join(ast.unparse(found[0]).split()) if found else ""
    return text if len(text) <= LONGEST else ""


def _arguments(statement: ast.stmt, name: str) -> list[ast.expr]:
    """Return the operands of an operator, or the arguments of a call of this name."""
    if isinstance(statement, ast.AugAssign):
        return [statement.target, statement.value]
    call = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(call, ast.BinOp):
        return [call.left, call.right]
    if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == name:
        return call.args
    return []
