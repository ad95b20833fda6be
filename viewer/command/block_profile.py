"""The profile of a block of code, which the pytest fixture `gradient_profile` returns."""

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
from viewer.options import ChangeBy, HotspotBy
from viewer.profiles.hotspot_tables import hotspots

Before: TypeAlias = "BlockProfile | Timer | str | os.PathLike[str]"


class BlockProfile:
    """The measurement of a block; `timer` is empty until the block ends."""

    def __init__(self) -> None:
        self.timer: Timer = ag.Profile()

    def hotspots(self, by: HotspotBy = "op", *, limit: int = 15) -> str:
        """Return a table of the most expensive rows; see `viewer.hotspots`."""
        return hotspots(self.timer, by, limit=limit)

    def compare(self, before: Before, by: ChangeBy = "op", *, limit: int = 15) -> str:
        """Return the changes since another profile, or a saved one; see `viewer.compare`."""
        return compare(_timer(before), self.timer, by=by, limit=limit)

    def assert_not_slower(self, before: Before, by: ChangeBy = "op", *, over: float = 0.1) -> None:
        """Fail if the total, or a row of more than 5 % of it, is significantly slower.

        Parameters
        ----------
        before : BlockProfile, Timer, str or path
            The profile to compare with, or the path of a saved one.
        by : str
            The rows to compare: "op", "argument", "line" or "scope".
        over : float
            The share by which they may be slower: 0.1 is 10 %.

        Raises
        ------
        AssertionError
            If something is slower by more; the message holds the comparison.
        ValueError
            If a profile has too few gradients to estimate its noise.
        """
        __tracebackhide__ = True  # pytest shows the line of the test then
        found = changes(as_timer(_timer(before)), self.timer, by)
        if not found.known:
            a, b = found.gradients
            raise ValueError(
                f"expected {FEWEST} or more gradients in each profile, got {a} before and {b} "
                "after; compute more in the block"
            )
        if found.failures(over):
            raise AssertionError(f"slower by more than {over:.0%}\n{self.compare(before, by)}")

    def save(self, path: str | Path) -> None:
        """Write the profile to a JSON file, which `compare` and the command line read."""
        self.timer.save(path)


def _timer(x: Before) -> Timer | str | os.PathLike[str]:
    return x.timer if isinstance(x, BlockProfile) else x


@contextmanager
def profile_block() -> Iterator[BlockProfile]:
    """Measure a block; see `ag.profile`."""
    block = BlockProfile()
    with ag.profile() as block.timer:
        yield block
