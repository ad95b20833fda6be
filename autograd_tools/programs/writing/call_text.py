"""Calls as Python text: operators where Python has them, and NumPy's and SciPy's names."""

from __future__ import annotations

import builtins
import importlib.util
import keyword
import math
import operator
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.base.traced import Attribute, Method, UfuncMethod
from autograd_tools.engine.cotangents import add_at
from autograd_tools.programs.capturing.names_inside import FEW
from autograd_tools.programs.rolling.nodes import constant_key
from autograd_tools.programs.steps.program import Call, Variable
from autograd_tools.programs.steps.signs import ASSIGNING, INFIX, PREFIX, has_sign
from autograd_tools.programs.writing.default_arguments import without_defaults

ATOM, POWER, UNARY, PRODUCT, SUM, SHIFT, AND, XOR, OR, COMPARISON, TEST = range(18, 7, -1)
RANKS = {
    **dict.fromkeys(("+", "-"), SUM), **dict.fromkeys(("*", "/", "//", "%", "@"), PRODUCT),
    **dict.fromkeys(("<<", ">>"), SHIFT), "**": POWER, "&": AND, "^": XOR, "|": OR,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), COMPARISON),
}  # fmt: skip
SIGNS_BETWEEN: dict[Any, tuple[str, int]] = {
    func: (sign, RANKS[sign]) for func, sign in INFIX.items()
}
SIGNS_OF_UFUNCS: dict[Any, tuple[str, int]] = {
    func: (sign, RANKS[sign])
    for func, sign in {
        np.add: "+", np.subtract: "-", np.multiply: "*", np.true_divide: "/", np.matmul: "@",
        np.floor_divide: "//", np.less: "<", np.less_equal: "<=", np.greater: ">",
        np.greater_equal: ">=", np.equal: "==", np.not_equal: "!=", np.bitwise_and: "&",
        np.bitwise_or: "|",
    }.items()
}  # fmt: skip
SIGNS_BEFORE: dict[Any, str] = {**PREFIX, np.negative: "-"}
CREATED = frozenset({np.zeros, np.ones, np.empty})
LONGEST = 10  # characters of a number that may be written as a quotient
MOST_DIVISOR = 1000
NAMESPACES = ("numpy", "numpy.linalg", "numpy.fft", "scipy.special", "math", "operator")


class Expression(NamedTuple):
    """The text of an expression, and how tightly its outermost operator binds."""

    text: str
    rank: int = ATOM

    def within(self, rank: int) -> str:
        """Return the text, in parentheses if its operator binds less tightly."""
        return self.text if self.rank >= rank else f"({self.text})"


class Writing:
    """Expressions of calls, with the names of variables and of what has to be handed over."""

    def __init__(
        self, name: Callable[[Variable], Expression], constant: Callable[[Any], str]
    ) -> None:
        self.name = name
        self.constant = constant
        self.imports: set[str] = set()
        self.named: dict[Any, str] = {}  # arrays that have a name, by their numbers
        self.parts: dict[Variable, Call] = {}  # calls without a name, by their output

    def call(self, call: Call) -> Expression:
        """Return the expression of a call."""
        func, args = call.func, call.args
        if not call.kwargs and len(args) == 2:
            infix = SIGNS_BETWEEN.get(func) or (
                SIGNS_OF_UFUNCS.get(func) if any(map(_has_dtype, args)) else None
            )
            if func in ASSIGNING:  # of numbers, which nothing changes in place
                sign = ASSIGNING[func][:-1]
                infix = sign, RANKS[sign]
            if infix is not None:
                return self._infix(call, *infix)
        before = SIGNS_BEFORE.get(func)
        if before == "-" and func is np.negative and not _has_dtype(args[0]):
            before = None  # of a number of Python's, it is a number of NumPy's
        if before == "-" and (product := self._product(args[0])):
            return Expression(f"-{product}", PRODUCT)
        if before and len(args) == 1 and not call.kwargs:
            return Expression(before + self.text(args[0]).within(UNARY), UNARY)
        if func is operator.getitem:
            return Expression(f"{self.text(args[0]).within(ATOM)}[{self.index(args[1])}]")
        if func is operator.contains:
            item, whole = self.text(args[1]), self.text(args[0])
            return Expression(f"{item.within(OR)} in {whole.within(OR)}", COMPARISON)
        if isinstance(func, Method):
            return self._method(call, func)
        if type(func) is UfuncMethod:
            given = self._arguments(args, call.kwargs)
            return Expression(f"{self.function(func.ufunc)}.{func.name}({given})")
        if func is np.isnan and (squared := SQUARED.fullmatch(self.text(args[0]).text)):
            return Expression(f"np.isnan({squared[1]}).any()")
        if func in CREATED:
            return Expression(f"{self.function(func)}({self._created(args, call.kwargs)})")
        given = self._arguments(*without_defaults(func, args, call.kwargs))
        return Expression(f"{self.function(func)}({given})")

    def _method(self, call: Call, func: Method) -> Expression:
        """Return the expression of a method or an attribute."""
        owner = self.text(call.args[0])
        if type(func) is Attribute:
            return Expression(f"{owner.within(ATOM)}.{func.name}")
        convert = _conversion(call)
        if convert:
            return Expression(f"{convert}({owner.text})")
        text = owner.within(ATOM) if not owner.text.isdigit() else f"({owner.text})"
        given = self._arguments(call.args[1:], call.kwargs)
        return Expression(f"{text}.{func.name}({given})")

    def _product(self, x: Any) -> str:
        """Return the text of a product whose sign is that of its first factor."""
        found = self.text(x)
        is_plain = found.rank == PRODUCT and found.text[0] != "-" and has_sign(x, self.parts)
        return found.text if is_plain and not re.search(r"//|%", found.text) else ""

    def statement(self, call: Call) -> str:
        """Return the statement of a call that writes into its argument."""
        func, args = call.func, call.args
        if func is operator.setitem or func is add_at:
            target = f"{self.text(args[0]).within(ATOM)}[{self.index(args[1])}]"
            given = self._operands(Call(func, (args[0], args[2]), {}, None, call.site))[1]
            return f"{target} {'+=' if func is add_at else '='} {given.text}"
        if func in ASSIGNING:
            return f"{self.text(args[0]).text} {ASSIGNING[func]} {self.text(args[1]).text}"
        return self.call(call).text

    def _infix(self, call: Call, sign: str, rank: int) -> Expression:
        left, right = self._operands(call)
        if rank == POWER:
            base, power = left.within(POWER + 1), right.within(UNARY)
            sign = "**" if CLOSE.fullmatch(base) and CLOSE.fullmatch(power) else " ** "
            return Expression(f"{base}{sign}{power}", POWER)
        tight = rank + 1
        return Expression(
            f"{left.within(tight if rank == COMPARISON else rank)} {sign} {right.within(tight)}",
            rank,
        )

    def _operands(self, call: Call) -> list[Expression]:
        """Return the operands, with numbers of double precision as Python's if that is the same."""
        kinds = [x.dtype for x in call.args if type(x) is Variable and x.dtype is not None]
        is_made = str(getattr(call.output, "dtype", "")) in DOUBLE
        double = any([str(x) in DOUBLE or (is_made and x.kind in "biu") for x in kinds])
        return [
            self.text(x.item() if double and type(x) in (np.float64, np.complex128) else x)
            for x in call.args
        ]

    def _arguments(self, args: Iterable[Any], kwargs: Any) -> str:
        given = [self.text(x).text for x in args]
        return ", ".join([*given, *[f"{name}={self.text(x).text}" for name, x in kwargs.items()]])

    def _created(self, args: tuple[Any, ...], kwargs: Any) -> str:
        """Return the arguments of `np.zeros`, without a dtype that it has anyway."""
        shape = args[0]
        if type(shape) is tuple and len(shape) == 1:
            args = (shape[0], *args[1:])
        if len(args) == 2 and args[1] == np.dtype(float):
            args = args[:1]
        return self._arguments(args, kwargs)

    def index(self, x: Any) -> str:
        """Return the text between the brackets."""
        if type(x) is tuple and x:
            return ", ".join(map(self._part, x))
        return self._part(x)

    def _part(self, x: Any) -> str:
        if type(x) is slice:
            parts = [
                "" if part is None else self.text(part).within(TEST) for part in (x.start, x.stop)
            ]
            step = "" if x.step is None else f":{self.text(x.step).within(TEST)}"
            return ":".join(parts) + step
        return "..." if x is Ellipsis else self.text(x).text

    def text(self, x: Any) -> Expression:
        """Return the text of an argument."""
        kind = type(x)
        if kind is Variable:
            return self.name(x)
        if kind is tuple:
            items = [self.text(item).text for item in x]
            return Expression(f"({', '.join(items)}{',' if len(x) == 1 else ''})")
        if kind is list:
            return Expression(f"[{', '.join([self.text(item).text for item in x])}]")
        if kind is dict:
            items = [f"{key!r}: {self.text(item).text}" for key, item in x.items()]
            return Expression("{" + ", ".join(items) + "}")
        if kind is slice:
            return Expression(
                f"slice({', '.join([self.text(p).text for p in (x.start, x.stop, x.step)])})"
            )
        if kind is np.ndarray:
            if self.named and (known := self.named.get(constant_key(x))):
                return Expression(known)
            small = x.size <= FEW or x.tobytes() == x.tobytes()[: x.itemsize] * x.size
            return Expression((small and array_text(x)) or self.constant(x))
        return number_text(x) or self._other(x)

    def _other(self, x: Any) -> Expression:
        """Return the text of a constant that is no number: a dtype, a type, a function."""
        if isinstance(x, (str, bytes, type(None), type(...))):
            return Expression("..." if x is Ellipsis else repr(x))
        if isinstance(x, np.dtype):
            return Expression(f"np.{x.name}" if hasattr(np, x.name) else f"np.dtype({x.str!r})")
        if callable(x):
            return Expression(self.function(x))
        return Expression(self.constant(x))

    def function(self, func: Any) -> str:
        """Return the name of a function, and note what has to be imported for it."""
        found = public_name(func)
        if found is None:
            return self.constant(func)
        if found.needs:
            self.imports.add(found.needs)
        return found.name


class PublicName(NamedTuple):
    """The name of a function, and the statement that it needs; empty for NumPy's."""

    name: str
    needs: str = ""


# Of ufuncs behind functions of Python that do the same.
BEHIND = {
    "clip": PublicName("np.clip"),
    "_lambertw": PublicName("scipy.special.lambertw", "import scipy.special"),
    "_zeta": PublicName("scipy.special.zeta", "import scipy.special"),
}


def public_name(func: Any) -> PublicName | None:
    """Return where a source finds a function; None if it has to be handed over."""
    name = getattr(func, "__name__", "")
    if getattr(builtins, name, None) is func or func is operator.abs:
        return PublicName(name)
    if isinstance(func, np.ufunc) and name in BEHIND and func is not getattr(np, name, None):
        return BEHIND[name]
    own = getattr(func, "__module__", None) or ""
    for module in (*NAMESPACES, *_packages(own)):
        if name and getattr(sys.modules.get(module), name, None) is func:
            package = module.partition(".")[0]
            if package == "numpy":
                return PublicName(f"np{module.removeprefix('numpy')}.{name}")
            if package in ("scipy", "math", "operator"):
                return PublicName(f"{module}.{name}", f"import {module}")
    if _is_importable(own, name, func):
        return PublicName(name, f"from {own} import {name}")
    return None


CLOSE = re.compile(r"-?[\w.]+")  # operands that stand close to the sign of a power
SQUARED = re.compile(r"np\.vdot\((.+), \1\)")  # a quick way to look for NaN
DOUBLE = ("float64", "complex128")


def _packages(module: str) -> list[str]:
    """Return a module and what it is in, outermost first, but for the outermost."""
    parts = module.split(".")
    return [".".join(parts[:i]) for i in range(min(2, len(parts)), len(parts) + 1)]


def _is_importable(module: str, name: str, func: Any) -> bool:
    """Return whether a function is found by its module and name, in another process as well."""
    if module in ("", "__main__") or module.partition(".")[0] == "autograd_tools":
        return False
    return getattr(sys.modules.get(module), name, None) is func and bool(
        importlib.util.find_spec(module)
    )


def _conversion(call: Call) -> str:
    """Return Python's type of a number that `x.item()` gives."""
    kind = str(getattr(call.args[0], "dtype", ""))
    if call.func.name != "item" or len(call.args) > 1:  # type: ignore[attr-defined]
        return ""
    return {"float64": "float", "complex128": "complex", "int64": "int"}.get(kind, "")


def _has_dtype(x: Any) -> bool:
    return getattr(x, "dtype", None) is not None


def dtype_text(dtype: Any) -> str:
    """Return a floating dtype as text: Python's type where that is the same."""
    return {"float64": "float", "complex128": "complex"}.get(dtype.name, f"np.{dtype.name}")


def number_text(x: Any) -> Expression | None:
    """Return the text of a number; None for anything else."""
    if type(x) in (bool, int, float, complex):
        return _python_number(x)
    if isinstance(x, np.bool):
        return Expression(f"np.{bool(x)}_")
    if isinstance(x, np.number):
        return Expression(f"np.{x.dtype.name}({_python_number(x.item()).text})")
    return None


def _python_number(x: Any) -> Expression:
    if type(x) is complex:
        if math.isfinite(x.real) and math.isfinite(x.imag):
            return Expression(
                repr(x) if x.real or str(x.real)[0] == "-" else f"({x!r})".replace("((", "(")
            )
        return Expression(f"complex({_python_number(x.real).text}, {_python_number(x.imag).text})")
    if type(x) is float and not math.isfinite(x):
        text = "np.nan" if math.isnan(x) else "np.inf" if x > 0 else "-np.inf"
    else:
        text = repr(x)
        if type(x) is float and len(text) > LONGEST and (quotient := _quotient(x)):
            return Expression(quotient, PRODUCT)
    return Expression(text, UNARY if text[0] == "-" else ATOM)


def _quotient(x: float) -> str:
    """Return a number as a quotient that is the same number: `0.1 / 6`."""
    tops = [(float(f"{x * n:.4g}"), n) for n in range(3, MOST_DIVISOR)]
    found = [f"{top:.6g} / {n}" for top, n in tops if top / n == x and abs(top) < 1e5]
    return min(found, key=len, default="")


def array_text(x: Any, most: int = FEW) -> str:
    """Return the text of an array of few numbers or of a plain pattern, else an empty string."""
    if x.dtype.kind not in "biufc" or not x.dtype.isnative:
        return ""
    shape = str(x.shape[0]) if x.ndim == 1 else str(x.shape)
    named = f", np.{x.dtype.name}" if x.dtype != np.dtype(float) else ""
    first = x.reshape(-1)[0] if x.size else x.dtype.type(0)
    if x.size and x.tobytes() == first.tobytes() * x.size and (x.size > 1 or not x.ndim):
        item = first.item()
        if item in (0, 1) and str(item)[0] != "-" and x.ndim:
            return f"np.{'ones' if item else 'zeros'}({shape}{named})"
        if x.ndim:
            return f"np.full({shape}, {_python_number(item).text}{named})"
    known = _pattern(x) if x.size > 2 and x.dtype in (np.dtype(float), np.dtype(int)) else ""
    if known or x.size > most:
        return known
    if not x.size and x.ndim != 1:
        return f"np.zeros({shape}{named})"
    numbers = _nested(x.tolist())
    is_default = np.array(x.tolist()).dtype == x.dtype
    return f"np.array({numbers}{'' if is_default else f', np.{x.dtype.name}'})"


def _pattern(x: Any) -> str:
    """Return the call that makes a frequent array."""
    n = len(x)
    tries: dict[str, Callable[[], Any]] = {}
    if x.ndim == 1 and np.isfinite(x).all():
        first, last = x[0].item(), x[-1].item()
        step = x[1].item() - first
        if x.dtype == np.dtype(int) and step:
            end = last + (1 if step > 0 else -1)
            words = [end] if (first, step) == (0, 1) else [first, end]
            words += [step] if step != 1 else []
            tries[f"np.arange({', '.join(map(str, words))})"] = lambda: np.arange(*words)
        elif step:
            tries[f"np.linspace({first!r}, {last!r}, {n})"] = lambda: np.linspace(first, last, n)
    elif x.ndim > 1 and x.dtype == np.dtype(int):
        tries[f"np.arange({x.size}).reshape{x.shape}"] = lambda: np.arange(x.size).reshape(x.shape)
    if x.ndim == 2 and x.shape == (n, n) and x.dtype == np.dtype(float):
        tries[f"np.eye({n})"] = lambda: np.eye(n)
        tries[f"np.tri({n})"] = lambda: np.tri(n)
        factor = x[0, 0].item()
        tries[f"({factor!r} * np.eye({n}))"] = lambda: factor * np.eye(n)
        tries[f"(np.tri({n}) - 0.5 * np.eye({n}))"] = lambda: np.tri(n) - 0.5 * np.eye(n)
    for text, make in tries.items():
        made = make()
        if made.dtype == x.dtype and made.shape == x.shape and made.tobytes() == x.tobytes():
            return text
    return ""


def _nested(x: Any) -> str:
    if isinstance(x, list):
        return f"[{', '.join(map(_nested, x))}]"
    return _python_number(x).text


def is_name(text: str) -> bool:
    """Return whether a text can be the name of a variable."""
    return text.isidentifier() and not keyword.iskeyword(text)
