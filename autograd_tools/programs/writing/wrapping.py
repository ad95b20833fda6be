"""Lines of code that are too long, on several lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

WIDTH = 100
INDENT = "    "
CLOSING = {"(": ")", "[": "]", "{": "}"}


def wrapped_text(text: str) -> list[str]:
    """Return the lines of a paragraph of a docstring."""
    return textwrap.wrap(text, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)


def wrapped(line: str) -> list[str]:
    """Return a statement on lines of at most 100 characters, where it can be broken."""
    if len(line) <= WIDTH or line.lstrip().startswith(("#", "if ", "for ")):
        return [line]
    indent = " " * (len(line) - len(line.lstrip()))
    if line.lstrip().startswith("raise "):
        head, _, problem = line.partition("(")
        return [f"{head}(", f"{indent}{INDENT}{problem[:-1]}", f"{indent})"]
    target, sign, value = _assigned(line)
    whole = f"{indent}{target}{sign}{value}"
    if target and _is_open(value):
        whole = f"{indent}{target}{sign}({value})"
    places = _breaks(whole)
    lines: list[str] = []
    start, more = 0, indent
    while len(whole) - start + len(more) > WIDTH:
        width = WIDTH - len(more if start else "")
        fitting = {i: rank for i, rank in places.items() if start < i <= start + width}
        if not fitting:
            break
        least = min(fitting.values())
        end = max([i for i, rank in fitting.items() if rank == least])
        lines.append(f"{more if start else ''}{whole[start:end]}".rstrip())
        start, more = end, indent + INDENT
    return [*lines, f"{more if start else ''}{whole[start:]}"]


def _assigned(line: str) -> tuple[str, str, str]:
    """Return the target, the sign and the value of an assignment; return has neither."""
    text = line.lstrip()
    for sign in (" = ", " += "):
        target, found, value = text.partition(sign)
        if found and target.count("(") == target.count(")"):
            return target, sign, value
    return ("return ", "", text[7:]) if text.startswith("return ") else ("", "", text)


def _is_open(value: str) -> bool:
    """Return whether a value has operators outside of brackets."""
    return any([depth == 0 and kind for _, depth, kind in _spaces(value)])


def _breaks(text: str) -> dict[int, tuple[int, int]]:
    """Return where a line may end: in the outermost brackets at first, before a sum's sign."""
    return {i: (depth, kind) for i, depth, kind in _spaces(text) if depth > 0}


def _spaces(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield where something may begin a line, in how many brackets it is, and the kind of it: 0
    after a comma, 1 for the sign of a sum, 2 for another operator.
    """
    depth, quote = 0, ""
    for i, c in enumerate(text):
        if quote:
            quote = "" if c == quote else quote
        elif c in "\"'":
            quote = c
        elif c in CLOSING:
            depth += 1
        elif c in CLOSING.values():
            depth -= 1
        elif c == " " and text[i - 1] == ",":
            yield i + 1, depth, 0
        elif c == " " and text[i + 2 : i + 3] == " " and text[i + 1] in "+-*/@%&|<>":
            yield i + 1, depth, 1 if text[i + 1] in "+-" else 2
