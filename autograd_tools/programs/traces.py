"""A program as a trace, which views list, draw and compare: one node for each input and call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograd_tools.base.containers import tree_leaves
from autograd_tools.base.traced import Method, UfuncMethod
from autograd_tools.engine.describe import describe
from autograd_tools.engine.primitives import name_of
from autograd_tools.location.source_lines import code_at
from autograd_tools.programs.steps.program import (
    Call,
    Program,
    Site,
    Variable,
    mapped,
    variables_in,
)
from autograd_tools.tracing.columns import Argument, TraceNode
from autograd_tools.tracing.summaries import Summary
from autograd_tools.tracing.trace_data import Trace

# Names of Python's operators that differ from NumPy's.
NUMPYS = {
    **{"mul": "multiply", "sub": "subtract", "truediv": "divide", "floordiv": "floor_divide"},
    **{
        "mod": "remainder",
        "pow": "power",
        "neg": "negative",
        "abs": "absolute",
        "add_at": "add.at",
    },
    **{"eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater"},
    **{"ge": "greater_equal", "and_": "bitwise_and", "or_": "bitwise_or", "xor": "bitwise_xor"},
}


def trace_of(program: Program) -> Trace:
    """Return the trace of a program. Its result is the first number or array that it returns."""
    ids: dict[Variable, int] = {}
    nodes: list[TraceNode] = []
    calls: dict[str, int] = {}
    for x in program.inputs:
        ids[x] = len(nodes) + 1
        nodes.append(TraceNode(ids[x], "input", name=x.name, value=_summary(x)))
    for step in program.steps:
        if isinstance(step, Call):
            made = _node(step, len(nodes) + 1, ids, calls)
            nodes.append(made)
            for x in (*step.outputs(), *[x for x in ids if x in step.writes]):
                ids[x] = made.id
    children: dict[int, list[int]] = {}
    for node in nodes:
        for parent in dict.fromkeys(node.parents):
            children.setdefault(parent, []).append(node.id)
    linked = [_with_children(node, tuple(children.get(node.id, ()))) for node in nodes]
    result = next((ids[x] for x in variables_in(tree_leaves(program.result))), None)
    return Trace(linked, result)


def _node(call: Call, id: int, ids: Mapping[Variable, int], calls: dict[str, int]) -> TraceNode:
    site = call.site
    names = (site.function,) if site.function else ()
    made = next(iter((*call.outputs(), *call.writes)), None)
    return TraceNode(
        id,
        "result",
        op=_name(call.func),
        args=tuple(_arguments(call, ids)),
        value=_summary(made) if made is not None else None,
        parents=tuple([ids[x] for x in call.inputs()]),
        file=site.file,
        line=site.line,
        function=site.function,
        scope=names,
        calls=tuple([calls.setdefault(name, len(calls) + 1) for name in names]),
        gradient=site.rule,
        code=_code(site),
    )


def _with_children(node: TraceNode, children: tuple[int, ...]) -> TraceNode:
    object.__setattr__(node, "children", children)
    return node


def _name(func: Any) -> str:
    if isinstance(func, Method):
        return func.name
    if isinstance(func, UfuncMethod):
        return f"{func.ufunc.__name__}.{func.name}"
    name = name_of(func)
    return NUMPYS.get(name, name) if not isinstance(func, np.ufunc) else name


def _arguments(call: Call, ids: Mapping[Variable, int]) -> Iterator[Argument]:
    for keyword, arg in (*[(None, arg) for arg in call.args], *call.kwargs.items()):
        found = tuple([ids[x] for x in variables_in(arg)])
        yield Argument(describe(mapped(arg, _named)), found, keyword)


class _Text(str):
    """A text that `describe` shows without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _named(x: Any) -> Any:
    return _Text(f"R({_text(x)})") if type(x) is Variable else x


def _text(x: Variable) -> str:
    shape = f"[{','.join(map(str, x.shape))}]" if x.is_array else ""
    return f"{x.dtype if x.dtype is not None else x.type.__name__}{shape}"


def _summary(x: Variable) -> Summary:
    dtype = x.dtype if x.dtype is not None else np.dtype(x.type)
    size = int(np.prod(x.shape))
    return Summary(_text(x), x.shape, str(dtype), size * dtype.itemsize)


def _code(site: Site) -> str:
    return code_at(site.file, site.line) if site.file else ""
