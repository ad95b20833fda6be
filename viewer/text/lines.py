"""Lines of styled spans: folded to a width, as plain text, or in a terminal's colours and links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import IO, NamedTuple

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.segment import Segment, Segments

from autograd_tools.base.text import Text, encodable, one_line
from viewer.text.places import link_of

LONGEST = 60  # columns of a shortened text
BLOCK = 1000  # lines written at once


class Span(NamedTuple):
    """A piece of a line in one style; `source` is the file and line that a terminal links it to."""

    text: str
    style: str = ""
    source: tuple[str, int] | None = None


Row = Sequence[Span]  # one line of the output


def fold(spans: Row, width: int | None, first: str = "", rest: str = "") -> Iterator[Row]:
    """Yield a line as rows of at most `width` columns, broken at spaces where possible.

    `first` goes before the first row, `rest` before the others; both lose their beginning where
    they would take more than half the width.
    """
    text = "".join([span.text for span in spans])
    if width is None or cell_len(first) + cell_len(text) <= width:
        yield [Span(first, "dim"), *spans] if first else spans
        return
    room = max(width // 2, width - max(cell_len(first), cell_len(rest)))
    guide = first
    for start, end in _pieces(text, room):
        yield [Span(guide[max(len(guide) - width + room, 0) :], "dim"), *_slice(spans, start, end)]
        guide = rest


def chop(text: str, width: int) -> list[str]:
    """Return a text in pieces of at most `width` columns, broken at spaces where possible."""
    return [text[start:end] for start, end in _pieces(text, width)]


def shorten(text: str, width: int | None = LONGEST) -> str:
    """Return a text on one line of at most `width` columns, with `…` where it is cut."""
    if width is None:
        return one_line(text)
    text = one_line(text[: 10 * width])
    return text if cell_len(text) <= width else f"{text[: _fits(text, max(width - 1, 1))]}…"


def _pieces(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of pieces that fit, broken at the last space that fits or else anywhere."""
    start = 0
    while True:
        end = start + _fits(text[start : start + width + 1], width)
        if end >= len(text):
            yield start, len(text)
            return
        space = text.rfind(" ", start, end + 1)
        if space > start and text[space - 1] == "∇":  # its number stays beside it
            space = text.rfind(" ", start, space - 1)
        end, following = (space, space + 1) if space > start else (end, end)
        yield start, end
        start = following


def _fits(text: str, width: int) -> int:
    """Return how many characters fit into a width, at least one."""
    if cell_len(text) <= width:
        return len(text)
    return next(len(piece) for piece in chop_cells(text, width) if piece)


def _slice(spans: Row, start: int, end: int) -> Iterator[Span]:
    at = 0
    for span in spans:
        piece = span.text[max(start - at, 0) : max(end - at, 0)]
        if piece:
            yield span._replace(text=piece)
        at += len(span.text)


def plain(rows: Iterable[Row]) -> Text:
    """Return rows as plain text."""
    return Text("\n".join(plain_lines(rows)))


def plain_lines(rows: Iterable[Row]) -> Iterator[str]:
    """Yield rows as plain lines."""
    return (one_line("".join([span.text for span in row])).rstrip() for row in rows)


def painted(rows: Iterable[Row], console: Console) -> Iterator[str]:
    """Yield rows in the colours of a terminal, with links to the source where it supports them.

    Rich renders each style once, not each span, which would take seconds for many lines. It also
    gives links random ids; these have none, so that equal rows give equal strings.
    """
    codes: dict[str, tuple[str, str]] = {"": ("", "")}
    linked = console.color_system is not None and not console.legacy_windows
    for row in rows:
        parts = []
        for raw, style, source in row:
            text = one_line(raw)
            if style not in codes:
                codes[style] = _codes(style, console)
            before, after = codes[style]
            link = link_of(*source) if linked and source else ""
            shown = f"\x1b]8;;{link}\x1b\\{text}\x1b]8;;\x1b\\" if link else text
            parts.append(f"{before}{shown}{after}")
        yield "".join(parts)


def write(lines: Iterable[str], file: IO[str] | None) -> None:
    """Write lines in blocks, with other characters for those that the file's encoding lacks.

    A closed standard output is None.
    """
    if file is None:
        return
    encoding = getattr(file, "encoding", None)
    left = iter(lines)
    while block := list(islice(left, BLOCK)):
        file.write(encodable("\n".join(block), encoding) + "\n")


def _codes(style: str, console: Console) -> tuple[str, str]:
    """Return the codes that a console writes before and after a text in a style."""
    with console.capture() as capture:
        console.print(Segments([Segment("x", console.get_style(style))]), end="")
    before, _, after = capture.get().partition("x")
    return before, after
