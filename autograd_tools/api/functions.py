"""Functions derived from a user's function, such as `grad(f)`: they can be pickled if `f` can."""

from __future__ import annotations

import functools
import importlib
import inspect
import types
import weakref
from collections.abc import Callable
from typing import Any

from autograd_tools.engine.primitives import name_of

ANY_ARGUMENTS = inspect.signature(lambda *args, **kwargs: None)


# `FunctionOf(apply, f, *options)(*args)` calls `apply(f, *options, *args)`. Unlike a closure it can
# be pickled, so it can be sent to another process. Like a function it becomes a method in a class.
class FunctionOf(functools.partial):  # type: ignore[type-arg]  # noqa: D101  its __doc__ is below
    __signature__: inspect.Signature
    what: str  # the name of the operator that made it

    # Few read these texts, which take as long to make as the object itself.
    @functools.cached_property
    def __name__(self) -> str:
        return f"{self.what}({name_of(self.args[0])})"

    @functools.cached_property
    def __doc__(self) -> str:  # type: ignore[override]
        f = self.args[0]
        return f"{self.what} of {name_of(f)}.\n\n{getattr(f, '__doc__', None) or ''}"

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Pickle by name what replaced `f` in its module, as a decorator does."""
        pkgutil = importlib.import_module("pkgutil")  # now, because it takes long to load
        f = self.args[0]
        path = f"{getattr(f, '__module__', '')}:{getattr(f, '__qualname__', '')}"
        try:
            found = pkgutil.resolve_name(path)
        except (ImportError, AttributeError, ValueError):  # a local function, or a callable object
            found = None
        return (pkgutil.resolve_name, (path,)) if found is self else super().__reduce__()

    def __repr__(self) -> str:
        return f"<function {self.__name__}>"


def named(made: FunctionOf, what: str) -> FunctionOf:
    """Return `made` with a name and a docstring that mention its operator and its function."""
    made.__signature__ = ANY_ARGUMENTS
    made.what = what
    return made


def parameter_names(f: Callable[..., Any]) -> list[str]:
    """Return the names of the positional parameters of a function, if it has a signature."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def weakly(f: Callable[..., Any]) -> Callable[[], Any] | None:
    """Return a weak reference to a function; None where there can be none."""
    try:
        return weakref.WeakMethod(f) if isinstance(f, types.MethodType) else weakref.ref(f)
    except TypeError:  # an object with slots
        return None
