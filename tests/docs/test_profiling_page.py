"""The commands of docs/howto/profile-a-script.md do what the page says, on its script."""

import json
import re
import shlex
import sys

import pytest
from support.commands import run
from support.pages import HOWTO, blocks

PAGE = HOWTO / "profile-a-script.md"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PAGE.exists(), reason="docs/ is not beside the tests"),
]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Run all commands in one folder; return it, and the output and status of each command."""
    folder = tmp_path_factory.mktemp("profiling")
    (folder / "train.py").write_text(blocks(PAGE, "python")[0], encoding="utf-8")
    found = []
    for line in "".join(blocks(PAGE, "console")).splitlines():
        command, _, file = line.removeprefix("autograd-tools ").partition(" > ")
        words = [sys.executable, "-m", "autograd_tools", *shlex.split(command)]
        done = run(*words, cwd=folder, AUTOGRAD_TIMER="shapes")
        found.append((done.stdout, done.returncode))
        if file:
            (folder / file).write_text(done.stdout, encoding="utf-8")
    return folder, found


@pytest.fixture
def shown():
    return blocks(PAGE, "text")[0]


@pytest.fixture
def real(outputs):
    return outputs[1][0][0]


def names_and_calls(text, title):
    """Return the first two cells of the rows below a title."""
    lines = text.split(f"Hotspots by {title}\n")[1].split("\n\n")[0].splitlines()[1:]
    return {tuple(re.split(r"\s{2,}", line)[:2]) for line in lines}


def test_every_command_ends_well(outputs):
    assert [status for _, status in outputs[1]] == [0] * 7


@pytest.mark.parametrize("title", ["operation", "line"])
def test_the_tables_show_rows_and_calls_of_a_real_run(shown, real, title):
    assert len(names_and_calls(shown, title)) > 1
    assert names_and_calls(shown, title) == names_and_calls(real, title)


@pytest.mark.parametrize("title", ["operation", "line"])
def test_the_tables_show_the_columns_of_a_real_run(shown, real, title):
    heads = [
        text.split(f"Hotspots by {title}\n")[1].splitlines()[0].split() for text in (shown, real)
    ]
    assert heads[0] == heads[1]


def test_the_run_ends_as_a_real_one(shown, real):
    assert shown.splitlines()[0] == real.splitlines()[0]
    assert "Measured: gradients 3 to 20 of 20.\n" in shown
    assert "Measured: gradients 3 to 20 of 20.\n" in real


def test_the_call_tree_shows_functions_of_a_real_run(shown, real):
    def functions(text):
        return re.findall(r"%  (\s*\S+)  (train\.py:\d+)", text.split("Python call tree")[1])

    inlined = ("      <listcomp>", "train.py:10")  # since Python 3.12, no function of its own
    assert ("    features", "train.py:9") in functions(shown)
    assert set(functions(shown)) <= {*functions(real), inlined}


def test_the_requested_files_exist(outputs):
    files = ["calls.json", "records.json", "run.html", "run.json", "run.pyisession", "train.py"]
    assert sorted(path.name for path in outputs[0].iterdir()) == files


def test_the_json_has_the_keys_of_the_page(outputs):
    document = json.loads((outputs[0] / "records.json").read_text(encoding="utf-8"))
    totals = {"operations", "total_ns", "forward_ns", "backward_ns", "tables", "records"}
    assert totals <= document.keys()
    assert document["tables"].keys() == {"op", "line", "scope"}
