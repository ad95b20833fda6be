"""The equations of a map: with the symbols of each node they compute its gradients."""

import numpy as np
import pytest
from support.formulas import WORDS, summed_to

import autograd_tools as ag
from viewer.map.equations import equations_of
from viewer.terminal.equations import equation_of
from viewer.terminal.symbols import Names

rng = np.random.default_rng(0)
A, B, S = rng.normal(size=(3, 4)), rng.normal(size=(4, 3)), rng.normal(size=(3, 3)) + 3 * np.eye(3)
X, Y = rng.normal(size=3), rng.normal(size=4)
ROWS = np.array([0, 2, 2])


@ag.primitive(lambda dy, y, x, a: dy * a, lambda dy, y, x, a: dy * x)
def v2(x, a):
    return x * a


def steps(x, y):
    for n in range(4):
        x = np.tanh(x * np.linspace(0, 1, 3)) + x[::-1] * n
    return np.concatenate([x, y, x * np.ones(3), y])


def softmax(a):
    e = np.exp(a - np.max(a, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


FUNCTIONS = {
    "einsum": (lambda a, b: np.einsum("ij,jk,k->i", a, b, X), A, B),
    "einsum of one twice": (lambda a: np.einsum("ij,ij->i", a, a), A),
    "where": (lambda a: np.where(A > 0, a, a * a), A),
    "index by an array": (lambda x: x[ROWS], X),
    "index in parts": (lambda x: x[0] * x[1:] + x[-1], Y),
    "concatenate": (lambda x, y: np.concatenate([x, y, x]), X, Y),
    "concatenate constants": (lambda x: np.concatenate([x, np.ones(2), x * 2]), X),
    "stack": (lambda x, y: np.stack([x, y, x], axis=1), X, 2 * X),
    "norm": (lambda a: np.linalg.norm(a, axis=0), A),
    "var": (lambda a: np.var(a, axis=0), A),
    "cumsum": (lambda a: np.cumsum(a, axis=1), A),
    "solve": (np.linalg.solve, S, X),
    "solve for constants": (lambda a: np.linalg.solve(a, X) + np.linalg.solve(a, X * 2), S),
    "primitive": (lambda x: v2(x, np.arange(3.0)) + v2(np.ones(3), x), X),
    "steps": (steps, X, Y),
    "softmax": (softmax, A),
    "broadcast": (lambda a, y: a * y + y, A, Y),
    "clip by name": (lambda x: np.clip(x, a_min=-0.5, a_max=0.5), X),
}


def shown(formula, id, parents):
    """A formula with `x3` for node 3, `d_x3` for its gradient and `c3` for its constant."""
    names = {0: f"x{id}", -1: f"c{id}", **{n: f"x{own}" for n, own in enumerate(parents, 1)}}
    return "".join(names.get(piece, piece) for piece in formula).replace("∇", "d_")


def known_of(tape):
    """The values of nodes, of their gradients, and of constant arrays in them."""
    trace, known = tape.trace(), {}
    names = Names(trace)
    for id, node in enumerate(tape.nodes, 1):
        known |= {f"x{id}": node.value, f"d_x{id}": node.outgrad}
        constants = equation_of(trace[id], trace, names).constants or {}
        known |= {name: node.args[at] for at, (name, _) in constants.items()}
    return known


def sums(tape):
    """The gradients that the formulas of all nodes add up to, by node."""
    trace, known = tape.trace(), known_of(tape)
    equations, numbers = equations_of(trace)
    found = {}
    for id, (number, parents) in enumerate(zip(numbers, trace.columns.parents, strict=True), 1):
        _, _, rules = equations[number] if number >= 0 else ((), (), ())
        for _, targets, formula, _ in rules if trace[id].outgrad else ():
            text = shown(formula, id, parents)
            places = [piece for piece in targets if isinstance(piece, int) and piece > 0]
            index = shown(targets, id, parents).partition("[")[2].removesuffix("]")
            values = eval(text, WORDS, known)
            for place, dx in zip(places, values if len(places) > 1 else [values], strict=True):
                x = known[f"x{parents[place - 1]}"]
                into = found.setdefault(parents[place - 1], np.zeros(np.shape(x)))
                if index:
                    np.add.at(into, eval(f"s_[{index}]", WORDS, known), dx)
                else:
                    found[parents[place - 1]] = into + summed_to(dx, x)
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_formulas_of_a_map_add_up_to_its_gradients(name):
    f, *args = FUNCTIONS[name]
    params = [ag.Param(x, name=f"p{n}") for n, x in enumerate(args)]
    tape = ag.diff(lambda: np.sum(np.sin(f(*params))))
    found = sums(tape)
    assert {*range(1, len(args) + 1)} <= found.keys()
    for id, gradient in found.items():
        np.testing.assert_allclose(gradient, tape.nodes[id - 1].outgrad, 1e-7, 1e-9)
