"""The user's source in a map: files as they were when they ran, else the lines that are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias

from autograd_tools.location.code_files import lines_as_run
from autograd_tools.location.source_lines import MAX_WIDTH
from autograd_tools.tracing.columns import Numbering
from viewer.text.places import apart, source_lines

LARGEST = 400_000  # characters of a file; of a larger one lines around those that ran are kept
WIDEST = 2_000  # characters of a line in a large file
MARGINS = (40, 20, 10, 5, 2, 0)  # lines around those that ran, as many as there is room for
GONE = "file not found; only the lines that ran are known"
CHANGED = "the file has changed; only the lines that ran are shown, as they were"
CHANGED_SINCE = "the file has changed since; shown as it ran"
GONE_SINCE = "file not found; shown as it ran"
LARGE = "a part of a large file"

Stretch: TypeAlias = tuple[int, str]  # the number of a line, and the text from there on


class Files:
    """The numbers of files by their paths, and the lines in them that ran."""

    def __init__(self) -> None:
        self.numbers: Numbering[str] = Numbering()
        self.code: dict[str, dict[int, str]] = {}
        self.heads: dict[tuple[str, int], str] = {}  # of loops, shown where the code is unknown

    def number(self, path: str) -> int:
        """Return the number of a file, -1 without a path."""
        return self.numbers[path] if path else -1

    def add(self, path: str, line: int, code: str) -> None:
        """Add a line that ran; its code is empty where it is unknown."""
        if path and line > 0:
            lines = self.code.setdefault(path, {})
            lines[line] = lines.get(line) or code

    def to_list(self) -> list[dict[str, Any]]:
        """Return the files in order, ready for JSON; names tell them apart."""
        named = zip(self.numbers, *apart(list(self.numbers)), strict=True)
        return [
            {"path": shown, "name": name, **self._file(path, self.code.get(path, {}))}
            for path, shown, name in named
        ]

    def _file(self, path: str, known: Mapping[int, str]) -> dict[str, Any]:
        """Return the known stretches of a file, its number of lines, 0 if unknown, and a note."""
        now, ran = source_lines(path), lines_as_run(path)
        lines = next((own for own in (ran, now) if own and _has(own, known)), None)
        if lines is None:
            texts = {line: known[line] or self.heads.get((path, line)) for line in sorted(known)}
            parts = _joined((line, f"{text}\n") for line, text in texts.items() if text)
            return {"parts": parts, "lines": 0, "note": CHANGED if now else GONE}
        notes = [] if lines == now else [CHANGED_SINCE if now else GONE_SINCE]
        if sum(map(len, lines)) <= LARGEST:
            parts = [(1, "".join(lines))]
        else:
            parts, notes = _parts(lines, known), [*notes, LARGE]
        return {"parts": parts, "lines": len(lines), "note": "; ".join(notes)}


def _has(lines: Sequence[str], known: Mapping[int, str]) -> bool:
    """Return whether all known lines are those of a file."""
    return all(
        not code or "".join(lines[number - 1 : number]).strip()[:MAX_WIDTH] == code
        for number, code in known.items()
    )


def _parts(lines: Sequence[str], known: Iterable[int]) -> list[Stretch]:
    """Return the lines that ran, and those around them as far as there is room."""
    ran = [number for number in sorted(known) if number <= len(lines)]
    found: list[Stretch] = []
    for margin in MARGINS:
        around = (range(max(n - margin, 1), min(n + margin, len(lines)) + 1) for n in ran)
        numbers = sorted(set(chain.from_iterable(around)))
        found = [(number, _short(lines[number - 1])) for number in numbers]
        if sum(len(text) for _, text in found) <= LARGEST:
            break
    return _joined(found)


def _short(line: str) -> str:
    whole = line.rstrip("\r\n")
    return line if len(whole) <= WIDEST else f"{whole[:WIDEST]} … {len(whole):,} characters\n"


def _joined(lines: Iterable[Stretch]) -> list[Stretch]:
    """Return lines with those that follow one another together."""
    found: list[tuple[int, list[str]]] = []
    for number, text in lines:
        if found and number == found[-1][0] + len(found[-1][1]):
            found[-1][1].append(text)
        else:
            found.append((number, [text]))
    return [(number, "".join(texts)) for number, texts in found]
