"""Complete turns of a backward pass: the first and the last turn get the steps of the others.

Some gradients do not reach the first turn yet, and nobody needs some gradients of the last one.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd_tools.base.traced import Attribute
from autograd_tools.programs.rolling.nodes import Values, node_of
from autograd_tools.programs.rolling.periods import FEWEST_TURNS, Run, repeated
from autograd_tools.programs.rolling.started_sums import adds_arrays
from autograd_tools.programs.steps.arithmetic import DIFFERENCES, MATRIX_PRODUCTS, PRODUCTS, SUMS
from autograd_tools.programs.steps.loop import like
from autograd_tools.programs.steps.program import Call, Program, Step, Variable, mapped
from autograd_tools.programs.steps.simplify import is_pure

MOST_NESTED = 4
FEWEST_KNOWN = 3  # steps of a turn that are there
# Of a zero and anything else these are zero; of a sequence: of its first argument.
OF_FACTORS = PRODUCTS | MATRIX_PRODUCTS | {np.outer}
LINEAR = frozenset(
    {
        *(operator.truediv, np.true_divide, operator.neg, np.negative, operator.getitem),
        *(np.sum, np.reshape, np.broadcast_to, np.transpose, Attribute("T"), Attribute("mT")),
    }
)


Equal = dict[Variable, Any]  # what values equal: another variable, or None for zero


class PartOfTurn(NamedTuple):
    """A turn that is not whole: its steps by their number, None for one that is missing.

    Attributes
    ----------
    places : list of int or None
    end : int
        Where missing steps at the end belong.
    base, other : int
        Where the whole turn beside it starts, and the one beside that.
    is_first : bool
    """

    places: list[int | None]
    end: int
    base: int
    other: int
    is_first: bool


class _Unlike(Exception):  # noqa: N818  it never leaves this module
    """A turn cannot be made whole."""


def with_whole_turns(program: Program) -> list[Step]:
    """Return the steps of a program, with missing ones of the first and last turns of loops."""
    values = Values()
    tokens = np.array([node_of(step, values).token for step in program.steps], np.int64)
    if not len(tokens):
        return program.steps
    completing = _Completing(program.steps, tokens)
    for run in _longest_runs(tokens):
        completing.look_at(run)
    return completing.steps()


def _longest_runs(tokens: Any) -> list[Run]:
    """Return the runs that are not parts of the turns of others."""
    inner: set[tuple[int, int]] = set()
    found: list[Run] = []
    for _ in range(MOST_NESTED):
        found = repeated(tokens, np.ones_like(tokens), np.zeros(len(tokens), bool), inner)
        heads = Counter([(int(tokens[run.start]), run.period) for run in found])
        often = {head for head, n in heads.items() if n >= FEWEST_TURNS}
        if not often:
            break
        inner |= often
    return found


class _Completing:
    """The steps that are inserted into a program."""

    def __init__(self, steps: list[Step], tokens: Any) -> None:
        self.old = steps
        self.tokens = tokens
        self.made = {x: i for i, step in enumerate(steps) for x in step.outputs()}
        self.inserted: dict[int, list[Call]] = {}  # before a step
        self.renamed: dict[tuple[int, Variable], Variable] = {}  # by the step that reads it
        self.free = 0  # from where on no turn is known yet

    def steps(self) -> list[Step]:
        """Return the steps with those that are inserted."""
        found: list[Step] = []
        for i, old in enumerate(self.old):
            found += [*self.inserted.get(i, ()), self._renamed(old, i)]
        return [*found, *self.inserted.get(len(self.old), ())]

    def _renamed(self, step: Step, i: int) -> Step:
        if not isinstance(step, Call) or not any([(i, x) in self.renamed for x in step.inputs()]):
            return step
        args = mapped(
            step.args, lambda x: self.renamed.get((i, x), x) if type(x) is Variable else x
        )
        return step.calling(step.func, args, step.kwargs)

    def look_at(self, run: Run) -> None:
        """Make the turns before and after a run whole, if that takes few steps."""
        if not self.old[run.start].site.gradients:
            return
        tries: list[tuple[int, int, int, list[PartOfTurn]]] = []
        for shift in range(run.period):
            turns = [self._first(run, shift), self._last(run, shift)]
            if turns[0] is not None or not shift:
                both = [turn for turn in turns if turn is not None]
                missing = sum([turn.places.count(None) for turn in both])
                around = run.period * (len(both) - (shift > 0)) - missing
                cost = missing + sum([not adds_arrays(self.old[i]) for i in _zeros(both)])
                tries.append((-around, cost, shift, both))
        for _, cost, _, both in sorted(tries, key=lambda x: x[:3]):
            if not cost or self._completed(both):
                return

    def _completed(self, turns: list[PartOfTurn]) -> bool:
        """Insert the missing steps of turns, if each step reads what it does in the others."""
        inserted, renamed = {k: [*x] for k, x in self.inserted.items()}, {**self.renamed}
        try:
            for turn in turns:
                self._complete(turn)
        except _Unlike:
            self.inserted, self.renamed = inserted, renamed
            return False
        self.free = turns[-1].end
        return True

    def _first(self, run: Run, shift: int) -> PartOfTurn | None:
        """Return the turn before the first whole one."""
        start = run.start + shift
        at = start - 1
        places: list[int | None] = []
        for i in reversed(range(start, start + run.period)):
            if at >= self.free and self._is_like(at, i):
                places.append(at)
                at -= 1
            elif _only_computes(self.old[i]):
                places.append(None)
            else:
                return None
        return _known(PartOfTurn(places[::-1], start, start, start + run.period, True))

    def _is_like(self, i: int, whole: int) -> bool:
        """Return whether a step is equal to one of a whole turn, with its constants in place."""
        if self.tokens[i] != self.tokens[whole]:
            return False
        pairs = zip(_read(self.old[i]), _read(self.old[whole]), strict=True)
        return all([type(x) is not Variable or type(y) is Variable for x, y in pairs])

    def _last(self, run: Run, shift: int) -> PartOfTurn | None:
        """Return the turn after the last whole one."""
        at = end = run.start + shift + (run.turns - (shift > 0)) * run.period
        places: list[int | None] = []
        for i in range(end - run.period, end):
            if at < len(self.old) and self._is_like(at, i):
                places.append(at)
                at += 1
            elif _only_computes(self.old[i]):
                places.append(None)
            else:
                return None
        base = end - run.period
        return _known(PartOfTurn(places, at, base, base - run.period, False))

    def _complete(self, turn: PartOfTurn) -> None:
        """Insert the missing steps of a turn."""
        made: dict[int, Variable] = {}
        equal: Equal = {}  # what they make is zero, or equals another variable
        for k, place in enumerate(turn.places):
            if place is not None:
                self._read_sums(turn, k, place, made, equal)
                continue
            step, other = self.old[turn.base + k], self.old[turn.other + k]
            if type(step) is not Call or type(other) is not Call:
                raise _Unlike
            pairs = zip(_leaves(step.args), _leaves(other.args), strict=True)
            new = [self._in_turn(turn, x, y, made) for x, y in pairs]
            made[k] = like(step.output)
            made[k].root = made[k]
            args = _with_leaves(step.args, new)
            call = Call(step.func, args, step.kwargs, made[k], step.site)
            if turn.is_first:
                _note_zero(call, new, equal)
                self._hand_on(turn, k, made[k], equal)
            at = next((p for p in turn.places[k:] if p is not None), turn.end)
            self.inserted.setdefault(at, []).append(call)

    def _in_turn(self, turn: PartOfTurn, x: Any, other: Any, made: dict[int, Variable]) -> Any:
        """Return what takes the place of a value in a turn; `other` does in the turn beyond."""
        if type(x) is not Variable:
            return 2 * x - other if type(x) is type(other) is int else x
        place = self.made.get(x, -1)
        if turn.base <= place < turn.base + len(turn.places):
            known = turn.places[place - turn.base]
            return made[place - turn.base] if known is None else self._same_output(x, known)
        if turn.is_first and place in turn.places:  # it was a sum so far
            return np.zeros(x.shape, x.dtype) if x.is_array else 0.0
        if not turn.is_first and turn.other <= place < turn.base:
            return self._same_output(x, place + turn.base - turn.other)
        beyond = self.made.get(other, -1) if type(other) is Variable else -1
        if x is other:
            return x
        if min(place, beyond) < 0 or self.tokens[place] != self.tokens[beyond]:
            raise _Unlike
        alike = np.flatnonzero(self.tokens == self.tokens[place])
        number = int(2 * np.searchsorted(alike, place) - np.searchsorted(alike, beyond))
        if not 0 <= number < len(alike):
            raise _Unlike
        return self._same_output(x, int(alike[number]))

    def _read_sums(
        self, turn: PartOfTurn, k: int, place: int, made: dict[int, Variable], equal: Equal
    ) -> None:
        """Let a step read sums with zero; it has to read what it reads in the other turns."""
        pairs: Any = zip(_read(self.old[turn.base + k]), _read(self.old[place]), strict=True)
        for x, here in pairs:
            i = self.made.get(x, -1) - turn.base if type(x) is Variable else -1
            if not 0 <= i < k:
                continue
            known = turn.places[i]
            same = equal.get(made[i]) if known is None else None
            if same is not None and same is here:
                self.renamed[place, same] = made[i]
            elif known is None or here is not self._same_output(x, known):
                raise _Unlike

    def _hand_on(self, turn: PartOfTurn, k: int, started: Variable, equal: Equal) -> None:
        """Let the whole turn after the first one read a sum with zero."""
        x: Any = equal.get(started)
        for m in range(len(turn.places) if x is not None else 0):
            if self.old[turn.base + k].output in self.old[turn.other + m].inputs():  # type: ignore[union-attr]
                self.renamed[turn.base + m, x] = started

    def _same_output(self, x: Variable, place: int) -> Any:
        """Return the output of a step that is to it what `x` is to the step that makes it."""
        outputs = [*self.old[self.made[x]].outputs()]
        return [*self.old[place].outputs()][outputs.index(x)]


def _zeros(turns: list[PartOfTurn]) -> Iterator[int]:
    """Yield the steps that a first turn lacks, by those of the whole one after it."""
    for turn in turns:
        if turn.is_first:
            yield from [turn.base + k for k, place in enumerate(turn.places) if place is None]


def _known(turn: PartOfTurn) -> PartOfTurn | None:
    """Return a turn if some of its steps are there."""
    return turn if len(turn.places) - turn.places.count(None) >= FEWEST_KNOWN else None


def _note_zero(call: Call, args: list[Any], equal: Equal) -> None:
    """Note that a call makes zeros, or a sum with zeros."""
    flags = [equal.get(x, x) is None if type(x) is Variable else _is_zero(x) for x in args]
    if not any(flags):
        return
    if call.func in SUMS or (call.func in DIFFERENCES and not flags[0]):
        x = args[flags.index(False)] if False in flags else None
        x = equal.get(x, x) if type(x) is Variable else x
        if x is not None and (type(x) is not Variable or x.shape != call.output.shape):
            raise _Unlike
        equal[call.output] = x
    elif call.func in OF_FACTORS or all(flags) or (flags[0] and call.func in LINEAR):
        equal[call.output] = None
    else:
        raise _Unlike


def _is_zero(x: Any) -> bool:
    is_array = type(x) is np.ndarray and x.dtype.kind == "f" and not x.any()
    return is_array or (type(x) is float and x == 0)


def _only_computes(step: Step) -> bool:
    is_one = isinstance(step, Call) and type(step.output) is Variable and not step.writes
    return is_one and is_pure(step.func) and not step.output.root.written  # type: ignore[union-attr]


def _read(step: Any) -> list[Any]:
    """Return the arguments of a step, without their containers."""
    return [*_leaves(step.args)] if isinstance(step, Call) else [*step.inputs()]


def _with_leaves(x: Any, new: list[Any]) -> Any:
    rest = iter(new)
    return mapped(x, lambda _: next(rest))


def _leaves(x: Any) -> Iterator[Any]:
    """Yield the leaves of nested arguments, as `mapped` changes them."""
    found: list[Any] = []
    mapped(x, found.append)
    return iter(found)
