"""Text that stays where it is put."""

from __future__ import annotations

import unicodedata


class Text(str):
    """A string that shows itself as it is in an interactive session."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def columns(text: str) -> int:
    """How many columns of a terminal a text takes: two for each wide character."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def one_line(text: str) -> str:
    """`text` with what would break a line, or hide, written as an escape."""
    return (
        text
        if text.isprintable()
        else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    )
