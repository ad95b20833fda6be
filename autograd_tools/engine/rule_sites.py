"""Call sites in nested recordings: operations of a rule have the site of the differentiated one.

An outer recording records what the rules of an inner one compute. The line that called the inner
gradient says nothing about them, so they get the site of the inner entry whose gradient they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from operator import length_hint
from types import FrameType
from typing import Any

from autograd_tools.engine.state import innermost_open, recordings
from autograd_tools.location.call_site import NOWHERE, CallSite
from autograd_tools.location.line_locator import LineLocator
from autograd_tools.location.locators import Locator
from autograd_tools.timing import instrument as timing

# The site of an entry as each enclosing recording with paths of its own sees it, by the serial
# of the recording, and the site's position in the `between` of that recording.
Sites = dict[int, tuple[CallSite, int]]
PASSES = frozenset({"outgrads", "tangents"})  # variables of the functions that make a pass


class NestedLocator:
    """Finder of the call sites of a recording inside another one that has call sites.

    A tape has paths of its own; others have those of the enclosing recording.
    """

    def __init__(self, recording: Any, outer: Any, base: FrameType | None) -> None:
        self.recording, self.outer, self.base = recording, outer, base
        self.own: Locator | None = Locator(base) if recording.retain else None

    def find(self) -> CallSite:
        """Return the call site in the innermost frame of the user's code."""
        recording = self.recording
        sites = recording.sites[len(recording.notes)] = _between(self.outer)
        if self.own is None and not sites:  # the enclosing recording closed first
            self.own = LineLocator(self.base)
        return sites[owner_of_sites(recording)][0] if self.own is None else self.own.find()

    note = find  # the timer replaces it in an instance


def _between(recording: Any) -> Sites:
    """Find the site of an operation that a recording does not record, but one inside it."""
    locator = _plain(recording.locator)
    if locator is None:
        return {}
    if not isinstance(locator, NestedLocator):
        sites, own = {}, locator
    else:
        sites, own = _between(locator.outer), locator.own
    if own is not None:
        site = own.find()
        if recording.between is None:
            recording.between = []
        recording.between.append((len(recording.entries), site))
        sites[recording.serial] = site, len(recording.between) - 1
    return sites


def owner_of_sites(recording: Any) -> int:
    """Return the serial of the innermost recording around an open one that has paths of its own."""
    locator = _plain(recording.locator)
    while isinstance(locator, NestedLocator) and locator.own is None:
        recording = locator.outer
        locator = _plain(recording.locator)
    serial: int = recording.serial
    return serial


def _plain(locator: Any) -> Any:
    while isinstance(locator, RuleLocator):
        locator = locator.usual
    return locator


class RuleLocator:
    """Finder of the call sites of what the rules of `inner` record on `outer`."""

    def __init__(self, inner: Any, outer: Any) -> None:
        self.inner, self.outer, self.usual = inner, outer, outer.locator
        self._open, self._owner = innermost_open(), owner_of_sites(outer)
        self._index = -1
        self._sites: Sites = {}
        if timing.ENABLED:
            self.note = timing.time_note(self.find, outer)  # type: ignore[method-assign]

    def find(self) -> CallSite:
        """Return the site of the operation whose gradient the running rule computes."""
        index = running(self.inner)
        if index is None or innermost_open() is not self._open:  # a hook, or a function run again
            return self.usual.find()
        if index != self._index:
            self._index, self._sites = index, _of_rules(self.inner, index)
        found = self._sites.get(self._owner)
        if found is None:
            return self.usual.find()
        if self.outer.sites is not None:
            self.outer.sites[len(self.outer.notes)] = self._sites
        return found[0]

    note = find


def _of_rules(recording: Any, index: int) -> Sites:
    """Return the sites of what the rules of an entry compute."""
    name = recording.entries[index][0].primitive.name
    sites: Sites = {}
    for owner, (site, place) in (recording.sites or {}).get(index, {}).items():
        outer = f" in the gradient of {site.gradient}" if site.gradient else ""
        sites[owner] = site._replace(gradient=name + outer, between=place), place
    return sites


def running(recording: Any) -> int | None:
    """Return the index of the entry whose rules run in a pass over a recording."""
    if recording.running is None:
        return None
    indices, last, sign = recording.running
    return int(last + sign * length_hint(indices))


def passing(frame: FrameType) -> Any:
    """Return the recording whose pass runs in a frame of the engine; None for others."""
    if PASSES.isdisjoint(frame.f_code.co_varnames):
        return None
    return frame.f_locals.get("recording")


def site_of(recording: Any, index: int) -> CallSite:
    """Return the call site of an entry, if the recording has call sites."""
    site: CallSite = recording.notes[index] if recording.notes else NOWHERE
    return site


@contextmanager
def rules_located(recording: Any) -> Iterator[None]:
    """Give what the rules of a recording compute in the block the sites of its entries."""
    outers = recordings.in_effect()
    located = [(outer, outer.locator) for outer in outers if outer.locator is not None]

    def as_before() -> None:
        for outer, locator in located:
            outer.locator = locator if outer.is_open else None

    try:
        try:
            for outer, _ in located:
                outer.locator = RuleLocator(recording, outer)
            yield
        finally:
            as_before()
    finally:
        as_before()
