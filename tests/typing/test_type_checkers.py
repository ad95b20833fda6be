"""Programs of users, as mypy and Pyright see them: accepted ones, mistakes, and types they show."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
PROGRAMS = Path(__file__).parent / "programs"
ASKED = re.compile(r"# (error|reveals): (.*)")


def mypy(folder):
    """Yield the file, line, kind and message of each report."""
    command = ["mypy", "--strict", "--output=json", "--no-incremental", "--config-file=", "."]
    for line in reported(folder, *command).splitlines():
        report = json.loads(line)
        kind = "error" if report["severity"] == "error" else "reveals"
        yield Path(report["file"]).name, report["line"], kind, report["message"]


def pyright(folder):
    """Yield the same by basedpyright, which needs no download, or by Pyright, as editors do."""
    name = next((name for name in ("basedpyright", "pyright") if find_spec(name)), None)
    if name is None:
        pytest.skip("neither basedpyright nor pyright is installed; pip install basedpyright")
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "standard"}', "utf-8")
    output = reported(folder, name, "--outputjson", "--pythonpath", sys.executable)
    for report in json.loads(output)["generalDiagnostics"]:
        kind = "error" if report["severity"] == "error" else "reveals"
        line = report["range"]["start"]["line"] + 1
        yield Path(report["file"]).name, line, kind, report["message"]


def reported(folder, *command):
    """Return the output of a checker run on the files of a folder; it finds the installation."""
    run = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, encoding="utf-8"
    )
    assert run.returncode in (0, 1), run.stdout + run.stderr
    return run.stdout


def without_modules(message):
    """Return the type that a message reveals, written as Python writes it."""
    shown = re.search(r'(?:Revealed type is|Type of ".*" is) "(.*)"', message)
    return re.sub(r"\w+\.", "", shown[1]) if shown else None


def test_the_accepted_program_runs(tmp_path):
    run = subprocess.run(
        [sys.executable, "-W", "error", PROGRAMS / "accepted.py"],
        cwd=tmp_path,
        env={**os.environ, "AUTOGRAD_TIMER": "shapes"},
        capture_output=True,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stderr


@pytest.fixture(scope="module", params=[mypy, pyright])
def reports(request, tmp_path_factory):
    if request.param is mypy:
        pytest.importorskip("mypy")
    folder = tmp_path_factory.mktemp("programs")
    shutil.copytree(PROGRAMS, folder, dirs_exist_ok=True)
    return list(request.param(folder))


def asked_in(kind):
    return {
        (file.name, number): asked[2]
        for file in PROGRAMS.glob("*.py")
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if (asked := ASKED.search(line)) and asked[1] == kind
    }


def test_the_marked_lines_are_refused_and_no_others(reports):
    found = {(file, line) for file, line, kind, _ in reports if kind == "error"}
    assert found == asked_in("error").keys()


def test_a_refusal_names_the_mistake(reports):
    texts = asked_in("error")
    for place, text in texts.items():
        messages = [message for *where, kind, message in reports if (*where,) == place]
        assert any(text in message for message in messages), (place, messages)


def test_an_editor_knows_the_types(reports):
    shown = {
        (file, line): without_modules(text)
        for file, line, kind, text in reports
        if kind == "reveals"
    }
    assert {place: shown.get(place) for place in asked_in("reveals")} == asked_in("reveals")
