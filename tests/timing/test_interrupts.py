"""An interrupt at any line leaves no section of the timer open."""

import os
import subprocess
import sys

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="each interrupt needs os.fork"),
]


def test_an_interrupt_leaves_no_section_open(pytestconfig):
    run = subprocess.run(
        [sys.executable, "-m", "tests.support.timed_interrupts"],
        cwd=pytestconfig.rootpath,
        env={**os.environ, "AUTOGRAD_TIMER": "1"},
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stdout) == (0, ""), run.stderr
