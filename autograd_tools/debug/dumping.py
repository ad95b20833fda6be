"""A node of a tape as text, field by field: `dump`."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_tools.base.text import Text
from autograd_tools.engine.describe import describe
from autograd_tools.engine.values import Value, unwrap
from autograd_tools.tracing.node import Node


def dump(x: Any, maxdepth: int = 1) -> Text:
    """Return the fields of a node as text, one per line.

    Parameters
    ----------
    x : Node, Param, Result or any value
        A node. Anything else is shown as its value.
    maxdepth : int, default 1
        With 2, parents and children are shown with their fields, source line and scope as well;
        with 3, also their neighbours, and so on.

    Returns
    -------
    text : str
        A string that an interactive session prints unquoted.

    Raises
    ------
    ValueError
        If `maxdepth` is not an int of 1 or more.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> x = ag.Param(3.0)
    >>> J = ag.diff(lambda: x * np.square(x))
    >>> print(ag.dump(J.collect()[0]))
    Node 3
      value: 27.0
      func: multiply
      args: (P(3.0), R(9.0))
      kwargs: {}
      parents: 1, 2
      children:
      outgrad: 1.0
      cdr: Node 2
    """
    if not isinstance(maxdepth, int) or maxdepth < 1:
        raise ValueError(f"maxdepth must be an int of 1 or more, got {maxdepth!r}")
    return Text("\n".join(_fields(x, maxdepth) if isinstance(x, Node) else [_value(x)]))


def _fields(node: Node, depth: int) -> list[str]:
    lines = [f"Node {node.index + 1}", f"  value: {_value(node.value)}"]
    args = [_argument(node, arg, parent) for arg, parent in node.entry.arguments()]
    if not node.is_leaf:
        lines += [
            f"  func: {node.name}",
            f"  args: ({', '.join(args)}{',' if len(args) == 1 else ''})",
            f"  kwargs: {describe(dict(node.kwargs))}",
        ]
    for name, neighbours in (("parents", node.parents), ("children", node.children)):
        lines.append(f"  {name}: {', '.join(str(n.index + 1) for n in neighbours)}".rstrip())
        if depth > 1:
            lines += [f"    {line}" for n in neighbours for line in _fields(n, depth - 1)]
    lines.append(f"  outgrad: {_value(node.outgrad)}")
    lines.append(f"  cdr: {'None' if node.cdr is None else f'Node {node.cdr.index + 1}'}")
    if node.source is not None and depth > 1:
        lines.append(f"  source: {node.source.file}:{node.source.line} in {node.source.function}")
        lines.append(f"  scope: {'/'.join(node.scope)}".rstrip())
    return lines


def _argument(node: Node, arg: Any, parent: Any) -> str:
    """Return an argument as text, with its value when it was recorded."""
    if type(parent) is tuple:
        items = [_argument(node, a, p) for a, p in zip(arg, parent, strict=True)]
        return f"[{', '.join(items)}]"
    if parent is None:
        return describe(unwrap(arg))
    source = Node(node.tape, parent)
    return f"{'P' if source.is_leaf else 'R'}({describe(source.value)})"


def _value(x: Any) -> str:
    if isinstance(x, Value):
        return describe(x)
    x = unwrap(x)
    if isinstance(x, np.ndarray):
        numbers = np.array2string(x, threshold=12, edgeitems=2, precision=6, separator=" ")
        return f"{describe(x)} {' '.join(numbers.split())}"
    return "None" if x is None else describe(x)
