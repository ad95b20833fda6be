"""The options of `autograd-tools draw`: what is drawn, how, and what is refused."""

import re

import pytest

TRAINING = """
import numpy as np, autograd_tools as ag
w, b = ag.Param(np.full((3, 3), 0.1), name="w"), ag.Param(np.ones(3), name="b")

def cell(h):
    return np.tanh(w @ h + b)

def loss():
    h = np.ones(3)
    for _ in range(30):
        h = cell(h)
    return np.sum(h) + np.sum(b**2)

ag.diff(loss)
"""


@pytest.fixture
def draw(ask, script, tmp_path):
    """Draw with these options; return the DOT source, or the error."""

    def draw(*options):
        _, errors, status = ask("draw", "-o", "graph.dot", *options, script(TRAINING))
        return errors if status else (tmp_path / "graph.dot").read_text(encoding="utf-8")

    return draw


def boxes(dot):
    """Return the labels of the boxes, their first lines."""
    return re.findall(r'^\t+n\d+\w* \[label="(.*)$', dot, re.MULTILINE)


def test_focus_draws_all_but_the_paths_of_a_param_faintly(draw):
    whole, part = draw(), draw("--focus", "b")
    assert boxes(part) == boxes(whole)
    assert "faint" not in whole
    assert [name[:3] for name in re.findall(r'label="([^"]*)" class="[^"]*faint', part)] == ["w\n3"]
    assert draw("--focus", "1") != part


def test_where_draws_the_rest_faintly(draw):
    faint = re.findall(r'class="[^"]*faint', draw("--where", "op=sum"))
    assert len(faint) == len(boxes(draw())) - 2  # two sums


def test_by_and_direction(draw):
    functions, lines = draw("--by", "function"), draw("--by", "line")
    assert ('label="cell' in functions, 'label="tanh' in functions) == (True, False)
    assert "  return np.tanh(w @ h + b)" in lines
    assert "rankdir=LR" in draw("--direction", "right")
    assert "rankdir=TB" in draw("--direction", "down")


@pytest.mark.parametrize(
    ("option", "expected"), [(("--scope", "cell"), "matmul"), (("--line", "train.py:12"), "sum")]
)
def test_a_scope_and_a_line(draw, option, expected):
    assert expected in str(boxes(draw(*option)))


def test_a_group_is_opened(draw):
    assert len(boxes(draw("--open", "50"))) > len(boxes(draw()))


def test_fewer_boxes(draw):
    assert len(boxes(draw("--max-nodes", "5"))) < len(boxes(draw()))


def test_heat_and_links(draw):
    assert "greatest norm of the gradients: ■" in draw("--heat", "gradient")
    assert "vscode://" in draw("--links", "vscode")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--focus", "bb"], "unknown node 'bb'; choose b"),
        (["--focus", "cell"], "scope='cell' is a function or scope"),
        (["--scope", "cel"], "unknown scope 'cel'; choose"),
        (["--by", "loop"], "choose op, line, function"),
        (["--direction", "up"], "choose down, right"),
        (["--where", "nope>1"], "unknown column 'nope'"),
        (["--max-nodes", "0"], "--max-nodes must be 1 or more, got 0"),
        (["--heat", "gradeint"], "choose time, bytes, gradient"),
        (["--links", "emacs"], "emacs"),
    ],
)
def test_a_wrong_option_is_an_error(draw, options, message):
    assert message in draw(*options)


@pytest.mark.slow
def test_heat_by_time_measures_it(ask_process, script, tmp_path):
    child = "\nimport os; print(os.environ.get('AUTOGRAD_TIMER'))"
    output, errors, status = ask_process(
        "draw", "-o", "graph.dot", "--heat", "time", script(TRAINING + child)
    )
    assert (output, errors, status) == ("None\ndrew 96 nodes: graph.dot\n", "", 0)
    assert "μs" in (tmp_path / "graph.dot").read_text(encoding="utf-8")
