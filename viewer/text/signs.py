"""Operations written with signs, `1 / x` and `z[:, 0:16]`, as in Python."""

from collections.abc import Sequence

# Operations that are written with a sign instead of a call, and how. To add one, add an entry here.
SIGNS = {
    "add": "{} + {}",
    "subtract": "{} - {}",
    "multiply": "{} * {}",
    "divide": "{} / {}",
    "power": "{} ** {}",
    "remainder": "{} % {}",
    "matmul": "{} @ {}",
    "getitem": "{}[{}]",
    "getattr": "{}.{}",
    "negative": "-{}",
    "positive": "+{}",
}

UNQUOTED = {"getitem": "()", "getattr": "'"}  # the quotes that a second argument loses there


def infix(op: str, args: Sequence[str]) -> str:
    """Return an operation of these arguments with its sign; nothing if it has none.

    >>> infix("divide", ["1", "x"]), infix("getitem", ["z", "(:, 0:16)"])
    ('1 / x', 'z[:, 0:16]')
    >>> infix("getitem", ["z", "(1:,)"])
    'z[1:]'
    """
    form = SIGNS.get(op, "")
    if not args or form.count("{}") != len(args):
        return ""
    first, *others = args
    if op == "power" and first.startswith("-"):
        first = f"({first})"
    return form.format(first, *(_without(UNQUOTED.get(op, ""), arg) for arg in others))


def _without(quotes: str, text: str) -> str:
    """Return a text without the quotes or parentheses around it, and the comma of `(1,)`."""
    quoted = quotes and text.startswith(quotes[0]) and text.endswith(quotes[-1])
    return text[1:-1].removesuffix(",") if quoted else text
