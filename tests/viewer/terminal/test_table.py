"""The table: columns, order, limit, groups and layout."""

from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len

import autograd_tools as ag
import viewer
from viewer.facts.columns import COLUMNS

SOURCE = """
import numpy as np

def encoder(x, w):
    return np.maximum(x * w, 0)

def loss(x, w):
    return np.sum(encoder(x, w) * 1e-3)
"""


@pytest.fixture(scope="module")
def trace():
    """1 x, 2 w, 3 multiply and 4 maximum in encoder, 5 multiply, 6 sum."""
    names = {}
    exec(compile(SOURCE, "/models/train.py", "exec", dont_inherit=True), names)
    return ag.trace(names["loss"], np.arange(-4.0, 4.0), np.ones(8))


def table(x, columns=None, **options):
    return viewer.to_text(x, "table", columns=columns, **options).splitlines()


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        ("id,kind,name", ["id  kind    name", " 1  input   x", " 3  result"]),
        ("id,operation,op", ["id  operation  op", " 1  input x", " 3  multiply   multiply"]),
        (
            "shape,dtype,bytes",
            ["shape  dtype    bytes", "8      float64  64.0B", "8      float64  64.0B"],
        ),
        (
            "min,mean,max,norm",
            [
                "  min     mean    max     norm",
                "   -4     -0.5      3     6.63",
                "   -4     -0.5      3     6.63",
            ],
        ),
        ("zeros,nan,inf", ["zeros  nan  inf", "12.5%    0    0", "12.5%    0    0"]),
        (
            "∇min,∇max,∇zeros",
            [" ∇min   ∇max  ∇zeros", "    0  0.001   50.0%", "    0  0.001   50.0%"],
        ),
        ("histogram,id", ["histogram  id", "████████    1", "████████    3"]),
        ("source,file,line", ["source      file      line", "", "train.py:5  train.py     5"]),
        ("id,scope", ["id  scope", " 1  loss / encoder", " 3  loss / encoder"]),
        (
            "id,value,gradient",
            [
                "id  value       gradient",
                " 1  float64[8]  float64[8]",
                " 3  float64[8]  float64[8]",
            ],
        ),
        (["id", "forward", "backward"], ["id  forward  backward", " 1", " 3"]),
    ],
    ids=str,
)
def test_the_columns_asked_for_are_shown(trace, columns, lines):
    shown = table(trace, columns)
    assert [shown[0], shown[1], shown[3]][: len(lines)] == lines


def test_times_are_shown_where_they_are_known(trace):
    nodes = [
        replace(node, forward_ns=1500, backward_ns={1: 500, 2: 250})
        if node.kind == "result"
        else node
        for node in trace
    ]
    assert table(ag.Trace(tuple(nodes), 6), "id,forward,backward")[3] == " 3   1.50μs     750ns"


def test_bytes_saved_count_once_at_the_oldest_rule_that_needs_them():
    w = ag.Param(np.ones(1000), name="w")

    def loss():
        h = np.sin(w * 2.0)  # sin saves `w * 2.0`
        return np.sum(np.exp(h) * h)  # exp saves its value, the product saves `h`

    found = table(ag.diff(loss), "id,op,saved,allocated")
    assert [line.split() for line in found[1:]] == [
        ["1", "∅", "7.81KiB"],
        ["2", "multiply", "∅", "15.6KiB"],
        ["3", "sin", "7.81KiB", "15.6KiB"],
        ["4", "exp", "7.81KiB", "15.6KiB"],
        ["5", "multiply", "7.81KiB", "7.82KiB"],
        ["6", "sum", "∅", "∅"],
    ]


def test_a_view_allocates_nothing():
    w = ag.Param(np.ones(1000), name="w")
    tape = ag.diff(lambda: np.sum((w * 2.0).reshape(10, 100)))
    rows = table(tape, "op,allocated")
    assert [line.split() for line in rows[1:]][1:3] == [["multiply", "7.82KiB"], ["reshape", "∅"]]


def test_the_memory_of_a_trace_that_knows_none_is_unknown(trace):
    alone = ag.Trace(tuple(trace), trace.result)
    assert table(alone, "op,saved,allocated")[1:3] == ["", ""]


def test_an_unknown_column_is_an_error_that_lists_the_columns(trace):
    with pytest.raises(ValueError) as error:
        table(trace, "id,size")
    assert str(error.value) == f"unknown column 'size'; choose {', '.join(COLUMNS)}"
    assert len(COLUMNS) == 36


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sort": "size"}, "unknown column 'size'; choose id,"),
        ({"columns": ""}, "unknown column ''; choose id,"),
        ({"columns": []}, "columns= is empty; leave it out for the default columns"),
        ({"limit": 0}, "limit= must be 1 or more, got 0"),
        ({"limit": "many"}, "limit= must be 1 or more, got 'many'"),
        (
            {"max_depth": 2},
            "max_depth= does not apply to the view 'table'; choose where, columns, sort, limit, by",
        ),
        ({"by": "colour"}, "unknown grouping 'colour'; choose scope, step, op, line"),
        (
            {"by": "scope", "columns": "id"},
            "unknown group column 'id'; choose group, nodes, bytes,",
        ),
        ({"by": "scope", "sort": "-id"}, "unknown group column 'id'; choose group, nodes, bytes,"),
    ],
    ids=str,
)
def test_a_wrong_option_says_what_to_write(trace, options, message):
    with pytest.raises(ValueError) as error:
        viewer.to_text(trace, "table", **options)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("option", [{"columns": "id"}, {"by": "scope"}, {"max_depth": 1}], ids=str)
def test_the_list_refuses_an_option_of_another_view(trace, option):
    with pytest.raises(
        ValueError, match="does not apply to the view 'list'; choose where, sort, limit"
    ):
        viewer.to_text(trace, **option)


@pytest.mark.parametrize(
    ("sort", "ids"),
    [
        ("∇norm", "134265"),
        ("grad-norm", "134265"),
        ("-∇norm", "562413"),
        ("-id", "654321"),
        ("op", "435612"),
        ("source", "345612"),
    ],
)
def test_rows_are_sorted_with_unknown_values_last(trace, sort, ids):
    assert sorted(ids) == list("123456")
    assert "".join(line.strip() for line in table(trace, "id", sort=sort)[1:]) == ids


def test_a_limit_shows_the_first_and_last_rows(trace):
    assert table(trace, "id,op", limit=3) == [
        "id  op",
        " 1",
        " 2",
        "… 3 of 6 omitted; raise the limit to see them",
        " 6  sum",
    ]


def test_a_limit_of_a_sorted_table_shows_the_first_rows(trace):
    assert table(trace, "id,op", limit=2, sort="-id") == [
        "id  op",
        " 6  sum",
        " 5  multiply",
        "… 4 of 6 omitted; raise the limit to see them",
    ]


def test_a_sorted_list_is_in_the_order_of_a_column(trace):
    assert [
        line.split(" ")[0] for line in viewer.to_text(trace, sort="-id", limit=2).splitlines()[:2]
    ] == ["v6", "v5"]


# Tables of groups ---------------------------------------------------------------------------------


def test_a_table_by_scope_shows_the_range_of_gradients(trace):
    assert table(trace, by="scope") == [
        "scope           nodes  bytes    ∇min     ∇max  1e-03    ∇norm     1e+01",
        "loss / encoder      4   256B  0.0018  0.00374  ·███····················",
        "loss                2  72.0B       1     2.83  ·················████···",
    ]


@pytest.mark.parametrize(
    ("by", "names"),
    [("op", ["input", "multiply", "maximum", "sum"]), ("line", ["train.py:5", "train.py:8"])],
)
def test_tables_by_operation_and_line_have_their_rows(trace, by, names):
    assert [line.split()[0] for line in table(trace, by=by)] == [by, *names]


def test_a_table_of_groups_takes_columns_and_an_order(trace):
    assert table(trace, "group,nodes", by="op", sort="-nodes", limit=2) == [
        "op        nodes",
        "input         2",
        "multiply      2",
        "… 2 of 4 omitted; raise the limit to see them",
    ]


def test_a_group_without_gradients_has_no_bar():
    assert (
        table(ag.trace(lambda x: x[0] * np.ones(2), np.ones(3)), by="op")[0]
        == "op        nodes  bytes"
    )


def test_a_search_chooses_the_nodes_of_a_table_of_groups(trace):
    assert table(trace, "group,nodes", by="scope", where="op=multiply") == [
        "2 of 6 nodes: op=multiply",
        "scope           nodes",
        "loss / encoder      1",
        "loss                1",
    ]


# Width --------------------------------------------------------------------------------------------


def test_numbers_are_never_folded_and_hidden_columns_are_named(trace):
    lines = table(trace, "id,operation,min,mean,max,norm,∇norm,scope", width=40)
    assert lines[0] == "id  operation    min     mean    max"
    assert lines[-2:] == ["hidden (terminal too narrow): norm,", "∇norm, scope"]


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("by", [None, "scope", "step", "op", "line"])
def test_no_table_is_wider_than_the_width(trace, width, by):
    names = None if by else ",".join(COLUMNS)
    assert max(map(cell_len, table(trace, names, by=by, width=width))) <= width


def test_texts_of_wide_characters_are_aligned():
    w = ag.Param(2.0, name="日本🙂")
    lines = table(ag.diff(lambda: w * 2), "name,id")
    assert [cell_len(line) for line in lines] == [10, 10, 10]
