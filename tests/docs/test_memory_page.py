"""The command of docs/howto/fit-into-memory.md does what the page says, on its script."""

import re
import sys

import pytest
from support.commands import run
from support.pages import HOWTO, blocks

PAGE = HOWTO / "fit-into-memory.md"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PAGE.exists(), reason="docs/ is not beside the tests"),
]


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The memory part of a real report."""
    folder = tmp_path_factory.mktemp("memory")
    (folder / "net.py").write_text(blocks(PAGE, "python")[0], encoding="utf-8")
    words = "".join(blocks(PAGE, "console")).split()[1:]
    done = run(sys.executable, "-m", "autograd_tools", *words, cwd=folder, AUTOGRAD_TIMER="shapes")
    assert done.returncode == 0
    return "Memory of a gradient\n" + done.stdout.split("Memory of a gradient\n")[1]


@pytest.fixture
def shown():
    return blocks(PAGE, "text")[0]


def test_the_tables_have_the_rows_of_a_real_run(shown, real):
    rows = re.compile(r"^(?:net\.py:\d+|\w+(?:\[\d\])?|loss.*?)  +[\d.]+[KM]iB .*$", re.MULTILINE)
    assert len(rows.findall(shown)) > 5
    assert rows.findall(shown) == rows.findall(real)


def test_the_plan_changes_the_lines_of_a_real_run(shown, real):
    changed = re.compile(r"^[-+] .*$", re.MULTILINE)
    assert len(changed.findall(shown)) == 11
    assert changed.findall(shown) == changed.findall(real)


def test_the_predicted_peak_is_that_of_a_real_run(shown, real):
    predicted = re.compile(r"Predicted: \S+ instead of \S+,")
    assert predicted.findall(shown) == predicted.findall(real) != []


def test_the_plan_was_tried_in_a_real_run(shown, real):
    for text in (shown, real):
        assert re.search(r"Tried: \S+ instead of .* same gradient bit for bit\.", text)
