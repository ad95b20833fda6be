"""The profile of a block of code, for tests that look at the time of gradients: the fixture `gradient_profile`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import autograd_tools as ag
from autograd_tools import Timer
from viewer.comparing.comparison import compare
from viewer.comparing.noise import FEWEST
from viewer.comparing.profile_changes import changes
from viewer.inputs import as_timer
from viewer.profiles.hotspot_tables import hotspots

Before: TypeAlias = "BlockProfile | Timer | str | os.PathLike[str]"


class BlockProfile:
    """What `ag.timer` measured in a block, once that is over: `timer` is empty until then."""

    def __init__(self) -> None:
        self.timer = Timer.from_dict(Timer().to_dict())

    def hotspots(self, by: str = "op", *, limit: int = 15) -> str:
        """The most expensive operations, lines or scopes of the block, as `viewer.hotspots` tells them."""
        return hotspots(self.timer, by, limit=limit)

    def compare(self, before: Before, by: str = "op", *, limit: int = 15) -> str:
        """What changed since another profile, or a saved one, as `viewer.compare` tells it."""
        return compare(_timer(before), self.timer, by=by, limit=limit)

    def assert_not_slower(self, before: Before, by: str = "op", *, over: float = 0.1) -> None:
        """Fail if the total, or a row of more than 5 % of it, got slower by more than a share and beyond the noise.

        Raises AssertionError with the comparison, or ValueError if either has too few gradients to know the noise.
        """
        __tracebackhide__ = True  # pytest shows the line of the test then
        found = changes(as_timer(_timer(before)), self.timer, by)
        if not found.known:
            a, b = found.gradients
            raise ValueError(
                f"noise is known from {FEWEST} gradients on, and there are {a} before and {b} after: compute more in the block"
            )
        if found.failures(over):
            raise AssertionError(f"slower by more than {over:.0%}\n{self.compare(before, by)}")

    def save(self, path: str | Path) -> None:
        """Write the profile to a file that `compare` and the command line take."""
        self.timer.save(path)


def _timer(x: Before) -> Timer | str | os.PathLike[str]:
    return x.timer if isinstance(x, BlockProfile) else x


@contextmanager
def profile_block() -> Iterator[BlockProfile]:
    """Measure a block; what `ag.timer` had measured before is in it again afterwards, and the block's time with it."""
    profile = BlockProfile()
    before = Timer.from_dict(ag.timer.to_dict())
    ag.reset_timer()
    try:
        yield profile
    finally:
        profile.timer = Timer.from_dict(ag.timer.to_dict())
        ag.timer.merge(before)
