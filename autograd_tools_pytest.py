"""The pytest plugin with the fixture `gradient_profile`, which imports the engine on demand."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from viewer.command.block_profile import BlockProfile


def pytest_addoption(parser: pytest.Parser) -> None:
    """Accept the option that version 0.1 needed."""
    parser.getgroup("autograd-tools").addoption(
        "--gradient-profile",
        action="store_true",
        help="no longer needed: the fixture gradient_profile switches the timer on by itself",
    )


@pytest.fixture
def gradient_profile() -> Callable[[], AbstractContextManager[BlockProfile]]:
    """Measure a block: `with gradient_profile() as profile:`, then `profile.compare(...)`."""
    from viewer.command.block_profile import profile_block

    return profile_block
