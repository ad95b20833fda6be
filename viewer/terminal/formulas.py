"""VJP rules as a lecturer writes them, where the engine's is a function with a name of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

# The formula of a rule by operation and argument: {dy} and {y} are the gradient and the value of
# the operation, {0} and {1} its arguments. It says what the rule computes, for real arrays; a tie
# of extremes shares the gradient. To add one, add an entry here; a test evaluates it.
FORMULAS = {
    ("maximum", 1): "{dy} * ({0} > {1})",
    ("maximum", 2): "{dy} * ({1} > {0})",
    ("minimum", 1): "{dy} * ({0} < {1})",
    ("minimum", 2): "{dy} * ({1} < {0})",
    ("max", 1): "{dy} * ({0} == {y})",
    ("min", 1): "{dy} * ({0} == {y})",
    ("linalg.slogdet", 1): "{dy}[1] * linalg.inv({0}).mT",
    ("linalg.det", 1): "{dy} * {y} * linalg.inv({0}).mT",
    ("linalg.norm", 1): "{dy} * {0} / {y}",
    ("linalg.solve", 1): "-linalg.solve({0}.mT, {dy}) @ {y}.mT",
    ("linalg.cholesky", 1): "sym(inv({y}).mT @ Φ({y}.mT @ {dy}) @ inv({y}))",
    ("trace", 1): "{dy} * eye(len({0}))",
}
NOTES = {
    "linalg.cholesky": "Φ takes the lower triangle, its diagonal halved; sym(A) is (A + A.mT) / 2"
}
MATRICES = ("linalg.slogdet", "linalg.det", "linalg.solve", "linalg.cholesky", "trace")
# The rule of `dot` by argument, its dimensions and those of the value.
DOTS = {
    (1, 2, 2): "{dy} @ {1}.mT",
    (2, 2, 2): "{0}.mT @ {dy}",
    (1, 2, 1): "outer({dy}, {1})",
    (2, 1, 1): "{0}.mT @ {dy}",
    (1, 1, 1): "{1} @ {dy}",
    (2, 2, 1): "outer({0}, {dy})",
    (1, 1, 0): "{dy} * {1}",
    (2, 1, 0): "{dy} * {0}",
}
OPTIONS = ("axis", "keepdims")  # that a formula may leave unsaid


def lecture_formula(
    op: str,
    argument: int,
    dims: tuple[int, int],
    dy: str,
    y: str,
    args: Sequence[str],
    kwargs: Mapping[str, str],
) -> tuple[str, str]:
    """Return the formula of a rule and a note; empty ones if there is none for these arguments.

    `dims` are the numbers of dimensions of the argument and of the value, -1 for a tuple.
    """
    if kwargs.keys() - set(OPTIONS) or (kwargs and op not in ("max", "min")):
        return "", ""
    if op == "einsum":
        return _einsum(argument, dy, args), ""
    form = DOTS.get((argument, *dims), "") if op == "dot" else FORMULAS.get((op, argument), "")
    if op in MATRICES and (dims[0] != 2 or dims[1] == 1):
        return "", ""
    needed = 1 + max(map(int, re.findall(r"\{(\d)\}", form)), default=0)
    if not form or len(args) < needed or (len(args) > needed and op in ("linalg.norm", "trace")):
        return "", ""
    return form.format(*args, dy=dy, y=y), NOTES.get(op, "")


def _einsum(argument: int, dy: str, args: Sequence[str]) -> str:
    """Return the einsum of the gradient and the other operands to the letters of an operand."""
    spec = args[0].strip("'\"") if args else ""
    found = re.fullmatch(r"([a-zA-Z,]+)->([a-zA-Z]*)", spec)
    if found is None or argument < 2:
        return ""
    letters, at = found[1].split(","), argument - 2
    others = [n for n in range(len(letters)) if n != at]
    known = set(found[2]).union(*(letters[n] for n in others))
    if len(letters) != len(args) - 1 or not set(letters[at]) <= known:
        return ""
    inputs = ",".join([found[2], *(letters[n] for n in others)])
    operands = ", ".join([dy, *(args[n + 1] for n in others)])
    return f"einsum('{inputs}->{letters[at]}', {operands})"


def index_of(op: str, args: Sequence[str]) -> str:
    """Return the index of a reading, `[:, 0]`, into which its gradient goes; else nothing."""
    if op != "getitem" or len(args) != 2:
        return ""
    index = args[1]
    inner = index[1:-1] if index.startswith("(") and index.endswith(")") else index
    return f"[{inner}]"
