"""User-defined primitives: rules, registration and errors."""

import functools
import inspect

import numpy as np
import pytest
import scipy.special

import autograd_tools as ag
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.registry import COMPOSITES, PRIMITIVES, ZEROGRADS
from autograd_tools.rules import special

X = np.array([1.0, 2.0, 4.0])


def sine(x):
    return np.sin(x)


def exponential(x):
    return np.exp(x)


@pytest.fixture
def registry():
    """Restore the registry; the tables of scipy.special enter it only once."""
    special.find(None)
    held = [(table, table.copy()) for table in (PRIMITIVES, ZEROGRADS, COMPOSITES)]
    yield
    for table, before in held:
        table.clear()
        table.update(before)


# primitive


def test_a_primitive_is_differentiated_by_its_rule():
    @ag.primitive(lambda dy, y, x: dy * 10)
    def f(x):
        return np.log(x)

    assert ag.grad(f)(4.0) == 10.0


def test_a_primitive_is_one_node():
    @ag.primitive(lambda dy, y, x: dy / x)
    def log(x):
        assert not isinstance(x, ag.Value)
        return np.log(x) * 1 + 0

    w = ag.Param(1.0)
    assert str(ag.diff(lambda: log(w))) == "1. P(1.0) ∇=1.0\n2. 0.0 = log(P(1.0)) ∇=1.0"


def test_a_rule_receives_gradient_output_and_arguments():
    seen = []

    @ag.primitive(lambda *args, **kwargs: seen.append((args, kwargs)))
    def f(x, y, *, scale):
        return x * y * scale

    ag.grad(lambda x: 7 * f(x, 3.0, scale=2.0))(5.0)
    assert seen == [((7.0, 30.0, 5.0, 3.0), {"scale": 2.0})]


def test_each_argument_has_its_rule():
    f = ag.primitive(lambda dy, y, a, b: dy * 2, lambda dy, y, a, b: dy * 3)(lambda a, b: a + b)
    assert ag.grad(f, (0, 1))(1.0, 1.0) == (2.0, 3.0)


@pytest.mark.parametrize(
    "rules",
    [(None, lambda dy, y, a, b: dy * 3), (lambda dy, y, a, b: dy * 3,)],
    ids=["None", "left out"],
)
def test_an_argument_without_a_rule_has_a_zero_gradient(rules):
    f = ag.primitive(*rules)(lambda a, b: a + b)
    assert sorted(ag.grad(f, (0, 1))(1.0, 1.0)) == [0.0, 3.0]


def test_a_rule_that_returns_none_gives_zero():
    f = ag.primitive(lambda dy, y, x: None)(lambda x: 2 * x)
    assert ag.grad(lambda x: f(x) + x)(1.0) == 1.0


@pytest.mark.parametrize(
    "x", [1.0, np.float32(1.0), 1, np.array(1.0)], ids=["float", "float32", "int", "0-d"]
)
@pytest.mark.parametrize("dx", [3, 3.0], ids=["int", "float"])
def test_a_rule_may_return_a_python_number(x, dx):
    f = ag.primitive(lambda dy, y, x: dx)(lambda x: 2 * x)
    assert ag.grad(f)(x) == 3.0


def test_a_rule_of_differentiable_functions_is_differentiated_again():
    followed = ag.primitive(lambda dy, y, x: dy * np.cos(x))(sine)
    assert ag.gradcheck(followed, X, order=3)


def test_a_rule_may_use_the_output_to_any_order():
    exp = ag.primitive(lambda dy, y, x: dy * y)(exponential)
    assert ag.grad(ag.grad(ag.grad(exp)))(0.0) == 1.0


def test_a_tracked_argument_may_be_given_by_name():
    f = ag.primitive(lambda dy, y, a, b: dy * 2, lambda dy, y, a, b: dy * 3)(lambda a, b=1.0: a + b)
    assert ag.grad(lambda t: f(1.0, b=t))(1.0) == 3.0
    assert ag.grad(lambda t: f(b=1.0, a=t))(1.0) == 2.0


def test_a_primitive_outside_a_recording_is_the_function_itself():
    f = ag.primitive(lambda dy, y, x: dy)(lambda x: x + 1)
    assert type(f(ag.Param(X))) is np.ndarray


def test_a_primitive_keeps_the_name_and_docstring():
    @ag.primitive(lambda dy, y, x: dy)
    def softplus(x):
        """Smooth rectifier."""
        return np.log1p(np.exp(x))

    assert (softplus.__name__, softplus.__doc__) == ("softplus", "Smooth rectifier.")
    assert list(inspect.signature(softplus).parameters) == ["x"]


def test_a_primitive_receives_plain_values_at_second_order():
    kinds = []

    @ag.primitive(lambda dy, y, x: 2 * dy * x)
    def square(x):
        kinds.append(type(x))
        return x * x

    ag.grad(lambda x: np.sum(ag.grad(lambda x: np.sum(square(x)))(x)))(X)
    assert kinds == [np.ndarray]


@pytest.mark.parametrize("rule", [1.0, "dy", np.ones(3)], ids=["number", "text", "array"])
def test_a_rule_must_be_a_function(rule):
    with pytest.raises(
        TypeError, match=r"expected a rule \(dy, y, \*args, \*\*kwargs\) -> dx or None, got"
    ):
        ag.primitive(rule)


def test_a_primitive_needs_a_function():
    with pytest.raises(TypeError, match=r"primitive\(\) expects a function, got 3"):
        ag.primitive(lambda dy, y, x: dy)(3)


# Functions that exist already.


def test_registering_a_scipy_ufunc_returns_it(registry):
    rule = lambda dy, y, x: 5 * dy  # noqa: E731  a rule in a test of registration
    assert ag.primitive(rule)(scipy.special.expit) is scipy.special.expit
    assert ag.grad(scipy.special.expit)(0.0) == 5.0


def test_the_rule_of_expit_in_the_design_is_right(registry):
    ag.primitive(lambda dy, y, x: dy * y * (1 - y))(scipy.special.expit)
    assert ag.gradcheck(scipy.special.expit, X, order=2)


def test_primitive_adds_a_rule_to_a_scipy_ufunc(registry):
    with pytest.raises(TypeError, match=r"scipy.special.itstruve0 has no gradient rule"):
        ag.grad(scipy.special.itstruve0)(1.0)
    ag.primitive(lambda dy, y, x: dy * scipy.special.struve(0.0, x))(scipy.special.itstruve0)
    assert ag.grad(scipy.special.itstruve0)(1.0) == pytest.approx(0.5686566270482881, rel=1e-13)


def test_primitive_adds_a_rule_to_a_numpy_function(registry, monkeypatch):
    monkeypatch.delitem(COMPOSITES, np.unique_values)
    with pytest.raises(TypeError, match=r"np\.unique_values has no gradient rule"):
        ag.grad(lambda x: np.sum(np.unique_values(x)))(X)
    ag.primitive(lambda dy, y, x: dy)(np.unique_values)
    assert ag.grad(lambda x: np.sum(np.unique_values(x)))(X).tolist() == [1.0, 1.0, 1.0]


def test_a_zerograd_function_becomes_a_primitive_with_a_rule(registry):
    ag.primitive(lambda dy, y, x: dy)(np.floor)
    assert ag.grad(np.floor)(1.5) == 1.0


def test_a_composite_becomes_a_primitive_with_a_rule(registry):
    ag.primitive(lambda dy, y, x: 7 * dy * np.ones(3))(np.var)
    assert ag.grad(np.var)(X).tolist() == [7.0, 7.0, 7.0]


# zerograd


def test_a_zerograd_function_is_never_recorded():
    @ag.zerograd
    def level(x):
        assert not isinstance(x, ag.Value)
        return float(x > 2)

    w = ag.Param(3.0)
    J = ag.diff(lambda: w * level(w))
    assert ag.grad(J, w) == 1.0
    assert len(J) == 2


def test_a_zerograd_function_keeps_its_name():
    @ag.zerograd
    def level(x):
        return 1.0

    assert level.__name__ == "level"


def test_a_zerograd_function_receives_plain_values():
    seen = []

    @ag.zerograd
    def look(*args, **kwargs):
        seen.append((args, kwargs))
        return 0.0

    ag.grad(lambda x: x + look([x, (x, 1)], key={"a": x}))(2.0)
    assert seen == [(([2.0, (2.0, 1)],), {"key": {"a": 2.0}})]


def test_zerograd_accepts_a_numpy_function(registry):
    assert ag.zerograd(np.unique_values) is np.unique_values
    assert ag.grad(lambda x: np.sum(np.unique_values(x)) * x[0])(X).tolist() == [7.0, 0.0, 0.0]


def test_zerograd_accepts_a_numpy_primitive(registry):
    ag.zerograd(np.sinh)
    assert ag.grad(lambda x: x * np.sinh(x))(0.0) == 0.0


@pytest.mark.parametrize(
    "f",
    [
        np.floor,
        np.sign,
        np.argmax,
        np.round,
        lambda x: x > 2,
        lambda x: x // 1,
        np.isfinite,
        np.shape,
    ],
    ids=["floor", "sign", "argmax", "round", ">", "//", "isfinite", "shape"],
)
def test_steps_comparisons_and_positions_are_plain(f):
    seen = []
    ag.grad(lambda x: seen.append(f(x)) or np.sum(x))(X)
    assert not isinstance(seen[0], ag.Value)


# Names, and functions nobody knows a gradient for.


@pytest.mark.parametrize(
    ("func", "name"),
    [
        (np.sum, "sum"),
        (np.sin, "sin"),
        (np.linalg.solve, "linalg.solve"),
        (np.fft.fft, "fft.fft"),
        (scipy.special.erf, "special.erf"),
        (np.absolute, "absolute"),
        (np.permute_dims, "transpose"),
        (test_a_zerograd_function_keeps_its_name, "test_a_zerograd_function_keeps_its_name"),
    ],
)
def test_an_error_names_a_function_as_users_write_it(func, name):
    assert name_of(func) == name


@pytest.mark.parametrize(
    ("f", "name"),
    [(np.unique_values, "np.unique_values"), (scipy.special.itstruve0, "scipy.special.itstruve0")],
    ids=["function", "scipy"],
)
def test_a_missing_rule_is_an_error_that_helps(f, name, monkeypatch):
    monkeypatch.delitem(COMPOSITES, np.unique_values)
    with pytest.raises(TypeError) as error:
        ag.grad(lambda x: np.sum(f(x)))(X)
    message = str(error.value)
    assert (
        f"{name} has no gradient rule, and was called on R(float64[3]) while recording" in message
    )
    assert f"ag.primitive(rule, ...)({name})" in message
    assert f"ag.zerograd({name})" in message
    assert "ag.value(x)" in message


def test_a_function_without_a_rule_works_outside_a_recording(monkeypatch):
    monkeypatch.delitem(COMPOSITES, np.unique_values)
    assert np.unique_values(ag.Param(np.array([1.0, 1.0]))).tolist() == [1.0]


def test_a_function_without_a_rule_works_on_constants():
    w = ag.Param(2.0)
    assert ag.grad(ag.diff(lambda: w * np.sum(np.unique_values(X))), w) == 7.0


# Keywords.


def test_arrays_passed_by_keyword_are_joined():
    assert ag.grad(lambda x: np.sum(np.stack(arrays=[x, 2 * x])))(1.0) == 3.0


def test_a_tracked_keyword_argument_is_differentiated():
    assert ag.grad(lambda x: np.sum(a=x))(X).tolist() == [1.0, 1.0, 1.0]


def test_a_flag_after_a_tracked_keyword_keeps_its_value():
    assert ag.grad(lambda x: np.sum(np.sum(a=x, axis=0, keepdims=True)))(
        np.ones((2, 2))
    ).tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_a_tracked_keyword_only_argument_is_an_error():
    with pytest.raises(TypeError, match="unwrap has no gradient rule for period="):
        ag.grad(lambda x: np.sum(np.unwrap(X * x, period=x)))(2.0)


def test_a_tracked_keyword_of_a_ufunc_is_an_error():
    with pytest.raises(TypeError):
        ag.grad(lambda x: np.sin(x=x))(2.0)


@pytest.mark.parametrize(
    "keywords",
    [{"dtype": np.float32}, {"casting": "same_kind"}, {"order": "C"}, {"subok": True}],
    ids=lambda k: next(iter(k)),
)
def test_flags_of_a_ufunc_keep_its_gradient(keywords):
    assert ag.grad(lambda x: np.sum(np.square(x, **keywords)))(X).tolist() == [2.0, 4.0, 8.0]


def test_a_list_of_numbers_is_an_array_to_a_rule():
    assert ag.grad(lambda x: np.dot(x, [1.0, 2.0, 3.0]))(X).tolist() == [1.0, 2.0, 3.0]
    assert ag.grad(lambda x: np.sum(x * [1.0, 2.0, 3.0]))(X).tolist() == [1.0, 2.0, 3.0]


def test_joined_lists_may_mix_tracked_and_plain_arrays():
    w = ag.Param(X)
    J = ag.diff(lambda: np.sum(np.concatenate([w, [9.0], 2 * w]) * np.arange(7.0)))
    assert ag.grad(J, w).tolist() == [8.0, 11.0, 14.0]


def test_joined_lists_may_hold_lists_of_tracked_numbers():
    assert ag.grad(lambda x: np.sum(np.concatenate([x, [x[0], 2 * x[1]]])))(X).tolist() == [
        2.0,
        3.0,
        1.0,
    ]


def test_joining_lists_of_tracked_numbers_says_the_alternative():
    with pytest.raises(TypeError, match=r"np\.stack"):
        ag.grad(lambda x: np.sum(np.concatenate([[x], [x, x]])))(2.0)


# A recording keeps only what the rules read, which it finds out from their code.

LARGE = np.linspace(0.0, 1.0, 1000)  # too large to be kept without need


def by_a_helper(dy, x):
    return 2 * dy * x


class Rule:
    def __call__(self, dy, y, x):
        return 2 * dy * x

    def method(self, dy, y, x):
        return 2 * dy * x


def with_a_default(dy, y, x, factor=2):
    return factor * dy * x


def by_assignment(dy, y, x):
    half = x
    half = half + x
    return dy * half


def in_a_branch(dy, y, x):
    if np.ndim(dy):
        return 2 * dy * x
    return None


def in_an_inner_function(dy, y, x):
    def double():
        return 2 * x

    return dy * double()


SQUARES = {
    "lambda": lambda dy, y, x: 2 * dy * x,
    "output": lambda dy, y, x: 2 * dy * np.sqrt(y),
    "helper": lambda dy, y, x: by_a_helper(dy, x),
    "any arguments": lambda *args: 2 * args[0] * args[2],
    "inner lambda": lambda dy, y, x: (lambda: 2 * dy * x)(),  # noqa: PLC3002  the code of a rule is what is tested
    "comprehension": lambda dy, y, x: sum([dy * t for t in (x, x)]),
    "generator": lambda dy, y, x: sum(dy * x for _ in range(2)),
    "inner function": in_an_inner_function,
    "branch": in_a_branch,
    "assignment": by_assignment,
    "default": with_a_default,
    "partial": functools.partial(with_a_default, factor=2),
    "callable object": Rule(),
    "method": Rule().method,
}


@pytest.mark.parametrize("rule", SQUARES.values(), ids=SQUARES)
def test_a_rule_reads_a_large_array(rule):
    square = ag.primitive(rule)(lambda x: x * x)
    assert np.allclose(ag.grad(lambda x: np.sum(square(1.0 * x)))(LARGE), 2 * LARGE, rtol=1e-14)


def test_a_rule_reads_the_shape_of_a_large_array():
    total = ag.primitive(
        lambda dy, y, x: (
            dy * np.ones(np.shape(x)) * np.ndim(x) * (np.size(x) == x.size) * len(x.shape)
        )
    )(lambda x: x.sum(keepdims=True))
    assert ag.grad(lambda x: np.sum(total(1.0 * x)))(LARGE).tolist() == [1.0] * 1000


def test_each_rule_reads_what_it_needs():
    scale = ag.primitive(lambda dy, y, a, b: dy * b, lambda dy, y, a, b: np.sum(dy * a))(
        lambda a, b: a * b
    )
    da, db = ag.grad(lambda a, b: np.sum(scale(1.0 * a, 1.0 * b)), (0, 1))(LARGE, 3.0)
    assert da.tolist() == [3.0] * 1000
    assert db == pytest.approx(500.0)
