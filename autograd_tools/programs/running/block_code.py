"""The text of a chain: a loop over the blocks of its arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_tools.base.traced import UfuncMethod
from autograd_tools.programs.running.blocks import SCALAR, Chain, operand_kind
from autograd_tools.programs.steps.program import Call, Variable

CACHE = 2**19  # bytes of all blocks together
FEWEST, MOST = 2**11, 2**15  # elements of a block
Text = Callable[[Any], str]


class ChainCode:
    """The text of a chain; `text` gives that of a variable or constant in the function around it,
    and `into` that of a call with an array for its output.
    """

    def __init__(self, chain: Chain, text: Text, into: Callable[..., str]) -> None:
        self.chain = chain
        self.text = text
        self.into = into
        self.names: dict[Variable, str] = {}  # of blocks, in the loop
        self.slices: dict[str, str] = {}  # the name of a block of each array
        self.temporaries: list[np.dtype[Any]] = []
        self.free: dict[np.dtype[Any], list[str]] = {}
        self.sums: dict[Variable, str] = {}

    def lines(self) -> Iterator[str]:
        """Yield the lines; the arrays that the chain keeps exist already."""
        last = {x: step for step in self.chain.steps for x in (*step.inputs(), *step.outputs())}
        for x in self.chain.kept:
            if x.is_array:
                self.names[x] = self._slice(self.text(x))
        calls = [line for step in self.chain.steps for line in self._call(step, last)]
        size = math.prod(self.chain.kind[0])
        arrays = len(self.slices) + len(self.temporaries)
        block = max(FEWEST, min(MOST, CACHE // (8 * arrays)))
        names = [f"t{i}" for i in range(len(self.temporaries))]
        for name, dtype in zip(names, self.temporaries, strict=True):
            yield f"{name} = empty({block}, {self.text(dtype)})"
        for i, array in enumerate(self.slices):
            yield f"a{i} = {array}.ravel('K')"
        for name in self.sums.values():
            yield f"{name} = []"
        yield f"for i in range(0, {size}, {block}):"
        yield f"    j = i + {block}"
        if names and size % block:
            yield f"    if j > {size}:"
            yield from (f"        {name} = {name}[:{size} - i]" for name in names)
        yield from (f"    {name} = a{i}[i:j]" for i, name in enumerate(self.slices.values()))
        yield from (f"    {line}" for line in calls)
        used = [*names, *[f"a{i}" for i in range(len(self.slices))], *self.slices.values()]
        yield f"{' = '.join(used)} = None"

    def ends(self) -> Iterator[tuple[Variable, str]]:
        """Yield the scalars that the chain makes, and the text of each."""
        for step in self.chain.steps:
            if step.output in self.sums:
                yield step.output, f"{self.text(step.func)}(array({self.sums[step.output]}))"

    def _slice(self, array: str) -> str:
        return self.slices.setdefault(array, f"p{len(self.slices)}")

    def _call(self, call: Call, last: dict[Variable, Call]) -> Iterator[str]:
        y = call.output
        given = [self._argument(x) for x in call.args if x is not None]
        dying = [x for x in dict.fromkeys(call.inputs()) if last[x] is call]
        for x in dying:
            name = self.names.get(x, "")
            if name[:1] == "t":
                self.free.setdefault(x.dtype, []).append(name)  # type: ignore[arg-type]
        if isinstance(call.func, UfuncMethod):
            self.sums[y] = f"s{len(self.sums)}"
            yield f"{self.sums[y]}.append({self.text(call.func)}({given[0]}, None))"
            return
        if y not in self.names:
            self.names[y] = self._temporary(y.dtype)
        yield self.into(call, given, self.names[y])
        if last[y] is call and self.names[y][:1] == "t":
            self.free.setdefault(y.dtype, []).append(self.names[y])

    def _argument(self, x: Any) -> str:
        if operand_kind(x) == SCALAR:
            return self.text(x)
        name = self.names.get(x) if type(x) is Variable else None
        return name or self._slice(self.text(x))

    def _temporary(self, dtype: np.dtype[Any]) -> str:
        free = self.free.get(dtype)
        if free:
            return free.pop()
        self.temporaries.append(dtype)
        return f"t{len(self.temporaries) - 1}"
