"""Records: operands, and files of them."""

import numpy as np
import pytest

from autograd_tools.timing import Record, Timer
from autograd_tools.timing.records import operands_of, signature

FORWARD = Record("sin", 0, "model.py", 7, "loss", ("loss",))


@pytest.mark.parametrize(
    ("array_of", "order"),
    [
        ("np.ones((2, 3))", "C"),
        ("np.ones((2, 3)).T", "F"),
        ("np.ones((4, 6))[::2, ::2]", "strided"),
        ("np.ones((1, 6))[:, ::2]", "strided"),
        ("np.ones((2, 1)).T", "C"),
        ("np.ones((0, 3)).T", "C"),
        ("np.broadcast_to(1.0, (2, 3))", "strided"),
        ("np.ones(3)", "C"),
    ],
)
def test_the_order_of_an_operand_is_its_memory_layout(array_of, order):
    x = eval(array_of)
    assert operands_of(signature((x, 1.0)))[0] == ("float64", x.shape, order, "")


def test_operands_are_saved(tmp_path):
    timer = Timer(clock=lambda: 0)
    timer.add(
        FORWARD._replace(operands=operands_of(signature((np.ones((2, 1)), "ij", 3, 1.0)))), 5, 8
    )
    timer.save(tmp_path / "run.json")
    assert Timer.load(tmp_path / "run.json").records == timer.records


def test_an_unknown_phase_in_a_file_lists_the_choices():
    timer = Timer(clock=lambda: 0)
    timer.add(FORWARD._replace(phase="sideways"), 5, 8)
    with pytest.raises(
        ValueError, match="unknown phase 'sideways'; choose forward, record, backward, sum_outgrads"
    ):
        Timer.from_dict(timer.to_dict())
