"""Internal names of HIPS autograd: those of other modules, and those without an equivalent.

The latter can be imported, and raise when they are used.
"""

from __future__ import annotations

import importlib
from typing import Any


class Internal:
    """A part of HIPS autograd's engine that has no equivalent; programs may import its name."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise refusal(type(self).__name__)


def refusal(name: str) -> NotImplementedError:
    """Return the error for the use of a name."""
    return NotImplementedError(f"{name} is internal to HIPS autograd and has no equivalent")


# By module: functions that work on nodes and boxes, and the rules of single functions.
NAMES = {
    "core": """
        backward_pass deprecated_defgrad deprecated_defvjp deprecated_defvjp_is_zero trace
        translate_jvp translate_vjp
    """,
    "tracer": "find_top_boxed_args trace",
    "builtins": """
        container_take container_untake fwd_grad_make_sequence grad_container_take
        grad_sequence_extend_left grad_sequence_extend_right make_sequence sequence_extend_left
        sequence_extend_right
    """,
    "misc.fixed_points": "fixed_point_vjp",
    "misc.tracers": "full_graph",
    "numpy": "array_from_args parse_einsum_input wrap_if_boxes_inside wrap_intdtype wrap_namespace",
    "numpy.linalg": """
        grad_cholesky grad_eig grad_eigh grad_inv grad_pinv grad_solve grad_svd norm_jvp norm_vjp
        wrap_namespace
    """,
    "numpy.numpy_vjps": """
        array_from_args_gradmaker array_from_scalar_or_array_gradmaker dot_vjp_0 dot_vjp_1
        grad_broadcast_to grad_chooser grad_concatenate_args grad_diff grad_einsum grad_gradient
        grad_inner grad_kron grad_np_cumsum grad_np_mean grad_np_prod grad_np_std grad_np_sum
        grad_np_var grad_partition grad_repeat grad_reshape_list grad_rollaxis grad_sort grad_tile
        grad_transpose matmul_vjp_0 matmul_vjp_1 np_abs_vjp np_conj_vjp pad_vjp tensordot_vjp_0
        tensordot_vjp_1
    """,
    "numpy.numpy_jvps": """
        atleast_jvpmaker forward_grad_np_std forward_grad_np_var fwd_grad_chooser
        fwd_grad_concatenate_args fwd_grad_partition fwd_grad_sort np_abs_jvp np_conj_jvp
    """,
    "scipy.integrate": "argnums_unpack grad_odeint",
    "scipy.linalg": "grad_solve_banded grad_solve_triangular",
    "scipy.signal": "compute_conv_size einsum_tensordot flipped_idxs grad_convolve parse_axes",
    "scipy.special": "fwd_grad_logsumexp make_gammainc_vjp_arg1 make_grad_logsumexp",
    "scipy.stats.beta": "grad_beta_logpdf_arg0 grad_beta_logpdf_arg1 grad_beta_logpdf_arg2",
    "scipy.stats.chi2": "grad_chi2_logpdf",
    "scipy.stats.gamma": "grad_gamma_logpdf_arg0 grad_gamma_logpdf_arg1",
    "scipy.stats.multivariate_normal": "covgrad generalized_outer_product solve",
    "scipy.stats.poisson": "grad_poisson_logpmf",
    "scipy.stats.t": """
        grad_tlogpdf_df grad_tlogpdf_diff grad_tlogpdf_loc grad_tlogpdf_scale grad_tlogpdf_x
    """,
}


# What modules with rules import from others, and programs from them.
WITH_RULES = ("builtins", "differential_operators", "misc.fixed_points", "numpy.linalg", "scipy.")
IMPORTED = {
    **dict.fromkeys(("SparseObject", "VSpace", "vspace", "primitive"), "extend"),
    **dict.fromkeys(("defvjp", "defvjp_argnum", "defvjp_argnums", "notrace_primitive"), "extend"),
    **dict.fromkeys(("defjvp", "defjvp_argnum", "defjvp_argnums"), "extend"),
    **dict.fromkeys(("repeat_to_match_shape", "unbroadcast_f"), "numpy.numpy_vjps"),
    "subvals": "util",
}


def inside(module: str, name: str) -> Any:
    """Return a name of another module, or a function that raises; AttributeError for no name."""
    known = module.removeprefix(f"{__package__}.")
    if name in IMPORTED and known.startswith(WITH_RULES):
        return getattr(importlib.import_module(f"{__package__}.{IMPORTED[name]}"), name)
    if name not in NAMES.get(known, "").split():
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise refusal(name)

    refuse.__name__ = name
    return refuse
