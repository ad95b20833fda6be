"""docs/howto/profile-a-script.md: its commands do what it says, on the script that it shows; its Python is run as a doctest."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import environment

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "profile-a-script.md"

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the documents are not beside the tests")


def blocks(language):
    return re.findall(
        rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """The folder in which all commands ran, one after the other, and the output, errors and status of each."""
    folder = tmp_path_factory.mktemp("profiling")
    (folder / "train.py").write_text(blocks("python")[0], encoding="utf-8")
    found = []
    for line in "".join(blocks("console")).splitlines():
        command, _, file = line.removeprefix("autograd-tools ").partition(" > ")
        run = [sys.executable, "-m", "autograd_tools", *shlex.split(command)]
        done = subprocess.run(
            run,
            cwd=folder,
            env=environment(AUTOGRAD_TIMER="shapes"),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        found.append((done.stdout, done.stderr, done.returncode))
        if file:
            (folder / file).write_text(done.stdout, encoding="utf-8")
    return folder, found


def names_and_calls(text, title):
    """The first two cells of the rows below a title."""
    lines = text.split(f"Hotspots by {title}\n")[1].split("\n\n")[0].splitlines()[1:]
    return {tuple(re.split(r"\s{2,}", line)[:2]) for line in lines}


def test_every_command_ends_well(outputs):
    assert [status for _, _, status in outputs[1]] == [0] * 5


@pytest.mark.parametrize("title", ["operation", "line"])
def test_the_tables_have_the_rows_and_calls_of_a_real_run(outputs, title):
    shown, real = blocks("text")[0], outputs[1][0][0]
    assert len(names_and_calls(shown, title)) > 1
    assert names_and_calls(shown, title) == names_and_calls(real, title)


def test_the_run_ends_as_a_real_one(outputs):
    shown, real = blocks("text")[0], outputs[1][0][0]
    assert shown.splitlines()[0] == real.splitlines()[0]
    assert "Measured: gradients 3 to 20 of 20.\n" in shown
    assert "Measured: gradients 3 to 20 of 20.\n" in real


def test_the_functions_of_the_tree_are_those_of_a_real_run(outputs):
    def functions(text):
        return re.findall(r"%  (\s*\S+)  (\S+\.py:\d+)", text.split("Python call tree")[1])

    shown, real = functions(blocks("text")[0]), functions(outputs[1][0][0])
    assert ("    features", "train.py:9") in shown
    assert set(shown) <= {
        *real,
        ("      <listcomp>", "train.py:10"),
    }  # which Python 3.12 has no more


def test_the_files_that_are_asked_for_are_there(outputs):
    folder, _ = outputs
    files = ["calls.json", "records.json", "run.html", "run.json", "run.pyisession", "train.py"]
    assert sorted(path.name for path in folder.iterdir()) == files


def test_the_json_has_what_the_page_names(outputs):
    document = json.loads((outputs[0] / "records.json").read_text(encoding="utf-8"))
    assert {
        "operations",
        "total_ns",
        "forward_ns",
        "backward_ns",
        "tables",
        "records",
    } <= document.keys()
    assert document["tables"].keys() == {"op", "line", "scope"}
