"""Two profiles compared in a table: what got slower, faster, is new or gone, as text, JSON or Markdown."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from autograd_tools.base.formats import count_text, time_text
from autograd_tools.base.text import markdown_safe, one_line
from viewer.comparing.noise import ERRORS, FEWEST, FLOOR, VERDICTS, Change
from viewer.comparing.profile_changes import Comparison
from viewer.labels import plural
from viewer.text.lines import Row, Span, shorten

NAMES = {"op": "operation", "argument": "argument", "line": "line", "scope": "scope"}
HEAD = ("before", "after", "difference", "ratio", "", "calls")


def profile_rows(found: Comparison, *, limit: int = 15) -> Iterator[Row]:
    """The rows of the table: a heading, the largest differences, what is left out, the totals, and what the words mean."""
    yield [Span(heading(found), "bold")]
    shown = [*found.rows[:limit], *found.totals]
    cells = [_cells(row) for row in shown]
    widths = [max(map(len, column)) for column in zip(HEAD, *cells, strict=True)]
    yield [Span(_line(HEAD, widths) + NAMES[found.by], "bold")]
    for number, (row, own) in enumerate(zip(shown, cells, strict=True)):
        if number == len(shown) - len(found.totals) and len(found.rows) > limit:
            yield [Span(_rest(found, limit), "italic dim")]
        style = VERDICTS[row.verdict][1]
        name = row.key if row.part == row.key else f"{row.key} {row.part}"
        yield [
            Span(_line(own, widths), style),
            Span(one_line(name)),
            Span(f"  {shorten(row.code)}" if row.code else "", "dim"),
        ]
    yield [Span(meaning(found), "dim")]


def heading(found: Comparison) -> str:
    """How many gradients there are, and how many rows changed how."""
    counts = [
        (sum(row.verdict == verdict for row in found.rows), word)
        for verdict, (word, _) in VERDICTS.items()
    ]
    told = ", ".join(
        f"{n:,} {word}" for n, word in counts if n and word not in ("means nothing", "cannot know")
    )
    return (
        f"{_gradients(found)}, by {NAMES[found.by]}: {told or 'no difference that means something'}"
    )


def meaning(found: Comparison) -> str:
    """What the times are, and which difference counts."""
    a, b = found.gradients
    times = (
        "Times are those of the median gradient"
        if a and b
        else "Times are of the whole run, because a profile does not tell how many gradients it is of"
    )
    if not found.known:
        return f"{times}. Whether a difference means something cannot be known of {min(a, b)}: it takes {FEWEST} gradients in each profile."
    told = f"{times}. A difference means something beyond {ERRORS} standard errors and {FLOOR:.0%} of the shorter time"
    if max(found.machine, 1 / found.machine) <= 1 + FLOOR / 2:
        return f"{told}."
    return f"{told}, and beyond what the machine differs by: the engine took {_times(found.machine)} as long to note a call."


def _gradients(found: Comparison) -> str:
    a, b = found.gradients
    return plural(a, "gradient") if a == b else f"{a:,} → {plural(b, 'gradient')}"


def _rest(found: Comparison, limit: int) -> str:
    rest = found.rows[limit:]
    counting = sum(row.verdict != "same" for row in rest)
    return (
        f"… {len(rest):,} more, of which {counting:,} mean something"
        if found.known
        else f"… {len(rest):,} more"
    )


def _cells(row: Change) -> tuple[str, ...]:
    before, after = (
        time_text(ns) if spent else ""
        for ns, spent in zip(row.times, (row.before, row.after), strict=True)
    )
    sign = "+" if row.difference >= 0 else "-"
    times = _times(row.ratio) if row.ratio and row.before and row.after else ""
    return (
        before,
        after,
        f"{sign}{time_text(abs(row.difference))}",
        times,
        VERDICTS[row.verdict][0],
        _calls(row),
    )


def _times(ratio: float) -> str:
    """`×0.004`, `×1.25`, `×12.5`, `×1,250`."""
    return (
        f"×{ratio:.0e}"
        if ratio < 0.001
        else f"×{ratio:,.{3 if ratio < 0.1 else 2 if ratio < 10 else 1 if ratio < 100 else 0}f}"
    )


def _calls(row: Change) -> str:
    """How many calls each gradient makes."""
    texts = [
        _count(spent.calls / max(spent.gradients, 1)) for spent in (row.before, row.after) if spent
    ]
    return " → ".join(dict.fromkeys(texts))


def _count(calls: float) -> str:
    return count_text(round(calls)) if calls >= 100 or calls == round(calls) else f"{calls:.3g}"


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    """Numbers to the right, words to the left, and room for the name."""
    return "".join(
        f"{cell:<{width}}  " if n == HEAD.index("") else f"{cell:>{width}}  "
        for n, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )


def to_json(found: Comparison, *, limit: int | None = None) -> str:
    """The comparison for other programs: nanoseconds per gradient, and null for what is not there or cannot be known."""
    rows, totals = ([_plain(row) for row in group] for group in (found.rows[:limit], found.totals))
    document = {
        "by": found.by,
        "gradients": list(found.gradients),
        "machine": found.machine,
        "unit": "ns per gradient",
        "rows": rows,
        "totals": totals,
    }
    return json.dumps(document, indent=1, ensure_ascii=False)


def _plain(row: Change) -> dict[str, Any]:
    sides = {
        side: None
        if spent is None
        else {
            "typical": spent.typical,
            "error": _known(spent.error),
            "calls": spent.calls,
            "ns": spent.ns,
        }
        for side, spent in (("before", row.before), ("after", row.after))
    }
    change = {
        "difference": row.difference,
        "ratio": row.ratio,
        "noise": _known(row.noise),
        "verdict": row.verdict,
    }
    return {"key": row.key, "part": row.part, **sides, **change}


def _known(ns: float) -> float | None:
    return ns if math.isfinite(ns) else None


def to_markdown(found: Comparison, *, limit: int = 15) -> str:
    """The table in the Markdown of GitHub."""
    head = (NAMES[found.by], "part", *HEAD[:4], "verdict", "calls")
    lines = [
        f"**{heading(found)}**",
        "",
        f"| {' | '.join(head)} |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- | ---: |",
    ]
    for row in (*found.rows[:limit], *found.totals):
        part = "forward and backward" if row.part == "total" else row.part
        lines.append(f"| {' | '.join((markdown_safe(row.key), part, *_cells(row)))} |")
    rest = [f"{_rest(found, limit)}."] if len(found.rows) > limit else []
    return "\n".join([*lines, "", *rest, meaning(found)])
