"""Look inside gradients: reverse-mode automatic differentiation of ordinary NumPy code.

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

from importlib import import_module as _import_module
from types import ModuleType as _ModuleType
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from autograd_tools import rules as _rules  # noqa: F401  registers them
from autograd_tools.api import operators as _operators
from autograd_tools.api.adapting import adapt as adapt
from autograd_tools.api.checkpointing import checkpoint as checkpoint
from autograd_tools.api.derivatives import elementwise_grad as elementwise_grad
from autograd_tools.api.derivatives import hessian as hessian
from autograd_tools.api.derivatives import hessian_vector_product as hessian_vector_product
from autograd_tools.api.derivatives import jacobian as jacobian
from autograd_tools.api.derivatives import make_hvp as make_hvp
from autograd_tools.api.derivatives import make_jvp as make_jvp
from autograd_tools.api.derivatives import make_vjp as make_vjp
from autograd_tools.api.differentiate import diff as diff
from autograd_tools.api.differentiate import grad as grad
from autograd_tools.api.differentiate import gradloss as gradloss
from autograd_tools.api.differentiate import record as record
from autograd_tools.api.differentiate import trace as trace
from autograd_tools.api.differentiate import value_and_grad as value_and_grad
from autograd_tools.api.gradient_check import GradientError as GradientError
from autograd_tools.api.gradient_check import gcheck as gcheck
from autograd_tools.api.gradient_check import gradcheck as gradcheck
from autograd_tools.api.parameters import params as params
from autograd_tools.api.profiling import Profile as Profile
from autograd_tools.api.profiling import profile as profile
from autograd_tools.api.training import History as History
from autograd_tools.api.training import history as history
from autograd_tools.debug.dumping import dump as dump
from autograd_tools.debug.lost_gradients import why_none as why_none
from autograd_tools.debug.rule_formulas import rule_text as rule_text
from autograd_tools.debug.watch import NonFiniteError as NonFiniteError
from autograd_tools.engine.checks import CheckError as CheckError
from autograd_tools.engine.detached import value as value
from autograd_tools.engine.hooks import on_grad as on_grad
from autograd_tools.engine.listeners import after_gradients as after_gradients
from autograd_tools.engine.primitives import NoRuleError as NoRuleError
from autograd_tools.engine.registry import primitive as primitive
from autograd_tools.engine.registry import zerograd as zerograd
from autograd_tools.engine.values import LostGradientError as LostGradientError
from autograd_tools.engine.values import Param as Param
from autograd_tools.engine.values import Result as Result
from autograd_tools.engine.values import Value as Value
from autograd_tools.location.scopes import scope as scope
from autograd_tools.timing import Timer as Timer
from autograd_tools.timing import reset_timer as reset_timer
from autograd_tools.timing import timer as timer
from autograd_tools.tracing.node import Node as Node
from autograd_tools.tracing.node import set_gcnode as set_gcnode
from autograd_tools.tracing.tape import Tape as Tape
from autograd_tools.tracing.tape import observe as observe

if _TYPE_CHECKING:
    from autograd_tools.programs.compiled import compile as compile
    from autograd_tools.programs.writing.source_text import source as source
    from autograd_tools.tracing.trace_data import Trace as Trace
    from autograd_tools.tracing.trace_data import load_trace as load_trace

__version__ = "0.2.0"

_operators.install()

_PACKAGES = ("compat", "numpy", "scipy", "timing")  # that users import
# Names that are loaded when they are first asked for, by module.
_LATER = {
    "Trace": "tracing.trace_data",
    "load_trace": "tracing.trace_data",
    "compile": "programs.compiled",
    "source": "programs.writing.source_text",
}


def __getattr__(name: str) -> _Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _import_module(f"autograd_tools.{_LATER[name]}")
    found = globals()[name] = getattr(module, name)
    return found


def __dir__() -> list[str]:
    """The public names and packages: completion shows these only."""
    names = (
        name
        for name, x in globals().items()
        if name in _PACKAGES
        or (not isinstance(x, _ModuleType) and (name[0] != "_" or name[-1] == "_"))
    )
    return sorted({*names, *_LATER})


__all__ = [name for name in __dir__() if name[0] != "_" and name not in _PACKAGES]
