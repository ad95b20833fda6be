"""Lines of code that are too long, on several lines."""

from __future__ import annotations

WIDTH = 100
INDENT = "    "
CLOSING = {"(": ")", "[": "]", "{": "}"}


def wrapped(line: str) -> list[str]:
    """Return a statement on lines of at most 100 characters, where it can be broken."""
    if len(line) <= WIDTH or line.lstrip().startswith(("#", "if ", "for ", "raise ")):
        return [line]
    indent = " " * (len(line) - len(line.lstrip()))
    target, sign, value = _assigned(line)
    whole = f"{indent}{target}{sign}{value}"
    if not any([i <= WIDTH for i in _breaks(whole)]):
        whole = f"{indent}{target}{sign}({value})"
    lines: list[str] = []
    places = _breaks(whole)
    start = 0
    while len(whole) - start + len(indent) + 4 > WIDTH:
        width = WIDTH - (len(indent) + 4 if start else 0)
        fitting = [i for i in places if start < i <= start + width]
        if not fitting:
            break
        lines.append(whole[start : fitting[-1]])
        start = fitting[-1]
    lines.append(whole[start:])
    first, *others = [line.rstrip() for line in lines]
    return [first, *[indent + INDENT + line for line in others]]


def _assigned(line: str) -> tuple[str, str, str]:
    """Return the target, the sign and the value of an assignment; return has neither."""
    text = line.lstrip()
    for sign in (" = ", " += "):
        target, found, value = text.partition(sign)
        if found and target.count("(") == target.count(")"):
            return target, sign, value
    return ("return ", "", text[7:]) if text.startswith("return ") else ("", "", text)


def _breaks(text: str) -> list[int]:
    """Return where a line may end: after spaces in brackets, outside of quotes."""
    depth, quote, found = 0, "", []
    for i, c in enumerate(text):
        if quote:
            quote = "" if c == quote else quote
        elif c in "\"'":
            quote = c
        elif c in CLOSING:
            depth += 1
        elif c in CLOSING.values():
            depth -= 1
        elif c == " " and depth > 0:
            found.append(i + 1)
    return found
