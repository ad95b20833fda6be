"""HTML for notebooks, rendered by the entry point group `autograd_tools.html`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

GROUP = "autograd_tools.html"


def html_of(x: Any) -> str | None:
    """Return HTML that shows `x`, or None so that a notebook shows the plain text.

    None means that no viewer is installed or that it failed; the log has the traceback.
    """
    try:
        make = _renderer()
        return None if make is None else make(x)
    except Exception:  # a notebook always has the plain text
        import logging  # takes 5 ms, only for a failure

        logging.getLogger(__name__).debug("no HTML for a %s", type(x).__name__, exc_info=True)
        return None


@functools.cache
def _renderer() -> Callable[[Any], str] | None:
    from importlib.metadata import entry_points  # loaded only when a notebook asks

    return next((entry.load() for entry in entry_points(group=GROUP)), None)
