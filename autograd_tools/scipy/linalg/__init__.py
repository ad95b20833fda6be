"""scipy.linalg: linear systems, functions of matrices, and structured matrices."""

from autograd_tools.scipy.linalg.banded_systems import solve_banded, solveh_banded
from autograd_tools.scipy.linalg.matrix_equations import (
    solve_continuous_are,
    solve_continuous_lyapunov,
    solve_discrete_are,
    solve_discrete_lyapunov,
    solve_lyapunov,
    solve_sylvester,
)
from autograd_tools.scipy.linalg.matrix_functions import expm, logm, sqrtm
from autograd_tools.scipy.linalg.structured import block_diag, toeplitz
from autograd_tools.scipy.linalg.systems import (
    cho_factor,
    cho_solve,
    cholesky,
    det,
    inv,
    solve,
    solve_triangular,
)
from autograd_tools.scipy.linalg.values import eigvals, norm, pinv, svdvals

__all__ = [
    "block_diag",
    "cho_factor",
    "cho_solve",
    "cholesky",
    "det",
    "eigvals",
    "expm",
    "inv",
    "logm",
    "norm",
    "pinv",
    "solve",
    "solve_banded",
    "solve_continuous_are",
    "solve_continuous_lyapunov",
    "solve_discrete_are",
    "solve_discrete_lyapunov",
    "solve_lyapunov",
    "solve_sylvester",
    "solve_triangular",
    "solveh_banded",
    "sqrtm",
    "svdvals",
    "toeplitz",
]
