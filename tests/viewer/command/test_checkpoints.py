"""Checkpoints: their times, and the profiles of runs that end without ours."""

import argparse
import os

import pytest

from autograd_tools.timing import Timer
from viewer.command.checkpoints import Checkpoints, seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30", 30), ("30s", 30), ("0.5 s", 0.5), ("5m", 300), ("2min", 120), ("1h", 3600)],
)
def test_a_time_is_a_number_with_a_unit(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "s", "0", "-5s", "1d", "1:30", "nan", "1e3", "inf"])
def test_another_time_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected a time such as 30s, 5m or 1h"):
        seconds(text)


@pytest.fixture
def clock():
    """A list with the present time; each save takes `took[0]` seconds."""
    return [0.0]


def saves_of(clock, times, took=0.0):
    """Return the times of the saves after gradients at these times, every 10 s."""
    saved = []

    def save(waits):
        saved.append(clock[0])
        clock[0] += took

    checkpoints = Checkpoints(10, save, lambda: clock[0])
    for now in times:
        clock[0] = max(clock[0], now)
        checkpoints.after_gradient()
    return saved


def test_a_gradient_saves_once_an_interval_is_over(clock):
    assert saves_of(clock, range(0, 40, 4)) == [12, 24, 36]


def test_a_slow_save_takes_one_percent_of_the_run(clock):
    assert saves_of(clock, range(0, 400, 5), took=1.0) == [10, 115, 220, 325]


def test_a_forked_process_saves_none(clock, monkeypatch):
    saved = []
    checkpoints = Checkpoints(10, saved.append, lambda: clock[0])
    monkeypatch.setattr(os, "getpid", lambda: -1)
    clock[0] = 20.0
    checkpoints.after_gradient()
    assert saved == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "source",
    [
        "while 'unfinished' not in saved():\n    ag.grad(np.sin)(1.0)\n",
        "def endless(x):\n    while 'unfinished' not in saved():\n        x = np.sin(x)\n"
        "    return x\n"
        "ag.grad(lambda x: endless(x) * end())(1.0)\n",
    ],
    ids=["gradients", "one-gradient"],
)
def test_a_checkpoint_survives_the_end_of_the_process(ask_process, script, tmp_path, source):
    head = (
        "import os, pathlib\nimport numpy as np\nimport autograd_tools as ag\n"
        "file = pathlib.Path('run.json')\n"
        "def saved():\n    return file.read_text() if file.exists() else ''\n"
        "def end():\n    os._exit(5)\n"
    )
    options = ("-o", "run.json", "--checkpoint", "0.1s")
    assert ask_process("profile", *options, script(head + source + "end()\n")) == ("", "", 5)
    assert Timer.load(tmp_path / "run.json").about == {"unfinished": True}
    report = ask_process("profile", "run.json")[0]
    assert (
        report.splitlines()[-1] == "Checkpoint of an unfinished run: the script was still running."
    )


@pytest.mark.slow
def test_a_finished_run_is_no_checkpoint(ask_process, script, tmp_path):
    source = (
        "import autograd_tools as ag\nfor _ in range(2000):\n    ag.grad(lambda x: x * x)(1.0)\n"
    )
    options = ("-o", "run.json", "--checkpoint", "0.01s")
    assert ask_process("profile", *options, script(source))[1:] == ("", 0)
    saved = Timer.load(tmp_path / "run.json")
    assert (saved.steps, saved.about) == (2000, {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.json", "train.py"]
