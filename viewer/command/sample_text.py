"""Samples of a run as a tree of text: the user's functions, and where in them Python was."""

from __future__ import annotations

from collections.abc import Iterator

from pyinstrument.session import Session
from rich.text import Text

from autograd_tools.base.formats import count_text, percent_text, time_text
from autograd_tools.base.text import one_line
from viewer.command.sampling import ENGINE, INSTALLED, Frame, tree_of
from viewer.text.places import source_text

LEAST = 0.01  # of the whole run; what took less is not shown
DEEPEST = 24  # frames below one another


def sample_lines(session: Session, *, width: int | None) -> list[Text]:
    """The tree, the most expensive branches first, with what took less than a hundredth of the run left out."""
    root = tree_of(session)
    heading = f"Where Python was in {time_text(1e9 * root.seconds)}, by {count_text(session.sample_count)} samples of pyinstrument"
    lines = [Text(heading, style="bold")]
    for depth, frame in shown(root):
        spent = (
            f"{time_text(1e9 * frame.seconds):>8} {percent_text(frame.seconds, root.seconds):>6}  "
        )
        name, place = label(frame)
        line = (
            Text(f"{spent}{'  ' * depth}")
            .append(name, style="cyan")
            .append(f"  {place}" if place else "", style="dim")
        )
        lines.append(line if width is None else _cut(line, width))
    return lines


def shown(root: Frame) -> Iterator[tuple[int, Frame]]:
    """The frames to show, each followed by those in it, with how deep they stand."""
    todo = [(0, frame) for frame in reversed(root.ranked())]
    while todo:
        depth, frame = todo.pop()
        if frame.seconds >= LEAST * root.seconds and depth < DEEPEST:
            yield depth, frame
            todo += [(depth + 1, below) for below in reversed(frame.ranked())]


def label(frame: Frame) -> tuple[str, str]:
    """What a frame is called, and where it is: of a library by its path there."""
    if frame.key == ENGINE:
        return frame.name, "the engine, of which the tables tell"
    installed = INSTALLED.search(frame.file)
    place = (
        f"{one_line(frame.file[installed.end() :])}:{frame.line}"
        if installed
        else source_text(frame.file, frame.line)
    )
    return one_line(frame.name), place


def _cut(line: Text, width: int) -> Text:
    if line.cell_len > width:
        line.truncate(width, overflow="ellipsis")
    return line
