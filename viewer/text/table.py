"""Lay out a table in columns, folded and cut to the width of a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from viewer.text.lines import Row, Span, chop, fold, shorten, width_of

GAP = 2  # columns between columns
NARROWEST = 6  # columns, of what is folded


@dataclass(frozen=True)
class Cells:
    """A column of a table ready to be laid out; `sources` are what its cells link to, if they do."""

    header: str
    texts: list[str]
    style: str = ""
    right: bool = False
    whole: bool = False  # never folded, as a number
    sources: Sequence[tuple[str, int]] = ()
    name: str = ""  # if that is not the header
    cut: bool = False  # rather than folded


def laid_out(
    columns: Sequence[Cells], size: int, width: int | None, after: int = 0, between: Row = ()
) -> Iterator[Row]:
    """The rows of a table of `size` rows with its header; the line `between` stands behind so many rows, if any.

    What is too wide is folded, texts only; columns for which there is no room are left out, which a last line says.
    """
    widths = [max(map(width_of, {cells.header, *cells.texts})) for cells in columns]
    fitting, missing = _fitting(columns, widths, width)
    shown, sizes = [_cut(columns[i], size) for i, size in fitting.items()], list(fitting.values())
    yield from _folded(
        [Cells(cells.header, [cells.header], "bold", cells.right) for cells in shown], 0, sizes
    )
    padded = [
        _padded(cells, room, cells is not shown[-1])
        for cells, room in zip(shown, sizes, strict=True)
    ]
    for i in range(size):
        row = [texts[i] for texts in padded]
        if None in row:
            yield from _folded(shown, i, sizes)
        else:
            yield [
                span
                for cells, text in zip(shown, row, strict=True)
                for span in _spans(cells, i, text or "")
            ]
        if i + 1 == after:
            yield from fold(between, width)
    yield from hidden(missing, width)


def hidden(names: Sequence[str], width: int | None) -> Iterator[Row]:
    """Name the columns that are not shown, if there are any."""
    if names:
        text = f"hidden (terminal too narrow): {', '.join(names)}"
        yield from fold([Span(text, "italic dim")], width)


def _padded(cells: Cells, size: int, more: bool) -> list[str | None]:
    """The texts of a column with blanks to its width and, if there are more, the next one; None where one must be folded."""
    known = {
        text: _pad(text, size, cells.right, more) if width_of(text) <= size else None
        for text in set(cells.texts)
    }
    return [known[text] for text in cells.texts]


def _cut(cells: Cells, size: int) -> Cells:
    """A column whose texts are no wider than it, if it is one that is cut."""
    if not cells.cut:
        return cells
    return replace(cells, texts=[shorten(text, size) for text in cells.texts])


def _pad(text: str, size: int, right: bool, more: bool) -> str:
    blank, gap = " " * (size - width_of(text)), " " * GAP if more else ""
    return f"{blank}{text}{gap}" if right else f"{text}{blank}{gap}"


def _spans(cells: Cells, i: int, padded: str) -> Row:
    """A cell; a link is as long as its text."""
    if not cells.sources:
        return (Span(padded, cells.style),)
    text = cells.texts[i]
    return Span(text, cells.style, cells.sources[i] if text else None), Span(padded[len(text) :])


def _folded(columns: Sequence[Cells], i: int, sizes: Sequence[int]) -> Iterator[Row]:
    """The rows that a row takes of which cells are folded."""
    pieces = [chop(cells.texts[i], size) for cells, size in zip(columns, sizes, strict=True)]
    for row in zip_longest(*pieces, fillvalue=""):
        cells = zip(columns, row, sizes, strict=True)
        yield [
            Span(_pad(text, size, column.right, column is not columns[-1]), column.style)
            for column, text, size in cells
        ]


def _fitting(
    columns: Sequence[Cells], widths: Sequence[int], width: int | None
) -> tuple[dict[int, int], list[str]]:
    """The width of each column that fits, by its number, and the names of those that do not."""
    if width is None:
        return dict(enumerate(widths)), []
    narrow = [
        size if cells.whole else min(size, max(NARROWEST, width_of(cells.header)))
        for cells, size in zip(columns, widths, strict=True)
    ]
    shown: dict[int, int] = {}
    for i, least in enumerate(narrow):
        if sum(shown.values()) + least + GAP * len(shown) <= width:
            shown[i] = least
    room = width - GAP * (len(shown) - 1)
    level = max((widths[i] for i in shown), default=0)
    level = min(level, width)
    while level > NARROWEST and sum(_at_level(columns[i], widths[i], level) for i in shown) > room:
        level -= 1
    missing = [cells.name or cells.header for i, cells in enumerate(columns) if i not in shown]
    return {i: _at_level(columns[i], widths[i], level) for i in shown}, missing


def _at_level(cells: Cells, size: int, level: int) -> int:
    return size if cells.whole else min(size, max(level, width_of(cells.header)))


def with_room(
    columns: Sequence[tuple[int, Cells]], width: int | None, readable: int
) -> tuple[list[Cells], list[str]]:
    """Of columns with their ranks those for which there is room beside `readable` texts, and the headers of the others.

    Those of the highest rank are left out first, those of rank 0 never.
    """
    if width is None:
        return [cells for _, cells in columns], []
    widths = [max(map(width_of, {cells.header, *cells.texts})) for _, cells in columns]
    needed = [
        GAP + (size if cells.whole else min(size, max(readable, width_of(cells.header))))
        for (_, cells), size in zip(columns, widths, strict=True)
    ]
    room, left_out = width + GAP, set()
    for i in sorted(range(len(columns)), key=lambda i: columns[i][0]):
        if columns[i][0] and needed[i] > room:
            left_out.add(i)
        else:
            room -= needed[i]
    return [cells for i, (_, cells) in enumerate(columns) if i not in left_out], [
        columns[i][1].header for i in sorted(left_out)
    ]
