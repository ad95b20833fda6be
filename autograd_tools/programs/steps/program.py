"""A program as plain data: variables, calls and checks in the order in which they run."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.base.containers import LEAVES


class Site(NamedTuple):
    """The user's line that a call belongs to.

    `gradients` counts the backward passes around it; `rule` is the operation whose VJP rule made
    the call, or empty.
    """

    file: str
    line: int
    function: str
    gradients: int = 0
    rule: str = ""


NOWHERE = Site("", 0, "")


class Variable:
    """A value of a program: an input, or an output of a call.

    Attributes
    ----------
    number : int
        The order of creation, from 0.
    type : type
        The class of the value: `numpy.ndarray`, `numpy.float64`, `float`.
    shape : tuple of int
        Empty for a number.
    dtype : numpy.dtype or None
        None for a number of Python's.
    order : str
        The layout of an array in memory: "C", "F", or an empty string for another one.
    root : Variable
        The variable whose memory this one views; itself for an array of its own.
    written : bool
        Of a root: some call writes into its memory.
    name : str
        Of an input: its name.
    called : str
        The user's name for it, or `d_` and the name of what it is the gradient of.
    """

    __slots__ = ("called", "dtype", "name", "number", "order", "root", "shape", "type", "written")

    def __init__(
        self, number: int, like: Any, root: Variable | None = None, name: str = ""
    ) -> None:
        self.number = number
        self.type = type(like)
        self.shape: tuple[int, ...] = getattr(like, "shape", ())
        self.dtype: np.dtype[Any] | None = getattr(like, "dtype", None)
        self.order = _order(like) if self.type is np.ndarray else ""
        self.root: Variable = self if root is None else root
        self.written = False
        self.name = name
        self.called = ""

    def twin(self) -> Variable:
        """Return another variable of the same kind, with memory of its own."""
        made = Variable(self.number, None, name=self.name)
        made.type, made.shape, made.dtype, made.order = (
            self.type,
            self.shape,
            self.dtype,
            self.order,
        )
        return made

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def is_array(self) -> bool:
        """True for an array, False for a number."""
        return self.type is np.ndarray

    def __repr__(self) -> str:
        return f"v{self.number}"


def _order(x: np.ndarray[Any, Any]) -> str:
    flags = x.flags
    return "C" if flags.c_contiguous else "F" if flags.f_contiguous else ""


class Call:
    """A call of a function, with variables and constants as arguments.

    Attributes
    ----------
    func : callable
        A function of NumPy, SciPy, `operator` or the user, a `Method` or a `UfuncMethod`.
    args, kwargs
        Nested tuples, lists, dicts and slices of variables and constants.
    output : Variable, nested tuples and lists of them, or None
        None for a call that only writes.
    site : Site
        The line it belongs to.
    writes : tuple of Variable
        The roots whose memory it writes into.
    checks_shape : bool
        The shape of the output depends on numbers, so that each run has to check it.
    """

    __slots__ = ("args", "checks_shape", "func", "kwargs", "output", "site", "writes")

    def __init__(
        self,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        output: Any,
        site: Site,
        writes: tuple[Variable, ...] = (),
        checks_shape: bool = False,
    ) -> None:
        self.func = func
        self.args = args
        self.kwargs = kwargs
        self.output = output
        self.site = site
        self.writes = writes
        self.checks_shape = checks_shape

    def calling(self, func: Any, args: tuple[Any, ...], kwargs: Any = None) -> Call:
        """Return a call of another function, or with other arguments, in the place of this one."""
        place = self.output, self.site, self.writes, self.checks_shape
        return Call(func, args, kwargs or {}, *place)

    @property
    def read(self) -> Variable | None:
        """The variable that it reads an item of; None for other calls, and for a constant."""
        x = self.args[0] if self.func is operator.getitem else None
        return x if type(x) is Variable else None

    def inputs(self) -> Iterator[Variable]:
        """The variables among the arguments."""
        yield from variables_in(self.args)
        if self.kwargs:
            yield from variables_in(self.kwargs)

    def outputs(self) -> Iterator[Variable]:
        """The variables that it makes."""
        return variables_in(self.output)


class Check:
    """A place where Python read a number: `convert(variable)` has to give `expected` again."""

    __slots__ = ("convert", "expected", "site", "variable")

    def __init__(self, variable: Variable, convert: Any, expected: Any, site: Site) -> None:
        self.variable = variable
        self.convert = convert
        self.expected = expected
        self.site = site

    def inputs(self) -> Iterator[Variable]:
        """The variable that is read."""
        yield self.variable

    def outputs(self) -> Iterator[Variable]:
        """Nothing."""
        return iter(())


Step = Call | Check


@dataclass(eq=False, repr=False)
class Program:
    """The calls of one run of a function, for one signature and one outcome of its checks.

    Attributes
    ----------
    steps : list of Call and Check
        In the order in which they run.
    inputs : list of Variable
        The numbers and arrays in the arguments, in order, then those of the Params.
    result : object
        A pytree of variables and constants.
    assigned : list of (Param, object)
        Params that get a new value at the end.
    ignored : frozenset of str
        Floating-point errors that the function ignores, as in `np.errstate`.
    params : list of Param
        The Params that are inputs, each with the signature of its value.
    outside : list of (array, Variable)
        The arrays from outside that are inputs.
    constants : dict
        The user's names of small arrays, by their numbers.
    """

    name: str
    steps: list[Step]
    inputs: list[Variable]
    result: Any
    params: list[tuple[Any, tuple[Any, ...]]] = field(default_factory=list)
    assigned: list[tuple[Any, Any]] = field(default_factory=list)
    ignored: frozenset[str] = frozenset()
    outside: list[tuple[Any, Variable]] = field(default_factory=list)
    constants: dict[Any, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<program {self.name}: {len(self.steps)} steps>"

    def checks(self) -> Iterator[Site]:
        """The sites of the checks, in the order of a run: of numbers, and of shapes."""
        for step in self.steps:
            if isinstance(step, Check):
                yield step.site
            elif step.checks_shape:
                yield from [step.site for _ in step.outputs()]

    @property
    def writes_inputs(self) -> bool:
        """True if it writes into its arguments."""
        return any([x.written for x in self.inputs])


def made_by(steps: Iterable[Step]) -> dict[Variable, Step]:
    """Return the call that makes each variable."""
    return {x: step for step in steps for x in step.outputs()}


def sources_of(x: Variable, made: Mapping[Variable, Step]) -> set[Variable]:
    """Return the inputs that a variable is computed from."""
    seen: set[Variable] = set()
    todo = [x]
    while todo:
        one = todo.pop()
        if one not in seen:
            seen.add(one)
            todo += [*made[one].inputs()] if one in made else []
    return seen - made.keys()


SINGLE = LEAVES | {Variable, bool, str, type(None)}  # that hold no others


def variables_in(x: Any) -> Iterator[Variable]:
    """Iterate over the variables in nested arguments."""
    kind = type(x)
    if kind is Variable:
        yield x
    elif kind is tuple or kind is list:
        for item in x:
            if type(item) is Variable:
                yield item
            elif type(item) not in SINGLE:
                yield from variables_in(item)
    elif kind is dict:
        for item in x.values():
            yield from variables_in(item)
    elif kind is slice:
        yield from variables_in((x.start, x.stop, x.step))
    elif hasattr(kind, "_fields") and isinstance(x, tuple):
        yield from variables_in(tuple(x))


def mapped(x: Any, change: Callable[[Any], Any]) -> Any:
    """Return nested arguments with `change` of each leaf.

    A list, which may change later, is a new one; others stay the same object where nothing changes.
    """
    kind = type(x)
    if kind in SINGLE:
        return change(x)
    if kind is tuple or kind is list or (isinstance(x, tuple) and hasattr(kind, "_fields")):
        items = [change(item) if type(item) in SINGLE else mapped(item, change) for item in x]
        if kind is not list and all(map(operator.is_, items, x)):
            return x
        return kind._make(items) if hasattr(kind, "_fields") else kind(items)
    if kind is dict:
        return {key: mapped(item, change) for key, item in x.items()}
    if kind is slice:
        parts = (x.start, x.stop, x.step)
        new = [mapped(part, change) for part in parts]
        return x if all([a is b for a, b in zip(new, parts, strict=True)]) else slice(*new)
    return change(x)
