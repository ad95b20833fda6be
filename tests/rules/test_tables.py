"""Entries of the rule tables: rules by position and by the name of a parameter."""

import numpy as np
import pytest

from autograd_tools.engine.primitives import UNKNOWN
from autograd_tools.engine.registry import PRIMITIVES, rules


@pytest.fixture
def restored():
    """Restore the primitive of np.sum."""
    before = PRIMITIVES[np.sum]
    yield
    PRIMITIVES[np.sum] = before


def rule(dy, y, x, *args, **kwargs):
    return dy


def test_a_named_rule_is_at_the_position_of_its_parameter(restored):
    primitive = rules(np.sum, rule, initial=UNKNOWN)
    assert primitive.rules == (rule, None, None, None, None, UNKNOWN)


def test_all_rules_may_be_named(restored):
    assert rules(np.sum, dtype=UNKNOWN, a=rule).rules == (rule, None, UNKNOWN)


def test_arguments_that_rules_read_may_be_named(restored):
    assert rules(np.sum, rule, reads=("a", "where")).reads == {0, 6}


@pytest.mark.parametrize("entry", [{"initail": rule}, {"reads": ("initail",)}])
def test_an_unknown_parameter_lists_the_known_ones(restored, entry):
    expected = (
        "sum has no parameter 'initail'; choose a, axis, dtype, out, keepdims, initial, where"
    )
    with pytest.raises(TypeError) as caught:
        rules(np.sum, rule, **entry)
    assert str(caught.value) == expected


def test_a_ufunc_takes_rules_by_position():
    with pytest.raises(TypeError, match="the parameters of add have no names; give rules by"):
        rules(np.add, x1=rule)


def test_two_rules_for_one_parameter_are_an_error(restored):
    with pytest.raises(TypeError, match="sum has two rules for one parameter"):
        rules(np.sum, rule, a=rule)
