"""The layout of a table: columns of texts, folded or hidden to fit the width of a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from rich.cells import cell_len

from viewer.text.lines import Row, Span, chop, fold, shorten

GAP = 2  # blanks between columns
NARROWEST = 6  # columns to which a text is folded


@dataclass(frozen=True)
class Cells:
    """A column of a table with its texts.

    Text that is too wide is folded, unless the column is `whole` (numbers) or `cut`. The cells
    link to `sources`, if there are any. `name` is used where the header is not a name.
    """

    header: str
    texts: list[str]
    style: str = ""
    right: bool = False
    whole: bool = False
    sources: Sequence[tuple[str, int]] = ()
    name: str = ""
    cut: bool = False

    @property
    def width(self) -> int:
        """The width of the widest text."""
        return max(map(cell_len, {self.header, *self.texts}))

    def at_most(self, size: int, level: int) -> int:
        """Return the width of a column of `size` whose texts are folded to `level`."""
        return size if self.whole else min(size, max(level, cell_len(self.header)))


def laid_out(
    columns: Sequence[Cells], size: int, width: int | None, after: int = 0, between: Row = ()
) -> Iterator[Row]:
    """Yield the header and the `size` rows of a table.

    The line `between` follows the row number `after`, if that is not 0. Columns that do not fit
    are hidden; a last line names them.
    """
    fitting, missing = _fitting(columns, width)
    shown = [_cut(columns[i], room) for i, room in fitting.items()]
    sizes = list(fitting.values())
    headers = [Cells(cells.header, [cells.header], "bold", cells.right) for cells in shown]
    yield from _folded(headers, 0, sizes)
    padded = [
        _padded(cells, room, cells is not shown[-1])
        for cells, room in zip(shown, sizes, strict=True)
    ]
    for i in range(size):
        row = [texts[i] for texts in padded]
        if None in row:
            yield from _folded(shown, i, sizes)
        else:
            pairs = zip(shown, row, strict=True)
            yield [span for cells, text in pairs for span in _spans(cells, i, text or "")]
        if i + 1 == after:
            yield from fold(between, width)
    yield from hidden(missing, width)


def hidden(names: Sequence[str], width: int | None) -> Iterator[Row]:
    """Yield the note about columns that do not fit, if there are any."""
    if names:
        text = f"hidden (terminal too narrow): {', '.join(names)}"
        yield from fold([Span(text, "italic dim")], width)


def _padded(cells: Cells, size: int, more: bool) -> list[str | None]:
    """Return the texts of a column, padded to its width; None for one that must be folded."""
    known = {
        text: _pad(text, size, cells.right, more) if cell_len(text) <= size else None
        for text in set(cells.texts)
    }
    return [known[text] for text in cells.texts]


def _cut(cells: Cells, size: int) -> Cells:
    if not cells.cut:
        return cells
    return replace(cells, texts=[shorten(text, size) for text in cells.texts])


def _pad(text: str, size: int, right: bool, more: bool) -> str:
    blank, gap = " " * (size - cell_len(text)), " " * GAP if more else ""
    return f"{blank}{text}{gap}" if right else f"{text}{blank}{gap}"


def _spans(cells: Cells, i: int, padded: str) -> Row:
    """Return a cell as spans; a link is as long as its text."""
    if not cells.sources:
        return (Span(padded, cells.style),)
    text = cells.texts[i]
    return Span(text, cells.style, cells.sources[i] if text else None), Span(padded[len(text) :])


def _folded(columns: Sequence[Cells], i: int, sizes: Sequence[int]) -> Iterator[Row]:
    """Yield the rows that one row takes with its cells folded."""
    pieces = [chop(cells.texts[i], size) for cells, size in zip(columns, sizes, strict=True)]
    for row in zip_longest(*pieces, fillvalue=""):
        yield [
            Span(_pad(text, size, cells.right, cells is not columns[-1]), cells.style)
            for cells, text, size in zip(columns, row, sizes, strict=True)
        ]


def _fitting(columns: Sequence[Cells], width: int | None) -> tuple[dict[int, int], list[str]]:
    """Return the widths of the columns that fit, by number, and the names of the others."""
    widths = [cells.width for cells in columns]
    if width is None:
        return dict(enumerate(widths)), []
    shown: dict[int, int] = {}
    for i, (cells, size) in enumerate(zip(columns, widths, strict=True)):
        least = cells.at_most(size, NARROWEST)
        if sum(shown.values()) + least + GAP * len(shown) <= width:
            shown[i] = least
    room = width - GAP * (len(shown) - 1)

    def at_level(level: int) -> dict[int, int]:
        return {i: columns[i].at_most(widths[i], level) for i in shown}

    level = min(max((widths[i] for i in shown), default=0), width)
    while level > NARROWEST and sum(at_level(level).values()) > room:
        level -= 1
    missing = [cells.name or cells.header for i, cells in enumerate(columns) if i not in shown]
    return at_level(level), missing


def with_room(
    columns: Sequence[tuple[int, Cells]], width: int | None, readable: int
) -> tuple[list[Cells], list[str]]:
    """Return the columns that fit beside texts of `readable` columns, and the other headers.

    Each column comes with its rank: the highest is hidden first, rank 0 never.
    """
    if width is None:
        return [cells for _, cells in columns], []
    room, missing = width + GAP, set()
    for i, (rank, cells) in sorted(enumerate(columns), key=lambda item: item[1][0]):
        needed = GAP + cells.at_most(cells.width, readable)
        if rank and needed > room:
            missing.add(i)
        else:
            room -= needed
    shown = [cells for i, (_, cells) in enumerate(columns) if i not in missing]
    return shown, [columns[i][1].header for i in sorted(missing)]
