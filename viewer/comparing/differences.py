"""The differences between two traces, node by node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from autograd_tools import Trace
from autograd_tools.tracing.columns import Argument
from viewer.comparing.align import align
from viewer.comparing.tolerance import Tolerance


@dataclass(frozen=True)
class Differences:
    """Two traces, and the ids of their nodes in pairs: in `a`, and in `b`.

    By the id in `b`, `changed` lists changes of the structure, and `numbers` those of values and
    gradients; `follow` holds the nodes whose numbers differ as a consequence of other changes.
    """

    a: Trace
    b: Trace
    pairs: dict[int, int]
    changed: dict[int, list[str]]
    numbers: dict[int, list[str]]
    follow: frozenset[int]

    @property
    def equal(self) -> bool:
        """True if there is no difference."""
        return not (self.added or self.removed or self.changed or self.numbers)

    @cached_property
    def removed(self) -> list[int]:
        """The ids in `a` of nodes that are not in `b`."""
        return [id for id in range(1, len(self.a) + 1) if id not in self.pairs]

    @cached_property
    def added(self) -> list[int]:
        """The ids in `b` of nodes that are not in `a`."""
        return sorted(set(range(1, len(self.b) + 1)) - set(self.pairs.values()))

    @cached_property
    def listed(self) -> list[int]:
        """The ids in `b` of nodes that changed directly."""
        return sorted(self.changed.keys() | (self.numbers.keys() - self.follow))


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
) -> Iterator[str]:
    """Yield the changes of operation, name, shape, dtype, gradient, constants and inputs."""
    before, after = (
        a.columns.signatures[a.columns.signature[old - 1]],
        b.columns.signatures[b.columns.signature[new - 1]],
    )
    if before.op != after.op:
        yield f"op {before.op} → {after.op}"
    if before.name != after.name:
        yield f"name {before.name or 'none'} → {after.name or 'none'}"
    left, right = a.columns.value, b.columns.value
    x, y = left.forms[left.form[old - 1]], right.forms[right.form[new - 1]]
    if left.there[old - 1] and right.there[new - 1]:
        if x.shape != y.shape:
            yield f"shape {_shape(x.shape)} → {_shape(y.shape)}"
        if x.dtype != y.dtype:
            yield f"dtype {x.dtype or 'none'} → {y.dtype or 'none'}"
    had, has = a.columns.outgrad.there[old - 1], b.columns.outgrad.there[new - 1]
    if had != has:
        yield "∇ there → none" if had else "∇ none → there"
    if before.args != after.args:
        yield from _constants(a[old].args, b[new].args)
    for x, y in zip(a.columns.parents[old - 1], b.columns.parents[new - 1], strict=False):
        if (
            pairs.get(x) != y and x in pairs and y in backwards
        ):  # added and removed nodes are listed
            yield f"input from node {x} → node {y} (before: {backwards[y]})"


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
