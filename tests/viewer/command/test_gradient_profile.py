"""The pytest fixture `gradient_profile`, run by pytest in a process."""

import os
from pathlib import Path

import numpy as np
import pytest

import autograd_tools as ag
import autograd_tools_pytest
from autograd_tools.timing import Counts, Record, Timer
from viewer.command.block_profile import BlockProfile, profile_block

pytest_plugins = ["pytester"]

HEAD = """\
import numpy as np
import autograd_tools as ag
import viewer

def run(operation=np.sin, gradients=5):
    for _ in range(gradients):
        ag.grad(lambda x: np.sum(operation(x)))(np.ones(3))
"""


@pytest.fixture
def ask(pytester, monkeypatch):
    """Runs pytest on a test file, whose source is given below its head."""
    root = Path(autograd_tools_pytest.__file__).parent
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.delenv("AUTOGRAD_TIMER", raising=False)

    def ask(source, *options, head=HEAD):
        pytester.makepyfile(head + source)
        return pytester.runpytest_subprocess(
            "-p", "autograd_tools_pytest", "-p", "no:cacheprovider", "-rs", "-W", "error", *options
        )

    return ask


PROFILE = """
def test_profile(gradient_profile):
    with gradient_profile() as profile:
        run()
    print(profile.hotspots("line"))
"""


# With and without the timer -----------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("--gradient-profile",)])
def test_a_block_is_profiled(ask, options):
    result = ask(PROFILE, *options, "-s")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*Hotspots by line", "*.py:7 *np.sum(operation(x))*"])


def test_with_the_variable_the_timer_keeps_all(ask, monkeypatch):
    monkeypatch.setenv("AUTOGRAD_TIMER", "1")
    source = """
def test_whole(gradient_profile):
    run(np.sin)
    with gradient_profile() as profile:
        run(np.cos)
    timers = (profile.timer, ag.timer)
    ops = [{r.op for r in t.records} & {"sin", "cos"} for t in timers]
    assert ops == [{"cos"}, {"sin", "cos"}]
"""
    ask(source).assert_outcomes(passed=1)


def test_pytest_starts_without_importing_the_engine_the_viewer_or_numpy(ask):
    source = (
        "import sys\n\ndef test_start():\n"
        "    assert not {'autograd_tools', 'viewer', 'numpy'} & {*sys.modules}\n"
    )
    ask(source, head="").assert_outcomes(passed=1)


# Measured blocks ----------------------------------------------------------------------------------


def run(operation=np.sin, gradients=5):
    for _ in range(gradients):
        ag.grad(lambda x: np.sum(operation(x)))(np.ones(3))


def operations(block):
    return {record.op for record in block.timer.records} & {"sin", "cos", "exp"}


def test_only_the_block_is_in_its_profile():
    run(np.sin)
    with profile_block() as block:
        run(np.cos)
    run(np.exp)
    assert operations(block) == {"cos"}


def test_blocks_nest_and_end_with_errors():
    def fail(x):
        raise KeyError(np.exp(x))

    with profile_block() as outer:
        run(np.cos)
        with pytest.raises(KeyError), profile_block() as inner:
            run(fail)
    assert (operations(inner), operations(outer)) == ({"exp"}, {"cos", "exp"})


def test_a_block_is_compared_with_another_one():
    with profile_block() as before:
        run(np.sin)
    with profile_block() as after:
        run(np.cos, 7)
    lines = after.compare(before).splitlines()
    assert lines[0].startswith("5 → 7 gradients, by operation: ")
    gone = [line.split()[-2:] for line in lines if " gone " in line]
    assert [words for words in gone if words[1] == "forward"] == [["sin", "forward"]]


def test_a_block_is_compared_with_a_saved_one(tmp_path):
    with profile_block() as before:
        run()
    before.save(tmp_path / "before.json")
    assert before.compare(tmp_path / "before.json", "line") == before.compare(before, "line")
    before.assert_not_slower(tmp_path / "before.json")


# Without a process --------------------------------------------------------------------------------


def profile(ns, gradients=4):
    """A profile of gradients that take so long each."""
    profile, where = BlockProfile(), Record("sin", 1, "a.py", 3, "loss", (), "backward")
    counts = Counts(gradients, gradients * ns, 0, gradients, 0, dict.fromkeys(range(gradients), ns))
    profile.timer = Timer.of_records({where: counts}, gradients)
    return profile


def test_a_slower_block_fails_with_the_comparison():
    with pytest.raises(
        AssertionError,
        match=r"slower by more than 20%\n4 gradients, by line: 1 slower\n(.*\n)*.*×1.30  slower",
    ):
        profile(1300).assert_not_slower(profile(1000), "line", over=0.2)


def test_a_block_slower_by_less_passes():
    profile(1300).assert_not_slower(profile(1000), over=0.4)


def test_too_few_gradients_are_an_error():
    with pytest.raises(
        ValueError, match="expected 3 or more gradients in each profile, got 4 before and 1 after"
    ):
        profile(1000, 1).assert_not_slower(profile(1000))


def test_a_block_that_goes_on_has_measured_nothing():
    assert BlockProfile().timer.records == {}


def test_a_trace_is_no_profile():
    with pytest.raises(
        ValueError, match="cannot compare a trace with a profile; pass two traces or two profiles"
    ):
        profile(1).compare(ag.trace(lambda x: x * 2, 1.0))
