"""np.einsum, in both of the ways to write its subscripts."""

from __future__ import annotations

import string
from typing import Any

import numpy as np

from autograd_tools.engine.registry import rules


def einsum_terms(subscripts: str, operands: Any) -> tuple[list[str], str]:
    """The letters of each operand and of the output, with those that stand for `...` and those that are implied."""
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    spare = [c for c in string.ascii_letters if c not in subscripts]
    counts = [
        np.ndim(x) - len(term.replace("...", "")) for x, term in zip(operands, terms, strict=True)
    ]
    dots = "".join(spare[: max(counts)])
    terms = [
        term.replace("...", dots[len(dots) - n :]) for term, n in zip(terms, counts, strict=True)
    ]
    if not arrow:
        joined = left.replace("...", "").replace(",", "")
        output = dots + "".join(sorted(c for c in set(joined) if joined.count(c) == 1))
    return terms, output.replace("...", dots)


def einsum_string(args: tuple[Any, ...]) -> tuple[str, list[Any], int]:
    """The subscripts as a string, the operands, and how many arguments there are for each operand.

    np.einsum takes them as `"ij,jk->ik", a, b` and as `a, [0, 1], b, [1, 2], [0, 2]`, which are two arguments for each.
    """
    if isinstance(args[0], str):
        return args[0], list(args[1:]), 1
    letters = string.ascii_uppercase + string.ascii_lowercase  # whose order is that of the numbers
    terms = [
        "".join("..." if i is ... else letters[i] for i in sublist)
        for sublist in (*args[1::2], *args[2 * (len(args) // 2) :])
    ]
    output = "->" + terms.pop() if len(args) % 2 else ""
    return ",".join(terms) + output, list(args[: 2 * (len(args) // 2) : 2]), 2


def einsum_operand(position):
    """The rule of an operand: the same sum, of `dy` and the others, with the operand's letters as the output."""

    def rule(dy, y, *args, **kwargs):
        subscripts, others, step = einsum_string(args)
        which = (position - 1) if step == 1 else position // 2
        terms, output = einsum_terms(subscripts, others)
        x, term = others.pop(which), terms.pop(which)
        sizes = dict(zip(term, np.shape(x), strict=True))
        spare = [c for c in string.ascii_letters if c not in "".join([*terms, term, output])]
        terms, others = [output, *terms], [dy, *others]
        found: dict[str, int] = {}
        for letters, other in zip(terms, others, strict=True):
            for letter, n in zip(letters, np.shape(other), strict=True):
                found[letter] = n if found.get(letter, 1) == 1 else found[letter]
        wanted = ""
        for letter in term:
            if letter in wanted:  # a diagonal was taken: its gradient lies on the diagonal
                new = spare.pop(0)
                terms, others = (
                    [*terms, letter + new],
                    [*others, np.eye(sizes[letter], dtype=x.dtype)],
                )
                wanted += new
                continue
            if (
                letter not in found or found[letter] == 1 != sizes[letter]
            ):  # an axis was summed over: its gradient is the same all along
                terms, others = [*terms, letter], [*others, np.ones(sizes[letter], x.dtype)]
            wanted += letter
        optimize = kwargs.get("optimize", False)
        return np.einsum(
            f"{','.join(terms)}->{wanted}",
            *others,
            optimize=optimize if isinstance(optimize, str) else bool(optimize),
        )

    return rule


rules(np.einsum, einsum_operand(0), rest=einsum_operand)
