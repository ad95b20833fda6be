"""The overview of a profile in a terminal."""

import pytest
from rich.cells import cell_len

import autograd_tools as ag
from autograd_tools.timing import Record
from viewer.profiles.overview import overview
from viewer.text.lines import plain_lines


@pytest.mark.parametrize("width", [40, 80])
def test_the_sentences_fit_the_width(width):
    timer = ag.Timer(clock=lambda: 0)
    timer.add(Record("sum", 0, "train.py", 3, "loss", ("loss",)), 500, 8)
    *_, sentences = overview(timer, width=width, gradients="The first of 1000 gradients.")
    lines = [*plain_lines(sentences)]
    assert max(map(cell_len, lines)) <= width
    (*_, whole) = overview(timer, gradients="The first of 1000 gradients.")
    assert " ".join(lines) == " ".join(plain_lines(whole))
