"""Gradients with equal marks: added up at once, they have the sums of a parse of each."""

from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_tools.timing import Timer
from autograd_tools.timing.log import ADDS, CLOSE, END, NODE, PAUSE, RECORDED, VOID, code_of, mark
from autograd_tools.timing.patterns import MOST_PATTERNS
from autograd_tools.timing.records import Called, Operand, Site

SIN, SIN_1 = code_of("sin", "sin", 0), code_of("sin[1]", "sin", 1)
OWN, MINE = code_of("own", "own", 0), code_of("mine")
LINES = [Site("model.py", line, "loss", ("loss",)) for line in (1, 2)]
CALLED = [Called((Operand("float64", (n,), "C"),)) for n in (2, 3)]
SITES = [None, *LINES, *[(line, called) for line in LINES for called in CALLED]]

# Parts of gradients: marks without their times.
sites, sizes = st.sampled_from(SITES), st.sampled_from([0, 8, 2**40])
leaf = st.builds(lambda site, n: [(-SIN, site, n, True)], st.sampled_from([None, *CALLED]), sizes)
recorded = st.builds(lambda part, site: [*part, (RECORDED, site, 0, False)], leaf, sites)
rule = st.builds(
    lambda site, n, adds: [(-SIN_1, site, n if adds else ~n, True)], sites, sizes, st.booleans()
)
node = st.builds(lambda part: [(NODE, None, 0, False), *part], rule)


def around(parts):
    """Return marks that nest: calls of the user's, void ones, rules with marks inside, pauses."""
    inside = st.lists(parts, max_size=3).map(lambda found: [*chain(*found)])
    own = st.builds(
        lambda marks, site, n: [(OWN, None, 0, False), *marks, (CLOSE, site, n, False)],
        *(inside, sites, sizes),
    )
    void = st.builds(lambda marks: [(OWN, None, 0, False), *marks, (VOID, None, 0, False)], inside)
    tracked = st.builds(
        lambda marks, site, n: [
            (SIN_1, site, 0, False),
            *marks,
            (CLOSE, None, n, False),
            (ADDS, None, n, False),
        ],
        *(inside, sites, sizes),
    )
    mine = st.builds(
        lambda marks: [
            (MINE, None, 0, False),
            *marks,
            (PAUSE, None, 0, False),
            (NODE, None, 0, False),
        ],
        inside,
    )
    return own | void | tracked | mine


gradients = st.lists(
    st.recursive(leaf | recorded | rule | node, around, max_leaves=6), min_size=1, max_size=5
).map(lambda parts: [*chain(*parts), (END, None, 1, False)])
runs = st.lists(gradients, min_size=1, max_size=3).flatmap(
    lambda known: st.lists(st.sampled_from(known), min_size=1, max_size=8)
)


def written(run, seed):
    """Return the marks of gradients with random times, a list for each gradient."""
    rng, now, found = np.random.default_rng(seed), 1000, []
    for marks in run:
        items = []
        for code, site, number, lasts in marks:
            start = now + int(rng.integers(0, 2**21))
            now = start + int(rng.integers(0, 50)) * lasts
            items += [code, site, number, start, now]
        found.append(items)
    return found


def everything(timer):
    return timer.root.to_dict(), list(timer.records.items()), timer.steps


@pytest.mark.parametrize("memory", ["outputs", "nobytes"])
@given(run=runs, seed=st.integers(0, 1000), parts=st.integers(0, 2))
def test_gradients_at_once_have_the_sums_of_each(memory, run, seed, parts):
    one, many = (Timer(clock=lambda: 0, memory=memory) for _ in range(2))
    last = 0
    for i, items in enumerate(written(run, seed)):
        one.local.log += mark(END, 0, last) * i  # so that none is like one before
        one.local.log += items
        one.add_up()
        last = items[-1]
        many.local.log += items
        if parts and i % 3 == parts:
            many.add_up()
    assert everything(many) == everything(one)


@given(run=runs, seed=st.integers(0, 1000), closes=st.integers(1, 8), user=st.booleans())
def test_gradients_in_open_sections_have_the_sums_of_each(run, seed, closes, user):
    one, many = (Timer(clock=lambda: 0) for _ in range(2))
    last = 900
    for timer in (one, many):
        timer.local.log += mark(MINE, 0, 800) + mark(OWN if user else MINE, 0, 900)
        timer.add_up()
    for i, items in enumerate(written(run, seed)):
        one.local.log += mark(END, 0, last) * i
        one.local.log += items
        many.local.log += items
        last = items[-1]
        if i + 1 == closes:
            for timer in (one, many):
                timer.local.log += mark(CLOSE, 0, last)
        one.add_up()
    for timer in (one, many):
        timer.local.log += mark(CLOSE, 0, last + 5) * (1 + (len(run) < closes))
    assert many.root.to_dict() == one.root.to_dict()
    assert (many.records, many.steps) == (one.records, one.steps)


def test_marks_between_gradients_belong_to_none():
    one, many = (Timer(clock=lambda: 0) for _ in range(2))
    gradient = [(-SIN, None, 8, True), (RECORDED, LINES[0], 0, False), (END, None, 1, False)]
    plain = [(-SIN, None, 8, True), (END, None, 1, False)]
    for items in written([gradient, gradient, plain, gradient, plain, plain, gradient], 3):
        one.local.log += items
        one.add_up()
        many.local.log += items
    assert everything(many) == everything(one)


def test_a_section_open_around_gradients_has_all_their_time():
    timer = Timer(clock=lambda: 0)
    timer.local.log += mark(MINE, 0, 0)
    for i in range(4):
        timer.local.log += (-SIN, None, 8, 10 * i, 10 * i + 3, *mark(END, 1, 10 * i + 5))
    assert timer["mine", "sin"].ns == 12
    timer.local.log += mark(CLOSE, 0, 50)
    assert (timer["mine"].ns, timer["mine", "sin"].ncalls, timer.steps) == (50, 4, 4)


def test_more_patterns_than_are_known_count_as_well():
    timer, n = Timer(clock=lambda: 0), MOST_PATTERNS + 2
    for _ in range(3):
        for calls in range(1, n + 1):
            timer.local.log += (-SIN, None, 0, 0, 5) * calls + mark(END, 1, 5)
    calls = 3 * n * (n + 1) // 2
    assert (timer["sin"].ncalls, timer["sin"].ns, timer.steps) == (calls, 5 * calls, 3 * n)


def test_a_long_call_counts_exactly():
    timer = Timer(clock=lambda: 0)
    for ns in (2**33 + 1, 2**33 + 3, 7, 2**33 + 5):
        timer.local.log += (-SIN, None, 0, 0, ns, *mark(END, 1, ns))
    section = timer["sin"]
    squares = (2**33 + 1) ** 2 + (2**33 + 3) ** 2 + 49 + (2**33 + 5) ** 2
    assert (section.ns, section.squares, section.min_ns) == (3 * 2**33 + 16, squares, 7)
