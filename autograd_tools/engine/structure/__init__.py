"""Facts about the structure of a gradient, the basis of tips."""

from __future__ import annotations

from collections.abc import Sequence

from autograd_tools.engine.structure.associated import associated
from autograd_tools.engine.structure.factored import factored
from autograd_tools.engine.structure.forms import differences, exponents, inverses, strided, summed
from autograd_tools.engine.structure.operations import Entries, operations_of
from autograd_tools.engine.structure.promoted import promoted
from autograd_tools.engine.structure.repeated import chains, equal_values, repeated
from autograd_tools.engine.structure.slices import growing, scattered, shifted, unused, windows
from autograd_tools.engine.structure.unread import unread
from autograd_tools.location.call_site import CallSite
from autograd_tools.timing.facts import Facts

__all__ = ["chains", "facts_of", "unread"]


def facts_of(entries: Entries, notes: Sequence[CallSite] | None) -> Facts:
    """Return the facts of a recording that is complete and not yet freed."""
    if notes is None:
        return {}
    ops = operations_of(entries, notes)
    same = equal_values(ops)
    facts = repeated(ops, same) | chains(ops.places, ops.parents) | factored(ops, same)
    for find in (
        exponents,
        inverses,
        associated,
        summed,
        strided,
        differences,
        shifted,
        windows,
        growing,
        scattered,
        unused,
        promoted,
    ):
        facts |= find(ops)
    return facts
