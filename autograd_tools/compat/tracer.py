"""The names of HIPS autograd's tracer."""

from collections import defaultdict
from typing import Any

from autograd_tools.compat.boxes import Box, getval, isbox
from autograd_tools.compat.extend import notrace_primitive, primitive
from autograd_tools.compat.insides import Internal, inside, refusal
from autograd_tools.compat.util import subvals, toposort
from autograd_tools.compat.wrap_util import wraps

# For programs that add to them; without effect.
notrace_primitives: defaultdict[Any, set[Any]] = defaultdict(set)
trace_primitives_map: dict[Any, Any] = {}
box_types, box_type_mappings = Box.types, Box.type_mappings


def register_notrace(trace_type: Any, f: Any) -> None:
    """Note a function; `notrace_primitive` declares one of zero gradient."""
    notrace_primitives[trace_type].add(f)


class Node(Internal):
    """A node of HIPS autograd's trace."""


class new_box(Internal):  # noqa: N801
    """The maker of HIPS autograd's boxes."""


class TraceStack(Internal):
    """The stack of HIPS autograd's traces."""

    def __init__(self) -> None:
        self.top = -1

    def new_trace(self) -> Any:
        """Raise NotImplementedError."""
        raise refusal("new_trace")


trace_stack = TraceStack()


def __getattr__(name: str) -> Any:
    return inside(__name__, name)


__all__ = [
    "Box",
    "Node",
    "TraceStack",
    "box_type_mappings",
    "box_types",
    "getval",
    "isbox",
    "new_box",
    "notrace_primitive",
    "notrace_primitives",
    "primitive",
    "register_notrace",
    "subvals",
    "toposort",
    "trace_primitives_map",
    "trace_stack",
    "wraps",
]
