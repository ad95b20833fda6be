"""Bytes that operations of PyTorch save for the backward pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch

from autograd_tools.tracing.buffers import Buffers, Rows
from viewer.adapters.recorder import BackwardPass, OpCall, Pieces
from viewer.adapters.torch.operations import bytes_of

OUTSIDE = -1  # the number of memory from before
PREFIX = "_saved_"
Tops = torch._C._autograd


class Memory:
    """The numbers of pieces of memory, by their address, and their bytes."""

    def __init__(self) -> None:
        self.nbytes: list[int] = []
        self.number: dict[int, int] = {}

    def of(self, x: torch.Tensor, *, is_new: bool = False) -> int:
        """Return the number of the memory of a tensor; memory at an old address may be new."""
        address, nbytes = _memory_of(x)
        number = self.number.get(address)
        if number == OUTSIDE and not is_new:
            return OUTSIDE
        if number is None or is_new or self.nbytes[number] != nbytes:
            number = self.number[address] = len(self.nbytes)
            self.nbytes.append(nbytes)
        return number

    def buffers(self, done: BackwardPass, calls: Sequence[OpCall]) -> Buffers:
        """Return the buffers of the calls of a trace, with those of their gradients."""
        value: Rows = {}
        outgrad: Rows = {}
        saved: dict[int, tuple[tuple[int, int], ...]] = {}
        packed = 0
        gradients = Memory()
        gradients.nbytes = [*self.nbytes]
        for row, call in enumerate(calls):
            own, kept_back = call.pieces or ((), ())
            if own:
                value[row] = own
            packed += kept_back is None
            if kept_back:
                saved[row] = kept_back
            kept = done.outgrads.get(call, (None, None))[1]
            if kept is not None:
                outgrad[row] = (gradients.of(kept[0]),)
        return Buffers(gradients.nbytes, value, outgrad, saved, True, packed)


def _memory_of(x: torch.Tensor) -> tuple[int, int]:
    """Return the address and the bytes of the memory of a tensor."""
    try:
        storage = x.untyped_storage()
        return storage.data_ptr() or -id(x), storage.nbytes()
    except (NotImplementedError, RuntimeError):  # a sparse one, or one of a transform
        return -id(x), bytes_of(x)


def _address(x: torch.Tensor) -> int:
    return _memory_of(x)[0]


class SavedBytes:
    """Counts each saved tensor once, for the oldest operation that saves it, until `clear`.

    Leaves and arguments without a gradient exist anyway. Where hooks pack saved tensors, as in a
    checkpoint, nothing is counted: to look would unpack them.
    """

    def __init__(self) -> None:
        self._names: dict[type, list[str]] = {}
        self._seen: set[int] = set()
        self.memory = Memory()

    def clear(self) -> None:
        """Begin another gradient."""
        self._seen.clear()
        self.memory = Memory()

    def count(self, grad_fns: Iterable[Any], args: Sequence[Any]) -> int:
        """Return the bytes that new grad_fns of a call save, 0 if its tensors have no address."""
        if Tops._top_saved_tensors_default_hooks(True) is not None:
            return 0
        total = 0
        try:
            for x in args:
                if isinstance(x, torch.Tensor) and x.grad_fn is None:
                    self._seen.add(x.data_ptr())
            for grad_fn in grad_fns:
                for x in self._tensors(grad_fn):
                    key = x.data_ptr()
                    if key not in self._seen and not (x.grad_fn is None and x.requires_grad):
                        self._seen.add(key)
                        total += bytes_of(x)
        except (NotImplementedError, RuntimeError):  # a sparse one, or one of a transform
            return 0
        return total

    def pieces(
        self, results: Iterable[torch.Tensor], grad_fns: Iterable[Any], args: Sequence[Any]
    ) -> Pieces:
        """Return the pieces of memory of the results of a call, and those that it saves.

        A saved one has the number of the argument, from 1, or 0 for another. They are None if hooks
        pack them.
        """
        where = {}
        for i, x in enumerate(args, 1):
            if isinstance(x, torch.Tensor):
                where[_address(x)] = i
                if x.grad_fn is None:
                    self.memory.number.setdefault(_address(x), OUTSIDE)
        own = [
            self.memory.of(x, is_new=_address(x) not in where and not x._is_view()) for x in results
        ]
        value = tuple([number for number in own if number != OUTSIDE])
        if Tops._top_saved_tensors_default_hooks(True) is not None:
            return value, None
        saved = dict[tuple[int, int], None]()
        for grad_fn in grad_fns:
            for x in self._tensors(grad_fn):
                if not (x.grad_fn is None and x.requires_grad):
                    saved[where.get(_address(x), 0), self.memory.of(x)] = None
        return value, tuple([pair for pair in saved if pair[1] != OUTSIDE])

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
