"""Files that version 0.1 saved still load; `tests/data/0.1` holds one of each kind."""

from pathlib import Path

import pytest

import autograd_tools as ag
import viewer
from viewer.command.cli import main

SAVED = Path(__file__).parent / "data" / "0.1"
TRACE, PROFILE = str(SAVED / "trace.json"), str(SAVED / "profile.json")


def test_a_trace_of_version_0_1_loads():
    trace = ag.load_trace(TRACE)
    assert (len(trace), trace[2].op, trace[2].line, trace[2].scope) == (
        10,
        "matmul",
        5,
        ("loss", "enc"),
    )
    assert trace[10].outgrad.text == "1.0"


def test_a_profile_of_version_0_1_loads():
    timer = ag.Timer.load(PROFILE)
    calls = {r.op: c.calls for r, c in timer.records.items() if r.phase == "forward"}
    assert calls == {"add": 1, "matmul": 1, "multiply": 3, "power": 1, "sum": 1, "tanh": 1}


@pytest.mark.parametrize(
    ("command", "path", "shown"),
    [
        ("show", TRACE, " * 1.1  2×4"),
        ("explain", TRACE, "v2 = w @ c2"),
        ("draw", TRACE, "drew 10 nodes"),
        ("profile", PROFILE, "matmul"),
    ],
)
def test_commands_take_files_of_version_0_1(command, path, shown, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([command, path]) in (None, 0)
    assert shown in capsys.readouterr().out


def test_views_take_files_of_version_0_1():
    assert "v2 = w @ float64[3,4]  2×4" in viewer.to_text(TRACE)
    assert "matmul" in viewer.hotspots(PROFILE)
