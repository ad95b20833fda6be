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
    bare = {"getitem": index_text, "getattr": _name}.get(op, str)
    return form.format(first, *map(bare, others))


def index_text(text: str) -> str:
    """Return the text of an index, for between the brackets.

    >>> index_text("(:, 0)"), index_text("(1:,)"), index_text("'key'")
    (':, 0', '1:', "'key'")
    """
    if not (text.startswith("(") and text.endswith(")")):
        return text
    inner = text[1:-1]
    is_part = ":" in inner or "[" in inner  # no key of a dict
    return inner.removesuffix(",") if is_part and inner.count(",") == 1 else inner


def items_of(text: str) -> list[str]:
    """Return the items of a list or tuple, as they are written.

    >>> items_of("[v1, float64[2,3], v2]")
    ['v1', 'float64[2,3]', 'v2']
    """
    if not text.startswith(("[", "(")) or not text.endswith(("]", ")")):
        return []
    items, depth = [""], 0
    for c in text[1:-1]:
        depth += (c in "[(") - (c in "])")
        if c == "," and not depth:
            items.append("")
        else:
            items[-1] += c
    return [item.strip() for item in items if item.strip()]


def _name(text: str) -> str:
    """Return a name without the quotes around it."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == "'" else text
