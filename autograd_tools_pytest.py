"""The pytest fixture `gradient_profile`. pytest loads this at its start, so that all else is imported when a test asks for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from viewer.command.block_profile import BlockProfile

VARIABLE = "AUTOGRAD_TIMER"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that switches the timer on."""
    group = parser.getgroup("autograd-tools")
    group.addoption(
        "--gradient-profile",
        action="store_true",
        help=f"run with {VARIABLE}=1, which the fixture gradient_profile needs",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Set the variable before a conftest or a test imports autograd_tools, which reads it then; a value of the user's stays."""
    if not early_config.known_args_namespace.gradient_profile or os.environ.get(VARIABLE):
        return
    if "autograd_tools" in sys.modules:
        raise pytest.UsageError(
            f"--gradient-profile comes too late, as a plugin has imported autograd_tools: run pytest with {VARIABLE}=1"
        )
    os.environ[VARIABLE] = "1"
    early_config.add_cleanup(_unset)


def _unset() -> None:
    os.environ.pop(VARIABLE, None)


@pytest.fixture
def gradient_profile() -> Callable[[], AbstractContextManager[BlockProfile]]:
    """`with gradient_profile() as profile:` measures a block; then there are profile.hotspots(), compare(...) and more.

    A test that asks for it is skipped unless pytest runs with --gradient-profile, or with AUTOGRAD_TIMER=1.
    """
    from autograd_tools import timing

    if not timing.ENABLED:
        given = f", and not {VARIABLE}={os.environ[VARIABLE]}" if os.environ.get(VARIABLE) else ""
        pytest.skip(
            f"gradient_profile needs the timer: run pytest with --gradient-profile or {VARIABLE}=1{given}"
        )
    from viewer.command.block_profile import profile_block

    return profile_block
