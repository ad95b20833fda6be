"""The README's commands do what it shows; its Python is run as a doctest."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"

pytestmark = pytest.mark.skipif(not README.exists(), reason="the README is not beside the tests")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The output of the README's first command, with all rows."""
    folder = tmp_path_factory.mktemp("profile")
    shutil.copytree(ROOT / "examples", folder / "examples")
    command = [
        sys.executable,
        "-X",
        "utf8",
        "-m",
        "autograd_tools",
        "profile",
        "examples/digits_mlp.py",
        "--limit",
        "100",
    ]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert (folder / "digits_mlp.svg").exists()
    return done.stdout


def rows(text: str, title: str) -> dict[str, dict[str, str]]:
    """The rows below a title, by their first cell; of each the cells, by their column."""
    head, *lines = text.split(f"{title}\n")[1].split("\n\n")[0].splitlines()
    names = re.split(r"\s{2,}", head)
    split = [re.split(r"\s{2,}", line.strip(), maxsplit=len(names) - 1) for line in lines]
    return {
        cells[0]: dict(zip(names, cells, strict=True))
        for cells in split
        if len(cells) == len(names)
    }


@pytest.mark.parametrize(("title", "same"), [("operation", ["calls"]), ("line", ["calls", "code"])])
def test_the_profile_in_the_readme_shows_rows_of_a_real_one(
    profile: str, title: str, same: list[str]
) -> None:
    shown, real = (rows(text, f"Hotspots by {title}") for text in (blocks("text")[0], profile))

    assert len(shown) == 3
    for name, row in shown.items():
        assert row.keys() <= real[name].keys()
        assert [row[column] for column in same] == [real[name][column] for column in same]


def test_readme_is_at_most_150_lines() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150


def test_the_training_in_the_readme_ends_as_a_real_one(profile: str) -> None:
    # The last digits depend on the processor: training amplifies its rounding errors.
    ending = r"^epoch 20  loss 0\.0[01]\d\d  held-out accuracy 9[5-9]\.\d%$"
    assert re.search(ending, blocks("text")[0].splitlines()[0])
    assert re.search(ending, profile, re.MULTILINE)


COMMANDS: dict[
    str, set[str]
] = {}  # each command of the command line that is shown, with all its options
for _line in re.findall(
    r"^autograd-tools (.*?)(?:  +#.*)?$",
    README.read_text() if README.exists() else "",
    re.MULTILINE,
):
    COMMANDS.setdefault(_line.split()[0], set()).update(re.findall(r"(?<= )--?\w+", _line))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_in_the_readme_exists_with_its_options(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "autograd_tools", command, "--help"],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )

    assert done.returncode == 0
    assert COMMANDS[command] <= set(re.findall(r"(?<!\S)--?\w+", done.stdout))
