"""The HTML of values in notebooks."""

import numpy as np
import pytest

import autograd_tools as ag
import viewer
from viewer.notebook import html


@pytest.fixture(scope="module")
def tape():
    w = ag.Param(np.array([1.0, 2.0]), name="<b>w</b>")
    return ag.diff(lambda: np.sum(np.exp(w)))


def test_a_tape_shows_its_value_its_picture_and_its_params(tape):
    shown = tape._repr_html_()
    assert shown.startswith("<p>T(10.107337927389695): 3 nodes</p>\n<svg ")
    assert "<td" in shown.partition("</svg>")[2]


def test_a_trace_shows_the_same_picture(tape):
    assert (
        tape.trace()._repr_html_().partition("<svg")[2] == tape._repr_html_().partition("<svg")[2]
    )


def test_a_hostile_name_is_only_text(tape):
    shown = tape._repr_html_()
    assert "<b>" not in shown
    assert "&lt;b&gt;w&lt;/b&gt;</td>" in shown


def test_a_node_shows_its_fields_and_names_its_neighbours_once(tape):
    shown = tape.nodes[1]._repr_html_()
    assert shown.startswith("<p>Node 2</p>\n<table>")
    assert ">child</td>" in shown
    assert ">N(3. sum(10.107337927389695))</td>" in shown


def test_the_table_of_a_timer_is_monospaced():
    assert html(ag.Timer()).startswith('<pre style="font-family:monospace;')


def test_a_profile_shows_its_hotspots_with_links_to_files():
    with ag.profile() as p:
        ag.grad(lambda x: np.sum(np.sin(x)))(np.ones(3))
    shown = p._repr_html_()
    assert shown.startswith('<pre style="font-family:monospace;')
    assert '<span style="font-weight:bold;">Hotspots by line</span>' in shown
    line = test_a_profile_shows_its_hotspots_with_links_to_files.__code__.co_firstlineno + 2
    assert f'test_notebook.py#{line}">' in shown


def test_the_code_of_a_profile_is_only_text():
    with ag.profile() as p:
        ag.grad(lambda x: np.sum(x) * len("<script>&"))(np.ones(3))
    shown = p._repr_html_()
    assert "<script" not in shown
    assert "&lt;script&gt;&amp;" in shown


@pytest.fixture(scope="module")
def cells():
    """The cells of a notebook, run by Jupyter: their outputs."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in NOTEBOOK]
    nbclient.NotebookClient(notebook, allow_errors=True, kernel_name="python3").execute()
    return [cell.outputs for cell in notebook.cells]


NOTEBOOK = [
    "import numpy as np, autograd_tools as ag, viewer",
    "def loss(w):\n    return np.sum(np.sin(w))",
    "%load_ext viewer",
    "%%profile_gradients before\nag.grad(loss)(np.ones(3))[0]",
    "print(viewer.hotspots(before, 'line'))",
    "%%profile_gradients\nag.grad(loss)(np.ones(3))\n1 / 0",
    "%%profile_gradients two names\n1",
    "ag.diff(lambda: np.log(ag.Param(-1.0)), watch='nan')",
    "with ag.history() as h:\n    g = ag.grad(loss)(np.ones(3))\nh",
    "import tempfile\nfolder = tempfile.TemporaryDirectory()\npath = folder.name + '/h.json'",
    "print(h)\nh.save(path)\nprint(ag.History.load(path).series[0].file)\nfolder.cleanup()",
]


@pytest.mark.slow
def test_a_cell_is_profiled_by_its_magic(cells):
    result, shown = cells[3]
    assert result["data"]["text/plain"].startswith("np.float64(0.54")
    assert "In[2]:2" in shown["data"]["text/html"]
    assert "return np.sum(np.sin(w))" in cells[4][0]["text"]


@pytest.mark.slow
def test_a_cell_that_fails_is_profiled_and_fails(cells):
    assert "In[2]:2" in str(cells[5])
    assert [x["ename"] for x in cells[5] if x["output_type"] == "error"][-1] == "ZeroDivisionError"
    (error,) = cells[6]
    assert error["evalue"] == (
        "expected the name of a variable for the profile, or nothing, got 'two names'; write "
        "%%profile_gradients before"
    )


@pytest.mark.slow
def test_a_history_shows_itself_and_names_cells(cells):
    assert "<h2>loss at In[9]:2</h2>" in cells[8][0]["data"]["text/html"]
    assert "loss at In[9]:2: step 0;" in cells[10][0]["text"]
    assert cells[10][0]["text"].endswith("\nIn[9]\n")


@pytest.mark.slow
def test_errors_name_cells(cells):
    assert "In[8]:1 in <lambda>" in cells[7][0]["evalue"]


def test_a_graph_says_how_much_it_shows(tape):
    assert viewer.fold(tape)._repr_html_().startswith("<p>Graph: 3 boxes of 3 nodes</p>\n<svg ")


def test_another_type_is_an_error_that_lists_the_supported():
    with pytest.raises(
        TypeError,
        match="expected one of Tape, Trace, Node, Profile, History, Timer, Section, Graph, got int",
    ):
        html(3)


def test_a_failed_drawing_is_logged_with_its_traceback(tape, monkeypatch, caplog):
    monkeypatch.setattr("viewer.notebook.to_svg", lambda x: 1 / 0)
    with caplog.at_level("DEBUG", "autograd_tools"):
        assert tape._repr_html_() is None
    assert "no HTML for a Tape" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_without_a_viewer_a_notebook_shows_plain_text(tape, monkeypatch):
    monkeypatch.setattr("autograd_tools.base.html._renderer", lambda group: None)
    assert tape._repr_html_() is None
