"""The pytest plugin with the fixture `gradient_profile`, which imports the engine on demand."""

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
    """Add the option that switches the timer on."""
    parser.getgroup("autograd-tools").addoption(
        "--gradient-profile",
        action="store_true",
        help=f"run with {VARIABLE}=1, which the fixture gradient_profile needs",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Set the variable before a conftest or test imports autograd_tools; keep a user's value."""
    if not early_config.known_args_namespace.gradient_profile or os.environ.get(VARIABLE):
        return
    if "autograd_tools" in sys.modules:
        raise pytest.UsageError(
            "--gradient-profile comes too late, as a plugin has imported autograd_tools: "
            f"run pytest with {VARIABLE}=1"
        )
    os.environ[VARIABLE] = "1"
    early_config.add_cleanup(_unset)


def _unset() -> None:
    os.environ.pop(VARIABLE, None)


@pytest.fixture
def gradient_profile() -> Callable[[], AbstractContextManager[BlockProfile]]:
    """Measure a block: `with gradient_profile() as profile:`, then `profile.compare(...)`.

    A test that asks for it is skipped unless pytest runs with --gradient-profile, or with
    AUTOGRAD_TIMER=1.
    """
    from autograd_tools import timing

    if not timing.ENABLED:
        given = f", not {VARIABLE}={os.environ[VARIABLE]}" if os.environ.get(VARIABLE) else ""
        pytest.skip(
            "gradient_profile needs the timer: run pytest with --gradient-profile or "
            f"{VARIABLE}=1{given}"
        )
    from viewer.command.block_profile import profile_block

    return profile_block
