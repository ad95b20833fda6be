"""Lines of the user's code as text, for messages."""

from __future__ import annotations

import linecache

from autograd_tools.location.call_site import CallSite

MAX_WIDTH = 300  # characters of a line


def place_of(site: CallSite) -> str:
    """Return the place in the user's code that called an operation."""
    if not site.file:
        return "an unknown place"
    gradient = f", in the gradient of {site.gradient}" if site.gradient else ""
    return f"{site.file}:{site.line} in {site.function}{gradient}"


def code_at(file: str, line: int) -> str:
    """Return the line of the user's code, if it can be read."""
    return linecache.getline(file, line).strip()[:MAX_WIDTH] if file else ""
