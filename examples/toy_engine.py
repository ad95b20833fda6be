"""An adapter for another engine: a toy that differentiates numbers, and its trace.

The file is the one that `docs/reference/trace-format.md` describes. Run it, then look:

    python examples/toy_engine.py && autograd-tools check toy.json && autograd-tools show toy.json
"""

import json
import math
import sys
from pathlib import Path

TAPE = []


class Number:
    """A number that knows its parents, and the factor of the chain rule for each."""

    def __init__(self, value, op="", parents=(), name=""):
        self.value, self.op, self.parents, self.name, self.grad = value, op, parents, name, 0.0
        frame = sys._getframe(2 if op else 1)
        self.spot = [frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name]
        TAPE.append(self)

    def __add__(self, other):
        return Number(self.value + other.value, "add", [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        parents = [(self, other.value), (other, self.value)]
        return Number(self.value * other.value, "multiply", parents)

    def sin(self):
        return Number(math.sin(self.value), "sin", [(self, math.cos(self.value))])


def backward(result):
    result.grad = 1.0
    for number in reversed(TAPE):
        for parent, factor in number.parents:
            parent.grad += factor * number.grad


# The adapter.


def numbers(column):
    """Return a column of floating-point scalars; `min` is all that is needed of them."""
    names = ("rows", "max", "mean", "norm", "zeros", "nans", "infs")
    form = [[None, [], "float64", 8]]
    return {"form": [0] * len(column), "forms": form, "min": column, "bins": {}} | {
        name: [] for name in names
    }


def trace_of(tape, result):
    """Return the trace of a tape as plain data."""
    row = {id(number): i for i, number in enumerate(tape)}
    n = range(len(tape))
    return {
        "format": "autograd_tools.trace",
        "version": 3,
        "result": row[id(result)] + 1,
        "heads": [
            ["result" if x.op else "param", x.op, x.name, [["", ""] for _ in x.parents]]
            for x in tape
        ],
        "head": [*n],
        "spots": [x.spot for x in tape],
        "spot": [*n],
        "places": {"parent": [0], "kind": [0], "kinds": [["function", "loss", "", 0]]},
        "place": [int(x.op != "") for x in tape],
        "parents": {
            "count": [len(x.parents) for x in tape],
            "back": [i - row[id(p)] for i, x in enumerate(tape) for p, _ in x.parents],
        },
        "value": numbers([x.value for x in tape]),
        "outgrad": numbers([x.grad for x in tape]),
        "forward_ns": None,
        "backward_ns": {},
    }


if __name__ == "__main__":
    w, b = Number(0.5, name="w"), Number(2.0, name="b")
    y = (w * w + b).sin()
    backward(y)
    Path("toy.json").write_text(json.dumps(trace_of(TAPE, y)))
