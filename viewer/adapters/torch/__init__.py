"""The gradients of PyTorch as traces and profiles: `trace(f, *args)`, `with profile() as p:`."""

from __future__ import annotations

import warnings

try:
    import torch
except ImportError as error:
    raise ImportError(
        "viewer.adapters.torch needs PyTorch; pip install 'autograd-tools[torch]'"
    ) from error

from viewer.adapters.gradients import Done
from viewer.adapters.torch.profiling import TorchProfile as TorchProfile
from viewer.adapters.torch.profiling import profile_torch as profile
from viewer.adapters.torch.profiling import trace_torch as trace
from viewer.adapters.torch.recording import TorchRecorder
from viewer.adapters.torch.why import why_none_torch as why_none

__all__ = ["TorchProfile", "profile", "trace", "why_none"]
TESTED = ("2.13", "2.14")

if not torch.__version__.startswith(tuple(f"{version}." for version in TESTED)):
    warnings.warn(
        f"viewer.adapters.torch is tested with PyTorch {', '.join(TESTED)}, "
        f"got {torch.__version__}",
        stacklevel=2,
    )


def recorder(done: Done, *, values: bool, number: int) -> TorchRecorder:
    """Return a recorder of a whole program, for the commands."""
    return TorchRecorder(done, None, values=values)
