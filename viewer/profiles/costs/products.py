"""Formulas of products: 2 operations for each pair of elements, 2 m n k for matrices."""

from __future__ import annotations

import math

from viewer.profiles.costs.call import Call, Count


def pairs(n: float) -> Count:
    """Count a product and a sum for each of n pairs."""
    return n, n


def matmul(call: Call) -> Count:
    """Each element of the output is a sum over the last axis of the first argument."""
    return pairs(call.out * call.a[-1])


def matmul_gradient(call: Call) -> Count:
    """The same pairs; with a vector, no sums. The gradient of a repeated operand is summed."""
    n = call.out * call.a[-1]
    if len(call.b if call.argument == 1 else call.a) == 1:
        return n, 0
    stack = call.y.shape[:-1] if len(call.own) == 1 else call.y.shape[:-2]
    return n, n + math.prod((*stack, *call.own[-2:])) - math.prod(call.own)


def dot(call: Call) -> Count:
    """As `matmul`; with a number, one product for each element."""
    return pairs(call.out * call.a[-1]) if call.a and call.b else (call.out, 0)


def dot_gradient(call: Call) -> Count:
    """The same pairs; with a vector, no sums."""
    if not call.a or not call.b:
        return call.out, call.out - math.prod(call.own)
    n = call.out * call.a[-1]
    return n, 0 if call.argument == 1 and len(call.b) == 1 else n


def tensordot(call: Call) -> Count:
    """Forward and backward: the summed axes are in both arguments and not in the output."""
    k = math.isqrt(call.n * math.prod(call.b) // call.out) if call.out else 0
    return pairs(call.out * k)


def vecdot_gradient(call: Call) -> Count:
    """One product for each pair; the gradient of a repeated stack is summed."""
    n = call.out * call.a[-1]
    return n, n - math.prod(call.own)


def einsum(call: Call) -> Count | None:
    """For each combination of indices, a product of two arrays, and a sum if an index is summed.

    The order in which more arrays are multiplied is not recorded.
    """
    terms, output = _terms(call)
    return _contracted(terms, output, call)


def einsum_gradient(call: Call) -> Count | None:
    """The same sum, of the gradient of the output and the other array."""
    terms, output = _terms(call)
    wanted = terms.pop(call.argument - 2)
    if not set(wanted) <= {*output, *"".join(terms)}:  # ones replace an axis of this array alone
        return None
    return _contracted([output, *terms], wanted, call)


def _contracted(terms: list[str], output: str, call: Call) -> Count | None:
    if len(terms) > 2 or any(len(set(term)) < len(term) for term in (*terms, output)):
        return None
    sizes, letters = _sizes(call), {*"".join(terms), *output}
    n = math.prod(sizes[letter] for letter in letters)
    return n * (len(terms) - 1), n * (not letters <= set(output))


def _terms(call: Call) -> tuple[list[str], str]:
    """Return the letters of each array and of the output."""
    left, arrow, output = call.arguments[0].text.replace(" ", "").partition("->")
    if not left or "." in left:
        raise ValueError("subscripts as lists or with dots are not counted")
    letters = left.replace(",", "")
    if not arrow:
        output = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return left.split(","), output


def _sizes(call: Call) -> dict[str, int]:
    """Return the length of each index; an axis of length 1 stretches."""
    sizes: dict[str, int] = {}
    for term, operand in zip(_terms(call)[0], call.arguments[1:], strict=True):
        for letter, n in zip(term, operand.shape, strict=True):
            sizes[letter] = n if sizes.get(letter, 1) == 1 else sizes[letter]
    return sizes


def convolve(call: Call) -> Count:
    """All pairs except those that the mode cuts off at the ends."""
    n, m = call.n, math.prod(call.b)
    cut = n + m - 1 - call.out
    left, right = cut // 2, cut - cut // 2
    return pairs(n * m - (left * (left + 1) + right * (right + 1)) // 2)


def convolve_gradient(call: Call) -> Count:
    """All pairs: zeros replace the elements that the mode cuts off."""
    return pairs(call.n * math.prod(call.b))


def outer_gradient(call: Call) -> Count:
    """A matrix times a vector."""
    return pairs(call.out)
