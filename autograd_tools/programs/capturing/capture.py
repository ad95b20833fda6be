"""The capture of a program: a run of a function on traced values that logs each call."""

from __future__ import annotations

import copy
import operator
import sys
from collections.abc import Callable
from threading import get_ident
from typing import Any

import numpy as np

from autograd_tools.base.containers import (
    LEAVES,
    children_of,
    copied,
    field_names,
    has_fields,
    is_dataclass,
    tree_leaves,
    with_children,
)
from autograd_tools.base.traced import Traced, capture_of
from autograd_tools.location.users_code import is_users
from autograd_tools.programs.capturing.constants import Constants
from autograd_tools.programs.capturing.dependence import (
    SIMPLE_CALLS,
    STATIC,
    depends_on_numbers,
    is_numpys,
)
from autograd_tools.programs.capturing.effects import (
    root_of,
    same_numbers,
    targets_of,
    without_draws,
)
from autograd_tools.programs.capturing.float_errors import FloatErrors, error_modes
from autograd_tools.programs.capturing.input_kinds import is_floating_input, is_input
from autograd_tools.programs.capturing.names_inside import NamesInside
from autograd_tools.programs.capturing.param_inputs import has_value, plain_value, set_plain_value
from autograd_tools.programs.capturing.sites import Sites
from autograd_tools.programs.steps.program import (
    Call,
    Check,
    Site,
    Step,
    Variable,
    made_by,
    mapped,
    sources_of,
)

NUMBERS = (np.ndarray, np.generic, int, float, complex)


class UncapturedError(TypeError):
    """A function does something that no program can do again."""

    __module__ = "autograd_tools"
    is_final = False  # and no way around it
    arrays: frozenset[int] = frozenset()  # ids of the arrays from outside that it is about


class Capture:
    """The steps of a run so far."""

    def __init__(
        self,
        change: Callable[[Any], Any] | None = None,
        *,
        integers: bool = True,
        named: bool = False,
    ) -> None:
        self.is_input = is_input if integers else is_floating_input
        self.change = change  # of the numbers of each input
        self.steps: list[Step] = []
        self.inputs: list[Variable] = []
        self.given: list[Any] = []  # their values
        self.thread = get_ident()
        self.refused: UncapturedError | None = None
        self.params: dict[int, tuple[Any, Any]] = {}  # Param and its traced value, by id
        self.kept: list[Any] = []  # so that their ids stay theirs
        self.assigned: dict[int, tuple[Any, Any]] = {}
        self.errors = FloatErrors()
        self.caught: Site | None = None  # of the first error in a call
        self.containers: list[
            tuple[Any, list[Any]]
        ] = []  # that the function gets, with their items
        self.outside: dict[int, tuple[Any, Variable]] = {}  # arrays from outside that are inputs
        self._by_id: dict[int, Traced] = {}  # of arrays in the arguments
        self._constants = Constants(self.steps, self.refuse)
        self._own: set[int] = set()  # ids of Params that the function makes
        self.variables: list[Variable] = []
        self.names = NamesInside(self.steps) if named else None
        self._sites = Sites(self.names)

    def variable(self, like: Any, root: Variable | None = None, name: str = "") -> Variable:
        """Make a variable."""
        made = Variable(len(self.variables), like, root, name)
        self.variables.append(made)
        return made

    def note(self, step: Step) -> None:
        """Note the next step."""
        self.steps.append(step)

    def input(self, x: Any, name: str) -> Traced:
        """Make an input of the program. One array that is given twice is one traced value."""
        known = self._by_id.get(id(x)) if type(x) is np.ndarray else None
        if known is not None:
            self.inputs.append(self.variable(known.plain, name=name))
            self.given.append(known.plain)
            return known
        held = x
        if self.change is not None:
            held = self.change(x)
        elif type(x) is np.ndarray:
            held = x.copy("K")  # the function may write into it
        made = Traced(held, self.variable(held, name=name), self)
        if type(x) is np.ndarray:
            self._by_id[id(x)] = made
        self.inputs.append(made.variable)
        self.given.append(held)
        return made

    def from_outside(self, x: Any, name: str) -> Traced:
        """Make an array from outside an input; the function must not write into it."""
        held = x if self.change is None else self.change(x)
        made = Traced(held, self.variable(held, name=name), self)
        self.outside[id(x)] = x, made.variable
        return made

    def container(self, x: Any) -> Any:
        """Note a container that the function gets: it must not write into it."""
        self.containers.append((x, children_of(x) or []))
        return x

    def written_container(self) -> Any:
        """Return a container that the function has written into; None if there is none."""
        for x, parts in self.containers:
            now = children_of(x) or []
            if len(now) != len(parts) or not all(map(operator.is_, now, parts)):
                return x
        return None

    def param(self, param: Any) -> Any:
        """Return the value of a Param as traced inputs."""
        if id(param) in self._own:
            return plain_value(param)
        found = self.assigned.get(id(param)) or self.params.get(id(param))
        if found is None:
            held = traced_leaves(plain_value(param), param.name or "", self, is_input)
            found = self.params[id(param)] = param, held
        return found[1]

    def assign(self, param: Any, x: Any) -> None:
        """Let a Param have another value from here on."""
        if id(param) in self._own or not has_value(param):
            self._own.add(id(param))
            self.kept.append(param)
            set_plain_value(param, x)
            return
        self.param(param)
        self.assigned[id(param)] = param, x

    def refuse(self, what: str, instead: str, x: Traced | None = None) -> Any:
        """Raise the error that says what cannot be captured, of the value `x`."""
        site = self._sites.current()
        at = f" at {site.file}:{site.line}" if site.file else ""
        self.refused = UncapturedError(
            f"{what}{at} reads numbers that no later run would read; {instead}"
        )
        if x is not None:
            read = sources_of(x.variable, made_by(self.steps))
            self.refused.arrays = frozenset(
                [key for key, (_, variable) in self.outside.items() if variable in read]
            )
        raise self.refused

    def read(self, x: Traced, convert: Callable[[Any], Any]) -> Any:
        """Return a plain number, and note that later runs have to get the same."""
        found = self.computed(convert, (x.plain,), {})
        self.note(Check(x.variable, convert, found, self._sites.current()))
        return found

    def call(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
        """Call a function on plain values and note the call."""
        if get_ident() != self.thread:
            return self.refuse("a call in another thread", "compute in the thread that calls it")
        if error_modes() is not self.errors.modes and self.errors.note():
            self.refuse("np.errstate", "choose how errors are handled outside of the function")
        made = None
        if not kwargs and SIMPLE_CALLS.get(func) == len(args):
            made = self.simple_call(func, args)
        elif func is operator.getitem:
            made = self.item(*args)
        return self._any_call(func, args, kwargs) if made is None else made

    def simple_call(self, func: Callable[..., Any], args: tuple[Any, ...]) -> Traced | None:
        """Do `_any_call` for elementwise functions of values without containers; else None."""
        traced, values, variables = [], [], []
        for x in args:
            if type(x) is Traced:
                if x.capture is not self:
                    return None
                traced.append(x)
                values.append(x.plain)
                variables.append(x.variable)
            elif type(x) in LEAVES:
                values.append(x)
                variables.append(x if type(x) is not np.ndarray else self._constants.noted(x))
            else:
                return None
        y = self.computed(func, tuple(values), {})
        kind = type(y)
        if kind is not np.float64 and (kind is not np.ndarray or y.base is not None):
            return None
        for x in traced:
            if y is x.plain:
                return None
        made = Traced(y, self.variable(y), self)
        self.steps.append(Call(func, tuple(variables), {}, made.variable, self._sites.current()))
        return made

    def item(self, x: Any, index: Any) -> Traced | None:
        """Do `_any_call` for an item or a part of an array at a constant place; else None."""
        parts = index if type(index) is tuple else (index,)
        if type(x) is not Traced or x.capture is not self or not all(map(_is_plain_index, parts)):
            return None
        if type(x.plain) is not np.ndarray:
            return None
        y = self.computed(operator.getitem, (x.plain, index), {})
        if not isinstance(y, (np.ndarray, np.number)):
            return None
        root = x.variable.root if type(y) is np.ndarray else None
        made = Traced(y, self.variable(y, root), self)
        args = (x.variable, index)
        self.note(Call(operator.getitem, args, {}, made.variable, self._sites.current()))
        return made

    def _any_call(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
        traced: list[Traced] = []

        def lower(x: Any) -> Any:
            if type(x) is not Traced:
                return x
            if x.capture is not self:
                self.refuse("a number that an earlier run has kept", "clear caches")
            traced.append(x)
            return x.plain

        values = mapped(args, lower)
        options = mapped(kwargs, lower) if kwargs else kwargs
        written = targets_of(func, args, kwargs) if func not in STATIC else []
        self._check_writes(written)
        before = [] if is_numpys(func) else [(x, copied(x.plain)) for x in traced]
        y = self.computed(without_draws(func), values, options)
        if y is NotImplemented or func in STATIC or capture_of(y) is not None:
            return y
        written += [x for x, old in before if not same_numbers(x.plain, old)]
        self._check_writes(written)
        self.mark_written([x.variable.root for x in written])
        call = Call(
            func,
            mapped(args, self._noted),
            mapped(kwargs, self._noted) if kwargs else {},
            None,
            self._sites.current(),
            tuple([x.variable.root for x in written]),
        )
        known = {id(x.plain): x for x in traced if type(x.plain) is np.ndarray}
        self._check_numbers(func, y, traced, bool(written))
        result = self._wrapped(y, known, traced)
        if not written and result is not None and type(result) is Traced and id(y) in known:
            return result  # it returned its argument
        call.output = None if written and id(y) in known else mapped(result, _variable_of)
        call.checks_shape = depends_on_numbers(func, args, traced)
        self.note(call)
        return result

    def mark_written(self, roots: list[Variable]) -> None:
        """Note whose memory a call writes into."""
        for root in roots:
            root.written = True

    def _check_writes(self, written: list[Any]) -> None:
        """Refuse writing into an array from outside."""
        roots = {variable for _, variable in self.outside.values()}
        if not all([type(x) is Traced for x in written]):
            self.refuse("writing into an array from outside", "return a new array")
        if not roots.isdisjoint([x.variable.root for x in written]):
            site = self._sites.current()
            self.refused = UncapturedError(
                f"it writes into an array from outside at {site.file}:{site.line}; write into a "
                "copy, or pass the array as an argument"
            )
            self.refused.is_final = True
            raise self.refused

    def computed(self, func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Call a function; note where it fails, which the user's code may catch."""
        try:
            return func(*args, **kwargs)
        except Exception:
            self.caught = self.caught or self._sites.current()
            raise

    def _check_numbers(self, func: Any, y: Any, traced: list[Traced], writes: bool) -> None:
        """Refuse results that are neither numbers nor arrays, which later runs could not check."""
        for leaf in tree_leaves(y):
            if not isinstance(leaf, NUMBERS) and not (leaf is None and writes):
                name = getattr(func, "__name__", None) or repr(func)
                instead = "call it outside of the function"
                self.refuse(f"{name}, whose result is no number,", instead, *traced[:1])

    def _noted(self, x: Any) -> Any:
        """Return what a call keeps of an argument."""
        if type(x) is Traced:
            return x.variable
        return self._constants.noted(x) if type(x) is np.ndarray else x

    def finish(self) -> None:
        """Look once more at the constants, and at what a program cannot do.

        Raises
        ------
        UncapturedError
            If the function went on after a refusal or an error.
        """
        self._sites.finish()
        self._constants.finish()
        if self.refused is not None:
            raise self.refused
        if self.caught is not None:
            at = f" at {self.caught.file}:{self.caught.line}" if self.caught.file else ""
            raise UncapturedError(f"it catches an error{at}, which other numbers may not raise")
        written = self.written_container()
        if written is not None:
            raise UncapturedError(
                f"it writes into a {type(written).__name__} of its arguments; return a new one"
            )
        if self.names is not None:
            self.names.finish()

    def look_at_memory(self, name: str, x: Traced) -> None:
        """Refuse an attribute that tells where an array lies, unless the engine asks."""
        if is_users(sys._getframe(2)):
            self.refuse(f"x.{name}", "leave it out", x)

    def _wrapped(self, y: Any, known: dict[int, Traced], traced: list[Traced]) -> Any:
        """Return the numbers and arrays in an output as traced ones."""

        def wrap(x: Any) -> Any:
            if isinstance(x, NUMBERS):
                found = known.get(id(x))
                return (
                    Traced(x, self.variable(x, root_of(x, traced)), self)
                    if found is None
                    else found
                )
            return x

        return mapped(y, wrap)


def _is_plain_index(x: Any) -> bool:
    """Return whether a part of an index is a constant that takes a view or a number."""
    if type(x) is slice:
        return all([part is None or type(part) is int for part in (x.start, x.stop, x.step)])
    return type(x) is int or x is None or x is Ellipsis


def _variable_of(x: Any) -> Any:
    return x.variable if type(x) is Traced else x


def traced_leaves(x: Any, name: str, capture: Capture, is_input: Callable[[Any], bool]) -> Any:
    """Return an argument with its numbers as inputs, named after their place in it."""
    parts = children_of(x)
    if parts is None:
        return capture.input(x, name) if is_input(x) else x
    keys: Any = range(len(parts))
    if isinstance(x, dict):
        keys = x
    elif has_fields(x):
        keys = field_names(x)
    pairs = zip(parts, keys, strict=True)
    made = [traced_leaves(part, f"{name}_{key}", capture, is_input) for part, key in pairs]
    if not is_dataclass(x):
        return capture.container(with_children(x, made))
    whole = copy.copy(x)  # with its other attributes
    for field, part in zip(keys, made, strict=True):
        object.__setattr__(whole, field, part)
    return capture.container(whole)
