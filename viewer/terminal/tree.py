"""The tree: functions, scopes, loops and folded groups of nodes, like a tree of files."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field

from autograd_tools import Trace
from autograd_tools.base.formats import memory_text, time_text
from autograd_tools.base.text import one_line
from viewer.graph import Graph, Group
from viewer.labels import heading
from viewer.passes.grouping import trunk
from viewer.passes.preparing import prepare
from viewer.terminal.columns import common, paths
from viewer.terminal.listing import node_spans
from viewer.terminal.subject import Options, Subject
from viewer.text.lines import Row, Span, fold

LINES = 200  # what a person reads of a tree; a bigger one is cut unless more is asked for
FEWEST = 4  # members shown of a branch that is cut
WORTH_CUTTING = 12  # lines left; with fewer a branch that does not fit stays closed


@dataclass(slots=True)
class _Branch:
    """A group as the tree shows it: its members, and what is in it altogether; `ns` is None where no time is known.

    An `opened` one shows its members, but for those from `cut` on, `left_out` in number.
    """

    group: Group
    depth: int
    members: list[int | _Branch] = field(default_factory=list)
    nodes: int = 0
    nbytes: int = 0
    ns: int | None = None
    opened: bool = False
    cut: int = 0
    left_out: int = 0

    @property
    def shown(self) -> list[int | _Branch]:
        """The members that are not left out."""
        return [*self.members[: self.cut], *self.members[self.cut + self.left_out :]]


def tree_rows(subject: Subject, options: Options, width: int | None) -> Iterator[Row]:
    """The rows of a tree; of a big one the branches near the trunk, in about as many lines as the limit says."""
    root = _grown(subject, options)
    _open(root, options.limit or LINES, options.max_depth)
    if options.where is None:  # what a search found has been said
        around = _around(subject.trace)
        yield from fold(
            [
                Span(_count(root.nodes), "dim"),
                *([Span(one_line(f" in {around}"), "dim")] if around else []),
            ],
            width,
        )
    hidden = yield from _below(root, subject.trace, width)
    notes = [*(subject.graph.notes if subject.graph else ())]
    if hidden:
        notes.append(
            f"… {hidden:,} of {_count(root.nodes)} left out: a higher limit or depth shows more, a search a part of them"
        )
    for text in notes:
        yield from fold([Span(one_line(text), "italic dim")], width)


def _around(trace: Trace) -> str:
    """The functions and scopes that all was computed in, which no branch is made for."""
    used = {
        place
        for place, kind in zip(trace.columns.place, trace.columns.kind, strict=True)
        if kind == "result"
    }
    return " / ".join(paths(trace)[trunk(trace.places, common(used, trace))])


def _grown(subject: Subject, options: Options) -> _Branch:
    """The branches of a graph with their sums, without those in which nothing is to be shown."""
    graph = subject.graph or prepare(
        subject.trace, max_nodes=None, fold=None if options.where is None else False
    )
    columns = graph.trace.columns
    nbytes = [0, *columns.value.nbytes.tolist()]
    times = {
        id: ns + sum((columns.backward_ns[id - 1] or {}).values())
        for id, ns in enumerate(columns.forward_ns, 1)
        if ns is not None
    }
    wanted = _Wanted(graph, subject)
    root = _Branch(graph.root, 0)
    grown = [root]
    for branch in (
        grown
    ):  # which grows on; no recursion, because calls may be nested more deeply than Python's own
        for member in branch.group.members:
            if isinstance(member, Group):
                below = _Branch(member, branch.depth + 1)
                branch.members.append(below)
                grown.append(below)
            elif shown := wanted.stand_in(member):
                branch.members.append(shown)
    for branch in reversed(grown):
        branch.members = [
            member for member in branch.members if not isinstance(member, _Branch) or member.nodes
        ]
        inner = [member for member in branch.members if isinstance(member, _Branch)]
        ids = [member for member in branch.members if not isinstance(member, _Branch)]
        if branch.group.copies:
            ids, inner = wanted.among(branch.group.all_ids()), []
        branch.nodes = len(ids) + sum(below.nodes for below in inner)
        branch.nbytes = sum([nbytes[id] for id in ids]) + sum(below.nbytes for below in inner)
        known = [times[id] for id in ids if id in times] if times else []
        known += [below.ns for below in inner if below.ns is not None]
        branch.ns = sum(known) if known else None
    return root


class _Wanted:
    """Which nodes are to be shown, and which of the copies of a folded node stands for them: the first that is wanted."""

    def __init__(self, graph: Graph, subject: Subject) -> None:
        self.ids = None if len(subject.ids) == len(subject.trace) else frozenset(subject.ids)
        self.found: dict[int, int] = {}
        todo = [graph.root] if self.ids is not None else []
        while todo:
            group = todo.pop()
            for ids in zip(*group.copies, strict=True):
                self.found[ids[0]] = next((shown for id in ids if (shown := self.stand_in(id))), 0)
            todo += [member for member in group.members if isinstance(member, Group)]

    def stand_in(self, id: int) -> int:
        """The node to show in the place of one; 0 for none."""
        return self.found.get(id, id if self.ids is None or id in self.ids else 0)

    def among(self, ids: Iterable[int]) -> list[int]:
        """Those of some nodes, or of those that they stand for, that are to be shown."""
        return list(ids) if self.ids is None else sorted({self.stand_in(id) for id in ids} - {0})


def _open(root: _Branch, limit: int, max_depth: int | None) -> None:
    """Open branches while there are lines left, those near the trunk first; one with too many members takes half of the lines."""
    left, queue = limit - 1, deque([root])
    while queue:
        branch = queue.popleft()
        if branch is not root and (branch.depth == max_depth or branch.group.closed):
            continue
        if len(branch.members) > left:
            if branch is not root and left < WORTH_CUTTING:
                continue
            kept = max(left // 2, FEWEST)
            branch.cut, branch.left_out = (kept + 1) // 2, len(branch.members) - kept
        branch.opened = True
        left -= len(branch.shown) + bool(branch.left_out)
        queue.extend(member for member in branch.shown if isinstance(member, _Branch))


def _below(root: _Branch, trace: Trace, width: int | None) -> Generator[Row, None, int]:
    """The rows below a branch; at the end, how many nodes are left out."""
    hidden = 0
    todo: list[tuple[int | _Branch | _Gap, str, str]] = _marked(root, "")
    while todo:
        member, first, rest = todo.pop()
        if isinstance(member, _Gap):
            spans, hidden = [Span(f"… {_count(member.nodes)}", "italic dim")], hidden + member.nodes
        elif isinstance(member, _Branch):
            spans, hidden = _spans(member), hidden + (0 if member.opened else member.nodes)
            todo += _marked(member, rest)
        else:
            name = trace.columns.name[member - 1]
            named = [Span(f"{one_line(name)} = ")] if name else []
            spans = [Span(f"{member}. ", "dim"), *named, *node_spans(trace, member)]
        yield from fold(spans, width, first, rest)
    return hidden


@dataclass(frozen=True)
class _Gap:
    """The members of a branch that are left out."""

    nodes: int


def _marked(branch: _Branch, guide: str) -> list[tuple[int | _Branch | _Gap, str, str]]:
    """The members of an open branch, last first, each with what stands before its first row and the others."""
    members: list[int | _Branch | _Gap] = list(branch.shown) if branch.opened else []
    if branch.opened and branch.left_out:
        gone = branch.members[branch.cut : branch.cut + branch.left_out]
        members.insert(
            branch.cut,
            _Gap(sum(member.nodes if isinstance(member, _Branch) else 1 for member in gone)),
        )
    marks = [("├── ", "│   ")] * (len(members) - 1) + [("└── ", "    ")]
    return [
        (member, guide + first, guide + rest)
        for member, (first, rest) in zip(members[::-1], marks[::-1], strict=False)
    ]


def _spans(branch: _Branch) -> list[Span]:
    """The line of a branch: `for t in range(100)  ×99  792 nodes  1.20ms  12.4KiB`."""
    group = branch.group
    facts = [
        _count(branch.nodes),
        *([time_text(branch.ns)] if branch.ns is not None else []),
        memory_text(branch.nbytes),
    ]
    spans = [
        Span(
            one_line(heading(group)),
            "bold magenta",
            (group.file, group.line) if group.file else None,
        )
    ]
    if group.times > 1:
        spans.append(Span(f"  ×{group.times:,}", "bold"))
    return [*spans, Span("  " + "  ".join(facts) + ("" if branch.opened else "  …"), "dim")]


def _count(nodes: int) -> str:
    return f"{nodes:,} node{'s' * (nodes != 1)}"
