"""The user's source in a map: files as they were when the trace was made, else their lines only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from autograd_tools.location.source_lines import MAX_WIDTH
from autograd_tools.tracing.columns import Numbering
from viewer.text.places import path_text, source_lines

LARGEST = 400_000  # characters of a file; of a larger one the lines around those that ran are kept
MARGIN = 40  # lines
GONE = "file not found; only the lines that ran are known"
CHANGED = "the file has changed; only the lines that ran are shown, as they were"
LARGE = "a part of a large file"


class Files:
    """The numbers of files by their paths, and the lines in them that ran."""

    def __init__(self) -> None:
        self.numbers: Numbering[str] = Numbering()
        self.code: dict[str, dict[int, str]] = {}

    def number(self, path: str) -> int:
        """Return the number of a file, -1 without a path."""
        return self.numbers[path] if path else -1

    def add(self, path: str, line: int, code: str) -> None:
        """Add a line that ran; its code is empty where it is unknown."""
        if path and line > 0:
            lines = self.code.setdefault(path, {})
            lines[line] = lines.get(line) or code

    def to_list(self) -> list[dict[str, Any]]:
        """Return the files in order, ready for JSON."""
        return [_file(path, self.code.get(path, {})) for path in self.numbers]


def _file(path: str, known: Mapping[int, str]) -> dict[str, Any]:
    shown = path_text(path)
    found = {"path": shown, "name": shown.replace("\\", "/").rpartition("/")[2], "start": 1}
    lines = source_lines(path)
    if not lines:
        return {**found, "text": None, "note": GONE}
    if any(code and _code(lines, number) != code for number, code in known.items()):
        return {**found, "text": None, "note": CHANGED}
    if sum(map(len, lines)) <= LARGEST:
        return {**found, "text": "".join(lines), "note": ""}
    return {**found, **_part(lines, known), "note": LARGE}


def _code(lines: list[str], number: int) -> str:
    return "".join(lines[number - 1 : number]).strip()[:MAX_WIDTH]


def _part(lines: list[str], known: Iterable[int]) -> dict[str, Any]:
    """Return the lines around those that ran, as many as there is room for."""
    first, last = max(min(known) - MARGIN, 1), min(max(known) + MARGIN, len(lines))
    kept, size = [], 0
    for line in lines[first - 1 : last]:
        size += len(line)
        if size > LARGEST:
            break
        kept.append(line)
    return {"text": "".join(kept), "start": first}
