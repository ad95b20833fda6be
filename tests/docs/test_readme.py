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


def rows(text: str, title: str) -> dict[str, tuple[str, str]]:
    """First cell -> calls and code, which are the same in every run, of the rows below a title."""
    found = {}
    for line in text.split(title)[1].split("\n\n")[0].splitlines()[2:]:
        cells = re.split(r"\s{2,}", line.strip())
        if len(cells) > 5:
            found[cells[0]] = (cells[1], cells[-1] if ".py:" in cells[0] else "")
    return found


@pytest.mark.parametrize("title", ["Hotspots by operation", "Hotspots by line"])
def test_the_profile_in_the_readme_shows_rows_of_a_real_one(profile: str, title: str) -> None:
    shown, real = rows(blocks("text")[0], title), rows(profile, title)

    assert len(shown) == 3
    assert shown.items() <= real.items()


def test_the_training_in_the_readme_ends_as_a_real_one(profile: str) -> None:
    # To the last digits it depends on the processor, whose rounding every step of the training carries on.
    ending = r"^epoch 20  loss 0\.0[01]\d\d  held-out accuracy 9[5-9]\.\d%$"
    assert re.search(ending, blocks("text")[0].splitlines()[0])
    assert re.search(ending, profile, re.MULTILINE)


def test_the_timer_table_in_the_readme_has_the_sections_and_counts_of_a_real_one(
    tmp_path: Path,
) -> None:
    script = (
        "import numpy as np, autograd_tools as ag\n"
        "w, b = ag.Param(np.ones((2, 3))), ag.Param(np.ones((2, 1)))\n"
        "J = ag.diff(lambda: np.sum((w @ np.ones((3, 4)) + b - np.ones((2, 4))) ** 2))\n"
        "print(ag.timer)\n"
    )
    environment = {"AUTOGRAD_TIMER": "1", "PYTHONUTF8": "1", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
    )

    def counts(text: str) -> set[tuple[str, ...]]:
        return {
            tuple(line.split()[:2]) for line in text.splitlines() if re.match(r" \S+ +\d+ ", line)
        }

    shown = counts(blocks("text")[1])

    assert ("matmul[1]", "1") in shown
    assert shown <= counts(done.stdout)


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
