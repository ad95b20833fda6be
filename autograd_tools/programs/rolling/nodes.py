"""Steps as integers: a token for the call, and numbers for the values that it reads and creates."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_tools.engine.cotangents import add_at
from autograd_tools.programs.steps.program import Call, Check, Step, Variable, mapped

INDEXED = frozenset({operator.getitem, operator.setitem, add_at})
# Of arrays, these are the same: which one is called depends on the side that is a constant.
AS_OPERATORS: dict[Any, Any] = {
    np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul,
    np.true_divide: operator.truediv, np.matmul: operator.matmul, np.negative: operator.neg,
}  # fmt: skip
LARGEST_COMPARED = 4096  # bytes of an array that is compared by its numbers; a larger one is itself
_operators: frozenset[Any] = frozenset([x for x in vars(operator).values() if callable(x)])


class Values:
    """The variables and constants of a program by number; equal constants are one."""

    def __init__(self) -> None:
        self.objects: list[Any] = []
        self._numbers: dict[Any, int] = {}
        self._tokens: dict[Any, int] = {}
        self._funcs: dict[Any, tuple[Any, bool]] = {}
        self._sites: dict[int, tuple[int, Any]] = {}  # by id, with the site itself

    def func(self, func: Any) -> tuple[Any, bool]:
        """Return what a function is on arrays, and whether it takes integers as numbers."""
        known = self._funcs.get(func)
        if known is None:
            known = self._funcs[func] = AS_OPERATORS.get(func, func), _takes_integers(func)
        return known

    def site(self, site: Any) -> int:
        """Return the number of a line."""
        known = self._sites.get(id(site))
        if known is None:
            known = self._sites[id(site)] = self.token(site), site
        return known[0]

    def token(self, key: Any) -> int:
        """Return the number of what equal steps have in common."""
        return self._tokens.setdefault(key, len(self._tokens))

    def of(self, x: Any) -> int:
        """Return the number of a variable or constant."""
        key = x if type(x) is Variable else constant_key(x)
        number = self._numbers.setdefault(key, len(self.objects))
        if number == len(self.objects):
            self.objects.append(x)
        return number

    def integer(self, number: int) -> int | None:
        """Return the value of an integer constant; None for anything else."""
        x = self.objects[number]
        return x if type(x) is int else None

    def is_constant(self, number: int) -> bool:
        """Return True for a constant, False for a variable."""
        return type(self.objects[number]) is not Variable


class Node:
    """A step as integers: its token, and the numbers of the values that it reads and makes."""

    __slots__ = ("inputs", "outputs", "step", "token")

    def __init__(self, step: Any, token: int, inputs: list[int], outputs: list[int]) -> None:
        self.step = step
        self.token = token
        self.inputs = inputs
        self.outputs = outputs

    def weight(self) -> int:
        """Return the number of steps."""
        return 1


def node_of(step: Step, values: Values) -> Node:
    """Return a step as a node."""
    if isinstance(step, Check):
        token: Any = (
            Check,
            step.convert,
            constant_key(step.expected),
            step.site,
            _kind(step.variable),
        )
        return Node(step, values.token(token), [values.of(step.variable)], [])
    func, takes_integers = values.func(step.func)
    if not step.kwargs and type(step.output) is Variable:
        node = _plain_node(step, step.output, func, takes_integers, values)
        if node is not None:
            return node
    leaves: list[Any] = []
    structure = _structure(step.args, leaves, takes_integers)
    options = _structure(step.kwargs, leaves, False) if step.kwargs else None
    made: list[Any] = []
    output = _structure(step.output, made, False)
    is_array = type(step.output) is Variable and step.output.is_array
    token = (
        func if is_array else step.func,
        structure,
        options,
        output,
        values.site(step.site),
        len(step.writes),
    )
    return Node(
        step, values.token(token), [values.of(x) for x in leaves], [values.of(x) for x in made]
    )


def _plain_node(
    step: Call, y: Variable, func: Any, takes_integers: bool, values: Values
) -> Node | None:
    """Do `node_of` for a call whose arguments are values without containers; else None."""
    inputs = []
    kinds = []
    for x in step.args:
        if type(x) is not Variable and not is_leaf(x, takes_integers):
            return None
        inputs.append(values.of(x))
        kinds.append(_kind(x))
    known = func if y.is_array else step.func
    token = (known, *kinds, _kind(y), values.site(step.site), len(step.writes))
    return Node(step, values.token(token), inputs, [values.of(y)])


def _takes_integers(func: Any) -> bool:
    """Return whether integers among the arguments are numbers, and no axes or shapes."""
    return func in INDEXED or func in _operators or type(func) is np.ufunc


def is_leaf(x: Any, takes_integers: bool) -> bool:
    """Return whether an argument is a value, rather than a part of what the call is."""
    kind = type(x)
    return (
        kind is Variable
        or kind in (float, complex, np.ndarray)
        or (kind is int and takes_integers)
        or isinstance(x, np.generic)
    )


def with_inputs(step: Step, new: Iterator[Any]) -> Step:
    """Return a step that reads other values, in the order of the inputs of its node."""
    if isinstance(step, Check):
        return Check(next(new), step.convert, step.expected, step.site)
    takes_integers = _takes_integers(step.func)

    def change(x: Any) -> Any:
        return next(new) if is_leaf(x, takes_integers) else x

    args = mapped(step.args, change)
    takes_integers = False
    kwargs = mapped(step.kwargs, change)
    return step.calling(step.func, args, kwargs)


def _structure(x: Any, leaves: list[Any], takes_integers: bool) -> Any:
    """Return what nested arguments are but for their values, which go to `leaves`."""
    kind = type(x)
    if kind is Variable:
        leaves.append(x)
        return _kind(x)
    if kind is tuple or kind is list or (isinstance(x, tuple) and hasattr(kind, "_fields")):
        return (kind, *[_structure(item, leaves, takes_integers) for item in x])
    if kind is dict:
        return (dict, *[(k, _structure(item, leaves, takes_integers)) for k, item in x.items()])
    if kind is slice:
        parts = (x.start, x.stop, x.step)
        return (slice, *[_structure(part, leaves, takes_integers) for part in parts])
    if is_leaf(x, takes_integers):
        leaves.append(x)
        return _kind(x)
    return constant_key(x)


def _kind(x: Any) -> Any:
    """Return what equal steps have to agree about of a value: nothing of a number."""
    shape = getattr(x, "shape", ())
    return (shape, x.dtype) if shape else ()


def constant_key(x: Any) -> Any:
    """Return something that is equal for equal constants, and for large arrays that are one."""
    kind = type(x)
    if kind is np.ndarray:
        if x.nbytes <= LARGEST_COMPARED and x.dtype.kind in "biufc":
            return (kind, x.shape, x.dtype, x.tobytes())
        return (kind, id(x))
    if (kind is float or kind is int) and x - x == 0 != x:
        return (kind, x)  # and no zero, which has a sign, or NaN
    if kind in (int, float, complex, bool, str, type(None)) or isinstance(x, np.generic):
        return (kind, repr(x))
    try:
        hash(x)
    except TypeError:
        return (kind, id(x))
    return (kind, x)
