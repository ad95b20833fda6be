"""The names of HIPS autograd: a program written for it only changes its import lines.

>>> import autograd_tools.compat.numpy as np                # import autograd.numpy as np
>>> from autograd_tools.compat import elementwise_grad      # from autograd import elementwise_grad
>>> elementwise_grad(elementwise_grad(np.tanh))(np.zeros(2))
array([-0., -0.])

The functions differ from those of `autograd_tools` in their arguments: `argnum` may be a list, a
scalar function may return an array with one element, and `hessian` also takes functions that
return arrays. Modules: `numpy`, `scipy`, `builtins`, `core`, `extend`, `misc`, `test_util`,
`tracer`, `util`, `wrap_util`. Where the import lines cannot change, `install()` lets
`import autograd` import these.
"""

import importlib
from typing import Any

from autograd_tools.api.checkpointing import checkpoint
from autograd_tools.compat.builtins import dict, isinstance, list, tuple, type
from autograd_tools.compat.differential_operators import (
    deriv,
    elementwise_grad,
    grad,
    grad_and_aux,
    grad_named,
    hessian,
    hessian_tensor_product,
    hessian_vector_product,
    holomorphic_grad,
    jacobian,
    make_ggnvp,
    make_hvp,
    make_jvp,
    make_jvp_reversemode,
    make_vjp,
    multigrad_dict,
    tensor_jacobian_product,
    value_and_grad,
    vector_jacobian_product,
)
from autograd_tools.compat.extend import primitive
from autograd_tools.compat.installing import install

# Modules that are attributes without an import of their own, as in HIPS autograd.
MODULES = (
    *("builtins", "core", "differential_operators", "extend", "misc", "numpy", "scipy"),
    *("test_util", "tracer", "util", "wrap_util"),
)

__all__ = [
    "checkpoint",
    "deriv",
    "dict",
    "elementwise_grad",
    "grad",
    "grad_and_aux",
    "grad_named",
    "hessian",
    "hessian_tensor_product",
    "hessian_vector_product",
    "holomorphic_grad",
    "install",
    "isinstance",
    "jacobian",
    "list",
    "make_ggnvp",
    "make_hvp",
    "make_jvp",
    "make_jvp_reversemode",
    "make_vjp",
    "multigrad_dict",
    "primitive",
    "tensor_jacobian_product",
    "tuple",
    "type",
    "value_and_grad",
    "vector_jacobian_product",
]


def __getattr__(name: str) -> Any:
    if name in MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
