"""Short texts for nodes, values and groups, which views share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from autograd_tools import Trace
from autograd_tools.base.text import one_line
from autograd_tools.tracing.columns import Argument, TraceNode
from autograd_tools.tracing.summaries import Summary
from viewer.groups import Group
from viewer.text.lines import shorten
from viewer.text.signs import infix

LONGEST_NAME = 24  # columns of the name of an operation or a Param in a list
LONGEST_OPTION = 32  # columns of an argument
MOST_ARGUMENTS = 4
MOST_NAMES = 4  # of Params with one reason, or values without a gradient
FLOATS = ("float", "bfloat", "complex")  # how the names of their types begin
_OPERAND = re.compile(r"\b[PR]\(")
_ARRAY = re.compile(r"[a-z]+\d*\[[\d,]*\]")


def plural(n: int, noun: str) -> str:
    """Return `1 node`, `12,345 nodes`."""
    return f"{n:,} {noun}{'s' * (n != 1)}"


def by_reason(reasons: Mapping[str, str], limit: int | None = None) -> Iterator[str]:
    """Yield lines that say why Params have no gradient; those of one reason stand together."""
    groups: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        groups.setdefault(reason, []).append(one_line(name))
    for reason, names in [*groups.items()][:limit]:
        first, *rest = reason.split("\n")
        yield f"{few(names)}: {one_line(first)}"
        yield from map(one_line, rest)
    if limit is not None and len(groups) > limit:
        yield f"{plural(len(groups) - limit, 'more reason')}"


def has_floats(node: TraceNode) -> bool:
    """Return whether the value of a node has floats; True if its type is unknown."""
    dtype = node.value.dtype if node.value else None
    return not dtype or dtype.startswith(FLOATS)


def few(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"{', '.join(names[:MOST_NAMES])}{more}"


def heading(group: Group) -> str:
    """Return the name of a group: `steps 2-100` of a loop, `f, calling itself`."""
    if group.kind in ("step", "level"):
        is_one = not group.copies and "," not in group.name
        return f"{group.kind}{'' if is_one else 's'} {group.name}"
    if group.kind == "recursion":
        return f"{group.name}, calling itself"
    return group.name or group.kind or "group"


def title(group: Group) -> str:
    """Return the heading of a label, with the number of copies of a folded group."""
    name = shorten(heading(group))
    return f"{name}  ×{group.times:,}" if group.copies else name


def is_method(group: Group) -> bool:
    """Return whether a group is a function that has the name of a class: a method or an object."""
    return group.kind == "function" and group.name.rpartition(".")[2][:1].isupper()


def carried(copies: int) -> str:
    """Return where a value goes that another copy of a folded group uses."""
    return {1: "to the next step", -1: "back to the level above"}.get(copies, f"{copies} steps on")


def carried_back(copies: int) -> str:
    """Return where the gradient of such a value goes."""
    return {1: "to the step before", -1: "to the level inside"}.get(copies, f"{copies} steps back")


def call(trace: Trace, node: TraceNode, *, arrays: bool = True) -> str:
    """Return the operation with its constants, `1 / ·`, `float64[4] / x` or `sum(axis=0)`.

    A dot stands for another argument, unless that is a Param or an input with a name. Without
    `arrays` it stands for a constant array, too.
    """
    given = [arg for arg in node.args if arg.keyword is None]
    args = [_argument(trace, node, arg, arrays) for arg in given]
    options = [
        f"{arg.keyword}={shorten(arg.text, LONGEST_OPTION)}" for arg in node.args if arg.keyword
    ]
    is_told = any(
        (not arg.nodes and text != "·") or (len(arg.nodes) > 1 and text.strip("[(·, …)]"))
        for arg, text in zip(given, args, strict=True)
    )
    shown = [*args[:MOST_ARGUMENTS], *["…"] * (len(args) > MOST_ARGUMENTS)] if is_told else []
    if not shown and not options:
        return node.op
    return (
        "" if options else infix(node.op, args)
    ) or f"{node.op}({', '.join([*shown, *options])})"


def _argument(trace: Trace, node: TraceNode, arg: Argument, arrays: bool) -> str:
    """Return a constant, the name of a node or a dot, or a list of them."""
    if not arg.nodes:
        is_hidden = not arrays and node.op != "getitem" and _ARRAY.fullmatch(arg.text)
        return "·" if is_hidden else shorten(digits(arg.text), LONGEST_OPTION)
    names = [_name(trace, id) for id in arg.nodes[: MOST_ARGUMENTS + 1]]
    pieces: list[str] = []
    end = 0
    for id, name in zip(arg.nodes, names, strict=False):
        operand = trace.columns.operand(id)
        start = arg.text.find(operand, end)
        if start < 0 and (pieces or not _OPERAND.search(arg.text)):
            break  # at a removed node, which a comparison adds to an argument
        if start < 0:
            return names[0] if len(names) == 1 else f"[{', '.join(names)}]"
        pieces += [arg.text[end:start], name]
        end = start + len(operand)
    is_cut = len(names) < len(arg.nodes)
    text = "".join([*pieces, f", …{arg.text[-1]}" if is_cut else arg.text[end:]])
    return shorten(text, LONGEST_OPTION)


def _name(trace: Trace, id: int) -> str:
    name = trace.columns.name[id - 1]
    return shorten(name, LONGEST_NAME) if name.strip() else "·"


def digits(text: str) -> str:
    """Return a long number in six digits, other text unchanged."""
    return f"{float(text):.6g}" if re.fullmatch(r"-?\d+\.\d{6,}(e[+-]\d+)?", text) else text


def number(value: Summary | None) -> str:
    """Return a value in a label: a scalar in six digits, an array as its type and shape."""
    if value is None:
        return "freed"
    return f"{value.mean:.6g}" if value.shape == () and value.mean is not None else value.text


def shape(value: Summary | None) -> str:
    """Return `64×32`, or `64×32 float32` for another type than float64; nothing for a scalar.

    A vector of 64 elements is `[64]`, which is no number.
    """
    if value is None or value.shape is None:
        return shorten(value.text, 20) if value else ""
    return shape_text(value.shape, value.dtype)


def shape_text(shape: tuple[int, ...], dtype: str | None) -> str:
    """Return the text of `shape` for a shape and dtype."""
    sizes = "×".join(map(str, shape)) if len(shape) != 1 else f"[{shape[0]}]"
    return sizes if not sizes or dtype == "float64" else f"{sizes} {dtype}"


def gradient(summary: Summary) -> str:
    """Return a gradient in a few characters.

    That is a scalar, or the norm of an array and how many elements are not finite.
    """
    size = summary.mean if summary.shape == () else summary.norm
    special = "" if summary.shape == () else counts(summary, "")
    if size is None:  # such as a norm that overflows
        return special.strip() or summary.text
    return f"{size:.3g}{special}"


def counts(summary: Summary, separator: str, zeros: int = 0) -> str:
    """Return the numbers of special elements: ` 2 NaN 1 Inf`."""
    counts = ((zeros, "zeros"), (summary.nans, "NaN"), (summary.infs, "Inf"))
    return "".join(f"{separator} {n:,} {kind}" for n, kind in counts if n)
