"""Fixtures of tests of the command line."""

import subprocess
import sys

import pytest
from support.commands import MODEL, environment


@pytest.fixture
def ask(tmp_path):
    """Runs the command line in the test's folder: its output, its errors and its status."""

    def finish(
        *args, input="", command=(sys.executable, "-m", "autograd_tools"), cwd=tmp_path, **variables
    ):
        process = subprocess.run(
            [*command, *args],
            cwd=cwd,
            env=environment(**variables),
            input=input,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )
        return process.stdout, process.stderr, process.returncode

    return finish


@pytest.fixture
def script(tmp_path):
    """Writes a script into the test's folder and returns its name."""

    def write(source=MODEL, name="train.py"):
        (tmp_path / name).write_text(source, encoding="utf-8")
        return name

    return write
