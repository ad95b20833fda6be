"""Call sites for records: the line and the scopes of an operation, whatever call of a function.

The sites and paths are the same objects in all recordings, so a training loop makes them once.
"""

from __future__ import annotations

import inspect
import sys
from types import CodeType, FrameType
from typing import Any

from autograd_tools.location.call_site import NOWHERE, CallSite, PathEntry
from autograd_tools.location.code_files import file_of
from autograd_tools.location.locators import PAUSES, Around, Entry, Locator
from autograd_tools.location.scopes import OpenScope, innermost_scope, last_scope, scopes
from autograd_tools.location.users_code import is_users, library_codes

MOST_ENTRIES = 2**14
UNUSUAL = PAUSES | inspect.CO_GENERATOR  # calls that may go on elsewhere
_getframe = sys._getframe
of_generators = scopes.of_generators


class LineSite(CallSite):
    """A call site that is one object for all operations there; `of` makes others of it.

    Attributes
    ----------
    belongs : object
        What it was made for with `of`, else None.
    known : dict
        What `of` has made.
    """

    belongs: Any = None
    known: dict[Any, LineSite]
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def of(self, thing: object) -> LineSite:
        """Return the same site for a thing, one object for each."""
        found = self.known.get(thing)
        if found is None:
            found = self.known[thing] = LineSite._make(self)
            found.belongs = thing
        return found


OUTSIDE_LINES = LineSite(*NOWHERE)  # of calls with no code of the user around them
OUTSIDE_LINES.known = {}


class LineEntry(PathEntry):
    """A path entry for all calls of a function at its place, and for all entries of a scope.

    Attributes
    ----------
    inner, calls : dict
        The entries inside, by name, code and start, and those of functions by their code.
    sites : dict
        The call sites by code and offset.
    """

    __slots__ = ("calls", "inner", "sites")

    def __init__(self, *facts: Any) -> None:
        super().__init__(*facts)
        self.inner: Inner = {}
        self.calls: dict[int, LineEntry] = {}
        self.sites: dict[int, tuple[CodeType, dict[int, LineSite]]] = {}


Inner = dict[tuple[str, int, int], LineEntry]
_outermost: Inner = {}
_entries = 0


def _entry(around: PathEntry | None, name: str, code: CodeType | None, start: int) -> LineEntry:
    """Return the entry of a function or scope inside another entry."""
    global _entries
    inner = around.inner if isinstance(around, LineEntry) else _outermost
    key = name, id(code), start
    found = inner.get(key)
    if found is None:
        if _entries >= MOST_ENTRIES:
            _outermost.clear()
            _entries = 0
        _entries += 1
        found = inner[key] = LineEntry(around, 1 if name else -1, name, code, 0, start)
        is_call = code is not None and start < 0 and code.co_name != "<lambda>"
        if is_call and isinstance(around, LineEntry):
            around.calls[id(code)] = found
    return found


class LineLocator(Locator):
    """Finder of the call sites of one recording, as far as records need them."""

    def find(self) -> CallSite:
        """Return the call site in the innermost frame of the user's code."""
        frame: FrameType | None = _getframe(self.skip)
        below, last = None, self._frame
        while frame is not last and frame is not None:
            if id(frame.f_code) not in library_codes and is_users(frame):
                break
            below = frame
            frame = frame.f_back
        if frame is None:
            return OUTSIDE_LINES
        scope = None
        if last_scope() is not None or of_generators:
            scope = innermost_scope()
        if frame is not last or scope is not self._scope:
            self._enter(frame, scope, below)
        offset = frame.f_lasti
        site: LineSite | None = self._notes.get(offset)
        if site is None:
            file = file_of(frame.f_code, frame.f_globals)
            site = self._notes[offset] = LineSite(file, frame.f_lineno, *self._here, offset)
            site.known = {}
        return site

    note = find

    def _enter(self, frame: FrameType, scope: object | None, below: FrameType | None) -> None:
        code = frame.f_code
        if last_scope() is not None or of_generators or not self._follow(frame, code):
            super()._enter(frame, scope, below)
        path = self._here[1]
        if isinstance(path, LineEntry):
            known = path.sites.get(id(code))
            if known is None:
                known = path.sites[id(code)] = code, {}
            self._notes = known[1]

    def _follow(self, frame: FrameType, code: CodeType) -> bool:
        """Go to an open call, or to a new one inside an open call; return False for any other."""
        around, chain, path = self._around, self._chain, self._last
        known = around.get(frame)
        if known is None:
            if code.co_flags & UNUSUAL:
                return False
            caller, outer = frame.f_back, None
            while caller is not None:
                outer = around.get(caller)
                if outer is not None:
                    break
                if id(caller.f_code) not in library_codes and is_users(caller):
                    return False
                caller = caller.f_back
            if outer is None or outer[2] is not None:
                return False
            n, keys = outer[0] + 1, outer[1] + 1
        elif known[2] is not None:
            return False
        else:
            n, keys = known[0] + 1, known[1] + 1
        while len(chain) > keys:
            around.pop(chain.pop(), None)
        del path[n:]
        if known is None:
            around[frame] = (n, keys, None)
            chain.append(frame)
            found = path[-1].calls.get(id(code)) if isinstance(path[-1], LineEntry) else None
            path.append(found or _entry(path[-1], self._name(frame), code, -1))
        self._here = (code.co_qualname, path[-1])
        self._frame, self._scope = frame, None
        return True

    def _levels(
        self, found: list[Entry], around: Around, open_scopes: list[OpenScope]
    ) -> PathEntry | None:
        """Return the innermost of the entries `around` and those found inside."""
        chain, path = self._chain, self._last
        for key in chain[around[1] :]:
            self._around.pop(key, None)
        del chain[around[1] :], path[around[0] :]
        for key, name, code, _, start, _, k in found:
            if name is None:  # a frame of a library
                continue
            if k >= 0 and not (code and code.co_flags & UNUSUAL):
                scope = open_scopes[k - 1] if k else None
                self._around[key] = (len(path), len(chain), scope)
            chain.append(key)
            path.append(_entry(path[-1] if path else None, name, code, start))
        return path[-1] if path else None
