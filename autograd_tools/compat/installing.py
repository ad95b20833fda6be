"""`import autograd` as `autograd_tools.compat`, for programs whose imports cannot be changed."""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from autograd_tools.engine.values import become_boxes

OURS, THEIRS = __package__, "autograd"
# Modules that `import autograd` loads: packages look for them in sys.modules.
LOADED = (
    *("core", "tracer", "numpy.numpy_boxes", "numpy.numpy_jvps", "numpy.numpy_vjps"),
    *("numpy.numpy_vspaces", "numpy.numpy_wrapper"),
)


class _Alias:
    """Finds each module of `autograd` in `autograd_tools.compat`, as one object with two names."""

    def find_spec(
        self,
        fullname: str,
        path: Any = None,  # noqa: ARG002  a hook may name it
        target: Any = None,  # noqa: ARG002  the same
    ) -> ModuleSpec | None:
        if fullname != THEIRS and not fullname.startswith(f"{THEIRS}."):
            return None
        try:
            importlib.import_module(OURS + fullname.removeprefix(THEIRS))
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith(OURS):
                raise
            raise ModuleNotFoundError(
                f"autograd_tools.compat, in place of HIPS autograd, has no module {fullname!r}",
                name=fullname,
            ) from None
        return ModuleSpec(fullname, self)  # type: ignore[arg-type]

    def create_module(self, _: ModuleSpec) -> None:
        return None  # the import system makes an empty one, which is then replaced

    def exec_module(self, module: ModuleType) -> None:
        for name in LOADED if module.__name__ == THEIRS else ():
            importlib.import_module(f"{OURS}.{name}")
        _name_all()


def _name_all() -> None:
    """Give the modules of ours that are loaded their second name."""
    for name, module in list(sys.modules.items()):
        if name == OURS or name.startswith(f"{OURS}."):
            sys.modules[THEIRS + name.removeprefix(OURS)] = module


_alias: Any = _Alias()


def install() -> None:
    """Let `import autograd` and its modules import `autograd_tools.compat` in this process.

    Call it before anything imports HIPS autograd, which need not be installed. The commands have an
    option for it: `autograd-tools profile --as-autograd SCRIPT`. As in HIPS autograd, `isinstance`
    then does not treat recorded values as arrays and numbers.

    Raises
    ------
    ImportError
        If HIPS autograd is already imported.

    Examples
    --------
    >>> import autograd_tools.compat
    >>> autograd_tools.compat.install()
    >>> import autograd.numpy as np
    >>> from autograd import grad
    >>> grad(np.tanh)(0.0)
    1.0
    """
    if _alias in sys.meta_path:
        return
    if THEIRS in sys.modules:
        raise ImportError(
            "HIPS autograd is imported already; call autograd_tools.compat.install() before the "
            "first import of autograd, or of a package that imports it"
        )
    sys.meta_path.insert(0, _alias)
    become_boxes(f"{THEIRS}.numpy.numpy_boxes")
