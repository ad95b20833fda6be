"""Each example runs without an error or a warning, and what it prints is true."""

import functools
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
SCRIPTS = sorted(path.name for path in EXAMPLES.glob("*.py"))

pytestmark = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the examples folder is not beside the tests")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Runs an example, once for all tests, in a folder of its own; gives the finished process and the folder."""

    @functools.cache
    def run_once(script, *args):
        folder = tmp_path_factory.mktemp(Path(script).stem)
        command = [sys.executable, "-W", "error", "-X", "utf8", EXAMPLES / script, *args]
        return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", timeout=300, check=False), folder

    return run_once


@pytest.fixture
def output(run):
    return lambda script, *args: run(script, *args)[0].stdout


def test_every_example_has_expectations_here():
    assert SCRIPTS == ["diabetes_regression.py", "digits_mlp.py"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_example_ends_well_and_warns_of_nothing(run, script):
    process, _ = run(script)
    assert (process.returncode, process.stderr) == (0, "")


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_example_tells_the_command_that_runs_it(script):
    assert f"    python examples/{script}" in (EXAMPLES / script).read_text(encoding="utf-8")


def test_digits_are_read_with_over_95_percent_accuracy(output):
    assert float(re.findall(r"held-out accuracy (\S+)%", output("digits_mlp.py"))[-1]) > 95


def test_digits_loss_is_printed_every_fifth_epoch_and_goes_down(output):
    lines = re.findall(r"^epoch +(\d+)  loss (\S+)", output("digits_mlp.py"), flags=re.MULTILINE)
    assert [int(epoch) for epoch, _ in lines] == [5, 10, 15, 20]
    losses = [float(loss) for _, loss in lines]
    assert losses == sorted(losses, reverse=True)


def test_digits_graph_is_drawn_as_well_formed_svg(run):
    _, folder = run("digits_mlp.py")
    assert ET.parse(folder / "digits_mlp.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_digits_graph_says_that_it_was_drawn(output):
    assert output("digits_mlp.py").splitlines()[-1] == "drew the last gradient, 17 nodes, in digits_mlp.svg"


@pytest.mark.parametrize("word", ["w1", "b1", "w2", "b2", "matmul", "tanh", "Network.hidden", "log_softmax"])
def test_digits_graph_names_its_params_operations_and_functions(run, word):
    _, folder = run("digits_mlp.py")
    assert word in " ".join(ET.parse(folder / "digits_mlp.svg").getroot().itertext())


def test_digits_graph_goes_where_the_command_line_says(run):
    _, folder = run("digits_mlp.py", "mine.svg")
    assert [path.name for path in folder.iterdir()] == ["mine.svg"]


def test_diabetes_loss_goes_down(output):
    losses = [float(loss) for loss in re.findall(r"^step +\d+  loss (\S+)", output("diabetes_regression.py"), flags=re.MULTILINE)]
    assert len(losses) == 6
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize(("part", "expected"), [("train", 0.52), ("held-out", 0.52)])
def test_diabetes_r_squared_is_that_of_least_squares(output, part, expected):
    mine, exact = re.search(rf"^R2 on {part} +(\S+)  by lstsq (\S+)", output("diabetes_regression.py"), flags=re.MULTILINE).groups()
    assert (round(float(mine), 2), round(float(exact), 2)) == (expected, expected)


def test_diabetes_listing_has_the_operations_of_the_model(output):
    listing = output("diabetes_regression.py").split("The last gradient:\n")[1]
    operations = re.findall(r"^\d+\. \S+ = (\w+)\(", listing, flags=re.MULTILINE)
    assert operations == ["matmul", "add", "subtract", "power", "mean"]


def test_diabetes_listing_shows_the_params_with_gradients(output):
    listing = output("diabetes_regression.py").split("The last gradient:\n")[1].splitlines()
    assert listing[0] == "1. P(float64[10]) ∇=float64[10]"
    assert re.fullmatch(r"3\. P\(151\.\d+\) ∇=\S+", listing[2])
