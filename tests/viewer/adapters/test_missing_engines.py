"""An engine that is not installed: the error names the extra to install."""

import importlib
import sys

import pytest


def test_without_jax_the_error_names_the_extra(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("viewer.adapters.jax")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(ImportError, match=r"pip install 'autograd-tools\[jax\]'"):
        importlib.import_module("viewer.adapters.jax")
