"""The command `profile --memory`: the memory of a gradient, and plans that are tried."""

import argparse
import json
import runpy

import numpy as np
import pytest

import autograd_tools as ag
from viewer.command import memory_use
from viewer.command.memory_trial import difference
from viewer.command.targets import Target

LOOP = """\
import numpy as np
import autograd_tools as ag

def loss(x):
    for i in range(16):
        x = x + 0.1 * np.sin(x) * np.cos(x)
    return np.sum(x * x)

for step in range(3):
    gradient = ag.grad(loss)(np.linspace(0.0, 1.0, 20_000))
with open("ends.txt", "a") as file:
    print("end", file=file)
"""
CLOSURE = """\
import numpy as np
import autograd_tools as ag

def loss(x):
    scale = 2 * np.mean(x)
    def block(h):
        return np.sin(h * scale) * np.cos(h)
    h = x
    h = block(h)
    h = block(h)
    return np.sum(h)

gradient = ag.grad(loss)(np.ones(20_000))
"""
KEPT = """\
import numpy as np
import autograd_tools as ag

w = ag.Param(np.ones(20_000))
tapes = [ag.diff(lambda: np.sum(np.exp(w))) for step in range(3)]
"""


@pytest.mark.parametrize("size", ["big", "-1MB", ""])
def test_a_wrong_budget_is_refused_before_the_script_runs(ask, script, size):
    output, errors, status = ask("profile", f"--budget={size}", script(LOOP))
    assert (output, status) == ("", 2)
    assert errors.endswith(f"argument --budget: expected a size such as 200MB, got {size!r}\n")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--budget", "-3MB"], "argument --budget: expected a size such as 200MB, got '-3MB'"),
        (
            ["--budget", "6"],
            "argument --budget: expected a unit, got '6'; write 6MB, or 6B for bytes",
        ),
        (
            ["--memory=foo"],
            "argument --memory: unknown value 'foo'; choose nobytes, outputs, exact",
        ),
        (["--memory", "foo"], "there is no file foo; --memory takes nobytes, outputs, exact"),
        (
            ["--history", "run.html"],
            "there is no file run.html; for --history write --history=run.html",
        ),
    ],
)
def test_a_wrong_value_says_what_to_write(ask, script, words, error):
    output, errors, status = ask("profile", *words, script(LOOP))
    assert (output, status) == ("", 2)
    assert errors.endswith(f"{error}\n")


def test_a_budget_needs_a_script(ask, script, tmp_path):
    (tmp_path / "run.json").write_text("{}")
    assert ask("profile", "--budget", "1MB", "run.json") == (
        "",
        "autograd-tools: --budget needs a script to run, and run.json is a saved file\n",
        2,
    )


@pytest.mark.slow
def test_memory_alone_adds_a_report_to_the_profile(ask, script):
    output, errors, status = ask("profile", "--memory", script(LOOP))
    assert (errors, status) == ("", 0)
    assert output.startswith("\nHotspots by operation\n")
    assert "\nMemory of a gradient\nAt most " in output


@pytest.mark.slow
def test_a_plan_is_tried_on_the_program(ask, script, tmp_path):
    output, errors, status = ask("profile", "--budget", "4MB", "--format", "json", script(LOOP))
    assert (errors, status) == ("", 0)
    plan = json.loads(output)["memory"]["plan"]
    assert (len(plan["changes"]), plan["fits"], plan["refused"]) == (1, True, [])
    assert plan["outcome"]["difference"] == 0.0
    assert plan["outcome"]["peak"] == pytest.approx(plan["peak"], rel=0.1)
    assert (tmp_path / "ends.txt").read_text() == "end\n"


@pytest.mark.slow
def test_a_module_of_the_program_is_changed_for_the_trial(ask, script):
    script(LOOP.partition("\nfor step")[0], "net.py")
    main = script(
        "import autograd_tools as ag, net, numpy as np\nag.grad(net.loss)(np.ones(20_000))\n"
    )
    output = ask("profile", "--budget", "2MB", main)[0]
    assert "\nTried: " in output
    assert "\nnet.py:5\n-     for i in range(16):\n" in output


@pytest.mark.slow
def test_a_part_that_cannot_be_wrapped_is_left_out_with_the_reason(ask, script):
    output, errors, status = ask("profile", "--budget", "1MB", script(CLOSURE))
    assert (errors, status) == ("", 0)
    assert "Out of reach: wrapping calls or loops" in output
    assert "checkpoint(block) uses a recorded value that is not one of its arguments" in output


INSTANCE = """\
import numpy as np
import autograd_tools as ag

class Net:
    def __call__(self, x):
        return np.sin(np.exp(np.sin(np.exp(np.sin(x)))))

net = Net()
for step in range(3):
    gradient = ag.grad(lambda x: np.sum(net(net(net(x)))))(np.ones(20_000))
"""


@pytest.mark.slow
def test_calls_of_instances_are_wrapped(ask, script):
    output, errors, status = ask("profile", "--budget", "1.5MB", script(INSTANCE))
    assert (errors, status) == ("", 0)
    assert "np.sum(ag.checkpoint(net)(ag.checkpoint(net)(ag.checkpoint(net)(x))))" in output
    assert "same gradient" in output


@pytest.mark.slow
def test_tapes_that_a_program_keeps_are_reported(ask, script):
    output = ask("profile", "--memory", script(KEPT))[0]
    assert "3 tapes of ag.diff from train.py:5 stay alive, too: " in output


@pytest.mark.slow
def test_a_script_without_gradients_is_an_error(ask, script):
    output, errors, status = ask("profile", "--memory", script("print(1)"))
    assert (output, status) == ("1\n", 2)
    assert "computed no gradient with autograd_tools" in errors


@pytest.mark.slow
def test_a_saved_profile_shows_what_was_saved(ask, script):
    ask("profile", "-o", "run.json", script(LOOP))
    output, errors, status = ask("profile", "--memory", "run.json")
    assert (errors, status) == ("", 0)
    assert "Arrays saved for the backward pass" in output


def test_ctrl_c_ends_the_trial_and_leaves_the_plan(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(LOOP)
    loss = runpy.run_path(str(tmp_path / "net.py"))["loss"]

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(memory_use, "trial_run", interrupted)
    asked = argparse.Namespace(skip=0, budget="4MB", script=Target("script", "net.py"))
    watch = memory_use.MemoryWatch(asked, lambda ns: None)
    with watch.watching():
        ag.grad(loss)(np.ones(20_000))
    assert watch.find_plan()
    plan = watch.found().plan
    assert (len(plan.changes), plan.note) == (1, "Not tried: it was interrupted.")


def test_equal_gradients_do_not_differ():
    x = np.array([1.0, np.nan, np.inf])
    assert difference([x], [x.copy()]) == 0.0


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([np.array([1.0, 4.0])], [np.array([1.0, 5.0])], 0.25),
        ([np.zeros(2)], [np.zeros(3)], np.inf),
        ([np.zeros(2)], [], np.inf),
        ([np.array([np.nan])], [np.array([1.0])], np.inf),
    ],
)
def test_different_gradients_differ_relative_to_the_largest_number(a, b, expected):
    assert difference(a, b) == expected
