"""VJP rules of products over axes, as an einsum of the gradient and the other operands."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_letters

from viewer.terminal.calls import Call, Shape


def einsum(call: Call) -> str:
    """Return the einsum to the letters of an operand."""
    spec, operands, at = call.args[0].strip("'\""), call.args[1:], call.argument - 2
    shapes = call.shapes[1:]
    if not call.args[0].startswith(("'", '"')) or at < 0 or call.kwargs.keys() - {"optimize"}:
        return ""
    left, arrow, right = spec.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands) or None in (*shapes, call.shape):
        return ""
    spare = [c for c in ascii_letters if c not in spec]
    sizes = [
        len(shape or ()) - len(term.replace("...", ""))
        for term, shape in zip(terms, shapes, strict=True)
    ]
    dots = "".join(spare[: max(sizes)])
    terms = [
        term.replace("...", dots[len(dots) - n :]) for term, n in zip(terms, sizes, strict=True)
    ]
    if not arrow:
        every = "".join(left.replace("...", "").split(","))
        right = "..." + "".join(sorted(c for c in {*every} if every.count(c) == 1))
    return _to(at, terms, right.replace("...", dots), call, operands, shapes)


def _to(
    at: int,
    terms: Sequence[str],
    right: str,
    call: Call,
    operands: Sequence[str],
    shapes: Sequence[Shape],
) -> str:
    """Return the einsum of the gradient and the others to the letters of the operand `at`.

    A sum over a letter that only the operand has is an einsum with ones, a diagonal one with the
    identity.
    """
    others = [i for i in range(len(terms)) if i != at]
    inputs, given = [right, *(terms[i] for i in others)], [call.dy, *(operands[i] for i in others)]
    known: dict[str, int] = {}
    for term, shape in zip(inputs, [call.shape, *(shapes[i] for i in others)], strict=True):
        for letter, n in zip(term, shape or (), strict=True):
            known[letter] = max(known.get(letter, 1), n)
    spare = [c for c in ascii_letters if c not in "".join([*terms, right])]
    wanted = ""
    for letter, n in zip(terms[at], shapes[at] or (), strict=True):
        if letter in wanted:
            new = spare.pop(0)
            inputs, given = [*inputs, letter + new], [*given, f"eye({n})"]
            wanted += new
            continue
        if letter not in known or known[letter] == 1 != n:
            inputs, given = [*inputs, letter], [*given, f"ones({n})"]
        wanted += letter
    return f"einsum('{','.join(inputs)}->{wanted}', {', '.join(given)})"


def tensordot(call: Call) -> str:
    """Return the rule of a sum over axes of both arguments."""
    axes, a, b = call.option("axes", 3, 2), call.ndim(1), call.ndim(2)
    if min(a, b) < 0 or not call.takes(3, "axes"):
        return ""
    if isinstance(axes, int):
        return _over(call, [*range(a - axes, a)], [*range(axes)])
    try:
        left, right = ([side] if isinstance(side, int) else [*side] for side in axes)
        return _over(call, [i % a for i in left], [i % b for i in right])
    except (TypeError, ValueError):  # not the text of two numbers or lists
        return ""


def dot(call: Call) -> str:
    """Return the rule of `dot`."""
    a, b = call.ndim(1), call.ndim(2)
    if min(a, b) < 0 or not call.takes(2):
        return ""
    if (a, b) in OF_DOT:
        return call.format(OF_DOT[a, b][call.argument - 1])
    if 0 in (a, b):
        return f"{call.dy} * {call.other}"
    return _over(call, [a - 1], [max(b - 2, 0)])


# The rules of `dot` by the dimensions of its arguments.
OF_DOT = {
    (1, 1): ("{dy} * {1}", "{dy} * {0}"),
    (2, 1): ("outer({dy}, {1})", "{0}.mT @ {dy}"),
    (1, 2): ("{1} @ {dy}", "outer({0}, {dy})"),
    (2, 2): ("{dy} @ {1}.mT", "{0}.mT @ {dy}"),
}


def _over(call: Call, left: list[int], right: list[int]) -> str:
    """Return the rule of a sum over axes of the first argument and as many of the second."""
    a, b = call.ndim(1), call.ndim(2)
    if a + b > len(ascii_letters):
        return ""
    first, second = [*ascii_letters[:a]], [*ascii_letters[a : a + b]]
    for i, j in zip(left, right, strict=True):
        second[j] = first[i]
    free = [first[i] for i in range(a) if i not in left]
    free += [second[j] for j in range(b) if j not in right]
    terms = ["".join(first), "".join(second)]
    return _to(call.argument - 1, terms, "".join(free), call, call.args, call.shapes)
