"""Facts on the structure of gradients, of programs that have a pattern and of lookalikes."""

import numpy as np
import pytest

import autograd_tools as ag

A = np.diag(np.arange(1.0, 6)) + 0.1
B = np.ones((5, 2))
X = np.arange(12.0).reshape(4, 3)


def facts(f, *args, kinds=None):
    """Return the facts of a gradient: kind, operation, detail, and the counts of calls."""
    with ag.profile() as p:
        ag.grad(f)(*args)
    return {
        (fact.kind, fact.op, fact.detail, *counts)
        for fact, counts in p.facts.items()
        if kinds is None or fact.kind in kinds
    }


# Repeated -----------------------------------------------------------------------------------------


def test_operations_on_equal_arguments_are_found_through_others():
    def f(x):
        total = 0.0
        for _ in range(10):
            L = np.linalg.cholesky(A * x)
            total = total + np.sum(np.exp(L))
        return total

    assert facts(f, 2.0, kinds={"repeated"}) == {
        ("repeated", "multiply", "", 9, 10),
        ("repeated", "linalg.cholesky", "", 9, 10),
        ("repeated", "exp", "", 9, 10),
        ("repeated", "sum", "", 9, 10),
    }


@pytest.mark.parametrize(
    "step",
    [
        lambda x, i: np.sum(A * (x + i)),
        lambda x, i: np.sum((A + i) * x),
        lambda x, i: np.sum(x * np.arange(5.0)[:i]),
        lambda x, i: np.sum(np.full(1000, float(i)) + x),
        lambda x, i: np.sum(np.stack([x, i])),
    ],
    ids=["a sum", "a matrix", "an array", "a large array", "in a list"],
)
def test_operations_on_other_constants_are_not_repeated(step):
    def f(x):
        return sum(step(x, i) for i in range(1, 5))

    assert facts(f, 2.0, kinds={"repeated"}) == set()


def test_axes_and_keywords_count():
    def f(x):
        return np.sum(np.sum(x, axis=0)) + np.sum(np.sum(x, axis=1))

    assert facts(f, X, kinds={"repeated"}) == set()
    assert facts(lambda x: sum(np.sum(np.sum(x, axis=0)) for _ in "ab"), X, kinds={"repeated"}) == {
        ("repeated", "sum", "", 2, 4)
    }


def test_a_users_function_may_return_something_else_each_time():
    noisy = ag.primitive(lambda dy, y, x: dy)(lambda x: x + np.random.default_rng().normal())
    found = facts(lambda x: sum(noisy(x) for _ in range(3)), 1.0, kinds={"repeated"})
    assert found == set()


# Chains -------------------------------------------------------------------------------------------


def test_steps_that_need_one_another_are_a_chain():
    def f(x):
        for _ in range(60):
            x = np.sin(x)
        return np.sum(x)

    assert facts(f, X, kinds={"chained", "independent"}) == {("chained", "sin", "", 60, 60)}


def test_steps_apart_are_no_chain():
    def f(x):
        return np.sum(np.stack([np.sin(x * i) for i in range(60)]))

    assert facts(f, X, kinds={"chained", "independent"}) == {
        ("independent", "sin", "", 1, 60),
        ("independent", "multiply", "", 1, 60),
    }


# Powers, inverses, differences --------------------------------------------------------------------


def test_constant_exponents_are_found():
    found = facts(lambda x: np.sum(x**3 + x**0.5 + x**-1 + 2**x), X + 1, kinds={"exponent"})
    assert found == {("exponent", "power", p, 1, 4) for p in ("3", "0.5", "-1")}


@pytest.mark.parametrize(
    ("f", "detail"),
    [
        (lambda a: np.linalg.inv(a) @ B, "left (5, 5) (5, 2)"),
        (lambda a: np.linalg.inv(a) @ B[:, 0], "left (5, 5) (5,)"),
        (lambda a: B.T @ np.linalg.inv(a), "right (5, 5) (2, 5)"),
        (lambda a: np.dot(np.linalg.inv(a), a[:, :2]), "left (5, 5) (5, 2)"),
    ],
    ids=["columns", "a vector", "right", "dot"],
)
def test_an_inverse_that_only_multiplies_is_found(f, detail):
    found = facts(lambda a: np.sum(f(a)), A, kinds={"inverse"})
    assert found == {("inverse", "linalg.inv", detail, 1, 1)}


@pytest.mark.parametrize(
    "f",
    [
        lambda a, b: b,
        lambda a, b: b @ B + np.sum(b),
        lambda a, b: b @ b,
        lambda a, b: b * A,
        lambda a, b: np.linalg.solve(a, B),
    ],
    ids=["alone", "twice", "squared", "elementwise", "solve"],
)
def test_other_inverses_are_not(f):
    assert facts(lambda a: np.sum(f(a, np.linalg.inv(a))), A, kinds={"inverse"}) == set()


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (
            lambda x: np.sum((x[:, None, :] - X) ** 2, axis=-1) @ np.ones(4),
            ("pairwise", "subtract", "(4, 1, 3) (4, 3)", 1, 1),
        ),
        (
            lambda x: np.sum(np.square(x[:, None] - x[None]), axis=2),
            ("pairwise", "subtract", "(4, 1, 3) (1, 4, 3)", 1, 1),
        ),
        (
            lambda x: np.mean((x @ np.ones((3, 1)) - X[:, 0]) ** 2),
            ("outer", "subtract", "(4, 1) - (4,)", 1, 1),
        ),
        (
            lambda x: np.sum(np.abs(X[:, 0] - x[:, :1])),
            ("outer", "subtract", "(4,) - (4, 1)", 1, 1),
        ),
    ],
    ids=["pairs", "square", "a column", "a vector"],
)
def test_differences_that_broadcasting_enlarges_are_found(f, expected):
    assert facts(lambda x: np.sum(f(x)), X, kinds={"pairwise", "outer"}) == {expected}


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum((x - X) ** 2),
        lambda x: np.sum((x - X[0]) ** 2),
        lambda x: np.sum((x[:, :1] - X[:, 0]) ** 2, axis=1),
        lambda x: np.exp(x[:, :1] - X[:, 0]),
        lambda x: np.sum(x[:, None, :] - X[None], axis=-1) ** 2,
    ],
    ids=["equal", "a row", "by row", "not summed", "no square"],
)
def test_other_differences_are_not(f):
    assert facts(lambda x: np.sum(f(x)), X, kinds={"pairwise", "outer"}) == set()


# Which gradients ----------------------------------------------------------------------------------


def test_the_first_gradients_and_far_longer_ones_are_looked_at():
    def f(n):
        return lambda x: sum(np.sin(x) for _ in range(n))

    def counts(*lengths):
        with ag.profile() as p:
            for n in lengths:
                ag.grad(f(n))(1.0)
        return {calls for fact, calls in p.facts.items() if fact.op == "sin"}

    assert counts(5, 5, 6) == {(4, 5)}
    assert counts(5, 5, 60) == {(59, 60), (1, 60)}  # the latter is independent


def test_facts_are_saved_and_merged(tmp_path):
    with ag.profile() as p:
        ag.grad(lambda x: np.sum(x**3))(X + 1)
    p.save(tmp_path / "p.json")
    loaded = ag.Timer.load(tmp_path / "p.json")
    assert loaded.facts == p.facts
    assert ag.Timer().merge(loaded).facts == p.facts


def test_a_fact_of_an_unknown_kind_is_an_error():
    data = ag.Timer().to_dict()
    with pytest.raises(ValueError, match="unknown kind of fact 'odd'; choose repeated, chained"):
        ag.Timer.from_dict({**data, "facts": [["odd", "sin", "a.py", 1, "", 1, 1]]})


def test_gradients_without_lines_have_no_facts(python):
    program = (
        "import numpy as np, autograd_tools as ag\n"
        "ag.grad(lambda x: np.sum(x ** 3))(np.ones(3))\n"
        "print(len(ag.timer.facts))"
    )
    for setting, count in (("times", "0"), ("lines", "0"), ("shapes", "1")):
        assert python("-c", program, AUTOGRAD_TIMER=setting).strip() == count
