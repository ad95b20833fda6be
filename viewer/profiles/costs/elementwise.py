"""What one element costs, forward and in each gradient, of the operations that compute every element by itself.

The steps are those of the rules in `autograd_tools/rules`, one character each: `+ - * /`, `^` a power, `~` another sign, `=` a
comparison, `f` a function such as exp or floor. Each counts one operation, a function too: what it takes inside depends on the
library and on the number. Choices (`where`), copies and changes of type count nothing.
"""

from __future__ import annotations

# The real operations in one of complex numbers, by hand: (a + bi)(c + di) has 4 products and 2 sums, and a division in addition
# c^2 + d^2 and two quotients. What a function or a comparison of complex numbers takes is not known.
COMPLEX = {"+": 2, "-": 2, "~": 2, "*": 6, "/": 11}

_ANGLE = "**+*=/"  # of arctan2: a * a + b * b, dy * a, where that is 0, the quotient
_PICK = "==*"  # of maximum: whether an argument was taken, whether both were, dy times that

# By operation: the steps forward, and for each argument the steps of its gradient and what is read for it: d the gradient of the
# output, y the output, a b c the arguments. None for what is not known, because it depends on a number that no record has.
STEPS: dict[str, tuple[str, *tuple[tuple[str | None, str], ...]]] = {
    "add": ("+", ("", ""), ("", "")),
    "subtract": ("-", ("", ""), ("~", "d")),
    "multiply": ("*", ("*", "db"), ("*", "da")),
    "divide": ("/", ("/", "db"), ("/~*", "dyb")),
    "power": (
        "^",
        (None, "da"),
        ("=+f**", "dya"),
    ),  # the gradient of x ** 2 has two steps, that of x ** 3 has three
    "float_power": ("^", (None, "da"), ("=+f**", "dya")),
    "remainder": ("f", ("", ""), ("~f*", "dab")),
    "fmod": ("f", ("", ""), ("~-/f*", "dayb")),
    "negative": ("~", ("~", "d")),
    "positive": ("", ("", "")),
    "absolute": ("f", ("f*", "da")),
    "fabs": ("f", ("f*", "da")),
    "copysign": ("f", ("f*f*", "dab"), (None, "")),
    "reciprocal": ("/", ("~**", "dy")),
    "square": ("*", ("**", "da")),
    "sqrt": ("f", ("*/", "dy")),
    "cbrt": ("f", ("**/", "dy")),
    "hypot": ("f", ("=/*", "dya"), ("=/*", "dyb")),
    "ldexp": ("f", ("f", "db"), (None, "")),
    "nextafter": ("f", ("", ""), (None, "")),
    "exp": ("f", ("*", "dy")),
    "exp2": ("f", ("**", "dy")),
    "expm1": ("f", ("+*", "dy")),
    "log": ("f", ("/", "da")),
    "log2": ("f", ("*/", "da")),
    "log10": ("f", ("*/", "da")),
    "log1p": ("f", ("+/", "da")),
    "logaddexp": ("f", ("-f*", "day"), ("-f*", "dby")),
    "logaddexp2": ("f", ("-f*", "day"), ("-f*", "dby")),
    "sin": ("f", ("f*", "da")),
    "cos": ("f", ("~f*", "da")),
    "tan": ("f", ("*+*", "dy")),
    "arcsin": ("f", ("*-f/", "da")),
    "arccos": ("f", ("~*-f/", "da")),
    "arctan": ("f", ("*+/", "da")),
    "arctan2": ("f", (_ANGLE, "dab"), ("~" + _ANGLE, "dab")),
    "sinh": ("f", ("f*", "da")),
    "cosh": ("f", ("f*", "da")),
    "tanh": ("f", ("*-*", "dy")),
    "arcsinh": ("f", ("*+f/", "da")),
    "arccosh": ("f", ("-f+f*/", "da")),
    "arctanh": ("f", ("*-/", "da")),
    "deg2rad": ("*", ("*", "d")),
    "radians": ("*", ("*", "d")),
    "rad2deg": ("*", ("/", "d")),
    "degrees": ("*", ("/", "d")),
    "maximum": ("=", (_PICK, "dyab"), (_PICK, "dyab")),
    "minimum": ("=", (_PICK, "dyab"), (_PICK, "dyab")),
    "fmax": ("=", (_PICK, "dyab"), (_PICK, "dyab")),
    "fmin": ("=", (_PICK, "dyab"), (_PICK, "dyab")),
    "clip": ("==", ("=*", "day")),
    "ndarray.clip": ("==", ("=*", "day")),
    "heaviside": ("=", (None, ""), ("=*", "da")),
    "where": ("", (None, ""), ("", "da"), ("", "da")),
}


def operations(steps: str, *, complex_numbers: bool) -> int | None:
    """How many operations the steps are for one element; None where nobody knows."""
    if not complex_numbers:
        return len(steps)
    return sum(COMPLEX[step] for step in steps) if set(steps) <= COMPLEX.keys() else None
