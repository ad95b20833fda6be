"""The formulas of a lesson: each is what its rule computes, in words of NumPy and SciPy."""

import re

import numpy as np
import pytest
from rules import test_rules
from rules.test_rules import PRIMITIVES, cases_of, curved, differentiable, every_primitive, total
from support.formulas import WORDS, summed_to

import autograd_tools as ag
from viewer.terminal.equations import equation_of
from viewer.terminal.explanation import MOST_NODES, _Lesson
from viewer.terminal.symbols import Names

# Operations without a formula for some arguments: the remark says more, or names a paper.
CHAINED = {
    *("amax", "amin", "max", "min", "nanmax", "nanmin"),  # their initial value
    *("concatenate", "stack", "linalg.multi_dot"),  # of one Param that is a list
    *("convolve", "diagonal", "repeat", "trace", "einsum", "mean"),
    *("fft.fft", "fft.ifft", "fft.rfft", "fft.irfft", "fft.hfft", "fft.ihfft"),  # of other lengths
    *("linalg.cholesky", "linalg.norm", "linalg.slogdet", "linalg.solve", "power", "float_power"),
    *("linalg.eig", "linalg.eigh", "linalg.lstsq", "linalg.pinv", "linalg.qr", "linalg.svd"),
    *("i0", "lib.stride_tricks.sliding_window_view", "roots", "vecdot", "vecmat", "dot", "setitem"),
}
DESCRIBED = re.compile(r"\b(bool|u?int\d+|float\d+|complex\d+)\[")  # an array without a name
WEIGHTED = "w * fft"  # the remark says what w is


def tape_of(f, args, kwargs, argnums):
    """Return the tape of a gradient of a loss of `f`, with Params `p0`, `p1` as arguments."""
    called = [ag.Param(x, name=f"p{n}") if n in argnums else x for n, x in enumerate(args)]

    def loss():
        y = f(*called, **kwargs)
        return total(y if isinstance(ag.value(y), (tuple, list)) else curved(y))

    return ag.diff(loss)


def equations(tape, of, op=""):
    """Yield the node, targets and formula of each line of the backward pass of a lesson."""
    trace = tape.trace()
    for label, (text, _, remark) in _Lesson(of, MOST_NODES, "max_nodes=").all_lines():
        found = re.fullmatch(r"(∇.*?) = (.*)", text)
        if not found or not label or "term 1 of" in remark or found[1].endswith("+"):
            continue
        node = trace[int(label[:-1])]
        if not op or node.op == op:
            yield node, re.findall(r"∇([^, ]+)", found[1]), found[2]


def known_in(tape):
    """Return the values of the names in the formulas of a lesson."""
    trace = tape.trace()
    names, known = Names(trace), {}
    for node in trace:
        held = tape.nodes[node.id - 1]
        known |= {names[node.id]: held.value, f"d_{names[node.id]}": held.outgrad}
        for at, (name, _) in (equation_of(node, trace, names).constants or {}).items():
            known[name] = held.args[at]
    return known


def check(tape, of, op=""):
    """Compare each formula with the gradient that it explains; return how many there are."""
    checked, known = 0, known_in(tape)
    with np.errstate(all="ignore"):
        for node, targets, text in equations(tape, of, op):
            if "·" in text and (node.op in CHAINED or node.op.startswith("special.")):
                continue
            if WEIGHTED in text or DESCRIBED.search(text) or is_singular(node, tape):
                continue
            found = eval(text.replace("∇", "d_"), WORDS, known)
            for target, dx in zip(targets, found if len(targets) > 1 else [found], strict=True):
                x, outgrad = known[target], known[f"d_{target}"]
                if isinstance(outgrad, (np.ndarray, float, complex)) and x is not None:
                    summed = summed_to(dx, x)
                    np.testing.assert_allclose(summed, outgrad, 1e-7, 1e-9, err_msg=text)
                    checked += 1
    return checked


def is_singular(node, tape):
    """Return whether the remark on a determinant applies: cofactors instead of the inverse."""
    value = tape.nodes[node.id - 1].value
    return node.op == "linalg.det" and not np.all(np.abs(value) > 1e-9)


@pytest.mark.slow
@every_primitive
def test_a_formula_is_the_gradient_of_a_tape_and_of_its_trace(func):
    for args, kwargs in cases_of(func):
        tape = tape_of(func, args, kwargs, differentiable(func, args))
        if not isinstance(tape, ag.Tape) or isinstance(args[0], (list, tuple)):
            continue
        name = (test_rules.INTERNAL.get(func) or PRIMITIVES[func]).name
        check(tape, tape, name)
        check(tape, tape.trace(), name)


ZEROS, PAIR = np.array([0.0, 2.0, 0.0, -1.0]), np.array([[3.0, 3.0, 1.0], [2.0, 2.0, 2.0]])
TIES = {
    "relu": (lambda x: np.maximum(x, 0), ZEROS),
    "relu of the second": (lambda x: np.maximum(0, x), ZEROS),
    "minimum": (lambda x: np.minimum(x, 0.0), ZEROS),
    "equal arrays": (np.maximum, ZEROS, ZEROS.copy()),
    "fmax": (np.fmax, ZEROS, np.array([0.0, 1.0, np.nan, -1.0])),
    "fmin": (np.fmin, ZEROS, np.array([0.0, 1.0, np.nan, -1.0])),
    "max": (np.max, PAIR),
    "min": (np.min, PAIR),
    "max of columns": (lambda x: np.max(x, axis=0), PAIR),
    "max of rows": (lambda x: np.max(x, 1), PAIR),
    "amin of rows": (lambda x: np.amin(x, axis=-1, keepdims=True), PAIR),
    "nanmax of axes": (lambda x: np.nanmax(x, axis=(0, 1)), PAIR),
    "max from an initial value": (lambda x: np.max(x, axis=1, initial=3.0), PAIR),
    "ptp": (np.ptp, PAIR),
    "clip": (lambda x: np.clip(x, 0, 2), ZEROS),
    "clip by limits": (np.clip, ZEROS, 0.0, 2.0),
    "clip by crossed limits": (np.clip, ZEROS, 1.0, 0.0),
    "clip above": (lambda x, b: np.clip(x, None, b), ZEROS, 0.0),
    "abs": (np.abs, ZEROS),
    "fabs": (np.fabs, ZEROS),
    "abs of complex numbers": (np.abs, np.array([0j, 1 + 2j])),
    "hypot": (np.hypot, ZEROS, np.array([0.0, 1.0, 2.0, 3.0])),
    "arctan2": (np.arctan2, ZEROS, np.array([0.0, 1.0, 2.0, 3.0])),
    "sinc": (np.sinc, ZEROS),
    "power of zero": (lambda x: x**2, ZEROS),
    "powers of zero": (lambda x, p: x**p, np.array([0.0, 0.0, 2.0]), np.array([0.0, 1.0, 3.0])),
    "exponent of zero": (lambda p: np.array([0.0, 2.0]) ** p, np.array([1.0, 2.0])),
    "norm of zeros": (np.linalg.norm, np.zeros(3)),
    "norms of rows": (lambda x: np.linalg.norm(x, axis=1), np.array([[0.0, 0.0], [3.0, 4.0]])),
    "largest element": (lambda x: np.linalg.norm(x, np.inf), np.array([2.0, -2.0, 1.0])),
    "sum of lengths": (lambda x: np.linalg.norm(x, 1, axis=0), PAIR * [0, 1, -1]),
    "sort": (np.sort, ZEROS),
    "median": (np.median, ZEROS),
    "std of equal numbers": (np.std, np.ones(3)),
    "cumprod": (np.cumprod, ZEROS),
}


@pytest.mark.parametrize("name", TIES)
def test_a_formula_is_the_gradient_at_a_tie(name):
    f, *args = TIES[name]
    tape = tape_of(f, args, {}, range(len(args)))
    assert check(tape, tape)
    assert check(tape, tape.trace())


S = np.array([[2.0, 0.3], [0.5, 1.0]])
LECTURES = {
    "relu": lambda a: np.maximum(a, 0.4),
    "lower": lambda a: np.minimum(0.4, a),
    "larger": lambda a: np.maximum(a, a.T * 0.9),
    "max": np.max,
    "max of an axis": lambda a: np.max(a, axis=0),
    "min kept": lambda a: np.min(a, axis=1, keepdims=True),
    "slogdet": lambda a: np.linalg.slogdet(a)[1] * np.ones(2),
    "det": lambda a: np.linalg.det(a) * np.ones(2),
    "norm": lambda a: np.linalg.norm(a) * np.ones(2),
    "solve": lambda a: np.linalg.solve(a, np.ones((2, 2))),
    "dot": lambda a: np.dot(a, np.ones((2, 3))),
    "dot of the second": lambda a: np.dot(np.ones((3, 2)), a),
    "dot of vectors": lambda a: np.dot(a[0], np.ones(2)) * np.ones(2),
    "dot with a vector": lambda a: np.dot(a, np.ones(2)),
    "dot of a vector": lambda a: np.dot(np.ones(2), a),
    "dot by a vector": lambda a: np.dot(np.eye(2), a[1]),
    "trace": lambda a: np.trace(a) * np.ones(2),
    "cholesky": lambda a: np.linalg.cholesky(a @ a.T),
    "traces of a wide matrix": lambda a: np.trace(a[:1]) * np.ones(2),
    "diagonal": np.diagonal,
    "diagonal of a stack": lambda a: np.diagonal(np.stack([a, a]), 0, -2, -1),
    "tensordot": lambda a: np.tensordot(a, np.ones((2, 3, 2)), axes=([1], [0])),
    "repeat": lambda a: np.repeat(a, 3, axis=0),
    "einsum": lambda a: np.einsum("ij,jk->ik", a, np.ones((2, 3))),
}


@pytest.mark.parametrize("name", LECTURES)
def test_a_formula_of_a_lecture_is_the_gradient(name):
    tape = tape_of(LECTURES[name], [S], {}, [0])
    assert check(tape, tape)
    assert check(tape, tape.trace())


A, B = np.arange(6.0).reshape(2, 3), np.ones((2, 3)) / 2
LISTS = {
    "concatenate": lambda a, b: np.concatenate([a, b]),
    "concatenate columns": lambda a, b: np.concatenate([a, np.ones((2, 2)), b], axis=-1),
    "concatenate flat": lambda a, b: np.concatenate([a, b], axis=None),
    "concatenate twice": lambda a, b: np.concatenate([a, b, a], axis=1),
    "stack": lambda a, b: np.stack([a, np.ones((2, 3)), b]),
    "stack in depth": lambda a, b: np.stack([a, b, a], axis=2),
    "stack last": lambda a, b: np.stack([b, a], -1),
    "stack many": lambda a, b: np.stack([a, b, *[np.ones((2, 3))] * 9]),
    "multi_dot": lambda a, b: np.linalg.multi_dot([a, b.T, a]),
}


@pytest.mark.parametrize("name", LISTS)
def test_the_formulas_for_a_list_are_the_gradients(name):
    tape = tape_of(LISTS[name], [A, B], {}, [0, 1])
    assert check(tape, tape) >= 2
    assert check(tape, tape.trace()) >= 2


@pytest.mark.parametrize("func", [np.fft.irfft, np.fft.hfft])
def test_a_spectrum_counts_its_mirror_image(func):
    tape = tape_of(func, [np.array([1.0, 2 + 1j, 3j, 0.5])], {}, [0])
    (text,) = [text for node, _, text in equations(tape, tape) if node.op.startswith("fft.")]
    known = known_in(tape) | {"w": np.array([1, 2, 2, 1])}
    np.testing.assert_allclose(eval(text.replace("∇", "d_"), WORDS, known), known["d_p0"])
