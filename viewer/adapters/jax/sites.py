"""The source lines and places of the steps of a gradient."""

from __future__ import annotations

from collections.abc import Sequence

from autograd_tools.location.call_tree import ScopeNode
from autograd_tools.location.places import places_of
from autograd_tools.location.source_lines import code_at
from autograd_tools.tracing.columns import SourceLine
from viewer.adapters.jax.calls import call_sites
from viewer.adapters.jax.frames import innermost
from viewer.adapters.jax.gradient import Step
from viewer.adapters.jax.owners import LOOPS, Owner


class Sites:
    """Gives each step the line and the place of the operation that owns it."""

    def __init__(self, owners: Sequence[Owner]) -> None:
        self._owners = owners
        self._sites = call_sites([owner.path for owner in owners])
        places, self._place = places_of(self._sites)
        self.places = [_as_loop(place) for place in places]

    def place(self, step: Step | int) -> int:
        """Return the place of a step; 0 for an argument, or if it is unknown."""
        if isinstance(step, int) or step.owner is None:
            return 0
        return self._place[step.owner]

    def line(self, step: Step | int) -> SourceLine:
        """Return the line of a step, its own inside of a program that the operation calls.

        It is empty for an argument, or if it is unknown.
        """
        if isinstance(step, int) or step.owner is None:
            return SourceLine()
        site, owner = self._sites[step.owner], self._owners[step.owner]
        where = site.file, site.line, site.function
        traceback = step.eqn.source_info.traceback
        if traceback is not owner.traceback:
            where = innermost(traceback) or where
        return SourceLine(*where, owner.op if step.is_backward else "", code_at(*where[:2]))


def _as_loop(place: ScopeNode) -> ScopeNode:
    """Return a place; one that a marker made for a loop or a step, as such."""
    kind, mark, name = place.name.partition(LOOPS)
    return place._replace(kind=kind, name=name) if mark else place
