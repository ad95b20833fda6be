"""Differentiation of a recording: its backward pass, with hooks and listeners, and its leaves."""

from __future__ import annotations

from typing import Any

from numpy import ndarray

from autograd_tools.base.traced import Traced
from autograd_tools.engine import assigned
from autograd_tools.engine.backward import fast_backward
from autograd_tools.engine.changes import check_unchanged
from autograd_tools.engine.float_warnings import at_user
from autograd_tools.engine.hooks import call_hooks, hooked
from autograd_tools.engine.listeners import Heard, listeners, telling
from autograd_tools.engine.recording import Recording
from autograd_tools.engine.rule_errors import note_rule
from autograd_tools.engine.rule_sites import rules_located
from autograd_tools.engine.saved import FLOATS, kept_bytes, tape_bytes
from autograd_tools.engine.state import innermost_open, is_outermost
from autograd_tools.engine.structure import facts_of, unread
from autograd_tools.engine.timed_backward import timed_backward
from autograd_tools.engine.values import Result, unwrap
from autograd_tools.location.call_site import unrecorded_site
from autograd_tools.timing import instrument as timing


def differentiate(recording: Recording, index: int, seed: Any, y: Any = None) -> None:
    """Run the backward pass from the entry at `index`, whose outgrad is the cotangent `seed`.

    Entries after `index` are dropped. Listeners hear of its value `y`, which the entry may lack.
    """
    if listeners and not telling.get() and innermost_open() is None:
        return _differentiate_heard(recording, index, seed, y)
    if recording.moment != assigned.writes and recording.leaves:
        assigned.refuse_written(recording)
    if recording.noted:
        check_unchanged(recording, index)
    try:
        try:
            at_user(_complete, recording, index, seed)
        except BaseException as error:
            if isinstance(error, Exception):
                note_rule(error, recording)
            _forget(recording)
            raise
    except BaseException:
        _forget(recording)
        raise
    return None


def _differentiate_heard(recording: Recording, index: int, seed: Any, y: Any) -> None:
    """Do `differentiate`, and tell the listeners."""
    start = timing.timer.clock()
    try:
        try:
            telling.set(True)
            differentiate(recording, index, seed, y)
        finally:
            telling.set(False)
    finally:
        telling.set(False)
    heard = Heard(recording, unwrap(y), recording.forward_ns, timing.timer.clock() - start)
    recording.forward_ns = 0  # the next pass over the same operations has no forward pass
    for callback in tuple(listeners.values()):
        callback(heard)


def _forget(recording: Recording) -> None:
    """Forget the gradients: half of them would look complete."""
    recording.running = recording.result = None
    recording.outgrads = []


def _complete(recording: Recording, index: int, seed: Any) -> None:
    del recording.entries[index + 1 :]
    if recording.notes is not None:
        del recording.notes[index + 1 :]
    recording.result = index
    recording.outgrads, recording.exclusive = [None] * (index + 1), set()
    recording.outgrads[index] = seed
    if timing.KEPT and timing.timer.enabled:
        timing.note_kept(recording, kept_bytes)
    outer = None if is_outermost() else innermost_open()
    if timing.SHAPES and outer is None:
        _look(recording, index)
    if outer is None or outer.locator is None:
        _backward_with_hooks(recording, index)
    else:
        with rules_located(recording):
            _backward_with_hooks(recording, index)
    _own_leaves(recording, seed)


def _look(recording: Recording, index: int) -> None:
    """Let the timer look at the structure of a gradient, and at its tape."""
    is_tape = recording.asked is not None
    timing.timer.look(
        index + 1,
        lambda: facts_of(recording.entries, recording.notes),
        (lambda: unread(recording)) if is_tape else None,
    )
    if is_tape:
        site = unrecorded_site(outside=True)
        timing.timer.note_tape((site.file, site.line), recording, tape_bytes)


def _backward_with_hooks(recording: Recording, index: int) -> None:
    """Run the backward pass, with a stop at each complete outgrad that has hooks."""
    run = recording.backward_pass or (timed_backward if timing.ENABLED else fast_backward)
    for place, like, functions in hooked(recording, index):
        run(recording, index, place + 1)
        recording.running = None
        recording.outgrads[place] = call_hooks(recording.outgrads[place], like, functions)
        index = place
    run(recording, index, 0)
    recording.running = None
    if recording.hooks is not None and not recording.retain:
        recording.hooks = None  # they may refer to the recording, and a cycle is freed late


def _own_leaves(recording: Recording, seed: Any) -> None:
    """Give each leaf a gradient of its own: no view, and no array of another node or the seed."""
    entries, outgrads = recording.entries, recording.outgrads
    others = {id(seed)} if type(seed) is not list else set(map(id, seed))
    if recording.retain:
        pairs = zip(entries, outgrads, strict=True)
        others.update([id(dx) for entry, dx in pairs if entry[0] is not None])
    for index in (*recording.inputs, *recording.leaves.values()):
        if index < len(outgrads):
            outgrads[index] = _own(outgrads[index], others)


def _own(dx: Any, others: set[int]) -> Any:
    """Return `dx` with its arrays copied where they are views or their ids are in `others`."""
    if type(dx) is ndarray or (type(dx) is Traced and isinstance(dx, ndarray)):
        dx = dx.copy() if dx.base is not None or id(dx) in others else dx
        others.add(id(dx))
    elif type(dx) in FLOATS or type(dx) is Result:
        return dx
    elif isinstance(dx, dict):
        return {key: _own(item, others) for key, item in dx.items()}
    elif isinstance(dx, (list, tuple)):
        return type(dx)([_own(item, others) for item in dx])
    return dx
