"""The user's code, as opposed to libraries."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
from types import FrameType


def _folder_of(package: str) -> str:
    spec = importlib.util.find_spec(package)
    return _around(spec.origin) if spec is not None and spec.origin else ""


def _around(file: str) -> str:
    """Return the folder of a file, with a separator at its end."""
    folder, separator, _ = file.rpartition(os.sep)
    return folder + separator


# Code whose lines no operation belongs to: ours, NumPy's, Python's, and packages that run the
# user's code, or whose layers and functions it calls as it calls NumPy.
LIBRARY_FILES = tuple(filter(None, map(_folder_of, ("autograd_tools", "viewer", "numpy", "scipy"))))
STANDARD_LIBRARY = (_around(os.__file__), "<frozen ")
RUNNERS = frozenset(  # installed packages that call the user's functions, or are called by them
    (
        "IPython",
        "_pytest",
        "_pydevd_bundle",
        "anyio",
        "autograd",
        "coverage",
        "debugpy",
        "decorator",
        "einops",
        "einx",
        "equinox",
        "execnet",
        "flax",
        "hypothesis",
        "ipykernel",
        "joblib",
        "jupyter_client",
        "nbclient",
        "nest_asyncio",
        "opt_einsum",
        "optax",
        "pluggy",
        "pyinstrument",
        "pytest",
        "pytest_asyncio",
        "torch",
        "torch_geometric",
        "tornado",
        "traitlets",
        "trio",
        "uvloop",
        "xdist",
    )
)
_SITE = re.compile(r"[/\\](?:site|dist)-packages[/\\](\w+)")


@functools.lru_cache(4096)
def is_library(file: str) -> bool:
    """Return whether code in a file makes no operations of its own and no scopes."""
    if file.startswith(LIBRARY_FILES):
        return True
    installed = _SITE.search(file)
    return installed[1] in RUNNERS if installed else file.startswith(STANDARD_LIBRARY)


library_codes: set[int] = set()  # ids of code objects of libraries, which are never freed


def is_users(frame: FrameType) -> bool:
    """Return True if a frame runs the user's code and not a library's."""
    code = frame.f_code
    if id(code) in library_codes:
        return False
    if is_library(code.co_filename):
        library_codes.add(id(code))
        return False
    return True
