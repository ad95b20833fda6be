"""The reason why a gradient is None or zero: `why_none`."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_tools.base.containers import (
    children_of,
    field_names,
    has_fields,
    is_number,
    tree_leaves,
)
from autograd_tools.base.text import Text, one_line, unknown
from autograd_tools.debug.report import numbers
from autograd_tools.engine.describe import describe
from autograd_tools.engine.detached import Detached, detached_of
from autograd_tools.engine.values import Param, Result
from autograd_tools.location.source_lines import code_at
from autograd_tools.tracing.node import Node
from autograd_tools.tracing.tape import Tape

if TYPE_CHECKING:
    from autograd_tools.tracing.columns import TraceNode
    from autograd_tools.tracing.trace_data import Trace

MAX_LISTED = 8
_LONG = re.compile(r"\d+\.\d{7,}(e[+-]\d+)?")  # a number with more digits than a reader needs
METADATA = ("shape", "ndim", "size", "dtype", "nbytes", "itemsize", "len")  # no end of the path


def why_none(J: Any, x: Any) -> str:
    """Explain why a gradient is None or zero.

    The answer is that nothing uses the value, or it lists where its paths end before the result and
    which operations detach it there.

    Parameters
    ----------
    J : Tape, Trace, str or Path
        A tape, its trace, or the path of a saved one. Only a tape knows the operations that detach
        values (comparisons, `np.sign`, `x.shape`, `ag.value`). Reads of `x.value` are not logged.
    x : Param, Result, Node, int or str
        A value on the tape, the number of a node from 1, or the name of a Param or argument.

    Returns
    -------
    text : str
        A string that an interactive session prints unquoted.

    Raises
    ------
    TypeError
        If `J` is not a tape or trace, or `x` is not a value on it.
    ValueError, KeyError
        If no node, or more than one, has this name or number.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> w, b = ag.Param(np.ones(3), name="w"), ag.Param(np.ones(3), name="b")
    >>> J = ag.diff(lambda: np.sum(w * np.sign(b)))
    >>> ag.why_none(J, b)
    b has no gradient: it is used only by operations without a gradient:
      sign at <doctest ...>:1 in <lambda>: J = ag.diff(lambda: np.sum(w * np.sign(b)))
    """
    # Imported here, which keeps `import autograd_tools` fast.
    from autograd_tools.tracing.trace_data import Trace, load_trace

    if isinstance(J, (str, os.PathLike)):
        J = load_trace(J)
    if isinstance(J, Tape):
        lines = _of_tape(J, x)
    elif isinstance(J, Trace):
        lines = _of_trace(J, _find(J, x), {})
    elif is_number(J):
        lines = [
            f"expected a tape, got {describe(J)}, which depends on no Param; "
            "record with `with ag.record() as J:` and call J.backward(loss)"
        ]
    else:
        raise TypeError(
            f"why_none() expects a Tape, a Trace or the path of a saved one, got {describe(J)}"
        )
    return Text("\n".join(map(one_line, lines)))


def _of_tape(tape: Tape, x: Any) -> list[str]:
    """Return the answer for a tape, which knows Params and detached values."""
    detached = detached_of(tape)
    index = _index(tape, x)
    read = detached.get(-id(x) if index is None else index, [])
    if tape.result is None:
        lines = [f"{_label(x)} is used by operations without a gradient:"] if read else []
        return ["no gradients yet: call J.backward(loss)", *lines, *_listed(map(_use, read))]
    if index is None:
        why = _unused(read, "it was never used while the tape recorded")
        return _without(_label(x), why)
    if index >= len(tape.entries):
        return [f"{_label(x)} has no gradient: it was used only after the result was computed"]
    trace, param = tape.trace(), Node(tape, index).param
    lines = _of_trace(trace, trace[index + 1], detached)
    gradient = None if param is None else tape.gradient(param)
    if param is None or gradient is None or children_of(param.value) is None:
        return lines
    norm = math.hypot(*(float(np.linalg.norm(np.ravel(leaf))) for leaf in numbers(gradient)))
    if norm == 0:
        return _zero(_label(param), trace, _descendants(trace, trace[index + 1]))
    missing = [*_missing(gradient, param.value, "")]
    found = f"{_label(param)} has a gradient of norm {norm:.6g}"
    if not missing:
        return [found]
    which = "it" if len(missing) == 1 else "them"
    where = ", ".join(_shortened(missing))
    return [f"{found}, but none in {where}: nothing that reaches the result uses {which}"]


def _index(tape: Tape, x: Any) -> int | None:
    """Return the index of `x` on the tape; None for a Param that is not there."""
    if isinstance(x, Param):
        return tape.leaves.get(id(x))
    owner = x.recording if isinstance(x, Result) else x.tape if isinstance(x, Node) else tape
    if owner is not tape:
        raise ValueError(f"{x!r} was not recorded on this tape")
    if isinstance(x, (Result, Node)):
        return x.index
    return _find(tape.trace(), x).id - 1


def _find(trace: Trace, x: Any) -> TraceNode:
    """Return the node of a trace with a number or a name."""
    if isinstance(x, int) and not isinstance(x, bool):
        return trace[x]
    name = x.name if isinstance(x, Param) and x.name else x
    if not isinstance(name, str):
        raise TypeError(
            "why_none() expects the name of a Param, the number of a node, or a value on the tape, "
            f"got {describe(x)}"
        )
    found = [node for node in trace if node.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join([str(node.id) for node in found])
        raise ValueError(f"several nodes are named {name!r}; choose a number: {ids}")
    raise unknown("Param or argument", name, [node.name for node in trace])


def _label(x: Any) -> str:
    return x.name if isinstance(x, Param) and x.name else describe(x)


def _missing(gradient: Any, x: Any, path: str) -> Iterator[str]:
    """Yield the parts of a pytree without a gradient, as code such as `['w'].bias`."""
    parts = children_of(x)
    if gradient is None:
        if any(map(is_number, tree_leaves(x))):
            yield path
    elif parts is not None:
        fields = has_fields(x)
        keys: Any = field_names(x) if fields else x if isinstance(x, dict) else range(len(parts))
        for key, part in zip(keys, parts, strict=True):
            if fields:
                dx = getattr(gradient, key)
            else:
                dx = gradient.get(key) if isinstance(x, dict) else gradient[key]
            yield from _missing(dx, part, f"{path}.{key}" if fields else f"{path}[{key!r}]")


def _of_trace(trace: Trace, node: TraceNode, detached: Mapping[int, list[Detached]]) -> list[str]:
    """Return the answer from the nodes, and from the operations that detach them, by index."""
    name = node.name or f"node {node.id}"
    if trace.result is None:
        return ["no gradients yet: the trace was taken before J.backward(loss)"]
    below = _descendants(trace, node)
    if node.outgrad is None:
        return _without(name, node.reason or reason_of(trace, node, detached))
    found = node.outgrad
    if node.value and node.value.shape and 0 in node.value.shape:
        return [f"{name} is empty, and so is its gradient"]
    if found.norm is None and not found.nans + found.infs:
        return [f"{name} has a gradient, {found.text}"]
    if found.nans + found.infs:
        counts = f"{found.nans} NaN and {found.infs} Inf"
        rest = f"the norm of the other elements is {found.norm or 0:.6g}"
        return [f"{name} has a gradient with {counts}; {rest}"]
    if found.norm:
        return [f"{name} has a gradient of norm {found.norm:.6g}"]
    return _zero(name, trace, below)


def _descendants(trace: Trace, node: TraceNode) -> dict[int, TraceNode]:
    """Return a node and its descendants, by number, oldest first."""
    found = {node.id: node}
    for other in trace.nodes[node.id :]:
        if not found.keys().isdisjoint(other.parents):
            found[other.id] = other
    return found


def _ancestors(trace: Trace) -> set[int]:
    """Return the numbers of the result and its ancestors."""
    found = {trace.result}
    for node in reversed(trace.nodes):
        if node.id in found:
            found.update(node.parents)
    return {id for id in found if id is not None}


def _without(name: str, reason: str) -> list[str]:
    return f"{one_line(name)} has no gradient: {reason}".split("\n")


def reason_of(trace: Trace, node: TraceNode, detached: Mapping[int, Sequence[Detached]]) -> str:
    """Return why a node has no gradient; `detached` has the operations that detach it, by row."""
    below = _descendants(trace, node)
    if len(below) == 1:
        return _unused(detached.get(node.id - 1, ()), "nothing is computed from it")
    return "\n".join(_ended(below, _ancestors(trace), detached))


def _unused(uses: Sequence[Detached], otherwise: str) -> str:
    """Return the reason for a value without descendants on the tape."""
    if not uses:
        return otherwise
    head = "it is used only by operations without a gradient:"
    return "\n".join([head, *_listed(map(_use, uses))])


def _ended(
    below: Mapping[int, TraceNode], above: set[int], detached: Mapping[int, Sequence[Detached]]
) -> list[str]:
    """Return the reason for a value whose descendants with a gradient miss the result."""
    lost = [node for id, node in below.items() if id in above and node.outgrad is not None]
    if lost:
        why = "its path ends, because a rule returned None or the rest was freed, at:"
        return [why, *_listed([_where(lost[0])])]
    ends = []
    for id, node in below.items():
        read = [
            f"  used by {_use(use)}"
            for use in detached.get(id - 1, ())
            if not node.children or use.name not in METADATA
        ]
        if read or not node.children:
            ends.append("\n".join([_where(node), *read]))
    return ["its paths do not reach the result; they end at:", *_listed(ends)]


def _zero(name: str, trace: Trace, below: Mapping[int, TraceNode]) -> list[str]:
    """Return the answer for a gradient of zeros: the operations that make it zero."""
    above = _ancestors(trace)
    path = {id: other for id, other in below.items() if id in above}
    stops = [
        other
        for other in path.values()
        if not _is_zero(other) and all(_is_zero(path[p]) for p in other.parents if p in path)
    ]
    return [
        f"{name} has a gradient of zeros; it becomes zero in:",
        *_listed([_where(other, path) for other in reversed(stops)]),
    ]


def _is_zero(node: TraceNode) -> bool:
    """Return True if a gradient is None or zero; a pytree, without a norm, counts as zero."""
    found = node.outgrad
    return found is None or not (found.norm or found.nans + found.infs)


def _shortened(items: list[str]) -> list[str]:
    more = [f"and {len(items) - MAX_LISTED} more"] if len(items) > MAX_LISTED else []
    return [*items[:MAX_LISTED], *more]


def _listed(items: Iterable[str]) -> list[str]:
    return [f"  {line}" for item in _shortened(list(items)) for line in item.split("\n")]


def _use(use: Detached) -> str:
    return f"{one_line(use.name)}{place_text(use.file, use.line, use.function)}"


def _where(node: TraceNode, towards: Mapping[int, TraceNode] | None = None) -> str:
    """Return a node and its line; with `towards`, its arguments from these nodes."""
    label = node.name or _LONG.sub(lambda found: f"{float(found[0]):.6g}", node.call)
    label = one_line(label)
    if towards is not None:
        args = [str(i) for i, arg in enumerate(node.args, 1) if {*arg.nodes} & towards.keys()]
        scope = node.scope[-1] if node.scope else ""
        around = "" if scope in ("", node.function.rpartition(".")[2]) else f" in {scope}"
        label = f"{one_line(node.op)}[{', '.join(args)}]{one_line(around)}"
    return f"{node.id}. {label}{place_text(node.file, node.line, node.function)}"


def place_text(file: str, line: int, function: str) -> str:
    """Return ` at FILE:LINE in FUNCTION: CODE`, an empty string for an unknown line."""
    code = code_at(file, line)
    return one_line(f" at {file}:{line} in {function}{f': {code}' if code else ''}") if file else ""
