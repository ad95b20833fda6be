"""Profiles of the processes that a script starts."""

import os

import pytest

from autograd_tools.timing import Timer

pytestmark = pytest.mark.slow
WORK = """\
import multiprocessing, os, subprocess, sys
import autograd_tools as ag

def work(x=1.0):
    return ag.grad(lambda x: x * x)(x)

if __name__ == "__main__":
"""
UNIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no fork")
METHODS = ["spawn", *(pytest.param(method, marks=UNIX) for method in ("fork", "forkserver"))]


@pytest.fixture
def profiled(ask_process, script, tmp_path):
    """Profile a script with its processes; return its result, the calls and the facts of the run.

    The folder for temporary files must be as it was.
    """
    files = tmp_path / "temporary"
    files.mkdir()

    def run(body, *options, head=WORK):
        source = head + "".join(f"    {line}\n" for line in body.splitlines())
        command = ("profile", "--children", "-o", "run.json", *options, script(source))
        output, errors, status = ask_process(*command, TMPDIR=str(files), TEMP=str(files))
        assert [path.name for path in files.iterdir() if "autograd" in path.name] == []
        saved = tmp_path / "run.json"
        timer = Timer.load(saved) if saved.exists() else Timer()
        calls = sum(
            counts.calls for record, counts in timer.records.items() if record.phase == "forward"
        )
        return (output.split("\nHotspots")[0], errors, status), calls, timer.about

    return run


@pytest.mark.parametrize("method", METHODS)
def test_processes_of_a_pool_that_is_terminated_count(profiled, method):
    body = (
        f"with multiprocessing.get_context('{method}').Pool(1) as pool:\n"
        "    print(pool.map(work, [1.0, 2.0, 3.0]))\nwork()"
    )
    assert profiled(body) == (("[2.0, 4.0, 6.0]\n", "", 0), 4, {"processes": 2})


@pytest.mark.parametrize("method", METHODS)
def test_processes_that_nobody_joins_count(profiled, method):
    body = f"multiprocessing.get_context('{method}').Process(target=work).start()"
    assert profiled(body) == (("", "", 0), 1, {"processes": 1})


@pytest.mark.parametrize("method", METHODS)
def test_workers_of_an_executor_that_nobody_shuts_down_count(profiled, method):
    body = (
        "from concurrent.futures import ProcessPoolExecutor\n"
        f"pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context('{method}'))\n"
        "print(list(pool.map(work, [1.0, 2.0])))"
    )
    assert profiled(body) == (("[2.0, 4.0]\n", "", 0), 2, {"processes": 1})


@pytest.mark.filterwarnings("ignore")
def test_workers_of_joblib_count(profiled):
    pytest.importorskip("joblib")
    body = "import joblib\nprint(joblib.Parallel(2)(joblib.delayed(work)(x) for x in (1.0, 2.0)))"
    result, calls, _ = profiled(body)
    assert (result[0], result[2], calls) == ("[2.0, 4.0]\n", 0, 2)


@UNIX
def test_a_fork_counts_its_own_gradients_once(profiled):
    body = "work()\nchild = os.fork()\nwork()\nif child:\n    os.waitpid(child, 0)"
    assert profiled(body) == (("", "", 0), 3, {"processes": 2})


def test_another_program_and_its_processes_count(profiled):
    body = (
        "command = [sys.executable, '-c', 'import train; train.work(); train.work()']\n"
        "subprocess.run(command)\nwork()"
    )
    assert profiled(body) == (("", "", 0), 3, {"processes": 2})


def test_a_process_without_gradients_is_not_counted(profiled):
    body = "multiprocessing.get_context('spawn').Process(target=print).start()\nwork()"
    assert profiled(body) == (("\n", "", 0), 1, {})


@UNIX
def test_the_total_time_is_that_of_the_script(profiled, tmp_path):
    body = (
        "import time\nstart = time.perf_counter_ns()\n"
        "for _ in range(3):\n"
        "    child = os.fork()\n"
        "    if not child:\n        work()\n        time.sleep(1)\n        sys.exit()\n"
        "for _ in range(3):\n    os.wait()\n"
        "print(time.perf_counter_ns() - start)\nwork()"
    )
    (output, *_), calls, _ = profiled(body)
    total = Timer.load(tmp_path / "run.json").total_ns
    assert (calls, int(output) < total < 2 * int(output)) == (4, True)


@UNIX
def test_a_pool_counts_when_a_signal_ends_the_run(profiled):
    body = (
        "import signal\npool = multiprocessing.get_context('fork').Pool(1)\n"
        "pool.map(work, [1.0, 2.0])\nos.kill(os.getpid(), signal.SIGTERM)"
    )
    facts = {"processes": 1, "signal": "SIGTERM"}
    assert profiled(body) == (("", "", -15), 2, facts)


def test_without_the_option_no_process_is_measured(ask_process, script, tmp_path):
    source = WORK + (
        "    print([name in os.environ for name in ('AUTOGRAD_TIMER', 'AUTOGRAD_TIMER_SAVE')])\n"
        "    work()\n"
    )
    output = ask_process("profile", script(source))[0]
    assert output.splitlines()[0] == "[False, False]"
