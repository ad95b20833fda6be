"""Each example runs without an error or a warning, and its output is true."""

import functools
import importlib.util
import json
import math
import os
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from support import commands
from support.pages import ROOT

import autograd_tools as ag
import viewer
from autograd_tools.tracing.faults import trace_faults

EXAMPLES = ROOT / "examples"
SCRIPTS = [
    "char_lstm.py",
    "dask_shards.py",
    "diabetes_regression.py",
    "digits_mlp.py",
    "lonely_integer.py",
    "toy_engine.py",
]
needs_dask = pytest.mark.skipif(
    not importlib.util.find_spec("distributed"), reason='needs pip install "dask[distributed]"'
)
RUNNABLE = [
    pytest.param(script, marks=needs_dask if script == "dask_shards.py" else ())
    for script in SCRIPTS
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not EXAMPLES.is_dir(), reason="examples/ is not beside the tests"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run an example once, in its own folder; return the finished process and the folder."""

    @functools.cache
    def run_once(script, *args):
        folder = tmp_path_factory.mktemp(Path(script).stem)
        variables = {
            "AUTOGRAD_TIMER": os.environ.get("AUTOGRAD_TIMER", ""),
            "OPENBLAS_NUM_THREADS": "1",  # on a busy machine, more wait
        }
        command = [sys.executable, EXAMPLES / script, *args]
        return commands.run(*command, cwd=folder, **variables), folder

    return run_once


@pytest.fixture
def output(run):
    return lambda script, *args: run(script, *args)[0].stdout


def losses(text):
    return [float(loss) for loss in re.findall(r"^step +\d+  loss (\S+)", text, re.MULTILINE)]


def percent(pattern, text):
    return float(re.findall(rf"{pattern} (\S+)%", text)[-1])


def words_of(picture):
    return " ".join(ET.parse(picture).getroot().itertext())


def test_every_example_has_expectations_here():
    assert sorted(path.name for path in EXAMPLES.glob("*.py")) == SCRIPTS


@pytest.mark.parametrize("script", RUNNABLE)
def test_an_example_ends_well_without_warnings(run, script):
    process, _ = run(script)
    assert (process.returncode, process.stderr) == (0, "")


@pytest.mark.parametrize("script", SCRIPTS)
def test_an_example_shows_the_command_that_runs_it(script):
    assert f"    python examples/{script}" in (EXAMPLES / script).read_text(encoding="utf-8")


def test_digits_are_read_with_over_95_percent_accuracy(output):
    assert percent("held-out accuracy", output("digits_mlp.py")) > 95


def test_digits_loss_falls_every_fifth_epoch(output):
    lines = re.findall(r"^epoch +(\d+)  loss (\S+)", output("digits_mlp.py"), re.MULTILINE)
    assert [int(epoch) for epoch, _ in lines] == [5, 10, 15, 20]
    falling = [float(loss) for _, loss in lines]
    assert falling == sorted(falling, reverse=True)


def test_digits_graph_is_drawn_as_well_formed_svg(run):
    _, folder = run("digits_mlp.py")
    assert ET.parse(folder / "digits_mlp.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_digits_output_names_the_drawing(output):
    last = output("digits_mlp.py").splitlines()[-1]
    assert last == "drew the last gradient, 17 nodes, in digits_mlp.svg"


def test_digits_graph_names_params_operations_and_functions(run):
    expected = ["w1", "b1", "w2", "b2", "matmul", "tanh", "Network.hidden", "log_softmax"]
    words = words_of(run("digits_mlp.py")[1] / "digits_mlp.svg")
    assert [word for word in expected if word not in words] == []


def test_digits_graph_goes_to_the_file_of_the_command_line(run):
    _, folder = run("digits_mlp.py", "mine.svg")
    assert [path.name for path in folder.iterdir()] == ["mine.svg"]


def test_diabetes_loss_falls(output):
    falling = losses(output("diabetes_regression.py"))
    assert len(falling) == 6
    assert falling == sorted(falling, reverse=True)


@pytest.mark.parametrize(("part", "expected"), [("train", 0.52), ("held-out", 0.52)])
def test_diabetes_r_squared_is_that_of_least_squares(output, part, expected):
    line = rf"^R2 on {part} +(\S+)  by lstsq (\S+)"
    found = re.search(line, output("diabetes_regression.py"), re.MULTILINE).groups()
    assert [round(float(text), 2) for text in found] == [expected, expected]


def test_diabetes_listing_has_the_operations_of_the_model(output):
    listing = output("diabetes_regression.py").split("The last gradient:\n")[1]
    operations = re.findall(r"^\d+\. \S+ = (\w+)\(", listing, re.MULTILINE)
    assert operations == ["matmul", "add", "subtract", "power", "mean"]


def test_diabetes_listing_shows_the_params_with_gradients(output):
    listing = output("diabetes_regression.py").split("The last gradient:\n")[1].splitlines()
    assert listing[0] == "1. P(float64[10]) ∇=float64[10]"
    assert re.fullmatch(r"3\. P\(151\.\d+\) ∇=\S+", listing[2])


def test_lonely_integer_is_found_in_95_percent_of_sequences(output):
    assert percent("right in", output("lonely_integer.py")) > 95


def test_lonely_integer_shows_three_answers(output):
    found = re.findall(r"^in (.*) it finds (\d)$", output("lonely_integer.py"), re.MULTILINE)
    assert len(found) == 3
    assert [sequence.split().count(number) for sequence, number in found] == [1, 1, 1]


def test_lonely_integer_loss_falls_to_a_tenth(output):
    first, *_, last = losses(output("lonely_integer.py"))
    assert last < first / 10


def test_lonely_integer_takes_length_and_steps_and_draws(run):
    arguments = ("--length", "3", "--steps", "2", "--draw", "graph.dot")
    process, folder = run("lonely_integer.py", *arguments)
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
def test_an_invalid_option_is_an_error_with_the_valid_values(run, script, args, message):
    process, _ = run(script, *args)
    assert process.returncode == 2
    assert message in process.stderr


def test_char_lstm_loss_falls_to_a_third(output):
    first, *_, last = losses(output("char_lstm.py"))
    assert last < first / 3


def test_char_lstm_writes_200_characters_of_its_alphabet(output):
    text = (EXAMPLES / "data" / "sonnets.txt").read_text(encoding="utf-8")
    written = output("char_lstm.py").split("It writes:\n")[1].removesuffix("\n")
    assert len(written) == 200
    assert set(written) <= set(text)


def test_char_lstm_lists_its_hotspots_and_draws(run, monkeypatch):
    monkeypatch.setenv("AUTOGRAD_TIMER", "1")
    short = ("--steps", "2", "--hidden", "8", "--write", "0")
    process, folder = run("char_lstm.py", *short, "--hotspots", "--draw", "graph.svg")
    assert process.stderr == ""
    assert re.search(r"^char_lstm.py:\d+ ", process.stdout, re.MULTILINE)
    assert "Memory.step" in words_of(folder / "graph.svg")


@needs_dask
def test_dask_shards_add_up_the_gradients(output):
    assert losses(output("dask_shards.py"))[0] == 2.3026  # log(10)
    assert percent("right in", output("dask_shards.py")) > 90


@needs_dask
def test_dask_shards_give_the_gradient_of_the_whole(output):
    whole, shards = (
        losses(output("dask_shards.py", "--steps", "3", "--shards", n)) for n in ("1", "3")
    )
    assert whole == shards


@needs_dask
@pytest.mark.parametrize("section", ["matmul", "matmul[2]", "exp[1]"])
def test_dask_shards_add_up_30_steps_in_4_shards(output, section):
    row = rf"^ {re.escape(section)} +120 "
    assert re.search(row, output("dask_shards.py"), re.MULTILINE)


@needs_dask
def test_dask_shards_profile_names_the_line_of_the_script(output):
    row = r"^dask_shards.py:\d+ .*z = x @ w \+ b$"
    assert re.search(row, output("dask_shards.py"), re.MULTILINE)


def test_toy_trace_is_valid_and_has_the_derivatives(run):
    path = run("toy_engine.py")[1] / "toy.json"
    assert list(trace_faults(json.loads(path.read_text("utf-8")))) == []
    trace = ag.load_trace(path)
    assert [node.op for node in trace] == ["", "", "multiply", "add", "sin"]
    assert [trace[id].outgrad.min for id in (1, 2)] == [math.cos(2.25), math.cos(2.25)]


def test_toy_trace_names_the_lines_and_is_drawn(run):
    path = run("toy_engine.py")[1] / "toy.json"
    source = (EXAMPLES / "toy_engine.py").read_text("utf-8").splitlines()
    assert source[ag.load_trace(path)[5].line - 1].strip() == "y = (w * w + b).sin()"
    assert "sin" in viewer.to_svg(path)


def test_the_adapter_of_the_toy_has_at_most_60_lines():
    source = (EXAMPLES / "toy_engine.py").read_text("utf-8")
    adapter = source.partition("# The adapter.\n")[2].partition("\nif __name__")[0]
    assert 0 < len(adapter.splitlines()) <= 60


@pytest.mark.parametrize("engine", ["numpy", "jax", "torch"])
def test_a_transformer_block_is_the_same_in_every_engine(run, engine):
    pytest.importorskip(engine)
    process, _ = run(f"transformer_block/block_{engine}.py")
    found = [float(number) for number in re.findall(r"\d+\.\d+", process.stdout)]
    assert (found, process.stderr) == (pytest.approx([0.852848, 0.000998], abs=2e-6), "")


def test_the_blocks_of_numpy_and_jax_have_the_same_scopes_and_gradients(run):
    pytest.importorskip("jax")
    traces = [
        ag.load_trace(run(f"transformer_block/block_{engine}.py")[1] / f"{engine}.json")
        for engine in ("numpy", "jax")
    ]
    scopes = [{node.scope for node in trace if node.kind == "result"} for trace in traces]
    assert scopes[0] == scopes[1]
    norms = [[n.outgrad.norm for n in trace if n.kind == "param"] for trace in traces]
    assert norms[0] == pytest.approx(norms[1], rel=1e-4)
