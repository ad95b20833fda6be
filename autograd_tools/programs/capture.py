"""The capture of a program: a run of a function on traced values, with each call noted."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from threading import get_ident
from typing import Any

import numpy as np

from autograd_tools.base.containers import LEAVES, tree_leaves, tree_replace
from autograd_tools.base.traced import Attribute, Method, Traced, UfuncMethod, capture_of
from autograd_tools.engine.rule_sites import passing, running
from autograd_tools.engine.saved import memory_of
from autograd_tools.engine.state import innermost_open
from autograd_tools.location.code_files import file_of
from autograd_tools.location.users_code import is_users
from autograd_tools.programs.effects import CHANGING, writes_of
from autograd_tools.programs.param_inputs import plain_value
from autograd_tools.programs.program import NOWHERE, Call, Check, Site, Step, Variable, mapped

# Functions whose result does not depend on numbers.
STATIC = frozenset(
    {
        *(np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.iscomplexobj, np.isrealobj),
        *(np.min_scalar_type, np.common_type, np.may_share_memory, np.shares_memory),
        *(np.einsum_path,),
    }
)
# Functions whose result has a shape that depends on numbers.
SHAPED_BY_NUMBERS = frozenset(
    {
        *(np.nonzero, np.argwhere, np.flatnonzero, np.unique, np.unique_all, np.unique_counts),
        *(np.unique_inverse, np.unique_values, np.union1d, np.intersect1d, np.setdiff1d),
        *(np.setxor1d, np.extract, np.compress, np.delete, np.repeat, np.bincount, np.trim_zeros),
        *(np.roots, np.polydiv, np.arange, np.linspace, np.histogram_bin_edges, np.where),
    }
)
ELEMENTWISE = frozenset(
    {
        getattr(operator, f"__{side}{name}__")
        for side in ("", "i")
        for name in [
            "add",
            "sub",
            "mul",
            "truediv",
            "floordiv",
            "mod",
            "pow",
            "and",
            "or",
            "xor",
            "lshift",
            "rshift",
        ]
    }
    | {operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne}
    | {operator.neg, operator.pos, operator.abs, operator.invert}
)
# Functions without an effect, whose result has the shape of its broadcast arguments, and the
# number of these.
SIMPLE_CALLS: dict[Any, int] = {
    **dict.fromkeys(ELEMENTWISE - CHANGING, 2),
    **dict.fromkeys((operator.neg, operator.pos, operator.abs, operator.invert), 1),
    **{
        func: func.nin
        for func in vars(np).values()
        if isinstance(func, np.ufunc) and func.nout == 1 and func.signature is None
    },
}
NUMBERS = (np.ndarray, np.generic, int, float, complex)


def is_input(x: Any) -> bool:
    """Return whether a leaf of the arguments is an input: a number or an array of numbers."""
    kind = type(x)
    if kind is np.ndarray:
        return bool(x.dtype.kind in "biufc")
    if kind in (int, float, complex):
        return True
    return isinstance(x, np.generic) and x.dtype.kind in "biufc"


def is_floating_input(x: Any) -> bool:
    """Return whether a leaf is an input that is no integer."""
    return is_input(x) and np.result_type(x).kind in "fc"


class UncapturedError(TypeError):
    """A function does something that no program can do again."""

    __module__ = "autograd_tools"
    is_final = False  # and no way around it


class Capture:
    """The steps of a run so far."""

    def __init__(
        self, change: Callable[[Any], Any] | None = None, *, integers: bool = True
    ) -> None:
        self.is_input = is_input if integers else is_floating_input
        self.change = change  # of the numbers of each input
        self.steps: list[Step] = []
        self.inputs: list[Variable] = []
        self.given: list[Any] = []  # their values
        self.thread = get_ident()
        self.refused: UncapturedError | None = None
        self.params: dict[int, tuple[Any, Any]] = {}  # Param and its traced value, by id
        self.assigned: dict[int, tuple[Any, Any]] = {}
        self.errors: Any = np.geterr()  # at the last call
        self.first_errors: dict[str, Any] = {**self.errors}
        self.ignored: set[str] = set()  # errors that the function ignores
        self._count = 0
        self._sites: dict[tuple[int, int], Site] = {}  # of recordings, by serial and index

    def variable(self, like: Any, root: Variable | None = None, name: str = "") -> Variable:
        """Make a variable."""
        made = Variable(self._count, like, root, name)
        self._count += 1
        return made

    def input(self, x: Any, name: str) -> Traced:
        """Make an input of the program."""
        if self.change is not None:
            x = self.change(x)
        elif type(x) is np.ndarray:
            x = x.copy("K")  # the function may write into it
        made = Traced(x, self.variable(x, name=name), self)
        self.inputs.append(made.variable)
        self.given.append(x)
        return made

    def param(self, param: Any) -> Any:
        """Return the value of a Param as traced inputs."""
        found = self.assigned.get(id(param)) or self.params.get(id(param))
        if found is None:
            held = plain_value(param)
            leaves = [
                self.input(leaf, param.name or "") if is_input(leaf) else leaf
                for leaf in tree_leaves(held)
            ]
            found = self.params[id(param)] = param, tree_replace(held, iter(leaves))
        return found[1]

    def assign(self, param: Any, x: Any) -> None:
        """Let a Param have another value from here on."""
        self.param(param)
        self.assigned[id(param)] = param, x

    def refuse(self, what: str, instead: str) -> Any:
        """Raise the error that says what cannot be captured."""
        site = self._site()
        at = f" at {site.file}:{site.line}" if site.file else ""
        self.refused = UncapturedError(
            f"{what}{at} reads numbers that no later run would read; {instead}"
        )
        raise self.refused

    def read(self, x: Traced, convert: Callable[[Any], Any]) -> Any:
        """Return a plain number, and note that later runs have to get the same."""
        found = convert(x.plain)
        self.steps.append(Check(x.variable, convert, found, self._site()))
        return found

    def call(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
        """Call a function on plain values and note the call."""
        if get_ident() != self.thread:
            return self.refuse("a call in another thread", "compute in the thread that calls it")
        if (errors := np.geterr()) != self.errors:
            self._note_errors({**errors})
            self.errors = errors
        made = None
        if not kwargs and SIMPLE_CALLS.get(func) == len(args):
            made = self._simple_call(func, args)
        return self._any_call(func, args, kwargs) if made is None else made

    def _simple_call(self, func: Callable[..., Any], args: tuple[Any, ...]) -> Traced | None:
        """Do `_any_call` for elementwise functions of values without containers; else None."""
        traced, values, variables = [], [], []
        for x in args:
            if type(x) is Traced:
                traced.append(x)
                values.append(x.plain)
                variables.append(x.variable)
            elif type(x) in LEAVES:
                values.append(x)
                variables.append(x)
            else:
                return None
        y = func(*values)
        kind = type(y)
        if kind is not np.float64 and (kind is not np.ndarray or y.base is not None):
            return None
        for x in traced:
            if y is x.plain:
                return None
        made = Traced(y, self.variable(y), self)
        self.steps.append(Call(func, tuple(variables), {}, made.variable, self._site()))
        return made

    def _any_call(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
        traced: list[Traced] = []

        def lower(x: Any) -> Any:
            if type(x) is not Traced:
                return x
            traced.append(x)
            return x.plain

        values = mapped(args, lower)
        options = mapped(kwargs, lower) if kwargs else kwargs
        y = func(*values, **options)
        if y is NotImplemented or func in STATIC or capture_of(y) is not None:
            return y
        written = writes_of(func, args, kwargs, y)
        for x in written:
            if type(x) is not Traced:
                return self.refuse("writing into an array from outside", "return a new array")
            x.variable.root.written = True
        known = {id(x.plain): x for x in traced if type(x.plain) is np.ndarray}
        call = Call(
            func,
            mapped(args, _variable_of),
            mapped(kwargs, _variable_of) if kwargs else {},
            None,
            self._site(),
            tuple([x.variable.root for x in written]),
        )
        result = self._wrapped(y, known, traced)
        if not written and result is not None and type(result) is Traced and id(y) in known:
            return result  # it returned its argument
        call.output = None if written and id(y) in known else mapped(result, _variable_of)
        call.checks_shape = _shape_depends_on_numbers(func, args, kwargs, traced)
        self.steps.append(call)
        return result

    def _note_errors(self, errors: dict[str, Any]) -> None:
        changed = [name for name, mode in errors.items() if mode != self.first_errors[name]]
        if any([errors[name] == "raise" for name in changed]):
            self.refuse("np.errstate", "choose how errors are handled outside of the function")
        self.ignored.update([name for name in changed if errors[name] == "ignore"])

    def _wrapped(self, y: Any, known: dict[int, Traced], traced: list[Traced]) -> Any:
        """Return the numbers and arrays in an output as traced ones."""

        def wrap(x: Any) -> Any:
            if isinstance(x, NUMBERS):
                found = known.get(id(x))
                return (
                    Traced(x, self.variable(x, _root_of(x, traced)), self)
                    if found is None
                    else found
                )
            return x

        return mapped(y, wrap)

    def _site(self) -> Site:
        """Find the user's line, or that of the operation whose rule runs."""
        frame: Any = sys._getframe(2)
        while frame is not None:
            if "outgrads" in frame.f_code.co_varnames:
                recording = passing(frame)
                index = None if recording is None else running(recording)
                if index is not None:
                    site = self._sites.get((recording.serial, index), NOWHERE)
                    rule = recording.entries[index][0].primitive.name
                    site = site._replace(gradients=site.gradients + 1, rule=rule)
                    break
            elif is_users(frame):
                code = frame.f_code
                site = Site(file_of(code, frame.f_globals), frame.f_lineno, code.co_qualname)
                break
            frame = frame.f_back
        else:
            site = NOWHERE
        recording = innermost_open()
        if recording is not None:
            self._sites[recording.serial, len(recording.entries)] = site
        return site


def _variable_of(x: Any) -> Any:
    return x.variable if type(x) is Traced else x


def _root_of(y: Any, traced: list[Traced]) -> Variable | None:
    """Return the root of the argument that an output views; None for an array of its own."""
    if type(y) is not np.ndarray or y.base is None:
        return None
    memory = memory_of(y)
    for x in traced:
        if type(x.plain) is np.ndarray and memory_of(x.plain) is memory:
            return x.variable.root
    return None


def _shape_depends_on_numbers(func: Any, args: Any, kwargs: Any, traced: list[Traced]) -> bool:
    if isinstance(func, np.ufunc) or func in ELEMENTWISE or func is operator.setitem:
        return False
    if func in SHAPED_BY_NUMBERS:
        return func is not np.where or len(args) == 1
    if isinstance(func, (Attribute, UfuncMethod)):
        return False
    if func is operator.getitem:
        chosen = [x.plain for x in traced if x is not args[0]]
        index = args[1] if type(args[1]) is tuple else (args[1],)
        masks = any([np.asarray(x).dtype.kind == "b" for x in chosen])
        return masks or (bool(chosen) and any([type(part) is slice for part in index]))
    if any([np.ndim(x.plain) == 0 and not isinstance(x.plain, float) for x in traced[1:]]):
        return True
    return not (
        isinstance(func, Method)
        or func in (operator.getitem, operator.matmul)
        or getattr(func, "__module__", "").startswith("numpy")
    )
