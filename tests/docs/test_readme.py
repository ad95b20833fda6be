"""The commands of the README print what it shows."""

import re
import shutil

import pytest
from support.pages import ROOT, blocks

README = ROOT / "README.md"

pytestmark = pytest.mark.skipif(not README.exists(), reason="the README is not beside the tests")


@pytest.fixture(scope="module")
def profile(python, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the output of the first command, with all rows."""
    folder = tmp_path_factory.mktemp("profile")
    shutil.copytree(ROOT / "examples", folder / "examples")
    command = ["-m", "autograd_tools", "profile", "--limit", "100", "examples/digits_mlp.py"]
    return python(*command, cwd=folder)


def rows(text: str, title: str) -> dict[str, dict[str, str]]:
    """Return the rows below a title by their first cell, and the cells of each by column."""
    head, *lines = text.split(f"{title}\n")[1].split("\n\n")[0].splitlines()
    names = re.split(r"\s{2,}", head)
    split = [re.split(r"\s{2,}", line.strip(), maxsplit=len(names) - 1) for line in lines]
    return {
        cells[0]: dict(zip(names, cells, strict=True))
        for cells in split
        if len(cells) == len(names)
    }


@pytest.mark.slow
@pytest.mark.parametrize(("title", "same"), [("operation", ["calls"]), ("line", ["calls", "code"])])
def test_the_readme_shows_rows_of_a_real_profile(profile: str, title: str, same: list[str]) -> None:
    texts = blocks(README, "text")[0], profile
    shown, real = (rows(text, f"Hotspots by {title}") for text in texts)

    assert len(shown) == 3
    for name, row in shown.items():
        assert row.keys() <= real[name].keys()
        assert [row[column] for column in same] == [real[name][column] for column in same]


@pytest.mark.slow
def test_the_training_in_the_readme_ends_as_a_real_one(profile: str) -> None:
    # The last digits depend on the processor: training amplifies its rounding errors.
    ending = r"^epoch 20  loss 0\.0[01]\d\d  held-out accuracy 9[5-9]\.\d%$"
    assert re.search(ending, blocks(README, "text")[0].splitlines()[0])
    assert re.search(ending, profile, re.MULTILINE)


def test_the_readme_has_at_most_150_lines() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150


def test_the_commands_of_the_readme_have_their_options(ask) -> None:
    text = README.read_text(encoding="utf-8")
    lines = re.findall(r"^autograd-tools (\w+)(.*?)(?:  +#.*)?$", text, re.MULTILINE)

    assert len(lines) > 3
    for command, line in lines:
        help, errors, status = ask(command, "--help")
        assert (errors, status) == ("", 0)
        assert set(re.findall(r"(?<= )--?\w+", line)) <= set(re.findall(r"(?<!\S)--?\w+", help))
