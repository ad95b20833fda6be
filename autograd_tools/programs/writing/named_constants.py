"""Small arrays that a source defines once, under the user's name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator
from typing import Any

import numpy as np

from autograd_tools.programs.rolling.nodes import constant_key
from autograd_tools.programs.steps.loop import Loop
from autograd_tools.programs.steps.program import Call, Program, mapped
from autograd_tools.programs.writing.call_text import array_text


def named_constants(program: Program, taken: Container[str]) -> tuple[dict[Any, str], list[str]]:
    """Return the text of arrays that stand in several places, and the lines that name them."""
    counts: Counter[str] = Counter()
    arrays: dict[str, dict[Any, Any]] = {}  # by name, and by their numbers
    texts: dict[Any, str] = {}
    for x in _arrays(program.steps):
        for one, text in ((x, "{}"), (x.T, "{}.T")):
            key = constant_key(one)
            name = program.constants.get(key, "")
            if name:
                texts[constant_key(x)] = text.format(name)
                arrays.setdefault(name, {})[key] = one
                counts[name] += 1
                break
    named = {
        name: one
        for name, found in arrays.items()
        for one in found.values()
        if len(found) == 1 < counts[name] and name not in taken
        if array_text(one).startswith("np.array(")
    }
    texts = {key: text for key, text in texts.items() if text.removesuffix(".T") in named}
    return texts, [f"{name} = {array_text(x)}" for name, x in named.items()]


def _arrays(steps: Iterable[Any]) -> Iterator[Any]:
    """Yield the constant arrays among the arguments of calls, and those in loops."""
    for step in steps:
        if isinstance(step, Loop):
            yield from _arrays(step.body)
        elif isinstance(step, Call):
            leaves: list[Any] = []
            mapped((step.args, dict(step.kwargs)), leaves.append)
            yield from [x for x in leaves if type(x) is np.ndarray]
