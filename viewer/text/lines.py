"""Lines of text in spans of one style each: folded to a width, as plain text, or in a terminal's colours and links."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style
from rich.text import Text

from viewer.text.places import link_of

# Text in which each character takes one column: what most lines are made of, and quickly recognised.
_NARROW = re.compile(r"[ -~∇×μ…│├└─━·▁-█]*")
VARIATION = "\ufe0f"  # makes an emoji of a narrow character before it


class Span(NamedTuple):
    """A piece of a line in one style; `source` is the file and line of code that it links to in a terminal."""

    text: str
    style: str = ""
    source: tuple[str, int] | None = None


Row = Sequence[Span]  # what stands in one line of the output


def width_of(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return len(text) if _NARROW.fullmatch(text) else cell_len(text)


def fold(spans: Row, width: int | None, first: str = "", rest: str = "") -> Iterator[Row]:
    """A line in rows of at most `width` columns, broken at spaces if there are any.

    `first` stands before the first row and `rest` before the others; of long ones the end, so that half the width is left.
    """
    text = "".join(span.text for span in spans)
    if width is None or width_of(first) + width_of(text) <= width:
        yield [Span(first, "dim"), *spans] if first else spans
        return
    room = max(width // 2, width - width_of(first))
    guide = first
    for start, end in _pieces(text, room):
        yield [
            Span(
                guide[len(guide) - (width - room) :]
                if room < width and len(guide) > width - room
                else guide,
                "dim",
            ),
            *_slice(spans, start, end),
        ]
        guide = rest


def chop(text: str, width: int) -> list[str]:
    """A text in pieces of at most `width` columns."""
    return [text[start:end] for start, end in _pieces(text, width)]


def shorten(text: str, width: int | None) -> str:
    """A text that is no wider than `width`, with a mark where it was cut."""
    return (
        text
        if width is None or width_of(text) <= width
        else f"{text[: _fits(text, 0, max(width - 1, 1))]}…"
    )


def _pieces(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Where to break a text, so that no piece is wider than `width`: at the last space that fits, or else anywhere."""
    start, size = 0, len(text)
    while True:
        end = _fits(text, start, width)
        if end >= size:
            yield start, size
            return
        space = text.rfind(" ", start, end + 1)
        end, following = (space, space + 1) if space > start else (end, end)
        yield start, end
        start = following


def _fits(text: str, start: int, width: int) -> int:
    """The end of the longest piece from `start` on that is no wider than `width`, and has one character at least."""
    piece = text[start : start + width]
    if _NARROW.fullmatch(piece):
        return start + width
    used, end = 0, start
    for end in range(start, len(text)):
        used += 1 if text[end] == VARIATION else cell_len(text[end])
        if used > width and end > start:
            return end
    return end + 1


def _slice(spans: Row, start: int, end: int) -> Iterator[Span]:
    """The spans of a part of their text."""
    at = 0
    for span in spans:
        piece = span.text[max(start - at, 0) : max(end - at, 0)]
        if piece:
            yield span._replace(text=piece)
        at += len(span.text)


def plain(rows: Iterable[Row]) -> str:
    """Rows as plain text."""
    return "\n".join("".join([span.text for span in row]).rstrip() for row in rows)


def as_text(row: Row) -> Text:
    """A row as rich has it, with links to the source."""
    text = Text()
    for span in row:
        link = link_of(*span.source) if span.source else ""
        text.append(span.text, Style.parse(span.style) + Style(link=link) if link else span.style)
    text.rstrip()
    return text


def painted(rows: Iterable[Row], console: Console) -> str:
    """Rows in the colours of a terminal, with links to the source where it can have them.

    Rich is asked once for each style and not for each span, which would take seconds for many lines.
    """
    codes: dict[str, tuple[str, str]] = {"": ("", "")}
    linked = console.color_system is not None and not console.legacy_windows
    lines = []
    for row in rows:
        parts = []
        for text, style, source in row:
            if style not in codes:
                codes[style] = _codes(style, console)
            before, after = codes[style]
            link = link_of(*source) if linked and source else ""
            parts.append(
                f"{before}\x1b]8;;{link}\x1b\\{text}\x1b]8;;\x1b\\{after}"
                if link
                else f"{before}{text}{after}"
            )
        lines.append("".join(parts))
    return "\n".join(lines)


def _codes(style: str, console: Console) -> tuple[str, str]:
    """What a console writes before and after a text in a style."""
    with console.capture() as capture:
        console.print(Segments([Segment("x", console.get_style(style))]), end="")
    before, _, after = capture.get().partition("x")
    return before, after
