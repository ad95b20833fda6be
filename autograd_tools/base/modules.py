"""The modules that are loaded, found without running code of a lazy one."""

import sys
from collections.abc import Container, Iterator
from types import ModuleType
from typing import Any


def variables_in(files: Container[str]) -> Iterator[dict[str, Any]]:
    """Yield the global variables of each loaded module of these files."""
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType):
            file = vars(module).get("__file__")
            if file and file in files:
                yield vars(module)
