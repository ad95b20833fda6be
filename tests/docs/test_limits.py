"""The table of limits: each expression, on plain and on recorded values."""

import collections.abc
import decimal
import json
import math
import statistics
import struct
from pathlib import Path

import numpy as np
import pytest

import autograd_tools as ag

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "limits.md"
LINES = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
ROWS = [[cell.strip().strip("`") for cell in line.strip("| ").split(" | ")] for line in LINES]
PLAIN = {"s": 2.5, "n": 3, "a": np.array([1.0, 2.0]), "d": {"k": 1.0}}
MODULES = [collections, decimal, json, math, statistics, struct]
NAMES = {module.__name__: module for module in MODULES} | {"np": np, "ag": ag}


def outcome(expression, values):
    """Return the repr of an expression, or the type of its error."""
    try:
        return repr(ag.value(eval(expression, {**NAMES, **values})))
    except Exception as error:
        return type(error).__name__


def recorded(expression):
    """Return the outcome of an expression on recorded values."""
    found = []

    def f(*args):
        found.append(outcome(expression, dict(zip(PLAIN, args, strict=True))))
        return 0.0

    ag.grad(f, tuple(range(len(PLAIN))))(*PLAIN.values())
    return found[0]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_of_the_table_of_limits_is_true(row):
    expression, plain, on_recorded, instead = row
    assert outcome(expression, PLAIN) == plain
    assert recorded(expression) == on_recorded
    assert "Error" not in recorded(instead)
    if instead not in ("id(a)", "np.shares_memory(a, a)", "list(a)", "np.ndim(s) > 0"):
        same = {"True": ("True", "np.True_")}.get(plain, (plain, f"np.float64({plain})"))
        assert recorded(instead) in same or plain == "TypeError"
