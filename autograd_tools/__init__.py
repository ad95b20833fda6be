"""Look inside gradients: reverse-mode automatic differentiation of ordinary NumPy code that leaves a trace.

>>> import numpy as np, autograd_tools as ag
>>> w = ag.Param(np.ones((2, 3)))
>>> x = np.arange(12.0).reshape(3, 4)
>>> J = ag.diff(lambda: np.sum((w @ x) ** 2))
>>> print(ag.value(J))
2268.0
>>> print(J)
1. P(float64[2,3]) ∇=float64[2,3]
2. float64[2,4] = matmul(P(float64[2,3]), float64[3,4]) ∇=float64[2,4]
3. float64[2,4] = power(R(float64[2,4]), 2) ∇=float64[2,4]
4. 2268.0 = sum(R(float64[2,4])) ∇=1.0
"""

from autograd_tools import rules
from autograd_tools.api import operators
from autograd_tools.api.checkpointing import checkpoint
from autograd_tools.api.derivatives import (
    elementwise_grad,
    hessian,
    hessian_vector_product,
    jacobian,
    make_hvp,
    make_jvp,
    make_vjp,
)
from autograd_tools.api.differentiate import diff, grad, gradloss, record, trace, value_and_grad
from autograd_tools.api.gradient_check import gcheck, gradcheck
from autograd_tools.api.parameters import params
from autograd_tools.debug.dumping import dump
from autograd_tools.debug.lost_gradients import why_none
from autograd_tools.debug.rule_formulas import rule_text
from autograd_tools.debug.watch import NonFiniteError
from autograd_tools.engine.backward import after_gradients
from autograd_tools.engine.detached import value
from autograd_tools.engine.hooks import on_grad
from autograd_tools.engine.registry import primitive, zerograd
from autograd_tools.engine.values import Param, Result, Value
from autograd_tools.location.call_site import scope
from autograd_tools.timing import Timer, reset_timer, timer
from autograd_tools.tracing.tape import Node, Tape, observe, set_gcnode
from autograd_tools.tracing.trace_data import Trace, load_trace

__version__ = "0.1.0"

__all__ = [
    "Node",
    "NonFiniteError",
    "Param",
    "Result",
    "Tape",
    "Timer",
    "Trace",
    "Value",
    "after_gradients",
    "checkpoint",
    "diff",
    "dump",
    "elementwise_grad",
    "gcheck",
    "grad",
    "gradcheck",
    "gradloss",
    "hessian",
    "hessian_vector_product",
    "jacobian",
    "load_trace",
    "make_hvp",
    "make_jvp",
    "make_vjp",
    "observe",
    "on_grad",
    "params",
    "primitive",
    "record",
    "reset_timer",
    "rule_text",
    "scope",
    "set_gcnode",
    "timer",
    "trace",
    "value",
    "value_and_grad",
    "why_none",
    "zerograd",
]

operators.install()
del operators, rules
