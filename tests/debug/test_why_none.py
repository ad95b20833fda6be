"""why_none: unused values, the ends of paths, and the operations that detach."""

import re

import numpy as np
import pytest
from support.hostile import hostile

import autograd_tools as ag
import viewer


@pytest.fixture
def w():
    return ag.Param(np.ones(3), name="w")


@pytest.fixture
def b():
    return ag.Param(np.ones(3), name="b")


def why(J, x):
    """Return the answer without the lines of this file, which one test checks."""
    return re.sub(r" at [^:]*test_why_none.py:\d+ in \S+: .*", "", ag.why_none(J, x))


# None.


def test_an_unused_param_is_called_unused(w, b):
    assert (
        why(ag.diff(lambda: np.sum(w)), b)
        == "b has no gradient: it was never used while the tape recorded"
    )


def test_the_end_of_a_path_off_the_result_is_shown(w, b):
    def f():
        np.tanh(b) * 2
        return np.sum(w)

    assert why(ag.diff(f), b).split("\n") == [
        "b has no gradient: its paths do not reach the result; they end at:",
        "  3. multiply(R(float64[3]), 2)",
    ]


def test_an_end_is_shown_with_its_line(w, b):
    def f():
        np.tanh(b)
        return np.sum(w)

    end = ag.why_none(ag.diff(f), b).split("\n")[1]
    line = f.__code__.co_firstlineno + 1
    assert end.startswith("  2. tanh(P(float64[3])) at ")
    assert (
        f"test_why_none.py:{line} in test_an_end_is_shown_with_its_line.<locals>.f: np.tanh(b)"
        in end
    )


def test_a_use_after_the_result_is_named(w, b):
    with ag.record() as J:
        loss = np.sum(w)
        np.sum(b)
    J.backward(loss)
    assert why(J, b) == "b has no gradient: it was used only after the result was computed"


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (np.sign, "sign"),
        (np.floor, "floor"),
        (np.argmax, "argmax"),
        (lambda x: x.argmax(), "argmax"),
        (np.zeros_like, "zeros_like"),
        (lambda x: x > 0, ">"),
        (lambda x: x == 1, "=="),
        (lambda x: x // 2, "floor_divide"),
        (lambda x: np.less(x, 2), "less"),
        (np.logical_or.reduce, "logical_or.reduce"),
        (lambda x: x.shape[0], "shape"),
        (len, "len"),
        (np.shape, "shape"),
        (ag.value, "ag.value"),
        (ag.zerograd(lambda x: ag.value(x) * 2), "<lambda>"),
        (lambda x: np.isin([1.0, 5.0], x), "isin"),
        (lambda x: np.digitize([0.5], x), "digitize"),
    ],
)
def test_operations_that_detach_a_param_are_named(w, b, read, name):
    J = ag.diff(lambda: np.sum(w) + np.sum(read(b)))
    assert why(J, b).split("\n") == [
        "b has no gradient: it is used only by operations without a gradient:",
        f"  {name}",
    ]


def test_an_argument_without_a_rule_is_named_by_its_number(w, b):
    scale = ag.primitive(lambda dy, y, x, s: dy * s)(lambda x, s: x * s)
    assert why(ag.diff(lambda: np.sum(scale(w, b))), b).split("\n")[-1] == "  <lambda>[2]"


def test_a_conversion_to_int_is_named(w):
    n = ag.Param(2.0, name="n")
    assert why(ag.diff(lambda: np.sum(w) * int(n)), n).split("\n")[-1] == "  int"
    assert why(ag.diff(lambda: np.sum(w) if n else 0), n).split("\n")[-1] == "  bool"


def test_operations_that_detach_the_end_of_a_path_are_named(w, b):
    def f():
        h = np.exp(b)
        return np.sum(w * ag.value(h)) + h.shape[0]

    assert why(ag.diff(f), b).split("\n") == [
        "b has no gradient: its paths do not reach the result; they end at:",
        "  2. exp(P(float64[3]))",
        "    used by ag.value",
        "    used by shape",
    ]


def test_reading_a_shape_is_no_end_of_a_path(w, b):
    def f():
        h = np.exp(b)
        np.log(h * h.shape[0])
        return np.sum(w)

    assert "shape" not in why(ag.diff(f), b)


def test_a_line_in_a_loop_is_listed_once(w, b):
    J = ag.diff(lambda: np.sum(w) * sum([float(np.max(ag.value(b))) for _ in range(5)]))
    assert len(ag.why_none(J, b).split("\n")) == 2


def test_a_long_loop_of_comparisons_hides_no_other_place(w, b):
    def f():
        x = w
        for _ in range(1500):
            x = x * 1.0
            if x[0] > 5:
                break
        return np.sum(x * np.sign(b))

    assert why(ag.diff(f), b).split("\n")[1:] == ["  sign"]


def test_a_long_list_of_ends_is_shortened(w, b):
    def f():
        for i in range(20):
            b[i % 3] * 2
        return np.sum(w)

    lines = why(ag.diff(f), b).split("\n")
    assert len(lines) == 10
    assert lines[-1] == "  and 12 more"


def test_reads_by_the_engine_are_not_listed(w, b):
    def f():
        np.delete(np.reshape(np.trace(np.outer(b, b)), (1,)), 0)
        return np.sum(w)

    assert "used by" not in why(ag.diff(f), b)


def test_a_recording_that_keeps_nothing_notes_nothing():
    def f(x):
        held.append(x)
        return x * (x > 0) * ag.value(x)

    held = []
    ag.grad(f)(2.0)
    assert held[0].recording.detached is None


def test_an_outer_tape_notes_what_an_inner_gradient_reads(w, b):
    J = ag.diff(lambda: ag.grad(lambda x: x * np.sum(np.floor(b)) * np.sum(w))(1.0))
    assert why(J, b).split("\n")[1:] == ["  floor"]


def test_a_plain_value_as_tape_gets_an_answer(w):
    assert why(ag.diff(lambda: np.sum(np.sign(w))), w).startswith(
        "expected a tape, got 3.0, which depends on no Param"
    )


def test_a_tape_without_gradients_lists_detaching_uses(w):
    with ag.record() as J:
        np.sign(w)
    assert why(J, w).split("\n") == [
        "no gradients yet: call J.backward(loss)",
        "w is used by operations without a gradient:",
        "  sign",
    ]


def test_a_rule_that_returns_none_is_named(w, b):
    cut = ag.primitive(lambda dy, y, x: None)(lambda x: x * 2)
    assert why(ag.diff(lambda: np.sum(cut(b) * w)), b).split("\n") == [
        "b has no gradient: its path ends, because a rule returned None or the rest was freed, at:",
        "  2. <lambda>(P(float64[3]))",
    ]


# Not None.


def test_an_existing_gradient_is_shown_with_its_norm(w):
    assert why(ag.diff(lambda: np.sum(w * 2)), w) == "w has a gradient of norm 3.4641"


def test_the_operation_that_makes_a_gradient_zero_is_named(w, b):
    assert why(ag.diff(lambda: np.sum(np.maximum(-2 * w, 0) * b)), w).split("\n") == [
        "w has a gradient of zeros; it becomes zero in:",
        "  3. maximum[1]",
    ]


def test_operations_with_zero_gradient_are_listed_newest_first(w):
    J = ag.diff(lambda: np.sum(np.minimum(w, 0) + np.clip(2 * w, -1, 1)))
    assert why(J, w).split("\n")[1:] == ["  4. clip[1]", "  2. minimum[1]"]


def test_cancelling_gradients_are_shown_at_the_shared_operation(w):
    assert why(ag.diff(lambda: np.sum(w - w)), w).split("\n")[1] == "  2. subtract[1, 2]"


def test_a_gradient_with_inf_is_no_gradient_of_zeros(w):
    w.value = np.zeros(3)
    with np.errstate(divide="ignore"):
        J = ag.diff(lambda: np.sum(np.sqrt(w)))
    assert why(J, w) == "w has a gradient with 0 NaN and 3 Inf; the norm of the other elements is 0"


def test_parts_of_a_pytree_without_a_gradient_are_listed():
    p = ag.Param({"a": 3.0, "b": [1.0, {"c": 2.0}], "name": "tanh"}, name="p")
    J = ag.diff(lambda: p["a"] * p["b"][0])
    assert (
        why(J, p) == "p has a gradient of norm 3.16228, "
        "but none in ['b'][1]: nothing that reaches the result uses it"
    )


def test_a_pytree_of_zeros_shows_their_origin():
    p = ag.Param({"a": 3.0, "b": 1.0}, name="p")
    J = ag.diff(lambda: np.minimum(p["a"], 0.0) + 0.0 * p["b"])
    assert why(J, p).split("\n") == [
        "p has a gradient of zeros; it becomes zero in:",
        "  5. multiply[2]",
        "  3. minimum[1]",
    ]


def test_an_empty_gradient_is_called_empty():
    p = ag.Param(np.zeros((0, 2)), name="p")
    assert why(ag.diff(lambda: np.sum(p)), p) == "p is empty, and so is its gradient"


# Ways to name a value.


def test_a_value_can_be_a_node_result_number_or_name(w, b):
    with ag.record() as J:
        h = np.exp(b)
        loss = np.sum(w)
    J.backward(loss)
    answer = "node 2 has no gradient: nothing is computed from it"
    assert [why(J, x) for x in (h, J.nodes[1], 2)] == [answer] * 3
    assert why(J, "w") == "w has a gradient of norm 1.73205"


def test_a_saved_trace_takes_a_name_or_number(w, b, tmp_path):
    def f():
        np.exp(b)
        return np.sum(w)

    J = ag.diff(f)
    J.trace().save(tmp_path / "trace.json")
    answer = [
        "b has no gradient: its paths do not reach the result; they end at:",
        "  2. exp(P(float64[3]))",
    ]
    for x in ("b", 1, b):
        assert why(tmp_path / "trace.json", x).split("\n") == answer
    assert why(str(tmp_path / "trace.json"), "b").split("\n") == answer


def test_a_trace_without_gradients_says_so():
    assert (
        why(ag.trace(np.exp, np.ones(3)), 1)
        == "no gradients yet: the trace was taken before J.backward(loss)"
    )


def test_the_viewer_has_it_too():
    assert viewer.why_none is ag.why_none


@hostile()
def test_hostile_names_stay_on_one_line(w, name, shown):
    assert (
        why(ag.diff(lambda: np.sum(w)), ag.Param(1.0, name=name))
        == f"{shown} has no gradient: it was never used while the tape recorded"
    )


def test_a_name_of_several_lines_is_shown_on_one(w):
    v = ag.Param(1.0, name="a\nb")
    assert (
        why(ag.diff(lambda: np.sum(w)), v)
        == "a\\nb has no gradient: it was never used while the tape recorded"
    )
    assert (
        why(ag.diff(lambda: np.sum(w) * (v > 0) * np.ones_like(v * 1)), v).split("\n")[1]
        == "  4. a\\nb"
    )


# Bad input.


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ("v", ValueError, "unknown Param or argument 'v'; choose w"),
        (9, KeyError, "no node 9: ids go from 1 to 2"),
        (
            1.5,
            TypeError,
            "why_none() expects the name of a Param, the number of a node, "
            "or a value on the tape, got 1.5",
        ),
    ],
)
def test_an_unknown_node_is_an_error(w, x, error, message):
    with pytest.raises(error, match=re.escape(message)):
        ag.why_none(ag.diff(lambda: np.sum(w)), x)


def test_a_name_of_several_params_is_an_error(w):
    v = ag.Param(1.0, name="w")
    with pytest.raises(ValueError, match="several nodes are named 'w'; choose a number: 1, 3"):
        ag.why_none(ag.diff(lambda: np.sum(w) * v), "w")


def test_a_node_of_another_tape_is_an_error(w):
    J, other = ag.diff(lambda: np.sum(w)), ag.diff(lambda: np.sum(w))
    with pytest.raises(ValueError, match=r"was not recorded on this tape"):
        ag.why_none(J, other.nodes[1])


def test_a_list_as_tape_is_an_error(w):
    with pytest.raises(
        TypeError,
        match=r"why_none\(\) expects a Tape, a Trace or the path of a saved one, got \[\]",
    ):
        ag.why_none([], w)
