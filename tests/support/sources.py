"""Sources of functions, run where there is NumPy alone, and compared with the functions."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

import autograd_tools as ag
from autograd_tools.base.containers import tree_leaves


def function_of(text: str) -> Any:
    """Return the function of a source, which imports NumPy, SciPy or Python's own modules."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert all(x.name.split(".")[0] in ("numpy", "scipy", "math") for x in node.names)
        assert not isinstance(node, ast.ImportFrom)
    space: dict[str, Any] = {}
    exec(compile(text, "<source>", "exec"), space)
    [name] = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    return space[name]


def checked(f: Any, *args: Any, more: tuple[Any, ...] = (), **kwargs: Any) -> str:
    """Return the source of a call, which gives the numbers of the call; bit for bit if exact."""
    expected = tree_leaves(f(*args, **kwargs))
    for exact in (True, False):
        text = ag.source(f, *args, exact=exact, **kwargs)
        found = tree_leaves(function_of(text)(*args, *more, **kwargs))
        assert len(found) == len(expected), text
        for x, y in zip(found, expected, strict=True):
            assert np.shape(x) == np.shape(y), text
            assert getattr(x, "dtype", float) == getattr(y, "dtype", float), text
            if exact:
                assert np.array_equal(x, y, equal_nan=True), text
            else:
                np.testing.assert_allclose(x, y, 1e-12, 1e-14)
    return text
