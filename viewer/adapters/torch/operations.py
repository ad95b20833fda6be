"""Operations of PyTorch as calls: their names, and their arguments and values without elements."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import torch

from autograd_tools.engine.describe import describe
from autograd_tools.tracing.columns import ArgTemplate
from autograd_tools.tracing.summaries import Form
from viewer.adapters.operators import OPERATORS
from viewer.adapters.recorder import OPERAND

VIEWS = ("H", "T", "data", "imag", "mH", "mT", "real")  # properties that are operations
# Operations that return a plain value of Python or NumPy.
READS = frozenset(
    ("array", "bool", "complex", "contains", "float", "index", "int", "item", "numpy", "tolist")
)
# Operators of a number and a tensor, whose arguments are the other way round.
REVERSED = {
    **{"radd": "add", "rmul": "multiply", "rpow": "power", "rsub": "subtract"},
    **{"rdiv": "divide", "rtruediv": "divide", "rmatmul": "matmul"},
}
INDEXED = ("getitem", "setitem")
COMPILED = "compiled "  # before the name of a function or module that `torch.compile` compiled
LONGEST_CONSTANT = 40  # characters of a constant
NO_NUMPY = (torch.bfloat16,)
# Notes a parent, and returns the texts around it; None for a tensor that is none.
Operand = Callable[[torch.Tensor], tuple[str, str] | None]


def called_name(function: Any) -> str:
    """Return the name of an operation; empty for what computes nothing, such as `x.shape`."""
    name = function.__name__
    if name == "__get__":
        own = getattr(function.__self__, "__name__", "")
        return own if own in VIEWS else ""
    if function in _CALLERS or name in ("__set__", "__delete__"):
        return ""
    name = name.strip("_") if name[:2] == "__" == name[-2:] else name
    return OPERATORS.get(name, name)


_CALLERS = frozenset((torch.autograd.backward, torch.autograd.grad, torch.Tensor.backward))


def defaults_of(function: Any) -> dict[str, Any]:
    """Return the default values of the arguments of a Python function."""
    code, values = getattr(function, "__code__", None), getattr(function, "__defaults__", None)
    found = dict(getattr(function, "__kwdefaults__", None) or {})
    if code is not None and values:
        names = code.co_varnames[: code.co_argcount]
        found.update(zip(names[-len(values) :], values, strict=True))
    return found


@functools.lru_cache(4096)
def form_of(dtype: torch.dtype, shape: tuple[int, ...]) -> Form:
    """Return the form of a tensor."""
    name, shape = str(dtype).removeprefix("torch."), tuple(shape)
    text = f"{name}[{','.join(map(str, shape))}]"
    return Form(text, shape, name, dtype.itemsize * int(np.prod(shape, dtype=object)))


def form_of_tensor(x: torch.Tensor) -> Form:
    """Return the form of a tensor, also of a nested one, which has no shape."""
    try:
        return form_of(x.dtype, x.shape)
    except RuntimeError:
        return Form(f"nested {str(x.dtype).removeprefix('torch.')}")


def bytes_of(x: torch.Tensor) -> int:
    """Return the bytes of a tensor, 0 if they are unknown as those of a sparse one."""
    try:
        return x.nbytes
    except RuntimeError:
        return 0


def tensors_in(x: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors in a value and in sequences and dicts in it."""
    if isinstance(x, torch.Tensor):
        yield x
    elif isinstance(x, (tuple, list)):
        for item in x:
            yield from tensors_in(item)
    elif isinstance(x, dict):
        for item in x.values():
            yield from tensors_in(item)


def form_of_tuple(tensors: Iterable[torch.Tensor]) -> Form:
    """Return the form of several results."""
    forms = [form_of_tensor(x) for x in tensors]
    text = ", ".join([str(form.text) for form in forms[:8]] + ["..."] * (len(forms) > 8))
    return Form(f"({text})", nbytes=sum(form.nbytes for form in forms))


def templates_of(
    name: str,
    args: Iterable[Any],
    kwargs: Mapping[str, Any],
    defaults: Mapping[str, Any],
    operand: Operand,
) -> tuple[ArgTemplate, ...]:
    """Return the arguments of a call without the values of parents, which `operand` notes.

    Keywords with their default values are left out.
    """
    found = [
        _sequence(x, operand, "()")
        if name in INDEXED and type(x) is tuple
        else _template(x, operand)
        for x in args
    ]
    for keyword, x in kwargs.items():
        if x is defaults.get(keyword, OPERAND):
            continue
        template = _template(x, operand)
        if isinstance(template, str):
            found.append(f"{keyword}={template}")
        else:
            found.append((f"{keyword}={template[0]}", *template[1:]))
    return tuple(found)


def _template(x: Any, operand: Operand) -> str | tuple[str, ...]:
    kind = type(x)
    if kind is float or kind is int or kind is bool or x is None:
        return repr(x)
    if isinstance(x, torch.Tensor):
        return operand(x) or str(form_of_tensor(x).text)
    if kind is tuple or kind is list:
        return _sequence(x, operand)
    is_told = x is ... or isinstance(x, (str, slice)) or callable(x)
    return _shortened(describe(x) if is_told else str(x))


def _sequence(x: Any, operand: Operand, brackets: str = "[]") -> str | tuple[str, ...]:
    pieces, marks = [brackets[0]], False
    for position, item in enumerate(x):
        template = _template(item, operand)
        first, *rest = (template,) if isinstance(template, str) else template
        pieces[-1] += (", " if position else "") + first
        pieces += rest
        marks = marks or bool(rest)
    pieces[-1] += ",)" if brackets == "()" and len(x) == 1 else brackets[1]
    return tuple(pieces) if marks else _shortened(pieces[0])


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_CONSTANT else f"{text[: LONGEST_CONSTANT - 3]}..."


def array_of(kept: Any) -> np.ndarray | None:
    """Return the elements of a tensor that was kept with its version; None if they changed.

    They are unknown in a transform of `torch.func`.
    """
    if kept is None:
        return None
    x, version = kept
    if x._version != version or not x.numel() or x.layout is not torch.strided:
        return None
    with torch.no_grad(), suppress(RuntimeError):
        x = x.resolve_conj().resolve_neg().cpu()
        found: np.ndarray = (x.float() if x.dtype in NO_NUMPY else x).numpy()
        return found
    return None


def kept(x: torch.Tensor) -> Any:
    """Return what `array_of` needs of a tensor."""
    x = x.detach()
    return x, x._version
