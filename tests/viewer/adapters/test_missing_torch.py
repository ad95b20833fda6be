"""PyTorch that is not installed, or of another version."""

import importlib
import sys
import types

import pytest


@pytest.fixture(autouse=True)
def _fresh_adapter(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("viewer.adapters.torch")]:
        monkeypatch.delitem(sys.modules, name)


def test_without_torch_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"pip install 'autograd-tools\[torch\]'"):
        importlib.import_module("viewer.adapters.torch")


def test_another_version_of_torch_warns(monkeypatch):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    monkeypatch.setattr(torch, "__version__", "1.13.0")
    with pytest.warns(UserWarning, match=r"tested with PyTorch 2\.13, 2\.14, got 1\.13\.0"):
        importlib.import_module("viewer.adapters.torch")


def test_the_viewer_loads_no_engine(monkeypatch):
    import viewer

    assert isinstance(viewer.adapters, types.ModuleType)
    with pytest.raises(AttributeError, match="has no attribute 'tensorflow'"):
        viewer.adapters.tensorflow  # noqa: B018
