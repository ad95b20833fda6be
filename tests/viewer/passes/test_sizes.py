"""The direction of a picture is the one in which Graphviz draws it larger on a screen."""

import re

import numpy as np
import pytest
from support.traces import Building

import autograd_tools as ag
import viewer
from viewer.drawing.images import svg_of
from viewer.passes.fitting import fit
from viewer.passes.grouping import group
from viewer.passes.pruning import prune


class Block:
    def __init__(self, n):
        rng = np.random.default_rng(n)
        self.w, self.b = ag.Param(rng.standard_normal((4, 4))), ag.Param(np.zeros(4))

    def forward(self, x):
        return np.tanh(x @ self.w + self.b)


def stacked(count):
    """A chain of different layers, whose boxes have long lines."""
    layers = [Block(n) for n in range(count)]
    widths = [np.ones((1 + n, 1)) for n in range(count)]

    def loss():
        x = np.ones((1, 4))
        for layer, width in zip(layers, widths, strict=True):
            x = layer.forward(x).sum(axis=0) * width
        return np.sum(x)

    return ag.diff(loss)


def ensemble(count):
    """Different members beside one another, whose results are added."""

    def member(x, n):
        for _ in range(n):
            x = np.sin(x) * n
        return np.exp(x)

    def loss():
        x = ag.Param(np.ones(3), name="x")
        return np.sum(sum(member(x, n % 4 + 1) for n in range(count)))

    return ag.diff(loss)


def operations(count):
    """A chain of different operations of scalars."""
    ops = (np.sin, np.cos, np.tanh, np.exp, np.negative, np.square, np.arctan, np.sinh)

    def loss():
        x = ag.Param(0.1, name="x")
        for n in range(count):
            x = ops[n * n % 8](x)
        return x

    return ag.diff(loss)


def scale(trace, **options):
    """The pixels of a letter of 11 points in a picture that fills the screen."""
    svg = viewer.to_svg(trace, **options)
    width, height = map(int, re.search(r'width="(\d+)pt" height="(\d+)pt"', svg).groups())
    return 11 * min(1440 / width, 900 / height)


MODELS = {
    f"{f.__name__} {n}": (f, n)
    for f, numbers in ((stacked, (3, 6, 9, 12)), (ensemble, (5, 12, 24)), (operations, (6, 14, 22)))
    for n in numbers
}


@pytest.mark.parametrize("options", [{}, {"backward": True}, {"by": "line"}])
@pytest.mark.parametrize("model", MODELS)
def test_the_direction_is_that_of_the_larger_layout(model, options):
    f, n = MODELS[model]
    trace = f(n).trace()
    chosen, *both = (
        scale(trace, **options, **direction)
        for direction in ({}, {"direction": "down"}, {"direction": "right"})
    )
    assert chosen >= min(9, 0.95 * max(both))


@pytest.mark.parametrize("by", ["op", "line", "function"])
@pytest.mark.parametrize("model", MODELS)
def test_letters_are_legible_by_default(model, by):
    f, n = MODELS[model]
    assert scale(f(n), by=by) >= 9


def test_all_formats_have_one_direction(tmp_path):
    tape = stacked(12)
    for direction, sign, chart in ((None, "TB", "TD"), ("right", "LR", "LR")):
        assert f"rankdir={sign}" in viewer.to_dot(tape, direction=direction)
        assert f"flowchart {chart}" in viewer.to_mermaid(tape, direction=direction)
        page = viewer.draw(tape, tmp_path / "graph.html", direction=direction).read_text("utf-8")
        svg = svg_of(tape, heading=False, direction=direction)
        assert svg.partition("<svg")[2] in page


def test_a_picture_asked_for_with_more_boxes_has_them():
    assert len(fit(group(stacked(12)), 100).boxes) > 70


def test_a_group_without_boxes_takes_no_room():
    b = Building()
    x = b.leaf()
    with b.place("function", "f"):
        x = b.op("reshape", x)
    b.op("cos", x)
    assert "rankdir=TB" in viewer.to_dot(prune(group(b)))
