"""Trials: both forms of a rewrite on arrays like the recorded ones."""

import math

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.timing import Operand
from viewer.profiles import trials
from viewer.profiles.trials import POWERS, REWRITES, Trial, trial_of, tried


def array(*shape, dtype="float64", order="C"):
    return Operand(dtype, shape, order)


ALL = [
    *[("power", exponent, (array(50, 4),)) for exponent in POWERS],
    ("inverse", "left", (array(6, 6), array(6, 2))),
    ("inverse", "left", (array(6, 6), array(6))),
    ("inverse", "right", (array(6, 6), array(2, 6))),
    ("inverse", "right", (array(6, 6), array(6))),
    ("inverse", "left", (array(6, 6, dtype="float32"), array(6, dtype="float32"))),
    ("pairwise", "", (array(7, 1, 3), array(1, 5, 3))),
    ("einsum", "ij,jk->ik", (array(4, 5), array(5, 6, order="F"))),
    ("einsum", "bij,bjk->bik", (array(3, 4, 5), array(3, 5, 6))),
]


@pytest.mark.parametrize(("rewrite", "detail", "operands"), ALL)
def test_both_forms_have_the_same_gradient(rewrite, detail, operands):
    found = trial_of(rewrite, detail, operands)
    single = any(operand.dtype == "float32" for operand in operands)
    assert found.difference < (1e-4 if single else 1e-12)
    assert found.before_ns > 0 < found.after_ns


def test_every_rewrite_is_tried():
    assert {rewrite for rewrite, _, _ in ALL} == set(REWRITES)


def test_another_gradient_is_seen():
    found = tried(lambda x: x**2, lambda x: x * ag.value(x), np.arange(1.0, 4.0))
    assert found.difference == 0.5
    assert not found._replace(after_ns=0).is_worth_it


def test_a_gradient_that_is_nan_is_another_one():
    found = tried(lambda x: x, lambda x: x * np.nan, np.ones(3))
    assert found.difference == math.inf


@pytest.mark.parametrize(
    ("trial", "is_worth_it"),
    [
        (Trial(1000, 500, 1e-12), True),
        (Trial(1000, 950, 1e-12), False),
        (Trial(1000, 500, 1e-3), False),
    ],
)
def test_only_a_faster_form_with_the_same_gradient_is_worth_it(trial, is_worth_it):
    assert trial.is_worth_it is is_worth_it


def test_a_trial_says_what_it_found():
    assert Trial(4_100_000, 1_200_000, 0.0).text(3) == (
        "Tried: 12.3ms → 3.60ms a gradient, same gradient to the bit."
    )


@pytest.mark.parametrize(
    ("rewrite", "detail", "operands"),
    [
        ("power", "2", (array(50),)),
        ("power", "x", (array(50),)),
        ("power", "3", (array(50, dtype="complex128"),)),
        ("power", "3", (array(50, dtype="object"),)),
        ("power", "3", (array(10**6, 10**6),)),
        ("inverse", "left", (array(6, 5), array(5))),
        ("inverse", "left", (array(6, 6), array(7))),
        ("pairwise", "", (array(7, 3),)),
        ("einsum", "ij,jk->il", (array(4, 5), array(5, 6))),
        ("einsum", "\n", (array(4, 5),)),
    ],
)
def test_what_cannot_be_tried_has_no_trial(rewrite, detail, operands):
    assert trial_of(rewrite, detail, operands) is None


def test_trials_are_not_measured_and_not_heard():
    heard = []
    trials.trial_of.cache_clear()
    with ag.after_gradients(lambda: heard.append(1)), ag.profile() as p:
        trial_of("power", "3", (array(5),))
    assert (heard, p.records) == ([], {})
