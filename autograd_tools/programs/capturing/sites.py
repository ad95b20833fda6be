"""The user's lines that the steps of a capture belong to."""

from __future__ import annotations

import sys
from typing import Any

from autograd_tools.engine.rule_sites import passing, running
from autograd_tools.engine.state import innermost_open
from autograd_tools.location.code_files import file_of
from autograd_tools.location.users_code import is_users
from autograd_tools.programs.capturing.names_inside import NamesInside
from autograd_tools.programs.steps.program import NOWHERE, Site


class Sites:
    """The lines of one capture; `names` notes the user's names on the way."""

    def __init__(self, names: NamesInside | None = None) -> None:
        self.names = names
        self._known: dict[Any, Site] = {}  # by code and line, and by site and rule
        self._recorded: dict[tuple[int, int], Site] = {}  # by serial and index in a recording

    def current(self) -> Site:
        """Find the user's line, or that of the operation whose rule runs."""
        frame: Any = sys._getframe(2)
        while frame is not None:
            if "outgrads" in frame.f_code.co_varnames:
                recording = passing(frame)
                index = None if recording is None else running(recording)
                if index is not None:
                    if self.names is not None:
                        self.names.look_at_gradient(recording, index)
                    site = self._recorded.get((recording.serial, index), NOWHERE)
                    rule = recording.entries[index][0].primitive.name
                    site = self._known.get(key := (site, rule)) or self._known.setdefault(
                        key, site._replace(gradients=site.gradients + 1, rule=rule)
                    )
                    break
            elif is_users(frame):
                code = frame.f_code
                if self.names is not None:
                    self.names.look(frame)
                site = self._known.get(key := (code, frame.f_lineno)) or self._known.setdefault(
                    key, Site(file_of(code, frame.f_globals), frame.f_lineno, code.co_qualname)
                )
                break
            frame = frame.f_back
        else:
            site = NOWHERE
        recording = innermost_open()
        if recording is not None:
            self._recorded[recording.serial, len(recording.entries)] = site
            if self.names is not None:
                self.names.look_at_entry(recording)
        return site
