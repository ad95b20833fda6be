"""Text on one line: escapes, width in a terminal, Markdown, and errors for unknown names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable


class Text(str):
    """A string whose repr is the text itself, for interactive sessions."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def width_of(text: str) -> int:
    """Return the columns that a text takes in a terminal: two for a wide character."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def one_line(text: str) -> str:
    """Return `text` with line breaks and invisible characters as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def markdown_safe(text: str) -> str:
    """Return `text` on one line, escaped so that Markdown shows it literally, without mentions."""
    plain = re.sub(r"([\\`*_\[\]<>&|~$])", r"\\\1", one_line(text))
    return re.sub(r"([@#])(?=\w)", "\\1\u200b", plain)


def unknown(kind: str, given: object, names: Iterable[str], most: int | None = None) -> ValueError:
    """Return the error for a name that is not in a table; it lists the names to choose from.

    If there are more than `most` names, it lists those that are spelled like `given`, or else the
    first ones.
    """
    known = list(dict.fromkeys(name for name in names if name))
    if most is not None:
        import difflib  # loaded only for an error

        known = difflib.get_close_matches(str(given), known, 5) or known[:most]
    choice = f"choose {', '.join(map(one_line, known))}" if known else f"there is no {kind}"
    return ValueError(f"unknown {kind} {given!r}; {choice}")
