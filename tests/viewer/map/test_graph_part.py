"""The graph of a map: nodes, groups, folds and equations in columns."""

import numpy as np
import pytest
from support.maps import Decoded

import autograd_tools as ag
import viewer
from autograd_tools.tracing.columns import TraceNode
from viewer.groups import Group
from viewer.map.building import MapData
from viewer.map.graph_part import add_graph
from viewer.passes.fitting import fit, opened_as
from viewer.passes.lines import by_lines
from viewer.passes.paging import paged


def graph_of(x):
    return paged(by_lines(viewer.fold(x), alone=True))


def data_of(x, opened=None):
    graph = graph_of(x)
    made = MapData({})
    add_graph(made, graph, opened_as(graph, fit(x)) if opened is None else opened)
    return Decoded(made.stream())


def layer(h, w):
    return np.tanh(h @ w)


def network():
    w = ag.Param(np.eye(3) / 2, name="w")

    def loss():
        h = np.ones((2, 3))
        for _ in range(5):
            h = layer(h, w)
        return np.sum(h * h)

    return ag.diff(loss)


@pytest.fixture
def tape():
    return network()


def test_nodes_have_their_kinds_and_labels(tape):
    found = data_of(tape)
    assert [found.header["kinds"][kind] for kind in found["kind"][[0, 1, 2]]] == [
        "param",
        "result",
        "result",
    ]
    assert found.text("label")[:3] == ["w", "float64[2,3] @ w", "tanh"]


def test_parents_are_counted_back_from_each_node(tape):
    found, columns = data_of(tape), tape.trace().columns
    starts = np.concatenate([[0], np.cumsum(found["degree"])])
    parents = [
        tuple(id - found["back"][starts[id - 1] : starts[id]]) for id in range(1, len(starts))
    ]
    assert parents == columns.parents


def test_statistics_of_values_and_gradients_are_kept(tape):
    found, columns = data_of(tape), tape.trace().columns
    for prefix, column in (("v", columns.value), ("d", columns.outgrad)):
        for name in ("min", "max", "mean", "norm"):
            numbers, exact = found.numbers(f"{prefix}_{name}"), getattr(column, name)
            assert np.allclose(numbers, exact, rtol=2**-13, equal_nan=True)


def test_a_folded_loop_has_the_nodes_of_its_copies(tape):
    found = data_of(tape)
    loop = found["g_times"].tolist().index(5)
    title = found.header["strings"][found["g_title"][loop]]
    length = int(found["g_length"][loop])
    copies = np.cumsum(found["copies"])[: 5 * length].reshape(5, length)
    assert title == "for _ in range(5)"
    assert copies.tolist() == [[2, 3], [4, 5], [6, 7], [8, 9], [10, 11]]


def test_nodes_of_other_copies_have_no_home(tape):
    found = data_of(tape)
    assert [id for id, home in enumerate(found["home"], 1) if home < 0] == [*range(4, 12)]


def test_groups_come_before_those_inside(tape):
    parents = data_of(tape)["g_parent"]
    assert parents[0] == -1
    assert all(parent < number for number, parent in enumerate(parents))


def test_equations_name_the_node_and_its_parents(tape):
    found = data_of(tape)
    equations = [found.header["equations"][number] for number in found["equation"][[2, 12]]]
    assert equations == [
        [[0, " = tanh(", 1, ")"], [], [[1, ["∇", 1], ["∇", 0, " * (1 - ", 0, " * ", 0, ")"], []]]],
        [
            [0, " = sum(", 1, ")"],
            [],
            [[1, ["∇", 1], ["broadcast_to(∇", 0, ", shape(", 1, "))"], []]],
        ],
    ]


def equation_of(f, **params):
    """The first equation of a map of `f` of Params of these names."""
    found = data_of(ag.diff(f, *(ag.Param(x, name=name) for name, x in params.items())))
    return found.header["equations"][0]


def test_an_argument_given_twice_has_one_name():
    assert equation_of(lambda x: x * x, x=2.0)[0] == [0, " = ", 1, " * ", 1]


def test_an_array_twice_in_a_list_gets_both_gradients():
    x, y = np.ones(2), np.ones(3)
    forward, _, rules = equation_of(lambda x, y: np.sum(np.concatenate([x, y, x])), x=x, y=y)
    assert forward == [0, " = concatenate([", 1, ", ", 2, ", ", 1, "])"]
    both = ["∇", 0, "[0:2] + ∇", 0, "[5:7], ∇", 0, "[2:5]"]
    assert rules == [[1, ["∇", 1, ", ∇", 2], both, []]]


def test_a_constant_of_a_shared_equation_has_no_number_of_one_node():
    w = ag.Param(np.ones(2), name="w")
    found = data_of(ag.diff(lambda: np.sum(np.cos(w * np.ones(2)) * np.ones(2))))
    assert found["equation"].tolist()[1] == found["equation"].tolist()[3]
    forward, constants, rules = found.header["equations"][0]
    assert (forward, constants) == ([0, " = ", 1, " * ", -1], [-1, " = float64[2]"])
    assert rules == [[1, ["∇", 1], ["∇", 0, " * ", -1], []]]


def test_the_gradient_of_a_part_goes_into_it():
    _, _, rules = equation_of(lambda x: np.sum(x[1:]), x=np.ones(3))
    assert rules == [[1, ["∇", 1, "[1:]"], ["∇", 0], []]]


def test_a_note_has_symbols_as_well():
    _, _, ((_, _, formula, note),) = equation_of(ag.checkpoint(np.sin), x=2.0)
    assert formula == ["∇", 0, " · ∂", 0, "/∂", 1]
    assert not any("∇v" in piece for piece in note if isinstance(piece, str))


def test_leaves_with_a_symbol_of_their_own_are_named():
    params = [ag.Param(2.0, name=name) for name in ("w", "b", "w", "sum", "cos", "a + b")]
    found = data_of(ag.diff(lambda: np.sum(np.stack([np.sin(x) for x in params]))))
    named = [found.text("label")[row] for row in np.flatnonzero(found["named"])]
    assert named == ["b"]
    assert found.header["symbols"] == ["v", "c"]


def test_names_like_those_of_nodes_change_their_symbols():
    found = data_of(ag.diff(lambda v4, c1: v4 * c1, *(ag.Param(1.0, name=n) for n in ("v4", "c1"))))
    assert (found["named"].tolist(), found.header["symbols"]) == ([1, 1, 0], ["v_", "c_"])


def test_a_histogram_has_bars_up_to_fifteen(tape):
    found = data_of(tape)
    bins = found["v_bins"].reshape(-1, 8)
    assert bins.max(axis=1).tolist() == [15] * len(bins)
    assert np.cumsum(found["v_binned"])[0] == 1


def test_times_are_those_of_each_rule():
    trace = ag.Trace(
        tuple(
            TraceNode(**node)
            for node in (
                {"id": 1, "kind": "param", "children": (2,)},
                {
                    "id": 2,
                    "kind": "result",
                    "op": "sin",
                    "args": (),
                    "parents": (1,),
                    "forward_ns": 1000,
                    "backward_ns": {1: 2000},
                },
            )
        )
    )
    found = data_of(trace, ())
    assert found.numbers("forward")[1] == 1000
    assert (found["b_node"].tolist(), found["b_argument"].tolist()) == ([2], [1])
    assert found.numbers("b_ns").tolist() == [2000]


def test_bytes_allocated_and_saved_are_columns_where_they_are_known():
    w = ag.Param(np.ones(1024), name="w")
    tape = ag.diff(lambda: np.sum(np.sin(w * 2.0)))
    found = data_of(tape)
    assert found.numbers("saved").tolist() == [0, 0, 8192, 0]
    assert found.numbers("allocated").tolist() == [8192, 16384, 8200, 0]
    assert "saved" not in data_of(ag.Trace(tuple(tape.trace()), 4)).header["columns"]


def test_the_groups_that_are_open_at_first_are_named():
    found = data_of(network())
    kinds = {
        found.header["group_kinds"][found["g_kind"][number]] for number in found.header["open"]
    }
    assert "line" in kinds


def test_a_trace_of_nothing_has_empty_columns():
    found = data_of(ag.Trace(()))
    assert (found.header["nodes"], found["kind"].tolist(), found["g_parent"].tolist()) == (
        0,
        [],
        [-1],
    )


def test_hidden_nodes_are_marked():
    graph = viewer.prune(viewer.fold(network()))
    made = MapData({})
    add_graph(made, graph, ())
    found = Decoded(made.stream())
    assert ("hidden" in found.header["columns"]) == bool(graph.hidden)


def test_a_group_is_cut_into_pages_of_pages():
    x = ag.Param(0.5, name="x")

    def loss():
        total = x
        for n in range(5000):
            total = total * (1 + n / 1e5) if n % 7 else np.sin(total)
        return total

    graph = paged(viewer.group(ag.diff(loss)))
    graph.check()
    assert max(len(group.members) for group in graph.root.inner()) == 60
    assert sum(1 for _ in graph.root.ids()) == len(graph.trace)


def test_leaves_of_a_long_group_go_together():
    params = [ag.Param(float(n), name=f"p{n}") for n in range(100)]
    graph = paged(viewer.group(ag.diff(lambda: np.sum(np.stack(params)))))
    assert [m.name for m in graph.root.members if isinstance(m, Group)] == ["100 leaves"]
