"""Samples of a script's Python code, by pyinstrument, as a call tree.

The timer measures the engine, so here the engine is one frame wherever it is called, and so is a
function of a library. The tree has no lines: pyinstrument samples where a function is called or
returns, which may be far from the line that takes the time.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pyinstrument
from pyinstrument.frame_info import IDENTIFIER_SEP, parse_frame_info
from pyinstrument.session import Session

import autograd_tools
from autograd_tools.base.documents import DAMAGE
from autograd_tools.base.output import shown, write_bytes
from viewer.command.messages import say
from viewer.labels import plural

ENDING = ".pyisession"
USERS, LIBRARY, ENGINE = "", "library", "engine"
ITSELF = "itself"  # the key of the self time of a function
BUILTIN = "<built-in>"
OURS = tuple(
    f"{Path(file).parent}{os.sep}"
    for file in (__file__, str(autograd_tools.__file__), pyinstrument.__file__)
)
INSTALLED = re.compile(
    r"^<frozen |[/\\](site-packages|dist-packages)[/\\]|[/\\]lib[/\\]python3\.\d+[/\\]"
    r"|[/\\]Python3\d+[/\\]Lib[/\\]"
)


@dataclass
class Frame:
    """A node of the call tree: a function, the line where it begins, and its total time.

    Its children are the functions it calls, the engine, and its self time.
    """

    key: str
    name: str
    file: str = ""
    line: int = 0
    seconds: float = 0.0
    children: dict[str, Frame] = field(default_factory=dict)

    def child(self, *facts: str | int) -> Frame:
        """Return the child with the key `facts[0]`, made of these facts if it is new."""
        key = str(facts[0])
        if key not in self.children:
            self.children[key] = Frame(*facts)  # type: ignore[arg-type]
        return self.children[key]

    def ranked(self) -> list[Frame]:
        """Return the children, the most expensive first."""
        if list(self.children) == [ITSELF]:
            return []
        return sorted(self.children.values(), key=lambda frame: -frame.seconds)


class _Info(NamedTuple):
    """A frame of a sample, and its owner."""

    key: str
    name: str
    file: str
    line: int
    kind: str


class Sampler:
    """Samples a block, in the thread that runs it."""

    def __init__(self) -> None:
        self.session: Session | None = None
        self._profiler: pyinstrument.Profiler | None = None
        self._clock = time.perf_counter  # here, where freezegun does not replace it
        self._start = self._clock()

    @contextmanager
    def sampling(self, target: str) -> Iterator[None]:
        """Sample the block, described as `target`; the script may sample itself, too."""
        profiler = pyinstrument.Profiler(async_mode="disabled")
        profiler.start(caller_frame=sys._getframe(), target_description=target)
        self._profiler = profiler
        try:
            yield
        finally:
            self.stop()

    def stop(self) -> None:
        """Keep the samples so far, and take no more."""
        profiler, self._profiler = self._profiler, None
        if profiler is not None:
            self.session = profiler.stop()
            self._drop_jumps(self.session)

    def _drop_jumps(self, session: Session) -> None:
        """Drop the samples during which the script replaced the clock, as tests of dates do."""
        most = self._clock() - self._start
        kept = [record for record in session.frame_records if 0 <= record[1] <= most]
        if lost := len(session.frame_records) - len(kept):
            session.frame_records, session.sample_count = kept, session.sample_count - lost
            say(
                f"left out {plural(lost, 'sample')} in which the script changed the clock; the "
                "call tree lacks the time of a frozen clock"
            )


def save(session: Session, path: Path) -> None:
    """Write a session to a file that `pyinstrument --load` opens."""
    write_bytes(path, json.dumps(session.to_json()).encode())


def load(path: Path) -> Session:
    """Read a session that `save` or pyinstrument wrote; raise ValueError for another file."""
    if not path.is_file():
        raise ValueError(
            f"there is no {shown(path)}: `profile --sample -o` writes it beside the profile"
        )
    try:
        session = Session.load(path)
        tree_of(session)
    except DAMAGE as error:
        raise ValueError(
            f"{shown(path)} is not a pyinstrument session: {type(error).__name__}: {error}"
        ) from None
    return session


def tree_of(session: Session) -> Frame:
    """Merge the frames of all samples below a root; direct recursion is one frame."""
    root, known = Frame("", "(the whole run)"), dict[str, _Info]()
    stem = [parse_frame_info(text)[0] for text in session.start_call_stack]
    for stack, seconds in session.frame_records:
        if not 0 <= seconds < math.inf:
            raise ValueError(f"expected seconds of 0 or more, got {seconds!r:.100}")
        same = next(
            (
                i
                for i, (text, key) in enumerate(zip(stack, stem, strict=False))
                if parse_frame_info(text)[0] != key
            ),
            len(stem),
        )
        infos = [known.get(text) or known.setdefault(text, _info(text)) for text in stack[same:]]
        # A built-in function belongs to its caller.
        for frame in _path(root, [info for info in infos if info.file != BUILTIN]):
            frame.seconds += seconds
    return root


def _path(root: Frame, infos: list[_Info]) -> list[Frame]:
    """Return the frames of a sample from the root to the owner of its time."""
    path, above = [root], USERS
    for info in infos:
        if (info.kind == USERS and path[-1].key != info.key) or (
            info.kind == LIBRARY and above == USERS
        ):
            path.append(path[-1].child(info.key, info.name, info.file, info.line))
        if info.kind != LIBRARY or not above:  # a library called by the engine is the engine's
            above = info.kind
    facts = (ENGINE, "autograd_tools") if above == ENGINE else (ITSELF, "(self)")
    return [*path, path[-1].child(*facts)]


def _info(text: str) -> _Info:
    key, attributes = parse_frame_info(text)
    name, file, line = key.split(IDENTIFIER_SEP)
    if file.startswith("<frozen importlib"):
        return _Info("import", "import", "", 0, LIBRARY)
    owners = [attribute[1:] for attribute in attributes if attribute.startswith("c")]
    return _Info(key, ".".join([*owners, name]), file, int(line), _kind(file))


def _kind(file: str) -> str:
    """Return the owner of a file: the engine, a library, or the user."""
    if file.startswith(OURS):
        return ENGINE
    return LIBRARY if INSTALLED.search(file) else USERS
