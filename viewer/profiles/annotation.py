"""The user's source with the times of gradients in the margin."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from autograd_tools.base.formats import bar_text, memory_text, percent_text, time_text
from autograd_tools.location.source_lines import MAX_WIDTH
from viewer.profiles.extents import lines_around
from viewer.profiles.groupings import Usage, hotspots_of
from viewer.profiles.hotspot_tables import READABLE
from viewer.profiles.measured import Timed, code_of, records_of
from viewer.text.lines import Row, Span, fold, plain, shorten
from viewer.text.places import apart, path_text, source_lines
from viewer.text.table import Cells, hidden, laid_out, with_room

WIDEST_CODE = 100  # columns
LONGEST = 1_000_000  # lines of a file
# The style of a line, from a share of the most expensive line on.
HEAT_STYLES = ((0.5, "bold red"), (0.15, "yellow"), (0, ""))
GAP = -1  # lines that are not shown

Lines = Mapping[int, Usage]  # by line number


def annotate(
    x: Timed,
    file: str | os.PathLike[str] | None = None,
    width: int | None = None,
    *,
    whole: bool = False,
) -> str:
    """Return source code with the time and memory of gradients in the margin.

    Parameters
    ----------
    x : Timer, Tape, Trace, str or path
        A timer with lines (AUTOGRAD_TIMER=lines or shapes), a tape or trace recorded while the
        timer was on, or the path of a saved one.
    file : str or path, optional
        The file to show, by its path or the end of its path; by default all files, the most
        expensive first.
    width : int, optional
        Columns of the terminal; by default, nothing is cut or omitted.
    whole : bool
        Show whole files instead of only the functions that ran.

    Returns
    -------
    str
        The lines with their forward, backward, accumulate and engine times, bytes allocated and
        saved, and a bar: the share of the most expensive line.

    Raises
    ------
    ValueError
        If no lines were measured, or none of `file`.
    """
    return plain(annotated_rows(x, file, width, whole=whole))


def annotated_rows(
    x: Timed, file: str | os.PathLike[str] | None, width: int | None, *, whole: bool = False
) -> list[Row]:
    """Return the rows of `annotate`, as styled spans."""
    files: dict[str, dict[int, Usage]] = {}
    code = code_of(x)
    for spot in hotspots_of(records_of(x), "line"):
        files.setdefault(spot.key[0], {})[spot.key[1]] = spot.self_usage
    spent = {name: sum(usage.total_ns for usage in lines.values()) for name, lines in files.items()}
    total, elsewhere = sum(spent.values()), spent.pop("", 0)
    if files and not spent:
        raise ValueError(
            "this profile has no lines: set AUTOGRAD_TIMER=lines before autograd_tools is imported"
        )
    chosen = sorted(_named(list(spent), file), key=lambda name: -spent[name])
    most = max((usage.total_ns for name in chosen for usage in files[name].values()), default=0)
    shown: list[Row] = []
    for name, title in zip(chosen, apart(chosen)[0], strict=True):
        share = (
            f"{time_text(spent[name])} of {time_text(total)}, {percent_text(spent[name], total)}"
        )
        shown += fold([Span(f"{title}  {share}", "bold")], width)
        known = code.get(name, {})
        shown += [*_annotated(name, known, files[name], total, most, width, whole), []]
    if elsewhere:
        text = f"{time_text(elsewhere)} at unknown lines, {percent_text(elsewhere, total)}"
        return [*shown, *fold([Span(text, "dim")], width)]
    return shown[:-1]


def _named(files: Sequence[str], file: str | os.PathLike[str] | None) -> list[str]:
    """Return the files whose path is `file` or ends with it."""
    if file is None:
        return list(files)
    parts = Path(file).parts
    found = [
        name
        for name in files
        if Path(name) == Path(file).absolute() or Path(name).parts[-len(parts) :] == parts
    ]
    if not found:
        measured = ", ".join(dict.fromkeys(map(path_text, files)))
        raise ValueError(f"no line of {os.fspath(file)} was measured; choose {measured}")
    return found


def _annotated(
    file: str,
    known: Mapping[int, str],
    lines: Lines,
    total: int,
    most: int,
    width: int | None,
    whole: bool,
) -> Iterator[Row]:
    """Yield the lines of one file, below notes on them; `known` is their code as it was."""
    code = source_lines(file)
    edited = bool(code) and any(
        text and text != "".join(code[number - 1 : number]).strip()[:MAX_WIDTH]
        for number, text in known.items()
    )
    if edited or not code:
        code = []
    shown, changed = lines_around(code, lines) if code else (sorted(lines), False)
    if whole and code:
        shown = sorted({*range(1, len(code) + 1), *lines})
    note = "" if code else "… file not found; showing only measured lines"
    if changed:
        note = "… the file has changed: some measured lines contain no code now"
    if edited:
        note = "… the file has changed; showing only measured lines, as they were"
    if not code and max(known, default=LONGEST) < LONGEST:
        code = [known.get(number, "") for number in range(1, max(known) + 1)]
    numbers = _with_gaps(shown)
    columns, missing = with_room(
        _margin_columns(numbers, code, lines, total, most), width, READABLE
    )
    if note:
        yield from fold([Span(note, "italic dim")], width)
    yield from hidden(missing, width)
    header, *rows = plain(laid_out(columns, len(numbers), width)).split("\n")
    yield [Span(header, "bold")]
    for number, row in zip([*numbers, GAP], rows, strict=False):
        yield [Span(row, _style(lines.get(number), most))]


def _with_gaps(numbers: Sequence[int]) -> list[int]:
    """Return numbers with a `GAP` between two that do not follow each other."""
    found: list[int] = []
    for number in numbers:
        found += [GAP, number] if found and number > found[-1] + 1 else [number]
    return found


def _margin_columns(
    numbers: Sequence[int], code: Sequence[str], lines: Lines, total: int, most: int
) -> list[tuple[int, Cells]]:
    """Return the columns, each with its rank: the highest are hidden first."""
    usages = [lines.get(number) for number in numbers]
    columns = []
    for header, rank, figure, text in _margin(total, most):
        if rank == 0 or any(usage and figure(usage) for usage in usages):
            texts = [text(figure(usage)) if usage else "" for usage in usages]
            columns.append((rank, Cells(header, texts, right=header != "heat", whole=True)))
    labels = ["⋮" if number == GAP else str(number) for number in numbers]
    columns.append((0, Cells("line", labels, right=True, whole=True)))
    columns.append((0, Cells("", [_source_line(code, n) for n in numbers], name="code", cut=True)))
    return columns


def _margin(
    total: int, most: int
) -> Iterator[tuple[str, int, Callable[[Usage], int], Callable[[float], str]]]:
    """Yield the header, rank, figure and text of each column of the margin.

    To add a column, add an entry here. One with a rank is left out where all figures are 0.
    """
    yield "forward", 0, lambda usage: usage.ns["forward"], time_text
    yield "backward", 0, lambda usage: usage.ns["backward"], time_text
    yield "accumulate", 3, lambda usage: usage.ns["sum_outgrads"], time_text
    yield "engine", 3, lambda usage: usage.ns["engine"], time_text
    yield "allocated", 4, lambda usage: usage.allocated, _bytes
    yield "saved", 5, lambda usage: usage.saved, _bytes
    yield "%", 2, lambda usage: usage.total_ns, lambda ns: percent_text(ns, total)
    yield "heat", 1, lambda usage: usage.total_ns, lambda ns: bar_text(ns / most if most else 0)


def _bytes(n: float) -> str:
    return memory_text(n) if n else ""


def _source_line(code: Sequence[str], number: int) -> str:
    """Return a line of code; nothing for a gap and beyond the end of the file."""
    line = code[number - 1] if 0 < number <= len(code) else ""
    return shorten(line.rstrip().expandtabs(4), WIDEST_CODE)


def _style(usage: Usage | None, most: int) -> str:
    if usage is None:
        return "dim"
    return next(style for share, style in HEAT_STYLES if usage.total_ns >= share * most)
