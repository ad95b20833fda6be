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
        (lambda x: np.sum(2.0 * x), {("summed", "multiply", "(4, 3)", 1, 1)}),
        (lambda x: np.sum((x / x[:, :1]) @ B[:3]), {("summed", "divide", "(4, 3)", 1, 1)}),
        (lambda x: np.sum(np.exp(2.0 * x)), set()),
        (lambda x: np.sum(x / np.sum(x, axis=1, keepdims=True) + x), set()),
    ],
    ids=["sum", "product", "not at once", "normalized"],
)
def test_products_that_are_summed_at_once_are_found(f, expected):
    assert facts(f, X + 1, kinds={"summed"}) == expected


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


# Factorizations -----------------------------------------------------------------------------------


def test_a_matrix_that_several_calls_factor_is_found():
    def f(a):
        k = a @ a.T
        x = np.linalg.solve(k, B[:, 0])
        return np.linalg.slogdet(k)[1] + np.sum(np.linalg.inv(k)) + x @ B[:, 1]

    line = f.__code__.co_firstlineno
    calls = f"solve (5,) x1 at {line + 2}; slogdet x1 at {line + 3}; inv x1 at {line + 3}"
    assert facts(f, A, kinds={"factored"}) == {
        ("factored", f"linalg.{op}", f"(5, 5) computed; {calls}", 1, 1)
        for op in ("solve", "slogdet", "inv")
    }


@pytest.mark.parametrize(
    ("use", "shape"),
    [
        (lambda P, b: P @ b, "(5, 2)"),
        (lambda P, b: b.T @ P, "(5, 2)"),
        (lambda P, b: b[:, 0] @ P, "(5,)"),
    ],
    ids=["left", "right", "vector"],
)
def test_an_inverse_that_only_multiplies_has_the_shape_of_the_array(use, shape):
    def f(a, b):
        return np.sum(use(np.linalg.inv(a), b)) + np.linalg.slogdet(a)[1]

    line = f.__code__.co_firstlineno + 1
    with ag.profile() as p:
        ag.grad(f, (0, 1))(A, B)
    assert {fact.detail for fact in p.facts if fact.kind == "factored"} == {
        f"(5, 5) given; inv {shape} tracked x1 at {line}; slogdet x1 at {line}"
    }


def test_constant_and_given_matrices_are_told_apart():
    def f(a):
        return np.sum(np.linalg.solve(a, B)) + np.linalg.det(a)

    def steps(b):
        for _ in range(3):
            b = np.linalg.solve(A, b)
        return np.sum(b)

    line = f.__code__.co_firstlineno + 1
    assert {fact[2] for fact in facts(f, A, kinds={"factored"})} == {
        f"(5, 5) given; solve (5, 2) x1 at {line}; det x1 at {line}"
    }
    line = steps.__code__.co_firstlineno + 2
    assert {fact[2] for fact in facts(steps, B, kinds={"factored"})} == {
        f"(5, 5) constant; solve (5, 2) tracked x3 at {line}"
    }


@pytest.mark.parametrize(
    "f",
    [
        lambda a: np.sum(np.linalg.solve(a, B)) + np.linalg.det(a.T),
        lambda a: np.sum(np.linalg.inv(a) @ np.linalg.inv(a)),
        lambda a: np.sum(np.linalg.inv(np.stack([a, a]))) + np.sum(np.linalg.det(np.stack([a, a]))),
        lambda a: sum(np.linalg.det(a + i) for i in range(3)),
    ],
    ids=["transposed", "the same call twice", "stacks", "others at each step"],
)
def test_factorizations_of_other_matrices_are_not(f):
    assert facts(f, A, kinds={"factored"}) == set()


# Orders of products -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "detail"),
    [
        (lambda a: a @ A @ a @ B[:, 0], "left (5, 5) (5, 5) (5, 5) (5,) tracked 0 2"),
        (lambda a: a @ a @ a.T @ B[:, :1], "left (5, 5) (5, 5) (5, 5) (5, 1) tracked 0 1 2"),
        (lambda a: a.dot(A).dot(a).dot(B[:, 0]), "left (5, 5) (5, 5) (5, 5) (5,) tracked 0 2"),
        (lambda a: B[:, 0] @ (a @ (A @ a)), "right (5,) (5, 5) (5, 5) (5, 5) tracked 1 3"),
    ],
    ids=["vector", "column", "dot", "row"],
)
def test_products_in_the_order_that_takes_more_are_found(f, detail):
    found = facts(lambda a: np.sum(f(a)), A, kinds={"associated"})
    assert {fact[2] for fact in found} == {detail}


def on_two_lines(a):
    P = a @ A @ a
    return P @ B[:, 0]


def used_twice(a):
    return (P := a @ A @ a) @ B[:, 0] + np.sum(P)


@pytest.mark.parametrize(
    "f",
    [
        lambda a: a @ (A @ (a @ B[:, 0])),
        lambda a: B[:, 0] @ a @ A @ a,
        lambda a: a @ A @ a @ A,
        lambda a: a @ (a @ B[:, 0]),
        on_two_lines,
        used_twice,
    ],
    ids=["from the right", "row", "square", "two", "on two lines", "used twice"],
)
def test_other_products_are_not(f):
    assert facts(lambda a: np.sum(f(a)), A, kinds={"associated"}) == set()


# Slices -------------------------------------------------------------------------------------------

SIGNAL, IMAGE = np.arange(12.0), np.arange(56.0).reshape(7, 8)


@pytest.mark.parametrize(
    ("f", "args", "detail"),
    [
        (lambda x, w: sum(x[i : i + 8] * w[i] for i in range(5)), (SIGNAL, 5), "(0,) same both"),
        (
            lambda x, w: sum(w[4 - i] * x[i : i + 8] for i in range(5)),
            (SIGNAL, 5),
            "(0,) reversed both",
        ),
        (
            lambda x, w: np.sum(np.stack([x[i : i + 8] * w[i] for i in range(5)]), axis=0),
            (SIGNAL, 5),
            "(0,) same both",
        ),
        (
            lambda x, w: sum(x[i : i + 5, j : j + 7] * w[i, j] for i in range(3) for j in range(2)),
            (IMAGE, (3, 2)),
            "(0, 1) same both",
        ),
        (lambda x, w: sum(x[:, j : j + 4] * w[j] for j in range(5)), (IMAGE, 5), "(1,) same both"),
    ],
    ids=["same", "reversed", "stacked", "2-D", "rows"],
)
def test_convolutions_by_slices_are_found(f, args, detail):
    x, shape = args
    w = np.ones(shape)
    with ag.profile() as p:
        ag.grad(lambda x, w: np.sum(f(x, w) ** 2), argnum=(0, 1))(x, w)
    found = [(f.op, f.detail, *n) for f, n in p.facts.items() if f.kind == "shifted"]
    assert found == [("multiply", f"{x.shape} {w.shape} {detail}", w.size, w.size)]


@pytest.mark.parametrize("n", [1000, 30])
def test_a_convolution_of_constant_data_is_found(n):
    data = np.sin(np.arange(n))

    def f(w):
        return np.sum(sum(data[i : i + n - 4] * w[i] for i in range(5)) ** 2)

    def back(w):
        return np.sum(sum(data[4 - i : n - i] * w[i] for i in range(5)) ** 2)

    detail = f"({n},) (5,) (0,)"
    found = [facts(g, np.ones(5), kinds={"shifted"}) for g in (f, back)]
    assert found == [
        {("shifted", "multiply", f"{detail} same elements", 5, 5)},
        {("shifted", "multiply", f"{detail} reversed elements", 5, 5)},
    ]


def test_a_convolution_with_constants_is_found():
    def f(x):
        return np.sum((0.1 * x[:8] + 0.2 * x[1:9] + 0.4 * x[2:10] + 0.3 * x[3:11]) ** 2)

    found = facts(f, SIGNAL[:11], kinds={"shifted"})
    assert found == {("shifted", "multiply", "(11,) (4,) (0,) same array", 4, 4)}


def test_products_of_other_constant_vectors_are_not():
    rows = np.sin(np.arange(40.0)).reshape(5, 8)
    assert facts(lambda w: np.sum(sum(rows[i] * w[i] for i in range(5))), np.ones(5)) == set()


def step_by_step(x, w):
    y = 0.0
    for i in range(5):
        y = np.tanh(y + x[i : i + 8] * w[i])
    return y


@pytest.mark.parametrize(
    "f",
    [
        lambda x, w: sum(x[i : i + 8] * w[0] for i in range(5)),
        lambda x, w: sum(x[2 * i : 2 * i + 4] * w[i] for i in range(5)),
        lambda x, w: sum(x[i : i + 8] * w[i] for i in range(4)),
        lambda x, w: sum(x[i : i + 8] * w[i] for i in (0, 1, 2, 3, 3)),
        lambda x, w: sum(np.exp(x[i : i + 8] * w[i]) for i in range(5)),
        lambda x, w: np.stack([x[i : i + 8] * w[i] for i in range(5)]) ** 2,
        step_by_step,
    ],
    ids=["one element", "strided", "too few", "one twice", "exp", "not summed", "a recurrence"],
)
def test_other_sums_of_slices_are_not(f):
    found = facts(lambda x: np.sum(f(x, x[:5])), SIGNAL, kinds={"shifted"})
    assert found == set()


@pytest.mark.parametrize(
    ("f", "x", "detail"),
    [
        (lambda x: np.stack([x[i : i + 4] for i in range(9)]), SIGNAL, "(12,) 4 0 1 9"),
        (lambda x: np.stack([x[i : i + 4] for i in range(1, 8, 2)]), SIGNAL, "(12,) 4 1 2 4"),
        (lambda x: np.stack([x[i : i + 3] for i in range(5)]), IMAGE, "(7, 8) 3 0 1 5"),
    ],
    ids=["all", "every other", "rows"],
)
def test_windows_are_found(f, x, detail):
    found = facts(lambda x: np.sum(f(x) ** 2), x, kinds={"windows"})
    assert found == {("windows", "stack", detail, 1, 1)}


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.stack([x[i : i + 4] for i in (0, 1, 2, 4)]),
        lambda x: np.stack([x[i : i + 4] * 2 for i in range(5)]),
        lambda x: np.stack([x[i : i + 4] for i in range(3)]),
        lambda x: np.stack([y[:4] for y in (x, x * 2, x * 3, x * 4)]),
        lambda x: np.stack([x[i : i + 4] for i in range(5)], axis=1),
    ],
    ids=["unequal steps", "products", "three", "of others", "as columns"],
)
def test_other_stacks_are_no_windows(f):
    assert facts(lambda x: np.sum(f(x)), SIGNAL, kinds={"windows"}) == set()


# Arrays that grow ---------------------------------------------------------------------------------


def grown(join, use=lambda y: 0.0):
    """Return a function that joins twelve parts, and uses the result of each step."""

    def f(x):
        y, total = x, 0.0
        for i in range(12):
            y = join(y, x * i)
            total = total + use(y)
        return np.sum(y) + total

    return f


@pytest.mark.parametrize(
    ("join", "x", "detail"),
    [
        (lambda y, p: np.concatenate([y, p]), SIGNAL, "(12,) 0 12"),
        (lambda y, p: np.concatenate([p, y], axis=1), IMAGE, "(7, 8) 1 12"),
        (np.append, SIGNAL, "(12,) 0 12"),
        (lambda *parts: np.vstack(parts), IMAGE, "(7, 8) 0 12"),
    ],
    ids=["concatenate", "in front", "append", "vstack"],
)
def test_an_array_that_grows_is_found(join, x, detail):
    found = facts(grown(join), x, kinds={"growing"})
    assert found == {("growing", "concatenate", detail, 12, 12)}


@pytest.mark.parametrize(
    "key",
    [-1, slice(-12, None), slice(-5, -2), (slice(-1, None),)],
    ids=["number", "part", "slice", "tuple"],
)
def test_an_array_that_grows_may_be_read_at_its_end(key):
    f = grown(lambda y, p: np.concatenate([y, p]), lambda y: np.sum(y[key]))
    found = facts(f, SIGNAL, kinds={"growing"})
    assert found == {("growing", "concatenate", "read (12,) 0 12", 12, 12)}


@pytest.mark.parametrize(
    "f",
    [
        grown(lambda y, p: np.concatenate([y, p]), use=np.sum),
        grown(lambda y, p: np.concatenate([y, p]), use=lambda y: np.sum(y[-13:])),
        grown(lambda y, p: np.concatenate([p, y]), use=lambda y: y[-1]),
        grown(lambda y, p: np.concatenate([y[1:], p[:1]])),
        grown(lambda y, p: np.tanh(np.concatenate([y, p]))),
        lambda x: np.sum(np.concatenate([x * i for i in range(12)])),
        lambda x: sum(np.sum(np.concatenate([x, x * i])) for i in range(12)),
    ],
    ids=[
        "used at each step",
        "read before",
        "read at the other end",
        "a sliding window",
        "changed",
        "at once",
        "apart",
    ],
)
def test_other_concatenations_are_not(f):
    assert facts(f, SIGNAL, kinds={"growing"}) == set()


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: x.transpose(1, 2, 0) @ np.ones((2, 5)), {"(3, 4, 2) (2, 0, 1) (2, 5) (0, 1)"}),
        (lambda x: x @ np.swapaxes(x, 1, 2), {"(2, 3, 4) (0, 1, 2) (2, 4, 3) (0, 2, 1)"}),
        (lambda x: x @ np.ones((4, 5)), set()),
        (lambda x: x[0].T @ np.ones((3, 5)), set()),
    ],
    ids=["no unit stride", "transposed", "in order", "a matrix"],
)
def test_layouts_of_stacks_are_found(f, expected):
    found = facts(lambda x: np.sum(f(x) ** 2), np.ones((2, 3, 4)), kinds={"strided"})
    assert {detail for _, _, detail, *_ in found} == expected


def history(use):
    """Return a function that stacks all states at each of twelve steps."""

    def f(x):
        states = [x]
        for _ in range(12):
            whole = np.stack(states)
            states.append(np.tanh(states[-1]) + use(whole))
        return np.sum(whole)

    return f


def test_stacks_that_nothing_uses_are_found():
    found = facts(history(lambda whole: 0.0), SIGNAL, kinds={"unused"})
    assert found == {("unused", "stack", "", 11, 12)}


def test_stacks_that_the_next_step_uses_are_not():
    assert facts(history(np.mean), SIGNAL, kinds={"unused"}) == set()


# float64 from float32 -----------------------------------------------------------------------------

X32, B64 = X.astype(np.float32), np.ones(3)


@pytest.mark.parametrize(
    ("f", "op", "detail"),
    [
        (lambda x: x + B64, "add", "2 float64 array B64"),
        (lambda x: B64 * x, "multiply", "1 float64 array B64"),
        (lambda x: np.sqrt(2.0) * x, "multiply", "1 float64 number np.sqrt(2.0)"),
        (lambda x: x * np.arange(3), "multiply", "2 int64 array np.arange(3)"),
        (lambda x: np.matmul(x, B64), "matmul", "2 float64 array B64"),
        (
            lambda x: np.exp(x / np.float64(3)) * B64 + B64,
            "divide",
            "2 float64 number np.float64(3)",
        ),
    ],
    ids=["array", "first", "root", "integers", "call", "only where it begins"],
)
def test_what_makes_float32_float64_is_named(f, op, detail):
    found = facts(lambda x: np.sum(f(x)), X32, kinds={"promoted"})
    assert found == {("promoted", op, detail, 1, 1)}


@pytest.mark.parametrize(
    "f",
    [
        lambda x: 2.5 * x + 1,
        lambda x: x * np.float32(2),
        lambda x: x * np.ones(3, np.float16),
        lambda x: x * np.array([True, False, True]),
        lambda x: x.astype(np.float64),
    ],
    ids=["numbers of Python", "float32", "float16", "a mask", "meant"],
)
def test_other_operands_are_not(f):
    assert facts(lambda x: np.sum(f(x)), X32, kinds={"promoted"}) == set()


def test_operations_that_follow_are_found():
    found = facts(lambda x: np.sum(np.exp(x + B64) * 2), X32, kinds={"follows"})
    assert found == {("follows", op, "", 1, 1) for op in ("exp", "multiply", "sum")}


def test_a_program_in_float64_is_not():
    assert facts(lambda x: np.sum(x * B64), X, kinds={"promoted"}) == set()


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
