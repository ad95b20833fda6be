"""Traces in the terminal: as a list, a tree of scopes, or a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import IO

from rich.console import Console

from autograd_tools import Trace
from autograd_tools.base.memory import no_collections
from autograd_tools.base.text import one_line
from viewer.graph import Graph
from viewer.inputs import Traceable
from viewer.terminal.first_nan import first_nan
from viewer.terminal.grouped import grouped_rows
from viewer.terminal.listing import list_rows
from viewer.terminal.search import PROPERTIES, words
from viewer.terminal.subject import Options, Subject, subject_of
from viewer.terminal.table import table_rows
from viewer.terminal.tree import tree_rows
from viewer.text.lines import Row, Span, fold, painted, plain

NARROWEST = 20  # columns
TERMINAL_LIMIT = 1000  # lines: more than anybody scrolls back


@no_collections()
def show(
    x: Traceable | Graph,
    view: str = "list",
    *,
    where: str | None = None,
    columns: str | Sequence[str] | None = None,
    sort: str | None = None,
    limit: int | None = None,
    max_depth: int | None = None,
    by: str | None = None,
    file: IO[str] | None = None,
) -> None:
    """Print a trace, or a graph that a pass made: in colour, folded to its width, in a terminal; else in plain lines.

    `view` is "list" (a line a node, as the seed has it), "tree" (functions, scopes and loops) or "table".

    `where` searches, in every view: words that must all be true of a node. A word is a property ("nan", which also names
    the operation that made the first NaN or Inf, "inf", "zero-gradient", "no-gradient", "freed", "param", "input",
    "result"), a comparison of a column ("op=matmul", "scope=enc*", "bytes>1e6", "∇norm>100", times in nanoseconds), or
    else text to be found in the operation, name, scope or source.

    `columns` chooses those of a table ("id,op,shape,∇norm,∇histogram"; an unknown one is an error that lists them all);
    `sort` orders a list or table by one of them, "-bytes" from the largest; "grad-norm" is another way to write "∇norm".
    `limit` is how many rows are shown: the first and the last half of it, or of a sorted list the first. Without one,
    1,000 in a terminal, 200 lines of a tree, and all else in full. `max_depth` is how deep a tree is opened.
    `by` makes the rows of a table of groups: "scope", "step" (of loops, each call apart), "op" or "line", with their sums
    and the range of the norms of their gradients, to see where they vanish or explode.
    """
    options = Options(where, columns, sort, limit, max_depth, by)
    console = Console(file=file, highlight=False)
    if console.is_terminal:
        bounded = (
            replace(options, limit=TERMINAL_LIMIT) if limit is None and view != "tree" else options
        )
        write(
            painted(_rows(x, view, bounded, max(console.width, NARROWEST)), console), console.file
        )
    else:
        write(plain(_rows(x, view, options, None)), console.file)


def write(text: str, file: IO[str]) -> None:
    """Write a text and a line end; what the encoding of the file cannot say becomes a question mark."""
    encoding = getattr(file, "encoding", None) or "utf-8"
    file.write(text.encode(encoding, "replace").decode(encoding) + "\n")


@no_collections()
def to_text(
    x: Traceable | Graph,
    view: str = "list",
    *,
    where: str | None = None,
    columns: str | Sequence[str] | None = None,
    sort: str | None = None,
    limit: int | None = None,
    max_depth: int | None = None,
    by: str | None = None,
    width: int | None = None,
) -> str:
    """What `show` prints, as plain text; lines are folded to `width` columns if it is given.

    >>> import numpy as np, autograd_tools as ag, viewer
    >>> w = ag.Param(np.ones(3), name="w")
    >>> J = ag.diff(lambda: np.sum(w * 2))
    >>> print(viewer.to_text(J, "tree"))
    3 nodes
    ├── 1. w = P(float64[3]) ∇=float64[3]
    ├── 2. float64[3] = multiply(P(float64[3]), 2) ∇=float64[3]
    └── 3. 6.0 = sum(R(float64[3])) ∇=1.0
    >>> print(viewer.to_text(J, "table", where="result", columns="id,op,shape,max,∇norm", sort="-max"))
    2 of 3 nodes: result
    id  op        shape  max  ∇norm
     3  sum       ()       6      1
     2  multiply  3        2   1.73
    """
    if width is not None and width < NARROWEST:
        raise ValueError(f"a width of at least {NARROWEST} columns is needed, and got {width}")
    return plain(_rows(x, view, Options(where, columns, sort, limit, max_depth, by), width))


def check_options(view: str, options: Options) -> None:
    """Raise the ValueError that a view with these options would raise, whatever the trace."""
    subject = subject_of(Trace(()), options.where)
    list(_render(subject, view, options, None))


def _rows(x: Traceable | Graph, view: str, options: Options, width: int | None) -> Iterator[Row]:
    """The rows of a view, below what the search found."""
    check_options(view, options)
    subject = subject_of(x, options.where)
    if options.where is not None:
        for text in _found(subject, options.where):
            yield from fold([Span(one_line(text), "bold")], width)
    if options.where is None or subject.ids:
        yield from _render(subject, view, options, width)


def _render(subject: Subject, view: str, options: Options, width: int | None) -> Iterator[Row]:
    if view not in VIEWS:
        raise ValueError(f"no view {view!r}; there are: {', '.join(VIEWS)}")
    render, taken = VIEWS[view]
    options.check(view, taken)
    return (grouped_rows if options.by is not None else render)(subject, options, width)


def _found(subject: Subject, where: str) -> list[str]:
    """What a search found; of one for NaN, where it was made."""
    whole = f"{subject.whole:,} node{'s' * (subject.whole != 1)}"
    lines = [first_nan(subject.trace)] if "nan" in words(where) else []
    if subject.ids:
        return [*lines, f"{len(subject.ids):,} of {whole}: {where}"]
    if where.strip() == "nan":
        freed = int((~subject.trace.columns.value.there).sum())
        return [f"no NaN or Inf in {whole}{f'; {freed:,} have no value any more' if freed else ''}"]
    return [
        *filter(None, lines),
        f"none of {whole} is found by {where!r}; the properties are: {', '.join(PROPERTIES)}",
    ]


# Adding a view is adding an entry here: what makes its rows, and the options that it takes.
VIEWS: dict[str, tuple[Callable[[Subject, Options, int | None], Iterator[Row]], str]] = {
    "list": (list_rows, "where sort limit"),
    "tree": (tree_rows, "where limit max_depth"),
    "table": (table_rows, "where columns sort limit by"),
}
