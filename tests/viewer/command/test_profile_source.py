"""`profile --source` and `explain --source`: gradients as NumPy source beside other views."""

import json

import numpy as np
import pytest
from support.sources import function_of

import autograd_tools as ag
import viewer
from autograd_tools.programs.writing.source_text import source_by_line

SCRIPT = """
import numpy as np
import autograd_tools as ag
x = np.cos(np.arange(1200.0)).reshape(60, 20)
def loss(w):
    h = x @ w
    for _ in range(30):
        h = np.tanh(h * 0.9) + np.sin(h)
    return np.sum(h)
for _ in range(3):
    ag.grad(loss)(np.ones(20))
"""
HEADING = "The most expensive line, with its gradient in NumPy"


@pytest.mark.slow
def test_a_profile_shows_the_gradient_of_the_hottest_line(ask, script):
    output, errors, status = ask("profile", "--source", script(SCRIPT))
    assert HEADING in output, errors
    shown = output[output.index(HEADING) :].splitlines()
    assert (errors, status) == ("", 0)
    assert shown[1].startswith("train.py:8")
    assert shown[2:4] == ["    h = np.tanh(h * 0.9) + np.sin(h)", "gradient"]
    assert any("for t in reversed(range(" in line for line in shown)
    assert any("np.cos" in line for line in shown)


@pytest.mark.slow
def test_the_time_to_write_a_source_is_not_measured(ask, script):
    output, _, _ = ask("profile", "--source", "--format", "json", script(SCRIPT))
    report = json.loads(output)
    assert report["operations"] == 3 * (1 + 4 * 30 + 1)
    assert report["hottest_line"]["code"] == "h = np.tanh(h * 0.9) + np.sin(h)"
    markdown, _, _ = ask("profile", "--source", "--format", "markdown", script(SCRIPT))
    assert f"### {HEADING}" in markdown


@pytest.mark.slow
def test_a_profile_says_why_there_is_no_source(ask, script):
    text = SCRIPT.replace("    h = x @ w", "    h = x @ w + np.random.normal()")
    output, _, status = ask("profile", "--source", script(text))
    assert status == 0
    assert "None: grad(loss) draws random numbers" in output


@pytest.mark.slow
def test_a_source_is_not_written_from_a_saved_profile(ask, script, tmp_path):
    ask("profile", "-o", "run.json", script(SCRIPT))
    errors = ask("profile", "--source", "run.json")[1]
    assert "--source needs a script to run, and run.json is a saved file" in errors


def test_explain_ends_with_the_source(ask, script):
    output, errors, status = ask("explain", "--source", script(SCRIPT))
    lesson, _, source = output.partition("\nIn NumPy:\n\n")
    told = "autograd-tools: using gradient 1 of 3; --step N selects another\n"
    assert (errors, status) == (told, 0)
    assert lesson.startswith("Forward:")
    x = np.cos(np.arange(1200.0)).reshape(60, 20)
    assert function_of(source)(np.ones(20), x).shape == (20,)


def test_explain_takes_a_function_and_its_arguments():
    text = viewer.explain(lambda w, x: np.sum(np.tanh(w * x)), np.ones(2), np.ones(2))
    lesson, _, source = text.partition("\n\nIn NumPy:\n\n")
    assert "tanh" in lesson
    d_w, _ = function_of(source)(np.ones(2), np.ones(2))
    np.testing.assert_allclose(d_w, 1 - np.tanh(1.0) ** 2)


def test_explain_expects_a_function_before_arguments():
    with pytest.raises(TypeError, match="expected a function before its arguments, got int: 3"):
        viewer.explain(3, np.ones(2))


def test_lines_of_a_source_have_the_line_they_come_from():
    def loss(w):
        h = np.tanh(w)
        return np.sum(h * h)

    first = loss.__code__.co_firstlineno
    lines = source_by_line(ag.grad(loss), np.ones(3))
    found = {one.text.strip(): (one.line - first, one.gradients) for one in lines if one.line}
    assert found == {
        "h = np.tanh(w)": (1, 0),
        "d_h = h + h": (2, 1),
        "d_w = d_h * (1 - h * h)": (1, 1),
    }
