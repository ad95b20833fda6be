"""The user's lines that the steps of a capture belong to."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from autograd_tools.engine.rule_sites import passing, running
from autograd_tools.engine.state import innermost_open
from autograd_tools.location.code_files import file_of
from autograd_tools.location.users_code import is_users
from autograd_tools.programs.capturing.names_inside import NamesInside
from autograd_tools.programs.steps.program import NOWHERE, Site

USERS, PASSING, OTHER = "the user's", "a backward pass", "another's"  # code


class Sites:
    """The lines of one capture; `names` notes the user's names on the way."""

    def __init__(self, names: NamesInside | None = None) -> None:
        self.names = names
        self._known: dict[Any, Site] = {}  # by code and line, and by site and rule
        self._recorded: dict[tuple[int, int], Site] = {}  # by serial and index in a recording
        self._kinds: dict[int, str] = {}  # of code, by its id
        self._codes: list[Any] = []  # so that their ids stay theirs
        self._pass: tuple[Any, Any] = (None, None)  # the last frame of a backward pass, and of what

    def current(self) -> Site:
        """Find the user's line, or that of the operation whose rule runs."""
        frame: Any = sys._getframe(2)
        kinds = self._kinds
        site = NOWHERE
        while frame is not None:
            kind = kinds.get(id(frame.f_code)) or self._kind(frame)
            if kind is not OTHER:
                found = self._users(frame) if kind is USERS else self._of_rule(frame)
                if found is not None:
                    site = found
                    break
            frame = frame.f_back
        recording = innermost_open()
        if recording is not None:
            self._recorded[recording.serial, len(recording.entries)] = site
            if self.names is not None:
                self.names.look_at_entry(recording)
        return site

    def _kind(self, frame: FrameType) -> str:
        code = frame.f_code
        kind = PASSING if "outgrads" in code.co_varnames else USERS if is_users(frame) else OTHER
        self._kinds[id(code)] = kind
        self._codes.append(code)
        return kind

    def _users(self, frame: FrameType) -> Site:
        code = frame.f_code
        if self.names is not None:
            self.names.look(frame)
        key = id(code), frame.f_lineno
        return self._known.get(key) or self._known.setdefault(
            key, Site(file_of(code, frame.f_globals), frame.f_lineno, code.co_qualname)
        )

    def _of_rule(self, frame: FrameType) -> Site | None:
        """Return the line of the operation that a backward pass is at; None between two."""
        if self._pass[0] is not frame:
            self._pass = frame, passing(frame)
        recording = self._pass[1]
        index = None if recording is None else running(recording)
        if index is None:
            return None
        if self.names is not None:
            self.names.look_at_gradient(recording, index)
        site = self._recorded.get((recording.serial, index), NOWHERE)
        key = id(site), recording.entries[index][0].primitive.name
        known = self._known.get(key)
        if known is None:
            known = site._replace(gradients=site.gradients + 1, rule=key[1])
            self._known[key] = known
            self._codes.append(site)
        return known

    def finish(self) -> None:
        """Let go of frames."""
        self._pass = None, None
