"""The bytes that live at each moment of a gradient, with or without checkpoints."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from viewer.profiles.memory_use.node_sizes import bytes_of_nodes
from viewer.profiles.memory_use.recorded import Recorded


@dataclass(frozen=True)
class Region:
    """A part of a program that a checkpoint runs twice: rows `first` to `last`.

    It saves the buffers `inputs`, and those of the rows `outputs`, which others use.
    """

    first: int
    last: int
    inputs: frozenset[int]
    outputs: tuple[int, ...]


class Reached(Exception):  # noqa: N818  no error: the moment to look at
    """The moment at which a course was to stop."""


class Course:
    """A walk through a gradient that holds and drops buffers as the engine does.

    `bytes` are the live bytes of arrays at each moment, `nodes` about those of the tape's nodes,
    and `moments` the row, negative in the backward pass, where row -1 is the first. With `stop`,
    the walk ends at that moment.
    """

    def __init__(
        self, work: Recorded, regions: Sequence[Region] = (), stop: int | None = None
    ) -> None:
        self.work = work
        self.buffers = work.buffers
        self.live = 0
        self._live_nodes = self._live_arrays = 0
        self.bytes: list[int] = []
        self.nodes: list[int] = []
        self.moments: list[int] = []
        self.saving: dict[int, None] = {}  # rows whose arrays are saved
        self.given: dict[int, None] = {}  # rows that have a gradient
        self._stop = stop
        self._sizes = self.buffers.nbytes * 2  # a second of each, made again by a checkpoint
        self._count = [0] * len(self._sizes)
        self._regions = {region.first: region for region in regions}
        self._ends = {region.last: region for region in regions}
        self._sums: set[int] = set()  # rows whose gradient is a sum in memory of its own
        self._parts: dict[int, list[int]] = {}  # by row of a pytree, the gradients of its items
        self._uses = Counter(parent for own in work.parents for parent in own)
        self._late: set[int] = set()  # rows whose gradient is a view so far, and a sum later
        self._before = 0  # what lingers from the row before
        self._lingers = 0  # bytes of the last gradient that was added to another
        self._released: list[list[int]] = [[] for _ in work.parents]
        for row, last in enumerate(work.last_use):
            if row != work.result:
                self._released[last].append(row)

    def run(self) -> Course:
        """Walk through the gradient."""
        with suppress(Reached):
            self._walk()
        return self

    def _walk(self) -> None:
        row, result = 0, self.work.result
        while row <= result:
            region = self._regions.get(row)
            if region is None:
                self._forward(row)
                row += 1
            else:
                self._checkpoint(region)
                row = region.last + 1
        self._hold(self.buffers.outgrad.get(result, ()))
        self.given[result] = None
        while row > 0:
            row -= 1
            region = self._ends.get(row)
            if region is None:
                self._backward(row, None, {})
            else:
                self._again(region)
                row = region.first
        if self.work.keeps:  # where leaves have gradients of their own
            for leaf in self._parts:
                self._hold(self.buffers.outgrad.get(leaf, ()))
        self._mark(-1)

    @property
    def whole(self) -> list[int]:
        """The live bytes at each moment, with those of nodes."""
        return [*map(operator.add, self.bytes, self.nodes)]

    def holds(self, number: int) -> bool:
        """Return whether a buffer is held."""
        return self._count[number] > 0

    def gradient(self, row: int) -> Sequence[int]:
        """Return the buffers of the gradient that a row has so far."""
        if row in self._late:
            return ()
        return self._parts.get(row) or self.buffers.outgrad.get(row, ())

    # Steps.

    def _forward(self, row: int, inside: Region | None = None, again: int = 0) -> None:
        """Compute a row; drop the values that nothing needs from here on."""
        self._live_nodes += 1
        self._hold(self._value(row, inside, again))
        self._hold(self._saved(row, inside, again))
        self.saving[row] = None
        self._mark(row)
        for old in self._released[row]:
            if inside is not None and inside.first <= old:
                self._drop(self._value(old, inside, again))
            elif not self.work.keeps and not again:
                self._drop(self._value(old))

    def _checkpoint(self, region: Region) -> None:
        """Compute a region, and save only its inputs and outputs."""
        rows = range(region.first, region.last + 1)
        for row in rows:
            self._forward(row, region)
        self._live_nodes -= len(rows) - 1  # the call is a node
        self._hold(self._ends_of(region))
        for row in rows:
            self._drop(self._saved(row, region, 0))
            del self.saving[row]

    def _again(self, region: Region) -> None:
        """Compute a region again, and pass gradients back through it."""
        again = len(self.buffers.nbytes)
        rows = range(region.first, region.last + 1)
        for row in rows:
            self._forward(row, region, again)
        self._mark(-1 - region.last, sum(map(self._compared, region.outputs)))
        for row in region.outputs:
            self._drop(self._value(row, region, again))
        extra: dict[int, int] = {}
        for row in reversed(rows):
            self._backward(row, region, extra)
        for parent, size in extra.items():  # gradients of inputs that had one already
            if size:
                self._add(parent, 0)
                self.live -= size
        if not self.work.keeps:
            self._live_nodes -= 1
            for row in region.outputs:
                self._drop_gradient(row)
            self._drop(self._ends_of(region))

    def _backward(self, row: int, inside: Region | None, extra: dict[int, int]) -> None:
        """Pass the gradient of a row on to its parents."""
        again = 0 if inside is None else len(self.buffers.nbytes)
        if row in self.given and not self.work.is_leaf[row]:
            parents, self._before = self.work.parents[row], self._lingers
            self._lingers = 0
            for parent, size in zip(parents, self.work.temporaries[row], strict=True):
                apart = inside is not None and parent < inside.first and parent not in extra
                self._give(row, parent, size, extra if apart else None)
        if not self.work.keeps or inside is not None:
            self._live_nodes -= 1
            self._drop(self._saved(row, inside, again))
            self.saving.pop(row, None)
            if inside is None or row not in inside.outputs:
                self._drop_gradient(row)

    def _give(self, row: int, parent: int, size: int, extra: dict[int, int] | None) -> None:
        """Give a parent a gradient, for which its rule allocates `size` bytes at most.

        `extra` is for one that may not be added to what the parent has yet.
        """
        adds = row in self.work.adds
        in_place = adds and parent in self._sums and extra is None
        self._mark(-1 - row, self._before + (0 if in_place else size))
        own = min(size, self.work.gradient_bytes[parent])  # nothing for a view
        if self.work.is_tree[parent]:
            self._add_part(parent, row)
        elif parent not in self.given:
            self.given[parent] = None
            if own == 0 and self._uses[parent] > 1:
                self._late.add(parent)
            if extra is not None:
                extra[parent] = 0
            self._hold(self.gradient(parent))
        elif extra is not None:
            extra[parent] = own
            self.live += own
        elif not in_place:
            self._add(parent, own)
        if adds:
            self._sums.add(parent)

    def _add(self, parent: int, size: int) -> None:
        """Add a gradient of `size` bytes to one that a row has; the first sum is a new array."""
        new = 0 if parent in self._sums else self.work.gradient_bytes[parent]
        self._sums.add(parent)
        self._mark(-1 - parent, size + new)
        self._lingers = size
        if parent in self._late:
            self._late.remove(parent)
            self._hold(self.gradient(parent))

    def _add_part(self, parent: int, row: int) -> None:
        """Put the gradient of an item into that of its pytree."""
        own = self.buffers.outgrad.get(row, ())
        self.given[parent] = None
        self._parts.setdefault(parent, []).extend(own)
        self._hold(own)

    # Buffers.

    def _compared(self, row: int) -> int:
        """Return the bytes that a comparison of a value with the one made again takes."""
        return sum(self._sizes[number] for number in self._value(row)) // 8

    def _value(self, row: int, inside: Region | None = None, again: int = 0) -> Iterable[int]:
        own = self.buffers.value.get(row, ())
        return [self._made(number, inside, again) for number in own] if again else own

    def _saved(self, row: int, inside: Region | None, again: int) -> Iterable[int]:
        own = self.buffers.saved.get(row, ())
        return [self._made(number, inside, again) for _, number in own]

    def _made(self, number: int, inside: Region | None, again: int) -> int:
        """Return the number of a buffer, or of the one made in its place."""
        return number if inside is None or number in inside.inputs else number + again

    def _ends_of(self, region: Region) -> list[int]:
        outputs = [number for row in region.outputs for number in self.buffers.value.get(row, ())]
        return [*region.inputs, *outputs]

    def _drop_gradient(self, row: int) -> None:
        if row in self.given and not self.work.is_leaf[row]:
            del self.given[row]
            self._drop(self.gradient(row))
            self._parts.pop(row, None)

    def _hold(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            if self._count[number] == 0:
                self.live += self._sizes[number]
                self._live_arrays += 1
            self._count[number] += 1

    def _drop(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._count[number] -= 1
            if self._count[number] == 0:
                self.live -= self._sizes[number]
                self._live_arrays -= 1

    def _mark(self, moment: int, more: int = 0) -> None:
        self.bytes.append(self.live + more)
        held = self._live_nodes, self._live_arrays
        frees = self.buffers.frees
        self.nodes.append(0 if frees else bytes_of_nodes(*held, keeps=self.work.keeps))
        self.moments.append(moment)
        if self._stop == len(self.bytes) - 1:
            raise Reached
