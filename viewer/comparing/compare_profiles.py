"""Two profiles compared: a table of rows that are slower, faster, new or gone."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

from autograd_tools.base.formats import count_text, time_text
from autograd_tools.base.text import markdown_safe, one_line
from viewer.comparing.noise import ERRORS, FEWEST, FLOOR, VERDICTS, Change, Spent
from viewer.comparing.profile_changes import Comparison
from viewer.labels import plural
from viewer.text.lines import Row, Span, shorten
from viewer.text.table import Cells, laid_out

ROW_KINDS = {"op": "operation", "argument": "argument", "line": "line", "scope": "scope"}


def profiles_rows(found: Comparison, *, limit: int = 15) -> Iterator[Row]:
    """Yield the rows of the table: a heading, the largest differences, the totals, a legend."""
    yield [Span(profiles_heading(found), "bold")]
    shown = [*found.rows[:limit], *found.totals]
    columns = [
        Cells(header, [text(row) for row in shown], right=header != "verdict")
        for header, text in COMPARED_COLUMNS.items()
    ]
    names = [row.key if row.part == row.key else f"{row.key} {row.part}" for row in shown]
    columns.append(Cells(ROW_KINDS[found.by], [*map(one_line, names)]))
    header, *rows = laid_out(columns, len(shown), None)
    yield header
    for n, (row, cells) in enumerate(zip(shown, rows, strict=True)):
        if n == len(shown) - len(found.totals) and len(found.rows) > limit:
            yield [Span(_rest(found, limit), "italic dim")]
        style = VERDICTS[row.verdict][1]
        code = f"  {shorten(row.code)}" if row.code else ""
        yield [*(span._replace(style=style) for span in cells[:-1]), cells[-1], Span(code, "dim")]
    yield [Span(profiles_legend(found), "dim")]


def profiles_heading(found: Comparison) -> str:
    """Return the number of gradients, and of rows by verdict."""
    counts = [
        f"{n:,} {verdict}"
        for verdict in ("slower", "new", "faster", "gone")
        if (n := sum(row.verdict == verdict for row in found.rows))
    ]
    a, b = found.gradients
    gradients = plural(b, "gradient") if a == b else f"{a:,} → {plural(b, 'gradient')}"
    return (
        f"{gradients}, by {ROW_KINDS[found.by]}: {', '.join(counts) or 'no significant difference'}"
    )


def profiles_legend(found: Comparison) -> str:
    """Return sentences on the times, and on the differences that are significant."""
    times = "Times are of the median gradient."
    if not all(found.gradients):
        times = (
            "Times are of the whole run, because the number of gradients is missing in a profile."
        )
    if not found.known:
        fewest = min(found.gradients)
        return f"{times} Significance needs {FEWEST} gradients in each profile, got {fewest}."
    limit = f"{ERRORS} standard errors and {FLOOR:.0%} of the shorter time"
    if max(found.machine, 1 / found.machine) > 1 + FLOOR / 2:
        speed = f"{_times(found.machine)}, measured by tracing calls"
        limit = f"{limit}, and above the change of the machine's speed ({speed})"
    return f"{times} Significant if above {limit}."


def _rest(found: Comparison, limit: int) -> str:
    rest = found.rows[limit:]
    significant = sum(row.verdict != "same" for row in rest)
    return f"… {len(rest):,} more" + (f", {significant:,} significant" if found.known else "")


def _difference(row: Change) -> str:
    return f"{'+' if row.difference >= 0 else '-'}{time_text(abs(row.difference))}"


def _times(ratio: float) -> str:
    """Return `×0.004`, `×1.25`, `×12.5`, `×1,250`."""
    if ratio < 0.001:
        return f"×{ratio:.0e}"
    return f"×{ratio:,.{3 if ratio < 0.1 else 2 if ratio < 10 else 1 if ratio < 100 else 0}f}"


def _calls(row: Change) -> str:
    """Return the calls of a gradient."""
    texts = [
        _count(spent.calls / max(spent.gradients, 1)) for spent in (row.before, row.after) if spent
    ]
    return " → ".join(dict.fromkeys(texts))


def _count(calls: float) -> str:
    return count_text(round(calls)) if calls >= 100 or calls == round(calls) else f"{calls:.3g}"


# The columns, by header. To add one, add an entry with a function that returns its text.
COMPARED_COLUMNS: dict[str, Callable[[Change], str]] = {
    "before": lambda row: time_text(row.times[0]) if row.before else "",
    "after": lambda row: time_text(row.times[1]) if row.after else "",
    "difference": _difference,
    "ratio": lambda row: _times(row.ratio) if row.ratio and row.before and row.after else "",
    "verdict": lambda row: VERDICTS[row.verdict][0],
    "calls": _calls,
}


def profiles_json(found: Comparison, *, limit: int | None = None) -> str:
    """Return the comparison as JSON, in nanoseconds per gradient; null is absent or unknown."""
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
    return {
        "key": row.key,
        "part": row.part,
        "before": _side(row.before),
        "after": _side(row.after),
        "difference": row.difference,
        "ratio": row.ratio,
        "noise": _known(row.noise),
        "verdict": row.verdict,
    }


def _side(spent: Spent | None) -> dict[str, Any] | None:
    if spent is None:
        return None
    error = _known(spent.error)
    return {"typical": spent.typical, "error": error, "calls": spent.calls, "ns": spent.ns}


def _known(ns: float) -> float | None:
    return ns if math.isfinite(ns) else None


def profiles_markdown(found: Comparison, *, limit: int = 15) -> str:
    """Return the table in GitHub's Markdown."""
    marks = ["---" if header == "verdict" else "---:" for header in COMPARED_COLUMNS]
    table = [[ROW_KINDS[found.by], "part", *COMPARED_COLUMNS], ["---", "---", *marks]]
    for row in (*found.rows[:limit], *found.totals):
        part = "all" if row.part == "total" else row.part
        cells = [text(row) for text in COMPARED_COLUMNS.values()]
        table.append([markdown_safe(row.key), part, *cells])
    lines = [f"| {' | '.join(cells)} |" for cells in table]
    rest = [f"{_rest(found, limit)}."] if len(found.rows) > limit else []
    return "\n".join(
        [f"**{profiles_heading(found)}**", "", *lines, "", *rest, profiles_legend(found)]
    )
