"""Warnings of PyTorch at the user's line, where a recorder called it."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from autograd_tools.location.users_code import is_users

ADAPTER = str(Path(__file__).parent)


def warned_at_user(show: Callable[..., Any]) -> Callable[..., Any]:
    """Return `warnings.showwarning` that warns at the user's line in place of one of ours.

    Python's filters apply again there, so each line warns once.
    """

    def shown(message: Any, category: Any, file: str, line: int, *rest: Any, **more: Any) -> None:
        frame: FrameType | None = sys._getframe() if file.startswith(ADAPTER) else None
        while frame is not None and not is_users(frame):
            if frame.f_code.co_filename == file:
                frame.f_globals.get("__warningregistry__", {}).clear()  # it warned at our line
            frame = frame.f_back
        if frame is None:
            show(message, category, file, line, *rest, **more)
            return
        variables = frame.f_globals
        warnings.warn_explicit(
            message,
            category,
            frame.f_code.co_filename,
            frame.f_lineno,
            module=variables.get("__name__"),
            registry=variables.setdefault("__warningregistry__", {}),
        )

    return shown
