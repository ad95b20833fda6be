"""Primitives as data: a function, its VJP rules, and the plan of the backward pass of a call."""

from __future__ import annotations

import dis
import functools
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np

from autograd_tools.base import traced
from autograd_tools.timing import instrument as timing

Rule = Callable[..., Any]  # (dy, y, *args, **kwargs) -> dx

VALUE = -1  # the position of the output `y` of a call
SHAPES = frozenset[int]()  # read by rules that need shapes and dtypes only


def UNKNOWN(*args: Any, **kwargs: Any) -> Any:  # noqa: N802
    """Mark an argument without a known rule: differentiating it is an error, not a silent zero."""


class NoRuleError(TypeError, NotImplementedError):
    """An operation has no gradient rule for a recorded argument.

    The message says what to write instead.
    """

    __module__ = "autograd_tools"


class PrimitiveData:
    """A function and the VJP rules of its arguments, by position; None means a zero gradient.

    The options of an entry in a rule table:

    * `rest(position)` makes the rule of any further argument.
    * `sequences`: an argument may be a list or tuple of tracked arrays; its rule returns a list.
    * `containers`: an argument may be a tuple, list or dict that is not an array in the making.
    * `item_of`: the call reads an item of its first argument; the result goes through this function
      unless it is a constant.
    * `fields`: the output is a named tuple.
    * `reads`: positions of the arguments whose numbers the rules read, with VALUE for the output.
      Give it where the code of the rules does not show it, because they read only shapes.
    * `fresh`: no rule returns an array that another object holds.
    * `accumulate_into(total, dy, *args)` adds the gradient of the only differentiated argument, the
      first, into `total` in place and returns it. The rule must then return an array of its own.
    * `aliases`: keywords that mean another parameter, as `min` of np.clip means `a_min`.
    * `forward` computes the same as `func` faster, from plain positional arguments.
    * `linear`: True if the function is linear in each argument with a rule, which the rules do not
      show because they read its shape.
    * `push(position)` returns a rule of the tangent, `(dx, y, args, kwargs) -> dy`, or None.
    """

    def __init__(
        self,
        func: Callable[..., Any],
        rules: Sequence[Rule | None],
        *,
        rest: Callable[[int], Rule] | None = None,
        sequences: bool = False,
        containers: bool = False,
        item_of: Callable[[Any], Any] | None = None,
        fields: bool = False,
        reads: frozenset[int] | None = None,
        fresh: bool = True,
        accumulate_into: Callable[..., Any] | None = None,
        forward: Callable[..., Any] | None = None,
        aliases: Mapping[str, str] | None = None,
        linear: bool = False,
        push: Callable[[int], Rule | None] | None = None,
        name: str | None = None,
    ) -> None:
        self.func = func
        self.name = name or name_of(func)
        self.rules = tuple(rules)
        self.rest = rest
        self.sequences = sequences
        self.containers = containers
        self.item_of = item_of
        self.fields = fields
        self.reads = reads
        self.fresh = fresh
        self.accumulate_into = accumulate_into
        self.aliases = aliases or {}
        self.untimed = forward or func
        self.is_opaque = not dispatches(func) and not _made_of_numpy(func)
        self.time_calls()
        self.of_arrays = fresh or dispatches(func)  # a foreign argument becomes an array
        # Elementwise: a gradient has the shape of the output.
        self.elementwise = fresh and isinstance(func, np.ufunc) and func.signature is None
        self.linear = linear
        self.push = push
        self.calls: list[Callable[..., Any]] = []  # fast copies of `call`, see fast_calls.py
        self._plan = functools.cache(self._make_plan)

    def time_calls(self) -> None:
        """Let the timer see each call if it is on."""
        func, untimed, leaf = self.func, self.untimed, self.fresh
        is_ufunc = isinstance(func, np.ufunc) and func.nin < 3
        if traced.captures and self.is_opaque:
            func, untimed = traced.opaque(func), traced.opaque(untimed)
        self.general = timing.time_forward(func, self.name, leaf=leaf, options=True)
        self.forward = timing.time_forward(untimed, self.name, leaf=leaf, is_ufunc=is_ufunc)
        self.ways: dict[int, Any] = {}  # of tangents, by position

    def rule(self, position: int) -> Rule | None:
        """Return the rule of the argument at `position`, counted from 0."""
        if position < len(self.rules):
            return self.rules[position]
        return self.rest(position) if self.rest else None

    def plan(self, *positions: int, same_shape: bool = False) -> Plan:
        """Return the plan of a call whose arguments at `positions` are tracked."""
        return self._plan(*positions, same_shape=same_shape)

    def seen_by_rules(self, kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the keyword arguments for the rules: none of a ufunc's, which only set dtypes."""
        if not kwargs or not isinstance(self.func, np.ufunc):
            return kwargs
        if kwargs.get("where", True) is not True:
            raise NoRuleError(
                f"{self.name}(where=...) has no gradient rule; "
                f"write np.where(condition, {self.name}(x), other)"
            )
        for name in ("axes", "axis", "keepdims"):
            if name in kwargs:
                raise NoRuleError(
                    f"{self.name}({name}=...) has no gradient rule; "
                    "move axes with np.moveaxis before and after"
                )
        return {}

    def _make_plan(self, *positions: int, same_shape: bool) -> Plan:
        found = [self.rule(position) for position in positions]
        if UNKNOWN in found:
            argument = positions[found.index(UNKNOWN)] + 1
            hint = "pass ag.value(x) if it is a constant"
            raise NoRuleError(f"{self.name}[{argument}] has no gradient rule; {hint}")
        rules = tuple(rule for rule in found if rule is not None)
        read = [reads_of(rule) for rule in rules] if self.reads is None else [self.reads]
        together = frozenset[int]().union(*(part for part in read if part is not None))
        return Plan(
            self,
            positions,
            rules,
            None if None in read else together,
            self.fresh,
            same_shape,
            self.accumulate_into,
            same_shape and all(map(returns_dy, rules)),
        )

    def __repr__(self) -> str:
        return f"<Primitive {self.name}>"


@dataclass(frozen=True, slots=True)
class Plan:
    """Backward pass of a call: the primitive, and each tracked position with its rule.

    * `reads`: positions whose numbers these rules read, with VALUE for the output; None for all.
    * `fresh`: the rules return a new array, a view or `dy`, never an array that another object
      holds.
    * `same_shape`: the gradients have the shape and type of their arguments without a check.
    * `accumulate_into`: adds the gradient of the only argument into existing memory.
    * `passes`: `same_shape`, and each rule returns `dy` itself, as those of `+` do.
    """

    primitive: PrimitiveData
    positions: tuple[int, ...]
    rules: tuple[Callable[..., Any], ...]
    reads: frozenset[int] | None
    fresh: bool
    same_shape: bool = False
    accumulate_into: Callable[..., Any] | None = None
    passes: bool = False
    labels: list[int] = field(default_factory=list, compare=False)

    @property
    def sections(self) -> list[int]:
        """The codes of the timer's marks of the gradients, made on first use."""
        if not self.labels:
            self.labels.extend(timing.backward_sections(self.primitive.name, self.positions))
        return self.labels

    def needs(self, position: int) -> bool:
        """Return whether a rule may read the numbers of an argument, or of the output (VALUE)."""
        return self.reads is None or position in self.reads


def _made_of_numpy(func: Callable[..., Any]) -> bool:
    """Return whether a function of ours only calls what NumPy dispatches, or steps of SciPy."""
    return (getattr(func, "__module__", None) or "").startswith(
        (
            "autograd_tools.rules.",
            "autograd_tools.api.",
            "autograd_tools.scipy.",
            "_operator",
            "builtins",
        )
    )


def dispatches(func: Callable[..., Any]) -> bool:
    """Return whether NumPy passes a call of `func` on a `Value` to us."""
    return isinstance(func, np.ufunc) or hasattr(func, "_implementation")


def name_of(func: Callable[..., Any]) -> str:
    """Return the name of a function after `np.` or `scipy.`: `sum`, `linalg.solve`,
    `special.erf`.
    """
    name = getattr(func, "__name__", type(func).__name__)
    if isinstance(func, np.ufunc):
        return (
            f"special.{name}"
            if getattr(sys.modules.get("scipy.special"), name, None) is func
            else name
        )
    module = (getattr(func, "__module__", "") or "").removeprefix("autograd_tools.")
    if not module.startswith(("numpy.", "scipy.")) or "." not in module.partition("._")[0]:
        return name
    return f"{_public_module(module, name.removeprefix('_'))}.{name.removeprefix('_')}"


def _public_module(module: str, name: str) -> str:
    """Return where NumPy or SciPy shows a function of a module: `linalg` for `linalg._matfuncs`."""
    package, *parts = module.split(".")
    places = [".".join(parts[: i + 1]) for i in range(len(parts))]
    known = [place for place in places if f"{package}.{place}" in sys.modules]
    shown = [place for place in known if hasattr(sys.modules[f"{package}.{place}"], name)]
    return (shown or known[::-1] or places)[0]


def returns_dy(rule: Callable[..., Any]) -> bool:
    """Return whether a rule does nothing but return `dy`.

    >>> returns_dy(lambda dy, y, a, b: dy), returns_dy(lambda dy, y, a, b: -dy)
    (True, False)
    """
    code = getattr(rule, "__code__", None)
    return code is not None and (code.co_code, code.co_flags) == (_PASS.co_code, _PASS.co_flags)


_PASS = (lambda dy, y: dy).__code__


def reads_of(rule: Callable[..., Any]) -> frozenset[int] | None:
    """Return the positions of the arguments that `rule` reads, VALUE for `y`; None if it may read
    all.

    >>> sorted(reads_of(lambda dy, y, a, b: dy * b)), sorted(reads_of(lambda dy, y, x: dy * y))
    ([1], [-1])
    """
    if not isinstance(rule, FunctionType) or rule.__code__.co_flags & inspect.CO_VARARGS:
        return None
    code = rule.__code__
    names = code.co_varnames[: code.co_argcount]
    read = {names.index(name) for name in code.co_cellvars if name in names}
    for op, n in zip(code.co_code[::2], code.co_code[1::2], strict=True):
        if op in LOADS:
            read.update((n >> 4, n & 15) if op in PAIRS else (n,))
    return frozenset({VALUE if i == 1 else i - 2 for i in read if 0 < i < len(names)})


# Instructions that load a local variable, by its number, or two, each in half a byte. This decodes
# 200 rules at import in a tenth of the time of dis.get_instructions.
LOADS = frozenset(op for name, op in dis.opmap.items() if "LOAD_FAST" in name)
PAIRS = frozenset(op for name, op in dis.opmap.items() if name.count("_FAST") == 2)
