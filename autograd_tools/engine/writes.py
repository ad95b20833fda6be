"""Writes into the arrays of a recording, propagated to their views and aliases.

A recording never changes an array that it holds. A write makes a new array and a new entry, and
notes that the memory of the old array now has a successor. A Result whose array lies in that memory
is brought up to date when it is next read: the operations that led from the written array to it,
each a view, run again on the successor. So the values are those of NumPy, where all of them share
one memory. A recording without writes pays nothing.
"""

from __future__ import annotations

import weakref
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.base.containers import children_of, is_plain, tree_leaves
from autograd_tools.base.traced import Traced, plain_array
from autograd_tools.engine.calls import call
from autograd_tools.engine.describe import describe
from autograd_tools.engine.primitives import Plan, PrimitiveData
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.saved import Absent, interface, memory_of
from autograd_tools.engine.values import Blank, Result, held, is_frozen, result


class Step(NamedTuple):
    """An operation that made a view: its call, in which `args[position]` is the viewed array."""

    primitive: PrimitiveData
    position: int
    args: tuple[Any, ...]
    kwargs: Any

    def arguments(self, x: Any) -> tuple[Any, ...]:
        """Return the arguments of the call on another array."""
        return (*self.args[: self.position], x, *self.args[self.position + 1 :])

    def view(self, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return the view of a plain array."""
        return self.primitive.func(*self.arguments(x), **self.kwargs)

    def again(self, x: Any) -> Any:
        """Make the view of a recorded array; it is recorded, too."""
        return call(self.primitive, self.arguments(x), self.kwargs)


class Successor(NamedTuple):
    """The new version of a written array: the fields of a Result, and the memory of the old one."""

    value: Any
    recording: Recording | None  # None for the recording of the old one: no cycle
    place: int
    interface: dict[str, Any]  # the old array's `__array_interface__`

    def overlaps(self, array: np.ndarray[Any, Any]) -> bool:
        """Return whether the old array may share an element with another one."""
        old: Any = SimpleNamespace(__array_interface__=self.interface)
        return np.may_share_memory(plain_array(old), array)


class _Owner(weakref.ref[Any]):
    """A reference to an array that was written into, with its id."""

    __slots__ = ("key",)
    key: int


class Writes:
    """The successors of the written arrays of a recording."""

    def __init__(self) -> None:
        # By the id of the array that owns the memory, then by the index of the written entry.
        self.memory: dict[int, tuple[_Owner, dict[int, Successor]]] = {}
        # Those of freed arrays, until the next look. A function of Python's that forgets them would
        # swallow an interrupt.
        self._freed: list[_Owner] = []

    def _of(self, key: int) -> dict[int, Successor] | None:
        """Return the successors of an array that is alive, by its id."""
        while self._freed:
            owner = self._freed.pop()
            known = self.memory.get(owner.key)
            if known is not None and known[0] is owner:
                del self.memory[owner.key]
        found = self.memory.get(key)
        return None if found is None or found[0]() is None else found[1]

    def note(self, old: Result, index: int, array: np.ndarray[Any, Any], new: Result) -> None:
        """Note that `new` succeeds the entry at `index`, whose value was `array`."""
        owner = memory_of(array)
        key = id(owner)
        successors = self._of(key)
        if successors is None:
            ref, successors = _Owner(owner, self._freed.append), {}
            ref.key = key
            self.memory[key] = (ref, successors)
        recording = None if new.recording is old.recording else new.recording
        where = interface(array)
        successors[index] = Successor(new.value, recording, new.index, where)

    def update(self, x: Result) -> None:
        """Bring `x` up to date with what was written into its memory."""
        array = held(x)
        if not is_plain(array, np.ndarray):
            return
        known = self._of(id(memory_of(array)))
        if known is None or is_frozen(x):
            return
        if self._follow(x, array, known) and x.recording.writes is not None:
            x.recording.writes.update(x)

    def _follow(self, x: Result, array: Any, known: dict[int, Successor]) -> bool:
        """Move `x` to the successor of the array that it views; return whether there is one."""
        root, steps = lineage(x, array)
        found = known.get(root)
        if found is None:
            if any(successor.overlaps(array) for successor in known.values()):
                raise ValueError(
                    f"{describe(array)} shares memory with an array that was written into, but is "
                    "not a recorded view of it; write into a copy"
                )
            return False
        y: Any = result(found.value, found.recording or x.recording, found.place)
        for step in steps:
            y = step.again(y)
        move(x, y)
        return True

    def check_parts(self, x: Result) -> None:
        """Raise an error if an array in a pytree was written into: the pytree holds the old one."""
        pytree = held(x)
        for leaf in tree_leaves(pytree) if children_of(pytree) is not None else ():
            array = held(leaf)
            if isinstance(array, np.ndarray) and self._of(id(memory_of(array))) is not None:
                raise ValueError(
                    f"{describe(pytree)} holds an array that was written into after it was read; "
                    "use its parts, which have the new values"
                )


def move(x: Result, y: Any) -> None:
    """Make `x` the value `y`: of a closed recording, a plain one."""
    if isinstance(y, Result):
        x.value, x.recording, x.index = y.value, y.recording, y.index
        if type(x) is Blank and type(y) is Result:
            x.__class__ = Result
    else:
        x.value = y


def lineage(x: Result, array: np.ndarray[Any, Any]) -> tuple[int, list[Step]]:
    """Return the index of the entry whose array `x` views, and the views that lead to `x`.

    `array` is the plain value of `x`.
    """
    owner = memory_of(array)
    entries, index = x.recording.entries, x.index
    steps: list[Step] = []
    indices = [index]
    while True:
        entry = entries[index] if index < len(entries) else None
        if entry is None:
            raise ValueError(
                f"{describe(array)} was written into through another name, and its recording has "
                "ended; read it before that, or return a copy"
            )
        plan, _, args, kwargs, parents = entry
        found = None if plan is None else _viewed(plan, args, parents, entries, id(owner))
        if found is None:
            break
        position, index = found
        steps.append(Step(plan.primitive, position, args, kwargs))
        indices.append(index)
    if steps and children_of(held(steps[-1].args[steps[-1].position])) is not None:
        steps.pop()  # an item of a pytree, which is no array
        indices.pop()
    return indices[-1], steps[::-1]


def _viewed(
    plan: Plan, args: tuple[Any, ...], parents: tuple[Any, ...], entries: list[Any], owner: int
) -> tuple[int, int] | None:
    """Return position and index of the argument in the memory of the array with id `owner`."""
    for position, parent in zip(plan.positions, parents, strict=True):
        arg = held(args[position])
        if type(parent) is tuple:
            if any([_owner_of(held(part)) == owner for part in tree_leaves(arg)]):
                raise ValueError(
                    f"the value of {plan.primitive.name} shares its memory with one of several "
                    "arguments, so it cannot be written into; write into a copy"
                )
        elif _owner_of(arg) == owner or (
            children_of(arg) is not None and _made_of_views(entries[parent], owner)
        ):
            return position, parent
    return None


def _made_of_views(entry: Any, owner: int) -> bool:
    """Return whether a pytree was made, by a primitive, of views of the memory of an array."""
    plan, _, args, _, _ = entry
    return plan is not None and any(
        [_owner_of(held(args[position])) == owner for position in plan.positions]
    )


def _owner_of(x: Any) -> int | None:
    if type(x) is Absent:
        return x.owner
    return id(memory_of(x)) if isinstance(x, np.ndarray) else None


def viewed_by(step: Step, view: np.ndarray[Any, Any]) -> Any:
    """Return the array that `step` viewed, plain or recorded; `view` is a view of it."""
    x = step.args[step.position]
    if type(x) is not Absent:
        return x
    if x.offset is None:
        raise ValueError(
            f"the array that this {step.primitive.name} views is no longer in memory, so it cannot "
            "be written into; write into a copy"
        )
    owner = memory_of(view)
    whole = owner.shape == x.shape and owner.strides == x.strides and x.offset == 0
    return owner if whole else np.ndarray(x.shape, x.dtype, owner.data, x.offset, x.strides)


class Place:
    """A place in an array that is reached through views, as `h[0:2].T[1]` is."""

    def __init__(self, steps: list[Step], index: Any, array: np.ndarray[Any, Any]) -> None:
        self.steps = [step._replace(args=step.arguments(None)) for step in steps]
        self.index = index
        self.strides = tuple([n // array.itemsize for n in array.strides])  # counted in elements

    def copy(self, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Copy an array of the same shape into the layout in which the steps are views."""
        if isinstance(x, Traced):
            copied = x.copy("K")
            if tuple([n // x.itemsize for n in copied.strides]) == self.strides:
                return copied
        y = in_layout(x.shape, self.strides, x.dtype)
        y[...] = x
        return y

    def view(self, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return the view of a plain array that `copy` made."""
        for step in self.steps:
            x = step.view(x)
        return x

    def read(self, dy: Any) -> Any:
        """Return the same elements of a gradient, plain or recorded."""
        for step in self.steps:
            # What is written into x.imag is i times a real number, whose gradient is Re(i dy).
            dy = np.real(1j * dy) if step.primitive.func is np.imag else step.again(dy)
        return dy

    def __repr__(self) -> str:
        steps = list(map(_shown, self.steps))
        return "".join(steps if self.index is ... else [*steps, f"[{_index(self.index)}]"])


def _shown(step: Step) -> str:
    name, rest = step.primitive.name, step.arguments(None)[1:]
    if name == "getitem":
        return f"[{_index(rest[0])}]"
    if name == "transpose" and rest in ((), (None,)):
        return ".T"
    return f".{name}({', '.join(map(describe, [x for x in rest if x is not None]))})"


def _index(index: Any) -> str:
    return ", ".join(map(describe, index)) if type(index) is tuple else describe(index)


def copy_in_layout(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Copy an array with its strides: what is a view of `x` is a view of the copy.

    A broadcast array, whose elements share memory, becomes an ordinary one.
    """
    y = x.copy() if isinstance(x, Traced) else np.array(x)
    if y.strides != x.strides and 0 not in x.strides:
        if isinstance(x, Traced) and (y := x.copy("K")).strides == x.strides:
            return y
        y = in_layout(x.shape, tuple([n // x.itemsize for n in x.strides]), x.dtype)
        y[...] = x
    return y


def in_layout(shape: tuple[int, ...], strides: tuple[int, ...], dtype: Any) -> Any:
    """Return an empty array with strides, counted in elements."""
    reach = (
        [step * (n - 1) for n, step in zip(shape, strides, strict=True)]
        if min(shape, default=1)
        else []
    )
    first = -sum([r for r in reach if r < 0])
    size = np.dtype(dtype).itemsize
    buffer = np.empty((first + sum([r for r in reach if r > 0]) + 1,), dtype)
    return np.ndarray(shape, dtype, buffer, first * size, [step * size for step in strides])
