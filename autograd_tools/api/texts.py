"""The text of a recorded number: it shows the value but cannot be converted back."""

from __future__ import annotations

from typing import Any

from autograd_tools.api.dispatch import lost_gradient
from autograd_tools.engine.state import following_params, innermost_open
from autograd_tools.engine.values import Param


class RecordedText(str):
    """The text of a recorded number: `float(text)` is an error while something is recorded."""

    __slots__ = ()

    def __float__(self) -> float:
        if innermost_open() is not None:
            raise lost_gradient("float(str(x)), or float of another text of x,", "use x itself")
        return float(str.__str__(self))

    def strip(self, *chars: Any) -> RecordedText:
        """Return the text without spaces, or characters, at both ends."""
        return RecordedText(super().strip(*chars))

    def __reduce__(self) -> Any:
        return str, (str.__str__(self),)


def recorded_text(x: Any, text: str) -> str:
    """Return the text of a value, from which no plain number can be read if it is recorded."""
    if (following_params() if type(x) is Param else innermost_open()) is None:
        return text
    return RecordedText(text)
