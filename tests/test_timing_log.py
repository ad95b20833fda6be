"""The timer's log: marks that are added up to sections, records and times of nodes; single events; the settings."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from autograd_tools.source import Note
from autograd_tools.timing import Timer
from autograd_tools.timing.log import CLOSE, LIMIT, NODE, NOTE, SUMS, VOID, distinct, enclose, label, mark

SIN, SIN_1 = label("sin", "sin", 0), label("sin[1]", "sin", 1)
A, B = label("a"), label("b")
LINE = Note("model.py", 7, "loss", ("loss",), (1,))


@pytest.fixture
def timer():
    return Timer(clock=lambda: 0)


@pytest.fixture
def log(timer):
    return timer.local.log


def tree(section):
    """Calls, nanoseconds and bytes of the sections below one, by label."""
    return {label: (child.ncalls, child.ns, child.nbytes, tree(child)) for label, child in section.children.items()}


def test_a_section_with_nothing_in_it_is_one_mark(timer, log):
    log += (-A, None, 24, 5, 8)
    assert tree(timer.root) == {"a": (1, 3, 24, {})}


def test_sections_between_opening_and_closing_nest(timer, log):
    log += (*mark(A, 0, 0), -B, None, 8, 1, 3, -B, None, 8, 4, 5, *mark(CLOSE, 16, 10))
    assert tree(timer.root) == {"a": (1, 10, 16, {"b": (2, 3, 16, {})})}


def test_sections_of_no_length_nest_by_their_order(timer, log):
    log += mark(A, 0, 4) + mark(B, 0, 4) + mark(CLOSE, 0, 4) + mark(CLOSE, 0, 4) + mark(A, 0, 4) + mark(CLOSE, 0, 4)
    assert tree(timer.root) == {"a": (2, 0, 0, {"b": (1, 0, 0, {})})}


def test_a_void_section_leaves_what_is_in_it_where_it_was(timer, log):
    log += mark(A, 0, 0) + mark(SIN, 0, 1) + (-SIN, None, 0, 2, 4) + mark(VOID, 0, 5) + mark(CLOSE, 0, 9)
    assert tree(timer.root) == {"a": (1, 9, 0, {"sin": (1, 2, 0, {})})}


def test_from_the_mark_before_to_a_note_is_the_section_record(timer, log):
    log += (-SIN, None, 0, 2, 4, NOTE, LINE, 0, 9, 9)
    assert tree(timer.root) == {"sin": (1, 2, 0, {}), "record": (1, 5, 0, {})}


def test_an_operation_belongs_to_the_line_noted_after_it(timer, log):
    log += (-SIN, None, 8, 2, 4, NOTE, LINE, 0, 9, 9)
    assert timer.records == {("sin", 0, "model.py", 7, "loss", ("loss",)): [1, 2, 8]}


def test_an_operation_of_two_recordings_counts_once(timer, log):
    log += (-SIN, None, 8, 2, 4, NOTE, LINE, 0, 9, 9, NOTE, LINE._replace(line=8), 0, 10, 10)
    assert timer.records == {("sin", 0, "model.py", 7, "loss", ("loss",)): [1, 2, 8]}


def test_an_operation_that_is_not_recorded_belongs_to_no_line(timer, log):
    log += (-SIN, None, 8, 2, 4)
    assert timer.records == {("sin", 0, "", 0, "", ()): [1, 2, 8]}


def test_a_record_is_without_what_nests(timer, log):
    log += (*mark(SIN_1, 0, 0, LINE), -SIN, None, 0, 2, 4, *mark(CLOSE, 0, 10))
    assert timer.records == {("sin", 1, "model.py", 7, "loss", ("loss",)): [1, 8, 0], ("sin", 0, "", 0, "", ()): [1, 2, 0]}


def test_after_a_gradient_the_time_until_the_next_mark_is_sum_outgrads(timer, log):
    log += (-SIN_1, LINE, 24, 0, 5, -SIN_1, LINE, 0, 7, 8, NODE, None, 0, 11, 11)
    assert tree(timer.root) == {"sin[1]": (2, 6, 24, {}), "sum_outgrads": (2, 5, 0, {})}


def test_after_a_gradient_that_is_added_to_nothing_it_is_not(timer, log):
    log += (-SIN_1, LINE, ~24, 0, 5, -SIN, None, 0, 7, 8)
    assert tree(timer.root) == {"sin[1]": (1, 5, 24, {}), "sin": (1, 1, 0, {})}


def test_what_nests_in_a_gradient_is_enclosed_afterwards(timer, log):
    log += (-SIN, None, 0, 2, 4)
    enclose(log, 0, SIN_1, LINE, 0, 1, 6, 24)
    log += mark(SUMS, 24, 6) + mark(NODE, 0, 9)
    assert tree(timer.root) == {"sin[1]": (1, 5, 24, {"sin": (1, 2, 0, {})}), "sum_outgrads": (1, 3, 0, {})}


def test_what_is_open_when_somebody_looks_counts_once_it_is_over(timer, log):
    log += (*mark(A, 0, 0), -B, None, 0, 1, 3)
    assert tree(timer.root) == {"a": (0, 0, 0, {"b": (1, 2, 0, {})})}
    log += (-B, None, 0, 5, 6, *mark(CLOSE, 0, 10))
    assert tree(timer.root) == {"a": (1, 10, 0, {"b": (2, 3, 0, {})})}


def test_what_was_added_up_inside_an_open_operation_is_not_in_its_record(timer, log):
    log += (*mark(SIN, 0, 0), -SIN_1, LINE, ~0, 1, 3)
    assert len(timer.records) == 1
    log += (-SIN_1, LINE, ~0, 5, 6, *mark(CLOSE, 0, 10))
    assert timer.records["sin", 0, "", 0, "", ()] == [1, 7, 0]


def test_a_log_does_not_grow_without_bound(timer, log):
    for _ in range(LIMIT // 5):
        with timer.section("a"):
            pass
    assert len(log) < LIMIT
    assert timer["a"].ncalls == LIMIT // 5


def test_sums_are_exact_to_the_nanosecond(timer, log):
    log += (-A, None, 0, 0, 2**52 + 1, -A, None, 0, 0, 3)
    assert timer["a"].ns == 2**52 + 4


@pytest.mark.parametrize("shift", [0, 10**12])
def test_distinct_numbers_keys_by_their_first_appearance(shift):
    places, numbers = distinct(np.array([7, 3, 7, 9_000_000, 3]) + shift)
    assert (places.tolist(), numbers.tolist()) == ([0, 1, 3], [0, 1, 0, 2, 1])


# Events -------------------------------------------------------------------------------------------------------------


def test_events_are_single_calls_by_their_start(timer, log):
    timer.keep_events()
    log += (*mark(A, 0, 0), NODE, None, (4 << 32) + 2, 1, 1, -SIN_1, LINE, ~24, 1, 3, *mark(CLOSE, 0, 10))
    assert timer.events == [(0, "a", "", -1, -1, -1, 0, 10, 0), (0, "sin[1]", "sin", 1, 3, 2, 1, 3, 24)]


def test_events_are_not_kept_unless_asked_for(timer, log):
    log += (-A, None, 0, 0, 1)
    assert (timer.events, timer.dropped_events) == ([], 0)


def test_events_beyond_the_limit_are_counted(timer, log):
    timer.keep_events(limit=2)
    log += (-A, None, 0, 0, 1) * 5
    assert (len(timer.events), timer.dropped_events) == (2, 3)


def test_reset_forgets_events_and_goes_on_keeping(timer):
    timer.keep_events(limit=2)
    timer.measure("a", lambda: None)
    timer.reset()
    timer.measure("b", lambda: None)
    assert [event.label for event in timer.events] == ["b"]


def test_events_are_saved_and_loaded(timer, log, tmp_path):
    timer.keep_events(limit=1)
    log += (-A, None, 0, 0, 1) * 2
    timer.save(tmp_path / "run.json")
    loaded = Timer.load(tmp_path / "run.json")
    assert (loaded.events, loaded.dropped_events) == ([(0, "a", "", -1, -1, -1, 0, 1, 0)], 1)


def test_a_limit_below_zero_is_an_error(timer):
    with pytest.raises(ValueError, match="the limit of events is 0 or more, not -1"):
        timer.keep_events(-1)


# AUTOGRAD_TIMER -----------------------------------------------------------------------------------------------------


def run_python(code, setting):
    """What a program prints, under a setting of the timer."""
    command = [sys.executable, "-W", "error", "-X", "utf8", "-c", code]
    return subprocess.run(
        command, env={**os.environ, "AUTOGRAD_TIMER": setting}, capture_output=True, encoding="utf-8", timeout=300, check=False
    )


def test_an_unknown_setting_is_an_error_that_lists_those_there_are():
    assert run_python("import autograd_tools", "lines").stderr.splitlines()[-1] == (
        "ValueError: AUTOGRAD_TIMER='lines' is not known; there are: 0, false, no, off, 1, true, yes, on, times"
    )


def test_with_times_only_there_are_no_lines_and_no_record():
    code = """
import json, numpy as np, autograd_tools as ag
ag.grad(np.sin)(1.0)
print(json.dumps([list(ag.timer.root.children), [record[:5] for record in ag.timer.records]]))
"""
    assert json.loads(run_python(code, "times").stdout) == [
        ["sin", "sin[1]", "sum_outgrads"],
        [["sin", 0, "", 0, ""], ["sin", 1, "", 0, ""]],
    ]


CHECKED = """
import threading
import numpy as np, autograd_tools as ag

def own(section):
    return section.ns - sum(child.ns for child in section.children.values())

def check():
    sections = dict(ag.timer.root.walk())
    assert all(own(section) >= 0 for _, section in ag.timer.root.walk())
    operations = [own(s) for label, s in ag.timer.root.walk() if label not in ("record", "sum_outgrads", "mine")]
    print(sum(operations) == sum(ns for _, ns, _ in ag.timer.records.values()) > 0, *sections)

w, x = np.arange(9.0).reshape(3, 3), np.ones(3)
f = lambda x: np.sum(np.tanh(w @ x))
"""


@pytest.mark.parametrize("setting", ["1", "times"])
@pytest.mark.parametrize(
    "program",
    [
        "ag.grad(f)(x)",
        "ag.hessian(f)(x)",
        "ag.grad(lambda x: np.sum(ag.grad(lambda y: np.sum(ag.grad(f)(y) ** 2))(x) ** 2))(x)",
        "layer = ag.checkpoint(lambda h: np.tanh(w @ h)); ag.grad(lambda x: np.sum(layer(layer(x))))(x)",
        "with ag.timer.section('mine'): ag.diff(f, ag.Param(x))",
        "threads = [threading.Thread(target=ag.grad(f), args=(x,)) for _ in range(8)]\n"
        "for thread in threads: thread.start()\nfor thread in threads: thread.join()",
    ],
    ids=["first order", "hessian", "third order", "checkpoint", "section", "threads"],
)
def test_children_fit_in_their_parent_and_records_add_up_to_the_nanosecond(program, setting):
    found = run_python(f"{CHECKED}\n{program}\ncheck()", setting)
    assert (found.stderr, found.stdout.split()[:1]) == ("", ["True"])


def test_a_rule_that_raises_counts_and_leaves_the_timer_as_it_was():
    code = f"""{CHECKED}
@ag.primitive(lambda dy, y, x: 1 // 0)
def bad(x): return x + 1
try:
    ag.grad(lambda x: np.sum(bad(x)))(x)
except ZeroDivisionError:
    ag.timer.measure("mine", lambda: None)
print(*[f"{{label}}:{{section.ncalls}}" for label, section in ag.timer.root.children.items()])
"""
    found = run_python(code, "times")
    assert (found.stderr, found.stdout) == ("", "bad:1 sum:1 sum[1]:1 sum_outgrads:1 bad[1]:1 mine:1\n")


def test_sections_in_a_primitive_of_the_users_nest_under_it():
    code = """
import numpy as np, autograd_tools as ag
@ag.primitive(lambda dy, y, x: dy * ag.grad(np.sin)(x))
def mine(x):
    with ag.timer.section("inside"):
        return ag.grad(np.cos)(x)
ag.grad(mine)(1.0)
print(*[f"{label}: {list(section.children)}" for label, section in ag.timer.root.children.items()], sep="; ")
"""
    found = run_python(code, "times")
    assert (found.stderr, found.stdout) == ("", "mine: ['inside']; mine[1]: ['sin', 'sin[1]', 'sum_outgrads']; sum_outgrads: []\n")
