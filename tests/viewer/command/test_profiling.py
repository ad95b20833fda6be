"""The command `profile`: measured gradients, formats, and effects on the script."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest
from support.commands import environment, run_in_terminal
from support.maps import decoded

from autograd_tools.timing import Timer

STEPS = """\
import sys
import numpy as np
import autograd_tools as ag

w = ag.Param(np.ones(3))
for step in range(10):
    J = ag.diff(lambda: np.sum(np.sin(w) * step))
print("done")
"""
PARALLEL = """\
import multiprocessing, os, threading
import autograd_tools as ag

def work(x=1.0):
    return ag.grad(lambda x: x * x)(x)
"""
SETTLED = {"AUTOGRAD_TIMER": "shapes"}  # saves a start of Python


@pytest.fixture
def profiled(ask, script, tmp_path):
    """Profile a script; return its output, errors and status, and the calls of each operation."""

    def run(source, *options, **more):
        output, errors, status = ask("profile", "-o", "run.json", *options, script(source), **more)
        saved = tmp_path / "run.json"
        calls = {}
        for record, counts in Timer.load(saved).records.items() if saved.exists() else ():
            if record.phase == "forward":
                calls[record.op] = calls.get(record.op, 0) + counts.calls
        return output.split("\nHotspots")[0], errors, status, calls

    return run


# The gradients measured ---------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "calls"),
    [
        ([], 10),
        (["--skip", "3"], 7),
        (["--steps", "4"], 4),
        (["--skip", "3", "--steps", "4"], 4),
        (["--skip", "8", "--steps", "9"], 2),
    ],
    ids=str,
)
def test_skip_leaves_gradients_out_and_steps_bounds_them(profiled, options, calls):
    assert profiled(STEPS, *options) == (
        "done\n",
        "",
        0,
        dict.fromkeys(("sin", "multiply", "sum"), calls),
    )


@pytest.mark.slow
def test_the_report_says_which_gradients_were_measured(ask, script):
    output = ask("profile", "--skip", "3", "--steps", "4", script(STEPS))[0]
    assert output.splitlines()[-1] == "Measured: gradients 4 to 7 of 10."


@pytest.mark.slow
def test_time_outside_the_steps_is_not_in_the_total(profiled, tmp_path):
    profiled(STEPS, "--skip", "3", "--steps", "4")
    part = Timer.load(tmp_path / "run.json").total_ns
    source = (
        "import time, autograd_tools as ag\nstart = time.perf_counter_ns()\n"
        + STEPS
        + "print(time.perf_counter_ns() - start)\n"
    )
    output = profiled(source, "--skip", "3", "--steps", "4")[0]
    assert part > 0
    assert Timer.load(tmp_path / "run.json").total_ns < int(output.split()[-1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--skip", "-1"], "--skip must be 0 or more, got -1"),
        (["--steps", "0"], "--steps must be 1 or more, got 0"),
        (["--limit", "-1"], "--limit must be 0 or more, got -1"),
        (["--checkpoint", "5m"], "--checkpoint saves the profile; write -o FILE as well"),
        (
            ["--children", "--steps", "3"],
            "--children measures whole runs and does not work with --steps",
        ),
    ],
    ids=["skip", "steps", "limit", "checkpoint", "children"],
)
def test_a_wrong_number_is_refused_before_the_script_runs(ask, script, options, message):
    assert ask("profile", *options, script(STEPS)) == ("", f"autograd-tools: {message}\n", 2)


@pytest.mark.slow
def test_a_warm_up_longer_than_the_run_is_an_error(profiled):
    message = (
        "autograd-tools: train.py computed 10 gradients, so --skip 10 leaves nothing to profile\n"
    )
    assert profiled(STEPS, "--skip", "10") == ("done\n", message, 2, {})


# The script does not notice -----------------------------------------------------------------------


@pytest.mark.slow
def test_a_script_that_fails_is_profiled_up_to_there(profiled):
    output, errors, status, calls = profiled(STEPS + "1 // 0\n")
    assert (output, errors.splitlines()[-1], status) == (
        "done\n",
        "ZeroDivisionError: integer division or modulo by zero",
        1,
    )
    assert calls["sin"] == 10


@pytest.mark.slow
def test_a_script_that_exits_with_a_status_keeps_it(profiled):
    assert profiled(STEPS + "sys.exit(7)\n") == (
        "done\n",
        "",
        7,
        dict.fromkeys(("sin", "multiply", "sum"), 10),
    )


@pytest.mark.slow
def test_a_script_reads_standard_input(profiled):
    assert profiled(STEPS + "print(input() + sys.stdin.read())\n", input="a\nb")[:3] == (
        "done\nab\n",
        "",
        0,
    )


@pytest.mark.slow
def test_files_are_written_where_the_command_was_given(ask, script, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    source = "import os\nos.chdir('elsewhere')\n" + STEPS
    assert (
        ask("profile", "--sample", "-o", "run.json", "--html", "run.html", script(source))[2] == 0
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "elsewhere",
        "run.html",
        "run.json",
        "run.pyisession",
        "train.py",
    ]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("end", ["", "sys.exit(3)\n", "1 // 0\n"])
def test_a_child_that_the_script_forks_writes_no_report(profiled, end):
    source = (
        PARALLEL + "import sys\nchild = os.fork()\nif child:\n    os.waitpid(child, 0)\nelse:\n"
        "    work()\n    work()\nwork()\n"
    )
    output, errors, status, calls = profiled(source + "print('end', flush=True)\n" + end)
    assert (output, errors.count("Traceback"), status) == (
        "end\nend\n",
        2 * end.count("//"),
        {"": 0, "s": 3, "1": 1}[end[:1]],
    )
    assert calls == {"multiply": 1}


@pytest.mark.slow
def test_gradients_in_threads_that_outlive_the_script_are_measured(profiled):
    source = (
        PARALLEL + "threads = [threading.Thread(target=work) for _ in range(3)]\n"
        "[thread.start() for thread in threads]\n"
    )
    assert profiled(source) == ("", "", 0, {"multiply": 3})


@pytest.mark.slow
def test_gradients_in_an_executor_that_nobody_shuts_down_are_measured(profiled):
    source = (
        PARALLEL
        + "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(2)\n"
        "pool.submit(work)\n"
    )
    assert profiled(source) == ("", "", 0, {"multiply": 1})


@pytest.mark.slow
@pytest.mark.parametrize(
    "method",
    ["spawn", pytest.param("fork", marks=pytest.mark.skipif(os.name == "nt", reason="no fork"))],
)
def test_a_script_that_starts_processes_gets_their_results(profiled, method):
    source = PARALLEL + "if __name__ == '__main__':\n    work()\n"
    source += (
        f"    with multiprocessing.get_context('{method}').Pool(2) as pool:\n"
        "        print(pool.map(work, [1.0, 2.0]))\n"
    )
    assert profiled(source) == ("[2.0, 4.0]\n", "", 0, {"multiply": 1})


@pytest.mark.slow
def test_gradients_of_other_processes_are_not_seen(profiled):
    source = (
        PARALLEL + "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        pool.map(work, [1.0])\n"
    )
    message = (
        "autograd-tools: train.py computed no gradient with autograd_tools in its own "
        "process, so there is nothing to profile; write --children to profile "
        "the processes that it starts\n"
    )
    assert profiled(source) == ("", message, 2, {})


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
def test_ctrl_c_writes_the_profile(script, tmp_path):
    source = STEPS + "print('ready', flush=True)\nimport threading\nthreading.Event().wait()\n"
    command = [sys.executable, "-m", "autograd_tools", "profile", "-o", "run.json", script(source)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
    pipes["preexec_fn"] = lambda: signal.signal(
        signal.SIGINT, signal.SIG_DFL
    )  # in the background it may be ignored
    with subprocess.Popen(command, cwd=tmp_path, env=environment(**SETTLED), **pipes) as process:
        lines = [process.stdout.readline(), process.stdout.readline()]
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=300)
    assert (lines, errors.splitlines()[-1], process.returncode) == (
        ["done\n", "ready\n"],
        "KeyboardInterrupt",
        -signal.SIGINT,
    )
    assert "Hotspots by operation" in output
    assert "sin" in Timer.load(tmp_path / "run.json")


# The formats --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_json_is_all_of_standard_output(ask, script):
    source = (
        STEPS + "import atexit, os, subprocess\nprint('more', flush=True)\n"
        "subprocess.run(['echo', 'child'])\nos.write(1, b'bytes\\n')\n"
    )
    source += "atexit.register(print, 'exit')\n"
    output, errors, status = ask("profile", "--format", "json", "--limit", "1", script(source))
    document = json.loads(output)
    assert (sorted(errors.split()), status) == (["bytes", "child", "done", "exit", "more"], 0)
    assert (document["format"], document["version"], document["operations"]) == (
        "autograd_tools.report",
        1,
        30,
    )
    assert document["tables"]["line"][0]["calls"] == 30


@pytest.mark.slow
def test_json_has_every_record_and_their_sums(ask, script):
    document = json.loads(ask("profile", "--format", "json", script(STEPS))[0])
    for phase in ("forward", "record", "backward", "sum_outgrads", "engine"):
        spent = sum(record["ns"] for record in document["records"] if record["phase"] == phase)
        assert document[f"{phase}_ns"] == spent
        assert spent > 0 or phase == "sum_outgrads"
    (sine,) = [
        record
        for record in document["records"]
        if (record["op"], record["phase"]) == ("sin", "backward")
    ]
    assert (sine["argument"], sine["line"], sine["function"], sine["scope"], sine["calls"]) == (
        1,
        7,
        "<lambda>",
        [],
        10,
    )
    assert sine["operands"][0] == {"dtype": "float64", "shape": [3], "order": "C", "text": ""}


@pytest.mark.slow
def test_markdown_is_all_of_standard_output(ask, script):
    output, errors, status = ask("profile", "--format", "markdown", script(STEPS))
    lines = output.splitlines()
    assert (lines[0].startswith("30 operations in a run of "), errors, status) == (
        True,
        "done\n",
        0,
    )
    assert [line for line in lines if line.startswith("#")] == [
        "### Hotspots by operation",
        "### Hotspots by line",
        "### Hotspots by scope",
    ]
    assert re.search(
        r"^\| train\.py:7 \| 30 \| .* \| J = ag\.diff\(lambda: np\.sum\(np\.sin\(w\) \\\* "
        r"step\)\) \|$",
        output,
        re.MULTILINE,
    )


@pytest.mark.slow
@pytest.mark.parametrize("format", ["json", "markdown"])
def test_without_gradients_the_report_is_empty(ask, script, format):
    output, errors, status = ask("profile", "--format", format, script("print('hello')\n"))
    assert (output, errors.splitlines()[0], status) == ("", "hello", 2)


def test_an_unknown_format_names_those_there_are(ask, script):
    errors = ask("profile", "--format", "xml", script(STEPS))[1]
    assert "unknown value 'xml'; choose text, json, markdown" in errors


@pytest.mark.slow
def test_a_saved_profile_has_every_format(ask, script, profiled):
    profiled(STEPS)
    assert json.loads(ask("profile", "--format", "json", "run.json")[0])["operations"] == 30
    assert ask("profile", "--format", "markdown", "run.json")[0].startswith("30 operations")


@pytest.mark.parametrize(
    "option", ["--skip=1", "--steps=1", "--output=new.json", "--checkpoint=5s", "--children"]
)
def test_options_of_scripts_are_refused_for_a_saved_profile(ask, tmp_path, option):
    Timer().save(tmp_path / "run.json")
    name = option.split("=")[0]
    message = f"autograd-tools: {name} needs a script to run, and run.json is a saved file\n"
    assert ask("profile", option, "run.json") == ("", message, 2)


# Samples ------------------------------------------------------------------------------------------

BUSY = (
    STEPS
    + """
import time
def busy():
    end = time.perf_counter() + 0.3
    while time.perf_counter() < end:
        pass
busy()
"""
)


@pytest.mark.slow
def test_samples_show_the_call_tree(ask, script):
    output, errors, status = ask("profile", "--sample", script(BUSY))
    tree = output.split("Python call tree: ")[1]
    assert (errors, status) == ("", 0)
    assert (
        re.search(r"^ *\d+(\.\d+)?m?s +\d+\.\d%      busy  train\.py:10$", tree, re.MULTILINE)
        or "busy  train.py:11" in tree
    )


@pytest.mark.slow
def test_a_script_may_sample_itself(profiled):
    source = (
        BUSY.replace("busy()\n", "", 0)
        + "import pyinstrument\nwith pyinstrument.Profiler() as mine:\n    busy()\n"
        "print(mine.last_session.sample_count > 0)\n"
    )
    assert profiled(source, "--sample")[:3] == ("done\nTrue\n", "", 0)


@pytest.mark.slow
def test_the_session_is_saved_beside_the_profile(ask, profiled, tmp_path):
    profiled(BUSY, "--sample")
    (tmp_path / "train.py").unlink()
    assert "Python call tree: " in ask("profile", "--sample", "run.json")[0]
    assert "Python call tree: " not in ask("profile", "run.json")[0]
    session = json.loads((tmp_path / "run.pyisession").read_text())
    assert (session["target_description"], session["sample_count"] > 0) == ("train.py", True)


@pytest.mark.slow
def test_missing_samples_are_an_error(ask, profiled):
    profiled(STEPS)
    message = (
        "autograd-tools: there is no run.pyisession: `profile --sample -o` writes it beside "
        "the profile\n"
    )
    assert ask("profile", "--sample", "run.json") == ("", message, 2)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"frame_records": 3}'])
def test_a_damaged_session_is_an_error(ask, tmp_path, content):
    Timer().save(tmp_path / "run.json")
    (tmp_path / "run.pyisession").write_text(content)
    output, errors, status = ask("profile", "--sample", "run.json")
    assert (
        output,
        errors.startswith("autograd-tools: run.pyisession is not a pyinstrument session: "),
        status,
    ) == ("", True, 2)


# The page -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_page_has_the_tables_and_the_samples(ask, script, tmp_path):
    assert ask("profile", "--sample", "--html", "run.html", script(BUSY))[1:] == ("", 0)
    profile = decoded((tmp_path / "run.html").read_text(encoding="utf-8")).header["profile"]
    assert [table["title"] for table in profile["tables"]] == [
        "Hotspots by line",
        "Hotspots by operation",
        "Hotspots by argument",
        "Hotspots by scope",
        "Hotspots by shape",
    ]
    assert [block["title"] for block in profile["blocks"]] == ["Tips", "Timer"]
    assert "'name': 'busy'" in str(profile["samples"])


@pytest.mark.slow
def test_a_page_that_cannot_be_written_is_named(ask, script, tmp_path):
    (tmp_path / "gone").mkdir()
    source = STEPS + "\nimport os\nos.rmdir('gone')\n"
    output, errors, status = ask("profile", "--html", "gone/run.html", script(source))
    assert (
        "Hotspots by operation" in output,
        errors.startswith("autograd-tools: cannot write "),
        status,
    ) == (True, True, 2)


# Timelines ----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("run.json", '"traceEvents"'),
        ("run.speedscope.json", "speedscope.app"),
        ("run.firefox.json", "preprocessedProfileVersion"),
        ("run.folded", "sin[1] "),
    ],
)
def test_the_name_of_a_timeline_decides_its_format(ask, script, tmp_path, name, what):
    found = ask("profile", "--timeline", name, "--skip", "8", script(STEPS))[1:]
    assert (*found, what in (tmp_path / name).read_text(encoding="utf-8")) == ("", 0, True)


@pytest.mark.slow
def test_a_saved_profile_of_single_calls_gives_a_timeline(ask, profiled, tmp_path):
    profiled(STEPS, "--timeline", "first.json")
    ask("profile", "--timeline", "second.json", "run.json")
    assert (tmp_path / "first.json").read_bytes() == (tmp_path / "second.json").read_bytes()


@pytest.mark.slow
def test_a_saved_profile_without_single_calls_has_no_timeline(ask, profiled):
    profiled(STEPS)
    output, errors, status = ask("profile", "--timeline", "second.json", "run.json")
    assert ("Hotspots by operation" in output, errors.startswith("autograd-tools: "), status) == (
        True,
        True,
        2,
    )


def test_an_unknown_timeline_is_refused_before_the_script_runs(ask, script):
    message = (
        "autograd-tools: cannot write a timeline to 'run.svg'; supported: .speedscope.json, "
        ".firefox.json, .json, .folded\n"
    )
    assert ask("profile", "--timeline", "run.svg", script(STEPS)) == ("", message, 2)


# On a terminal ------------------------------------------------------------------------------------


LONG = """\
import time
import autograd_tools as ag
end = time.perf_counter() + 0.5
print("begin")
while time.perf_counter() < end:
    ag.grad(lambda x: x * x)(3.0)
print("end")
"""


@pytest.mark.slow
def test_a_terminal_shows_progress_and_erases_it(script, tmp_path):
    command = (sys.executable, "-m", "autograd_tools", "profile", script(LONG))
    written, status = run_in_terminal(*command, cwd=tmp_path, **SETTLED, TERM="xterm")
    shown = re.findall(r"\r([\d,]+ gradients?, [\d.]+k? operations, [\d.]+m?s)\x1b\[K", written)
    assert (status, 1 <= len(shown) <= 6) == (0, True)
    assert "begin\r\n\r" in written
    assert written[: written.index("end\r\n")].endswith("\r\x1b[K")
    assert " gradients, " not in written[written.index("end\r\n") :]


@pytest.mark.slow
def test_a_terminal_without_control_sequences_shows_no_progress(script, tmp_path):
    command = (sys.executable, "-m", "autograd_tools", "profile", script(LONG))
    written, _ = run_in_terminal(*command, cwd=tmp_path, **SETTLED, TERM="dumb")
    assert "gradients, " not in written


@pytest.mark.slow
def test_a_pipe_shows_no_progress(profiled):
    assert profiled(LONG)[:3] == ("begin\nend\n", "", 0)
