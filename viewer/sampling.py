"""The second view of a run: where Python itself was, as pyinstrument saw it about a thousand times a second.

The timer knows all that the engine did; this tells of the rest. So what the engine does is one row wherever it was called,
and so is a function of a library: what the user wrote stands alone, down to its lines.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pyinstrument
from pyinstrument.frame_info import IDENTIFIER_SEP, parse_frame_info
from pyinstrument.session import Session

import autograd_tools
from autograd_tools.files import write_bytes

ENDING = ".pyisession"
USERS, LIBRARY, ENGINE = "", "library", "autograd_tools"
BUILTIN = "<built-in>"
OURS = tuple(f"{Path(file).parent}{os.sep}" for file in (__file__, str(autograd_tools.__file__), pyinstrument.__file__))
INSTALLED = re.compile(r"^<frozen |[/\\](site-packages|dist-packages)[/\\]|[/\\]lib[/\\]python3\.\d+[/\\]|[/\\]Python3\d+[/\\]Lib[/\\]")


@dataclass
class Frame:
    """A function where it was called from, a line of one, or what the engine did there; `seconds` are those of all inside, too."""

    key: str
    name: str
    file: str = ""
    line: int = 0
    seconds: float = 0.0
    children: dict[str, Frame] = field(default_factory=dict)

    def child(self, *facts: str | int) -> Frame:
        """The frame right below this one that has a key, made of these facts if it is not there."""
        return self.children.get(str(facts[0])) or self.children.setdefault(str(facts[0]), Frame(*facts))  # type: ignore[arg-type]

    def ranked(self) -> list[Frame]:
        """The frames right below this one, the most expensive first."""
        return sorted(self.children.values(), key=lambda frame: -frame.seconds)


class _Info(NamedTuple):
    """What pyinstrument writes of a frame: `first` is the line where its function begins, `line` the one that ran."""

    key: str
    name: str
    file: str
    first: int
    line: int
    kind: str


class Sampler:
    """Samples the thread that runs its block, once."""

    def __init__(self) -> None:
        self.session: Session | None = None

    @contextmanager
    def sampling(self, what: str) -> Iterator[None]:
        """Sample the block, which `what` describes; a script that samples itself is not in the way."""
        profiler = pyinstrument.Profiler(async_mode="disabled")
        profiler.start(caller_frame=sys._getframe(), target_description=what)
        try:
            yield
        finally:
            self.session = profiler.stop()


def save(session: Session, path: Path) -> None:
    """Write a session as pyinstrument does, which opens it by `pyinstrument --load`."""
    write_bytes(path, json.dumps(session.to_json()).encode())


def load(path: Path) -> Session:
    """A session that `save` or pyinstrument wrote; ValueError for anything else."""
    if not path.is_file():
        raise ValueError(f"there is no {path}: `profile --sample -o` writes it beside the profile")
    try:
        session = Session.load(path)
        tree_of(session)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is no session of pyinstrument: {type(error).__name__}: {error}") from None
    return session


def tree_of(session: Session) -> Frame:
    """The frames of all samples added up, below a root for the whole run; a function right in itself is one frame."""
    root, known = Frame("", "(the whole run)"), dict[str, _Info]()
    stem = [parse_frame_info(text)[0] for text in session.start_call_stack]
    for stack, seconds in session.frame_records:
        infos = [known.get(text) or known.setdefault(text, _info(text)) for text in stack]
        while infos and len(infos) > len(stack) - len(stem) and infos[0].key == stem[len(stack) - len(infos)]:
            del infos[0]
        for frame in _path(root, infos):
            frame.seconds += seconds
    return root


def _path(root: Frame, infos: list[_Info]) -> list[Frame]:
    """The frames of a sample, from the root on: the user's functions, what they call of libraries, and last the line or the engine."""
    path, above, last = [root], USERS, None
    for info in infos:
        if info.file == BUILTIN:  # is a part of the line that calls it
            continue
        if info.kind == USERS:
            if path[-1].key != info.key:
                path.append(path[-1].child(info.key, info.name, info.file, info.first))
            last = info
        elif info.kind == LIBRARY and above == USERS:
            path.append(path[-1].child(info.key, info.name, info.file, info.first))
        above = above if info.kind == LIBRARY and above else info.kind  # what the engine calls is the engine's
    if above == ENGINE:
        path.append(path[-1].child(ENGINE, ENGINE))
    elif above == USERS and last is not None:
        path.append(path[-1].child(f"{last.file}:{last.line}", "", last.file, last.line))
    return path


def _info(text: str) -> _Info:
    key, attributes = parse_frame_info(text)
    name, file, first = key.split(IDENTIFIER_SEP)
    lines = [int(attribute[1:]) for attribute in attributes if attribute.startswith("l")]
    owners = [attribute[1:] for attribute in attributes if attribute.startswith("c")]
    if file.startswith("<frozen importlib"):
        return _Info("import", "import", "", 0, 0, LIBRARY)
    return _Info(key, ".".join([*owners, name]), file, int(first), lines[0] if lines else int(first), _kind(file))


def _kind(file: str) -> str:
    """Whose code a file is: the engine's, a library's, or the user's."""
    if file.startswith(OURS):
        return ENGINE
    return LIBRARY if INSTALLED.search(file) else USERS
