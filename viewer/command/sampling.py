"""The second view of a run: where Python itself was, as pyinstrument saw it about a thousand times a second.

The timer knows what the engine computed; this tells of the rest. So what the engine does is one row wherever it was called,
and so is a function of a library: what the user wrote stands alone. There is nothing by line: a sample is taken where a function
is called or returns, which may be far from where the time went.
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
from autograd_tools.base.documents import write_bytes

ENDING = ".pyisession"
USERS, LIBRARY, ENGINE = "", "library", "engine"
ITSELF = "itself"  # the key of the time in a function that is in no other
BUILTIN = "<built-in>"
OURS = tuple(
    f"{Path(file).parent}{os.sep}"
    for file in (__file__, str(autograd_tools.__file__), pyinstrument.__file__)
)
INSTALLED = re.compile(
    r"^<frozen |[/\\](site-packages|dist-packages)[/\\]|[/\\]lib[/\\]python3\.\d+[/\\]|[/\\]Python3\d+[/\\]Lib[/\\]"
)


@dataclass
class Frame:
    """A function where it was called from, by the line where it begins; `seconds` are those of the frames inside, too.

    Inside are also what the engine did there, and the function itself.
    """

    key: str
    name: str
    file: str = ""
    line: int = 0
    seconds: float = 0.0
    children: dict[str, Frame] = field(default_factory=dict)

    def child(self, *facts: str | int) -> Frame:
        """The frame right below this one that has a key, made of these facts if it is not there."""
        key = str(facts[0])
        return self.children.get(key) or self.children.setdefault(key, Frame(*facts))  # type: ignore[arg-type]

    def ranked(self) -> list[Frame]:
        """The frames right below this one, the most expensive first."""
        if list(self.children) == [ITSELF]:
            return []
        return sorted(self.children.values(), key=lambda frame: -frame.seconds)


class _Info(NamedTuple):
    """What pyinstrument writes of a frame, and whose it is."""

    key: str
    name: str
    file: str
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
        raise ValueError(
            f"{path} is no session of pyinstrument: {type(error).__name__}: {error}"
        ) from None
    return session


def tree_of(session: Session) -> Frame:
    """The frames of all samples added up, below a root for the whole run; a function right in itself is one frame."""
    root, known = Frame("", "(the whole run)"), dict[str, _Info]()
    stem = [parse_frame_info(text)[0] for text in session.start_call_stack]
    for stack, seconds in session.frame_records:
        same = next(
            (
                i
                for i, (text, key) in enumerate(zip(stack, stem, strict=False))
                if parse_frame_info(text)[0] != key
            ),
            len(stem),
        )
        infos = [known.get(text) or known.setdefault(text, _info(text)) for text in stack[same:]]
        for frame in _path(
            root, [info for info in infos if info.file != BUILTIN]
        ):  # it belongs to its caller
            frame.seconds += seconds
    return root


def _path(root: Frame, infos: list[_Info]) -> list[Frame]:
    """The frames of a sample, from the root on: the user's functions, what they call of libraries, and last who had the time."""
    path, above = [root], USERS
    for info in infos:
        if (info.kind == USERS and path[-1].key != info.key) or (
            info.kind == LIBRARY and above == USERS
        ):
            path.append(path[-1].child(info.key, info.name, info.file, info.line))
        above = (
            above if info.kind == LIBRARY and above else info.kind
        )  # what the engine calls is the engine's
    path.append(
        path[-1].child(*(ENGINE, "autograd_tools") if above == ENGINE else (ITSELF, "(itself)"))
    )
    return path


def _info(text: str) -> _Info:
    key, attributes = parse_frame_info(text)
    name, file, line = key.split(IDENTIFIER_SEP)
    if file.startswith("<frozen importlib"):
        return _Info("import", "import", "", 0, LIBRARY)
    owners = [attribute[1:] for attribute in attributes if attribute.startswith("c")]
    return _Info(key, ".".join([*owners, name]), file, int(line), _kind(file))


def _kind(file: str) -> str:
    """Whose code a file is: the engine's, a library's, or the user's."""
    if file.startswith(OURS):
        return ENGINE
    return LIBRARY if INSTALLED.search(file) else USERS
