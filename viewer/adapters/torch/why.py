"""The reason why the `.grad` of a tensor of PyTorch is None."""

from __future__ import annotations

import sys

import torch

import autograd_tools as ag
from autograd_tools import Trace
from autograd_tools.base.text import Text, one_line
from autograd_tools.debug.lost_gradients import place_text
from viewer.adapters.gradients import EngineGradient
from viewer.adapters.recorder import OpCall
from viewer.adapters.torch.modules import variable_of
from viewer.adapters.torch.profiling import TorchProfile


def why_none_torch(profile: TorchProfile, x: torch.Tensor | str) -> str:
    """Explain why the `.grad` of a tensor is None after a block.

    Parameters
    ----------
    profile : TorchProfile
        That of a block which ran `backward()`.
    x : Tensor or str
        A Param, an intermediate tensor, or the name of a Param.

    Returns
    -------
    text : str
        The reason with the line: `requires_grad` is False, nothing uses it, operations such as
        `detach` cut its path, the loss does not read what uses it, it is no leaf, or its gradient
        was removed afterwards.
    """
    last, trace = profile.last, profile.trace
    if last is None or trace is None:
        return Text("no gradients yet: call backward() in the block")
    if isinstance(x, str):
        return ag.why_none(trace, x)
    call = profile.graph.known(x)
    name = (call.name if call else "") or variable_of(x, sys._getframe(1)) or "the tensor"
    return Text(f"{one_line(name)} {_answer(profile, last, trace, x, call)}")


def _answer(
    profile: TorchProfile, last: EngineGradient, trace: Trace, x: torch.Tensor, call: OpCall | None
) -> str:
    if not x.requires_grad:
        return "has no gradient: requires_grad is False"
    if (x.is_leaf or x.retains_grad) and x.grad is not None:
        return f"has a gradient of norm {float(x.grad.norm()):.6g}"
    if call is None:
        return "has no gradient: it was never used in the block"
    calls = last.calls()
    if call not in calls:
        return "has no gradient: the last result does not depend on it"
    row = calls.index(call)
    if call not in last.done.outgrads:
        reason = trace.columns.reasons.get(row, "no path leads to the result")
        return f"has no gradient: {reason}"
    if not x.is_leaf:
        return (
            "is not a leaf, so its .grad is None: call its retain_grad() before backward(); "
            f"node {row + 1} of the trace has its gradient"
        )
    if site := profile.removed.get(id(x)):
        return f"had a gradient, which was set to None{place_text(*site[:3])}"
    return "has a gradient, which torch.autograd.grad returned; backward() would set .grad"
