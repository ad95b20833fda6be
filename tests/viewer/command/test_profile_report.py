"""The timer's table in a report: its text and its colours."""

import pytest

from autograd_tools import Timer
from viewer.command.profile_report import timer_rows
from viewer.text.lines import plain


@pytest.fixture
def timer():
    timer = Timer(clock=lambda: 0)
    for label, ns in (("hot", 66), ("warm", 30), ("[bold]", 4)):
        timer.thread().root.child(label).count(ns)
    return timer


def test_the_text_is_that_of_the_table(timer):
    assert plain(timer_rows(timer, 60)) == timer.table(width=60)


def test_rows_are_styled_by_their_share(timer):
    rows = [*timer_rows(timer, None)][7:10]
    styles = {span.text.split()[0]: span.style for [span] in rows}
    assert styles == {"hot": "bold red", "warm": "", "[bold]": "dim"}


def test_a_timer_without_time_is_dim():
    timer = Timer(clock=lambda: 0)
    timer.measure("a", lambda: None)
    assert [span.style for span in [*timer_rows(timer, None)][7]] == ["dim"]
