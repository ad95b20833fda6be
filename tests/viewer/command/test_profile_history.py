"""The option --history of `profile`: the history of an unchanged script, beside its profile."""

import json

import pytest

import autograd_tools as ag

TRAINING = """\
import numpy as np
import autograd_tools as ag

w, s = ag.Param(np.ones(3), name="w"), ag.Param(1.0, name="s")

def loss():
    return np.sum(w**2) + np.sqrt(s)

def penalty(v):
    return np.sum(v**2)

with np.errstate(all="ignore"):
    for step in range(6):
        if step == 4:
            s.value = 0.0
        J = ag.diff(loss)
        w.value = w.value - 0.1 * ag.grad(J, w)
        ag.grad(penalty)(np.ones(2))
print("done")
"""
SETTLED = {"AUTOGRAD_TIMER": "shapes"}  # saves a start of Python
pytestmark = pytest.mark.slow


def test_the_history_follows_the_hotspots(ask, script):
    output, errors, status = ask("profile", "--history", script(TRAINING), **SETTLED)
    assert (errors, status) == ("", 0)
    _, hotspots, history = output.partition("Hotspots")[2].partition("12 gradients of 2 losses")
    assert hotspots
    assert "loss at train.py:16: steps 0 to 5;" in history
    assert "  step 4: Inf in the gradient of s (1 Inf)\n" in history
    assert "penalty at train.py:18: steps 0 to 5;" in history


def test_the_file_of_o_keeps_the_history_by_its_ending(ask, script, tmp_path):
    for name in ("run.html", "run.csv"):
        assert ask("profile", "--history", "-o", name, script(TRAINING), **SETTLED)[2] == 0
    assert "<h2>loss at train.py:16</h2>" in (tmp_path / "run.html").read_text()
    assert len((tmp_path / "run.csv").read_text().splitlines()) == 13


def test_a_profile_and_a_history_are_kept_beside_each_other(ask, script, tmp_path):
    words = ("--history=history.json", "-o", "run.json", "--html", "run.html")
    assert ask("profile", *words, script(TRAINING), **SETTLED)[2] == 0
    assert ag.History.load(tmp_path / "history.json").steps == 12
    assert ag.Timer.load(tmp_path / "run.json").steps == 12
    assert '<div class="history">' in (tmp_path / "run.html").read_text()


def test_a_saved_history_takes_the_place_of_the_script(ask, script, tmp_path):
    assert ask("profile", "--history=run.json", script(TRAINING), **SETTLED)[2] == 0
    output, errors, status = ask("profile", "--history=run.csv", "run.json")
    assert (errors, status) == ("", 0)
    assert output.startswith("\n12 gradients of 2 losses\n")
    assert (tmp_path / "run.csv").exists()
    assert ask("profile", "run.json")[0] == output
    assert ask("profile", "--steps", "3", "run.json")[1:] == (
        "autograd-tools: --steps needs a script to run, and run.json is a saved file\n",
        2,
    )


def test_a_saved_history_has_no_other_views(ask, tmp_path):
    ag.History().save(tmp_path / "run.json")
    assert ask("profile", "--by", "line", "run.json")[1:] == (
        "autograd-tools: --by needs a profile, and run.json is a saved history\n",
        2,
    )
    assert ask("compare", "run.json", "run.json")[1:] == (
        "autograd-tools: run.json is a saved history, neither a saved trace nor a saved profile\n",
        2,
    )


def test_other_formats_have_the_history(ask, script):
    output, _, status = ask("profile", "--history", "--format", "json", script(TRAINING), **SETTLED)
    assert status == 0
    series = json.loads(output)["history"]
    assert [item["function"] for item in series] == ["loss", "penalty"]
    output = ask("profile", "--history", "--format", "markdown", script(TRAINING), **SETTLED)[0]
    assert "```text\nloss at train.py:16: steps 0 to 5;" in output


def test_a_script_that_fails_keeps_the_history_so_far(ask, script, tmp_path):
    failing = TRAINING.replace(
        "        ag.grad(penalty)", "        step / (3 - step)\n        ag.grad(penalty)"
    )
    _, errors, status = ask("profile", "--history", "-o", "run.csv", script(failing), **SETTLED)
    assert "ZeroDivisionError" in errors
    assert status == 1
    assert len((tmp_path / "run.csv").read_text().splitlines()) == 1 + 4 + 3


def test_an_unknown_ending_is_an_error_before_the_run(ask, script):
    output, errors, status = ask("profile", "--history=run.txt", script(TRAINING))
    assert (output, status) == ("", 2)
    assert errors == (
        "autograd-tools: cannot save a history as 'run.txt'; "
        "supported: .html, .json, .csv, .parquet\n"
    )


def test_a_module_and_a_notebook_have_a_history(ask, script):
    script(TRAINING)
    output, _, status = ask("profile", "--history", "-m", "train", **SETTLED)
    assert (status, "loss at train.py:16" in output) == (0, True)
    notebook = {
        "cells": [{"cell_type": "code", "metadata": {}, "source": TRAINING, "outputs": []}],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    name = script(json.dumps(notebook), "train.ipynb")
    output, _, status = ask("profile", "--history", name, **SETTLED)
    assert (status, "loss at train.ipynb[1]:16" in output) == (0, True)
