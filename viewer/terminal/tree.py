"""The tree view: functions, scopes, loops and folded groups of nodes, like a tree of files."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from autograd_tools import Trace
from autograd_tools.base.formats import memory_text, time_text
from autograd_tools.base.text import one_line
from viewer.facts.scopes import paths
from viewer.graph import Graph
from viewer.groups import Group
from viewer.labels import heading, plural
from viewer.passes.fitting import fit
from viewer.passes.grouping import Ancestors, trunk
from viewer.passes.preparing import prepare
from viewer.terminal.listing import NodeLines
from viewer.terminal.subject import Options, Subject
from viewer.text.lines import Row, Span, fold, shorten

LINES = 200  # of a tree that a person reads; a bigger one is cut unless more is asked for
FEWEST = 4  # members shown of a branch that is cut
GUIDE = 200  # columns of guides before a row; deeper ones lose their beginning
WORTH_CUTTING = 12  # lines left; with fewer a branch that does not fit stays collapsed


@dataclass(slots=True)
class _Branch:
    """A group in the tree with the totals of its nodes; `ns` is None where no time is known.

    An `opened` branch shows its members except `left_out` of them, from number `cut` on.
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

    @property
    def inner(self) -> list[_Branch]:
        """The members that are branches."""
        return [member for member in self.members if isinstance(member, _Branch)]


@dataclass(frozen=True)
class _Gap:
    """The members of a branch that are left out."""

    nodes: int


_Item: TypeAlias = int | _Branch | _Gap


def tree_rows(subject: Subject, options: Options, width: int | None) -> Iterator[Row]:
    """Yield the rows of a tree; a big one opens the branches near the trunk, up to the limit."""
    root = _grown(subject, options)
    _open(root, options.limit or LINES, options.max_depth)
    whole = plural(root.nodes, "node")
    if options.where is None:  # a search has said so
        around = _around(subject.trace)
        text = f"{whole} in {shorten(around, width)}" if around else whole
        yield from fold([Span(text, "dim")], width)
    hidden = yield from _below(root, subject.trace, width, closed=options.by is None)
    notes = [*(subject.graph.notes if subject.graph else ())]
    if hidden:
        advice = "raise the limit or depth to see them, or search"
        notes.append(f"… {hidden:,} of {whole} omitted; {advice}")
    for text in notes:
        yield from fold([Span(one_line(text), "italic dim")], width)


def _around(trace: Trace) -> str:
    """Return the functions and scopes around all operations, which are no branches."""
    kinds = zip(trace.columns.place, trace.columns.kind, strict=True)
    used = {place for place, kind in kinds if kind == "result"}
    return str(paths(trace)[trunk(trace.places, Ancestors(trace.places).common(used))] or "")


def _grown(subject: Subject, options: Options) -> _Branch:
    """Return the branches of a graph with their totals, without those that show nothing."""
    graph = subject.graph or prepare(subject.trace, max_nodes=None, fold=options.where is None)
    if options.by is not None:
        graph = fit(graph, None, by=options.by)  # type: ignore[arg-type]  # which checks it
    wanted = _Wanted(graph, subject)
    root = _Branch(graph.root, 0)
    grown = [root]
    for branch in grown:  # which grows; no recursion, because calls may be nested very deeply
        for member in branch.group.members:
            if isinstance(member, Group):
                below = _Branch(member, branch.depth + 1)
                branch.members.append(below)
                grown.append(below)
            elif shown := wanted.stand_in(member):
                branch.members.append(shown)
    columns = graph.trace.columns
    nbytes = [0, *columns.value.nbytes.tolist()]
    times = {
        id: ns + sum((columns.backward_ns[id - 1] or {}).values())
        for id, ns in enumerate(columns.forward_ns, 1)
        if ns is not None
    }
    for branch in reversed(grown):
        branch.members = [m for m in branch.members if not isinstance(m, _Branch) or m.nodes]
        inner, ids = branch.inner, [m for m in branch.members if isinstance(m, int)]
        if branch.group.copies:
            ids, inner = wanted.among(branch.group.all_ids()), []
        branch.nodes = len(ids) + sum(below.nodes for below in inner)
        branch.nbytes = sum([nbytes[id] for id in ids]) + sum(below.nbytes for below in inner)
        known = [times[id] for id in ids if id in times] if times else []
        known += [below.ns for below in inner if below.ns is not None]
        branch.ns = sum(known) if known else None
    return root


class _Wanted:
    """The nodes to show; a folded node shows the first of its copies that is wanted."""

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
        """Return the node to show for a node, 0 for none."""
        return self.found.get(id, id if self.ids is None or id in self.ids else 0)

    def among(self, ids: Iterable[int]) -> list[int]:
        """Return the nodes to show for some nodes."""
        return list(ids) if self.ids is None else sorted({self.stand_in(id) for id in ids} - {0})


def _open(root: _Branch, limit: int, max_depth: int | None) -> None:
    """Open branches while there are lines left, those near the trunk first.

    A branch with too many members takes half of the lines that are left.
    """
    left, queue = limit - 1, deque([root])
    while queue:
        branch = queue.popleft()
        if branch is not root and (branch.depth == max_depth or branch.group.collapsed):
            continue
        if len(branch.members) > left:
            if branch is not root and left < WORTH_CUTTING:
                continue
            kept = max(left // 2, FEWEST)
            branch.cut, branch.left_out = (kept + 1) // 2, len(branch.members) - kept
        branch.opened = True
        left -= len(branch.shown) + bool(branch.left_out)
        queue.extend(member for member in branch.shown if isinstance(member, _Branch))


def _below(
    root: _Branch, trace: Trace, width: int | None, *, closed: bool
) -> Generator[Row, None, int]:
    """Yield the rows below a branch; return how many nodes are left out.

    Those in collapsed groups count if they are `closed`, not as small as was asked for.
    """
    hidden, lines = 0, NodeLines(trace, width)
    todo = _marked(root, "")
    while todo:
        member, first, rest = todo.pop()
        if isinstance(member, _Gap):
            spans = [Span(f"… {plural(member.nodes, 'node')}", "italic dim")]
            hidden += member.nodes
        elif isinstance(member, _Branch):
            is_shown = member.opened or (member.group.collapsed and not closed)
            spans, hidden = (
                _spans(member, width, is_shown=is_shown),
                hidden + (0 if is_shown else member.nodes),
            )
            todo += _marked(member, rest)
        else:
            spans = lines[member]
        yield from fold(spans, width, first, rest)
    return hidden


def _marked(branch: _Branch, guide: str) -> list[tuple[_Item, str, str]]:
    """Return the members of an open branch, last first, with the guides before their rows."""
    members: list[_Item] = list(branch.shown) if branch.opened else []
    if branch.opened and branch.left_out:
        gone = branch.members[branch.cut : branch.cut + branch.left_out]
        nodes = sum(member.nodes if isinstance(member, _Branch) else 1 for member in gone)
        members.insert(branch.cut, _Gap(nodes))
    marks = [("└── ", "    ")] + [("├── ", "│   ")] * (len(members) - 1)
    return [
        (member, (guide + first)[-GUIDE:], (guide + rest)[-GUIDE:])
        for member, (first, rest) in zip(members[::-1], marks, strict=False)
    ]


def _spans(branch: _Branch, width: int | None, *, is_shown: bool) -> list[Span]:
    """Return the line of a branch: `for t in range(100)  ×99  792 nodes  1.20ms  12.4KiB`."""
    group = branch.group
    source = (group.file, group.line) if group.file else None
    spans = [Span(shorten(heading(group), width), "bold magenta", source)]
    if group.times > 1:
        spans.append(Span(f"  ×{group.times:,}", "bold"))
    times = [time_text(branch.ns)] if branch.ns is not None else []
    facts = [plural(branch.nodes, "node"), *times, memory_text(branch.nbytes)]
    return [*spans, Span("  " + "  ".join(facts) + ("" if is_shown else "  …"), "dim")]
