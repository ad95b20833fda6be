"""The table of a timer in colour."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from autograd_tools import Timer

# From which share of all that was measured on a row looks like this; the limits are TimerOutputs'.
HEAT = ((36, "bold red"), (12, ""), (0, "dim"))
HEAD = 7  # lines above the rows


def timer_lines(
    timer: Timer, *, sortby: str = "time", maxdepth: int | None = None, **options: Any
) -> list[Text]:
    """The lines of `timer.table(...)`, the rows that took the most time in red and those that took little dimmed."""
    lines = [
        Text(line) for line in timer.table(sortby=sortby, maxdepth=maxdepth, **options).splitlines()
    ]
    for line, row in zip(lines[HEAD:], timer.rows(sortby=sortby, maxdepth=maxdepth), strict=False):
        line.stylize(next(style for limit, style in HEAT if (row.percent or 0) >= limit))
    return lines
