"""The gradients of JAX as traces: `trace(f, *args)` for every view, `cost(f, *args)` by XLA."""

from __future__ import annotations

import warnings

try:
    import jax
except ImportError as error:
    raise ImportError("viewer.adapters.jax needs JAX; pip install 'autograd-tools[jax]'") from error

from viewer.adapters.gradients import Done
from viewer.adapters.jax.recording import JaxRecorder
from viewer.adapters.jax.tracing import cost as cost
from viewer.adapters.jax.tracing import trace as trace

TESTED = ("0.10", "0.12")

if not jax.__version__.startswith(tuple(f"{version}." for version in TESTED)):
    warnings.warn(
        f"viewer.adapters.jax is tested with JAX {', '.join(TESTED)}, got {jax.__version__}",
        stacklevel=2,
    )


def recorder(done: Done, *, values: bool, number: int) -> JaxRecorder:
    """Return a recorder of a whole program, for the commands."""
    return JaxRecorder(done, number)
