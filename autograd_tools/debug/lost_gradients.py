"""Why the gradient of something is None, or zero: where its way to the result ends."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograd_tools.base.containers import field_names, has_fields, is_number, leaves_of, parts_of
from autograd_tools.base.text import Text, one_line
from autograd_tools.debug.report import code_at, numbers
from autograd_tools.engine.describe import describe
from autograd_tools.engine.detached import Detached, detached_of
from autograd_tools.engine.values import Param, Result
from autograd_tools.tracing.columns import TraceNode
from autograd_tools.tracing.tape import Node, Tape
from autograd_tools.tracing.trace_data import Trace, load_trace

MOST = 8  # places that are listed
DESCRIPTIONS = (
    "shape",
    "ndim",
    "size",
    "dtype",
    "nbytes",
    "itemsize",
    "len",
)  # where these are read, the numbers may go on


def why_none(J: Any, x: Any) -> str:
    """Why the gradient of `x` is None, or zero: that nothing uses it, where its ways to the result end, and what reads it there.

    `J` is a Tape, a Trace or the path of a saved one. `x` is a Param, a Result or a Node of the tape, the number of a node, or
    the name of a Param or argument. What reads a value so that no gradient comes back (comparisons, `np.sign`, `x.shape`,
    `ag.value`) is known on a Tape only, and `x.value` leaves no note there either.

    >>> import numpy as np, autograd_tools as ag
    >>> w, b = ag.Param(np.ones(3), name="w"), ag.Param(np.ones(3), name="b")
    >>> J = ag.diff(lambda: np.sum(w * np.sign(b)))
    >>> ag.why_none(J, b)
    b has no gradient: it was read only by what no gradient comes back from:
      sign at <doctest ...>:1 in <lambda>: J = ag.diff(lambda: np.sum(w * np.sign(b)))
    """
    if isinstance(J, (str, os.PathLike)):
        J = load_trace(Path(J))
    if isinstance(J, Tape):
        lines = _of_tape(J, x)
    elif isinstance(J, Trace):
        lines = _of_trace(J, _find(J, x), {})
    elif is_number(J):
        lines = [
            f"there is no tape, only {describe(J)}, which was computed from no Param: "
            "`with ag.record() as J:` and J.backward(loss) would tell"
        ]
    else:
        raise TypeError(
            f"why_none takes a Tape from ag.diff, a Trace or the path of a saved one, and got {describe(J)}"
        )
    return Text("\n".join(map(one_line, lines)))


def _of_tape(tape: Tape, x: Any) -> list[str]:
    """The answer for a tape, which knows Params and what was read without a gradient."""
    cuts = detached_of(tape)
    index = _index(tape, x)
    read = cuts.get(-id(x) if index is None else index, [])
    if tape.result is None:
        lines = (
            [
                f"{_label(x)} was read by what no gradient comes back from:",
                *_listed([_cut(cut) for cut in read]),
            ]
            if read
            else []
        )
        return ["there are no gradients yet: call J.backward(loss)", *lines]
    if index is None:
        return _unused(_label(x), read, "it was never used while the tape recorded")
    if index >= len(tape.entries):
        return [f"{_label(x)} has no gradient: it was used only after the result had been computed"]
    trace, param = tape.trace(), tape.nodes[index].param
    lines = _of_trace(trace, trace[index + 1], cuts)
    gradient = None if param is None else tape.gradient(param)
    if param is None or gradient is None or parts_of(param.value) is None:
        return lines
    norm = math.hypot(*(float(np.linalg.norm(np.ravel(leaf))) for leaf in numbers(gradient)))
    if norm == 0:
        return _zero(_label(param), trace, _computed_from(trace, trace[index + 1]))
    missing = [*_missing(gradient, param.value, "")]
    none = (
        f", but none in {_few(missing)}: nothing that reaches the result uses {'it' if len(missing) == 1 else 'them'}"
        if missing
        else ""
    )
    return [f"{_label(param)} has a gradient, of norm {norm:.6g}{none}"]


def _index(tape: Tape, x: Any) -> int | None:
    """The place of `x` on the tape; None for a Param that is not there."""
    if isinstance(x, Param):
        return tape.leaves.get(id(x))
    owner = x.recording if isinstance(x, Result) else x._tape if isinstance(x, Node) else tape
    if owner is not tape:
        raise ValueError(f"{x!r} is not on this tape")
    if isinstance(x, (Result, Node)):
        return x.index
    return _find(tape.trace(), x).id - 1


def _find(trace: Trace, x: Any) -> TraceNode:
    """The node of a trace that has a number or a name."""
    if isinstance(x, int) and not isinstance(x, bool):
        return trace[x]
    name = x.name if isinstance(x, Param) and x.name else x
    if not isinstance(name, str):
        raise TypeError(
            f"why_none takes the name of a Param, the number of a node, or one that is on the Tape, not {describe(x)}"
        )
    found = [node for node in trace if node.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(
            f"several nodes are named {name!r}: give the number of one, {', '.join(str(node.id) for node in found)}"
        )
    names = dict.fromkeys(node.name for node in trace if node.name)
    raise ValueError(
        f"no Param or argument is named {name!r}; there are: {', '.join(map(repr, names)) or 'none'}"
    )


def _label(x: Any) -> str:
    return x.name if isinstance(x, Param) and x.name else describe(x)


def _few(items: list[str]) -> str:
    return ", ".join(
        [*items[:MOST], *([f"and {len(items) - MOST} more"] if len(items) > MOST else [])]
    )


def _missing(gradient: Any, x: Any, path: str) -> Iterator[str]:
    """The parts of a container of numbers for which there is no gradient, as one would write them."""
    parts = parts_of(x)
    if gradient is None:
        if any(map(is_number, leaves_of(x))):
            yield path
    elif parts is not None:
        fields = has_fields(x)
        keys: Any = (
            list(x) if isinstance(x, dict) else field_names(x) if fields else range(len(parts))
        )
        for key, part in zip(keys, parts, strict=True):
            dx = (
                getattr(gradient, key)
                if fields
                else gradient.get(key)
                if isinstance(x, dict)
                else gradient[key]
            )
            yield from _missing(dx, part, f"{path}.{key}" if fields else f"{path}[{key!r}]")


def _of_trace(trace: Trace, node: TraceNode, cuts: Mapping[int, list[Detached]]) -> list[str]:
    """The answer from the nodes alone, and from what is noted to have read them, by index."""
    name = node.name or f"node {node.id}"
    if trace.result is None:
        return ["there are no gradients yet: the trace was taken before J.backward(loss)"]
    below = _computed_from(trace, node)
    if node.outgrad is None:
        if len(below) == 1:
            return _unused(name, cuts.get(node.id - 1, []))
        return _ended(name, below, _above(trace), cuts)
    found = node.outgrad
    if node.value and node.value.shape and 0 in node.value.shape:
        return [f"{name} has an empty gradient, as it is empty itself"]
    if found.norm is None and not found.nans + found.infs:
        return [f"{name} has a gradient, {found.text}"]
    if found.nans + found.infs:
        return [
            f"{name} has a gradient, with {found.nans} NaN and {found.infs} Inf, and of norm {found.norm or 0:.6g} without them"
        ]
    if found.norm:
        return [f"{name} has a gradient, of norm {found.norm:.6g}"]
    return _zero(name, trace, below)


def _computed_from(trace: Trace, node: TraceNode) -> dict[int, TraceNode]:
    """A node and all that was computed from it, by number, oldest first."""
    found = {node.id: node}
    for other in trace.nodes[node.id :]:
        if not found.keys().isdisjoint(other.parents):
            found[other.id] = other
    return found


def _above(trace: Trace) -> set[int]:
    """The numbers of the nodes from which the result was computed, and its own."""
    found = {trace.result}
    for node in reversed(trace.nodes):
        if node.id in found:
            found.update(node.parents)
    return {id for id in found if id is not None}


def _unused(
    name: str, cuts: list[Detached], otherwise: str = "nothing was computed from it"
) -> list[str]:
    """Of what nothing was computed that is on the tape."""
    if not cuts:
        return [f"{name} has no gradient: {otherwise}"]
    return [
        f"{name} has no gradient: it was read only by what no gradient comes back from:",
        *_listed([_cut(cut) for cut in cuts]),
    ]


def _ended(
    name: str, below: Mapping[int, TraceNode], above: set[int], cuts: Mapping[int, list[Detached]]
) -> list[str]:
    """Of what nothing reaches the result, or only what has no gradient, either."""
    lost = [node for id, node in below.items() if id in above and node.outgrad is not None]
    if lost:
        why = "its way back ends, because a rule returned None, or set_gcnode freed the rest, at:"
        return [f"{name} has no gradient: {why}", *_listed([_where(lost[0])])]
    ends = []
    for id, node in below.items():
        read = [
            f"  read by {_cut(cut)}"
            for cut in cuts.get(id - 1, [])
            if not node.children or cut.name not in DESCRIPTIONS
        ]
        if read or not node.children:
            ends.append("\n".join([_where(node), *read]))
    return [
        f"{name} has no gradient: what was computed from it does not reach the result, but ends here:",
        *_listed(ends),
    ]


def _zero(name: str, trace: Trace, below: Mapping[int, TraceNode]) -> list[str]:
    """Of what the gradient is there, and zero: the operations that have passed no more than zero on towards it."""
    above = _above(trace)
    ways = {id: other for id, other in below.items() if id in above}
    stops = [
        other
        for other in ways.values()
        if not _is_zero(other) and all(_is_zero(ways[p]) for p in other.parents if p in ways)
    ]
    return [
        f"{name} has a gradient of zeros; it becomes zero in:",
        *_listed([_where(other, ways) for other in reversed(stops)]),
    ]


def _is_zero(node: TraceNode) -> bool:
    """Whether nothing flows back to a node; of a container it is not known, and taken for true."""
    found = node.outgrad
    return found is None or not (found.norm or found.nans + found.infs)


def _listed(items: list[str]) -> list[str]:
    more = [f"and {len(items) - MOST} more"] if len(items) > MOST else []
    return [f"  {line}" for item in [*items[:MOST], *more] for line in item.split("\n")]


def _cut(cut: Detached) -> str:
    return f"{one_line(cut.name)}{_at(cut.file, cut.line, cut.function)}"


def _where(node: TraceNode, towards: Mapping[int, TraceNode] | None = None) -> str:
    """A node and its line; with the arguments that came from some nodes, it is their gradients that are meant."""
    if towards is None:
        return f"{node.id}. {one_line(node.name or node.call)}{_at(node.file, node.line, node.function)}"
    numbers = [
        str(i) for i, arg in enumerate(node.args, 1) if not towards.keys().isdisjoint(arg.nodes)
    ]
    return f"{node.id}. {one_line(node.op)}[{', '.join(numbers)}]{_at(node.file, node.line, node.function)}"


def _at(file: str, line: int, function: str) -> str:
    code = code_at(file, line)
    return one_line(f" at {file}:{line} in {function}{f': {code}' if code else ''}") if file else ""
