"""Doctests of modules and pages run in a temporary folder, with a temporary cache."""

import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograd_tools.engine.values import become_boxes

# The adapters of engines that are not installed.
collect_ignore = [
    f"viewer/adapters/{engine}"
    for engine, package in (("hips", "autograd"), ("jax", "jax"), ("torch", "torch"))
    if importlib.util.find_spec(package) is None
]


@pytest.fixture(autouse=True)
def _own_folder(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if isinstance(request.node, pytest.DoctestItem):
        monkeypatch.chdir(tmp_path)
        examples = "".join(example.source for example in request.node.dtest.examples)
        for package in ("pandas", "xarray", "jax", "torch"):
            if f"import {package}" in examples or f", {package} as" in examples:
                pytest.importorskip(package)
        if "compat.install()" in examples:
            request.getfixturevalue("_autograd_for_a_while")


@pytest.fixture
def _autograd_for_a_while() -> Iterator[None]:
    """Undo `compat.install()`, which changes imports for good."""
    if "autograd" in sys.modules:
        pytest.skip("another test has imported HIPS autograd")
    finders = [*sys.meta_path]
    yield
    sys.meta_path[:] = finders
    become_boxes(None)
    for name in [name for name in sys.modules if name.partition(".")[0] == "autograd"]:
        del sys.modules[name]


@pytest.fixture(autouse=True, scope="session")
def _own_cache() -> Iterator[None]:
    """Keep the peaks measured by the tests out of the user's cache."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AUTOGRAD_TOOLS_CACHE"] = folder
        yield
        del os.environ["AUTOGRAD_TOOLS_CACHE"]
