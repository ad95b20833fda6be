"""The public functions that differentiate: `diff` and `record` make tapes, `grad` functions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload

import numpy as np

from autograd_tools.api.argument_leaves import Argnum, checked, gradient_of, of_argnum, run
from autograd_tools.api.functions import FunctionOf, named, parameter_names, weakly
from autograd_tools.api.plain_run import PlainRun
from autograd_tools.base.containers import (
    is_constant_leaf,
    is_floating,
    is_number,
    tree_leaves,
    tree_replace,
)
from autograd_tools.base.contexts import frame_of_block, frame_of_statement, generator_of
from autograd_tools.base.options import Watching
from autograd_tools.debug.watch import watching
from autograd_tools.engine import checks
from autograd_tools.engine.calls import holds_tracked, plain
from autograd_tools.engine.checks import Check, checking
from autograd_tools.engine.cotangents import one_like
from autograd_tools.engine.describe import describe
from autograd_tools.engine.differentiation import differentiate
from autograd_tools.engine.elsewhere import refuse_elsewhere
from autograd_tools.engine.foreign import returned
from autograd_tools.engine.state import live, settled
from autograd_tools.engine.values import Param, Result, Value, unwrap
from autograd_tools.rules.indexing import unpack_fields
from autograd_tools.tracing.tape import Tape, check_scalar, notify_observers

if TYPE_CHECKING:
    from autograd_tools.tracing.trace_data import Trace

P = ParamSpec("P")
T = TypeVar("T")


def diff(
    f: Callable[..., Any],
    *args: Any,
    watch: Watching | None = None,
    check: bool = False,
    **kwargs: Any,
) -> Tape | Any:
    """Call a function, record its operations on Params, and run the backward pass.

    Parameters
    ----------
    f : callable
        A function that returns a real scalar computed from Params.
    *args, **kwargs
        The arguments of `f`. They are constants, except for Params inside them.
    watch : {None, "nan"}
        With "nan", the first operation or VJP rule that produces NaN or Inf from finite numbers
        raises an error. NaNs already in a Param or constant are reported only if they reach the
        result or a gradient.
    check : bool
        Run `f` a second time without recording it, and raise an error if its value differs by more
        than rounding (half of the digits of its type). Also raise an error if an array that a VJP
        rule reads has changed since its use, such as a buffer, an index or a mask. All recordings
        inside `f` are checked. The second run gets copies of the arrays in the arguments, and
        starts from the same states of `np.random`, `random` and the generators that are arguments
        or variables of `f`. Other side effects of `f` happen twice. This takes several times as
        long.

    Returns
    -------
    J : Tape
        The nodes, oldest first. `ag.value(J)` is the scalar, `ag.grad(J, w)` the gradient of a
        Param and `print(J)` the listing. If the result depends on no Param, `diff` returns the
        plain result instead.

    Raises
    ------
    TypeError
        If the result is not a real scalar.
    LostGradientError
        If an operation would silently drop a gradient.
    CheckError
        If `check=True` finds a fault; the message names the operation, the argument and the user's
        line. Without `check`, only some changes of arrays are detected.
    NonFiniteError
        If `watch="nan"` finds NaN or Inf; the message names the operation and the user's line.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> x = ag.Param(np.array([1, 2, 3]))
    >>> y = ag.diff(lambda: np.sum(x ** 2))
    >>> y, int(ag.value(y)), ag.grad(y, x)
    (T(14), 14, array([2, 4, 6]))
    """
    if not callable(f):
        raise TypeError(f"diff() expects a function, got {describe(f)}; write ag.diff(lambda: ...)")
    args = tuple(settled(args))
    if not check:
        return _diff(f, args, kwargs, watch)
    with checking(Check()):
        return _diff(f, args, kwargs, watch)


def _diff(f: Callable[..., Any], args: Any, kwargs: Any, watch: str | None) -> Any:
    again = PlainRun(f, args, kwargs) if checks.blocks else None
    tape = Tape(follows_params=True)
    tape.function = weakly(f)
    with watching(tape, watch), tape, tape.open(sys._getframe()):
        y = returned(f(*args, **kwargs))
        if not isinstance(y, Value) and holds_tracked(y):
            check_scalar(y)  # raises, because the gradient of a container would be lost
    is_own = isinstance(y, Param) or (isinstance(y, Result) and y.recording is tape)
    if is_own:
        tape.backward(y)
    if again is not None:
        again.compare(y)
    if is_own:
        return tape
    if not isinstance(y, Value):
        refuse_elsewhere(tape)
    return y


@contextmanager
def record(*, watch: Watching | None = None, check: bool = False) -> Iterator[Tape]:
    """Record the operations on Params in a `with` block.

    Parameters
    ----------
    watch : {None, "nan"}
        As in `diff`.
    check : bool
        As in `diff`, but a block runs only once: arrays are compared, the value is not.

    Yields
    ------
    J : Tape
        `J.backward(loss)` runs the backward pass. `ag.grad(J, w)` runs it from the last scalar of
        the block.

    Raises
    ------
    LostGradientError, NonFiniteError, CheckError
        As in `diff`.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> w = ag.Param(np.ones(3))
    >>> with ag.record() as J:
    ...     loss = np.sum(w ** 2)
    >>> J.backward(loss)
    >>> ag.grad(J, w)
    array([2., 2., 2.])
    """
    with checking(Check() if check else None):
        tape = Tape(follows_params=True)
        frame = frame_of_block(sys._getframe(1))
        tape.statement = frame_of_statement(frame)
        with watching(tape, watch), tape, tape.open(frame, generator_of(frame)):
            yield tape


def trace(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Trace:
    """Call a function and return the trace of its operations on its arguments and on Params.

    Parameters
    ----------
    f : callable
        Any function. If it returns a real scalar, the trace also has gradients.
    *args
        The arguments of `f`. Those with floating-point numbers become leaves of the trace.
    **kwargs
        The keyword arguments of `f`; they are constants.

    Returns
    -------
    trace : Trace
        Plain data, which can be printed, saved, compared and drawn.

    Raises
    ------
    LostGradientError
        If an operation would silently drop a gradient.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> print(ag.trace(lambda x, y: np.sin(x) * y, 0.0, 2.0))
    1. P(0.0) ∇=2.0
    2. P(2.0) ∇=0.0
    3. 0.0 = sin(P(0.0)) ∇=2.0
    4. 0.0 = multiply(R(0.0), P(2.0)) ∇=1.0
    """
    tape = Tape(follows_params=True)
    names = parameter_names(f)
    inputs = [
        tape.input(live(arg), name) if _is_numeric(arg) else arg
        for arg, name in zip(args, [*names, *[""] * len(args)], strict=False)
    ]
    with tape, tape.open(sys._getframe()):
        inputs = [unpack_fields(x) if isinstance(x, Result) else x for x in inputs]
        y = returned(f(*inputs, **kwargs))
    if isinstance(y, Result) and y.recording is tape:
        x = unwrap(y)
        if np.shape(x) == () and np.isrealobj(x):
            tape.backward(y)
    return tape.trace()


def _is_numeric(x: Any) -> bool:
    """Return True if `x` has floating-point leaves and nothing that refuses a gradient."""
    leaves = tree_leaves(plain(x))
    return any(map(is_floating, leaves)) and all(
        is_number(leaf) or is_constant_leaf(leaf) for leaf in leaves
    )


@overload
def grad(f: Tape, argnum: Any) -> Any: ...
@overload
def grad(f: np.ufunc, argnum: Argnum = 0) -> Callable[..., Any]: ...
@overload
def grad(f: Callable[P, Any], argnum: Argnum = 0) -> Callable[P, Any]: ...
def grad(f: Any, argnum: Any = 0) -> Any:
    """Return the gradient of a function, or read a gradient from a tape.

    `grad(f, argnum)` returns a function that computes the gradient of `f`. `grad(J, w)` returns
    the gradient of the scalar of the tape `J` with respect to `w`.

    Parameters
    ----------
    f : callable or Tape
        A function that returns a real scalar, or the tape from `diff` or `record`.
    argnum : int, tuple of int, Param, Result or pytree of them
        The positional arguments to differentiate, counted from 0. With a tape, the value to
        differentiate with respect to, or a list, tuple, dict or dataclass of them.

    Returns
    -------
    gradient : callable
        It takes the arguments of `f` and returns the gradient; for a tuple `argnum`, a tuple of
        gradients. A gradient has the type, shape and dtype of its argument: a number, an array, or
        a pytree of them (tuples, lists, dicts, named tuples, dataclasses). Integers are
        differentiated; non-numeric leaves (a string, a function) get None.

        With a tape, the gradient itself, or None if the scalar does not depend on `w`. For a pytree
        of Params, a pytree of gradients, with None for a constant.

    Raises
    ------
    TypeError
        If `f` is not a function, `argnum` is out of range, an argument is not numeric, or the
        result is not a real scalar.
    LostGradientError
        If an operation would silently drop a gradient.

    See Also
    --------
    value_and_grad : also returns the value.
    elementwise_grad, jacobian : for functions that return arrays.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> ag.grad(lambda x, y: x * np.sin(y), argnum=1)(2.0, 0.0)
    2.0
    >>> ag.grad(lambda p: p["a"] ** 2 * p["b"])({"a": 3.0, "b": 2.0})
    {'a': 12.0, 'b': 9.0}
    """
    if isinstance(f, Tape) or isinstance(argnum, Value) or holds_tracked(argnum):
        return _gradients_on(f, argnum)
    return _gradient_function("grad", f, argnum, 1)


def _gradients_on(J: Any, w: Any) -> Any:
    """Return the gradient of a tape for a value, or for each in a pytree of them.

    A plain number in place of the tape depends on no Param.
    """
    if not isinstance(J, Tape) and callable(J) and not isinstance(J, Value):
        raise TypeError(
            "grad(J, w) expects the tape J from ag.diff; grad(f, argnum) expects an int"
        )
    leaves = tree_leaves(w)
    for x in leaves:
        if not isinstance(x, Value) and (x is w or not is_constant_leaf(x)):
            raise TypeError(
                f"grad(J, w) expects a Param, a Result or a pytree of them as w, got {describe(w)}"
            )
    on_tape = isinstance(J, Tape)
    found = [J.gradient(x) if on_tape and isinstance(x, Value) else None for x in leaves]
    return tree_replace(w, iter(found))


@overload
def value_and_grad(f: np.ufunc, argnum: Argnum = 0) -> Callable[..., tuple[Any, Any]]: ...
@overload
def value_and_grad(f: Callable[P, T], argnum: Argnum = 0) -> Callable[P, tuple[T, Any]]: ...
def value_and_grad(f: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., Any]:
    """Return a function that computes the value and the gradient of a function.

    Parameters
    ----------
    f : callable
        A function that returns a real scalar.
    argnum : int or tuple of int
        The positional arguments to differentiate, counted from 0.

    Returns
    -------
    value_and_gradient : callable
        It takes the arguments of `f` and returns the pair `(value, gradient)`, with the gradient
        as in `grad`.

    Raises
    ------
    TypeError, LostGradientError
        As in `grad`.

    Examples
    --------
    >>> import autograd_tools as ag
    >>> print(*ag.value_and_grad(lambda x: x ** 3)(2.0))
    8.0 12.0
    """
    return _gradient_function("value_and_grad", f, argnum, slice(None))


def gradloss(f: Callable[P, T], argnum: Argnum = 0) -> Callable[P, tuple[Any, T]]:
    """Return a function that computes the gradient and the value of a function.

    This is `value_and_grad` in the order of AutoGrad.jl.

    Parameters
    ----------
    f : callable
        A function that returns a real scalar.
    argnum : int or tuple of int
        The positional arguments to differentiate, counted from 0.

    Returns
    -------
    gradient_and_value : callable
        It takes the arguments of `f` and returns the pair `(gradient, value)`.

    Raises
    ------
    TypeError, LostGradientError
        As in `grad`.

    Examples
    --------
    >>> import autograd_tools as ag
    >>> print(*ag.gradloss(lambda x: x ** 3)(2.0))
    12.0 8.0
    """
    return _gradient_function("gradloss", f, argnum, slice(None, None, -1))


def _gradient_function(
    caller: str, f: Callable[..., Any], argnum: Argnum, part: int | slice
) -> Callable[..., Any]:
    """Return a function that differentiates `f` and returns a part of (value, gradient)."""
    argnums = checked(f, argnum, caller)
    return named(FunctionOf(_differentiated, f, argnums, argnum, part), caller)


def _differentiated(
    f: Callable[..., Any],
    argnums: tuple[int, ...],
    argnum: Argnum,
    part: int | slice,
    /,
    *args: Any,
    **kwargs: Any,
) -> Any:
    again = PlainRun(f, args, kwargs) if checks.blocks else None
    recording, leaves, y = run(f, argnums, args, kwargs)
    check_scalar(y)
    if isinstance(y, Result) and y.recording is recording:
        index, y = y.index, y.value
        differentiate(recording, index, one_like(unwrap(y)), y)
        notify_observers(recording)
    if again is not None:
        again.compare(y)
    found = tuple(
        [
            gradient_of(recording, leaf, plain(args[n]))
            for leaf, n in zip(leaves, argnums, strict=True)
        ]
    )
    return (y, of_argnum(found, argnum))[part]
