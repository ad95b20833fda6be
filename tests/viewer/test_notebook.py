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


def test_a_graph_says_how_much_it_shows(tape):
    assert viewer.fold(tape)._repr_html_().startswith("<p>Graph: 3 boxes of 3 nodes</p>\n<svg ")


def test_another_type_is_an_error_that_lists_the_supported():
    with pytest.raises(
        TypeError, match=r"expected one of Tape, Trace, Node, Timer, Section, Graph, got int"
    ):
        html(3)


def test_a_failed_drawing_is_logged_with_its_traceback(tape, monkeypatch, caplog):
    monkeypatch.setattr("viewer.notebook.to_svg", lambda x: 1 / 0)
    with caplog.at_level("DEBUG", "autograd_tools"):
        assert tape._repr_html_() is None
    assert "no HTML for a Tape" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_without_a_viewer_a_notebook_shows_plain_text(tape, monkeypatch):
    monkeypatch.setattr("autograd_tools.base.html._renderer", lambda: None)
    assert tape._repr_html_() is None
