"""Values of a finished recording that a later one reads, which would lose their gradient."""

from __future__ import annotations

from typing import Any

from autograd_tools.engine.describe import describe
from autograd_tools.engine.values import LostGradientError, Result


def refuse_stale(x: Result, reader: Any) -> None:
    """Raise a LostGradientError if `x`, of a closed recording, is news to the open one `reader`.

    A recording that opened and closed inside `reader` is fine: below its values are those of
    `reader`. The values of a checkpoint are not, because Params are constants below them.
    """
    recording = x.recording
    if recording.isolated:
        raise LostGradientError(
            f"{_computed(x)} is used outside the checkpointed function that computed it, where "
            "its gradient is lost; return it from the function, or write ag.value(x) for a constant"
        )
    if reader.serial not in recording.within:
        raise LostGradientError(
            f"{_computed(x)} belongs to an earlier recording, which has ended, so no gradient of "
            "this one can flow back through it; compute it again instead of keeping it (in a "
            "cache, an attribute or a global), or write ag.value(x) for a constant"
        )


def _computed(x: Result) -> str:
    """Return the value with the line that computed it, if the recording knows."""
    notes = x.recording.notes or ()
    note = notes[x.index] if x.index < len(notes) else None
    return f"{describe(x)} ({note.file}:{note.line})" if note and note.file else describe(x)
