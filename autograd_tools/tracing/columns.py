"""A trace by columns: what its nodes have in common is held once, and nodes are made when somebody asks for one."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, TypeVar, overload

import numpy as np

from autograd_tools.base.text import one_line
from autograd_tools.tracing.summaries import Summaries, Summary

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a call as a listing shows it, and the ids of the nodes in it: none for a constant."""

    text: str
    nodes: tuple[int, ...] = ()
    keyword: str | None = None


@dataclass(frozen=True, slots=True)
class TraceNode:
    """One node: ids count from 1 in the order of creation, times are in nanoseconds.

    `kind` is "param", "input" (an argument of `grad(f)` or `trace(f)`) or "result"; `op` is the name of the operation,
    empty for a leaf; `name` that of the Param or argument, if it has one. `file`, `line` and `function` tell where in the
    user's code the call stands, `scope` the path of functions and scopes around it; `calls` numbers those, so that two
    calls of one function can be told apart. `backward_ns` is by argument number.
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

    @property
    def call(self) -> str:
        """`matmul(P(float64[2,3]), float64[3,4])`; `P(float64[2,3])` for a leaf."""
        if self.kind != "result":
            return f"P({self.value.text if self.value else None})"
        return f"{self.op}({', '.join(f'{a.keyword}={a.text}' if a.keyword else a.text for a in self.args)})"

    @property
    def listing(self) -> str:
        """The line of the node in a listing, without its number."""
        gradient = f" ∇={self.outgrad.text}" if self.outgrad else ""
        made = "" if self.kind != "result" else f"{self.value.text if self.value else 'R(None)'} = "
        return one_line(f"{made}{self.call}{gradient}")


class ScopeNode(NamedTuple):
    """Where nodes were computed: in a call of a function, in a scope, in a loop or one step of it.

    Places form a tree: `parent` is the number in `Trace.places` of the one around it; the first, around all, is its own.
    `kind` is "function", "scope", "loop" or "step", and empty for the first; `file` and `line` tell where it was entered.
    """

    parent: int
    kind: str
    name: str
    file: str = ""
    line: int = 0


# An argument in a `OpSignature`: the text of a constant; or the texts around the values of nodes, which are the next parents
# of the node; or, where neither tells all, the argument itself.
ArgTemplate: TypeAlias = str | tuple[str, ...] | Argument


class OpSignature(NamedTuple):
    """What the nodes of equal calls share."""

    kind: str
    op: str = ""
    name: str = ""
    args: tuple[ArgTemplate, ...] = ()


class SourceLine(NamedTuple):
    """Where in the user's code calls stand."""

    file: str = ""
    line: int = 0
    function: str = ""


class Numbering(dict[T, int]):
    """Things that occur many times, each held once: `table[thing]` is its number, a new one for a new thing."""

    def __missing__(self, thing: T) -> int:
        number = self[thing] = len(self)
        return number


@dataclass(frozen=True)
class Columns:
    """A trace by columns, for what looks at all of its nodes: row 0 is the node of id 1. Ids in it are those of nodes.

    The rows of `signature` and `source_line` are numbers in `signatures` and `source_lines`. `flat` has the parents of all nodes, one after the
    other, and `starts` where those of each begin, and the end.
    """

    signatures: list[OpSignature]
    signature: list[int]
    source_lines: list[SourceLine]
    source_line: list[int]
    places: list[ScopeNode]
    place: list[int]  # numbers in `places`
    starts: np.ndarray
    flat: np.ndarray
    value: Summaries
    outgrad: Summaries
    forward_ns: list[int | None]
    backward_ns: list[dict[int, int] | None]

    @functools.cached_property
    def kind(self) -> list[str]:
        """The kinds of the nodes."""
        return [self.signatures[number].kind for number in self.signature]

    @functools.cached_property
    def op(self) -> list[str]:
        """The names of the operations."""
        return [self.signatures[number].op for number in self.signature]

    @functools.cached_property
    def name(self) -> list[str]:
        """The names of the leaves."""
        return [self.signatures[number].name for number in self.signature]

    @functools.cached_property
    def file(self) -> list[str]:
        """The files that the calls stand in."""
        return [self.source_lines[number].file for number in self.source_line]

    @functools.cached_property
    def line(self) -> list[int]:
        """The lines of the calls."""
        return [self.source_lines[number].line for number in self.source_line]

    @functools.cached_property
    def parents(self) -> list[tuple[int, ...]]:
        """The parents, in the order of the arguments."""
        return _split(self.flat, self.starts)

    @functools.cached_property
    def children(self) -> list[tuple[int, ...]]:
        """What was computed from each node, oldest first."""
        n = len(self.signature)
        own = np.repeat(np.arange(1, n + 1), np.diff(self.starts))
        pairs = np.unique(self.flat * (n + 1) + own)  # by parent, then by child
        return _split(pairs % (n + 1), np.searchsorted(pairs // (n + 1), np.arange(1, n + 2)))

    @functools.cached_property
    def scopes(self) -> list[tuple[tuple[str, ...], tuple[int, ...]]]:
        """The names and numbers of the functions and scopes around each place: numbers count from 1."""
        found: list[tuple[tuple[str, ...], tuple[int, ...]]] = []
        count = 0
        for place in self.places:
            names, numbers = found[place.parent] if found else ((), ())
            if place.kind in ("function", "scope"):
                count += 1
                names, numbers = (*names, place.name), (*numbers, count)
            found.append((names, numbers))
        return found

    def node(self, row: int) -> TraceNode:
        """The node of a row."""
        signature = self.signatures[self.signature[row]]
        return TraceNode(
            row + 1,
            *signature[:3],
            self._args(signature, row),
            self.value.row(row),
            self.outgrad.row(row),
            self.parents[row],
            self.children[row],
            *self.source_lines[self.source_line[row]],
            *self.scopes[self.place[row]],
            self.forward_ns[row],
            self.backward_ns[row],
        )

    def call(self, row: int) -> str:
        """`TraceNode.call` of a row, much faster than by way of the node."""
        number = self.signature[row]
        if self.signatures[number].kind != "result":
            return self._operand(row + 1)
        template = self._templates[number]
        return (
            template % tuple(map(self._operand, self.parents[row]))
            if template is not None
            else self.node(row).call
        )

    def listing(self, row: int) -> str:
        """`TraceNode.listing` of a row, much faster than by way of the node."""
        value, outgrad = self.value, self.outgrad
        gradient = f" ∇={outgrad.text_of(row)}" if outgrad.there[row] else ""
        made = (
            (value.text_of(row) if value.there[row] else "R(None)") + " = "
            if self.signatures[self.signature[row]].kind == "result"
            else ""
        )
        return one_line(f"{made}{self.call(row)}{gradient}")

    @functools.cached_property
    def _templates(self) -> list[str | None]:
        """The call of each signature with %s for each parent; None where its arguments tell more than that."""
        return [_template(signature) for signature in self.signatures]

    def _args(self, signature: OpSignature, row: int) -> tuple[Argument, ...]:
        ids = iter(self.parents[row])
        return tuple(
            [
                template if isinstance(template, Argument) else self._argument(template, ids)
                for template in signature.args
            ]
        )

    def _argument(self, template: str | tuple[str, ...], ids: Iterator[int]) -> Argument:
        if isinstance(template, str):
            return Argument(template)
        own = tuple(itertools.islice(ids, len(template) - 1))
        return Argument(
            "".join(
                itertools.chain(
                    *itertools.zip_longest(template, map(self._operand, own), fillvalue="")
                )
            ),
            own,
        )

    def _operand(self, id: int) -> str:
        """A node as it stands among the arguments of another."""
        text = self.value.text_of(id - 1) if self.value.form[id - 1] >= 0 else "None"
        return f"{'R' if self.signatures[self.signature[id - 1]].kind == 'result' else 'P'}({text})"

    @classmethod
    def of(cls, nodes: Sequence[TraceNode]) -> Columns:
        """The columns of some nodes."""
        signatures, source_lines = Numbering[OpSignature](), Numbering[SourceLine]()
        places, place = _places(nodes)
        return cls(
            signature=[
                signatures[OpSignature(node.kind, node.op, node.name, node.args)] for node in nodes
            ],
            signatures=list(signatures),
            source_line=[
                source_lines[SourceLine(node.file, node.line, node.function)] for node in nodes
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
        )


class Nodes(Sequence[TraceNode]):
    """The nodes of columns, each made when it is asked for."""

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


def _template(signature: OpSignature) -> str | None:
    args = []
    for template in signature.args:
        if isinstance(template, Argument):
            if template.nodes:
                return None
            args.append(
                f"{template.keyword}={template.text}".replace("%", "%%")
                if template.keyword
                else template.text.replace("%", "%%")
            )
        else:
            args.append(
                "%s".join(
                    part.replace("%", "%%")
                    for part in ([template] if isinstance(template, str) else template)
                )
            )
    return f"{signature.op.replace('%', '%%')}({', '.join(args)})"


def _split(flat: np.ndarray, starts: np.ndarray) -> list[tuple[int, ...]]:
    """Tuples of what stands in `flat` between each of the `starts` and the next."""
    items, ends = flat.tolist(), starts.tolist()
    return [tuple(items[first:last]) for first, last in itertools.pairwise(ends)]


def _places(nodes: Iterable[TraceNode]) -> tuple[list[ScopeNode], list[int]]:
    """The functions around nodes, of which these know names and numbers only, and the number of the place of each node."""
    places, found = [ScopeNode(0, "", "")], []
    numbers: dict[tuple[int, ...], int] = {(): 0}
    for node in nodes:
        for depth, name in enumerate(node.scope, 1):
            path = node.calls[:depth]
            if path not in numbers:
                numbers[path] = len(places)
                places.append(ScopeNode(numbers[path[:-1]], "function", name))
        found.append(numbers[node.calls])
    return places, found
