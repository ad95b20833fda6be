"""The reasons why Params of a trace have no gradient: operations where their paths end."""

from __future__ import annotations

from collections.abc import Iterator

from autograd_tools import Trace
from autograd_tools.base.text import one_line
from autograd_tools.debug.lost_gradients import place_text
from autograd_tools.tracing.columns import TraceNode
from viewer.adapters.jax.owners import is_custom
from viewer.labels import has_floats

# Operations of floats whose derivative is zero or unknown. To add one, add an entry.
WITHOUT = frozenset({"ceil", "floor", "nextafter", "round", "sign", "stop_gradient"})
MOST_ENDS = 8  # that are listed


def reasons_of(trace: Trace) -> dict[int, str]:
    """Return the reasons that are known, by row."""
    found = {}
    for row, there in enumerate(trace.columns.outgrad.there):
        if there or trace.columns.kind[row] != "param":
            continue
        node = trace[row + 1]
        ends = [*dict.fromkeys(_ends(trace, node))]
        if ends:
            more = [f"  and {len(ends) - MOST_ENDS} more"] if len(ends) > MOST_ENDS else []
            head = "its paths end at operations without a gradient:"
            found[row] = "\n".join([head, *ends[:MOST_ENDS], *more])
        elif not node.children:
            found[row] = "nothing is computed from it"
    return found


def _ends(trace: Trace, node: TraceNode) -> Iterator[str]:
    """Yield the operations without a gradient that use a value, or what is computed from it.

    A custom rule is one of these where nothing comes back through it.
    """
    todo, seen = [(id, "") for id in node.children], set[int]()
    while todo:
        id, rule = todo.pop(0)
        other = trace[id]
        if id in seen or other.gradient:
            continue
        seen.add(id)
        own = next(filter(is_custom, reversed(other.scope)), "")
        if own and other.outgrad is None:
            todo += [(child, own) for child in other.children]
        elif own or (rule and other.outgrad is not None):
            yield _line(other, own or rule)
        elif other.op in WITHOUT or not has_floats(other):
            yield _line(other, f"{id}. {other.call}")
        elif other.outgrad is None:
            todo += [(child, "") for child in other.children]


def _line(node: TraceNode, text: str) -> str:
    return f"  {one_line(text)}{place_text(node.file, node.line, node.function)}"
