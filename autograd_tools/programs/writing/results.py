"""The return statement of a source: containers like those that the function returns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from autograd_tools.base.containers import field_names
from autograd_tools.programs.steps.program import Program
from autograd_tools.programs.writing.arguments import quoted

SHORTEST_ROW = 4  # items of a list in a row that are written as a slice
ITEM = re.compile(r"(\w+)\[(\d+)\]")


def returned(program: Program, text_of: Callable[[Any], str], classes: Mapping[type, str]) -> str:
    """Return the statement; `classes` are arguments by the class of what they hold."""

    def text(x: Any) -> str:
        place = classes.get(type(x))
        if isinstance(x, dict):
            items = [f"{quoted(key)}: {text(part)}" for key, part in x.items()]
            return "{" + ", ".join(items) + "}"
        if isinstance(x, tuple):
            items = _sliced([*map(text, x)])
            whole = f"({', '.join(items)}{',' if len(items) == 1 else ''})"
            return whole if place is None else f"type({place}){whole}"
        if isinstance(x, list):
            return f"[{', '.join(_sliced([*map(text, x)]))}]"
        if is_dataclass(x) and not isinstance(x, type):
            parts = {name: getattr(x, name) for name in field_names(x)}
            if place is None or not all([field.init for field in fields(x)]):
                return text(parts)
            items = [f"{name}={text(part)}" for name, part in parts.items()]
            return f"type({place})({', '.join(items)})"
        found = text_of(x)
        return f"{found}.copy()" if isinstance(x, np.ndarray) and found.isidentifier() else found

    result = text(program.result)
    if not program.assigned:
        return f"return {_bare(result)}"
    return f"return {result}, ({', '.join([text(x) for _, x in program.assigned])},)"


def _sliced(items: list[str]) -> list[str]:
    """Return items with those that follow one another in a list as a slice of it."""
    found: list[str] = []
    i = 0
    while i < len(items):
        end, step = _end_of_row(items, i)
        if end - i >= SHORTEST_ROW:
            match = ITEM.fullmatch(items[i])
            assert match is not None
            first = int(match[2])
            stop = first + step * (end - i)
            turn = "" if step > 0 else ":-1"
            found.append(f"*{match[1]}[{first}:{stop if stop >= 0 else ''}{turn}]")
            i = end
        else:
            found.append(items[i])
            i += 1
    return found


def _end_of_row(items: list[str], start: int) -> tuple[int, int]:
    """Return where a row `x[3], x[4], x[5]` ends, and its step."""
    matches = [ITEM.fullmatch(item) for item in items[start:]]
    pairs = [(m[1], int(m[2])) for m in matches if m is not None]
    if len(pairs) < 2 or None in matches[:2] or abs(pairs[1][1] - pairs[0][1]) != 1:
        return start + 1, 0
    step = pairs[1][1] - pairs[0][1]
    n = 1
    while n < len(matches) and matches[n] and pairs[n] == (pairs[0][0], pairs[0][1] + step * n):
        n += 1
    return start + n, step


def _bare(text: str) -> str:
    """Return a tuple without its parentheses."""
    if text[0] != "(" or text[-1] != ")" or text in ("()",):
        return text
    depth = 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if not depth and i < len(text) - 1:
            return text
    return text[1:-1] if "," in text else text
