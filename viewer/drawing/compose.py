"""Making the picture of a graph: what is drawn where, what it says, and which arrows are too long."""

from __future__ import annotations

from collections import Counter, defaultdict

from viewer import labels
from viewer.drawing.heat import Heat, heat_of
from viewer.drawing.looks import MARKS
from viewer.drawing.picture import Arrow, Cluster, Picture, Shape, Style
from viewer.graph import Box, Edge, Graph, Group
from viewer.text.lines import shorten
from viewer.text.links import link

DEEPEST_CLUSTER = 12
EDGES = ("shape", "none")


def picture(graph: Graph, style: Style) -> Picture:
    """The picture of a graph; ValueError for an option that is none."""
    if style.edges not in EDGES:
        raise ValueError(f"no edges {style.edges!r}; there are: {', '.join(EDGES)}")
    for mark in style.marks.values():
        if mark not in MARKS:
            raise ValueError(f"no mark {mark!r}; there are: {', '.join(MARKS)}")
    return _Drawing(graph, style).picture()


class _Drawing:
    """One graph on its way to a picture."""

    def __init__(self, graph: Graph, style: Style) -> None:
        self.graph = graph
        self.style = style
        self.heat: Heat | None = heat_of(graph, style.heat) if style.heat is not None else None
        self.ranks = ranks(graph)
        self.order = {key: position for position, key in enumerate(graph.boxes)}
        self.into: dict[str, list[Edge]] = defaultdict(list)
        for edge in graph.edges:
            self.into[edge.head].append(edge)
        far = {edge.tail for edge in graph.edges} - {
            edge.tail for edge in graph.edges if self.is_short(edge)
        }
        self.drawn = set(self.order) - far.intersection(
            leaves(graph)
        )  # of such a leaf there is a copy at each use
        self.uses: dict[str, list[Box]] = defaultdict(
            list
        )  # leaves that are drawn beside the box they go into
        for box in graph.boxes.values():
            if box.head:
                self.uses[box.head].append(box)
        self.copied: set[str] = set()  # names of those copies
        self.arrows: list[Arrow] = []

    def picture(self) -> Picture:
        """The whole of it."""
        root = Cluster("", "scope", self.sentence())
        self.fill(root)
        kinds = set(self.style.marks.values())
        root.shapes += [
            Shape(f"legend_{kind}", "key", (f"{MARKS[kind][0]} {kind}",), mark=kind)
            for kind in MARKS
            if kind in kinds
        ]
        span = sum(
            abs(self.ranks[edge.head] - self.ranks[edge.tail])
            for edge in self.graph.edges
            if self.is_short(edge)
        )
        legend = self.heat.legend() if self.heat else ()
        arrows = sorted(
            self.arrows,
            key=lambda arrow: self.order[arrow.tail if arrow.kind == "backward" else arrow.head],
        )
        return Picture(root, arrows, self.graph.notes, legend, span)

    def sentence(self) -> str:
        """What the picture shows, for those who do not see it."""
        kind = self.graph.trace.columns.kind
        kinds = Counter(
            kind[id - 1] for id in {id for box in self.graph.boxes.values() for id in box.nodes}
        )
        found = (
            (kinds["result"], "operation"),
            (kinds["param"], "Param"),
            (kinds["input"], "input"),
        )
        parts = ", ".join(labels.plural(n, noun) for n, noun in found if n)
        result = self.graph.trace.result
        end = f"; the result is {labels.number(self.graph.trace[result].value)}" if result else ""
        return (
            f"Graph of a gradient: {parts or 'nothing'}, in {len(self.graph.boxes):,} boxes{end}."
        )

    def is_short(self, edge: Edge) -> bool:
        """Whether an arrow may be drawn from the box itself: it is not too long, or is one that leads back anyhow."""
        return (
            self.kind(edge) != "value"
            or self.ranks[edge.head] - self.ranks[edge.tail] <= self.style.longest
        )

    def kind(self, edge: Edge) -> str:
        """Which of `looks.ARROWS` an edge is."""
        return (
            "carried"
            if edge.carried
            else "value"
            if self.order[edge.tail] < self.order[edge.head]
            else "up"
        )

    def fill(self, root: Cluster) -> None:
        """Draw all groups into a cluster: open ones as frames in it, those too deep for that without."""
        todo: list[tuple[Group, Cluster, int, tuple[str, ...]]] = [(self.graph.root, root, 0, ())]
        number = 0
        while todo:  # a loop, because calls may be nested more deeply than Python's own
            group, cluster, depth, around = todo.pop()
            key, number = f"g{number}", number + 1
            titles = (*around, labels.title(group)) if depth else ()
            if group.closed and key in self.order:
                self.add(cluster, self.graph.boxes[key])
            elif _is_wrapper(group) and depth:
                todo.append((group.members[0], cluster, depth, titles))  # type: ignore[arg-type]  # it is a group
                continue
            elif 0 < depth <= DEEPEST_CLUSTER and not group.closed:
                cluster = self.frame(cluster, group, key, titles)
            for member in group.members:
                if not isinstance(member, Group) and (box := self.graph.boxes.get(f"n{member}")):
                    self.add(cluster, box)
            todo += [
                (member, cluster, depth + 1, ())
                for member in reversed(group.members)
                if isinstance(member, Group)
            ]

    def frame(self, outer: Cluster, group: Group, key: str, titles: tuple[str, ...]) -> Cluster:
        """The frame of an open group, and of those right around it: of one that stands for many, in front of another."""
        kind = "folded" if group.copies else "scope"
        tooltip = labels.group_tooltip(self.graph.trace, group, tuple(group.all_ids()))
        inner = Cluster(key, kind, shorten(" › ".join(titles)), tooltip)
        outer.clusters.append(
            inner if kind == "scope" else Cluster(f"{key}_behind", "behind", "", clusters=[inner])
        )
        return inner

    def add(self, cluster: Cluster, box: Box) -> None:
        """Draw a box, leaves and constants beside it, and the arrows into it."""
        for shown in (*self.uses[box.key], box):
            if shown.key in self.drawn:
                cluster.shapes.append(self.shape(shown, shown.key))
        for edge in self.into[box.key]:
            tail = edge.tail
            if not self.is_short(edge):
                tail = f"{tail}_for_{box.key.removeprefix('n')}"
                if tail not in self.copied:
                    self.copied.add(tail)
                    cluster.shapes.append(self.copy(self.graph.boxes[edge.tail], tail))
            label = self.label(edge)
            told = " · ".join(
                filter(None, (f"{self.who(self.graph.boxes[edge.tail])} → {self.who(box)}", label))
            )
            self.arrows.append(Arrow(tail, box.key, self.kind(edge), label, told))
            if self.style.backward and self.flows_back(edge):
                self.arrows.append(self.back(edge, tail))
        if box.node is not None and self.graph.constants:
            self.add_constants(cluster, box)

    def flows_back(self, edge: Edge) -> bool:
        """Whether a gradient goes against an arrow: there is one at both of its ends."""
        there = self.graph.trace.columns.outgrad.there
        return bool(there[edge.node - 1]) and any(
            there[id - 1] for id in self.graph.boxes[edge.head].nodes
        )

    def back(self, edge: Edge, tail: str) -> Arrow:
        """The gradient that goes against an arrow which starts at the box `tail`; it has the shape of the value."""
        shape = labels.shape(self.graph.trace[edge.node].value)
        label = " ".join(
            filter(None, ("∇", shape, labels.carried_back(edge.carried) if edge.carried else ""))
        )
        told = f"{self.who(self.graph.boxes[edge.head])} → {self.who(self.graph.boxes[edge.tail])} · {label}"
        return Arrow(edge.head, tail, "backward", "" if self.style.plain else label, told)

    def add_constants(self, cluster: Cluster, box: Box) -> None:
        """Draw the arrays that an operation used and that are no nodes."""
        for position, arg in enumerate(self.graph.trace[box.nodes[0]].args, 1):
            if not arg.nodes and "[" in arg.text and not arg.keyword:
                name = f"{box.key}_{position}"
                cluster.shapes.append(
                    Shape(
                        name, "constant", (shorten(arg.text),), f"argument {position}, a constant"
                    )
                )
                self.arrows.append(
                    Arrow(name, box.key, "constant", tooltip=f"a constant → {self.who(box)}")
                )

    def label(self, edge: Edge) -> str:
        """What an arrow says: which argument it leads to, if there are several, the shape of the value, and how many there are."""
        if self.style.plain:
            return ""
        node = self.graph.trace[edge.node]
        from_leaf = (
            node.kind != "result" and self.graph.boxes[edge.tail].node is not None
        )  # whose box tells its shape
        several = len(self.into[edge.head]) > 1 and edge.argument > 0
        head = self.graph.boxes[edge.head]
        times = (
            edge.count // len(head.nodes) if head.node is not None else 1
        )  # the items of a list that come from a folded box
        parts = (
            f"[{edge.argument}]" if several else "",
            labels.carried(edge.carried)
            if edge.carried
            else ""
            if from_leaf or self.style.edges == "none"
            else labels.shape(node.value),
            f"({times:,} times)" if times > 1 else "",
        )
        return " ".join(filter(None, parts))

    def shape(self, box: Box, name: str) -> Shape:
        """A box with what it says."""
        trace, style = self.graph.trace, self.style
        if box.group is not None:
            kind = "stack" if box.group.copies else "group"
            lines, tooltip = (
                labels.group_lines(trace, box),
                labels.group_tooltip(trace, box.group, box.nodes),
            )
            file, line = box.group.file, box.group.line
        else:
            node = trace[box.nodes[0]]
            kind = "final" if trace.result in box.nodes else node.kind
            gradients, shapes = (
                style.gradients or style.heat == "gradient",
                style.plain or style.edges != "shape",
            )
            lines = labels.node_lines(trace, box, gradients=gradients, shapes=shapes)
            tooltip, file, line = labels.node_tooltip(trace, box), node.file, node.line
        figure = self.heat.figures.get(box.key) if self.heat else None
        if (
            self.heat and figure is not None and (style.heat != "gradient" or len(box.nodes) > 1)
        ):  # that of one node is there
            lines.append(self.heat.label(figure))
        sign, mark = self.mark(box)
        lines = [sign + lines[0], *lines[1:]]
        level = self.heat.level(figure) if self.heat and figure is not None else None
        return Shape(
            name,
            kind,
            tuple(map(shorten, lines)),
            tooltip,
            link(style.links, file, line),
            level,
            mark,
        )

    def mark(self, box: Box) -> tuple[str, str]:
        """What stands before the name of a box, and the mark that colours it."""
        marks = Counter(self.style.marks[id] for id in box.nodes if id in self.style.marks)
        if not marks:
            return "", ""
        kind = (
            next(iter(marks)) if len(marks) == 1 and marks.total() == len(box.nodes) else "changed"
        )
        if len(box.nodes) == 1:
            return f"{MARKS[kind][0]} ", kind
        return "".join(f"{MARKS[mark][0]}{marks[mark]:,} " for mark in MARKS if mark in marks), kind

    def copy(self, box: Box, name: str) -> Shape:
        """What stands at the start of an arrow that would be too long: the Param or input again, or a note that names the box."""
        if box.node is not None and self.graph.trace[box.node].kind != "result":
            return self.shape(box, name)
        shape = self.shape(box, name)
        return Shape(name, "elsewhere", (shorten(self.who(box)),), shape.tooltip, shape.link)

    def who(self, box: Box) -> str:
        """What a box is called where something else speaks of it."""
        if box.group:
            return labels.title(box.group)
        node = self.graph.trace[box.nodes[0]]
        return f"{shorten(node.op or node.name or node.kind)} (node {box.node})"


def _is_wrapper(group: Group) -> bool:
    """Whether there is nothing in a group but another one that is open, so that one frame is enough for both."""
    only = group.members[0] if len(group.members) == 1 else None
    return isinstance(only, Group) and not only.closed and not group.closed and not group.copies


def leaves(graph: Graph) -> set[str]:
    """The boxes of single Params and inputs."""
    kinds = graph.trace.columns.kind
    return {
        key
        for key, box in graph.boxes.items()
        if box.node is not None and kinds[box.node - 1] != "result"
    }


def ranks(graph: Graph) -> dict[str, int]:
    """How far down each box is: as low as its arrows are shortest together, a leaf right above its first use."""
    order = {key: position for position, key in enumerate(graph.boxes)}
    alone = leaves(graph)
    into: dict[str, list[str]] = defaultdict(list)
    first: dict[str, int] = {}
    for edge in graph.edges:
        if not edge.carried and order[edge.tail] < order[edge.head] and edge.tail not in alone:
            into[edge.head].append(edge.tail)
    found: dict[str, int] = {}
    for key in graph.boxes:
        found[key] = 1 + max((found[tail] for tail in into[key]), default=0)
    room: dict[str, list[int]] = defaultdict(list)  # by box: what is above what it leads to
    for key in reversed(graph.boxes):
        if len(into[key]) <= len(room[key]):
            found[key] = min(room[key], default=found[key])
        for tail in into[key]:
            room[tail].append(found[key] - 1)
    for edge in graph.edges:
        if edge.tail in alone:
            first[edge.tail] = min(found[edge.head], first.get(edge.tail, found[edge.head]))
    return {**found, **{key: rank - 1 for key, rank in first.items()}}
