"""The user's source with the time of gradients in the margin."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.text import Text

from autograd_tools.base.formats import bar_text, memory_text, percent_text, time_text
from autograd_tools.base.text import one_line
from viewer.profiles.extents import lines_around
from viewer.profiles.groupings import Usage, hotspots_of
from viewer.profiles.measured import Timed, records_of
from viewer.text.lines import Span, as_text, fold, shorten
from viewer.text.places import path_text, source_lines
from viewer.text.table import Cells, hidden, laid_out, with_room

LONGEST_CODE = 100
HEAT = (
    (0.5, "bold red"),
    (0.15, "yellow"),
    (0, ""),
)  # from which share of the most expensive line on a line looks like this
GAP = -1  # stands for lines that are left out
READABLE = 24  # columns of code before there is room for what is not needed

Lines = Mapping[int, Usage]  # what was measured, by the number of the line


def annotate(
    x: Timed,
    file: str | os.PathLike[str] | None = None,
    width: int | None = None,
    *,
    whole: bool = False,
) -> str:
    """The source of what ran, each line with its time forward and backward, and for adding up, its bytes,
    and a bar: the share of the most expensive line. Lines that cost nothing have none.

    `x` is a timer, a tape or trace recorded while the timer was on, or the path of a saved one. All files are shown, the most
    expensive first, or those that `file` names, by their path or the end of it; of these the functions that ran, or the `whole`.
    A file that is not there any more, or has changed, says so.
    """
    return "\n".join(line.plain for line in annotated_lines(x, file, width, whole=whole))


def annotated_lines(
    x: Timed, file: str | os.PathLike[str] | None, width: int | None, *, whole: bool = False
) -> list[Text]:
    """The lines of `annotate`, in colour."""
    files: dict[str, dict[int, Usage]] = {}
    for spot in hotspots_of(records_of(x), "line"):
        files.setdefault(spot.key[0], {})[spot.key[1]] = spot.self_usage
    spent = {
        name: sum(figures.total_ns for figures in lines.values()) for name, lines in files.items()
    }
    total, unknown = sum(spent.values()), spent.pop("", 0)
    if files and not spent:
        raise ValueError(
            "this profile has no lines: set AUTOGRAD_TIMER=lines before autograd_tools is imported"
        )
    chosen = sorted(_named(list(spent), file), key=lambda name: -spent[name])
    most = max((figures.total_ns for name in chosen for figures in files[name].values()), default=0)
    shown = []
    for name in chosen:
        title = f"{path_text(name)}  {time_text(spent[name])} of {time_text(total)}, {percent_text(spent[name], total)}"
        shown += [
            *_folded(title, "bold", width),
            *_annotated(name, files[name], total, most, width, whole),
            Text(),
        ]
    if unknown:
        shown += _folded(
            f"{time_text(unknown)} at no line that is known, {percent_text(unknown, total)}",
            "dim",
            width,
        )
    return shown if shown and shown[-1].plain else shown[:-1]


def _named(files: Sequence[str], file: str | os.PathLike[str] | None) -> list[str]:
    """The files whose path is `file` or ends with it."""
    if file is None:
        return list(files)
    parts = Path(file).parts
    found = [
        name
        for name in files
        if Path(name) == Path(file).absolute() or Path(name).parts[-len(parts) :] == parts
    ]
    if not found:
        there = ", ".join(dict.fromkeys(map(path_text, files)))
        raise ValueError(f"no line of {os.fspath(file)} was measured; there are: {there}")
    return found


def _annotated(
    file: str, lines: Lines, total: int, most: int, width: int | None, whole: bool
) -> list[Text]:
    """The lines of one file, and what is to be said of it."""
    code = source_lines(file)
    shown, changed = lines_around(code, lines) if code else (sorted(lines), False)
    if whole and code:
        shown = sorted({*range(1, len(code) + 1), *lines})
    notes = [] if code else ["the file is not there: only the lines that were measured are shown"]
    if changed:
        notes = ["the file has changed since: there is no code where some lines were measured"]
    numbers = _with_gaps(shown)
    columns, missing = with_room(_columns(numbers, code, lines, total, most), width, READABLE)
    header, *rows = [
        "".join(span.text for span in row).rstrip()
        for row in laid_out(columns, len(numbers), width)
    ]
    texts = [Text(header, style="bold")]
    texts += [
        Text(row, style=_style(lines.get(number), most))
        for number, row in zip([*numbers, GAP], rows, strict=False)
    ]
    said = [line for note in notes for line in _folded(f"… {note}", "italic dim", width)]
    return [*said, *map(as_text, hidden(missing, width)), *texts]


def _folded(text: str, style: str, width: int | None) -> list[Text]:
    return [
        Text("".join(span.text for span in row), style=style) for row in fold([Span(text)], width)
    ]


def _with_gaps(numbers: Sequence[int]) -> list[int]:
    """Numbers with a `GAP` where some are left out between two."""
    found: list[int] = []
    for number in numbers:
        found += [GAP, number] if found and number > found[-1] + 1 else [number]
    return found


def _columns(
    numbers: Sequence[int], code: Sequence[str], lines: Lines, total: int, most: int
) -> list[tuple[int, Cells]]:
    """The columns, each with its rank: those of the highest are left out first."""
    figures = [lines.get(number) for number in numbers]

    def cells(header: str, texts: Sequence[str], right: bool = True) -> Cells:
        return Cells(header, list(texts), right=right, whole=True)

    def made(bytes_of: Sequence[int]) -> list[str]:
        return [memory_text(n) if n else "" for n in bytes_of]

    added = [f.ns["sum_outgrads"] if f else 0 for f in figures]
    columns = [
        (0, cells("forward", [time_text(f.ns["forward"]) if f else "" for f in figures])),
        (0, cells("backward", [time_text(f.ns["backward"]) if f else "" for f in figures])),
        (
            3,
            cells(
                "accumulate",
                [time_text(ns) if f else "" for f, ns in zip(figures, added, strict=True)]
                if any(added)
                else [],
            ),
        ),
        (4, cells("allocated", made([f.allocated if f else 0 for f in figures]))),
        (5, cells("saved", made([f.saved if f else 0 for f in figures]))),
        (2, cells("%", [percent_text(f.total_ns, total) if f else "" for f in figures])),
        (
            1,
            cells(
                "heat",
                [bar_text(f.total_ns / most if most else 0) if f else "" for f in figures],
                right=False,
            ),
        ),
        (0, cells("line", ["⋮" if number == GAP else str(number) for number in numbers])),
        (0, Cells("", [_code(code, number) for number in numbers], name="code", cut=True)),
    ]
    return [(rank, column) for rank, column in columns if rank == 0 or any(column.texts)]


def _code(code: Sequence[str], number: int) -> str:
    """A line of code; none for what is left out, and beyond the end of the file."""
    line = code[number - 1] if 0 < number <= len(code) else ""
    return shorten(one_line(line.rstrip().expandtabs(4)), LONGEST_CODE)


def _style(figures: Usage | None, most: int) -> str:
    return (
        next(style for share, style in HEAT if figures.total_ns >= share * most)
        if figures
        else "dim"
    )
