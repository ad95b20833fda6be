"""Several assignments on as few lines as they need."""

from __future__ import annotations

IN_ROW = 4  # empty lists on one line


def with_empty_lists_joined(lines: list[str]) -> list[str]:
    """Return lines with `x = []` and the like in rows: `x, y, z = [], [], []`."""
    empty = [line.removesuffix(" = []") for line in lines if line.endswith(" = []")]
    rows = [empty[i : i + IN_ROW] for i in range(0, len(empty), IN_ROW)]
    joined = [f"{', '.join(row)} = {', '.join(['[]'] * len(row))}" for row in rows]
    return [*joined, *[line for line in lines if not line.endswith(" = []")]]


def assignments(pairs: list[tuple[str, str]]) -> list[str]:
    """Return assignments, as one where a value reads what another one sets."""
    names = [name for name, _ in pairs]
    if any([mentions(text, name) for name in names for _, text in pairs]):
        return [f"{', '.join(names)} = {', '.join([text for _, text in pairs])}"]
    return [f"{name} = {text}" for name, text in pairs]


def mentions(line: str, name: str) -> bool:
    """Return whether a line of code has a name."""
    words = "".join([c if c.isalnum() or c == "_" else " " for c in line.partition("#")[0]]).split()
    return name in words
