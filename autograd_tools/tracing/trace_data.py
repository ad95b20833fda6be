"""The trace: a tape as plain data, which needs no arrays and can be saved, sent, compared and drawn."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograd_tools.base.documents import read_document, write_document
from autograd_tools.base.html import html_of
from autograd_tools.tracing.columns import Columns, Nodes, ScopeNode, TraceNode
from autograd_tools.tracing.file_format import columns_of_plain, plain_columns

FORMAT, VERSION = "autograd_tools.trace", 2


@dataclass(frozen=True)
class Trace:
    """The nodes of a tape, oldest first; `result` is the id of the final scalar, None if nothing was differentiated."""

    nodes: Sequence[TraceNode]
    result: int | None = None

    @functools.cached_property
    def columns(self) -> Columns:
        """The nodes by columns."""
        return self.nodes.columns if isinstance(self.nodes, Nodes) else Columns.of(self.nodes)

    @property
    def places(self) -> list[ScopeNode]:
        """The functions, scopes, loops and steps of loops that nodes were computed in, outer ones first."""
        return self.columns.places

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
        if isinstance(self.nodes, Nodes):
            self._check_columns()
            return
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
                raise ValueError(
                    f"node {node.id} names the children {node.children}, and those that name it are {children[node.id]}"
                )
        if self.result is not None and self.result not in children:
            raise ValueError(f"the result {self.result} is not a node")

    def _check_columns(self) -> None:
        """The same for nodes that are made of columns, whose ids and children cannot be wrong."""
        starts, flat = self.columns.starts, self.columns.flat
        own = np.repeat(np.arange(1, len(self.nodes) + 1), np.diff(starts))
        for wrong in np.flatnonzero((flat < 1) | (flat >= own))[:1].tolist():
            raise ValueError(f"node {own[wrong]} has the parent {flat[wrong]}, which is not older")
        if self.result is not None and self.result not in range(1, len(self.nodes) + 1):
            raise ValueError(f"the result {self.result!r} is not a node")

    def to_dict(self) -> dict[str, Any]:
        """The trace in numbers, strings, lists and dicts, ready for JSON."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "result": self.result,
            **plain_columns(self.columns),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Trace:
        """The trace that `to_dict` described; ValueError if the nodes do not fit together."""
        made = cls(Nodes(columns_of_plain(data)), data.get("result"))
        made.check()
        return made

    def save(self, path: str | Path) -> None:
        """Write the trace to a JSON file."""
        write_document(path, self.to_dict())

    def __str__(self) -> str:
        return "\n".join([f"{row + 1}. {self.columns.listing(row)}" for row in range(len(self))])

    def _repr_html_(self) -> str | None:
        return html_of(self)

    def __repr__(self) -> str:
        final = self[self.result].value if self.result else None
        return f"<Trace of {len(self.nodes)} nodes{f', result {final.text}' if final else ''}>"


def load_trace(path: str | Path) -> Trace:
    """The trace that `Trace.save` wrote; ValueError for a damaged, foreign or newer file."""
    return read_document(path, FORMAT, VERSION, Trace.from_dict, oldest=VERSION)
