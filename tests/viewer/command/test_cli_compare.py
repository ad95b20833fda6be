"""The command `compare`: output, drawings, exit status and errors."""

import functools
import json

import numpy as np
import pytest

import autograd_tools as ag
import viewer
from autograd_tools.timing import Counts, Record, Timer


@pytest.fixture
def ask(ask, tmp_path, monkeypatch):
    """Run the command in the test's folder: its output, errors and status."""
    monkeypatch.chdir(tmp_path)
    return functools.partial(ask, "compare")


@pytest.fixture
def profile(tmp_path):
    """Save a profile with the nanoseconds of each gradient in sin, and return its name."""

    def save(name, ns, gradients=4):
        where = Record("sin", 1, "a.py", 3, "loss", (), "backward")
        counts = Counts(
            gradients, gradients * ns, 0, gradients, 0, dict.fromkeys(range(gradients), ns)
        )
        Timer.of_records({where: counts}, gradients).save(tmp_path / name)
        return name

    return save


@pytest.fixture
def trace(tmp_path):
    """Saves the trace of a function and returns its name."""

    def save(name, f):
        ag.trace(f, np.ones(2)).save(tmp_path / name)
        return name

    return save


def squares(x):
    return np.sum(x * x)


def more_squares(x):
    return np.sum(x * x) + 1


# Profiles -----------------------------------------------------------------------------------------


def test_profiles_are_compared_as_in_python(ask, profile):
    a, b = profile("a.json", 1000), profile("b.json", 2000)
    assert ask(a, b) == (viewer.compare(a, b) + "\n", "", 0)


@pytest.mark.parametrize("by", ["op", "argument", "line", "scope"])
def test_the_grouping_is_that_asked_for(ask, profile, by):
    a, b = profile("a.json", 1000), profile("b.json", 2000)
    assert ask(a, b, "--by", by) == (viewer.compare(a, b, by=by) + "\n", "", 0)


@pytest.mark.parametrize("format", ["text", "json", "markdown"])
def test_the_format_is_that_asked_for(ask, profile, format):
    a, b = profile("a.json", 1000), profile("b.json", 2000)
    assert ask(a, b, "--format", format) == (viewer.compare(a, b, format=format) + "\n", "", 0)


def test_a_row_slower_than_the_limit_fails(ask, profile):
    _, errors, status = ask(
        profile("a.json", 1000), profile("b.json", 1250), "--fail-over", "10%", "--by", "argument"
    )
    assert (errors.splitlines(), status) == (
        [
            "autograd-tools: the total is 25.0% slower, more than 10%",
            "autograd-tools: sin[1] backward is 25.0% slower, more than 10%",
        ],
        1,
    )


@pytest.mark.parametrize(
    ("before", "after", "limit"),
    [(1000, 1250, "30%"), (1000, 1050, "1%"), (1250, 1000, "10%"), (1000, 1000, "0%")],
)
def test_small_differences_and_faster_rows_do_not_fail(ask, profile, before, after, limit):
    assert ask(profile("a.json", before), profile("b.json", after), "--fail-over", limit)[1:] == (
        "",
        0,
    )


def test_too_few_gradients_pass_with_a_message(ask, profile):
    _, errors, status = ask(
        profile("a.json", 1000, 2), profile("b.json", 9000, 2), "--fail-over", "10%"
    )
    assert (errors, status) == (
        "autograd-tools: --fail-over checks nothing: it needs 3 gradients in each profile\n",
        0,
    )


def test_json_stays_json_beside_a_failure(ask, profile):
    output, _, status = ask(
        profile("a.json", 1000), profile("b.json", 1250), "--fail-over", "10%", "--format", "json"
    )
    assert (json.loads(output)["totals"][2]["verdict"], status) == ("slower", 1)


# Traces -------------------------------------------------------------------------------------------


def test_traces_are_compared_as_in_python(ask, trace):
    a, b = trace("a.json", squares), trace("b.json", more_squares)
    assert ask(a, b) == (viewer.compare(a, b) + "\n", "", 0)


def test_traces_have_the_formats_of_profiles(ask, trace):
    a, b = trace("a.json", squares), trace("b.json", more_squares)
    assert json.loads(ask(a, b, "--format", "json")[0]) == {
        "nodes": [3, 4],
        "changes": [
            {"kind": "added", "before": 0, "after": 4, "text": "3.0 = add(R(2.0), 1) ∇=1.0"}
        ],
        "follow": [],
    }
    assert ask(a, b, "--format", "markdown")[0].splitlines() == [
        "**3 → 4 nodes: 1 added, 0 removed, 0 changed**",
        "",
        "| | before | after | node |",
        "| --- | ---: | ---: | --- |",
        "| added |  | 4 | 3.0 = add(R(2.0), 1) ∇=1.0 |",
    ]


def test_a_drawing_of_traces_marks_what_changed(ask, trace, tmp_path):
    a, b = trace("a.json", squares), trace("b.json", more_squares)
    assert ask(a, b, "-o", "changes.svg") == ("drew the changes: changes.svg\n", "", 0)
    assert "+ 1 added, − 0 removed, ≠ 0 changed" in (tmp_path / "changes.svg").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("by", ["op", "line", "function"])
def test_a_drawing_of_traces_has_the_boxes_asked_for(ask, trace, tmp_path, by):
    a, b = trace("a.json", squares), trace("b.json", more_squares)
    assert ask(a, b, "-o", "changes.dot", "--by", by)[1:] == ("", 0)
    drawn = (tmp_path / "changes.dot").read_text(encoding="utf-8")
    viewer.draw_compared(a, b, tmp_path / "same.dot", by=by)
    assert drawn == (tmp_path / "same.dot").read_text(encoding="utf-8")


def test_a_tolerance_of_the_user_holds(ask, trace):
    a, b = trace("a.json", lambda x: np.sum(x * 1.00)), trace("b.json", lambda x: np.sum(x * 1.05))
    assert "value" in ask(a, b)[0]
    assert "value" not in ask(a, b, "--rtol", "0.1")[0]


# Scripts ------------------------------------------------------------------------------------------

SCRIPT = """\
import numpy as np, autograd_tools as ag
print("training")
for x in range(5):
    ag.grad(lambda x: np.sum({}(x)))(np.full(2, x))
"""


@pytest.mark.slow
def test_scripts_are_compared_by_the_trace_of_a_gradient(ask, script):
    a, b = script(SCRIPT.format("np.sin"), "a.py"), script(SCRIPT.format("np.tanh"), "b.py")
    output, errors, status = ask(a, b, "--step", "3")
    assert output.splitlines()[:2] == [
        "3 → 3 nodes: 0 added, 0 removed, 1 changed, and 2 differ as a consequence",
        "~ 2 2  tanh(P(int64[2])): op sin → tanh; value norm 1.286 → 1.363",
    ]
    took = "autograd-tools: using gradient 3 of 5; --step N selects another"
    assert (errors.splitlines(), status) == (["training", took] * 2, 0)


@pytest.mark.slow
def test_a_script_is_compared_with_a_saved_trace(ask, trace, script):
    a = trace("a.json", lambda x: np.sum(np.sin(x - 1)))
    output, _, status = ask(a, script(SCRIPT.format("np.sin"), "b.py"))
    assert ("1 removed" in output.splitlines()[0], status) == (True, 0)


@pytest.mark.slow
def test_scripts_are_compared_by_their_profiles(ask, script):
    a, b = script(SCRIPT.format("np.sin"), "a.py"), script(SCRIPT.format("np.sin"), "b.py")
    output, errors, status = ask(a, b, "--profile", "--format", "json")
    assert (json.loads(output)["gradients"], status) == ([5, 5], 0)
    assert errors.splitlines() == ["training", "training"]


@pytest.mark.slow
def test_a_page_has_the_names_of_the_scripts(ask, script, tmp_path):
    a, b = script(SCRIPT.format("np.sin"), "a.py"), script(SCRIPT.format("np.cos"), "b.py")
    assert ask(a, b, "-o", "changes.html")[2] == 0
    assert "a → b" in (tmp_path / "changes.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_script_that_fails_is_not_compared(ask, script):
    a, b = script(SCRIPT.format("np.sin"), "a.py"), script("raise SystemExit(3)", "b.py")
    message = "autograd-tools: b.py ended with status 3, so nothing is compared"
    output, errors, status = ask(a, b)
    assert (output, errors.splitlines()[-1], status) == ("", message, 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--step", "0"], "--step must be 1 or more, got 0"),
        (["--step", "1", "--profile"], "--step applies only to the traces of scripts"),
        (["--fail-over", "10%"], "--fail-over needs two profiles, got two traces"),
    ],
)
def test_options_are_checked_before_scripts_run(ask, script, options, message):
    name = script("print('it runs')")
    assert ask(name, name, *options) == ("", f"autograd-tools: {message}\n", 2)


def test_a_saved_trace_has_no_profile(ask, trace, script):
    message = "autograd-tools: --profile compares two profiles, got a saved trace\n"
    assert ask("--profile", trace("a.json", squares), script("", "b.py")) == ("", message, 2)


# Errors -------------------------------------------------------------------------------------------


def test_a_trace_and_a_profile_are_refused(ask, profile, trace):
    message = (
        "autograd-tools: cannot compare a profile with a trace; pass two traces or two profiles\n"
    )
    assert ask(profile("a.json", 1), trace("b.json", squares)) == ("", message, 2)


def test_a_file_that_is_not_there_is_named(ask, profile):
    assert ask(profile("a.json", 1), "gone.json") == (
        "",
        "autograd-tools: there is no file gone.json\n",
        2,
    )


@pytest.mark.parametrize("content", ["", "import numpy\n", '{"format": "other"}'])
def test_a_file_that_is_neither_is_named(ask, profile, tmp_path, content):
    (tmp_path / "b").write_text(content)
    assert ask(profile("a.json", 1), "b") == (
        "",
        "autograd-tools: b is neither a saved trace nor a saved profile\n",
        2,
    )


@pytest.mark.parametrize("limit", ["10", "0.1", "-5%", "ten%", "nan%"])
def test_a_limit_that_is_no_share_is_refused(ask, profile, limit):
    output, errors, status = ask(profile("a.json", 1), profile("b.json", 1), f"--fail-over={limit}")
    assert (output, f"expected a percentage such as 10%, got '{limit}'" in errors, status) == (
        "",
        True,
        2,
    )


def test_traces_have_no_times_to_fail_over(ask, trace):
    errors = ask(trace("a.json", squares), trace("b.json", squares), "--fail-over", "10%")[1]
    assert errors == "autograd-tools: --fail-over needs two profiles, got two traces\n"


def test_an_option_of_the_other_kind_is_named(ask, trace):
    errors = ask(trace("a.json", squares), trace("b.json", squares), "--limit", "3")[1]
    assert (
        errors
        == "autograd-tools: --limit does not apply to traces; they take rtol, atol, everything\n"
    )


def test_boxes_without_a_drawing_are_refused(ask, trace):
    errors = ask(trace("a.json", squares), trace("b.json", squares), "--by", "line")[1]
    assert errors == ("autograd-tools: --by of two traces needs a drawing; write -o changes.svg\n")


@pytest.mark.parametrize(
    ("kind", "by", "message"),
    [
        ("trace", "scope", "unknown by 'scope'; choose op, line, function"),
        ("profile", "function", "unknown grouping 'function'; choose op, argument, line, scope"),
    ],
)
def test_a_grouping_of_the_other_kind_is_refused(ask, trace, profile, kind, by, message):
    if kind == "trace":
        names = [trace("a.json", squares), trace("b.json", squares), "-o", "c.svg"]
    else:
        names = [profile("a.json", 1), profile("b.json", 1)]
    assert ask(*names, "--by", by) == ("", f"autograd-tools: {message}\n", 2)


def test_a_format_that_cannot_be_drawn_is_refused(ask, trace):
    errors = ask(trace("a.json", squares), trace("b.json", squares), "-o", "changes.gif")[1]
    assert errors.startswith("autograd-tools: cannot draw '.gif'; supported: .svg")
