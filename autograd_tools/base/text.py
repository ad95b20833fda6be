"""Text to show: escapes, encodings, width in a terminal, Markdown, and errors for unknown names."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable

# What stands for a sign of ours in an encoding that lacks it: the first character that it has. All
# are as wide as the sign, so that tables stay aligned.
STAND_INS = {
    **dict(zip("─│├└…∅", "-||`~-", strict=True)),
    **dict(zip("∇→×·⋮≥≠±−–›Φ∕∂", "d>x.:>!*-->P/d", strict=True)),
    **dict(zip("█▏▎▍▌▋▊▉", "#.......", strict=True)),
    **dict(zip("▁▂▃▄▅▆▇■", "_.-:=+*#", strict=True)),
    "μ": "µu",  # the Greek letter, the sign of Latin-1
}


class Text(str):
    """A string that any standard output can print; its repr is the text itself."""

    __slots__ = ()

    def __str__(self) -> str:
        return encodable(super().__str__(), getattr(sys.stdout, "encoding", None))

    def __repr__(self) -> str:
        return str(self)


def encodable(text: str, encoding: str | None) -> str:
    """Return `text` with other characters for those that an encoding lacks, `?` if we know none."""
    if not encoding or _fits(text, encoding):
        return text
    lacking = {c for c in set(text) if not _fits(c, encoding)}
    found = {c: [s for s in STAND_INS.get(c, "") if _fits(s, encoding)] for c in lacking}
    return text.translate({ord(c): (stand_ins or "?")[0] for c, stand_ins in found.items()})


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


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
