"""Two traces compared: known cases, and random edits of programs."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hostile import each_hostile_name
from support.traces import Building

import autograd_tools as ag
import viewer
from viewer.comparing.compare_traces import merged
from viewer.comparing.differences import differences
from viewer.comparing.tolerance import Tolerance

X = np.linspace(-1, 1, 12).reshape(4, 3)
WEIGHTS = [np.linspace(-1, 1, 9).reshape(3, 3) * (n + 1) / 4 for n in range(6)]


def network(layers=3, act=np.tanh, rate=0.5, x=X, scale=1.0):
    """A loss after some layers, whose gradient is traced."""
    params = [ag.Param(w * scale, name=f"w{n}") for n, w in enumerate(WEIGHTS[:layers])]

    def f():
        h = x
        for w in params:
            h = act(h @ w)
        return np.sum(h) * rate

    return ag.diff(f).trace()


def other_shapes():
    """Two programs with sin and cos in the same place, which make other shapes."""
    traces = Building(), Building()
    for trace, op, shape in zip(traces, ("sin", "cos"), ((2,), (3,)), strict=True):
        trace.op("exp", trace.op(op, trace.leaf(name="x"), shape=shape))
    return traces


def difference(a, b):
    return differences(a, b, Tolerance(1e-5, 1e-12))


def lines(a, b, **options):
    return viewer.compare(a, b, **options).splitlines()


def signs(a, b, **options):
    return [line[0] for line in lines(a, b, **options)[1:-1]]


def test_equal_traces_have_no_difference():
    assert viewer.compare(network(), network()) == "no difference in 11 nodes"


def test_one_node_is_no_plural():
    trace = Building()
    trace.leaf()
    assert viewer.compare(trace, trace) == "no difference in 1 node"


def test_a_layer_more_is_all_that_is_added():
    assert lines(network(3), network(4))[:4] == [
        "11 → 14 nodes: 3 added, 0 removed, 0 changed, and 11 differ as a consequence",
        "+    10  w3 = P(float64[3,3]) ∇=float64[3,3]",
        "+    11  float64[4,3] = matmul(R(float64[4,3]), P(float64[3,3])) ∇=float64[4,3]",
        "+    12  float64[4,3] = tanh(R(float64[4,3])) ∇=float64[4,3]",
    ]


def test_a_layer_less_is_all_that_is_removed():
    assert signs(network(4), network(3)) == ["-", "-", "-"]


def test_another_constant_is_a_change():
    a, b = (ag.trace(lambda x, rate=rate: x * rate, 2.0) for rate in (0.5, 0.25))
    assert lines(a, b)[1] == "~ 2 2  multiply(P(2.0), 0.25): [2] 0.5 → 0.25; value 1 → 0.5"


def test_consequences_are_not_listed():
    assert signs(network(2), network(2, scale=1.5)) == ["±", "±"]


def test_everything_lists_consequences():
    assert len(signs(network(2, rate=0.5), network(2, rate=0.25))) == 1
    assert len(signs(network(2, rate=0.5), network(2, rate=0.25), everything=True)) == 8


def test_an_operation_with_other_numbers_alone_is_none_that_changed():
    found = difference(network(2), network(2, np.sin, scale=1.5))
    assert found.counts == {"added": 0, "removed": 0, "changed": 2, "numbers": 2}
    assert found.direct == {1: "numbers", 3: "changed", 4: "numbers", 6: "changed"}


def test_the_heading_counts_other_numbers_apart():
    assert lines(network(1), network(1, np.sin, scale=1.5))[0] == (
        "5 → 5 nodes: 0 added, 0 removed, 1 changed, 1 with different numbers, "
        "and 3 differ as a consequence"
    )


def test_a_heading_says_that_only_numbers_differ():
    assert lines(network(2), network(2, scale=1.5))[0] == (
        "same structure in 8 nodes: 2 with different numbers, and 4 differ as a consequence"
    )


def of_another_engine(trace, old, new):
    """A trace with other names, as the file of another engine has them."""
    document = trace.to_dict() | {"engine": "other"}
    return ag.Trace.from_dict(json.loads(json.dumps(document).replace(old, new)))


def test_constants_and_names_are_those_of_an_engine():
    a = ag.trace(lambda x: np.sum(x, axis=-1), np.ones(3))
    for old, new in (("axis", "dim"), ('"x"', '"p.x"')):
        assert viewer.compare(a, of_another_engine(a, old, new)) == "no difference in 2 nodes"


def test_the_precision_of_another_engine_is_in_the_heading():
    b = of_another_engine(network(), "float64", "float32")
    assert viewer.compare(network(), b) == "no difference in 11 nodes, float64 → float32"


def test_another_precision_is_a_change_of_one_engine():
    a, b = (ag.trace(np.sum, np.ones(3, dtype)) for dtype in (np.float32, np.float64))
    assert "dtype float32 → float64" in lines(a, b)[1]


def test_arguments_are_compared_with_params():
    x = ag.Param(np.ones(3), name="x")
    a = ag.trace(lambda x: np.sum(np.sin(x)), np.ones(3))
    assert viewer.compare(a, ag.diff(lambda: np.sum(np.sin(x)))) == "no difference in 3 nodes"


def test_a_changed_number_is_shown_from_and_to():
    w = ag.Param(np.array([3.0, 4.0]), name="w")
    a = ag.diff(lambda: np.sum(w * w)).trace()
    w.value[:] = [6.0, 8.0]
    b = ag.diff(lambda: np.sum(w * w)).trace()
    assert lines(a, b)[1] == "± 1 1  w: value norm 5 → 10; ∇ norm 10 → 20"


def test_numbers_that_are_close_show_as_many_digits_as_differ():
    a, b = (ag.diff(lambda n=n: ag.Param(n, name="w") * 1.0).trace() for n in (1.0, 1.0001))
    assert lines(a, b)[1] == "± 1 1  w: value 1 → 1.0001"


def test_numbers_within_the_tolerance_are_equal():
    assert (
        viewer.compare(network(scale=1.0), network(scale=1.001), rtol=0.1)
        == "no difference in 11 nodes"
    )


def test_the_last_line_explains_how_numbers_are_compared():
    assert (
        "compared by their norm, mean, minimum and maximum"
        in lines(network(scale=1), network(scale=2))[-1]
    )


def test_a_mean_that_cancels_is_measured_by_the_largest_number():
    a, b = (ag.trace(lambda x: x * 2, np.array([1e3, -1e3 + e])) for e in (0.0, 1e-7))
    assert viewer.compare(a, b) == "no difference in 2 nodes"


def test_another_operation_in_a_place_is_a_change():
    found = lines(network(1), network(1, np.sin))
    assert found[0] == "5 → 5 nodes: 0 added, 0 removed, 1 changed, and 4 differ as a consequence"
    assert found[1].startswith("~ 3 3  sin(R(float64[4,3])): op tanh → sin; value norm ")


def test_an_operation_in_its_place_comes_before_an_equal_one_elsewhere():
    def loss(act, wave):
        h = np.tanh(x)
        for _ in range(2):
            h = layer(h, act)
        for _ in range(3):
            h = wave(h)
        return h

    def layer(h, act):
        return act(h * 0.5)

    x = ag.Param(0.5, name="x")
    a, b = (ag.diff(loss, *ops).trace() for ops in ((np.tanh, np.sin), (np.sin, np.cos)))
    assert difference(a, b).counts == {"added": 0, "removed": 0, "changed": 5, "numbers": 0}


def test_square_instead_of_a_product_is_a_change():
    a, b = (
        ag.trace(f, np.ones(2)) for f in (lambda x: np.sum(x * x), lambda x: np.sum(np.square(x)))
    )
    assert lines(a, b)[1].startswith("~ 2 2  square(P(float64[2])): op multiply → square")


def test_operations_in_a_row_that_are_others_are_changes():
    a, b = (
        ag.trace(f, np.ones(2))
        for f in (lambda x: np.sum(np.exp(np.tanh(x))), lambda x: np.sum(np.cos(np.sin(x))))
    )
    found = difference(a, b)
    assert [found.changed[id][0] for id in (2, 3)] == ["op tanh → sin", "op exp → cos"]


def test_an_operation_of_another_shape_is_removed_and_added():
    assert [line[:5] for line in lines(*other_shapes())[1:3]] == ["- 2  ", "+   2"]


def test_an_operation_that_is_used_elsewhere_takes_no_place():
    a, b = Building(), Building()
    for trace, op in ((a, "exp"), (b, "log")):
        x = trace.leaf(name="x")
        one, two, other = (trace.op(name, x) for name in ("sin", "cos", op))
        trace.op("add", one, other if op == "exp" else one)
        trace.op("multiply", two, other if op == "log" else two)
    found = difference(a, b)
    assert ([found.a[id].op for id in found.removed], [found.b[id].op for id in found.added]) == (
        ["exp"],
        ["log"],
    )


def test_another_shape_is_a_change():
    found = lines(network(1, x=X), network(1, x=X[:2]))
    assert found[1].startswith(
        "~ 2 2  matmul(float64[2,3], P(float64[3,3])): shape 4×3 → 2×3; [1] float64[4,3] → "
        "float64[2,3]"
    )


def test_another_type_is_a_change():
    w = ag.Param(np.ones(2), name="w")
    v = ag.Param(np.ones(2, np.float32), name="w")
    a, b = (ag.diff(lambda p=p: np.sum(p)).trace() for p in (w, v))
    assert lines(a, b)[1] == "~ 1 1  w: dtype float64 → float32"


def test_a_missing_gradient_is_a_change():
    a, b = (ag.trace(f, 2.0) for f in (lambda x: x * 2, lambda x: x * 2 + 0j))
    assert lines(a, b)[1] == "~ 1 1  x: ∇ there → none"


def test_another_line_of_the_source_is_no_change():
    a, b = Building(), Building()
    for trace, line in ((a, 1), (b, 7)):
        trace.op("sin", trace.leaf(), line=line)
    assert viewer.compare(a, b) == "no difference in 2 nodes"


def test_another_order_is_no_change():
    a, b = Building(), Building()
    x, y = a.leaf(name="x"), a.leaf(name="y")
    a.op("add", a.op("sin", x), a.op("cos", y))
    x, y = b.leaf(name="x"), b.leaf(name="y")
    cosine = b.op("cos", y)
    b.op("add", b.op("sin", x), cosine)
    assert viewer.compare(a, b) == "no difference in 5 nodes"


def test_swapped_arguments_are_a_change():
    a, b = Building(), Building()
    for trace, order in ((a, (1, 2)), (b, (2, 1))):
        trace.leaf(name="x"), trace.leaf(name="y")
        trace.op("subtract", *order)
    assert viewer.compare(a, b).splitlines()[1:] == [
        "~ 3 3  subtract(R(2), R(1)): input from node 1 → node 2 (before: 2); input from "
        "node 2 → node 1 (before: 1)"
    ]


def test_a_renamed_param_is_a_change():
    a, b = (
        ag.diff(lambda n=n: np.sum(ag.Param(np.ones(2), name=n))).trace() for n in ("w", "weight")
    )
    assert lines(a, b)[1] == "~ 1 1  weight: name w → weight"


def test_only_the_extra_step_of_a_loop_is_added():
    def loop(steps):
        def f(x):
            for _ in range(steps):
                x = np.tanh(x + 0.5)
            return np.sum(x)

        return ag.trace(f, np.ones(2))

    assert signs(loop(100), loop(101)) == ["+", "+"]


def test_a_step_that_differs_is_found_in_a_long_loop():
    def loop(odd):
        def f(x):
            for n in range(300):
                x = np.tanh(x + 0.5)
                if n == odd:
                    x = x * 2
            return np.sum(x)

        return ag.trace(f, np.ones(2))

    found = difference(loop(-1), loop(150))
    assert ([found.b[id].op for id in found.added], found.removed, found.changed) == (
        ["multiply"],
        [],
        {},
    )


def test_all_steps_with_another_operation_keep_the_rest():
    def loop(act):
        def f(x):
            for _ in range(300):
                x = act(x + 0.5)
            return np.sum(x)

        return ag.trace(f, np.ones(2))

    found = difference(loop(np.tanh), loop(np.sin))
    assert (len(found.added), len(found.removed), len(found.changed)) == (0, 0, 300)


def test_traces_without_anything_in_common_are_removed_and_added():
    a, b = Building(), Building()
    a.op("sin", a.leaf(name="x"))
    b.op("cos", b.leaf("input", shape=(3,)))
    assert [sign for sign, *_ in viewer.compare(a, b).splitlines()[1:]] == ["-", "-", "+", "+"]


def test_an_empty_trace_can_be_compared():
    a, b = Building(), Building()
    b.leaf()
    assert viewer.compare(a, a) == "no difference in 0 nodes"
    assert viewer.compare(a, b).splitlines()[0] == "0 → 1 node: 1 added, 0 removed, 0 changed"


@each_hostile_name
def test_names_stay_on_their_line(name):
    a, b = Building(), Building()
    b.leaf(name=name)
    assert len(viewer.compare(a, b).splitlines()) == 2


@pytest.mark.parametrize("option", ["rtol", "atol"])
@pytest.mark.parametrize("wrong", [-1, np.inf, np.nan, "1"])
def test_a_tolerance_that_is_none_is_an_error(option, wrong):
    with pytest.raises(ValueError, match=f"{option} must be a number of 0 or more, got"):
        viewer.compare(network(), network(), **{option: wrong})


def test_nan_that_comes_is_a_difference():
    a, b = (
        ag.diff(lambda e=e: np.sum(ag.Param(np.array([1.0, 2.0, e])))).trace()
        for e in (3.0, np.nan)
    )
    assert "value NaN 0 → 1" in lines(a, b)[1]


def test_removed_nodes_come_before_their_replacements():
    assert [*merged(difference(*other_shapes()))] == [(1, 1), (2, 0), (0, 2), (3, 3)]


# Programs as lists of operations on the value before, and on one from further back.

OPS = ("sin", "cos", "exp", "add", "multiply")
programs = st.lists(st.tuples(st.sampled_from(OPS), st.integers(0, 3)), min_size=1, max_size=25)


def run(program):
    trace = Building()
    made = [trace.leaf(name="x")]
    for op, back in program:
        other = [made[max(0, len(made) - 1 - back)]] if op in ("add", "multiply") else []
        made.append(trace.op(op, made[-1], *other))
    return trace


@given(programs)
def test_no_program_differs_from_itself(program):
    assert (
        viewer.compare(run(program), run(program)) == f"no difference in {len(program) + 1} nodes"
    )


@given(programs, programs)
def test_pairs_have_equal_operations_or_arguments(one, two):
    found = difference(run(one), run(two))
    assert len(set(found.pairs.values())) == len(found.pairs)
    for x, y in found.pairs.items():
        assert found.a[x].op == found.b[y].op or {found.pairs[p] for p in found.a[x].parents} == {
            *found.b[y].parents
        }


@given(programs, st.data())
def test_only_the_inserted_operation_is_added(program, data):
    chain = [(op, 0) for op, _ in program]
    place = data.draw(st.integers(0, len(chain)))
    found = difference(run(chain), run([*chain[:place], ("tanh", 0), *chain[place:]]))
    assert ([found.b[id].op for id in found.added], found.removed, found.changed) == (
        ["tanh"],
        [],
        {},
    )


@given(programs, st.data())
def test_any_edit_of_a_program_is_found(program, data):
    place = data.draw(st.integers(0, len(program) - 1))
    edited = [*program[:place], ("log", 0), *program[place + 1 :]]
    found = difference(run(program), run(edited))
    assert "log" in [found.b[id].op for id in (*found.added, *found.changed)]
