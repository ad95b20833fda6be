"""The name of HIPS autograd's numpy_jvps."""

from __future__ import annotations

from typing import Any

import numpy

from autograd_tools.compat.extend import JVPNode, def_linear, defjvp, defjvp_argnum
from autograd_tools.compat.insides import inside
from autograd_tools.compat.numpy import numpy_vjps


def broadcast(x: Any, target: Any) -> Any:
    """Return `x` broadcast to the shape of `target`."""
    return numpy.broadcast_to(x, numpy.shape(target))


def __getattr__(name: str) -> Any:
    if name in numpy_vjps.__all__ and not name.startswith(("defvjp", "VJP")):
        return getattr(numpy_vjps, name)  # helpers of both modules
    return inside(__name__, name)


__all__ = ["JVPNode", "broadcast", "def_linear", "defjvp", "defjvp_argnum"]
