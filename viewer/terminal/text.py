"""Views of a trace in the terminal: a list, a tree of scopes, or a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import IO

from rich.console import Console

from autograd_tools import Trace
from autograd_tools.base.memory import no_collections
from autograd_tools.base.text import one_line, unknown
from viewer.facts.search import PROPERTIES, words
from viewer.graph import Graph
from viewer.inputs import Traceable
from viewer.labels import plural
from viewer.options import Detail, GroupBy, View
from viewer.terminal.first_nan import first_nan
from viewer.terminal.grouped import grouped_rows
from viewer.terminal.listing import list_rows
from viewer.terminal.subject import Options, Subject, subject_of
from viewer.terminal.table import table_rows
from viewer.terminal.tree import tree_rows
from viewer.text.lines import Row, Span, fold, painted, plain, plain_lines, write

NARROWEST = 20  # columns
TERMINAL_LIMIT = 1000  # lines: more than anybody scrolls back
LIMIT = 100_000  # lines of a file or a text, some megabytes


@no_collections
def show(
    x: Traceable | Graph,
    view: View = "list",
    *,
    where: str | None = None,
    columns: str | Sequence[str] | None = None,
    sort: str | None = None,
    limit: int | None = None,
    max_depth: int | None = None,
    by: GroupBy | Detail | None = None,
    file: IO[str] | None = None,
) -> None:
    """Print a computation graph as a list, a tree or a table.

    In a terminal, the output has colours and links to the source, and its lines are folded to the
    width; elsewhere, it is plain text.

    Parameters
    ----------
    x : Tape, Trace, Graph or path
        A path must be that of a saved trace. A graph returned by a pass shows its own nodes.
    view : {"list", "tree", "table"}
        "list" prints an equation for each node (`v5` is node 5), with its shape and the norm of its
        gradient; "tree" groups them by functions, scopes and loops; "table" prints columns.
        `print(x)` prints a tape or trace as AutoGrad.jl does.
    where : str, optional
        A search: words that must all match a node. A word is a property ("nan", which also names
        the operation that produced the first NaN or Inf, "inf", "zero-gradient", "no-gradient",
        "freed", "param", "input", "result"), a comparison of a column ("op=matmul", "scope=enc*",
        "bytes>1e6", "∇norm>100", times in nanoseconds), or any other text, which is searched in the
        operation, name, scope and source.
    columns : str or sequence of str, optional
        The columns of a table, such as "id,op,shape,∇norm,∇histogram".
    sort : str, optional
        The column to sort a list or table by; "-bytes" sorts in descending order. "grad-norm" is an
        alias of "∇norm".
    limit : int, optional
        The number of rows: the first and the last half, or the first rows of a sorted list. The
        default is 1,000 in a terminal, else 100,000, and about 200 lines of a tree.
    max_depth : int, optional
        The number of levels of a tree to show.
    by : {"scope", "step", "op", "line", "function"}, optional
        Print a table of groups by scope, step, operation or line, with sums and the range of their
        gradient norms; a "step" is one iteration of a loop. In a tree, the leaves: operations,
        source lines or functions.
    file : file, optional
        The file to print to; the default is `sys.stdout`.

    Raises
    ------
    ValueError
        For an unknown view, column or grouping (the message lists the known ones), for an option
        that the view does not accept, and for a `limit` or `max_depth` below 1.
    TypeError
        If `x` has no trace.

    See Also
    --------
    to_text : Return the same as a string.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag, viewer
    >>> w = ag.Param(np.array([4.0, -1.0]), name="w")
    >>> with np.errstate(invalid="ignore"):
    ...     J = ag.diff(lambda: np.sqrt(w).sum())
    >>> viewer.show(J, "table", where="nan op=sqrt", columns="id,op,min,max,nan")
    first NaN: produced by sqrt (node 2, <doctest ...>:2); sqrt[1] is -1 to 4
    1 of 3 nodes: nan op=sqrt
    id  op    min  max  nan
     2  sqrt    2    2    1
    """
    options = Options(where, columns, sort, limit, max_depth, by)
    console = Console(file=file, highlight=False)
    if console.is_terminal:
        rows = _rows(x, view, options, max(console.width, NARROWEST), TERMINAL_LIMIT)
        write(painted(rows, console), console.file)
    else:
        write(plain_lines(_rows(x, view, options, None)), console.file)


@no_collections
def to_text(
    x: Traceable | Graph,
    view: View = "list",
    *,
    where: str | None = None,
    columns: str | Sequence[str] | None = None,
    sort: str | None = None,
    limit: int | None = None,
    max_depth: int | None = None,
    by: GroupBy | Detail | None = None,
    width: int | None = None,
) -> str:
    """Return the output of `show` as plain text.

    Parameters
    ----------
    x, view, where, columns, sort, limit, max_depth, by
        As in `show`.
    width : int, optional
        The number of terminal columns, at least 20, to which lines are folded.

    Returns
    -------
    str
        The lines, without a trailing newline. `print` shows them in any encoding.

    Raises
    ------
    ValueError
        As in `show`, and for a `width` below 20.
    TypeError
        If `x` has no trace.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag, viewer
    >>> w = ag.Param(np.ones(3), name="w")
    >>> J = ag.diff(lambda: np.sum(w * 2))
    >>> print(viewer.to_text(J, "tree"))
    3 nodes
    ├── Param w  [3]  ∇ 3.46
    ├── v2 = w * 2  [3]  ∇ 1.73
    └── v3 = sum(v2)  6  ∇ 1
    >>> print(viewer.to_text(J, "table", where="result", columns="id,op,max,∇norm", sort="-max"))
    2 of 3 nodes: result
    id  op        max  ∇norm
     3  sum         6      1
     2  multiply    2   1.73
    """
    if width is not None and width < NARROWEST:
        raise ValueError(f"width= must be {NARROWEST} or more, got {width}")
    return plain(_rows(x, view, Options(where, columns, sort, limit, max_depth, by), width))


def check_options(view: str, options: Options) -> None:
    """Raise the ValueError that a view with these options raises for any trace."""
    list(_render(subject_of(Trace(()), options.where), view, options, None))


def _rows(
    x: Traceable | Graph, view: str, options: Options, width: int | None, most: int = LIMIT
) -> Iterator[Row]:
    """Yield the result of the search, if there is one, and the rows of the view.

    `most` is the limit of a list or table without one of its own.
    """
    check_options(view, options)
    subject = subject_of(x, options.where)
    if options.limit is None and view != "tree":
        options = replace(options, limit=most)
    if options.where is not None:
        for text in _found(subject, options.where):
            yield from fold([Span(one_line(text), "bold")], width)
    if options.where is None or subject.ids:
        yield from _render(subject, view, options, width)


def _render(subject: Subject, view: str, options: Options, width: int | None) -> Iterator[Row]:
    if view not in VIEWS:
        raise unknown("view", view, VIEWS)
    render, taken = VIEWS[view]
    options.check(view, taken)
    is_grouped = options.by is not None and view == "table"
    return (grouped_rows if is_grouped else render)(subject, options, width)


def _found(subject: Subject, where: str) -> list[str]:
    """Return how many nodes a search found; for "nan", also the operation that produced it."""
    whole = plural(subject.whole, "node")
    lines = [first_nan(subject.trace)] if "nan" in words(where) else []
    if subject.ids:
        return [*lines, f"{len(subject.ids):,} of {whole}: {where}"]
    if where.strip() == "nan":
        freed = int((~subject.trace.columns.value.there).sum())
        return [f"no NaN or Inf in {whole}{f'; {freed:,} values are freed' if freed else ''}"]
    properties = ", ".join(PROPERTIES)
    return [*filter(None, lines), f"no match for {where!r} in {whole}; properties: {properties}"]


# The views by name, with the options that each takes. To add one, add an entry with a function
# that yields its rows, and a test in tests/viewer/terminal; `show` and the command line find it.
VIEWS: dict[str, tuple[Callable[[Subject, Options, int | None], Iterator[Row]], str]] = {
    "list": (list_rows, "where sort limit"),
    "tree": (tree_rows, "where limit max_depth by"),
    "table": (table_rows, "where columns sort limit by"),
}
