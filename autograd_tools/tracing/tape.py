"""The tape that `diff` returns, and the functions that observe tapes."""

from __future__ import annotations

import copy
import itertools
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from autograd_tools.base.containers import copied
from autograd_tools.base.contexts import listed
from autograd_tools.base.html import html_of
from autograd_tools.base.memory import keep_freed_memory
from autograd_tools.engine import checks
from autograd_tools.engine.checks import current_check
from autograd_tools.engine.cotangents import one_like, to_user_type
from autograd_tools.engine.describe import describe
from autograd_tools.engine.differentiation import differentiate
from autograd_tools.engine.elsewhere import refuse_elsewhere
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.saved import FLOATS, kept_bytes
from autograd_tools.engine.values import Param, Result, Value, unwrap
from autograd_tools.tracing.entries import is_leaf, params_of, value_at
from autograd_tools.tracing.frame_variables import variables_of_frames, variables_of_program
from autograd_tools.tracing.node import Node
from autograd_tools.tracing.param_names import BEST, WORST, Name, Namespace, find_param_names

if TYPE_CHECKING:
    from autograd_tools.tracing.trace_data import Trace


class Tape(Recording):
    """The nodes that `diff` recorded, oldest first, and the gradient of each Param.

    `repr(J)` is short, `print(J)` lists the nodes. `ag.value(J)` is the final scalar and
    `ag.grad(J, w)` a gradient. `len(J)` counts the nodes.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> w = ag.Param(2.0, name="w")
    >>> with ag.record() as J:
    ...     loss = w * np.sin(w)
    >>> J.backward(loss)
    >>> print(J)
    1. P(2.0) ∇=0.0770037537313969
    2. 0.9092974268256817 = sin(P(2.0)) ∇=2.0
    3. 1.8185948536513634 = multiply(P(2.0), R(0.9092974268256817)) ∇=1.0
    """

    retain = True

    def __init__(self, *, follows_params: bool) -> None:
        keep_freed_memory()
        super().__init__(follows_params=follows_params)
        self.names: dict[int, Name] = {}  # id of a Param without a name -> the best one found
        self.elsewhere = {}
        self.asked: set[int] = set()

    def find_names(self, namespaces: Iterable[Namespace]) -> None:
        """Look in namespaces for better names of the Params without one."""
        unnamed = [p for p in self.params() if not p.name and self.names.get(id(p), WORST) > BEST]
        if unnamed:
            for key, name in find_param_names(unnamed, namespaces).items():
                self.names[key] = min(name, self.names.get(key, name))

    def find_all_names(self) -> dict[int, Name]:
        """Return the names of Params without one, from the program's variables, by id."""
        frames = variables_of_frames(sys._getframe())
        function = None if self.function is None else self.function()
        files = (note.file for note in self.notes or ())
        self.find_names(itertools.chain(frames, variables_of_program(function, files)))
        return self.names

    def backward(self, loss: Value | None = None) -> None:
        """Compute the gradients of a scalar on this tape, and stop recording.

        Parameters
        ----------
        loss : Result or Param, optional
            A real scalar computed from Params inside the `with` block. The default is the last
            scalar recorded.

        Raises
        ------
        ValueError
            If the tape has no such scalar.
        TypeError
            If `loss` is not a real scalar.
        """
        self.close()
        index = self._last_scalar() if loss is None else self._index(loss)
        if index is None:
            refuse_elsewhere(self)
            raise ValueError(
                "no scalar was recorded on this tape; compute the loss from Params inside the "
                "block, with np.sum or np.mean at its end"
            )
        y = value_at(self, index)
        check_scalar(y)
        differentiate(self, index, one_like(unwrap(y)), y)
        notify_observers(self)

    def _index(self, loss: Any) -> int:
        if isinstance(loss, Param) and self.follows_params:
            return self.leaf(loss)
        if not isinstance(loss, Result) or loss.recording is not self:
            raise ValueError(
                f"{describe(loss)} was not recorded on this tape; "
                "pass a scalar computed from Params inside the `with` block"
            )
        if loss.index >= len(self.entries):
            raise ValueError(
                f"{describe(loss)} is no longer on this tape; "
                "an earlier backward() removed the nodes after its loss"
            )
        return loss.index

    def _last_scalar(self) -> int | None:
        for index in reversed(range(len(self.entries))):
            y = unwrap(value_at(self, index))
            number = isinstance(y, (int, float, np.number, np.ndarray)) and np.shape(y) == ()
            if number and not is_leaf(self, index):
                return index
        return None

    @property
    def value(self) -> Any:
        """The final scalar; before `backward`, the last scalar recorded, or None."""
        index = self._last_scalar() if self.result is None else self.result
        return None if index is None else unwrap(value_at(self, index))

    @property
    def nodes(self) -> list[Node]:
        """All nodes, oldest first."""
        return [Node(self, index) for index in range(len(self.entries))]

    def collect(self) -> list[Node]:
        """Return all nodes, newest first."""
        return self.nodes[::-1]

    def params(self) -> list[Param]:
        """Return the Params that were used, in the order of their first use."""
        return params_of(self)

    def gradient(self, x: Value) -> Any:
        """Return the gradient of the final scalar with respect to a Param or Result.

        Parameters
        ----------
        x : Param or Result
            A value that the recording used.

        Returns
        -------
        gradient : like the value of `x`, or None
            None if the scalar does not depend on `x`.
        """
        if self.result is None:
            self.backward()
        own = x.index if isinstance(x, Result) and x.recording is self else None
        index = self.leaves.get(id(x)) if isinstance(x, Param) else own
        if index is None and isinstance(x, Param):
            refuse_elsewhere(self, x)
        if index is None or index >= len(self.outgrads):
            return None
        self.asked.add(index)
        return copied(to_user_type(self.outgrads[index], unwrap(x), total=False))

    def kept_bytes(self) -> dict[int, int]:
        """Return the bytes of the arrays that the backward pass needs, by the index of a node.

        This is what `grad` saves for the backward pass; a tape keeps more, for inspection. Each
        array counts once, for the oldest node that needs it. Values of leaves do not count.
        """
        return kept_bytes(self.entries)

    def trace(self) -> Trace:
        """Return a snapshot as plain data, which can be saved, compared and drawn."""
        # Imported here, which keeps `import autograd_tools` fast.
        from autograd_tools.tracing.columns import Nodes
        from autograd_tools.tracing.snapshot import columns_of
        from autograd_tools.tracing.trace_data import Trace

        nodes = Nodes(columns_of(self, self.find_all_names()))
        return Trace(nodes, None if self.result is None else self.result + 1)

    def __copy__(self) -> Tape:
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__)
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> Tape:
        made = memo[id(self)] = object.__new__(type(self))
        made.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return made

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(
            "a tape cannot be pickled, because it holds functions; save its trace, "
            "J.trace().save('trace.json'), and read it with ag.load_trace('trace.json'), "
            "or pickle J.trace()"
        )

    def __len__(self) -> int:
        return len(self.entries)

    def _repr_html_(self) -> str | None:
        return html_of(self)

    def __repr__(self) -> str:
        return describe(self)

    def __float__(self) -> float:
        return float(self.value)

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec else str(self)

    def __str__(self) -> str:
        return str(self.trace())


def check_scalar(y: Any) -> None:
    """Raise a TypeError unless `y` is one real number."""
    if type(y) is Result and type(y.value) in FLOATS:
        return
    plain = unwrap(y)
    if isinstance(plain, (int, float, np.number)) and not isinstance(plain, (complex, bool)):
        return
    if isinstance(plain, np.ndarray) and plain.shape == () and plain.dtype.kind in "iuf":
        return
    if isinstance(plain, (complex, np.complexfloating)):
        raise TypeError(
            f"expected a real scalar from the function, got {describe(plain)}; "
            "take its np.real or np.abs"
        )
    fix = "reduce it with np.sum or np.mean, or take one element"
    if plain is None:
        fix = "end the function with `return`"
    elif isinstance(plain, (tuple, list, dict)):
        fix = "return one scalar"
    raise TypeError(f"expected a scalar from the function, got {describe(plain)}; {fix}")


observers: dict[object, Callable[[Tape], None]] = {}


def observe(callback: Callable[[Tape], None]) -> AbstractContextManager[None]:
    """Call a function with the tape of every differentiation in a block.

    In the block, `grad(f)` and related functions keep their tapes, which they would otherwise free.

    Parameters
    ----------
    callback : callable
        `callback(tape)` runs after each backward pass.

    Examples
    --------
    >>> import numpy as np, autograd_tools as ag
    >>> with ag.observe(lambda tape: print(len(tape), "nodes")):
    ...     gradient = ag.grad(np.sin)(0.0)
    2 nodes
    """
    return listed(observers, callback)


def new_recording(*, follows_params: bool, retain: bool) -> Recording:
    """Return a tape if it is retained, observed or checked, else a recording that frees as it
    goes.
    """
    retain = retain or bool(observers)
    if checks.blocks and current_check() is not None:
        retain = True
    return (Tape if retain else Recording)(follows_params=follows_params)


def notify_observers(recording: Recording) -> None:
    """Call the observers with a tape whose backward pass is done."""
    if isinstance(recording, Tape):
        for callback in tuple(observers.values()):
            callback(recording)
