"""Doctests of modules and documents run in a folder of their own, so that the files they write do not stay; so do caches."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_folder(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if isinstance(request.node, pytest.DoctestItem):
        monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True, scope="session")
def _own_cache() -> Iterator[None]:
    """The machine's peaks are measured for these tests and kept for no other program."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AUTOGRAD_TOOLS_CACHE"] = folder
        yield
        del os.environ["AUTOGRAD_TOOLS_CACHE"]
