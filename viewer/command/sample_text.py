"""The call tree of a sampled run as text."""

from __future__ import annotations

from collections.abc import Iterator

from pyinstrument.session import Session

from autograd_tools.base.formats import count_text, percent_text, time_text
from autograd_tools.base.text import one_line
from viewer.command.sampling import ENGINE, INSTALLED, Frame, tree_of
from viewer.text.lines import Row, Span, shorten
from viewer.text.places import source_text

LEAST = 0.01  # the share of the run below which a frame is not shown
DEEPEST = 24  # levels shown


def sample_rows(session: Session, *, width: int | None) -> Iterator[Row]:
    """Yield the call tree, the most expensive branches first."""
    root = tree_of(session)
    samples = f"{count_text(session.sample_count)} samples of pyinstrument"
    yield [Span(f"Python call tree: {time_text(1e9 * root.seconds)} in {samples}", "bold")]
    for depth, frame in shown(root):
        share = percent_text(frame.seconds, root.seconds)
        spent = f"{time_text(1e9 * frame.seconds):>8} {share:>6}  {'  ' * depth}"
        name, place = label(frame)
        line, end = shorten(f"{spent}{name}  {place}", width), len(spent) + len(name)
        yield [
            Span(line[: len(spent)]),
            Span(line[len(spent) : end], "cyan"),
            Span(line[end:], "dim"),
        ]


def shown(root: Frame) -> Iterator[tuple[int, Frame]]:
    """Yield the frames to show, each with its depth and before its children."""
    todo = [(0, frame) for frame in reversed(root.ranked())]
    while todo:
        depth, frame = todo.pop()
        if frame.seconds >= LEAST * root.seconds and depth < DEEPEST:
            yield depth, frame
            todo += [(depth + 1, below) for below in reversed(frame.ranked())]


def label(frame: Frame) -> tuple[str, str]:
    """Return the name of a frame, and its place: of a library its path there."""
    if frame.key == ENGINE:
        return frame.name, "the engine, see the tables"
    installed = INSTALLED.search(frame.file)
    if installed:
        return one_line(frame.name), f"{one_line(frame.file[installed.end() :])}:{frame.line}"
    return one_line(frame.name), source_text(frame.file, frame.line)
