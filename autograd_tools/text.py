"""Text that stays where it is put."""

from __future__ import annotations


def one_line(text: str) -> str:
    """`text` with what would break a line, or hide, written as an escape."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
