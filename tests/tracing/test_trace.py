"""The trace: a tape as plain data, saved and loaded."""

import dataclasses
import gzip
import json
import linecache
from pathlib import Path

import numpy as np
import pytest
from support.hostile import each_hostile_name

import autograd_tools as ag
from autograd_tools import timing
from autograd_tools.tracing.columns import Argument, TraceNode
from autograd_tools.tracing.summaries import Summary, summaries, summary

W = np.arange(6.0).reshape(2, 3)


@pytest.fixture
def tape():
    w, b = ag.Param(W, name="w"), ag.Param(2.0)
    return ag.diff(lambda: np.sum(np.stack([w * b, W]), axis=(0, 1, 2)))


def chain(n):
    w = ag.Param(0.0)

    def f():
        x = w
        for _ in range(n):
            x = x + 1.0
        return x

    return ag.diff(f)


# Content.


def test_a_trace_prints_as_its_tape(tape):
    assert str(tape.trace()) == str(tape)


def test_repr_of_a_trace_has_length_and_result(tape):
    assert repr(tape.trace()) == "<Trace of 5 nodes, result 45.0>"


def test_ids_count_from_one_and_find_their_nodes(tape):
    trace = tape.trace()
    assert [node.id for node in trace] == [1, 2, 3, 4, 5]
    assert trace[3] is trace.nodes[2]
    assert len(trace) == 5


@pytest.mark.parametrize("id", [0, 6, -1])
def test_an_id_that_is_not_there_is_an_error(tape, id):
    with pytest.raises(KeyError, match=f"no node {id}: ids go from 1 to 5"):
        tape.trace()[id]


def test_the_result_is_the_id_of_the_final_scalar(tape):
    assert tape.trace().result == 5


def test_a_trace_before_backward_has_no_result_and_no_gradients():
    w = ag.Param(2.0)
    with ag.record() as J:
        w * w
    trace = J.trace()
    assert trace.result is None
    assert [node.outgrad for node in trace] == [None, None]
    assert repr(trace) == "<Trace of 2 nodes>"


def test_kinds_operations_and_names(tape):
    assert [(node.kind, node.op, node.name) for node in tape.trace()] == [
        ("param", "", "w"),
        ("param", "", ""),
        ("result", "multiply", ""),
        ("result", "stack", ""),
        ("result", "sum", ""),
    ]


def test_parents_and_children_are_ids(tape):
    assert [(node.parents, node.children) for node in tape.trace()] == [
        ((), (3,)),
        ((), (3,)),
        ((1, 2), (4,)),
        ((3,), (5,)),
        ((4,), ()),
    ]


def test_a_parent_used_twice_is_listed_twice():
    w = ag.Param(3.0)
    leaf, product = ag.diff(lambda: w * w).trace()
    assert (product.parents, leaf.children) == ((1, 1), (2,))


def test_arguments_are_texts_with_the_ids_of_their_nodes(tape):
    nodes = tape.trace().nodes
    assert nodes[2].args == (Argument("P(float64[2,3])", (1,)), Argument("P(2.0)", (2,)))
    assert nodes[3].args == (Argument("[R(float64[2,3]), float64[2,3]]", (3,)),)
    assert nodes[4].args == (Argument("R(float64[2,2,3])", (4,)), Argument("(0, 1, 2)", (), "axis"))


def test_a_value_is_summarised(tape):
    assert tape.trace()[1].value == Summary(
        text="float64[2,3]",
        shape=(2, 3),
        dtype="float64",
        nbytes=48,
        min=0.0,
        max=5.0,
        mean=2.5,
        norm=pytest.approx(7.416198487095663, rel=1e-14),
        zeros=1,
        histogram=(1, 1, 0, 1, 1, 0, 1, 1),
    )


def test_an_outgrad_is_summarised(tape):
    assert tape.trace()[2].outgrad == Summary(
        text="15.0",
        shape=(),
        dtype="float64",
        nbytes=8,
        min=15.0,
        max=15.0,
        mean=15.0,
        norm=15.0,
        zeros=0,
    )


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (None, None),
        (np.zeros(0), Summary("float64[0]", (0,), "float64", 0)),
        (
            np.array([1, -2, 0]),
            Summary(
                "int64[3]",
                (3,),
                "int64",
                24,
                -2.0,
                1.0,
                -1 / 3,
                5**0.5,
                1,
                0,
                0,
                (1, 0, 0, 0, 0, 1, 0, 1),
            ),
        ),
        (
            np.array([np.nan, np.inf, 3.0]),
            Summary("float64[3]", (3,), "float64", 24, 3.0, 3.0, 3.0, 3.0, 0, 1, 1),
        ),
        (np.array([np.nan, -np.inf]), Summary("float64[2]", (2,), "float64", 16, nans=1, infs=1)),
        (3 + 4j, Summary("(3+4j)", (), "complex128", 16, 5.0, 5.0, 5.0, 5.0)),
        (2, Summary("2", (), "int64", 8, 2.0, 2.0, 2.0, 2.0)),
        (np.float32(0.5), Summary("0.5", (), "float32", 4, 0.5, 0.5, 0.5, 0.5)),
        (True, Summary("True")),
        ([1.0, 2.0], Summary("[1.0, 2.0]")),
        ({"a": np.zeros(3)}, Summary("{'a': float64[3]}")),
        ("text", Summary("'text'")),
    ],
    ids=[
        "None",
        "empty",
        "integers",
        "not finite",
        "all not finite",
        "complex",
        "int",
        "float32",
        "bool",
        "list",
        "dict",
        "text",
    ],
)
def test_any_value_has_a_summary(x, expected):
    assert summary(x) == expected


def test_a_summary_of_large_numbers_does_not_overflow():
    found = summary(np.array([6e4, 6e4], dtype=np.float16))
    assert (found.mean, found.norm) == (6e4, pytest.approx(6e4 * 2**0.5))


@pytest.mark.parametrize("size", [3, 20_000], ids=["short", "long"])
def test_a_summary_of_tiny_numbers_does_not_lose_them(size):
    assert summary(np.full(size, 1e-200)).norm == pytest.approx(1e-200 * size**0.5)


def test_a_histogram_counts_in_eight_equal_bins():
    assert summary(np.array([0.0, 0.9, 1.0, 4.0, 8.0])).histogram == (2, 1, 0, 0, 1, 0, 0, 1)


@pytest.mark.parametrize(
    "x",
    [np.ones(3), np.array([1.0, np.nan]), np.zeros(0), 2.0],
    ids=["equal", "not finite", "empty", "number"],
)
def test_without_different_finite_numbers_there_is_no_histogram(x):
    assert summary(x).histogram is None


def test_a_histogram_of_a_long_array_counts_a_sample():
    assert summary(np.arange(80_000.0)).histogram == (127, 127, 126, 127, 126, 127, 127, 126)


def test_the_summaries_of_a_trace_are_those_of_each_value():
    values = [
        np.arange(6.0),
        2.0,
        np.ones((2, 3)),
        np.arange(6.0).reshape(2, 3),
        None,
        3,
        np.array([np.nan, 1.0]),
        np.float32(0.5),
    ]
    column = summaries(values)
    assert [column.row(row) for row in range(len(values))] == [summary(x) for x in values]


def test_a_result_knows_its_line_and_function(tape):
    node = tape.trace()[3]
    assert (node.file, node.function) == (__file__, "tape.<locals>.<lambda>")
    assert node.line == 1 + Path(__file__).read_text(encoding="utf-8").splitlines().index(
        "    return ag.diff(lambda: np.sum(np.stack([w * b, W]), axis=(0, 1, 2)))"
    )


def test_a_leaf_has_no_line(tape):
    node = tape.trace()[1]
    assert (node.file, node.line, node.function, node.scope) == ("", 0, "", ())


@pytest.mark.skipif(timing.ENABLED, reason="the timer is on")
def test_without_the_timer_there_are_no_times(tape):
    assert [(node.forward_ns, node.backward_ns) for node in tape.trace()] == [(None, None)] * 5


def test_a_trace_is_a_snapshot():
    w = ag.Param(np.ones(3))
    J = ag.diff(lambda: np.sum(w * 2))
    trace = J.trace()
    J.nodes[1].value = J.nodes[1].outgrad = None
    assert trace[2].value.text == "float64[3]"


def test_a_trace_holds_no_arrays(tape):
    def parts(x):
        if dataclasses.is_dataclass(x):
            x = [getattr(x, field.name) for field in dataclasses.fields(x)]
        if isinstance(x, dict):
            x = [*x, *x.values()]
        return [leaf for item in x for leaf in parts(item)] if isinstance(x, (list, tuple)) else [x]

    assert {type(part) for part in parts(tuple(tape.trace()))} <= {int, float, str, type(None)}


def test_a_trace_of_20_000_operations_has_parents_and_children():
    trace = chain(20_000).trace()
    assert (trace[10_001].parents, trace[10_001].children) == ((10_000,), (10_002,))
    trace.check()


# ag.trace


def test_the_trace_of_a_function_names_its_arguments():
    trace = ag.trace(lambda x, scale: np.sum(np.sin(x) * scale), W, 2.0)
    assert [(node.kind, node.name) for node in trace.nodes[:2]] == [
        ("input", "x"),
        ("input", "scale"),
    ]
    assert trace.result == 5
    assert trace[2].outgrad.text == repr(float(np.sum(np.sin(W))))


def test_the_trace_of_an_array_result_has_no_gradients():
    trace = ag.trace(np.sin, W)
    assert str(trace) == "1. P(float64[2,3])\n2. float64[2,3] = sin(P(float64[2,3]))"


def test_the_trace_of_a_function_follows_params():
    w = ag.Param(3.0)
    assert [node.kind for node in ag.trace(lambda x: w * x, 2.0)] == ["input", "param", "result"]


def test_the_trace_of_a_function_passes_other_arguments_on():
    seen = []
    ag.trace(
        lambda x, n, text, *, key: seen.append((n, text, key)) or x * n, 2.0, 3, "text", key=[4]
    )
    assert seen == [(3, "text", [4])]


def test_the_trace_of_a_gradient_shows_its_second_order():
    trace = ag.trace(ag.grad(lambda x: x**3), 2.0)
    assert trace[trace.result].value.text == "12.0"
    assert trace[1].outgrad.text == "12.0"


def test_an_exception_in_a_traced_function_leaves_params_plain():
    w = ag.Param(W)
    with pytest.raises(ZeroDivisionError):
        ag.trace(lambda: np.sum(w) + 1 / 0)
    assert type(w * 2) is np.ndarray


def test_a_trace_keeps_the_code_of_its_lines(tmp_path):
    source = tmp_path / "model.py"
    source.write_text("import numpy as np\ndef f(w):\n    return np.sin(w) * w\n")
    names = {}
    exec(compile(source.read_text(), str(source), "exec"), names)
    trace = ag.trace(names["f"], 2.0)
    trace.save(tmp_path / "trace.json")
    source.write_text("# edited\n" * 5)
    linecache.checkcache()
    for found in (trace, ag.load_trace(tmp_path / "trace.json")):
        assert [node.code for node in found] == ["", *["return np.sin(w) * w"] * 2]


# Saving and loading.


@pytest.mark.parametrize("kind", [Path, str])
def test_a_saved_trace_is_read_back_as_it_was(tape, tmp_path, kind):
    path = kind(tmp_path / "trace.json")
    trace = tape.trace()
    trace.save(path)
    assert ag.load_trace(path) == ag.Trace.from_dict(trace.to_dict(7))
    assert str(ag.load_trace(path)) == str(trace)


@pytest.mark.parametrize("size", [1e-320, 1e-30, 1.0, 1e6, 1e7, 1e30, 1e305])
def test_saved_statistics_have_seven_digits(tmp_path, size):
    x = np.linspace(1 / 3, 2, 7) * size
    with np.errstate(over="ignore", under="ignore"):
        trace = ag.Trace((TraceNode(1, "param", value=summary(x)),))
    trace.save(tmp_path / "trace.json")
    found, exact = ag.load_trace(tmp_path / "trace.json")[1].value, trace[1].value
    for name in ("min", "mean", "max"):
        known, own = getattr(found, name), getattr(exact, name)
        assert abs(known - own) <= 5e-7 * abs(own)
        if 1e-10 < abs(own) < 1e20:
            assert known == float(f"{own:.7g}")


def test_a_file_named_gz_is_compressed_and_read_under_any_name(tape, tmp_path):
    plain, packed, renamed = (tmp_path / name for name in ("a.json", "a.json.gz", "b.json"))
    tape.trace().save(plain)
    tape.trace().save(packed)
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    renamed.write_bytes(packed.read_bytes())
    assert ag.load_trace(packed) == ag.load_trace(renamed) == ag.load_trace(plain)
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"a\.json\.gz is not completely compressed: "):
        ag.load_trace(packed)


def test_a_trace_goes_through_a_dict(tape):
    trace = tape.trace()
    assert ag.Trace.from_dict(trace.to_dict()) == trace
    assert ag.Trace.from_dict(json.loads(json.dumps(trace.to_dict()))) == trace


def test_a_saved_trace_has_format_and_version(tape, tmp_path):
    tape.trace().save(tmp_path / "trace.json")
    document = json.loads((tmp_path / "trace.json").read_text(encoding="utf-8"))
    assert (document["format"], document["version"]) == ("autograd_tools.trace", 3)


def test_times_zeros_and_every_field_are_read_back(tmp_path):
    value = Summary("0", (), "int64", 8, 0.0, 0.0, 0.0, 0.0, 1, 2, 3)
    node = TraceNode(
        1,
        "result",
        "f",
        "name",
        (Argument("0", (), "axis"),),
        value,
        value,
        (),
        (),
        "a.py",
        7,
        "f",
        ("a", "b"),
        (1, 2),
        0,
        {1: 0, 2: 5},
        "tanh",
        "y = f(x)",
    )
    trace = ag.Trace((node,), 1)
    trace.save(tmp_path / "trace.json")
    assert ag.load_trace(tmp_path / "trace.json") == trace


@pytest.mark.parametrize(
    "x",
    [np.array([np.nan, np.inf]), np.array([]), 1e308, 5e-324, -0.0, True],
    ids=["not finite", "empty", "large", "tiny", "-0.0", "bool"],
)
def test_awkward_numbers_are_read_back(x, tmp_path):
    node = TraceNode(1, "param", "", "", (), summary(x), None, (), ())
    trace = ag.Trace((node,), None)
    trace.save(tmp_path / "trace.json")
    assert ag.load_trace(tmp_path / "trace.json") == trace


@each_hostile_name
def test_awkward_names_are_read_back(name, tmp_path):
    w = ag.Param(2.0, name=name)
    trace = ag.diff(lambda: w * w).trace()
    trace.save(tmp_path / "trace.json")
    assert ag.load_trace(tmp_path / "trace.json") == trace


def test_an_awkward_name_keeps_its_listing_on_one_line():
    def f(x):
        return x

    f.__name__ = "two\nlines"
    g = ag.primitive(lambda dy, y, x: dy)(f)
    w = ag.Param(2.0)
    assert len(str(ag.diff(lambda: g(w))).splitlines()) == 2


def test_a_trace_of_20_000_operations_round_trips(tmp_path):
    trace = chain(20_000).trace()
    trace.save(tmp_path / "trace.json")
    assert ag.load_trace(tmp_path / "trace.json") == trace


def test_the_same_program_saves_the_same_bytes(python, tmp_path):
    (tmp_path / "program.py").write_text(
        "import sys, numpy as np, autograd_tools as ag\n"
        "w = ag.Param({'a': np.ones(3), 'b': 2.0})\n"
        "J = ag.diff(lambda: np.sum(w['a'] * w['b']))\n"
        "J.trace().save(sys.argv[1])\n"
    )
    for seed in ("1", "2"):
        python("program.py", f"{seed}.json", cwd=tmp_path, PYTHONHASHSEED=seed)
    assert (tmp_path / "1.json").read_bytes() == (tmp_path / "2.json").read_bytes()


@pytest.mark.parametrize("length", [0, 1, 100, -1])
def test_a_trace_that_was_cut_off_is_an_error(tape, tmp_path, length):
    path = tmp_path / "trace.json"
    tape.trace().save(path)
    path.write_bytes(path.read_bytes()[:length])
    fault = "not complete JSON; it may have been cut off" if length else "empty"
    with pytest.raises(ValueError, match=f"trace.json is {fault}"):
        ag.load_trace(path)


DAMAGES = {
    "missing row": lambda document: document["head"].pop(),
    "missing column": lambda document: document.pop("spot"),
    "younger parent": lambda document: document["parents"]["back"].__setitem__(0, -1),
    "parent that is not there": lambda document: document["parents"]["back"].__setitem__(0, 100),
    "one parent too few": lambda document: document["parents"]["back"].pop(),
    "parents of another node": lambda document: document["parents"].update(count=[0, 2, 0, 1, 1]),
    "text for a number": lambda document: document["head"].__setitem__(0, "x"),
    "part of a number": lambda document: document["head"].__setitem__(0, 0.5),
    "huge number": lambda document: document["head"].__setitem__(0, 10**30),
    "number that is not in the table": lambda document: document["spot"].__setitem__(0, 99),
    "number for a text": lambda document: document["heads"][0].__setitem__(1, 3),
    "unknown kind": lambda document: document["heads"][0].__setitem__(0, "x"),
    "null table": lambda document: document.update(heads=None),
    "place inside itself": lambda document: document["places"].update(
        parent=[1, 1], kind=[0, 0], kinds=[["loop", "for", "", 0]]
    ),
    "statistics of a row that is not there": lambda document: document["value"]["rows"].append(7),
    "text for a statistic": lambda document: document["value"]["min"].__setitem__(0, "x"),
    "unknown statistic": lambda document: document["value"].pop("mean"),
    "more bytes than there are": lambda document: document["value"]["forms"][0].__setitem__(
        3, 2**63
    ),
    "unknown result": lambda document: document.update(result="x"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_trace_that_was_damaged_is_an_error(tape, tmp_path, damage):
    path = tmp_path / "trace.json"
    document = tape.trace().to_dict()
    damage(document)
    path.write_text(json.dumps(document))
    with pytest.raises(ValueError, match=r"trace\.json is damaged"):
        ag.load_trace(path)
    with pytest.raises(ValueError):
        ag.Trace.from_dict(document)


def test_a_file_of_format_version_1_is_an_error(tmp_path):
    (tmp_path / "trace.json").write_text(
        '{"format": "autograd_tools.trace", "version": 1, "result": null, "nodes": []}'
    )
    with pytest.raises(
        ValueError, match=r"has version 1 of .*; this version reads from 2; save it again"
    ):
        ag.load_trace(tmp_path / "trace.json")


@pytest.mark.parametrize(
    "change",
    [
        lambda nodes: (nodes[1], *nodes[:1], *nodes[2:]),
        lambda nodes: nodes[:-1],
        lambda nodes: (*nodes[:-1], dataclasses.replace(nodes[-1], parents=(9,))),
        lambda nodes: (*nodes[:-1], dataclasses.replace(nodes[-1], parents=(5,))),
        lambda nodes: (dataclasses.replace(nodes[0], children=()), *nodes[1:]),
    ],
    ids=[
        "swapped",
        "cut",
        "parent that is not there",
        "parent of itself",
        "child that is not named",
    ],
)
def test_nodes_that_do_not_fit_together_are_an_error(tape, change):
    trace = tape.trace()
    with pytest.raises(ValueError):
        ag.Trace(change(trace.nodes), trace.result).check()


def test_a_result_that_is_no_node_is_an_error(tape):
    with pytest.raises(ValueError, match="the result 9 is not a node"):
        ag.Trace(tape.trace().nodes, 9).check()


def test_a_listing_by_columns_is_that_of_the_nodes():
    def hostile(x, y, axis=None):
        return np.sum(x[0]) + np.sum(y, axis=axis)

    hostile.__name__ = "100%s\0{}"
    named = ag.primitive(None, None)(hostile)
    trace = ag.trace(
        lambda x: np.sum(np.concatenate([x, [1.0], x]) * named([x, 2.0], x, axis=0)), np.ones(2)
    )
    assert str(trace) == "\n".join(f"{node.id}. {node.listing}" for node in trace)


def test_reasons_for_no_gradient_are_saved(tmp_path):
    nodes = [
        TraceNode(1, "param", name="w", reason="nothing is computed from it"),
        TraceNode(2, "param", name="x", children=(3,)),
        TraceNode(3, "result", "sin", args=(Argument("R(None)", (2,)),), parents=(2,)),
    ]
    ag.Trace(nodes, 3).save(tmp_path / "t.json")
    t = ag.load_trace(tmp_path / "t.json")
    assert [node.reason for node in t] == ["nothing is computed from it", "", ""]
    assert ag.why_none(t, "w") == "w has no gradient: nothing is computed from it"
