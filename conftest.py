"""Doctests of modules and pages run in a temporary folder, with a temporary cache."""

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
        examples = "".join(example.source for example in request.node.dtest.examples)
        if "pandas" in examples:
            pytest.importorskip("pandas")


@pytest.fixture(autouse=True, scope="session")
def _own_cache() -> Iterator[None]:
    """Keep the peaks measured by the tests out of the user's cache."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AUTOGRAD_TOOLS_CACHE"] = folder
        yield
        del os.environ["AUTOGRAD_TOOLS_CACHE"]
