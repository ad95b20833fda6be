"""Every rule of the registry, compiled: the gradient of each case is the gradient."""

import warnings

import numpy as np
import pytest
from rules.test_rules import NAMES, cases_of, differentiable, every_function, total

import autograd_tools as ag
from autograd_tools.base.containers import tree_leaves, tree_replace
from autograd_tools.engine.registry import COMPOSITES, PRIMITIVES

# Functions with a case in which NumPy reads the numbers of a list itself, so that no program can.
EAGER = {"bincount", "histogram", "histogram2d", "histogramdd", "sum", "setitem"}
EAGER |= {"quantile", "nanquantile", "nanpercentile"}


def moved(x):
    """Return slightly other numbers, of the same types and shapes."""

    def change(leaf):
        if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fc":
            return np.asarray(leaf * leaf.dtype.type(1.001))
        return type(leaf)(leaf * 1.001) if isinstance(leaf, (float, complex)) else leaf

    return tree_replace(x, iter(map(change, tree_leaves(x))))


def copied(x):
    leaves = [leaf.copy("K") if isinstance(leaf, np.ndarray) else leaf for leaf in tree_leaves(x)]
    return tree_replace(x, iter(leaves))


def assert_close(y, expected):
    y, expected = tree_leaves(y), tree_leaves(expected)
    assert list(map(type, y)) == list(map(type, expected))
    for a, b in zip(y, expected, strict=True):
        assert (np.shape(a), np.result_type(a)) == (np.shape(b), np.result_type(b))
        single = np.result_type(a) in (np.float32, np.complex64)
        np.testing.assert_allclose(a, b, rtol=1e-4 if single else 1e-9, atol=1e-12)


def check_compiled(func, derivative):
    for args, kwargs in cases_of(func):
        argnums = differentiable(func, args)
        if not argnums:
            continue
        f = derivative(lambda *a, kwargs=kwargs: total(func(*a, **kwargs)), argnums)
        expected = [f(*copied(given)) for given in (args, moved(args))]
        compiled = ag.compile(f)
        with warnings.catch_warnings():
            if NAMES[func] not in EAGER:
                warnings.filterwarnings("error", ".*runs uncompiled", RuntimeWarning)
            else:
                warnings.filterwarnings("ignore", ".*runs uncompiled", RuntimeWarning)
            for given, y in zip((args, moved(args), args), [*expected, expected[0]], strict=True):
                assert_close(compiled(*copied(given)), y)


@every_function
def test_a_compiled_gradient_of_a_rule_is_the_gradient(func):
    check_compiled(func, ag.grad)


@pytest.mark.slow
@every_function
def test_a_compiled_second_derivative_of_a_rule_is_the_derivative(func):
    def second(f, argnums):
        return ag.grad(lambda *a: total(ag.grad(f, argnums)(*a)), argnums)

    check_compiled(func, second)


def test_the_functions_that_run_as_they_are_exist():
    names = {NAMES[func] for func in (*PRIMITIVES, *COMPOSITES)} | set(NAMES.values())
    assert names >= EAGER
