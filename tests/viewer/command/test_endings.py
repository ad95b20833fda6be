"""Runs that a signal ends: the results are written, and the process ends by the signal."""

import json
import os
import signal
import subprocess
import sys

import pytest
from support.commands import environment

from autograd_tools.timing import Timer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="Windows has other signals"),
]
HEAD = """\
import os, signal, sys, threading, time
import numpy as np
import autograd_tools as ag

w = ag.Param(np.ones(3))
for step in range(10):
    J = ag.diff(lambda: np.sum(np.sin(w) * step))
"""
READY = "print('ready', flush=True)\n"
WAIT = READY + "time.sleep(300)\n"
ENDING = ["SIGTERM", "SIGHUP", "SIGXCPU"]


@pytest.fixture
def ended(script, tmp_path):
    """Profile a script and send signals once it is ready; return its output, errors and status."""

    def run(source, *names, options=("-o", "run.json"), ignored=()):
        command = [sys.executable, "-m", "autograd_tools", "profile", *options, script(source)]

        def prepare():
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for name in ENDING:  # nohup, which may run the tests, ignores SIGHUP
                signal.signal(getattr(signal, name), signal.SIG_DFL)
            for name in ignored:
                signal.signal(getattr(signal, name), signal.SIG_IGN)

        with subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environment(AUTOGRAD_TIMER="shapes"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            preexec_fn=prepare,  # noqa: PLW1509  no threads run here
        ) as process:
            first = process.stdout.readline() if names else ""
            for name in names:
                process.send_signal(getattr(signal, name))
            output, errors = process.communicate(timeout=300)
        return first + output, errors, process.returncode

    return run


def sines(tmp_path):
    """Return the calls of `sin` in the saved profile, and the facts of the run."""
    saved = Timer.load(tmp_path / "run.json")
    return saved["sin"].ncalls, saved.about


@pytest.mark.parametrize("name", ENDING)
def test_the_profile_is_whole_and_the_status_is_the_signals(ended, tmp_path, name):
    output, errors, status = ended(HEAD + WAIT, name)
    assert (errors, status, *sines(tmp_path)) == ("", -getattr(signal, name), 10, {"signal": name})
    assert output.splitlines()[-1] == f"{name} ended the run."


def test_all_files_are_written_and_no_others(ended, tmp_path):
    options = ("-o", "run.json", "--html", "run.html", "--timeline", "calls.json", "--sample")
    assert ended(HEAD + WAIT, "SIGTERM", options=options)[1:] == ("", -signal.SIGTERM)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "calls.json",
        "run.html",
        "run.json",
        "run.pyisession",
        "train.py",
    ]


def test_a_json_report_is_complete(ended):
    source = HEAD + "os.write(2, b'more')\nos.kill(os.getpid(), signal.SIGTERM)\n"
    output, errors, status = ended(source, options=("--format", "json"))
    assert (json.loads(output)["operations"], errors, status) == (30, "more", -signal.SIGTERM)


@pytest.mark.parametrize(
    "waiting",
    [
        "threading.Event().wait()\n",
        "thread = threading.Thread(target=threading.Event().wait, daemon=True)\n"
        "thread.start()\nthread.join()\n",
        "while True:\n    ag.diff(lambda: np.sum(np.cos(w)))\n",
        "ag.diff(lambda: [np.sum(np.cos(w)) for _ in iter(int, 1)])\n",
        "rule = lambda dy, y, x: time.sleep(300)\n"
        "ag.grad(ag.primitive(rule)(lambda x: x * 1.0))(2.0)\n",
        "import contextlib\nwith contextlib.redirect_stdout(None):\n    time.sleep(300)\n",
        "try:\n    time.sleep(300)\nfinally:\n    print('finally', flush=True)\n",
        "import asyncio\nasyncio.run(asyncio.sleep(300))\n",
    ],
    ids=["event", "join", "gradients", "forward", "backward", "redirected", "finally", "asyncio"],
)
def test_the_script_may_be_anywhere(ended, tmp_path, waiting):
    output, errors, status = ended(HEAD + READY + waiting, "SIGTERM")
    assert (errors, status, *sines(tmp_path)) == ("", -signal.SIGTERM, 10, {"signal": "SIGTERM"})
    assert "finally" not in output  # as under Python


def test_handlers_of_the_script_come_first(ended, tmp_path):
    source = HEAD + "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n" + WAIT
    assert ended(source, "SIGTERM")[1:] == ("", 7)
    assert sines(tmp_path) == (10, {})


def test_a_script_that_raises_its_signal_again_is_profiled(ended, tmp_path):
    source = HEAD + (
        "def end(number, frame):\n    print('saved', flush=True)\n"
        "    signal.signal(number, signal.SIG_DFL)\n    os.kill(os.getpid(), number)\n"
        "signal.signal(signal.SIGTERM, end)\n"
    )
    output, errors, status = ended(source + WAIT, "SIGTERM")
    assert (output.splitlines()[1], errors, status) == ("saved", "", -signal.SIGTERM)
    assert sines(tmp_path) == (10, {"signal": "SIGTERM"})


def test_the_script_sees_the_default_handlers(ended):
    source = HEAD + (
        "print(signal.getsignal(signal.SIGTERM) == signal.signal(signal.SIGTERM, signal.SIG_IGN)"
        " == signal.SIG_DFL, signal.getsignal(signal.SIGTERM) == signal.SIG_IGN)\n"
    )
    assert ended(source)[0].splitlines()[0] == "True True"


def test_an_ignored_signal_stays_ignored(ended, tmp_path):
    source = HEAD + READY + "time.sleep(0.5)\n"
    assert ended(source, "SIGHUP", ignored=["SIGHUP"])[1:] == ("", 0)
    assert sines(tmp_path) == (10, {})


def test_a_forked_child_has_the_default_handlers(ended):
    source = HEAD + (
        "child = os.fork()\nif not child:\n    time.sleep(300)\n"
        "os.kill(child, signal.SIGTERM)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    output, errors, status = ended(source)
    assert (output.splitlines()[0], errors, status) == ("-15", "", 0)
    assert output.count("Hotspots by operation") == 1


def test_nothing_is_written_if_nothing_was_measured(ended, tmp_path):
    assert ended("import time\n" + WAIT, "SIGTERM") == ("ready\n", "", -signal.SIGTERM)
    assert [path.name for path in tmp_path.iterdir()] == ["train.py"]


def test_more_signals_let_the_profile_be_written(ended, tmp_path):
    _, errors, status = ended(HEAD + WAIT, "SIGTERM", "SIGHUP", "SIGINT", "SIGTERM")
    assert errors.count("Traceback") <= 1
    assert -status in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    assert sines(tmp_path)[0] == 10


def test_ctrl_c_twice_writes_the_profile_and_ends_by_it(ended, tmp_path):
    source = HEAD + (
        "old = sys.excepthook\n"
        "def again(*error):\n    os.kill(os.getpid(), signal.SIGINT)\n    old(*error)\n"
        "sys.excepthook = again\n"
    )
    output, _, status = ended(source + WAIT, "SIGINT")
    assert ("Hotspots by operation" in output, status) == (True, -signal.SIGINT)
    assert sines(tmp_path) == (10, {})


@pytest.mark.parametrize("command", ["show", "draw", "explain", "check", "profile"])
def test_ctrl_c_leaves_no_traceback_of_ours(script, tmp_path, command):
    source = HEAD + "os.kill(os.getpid(), signal.SIGINT)\ntime.sleep(300)\n"
    process = subprocess.run(
        [sys.executable, "-m", "autograd_tools", command, script(source)],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        timeout=300,
    )
    assert process.returncode == -signal.SIGINT
    assert process.stderr.splitlines()[1].endswith('train.py", line 8, in <module>')
    assert process.stderr.count("File") == 1
