"""Every rule of the registry as source: the numbers of the gradient, with NumPy and SciPy alone."""

import warnings

import numpy as np
import pytest
from programs.test_compiled_rules import EAGER, copied
from rules.test_rules import NAMES, cases_of, differentiable, every_function, total
from support.sources import function_of

import autograd_tools as ag
from autograd_tools.base.containers import tree_leaves
from autograd_tools.programs.capturing.capture import UncapturedError

# Functions with a case whose arguments hold functions or lists of axes, which a source takes, too.
HANDED_OVER = {"apply_along_axis", "einsum"}
ROUNDED = {"special.betainc", "special.betaincc"}  # sums of series, whose length is a branch


def gradients(func):
    """Yield the gradient of each case with its arguments."""
    for args, kwargs in cases_of(func):
        argnums = differentiable(func, args)
        if argnums:
            yield ag.grad(lambda *a, kwargs=kwargs: total(func(*a, **kwargs)), argnums), args


def check_source(func, f, args, *, exact):
    expected = tree_leaves(f(*copied(args)))
    try:
        made = function_of(ag.source(f, *copied(args), exact=exact))
    except (UncapturedError, TypeError):
        assert NAMES[func] in EAGER
        return
    found = tree_leaves(made(*copied(args)))
    for x, y in zip(found, expected, strict=True):
        assert (np.shape(x), np.result_type(x)) == (np.shape(y), np.result_type(y))
        single = np.result_type(x) in (np.float32, np.complex64)
        if exact and NAMES[func] not in ROUNDED:
            assert np.array_equal(x, y, equal_nan=True)
        else:
            np.testing.assert_allclose(x, y, rtol=1e-4 if single else 1e-11, atol=1e-13)


@pytest.mark.slow
@every_function
def test_the_source_of_a_rule_is_the_gradient(func):
    if NAMES[func] in HANDED_OVER:
        pytest.skip("a source of it takes more arguments")
    with warnings.catch_warnings(action="ignore"):
        for number, (f, args) in enumerate(gradients(func)):
            check_source(func, f, args, exact=number % 3 == 1)
