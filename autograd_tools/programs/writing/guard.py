"""The check at the start of a source: the shapes and the precision that it is written for."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.programs.steps.program import Variable
from autograd_tools.programs.writing.arguments import Argument, lengths, quoted, whole_lists
from autograd_tools.programs.writing.call_text import dtype_text
from autograd_tools.programs.writing.wrapping import INDENT

NAMES = ("expected", "given")
MOST_TYPED = 60  # arrays whose common dtype is looked at: NumPy takes 64


class Given(NamedTuple):
    """An array or number that a function takes: its text, the list around it, and one like it."""

    text: str
    within: str  # such as `weights` of `weights[0]`
    shape: tuple[int, ...]
    kind: Any  # a dtype, or a number of Python's


def given_inputs(arguments: Iterable[Argument], names: Mapping[Variable, str]) -> list[Given]:
    """Return the inputs of a program, and the constants that are arguments."""
    found: list[Given] = []
    for argument in arguments:
        known = {place for _, place, _ in argument.leaves}
        lists = {*whole_lists(argument.value, argument.name, known)}
        for x, place, _ in argument.leaves:
            head = place.removesuffix("]").rpartition("[")[0]
            within = head if head in lists else ""
            found.append(Given(names.get(x, place), within, x.shape, x.dtype or x.type(0)))
        if not argument.leaves and isinstance(argument.value, np.ndarray):
            found.append(Given(argument.name, "", argument.value.shape, argument.value.dtype))
    return found


def lengths_in(arguments: Iterable[Argument]) -> list[tuple[str, list[int]]]:
    """Return the containers whose lengths are compared, and these."""
    return [
        found
        for argument in arguments
        for found in lengths(argument.value, argument.name, {at for _, at, _ in argument.leaves})
    ]


def guard(
    given: list[Given],
    sizes: list[tuple[str, list[int]]],
    constants: list[tuple[str, Any]],
    taken: Container[str],
) -> list[str]:
    """Return the statements that raise a ValueError for other shapes, another precision, other
    `sizes` of containers, or others of the `constants` in the arguments.
    """
    if not given and not constants and not sizes:
        return []
    pairs = [*_of_containers(sizes, taken), *_of_arrays(given, taken)]
    pairs += [
        (quoted(x), place) if x is not None else ("True", f"{place} is None")
        for place, x in constants
    ]
    left, right = [name if name not in taken else f"{name}_shapes" for name in NAMES]
    problem = f"expected {{{left}}}, got {{{right}}}; write the source again"
    return [
        f"{left} = {', '.join([expected for expected, _ in pairs])}",
        f"{right} = {', '.join([found for _, found in pairs])}",
        f"if {right} != {left}:",
        f'{INDENT}raise ValueError(f"{problem}")',
    ]


def _of_containers(
    sizes: list[tuple[str, list[int]]], taken: Container[str]
) -> Iterator[tuple[str, str]]:
    """Yield the expected lengths and the given ones."""
    texts = ", ".join([text for text, _ in sizes])
    expected = [size for _, found in sizes for size in found]
    if len(expected) == 1:
        yield str(expected[0]), f"len({texts})"
    elif expected:
        item = _free(taken)
        yield str(expected), f"[len({item}) for {item} in ({texts}{',' * (len(sizes) == 1)})]"


def _free(taken: Container[str]) -> str:
    """Return a name for an item of a list."""
    return next(name for name in ("a", "x", "array", "item") if name not in taken)


def _of_arrays(given: list[Given], taken: Container[str]) -> Iterator[tuple[str, str]]:
    """Yield what is expected and given: shapes, and the dtype of all together."""
    if not given:
        return
    typed = [x for x in given if np.result_type(x.kind).kind in "fc"] or given
    dtype = np.result_type(*[x.kind for x in typed[:MOST_TYPED]], 0.0)
    arrays = [text for text, _ in _together(typed)]
    if len(typed) > MOST_TYPED:
        arrays = list({x.within or x.text: x.text for x in typed}.values())[:MOST_TYPED]
    pairs = _together(given)
    shape_of = "{}.shape" if all([x.shape for x in given]) else "np.shape({})"
    if len(given) > 1 or given[0].within:
        item = _free(taken)
        texts = ", ".join([text for text, _ in pairs])
        found = f"[{shape_of.format(item)} for {item} in ({texts}{',' * (len(pairs) == 1)})]"
        yield f"[{', '.join([shape for _, shape in pairs])}]", found
    else:
        yield str(given[0].shape), shape_of.format(given[0].text)
    yield f"np.dtype({dtype_text(dtype)})", f"np.result_type({', '.join(arrays)}, 0.0)"


def _together(given: Iterable[Given]) -> list[tuple[str, str]]:
    """Return the texts of arrays and of their shapes: one text for those of a list."""
    found: list[tuple[str, str]] = []
    for within, group in groupby(given, lambda x: x.within):
        parts = [(x.text, str(x.shape)) for x in group]
        shapes = [shape for _, shape in parts]
        if within:
            is_even = len({*shapes}) == 1 < len(shapes)
            shape = f"*[{shapes[0]}] * {len(shapes)}" if is_even else ", ".join(shapes)
            parts = [(f"*{within}", shape)]
        found += parts
    return found
