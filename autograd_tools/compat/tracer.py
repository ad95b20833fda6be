"""The names of HIPS autograd's tracer."""

from typing import Any

from autograd_tools.compat.boxes import Box, getval, isbox
from autograd_tools.compat.extend import Internal, notrace_primitive, primitive, register_notrace


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
        return Internal.__init__(self)


trace_stack = TraceStack()

__all__ = [
    "Box",
    "Node",
    "getval",
    "isbox",
    "new_box",
    "notrace_primitive",
    "primitive",
    "register_notrace",
    "trace_stack",
]
