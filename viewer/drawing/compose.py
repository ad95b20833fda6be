"""The composition of a picture: the boxes, frames and arrows of a graph with their texts."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection
from typing import get_args

from autograd_tools.base.text import unknown
from autograd_tools.tracing.columns import TraceNode
from viewer import labels
from viewer.drawing import texts
from viewer.drawing.heat import Heat, heat_of
from viewer.drawing.looks import MARKS
from viewer.drawing.picture import Arrow, Cluster, Picture, Shape, Style
from viewer.graph import Box, Edge, Graph
from viewer.groups import Group
from viewer.options import Direction, EdgeLabel
from viewer.passes.rows import leaves, ranks
from viewer.passes.sizes import best_direction
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
    for name in ("gradients", "backward"):
        if (given := getattr(style, name)) not in (True, False):
            raise ValueError(f"{name}= must be True or False, got {given!r}")
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
        self.listed: dict[str, dict[Edge, str]] = {}  # by box: the items that arrows into it are
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
        direction = self.style.direction or self.best_direction(root)
        return Picture(root, arrows, notes, legend, span, direction)

    def best_direction(self, root: Cluster) -> str:
        """Return the direction in which the boxes and labels that are drawn are largest."""
        texts = {shape.name: (max(map(len, shape.lines)), len(shape.lines)) for shape in root.all()}
        label = max((len(arrow.label) for arrow in self.arrows), default=0)
        return best_direction(self.graph, texts, label)

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
            if group.is_wrapper and depth:
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
        """Draw a box, leaves and first constants beside it, and the arrows into it."""
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
            self.add_first(cluster, box)

    def arrow(self, edge: Edge, tail: str) -> Arrow:
        """Return the arrow of an edge that starts at the box `tail`."""
        head, origin = self.graph.boxes[edge.head], self.graph.boxes[edge.tail]
        kind, width, label = self.kind(edge), 0.0, self.label(edge)
        value = labels.shape(self.graph.trace[edge.node].value)
        argument = f"argument {edge.argument}" if edge.argument else ""
        facts = [argument, value, labels.carried(edge.carried) if edge.carried else ""]
        if edge in self.flow:
            kind, width = "back" if edge.carried else "backward", self.flow[edge]
            found = texts.gradients_of(self.graph.trace, (edge.node, edge.last))
            gradient = f"∇ {found}" if found else ""
            label = " ".join(filter(None, (label, gradient)))
            facts += [gradient, labels.carried_back(edge.carried) if edge.carried else ""]
        ends = f"{self.name(origin)} → {self.name(head)}"
        tooltip = " · ".join([ends, *filter(None, facts)])
        number, faint = self.number(edge), self.is_dimmed(edge)
        if self.style.plain:
            label = number = ""
        return Arrow(tail, edge.head, kind, label, tooltip, number, width, faint)

    def flow_of_gradients(self) -> dict[Edge, float]:
        """Return the width of the arrow of each edge that a gradient flows back along.

        It grows with the logarithm of the norm, to `THICKEST` for the greatest.
        """
        norm = self.graph.trace.columns.outgrad.norm
        norms = {
            edge: max(float(norm[id - 1]) for id in (edge.last, edge.node))
            for edge in self.graph.edges
            if self.reached[edge.node - 1] and not self.is_dimmed(edge)
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

    def is_dimmed(self, edge: Edge) -> bool:
        """Return whether an arrow starts or ends at a faint box."""
        return any(self.is_faint(self.graph.boxes[key]) for key in (edge.tail, edge.head))

    def number(self, edge: Edge) -> str:
        """Return the number of the argument that an arrow leads to, or of its items in a list."""
        node = self.graph.boxes[edge.head].nodes[0]
        if not edge.argument or self.graph.trace.columns.op[node - 1] in SYMMETRIC:
            return ""
        if len({into.argument for into in self.into[edge.head]}) > 1:
            return str(edge.argument)
        return self.items(edge.head).get(edge, "")

    def items(self, key: str) -> dict[Edge, str]:
        """Return the items of a list that the arrows into a box are: `1` and `2-12`."""
        if key not in self.listed:
            edges = [edge for edge in self.into[key] if not edge.carried]
            node = self.graph.trace[self.graph.boxes[key].nodes[0]]
            items = node.args[edges[0].argument - 1].nodes if len(edges) > 1 else ()
            places: dict[int, list[int]] = defaultdict(list)
            for place, id in enumerate(items, 1):
                places[id].append(place)
            self.listed[key] = {
                edge: _ranges([n for id in self._among(edge, places) for n in places[id]])
                for edge in edges
            }
        return self.listed[key]

    def _among(self, edge: Edge, places: Collection[int]) -> list[int]:
        """Return the nodes of the tail of an arrow that are among some others."""
        ids = self.graph.boxes[edge.tail].nodes
        few, many = (ids, places) if len(ids) < len(places) else (places, frozenset(ids))
        return [id for id in few if id in many]

    def add_first(self, cluster: Cluster, box: Box) -> None:
        """Draw the constants from which the first copy of a folded operation starts."""
        node, last = self.graph.trace[box.nodes[0]], self.graph.trace[box.nodes[-1]]
        for position, (arg, later) in enumerate(zip(node.args, last.args, strict=False), 1):
            if later.nodes and not arg.nodes and not arg.keyword:
                name, faint = f"{box.key}_{position}", self.is_faint(box)
                tooltip = f"{shorten(node.op)}[{position}], a constant at first"
                text = f"{shorten(arg.text)} at first"
                cluster.shapes.append(Shape(name, "constant", (text,), tooltip, faint=faint))
                ends = f"a constant → {self.name(box)}"
                self.arrows.append(Arrow(name, box.key, "constant", tooltip=ends, faint=faint))

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
            kind = self.kind_of(place, box)
            without = self.style.heat if self.style.heat in ("time", "bytes") else ""
            lines = texts.group_lines(self.graph, box, gradients=gradients, without=without)
            tooltip = texts.group_tooltip(self.graph, place, box.nodes)
        else:
            place = trace[box.nodes[0]]
            kind = "final" if trace.result in box.nodes else place.kind
            shapes = style.plain or style.edges != "shape"
            lines = texts.node_lines(self.graph, box, gradients=gradients, shapes=shapes)
            tooltip = texts.node_tooltip(trace, box)
        level = None
        if self.heat and (figure := self.heat.figures.get(box.key)) is not None:
            level = self.heat.level(figure)
            lines += self.heat.lines(figure, box, lines)
        sign, mark = self.mark(box)
        shown = tuple(map(shorten, (sign + lines[0], *lines[1:])))
        address = link(style.links, place.file, place.line)
        return Shape(name, kind, shown, tooltip, address, level, mark, self.is_faint(box))

    def kind_of(self, group: Group, box: Box) -> str:
        """Return the kind of a collapsed group in `looks.BOXES`: a row of leaves is one of them."""
        kinds = {self.graph.trace.columns.kind[id - 1] for id in box.nodes}
        if len(kinds) == 1 and kinds != {"result"}:
            return kinds.pop()
        if group.copies:
            return "stack"
        return "end" if self.graph.trace.result in box.nodes else "group"

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
        text = (shorten(self.name(box)),)
        return Shape(name, "elsewhere", text, shape.tooltip, shape.link, faint=shape.faint)

    def name(self, box: Box) -> str:
        """Return the name of a box in a text elsewhere."""
        if box.group:
            return labels.title(box.group)
        node = self.graph.trace[box.nodes[0]]
        return f"{shorten(node.op or node.name or node.kind)} (node {box.node})"


def _ranges(numbers: list[int]) -> str:
    """Return numbers in order, with those in a row as one range.

    >>> _ranges([4, 1, 2, 3, 7])
    '1-4, 7'
    """
    rows: list[list[int]] = []
    for number in sorted(numbers):
        if rows and number == rows[-1][-1] + 1:
            rows[-1][1:] = [number]
        else:
            rows.append([number])
    return ", ".join("-".join(map(str, row)) for row in rows)
