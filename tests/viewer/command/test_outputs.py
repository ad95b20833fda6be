"""Output files of the commands: pipes and open files, endings and messages."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import autograd_tools as ag
from viewer.command.cli import main

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no /dev/fd")


@pytest.fixture
def trace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ag.diff(lambda: np.sin(ag.Param(2.0, name="x"))).trace().save("trace.json")
    return "trace.json"


@pytest.fixture
def profile(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    timer = ag.Timer()
    timer.keep_events()
    with timer.section("part"):
        pass
    timer.save("profile.json")
    return "profile.json"


@pytest.fixture
def pipe():
    """The two ends of a pipe."""
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


def read(pipe):
    os.close(pipe[1])
    with open(pipe[0], closefd=False) as file:
        return file.read()


@posix
@pytest.mark.slow  # lays out
def test_draw_writes_svg_into_a_pipe(trace, pipe, capsys):
    name = f"/dev/fd/{pipe[1]}"
    assert main(["draw", "-o", name, trace]) == 0
    assert read(pipe).endswith("</svg>\n")
    assert capsys.readouterr() == ("", f"drew 2 nodes: {name}\n")


@posix
@pytest.mark.slow  # lays out
def test_compare_draws_into_a_pipe(trace, pipe, capsys):
    name = f"/dev/fd/{pipe[1]}"
    assert main(["compare", "-o", name, trace, trace]) == 0
    assert read(pipe).endswith("</svg>\n")
    assert capsys.readouterr() == ("", f"drew the changes: {name}\n")


@posix
def test_merge_writes_json_into_a_pipe(profile, pipe, capsys):
    name = f"/dev/fd/{pipe[1]}"
    assert main(["merge", "-o", name, profile, profile]) == 0
    assert json.loads(read(pipe))["format"] == "autograd_tools.timer"
    assert capsys.readouterr() == ("", f"merged 2 profiles: {name}\n")


@posix
def test_merge_names_a_pipe_that_nobody_reads(profile, pipe, capsys):
    os.close(pipe[0])
    name = f"/dev/fd/{pipe[1]}"
    assert main(["merge", "-o", name, profile, profile]) == 2
    assert capsys.readouterr() == ("", f"autograd-tools: cannot write {name}: Broken pipe\n")


def test_compare_names_a_missing_folder_as_written(trace, capsys):
    assert main(["compare", "-o", "no/c.dot", trace, trace]) == 2
    expected = "autograd-tools: cannot write no/c.dot: there is no folder no\n"
    assert capsys.readouterr() == ("", expected)


def test_draw_names_a_missing_folder_as_written(trace, capsys):
    assert main(["draw", "-o", "./no/c.dot", trace]) == 2
    assert "cannot write ./no/c.dot: there is no folder " in capsys.readouterr().err


def test_a_new_file_without_ending_is_refused(trace, capsys):
    assert main(["draw", "-o", "graph", trace]) == 2
    assert "cannot draw 'graph'; supported: .svg" in capsys.readouterr().err


@posix
@pytest.mark.slow  # starts a process
def test_a_timeline_into_standard_output_is_a_chrome_trace(tmp_path):
    (tmp_path / "train.py").write_text(
        "import autograd_tools as ag\nag.diff(lambda: ag.Param(1.0) * 2)\n"
    )
    command = [sys.executable, "-m", "autograd_tools", "profile", "--timeline", "/dev/fd/1"]
    found = subprocess.run([*command, "train.py"], cwd=tmp_path, capture_output=True, check=True)
    assert found.stdout.find(b'{"traceEvents":[') >= 0


@posix
@pytest.mark.slow
@pytest.mark.parametrize("script_stream", ["stdout", "stderr"])
@pytest.mark.parametrize("closed", [(2,), (0, 2), (1,), (1, 2)])
def test_a_report_for_programs_is_whole_with_closed_streams(tmp_path, closed, script_stream):
    source = (
        "import sys\nimport numpy as np\nimport autograd_tools as ag\n"
        "ag.grad(np.sin)(0.0)\n"
        f"if sys.{script_stream}:\n    print('from the script', file=sys.{script_stream})\n"
    )
    (tmp_path / "train.py").write_text(source, encoding="utf-8")
    command = [sys.executable, "-m", "autograd_tools", "profile", "--format", "json", "train.py"]
    closing = " ".join(f"{number}>&-" for number in closed)
    run = subprocess.run(
        ["sh", "-c", f'exec "$@" {closing}', "sh", *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (run.returncode, "Traceback" in run.stderr) == (0, False)
    if 1 in closed:
        assert run.stdout == ""
    else:
        assert json.loads(run.stdout)["operations"] == 1


@posix
@pytest.mark.slow  # lays out
def test_no_message_gets_into_a_picture_while_standard_error_is_closed(trace):
    command = [sys.executable, "-m", "autograd_tools", "draw", "-o", "/dev/stdout", trace]
    run = subprocess.run(
        ["sh", "-c", 'exec "$@" 2>&-', "sh", *command], capture_output=True, text=True
    )
    assert (run.returncode, run.stdout[-7:]) == (0, "</svg>\n")
