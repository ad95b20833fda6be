"""The trace: a tape as plain data, to save, send, compare and draw."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_tools.base.documents import read_document, write_document
from autograd_tools.base.html import html_of
from autograd_tools.base.text import Text
from autograd_tools.location.call_tree import ScopeNode
from autograd_tools.tracing.columns import Columns, Nodes, TraceNode
from autograd_tools.tracing.file_format import columns_of_plain, plain_columns

DIGITS = 7  # of a saved statistic, which the tolerance of a comparison needs
FORMAT, VERSION, OLDEST = "autograd_tools.trace", 3, 2


@dataclass(frozen=True)
class Trace:
    """The nodes of a tape as plain data, without arrays.

    `J.trace()` and `ag.trace(f, *args)` create one; other programs may build one as well. `print`
    lists the nodes, `trace[id]` is a node and `len` counts them.

    Attributes
    ----------
    nodes : sequence of TraceNode
        Oldest first; ids count from 1.
    result : int or None
        The id of the final scalar; None if no backward pass ran.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> t = ag.trace(lambda x: np.sin(x) ** 2, 0.0)
    >>> t
    <Trace of 3 nodes, result 0.0>
    >>> t[2].op, t[2].parents, t[2].children
    ('sin', (1,), (3,))
    """

    nodes: Sequence[TraceNode]
    result: int | None = None

    @functools.cached_property
    def columns(self) -> Columns:
        """The nodes by column, for code that reads all of them."""
        return self.nodes.columns if isinstance(self.nodes, Nodes) else Columns.of(self.nodes)

    @property
    def places(self) -> list[ScopeNode]:
        """The call tree: functions, scopes, loops and steps of loops, outer ones first."""
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
        """Check that ids count from 1, parents are older, and parents and children agree.

        Raises
        ------
        ValueError
            If the nodes are inconsistent.
        """
        n, flat = len(self.nodes), self.columns.flat
        own = np.repeat(np.arange(1, n + 1), np.diff(self.columns.starts))
        for wrong in np.flatnonzero((flat < 1) | (flat >= own))[:1].tolist():
            raise ValueError(f"node {own[wrong]} has the parent {flat[wrong]}, which is not older")
        if not isinstance(self.nodes, Nodes):  # ids and children of those are always right
            for id, (node, children) in enumerate(zip(self, self.columns.children, strict=True), 1):
                if node.id != id:
                    raise ValueError(f"expected node {id}, got node {node.id}")
                if tuple(node.children) != children:
                    found = node.children
                    raise ValueError(f"node {id} has children {found}, expected {children}")
        if self.result is not None and not (type(self.result) is int and 1 <= self.result <= n):
            raise ValueError(f"the result {self.result!r} is not a node")

    def to_dict(self, digits: int | None = None) -> dict[str, Any]:
        """Return the trace as numbers, strings, lists and dicts, ready for JSON.

        `digits` rounds the statistics of arrays; by default, they have all digits.
        """
        return {
            "format": FORMAT,
            "version": VERSION,
            "result": self.result,
            **plain_columns(self.columns, digits),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Trace:
        """Return the trace that `to_dict` described.

        Raises
        ------
        ValueError
            If the data is damaged or inconsistent.
        """
        made = cls(Nodes(columns_of_plain(data)), data.get("result"))
        made.check()
        return made

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the trace to a JSON file, which `load_trace` reads.

        A file whose name ends in .gz is compressed. Statistics of arrays have 7 digits. A regular
        file is replaced when writing is complete, a link is followed, and a pipe or a device is
        written to.
        """
        write_document(path, self.to_dict(DIGITS))

    def __str__(self) -> str:
        rows = range(len(self))
        return str(Text("\n".join([f"{row + 1}. {self.columns.listing(row)}" for row in rows])))

    def _repr_html_(self) -> str | None:
        return html_of(self)

    def __repr__(self) -> str:
        final = self[self.result].value if self.result else None
        return f"<Trace of {len(self.nodes)} nodes{f', result {final.text}' if final else ''}>"


def load_trace(path: str | os.PathLike[str]) -> Trace:
    """Read a trace from a file written by `Trace.save`.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    trace : Trace
        The saved trace, with 7 digits of the statistics of arrays.

    Raises
    ------
    ValueError
        If the file is damaged, is not a trace, or is from a newer version.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import tempfile, numpy as np, autograd_tools as ag
    >>> path = tempfile.mkdtemp() + "/sine.json"
    >>> ag.trace(np.sin, 0.0).save(path)
    >>> print(ag.load_trace(path))
    1. P(0.0) ∇=1.0
    2. 0.0 = sin(P(0.0)) ∇=1.0
    """
    return read_document(path, FORMAT, VERSION, Trace.from_dict, oldest=OLDEST)
