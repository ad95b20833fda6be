"""The faults of a saved trace, by node and column, and the schema beside them."""

import copy
import json
import random
import re
from pathlib import Path

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.tracing.faults import trace_faults
from autograd_tools.tracing.schema import TYPES, departures, trace_schema
from tests.support.mutations import mutated

DATA = Path(__file__).parents[1] / "data"
LENIENT = ("got True", "got False")  # which load as numbers
COMPLETE = json.loads((DATA / "complete" / "trace.json").read_text("utf-8"))
OLD = json.loads((DATA / "0.1" / "trace.json").read_text("utf-8"))


def saved():
    """A trace of four nodes: a Param, its square, a sum, and a product."""
    trace = ag.trace(lambda w: np.sum(w**2) * 3.0, np.ones(2))
    return json.loads(json.dumps(trace.to_dict()))


def faults(change):
    data = copy.deepcopy(saved())
    change(data)
    return list(trace_faults(data))


@pytest.mark.parametrize("data", [COMPLETE, OLD, saved()], ids=["complete", "0.1", "new"])
def test_a_saved_trace_has_no_faults(data):
    assert list(trace_faults(data)) == []


def test_schema_names_the_key_that_is_missing():
    assert faults(lambda d: d.pop("place")) == ["the document: expected the key 'place'"]


def test_schema_names_the_item_of_a_column():
    def change(data):
        data["head"][2] = "sum"

    assert faults(change) == ["head[2]: expected type integer, got 'sum'"]


def test_schema_names_the_kinds_of_nodes():
    def change(data):
        data["heads"][0][0] = "leaf"

    assert faults(change) == ["heads[0][0]: expected one of param, input, result, got 'leaf'"]


def test_flags_of_memory_are_true_or_false():
    memory = {"nbytes": [], "value": {}, "outgrad": {}, "saved": {}}
    right = {"memory": {**memory, "frees": True, "packed": 1}}
    assert faults(lambda data: data.update(right)) == []
    wrong = {"memory": {**memory, "frees": 1}}
    assert faults(lambda data: data.update(wrong)) == ["memory.frees: expected type boolean, got 1"]


def test_every_type_of_the_schema_is_known():
    text = json.dumps(trace_schema())
    kinds = set(re.findall(r'"type": "(\w+)"', text))
    assert kinds <= set(TYPES)


def test_a_short_column_is_named():
    expected = "spot: expected 4 rows, one for each node in head, got 3"
    assert faults(lambda d: d["spot"].pop()) == [expected]


def test_an_entry_beyond_its_table_is_named_by_node():
    def change(data):
        data["head"][2] = 9

    assert faults(change) == ["node 3: head is 9, expected less than 4"]


def test_a_parent_before_the_first_node_is_named():
    def change(data):
        data["parents"]["back"][1] = 5

    assert faults(change) == ["node 3: parents.back is 5, expected 1 to 2"]


def test_a_call_without_its_parent_is_named():
    def change(data):
        data["parents"]["count"][2] = 0
        del data["parents"]["back"][1]

    assert faults(change) == [
        "node 3: parents.count is 0, expected 1, the parents in the arguments of heads[2]"
    ]


def test_a_row_beyond_the_nodes_is_named():
    def change(data):
        data["backward_ns"] = {"7": {"1": 5}}

    assert faults(change) == ["backward_ns: expected rows from 0 to 3, got 7"]


def test_a_result_that_is_no_node_is_named():
    def change(data):
        data["result"] = 5

    assert faults(change) == ["result: expected a node from 1 to 4, got 5"]


def test_what_loads_has_no_faults_and_what_does_not_has_some():
    source, loaded, refused = random.Random(1), 0, 0
    while loaded + refused < 1000:
        try:
            data = json.loads(mutated(COMPLETE, source))
        except ValueError:
            continue
        if not isinstance(data, dict) or data.get("version") not in (2, 3):
            continue
        try:
            ag.Trace.from_dict(data)
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
            assert list(trace_faults(data)), data
            refused += 1
        else:
            found = [fault for fault in trace_faults(data) if not fault.endswith(LENIENT)]
            assert found == []
            loaded += 1
    assert min(loaded, refused) > 50


def test_schema_has_only_keywords_that_are_checked():
    known = {
        *("$schema", "$id", "$ref", "$defs", "title", "description", "type", "const", "enum"),
        *("minimum", "maximum", "minItems", "maxItems", "items", "prefixItems", "required"),
        *("properties", "additionalProperties", "propertyNames", "pattern"),
    }
    found, todo = set(), [trace_schema()]
    while todo:
        schema = todo.pop()
        found |= schema.keys()
        for name in ("properties", "$defs"):
            todo += schema.get(name, {}).values()
        for name in ("items", "additionalProperties", "propertyNames"):
            todo += [schema[name]] if name in schema else []
        todo += schema.get("prefixItems", [])
    assert found <= known


def test_schema_describes_every_key_that_is_written():
    properties = trace_schema()["properties"]
    assert saved().keys() <= properties.keys()
    assert list(departures(saved())) == []
