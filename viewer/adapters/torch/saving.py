"""Bytes that operations of PyTorch save for the backward pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch

PREFIX = "_saved_"
Tops = torch._C._autograd


class SavedBytes:
    """Counts each saved tensor once, for the oldest operation that saves it, until `clear`.

    Leaves and arguments without a gradient exist anyway. Where hooks pack saved tensors, as in a
    checkpoint, nothing is counted: to look would unpack them.
    """

    def __init__(self) -> None:
        self._names: dict[type, list[str]] = {}
        self._seen: set[int] = set()

    def clear(self) -> None:
        """Begin another gradient."""
        self._seen.clear()

    def count(self, grad_fns: Iterable[Any], args: Sequence[Any]) -> int:
        """Return the bytes that new grad_fns of a call save."""
        if Tops._top_saved_tensors_default_hooks(True) is not None:
            return 0
        for x in args:
            if isinstance(x, torch.Tensor) and x.grad_fn is None:
                self._seen.add(x.data_ptr())
        total = 0
        for grad_fn in grad_fns:
            for x in self._tensors(grad_fn):
                key = x.data_ptr()
                if key not in self._seen and not (x.grad_fn is None and x.requires_grad):
                    self._seen.add(key)
                    total += x.nbytes
        return total

    def _tensors(self, grad_fn: Any) -> list[torch.Tensor]:
        kind = type(grad_fn)
        names = self._names.get(kind)
        if names is None:
            names = [x for x in dir(kind) if x.startswith(PREFIX) or x == "saved_tensors"]
            held = [getattr(grad_fn, name, None) for name in names]
            kept = [name for name, x in zip(names, held, strict=True) if _may_be(x)]
            names = self._names[kind] = kept
        found: list[torch.Tensor] = []
        for name in names:
            try:
                x = getattr(grad_fn, name)
            except RuntimeError:  # changed in place since
                continue
            if isinstance(x, torch.Tensor):
                found.append(x)
            elif type(x) is tuple:
                found += [item for item in x if isinstance(item, torch.Tensor)]
        return found


def _may_be(x: Any) -> bool:
    """Return whether an attribute may hold tensors, also where it holds none now."""
    return x is None or isinstance(x, torch.Tensor) or (type(x) is tuple and not _is_plain(x))


def _is_plain(x: tuple[Any, ...]) -> bool:
    return bool(x) and all(isinstance(item, int) for item in x)
