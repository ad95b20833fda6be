"""Arrays that change between their use and the gradient: copies, fingerprints and the error.

A recording copies small constants that a rule reads, so that writing into a buffer changes no
gradient. Of larger constants, of leaves and of values that the user can write into, it notes a
fingerprint: some elements, or all of them under `check=True`. The backward pass compares them.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from autograd_tools.base.containers import is_container, tree_leaves
from autograd_tools.base.text import one_line
from autograd_tools.engine.checks import Check, CheckError
from autograd_tools.engine.describe import describe
from autograd_tools.engine.primitives import VALUE
from autograd_tools.engine.values import Param, Result, unwrap
from autograd_tools.location.call_site import NOWHERE, CallSite
from autograd_tools.location.source_lines import code_at
from autograd_tools.location.users_code import is_users

SMALL = 4096  # bytes; a larger array costs more to copy than to sample
SAMPLE = 16  # elements, about, that stand for a large array
MUTABLE = frozenset({ndarray, list, tuple, dict})  # or may hold something mutable
MOST_SAMPLED = 32  # large constants of a recording, so that a long loop does not pay for each
MOST = 10  # changed arrays listed in a message


class Change(NamedTuple):
    """An array that changed: the argument and operation that read it, and the user's call."""

    argument: str
    array: str
    name: str
    site: CallSite


# An array that may change: (index, array, fingerprint, shared, name). The entry at `index` reads it
# or, with `shared`, any later entry may. `name` is the user's variable, if it was looked for. A
# plain tuple, because each large constant makes one.
Noted = tuple[int, ndarray[Any, Any], bytes, bool, str]


def kept(recording: Any, x: Any) -> Any:
    """Return what the next entry saves of a constant that a rule reads: a copy if it is small."""
    kind = type(x)
    if kind is ndarray:
        if x.nbytes <= recording.small:
            return x.copy("K")
        if recording.check is not None or recording.sampled == MOST_SAMPLED:
            return x
        recording.sampled += 1
        recording.noted.append((len(recording.entries), x, fingerprint(x), False, ""))
        return x
    if kind is list or (kind is tuple and any([type(item) in MUTABLE for item in x])):
        return kind([kept(recording, item) for item in x])
    return {key: kept(recording, item) for key, item in x.items()} if kind is dict else x


def kept_options(recording: Any, kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `kept` of each keyword argument."""
    for arg in kwargs.values():
        if type(arg) in MUTABLE:
            return {name: kept(recording, arg) for name, arg in kwargs.items()}
    return kwargs


def note_shared(recording: Any, index: int, x: Any) -> None:
    """Note the arrays of a leaf, or of a value that the user can write into."""
    if recording.check is not None:
        return
    if type(x) is ndarray:
        recording.noted.append((index, x, fingerprint(x), True, ""))
    elif type(x) is not Result and is_container(x):
        for leaf in tree_leaves(x):
            if type(leaf) is ndarray:
                recording.noted.append((index, leaf, fingerprint(leaf), True, ""))


def fingerprint(x: ndarray[Any, Any]) -> bytes:
    """Return the bytes of all of a small array, some elements of a large one."""
    return sample_of(x).tobytes()


def sample_of(x: ndarray[Any, Any]) -> ndarray[Any, Any]:
    """Return all of a small array, a view of some elements of a large one."""
    return x if x.nbytes <= SMALL else x[_sample(x.shape)]


@functools.lru_cache(1024)
def _sample(shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Return the index of about `SAMPLE` elements, spread over an array."""
    per_axis = round(SAMPLE ** (1 / len(shape)))
    return tuple([slice(None, None, max(1, n // per_axis)) for n in shape])


def exact_fingerprint(x: ndarray[Any, Any]) -> bytes:
    """Return a hash of all elements."""
    import hashlib

    return hashlib.blake2b(x.tobytes(), digest_size=16).digest()


class Checked(list[Any]):
    """The entries of a recording under `check=True`: each array that a rule reads is noted."""

    def __init__(self, noted: list[Noted] | None) -> None:
        super().__init__()
        self.noted = noted  # None notes nothing

    def append(self, entry: Any) -> None:
        """Append an entry, and note its arrays."""
        index = len(self)
        super().append(entry)
        if self.noted is not None:
            for _, array in _read_arrays(entry):
                name = _variable(array, sys._getframe(1))
                self.noted.append((index, array, exact_fingerprint(array), False, name))


def _variable(array: ndarray[Any, Any], frame: FrameType | None) -> str:
    """Return the name of a variable that holds `array`, in the user's frames above `frame`."""
    while frame is not None:
        if is_users(frame):
            for name, x in (*frame.f_locals.items(), *frame.f_globals.items()):
                if x is array:
                    return name
        frame = frame.f_back
    return ""


def _read_arrays(entry: Any) -> Iterator[tuple[str, ndarray[Any, Any]]]:
    """Yield the arrays that the rules of an entry may read, with a label."""
    plan, y, args, kwargs, _ = entry
    if plan is None:
        return
    name = plan.primitive.name
    read = [(f"{name}[{i + 1}]", x) for i, x in enumerate(args) if plan.needs(i)]
    read += [(f"{name}({key}=)", x) for key, x in kwargs.items()]
    if plan.needs(VALUE):
        read.append((f"the value of {name}", y))
    for label, x in read:
        for leaf in tree_leaves(unwrap(x)):
            if isinstance(leaf := unwrap(leaf), ndarray):
                yield label, leaf


def check_unchanged(recording: Any, index: int) -> None:
    """Raise a CheckError if a rule of the gradient of `index` reads a changed array."""
    changed = []
    for noted in recording.noted:
        x = noted[1]
        if x.nbytes <= recording.small:
            same = x.tobytes() == noted[2]
        else:
            current = fingerprint if recording.check is None else exact_fingerprint
            same = current(x) == noted[2]
        if not same:
            changed.append(noted)
    if changed:
        found = dict(_changes(recording, index, changed))
        if found:
            several = len(set(found.values())) > 1
            error = CheckError(_message(list(found), several), list(found))
            (recording.check or Check()).fault(error)
    if not recording.retain:
        recording.noted = []  # they keep arrays alive


def _changes(recording: Any, index: int, changed: list[Noted]) -> Iterator[tuple[Change, int]]:
    """Yield the changed arrays that the gradient of the entry at `index` reads, with their ids."""
    for i in _reached(recording.entries, index):
        for label, array in _read_arrays(recording.entries[i]):
            for start, x, _, shared, name in changed:
                if (shared and start <= i and np.may_share_memory(x, array)) or (
                    start == i and x is array
                ):
                    site = NOWHERE if recording.notes is None else recording.notes[i]
                    variable = name or _leaf_name(recording.entries[start])
                    yield Change(label, describe(array), variable, site), id(x)
                    break


def _reached(entries: list[Any], index: int) -> list[int]:
    """Return the indices of the entries that a gradient may reach, oldest first."""
    reached, waiting = {index}, [index]
    while waiting:
        parents = list(entries[waiting.pop()][4])
        while parents:
            parent = parents.pop()
            if type(parent) is tuple:
                parents.extend(parent)
            elif parent is not None and parent not in reached:
                reached.add(parent)
                waiting.append(parent)
    return sorted(reached)


def _leaf_name(entry: Any) -> str:
    """Return the name of a Param or an argument, possibly empty."""
    if entry[0] is not None:
        return ""
    held = entry[2][0]
    return held.name or "" if isinstance(held, Param) else held


def _message(changes: list[Change], several: bool) -> str:
    names = [change.name for change in changes if change.name]
    lines = [
        f"{'arrays' if several else 'an array'} changed between {'their' if several else 'its'} "
        "use and the gradient, which would be wrong; use a copy, such as "
        f"{names[0] if names else 'buffer'}.copy()"
    ]
    for change in changes[:MOST]:
        variable = f", {change.name}" if change.name else ""
        lines.append(f"  {change.argument}{variable}: {change.array}")
        if change.site.file:
            code = code_at(change.site.file, change.site.line)
            lines.append(f"    at {change.site.file}:{change.site.line} in {change.site.function}")
            lines += [f"      {code}"] if code else []
    if len(changes) > MOST:
        lines.append(f"  and {len(changes) - MOST} more")
    if not any(change.site.file for change in changes):
        lines.append("ag.diff(f, check=True) names the line")
    return "\n".join(map(one_line, lines))
