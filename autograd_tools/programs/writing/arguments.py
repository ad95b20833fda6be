"""The arguments of a program's function: the user's, then Params and large constants."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any

import numpy as np

from autograd_tools.base.containers import children_of, field_names, has_fields, tree_leaves
from autograd_tools.programs.capturing.input_kinds import is_input
from autograd_tools.programs.capturing.names_inside import FEW
from autograd_tools.programs.capturing.outside_inputs import Place
from autograd_tools.programs.capturing.param_inputs import plain_value
from autograd_tools.programs.capturing.runs import parameters_of
from autograd_tools.programs.steps.program import Program, Variable
from autograd_tools.programs.writing.call_text import is_name

RESERVED = (
    "np", "scipy", "math", "operator", "range", "reversed", "ValueError", "float", "int", "complex",
    "bool", "abs", "round", "hash", "len",
)  # fmt: skip


CONSTANTS = (str, bytes, bool, int, float, complex, type(None))  # that a source compares
MOST_FIXED = 16  # integers in arrays that it compares


@dataclass(eq=False)
class Argument:
    """An argument: its name, what it was in the run, and the inputs in it with their places."""

    name: str
    value: Any
    leaves: list[tuple[Variable, str, str]] = field(default_factory=list)  # place, own name
    is_written: bool = False  # its numbers are in the source


def places_of_classes(arguments: Iterable[Argument]) -> dict[type, str]:
    """Return an argument, or a part of one, of each class that has named fields."""
    found: dict[type, str] = {}
    todo = [(x.value, x.name) for x in arguments]
    while todo:
        x, place = todo.pop(0)
        if has_fields(x):
            found.setdefault(type(x), place)
        todo += [(part, at) for at, _, part in _parts(x, place)]
    return found


def constants_in(argument: Argument) -> Iterator[tuple[str, Any]]:
    """Yield the place and the value of texts, flags and numbers that are no inputs."""
    known = {place for _, place, _ in argument.leaves}
    for place, _, x in _leaves(argument.value, argument.name, argument.name):
        if place in known:
            continue
        if type(x) in CONSTANTS:
            yield place, x
        elif isinstance(x, np.ndarray) and x.dtype.kind in "biu" and x.size <= MOST_FIXED:
            yield f"{place}.tolist()", x.tolist()
        elif isinstance(x, (np.integer, np.bool_)):
            yield place, x.item()


def arguments_of(
    f: Callable[..., Any],
    program: Program,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    is_leaf: Callable[[Any], bool],
) -> list[Argument]:
    """Return the user's arguments, with the inputs of a program: those for which `is_leaf`."""
    names = [f"{x}_" if x in RESERVED else x for x in parameters_of(f)]
    others = (name for i in count(len(names)) if (name := f"x{i}") not in {*names, *kwargs})
    names = [*names, *islice(others, max(len(args) - len(names), 0))][: len(args)]
    inputs = iter(program.inputs)
    given = zip([*names, *kwargs], [*args, *kwargs.values()], strict=True)
    return [_argument(name, x, inputs, is_leaf) for name, x in given]


def _argument(
    name: str, x: Any, inputs: Iterator[Variable], is_leaf: Callable[[Any], bool]
) -> Argument:
    found = Argument(name, x)
    for place, own, leaf in _leaves(x, name, name):
        if is_leaf(leaf):
            found.leaves.append((next(inputs), place, own))
    return found


def param_arguments(program: Program, names: list[str], count: int) -> list[Argument]:
    """Return the Params that a program reads; their inputs follow the first `count`."""
    inputs = iter(program.inputs[count:])
    found = []
    for (param, _), name in zip(program.params, names, strict=True):
        found.append(_argument(name, plain_value(param), inputs, is_input))
    return found


def held_arrays(program: Program, places: Iterable[Place]) -> list[Argument]:
    """Return the arrays from outside that a program reads, in the order in which it does.

    Small arrays are written out; a list, tuple or dict is one argument.
    """
    known = {id(x): variable for x, variable in program.outside}
    results = tree_leaves([program.result, *[x for _, x in program.assigned]])
    read = [x for step in program.steps for x in step.inputs()]
    read += [x for x in results if type(x) is Variable]
    order = {x: i for i, x in reversed([*enumerate(read)])}
    found: dict[int, Argument] = {}
    for place in places:
        leaves = [
            (known.pop(id(x)), at, own)
            for at, own, x in _leaves(place.found, place.name, place.name)
            if id(x) in known
        ]
        used = [order[x] for x, _, _ in leaves if x in order]
        if not used:
            continue
        whole = Argument(place.name, place.found, leaves)
        is_written = all([x.dtype is None or x.dtype.isnative for x, _, _ in leaves])
        if sum([x.size for x, _, _ in leaves]) > FEW or not is_written:
            found[min(used)] = whole
            continue
        for x, _, own in leaves:
            if x in order:
                array = next(array for array, variable in program.outside if variable is x)
                found[order[x]] = Argument(own, array, [(x, own, own)], is_written=True)
    return [found[i] for i in sorted(found)]


def _leaves(x: Any, place: str, own: str) -> Iterator[tuple[str, str, Any]]:
    """Yield the place, the name and the value of each leaf."""
    if children_of(x) is None:
        yield place, own, x
    for at, key, part in _parts(x, place):
        name = key if type(key) is str and is_name(key) else f"{own}_{key}"
        yield from _leaves(part, at, name if is_name(name) else own)


def _parts(x: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield the place, the key and the value of each part of a container."""
    parts = children_of(x) or []
    keys: Any = range(len(parts))
    if isinstance(x, dict):
        keys = list(x)
    elif has_fields(x):
        keys = field_names(x)
    for key, part in zip(keys, parts, strict=True):
        yield f"{place}.{key}" if has_fields(x) else f"{place}[{quoted(key)}]", key, part


def whole_lists(x: Any, place: str, known: Container[str]) -> Iterator[str]:
    """Yield the places of lists and tuples whose items are all known places."""
    parts = [*_parts(x, place)]
    if type(x) in (list, tuple) and parts and all([at in known for at, _, _ in parts]):
        yield place
    else:
        for at, _, part in parts:
            yield from whole_lists(part, at, known)


def lengths(x: Any, place: str, known: Container[str]) -> Iterator[tuple[str, list[int]]]:
    """Yield the places of containers that are no whole lists, and their lengths; those in a list
    are together.
    """
    if _has_length(x, place, known):
        yield place, [len(x)]
    yield from _inner_lengths(x, place, known)


def _inner_lengths(x: Any, place: str, known: Container[str]) -> Iterator[tuple[str, list[int]]]:
    parts = [(part, at) for at, _, part in _parts(x, place)]
    is_even = type(x) in (list, tuple) and len(parts) > 1
    if is_even and all([_has_length(part, at, known) for part, at in parts]):
        yield f"*{place}", [len(part) for part, _ in parts]
        for part, at in parts:
            yield from _inner_lengths(part, at, known)
    else:
        for part, at in parts:
            yield from lengths(part, at, known)


def _has_length(x: Any, place: str, known: Container[str]) -> bool:
    """Return whether `x` is a list, tuple or dict whose items do not tell its length."""
    is_sized = children_of(x) is not None and not has_fields(x)
    return is_sized and place not in whole_lists(x, place, known)


def quoted(key: Any) -> str:
    """Return a key as Python text, with double quotes."""
    return json.dumps(key, ensure_ascii=False) if type(key) is str else repr(key)


def kind_text(x: Any) -> str:
    """Return the dtype and shape of an array, or the type of anything else."""
    if isinstance(x, np.ndarray):
        return f"{x.dtype.name}[{','.join(map(str, x.shape))}]"
    return type(x).__name__
