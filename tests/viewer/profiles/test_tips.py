"""Tips: each is given for its pattern where that is expensive, and not for lookalikes."""

import dataclasses
import json

import numpy as np
import pytest
from rich.cells import cell_len
from support.timers import record
from support.traces import Building

import autograd_tools as ag
from autograd_tools.timing import Counts, Operand, Timer
from autograd_tools.timing.facts import KINDS, Fact
from autograd_tools.timing.samples import Trial
from viewer.profiles.advice import NO_TIPS, UNSEEN, facts_of, tips
from viewer.profiles.hotspot_tables import hotspots
from viewer.profiles.line_profile import TIPS
from viewer.profiles.machine_peaks import Peaks
from viewer.profiles.rewrites import REWRITES
from viewer.profiles.trials import arrays_of, trial_of

PEAKS = Peaks(float64=1e9, float32=2e9, moved=((10**9, 8e9),), call_ns=100.0)


def array(*shape, dtype="float64", order="C"):
    return Operand(dtype, shape, order)


def number(dtype):
    return Operand(dtype)


def timer_of(*calls):
    """Return a timer of one gradient with calls of records: (record, calls, microseconds each).

    A fact may stand for a record: (fact, calls that have it, of how many).
    """
    timer = Timer(clock=lambda: 0)
    for found, ncalls, us in calls:
        if isinstance(found, Fact):
            timer.look(ncalls, lambda item=(found, (ncalls, us)): dict([item]))
        else:
            timer.add(found, ncalls * us * 1000, 0, ncalls)
    timer.peaks = PEAKS.to_dict()
    return timer


def fact(kind, op, detail="", line=7):
    return Fact(kind, op, "model.py", line, detail)


@pytest.fixture(autouse=True)
def tries(monkeypatch):
    """All rewrites are three times as fast, but none of arrays of 20 rows."""

    def trial_of(rewrite, detail, operands, *_):
        if detail == "2" or any(operand.shape[:1] == (20,) for operand in operands):
            return None
        _, [(instead, _), *_] = REWRITES[rewrite](detail, arrays_of(operands))
        return Trial(12_200_000, 3_800_000, 1.2e-15, 1e-7, instead)

    monkeypatch.setattr("viewer.profiles.line_profile.trial_of", trial_of)


TRIED = "Tried: 12.2ms → 3.80ms per gradient, same gradient to 1e-15."
BIG, ROW, COLUMN, ONE = array(1000, 100), array(100), array(1000), array()
SINGLE = array(1000, 100, dtype="float32")
SQUARE, VECTOR, STACK = array(200, 200), array(200), array(50, 200, 200)
SOLVE = "slogdet x1 at 8; solve (200,) tracked x2 at 7"
SUBSCRIPTS = Operand("str", text="ij,jk->ik")


# By tip: what was measured, the beginning of the tip, and what was measured that looks like it.
CASES = {
    "small_calls": (
        [(record("matmul", VECTOR, VECTOR, number("float64")), 60, 2)],
        "model.py:7: 120μs, 100.0%: matmul, up to 60 small calls per gradient. If the calls "
        "are independent, ",
        {
            "seldom": [(record("matmul", VECTOR, VECTOR, number("float64")), 40, 2)],
            "on many numbers": [(record("matmul", BIG, ROW, COLUMN), 60, 2)],
            "that need one another, and little time": [
                (record("matmul", VECTOR, VECTOR, number("float64")), 60, 2),
                (fact("chained", "matmul"), 60, 60),
                (record("mine", line=8), 1, 600),
            ],
        },
    ),
    "indexing": (
        [
            (record("getitem", BIG, number("int"), ROW), 30, 1),
            (record("getitem[1]", BIG, number("int"), ROW), 30, 2),
        ],
        "model.py:7: 90.0μs, 100.0%: x[i], 30 times per gradient. Operate on the whole array: ",
        {
            "seldom": [(record("getitem", BIG, number("int"), ROW), 10, 1)],
            "slices": [(record("getitem", BIG, number("slice"), array(30, 100)), 30, 1)],
            "of a list": [
                (record("getitem", number("list"), number("int"), number("float64")), 30, 1)
            ],
        },
    ),
    "writing": (
        [(record("setitem", BIG, number("int"), ROW, BIG), 20, 100)],
        "model.py:7: 2.00ms, 100.0%: x[i] = v, 20 times per gradient, each copying 100k "
        "elements. Collect the parts ",
        {"seldom": [(record("setitem", BIG, number("int"), ROW, BIG), 5, 100)]},
    ),
    "growing": (
        [
            *[(record("concatenate", number("list"), array(n)), 1, 50) for n in range(2, 22)],
            (fact("growing", "concatenate", "(1,) 0 20"), 20, 20),
        ],
        "model.py:7: 1.00ms, 100.0%: concatenate, 20 times per gradient, of a growing array. "
        f"Collect the parts in a list, and call np.concatenate(parts) once after the loop. {TRIED}",
        {
            "used at each step": [
                (record("concatenate", number("list"), array(n)), 1, 50) for n in range(2, 22)
            ],
            "not faster": [
                (record("concatenate", number("list"), ROW), 20, 50),
                (fact("growing", "concatenate", "(20,) 0 20"), 20, 20),
            ],
        },
    ),
    "unused": (
        [(record("stack", number("list"), BIG), 40, 50), (fact("unused", "stack"), 39, 40)],
        "model.py:7: 2.00ms, 100.0%: stack of a growing list, most results unused. Call "
        "it once, after the loop.",
        {"all used": [(record("stack", number("list"), BIG), 40, 50)]},
    ),
    "repeated": (
        [
            (record("multiply", ONE, BIG, BIG), 1, 100),
            (record("multiply[1]", ONE, BIG, BIG), 1, 300),
            (record("sum", BIG, number("float64")), 1, 50),
            (fact("summed", "multiply", "(1000, 100)"), 1, 1),
        ],
        "model.py:7: 450μs, 100.0%, of it 400μs: a broadcast product of 100k elements, summed at "
        "once, and again for the gradient ",
        {
            "not summed": [
                (record("multiply", ONE, BIG, BIG), 1, 100),
                (record("multiply[1]", ONE, BIG, BIG), 1, 300),
            ],
            "of which something else is summed": [
                (record("multiply[1]", ONE, BIG, BIG), 1, 300),
                (record("sum", BIG, number("float64")), 1, 50),
            ],
            "no gradient for the small one": [
                (record("multiply", ONE, BIG, BIG), 1, 100),
                (record("multiply[2]", ONE, BIG, BIG), 1, 300),
                (fact("summed", "multiply", "(1000, 100)"), 1, 1),
            ],
            "of few numbers": [
                (record("multiply[1]", ONE, ROW, ROW), 1, 300),
                (fact("summed", "multiply", "(100,)"), 1, 1),
            ],
        },
    ),
    "widened": (
        [
            (record("add", SINGLE, BIG, BIG), 1, 10),
            (record("exp", BIG, BIG, line=8), 1, 90),
            (fact("promoted", "add", "2 float64 array b"), 1, 1),
            (fact("follows", "exp", line=8), 1, 1),
        ],
        "model.py:7: 10.0μs, 10.0%: add of float32 and b, a float64 array: all later operations "
        "are float64. Convert it once, b.astype(np.float32). Tried: 24.4ms → 7.60ms per gradient, ",
        {
            "float64 alone": [(record("add", BIG, BIG, BIG), 1, 10)],
            "of another record": [
                (record("add", SINGLE, number("float"), SINGLE), 1, 10),
                (fact("promoted", "add", "2 float64 array b"), 1, 1),
            ],
            "not faster": [
                (record("add", array(20, dtype="float32"), array(20), array(20)), 1, 10),
                (fact("promoted", "add", "2 float64 array b"), 1, 1),
            ],
        },
    ),
    "strided": (
        [
            (record("matmul", array(50, 200, 200, order="strided"), SQUARE, STACK), 1, 4_000_000),
            (fact("strided", "matmul", "(50, 200, 200) (0, 2, 1) (200, 200) (0, 1)"), 1, 1),
        ],
        "model.py:7: 4.00s, 100.0%: matmul of stacks of matrices that are not contiguous. Copy "
        'them once before use, x = np.copy(x, order="C"), or create them in another axis order. '
        f"{TRIED}",
        {
            "as fast as it gets": [
                (record("matmul", array(50, 200, 200, order="strided"), SQUARE, STACK), 1, 800_000),
                (fact("strided", "matmul", "(50, 200, 200) (0, 2, 1) (200, 200) (0, 1)"), 1, 1),
            ],
            "not faster": [
                (
                    record("matmul", array(20, 200, 200, order="strided"), SQUARE, STACK),
                    1,
                    4_000_000,
                ),
                (fact("strided", "matmul", "(20, 200, 200) (0, 2, 1) (200, 200) (0, 1)"), 1, 1),
            ],
            "in order": [(record("matmul", STACK, SQUARE, STACK), 1, 4_000_000)],
            "a transposed matrix": [
                (record("matmul", array(200, 200, order="F"), SQUARE, SQUARE), 1, 4_000_000)
            ],
        },
    ),
    "again": (
        [
            (record("linalg.cholesky", SQUARE, SQUARE), 30, 30),
            (record("linalg.cholesky[1]", SQUARE, SQUARE), 30, 60),
            (fact("repeated", "linalg.cholesky"), 20, 30),
        ],
        "model.py:7: 2.70ms, 100.0%, of it 1.80ms: linalg.cholesky, 20 of 30 calls on equal "
        "arguments. Compute it once before the loop, ",
        {
            "of other arguments": [(record("linalg.cholesky", SQUARE, SQUARE), 30, 30)],
            "at another line": [
                (record("linalg.cholesky", SQUARE, SQUARE), 30, 30),
                (fact("repeated", "linalg.cholesky", line=8), 20, 30),
            ],
            "of another operation": [
                (record("linalg.cholesky", SQUARE, SQUARE), 30, 30),
                (fact("repeated", "exp"), 20, 30),
            ],
        },
    ),
    "powers": (
        [
            (record("power", BIG, number("int"), BIG), 1, 4000),
            (record("power[1]", BIG, number("int"), BIG), 1, 4000),
            (fact("exponent", "power", "3"), 1, 1),
        ],
        f"model.py:7: 8.00ms, 100.0%: x ** 3. Write x * x * x. {TRIED}",
        {
            "a square": [
                (record("power", BIG, number("int"), BIG), 1, 4000),
                (fact("exponent", "power", "2"), 1, 1),
            ],
            "an unknown exponent": [(record("power", BIG, number("int"), BIG), 1, 4000)],
            "not faster": [
                (record("power", array(20), number("int"), array(20)), 1, 4000),
                (fact("exponent", "power", "3"), 1, 1),
            ],
        },
    ),
    "einsums": (
        [
            (record("einsum", SUBSCRIPTS, SQUARE, SQUARE, SQUARE), 1, 80_000),
            (record("einsum[2]", SUBSCRIPTS, *[SQUARE] * 3), 1, 80_000),
        ],
        "model.py:7: 160ms, 100.0%: einsum without a matrix product. Use @ or "
        f"np.tensordot, or pass optimize=True. {TRIED}",
        {"not faster": [(record("einsum", SUBSCRIPTS, *[array(20, 20)] * 3), 1, 80_000)]},
    ),
    "inverses": (
        [
            (record("linalg.inv", SQUARE, SQUARE), 1, 30),
            (record("linalg.inv[1]", SQUARE, SQUARE), 1, 60),
            (record("matmul", SQUARE, VECTOR, VECTOR), 1, 10),
            (fact("inverse", "linalg.inv", "left (200, 200) (200,)"), 1, 1),
        ],
        "model.py:7: 100μs, 100.0%: an inverse that only multiplies one array. Use "
        f"np.linalg.solve(A, b) for np.linalg.inv(A) @ b. {TRIED}",
        {
            "used otherwise": [(record("linalg.inv", SQUARE, SQUARE), 1, 30)],
            "not faster": [
                (record("linalg.inv", array(20, 20), array(20, 20)), 1, 30),
                (fact("inverse", "linalg.inv", "left (20, 20) (20,)"), 1, 1),
            ],
        },
    ),
    "associated": (
        [
            (record("matmul", SQUARE, SQUARE, SQUARE), 1, 90),
            (record("matmul", SQUARE, VECTOR, VECTOR), 1, 10),
            (fact("associated", "matmul", "left (200, 200) (200, 200) (200,) tracked 0 1"), 1, 1),
        ],
        "model.py:7: 100μs, 100.0%: a product of 3 arrays, faster in the other order. Multiply "
        f"from the right, A @ (B @ x) for A @ B @ x. {TRIED}",
        {
            "other products": [(record("matmul", SQUARE, SQUARE, SQUARE), 1, 90)],
            "not faster": [
                (record("matmul", array(20, 20), array(20, 20), array(20, 20)), 1, 90),
                (fact("associated", "matmul", "left (20, 20) (20, 20) (20,) tracked 0"), 1, 1),
            ],
        },
    ),
    "distances": (
        [
            (record("subtract", array(300, 1, 5), array(1, 300, 5), array(300, 300, 5)), 1, 900),
            (fact("pairwise", "subtract", "(300, 1, 5) (1, 300, 5)"), 1, 1),
        ],
        "model.py:7: 900μs, 100.0%: squared differences of all pairs. Write np.sum(x * x, 1)",
        {
            "not faster": [
                (record("subtract", array(20, 1, 5), array(1, 20, 5), array(20, 20, 5)), 1, 900),
                (fact("pairwise", "subtract", "(20, 1, 5) (1, 20, 5)"), 1, 1),
            ]
        },
    ),
    "factored": (
        [
            (record("linalg.solve", SQUARE, VECTOR, VECTOR), 2, 50),
            (fact("factored", "linalg.solve", f"(200, 200) computed; {SOLVE}"), 2, 2),
        ],
        "model.py:7: 100μs, 100.0%: slogdet, solve of one matrix, 3 calls at lines 7, 8. Compute "
        "it once, P = np.linalg.inv(A), and write P @ b for np.linalg.solve(A, b). "
        "Tried: 24.4ms → 7.60ms per gradient, ",
        {
            "of others": [(record("linalg.solve", SQUARE, VECTOR, VECTOR), 2, 50)],
            "not faster": [
                (record("linalg.solve", array(20, 20), array(20), array(20)), 2, 50),
                (fact("factored", "linalg.solve", "(20, 20) given; solve (20,) x2 at 7"), 2, 2),
            ],
        },
    ),
    "shifted": (
        [
            (record("multiply", array(98), ONE, array(98)), 3, 50),
            (fact("shifted", "multiply", "(100,) (3,) (0,) same both"), 3, 3),
        ],
        "model.py:7: 150μs, 100.0%: a convolution as a sum of 3 shifted slices. Write np.tensordot("
        f"np.lib.stride_tricks.sliding_window_view(x, w.shape, (0,)), w, 1). {TRIED}",
        {
            "other products": [(record("multiply", array(98), ONE, array(98)), 3, 50)],
            "not faster": [
                (record("multiply", array(18), ONE, array(18)), 3, 50),
                (fact("shifted", "multiply", "(20,) (3,) (0,) same both"), 3, 3),
            ],
        },
    ),
    "windows": (
        [
            (record("stack", number("list"), array(50, 51)), 1, 50),
            (fact("windows", "stack", "(100,) 51 0 1 50"), 1, 1),
        ],
        "model.py:7: 50.0μs, 100.0%: a stack of 50 slices of one array. Use np.lib.stride_tricks."
        f"sliding_window_view(x, n, 0), whose windows are the last axis. {TRIED}",
        {
            "other stacks": [(record("stack", number("list"), array(50, 51)), 1, 50)],
            "not faster": [
                (record("stack", number("list"), array(10, 11)), 1, 50),
                (fact("windows", "stack", "(20,) 11 0 1 10"), 1, 1),
            ],
        },
    ),
    "unread": (
        [
            (record("matmul[1]", SQUARE, SQUARE, SQUARE), 2, 50),
            (record("matmul[2]", SQUARE, SQUARE, SQUARE), 2, 30),
            (fact("unread", "matmul", "2 x"), 1, 2),
        ],
        "model.py:7: 160μs, 100.0%, of it 30.0μs: gradients of x, which are never read. Write "
        "ag.value(x) for x where its gradient is not needed",
        {
            "all read": [(record("matmul[2]", SQUARE, SQUARE, SQUARE), 2, 30)],
            "not computed": [
                (record("matmul[1]", SQUARE, SQUARE, SQUARE), 2, 50),
                (fact("unread", "matmul", "2 x"), 1, 2),
            ],
        },
    ),
    "kept": (
        [(record("mine", ONE, ONE, line=8), 1, 50), (fact("kept", "tape", "40000"), 100, 120)],
        "model.py:7: 100 of 120 tapes created here were alive at once, with 3.81MiB of arrays. "
        "Keep ag.value(J), a number, instead of the tape.",
        {
            "small": [
                (record("mine", ONE, ONE, line=8), 1, 50),
                (fact("kept", "tape", "1000"), 100, 120),
            ]
        },
    ),
    "outer": (
        [
            (record("subtract", array(300, 1), array(300), array(300, 300)), 1, 900),
            (fact("outer", "subtract", "(300, 1) - (300,)"), 1, 1),
        ],
        "model.py:7: 900μs, 100.0%: (300, 1) - (300,) broadcasts to (300, 300) before the sum. If "
        "corresponding elements are meant, write a[:, 0] - b.",
        {"not summed": [(record("subtract", array(300, 1), array(300), array(300, 300)), 1, 900)]},
    ),
}


def test_every_tip_has_its_cases():
    assert sorted(CASES) == sorted(find.__name__ for find, _ in TIPS)


@pytest.mark.parametrize(("calls", "expected"), [case[:2] for case in CASES.values()], ids=CASES)
def test_the_tip_is_given(calls, expected):
    [given] = tips(timer_of(*calls)).splitlines()
    assert given.startswith(expected)


LOOKALIKES = [
    pytest.param(calls, id=f"{tip}-{name}")
    for tip, (_, _, others) in CASES.items()
    for name, calls in others.items()
]


@pytest.mark.parametrize("calls", LOOKALIKES)
def test_no_tip_is_given_for_what_looks_like_it(calls):
    assert tips(timer_of(*calls)) == NO_TIPS


@pytest.mark.parametrize("name", [n for n in CASES if n not in ("outer", "kept")])
def test_costs_up_to_two_percent_get_no_tip(name):
    calls = CASES[name][0]
    spent = sum(n * us for found, n, us in calls if not isinstance(found, Fact))
    assert tips(timer_of(*calls, (record("mine", line=8), 1, 49 * spent))) == NO_TIPS


def test_a_sum_over_an_unmeant_matrix_gets_a_tip_at_any_cost():
    calls = CASES["outer"][0]
    assert len(tips(timer_of(*calls, (record("mine", line=8), 1, 10**6))).splitlines()) == 1


DAMAGED = [
    "(9, 9) computed; solve (9,) x0 at 7; inv x999999 at 1",
    "(3,) (5,) (0,) same both",
    "(9,) (2, 2) (0, 5) reversed",
    "(5,) 9 9 0 9",
    "(5,) 7 -3",
    "9 float64 array",
    "left (9, 9) (9, 9) (9,) tracked x",
    "read (5,) 7 9",
    "x float64 array b",
]


@pytest.mark.parametrize(
    "detail",
    [*DAMAGED, "", "left", "left ()", "(,)", "(1 2)", f"({'9' * 5000},) (1,)", "(-1,) (x)"],
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_fact_does_no_harm(kind, detail, monkeypatch):
    monkeypatch.setattr("viewer.profiles.line_profile.trial_of", trial_of)
    calls = [(record("subtract", BIG, BIG, BIG), 1, 900), (fact(kind, "subtract", detail), 1, 1)]
    assert tips(timer_of(*calls))


def test_without_peaks_some_patterns_are_not_checked():
    timer = timer_of(*CASES["strided"][0])
    timer.peaks = None
    assert tips(timer) == f"{NO_TIPS} {UNSEEN}"
    assert not tips(timer, peaks=PEAKS).startswith(NO_TIPS)


@pytest.mark.parametrize("name", CASES)
def test_records_without_operands_beside_others_get_no_tip(name):
    calls = [
        (found._replace(operands=()), n, us)
        for found, n, us in CASES[name][0]
        if not isinstance(found, Fact)
    ]
    assert tips(timer_of(*calls, (record("exp", ROW, ROW, line=8), 1, 1))) == NO_TIPS


def test_the_cost_of_a_line_is_that_of_the_tables():
    calls = CASES["indexing"][0]
    more = [
        (record("getitem", BIG, number("int"), ROW, phase="record"), 30, 1),
        (record("mine", line=8), 1, 30),
    ]
    timer = timer_of(*calls, *more)
    assert tips(timer).startswith("model.py:7: 90.0μs, 75.0%: x[i], 30 times per gradient.")
    row = next(line for line in hotspots(timer, by="line").splitlines() if "model.py:7" in line)
    assert "90.0μs   75.0%" in row


def test_rows_that_are_read_again_are_no_loop_over_rows():
    calls = [
        (record("getitem", BIG, number("int"), ROW), 30, 1),
        (fact("repeated", "getitem"), 28, 30),
    ]
    [tip] = tips(timer_of(*calls)).splitlines()
    assert "getitem, 28 of 30 calls on equal arguments. Compute it once" in tip


def test_elements_of_a_new_array_in_each_turn_have_no_tip():
    def loss(x):
        total = 0.0
        for _ in range(40):
            x = np.outer(x, x)[0] * 1.5
            total = total + x[0]
        return total

    def of_one_array(x):
        return sum(x[i] for i in range(40))

    for f, expected in ((loss, False), (of_one_array, True)):
        with ag.profile() as p:
            ag.grad(f)(np.linspace(0.1, 0.9, 40))
        assert ("Operate on the whole array" in str(tips(p))) is expected


def test_the_same_advice_is_given_once():
    calls = [
        (found._replace(line=line), n, us)
        for line in (7, 9)
        for found, n, us in CASES["indexing"][0]
    ]
    first, second = tips(timer_of(*calls)).splitlines()
    assert "Operate on the whole array" in first
    assert second.endswith("x[i], 30 times per gradient. As above.")


def test_the_most_expensive_comes_first():
    power = (record("power", BIG, number("int"), BIG, line=3), 1, 500)
    exponent = (fact("exponent", "power", "3", line=3), 1, 1)
    lines = tips(timer_of(*CASES["indexing"][0], power, exponent)).splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["model.py:3", "model.py:7"]


def test_a_matrix_that_several_lines_factor_gets_one_tip():
    calls = CASES["factored"][0]
    slogdet = (record("linalg.slogdet", SQUARE, line=8), 1, 10)
    other = (calls[1][0]._replace(op="linalg.slogdet", line=8), 1, 1)
    assert len(tips(timer_of(*calls, slogdet, other)).splitlines()) == 1


def test_an_unknown_line_gets_no_tip():
    found = CASES["indexing"][0][0][0]._replace(file="", line=0)
    assert tips(timer_of((found, 30, 10))) == NO_TIPS


def test_calls_are_counted_for_each_gradient():
    timer = Timer(clock=lambda: 0)
    timer.add(record("getitem", BIG, number("int"), ROW), 30, 0, 30)
    data = timer.to_dict()
    data["records"][0][-Counts._fields[::-1].index("steps") - 1] = 3  # ten in each
    assert tips(Timer.from_dict(data), peaks=PEAKS) == NO_TIPS


def test_a_saved_profile_has_the_same_tips(tmp_path):
    timer = timer_of(*CASES["einsums"][0])
    timer.save(tmp_path / "run.json")
    assert tips(tmp_path / "run.json") == tips(timer)


def test_a_profile_without_shapes_is_an_error():
    with pytest.raises(
        ValueError, match="run `autograd-tools profile`, or set AUTOGRAD_TIMER=shapes"
    ):
        tips(timer_of((record("add"), 1, 1)))


@pytest.mark.parametrize("width", [30, 60, 80])
@pytest.mark.parametrize("name", CASES)
def test_no_line_is_wider_than_the_width(name, width):
    assert (
        max(cell_len(line) for line in tips(timer_of(*CASES[name][0]), width=width).splitlines())
        <= width
    )


def test_gradients_of_a_tape_that_nothing_reads_get_a_tip(monkeypatch):
    w, x = ag.Param(np.ones((2, 3)), name="w"), ag.Param(np.ones((3, 4)), name="x")
    J = ag.diff(lambda: np.sum(w @ x))
    trace = timed(J.trace())
    monkeypatch.setattr(type(J), "trace", lambda tape: trace)
    ag.grad(J, w)
    [tip] = tips(J, peaks=PEAKS).splitlines()
    assert (
        ": 400ns, 100.0%, of it 200ns: gradients of x, which are never read. Write ag.value(x) "
        in tip
    )


def test_rewrites_are_tried_on_the_arrays_of_a_tape(monkeypatch):
    seen = {}

    def trial_of(rewrite, detail, operands, samples, ops, tracked):
        seen.update(samples)

    monkeypatch.setattr("viewer.profiles.line_profile.trial_of", trial_of)
    J = ag.diff(lambda: np.sum(ag.Param(np.array([-1.0, 2.0])) ** 3))
    trace = timed(J.trace())
    monkeypatch.setattr(type(J), "trace", lambda tape: trace)
    tips(J, peaks=PEAKS)
    [contents] = seen.values()
    assert np.frombuffer(contents[0]).tolist() == [-1.0, 2.0]


def timed(trace):
    """A trace in which the gradient of argument n took 100 n nanoseconds, and all else none."""
    rows = [
        dataclasses.replace(
            n, backward_ns={i: 100 * i for i, a in enumerate(n.args, 1) if a.nodes}, forward_ns=0
        )
        for n in trace
    ]
    return ag.Trace(rows)


def test_chains_of_calls_are_told_from_independent_ones():
    b = Building()
    x = first = b.leaf()
    for _ in range(60):
        x = b.op("sin", b.op("multiply", x, line=1), line=1)  # stepping
        y = b.op("add", b.op("multiply", first, line=2), line=2)  # all from one
        b.op("sum", y, line=3)
    for _ in range(40):
        x = b.op("tanh", x, line=4)  # too few
    kinds = {(fact.line, fact.kind) for fact in facts_of(b)}
    assert kinds == {(1, "chained"), (2, "independent"), (3, "independent")}


STEPPING = """
import json
import numpy as np, autograd_tools as ag
from viewer.profiles.machine_peaks import Peaks
from viewer.profiles.advice import tips

v, w = ag.Param(np.ones(3)), ag.Param(np.ones((200, 3)))

def stepping():
    x = v
    for _ in range(200):
        x = np.sin(x * 1.01)
    return np.sum(x)

def apart():
    return sum([np.sum(np.sin(row * 1.01)) for row in w])

peaks = Peaks(1e9, 1e9, ((1, 1e9),), 100.0)
print(json.dumps([tips(ag.diff(f), peaks=peaks) for f in (stepping, apart)]))
"""


@pytest.mark.slow
def test_batching_is_advised_only_where_calls_are_independent(python):
    stepping, apart = json.loads(python("-c", STEPPING, AUTOGRAD_TIMER="shapes"))
    assert "Each call depends on the previous one" in stepping
    assert "The calls are independent" not in stepping
    assert "The calls are independent" in apart
    assert "Each call depends" not in apart


PROGRAM = """
import json
import numpy as np, autograd_tools as ag
from viewer.profiles.machine_peaks import Peaks
from viewer.profiles.hotspot_tables import hotspots
from viewer.profiles.line_profile import TIPS
from viewer.profiles.advice import tips

x, w = ag.Param(np.ones((100, 20))), ag.Param(np.ones(20))

def loop():
    return sum(x[i] @ w for i in range(100))

def whole():
    return np.sum(x @ w)

def tips_for(f):
    ag.reset_timer()
    ag.diff(f)
    return tips(ag.timer, peaks=Peaks(1e9, 1e9, ((1, 1e9),), 100.0)).splitlines()

print(json.dumps([tips_for(loop), tips_for(whole)]))
"""


def test_a_loop_over_rows_gets_tips_and_its_replacement_none(python):
    loop, whole = json.loads(python("-c", PROGRAM, AUTOGRAD_TIMER="shapes"))
    assert sorted(line.split(": ")[2].partition(".")[0] for line in loop) == [
        "add, matmul, up to 100 small calls per gradient",
        "x[i], 100 times per gradient",
    ]
    assert whole == [NO_TIPS]
