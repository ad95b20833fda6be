"""Heat: figures of boxes, levels of colour, and the legend."""

import re
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

import autograd_tools as ag
import viewer
from autograd_tools.tracing.columns import TraceNode
from autograd_tools.tracing.summaries import Summary
from viewer.drawing.heat import MEASURES, heat_of
from viewer.drawing.looks import HEAT
from viewer.graph import Graph
from viewer.groups import Group
from viewer.options import HeatBy
from viewer.passes import fit


def graph_of(*nodes, members=None):
    return Graph(ag.Trace(nodes), Group("", members or tuple(node.id for node in nodes)))


def timed(*times):
    return [
        TraceNode(n, "result", "f", forward_ns=forward, backward_ns={1: back})
        for n, (forward, back) in enumerate(times, 1)
    ]


def test_time_sums_both_passes_of_a_box():
    graph = graph_of(
        *timed((1, 2), (10, 20), (100, 200)), members=(1, Group("two", (2, 3), collapsed=True))
    )
    assert heat_of(graph, "time").figures == {"n1": 3, "g1": 330}


def test_levels_of_time_are_equal_steps_from_0():
    heat = heat_of(graph_of(*timed((0, 0), (99, 0), (100, 0), (600, 0))), "time")
    assert heat.bounds == (0, 100, 200, 300, 400, 500, 600)
    assert [heat.level(figure) for figure in heat.figures.values()] == [0, 0, 1, 5]


def test_bytes_are_those_of_the_values():
    nodes = [
        TraceNode(n, "result", "f", value=Summary("x", nbytes=nbytes))
        for n, nbytes in enumerate((8, 1024), 1)
    ]
    assert heat_of(graph_of(*nodes), "bytes").figures == {"n1": 8, "n2": 1024}


def gradients(*norms):
    return [
        TraceNode(n, "result", "f", outgrad=Summary("x", norm=norm))
        for n, norm in enumerate(norms, 1)
    ]


def test_a_box_has_the_greatest_or_the_least_of_its_gradients():
    graph = graph_of(*gradients(3.0, 4.0, 1.0), members=(Group("two", (1, 2), collapsed=True), 3))
    assert heat_of(graph, "gradient").figures == {"g1": 4.0, "n3": 1.0}
    assert heat_of(graph, "least-gradient").figures == {"g1": 3.0, "n3": 1.0}
    assert "least ∇ 3" in viewer.to_dot(graph, heat="least-gradient")


def test_levels_of_gradients_are_equal_factors():
    heat = heat_of(graph_of(*gradients(1e-6, 1.0, 0.0)), "gradient")
    assert heat.legend() == (
        "greatest norm of the gradients",
        "1e-06",
        "1e-05",
        "0.0001",
        "0.001",
        "0.01",
        "0.1",
        "1",
    )
    assert [heat.level(figure) for figure in (0.0, 1e-6, 2e-5, 1.0)] == [0, 0, 1, 5]


@pytest.mark.parametrize("norm", [0.0, 2.5])
def test_equal_figures_are_one_level(norm):
    heat = heat_of(graph_of(*gradients(norm, norm)), "gradient")
    assert (len(heat.legend()), heat.level(norm)) == (2, 0)


def test_a_node_without_a_figure_has_no_colour():
    dot = viewer.to_dot(graph_of(*gradients(1.0, None, 3.0)), heat="gradient")
    assert re.findall(r'class="?(result(?: heat.)?)', dot) == [
        "result heat0",
        "result",
        "result heat5",
    ]


def test_labels_have_figures_and_the_picture_a_legend():
    dot = viewer.to_dot(graph_of(*timed((1000, 500), (3000, 0))), heat="time")
    assert 'label="f\nfreed\n1.50μs"' in dot
    assert "time, forward and backward: ■ < 500ns  ■ ≥ 500ns  ■ ≥ 1.00μs" in dot


@pytest.mark.parametrize(
    ("by", "message"),
    [
        (
            "time",
            "heat='time' needs times, which this trace lacks; set AUTOGRAD_TIMER=1 before the "
            "program starts",
        ),
        (
            "bytes",
            "heat='bytes' needs values, which this trace lacks; trace with ag.diff, which "
            "keeps them",
        ),
        (
            "gradient",
            "heat='gradient' needs gradients, which this trace lacks; trace a function that "
            "returns a scalar",
        ),
        ("colour", f"unknown heat 'colour'; choose {', '.join(MEASURES)}"),
        (5, f"unknown heat 5; choose {', '.join(MEASURES)}"),
        ([1.0], f"unknown heat [1.0]; choose {', '.join(MEASURES)}"),
    ],
)
def test_missing_heat_is_an_error_that_says_why(by, message):
    with pytest.raises(ValueError) as error:
        viewer.to_dot(graph_of(TraceNode(1, "result", "f")), heat=by)
    assert str(error.value) == message


@pytest.mark.parametrize("draws", [viewer.to_dot, viewer.to_svg, viewer.fit])
@pytest.mark.parametrize("by", ["grad", "Time", 5])
def test_unknown_heat_of_a_trace_lists_the_measures(draws, by):
    with pytest.raises(ValueError) as error:
        draws(ag.trace(np.exp, 1.0), heat=by)
    assert str(error.value) == f"unknown heat {by!r}; choose {', '.join(MEASURES)}"


def folded_times():
    """A folded group of two operations in three steps: 1 μs a step, 3 μs in all."""
    copies = ((1, 2), (3, 4), (5, 6))
    nodes = [
        replace(node, value=Summary("x", nbytes=512)) for node in timed(*[(300, 200), (500, 0)] * 3)
    ]
    return graph_of(*nodes, members=(Group("1-3", (1, 2), "step", copies=copies, collapsed=True),))


@pytest.mark.parametrize(
    ("heat", "lines"),
    [
        (None, ["2 operations  1.00KiB  1.00μs each"]),
        ("time", ["2 operations  1.00KiB each", "3.00μs in all"]),
        ("bytes", ["2 operations  1.00μs each", "3.00KiB in all"]),
    ],
)
def test_a_figure_of_a_folded_group_is_of_each_or_in_all(heat, lines):
    label = re.search(r'label="(steps.*?)"', viewer.to_dot(folded_times(), heat=heat), re.DOTALL)
    assert [line for line in label[1].split("\n")[1:] if line != "x"] == lines


def test_a_gradient_is_no_line_twice():
    graph = graph_of(*gradients(3.0, 4.0), members=(Group("two", (1, 2), collapsed=True),))
    dot = viewer.to_dot(graph, heat="gradient")
    assert re.search(r'label="(two.*?)"', dot, re.DOTALL)[1].count("∇ 4") == 1


def test_the_legend_has_the_colours_of_the_levels():
    svg = viewer.to_svg(graph_of(*timed((1000, 500), (3000, 0))), heat="time")
    assert re.findall(r'<tspan fill="([^"]*)">■</tspan>', svg) == list(HEAT)
    assert "rows" not in svg


@pytest.mark.parametrize("by", get_args(HeatBy))
def test_heat_of_an_empty_trace_is_an_empty_picture(by):
    assert MEASURES[by].title in viewer.to_dot(ag.Trace(()), heat=by)


def closed(graph):
    return [group.name[-1] for group in graph.root.inner() if group.collapsed]


@pytest.mark.parametrize("by", get_args(HeatBy))
def test_groups_with_most_of_the_heat_are_open(by):
    large, small = np.full(300, 1e3), np.ones(2)

    def a(x):
        return np.sum(np.sin(x) * 2)

    def b(x):
        return np.sum(np.tanh(np.exp(x)) * 1e-9)

    trace = ag.trace(lambda x, y: a(x) + b(y), large, small)
    nodes = [
        replace(node, forward_ns=10**9 if node.function.endswith("a") else 1)
        for node in trace.nodes
    ]
    graph = fit(ag.Trace(nodes, trace.result), 8, heat=by)
    assert closed(graph) == ["b"]
    assert closed(fit(trace, 8)) == ["a"]


def test_a_picture_with_heat_is_drawn():
    w = ag.Param(np.ones(3))
    assert "bytes of the values" in viewer.to_svg(ag.diff(lambda: np.sum(w * 2)), heat="bytes")
