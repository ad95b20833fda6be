"""`compile(f)`: a function that captures `f` as programs, and runs these."""

from __future__ import annotations

import functools
import sys
import types
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np

from autograd_tools.base.containers import copied
from autograd_tools.engine import checks
from autograd_tools.engine.describe import describe
from autograd_tools.engine.listeners import readers
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.state import is_outermost
from autograd_tools.engine.values import Value
from autograd_tools.location.users_code import is_users
from autograd_tools.programs.capturing.agreement import agreed, close
from autograd_tools.programs.capturing.capture import UncapturedError
from autograd_tools.programs.capturing.float_errors import may_raise
from autograd_tools.programs.capturing.input_kinds import is_floating_input
from autograd_tools.programs.capturing.outside import Outside
from autograd_tools.programs.capturing.param_inputs import is_capturing
from autograd_tools.programs.capturing.signatures import is_fixed, signature_of
from autograd_tools.programs.paths import MOST_PATHS, Path, often_left, overlap
from autograd_tools.programs.running.code import Code, LeftPathError
from autograd_tools.programs.steps.program import Program
from autograd_tools.programs.steps.simplify import simplified
from autograd_tools.programs.traces import trace_of
from autograd_tools.timing import instrument as timing
from autograd_tools.tracing.tape import observers
from autograd_tools.tracing.trace_data import Trace

P = ParamSpec("P")
T = TypeVar("T")

MOST_SIGNATURES = 64
MOST_CHANGES = 16  # of what a function reads from outside, or of its integers, for one signature
MOST_CAPTURES = 4 * MOST_SIGNATURES
SELDOM = (
    "strings, booleans, shapes, objects or integers in its arguments seldom repeat; "
    "write np.take(X, i, axis=0) for X[i]"
)


@dataclass(eq=False)
class Signature:
    """The programs for one structure of the arguments, and what the function reads from outside."""

    key: Any
    outside: Outside
    integers: bool  # they are inputs
    constants: list[Any]  # in the arguments; their ids are in the key
    paths: list[Path] = field(default_factory=list)  # the last one that ran is first
    eager: bool = False
    refusal: str = ""  # why there can be no program
    changes: int = 0
    writes: bool = False  # a program writes into its arguments


class Compiled:
    """A function that runs as a list of NumPy calls.

    Attributes
    ----------
    programs : list of Program
        One for each signature of the arguments and each path through the branches.
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        if not callable(f) or isinstance(f, Value):
            raise TypeError(f"compile() expects a function, got {describe(f)}")
        self.function = f
        self._signatures: dict[Any, Signature] = {}
        # Signatures in which integers are constants, with the number of those.
        self._by_integers: dict[Any, int] = {}
        self._captures = 0
        self._warned = False
        self._lock = Lock()
        functools.update_wrapper(self, f, updated=())

    @property
    def programs(self) -> list[Program]:
        """The programs so far, oldest first."""
        return [path.program for known in self._signatures.values() for path in known.paths]

    def trace(self) -> Trace:
        """Return the trace of the only program.

        Raises
        ------
        ValueError
            If there is none, or more than one; each of `programs` has a trace.
        """
        programs = self.programs
        if len(programs) != 1:
            raise ValueError(
                f"{self!r} has {len(programs)} programs; call it once for a program, "
                "and choose one of its `programs`"
            )
        return trace_of(programs[0])

    def source(self, *args: Any, **kwargs: Any) -> str:
        """Return the source of the function for such arguments: `ag.source(f, *args)`."""
        from autograd_tools.programs.writing.source_text import source  # people seldom ask for it

        return source(self.function, *args, **kwargs)

    def clear(self) -> None:
        """Forget the programs."""
        self._signatures.clear()
        self._by_integers.clear()

    def __reduce__(self) -> Any:
        return compile, (self.function,)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<compiled {name_of(self.function)}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Do what the function does."""
        watched = readers or timing.ENABLED or observers or checks.blocks
        if not is_outermost() or is_capturing() or watched:
            return self.function(*args, **kwargs)
        try:
            inputs, signature, constants = signature_of(args, kwargs)
        except RecursionError:  # a list that holds itself
            return self.function(*args, **kwargs)
        by_integers = bool(self._by_integers) and signature in self._by_integers
        if by_integers:
            form = signature
            signature += tuple([_numbers(x) for x in inputs if not is_floating_input(x)])
            inputs = [*filter(is_floating_input, inputs)]
        if may_raise():  # a program may skip the operation that would raise
            return self.function(*args, **kwargs)
        known = self._signatures.get(signature)
        if known is None:
            known = self._new(signature, constants, form if by_integers else None)
        if known.eager:
            return self.function(*args, **kwargs)
        changed = known.outside.changed()
        if changed:
            known.paths = []
            known.changes += 1
            known.outside = Outside(self.function, constants)
            too_often = known.changes > MOST_CHANGES
            known.refusal = _changing(changed) if too_often else _unseen(known.outside)
        if known.refusal:
            return self._eagerly(known, known.refusal, args, kwargs)
        if known.writes and overlap(inputs, known.paths):
            return self.function(*args, **kwargs)
        do = self._run if known.paths else self._captured
        return do(known, inputs, args, kwargs)

    def _new(self, key: Any, constants: list[Any], form: Any) -> Signature:
        """Make a signature; `form` is that without the integers, where these are constants."""
        for oldest in list(self._signatures)[: len(self._signatures) + 1 - MOST_SIGNATURES]:
            self._signatures.pop(oldest, None)
        outside = Outside(self.function, constants)
        known = self._signatures[key] = Signature(key, outside, form is None, constants)
        seldom = self._captures > MOST_CAPTURES
        if form is not None:
            self._by_integers[form] += 1
            seldom = seldom or self._by_integers[form] > MOST_CHANGES
        changing = [type(x).__name__ for x in constants if not is_fixed(x)]
        if seldom:
            known.refusal = SELDOM
        elif changing:
            known.refusal = f"an argument is a {changing[0]}"
        else:
            known.refusal = _unseen(outside)
        return known

    def _run(self, known: Signature, inputs: list[Any], args: Any, kwargs: Any) -> Any:
        """Run the program whose checks hold; capture another one if there is none."""
        paths = known.paths
        todo = [*paths]
        while todo:
            path = todo.pop(0)
            params = path.params()
            if params is None:
                continue
            try:
                y = path.run([*inputs, *params])
            except LeftPathError as left:
                todo = [other for other in todo if other.goes(path, left)]
                continue
            except Exception:
                if path.program.writes_inputs:
                    raise
                return self.function(*args, **kwargs)  # the error with the user's lines
            if path is not paths[0]:
                known.paths = [path, *[other for other in paths if other is not path]]
            return y
        return self._captured(known, inputs, args, kwargs)

    def _captured(self, known: Signature, inputs: list[Any], args: Any, kwargs: Any) -> Any:
        """Capture the function, and run the program."""
        if not self._lock.acquire(
            blocking=False
        ):  # another thread captures, or the function itself
            return self.function(*args, **kwargs)
        try:
            try:
                return self._capture(known, inputs, args, kwargs)
            finally:
                self._lock.release()
        except _Failed as failed:
            reason = str(failed)
        if reason:
            return self._eagerly(known, reason, args, kwargs)
        return self(*args, **kwargs)

    def _capture(self, known: Signature, inputs: list[Any], args: Any, kwargs: Any) -> Any:
        """Do `_captured`, or raise the reason why there is no program."""
        if len(known.paths) >= MOST_PATHS:
            raise _Failed(often_left(known.paths))
        self._captures += 1
        try:
            run = agreed(
                self.function, args, kwargs, known.outside.objects, integers=known.integers
            )
            program = simplified(run.program)
            code = Code(program, known.outside.memory())
            path = Path(program, code.function(), code.outcomes)
            if program.writes_inputs or program.assigned:
                given = [x.copy("K") if type(x) is np.ndarray else x for x in inputs]
                params = [copied(x) for x in path.params() or ()]
                _check_close(run.expected, path.run([*given, *params], assigns=False))
                y = path.run([*inputs, *(path.params() or ())])
            else:
                y = path.run([*inputs, *(path.params() or ())])
                _check_close(run.expected, y)
        except Exception as error:
            if isinstance(error, UncapturedError) and error.is_final:
                raise
            if known.integers and not all(map(is_floating_input, inputs)):
                # Perhaps they are axes and sizes.
                self._by_integers.setdefault(known.key, 0)
                self._signatures.pop(known.key, None)
                raise _Failed("") from error
            if isinstance(error, LeftPathError):
                raise _Failed("rounding decides which branch it takes") from error
            what = "" if isinstance(error, UncapturedError) else f"{type(error).__name__}: "
            raise _Failed(f"{what}{error}") from error
        known.writes = known.writes or program.writes_inputs
        known.paths = [path, *known.paths]
        return y

    def _eagerly(self, known: Signature, reason: str, args: Any, kwargs: Any) -> Any:
        y = self.function(*args, **kwargs)  # if it fails, that is its own error
        known.eager, known.paths = True, []
        if self._warned and reason == SELDOM:
            return y
        self._warned = True
        message = f"{name_of(self.function)} runs uncompiled: {reason}"
        warnings.warn(message, RuntimeWarning, stacklevel=_users_level())
        return y


class _Failed(Exception):  # noqa: N818  it never leaves this module
    """There is no program; the message is the reason, or empty where another attempt may help."""


def _check_close(expected: Any, y: Any) -> None:
    if not close(expected, y):
        raise UncapturedError("its program returns a different value")


def _users_level() -> int:
    """Return how many frames above the caller the user's code is."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and not is_users(frame):
        frame, level = frame.f_back, level + 1
    return level


def _unseen(outside: Outside) -> str:
    return f"{outside.unseen} may change undetected" if outside.unseen else ""


def _changing(name: str) -> str:
    return (
        f"{name} changed between {MOST_CHANGES + 1} calls; pass it as an argument, or make it a "
        "Param"
    )


def compile(f: Callable[P, T]) -> Callable[P, T]:
    """Return a compiled function: it runs the NumPy calls of `f` without the Python around them.

    Parameters
    ----------
    f : callable
        A function of numbers, arrays and pytrees of them: a loss, `ag.grad(loss)`,
        `ag.value_and_grad(loss)`, `ag.make_hvp`, a whole training step. Params that it reads are
        inputs as well, and each call updates the Params that it assigns.

    Returns
    -------
    compiled : callable
        It captures `f` at the first call for each signature (structure, shapes and dtypes of the
        arguments) and each path through its branches: it runs `f` twice, stores the NumPy calls,
        and from then on runs only these. Inside a recording or `ag.history()`, it runs `f` itself.
        `compiled.programs` lists the programs, `compiled.clear()` deletes them.

    Raises
    ------
    TypeError
        If two runs on the same arguments differ, for example because of random numbers; the message
        names the line and what to pass as an argument.

    Warns
    -----
    RuntimeWarning
        If `f` cannot be captured, once for each signature; `f` then runs uncompiled.

    Notes
    -----
    Each run checks `if x > 0`, `float(x)`, `len(x[mask])` and all else that reads a number; a new
    outcome captures a new program. Objects from closures, globals, default arguments and attributes
    are constants: each call checks that they are the same objects and that their arrays hold the
    same numbers (all elements up to 131,072 bytes, 16 elements of a larger array). Printing and
    other side effects happen only when `f` is captured.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> gradient = ag.compile(ag.grad(lambda x: np.sum(np.sin(x) ** 2)))
    >>> gradient(np.array([0.0, 1.0]))
    array([0.        , 0.90929743])
    >>> gradient(np.array([0.0, 2.0]))
    array([ 0.       , -0.7568025])
    """
    return cast("Callable[P, T]", Compiled(f))


def _numbers(x: Any) -> Any:
    """Return what tells an integer or an array of integers from others."""
    return x.tobytes() if isinstance(x, np.ndarray) else (type(x), x)
