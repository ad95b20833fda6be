"""scipy.sparse.linalg: sparse linear systems, whose gradients solve the adjoint system.

Each function takes a constant sparse matrix, or a `SparseArray` of recorded elements, and a dense
right-hand side, recorded or not. The gradient with respect to the elements of the matrix is that of
its stored elements.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from autograd_tools.base.traced import opaque, plain_array
from autograd_tools.engine.calls import plain
from autograd_tools.engine.registry import Primitive
from autograd_tools.engine.values import Value
from autograd_tools.rules.sparse.arrays import SparseArray, is_sparse
from autograd_tools.rules.sparse.products import Constant, Pattern, at_elements
from autograd_tools.scipy.arguments import array, constant
from autograd_tools.scipy.steps import Steps

__all__ = ["bicgstab", "cg", "factorized", "gmres", "splu", "spsolve"]

steps = Steps(linalg)

TRANSPOSED = {"N": "T", "T": "N"}


class Direct:
    """A solver by one LU factorization for each call."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options

    def __repr__(self) -> str:
        return "spsolve"

    def solve(self, a: Any, b: Any) -> Any:
        return steps.spsolve(sparse.csc_array(a), b, **self.options)

    @property
    def adjoint(self) -> Direct:
        return self


class Factored:
    """A solver with one LU factorization for all calls."""

    def __init__(self, lu: Any, trans: str) -> None:
        self.lu, self.trans = lu, trans

    def __repr__(self) -> str:
        return "splu"

    def solve(self, a: Any, b: Any) -> Any:  # noqa: ARG002  as the others
        return opaque(self.lu.solve)(plain_array(b, self.lu.L.dtype), self.trans)

    @property
    def adjoint(self) -> Factored:
        return Factored(self.lu, TRANSPOSED[self.trans])


class Iterative:
    """An iterative solver. Its adjoint has the same tolerances and must converge."""

    def __init__(self, name: str, options: dict[str, Any], must_converge: bool = False) -> None:
        self.name, self.options, self.must_converge = name, options, must_converge
        self.info = 0

    def __repr__(self) -> str:
        return self.name

    def solve(self, a: Any, b: Any) -> Any:
        x, self.info = getattr(linalg, self.name)(a, b, **self.options)
        if self.must_converge:
            self.check("the adjoint system")
        return x

    def check(self, what: str) -> None:
        if self.info != 0:
            raise np.linalg.LinAlgError(
                f"{self.name} did not converge on {what} (info={self.info}), so there is no "
                "gradient; raise maxiter, or use spsolve"
            )

    @property
    def adjoint(self) -> Iterative:
        self.check("the system")
        M = self.options.get("M")
        kept: dict[str, Any] = {
            name: self.options[name]
            for name in ("rtol", "atol", "maxiter", "restart")
            if name in self.options
        }
        if M is not None:
            kept["M"] = M if self.name == "cg" else M.T
        return Iterative(self.name, kept, must_converge=True)


def solve_data(dy: Any, y: Any, data: Any, b: Any, pattern: Pattern, solver: Any) -> Any:
    """Minus the product of the adjoint solution and the solution, at the stored elements."""
    return -at_elements(solve_b(dy, y, data, b, pattern, solver), y, pattern)


def solve_b(dy: Any, y: Any, data: Any, b: Any, pattern: Any, solver: Any) -> Any:
    """The solution of the adjoint system, with the transposed matrix."""
    return solution(data, dy, pattern.T, solver.adjoint)


def solved(data: Any, b: Any, pattern: Any, solver: Any) -> Any:
    return solver.solve(pattern.matrix(data), b)


# The solution of a @ x = b for the matrix with the elements `data`.
solution: Primitive = Primitive(solved, (solve_data, solve_b), name="sparse.solve")


def right_side(b: Any, name: str) -> Any:
    """Return a dense right-hand side; a TypeError for a sparse one."""
    if is_sparse(b):
        raise TypeError(f"{name} expected a dense right-hand side; write b.toarray()")
    return array(b)


def solve(A: Any, b: Any, solver: Any, name: str) -> Any:
    """Solve A @ x = b with a solver, after a check of the arguments."""
    if len(np.shape(A)) != 2 or np.shape(A)[0] != np.shape(A)[1]:
        raise ValueError(f"{name} expected one square matrix, got one of shape {np.shape(A)}")
    data, pattern = elements_of(A, name)
    return solution(data, right_side(b, name), pattern, solver)


def elements_of(A: Any, name: str) -> tuple[Any, Any]:
    """Return the recorded elements of a matrix and its pattern."""
    if isinstance(A, SparseArray):
        return A.data, A.pattern
    if isinstance(A, Value):
        raise TypeError(
            f"{name} expected a sparse matrix, got a dense recorded one; use np.linalg.solve, or "
            "build it with autograd_tools.scipy.sparse.csr_array"
        )
    return None, Constant(A)


def spsolve(A: Any, b: Any, permc_spec: Any = None, use_umfpack: bool = True) -> Any:
    """Solve A @ x = b with a sparse LU factorization.

    Parameters
    ----------
    A : sparse array, shape (n, n)
        A constant SciPy array, or a `SparseArray`. It need not be in CSC format.
    b : array_like, shape (n,) or (n, k)
        A dense right-hand side.
    permc_spec : str, optional
    use_umfpack : bool

    Returns
    -------
    x : array, of the shape of `b`; of shape (n,) for a `b` of shape (n, 1), as in SciPy

    Raises
    ------
    TypeError
        If `b` is sparse.

    Examples
    --------
    >>> import numpy as np, scipy.sparse, autograd_tools as ag
    >>> from autograd_tools.scipy.sparse.linalg import spsolve
    >>> A = scipy.sparse.diags_array([2.0, 4.0], format="csc")
    >>> ag.grad(lambda b: np.sum(spsolve(A, b)))(np.ones(2))
    array([0.5 , 0.25])
    """
    b = right_side(b, "spsolve")
    b = np.reshape(b, -1) if np.ndim(b) == 2 and np.shape(b)[1] == 1 else b
    return solve(A, b, Direct({"permc_spec": permc_spec, "use_umfpack": use_umfpack}), "spsolve")


def factorized(A: Any) -> Callable[[Any], Any]:
    """Return a function that solves A @ x = b with one LU factorization for all calls.

    Parameters
    ----------
    A : sparse array, shape (n, n)
        A constant SciPy array, or a `SparseArray`.

    Returns
    -------
    solve : callable
        It takes a dense `b` of shape (n,) or (n, k) and returns x. Gradients use the same
        factorization.
    """
    return splu(A).solve


class SuperLU:
    """An LU factorization; see `splu`."""

    def __init__(self, A: Any, lu: Any) -> None:
        self.A, self.lu = A, lu
        self.shape = lu.shape

    def solve(self, rhs: Any, trans: str = "N") -> Any:
        """Solve A @ x = rhs, or A.T @ x = rhs for trans="T".

        Parameters
        ----------
        rhs : array_like, shape (n,) or (n, k)
        trans : {"N", "T"}

        Returns
        -------
        x : array, of the shape of `rhs`
        """
        if trans not in TRANSPOSED:
            raise ValueError(f"splu: trans must be 'N' or 'T', got {trans!r}")
        A = self.A if trans == "N" else self.A.T
        return solve(A, rhs, Factored(self.lu, trans), "splu")


def splu(A: Any) -> SuperLU:
    """Return the LU factorization of a sparse array, to solve many systems.

    Parameters
    ----------
    A : sparse array, shape (n, n)
        A constant SciPy array, or a `SparseArray`.

    Returns
    -------
    lu : SuperLU
        `lu.solve(b)` solves A @ x = b, `lu.solve(b, "T")` the transposed system. The factors
        themselves have no gradient and are not here.
    """
    held = A.value if isinstance(A, SparseArray) else A
    elements_of(A, "splu")
    return SuperLU(A, linalg.splu(sparse.csc_array(held)))


def iterate(name: str, A: Any, b: Any, x0: Any, options: dict[str, Any]) -> tuple[Any, int]:
    given = {
        key: constant(item, f"{name}: {key}") for key, item in options.items() if item is not None
    }
    solver = Iterative(name, {**given, "x0": plain(x0)})
    b = right_side(b, name)
    x = solve(A, np.reshape(b, -1) if np.ndim(b) == 2 else b, solver, name)
    return x, solver.info


def cg(
    A: Any,
    b: Any,
    x0: Any = None,
    *,
    rtol: float = 1e-5,
    atol: float = 0.0,
    maxiter: int | None = None,
    M: Any = None,
    callback: Any = None,
) -> tuple[Any, int]:
    """Solve A @ x = b for a positive definite A by conjugate gradients.

    The gradient is that of the solution, to the same tolerance, and not that of the iterations.

    Parameters
    ----------
    A : sparse array or linear operator, shape (n, n)
        A constant SciPy array, or a `SparseArray`.
    b : array_like, shape (n,)
    x0 : array_like, shape (n,), optional
        The start. The solution does not depend on it, so its gradient is zero.
    rtol, atol : float
        Convergence: norm(b - A @ x) <= max(rtol * norm(b), atol).
    maxiter : int, optional
    M : sparse array or linear operator, optional
        A constant preconditioner.
    callback : callable, optional
        It is called with the plain iterate.

    Returns
    -------
    x : array, shape (n,)
    info : int
        0 if it converged, else as in SciPy.

    Raises
    ------
    numpy.linalg.LinAlgError
        In the backward pass, if the system or its adjoint did not converge.
    """
    options = {"rtol": rtol, "atol": atol, "maxiter": maxiter, "M": M, "callback": callback}
    return iterate("cg", A, b, x0, options)


def bicgstab(
    A: Any,
    b: Any,
    x0: Any = None,
    *,
    rtol: float = 1e-5,
    atol: float = 0.0,
    maxiter: int | None = None,
    M: Any = None,
    callback: Any = None,
) -> tuple[Any, int]:
    """Solve A @ x = b by the stabilized biconjugate gradient method; see `cg`.

    Parameters
    ----------
    A : sparse array or linear operator, shape (n, n)
    b : array_like, shape (n,)
    x0 : array_like, shape (n,), optional
    rtol, atol : float
    maxiter : int, optional
    M : sparse array or linear operator, optional
        A constant preconditioner; the adjoint system uses its transpose.
    callback : callable, optional

    Returns
    -------
    x : array, shape (n,)
    info : int

    Raises
    ------
    numpy.linalg.LinAlgError
        In the backward pass, if the system or its adjoint did not converge.
    """
    options = {"rtol": rtol, "atol": atol, "maxiter": maxiter, "M": M, "callback": callback}
    return iterate("bicgstab", A, b, x0, options)


def gmres(
    A: Any,
    b: Any,
    x0: Any = None,
    *,
    rtol: float = 1e-5,
    atol: float = 0.0,
    restart: int | None = None,
    maxiter: int | None = None,
    M: Any = None,
    callback: Any = None,
    callback_type: str | None = None,
) -> tuple[Any, int]:
    """Solve A @ x = b by the generalized minimal residual method; see `cg`.

    Parameters
    ----------
    A : sparse array or linear operator, shape (n, n)
    b : array_like, shape (n,)
    x0 : array_like, shape (n,), optional
    rtol, atol : float
    restart : int, optional
    maxiter : int, optional
    M : sparse array or linear operator, optional
        A constant preconditioner; the adjoint system uses its transpose.
    callback : callable, optional
    callback_type : str, optional

    Returns
    -------
    x : array, shape (n,)
    info : int

    Raises
    ------
    numpy.linalg.LinAlgError
        In the backward pass, if the system or its adjoint did not converge.
    """
    options = {
        "rtol": rtol,
        "atol": atol,
        "restart": restart,
        "maxiter": maxiter,
        "M": M,
        "callback": callback,
        "callback_type": callback_type,
    }
    return iterate("gmres", A, b, x0, options)
