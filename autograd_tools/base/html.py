"""HTML for notebooks and text of profiles, rendered by an entry point of a viewer."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def html_of(x: Any) -> str | None:
    """Return HTML that shows `x`, or None so that a notebook shows the plain text.

    None means that no viewer is installed or that it failed; the log has the traceback.
    """
    return _rendered("HTML", x)


def text_of(x: Any) -> str | None:
    """Return text that shows `x`, or None under the same conditions."""
    return _rendered("text", x)


def _rendered(form: str, x: Any) -> str | None:
    try:
        make = _renderer(f"autograd_tools.{form.lower()}")
        return None if make is None else make(x)
    except Exception:  # there is always another text
        import logging  # takes 5 ms, only for a failure

        logging.getLogger(__name__).debug("no %s for a %s", form, type(x).__name__, exc_info=True)
        return None


@functools.cache
def _renderer(group: str) -> Callable[[Any], str] | None:
    from importlib.metadata import entry_points  # loaded only when it is asked for

    return next((entry.load() for entry in entry_points(group=group)), None)
