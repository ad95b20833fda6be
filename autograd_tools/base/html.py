"""HTML for notebooks and pages and text of profiles, rendered by entry points of a viewer."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{style}</style>
{body}
</html>
"""
STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
@media (prefers-color-scheme: dark) { body { background: #14181d; color: #e3e8ee; } }
@media print { body { margin: 0; max-width: none; } }
"""


def page_of(x: Any, title: str) -> str:
    """Return `x` as a page that loads nothing and runs nothing.

    Raise ModuleNotFoundError if no viewer is installed.
    """
    make = _renderer("autograd_tools.html")
    if make is None:
        raise ModuleNotFoundError("a page needs the package viewer, which is not installed")
    return PAGE.format(title=title, style=STYLE, body=f"<h1>{title}</h1>\n{make(x)}")


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
