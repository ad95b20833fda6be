"""The table of a timer in colour: the same text, and styles by share."""

import pytest

from autograd_tools import Timer
from viewer.profiles.timings import timer_lines


@pytest.fixture
def timer():
    timer = Timer(clock=lambda: 0)
    for label, ns in (("hot", 66), ("warm", 30), ("[bold]", 4)):
        timer.thread().root.child(label).count(ns)
    return timer


def test_the_text_is_that_of_the_table(timer):
    assert "\n".join(
        line.plain for line in timer_lines(timer, width=60, sortby="name")
    ) == timer.table(width=60, sortby="name")


def test_rows_are_styled_by_their_share(timer):
    styles = {
        line.plain.split()[0]: [span.style for span in line.spans]
        for line in timer_lines(timer)[7:10]
    }
    assert styles == {"hot": ["bold red"], "warm": [], "[bold]": ["dim"]}


def test_a_timer_without_time_is_dim():
    timer = Timer(clock=lambda: 0)
    timer.measure("a", lambda: None)
    assert [span.style for span in timer_lines(timer)[7].spans] == ["dim"]
