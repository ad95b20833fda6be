"""The composition of a picture: the boxes, frames and arrows of a graph with their texts."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import get_args

from autograd_tools.base.text import unknown
from autograd_tools.tracing.columns import TraceNode
from viewer import labels
from viewer.drawing.heat import Heat, heat_of
from viewer.drawing.looks import MARKS
from viewer.drawing.picture import Arrow, Cluster, Picture, Shape, Style
from viewer.graph import Box, Edge, Graph, Group
from viewer.options import EdgeLabel
from viewer.text.lines import shorten
from viewer.text.links import check_links, link

DEEPEST_CLUSTER = 12
EDGES = get_args(EdgeLabel)


def compose_picture(graph: Graph, style: Style) -> Picture:
    """Return the picture of a graph; raise ValueError for an unknown value of an option."""
    if style.edges not in EDGES:
        raise unknown("edges", style.edges, EDGES)
    for mark in style.marks.values():
        if mark not in MARKS:
            raise unknown("mark", mark, MARKS)
    check_links(style.links)
    return _Drawing(graph, style).picture()


class _Drawing:
    """The state while one graph becomes a picture."""

    def __init__(self, graph: Graph, style: Style) -> None:
        self.graph = graph
        self.style = style
        self.heat: Heat | None = heat_of(graph, style.heat) if style.heat is not None else None
        self.ranks = ranks(graph)
        self.order = {key: position for position, key in enumerate(graph.boxes)}
        self.into: dict[str, list[Edge]] = defaultdict(list)
        for edge in graph.edges:
            self.into[edge.head].append(edge)
        near = {edge.tail for edge in graph.edges if self.is_short(edge)}
        far = {edge.tail for edge in graph.edges} - near  # such a leaf is copied to each use
        self.drawn = set(self.order) - far.intersection(leaves(graph))
        self.uses: dict[str, list[Box]] = defaultdict(
            list
        )  # leaves drawn beside the box they enter
        for box in graph.boxes.values():
            if box.head:
                self.uses[box.head].append(box)
        self.copied: set[str] = set()  # names of copies
        self.arrows: list[Arrow] = []

    def picture(self) -> Picture:
        """Return the whole picture."""
        root = Cluster("", "scope", self.sentence())
        self.fill(root)
        kinds = set(self.style.marks.values())
        root.shapes += [
            Shape(f"legend_{kind}", "key", (f"{sign} {kind}",), mark=kind)
            for kind, (sign, _) in MARKS.items()
            if kind in kinds
        ]
        short = [edge for edge in self.graph.edges if self.is_short(edge)]
        span = sum(abs(self.ranks[edge.head] - self.ranks[edge.tail]) for edge in short)
        legend = self.heat.legend() if self.heat else ()

        def position(arrow: Arrow) -> int:
            return self.order[arrow.tail if arrow.kind == "backward" else arrow.head]

        return Picture(root, sorted(self.arrows, key=position), self.graph.notes, legend, span)

    def sentence(self) -> str:
        """Return a description of the picture for screen readers."""
        trace, boxes = self.graph.trace, self.graph.boxes
        kind = trace.columns.kind
        kinds = Counter(kind[id - 1] for id in {id for box in boxes.values() for id in box.nodes})
        nouns = (("result", "operation"), ("param", "Param"), ("input", "input"))
        parts = [labels.plural(kinds[name], noun) for name, noun in nouns if kinds[name]]
        value = labels.number(trace[trace.result].value) if trace.result else ""
        end = f"; the result is {value}" if trace.result else ""
        return (
            f"Graph of a gradient: {', '.join(parts) or 'nothing'}, in {len(boxes):,} boxes{end}."
        )

    def is_short(self, edge: Edge) -> bool:
        """Return whether an arrow may start at the box itself: it is near, or leads back."""
        distance = self.ranks[edge.head] - self.ranks[edge.tail]
        return self.kind(edge) != "value" or distance <= self.style.longest

    def kind(self, edge: Edge) -> str:
        """Return the kind of an edge in `looks.ARROWS`."""
        if edge.carried:
            return "carried"
        return "value" if self.order[edge.tail] < self.order[edge.head] else "up"

    def fill(self, root: Cluster) -> None:
        """Draw all groups into a cluster: open ones as frames, except those too deep for that."""
        todo: list[tuple[Group, Cluster, int, tuple[str, ...]]] = [(self.graph.root, root, 0, ())]
        number = 0
        while todo:  # a loop, because calls may be nested more deeply than Python's own
            group, cluster, depth, around = todo.pop()
            key, number = f"g{number}", number + 1
            titles = (*around, labels.title(group)) if depth else ()
            if group.collapsed and key in self.order:
                self.add(cluster, self.graph.boxes[key])
            elif _is_wrapper(group) and depth:
                todo.append((group.members[0], cluster, depth, titles))  # type: ignore[arg-type]  # it is a group
                continue
            elif 0 < depth <= DEEPEST_CLUSTER and not group.collapsed:
                cluster = self.frame(cluster, group, key, titles)
            for member in group.members:
                if not isinstance(member, Group) and (box := self.graph.boxes.get(f"n{member}")):
                    self.add(cluster, box)
            inner = (member for member in reversed(group.members) if isinstance(member, Group))
            todo += [(member, cluster, depth + 1, ()) for member in inner]

    def frame(self, outer: Cluster, group: Group, key: str, titles: tuple[str, ...]) -> Cluster:
        """Draw the frame of an open group; a folded group has another frame behind it."""
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
            ends = f"{self.name(self.graph.boxes[edge.tail])} → {self.name(box)}"
            tooltip = f"{ends} · {label}" if label else ends
            self.arrows.append(Arrow(tail, box.key, self.kind(edge), label, tooltip))
            if self.style.backward and self.flows_back(edge):
                self.arrows.append(self.back(edge, tail))
        if box.node is not None and self.graph.constants:
            self.add_constants(cluster, box)

    def flows_back(self, edge: Edge) -> bool:
        """Return whether both ends of an edge have a gradient."""
        there = self.graph.trace.columns.outgrad.there
        nodes = self.graph.boxes[edge.head].nodes
        return bool(there[edge.node - 1]) and any(there[id - 1] for id in nodes)

    def back(self, edge: Edge, tail: str) -> Arrow:
        """Return the arrow of the gradient against an edge that starts at the box `tail`."""
        shape = labels.shape(self.graph.trace[edge.node].value)
        carried = labels.carried_back(edge.carried) if edge.carried else ""
        label = " ".join(filter(None, ("∇", shape, carried)))
        head, origin = self.graph.boxes[edge.head], self.graph.boxes[edge.tail]
        tooltip = f"{self.name(head)} → {self.name(origin)} · {label}"
        return Arrow(edge.head, tail, "backward", "" if self.style.plain else label, tooltip)

    def add_constants(self, cluster: Cluster, box: Box) -> None:
        """Draw the constant arrays among the arguments of an operation."""
        node = self.graph.trace[box.nodes[0]]
        for position, arg in enumerate(node.args, 1):
            if not arg.nodes and "[" in arg.text and not arg.keyword:
                name, tooltip = (
                    f"{box.key}_{position}",
                    f"{shorten(node.op)}[{position}], a constant",
                )
                shape = Shape(name, "constant", (shorten(arg.text),), tooltip)
                cluster.shapes.append(shape)
                ends = f"a constant → {self.name(box)}"
                self.arrows.append(Arrow(name, box.key, "constant", tooltip=ends))

    def label(self, edge: Edge) -> str:
        """Return the label of an arrow: `[2] 64×32 ×4`.

        It has the argument, if there are several, the shape, and how many equal edges it is.
        """
        if self.style.plain:
            return ""
        node, head = self.graph.trace[edge.node], self.graph.boxes[edge.head]
        from_leaf = node.kind != "result" and self.graph.boxes[edge.tail].node is not None
        parts = []
        if len(self.into[edge.head]) > 1 and edge.argument > 0:
            parts.append(f"[{edge.argument}]")
        if edge.carried:
            parts.append(labels.carried(edge.carried))
        elif not from_leaf and self.style.edges != "none":  # the box of a leaf shows its shape
            parts.append(labels.shape(node.value))
        times = edge.count // len(head.nodes) if head.node is not None else 1
        if times > 1:  # the items of a list that come from a folded box
            parts.append(f"×{times:,}")
        return " ".join(filter(None, parts))

    def shape(self, box: Box, name: str) -> Shape:
        """Return a box with its texts."""
        trace, style = self.graph.trace, self.style
        place: Group | TraceNode
        if box.group is not None:
            place = box.group
            kind = "stack" if place.copies else "group"
            lines = labels.group_lines(trace, box)
            tooltip = labels.group_tooltip(trace, place, box.nodes)
        else:
            place = trace[box.nodes[0]]
            kind = "final" if trace.result in box.nodes else place.kind
            gradients = style.gradients or style.heat == "gradient"
            shapes = style.plain or style.edges != "shape"
            lines = labels.node_lines(trace, box, gradients=gradients, shapes=shapes)
            tooltip = labels.node_tooltip(trace, box)
        level = None
        if self.heat and (figure := self.heat.figures.get(box.key)) is not None:
            level = self.heat.level(figure)
            if style.heat != "gradient" or len(box.nodes) > 1:  # one node shows its gradient
                lines.append(self.heat.label(figure, box))
        sign, mark = self.mark(box)
        texts = tuple(map(shorten, (sign + lines[0], *lines[1:])))
        address = link(style.links, place.file, place.line)
        return Shape(name, kind, texts, tooltip, address, level, mark)

    def mark(self, box: Box) -> tuple[str, str]:
        """Return the signs before the name of a box, and the mark that colours it."""
        marks = Counter(self.style.marks[id] for id in box.nodes if id in self.style.marks)
        if not marks:
            return "", ""
        is_whole = len(marks) == 1 and marks.total() == len(box.nodes)
        kind = next(iter(marks)) if is_whole else "changed"
        if len(box.nodes) == 1:
            return f"{MARKS[kind][0]} ", kind
        return "".join(f"{MARKS[mark][0]}{marks[mark]:,} " for mark in MARKS if mark in marks), kind

    def copy(self, box: Box, name: str) -> Shape:
        """Return a copy of a Param or input, or a note that names the box, to start an arrow."""
        shape = self.shape(box, name)
        if box.node is not None and self.graph.trace[box.node].kind != "result":
            return shape
        return Shape(name, "elsewhere", (shorten(self.name(box)),), shape.tooltip, shape.link)

    def name(self, box: Box) -> str:
        """Return the name of a box in a text elsewhere."""
        if box.group:
            return labels.title(box.group)
        node = self.graph.trace[box.nodes[0]]
        return f"{shorten(node.op or node.name or node.kind)} (node {box.node})"


def _is_wrapper(group: Group) -> bool:
    """Return whether a group contains only another open one, so that they share a frame."""
    only = group.members[0] if len(group.members) == 1 else None
    return (
        isinstance(only, Group) and not only.collapsed and not group.collapsed and not group.copies
    )


def leaves(graph: Graph) -> set[str]:
    """Return the keys of the boxes of single Params and inputs."""
    kinds, boxes = graph.trace.columns.kind, graph.boxes.items()
    return {key for key, box in boxes if box.node is not None and kinds[box.node - 1] != "result"}


def ranks(graph: Graph) -> dict[str, int]:
    """Return the rank of each box, 0 or 1 at the top: as low as makes its arrows shortest together.

    A leaf is right above its first use.
    """
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
    room: dict[str, list[int]] = defaultdict(list)  # by box: the ranks above its uses
    for key in reversed(graph.boxes):
        if len(into[key]) <= len(room[key]):
            found[key] = min(room[key], default=found[key])
        for tail in into[key]:
            room[tail].append(found[key] - 1)
    for edge in graph.edges:
        if edge.tail in alone:
            first[edge.tail] = min(found[edge.head], first.get(edge.tail, found[edge.head]))
    return {**found, **{key: rank - 1 for key, rank in first.items()}}
