"""np.einsum, with its subscripts as a string or as lists."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.engine.registry import rules

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"  # of subscripts


def einsum_terms(subscripts, operands):
    """Return the letters of each operand and of the output, with `...` spelled out."""
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    spare = [c for c in LETTERS if c not in subscripts]
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
    """Return the subscripts as a string, the operands, and the arguments for each operand.

    np.einsum takes `"ij,jk->ik", a, b`, or `a, [0, 1], b, [1, 2], [0, 2]`: two for each operand.
    """
    if isinstance(args[0], str):
        return args[0], list(args[1:]), 1
    letters = LETTERS.swapcase()  # in the order of the numbers
    terms = [
        "".join("..." if i is ... else letters[i] for i in sublist)
        for sublist in (*args[1::2], *args[2 * (len(args) // 2) :])
    ]
    output = "->" + terms.pop() if len(args) % 2 else ""
    return ",".join(terms) + output, list(args[: 2 * (len(args) // 2) : 2]), 2


def einsum_operand(position):
    """Make the rule of an operand: the einsum of `dy` and the others to the operand's letters."""

    def rule(dy, y, *args, **kwargs):
        subscripts, others, step = einsum_string(args)
        which = (position - 1) if step == 1 else position // 2
        terms, output = einsum_terms(subscripts, others)
        x, term = others.pop(which), terms.pop(which)
        sizes = dict(zip(term, np.shape(x), strict=True))
        spare = [c for c in LETTERS if c not in "".join([*terms, term, output])]
        terms, others = [output, *terms], [dy, *others]
        found: dict[str, int] = {}
        for letters, other in zip(terms, others, strict=True):
            for letter, n in zip(letters, np.shape(other), strict=True):
                found[letter] = n if found.get(letter, 1) == 1 else found[letter]
        wanted = ""
        for letter in term:
            n = sizes[letter]
            if letter in wanted:  # the gradient of a diagonal lies on the diagonal
                new = spare.pop(0)
                terms, others = [*terms, letter + new], [*others, np.eye(n, dtype=x.dtype)]
                wanted += new
                continue
            if letter not in found or found[letter] == 1 != n:  # the gradient of a sum is constant
                terms, others = [*terms, letter], [*others, np.ones(n, x.dtype)]
            wanted += letter
        optimize = kwargs.get("optimize", False)
        return np.einsum(
            f"{','.join(terms)}->{wanted}",
            *others,
            optimize=optimize if isinstance(optimize, str) else bool(optimize),
        )

    return rule


# To add one, see rules/__init__.py; its cases go to tests/rules/cases_linalg.py.
rules(np.einsum, einsum_operand(0), rest=einsum_operand, linear=True)
