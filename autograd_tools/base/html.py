"""What notebooks show of a value at the end of a cell: `viewer` makes it, and is loaded only when one asks."""

from __future__ import annotations

from typing import Any


def html_of(x: Any) -> str | None:
    """HTML that shows `x`; None, for which notebooks show the usual text, where there is no viewer or it fails."""
    try:
        from viewer.notebook import html

        return html(x)
    except Exception:  # whatever it is, a notebook has the text
        return None
