"""Call sites of operations in the user's code: the line and the scopes open there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import NamedTuple

from autograd_tools.location.code_files import file_of
from autograd_tools.location.turns import NO_TURNS, Turns
from autograd_tools.location.users_code import is_users

MOST_SITES = 4096


class PathEntry:
    """A frame of the user's code, or a scope, around an operation.

    Attributes
    ----------
    around : PathEntry or None
        The next outer one: paths share what is around them, so that deep recursion takes no more
        than its frames.
    number : int
        An identity: named entries, and lambdas whose gradient is taken, count up from 1; other
        lambdas, comprehensions and the frame of the recording count down from -1.
    name : str
        The name of the function or scope; an empty string outside of the recorded function.
    code : CodeType or None
        None outside of the user's code.
    offset, start : int
        Offsets in the code: where the next inner entry begins, and where the scope or the recording
        itself begins (-1 for functions).
    resumed : bool
        The next inner entry is the call of the operation before, still running.
    turns : Turns
        Variables that tell the iterations of the loops around, and what they held.
    depth : int
        The number of entries around it.
    """

    __slots__ = ("around", "code", "depth", "name", "number", "offset", "resumed", "start", "turns")

    def __init__(
        self,
        around: PathEntry | None,
        number: int,
        name: str,
        code: CodeType | None = None,
        offset: int = 0,
        start: int = -1,
        resumed: bool = False,
        turns: Turns = NO_TURNS,
    ) -> None:
        self.around = around
        self.number = number
        self.name = name
        self.code = code
        self.offset = offset
        self.start = start
        self.resumed = resumed
        self.turns = turns
        self.depth: int = 0 if around is None else around.depth + 1

    def again(self, around: PathEntry | None) -> PathEntry:
        """Return the same entry, resumed."""
        return PathEntry(
            around, self.number, self.name, self.code, self.offset, self.start, True, self.turns
        )

    def __iter__(self) -> Iterator[PathEntry]:
        """Iterate over the path, the innermost entry first."""
        entry: PathEntry | None = self
        while entry is not None:
            yield entry
            entry = entry.around


class CallSite(NamedTuple):
    """The user's call: file, line, function and the path of frames and scopes around it.

    `path` is the innermost entry; the call is at `offset` in its code. Later operations of the same
    call are `resumed`. An `operator` has no call in the bytecode. `turns` as in `PathEntry`.

    An operation that a VJP rule makes has the site of the operation whose `gradient` the rule
    computes, named here. That one was made inside an inner recording; its site is at the index
    `between` among the sites of such operations.
    """

    file: str
    line: int
    function: str
    path: PathEntry | None = None
    offset: int = 0
    resumed: bool = False
    operator: bool = False
    gradient: str = ""
    between: int = -1
    turns: Turns = NO_TURNS

    @property
    def scope(self) -> tuple[str, ...]:
        """The names of the functions and scopes around the call, outermost first."""
        return tuple([entry.name for entry in self.path or () if entry.number > 0][::-1])

    @property
    def calls(self) -> tuple[int, ...]:
        """The numbers of the same: two calls of one function share the name, not the number."""
        return tuple([entry.number for entry in self.path or () if entry.number > 0][::-1])


NOWHERE = CallSite("", 0, "")
OUTSIDE = "(outside gradients)"  # the scope of operations that run while nothing is recorded


_unrecorded: dict[tuple[int, int, bool], tuple[CodeType, CallSite]] = {}  # by id and offset


def unrecorded_site(*, outside: bool) -> CallSite:
    """Return the call site of an operation that nothing records, `outside` of gradients or not."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and not is_users(frame):
        frame = frame.f_back
    if frame is None:
        return NOWHERE
    code = frame.f_code
    key = id(code), frame.f_lasti, outside
    known = _unrecorded.get(key)
    if known is None or known[0] is not code:
        if len(_unrecorded) >= MOST_SITES:
            _unrecorded.clear()
        path = PathEntry(None, 1, OUTSIDE) if outside else None
        site = CallSite(
            file_of(code, frame.f_globals), frame.f_lineno, code.co_qualname, path, frame.f_lasti
        )
        known = _unrecorded[key] = code, site
    return known[1]
