"""Histories as text, in narrow and wide terminals."""

import autograd_tools as ag
from tests.support.histories import training
from viewer.terminal.history import history_rows
from viewer.text.lines import plain_lines

SHOWN = """\
4 gradients of 2 losses

loss at histories.py:25: steps 0 to 2; median of a step: forward 1.00ns, backward 1.00ns
  step 1: Inf in the gradient of s (1 Inf)
  step 2: the loss is NaN
  step 2: NaN in the gradient of s (1 NaN)
      first  last  smallest  largest  steps 0 to 2
loss      5   nan     4 (1)    5 (0)  █▁?
w         2     2     2 (0)    2 (0)  ███
s       0.5   nan   0.5 (0)  0.5 (0)  █!?

other at histories.py:26: step 0; median of a step: forward 1.00ns, backward 1.00ns
      first  last  smallest  largest  step 0
loss      9     9     9 (0)    9 (0)  █
w         6     6     6 (0)    6 (0)  █"""


def lines(history, **options):
    return [line for block in history_rows(history, **options) for line in plain_lines(block)]


def test_a_history_prints_findings_and_a_row_for_each_gradient():
    assert str(training()) == SHOWN


def test_a_narrow_terminal_keeps_names_and_bars():
    h = training()
    for width in (20, 30, 40, 50, 70):
        found = lines(h, width=width)
        assert max(map(len, found)) <= width
        assert any(line.startswith("s") and line.endswith("█!?") for line in found)


def steps(n, **params):
    """Return the history of a training of n steps; each Param has a function for its gradient."""
    made = {name: ag.Param(1.0, name=name) for name in params}
    with ag.history() as h:
        for i in range(n):
            ag.diff(lambda i=i: sum(params[name](i) * made[name] for name in params))
    return h


def test_a_wide_terminal_has_more_bars():
    h = steps(300, w=lambda i: 1.0 + i)
    for width, bars in ((70, 30), (200, 80)):
        row = next(line for line in lines(h, width=width) if line.startswith("w"))
        assert len(row.split()[-1]) == bars


def test_bars_stand_for_equally_many_steps():
    h = steps(96, w=lambda i: 1.0 if i < 72 else 10.0)
    assert lines(h)[-1].endswith("▁" * 18 + "█" * 6)


def test_a_loss_below_zero_has_linear_bars():
    w = ag.Param(0.0, name="w")
    with ag.history() as h:
        for i in range(3):
            ag.diff(lambda i=i: w - 10.0 * i)
    assert next(line for line in lines(h) if line.startswith("loss  ")).endswith("█▅▁")


def test_many_params_are_cut_to_the_limit_but_for_those_with_findings():
    h = steps(3, **{f"w{i}": (lambda i: 0.0) if i == 9 else (lambda i: 1.0) for i in range(10)})
    shown = [line.split()[0] for line in lines(h, limit=3)[4:]]
    assert shown == ["loss", "w0", "w1", "w9", "…"]
    assert lines(h, limit=3)[-1] == "… and 7 more"


def test_several_params_share_a_sentence():
    h = steps(3, **{f"w{i}": lambda i: 0.0 for i in range(6)})
    assert lines(h)[2] == "  from step 0 on: zero gradient of w5, w4, w3, w2 and 2 more"


def test_a_step_without_a_gradient_is_a_dash():
    a, b = ag.Param(1.0, name="a"), ag.Param(1.0, name="b")
    with ag.history() as h:
        for i in range(2):
            ag.diff(lambda i=i: a * b if i else a**2)
    assert lines(h)[-1] == "b         –     1     1 (1)    1 (1)  –█"
