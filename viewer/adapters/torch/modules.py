"""Scopes of modules: `encoder`, `0`, as their parents name them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import FrameType, ModuleType
from typing import Any

import torch

from autograd_tools.tracing.frame_variables import variables_of_frames

MOST_PARTS = 1000  # of a container that is searched


class ModuleNames:
    """The names of modules inside others, and of parameters, from the first module that is called.

    A module that no known one contains has the name of its variable, or of a variable whose module
    contains it, or of its class.
    """

    def __init__(self) -> None:
        self._paths: dict[int, str] = {}
        self._kept: list[torch.nn.Module] = []  # whose ids are in use
        self._params: dict[int, str] = {}

    def path(self, module: torch.nn.Module, frame: FrameType | None) -> str:
        """Return the path of a module, such as `model.encoder.0`."""
        if id(module) not in self._paths:
            self._add(*_outermost(module, frame))
        return self._paths[id(module)]

    def _add(self, module: torch.nn.Module, found: str) -> None:
        self._kept.append(module)
        for name, inner in module.named_modules():
            self._paths.setdefault(id(inner), f"{found}.{name}" if name else found)
        for name, param in module.named_parameters():
            self._params.setdefault(id(param), f"{found}.{name}")

    def param(self, x: torch.Tensor, frame: FrameType | None) -> str:
        """Return the name of a leaf; empty if it has none."""
        return self.in_modules(x) or variable_of(x, frame)

    def look(self, x: torch.Tensor, frame: FrameType | None) -> str:
        """Return the name of a Param of a module that is a variable but was not called."""
        for name, module in _modules_of(frame):
            if any(param is x for param in module.parameters()):
                self._add(module, name)
                break
        return self.in_modules(x)

    def params(self) -> list[torch.Tensor]:
        """Return the Params of all modules that were called."""
        return [param for module in self._kept for param in module.parameters()]

    def frozen(self) -> list[str]:
        """Return the names of those that do not require a gradient."""
        return [self._params[id(param)] for param in self.params() if not param.requires_grad]

    def in_modules(self, x: torch.Tensor) -> str:
        """Return the name that a module called before has for a leaf; empty if none has."""
        return self._params.get(id(x), "")


def _outermost(module: torch.nn.Module, frame: FrameType | None) -> tuple[torch.nn.Module, str]:
    """Return a module, or one that contains it if only that is a variable, and its name."""
    if name := variable_of(module, frame):
        return module, name
    for name, value in _modules_of(frame):
        if any(x is module for x in value.modules()):
            return value, name
    return module, type(module).__name__


def _modules_of(frame: FrameType | None) -> Iterator[tuple[str, torch.nn.Module]]:
    for _, variables, passing in variables_of_frames(frame):
        for name, value in variables.items():
            if isinstance(value, torch.nn.Module) and name not in passing and name != "self":
                yield name, value


def variable_of(x: Any, frame: FrameType | None) -> str:
    """Return the name of the innermost variable that holds an object; empty if none does.

    In a dict or object it is that of its key or attribute, in a list with its number.
    """
    for _, variables, passing in variables_of_frames(frame):
        for name, value in variables.items():
            if value is x and name not in passing and name != "self":
                return name
        for name, value in variables.items():
            for part, item in _parts_of(name, value):
                if item is x:
                    return part
    return ""


def _parts_of(name: str, x: Any) -> Iterable[tuple[str, Any]]:
    """Return the parts of a container or object, by name."""
    if isinstance(x, (list, tuple)):
        return [(f"{name}[{i}]", item) for i, item in enumerate(x[:MOST_PARTS])]
    parts = x if isinstance(x, dict) else getattr(x, "__dict__", None)
    if not isinstance(parts, dict) or len(parts) > MOST_PARTS or isinstance(x, (type, ModuleType)):
        return ()
    return [(str(key), item) for key, item in parts.items()]
