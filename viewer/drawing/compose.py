"""The composition of a picture: the boxes, frames and arrows of a graph with their texts."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import get_args

from autograd_tools.base.text import unknown
from autograd_tools.tracing.columns import TraceNode
from viewer import labels
from viewer.drawing import texts
from viewer.drawing.heat import Heat, heat_of
from viewer.drawing.looks import MARKS
from viewer.drawing.picture import Arrow, Cluster, Picture, Shape, Style
from viewer.graph import Box, Edge, Graph, Group
from viewer.options import Direction, EdgeLabel
from viewer.passes.rows import leaves, ranks, scales
from viewer.text.lines import shorten
from viewer.text.links import check_links, link

DEEPEST_CLUSTER = 12
EDGES = get_args(EdgeLabel)
DIRECTIONS = get_args(Direction)
SYMMETRIC = ("add", "multiply")  # whose arguments need no number
THICKEST = 4.0  # points of the arrow with the greatest gradient


def compose_picture(graph: Graph, style: Style) -> Picture:
    """Return the picture of a graph; raise ValueError for an unknown value of an option."""
    if style.edges not in EDGES:
        raise unknown("edges", style.edges, EDGES)
    if style.direction is not None and style.direction not in DIRECTIONS:
        raise unknown("direction", style.direction, DIRECTIONS)
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
        self.uses: dict[str, list[Box]] = defaultdict(list)  # leaves beside the box they enter
        for box in graph.boxes.values():
            if box.head:
                self.uses[box.head].append(box)
        self.copied: set[str] = set()  # names of copies
        self.arrows: list[Arrow] = []
        self.reached = graph.trace.columns.outgrad.there
        self.has_gradients = bool(self.reached.any())
        self.flow = self.flow_of_gradients() if style.backward else {}

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
        arrows = sorted(self.arrows, key=lambda arrow: self.order[arrow.head])
        notes = (texts.heading_of(self.graph), *self.graph.notes)
        direction = self.style.direction or self.best_direction()
        return Picture(root, arrows, notes, legend, span, direction)

    def best_direction(self) -> str:
        """Return "right" for a picture that is larger on a screen then, and too big for it down."""
        found = scales(self.graph)
        return "right" if found["down"] < min(1, found["right"]) else "down"

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
        todo: list[tuple[Group, Cluster, int, tuple[str, ...], str]] = [
            (self.graph.root, root, 0, (), "")
        ]
        number = 0
        while todo:  # a loop, because calls may be nested more deeply than Python's own
            group, cluster, depth, around, owner = todo.pop()
            key, number = f"g{number}", number + 1
            if group.collapsed:
                if key in self.order:
                    self.add(cluster, self.graph.boxes[key])
                number += sum(1 for _ in group.inner()) - 1
                continue
            own = texts.instance_of(self.graph.trace, group)
            heading = labels.title(group) + (f" {own}" if own and own != owner else "")
            titles = (*around, heading) if depth else ()
            if _is_wrapper(group) and depth:
                only = group.members[0]
                todo.append((only, cluster, depth, titles, own or owner))  # type: ignore[arg-type]  # it is a group
                continue
            if 0 < depth <= DEEPEST_CLUSTER:
                cluster = self.frame(cluster, group, key, titles)
            for member in group.members:
                if not isinstance(member, Group) and (box := self.graph.boxes.get(f"n{member}")):
                    self.add(cluster, box)
            inner = (member for member in reversed(group.members) if isinstance(member, Group))
            todo += [(member, cluster, depth + 1, (), own or owner) for member in inner]

    def frame(self, outer: Cluster, group: Group, key: str, titles: tuple[str, ...]) -> Cluster:
        """Draw the frame of an open group; a folded group has another frame behind it."""
        kind = "folded" if group.copies else "scope"
        tooltip = texts.group_tooltip(self.graph, group, tuple(group.all_ids()))
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
            self.arrows.append(self.arrow(edge, tail))
        if box.node is not None and self.graph.constants:
            self.add_constants(cluster, box)

    def arrow(self, edge: Edge, tail: str) -> Arrow:
        """Return the arrow of an edge that starts at the box `tail`."""
        head, origin = self.graph.boxes[edge.head], self.graph.boxes[edge.tail]
        kind, width, label = self.kind(edge), 0.0, self.label(edge)
        value = labels.shape(self.graph.trace[edge.node].value)
        argument = f"argument {edge.argument}" if edge.argument else ""
        facts = [argument, value, labels.carried(edge.carried) if edge.carried else ""]
        if edge in self.flow:
            kind, width = "back" if edge.carried else "backward", self.flow[edge]
            outgrad = self.graph.trace[edge.node].outgrad
            gradient = f"∇ {labels.gradient(outgrad)}" if outgrad else ""
            label = " ".join(filter(None, (label, gradient)))
            facts += [gradient, labels.carried_back(edge.carried) if edge.carried else ""]
        elif kind == "value" and (self.is_faint(origin) or self.is_faint(head)):
            kind = "faint"
        ends = f"{self.name(origin)} → {self.name(head)}"
        tooltip = " · ".join([ends, *filter(None, facts)])
        number = str(edge.argument) if self.is_numbered(edge) else ""
        if self.style.plain:
            label = number = ""
        return Arrow(tail, edge.head, kind, label, tooltip, number, width)

    def flow_of_gradients(self) -> dict[Edge, float]:
        """Return the width of the arrow of each edge that a gradient flows back along.

        It grows with the logarithm of the norm, to `THICKEST` for the greatest.
        """
        norm = self.graph.trace.columns.outgrad.norm
        norms = {
            edge: float(norm[edge.node - 1])
            for edge in self.graph.edges
            if self.reached[edge.node - 1] and not self.is_faint(self.graph.boxes[edge.head])
        }
        known = [x for x in norms.values() if 0 < x < math.inf]
        high = math.log10(max(known, default=1))
        low = min(math.log10(min(known, default=1)), high - 1)
        return {
            edge: 1 + (THICKEST - 1) * (math.log10(x) - low) / (high - low)
            if 0 < x < math.inf
            else 1
            for edge, x in norms.items()
        }

    def is_faint(self, box: Box) -> bool:
        """Return whether no gradient reaches a box, or whether a focus leaves it out."""
        if self.style.path is not None and self.style.path.isdisjoint(box.nodes):
            return True
        return self.has_gradients and not any(self.reached[id - 1] for id in box.nodes)

    def is_numbered(self, edge: Edge) -> bool:
        """Return whether an arrow shows which argument it leads to."""
        node = self.graph.boxes[edge.head].nodes[0]
        several = len({into.argument for into in self.into[edge.head]}) > 1
        return (
            edge.argument > 0 and several and self.graph.trace.columns.op[node - 1] not in SYMMETRIC
        )

    def add_constants(self, cluster: Cluster, box: Box) -> None:
        """Draw the constant arrays among the arguments of an operation."""
        node, last = self.graph.trace[box.nodes[0]], self.graph.trace[box.nodes[-1]]
        for position, arg in enumerate(node.args, 1):
            first = not arg.nodes and position <= len(last.args) and last.args[position - 1].nodes
            if not arg.nodes and not arg.keyword and ("[" in arg.text or first):
                name = f"{box.key}_{position}"
                tooltip = f"{shorten(node.op)}[{position}], a constant{' at first' * bool(first)}"
                text = f"{shorten(arg.text)}{' at first' * bool(first)}"
                shape = Shape(name, "constant", (text,), tooltip)
                cluster.shapes.append(shape)
                ends = f"a constant → {self.name(box)}"
                self.arrows.append(Arrow(name, box.key, "constant", tooltip=ends))

    def label(self, edge: Edge) -> str:
        """Return the label of an arrow: `64×32 ×4`, its shape and how many equal edges it is."""
        node, head = self.graph.trace[edge.node], self.graph.boxes[edge.head]
        from_leaf = node.kind != "result" and self.graph.boxes[edge.tail].node is not None
        parts = []
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
        gradients = style.gradients or bool(self.heat and self.heat.measure.is_gradient)
        place: Group | TraceNode
        if box.group is not None:
            place = box.group
            kind = "stack" if place.copies else "group"
            kind = "end" if trace.result in box.nodes and not place.copies else kind
            lines = texts.group_lines(self.graph, box, gradients=gradients)
            tooltip = texts.group_tooltip(self.graph, place, box.nodes)
        else:
            place = trace[box.nodes[0]]
            kind = "final" if trace.result in box.nodes else place.kind
            shapes = style.plain or style.edges != "shape"
            lines = texts.node_lines(trace, box, gradients=gradients, shapes=shapes)
            tooltip = texts.node_tooltip(trace, box)
        level = None
        if self.heat and (figure := self.heat.figures.get(box.key)) is not None:
            level = self.heat.level(figure)
            if label := self.heat.label(figure, box):
                lines.append(label)
        sign, mark = self.mark(box)
        shown = tuple(map(shorten, (sign + lines[0], *lines[1:])))
        address = link(style.links, place.file, place.line)
        return Shape(name, kind, shown, tooltip, address, level, mark, self.is_faint(box))

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
