"""The trace: a tape as plain data, which needs no arrays and can be saved, sent, compared and drawn."""

from __future__ import annotations

import functools
import inspect
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from autograd_tools.calls import plain
from autograd_tools.containers import is_constant_leaf, is_floating, is_number, leaves_of
from autograd_tools.core import Result, live, value
from autograd_tools.files import read_document, write_document
from autograd_tools.rules.indexing import opened
from autograd_tools.show import describe
from autograd_tools.tape import Node, Tape, arguments
from autograd_tools.text import one_line

FORMAT, VERSION = "autograd_tools.trace", 1


@dataclass(frozen=True, slots=True)
class Summary:
    """A value or a gradient without its numbers.

    `text` is how a listing shows it; `shape` and `dtype` are None for containers; `nbytes` is the memory of its data.
    The statistics, None where there is nothing to take them from, leave numbers out that are not finite and count them.
    """

    text: str
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    nbytes: int = 0
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    norm: float | None = None
    zeros: int = 0
    nans: int = 0
    infs: int = 0


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


@dataclass(frozen=True, slots=True)
class Place:
    """Where nodes were computed: in a call of a function, in a scope, in a loop or one step of it.

    Places form a tree: `parent` is the number in `Trace.places` of the one around it; the first, around all, is its own.
    `kind` is "function", "scope", "loop" or "step", and empty for the first; `file` and `line` tell where it was entered.
    """

    parent: int
    kind: str
    name: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True)
class Summaries:
    """A column of summaries, a row for each node; of a number that is not known it holds NaN, of a text "" or None."""

    there: np.ndarray  # of bool: whether there is a value or gradient at all
    text: list[str]
    shape: list[tuple[int, ...] | None]
    dtype: list[str | None]
    nbytes: np.ndarray
    min: np.ndarray
    max: np.ndarray
    mean: np.ndarray
    norm: np.ndarray
    zeros: np.ndarray
    nans: np.ndarray
    infs: np.ndarray

    @classmethod
    def of(cls, items: Sequence[Summary | None]) -> Summaries:
        """The column of some summaries."""
        filled = [Summary("") if item is None else item for item in items]
        columns: dict[str, Any] = {name: [getattr(s, name) for s in filled] for name in ("text", "shape", "dtype")}
        for name in ("min", "max", "mean", "norm"):
            columns[name] = np.array([getattr(s, name) for s in filled], float)
        for name in ("nbytes", "zeros", "nans", "infs"):
            columns[name] = np.array([getattr(s, name) for s in filled], int)
        return cls(there=np.array([item is not None for item in items], bool), **columns)


@dataclass(frozen=True)
class Columns:
    """A trace by columns, for what looks at all of its nodes: row 0 is the node of id 1. Ids in it are those of nodes."""

    kind: list[str]
    op: list[str]
    name: list[str]
    parents: list[tuple[int, ...]]
    children: list[tuple[int, ...]]
    place: list[int]  # numbers in `Trace.places`
    file: list[str]
    line: list[int]
    value: Summaries
    outgrad: Summaries
    forward_ns: list[int | None]
    backward_ns: list[dict[int, int] | None]


@dataclass(frozen=True)
class Trace:
    """The nodes of a tape, oldest first; `result` is the id of the final scalar, None if nothing was differentiated."""

    nodes: tuple[TraceNode, ...]
    result: int | None = None

    @functools.cached_property
    def columns(self) -> Columns:
        """The nodes by columns."""
        names = ("kind", "op", "name", "parents", "children", "file", "line", "forward_ns", "backward_ns")
        columns: dict[str, Any] = {name: [getattr(node, name) for node in self.nodes] for name in names}
        for name in ("value", "outgrad"):
            columns[name] = Summaries.of([getattr(node, name) for node in self.nodes])
        return Columns(**columns, place=self._placed[1])

    @property
    def places(self) -> list[Place]:
        """The functions, scopes, loops and steps of loops that nodes were computed in, outer ones first."""
        return self._placed[0]

    @functools.cached_property
    def _placed(self) -> tuple[list[Place], list[int]]:
        """The places, and the number of that of each node."""
        places, found = [Place(0, "", "")], []
        numbers: dict[tuple[int, ...], int] = {(): 0}
        for node in self.nodes:
            for depth, name in enumerate(node.scope, 1):
                path = node.calls[:depth]
                if path not in numbers:
                    numbers[path] = len(places)
                    places.append(Place(numbers[path[:-1]], "function", name))
            found.append(numbers[node.calls])
        return places, found

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[TraceNode]:
        return iter(self.nodes)

    def __getitem__(self, id: int) -> TraceNode:
        if not 1 <= id <= len(self.nodes):
            raise KeyError(f"no node {id!r}: ids go from 1 to {len(self.nodes)}")
        return self.nodes[id - 1]

    def check(self) -> None:
        """Raise ValueError unless ids count up from 1 and parents and children agree, parents being older."""
        children: dict[int, list[int]] = {node.id: [] for node in self.nodes}
        for position, node in enumerate(self.nodes, 1):
            if node.id != position:
                raise ValueError(f"node {node.id} stands in place {position}")
            for parent in dict.fromkeys(node.parents):
                if not 1 <= parent < node.id:
                    raise ValueError(f"node {node.id} has the parent {parent}, which is not older")
                children[parent].append(node.id)
        for node in self.nodes:
            if list(node.children) != children[node.id]:
                raise ValueError(f"node {node.id} names the children {node.children}, and those that name it are {children[node.id]}")
        if self.result is not None and self.result not in children:
            raise ValueError(f"the result {self.result} is not a node")

    def to_dict(self) -> dict[str, Any]:
        """The trace in numbers, strings, lists and dicts, ready for JSON."""
        return {"format": FORMAT, "version": VERSION, "result": self.result, "nodes": [_plain(node) for node in self.nodes]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Trace:
        """The trace that `to_dict` described; ValueError if the nodes do not fit together."""
        made = cls(tuple(_node(item) for item in data["nodes"]), data["result"])
        made.check()
        return made

    def save(self, path: str | Path) -> None:
        """Write the trace to a JSON file."""
        write_document(path, self.to_dict())

    def __str__(self) -> str:
        return "\n".join(f"{node.id}. {node.listing}" for node in self.nodes)

    def __repr__(self) -> str:
        final = self[self.result].value if self.result else None
        return f"<Trace of {len(self.nodes)} nodes{f', result {final.text}' if final else ''}>"


def load_trace(path: str | Path) -> Trace:
    """The trace that `Trace.save` wrote; ValueError for a damaged, foreign or newer file."""
    return read_document(path, FORMAT, VERSION, Trace.from_dict)


def trace(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Trace:
    """Call `f(*args, **kwargs)` and return the trace of what it did with its arguments and with Params.

    Where `f` returns a scalar, the trace holds its gradients too.

    >>> import numpy as np, autograd_tools as ag
    >>> print(ag.trace(lambda x, y: np.sin(x) * y, 0.0, 2.0))
    1. P(0.0) ∇=2.0
    2. P(2.0) ∇=0.0
    3. 0.0 = sin(P(0.0)) ∇=2.0
    4. 0.0 = multiply(R(0.0), P(2.0)) ∇=1.0
    """
    tape = Tape(follows_params=True)
    names = parameter_names(f)
    with tape.open(sys._getframe()):
        inputs = [
            opened(tape.input(live(arg), name)) if _is_numeric(arg) else arg
            for arg, name in zip(args, [*names, *[""] * len(args)], strict=False)
        ]
        y = live(f(*inputs, **kwargs))
    if isinstance(y, Result) and y.recording is tape and np.shape(value(y)) == () and np.isrealobj(value(y)):
        tape.backward(y)
    return snapshot(tape)


def parameter_names(f: Callable[..., Any]) -> list[str]:
    """The names of the positional parameters of a function, as far as they can be known."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def _is_numeric(x: Any) -> bool:
    """Whether there are numbers of floating point in it, and nothing that a gradient cannot be of."""
    leaves = leaves_of(plain(x))
    return any(map(is_floating, leaves)) and all(is_number(leaf) or is_constant_leaf(leaf) for leaf in leaves)


def snapshot(tape: Tape) -> Trace:
    """The trace of a tape as it is now."""
    nodes = tape.nodes
    parents = [tuple(p.index + 1 for p in node.parents) for node in nodes]
    children: list[list[int]] = [[] for _ in nodes]
    for index, found in enumerate(parents):
        for parent in dict.fromkeys(found):
            children[parent - 1].append(index + 1)
    made = (_trace_node(node, parents[node.index], tuple(children[node.index])) for node in nodes)
    return Trace(tuple(made), None if tape.result is None else tape.result + 1)


def _trace_node(node: Node, parents: tuple[int, ...], children: tuple[int, ...]) -> TraceNode:
    times = dict(node.times)
    source = node.source
    return TraceNode(
        id=node.index + 1,
        kind="result" if not node.is_leaf else "input" if node.param is None else "param",
        op="" if node.is_leaf else node.name,
        name=node.name if node.is_leaf else "",
        args=tuple(_arguments(node)),
        value=summary(node.value),
        outgrad=summary(node.outgrad),
        parents=parents,
        children=children,
        file=source.file if source else "",
        line=source.line if source else 0,
        function=source.function if source else "",
        scope=source.scope if source else (),
        calls=source.calls if source else (),
        forward_ns=times.pop(0, None),
        backward_ns=times or None,
    )


def _arguments(node: Node) -> Iterator[Argument]:
    ids = node.arg_parents
    for position, text in enumerate(arguments(node)):
        yield Argument(text, tuple(i + 1 for i in ids.get(position, ())))
    for keyword, arg in node.kwargs.items():
        yield Argument(describe(arg), (), keyword)


_name = functools.cache(str)  # NumPy takes microseconds to name a dtype


def summary(x: Any) -> Summary | None:
    """The summary of a value; None of None."""
    if x is None:
        return None
    text = describe(x)
    if isinstance(x, (float, int)) and not isinstance(x, bool) and math.isfinite(x):  # quick, because most nodes may be numbers
        number = float(x)
        dtype, nbytes = (_name(x.dtype), x.nbytes) if isinstance(x, np.generic) else (type(x).__name__ + "64", 8)
        return Summary(text, (), dtype, nbytes, number, number, number, abs(number), int(number == 0))
    if isinstance(x, bool) or not isinstance(x, (int, float, complex, np.ndarray, np.number)):
        return Summary(text)
    array = np.asarray(x)
    known = (text, array.shape, _name(array.dtype), array.nbytes)
    if array.size == 0 or array.dtype.kind not in "iufc":
        return Summary(*known)
    finite = (np.abs(array) if array.dtype.kind == "c" else array).ravel().astype(np.float64, copy=False)
    nans = infs = 0
    if not np.isfinite(finite).all():
        nans, infs = int(np.isnan(finite).sum()), int(np.isinf(finite).sum())
        finite = finite[np.isfinite(finite)]
    if finite.size == 0:
        return Summary(*known, nans=nans, infs=infs)
    low, high = float(np.minimum.reduce(finite)), float(np.maximum.reduce(finite))
    size = max(-low, high) or 1.0  # what the norm is scaled by, so that no square overflows
    scaled = finite / size
    mean = _finite(float(np.add.reduce(scaled)) / finite.size * size)
    norm = _finite(math.sqrt(np.dot(scaled, scaled)) * size)
    return Summary(*known, low, high, mean, norm, int(finite.size - np.count_nonzero(finite)), nans, infs)


def _finite(x: float) -> float | None:
    return x if math.isfinite(x) else None


def _plain(x: Any) -> Any:
    """Numbers, strings, lists and dicts, without the fields that have their default."""
    if isinstance(x, (TraceNode, Summary, Argument)):
        return {f.name: _plain(part) for f in fields(x) if (part := getattr(x, f.name)) != f.default}
    if isinstance(x, tuple):
        return [_plain(item) for item in x]
    return {str(key): part for key, part in x.items()} if isinstance(x, dict) else x


def _node(item: dict[str, Any]) -> TraceNode:
    """The node that `_plain` described."""
    made: dict[str, Any] = {key: tuple(part) if isinstance(part, list) else part for key, part in item.items()}
    if "args" in item:
        made["args"] = tuple(Argument(**{**arg, "nodes": tuple(arg.get("nodes", ()))}) for arg in item["args"])
    if "backward_ns" in item:
        made["backward_ns"] = {int(argument): ns for argument, ns in item["backward_ns"].items()}
    for key in ("value", "outgrad"):
        if key in item:
            made[key] = _summary(item[key])
    return TraceNode(**made)


def _summary(item: dict[str, Any]) -> Summary:
    shape = item.get("shape")
    return Summary(**{**item, "shape": None if shape is None else tuple(shape)})
