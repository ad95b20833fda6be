"""Writes data for the tests of the map: graphs, with the boxes and edges that Python shows.

`python web/tests/make.py` writes `web/tests/data/NAME.bin` and `NAME.json`.
"""

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np

import autograd_tools as ag
import viewer
from viewer.drawing.compose import compose_picture
from viewer.drawing.picture import Style
from viewer.groups import rebuild
from viewer.map.building import MapData
from viewer.map.graph_part import add_graph
from viewer.passes.fitting import fit, opened_as
from viewer.passes.lines import by_lines
from viewer.passes.paging import paged

FOLDER = Path(__file__).parent / "data"
STATES = 12
STYLES = (
    {},
    {"edges": "shape", "gradients": False},
    {"backward": True},
    {"heat": "bytes"},
    {"heat": "gradient"},
    {"heat": "least-gradient"},
)


def recurrent():
    w, b = ag.Param(np.eye(4) / 3, name="w"), ag.Param(np.ones(4), name="b")

    def loss():
        h, total = np.zeros(4), 0.0
        for t in range(30):
            h = np.tanh(h @ w + b + t)
            if t % 10 == 9:
                total = total + np.sum(h**2)
        return total

    return ag.diff(loss)


class Layer:
    def __init__(self, n, rng):
        self.w = ag.Param(rng.normal(size=(n, n)) / n, name="w")
        self.b = ag.Param(np.zeros(n), name="b")

    def __call__(self, x):
        y = x @ self.w + self.b
        return np.maximum(y, 0.1 * y)


def layers():
    rng = np.random.default_rng(0)
    model, x = [Layer(5, rng) for _ in range(6)], rng.normal(size=(3, 5))

    def network(y):
        for layer in model:
            y = layer(y)
        return y

    return ag.diff(lambda: np.mean((network(x) - network(2 * x)) ** 2))


def fibonacci(x, n):
    return x * n if n < 2 else fibonacci(x, n - 1) + fibonacci(x, n - 2) * x


def recursion():
    x = ag.Param(0.5, name="x")
    return ag.diff(lambda: fibonacci(x, 7))


def power(x, n):
    return x if n == 0 else x * np.sin(power(x, n - 1))


def levels():
    x = ag.Param(0.5, name="x")
    return ag.diff(lambda: power(x, 25))


def nested():
    x = ag.Param(np.arange(12.0).reshape(3, 4) + 1, name="x")

    def loss():
        total = 0.0
        for i in range(3):
            row = 1.0
            for j in range(4):
                row = row * x[i, j]
            total = total + np.log(row)
        return total

    return ag.diff(loss)


def irregular():
    """A loop of 300 steps with other operations in each: they are cut into pages."""
    rng = random.Random(1)
    x = ag.Param(0.3, name="x")

    def loss():
        y = x
        for _ in range(300):
            for _ in range(rng.randrange(1, 4)):
                y = rng.choice([np.sin, np.tanh, lambda v: v * x, lambda v: v + 1])(y)
        return y

    return ag.diff(loss)


def inputs():
    return ag.trace(lambda x, y: np.sum(np.outer(x, y) @ y), np.ones(3), np.arange(4.0))


def second():
    x = ag.Param(np.array([1.0, 2.0]), name="x")
    return ag.diff(lambda: np.sum(ag.grad(lambda v: np.sum(np.sin(v) ** 3))(x) ** 2))


def hostile():
    """Names with markup, quotes, backslashes and line breaks."""
    names = [
        "<img src=x onerror=alert(1)>",
        "]]><script>alert(2)</script>",
        'a"b\\',
        "&lt;\n&#10;\\N",
    ]
    params = [ag.Param(2.0, name=name) for name in names]

    def loss():
        total = 0.0
        with ag.scope("</text><script>alert(3)</script>\\l"):
            for x in params:
                total = total + x * x
        return total

    return ag.diff(loss)


MODELS = (recurrent, layers, recursion, levels, nested, irregular, inputs, second, hostile)


def drawn(graph, style):
    """The texts of a picture in a style."""
    try:
        picture = compose_picture(graph, Style(direction="down", **style))
    except ValueError:  # no gradients for heat
        return None
    shapes = {s.name: [s.kind, s.faint, s.heat, s.lines] for s in picture.root.all()}
    arrows = [[a.tail, a.head, a.kind, a.label, a.argument, a.faint] for a in picture.arrows]
    return {"style": style, "shapes": shapes, "arrows": arrows, "legend": picture.legend}


def state_of(graph, groups, open):
    """The boxes and edges of a graph in which the groups of some numbers are open."""
    numbers = {id(group): number for number, group in enumerate(groups)}

    def close(group, members):
        number = numbers[id(group)]
        return replace(group.with_members(members), collapsed=number > 0 and number not in open)

    shown = replace(graph, root=rebuild(graph.root, close))
    shown.check()
    boxes = {box.key: list(box.nodes) for box in shown.boxes.values()}
    edges = [[e.tail, e.head, e.node, e.argument, e.carried, e.count, e.last] for e in shown.edges]
    styles = [*filter(None, (drawn(shown, style) for style in STYLES))]
    return {"open": sorted(open), "boxes": boxes, "edges": sorted(edges), "styles": styles}


def main():
    FOLDER.mkdir(exist_ok=True)
    for model in MODELS:
        folded = viewer.fold(model())
        graph = paged(by_lines(folded, alone=True), 20)
        groups, first = [*graph.root.inner()], opened_as(graph, fit(folded))
        about = {"title": model.__name__, "notes": [], "view": "graph", "query": "", "selected": 0}
        data = MapData({**about, "looks_at_first": {}})
        add_graph(data, graph, first)
        (FOLDER / f"{model.__name__}.bin").write_bytes(data.stream())
        rng, numbers = random.Random(0), range(1, len(groups))
        opened = {number for number, group in enumerate(groups) if number and group in first}
        states = [opened, set(), {*numbers}]
        states += [set(rng.sample(numbers, rng.randrange(len(numbers)))) for _ in range(STATES)]
        found = [state_of(graph, groups, open) for open in states]
        (FOLDER / f"{model.__name__}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
