"""The call of a primitive: compute on the values below the innermost recording, then record.

`call` is the definition, for any arguments; `fast_calls.py` does the same for the most common
calls.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from threading import get_ident
from typing import Any

import numpy as np
from numpy import ndarray

from autograd_tools.base.containers import (
    LEAVES,
    children_of,
    is_constant_leaf,
    is_container,
    tree_leaves,
    with_children,
)
from autograd_tools.base.foreign import is_labelled, is_sparse, refuse_own_arithmetic
from autograd_tools.base.traced import Traced, plain_array
from autograd_tools.engine.blanks import blank_view
from autograd_tools.engine.detached import CALL_PATH, note_detached
from autograd_tools.engine.elsewhere import check_thread, use_plainly
from autograd_tools.engine.float_warnings import at_user
from autograd_tools.engine.foreign import to_arrays
from autograd_tools.engine.primitives import NoRuleError, PrimitiveData
from autograd_tools.engine.recording import NO_KWARGS, Recording, record
from autograd_tools.engine.state import following_params, is_outermost, live, open_tapes
from autograd_tools.engine.values import Blank, LostGradientError, Param, Result, Value, unwrap
from autograd_tools.location.call_site import unrecorded_site
from autograd_tools.timing import instrument as timing

CALL_PATH.add(__file__)

# No object of these types is a Value or holds one.
CONSTANTS = frozenset(
    {
        float,
        int,
        bool,
        complex,
        slice,
        str,
        type(None),
        np.ndarray,
        np.float64,
        np.float32,
        np.int64,
        Traced,
    }
)


def plain(x: Any) -> Any:
    """Return `x` with everything in it unwrapped."""
    if type(x) in CONSTANTS:
        return x
    if isinstance(x, Value):
        if isinstance(x, Result) and x.recording.writes is not None:
            x.recording.writes.check_parts(x)
        y = unwrap(x)
        return plain(y) if holds_tracked(y) else y
    if type(x) in (tuple, list):
        return type(x)([plain(item) for item in x])
    parts = children_of(x)
    return x if parts is None else with_children(x, [plain(part) for part in parts])


def is_constant(x: Any) -> bool:
    """Return True if `x` certainly holds no tracked value: a cheap test."""
    return type(x) in CONSTANTS or (
        type(x) is tuple and all([type(item) in CONSTANTS for item in x])
    )


def holds_tracked(x: Any) -> bool:
    """Return whether `x` is or contains a Param or a Result."""
    if type(x) in CONSTANTS:
        return False
    if type(x) in (tuple, list):
        return any([type(item) not in CONSTANTS and holds_tracked(item) for item in x])
    return isinstance(x, Value) or any([holds_tracked(part) for part in children_of(x) or ()])


def is_recorded(*args: Any) -> bool:
    """Return whether an open recording tracks anything in the arguments, also inside pytrees."""
    return any(
        [
            not is_constant(arg) and innermost(tree_leaves(arg), sequences=False) is not None
            for arg in args
        ]
    )


def innermost(args: Sequence[Any], sequences: bool) -> Recording | None:
    """Return the innermost open recording that tracks one of the arguments."""
    found: Recording | None = None
    for arg in args:
        if type(arg) in CONSTANTS:
            continue
        candidate = None
        if isinstance(arg, Value):
            tracked = live(arg)
            if isinstance(tracked, Value):
                candidate = tracked.recording if isinstance(tracked, Result) else following_params()
                check_thread(candidate, arg)
            elif open_tapes and isinstance(arg, Param):
                use_plainly(arg)
        elif sequences and isinstance(arg, (list, tuple)):
            candidate = innermost(arg, sequences)
        if candidate is not None and (found is None or candidate.serial > found.serial):
            found = candidate
    return found


def call(  # noqa: PLR0912  written out, because it is the definition
    primitive: PrimitiveData, args: tuple[Any, ...], kwargs: Mapping[str, Any] = NO_KWARGS
) -> Any:
    """Call a primitive, and record the call if an argument is tracked."""
    if kwargs and holds_tracked(kwargs):
        args, kwargs = _positional(primitive, args, kwargs)
    if not primitive.containers:
        unknown = [
            i
            for i, arg in enumerate(args)
            if type(arg) not in CONSTANTS and not isinstance(arg, Value)
        ]
        if unknown:
            other = _other_call(primitive, [args[i] for i in unknown])
            if other is not None:
                return other(primitive.func, args, kwargs)
            args = _without_containers(primitive, _converted(primitive, args, unknown))
    elif primitive.item_of is not None and (a := container(args[0])) is not None:
        return read_item(primitive, a, args[1])
    if kwargs and primitive.of_arrays:
        kwargs = {name: to_arrays(item) for name, item in kwargs.items()}
    recording = innermost(args, primitive.sequences)
    if recording is None:
        operands = [_operand(primitive, i, arg) for i, arg in enumerate(args)]
        y = at_user(_compute, primitive, operands, kwargs)
        if timing.LINES:
            timing.note_unrecorded(unrecorded_site(outside=is_outermost()))
        return y if Blank not in map(type, args) else blank_view(primitive, args, kwargs, y)
    lowered, positions, parents = [], [], []
    nested = False  # an outer recording tracks an argument, too
    for position, arg in enumerate(args):
        if type(arg) in CONSTANTS:
            lowered.append(arg)
            continue
        below, parent = _lower(recording, arg, primitive.sequences)
        nested = nested or (
            holds_tracked(below) if primitive.sequences else isinstance(below, Value)
        )
        if primitive.rule(position) is not None:
            if type(below) in (list, tuple) and not (primitive.sequences or primitive.containers):
                below = plain_array(below)  # where a rule expects an array, it gets one
            if parent is not None:
                positions.append(position)
                parents.append(parent)
        elif parent is not None and open_tapes:
            note_detached(f"{primitive.name}[{position + 1}]", (arg,))
        lowered.append(below)
    values = tuple(lowered)
    y = call(primitive, values, kwargs) if nested else _compute(primitive, values, kwargs)
    if not parents:
        return y
    return record(
        recording,
        (primitive.plan(*positions), y, values, primitive.seen_by_rules(kwargs), tuple(parents)),
    )


def container(x: Any) -> Result | None:
    """Return a recorded pytree as a Result of this thread, None for anything else."""
    recording = following_params() if isinstance(x, Param) else None
    if recording is not None:
        x = recording.track(x)
    return (
        x
        if isinstance(x, Result) and x.recording.owner == get_ident() and is_container(unwrap(x))
        else None
    )


def read_item(primitive: PrimitiveData, a: Result, key: Any) -> Any:
    """Return an item of a recorded pytree: a constant unchanged, anything else once for all reads.

    One Result per item lets all look-ups in an array of a dict accumulate into one gradient.
    """
    recording = a.recording
    known = recording.items.get(a.index)
    if known is None:
        known = recording.items[a.index] = {}
    place = None if type(key) in (slice, ndarray) else key
    if place in known:
        return known[place]
    y = primitive.forward(a.value, key)
    simple = type(y) in LEAVES
    if not simple and is_constant_leaf(y):
        return y
    made = record(recording, (primitive.plan(0), y, (a.value, key), NO_KWARGS, (a.index,)))
    if primitive.item_of is not None and not simple:
        made = primitive.item_of(made)
    if place is not None:
        known[place] = made
    return made


def _sparse_call(func: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
    raise TypeError(f"{func.__name__} of a sparse matrix has no gradient; write S.toarray()")


def set_sparse_call(call: Callable[..., Any]) -> None:
    """Pass each call of a NumPy function on a sparse matrix to `call(func, args, kwargs)`."""
    global _sparse_call
    _sparse_call = call


def _other_call(primitive: PrimitiveData, operands: Sequence[Any]) -> Callable[..., Any] | None:
    """Return what computes with operands that are no arrays, if one of these is none."""
    if isinstance(primitive.func, np.ufunc) and any(
        [getattr(type(x), "__array_ufunc__", False) is None or is_labelled(x) for x in operands]
    ):
        return lambda *_: NotImplemented  # such as a Polynomial: Python asks it next
    return _sparse_call if primitive.of_arrays and any(map(is_sparse, operands)) else None


def _converted(
    primitive: PrimitiveData, args: tuple[Any, ...], unknown: list[int]
) -> tuple[Any, ...]:
    """Return the arguments with foreign arrays converted; a user's function takes its own."""
    items = list(args)
    is_array = any([np.ndim(unwrap(arg)) > 0 for arg in args if isinstance(arg, Value)])
    operator = primitive.name if is_array and isinstance(primitive.func, np.ufunc) else ""
    for i in unknown:
        if primitive.of_arrays or primitive.rule(i) is not None:
            items[i] = to_arrays(items[i], operator)
    return tuple(items)


def _without_containers(primitive: PrimitiveData, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments with pytrees unwrapped where no rule needs them.

    A rule for an array cannot return gradients for the items of a pytree, so that is an error; a
    list beside an array, as in `a @ [x, y]`, becomes an array.
    """
    joins = isinstance(primitive.func, np.ufunc) and any(
        [isinstance(unwrap(arg), np.ndarray) for arg in args]
    )
    for position, arg in enumerate(args):
        if type(arg) is Result or type(arg) in CONSTANTS or isinstance(arg, Value):
            continue
        if (primitive.sequences and isinstance(arg, (list, tuple))) or not is_recorded(arg):
            continue
        if joins and type(arg) in (list, tuple):
            args = (*args[:position], _joined(arg), *args[position + 1 :])
            continue
        if primitive.rule(position) is not None:
            raise LostGradientError(
                f"{primitive.name}[{position + 1}] is a {type(arg).__name__} of recorded values, "
                "whose gradients would be lost; join them with np.stack, or pass each separately"
            )
        args = (*args[:position], plain(arg), *args[position + 1 :])
    return args


def _joined(x: Any) -> Any:
    """Return a nested list with recorded items as one array."""
    return np.stack([_joined(item) for item in x]) if type(x) in (list, tuple) else x


def _operand(primitive: PrimitiveData, position: int, arg: Any) -> Any:
    """Return a plain argument. A list becomes an array, as in NumPy; Python's + would join
    lists.
    """
    if type(arg) in CONSTANTS:
        return arg
    if primitive.containers:
        return unwrap(arg)
    x = plain(arg)
    if isinstance(x, np.matrix):
        refuse_own_arithmetic(x)
    joins = (
        type(x) in (list, tuple)
        and not primitive.sequences
        and primitive.rule(position) is not None
    )
    return plain_array(x) if joins else x


def _compute(primitive: PrimitiveData, values: Sequence[Any], kwargs: Any) -> Any:
    y = primitive.general(*values, **kwargs) if kwargs else primitive.forward(*values)
    return y if primitive.fresh else to_arrays(y)


def _lower(recording: Recording, arg: Any, sequences: bool) -> tuple[Any, Any]:
    """Return an argument as `recording` sees it from above, and its parent there.

    The parent of a sequence of arrays is a tuple with one for each.
    """
    if isinstance(arg, Value):
        return recording.lower(arg)
    if sequences and isinstance(arg, (list, tuple)):
        pairs = [_lower(recording, item, sequences) for item in arg]
        parents = tuple(parent for _, parent in pairs)
        return [below for below, _ in pairs], (
            parents if any(p is not None for p in parents) else None
        )
    if isinstance(arg, np.ndarray):
        refuse_own_arithmetic(arg)
    return arg, None


def _positional(
    primitive: PrimitiveData, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Move tracked keyword arguments to their positions, which is where the rules are."""
    try:
        signature = inspect.signature(primitive.func)
    except ValueError:
        name = next(key for key, item in kwargs.items() if holds_tracked(item))
        raise NoRuleError(
            f"{primitive.name} has no gradient rule for {name}= by keyword; "
            f"pass it by position, or ag.value({name}) if it is a constant"
        ) from None
    aliases = primitive.aliases
    if aliases.keys() & kwargs.keys():
        given = {aliases.get(name, name): item for name, item in kwargs.items()}
        kwargs = {**dict.fromkeys(aliases.values()), **given}
    bound = signature.bind(*args, **kwargs)
    last = max(
        i for i, name in enumerate(signature.parameters) if holds_tracked(bound.arguments.get(name))
    )
    moved: list[Any] = []
    rest: dict[str, Any] = {}
    for i, (name, parameter) in enumerate(signature.parameters.items()):
        if i <= last and parameter.kind is parameter.KEYWORD_ONLY:
            raise NoRuleError(
                f"{primitive.name} has no gradient rule for {name}=; "
                f"pass ag.value({name}) if it is a constant"
            )
        if i <= last:
            moved.append(bound.arguments.get(name, parameter.default))
        elif parameter.kind is parameter.VAR_KEYWORD:
            rest.update(bound.arguments.get(name, {}))
        elif name in bound.arguments:
            rest[name] = bound.arguments[name]
    return tuple(moved), rest
