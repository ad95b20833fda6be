"""The differences between two traces, node by node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeAlias, get_args

import numpy as np

from autograd_tools import Trace
from autograd_tools.tracing.columns import Argument
from viewer.comparing.align import FLOATS, align
from viewer.comparing.tolerance import Tolerance
from viewer.options import Mark


class Rewired(NamedTuple):
    """An input of a node: `old` in `a`, `new` in `b`, which was `before` in `a`."""

    old: int
    new: int
    before: int


ChangeText: TypeAlias = str | Rewired


@dataclass(frozen=True)
class Differences:
    """Two traces, and the ids of their nodes in pairs: in `a`, and in `b`.

    By the id in `b`, `changed` lists changes of the operation, and `numbers` those of values and
    gradients; `follow` holds the nodes whose numbers differ as a consequence of other changes.
    """

    a: Trace
    b: Trace
    pairs: dict[int, int]
    changed: dict[int, list[ChangeText]]
    numbers: dict[int, list[str]]
    follow: frozenset[int]

    @property
    def equal(self) -> bool:
        """True if there is no difference."""
        return self.is_same_structure and not self.numbers

    @property
    def is_across(self) -> bool:
        """True if two engines made the traces: their names and constants are not compared."""
        return self.a.columns.engine != self.b.columns.engine

    @property
    def is_same_structure(self) -> bool:
        """True if nothing differs but numbers."""
        return not (self.added or self.removed or self.changed)

    @property
    def precisions(self) -> list[str]:
        """The changes of precision between two engines, such as "float64 → float32"."""
        left, right = self.a.columns.value, self.b.columns.value
        pairs = {(left.dtype[old - 1], right.dtype[new - 1]) for old, new in self.pairs.items()}
        return sorted(f"{x} → {y}" for x, y in pairs if self.is_across and _is_precision(x, y))

    @cached_property
    def removed(self) -> list[int]:
        """The ids in `a` of nodes that are not in `b`."""
        return [id for id in range(1, len(self.a) + 1) if id not in self.pairs]

    @cached_property
    def added(self) -> list[int]:
        """The ids in `b` of nodes that are not in `a`."""
        return sorted(set(range(1, len(self.b) + 1)) - set(self.pairs.values()))

    @cached_property
    def direct(self) -> dict[int, Mark]:
        """The nodes that differ by themselves, by the ids in `b`.

        An operation in the place of another, or with other arguments, is "changed"; one and the
        same that computes other numbers has "numbers".
        """
        own = sorted(self.changed.keys() | (self.numbers.keys() - self.follow))
        return {id: "changed" if id in self.changed else "numbers" for id in own}

    @cached_property
    def counts(self) -> dict[Mark, int]:
        """The numbers of nodes that differ by themselves."""
        own = Counter(self.direct.values())
        apart = {"added": len(self.added), "removed": len(self.removed)}
        return {mark: apart.get(mark, own[mark]) for mark in get_args(Mark)}

    @property
    def consequences(self) -> list[int]:
        """The ids in `b` of nodes that differ as a consequence of others alone."""
        return sorted(self.follow - self.direct.keys())


def differences(a: Trace, b: Trace, tolerance: Tolerance) -> Differences:
    """Find the differences between two traces."""
    pairs = align(a, b)
    backwards = {new: old for old, new in pairs.items()}
    texts = {new: [*_structure(a, b, old, new, pairs, backwards)] for old, new in pairs.items()}
    changed = {new: found for new, found in texts.items() if found}
    rows, others = (np.array(list(ids), int) - 1 for ids in (pairs, backwards))
    numbers: dict[int, list[str]] = {}
    differing: list[set[int]] = []
    for name, left, right in (
        ("value", a.columns.value, b.columns.value),
        ("∇", a.columns.outgrad, b.columns.outgrad),
    ):
        apart = np.flatnonzero(tolerance.apart(left, right, rows, others))
        for row, other in zip(rows[apart].tolist(), others[apart].tolist(), strict=True):
            numbers.setdefault(other + 1, []).append(
                f"{name} {tolerance.figure(left, right, row, other)}"
            )
        differing.append(set((others[apart] + 1).tolist()))
    odd = _odd(a, b, pairs, backwards) | changed.keys()
    follow = _following(b, odd, *differing)
    return Differences(a, b, pairs, changed, numbers, follow)


# Changes besides numbers.


def _structure(
    a: Trace, b: Trace, old: int, new: int, pairs: dict[int, int], backwards: dict[int, int]
) -> Iterator[ChangeText]:
    """Yield the changes of operation, name, shape, dtype, gradient, constants and inputs."""
    before, after = (
        a.columns.signatures[a.columns.signature[old - 1]],
        b.columns.signatures[b.columns.signature[new - 1]],
    )
    if before.op != after.op:
        yield f"op {before.op} → {after.op}"
    is_across = a.columns.engine != b.columns.engine
    if before.name != after.name and not is_across:
        yield f"name {before.name or 'none'} → {after.name or 'none'}"
    left, right = a.columns.value, b.columns.value
    if left.there[old - 1] and right.there[new - 1]:
        x, y = left.forms[left.form[old - 1]], right.forms[right.form[new - 1]]
        if x.shape != y.shape:
            yield f"shape {_shape(x.shape)} → {_shape(y.shape)}"
        if x.dtype != y.dtype and not (is_across and _is_precision(x.dtype, y.dtype)):
            yield f"dtype {x.dtype or 'none'} → {y.dtype or 'none'}"
    had, has = a.columns.outgrad.there[old - 1], b.columns.outgrad.there[new - 1]
    if had != has:
        yield "∇ there → none" if had else "∇ none → there"
    if before.args != after.args and not is_across:
        yield from _constants(a[old].args, b[new].args)
    for was, now in zip(a.columns.parents[old - 1], b.columns.parents[new - 1], strict=False):
        if pairs.get(was) != now and was in pairs and now in backwards:  # others are listed
            yield Rewired(was, now, backwards[now])


def _is_precision(x: str | None, y: str | None) -> bool:
    """Return whether two dtypes are floats of another precision."""
    return x != y and {x, y} <= FLOATS


def _constants(before: tuple[Argument, ...], after: tuple[Argument, ...]) -> Iterator[str]:
    for number in range(max(len(before), len(after))):
        x, y = (args[number] if number < len(args) else None for args in (before, after))
        if x and y and x.nodes and y.nodes and x.keyword == y.keyword:
            continue  # inputs are compared apart
        old, new = _argument(x), _argument(y)
        if old != new:
            yield f"[{number + 1}] {old} → {new}"


def _argument(arg: Argument | None) -> str:
    return "none" if arg is None else f"{arg.keyword}={arg.text}" if arg.keyword else arg.text


def _shape(shape: tuple[int, ...] | None) -> str:
    return "none" if shape is None else "×".join(map(str, shape)) or "()"


# Consequences.


def _odd(a: Trace, b: Trace, pairs: dict[int, int], backwards: dict[int, int]) -> set[int]:
    """Return the nodes of `b` that are added, or had a removed parent or child."""
    found = set(range(1, len(b) + 1)) - backwards.keys()
    for id in range(1, len(a) + 1):
        if id not in pairs:
            around = (*a.columns.parents[id - 1], *a.columns.children[id - 1])
            found.update(pairs[other] for other in around if other in pairs)
    return found


def _following(b: Trace, odd: set[int], values: set[int], gradients: set[int]) -> frozenset[int]:
    """Return the nodes whose numbers differ as a consequence of others.

    Values follow from parents, gradients from children. A difference may be too small to count on
    the way, so it passes through nodes that count as equal.
    """
    parents, children = b.columns.parents, b.columns.children
    follow: set[int] = set()
    touched = [False] * (len(b) + 1)
    for id in range(1, len(b) + 1):
        before = id in odd or any([touched[parent] for parent in parents[id - 1]])
        touched[id] = before or id in values
        if before and id in values:
            follow.add(id)
    back = list(touched)
    for id in range(len(b), 0, -1):
        after = id in odd or any([back[child] for child in children[id - 1]])
        back[id] |= after or id in gradients
        if after and id in gradients and id not in values:
            follow.add(id)
    return frozenset(follow)
