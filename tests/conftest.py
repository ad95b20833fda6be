"""Shared fixtures: the command line, its scripts, and a timer with a fake clock."""

import io
import os
import sys

import numpy as np
import pytest
from hypothesis import settings
from support import commands
from support.commands import MODEL, environment

from autograd_tools.timing import Timer
from viewer.command.cli import main

settings.register_profile("suite", deadline=None)  # a busy machine is no failure
settings.load_profile("suite")


@pytest.fixture
def now():
    """The time in nanoseconds on the clock of `timer`: a list of one number, which tests change."""
    return [0]


@pytest.fixture
def timer(now):
    return Timer(clock=lambda: now[0])


@pytest.fixture
def spend(timer, now):
    """Run a section of `ns` nanoseconds and `nbytes` allocated bytes, with a call inside it."""

    def run(label, ns, nbytes=0, inside=lambda: None):
        def work():
            now[0] += ns
            inside()
            return np.empty(nbytes, np.uint8)

        return timer.measure(label, work)

    return run


@pytest.fixture(scope="session")
def python():
    """Run Python as a process without errors; return its output. Such tests are slow."""
    return commands.python


@pytest.fixture
def ask_process(tmp_path):
    """Run the command line as a process in the test's folder; return its output, errors and status.

    Such tests are slow.
    """

    def ask(
        *args, input="", command=(sys.executable, "-m", "autograd_tools"), cwd=tmp_path, **variables
    ):
        process = commands.run(*command, *args, cwd=cwd, input=input, **variables)
        return process.stdout, process.stderr, process.returncode

    return ask


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if {"python", "ask_process", "pytester"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")


class _NeedsProcess(Exception):
    """The command switches the timer on, or asks for another start of Python."""


@pytest.fixture
def ask(request, capfd, tmp_path, monkeypatch):
    """Run the command line in this process; start one only for `command`, `cwd` or the timer."""

    def start(*args, **options):
        raise _NeedsProcess

    def ask(*args, input="", **options):
        modules = sys.modules.copy()
        with monkeypatch.context() as patch:
            patch.chdir(tmp_path)
            patch.setattr("viewer.command.profiling.measure_apart", start)
            patch.setattr("viewer.command.cli_draw.switch", start)
            patch.setattr(sys, "argv", ["autograd-tools", *args])
            patch.setattr(sys, "path", ["", *sys.path])
            patch.setattr(sys, "stdin", io.StringIO(input))
            for name in (
                "thread._shutdown",
                "process._global_shutdown",
            ):  # a script's end sets them
                patch.setattr(f"concurrent.futures.{name}", False)
            try:
                if {"command", "cwd"} & options.keys():
                    start()
                patch.setattr(os, "environ", environment(**options))
                status = main(args)
            except SystemExit as stop:
                status = stop.code
            except _NeedsProcess:
                assert request.node.get_closest_marker("slow"), (
                    "mark the test slow: it needs a process"
                )
                process = request.getfixturevalue("ask_process")
                return process(*args, input=input, **options)
            finally:
                for name, module in list(sys.modules.items()):
                    if str(tmp_path) in str(getattr(module, "__file__", "")):  # the script's own
                        del sys.modules[name]
                sys.modules.update(modules)
        return (*capfd.readouterr(), status)

    return ask


@pytest.fixture
def script(tmp_path):
    """Write a script into the test's folder and return its name."""

    def write(source=MODEL, name="train.py"):
        (tmp_path / name).write_text(source, encoding="utf-8")
        return name

    return write
