"""diff, record, grad, value_and_grad and gradloss."""

from collections import OrderedDict

import numpy as np
import pytest

import autograd_tools as ag

X = np.array([1.0, 2.0, 3.0])


# diff


def test_diff_returns_a_tape_of_the_scalar():
    w = ag.Param(3.0)
    J = ag.diff(lambda: w * w)
    assert type(J) is ag.Tape
    assert ag.value(J) == 9.0


def test_diff_passes_arguments_on():
    w = ag.Param(3.0)
    J = ag.diff(lambda x, *, y: w * x + y, 2.0, y=1.0)
    assert ag.value(J) == 7.0
    assert ag.grad(J, w) == 2.0


@pytest.mark.parametrize("y", [5.0, None, "text", (1, 2)])
def test_diff_returns_the_plain_value_when_no_param_was_touched(y):
    assert ag.diff(lambda: y) == y


def test_diff_without_params_returns_the_plain_value():
    w = ag.Param(3.0)
    assert ag.diff(lambda: (w * w) and 5.0) == 5.0


def test_diff_of_a_param_itself_has_gradient_one():
    w = ag.Param(3.0)
    assert ag.grad(ag.diff(lambda: w), w) == 1.0


def test_diff_of_an_integer_has_an_integer_value_and_gradient():
    w = ag.Param(3)
    J = ag.diff(lambda: w * w)
    assert (repr(J), ag.grad(J, w)) == ("T(9)", 6)


@pytest.mark.parametrize(
    ("f", "returned"),
    [
        (lambda w: w * 2, r"float64\[3\]"),
        (lambda w: w[:1], r"float64\[1\]"),
        (lambda w: (np.sum(w), 1.0), r"\(R\(6.0\), 1.0\)"),
        (lambda w: [np.sum(w)], r"\[R\(6.0\)\]"),
        (lambda w: {"loss": np.sum(w)}, r"\{'loss': R\(6.0\)\}"),
    ],
    ids=["array", "one element", "tuple", "list", "dict"],
)
def test_diff_of_a_non_scalar_is_an_error(f, returned):
    w = ag.Param(X)
    with pytest.raises(TypeError, match=f"expected a scalar from the function, got {returned}"):
        ag.diff(lambda: f(w))


def test_diff_of_a_complex_number_is_an_error():
    w = ag.Param(3.0)
    with pytest.raises(
        TypeError,
        match=r"expected a real scalar from the function, got 3j; take its np.real or np.abs",
    ):
        ag.diff(lambda: w * 1j)


def test_diff_of_a_number_is_an_error():
    with pytest.raises(
        TypeError, match=r"diff\(\) expects a function, got 9.0; write ag.diff\(lambda: ...\)"
    ):
        ag.diff(9.0)


def test_a_scalar_may_be_an_array_without_axes():
    w = ag.Param(np.array(3.0))
    dx = ag.grad(ag.diff(lambda: np.reshape(w * w, ())), w)
    assert (dx.shape, dx.item()) == ((), 6.0)


# record


def test_record_differentiates_the_scalar_given_to_backward():
    w = ag.Param(3.0)
    with ag.record() as J:
        loss = w * w
        w * 100
    J.backward(loss)
    assert (ag.value(J), ag.grad(J, w)) == (9.0, 6.0)


def test_grad_of_a_record_differentiates_its_last_scalar():
    w = ag.Param(X)
    with ag.record() as J:
        loss = np.sum(w * w)
        w * loss
    assert ag.grad(J, w).tolist() == [2.0, 4.0, 6.0]
    assert ag.value(J) == 14.0


def test_backward_without_a_loss_takes_the_last_scalar():
    w = ag.Param(X)
    with ag.record() as J:
        np.sum(w * w)
        np.sum(w)
    J.backward()
    assert ag.grad(J, w).tolist() == [1.0, 1.0, 1.0]


def test_record_gives_none_for_a_param_that_was_not_used():
    w, v = ag.Param(3.0), ag.Param(4.0)
    with ag.record() as J:
        w * w
    assert ag.grad(J, v) is None


def test_record_without_a_scalar_says_so():
    w = ag.Param(X)
    with ag.record() as J:
        w * w
    with pytest.raises(
        ValueError,
        match="no scalar was recorded on this tape; compute the loss from Params inside the block",
    ):
        ag.grad(J, w)


def test_an_empty_record_says_so():
    with ag.record() as J:
        pass
    with pytest.raises(ValueError, match="no scalar was recorded on this tape"):
        J.backward()


def test_backward_of_a_vector_is_an_error():
    w = ag.Param(X)
    with ag.record() as J:
        y = w * w
    with pytest.raises(TypeError, match="expected a scalar from the function"):
        J.backward(y)


@pytest.mark.parametrize("loss", [5.0, "text", X], ids=["number", "text", "array"])
def test_backward_of_a_plain_value_is_an_error(loss):
    w = ag.Param(3.0)
    with ag.record() as J:
        w * w
    with pytest.raises(ValueError, match="was not recorded on this tape; pass a scalar"):
        J.backward(loss)


def test_backward_of_a_result_of_another_tape_is_an_error():
    w = ag.Param(3.0)
    with ag.record():
        other = w * w
    with ag.record() as J:
        w * w
    with pytest.raises(ValueError, match="was not recorded on this tape"):
        J.backward(other)


def test_backward_of_a_removed_node_is_an_error():
    w = ag.Param(3.0)
    with ag.record() as J:
        early = w * w
        late = early * w
    J.backward(early)
    with pytest.raises(ValueError, match="is no longer on this tape"):
        J.backward(late)


def test_backward_twice_gives_the_gradient_of_the_second():
    w = ag.Param(3.0)
    with ag.record() as J:
        early = w * w
        late = early * w
    J.backward(late)
    J.backward(early)
    assert ag.grad(J, w) == 6.0


def test_backward_of_a_param_has_gradient_one():
    w = ag.Param(3.0)
    with ag.record() as J:
        w * w
    J.backward(w)
    assert ag.grad(J, w) == 1.0


def test_backward_inside_the_block_ends_the_recording():
    w = ag.Param(3.0)
    with ag.record() as J:
        J.backward(w * w)
        after = w * 2
    assert ag.grad(J, w) == 6.0
    assert not isinstance(after, ag.Value)


def test_record_inside_record_makes_two_tapes():
    w = ag.Param(3.0)
    with ag.record() as J:
        y = w * w
        with ag.record() as K:
            w * y
    assert ag.grad(K, w) == 9.0
    assert ag.grad(J, w) == 27.0


def test_record_around_a_loop_gives_each_step_its_own_gradient():
    w = ag.Param(1.0)
    for _ in range(3):
        with ag.record() as J:
            w * w
        w.value -= 0.25 * ag.grad(J, w)
    assert w.value == 0.125


# grad of a tape


def test_grad_of_a_tape_is_none_for_an_unused_param():
    w, v = ag.Param(3.0), ag.Param(4.0)
    assert ag.grad(ag.diff(lambda: w * w), v) is None


def test_grad_of_a_tape_is_none_for_an_independent_param():
    w, v = ag.Param(3.0), ag.Param(4.0)
    assert ag.grad(ag.diff(lambda: v * 2 and w * w), v) is None


def test_grad_of_a_plain_value_is_none():
    w = ag.Param(3.0)
    assert ag.grad(ag.diff(lambda: 5.0), w) is None


def test_grad_of_a_tape_with_respect_to_a_result():
    w, kept = ag.Param(3.0), []

    def f():
        kept.append(w * w)
        return 2 * kept[0]

    assert ag.grad(ag.diff(f), kept[0]) == 2.0


def test_grad_of_a_tape_is_none_for_another_tapes_result():
    w, kept = ag.Param(3.0), []
    ag.diff(lambda: kept.append(w * w) or w)
    assert ag.grad(ag.diff(lambda: w * w), kept[0]) is None


def test_grad_of_a_function_and_a_param_is_an_error():
    w = ag.Param(3.0)
    with pytest.raises(TypeError, match=r"grad\(J, w\) expects the tape J from ag.diff"):
        ag.grad(lambda: w * w, w)


# grad of a function


@pytest.mark.parametrize(
    ("argnum", "expected"),
    [(0, 12.0), (1, 4.0), ((0,), (12.0,)), ((1, 0), (4.0, 12.0)), ((0, 0), (12.0, 12.0)), ((), ())],
    ids=["0", "1", "(0,)", "(1, 0)", "(0, 0)", "()"],
)
def test_grad_differentiates_the_arguments_that_argnum_names(argnum, expected):
    assert ag.grad(lambda x, y: x * x * y, argnum)(2.0, 3.0) == expected


def test_grad_passes_other_arguments_on_as_they_are():
    seen = []
    f = ag.grad(lambda x, y, *rest, **options: seen.append((y, rest, options)) or x)
    f(1.0, "two", 3, four=[4])
    assert seen == [("two", (3,), {"four": [4]})]


@pytest.mark.parametrize(
    ("x", "zero"),
    [(2.0, 0.0), (2, 0), (X, [0.0, 0.0, 0.0]), ((X, 1.0), "tuple"), ({"a": X}, "dict")],
    ids=["float", "int", "array", "tuple", "dict"],
)
def test_an_argument_without_influence_has_gradient_zero(x, zero):
    dx = ag.grad(lambda x, y: y * y)(x, 3.0)
    if zero == "tuple":
        assert (dx[0].tolist(), dx[1]) == ([0.0, 0.0, 0.0], 0.0)
    elif zero == "dict":
        assert dx["a"].tolist() == [0.0, 0.0, 0.0]
    else:
        assert np.asarray(dx).tolist() == zero


def test_a_function_that_returns_a_constant_has_gradient_zero():
    assert ag.grad(lambda x: 5.0)(X).tolist() == [0.0, 0.0, 0.0]


def test_a_function_that_returns_its_argument_has_gradient_one():
    assert ag.grad(lambda x: x)(3.0) == 1.0


@pytest.mark.parametrize("argnum", [-1, 1.0, "0", None, [0], (0, -1), (0, "x")], ids=repr)
def test_an_invalid_argnum_is_an_error(argnum):
    with pytest.raises(TypeError, match="argnum must be an int of 0 or more"):
        ag.grad(lambda x: x, argnum)


def test_an_argnum_beyond_the_arguments_is_an_error():
    with pytest.raises(TypeError, match=r"argnum=1 is out of range: .* got 1 positional argument"):
        ag.grad(lambda x: x, 1)(2.0)


def test_an_argument_to_differentiate_given_by_name_is_an_error():
    with pytest.raises(TypeError, match=r"argnum=0 is out of range: .* got 0 positional arguments"):
        ag.grad(lambda x: x)(x=2.0)


@pytest.mark.parametrize(
    "x",
    ["text", None, ["a", None], np.array(["a"]), [1.0, {2.0}]],
    ids=["text", "None", "list", "text array", "set in list"],
)
def test_an_argument_that_is_no_number_is_an_error(x):
    with pytest.raises(TypeError, match=r"argnum=0 of .* holds a number"):
        ag.grad(lambda x: 1.0)(x)


@pytest.mark.parametrize("f", [3.0, None, ag.Param(1.0)], ids=["number", "None", "Param"])
def test_grad_of_a_non_function_is_an_error(f):
    with pytest.raises(TypeError, match=r"grad\(\) expects a function, got"):
        ag.grad(f)


@pytest.mark.parametrize(
    "y", [X, None, "text", (1.0,), np.True_], ids=["array", "None", "text", "tuple", "bool"]
)
def test_a_function_that_returns_no_scalar_is_an_error(y):
    with pytest.raises(TypeError, match="expected a scalar from the function"):
        ag.grad(lambda x: y)(1.0)


def test_a_function_that_returns_a_complex_number_is_an_error():
    with pytest.raises(TypeError, match="expected a real scalar from the function"):
        ag.grad(lambda x: x * 1j)(1.0)


def test_the_gradient_of_a_function_is_named_after_it():
    def loss(x):
        """Say how bad."""
        return x

    g = ag.grad(loss)
    assert g.__name__ == "grad(loss)"
    assert g.__doc__ == "grad of loss.\n\nSay how bad."


def test_a_gradient_of_a_method_differentiates():
    class Model:
        scale = 3.0

        def loss(self, x):
            return self.scale * x * x

    assert ag.grad(Model().loss)(2.0) == 12.0


# value_and_grad, gradloss


def test_value_and_grad_gives_the_value_first():
    y, dx = ag.value_and_grad(lambda x: np.sum(x * x))(X)
    assert (y, dx.tolist()) == (14.0, [2.0, 4.0, 6.0])


def test_gradloss_gives_the_gradient_first():
    dx, y = ag.gradloss(lambda x: np.sum(x * x))(X)
    assert (y, dx.tolist()) == (14.0, [2.0, 4.0, 6.0])


@pytest.mark.parametrize(
    ("make", "expected"),
    [(ag.value_and_grad, (12.0, (4.0, 12.0))), (ag.gradloss, ((4.0, 12.0), 12.0))],
    ids=["value_and_grad", "gradloss"],
)
def test_a_tuple_of_argnums_gives_a_tuple_of_gradients(make, expected):
    assert make(lambda x, y: x * x * y, (1, 0))(2.0, 3.0) == expected


@pytest.mark.parametrize(
    "make", [ag.value_and_grad, ag.gradloss, ag.grad], ids=["value_and_grad", "gradloss", "grad"]
)
def test_a_value_that_is_returned_is_plain(make):
    returned = make(lambda x: np.sum(x * x))(X)
    for part in returned if type(returned) is tuple else [returned]:
        assert not isinstance(part, ag.Value)


def test_the_value_of_an_inner_value_and_grad_differentiates():
    def f(x):
        y, dx = ag.value_and_grad(lambda z: z * z * x)(x)
        return y + dx  # x^3 + 2 x^2

    assert ag.grad(f)(3.0) == 39.0


def test_the_function_is_called_once_for_value_and_gradient():
    calls = []
    ag.value_and_grad(lambda x: calls.append(1) or x)(1.0)
    assert calls == [1]


def test_grad_of_a_tape_asks_for_a_value():
    J = ag.diff(lambda w: w * 2, ag.Param(1.0))
    with pytest.raises(
        TypeError, match=r"grad\(J, w\) expects a Param, a Result or a pytree of them as w, got 3"
    ):
        ag.grad(J, 3)


@pytest.mark.parametrize(
    ("f", "fix"),
    [
        (lambda x: None, "got None; end the function with `return`"),
        (lambda x: (x, x), "; return one scalar"),
        (lambda x: np.ones(2) * x, "; reduce it with np.sum or np.mean"),
    ],
    ids=["None", "tuple", "array"],
)
def test_a_result_that_is_no_scalar_gets_its_fix(f, fix):
    with pytest.raises(TypeError, match=fix):
        ag.grad(f)(1.0)


def test_a_tape_gives_the_gradients_of_several_params_at_once():
    a, b, unused = ag.Param(2.0), ag.Param(3.0), ag.Param(1.0)
    J = ag.diff(lambda: a**2 * b)
    assert ag.grad(J, [a, (b, unused), "name"]) == [12.0, (4.0, None), None]
    assert ag.grad(J, {"b": b, "a": a}) == {"b": 4.0, "a": 12.0}
    assert ag.grad(J, []) == []
    assert ag.grad(ag.diff(lambda: 3.0), [a]) == [None]
    with pytest.raises(TypeError, match=r"a pytree of them as w, got \[P\(2.0\), 3.0\]"):
        ag.grad(J, [a, 3.0])


def test_the_gradient_of_a_dict_has_all_its_keys_in_order():
    p = ag.Param(OrderedDict(b=1.0, a=2.0, n="relu", c={"x": 1.0, "y": 3.0}))
    g = ag.grad(ag.diff(lambda: p["c"]["y"] * p["a"]), p)
    assert g == OrderedDict(b=None, a=3.0, n=None, c={"x": None, "y": 2.0})
    assert (type(g), [*g]) == (OrderedDict, ["b", "a", "n", "c"])


@pytest.mark.parametrize(
    "wrap", [lambda x: {0: x}, lambda x: [x], lambda x: (x,)], ids=["dict", "list", "tuple"]
)
def test_a_param_nested_four_hundred_deep_prints_and_traces(wrap):
    deep = 2.0
    for _ in range(400):
        deep = wrap(deep)

    def read(x):
        for _ in range(400):
            x = x[0]
        return x**2

    p = ag.Param(deep)
    J = ag.diff(read, p)
    inner = ag.grad(J, p)
    for _ in range(400):
        inner = inner[0]
    assert inner == 4.0
    assert len(str(J).splitlines()) == len(J.trace()) == 402
    assert ag.value_and_grad(read)(deep)[0] == 4.0
