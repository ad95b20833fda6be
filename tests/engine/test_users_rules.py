"""Rules of the user's write into no array that another gradient reads."""

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.engine.registry import Primitive
from autograd_tools.engine.users_rules import call_rule

X = np.array([1.0, 2.0, 3.0])


def doubled(rule):
    """The primitive 2 * x with the rule of a test."""
    return ag.primitive(rule)(lambda x: x * 2.0)


def write_dy(dy, y, x):
    dy *= 2.0
    return dy


def write_y(dy, y, x):
    y[...] = 2.0
    return y * dy


def write_x(dy, y, x):
    np.multiply(dy, 2.0, out=x)
    return x


@pytest.mark.parametrize("rule", [write_dy, write_y, write_x])
def test_a_rule_that_writes_into_its_arguments_is_named(rule):
    double = doubled(rule)
    with pytest.raises(ValueError, match=r"the rule <lambda>\[1\] \(.*test_users_rules.py:\d+\)"):
        ag.grad(lambda x: np.sum(double(x * 1.0) + x))(X)


def test_a_rule_that_writes_at_second_order_is_named():
    double = doubled(write_dy)
    with pytest.raises(ValueError, match=r"writes into its arguments"):
        ag.grad(lambda x: np.sum(ag.grad(lambda z: np.sum(double(z) * z))(x)))(X)


def test_a_rule_that_writes_into_a_list_is_named():
    def write_first(dy, y, parts):
        parts[0][...] = 0.0
        return [dy, dy]

    add = Primitive(
        lambda parts: parts[0] + parts[1], (write_first,), sequences=True, fresh=False, name="add2"
    )
    with pytest.raises(ValueError, match=r"the rule add2\[1\]"):
        ag.grad(lambda x: np.sum(add([x, x])))(X)


def test_other_errors_of_a_rule_stay():
    def fails(dy, y, x):
        raise ValueError("no gradient today")

    with pytest.raises(ValueError, match=r"^no gradient today"):
        ag.grad(lambda x: np.sum(doubled(fails)(x)))(X)


@pytest.mark.parametrize("part", [lambda b: b, lambda b: b[:]], ids=["buffer", "view"])
def test_a_rule_may_return_a_buffer_that_it_reuses(part):
    buffer = np.empty(3)
    double = doubled(lambda dy, y, x: part(np.multiply(dy, 2.0, out=buffer)))
    gradient = ag.grad(lambda x: np.sum(double(x) * X + double(3.0 * x)))(X)
    np.testing.assert_array_equal(gradient, [8.0, 10.0, 12.0])


@pytest.mark.parametrize(
    "rule",
    [lambda dy, y, x: 2 * dy, lambda dy, y, x: (2 * dy)[::-1], lambda dy, y, x: dy],
    ids=["new", "view_of_new", "dy"],
)
def test_a_new_array_of_a_rule_is_not_copied(rule):
    returned = []

    def noted(*args):
        dx = rule(*args)
        returned.append(dx.__array_interface__["data"][0])
        return dx

    plan = Primitive(np.copy, (noted,), fresh=False).plan(0)
    dx = call_rule(plan, 0, np.ones(3), X, (X,), {})
    assert dx.__array_interface__["data"][0] == returned[0]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (lambda dy, y, x: dy, [1.0, 1.0, 1.0]),
        (lambda dy, y, x: y, [2.0, 4.0, 6.0]),
        (lambda dy, y, x: x[:], [1.0, 2.0, 3.0]),
    ],
    ids=["dy", "y", "x"],
)
def test_a_gradient_is_never_an_argument_of_its_rule(rule, expected):
    x, seed = X.copy(), np.ones(3)
    vjp, y = ag.make_vjp(doubled(rule))(x)
    gradient = vjp(seed)
    np.testing.assert_array_equal(gradient, expected)
    assert gradient.flags.writeable
    assert not any(np.may_share_memory(gradient, array) for array in (x, y, seed))
