"""Mermaid: flowcharts in which no name is taken for syntax."""

import re

import numpy as np
from support.hostile import each_hostile_name

import autograd_tools as ag
import viewer
from viewer.drawing.mermaid import to_mermaid
from viewer.graph import Graph
from viewer.groups import Group


def test_the_chart_of_a_trace_of_three_nodes():
    w = ag.Param(np.ones((2, 3)), name="w")
    assert to_mermaid(ag.diff(lambda: np.sum(w * np.ones(3)))).splitlines() == [
        "flowchart TD",
        "  accTitle: Graph of a gradient  2 operations, 1 Param, in 3 boxes  the result is 6.",
        '  n1[["w<br/>2×3  ∇ 2.45"]]:::param',
        '  n2("w #42; float64#91;3#93;<br/>2×3  ∇ 2.45"):::result',
        '  n3(["sum<br/>6  ∇ 1"]):::final',
        '  notes["2 operations · 1 Param of 6 elements · 104B of values · result 6"]:::constant',
        "  n1 --> n2",
        "  n2 --> n3",
        "  classDef param fill:#d7ead9,stroke:#3c7a46,color:#1a1f26",
        "  classDef result fill:#f5f7fa,stroke:#5b6b7f,color:#1a1f26",
        "  classDef final fill:#fbe6c9,stroke:#b3731d,color:#1a1f26",
        "  classDef constant stroke-dasharray:3",
    ]


def grouped(**options):
    trace = ag.trace(lambda x: np.sum(np.sin(np.sin(x))), np.ones(2))
    return Graph(
        trace,
        Group("", (1, Group("1-2", (2,), "step", copies=((2,), (3,)), **options), 4)),
        notes=("equal steps are one",),
    )


def test_groups_are_subgraphs_and_carried_arrows_are_dashed():
    lines = to_mermaid(grouped()).splitlines()
    assert lines[4:6] == [
        '  subgraph g1["steps 1-2  ×2"]',
        '    n2("sin<br/>#91;2#93;  ∇ 0.942 → 1.41"):::result',
    ]
    assert '  n2 -.->|"to the next step"| n2' in lines


def test_notes_are_in_the_chart():
    assert '<br/>equal steps are one"]:::constant' in to_mermaid(grouped())


def test_the_legend_has_the_range_of_each_colour():
    chart = to_mermaid(grouped(), heat="bytes")
    assert '  subgraph legend["bytes of the values"]' in chart
    assert "classDef heat5 fill:#d96a1e" in chart


def test_marks_are_classes():
    assert (
        '  n4(["≠ sum<br/>1.49125  ∇ 1"]):::changed'
        in to_mermaid(grouped(), marks={4: "changed"}).splitlines()
    )


def test_links_are_clicks():
    names = {}
    exec(compile("def double(w):\n    return w * 2", "/models/model.py", "exec"), names)
    assert (
        '  click n2 href "vscode://file/models/model.py:2"'
        in to_mermaid(ag.trace(names["double"], 3.0), links="vscode").splitlines()
    )


def test_a_mermaid_file_is_the_text_of_to_mermaid(tmp_path):
    assert viewer.draw(grouped(), tmp_path / "graph.mmd").read_text(encoding="utf-8") == to_mermaid(
        grouped()
    )


@each_hostile_name
def test_a_hostile_name_is_only_text(name):
    w = ag.Param(3.0, name=name)
    with ag.record() as tape:
        with ag.scope(name):
            y = w * 2
        y * 1
    tape.backward()
    chart = to_mermaid(tape)
    quoted = re.findall(r'"([^"]*)"', chart)
    assert len(re.findall('"', chart)) == 2 * len(quoted)
    assert not [text for text in quoted if re.search(r"[`%|{}\\&]|<(?!br/>)|#(?!\d+;)", text)]
    assert re.sub(r'"[^"]*"', '""', chart) == re.sub(r'"[^"]*"', '""', to_mermaid(named("w")))


def named(name):
    w = ag.Param(3.0, name=name)
    with ag.record() as tape:
        with ag.scope(name):
            y = w * 2
        y * 1
    tape.backward()
    return tape
