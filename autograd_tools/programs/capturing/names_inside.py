"""The user's names of the values of a run: variables of functions, and what gradients belong to."""

from __future__ import annotations

from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.base.traced import Traced
from autograd_tools.engine.values import Param, Value
from autograd_tools.programs.capturing.param_inputs import plain_value
from autograd_tools.programs.rolling.nodes import constant_key
from autograd_tools.programs.steps.program import Call, Step, Variable

FEW = 16  # numbers of an array that is written out
HANDING_ON = frozenset({"add", "sub", "subtract"})  # their first gradient is that of the output


class Seen(NamedTuple):
    """A variable of a function that holds a value."""

    name: str
    function: str
    is_argument: bool
    depth: int


class NamesInside:
    """The names of values, noted while the steps of a run are."""

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps
        self._seen: dict[Variable, dict[Seen, None]] = {}
        self.constants: dict[Any, str] = {}  # names of small arrays
        self._held: dict[int, Any] = {}  # these arrays, by id
        self._depths: dict[Any, int] = {}  # of functions, when they were seen first
        self._recorded: dict[tuple[int, int], int] = {}  # entry -> the step that makes its value
        self._gradients: dict[Variable, dict[Any, None]] = {}  # the entries each is the outgrad of

    def look(self, frame: FrameType) -> None:
        """Note the variables of a frame."""
        code = frame.f_code
        depth = self._depths.get(code) or self._depths.setdefault(code, _depth(frame))
        for name, held in frame.f_locals.items():
            if type(held) is np.ndarray and held.size <= FEW and id(held) not in self._held:
                self._held[id(held)] = held
                self.constants.setdefault(constant_key(held), name)
            x = _variable_of(held)
            if x is not None and name != "_" and name[0] != ".":
                is_argument = name in code.co_varnames[: code.co_argcount]
                seen = Seen(name, code.co_qualname, is_argument, depth)
                self._seen.setdefault(x, {})[seen] = None

    def look_at_entry(self, recording: Any) -> None:
        """Note that the next step makes the value of the next entry."""
        self._recorded[recording.serial, len(recording.entries)] = len(self.steps)

    def look_at_gradient(self, recording: Any, index: int) -> None:
        """Note that a backward pass is at an entry."""
        outgrad = _variable_of(recording.outgrads[index])
        if outgrad is not None:
            self._gradients.setdefault(outgrad, {})[recording.serial, index] = None

    def finish(self) -> None:
        """Name the variables, and the gradients after what they belong to."""
        made = {x: step for step in self.steps for x in step.outputs()}
        for x, seen in self._seen.items():
            if x in made:  # names of parameters go last, those of the outermost function first
                function = made[x].site.function
                own = [one for one in seen if not one.is_argument or one.function == function]
                x.called = min(own or seen, key=lambda one: one.depth).name
        readers: dict[Variable, list[Call]] = {}
        for step in self.steps:
            if isinstance(step, Call) and not step.site.gradients:
                for x in step.inputs():
                    readers.setdefault(x, []).append(step)
        for outgrad, entries in self._gradients.items():
            steps = [self.steps[self._recorded[key]] for key in entries if key in self._recorded]
            values = [x for step in steps if isinstance(step, Call) for x in step.outputs()]
            names = [name for x in values if (name := _name_downstream(x, readers))]
            if names and not outgrad.called:
                outgrad.called = f"d{names[0]}" if names[0][:2] == "d_" else f"d_{names[0]}"


def _name_downstream(x: Variable, readers: dict[Variable, list[Call]]) -> str:
    """Return the name of a value, or of the sum that it is only a part of."""
    while not x.called and not x.name:
        found = readers.get(x, [])
        y = found[0].output if len(found) == 1 else None
        is_part = y is not None and _operation(found[0]) in HANDING_ON and found[0].args[0] is x
        if not is_part or type(y) is not Variable or y.shape != x.shape:
            return ""
        x = y
    return x.called or x.name


def _depth(frame: FrameType | None) -> int:
    depth = 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1
    return depth


def _operation(call: Call) -> str:
    return str(getattr(call.func, "__name__", ""))


def _variable_of(x: Any) -> Variable | None:
    """Return the variable that a value stands for; None for anything else."""
    while type(x) is not Traced:
        if not isinstance(x, Value) or isinstance(x, Param):
            return None
        x = plain_value(x)
    found: Variable = x.variable
    return found
