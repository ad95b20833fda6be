"""The export to Model Explorer: nodes, namespaces, edges and attributes."""

import json

import numpy as np
from support.hostile import each_hostile_name

import autograd_tools as ag
import viewer


def layer(x, w):
    return np.tanh(x @ w)


def loss(x, w):
    for _ in range(2):
        x = layer(x, w)
    return np.sum(layer(x, w) / 2)


def nodes_of(x):
    (graph,) = json.loads(viewer.to_model_explorer(x))["graphs"]
    return {node["id"]: node for node in graph["nodes"]}


def test_functions_and_loops_are_namespaces():
    nodes = nodes_of(ag.trace(loss, np.ones(2), np.eye(2)))
    assert [(node["label"], node["namespace"]) for node in nodes.values()] == [
        ("x", "for _ in range(2)/step 1/layer"),
        ("w", ""),
        ("matmul", "for _ in range(2)/step 1/layer"),
        ("tanh", "for _ in range(2)/step 1/layer"),
        ("matmul", "for _ in range(2)/step 2/layer"),
        ("tanh", "for _ in range(2)/step 2/layer"),
        ("matmul", "layer"),
        ("tanh", "layer"),
        ("· / 2", ""),
        ("sum", ""),
    ]


def test_groups_of_one_name_beside_each_other_differ():
    nodes = nodes_of(ag.trace(lambda x: layer(layer(x, np.eye(2)), np.eye(2)), np.ones(2)))
    assert {node["namespace"] for node in nodes.values()} == {"layer", "layer (2)"}


def test_edges_and_attributes_are_those_of_the_trace():
    trace = ag.trace(loss, np.ones(2), np.eye(2))
    nodes = nodes_of(trace)
    for node in trace:
        edges = nodes[str(node.id)]["incomingEdges"]
        assert [int(edge["sourceNodeId"]) for edge in edges] == list(node.parents)
    product = {item["key"]: item["value"] for item in nodes["3"]["attrs"]}
    assert nodes["3"]["incomingEdges"][1]["targetNodeInputId"] == "2"
    assert nodes["3"]["outputsMetadata"] == [
        {"id": "0", "attrs": [{"key": "shape", "value": "float64[2]"}]}
    ]
    assert product["value"] == "float64[2]"
    assert product["line"].endswith("test_model_explorer.py:13")
    assert float(product["gradient norm"]) > 0


def test_a_folded_graph_has_all_copies():
    trace = ag.trace(loss, np.ones(2), np.eye(2))
    assert nodes_of(viewer.fold(trace)).keys() == nodes_of(trace).keys()


@each_hostile_name
def test_a_hostile_name_is_one_level(name):
    with ag.record() as tape, ag.scope("around"):
        x = ag.Param(3.0, name=name) * 2
        with ag.scope(name):
            x * 3
    tape.backward()
    assert {node["namespace"].count("/") for node in nodes_of(tape).values()} == {0}


def test_the_file_is_the_text(tmp_path):
    trace = ag.trace(loss, np.ones(2), np.eye(2))
    text = viewer.to_model_explorer(trace, tmp_path / "graph.json")
    assert (tmp_path / "graph.json").read_text(encoding="utf-8") == text
