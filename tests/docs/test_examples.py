"""Each example runs without an error or a warning, and what it prints is true."""

import functools
import importlib.util
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(path.name for path in EXAMPLES.glob("*.py"))
needs_dask = pytest.mark.skipif(
    not importlib.util.find_spec("distributed"), reason='needs pip install "dask[distributed]"'
)
ENDING = [
    pytest.param(script, marks=needs_dask if script == "dask_shards.py" else ())
    for script in SCRIPTS
]

pytestmark = pytest.mark.skipif(
    not EXAMPLES.is_dir(), reason="the examples folder is not beside the tests"
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Runs an example, once for all tests, in a folder of its own; gives the finished process and the folder."""

    @functools.cache
    def run_once(script, *args):
        folder = tmp_path_factory.mktemp(Path(script).stem)
        command = [sys.executable, "-W", "error", "-X", "utf8", EXAMPLES / script, *args]
        one_thread = {
            **os.environ,
            "OPENBLAS_NUM_THREADS": "1",
        }  # several wait for each other on a machine that has other work
        return subprocess.run(
            command,
            cwd=folder,
            env=one_thread,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        ), folder

    return run_once


@pytest.fixture
def output(run):
    return lambda script, *args: run(script, *args)[0].stdout


def test_every_example_has_expectations_here():
    assert SCRIPTS == [
        "char_lstm.py",
        "dask_shards.py",
        "diabetes_regression.py",
        "digits_mlp.py",
        "lonely_integer.py",
    ]


@pytest.mark.parametrize("script", ENDING)
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
    assert (
        output("digits_mlp.py").splitlines()[-1]
        == "drew the last gradient, 17 nodes, in digits_mlp.svg"
    )


@pytest.mark.parametrize(
    "word", ["w1", "b1", "w2", "b2", "matmul", "tanh", "Network.hidden", "log_softmax"]
)
def test_digits_graph_names_its_params_operations_and_functions(run, word):
    _, folder = run("digits_mlp.py")
    assert word in " ".join(ET.parse(folder / "digits_mlp.svg").getroot().itertext())


def test_digits_graph_goes_where_the_command_line_says(run):
    _, folder = run("digits_mlp.py", "mine.svg")
    assert [path.name for path in folder.iterdir()] == ["mine.svg"]


def test_diabetes_loss_goes_down(output):
    losses = [
        float(loss)
        for loss in re.findall(
            r"^step +\d+  loss (\S+)", output("diabetes_regression.py"), flags=re.MULTILINE
        )
    ]
    assert len(losses) == 6
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize(("part", "expected"), [("train", 0.52), ("held-out", 0.52)])
def test_diabetes_r_squared_is_that_of_least_squares(output, part, expected):
    mine, exact = re.search(
        rf"^R2 on {part} +(\S+)  by lstsq (\S+)",
        output("diabetes_regression.py"),
        flags=re.MULTILINE,
    ).groups()
    assert (round(float(mine), 2), round(float(exact), 2)) == (expected, expected)


def test_diabetes_listing_has_the_operations_of_the_model(output):
    listing = output("diabetes_regression.py").split("The last gradient:\n")[1]
    operations = re.findall(r"^\d+\. \S+ = (\w+)\(", listing, flags=re.MULTILINE)
    assert operations == ["matmul", "add", "subtract", "power", "mean"]


def test_diabetes_listing_shows_the_params_with_gradients(output):
    listing = output("diabetes_regression.py").split("The last gradient:\n")[1].splitlines()
    assert listing[0] == "1. P(float64[10]) ∇=float64[10]"
    assert re.fullmatch(r"3\. P\(151\.\d+\) ∇=\S+", listing[2])


def losses(text):
    return [float(loss) for loss in re.findall(r"^step +\d+  loss (\S+)", text, flags=re.MULTILINE)]


def test_lonely_integer_is_found_in_over_95_percent_of_new_sequences(output):
    assert (
        float(
            re.search(
                r"^right in (\S+)% of 1000 new sequences",
                output("lonely_integer.py"),
                flags=re.MULTILINE,
            )[1]
        )
        > 95
    )


def test_lonely_integer_shows_what_it_finds(output):
    found = re.findall(r"^in (.*) it finds (\d)$", output("lonely_integer.py"), flags=re.MULTILINE)
    assert len(found) == 3
    assert [sequence.split().count(number) for sequence, number in found] == [1, 1, 1]


def test_lonely_integer_loss_goes_down_to_a_tenth(output):
    first, *_, last = losses(output("lonely_integer.py"))
    assert last < first / 10


def test_lonely_integer_takes_length_and_steps_and_draws(run):
    process, folder = run(
        "lonely_integer.py", "--length", "3", "--steps", "2", "--draw", "graph.dot"
    )
    assert (process.stderr, len(losses(process.stdout))) == ("", 2)
    assert (folder / "graph.dot").read_text(encoding="utf-8").startswith("digraph")


@pytest.mark.parametrize(
    ("script", "args", "message"),
    [
        (
            "lonely_integer.py",
            ("--length", "4"),
            "invalid choice: 4 (choose from 3, 5, 7, 9, 11, 13, 15)",
        ),
        ("lonely_integer.py", ("--steps", "0"), "--steps must be 1 or more, got 0"),
        ("char_lstm.py", ("--hidden", "0"), "--steps and --hidden must be 1 or more"),
        ("char_lstm.py", ("--hotspots",), "--hotspots needs AUTOGRAD_TIMER=1 in the environment"),
    ],
)
def test_an_option_that_cannot_be_is_an_error_that_says_what_can(run, script, args, message):
    process, _ = run(script, *args)
    assert process.returncode == 2
    assert message in process.stderr


def test_char_lstm_loss_goes_down_to_a_third(output):
    first, *_, last = losses(output("char_lstm.py"))
    assert last < first / 3


def test_char_lstm_writes_200_characters_of_the_alphabet_of_its_text(output):
    text = (EXAMPLES / "data" / "sonnets.txt").read_text(encoding="utf-8")
    written = output("char_lstm.py").split("It writes:\n")[1].removesuffix("\n")
    assert len(written) == 200
    assert set(written) <= set(text)


def test_char_lstm_lists_its_hotspots_and_draws(run, monkeypatch):
    monkeypatch.setenv("AUTOGRAD_TIMER", "1")
    process, folder = run(
        "char_lstm.py",
        "--steps",
        "2",
        "--hidden",
        "8",
        "--write",
        "0",
        "--hotspots",
        "--draw",
        "graph.svg",
    )
    assert process.stderr == ""
    assert re.search(r"^char_lstm.py:\d+ ", process.stdout, flags=re.MULTILINE)
    assert "Memory.step" in " ".join(ET.parse(folder / "graph.svg").getroot().itertext())


@needs_dask
def test_dask_shards_add_up_the_gradients(output):
    assert losses(output("dask_shards.py"))[0] == 2.3026  # the logarithm of 10
    assert (
        float(
            re.search(
                r"^right in (\S+)% of 1797 images", output("dask_shards.py"), flags=re.MULTILINE
            )[1]
        )
        > 90
    )


@needs_dask
def test_dask_shards_give_the_gradient_of_the_whole(output):
    whole, shards = (
        losses(output("dask_shards.py", "--steps", "3", "--shards", n)) for n in ("1", "3")
    )
    assert whole == shards


@needs_dask
@pytest.mark.parametrize("section", ["matmul", "matmul[2]", "exp[1]"])
def test_dask_shards_add_up_the_profiles_of_30_steps_in_4_shards(output, section):
    assert re.search(rf"^ {re.escape(section)} +120 ", output("dask_shards.py"), flags=re.MULTILINE)


@needs_dask
def test_dask_shards_profiles_name_the_line_of_the_script(output):
    assert re.search(
        r"^dask_shards.py:\d+ .*z = x @ w \+ b$", output("dask_shards.py"), flags=re.MULTILINE
    )
