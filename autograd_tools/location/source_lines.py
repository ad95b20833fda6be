"""Lines of the user's code as text, for messages."""

from __future__ import annotations

import sys

from autograd_tools.location.call_site import CallSite
from autograd_tools.location.code_files import lines_as_run

MAX_WIDTH = 300  # characters of a line


def place_of(site: CallSite) -> str:
    """Return the place in the user's code that called an operation."""
    if not site.file:
        return "an unknown place"
    file = cell_of(site.file) or site.file
    gradient = f", in the gradient of {site.gradient}" if site.gradient else ""
    return f"{file}:{site.line} in {site.function}{gradient}"


def cell_of(file: str) -> str:
    """Return the name of a notebook's cell that IPython compiled as this file, such as `In[3]`."""
    asked = getattr(sys.modules.get("IPython"), "get_ipython", None)
    compiler = getattr(asked() if asked else None, "compile", None)
    named = getattr(compiler, "format_code_name", None)
    found = named(file) if named else None
    return str(found[1]) if found else ""


def code_at(file: str, line: int) -> str:
    """Return the line of the user's code as it ran, if it can be read."""
    return "".join(lines_as_run(file)[line - 1 : line]).strip()[:MAX_WIDTH] if file and line else ""
