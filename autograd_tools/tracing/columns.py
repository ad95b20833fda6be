"""The columns of a trace, which store shared data once, and nodes created from them on demand."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias, TypeVar, overload

import numpy as np

from autograd_tools.base.text import one_line
from autograd_tools.location.call_tree import ScopeNode, tree_of_paths
from autograd_tools.tracing.buffers import Buffers
from autograd_tools.tracing.summaries import Summaries, Summary

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a call as a listing shows it, with the ids of the nodes in it."""

    text: str
    nodes: tuple[int, ...] = ()
    keyword: str | None = None


@dataclass(frozen=True, slots=True)
class TraceNode:
    """A node of a trace: one operation or leaf, in plain data.

    Attributes
    ----------
    id : int
        The number of the node, from 1 in the order of creation.
    kind : str
        "param", "input" (an argument of `grad(f)` or `trace(f)`) or "result".
    op, name : str
        The operation, empty for a leaf; the name of a Param or argument, empty if unknown.
    args : tuple of Argument
        The arguments of the call.
    value, outgrad : Summary or None
        The value and its gradient.
    parents, children : tuple of int
        The ids of the nodes it was computed from, by argument, and of those computed from it.
    file, line, function : str, int, str
        The user's code that made the call. Of an operation that a VJP rule makes, it is the code of
        the operation whose `gradient` the rule computes.
    scope, calls : tuple of str, tuple of int
        The functions and scopes around the call, outermost first, and the number of each call.
    forward_ns, backward_ns : int or None, dict of int to int or None
        Nanoseconds of the forward pass, and of the VJP rule of each argument, from 1.
    gradient : str
        The operation whose VJP rule made the call; empty for a call of the user's.
    code : str
        The source line, as it was when the trace was made; empty if it could not be read.
    reason : str
        The answer of `why_none` for a Param without a gradient, if the engine knows it.
    """

    id: int
    kind: str
    op: str = ""
    name: str = ""
    args: tuple[Argument, ...] = ()
    value: Summary | None = None
    outgrad: Summary | None = None
    parents: tuple[int, ...] = ()
    children: tuple[int, ...] = ()
    file: str = ""
    line: int = 0
    function: str = ""
    scope: tuple[str, ...] = ()
    calls: tuple[int, ...] = ()
    forward_ns: int | None = None
    backward_ns: dict[int, int] | None = None
    gradient: str = ""
    code: str = ""
    reason: str = ""

    @property
    def call(self) -> str:
        """The call as text, such as `matmul(P(float64[2,3]), float64[3,4])`."""
        if self.kind != "result":
            return f"P({self.value.text if self.value else None})"
        args = [f"{a.keyword}={a.text}" if a.keyword else a.text for a in self.args]
        return f"{self.op}({', '.join(args)})"

    @property
    def listing(self) -> str:
        """The line of a listing, without the number."""
        gradient = f" ∇={self.outgrad.text}" if self.outgrad else ""
        made = "" if self.kind != "result" else f"{self.value.text if self.value else 'R(None)'} = "
        return one_line(f"{made}{self.call}{gradient}")


# An argument without the values of nodes: the text of a constant; the texts around the values of
# nodes, which are the next parents of the node; or the argument itself where neither is enough.
ArgTemplate: TypeAlias = str | tuple[str, ...] | Argument


class OpSignature(NamedTuple):
    """The operation and arguments that nodes share."""

    kind: str
    op: str = ""
    name: str = ""
    args: tuple[ArgTemplate, ...] = ()


class SourceLine(NamedTuple):
    """A line of the user's code that makes calls, or whose `gradient` a VJP rule computes."""

    file: str = ""
    line: int = 0
    function: str = ""
    gradient: str = ""
    code: str = ""


class Numbering(dict[T, int]):
    """Numbers for things that repeat: `numbering[thing]` is new for a new thing."""

    def __missing__(self, thing: T) -> int:
        number = self[thing] = len(self)
        return number


@dataclass(frozen=True)
class Columns:
    """All nodes of a trace, by column: row 0 is the node of id 1.

    Rows of `signature`, `source_line` and `place` are indices into the lists beside them. `flat`
    has the ids of the parents of all nodes, end to end; `starts` has where those of each node
    begin, and the end. `buffers` is None where the memory of arrays is unknown. `reasons` have, by
    row, why a node has no gradient. `engine` names the package whose operations these are; it is
    empty for NumPy's and those of this library.
    """

    signatures: list[OpSignature]
    signature: list[int]
    source_lines: list[SourceLine]
    source_line: list[int]
    places: list[ScopeNode]
    place: list[int]
    starts: np.ndarray
    flat: np.ndarray
    value: Summaries
    outgrad: Summaries
    forward_ns: list[int | None]
    backward_ns: list[dict[int, int] | None]
    buffers: Buffers | None = None
    reasons: dict[int, str] = field(default_factory=dict)
    engine: str = ""

    @functools.cached_property
    def kind(self) -> list[str]:
        """The kind of each node."""
        return [self.signatures[number].kind for number in self.signature]

    @functools.cached_property
    def op(self) -> list[str]:
        """The operation of each node."""
        return [self.signatures[number].op for number in self.signature]

    @functools.cached_property
    def name(self) -> list[str]:
        """The name of each leaf."""
        return [self.signatures[number].name for number in self.signature]

    @functools.cached_property
    def file(self) -> list[str]:
        """The file of each call."""
        return [self.source_lines[number].file for number in self.source_line]

    @functools.cached_property
    def line(self) -> list[int]:
        """The line of each call."""
        return [self.source_lines[number].line for number in self.source_line]

    @functools.cached_property
    def gradient(self) -> list[str]:
        """The operation whose VJP rule made each call."""
        return [self.source_lines[number].gradient for number in self.source_line]

    @functools.cached_property
    def parents(self) -> list[tuple[int, ...]]:
        """The parents of each node, in the order of its arguments."""
        return _split(self.flat, self.starts)

    @functools.cached_property
    def children(self) -> list[tuple[int, ...]]:
        """The nodes computed from each node, oldest first."""
        n = len(self.signature)
        own = np.repeat(np.arange(1, n + 1), np.diff(self.starts))
        pairs = np.unique(self.flat * (n + 1) + own)  # by parent, then by child
        return _split(pairs % (n + 1), np.searchsorted(pairs // (n + 1), np.arange(1, n + 2)))

    @functools.cached_property
    def _calls(self) -> list[int]:
        """The number of each function and scope in the call tree, from 1; 0 for loops and steps."""
        named = itertools.count(1)
        return [next(named) if place.kind in ("function", "scope") else 0 for place in self.places]

    def scope(self, place: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """Return the names of the functions and scopes around a place, and their numbers."""
        names, numbers = [], []
        while place:
            if self._calls[place]:
                names.append(self.places[place].name)
                numbers.append(self._calls[place])
            place = self.places[place].parent
        return tuple(names[::-1]), tuple(numbers[::-1])

    def node(self, row: int) -> TraceNode:
        """Return the node of a row."""
        signature = self.signatures[self.signature[row]]
        line = self.source_lines[self.source_line[row]]
        return TraceNode(
            row + 1,
            *signature[:3],
            self._args(signature, row),
            self.value.row(row),
            self.outgrad.row(row),
            self.parents[row],
            self.children[row],
            *line[:3],
            *self.scope(self.place[row]),
            self.forward_ns[row],
            self.backward_ns[row],
            line.gradient,
            line.code,
            self.reasons.get(row, ""),
        )

    def call(self, row: int) -> str:
        """Return `TraceNode.call` of a row without making the node."""
        number = self.signature[row]
        if self.signatures[number].kind != "result":
            return self.operand(row + 1)
        template = self._formats[number]
        if template is None:
            return self.node(row).call
        return template % tuple(map(self.operand, self.parents[row]))

    def listing(self, row: int) -> str:
        """Return `TraceNode.listing` of a row without making the node."""
        value, outgrad = self.value, self.outgrad
        gradient = f" ∇={outgrad.text_of(row)}" if outgrad.there[row] else ""
        made = ""
        if self.signatures[self.signature[row]].kind == "result":
            made = (value.text_of(row) if value.there[row] else "R(None)") + " = "
        return one_line(f"{made}{self.call(row)}{gradient}")

    @functools.cached_property
    def _formats(self) -> list[str | None]:
        """The call of each signature with %s for each parent; None where that is not enough."""
        return [_call_format(signature) for signature in self.signatures]

    def _args(self, signature: OpSignature, row: int) -> tuple[Argument, ...]:
        ids = iter(self.parents[row])
        return tuple(
            [
                arg if isinstance(arg, Argument) else self._argument(arg, ids)
                for arg in signature.args
            ]
        )

    def _argument(self, template: str | tuple[str, ...], ids: Iterator[int]) -> Argument:
        if isinstance(template, str):
            return Argument(template)
        first, *rest = template
        own = tuple(itertools.islice(ids, len(rest)))
        texts = [f"{self.operand(id)}{text}" for id, text in zip(own, rest, strict=True)]
        return Argument(first + "".join(texts), own)

    def operand(self, id: int) -> str:
        """Return a node as the arguments of another show it."""
        text = self.value.text_of(id - 1) if self.value.form[id - 1] >= 0 else "None"
        return f"{'R' if self.signatures[self.signature[id - 1]].kind == 'result' else 'P'}({text})"

    @classmethod
    def of(cls, nodes: Sequence[TraceNode]) -> Columns:
        """Return the columns of some nodes."""
        signatures, source_lines = Numbering[OpSignature](), Numbering[SourceLine]()
        places, place = tree_of_paths((node.scope, node.calls) for node in nodes)
        return cls(
            signature=[
                signatures[OpSignature(node.kind, node.op, node.name, node.args)] for node in nodes
            ],
            signatures=list(signatures),
            source_line=[
                source_lines[
                    SourceLine(node.file, node.line, node.function, node.gradient, node.code)
                ]
                for node in nodes
            ],
            source_lines=list(source_lines),
            places=places,
            place=place,
            starts=np.cumsum([0, *(len(node.parents) for node in nodes)]),
            flat=np.array([parent for node in nodes for parent in node.parents], np.int64),
            value=Summaries.of(node.value for node in nodes),
            outgrad=Summaries.of(node.outgrad for node in nodes),
            forward_ns=[node.forward_ns for node in nodes],
            backward_ns=[node.backward_ns for node in nodes],
            reasons={row: node.reason for row, node in enumerate(nodes) if node.reason},
        )


class Nodes(Sequence[TraceNode]):
    """The nodes of columns, each made when it is read."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self._made: dict[int, TraceNode] = {}

    def __len__(self) -> int:
        return len(self.columns.signature)

    @overload
    def __getitem__(self, index: int) -> TraceNode: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[TraceNode, ...]: ...
    def __getitem__(self, index: int | slice) -> TraceNode | tuple[TraceNode, ...]:
        rows = range(len(self))[index]
        if isinstance(rows, range):
            return tuple(map(self.columns.node, rows))
        if rows not in self._made:
            self._made[rows] = self.columns.node(rows)
        return self._made[rows]

    def __iter__(self) -> Iterator[TraceNode]:
        return map(self.columns.node, range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (Nodes, tuple)):
            return NotImplemented
        return len(self) == len(other) and all(map(TraceNode.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self)} nodes>"


def _call_format(signature: OpSignature) -> str | None:
    args = []
    for arg in signature.args:
        if isinstance(arg, Argument):
            if arg.nodes:
                return None
            args.append(_escaped(f"{arg.keyword}={arg.text}" if arg.keyword else arg.text))
        else:
            args.append("%s".join(map(_escaped, [arg] if isinstance(arg, str) else arg)))
    return f"{_escaped(signature.op)}({', '.join(args)})"


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _split(flat: np.ndarray, starts: np.ndarray) -> list[tuple[int, ...]]:
    """Return the items of `flat` between each of the `starts` and the next."""
    items, ends = flat.tolist(), starts.tolist()
    return [tuple(items[first:last]) for first, last in itertools.pairwise(ends)]
